"""The stocktake that a page, a file or a report is about: of a day as known now or then, or as it was published."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from ..db import db, now
from ..i18n import ZONE, in_language, language
from ..kept import Kept
from . import figures, publishing, stamps
from .figures import Figures
from .models import PublishedStocktake
from .publishing import Stored
from .rows import Row, rows
from .stamps import Renewed

NOW, THEN, PUBLISHED = "now", "then", "published"


@dataclass(frozen=True)
class Seen:
    """The rows of a day, with names in one language, read when they are asked for.

    `published` is None for figures that are made anew. The process keeps those of a day for an hour, or until
    something changes; the rows of today, which most visitors ask for, are renewed where they change.
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
        if self.published:  # what is stored never changes
            stored = (str(db.engine.url), self.published.id, self.published.digest, self.code)
            return _kept.get(stored, lambda: figures.figures(self.rows))
        key = (str(db.engine.url), self.day, self.known, self.code, stamps.now())
        return _kept.get(key, lambda: figures.figures(rows_of_today(self.code) if self.is_of_today else self.rows))

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


def _place(row: Row) -> tuple[int, int]:
    return row.year, row.number


def rows_of_today(code: str) -> Sequence[Row]:
    """The rows of today, with names in a language: kept in the process; only those that changed are read again."""
    day = today()

    def mend(old: dict[int, Row], ids: Collection[int]) -> dict[int, Row]:
        new = {row.id: row for row in rows(day, None, code, ids)}
        if set(ids) == new.keys() and all(id in old and _place(old[id]) == _place(row) for id, row in new.items()):
            return {**old, **new}  # each where it was
        same = [row for id, row in old.items() if id not in ids]
        return {row.id: row for row in sorted([*same, *new.values()], key=_place)}

    kept = _rows.get((str(db.engine.url), code), Renewed)
    return list(kept.get(stamps.now(), lambda: {row.id: row for row in rows(day, None, code)}, mend).values())


_kept: Kept[tuple[Any, ...], Figures] = Kept(seconds=3600)  # what they are made of is in the key
_rows: Kept[tuple[str, str], Renewed[dict[int, Row]]] = Kept(seconds=24 * 3600)


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


def of_published(published: PublishedStocktake, code: str | None = None) -> Seen:
    """A stocktake as it was published."""
    code = code or language()
    return Seen(published.day, PUBLISHED, code, lambda: publishing.stored_rows(published.content, code), published)
