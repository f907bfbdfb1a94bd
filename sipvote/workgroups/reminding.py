"""Reminders of meetings: a week before and a day before, each once; run by the worker."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..mail import Letter
from . import coming, letters
from .models import Attendance, Meeting, Signup, Workgroup

DAY = timedelta(days=1)
# Which reminder, and how long before a meeting it is written at the latest and at the earliest: who joins five
# days before gets no "in a week", and a worker that stood still for some hours misses nothing.
BEFORE = {"week": (6 * DAY, 7 * DAY), "day": (timedelta(), DAY)}


def remind() -> int:
    """Write to everybody who is expected or leads, once per meeting and date; give the number of letters."""
    recently = Letter.name.in_(["meeting_reminder", "lead_reminder"]), Letter.queued_at > now() - 3 * DAY
    known = set(db.session.scalars(select(Letter.key).where(*recently)))
    written = 0
    for word, (latest, earliest) in BEFORE.items():
        for signup, meeting in _expected(now() + latest, now() + earliest):
            key = f"meeting_reminder {word} {meeting.key} {signup.member_id}"
            if key not in known and letters.reminder(signup, meeting, key):
                written += 1
        written += _remind_leaders(word, _meetings(now() + latest, now() + earliest), known)
    return written


def _remind_leaders(word: str, soon: Sequence[Meeting], known: Collection[str | None]) -> int:
    """Write to those who lead, with who comes; not to who has left the cooperative."""
    written, today = 0, now().date()
    for meeting in soon:
        keys = {f"lead_reminder {word} {meeting.key} {f.id}": f for f in meeting.workgroup.facilitators}
        due = {key: f for key, f in keys.items() if key not in known and f.is_member_on(today)}
        said = coming.answers_for(meeting).said if due else {}
        written += sum(letters.lead_reminder(meeting, f, key, said) is not None for key, f in due.items())
    return written


def _meetings(after: datetime, until: datetime) -> Sequence[Meeting]:
    """The meetings that begin in a span of time, but for those of cancelled groups."""
    soon = (
        select(Meeting)
        .join(Meeting.workgroup)
        .where(Meeting.starts_at > after, Meeting.starts_at <= until, Workgroup.cancelled_at.is_(None))
        .options(selectinload(Meeting.workgroup).selectinload(Workgroup.theme))
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return db.session.scalars(soon).all()


def _expected(after: datetime, until: datetime) -> list[Row[Signup, Meeting]]:
    """Who has a place and has not said that they cannot come, at each meeting that begins in a span of time."""
    soon = (
        select(Signup, Meeting)
        .join(Workgroup, Workgroup.id == Signup.workgroup_id)
        .join(Meeting, Meeting.workgroup_id == Workgroup.id)
        .outerjoin(Attendance, (Attendance.signup_id == Signup.id) & (Attendance.meeting_id == Meeting.id))
        .where(Meeting.starts_at > after, Meeting.starts_at <= until)
        .where(Signup.seat.is_not(None), Signup.confirm_by.is_(None), Workgroup.cancelled_at.is_(None))
        .where(Attendance.excused_at.is_(None))
        .options(selectinload(Signup.member), selectinload(Meeting.workgroup).selectinload(Workgroup.theme))
        .order_by(Meeting.starts_at, Signup.id)
    )
    return list(db.session.execute(soon))
