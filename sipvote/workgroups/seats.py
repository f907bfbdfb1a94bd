"""Seats: locking a group, and which of its places are free.

Whoever takes or frees a place first locks the member (against two groups at the same hour), then the groups
in the order of their ids (against two people for one place), always in that order. On SQLite writers stand in
line anyway.
"""

from sqlalchemy import delete, select

from ..db import db, now
from ..members.models import Member
from .models import Attendance, Meeting, Signup, Workgroup


def lock(member_id: int | None, *groups: Workgroup) -> None:
    """Lock the member, then the groups, and read the groups as they are now.

    NO KEY UPDATE: rows that merely point at them (letters, sign-ups) need not wait.
    """
    if member_id is not None:
        db.session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    if not groups:
        return
    wanted = select(Workgroup).where(Workgroup.id.in_([g.id for g in groups])).order_by(Workgroup.id)
    db.session.scalars(wanted.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def free_seats(group: Workgroup) -> list[int]:
    """The numbers of the free places, the lowest first. A place that is offered to somebody is not free."""
    taken = set(
        db.session.scalars(select(Signup.seat).where(Signup.workgroup_id == group.id, Signup.seat.is_not(None)))
    )
    return [n for n in range(1, group.places + 1) if n not in taken]


def ahead(group: Workgroup) -> list[Meeting]:
    """The meetings that have not begun: what somebody who joins now commits to."""
    return [m for m in group.meetings if m.starts_at > now()]


def leave(signup: Signup) -> None:
    """End a sign-up, whatever it was; its seat, if it had one, is free. The group must be locked.

    Of the meetings that were held it stays known who came: figures about keeping on must not forget who left.
    """
    held = [m.id for m in signup.workgroup.meetings if m.starts_at <= now()] if signup.has_place else []
    signup.seat = signup.seated_at = signup.confirm_by = None
    signup.withdrawn_at = now()
    db.session.flush()
    mine = Attendance.signup_id == signup.id
    db.session.execute(delete(Attendance).where(mine, Attendance.meeting_id.not_in(held)))
    db.session.expire(signup, ["attendances"])
