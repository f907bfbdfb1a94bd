"""Who lives in the demonstration: the cast, whom a visitor can be, and the invented members around them."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import insert, select

from ..access import Role
from ..db import db, now
from ..members import offices
from ..members import rules as members
from ..members.models import City, Grant, Member, Profile
from .members import rows

FACILITATORS_PER_CITY = 2
MORE_BOARD_MEMBERS = 4


@dataclass(frozen=True)
class Person:
    """One of the cast: `key` names them in forms, `what` says what they have to do."""

    key: str
    number: str
    name: str
    city: str
    language: str
    role: Role | None
    title: LazyString
    what: LazyString

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"


ADA = Person(
    "ada", "9001", "Ada Peeters", "gent", "nl", None,
    _l("member"), _l("proposes, supports, votes, wishes a group"),
)  # fmt: skip
AMINA = Person(
    "amina", "9002", "Amina Traoré", "lyon", "fr", None,
    _l("member in France"), _l("the same, from Lyon"),
)  # fmt: skip
BAS = Person(
    "bas", "9003", "Bas Claes", "gent", "nl", Role.FACILITATOR,
    _l("facilitator"), _l("leads a group in Ghent"),
)  # fmt: skip
CHLOE = Person(
    "chloe", "9004", "Chloé Dubois", "liege", "fr", Role.BOARD,
    _l("board member"), _l("sees results and figures"),
)  # fmt: skip
DRE = Person(
    "dre", "9005", "Dré Maes", "brussel", "nl", Role.ORGANISER,
    _l("organiser"), _l("reviews themes, runs the vote, gives everybody a group"),
)  # fmt: skip
HUGO = Person(
    "hugo", "9009", "Hugo Lambert", "liege", "fr", Role.ORGANISER,
    _l("organiser"), _l("says the second word where it takes two"),
)  # fmt: skip
EVA = Person(
    "eva", "9006", "Eva Stone", "brussel", "en", Role.SCRUTINEER,
    _l("scrutineer"), _l("watches over the ballot box"),
)  # fmt: skip
FELIX = Person(
    "felix", "9007", "Félix Henry", "namur", "fr", Role.SCRUTINEER,
    _l("scrutineer"), _l("watches over the ballot box"),
)  # fmt: skip
GREET = Person(
    "greet", "9008", "Greet Wouters", "antwerpen", "nl", Role.SCRUTINEER,
    _l("scrutineer"), _l("watches over the ballot box"),
)  # fmt: skip
CAST = (ADA, AMINA, BAS, CHLOE, DRE, HUGO, EVA, FELIX, GREET)


@dataclass(frozen=True)
class Resident:
    """What the seed needs to know of an invented member, read once for all of them."""

    id: int
    city: str
    country: str
    language: str
    joined: date


@dataclass
class Town:
    """The cities by slug and the invented members, with seeded chance to draw from them."""

    chance: random.Random
    cities: dict[str, City] = field(default_factory=dict)
    residents: list[Resident] = field(default_factory=list)
    officials: set[int] = field(default_factory=set)
    facilitators: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def some(
        self,
        n: int,
        cities: Collection[str] = (),
        languages: Collection[str] = (),
        before: date | None = None,
        country: str | None = None,
    ) -> list[int]:
        """Draw up to `n` ordinary members, of these cities, languages and country if any are given; gives their ids."""
        fitting = [
            r.id
            for r in self.residents
            if r.id not in self.officials
            and (not cities or r.city in cities)
            and (not languages or r.language in languages)
            and (country is None or r.country == country)
            and (before is None or r.joined < before)
        ]  # fmt: skip
        return self.chance.sample(fitting, min(n, len(fitting)))


def settle(n: int, chance: random.Random) -> Town:
    """Make the cities, the cast and invented members, `n` people in all, and their roles."""
    town = Town(chance, offices.provide())
    invented = [_member(row, town.cities) for row in rows(n - len(CAST), chance.randrange(2**32))]
    db.session.execute(insert(Member), [_cast_member(p, town.cities) for p in CAST] + invented)
    town.residents = _residents()
    for person in CAST:
        if person.role:
            city = town.cities[person.city] if person.role == Role.FACILITATOR else None
            members.grant(member_of(person), person.role, city, None)
    _more_officials(town)
    return town


def member_of(person: Person) -> Member:
    """The member that a person of the cast is."""
    return db.session.scalars(select(Member).where(Member.number == person.number)).one()


def organiser() -> Member:
    """Dré, who does what organisers do."""
    return member_of(DRE)


def _member(row: dict[str, str], cities: dict[str, City]) -> dict[str, object]:
    """A row of the roll as a row of the table."""
    kept = {c: row[c] for c in ("number", "name", "language", "country")}
    city_id, joined = cities[row["city"]].id, date.fromisoformat(row["joined"])
    return {
        **kept, "email": row["email"] or None, "city_id": city_id, "profile": Profile(row["profile"]), "joined": joined,
        "left": None,
    }  # fmt: skip


def _cast_member(person: Person, cities: dict[str, City]) -> dict[str, object]:
    city = cities[person.city]
    return {
        "number": person.number, "name": person.name, "email": person.email, "language": person.language,
        "country": city.country, "city_id": city.id, "profile": Profile.USER, "joined": date(2017, 3, 1), "left": None,
    }  # fmt: skip


def _residents() -> list[Resident]:
    """Everybody but the cast."""
    cast = [person.number for person in CAST]
    columns = (Member.id, City.slug, Member.country, Member.language, Member.joined)
    found = select(*columns).join(City, City.id == Member.city_id).where(Member.number.not_in(cast)).order_by(Member.id)
    return [Resident(*row) for row in db.session.execute(found)]


def _more_officials(town: Town) -> None:
    """Facilitators in every city, and a board; all of them members since long."""
    since = now().date() - timedelta(days=7 * 365)
    for slug, city in town.cities.items():
        for member_id in _veterans(town, FACILITATORS_PER_CITY, since, [slug]):
            _grant(town, member_id, Role.FACILITATOR, city)
            town.facilitators[slug].append(member_id)
    town.facilitators["gent"].insert(0, member_of(BAS).id)
    for member_id in _veterans(town, MORE_BOARD_MEMBERS, since):
        _grant(town, member_id, Role.BOARD, None)
    db.session.flush()


def _veterans(town: Town, n: int, since: date, cities: Iterable[str] = ()) -> list[int]:
    """Members of long standing; in a small demonstration there may be none, and then others do it."""
    cities = list(cities)
    return town.some(n, cities, before=since) or town.some(n, cities) or town.some(n)


def _grant(town: Town, member_id: int, role: Role, city: City | None) -> None:
    db.session.add(Grant(member_id=member_id, role=role, city=city, granted_at=now()))
    town.officials.add(member_id)
