"""Whoever leaves the cooperative leaves their workgroups; run by the worker."""

from collections.abc import Sequence

from sqlalchemy import select

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..members.models import Member
from . import letters, offers, rules
from .models import Meeting, Signup, Workgroup


def signups_of_leavers() -> Sequence[Signup]:
    """The sign-ups of people who are members no longer, in groups that still meet.

    Those who wait come first, so that none of them is given the place of another.
    """
    still_meets = Workgroup.cancelled_at.is_(None), Workgroup.meetings.any(Meeting.ends_at > now())
    gone = (
        select(Signup)
        .join(Signup.member)
        .join(Signup.workgroup)
        .where(Signup.withdrawn_at.is_(None), Member.left <= now().date(), *still_meets)
        .order_by(Signup.seat.is_not(None), Signup.id)
    )
    return db.session.scalars(gone).all()


def free_seat_of_leaver(signup: Signup) -> None:
    """Take a leaver out of a group: the place is offered to the next on the waiting list, as after a withdrawal."""
    try:
        had_place = rules.take_out(signup)
    except Refused:  # they withdrew meanwhile, or the last meeting ended
        return
    group = signup.workgroup
    letters.left_group(signup, had_place)
    offers.pass_on(group)
    audit.record("free seat of leaver", f"workgroup {group.id}", None, member=signup.member.number, had_place=had_place)
