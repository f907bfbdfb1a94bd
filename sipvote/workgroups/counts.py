"""Counts of places, sign-ups and waiting lists: aggregated in SQL, a fixed number of queries whatever the size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from ..db import db
from ..editions.models import Edition
from ..i18n import alphabetical
from ..members.models import Member
from .models import Signup, Workgroup


@dataclass(frozen=True)
class Numbers:
    """Of one group or several: places, those taken (some only offered yet), and the people who wait."""

    groups: int = 0
    places: int = 0
    taken: int = 0
    waiting: int = 0
    offered: int = 0

    @property
    def free(self) -> int:
        return max(self.places - self.taken, 0)

    @property
    def signed_up(self) -> int:
        """Sign-ups that stand: with a place or waiting."""
        return self.taken + self.waiting

    def __add__(self, other: "Numbers") -> "Numbers":
        groups, places = self.groups + other.groups, self.places + other.places
        taken, waiting = self.taken + other.taken, self.waiting + other.waiting
        return Numbers(groups, places, taken, waiting, self.offered + other.offered)


def groups_in(edition: Edition) -> Sequence[Workgroup]:
    """The edition's groups that were not cancelled, by city."""
    standing = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    groups = db.session.scalars(standing.options(selectinload(Workgroup.theme)).order_by(Workgroup.id)).all()
    return sorted(groups, key=lambda g: (not g.cities, [alphabetical(c.name) for c in g.cities], g.id))


def numbers_of(groups: Iterable[Workgroup]) -> dict[int, Numbers]:
    """The numbers of each group, by its id."""
    places = {g.id: g.places for g in groups}
    waiting = case((Signup.seat.is_(None), 1), else_=0)
    counted = (
        select(Signup.workgroup_id, func.count(Signup.seat), func.sum(waiting), func.count(Signup.confirm_by))
        .where(Signup.workgroup_id.in_(places), Signup.withdrawn_at.is_(None))
        .group_by(Signup.workgroup_id)
    )
    found = {group: numbers for group, *numbers in db.session.execute(counted)}
    return {id: Numbers(1, places[id], *found.get(id, (0, 0, 0))) for id in places}


def total(numbers: Iterable[Numbers]) -> Numbers:
    """The sum of several numbers."""
    return sum(numbers, Numbers())


def people(edition: Edition) -> int:
    """How many members signed up for a group of the edition; who is in two groups counts once."""
    return (
        db.session.scalar(select(func.count(Signup.member_id.distinct())).join(Workgroup).where(_stands(edition))) or 0
    )


def people_by(edition: Edition, what: InstrumentedAttribute[str]) -> dict[str, int]:
    """How many members signed up, by a column of Member: language, country or profile."""
    counted = (
        select(what, func.count(Signup.member_id.distinct()))
        .select_from(Signup)
        .join(Workgroup)
        .join(Member, Member.id == Signup.member_id)
        .where(_stands(edition))
        .group_by(what)
    )
    return {str(value): count for value, count in db.session.execute(counted)}


def _stands(edition: Edition) -> ColumnElement[bool]:
    return (
        (Workgroup.edition_id == edition.id) & Workgroup.cancelled_at.is_(None) & Signup.withdrawn_at.is_(None)
    )  # fmt: skip
