"""The stocktake that a page, a file or a report is about: of a day as known now or then, or as it was published."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from ..db import db, now
from ..decisions.models import Decision
from ..i18n import ZONE, in_language, language
from ..kept import Kept
from ..recommendations.models import Recommendation
from . import figures, publishing
from .figures import Figures
from .models import PublishedStocktake, StatusChange
from .publishing import Stored
from .rows import Row, rows

NOW, THEN, PUBLISHED = "now", "then", "published"


@dataclass(frozen=True)
class Seen:
    """The rows of a day, with names in one language, read when they are asked for.

    `published` is None for figures that are made anew. Those of today are what most visitors ask for: the process
    keeps them until something changes, and names that were changed show within a minute.
    """

    day: date
    known: str
    code: str
    read: Callable[[], Sequence[Row | Stored]]
    published: PublishedStocktake | None = None

    @cached_property
    def rows(self) -> Sequence[Row | Stored]:
        with in_language(self.code):
            return self.read()

    @cached_property
    def figures(self) -> Figures:
        if not self.is_of_today:
            return figures.figures(self.rows)
        return _kept.get((str(db.engine.url), self.day, self.code, *_stamp()), lambda: figures.figures(self.rows))

    @property
    def is_of_today(self) -> bool:
        """Whether the list of recommendations says the same now."""
        return self.known == NOW and self.day == today()

    @property
    def address(self) -> Mapping[str, Any]:
        """What stands in the addresses of its pages and files."""
        if self.published:
            return {"day": self.day.isoformat()}
        return {
            "day": self.day.isoformat() if self.day != today() else None,
            "known": THEN if self.known == THEN else None,
        }


_kept: Kept[tuple[Any, ...], Figures] = Kept(seconds=60)


def _stamp() -> tuple[Any, ...]:
    """What differs as soon as a status, a decision or the number of recommendations does: one query."""
    lines = select(func.max(StatusChange.id)).scalar_subquery()
    last = select(func.max(Decision.published_at)).scalar_subquery()
    decided = select(func.count(Decision.published_at)).scalar_subquery()
    counted = func.count(Recommendation.number), func.count(Recommendation.withdrawn_at)
    return tuple(db.session.execute(select(lines, last, decided, *counted)).one())


def today() -> date:
    return now().astimezone(ZONE).date()


def read_day(typed: str) -> date | None:
    """The day that was typed, as 2022-06-30; None when it is none."""
    try:
        return date.fromisoformat(typed.strip()) if len(typed.strip()) == 10 else None
    except ValueError:
        return None


def why_not_see(typed: str) -> str | None:
    """Figures can be had of every day until today."""
    day = read_day(typed)
    if day is None:
        return _("Write the day like 2022-06-30.")
    if day > today():
        return _("This day is still to come. Choose today, or a day before.")
    return None


def of_day(day: date, known: str = NOW, code: str | None = None) -> Seen:
    """The stocktake of a day, as it is known now or was known at the end of that day."""
    end = datetime.combine(day, time(), ZONE) + timedelta(days=1)
    return Seen(day, known, code or language(), lambda: rows(day, end if known == THEN else None))


def of_content(day: date, content: str) -> Seen:
    """The stocktake that stands in what is going to be published."""
    code = language()
    return Seen(day, PUBLISHED, code, lambda: publishing.stored_rows(content, code))


def of_published(published: PublishedStocktake, code: str | None = None) -> Seen:
    """A stocktake as it was published."""
    code = code or language()
    return Seen(published.day, PUBLISHED, code, lambda: publishing.stored_rows(published.content, code), published)
