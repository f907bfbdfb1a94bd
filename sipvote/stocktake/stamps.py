"""What a process keeps of all recommendations, and how it learns which of them have changed.

Each page asks the database for a stamp, in one query. When it differs, whatever came after the old stamp is read
again, and nothing else; where that would not tell all (something is gone, a theme has another name) all is.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import func, select

from ..db import db
from ..decisions.models import Decision
from ..members.models import City
from ..recommendations.models import LargeTheme, Recommendation, recommendation_workgroup
from ..themes.models import ThemeText
from .models import StatusChange
from .statuses import today

Held = TypeVar("Held")
MOST = 500  # changes, above which all is read
OVERLAP = timedelta(seconds=10)  # of two that write at once, the one with the later moment may come first


class Stamp(NamedTuple):
    """What differs as soon as a line would."""

    day: date
    last_line: int | None
    lines: int
    last_decided: datetime | None
    decisions: int
    last_changed: datetime | None
    recommendations: int
    groups: int
    titled: datetime | None
    names: str | None


def now() -> Stamp:
    """How things stand: one query."""
    of = Recommendation
    asked: list[Any] = [
        func.max(StatusChange.id), func.count(StatusChange.id), func.max(Decision.published_at),
        func.count(Decision.published_at), func.max(of.changed_at), func.count(of.id),
    ]  # fmt: skip
    written = select(func.count()).select_from(recommendation_workgroup)
    names = (
        select(func.aggregate_strings(of.name_nl + of.name_fr + of.name_en, "|")).scalar_subquery()
        for of in (LargeTheme, City)
    )
    named = select(func.coalesce(next(names), "") + func.coalesce(next(names), ""))
    parts = [*(select(part) for part in asked), written, select(func.max(ThemeText.written_at)), named]
    return Stamp(today(), *db.session.execute(select(*(part.scalar_subquery() for part in parts))).one())


def changed_since(old: Stamp, new: Stamp) -> set[int] | None:
    """The recommendations that changed between the two; None when only reading all tells."""
    steady = (old.day, old.recommendations, old.groups, old.titled, old.names)
    if steady != (new.day, new.recommendations, new.groups, new.titled, new.names):
        return None
    found: set[int] = set()
    for column, after, came in (
        (StatusChange.id, old.last_line, new.lines - old.lines),
        (Decision.published_at, old.last_decided, new.decisions - old.decisions),
    ):
        mine = column.class_.recommendation_id
        ids = db.session.scalars(select(mine).where(*([column > after] if after else [])).limit(MOST + 1)).all()
        if len(ids) != came or came > MOST:  # something went, or came late with an earlier number
            return None
        found.update(ids)
    if new.last_changed != old.last_changed:
        since = [Recommendation.changed_at >= old.last_changed - OVERLAP] if old.last_changed else []
        touched = select(Recommendation.id).where(Recommendation.changed_at.is_not(None), *since)
        found.update(db.session.scalars(touched.limit(MOST + 1)))
    return found if len(found) <= MOST else None


class Renewed(Generic[Held]):
    """Something that is made of all recommendations, and renewed where they change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: tuple[Stamp, Held] | None = None

    def get(self, stamp: Stamp, make: Callable[[], Held], mend: Callable[[Held, Collection[int]], Held]) -> Held:
        """What holds at this stamp."""
        with self._lock:
            if self._held is None or self._held[0] != stamp:
                old = self._held
                ids = changed_since(old[0], stamp) if old else None
                held = make() if old is None or ids is None else mend(old[1], ids)
                self._held = stamp, held
            return self._held[1]
