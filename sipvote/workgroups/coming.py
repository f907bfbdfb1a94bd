"""Coming or not: a member's answer for each meeting to come, and asking again when a date has moved.

An answer is a row of Attendance: yes (`confirmed_at`), no (`excused_at`), or neither while it is asked again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..errors import Refused
from ..mail import Letter
from ..members.models import Member
from . import letters, offers, seats
from .models import Attendance, Meeting, Signup, Workgroup

ASK_ONCE_MORE_AFTER = timedelta(days=2)
STOP_ASKING_AFTER = timedelta(days=10)


class Answer(StrEnum):
    """What somebody says of a meeting to come."""

    YES = "yes"
    NO = "no"
    NONE = "none"


def answer_of(attendance: Attendance | None) -> Answer:
    """Yes, no, or not answered yet."""
    if attendance is None or (attendance.excused_at is None and attendance.confirmed_at is None):
        return Answer.NONE
    return Answer.NO if attendance.excused_at else Answer.YES


@dataclass(frozen=True)
class Date:
    """A meeting of one's group, with one's own answer."""

    meeting: Meeting
    answer: Answer
    came: bool | None
    has_begun: bool


def dates_of(signup: Signup) -> list[Date]:
    """Each meeting of the group with the answer of a member who has a place."""
    rows = {a.meeting_id: a for a in db.session.scalars(select(Attendance).where(Attendance.signup_id == signup.id))}
    return [
        Date(m, answer_of(rows.get(m.id)), rows[m.id].came if m.id in rows else None, m.starts_at <= now())
        for m in signup.workgroup.meetings
    ]


# --- "I cannot come" --------------------------------------------------------------------------------


def why_not_answer(signup: Signup, meeting: Meeting) -> str | None:
    """The sentence why the member cannot say whether they come to a meeting, or None."""
    if signup.workgroup.cancelled_at:
        return _("This group was cancelled.")
    if not signup.has_place:
        return _("You have no place in this group, so nobody expects you there.")
    if meeting.starts_at <= now():
        return _("This meeting has begun, so the answer cannot be changed any more.")
    return None


def others_missed(signup: Signup, meeting: Meeting) -> int:
    """How many other meetings of the group the member missed, or said that they cannot come to."""
    missed = select(func.count()).where(
        Attendance.signup_id == signup.id, Attendance.meeting_id != meeting.id,
        Attendance.excused_at.is_not(None) | Attendance.came.is_(False),
    )  # fmt: skip
    return db.session.scalar(missed) or 0


def excuse(signup: Signup, meeting: Meeting) -> None:
    """Note that somebody cannot come to a meeting to come. Raises Refused."""
    _answer(signup, meeting, comes=False)


def take_back(signup: Signup, meeting: Meeting) -> None:
    """Note that somebody can come after all. Raises Refused."""
    _answer(signup, meeting, comes=True)


def answer(signup: Signup, answers: Mapping[str, bool]) -> None:
    """Note whether somebody can come, by the `key` of each meeting. Raises Refused, for all, when a date has moved."""
    seats.lock(None, signup.workgroup)
    known = {m.key: m for m in signup.workgroup.meetings}
    if any(key not in known for key in answers):
        raise Refused(_("A date has moved meanwhile. Look at the dates again."))
    for key, comes in answers.items():
        _answer(signup, known[key], comes)


def _answer(signup: Signup, meeting: Meeting, comes: bool) -> None:
    seats.lock(None, signup.workgroup)
    db.session.refresh(signup)
    if why := why_not_answer(signup, meeting):
        raise Refused(why)
    row = db.session.get(Attendance, (signup.id, meeting.id), populate_existing=True)
    if row is None:
        row = Attendance(signup_id=signup.id, meeting_id=meeting.id)
        db.session.add(row)
    if not comes:
        row.excused_at = row.excused_at or now()
    else:
        row.confirmed_at, row.excused_at = row.confirmed_at or now(), None
    db.session.flush()


def excused(member_id: int) -> dict[tuple[int, int], Meeting]:
    """The meetings that a member said they cannot come to, by sign-up and meeting."""
    said = select(Attendance.signup_id, Meeting).join(Attendance.meeting).join(Attendance.signup)
    said = said.where(Signup.member_id == member_id, Attendance.excused_at.is_not(None)).order_by(Meeting.starts_at)
    return {(signup_id, meeting.id): meeting for signup_id, meeting in db.session.execute(said)}


# --- A date that moved ------------------------------------------------------------------------------


def ask_again(group: Workgroup, moved: Iterable[Meeting]) -> None:
    """Forget the answers for meetings that moved: a yes was for the old date. The group must be locked.

    A place that is offered is not kept longer than until the next meeting, which may come sooner now.
    """
    about = update(Attendance).where(Attendance.meeting_id.in_([m.id for m in moved]))
    db.session.execute(about.values(confirmed_at=None, excused_at=None))
    offers.keep_no_longer(group)


def unanswered(member_id: int) -> list[tuple[Signup, list[Meeting]]]:
    """The groups of a member that meet on a date to which the member has not answered yet."""
    return [(s, dates) for s, dates in _silent(Signup.member_id == member_id) if dates]


def _silent(which: ColumnElement[bool]) -> list[tuple[Signup, list[Meeting]]]:
    asked = (
        select(Signup, Meeting)
        .join(Attendance, Attendance.signup_id == Signup.id)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .join(Workgroup, Workgroup.id == Signup.workgroup_id)
        .where(Attendance.confirmed_at.is_(None), Attendance.excused_at.is_(None), Meeting.starts_at > now())
        .where(Signup.seat.is_not(None), Signup.confirm_by.is_(None), Workgroup.cancelled_at.is_(None), which)
        .options(selectinload(Signup.workgroup).selectinload(Workgroup.theme), selectinload(Signup.member))
        .order_by(Meeting.starts_at)
    )
    found: dict[Signup, list[Meeting]] = {}
    for signup, meeting in db.session.execute(asked):
        found.setdefault(signup, []).append(meeting)
    return list(found.items())


def ask_once_more() -> int:
    """Write once to those who did not answer about a moved date for two days; run by the worker."""
    sent = select(Letter.key, Letter.queued_at).where(
        Letter.name.in_([letters.MOVED, "moved_unanswered"]), Letter.queued_at > now() - STOP_ASKING_AFTER,
        Letter.key.is_not(None),
    )  # fmt: skip
    asked_at = dict(db.session.execute(sent).all())
    due = _asked_by(key for key, at in asked_at.items() if key and at <= now() - ASK_ONCE_MORE_AFTER)
    written = 0
    for signup, dates in _silent(Signup.member_id.in_({member for _meeting, member in due})) if due else ():
        about = next((m for m in dates if (m.key, signup.member_id) in due), None)
        key = f"moved_unanswered {about.key} {signup.member_id}" if about else None
        if key and key not in asked_at and letters.moved_unanswered(signup, dates, key):
            written += 1
    return written


def _asked_by(keys: Iterable[str]) -> set[tuple[str, int]]:
    """The pairs (meeting's key, member) that these letters asked about."""
    asked = set()
    for word, meetings, member in (key.split(" ") for key in keys):
        if word == letters.MOVED:
            asked |= {(meeting, int(member)) for meeting in meetings.split(",")}
    return asked


# --- What facilitators see --------------------------------------------------------------------------


@dataclass
class Answers:
    """Who comes to one meeting, as far as they have said."""

    meeting: Meeting
    said: dict[Answer, list[Member]] = field(default_factory=lambda: {word: [] for word in Answer})


def answers(group: Workgroup) -> list[Answers]:
    """For each meeting to come, who says yes, no, or has not answered."""
    return _answers(group, seats.ahead(group))


def answers_for(meeting: Meeting) -> Answers:
    """Who says yes or no to one meeting, or has not answered."""
    return _answers(meeting.workgroup, [meeting])[0]


def _answers(group: Workgroup, dates: Iterable[Meeting]) -> list[Answers]:
    seated = (
        select(Signup)
        .join(Signup.member)
        .where(Signup.workgroup_id == group.id, Signup.seat.is_not(None), Signup.confirm_by.is_(None))
        .options(selectinload(Signup.member), selectinload(Signup.attendances))
        .order_by(Member.name, Signup.id)
    )
    found = [Answers(m) for m in dates]
    for signup in db.session.scalars(seated):
        rows = {a.meeting_id: a for a in signup.attendances}
        for each in found:
            each.said[answer_of(rows.get(each.meeting.id))].append(signup.member)
    return found


def offered(group: Workgroup) -> Sequence[Signup]:
    """Who has not confirmed the place that is kept for them, the first deadline first."""
    kept = select(Signup).where(Signup.workgroup_id == group.id, Signup.confirm_by.is_not(None))
    return db.session.scalars(kept.options(selectinload(Signup.member)).order_by(Signup.confirm_by, Signup.id)).all()
