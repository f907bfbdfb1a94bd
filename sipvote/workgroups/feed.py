"""The personal calendar feed: an address that nobody can guess, at which a calendar finds a member's meetings."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from ..assembly.models import Assembly
from ..db import db, now
from ..editions.models import Edition
from .life_models import CalendarFeed
from .models import Meeting, Signup, Workgroup, workgroup_facilitator
from .seats import lock

OLDEST = timedelta(days=365)  # since the edition was over


def of(member_id: int) -> CalendarFeed | None:
    """The member's feed, if they made one."""
    return db.session.get(CalendarFeed, member_id)


def make(member_id: int) -> CalendarFeed:
    """Give the member an address; an older one is invalid from now on. 256 bits, so it needs no sign-in."""
    lock(member_id)  # two clicks at once: both give an address, and the later one stands
    feed = db.session.get(CalendarFeed, member_id, populate_existing=True)
    if feed is None:
        feed = CalendarFeed(member_id=member_id)
        db.session.add(feed)
    feed.key, feed.made_at = secrets.token_urlsafe(32), now()
    db.session.flush()
    return feed


def named(key: str) -> CalendarFeed | None:
    """The feed with this key, unless its member has left the cooperative."""
    feed = db.session.scalar(
        select(CalendarFeed).where(CalendarFeed.key == key).options(joinedload(CalendarFeed.member))
    )
    return feed if feed and feed.member.is_member_on(now().date()) else None


def meetings(member_id: int) -> Sequence[Meeting]:
    """Every meeting of groups where the member has a place or leads, also of cancelled ones."""
    seated = select(Signup.workgroup_id).where(
        Signup.member_id == member_id, Signup.seat.is_not(None), Signup.confirm_by.is_(None)
    )
    led = select(workgroup_facilitator.c.workgroup_id).where(workgroup_facilitator.c.member_id == member_id)
    mine = (
        select(Meeting)
        .join(Meeting.workgroup)
        .join(Workgroup.edition)
        .where(or_(Workgroup.id.in_(seated), Workgroup.id.in_(led)), Edition.stocktake_at > now() - OLDEST)
        .options(selectinload(Meeting.workgroup).selectinload(Workgroup.theme))
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return db.session.scalars(mine).all()


def assemblies() -> Sequence[Assembly]:
    """The assemblies of editions that are not long over."""
    recent = select(Assembly).join(Assembly.edition).where(Edition.stocktake_at > now() - OLDEST)
    return db.session.scalars(recent.order_by(Assembly.starts_at)).all()
