"""The stocktake that a page, a file or a report is about: of a day as known now or then, or as it was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from ..db import now
from ..i18n import ZONE, in_language, language
from . import figures, publishing
from .figures import Figures
from .models import PublishedStocktake
from .publishing import Stored
from .rows import Row, rows

NOW, THEN, PUBLISHED = "now", "then", "published"


@dataclass(frozen=True)
class Seen:
    """The rows of a day, with names in one language. `published` is None for figures that are made anew."""

    day: date
    known: str
    code: str
    rows: Sequence[Row | Stored]
    published: PublishedStocktake | None = None

    @cached_property
    def figures(self) -> Figures:
        return figures.figures(self.rows)

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
    code = code or language()
    with in_language(code):
        return Seen(day, known, code, rows(day, end if known == THEN else None))


def of_content(day: date, content: str) -> Seen:
    """The stocktake that stands in what is going to be published."""
    return Seen(day, PUBLISHED, language(), publishing.stored_rows(content, language()))


def of_published(published: PublishedStocktake, code: str | None = None) -> Seen:
    """A stocktake as it was published."""
    code = code or language()
    return Seen(published.day, PUBLISHED, code, publishing.stored_rows(published.content, code), published)
