"""How balanced are the groups? Who signed up and who has a place, beside all members of the cooperative.

Counts of people under five are not shown, nor what would tell them: see hiding.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, case, func, select

from ..db import db, now
from ..editions.models import Edition, SignUpWay
from ..i18n import LANGUAGES, alphabetical
from ..kept import Kept
from ..members.models import City, Member
from .exports import PROFILE_NAMES
from .hiding import covered_in_two
from .models import Signup, Workgroup
from .wish_models import WishList

COUNTRY_NAMES = {"BE": _l("Belgium"), "FR": _l("France")}
COLUMNS: dict[str, Any] = {
    "languages": Member.language, "countries": Member.country, "profiles": Member.profile, "cities": Member.city_id,
}  # fmt: skip


@dataclass(frozen=True)
class Share:
    """A count of people and its part of everybody; None when it is not shown."""

    people: int
    share: float


@dataclass(frozen=True)
class Kind:
    """People of one language, country, profile or city: among all members, who signed up, who has a place."""

    label: str
    members: Share
    signed_up: Share | None
    placed: Share | None

    @property
    def best(self) -> Share | None:
        """Who has a place, or who signed up while that is all that may be told."""
        return self.placed or self.signed_up

    @property
    def difference(self) -> float:
        """How far the share of those with a place lies from the share of all members."""
        return abs(self.placed.share - self.members.share) if self.placed else 0


@dataclass(frozen=True)
class Balance:
    """How many there are of each, and the kinds of people by what they are compared by."""

    members: int
    signed_up: int
    placed: int
    kinds: Mapping[str, Sequence[Kind]]


Count = tuple[int, int, int]


def balance(edition: Edition) -> Balance:
    """Compare by language, country, profile and city of the members; three queries at most."""
    day = _day_of(edition)
    cells = [*_members.get(day, lambda: _members_on(day)), *db.session.execute(_taking_part(edition, day))]
    cities = {city.id: city.name for city in db.session.scalars(select(City))}
    names: dict[str, Mapping[Any, Any]] = {
        "languages": LANGUAGES, "countries": COUNTRY_NAMES, "profiles": PROFILE_NAMES,
        "cities": dict(sorted(cities.items(), key=lambda item: alphabetical(item[1]))),
    }  # fmt: skip
    total = _sum([tuple(cell[len(COLUMNS) :]) for cell in cells])
    kinds = {}
    for at, what in enumerate(COLUMNS):
        counts: dict[Any, Count] = {
            key: _sum([tuple(cell[len(COLUMNS) :]) for cell in cells if cell[at] == key]) for key in names[what]
        }
        kinds[what] = kinds_of({key: n for key, n in counts.items() if any(n) or what != "cities"}, names[what], total)
    return Balance(*total, kinds)


def _sum(counts: Sequence[Any]) -> Count:
    members, signed_up, placed = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    return members, signed_up, placed


def kinds_of(counts: Mapping[Any, Count], names: Mapping[Any, Any], total: Count) -> list[Kind]:
    """A row for each, the largest first, without the counts that could be worked out to be small."""
    nothing, no_signed_up = covered_in_two({key: (signed, placed) for key, (_all, signed, placed) in counts.items()})
    kinds = []
    for key in sorted(counts, key=lambda key: -counts[key][0]):
        members, signed_up, placed = counts[key]
        kinds.append(
            Kind(
                str(names[key]), _share(members, total[0]),
                None if key in nothing | no_signed_up else _share(signed_up, total[1]),
                None if key in nothing else _share(placed, total[2]),
            )
        )  # fmt: skip
    return kinds


def _share(people: int, everybody: int) -> Share:
    return Share(people, people / everybody if everybody else 0)


# Everybody is counted by the four, which takes a quarter of a second, and hardly changes.
_members: Kept[date, list[tuple[Any, ...]]] = Kept(60)


def _members_on(day: date) -> list[tuple[Any, ...]]:
    """One row for each mixture of the four: how many members; nobody who signed up, nobody with a place."""
    kinds = list(COLUMNS.values())
    counted = select(*kinds, func.count()).where(_is_member_on(day)).group_by(*kinds)
    return [(*row, 0, 0) for row in db.session.execute(counted)]


def _taking_part(edition: Edition, day: date) -> Select[Any]:
    """The same for who signed up: those who are no members on that day, all, and those with a place."""
    signed_up = signed_up_to(edition).subquery()
    placed = _standing(edition).where(Signup.seat.is_not(None), Signup.confirm_by.is_(None)).distinct().subquery()
    kinds = list(COLUMNS.values())
    others = func.sum(case((_is_member_on(day), 0), else_=1))
    return (
        select(*kinds, others, func.count(), func.count(placed.c.member_id))
        .join(signed_up, signed_up.c.member_id == Member.id)
        .outerjoin(placed, placed.c.member_id == Member.id)
        .group_by(*kinds)
    )


def signed_up_to(edition: Edition) -> Select[Any]:
    """Who signed up and did not withdraw, each once; where members wish, who wished with a pledge as well."""
    standing = _standing(edition)
    if edition.sign_up_way != SignUpWay.WISHES:
        return standing.distinct()
    wished = select(WishList.member_id).where(
        WishList.edition_id == edition.id, WishList.pledged_at.is_not(None), WishList.withdrawn_at.is_(None)
    )
    both = standing.union(wished).subquery()
    return select(both.c.member_id)


def _standing(edition: Edition) -> Select[Any]:
    stands = Workgroup.cancelled_at.is_(None), Signup.withdrawn_at.is_(None)
    return select(Signup.member_id).join(Workgroup).where(Workgroup.edition_id == edition.id, *stands)


def _day_of(edition: Edition) -> date:
    """The day on which the members are counted: that of the first groups, or today while it is to come."""
    return min(edition.groups_at, now()).date()


def _is_member_on(day: date) -> ColumnElement[bool]:
    return (Member.joined <= day) & (Member.left.is_(None) | (Member.left > day))
