"""The stocktake that a page, a file or a report is about: of a day as known now or then, or as it was published."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from flask_babel import gettext as _

from ..db import db, now
from ..i18n import ZONE, in_language, language
from ..kept import Kept
from . import figures, publishing, stamps
from .figures import Figures
from .models import PublishedStocktake
from .publishing import Stored
from .rows import History, Row, histories
from .stamps import Renewed

NOW, THEN, PUBLISHED = "now", "then", "published"


@dataclass(frozen=True)
class Seen:
    """The rows of a day, with names in one language, read when they are asked for.

    `published` is None for figures that are made anew. The process keeps those of a day for an hour, or until
    something changes; what they are made of is kept too, and read again where it changes.
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


class _Held(NamedTuple):
    """What a process keeps of all recommendations in one language: their histories, and their rows of today."""

    histories: Mapping[int, History]
    rows: Mapping[int, Row]

    def mended(self, ids: Collection[int], code: str) -> "_Held":
        """With these recommendations read again."""
        return _Held(*(_in_place(old, new, ids) for old, new in zip(self, _read(code, ids), strict=True)))


def _read(code: str, ids: Collection[int] | None = None) -> _Held:
    found, day = {each.id: each for each in histories(code, ids)}, today()
    return _Held(found, {id: row for id, each in found.items() if (row := each.on(day))})


def _in_place(old: Mapping[int, Any], new: Mapping[int, Any], ids: Collection[int]) -> Mapping[int, Any]:
    """The old ones, but the new ones of these ids; by year and number."""
    if set(ids) == new.keys() and all(id in old and _place(old[id]) == _place(each) for id, each in new.items()):
        return {**old, **new}  # each where it was
    same = [each for id, each in old.items() if id not in ids]
    return {each.id: each for each in sorted([*same, *new.values()], key=_place)}


def _place(each: Row | History) -> tuple[int, int]:
    return each.year, each.number


def _held_in(code: str) -> _Held:
    """Kept in the process; only those recommendations that changed are read again."""
    kept = _held.get((str(db.engine.url), code), Renewed)
    return kept.get(stamps.now(), lambda: _read(code), lambda old, ids: old.mended(ids, code))


def rows_of_today(code: str) -> Sequence[Row]:
    """The rows of today, with names in a language."""
    return list(_held_in(code).rows.values())


_kept: Kept[tuple[Any, ...], Figures] = Kept(seconds=3600)  # what they are made of is in the key
_held: Kept[tuple[str, str], Renewed[_Held]] = Kept(seconds=24 * 3600)


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
    asked = code or language()
    end = datetime.combine(day, time(), ZONE) + timedelta(days=1) if known == THEN else None

    def read() -> Sequence[Row]:
        return [row for each in _held_in(asked).histories.values() if (row := each.on(day, end))]

    return Seen(day, known, asked, read)


def of_published(published: PublishedStocktake, code: str | None = None) -> Seen:
    """A stocktake as it was published."""
    code = code or language()
    return Seen(published.day, PUBLISHED, code, lambda: publishing.stored_rows(published.content, code), published)
