"""What a process keeps of all recommendations, and how it learns which of them have changed.

Each page asks the database for a stamp, in one query. When it differs, whatever came after the old stamp is read
again, and nothing else; where that would not tell all (something is gone, a theme has another name) all is.

No moment decides what is new: of two that write at once, the one with the earlier moment may come last. Rows that
are only added are counted, and the rows of recommendations and themes count their own changes.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import String, cast, func, select

from ..db import db
from ..decisions.models import Decision
from ..members.models import City
from ..recommendations.models import LargeTheme, Recommendation, RecommendationText, recommendation_workgroup
from ..themes.models import ThemeText
from ..workgroups.models import workgroup_city
from .models import StatusChange
from .statuses import today

Held = TypeVar("Held")
MOST = 500  # changes, above which all is read


class Stamp(NamedTuple):
    """What differs as soon as a line would."""

    day: date
    last_line: int | None
    lines: int
    last_text: int | None
    texts: int
    last_decided: datetime | None
    decisions: int
    recommendations: int
    changes: int | None
    groups: int
    titles: int | None
    names: str


def now() -> Stamp:
    """How things stand: one query."""
    line, text, of, place = StatusChange, RecommendationText, Recommendation, workgroup_city.c
    asked: list[Any] = [
        func.max(line.id), func.count(line.id), func.max(text.id), func.count(text.id),
        func.max(Decision.published_at), func.count(Decision.published_at), func.count(of.id), func.sum(of.changes),
    ]  # fmt: skip
    written = select(func.count()).select_from(recommendation_workgroup)
    where = cast(place.workgroup_id, String) + "/" + cast(place.city_id, String)
    names: list[Any] = [*(each.name_nl + each.name_fr + each.name_en for each in (LargeTheme, City)), where]
    told = (select(func.aggregate_strings(each, "|")).scalar_subquery() for each in names)
    large, cities, places = (func.coalesce(each, "") for each in told)
    named = select(large + "|" + cities + "|" + places)
    parts = [*(select(part) for part in asked), written, select(func.sum(ThemeText.changes)), named]
    return Stamp(today(), *db.session.execute(select(*(part.scalar_subquery() for part in parts))).one())


def changes() -> dict[int, int]:
    """{recommendation id: how often its row was written}."""
    return {id: count for id, count in db.session.execute(select(Recommendation.id, Recommendation.changes))}  # noqa: C416  (rows, not tuples)


def changed_since(old: Stamp, new: Stamp, were: Mapping[int, int], are: Mapping[int, int]) -> set[int] | None:
    """The recommendations that changed between the two, with changes() of both; None when only reading all tells."""
    steady = (old.day, old.recommendations, old.groups, old.titles, old.names)
    if steady != (new.day, new.recommendations, new.groups, new.titles, new.names):
        return None
    found = set() if were is are else {id for id, count in are.items() if were.get(id) != count}
    for column, after, came in (
        (StatusChange.id, old.last_line, new.lines - old.lines),
        (RecommendationText.id, old.last_text, new.texts - old.texts),
        (Decision.published_at, old.last_decided, new.decisions - old.decisions),
    ):
        mine = column.class_.recommendation_id
        since = [column > after] if after else [column.is_not(None)]
        ids = db.session.scalars(select(mine).where(*since).limit(MOST + 1)).all()
        if len(ids) != came or came > MOST:  # something went, or came late with an earlier number
            return None
        found.update(ids)
    return found if len(found) <= MOST else None


class Renewed(Generic[Held]):
    """Something that is made of all recommendations, and renewed where they change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: tuple[Stamp, Mapping[int, int], Held] | None = None

    def get(self, stamp: Stamp, make: Callable[[], Held], mend: Callable[[Held, Collection[int]], Held]) -> Held:
        """What holds at this stamp."""
        with self._lock:
            if self._held is None or self._held[0] != stamp:
                self._held = self._renew(stamp, make, mend)
            return self._held[2]

    def _renew(
        self, stamp: Stamp, make: Callable[[], Held], mend: Callable[[Held, Collection[int]], Held]
    ) -> tuple[Stamp, Mapping[int, int], Held]:
        if self._held is None:
            return stamp, changes(), make()
        old, were, held = self._held
        # Counted before anything is read: what is written in between is read again next time, and never missed.
        are = were if old.changes == stamp.changes else changes()
        ids = changed_since(old, stamp, were, are)
        return stamp, are, make() if ids is None else mend(held, ids)
