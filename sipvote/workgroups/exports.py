"""The columns of the lists that facilitators download."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..i18n import LANGUAGES
from ..members.models import Profile
from .models import Mode, Signup, Workgroup
from .reasons import Line

MODE_NAMES = {Mode.ON_SITE: _l("On site"), Mode.ONLINE: _l("Online"), Mode.HYBRID: _l("On site and online")}
PROFILE_NAMES = {
    Profile.USER: _l("Freelancer"),
    Profile.CLIENT: _l("Client"),
    Profile.PARTNER: _l("Partner"),
    Profile.STAFF: _l("Permanent staff"),
}


def _place(signup: Signup) -> str:
    if signup.is_offered:
        return _("offered, not confirmed")
    return _("has a place") if signup.has_place else _("waiting list")


def _confirmed(signup: Signup) -> int:
    return sum(a.confirmed_at is not None for a in signup.attendances)


SIGNUP_COLUMNS: list[tuple[Any, Callable[[Signup], Any]]] = [
    (_l("Theme"), lambda s: s.workgroup.theme),
    (_l("Group"), lambda s: s.workgroup.place),
    (_l("Place or waiting list"), _place),
    (_l("Name"), lambda s: s.member.name),
    (_l("Number"), lambda s: s.member.number),
    (_l("E-mail"), lambda s: s.member.email),
    (_l("Language"), lambda s: LANGUAGES[s.member.language]),
    (_l("City"), lambda s: s.member.city),
    (_l("Profile"), lambda s: PROFILE_NAMES[s.member.profile]),
    (_l("Signed up"), lambda s: s.signed_up_at),
    (_l("Dates confirmed"), _confirmed),
]

OUTCOME_COLUMNS: list[tuple[Any, Callable[[Line], Any]]] = [
    (_l("Number"), lambda line: line.number),
    (_l("Name"), lambda line: line.name),
    (_l("Language"), lambda line: LANGUAGES[line.language]),
    (_l("Profile"), lambda line: PROFILE_NAMES[Profile(line.profile)]),
    (_l("1st wish"), lambda line: line.wishes[0] if line.wishes else None),
    (_l("2nd wish"), lambda line: line.wishes[1] if len(line.wishes) > 1 else None),
    (_l("3rd wish"), lambda line: line.wishes[2] if len(line.wishes) > 2 else None),
    (_l("Group"), lambda line: line.group),
    (_l("Wish"), lambda line: line.rank),
    (_l("What came of the better wishes"), lambda line: " ".join(str(words) for words in line.words)),
]


def signup_columns(groups: Sequence[Workgroup], run: Collection[int]) -> list[tuple[Any, Callable[[Signup], Any]]]:
    """The columns for the lists of some groups: what was told to those in `run` alone, and a column per meeting."""
    needs = _l("Access needs"), lambda s: s.access_needs if s.workgroup_id in run else ""
    count = max((len(g.meetings) for g in groups), default=0)
    meetings = [(_l("Meeting %(n)s", n=n + 1), _presence_at(n)) for n in range(count)]
    return [*SIGNUP_COLUMNS, needs, *meetings]


def _presence_at(index: int) -> Callable[[Signup], str]:
    """What is known of somebody at the group's meeting of that number, from 0."""

    def presence(signup: Signup) -> str:
        meetings = signup.workgroup.meetings
        here = {a.meeting_id: a for a in signup.attendances}
        attendance = here.get(meetings[index].id) if index < len(meetings) else None
        if attendance is None:
            return ""
        if attendance.came is not None:
            return _("came") if attendance.came else _("did not come")
        return _("cannot come") if attendance.excused_at else ""

    return presence
