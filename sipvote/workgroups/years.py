"""Compared with past editions: the last five that had groups, in one line each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select

from ..db import db
from ..editions.models import Edition
from ..members.models import COUNTRIES, Member
from . import turnout
from .commitment import Row, Turnout, by_number
from .hiding import covered
from .models import Signup, Workgroup

EDITIONS = 5


@dataclass(frozen=True)
class Year:
    """One edition: its groups and places, the people with a place (by country, None: not shown), who came."""

    edition: Edition
    groups: int
    places: int
    taken: int
    people: int
    countries: dict[str, int | None]
    first: Turnout | None
    last: Turnout | None

    @property
    def filled(self) -> float:
        return self.taken / self.places


def compared(edition: Edition, most: int = EDITIONS) -> tuple[list[Year], list[Row]]:
    """The edition and those before it that had groups, the oldest first; and the edition's own rows of attendance.

    Four queries, however many editions and people there are.
    """
    has_groups = select(Workgroup.id).where(Workgroup.edition_id == Edition.id, Workgroup.cancelled_at.is_(None))
    newest = select(Edition).where(Edition.year <= edition.year, has_groups.exists()).order_by(Edition.year.desc())
    editions = list(reversed(db.session.scalars(newest.limit(most)).all()))
    ids = [e.id for e in editions]
    groups, people, rows = _groups(ids), _people(ids), turnout.rows_of({*ids, edition.id})
    years = []
    for each in editions:
        countries = {code: people[each.id][code] for code in COUNTRIES}
        hidden = covered({code: (n,) for code, n in countries.items()})
        first, last = _ends(rows[each.id])
        shown = {code: None if code in hidden else n for code, n in countries.items()}
        years.append(Year(each, *groups[each.id], sum(countries.values()), shown, first, last))
    return years, rows[edition.id]


def _groups(ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Groups, places and places that belong to somebody, by edition."""
    is_taken = Signup.seat.is_not(None) & Signup.confirm_by.is_(None)
    taken = (
        select(Signup.workgroup_id, func.sum(case((is_taken, 1), else_=0)).label("taken"))
        .group_by(Signup.workgroup_id)
        .subquery()
    )
    counted = (
        select(
            Workgroup.edition_id, func.count(), func.sum(Workgroup.places), func.sum(func.coalesce(taken.c.taken, 0))
        )
        .outerjoin(taken, taken.c.workgroup_id == Workgroup.id)
        .where(Workgroup.edition_id.in_(ids), Workgroup.cancelled_at.is_(None))
        .group_by(Workgroup.edition_id)
    )
    return {id: (groups, places, int(taken)) for id, groups, places, taken in db.session.execute(counted)}


def _people(ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Members with a place, each once, by edition and country."""
    counted = (
        select(Workgroup.edition_id, Member.country, func.count(Member.id.distinct()))
        .join(Signup, Signup.workgroup_id == Workgroup.id)
        .join(Member, Member.id == Signup.member_id)
        .where(Workgroup.edition_id.in_(ids), Workgroup.cancelled_at.is_(None))
        .where(Signup.seat.is_not(None), Signup.confirm_by.is_(None))
        .group_by(Workgroup.edition_id, Member.country)
    )
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for id, country, people in db.session.execute(counted):
        found[id][country] = people
    return found


def _ends(rows: Sequence[Row]) -> tuple[Turnout | None, Turnout | None]:
    """The first meeting, and the last one that an attendance list was made of; none when it was the same."""
    told = by_number(rows)
    return (told[0] if told else None), (told[-1] if len(told) > 1 else None)
