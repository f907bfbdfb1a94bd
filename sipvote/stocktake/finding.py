"""How recommendations are found: words, facets with their counts, the order of the list.

A page asks for a few of thousands, and for the counts of all. So the process keeps a short line of each, and makes
those anew of which the database says that they have changed: one cheap question per page (stamps.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from .. import searching
from ..db import db
from ..decisions.models import Decision
from ..i18n import language
from ..kept import Kept
from ..members.models import City
from ..recommendations.models import Recommendation, RecommendationText, recommendation_workgroup
from ..themes.models import Theme, ThemeText
from ..workgroups.models import workgroup_city
from . import stamps
from .labels import city_slugs
from .models import Status, StatusChange
from .rows import Change, changes_of, decisions_of, standing
from .stamps import Renewed
from .statuses import today

FACETS = ("year", "status", "outcome", "theme", "large", "group", "country")
SORTS = ("newest", "oldest", "changed")
NONE = "none"  # in an address: without large theme, not decided, in both countries
LONGEST_SEARCH = 100


class Light(NamedTuple):
    """What the list is filtered by. Each of `values` stands in the order of FACETS, as it stands in addresses."""

    id: int
    year: int
    number: int
    since: date | None
    values: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Wanted:
    """What a visitor asks for: words, for each facet the chosen values, and an order."""

    words: str = ""
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: str = SORTS[0]

    @classmethod
    def of(cls, args: "MultiDict[str, str]") -> "Wanted":
        """What the query of an address asks for; what it cannot mean is left out."""
        chosen = {facet: frozenset(v[:200] for v in args.getlist(facet)[:200] if v) for facet in FACETS}
        sort = args.get("sort", "")
        return cls(
            " ".join(args.get("q", "").replace("\0", "").split())[:LONGEST_SEARCH],
            {facet: values for facet, values in chosen.items() if values},
            sort if sort in SORTS else SORTS[0],
        )

    def query(self, **other: Any) -> dict[str, Any]:
        """The values for url_for() that ask for the same; `other` ones replace them."""
        same: dict[str, Any] = {facet: sorted(values) for facet, values in self.chosen.items()}
        same["q"] = self.words or None
        same["sort"] = self.sort if self.sort != SORTS[0] else None
        return {key: value for key, value in {**same, **other}.items() if value}

    def without(self, facet: str, value: str) -> dict[str, Any]:
        """The same, but for one chosen value."""
        return self.query(**{facet: sorted(self.chosen.get(facet, frozenset()) - {value})})

    @property
    def is_everything(self) -> bool:
        return not self.words and not self.chosen


@dataclass(frozen=True)
class Found:
    """The lines in their order; for each facet, how many there are of each value among what the others let through."""

    lights: list[Light]
    counts: Mapping[str, Mapping[str, int]]

    @property
    def ids(self) -> list[int]:
        return [light.id for light in self.lights]


@dataclass(frozen=True)
class Shelf:
    """Every line, the newest edition first. `masks` hold a bit for each line: {facet: {value: bits}}.

    With one whole number for each value, "done and of 2017 or 2018" is two operators, and a count is the number of
    bits that are set: a page of thousands costs no more than one of ten.
    """

    lights: list[Light]
    masks: Mapping[str, Mapping[str, int]]
    places: Mapping[int, int]  # {id: the line's bit}

    def bits_of(self, ids: Iterable[int]) -> int:
        """One bit for each of these ids that there is."""
        bits = bytearray(len(self.lights) // 8 + 1)
        for id in ids:
            if (at := self.places.get(id)) is not None:
                bits[at >> 3] |= 1 << (at & 7)
        return int.from_bytes(bits, "little")

    def lines_of(self, bits: int) -> list[Light]:
        """The lines whose bit is set, in their order."""
        if bits.bit_count() == len(self.lights):
            return self.lights
        signs = reversed(f"{bits:b}")
        return [light for light, sign in zip(self.lights, signs, strict=False) if sign == "1"]


def find(wanted: Wanted) -> Found:
    """Everything that a visitor asks for, with the counts of the facets."""
    shelf = everything()
    start = shelf.bits_of(matching(wanted.words)) if wanted.words else (1 << len(shelf.lights)) - 1
    asked = {facet: _either(shelf.masks[facet], wanted.chosen.get(facet)) for facet in FACETS}
    counts = {}
    for facet in FACETS:
        rest = start
        for other, bits in asked.items():
            if other != facet and bits is not None:
                rest &= bits
        found = {value: (rest & bits).bit_count() for value, bits in shelf.masks[facet].items()}
        chosen = wanted.chosen.get(facet, frozenset())
        counts[facet] = {value: count for value, count in found.items() if count or value in chosen}
    for bits in asked.values():
        start = start if bits is None else start & bits
    return Found(_sorted(shelf.lines_of(start), wanted.sort), counts)


def _either(masks: Mapping[str, int], chosen: frozenset[str] | None) -> int | None:
    """The lines that have one of the chosen values; None when nothing was chosen."""
    if chosen is None:
        return None
    bits = 0
    for value in chosen:
        bits |= masks.get(value, 0)
    return bits


def _sorted(lights: list[Light], sort: str) -> list[Light]:
    if sort == "oldest":
        return sorted(lights, key=itemgetter(1, 2))
    if sort == "changed":
        return sorted(lights, key=lambda light: light.since or date.min, reverse=True)
    return lights


def matching(words: str) -> Iterable[int]:
    """The ids of the recommendations in whose texts every word stands, in one of the languages."""
    asked = searching.matching(words, "recommendation")
    return () if asked is None else db.session.scalars(asked)


# --- What the process keeps -------------------------------------------------------------------------

_kept: Kept[str, "Renewed[Shelf]"] = Kept(seconds=24 * 3600)


def everything() -> Shelf:
    """A short line of every recommendation that is numbered and not withdrawn, as things stand now."""
    kept = _kept.get(str(db.engine.url), Renewed)
    return kept.get(stamps.now(), lambda: _shelf(_read()), _mended)


def _mended(old: Shelf, ids: Collection[int]) -> Shelf:
    """The same lines, but for these, which are read again."""
    new = {light.id: light for light in _read(ids)}
    lights = [new.pop(light.id) if light.id in new else light for light in old.lights if not _gone(light, ids, new)]
    if new or len(lights) != len(old.lights) or any(_moved(old, light) for light in lights if light.id in ids):
        return _shelf(sorted([*lights, *new.values()], key=lambda light: (-light.year, light.number)))
    masks = {facet: dict(of) for facet, of in old.masks.items()}
    for light in lights:
        if light.id in ids:
            at = old.places[light.id]
            for facet, was, values in zip(FACETS, old.lights[at].values, light.values, strict=True):
                for value in was:
                    masks[facet][value] &= ~(1 << at)
                for value in values:
                    masks[facet][value] = masks[facet].get(value, 0) | 1 << at
    return Shelf(lights, masks, old.places)


def _gone(light: Light, ids: Collection[int], new: Mapping[int, Light]) -> bool:
    return light.id in ids and light.id not in new


def _moved(old: Shelf, light: Light) -> bool:
    was = old.lights[old.places[light.id]]
    return (was.year, was.number) != (light.year, light.number)


def _read(ids: Collection[int] | None = None) -> list[Light]:
    """The lines of these recommendations, or of all."""
    of = Recommendation
    mine = lambda column: () if ids is None else (column.in_(ids),)  # noqa: E731
    changes = changes_of(today(), None, *mine(StatusChange.recommendation_id))
    decisions = decisions_of(today(), None, *mine(Decision.recommendation_id))
    first = aliased(ThemeText)
    title = func.coalesce(first.title, of.theme_name).label("theme")
    asked = select(of.id, of.year, of.number, title, of.large_theme_id, of.group_name, of.country)
    asked = asked.outerjoin(Theme, Theme.id == of.theme_id)
    asked = asked.outerjoin(first, (first.theme_id == Theme.id) & (first.language == Theme.original))
    there = asked.where(of.number.is_not(None), of.withdrawn_at.is_(None), *mine(of.id))
    slugs, places = city_slugs(), _places()
    rows = db.session.execute(there.order_by(of.year.desc(), of.number))
    return [_light(row, changes.get(row.id, []), decisions.get(row.id), slugs, places) for row in rows]


def _shelf(lights: list[Light]) -> Shelf:
    ids: dict[str, dict[str, list[int]]] = {facet: {} for facet in FACETS}
    for light in lights:
        for facet, values in zip(FACETS, light.values, strict=True):
            for value in values:
                ids[facet].setdefault(value, []).append(light.id)
    empty = Shelf(lights, {}, {light.id: at for at, light in enumerate(lights)})
    masks = {facet: {v: empty.bits_of(held) for v, held in of.items()} for facet, of in ids.items()}
    return Shelf(lights, masks, empty.places)


def _light(
    row: Any, changes: list[Change], decision: Any, slugs: Mapping[str, str], places: Mapping[int, tuple[str, ...]]
) -> Light:
    stands = standing(changes, decision)
    name = row.group_name
    groups = places.get(row.id) or ((slugs.get(name.casefold(), name),) if name else (NONE,))
    values = (
        (str(row.year),), (str(stands.status),), (str(decision.outcome) if decision else NONE,), (row.theme or NONE,),
        (str(row.large_theme_id or NONE),), groups, (row.country or NONE,),
    )  # fmt: skip
    return Light(row.id, row.year, row.number, stands.since, tuple(tuple(map(_once, value)) for value in values))


_words: dict[str, str] = {}


def _once(word: str) -> str:
    """The same text kept once, however many lines hold it."""
    return _words.setdefault(word, word)


def _places() -> dict[int, tuple[str, ...]]:
    """{recommendation id: the cities of the groups that wrote it}; "online" for a group without one."""
    by, at = recommendation_workgroup.c, workgroup_city.c
    asked = select(by.recommendation_id, func.coalesce(City.slug, "online"))
    asked = asked.outerjoin(workgroup_city, at.workgroup_id == by.workgroup_id).outerjoin(City, City.id == at.city_id)
    found: dict[int, set[str]] = {}
    for recommendation_id, slug in db.session.execute(asked):
        found.setdefault(recommendation_id, set()).add(slug)
    return {recommendation_id: tuple(sorted(slugs)) for recommendation_id, slugs in found.items()}


# --- One page of it ---------------------------------------------------------------------------------


class Line(NamedTuple):
    """A recommendation as the list shows it; `language` is that of its title."""

    light: Light
    title: str
    language: str

    @property
    def label(self) -> str:
        return f"{self.light.year}/{self.light.number}"

    def value(self, facet: str) -> str:
        """Its value of a facet; several are joined."""
        return ", ".join(self.light.values[FACETS.index(facet)])

    @property
    def status(self) -> Status:
        return Status(self.value("status"))


def lines(lights: Sequence[Light]) -> list[Line]:
    """These recommendations in their order, with the titles to show; one query."""
    found = _titles([light.id for light in lights])
    return [Line(light, *found.get(light.id, ("", ("", language())))[1]) for light in lights]


def titles(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{id: ("2019/7", title)} in this language, or else the original; one query."""
    return {id: (label, title) for id, (label, (title, _code)) in _titles(list(ids)).items()}


def _titles(ids: Sequence[int]) -> dict[int, tuple[str, tuple[str, str]]]:
    of = RecommendationText
    asked = select(of.recommendation_id, of.language, of.title, Recommendation.year, Recommendation.number)
    wanted = asked.join(Recommendation).where(of.recommendation_id.in_(ids), of.replaced_at.is_(None))
    last = db.case((of.language == language(), 2), (of.language == Recommendation.original, 1), else_=0)
    found = db.session.execute(wanted.order_by(last))
    return {id: (f"{year}/{number}", (title, code)) for id, code, title, year, number in found}
