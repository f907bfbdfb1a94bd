"""Attendance as it was noted, read from the tables as rows for commitment.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from ..db import db, now
from .commitment import Loss, Row, Stayed, Turnout, by_number, by_part, had_place, listed, losses, stayed
from .models import Attendance, Meeting, Signup, Workgroup


def rows_of(edition_ids: Collection[int]) -> dict[int, list[Row]]:
    """Everybody at every meeting that is over, by edition. Cancelled groups do not count."""
    rows: dict[int, list[Row]] = {id: [] for id in edition_ids}
    for edition, group, signup, number, starts_at, seat, offered, seated_at, came, excused_at in db.session.execute(
        _noted(edition_ids)
    ):
        excused = excused_at is not None
        if had_place(starts_at, seated_at, seat is not None and offered is None, came, excused):
            rows[edition].append(Row(group, signup, number, came, excused))
    return rows


def _noted(edition_ids: Collection[int]) -> Select[Any]:
    """Sign-ups with a place, or of whom something was noted, at each meeting that is over."""
    nth = func.row_number().over(partition_by=Meeting.workgroup_id, order_by=Meeting.starts_at).label("number")
    meeting = (
        select(Meeting.id, Meeting.workgroup_id, Workgroup.edition_id, Meeting.starts_at, Meeting.ends_at, nth)
        .join(Workgroup)
        .where(Workgroup.edition_id.in_(edition_ids), Workgroup.cancelled_at.is_(None))
        .subquery()
    )
    here = (Attendance.signup_id == Signup.id) & (Attendance.meeting_id == meeting.c.id)
    return (
        select(
            meeting.c.edition_id, meeting.c.workgroup_id, Signup.id, meeting.c.number, meeting.c.starts_at,
            Signup.seat, Signup.confirm_by, Signup.seated_at, Attendance.came, Attendance.excused_at,
        )
        .select_from(meeting)
        .join(Signup, Signup.workgroup_id == meeting.c.workgroup_id)
        .outerjoin(Attendance, here)
        .where(meeting.c.ends_at <= now())
        .where(or_(Signup.seat.is_not(None), Attendance.came.is_not(None), Attendance.excused_at.is_not(None)))
    )  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """How an edition kept its commitment. `themes` and `cities` are by id; a city None is online."""

    numbers: list[Turnout]
    themes: dict[int, dict[int, Turnout]]
    cities: dict[int | None, dict[int, Turnout]]
    stayed: Stayed | None
    losses: list[Loss]
    met: int  # how many meetings are over, of all groups, and of how many there is an attendance list
    lists: int


def kept(groups: Sequence[Workgroup], rows: Sequence[Row]) -> Kept:
    """Count the rows of an edition, over all groups and by theme and city."""
    over = {g.id for g in groups if g.is_over}
    numbers = by_number(rows)
    return Kept(
        numbers=numbers,
        themes=by_part(rows, {g.id: [g.theme_id] for g in groups}),
        cities=by_part(rows, {g.id: [c.id for c in g.cities] or [None] for g in groups}),
        stayed=stayed(rows, over.__contains__),
        losses=losses(rows),
        met=len({(row.group, row.number) for row in rows}),
        lists=len({(row.group, row.number) for row in listed(rows)}),
    )
