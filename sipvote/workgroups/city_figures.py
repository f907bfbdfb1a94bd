"""Figures of a city's groups: sign-ups over time, and how the commitment is kept. A fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, case, func, select

from ..db import db, now
from ..i18n import ZONE
from .models import Attendance, Meeting, Signup, Workgroup

WEEKS = 20


@dataclass(frozen=True)
class Kept:
    """Of meetings whose attendance was taken: who came; who had said no; who said nothing and did not come."""

    came: int = 0
    excused: int = 0
    no_show: int = 0

    @property
    def marked(self) -> int:
        return self.came + self.excused + self.no_show

    @property
    def rate(self) -> float | None:
        """The share of those expected who came, or None when no attendance was taken."""
        return self.came / self.marked if self.marked else None

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.came + other.came, self.excused + other.excused, self.no_show + other.no_show)


def kept(groups: Sequence[Workgroup]) -> dict[int, Kept]:
    """By meeting: how many came, were excused, or did not show up; only meetings where somebody was marked."""
    not_there = Attendance.came.is_(False)
    counted = (
        select(
            Attendance.meeting_id,
            func.sum(case((Attendance.came.is_(True), 1), else_=0)),
            func.sum(case((and_(not_there, Attendance.excused_at.is_not(None)), 1), else_=0)),
            func.sum(case((and_(not_there, Attendance.excused_at.is_(None)), 1), else_=0)),
        )
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .where(Meeting.workgroup_id.in_([g.id for g in groups]), Attendance.came.is_not(None))
        .group_by(Attendance.meeting_id)
    )
    return {id: Kept(came, excused, no_show) for id, came, excused, no_show in db.session.execute(counted)}


def by_number(groups: Sequence[Workgroup], of: dict[int, Kept]) -> list[tuple[int, Kept]]:
    """The first meetings of all groups together, then the second ones, as far as any was marked."""
    sums: dict[int, Kept] = {}
    for group in groups:
        for number, meeting in enumerate(group.meetings, start=1):
            if meeting.id in of:
                sums[number] = sums.get(number, Kept()) + of[meeting.id]
    return sorted(sums.items())


def of_group(group: Workgroup, of: dict[int, Kept]) -> Kept:
    """The meetings of one group together."""
    return sum((of[m.id] for m in group.meetings if m.id in of), Kept())


def over_time(groups: Sequence[Workgroup]) -> list[tuple[date, int]]:
    """How many sign-ups stood at the end of each week (its Monday is given); at most the last twenty."""
    wanted = select(Signup.signed_up_at, Signup.withdrawn_at).where(Signup.workgroup_id.in_([g.id for g in groups]))
    changes: dict[date, int] = {}
    for signed_up, withdrawn in db.session.execute(wanted):
        for moment, step in ((signed_up, 1), (withdrawn, -1)):
            if moment is not None:
                day = moment.astimezone(ZONE).date()
                week = day - timedelta(days=day.weekday())
                changes[week] = changes.get(week, 0) + step
    if not changes:
        return []
    rows, standing, week, last = [], 0, min(changes), min(max(changes), now().astimezone(ZONE).date())
    while week <= last:
        standing += changes.get(week, 0)
        rows.append((week, standing))
        week += timedelta(weeks=1)
    return rows[-WEEKS:]
