"""What speaks against a slot: free days, the assembly, and the other groups of those who lead or wish the group."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..assembly.models import Assembly
from ..db import db
from ..i18n import ZONE
from . import engagements, free_days
from .engagements import Engagement
from .models import Meeting, Signup, Workgroup, workgroup_facilitator
from .wish_models import Candidate, Wish, WishList


class Timed(Protocol):
    """Anything that begins and ends."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True)
class Span:
    """A time that is not a slot yet."""

    starts_at: datetime
    ends_at: datetime


@dataclass
class Marks:
    """What is known about a time. `elsewhere` is how many who wish the group are in another group then."""

    free: list[free_days.FreeDay] = field(default_factory=list)
    assembly: Assembly | None = None
    leading: list[Workgroup] = field(default_factory=list)  # other groups of the same facilitators that meet then
    perhaps: list[Workgroup] = field(default_factory=list)  # and those that may meet then
    elsewhere: int = 0

    @property
    def is_clear(self) -> bool:
        """Whether nothing speaks against it but a school holiday."""
        return not (self.assembly or self.leading or any(not free.is_school for free in self.free))


def meet(one: Timed, other: Timed) -> bool:
    """Say whether one person could not be at both."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def marks_of(group: Workgroup, times: Iterable[Timed]) -> list[Marks]:
    """The marks of each time, for a group; a fixed number of queries however many times there are."""
    these = list(times)
    calendars = free_days.calendars_of(group.cities)
    assemblies, led, proposed, busy = _assemblies(these), _led(group), _proposed(group), _busy_wishers(group)
    return [
        Marks(
            free=free_days.free_days(at.starts_at.astimezone(ZONE).date(), calendars),
            assembly=next((a for a in assemblies if meet(a, at)), None),
            leading=_groups(e.workgroup for e in led if e.workgroup and meet(e, at)),
            perhaps=_groups(c.workgroup for c in proposed if meet(c.slot, at)),
            elsewhere=len({member for member, span in busy if meet(span, at)}),
        )
        for at in these
    ]


def _groups(found: Iterable[Workgroup]) -> list[Workgroup]:
    return list({g.id: g for g in found}.values())


def _assemblies(these: Sequence[Timed]) -> Sequence[Assembly]:
    """The assemblies, of any edition, from the first to the last of these times."""
    return assemblies_between(min(t.starts_at for t in these), max(t.ends_at for t in these)) if these else []


def assemblies_between(first: datetime, last: datetime) -> Sequence[Assembly]:
    """The assemblies that are held in a span, of whatever edition."""
    held = select(Assembly).where(Assembly.starts_at < last, Assembly.ends_at > first)
    return db.session.scalars(held.options(selectinload(Assembly.edition))).all()


def _led(group: Workgroup) -> list[Engagement]:
    """Meetings of other groups that the group's facilitators lead or are in."""
    theirs = engagements.of_people([person.id for person in group.facilitators], group.id)
    return [e for mine in theirs.values() for e in mine if e.workgroup is not None]


def _proposed(group: Workgroup) -> Sequence[Candidate]:
    """Slots of other groups without dates that the same people lead: both may get that time."""
    people = [f.id for f in group.facilitators]
    theirs = select(workgroup_facilitator.c.workgroup_id).where(workgroup_facilitator.c.member_id.in_(people))
    wanted = (
        select(Candidate)
        .join(Candidate.workgroup)
        .where(Workgroup.id.in_(theirs), Workgroup.id != group.id, Workgroup.edition_id == group.edition_id)
        .where(Workgroup.cancelled_at.is_(None), ~Workgroup.meetings.any())
        .options(selectinload(Candidate.workgroup).selectinload(Workgroup.theme))
    )
    return db.session.scalars(wanted).all() if people else []


def _busy_wishers(group: Workgroup) -> list[tuple[int, Span]]:
    """The people who wish the group, with each meeting of another group that they are in."""
    rows = (
        select(Signup.member_id, Meeting.starts_at, Meeting.ends_at)
        .join(WishList, WishList.member_id == Signup.member_id)
        .join(Wish, Wish.wish_list_id == WishList.id)
        .join(Workgroup, Workgroup.id == Signup.workgroup_id)
        .join(Meeting, Meeting.workgroup_id == Workgroup.id)
        .where(Wish.workgroup_id == group.id, WishList.withdrawn_at.is_(None), Signup.withdrawn_at.is_(None))
        .where(Workgroup.id != group.id, Workgroup.cancelled_at.is_(None))
    )
    return [(member, Span(start, end)) for member, start, end in db.session.execute(rows)]


def spans_of(starts: Iterable[datetime], hours: int) -> list[Span]:
    """Times of some hours each."""
    return [Span(start, start + timedelta(hours=hours)) for start in starts]
