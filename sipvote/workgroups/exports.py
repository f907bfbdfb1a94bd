"""The columns of the lists that facilitators download."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..i18n import LANGUAGES
from ..members.models import Profile
from .models import Mode, Signup
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
