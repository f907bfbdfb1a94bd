"""Attendance: who came to a meeting, in one tap each, and who misses two.

A tap carries the moment at which it was made and the state that was wished. So the same tap may be sent again after
a lost answer, and an older one that arrives later, from another phone or from where there was no network, never wins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import alphabetical, in_language, moment, names, short_day
from .models import Attendance, Meeting, Signup, Workgroup

OPENS_BEFORE = timedelta(hours=1)
# Until then a change is part of taking the attendance; afterwards it is a correction, and is recorded.
TAKEN_AFTER = timedelta(days=1)
MISSED = 2  # meetings, from which on the facilitator is told


@dataclass(frozen=True)
class Row:
    """Somebody on the sheet of a meeting."""

    signup: Signup
    attendance: Attendance | None

    @property
    def came(self) -> bool | None:
        return self.attendance.came if self.attendance else None

    @property
    def is_excused(self) -> bool:
        """Whether they said that they cannot come."""
        return self.attendance is not None and self.attendance.excused_at is not None

    @property
    def is_sure(self) -> bool:
        """Whether they said yes to this date, as it is now."""
        said_yes = self.attendance is not None and self.attendance.confirmed_at is not None
        return said_yes and self.signup.has_place and not self.is_excused


@dataclass(frozen=True)
class Sheet:
    """Those whom a meeting is for, and those on the waiting list, who may have come all the same."""

    expected: Sequence[Row]
    others: Sequence[Row]

    @property
    def marked(self) -> int:
        return sum(row.came is not None for row in self.expected)

    @property
    def came(self) -> int:
        return sum(row.came is True for row in self.expected)


@dataclass(frozen=True)
class Absence:
    """Somebody with a place who misses two meetings or more, and the words to write to them."""

    signup: Signup
    meetings: Sequence[Meeting]
    subject: str
    message: str


# --- The sheet of a meeting -------------------------------------------------------------------------


def sheet(meeting: Meeting) -> Sheet:
    """Everybody whose sign-up stands, by name; who waits and came is among the expected."""
    here = (Attendance.signup_id == Signup.id) & (Attendance.meeting_id == meeting.id)
    wanted = (
        select(Signup, Attendance)
        .outerjoin(Attendance, here)
        .join(Signup.member)
        .where(Signup.workgroup_id == meeting.workgroup_id, Signup.withdrawn_at.is_(None))
        .options(selectinload(Signup.member))
    )
    rows = [Row(signup, attendance) for signup, attendance in db.session.execute(wanted)]
    rows.sort(key=lambda row: (alphabetical(row.signup.member.name), row.signup.id))
    expected = [row for row in rows if not row.signup.is_waiting or row.came is not None]
    return Sheet(expected, [row for row in rows if row not in expected])


def why_not_take(meeting: Meeting) -> str | None:
    """The sentence why the attendance of a meeting cannot be taken now, or None."""
    if meeting.workgroup.cancelled_at:
        return _("This group was cancelled.")
    opens = meeting.starts_at - OPENS_BEFORE
    if now() < opens:
        return _("You can take the attendance from %(moment)s, an hour before the meeting.", moment=moment(opens))
    return None


def mark(meeting: Meeting, signup: Signup, came: bool | None, at: datetime, by: int) -> bool:
    """Note a tap: here, not here, or neither (undone); say whether it stands. Raises Refused.

    `at` is when it was tapped. One that is not later than what stands changes nothing. A phone's clock may be
    wrong: no tap is later than now.
    """
    if why := why_not_take(meeting):
        raise Refused(why)
    if signup.workgroup_id != meeting.workgroup_id or signup.withdrawn_at:
        raise Refused(_("%(name)s is no longer in this group.", name=signup.member.name))
    is_first = _is_untouched(meeting)
    _row_for(signup, meeting)
    mine = Attendance.signup_id == signup.id, Attendance.meeting_id == meeting.id
    at = min(at, now())
    newer = update(Attendance).where(*mine, or_(Attendance.marked_at.is_(None), Attendance.marked_at < at))
    noted = db.session.execute(newer.values(came=came, marked_at=at, marked_by_id=by))
    if not noted.rowcount:  # type: ignore[attr-defined]
        return False
    if is_first:
        audit.record("take attendance", f"workgroup {meeting.workgroup_id}", by, meeting=meeting.starts_at.isoformat())
    elif now() > meeting.ends_at + TAKEN_AFTER:
        facts = {"meeting": meeting.starts_at.isoformat(), "member": signup.member.number, "came": came}
        audit.record("correct attendance", f"workgroup {meeting.workgroup_id}", by, **facts)
    return True


def _is_untouched(meeting: Meeting) -> bool:
    tapped = select(Attendance.signup_id).where(
        Attendance.meeting_id == meeting.id, Attendance.marked_at.is_not(None)
    )  # fmt: skip
    return db.session.scalar(tapped.limit(1)) is None


def _row_for(signup: Signup, meeting: Meeting) -> None:
    """See that there is a row; who waits has none when a meeting was added after they signed up."""
    key = signup.id, meeting.id
    if db.session.get(Attendance, key) is None:
        try:
            with db.session.begin_nested():
                db.session.add(Attendance(signup_id=signup.id, meeting_id=meeting.id))
        except IntegrityError:  # another phone was faster: the row is there
            pass


# --- Who misses two ---------------------------------------------------------------------------------


def absences(group: Workgroup) -> list[Absence]:
    """Who with a place did not come, or said that they cannot, twice or more; unless it was settled since."""
    missed: dict[int, list[Meeting]] = {}
    meetings = {m.id: m for m in group.meetings}
    gone = or_(Attendance.came.is_(False), Attendance.came.is_(None) & Attendance.excused_at.is_not(None))
    wanted = select(Attendance.signup_id, Attendance.meeting_id).where(Attendance.meeting_id.in_(meetings), gone)
    for signup_id, meeting_id in db.session.execute(wanted):
        missed.setdefault(signup_id, []).append(meetings[meeting_id])
    often = {id: sorted(found, key=lambda m: m.starts_at) for id, found in missed.items() if len(found) >= MISSED}
    seated = select(Signup).where(Signup.id.in_(often), Signup.seat.is_not(None), Signup.confirm_by.is_(None))
    settled = _settled(often)
    return [
        _absence(signup, often[signup.id])
        for signup in db.session.scalars(seated.options(selectinload(Signup.member)).order_by(Signup.id))
        if settled.get(signup.id, 0) < len(often[signup.id])
    ]


def _absence(signup: Signup, meetings: Sequence[Meeting]) -> Absence:
    """What to say, in the language of whom it is said to."""
    group = signup.workgroup
    next_one = next((m for m in group.meetings if m.starts_at > now() and m not in meetings), None)
    with in_language(signup.member.language):
        dates = names(short_day(m.starts_at) for m in meetings)
        said = [
            _("Hello %(name)s,", name=signup.member.name.split()[0]),
            _("You miss some meetings of our group: %(dates)s.", dates=dates),
            _("We hope that all is well. The group counts on you: without you, what you think is missing."),
        ]
        if next_one:
            said.append(_("Can you come on %(moment)s?", moment=moment(next_one.starts_at)))
        said.append(_("If it no longer works for you, just say so: then somebody who waits can take your place."))
        return Absence(signup, meetings, _("We miss you: %(theme)s", theme=group.theme), "\n\n".join(said))


def _settled(signups: Iterable[int]) -> dict[int, int]:
    """By sign-up: at how many missed meetings a facilitator decided that the place is kept."""
    subjects = {f"signup {id}": id for id in signups}
    kept = select(audit.Entry).where(audit.Entry.act == "keep place", audit.Entry.subject.in_(subjects))
    settled: dict[int, int] = {}
    for entry in db.session.scalars(kept.order_by(audit.Entry.id)):
        settled[subjects[entry.subject]] = int(entry.facts["missed"])
    return settled


def keep_place(group: Workgroup, signup_id: int, by: int) -> None:
    """A facilitator spoke with somebody who missed meetings, and the place is kept; until the next one is missed."""
    for absence in absences(group):
        if absence.signup.id == signup_id:
            audit.record("keep place", f"signup {signup_id}", by, missed=len(absence.meetings))
