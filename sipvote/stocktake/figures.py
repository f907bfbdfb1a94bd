"""The figures of a stocktake: from rows to numbers that anybody can compute again from the list.

Shares are exact fractions. They are rounded where they are shown, each by itself: rounded, they need not add up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from operator import attrgetter
from typing import Any, Protocol

from .models import Status

# What the recommendations are divided by; each word is a field of a row.
FACETS = ("theme", "year", "group", "large_theme", "country")


class Counted(Protocol):
    """What is counted of a recommendation: a row of rows.py, or one of a published stocktake."""

    @property
    def year(self) -> int: ...
    @property
    def theme(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def large_theme(self) -> str: ...
    @property
    def country(self) -> str | None: ...
    @property
    def decided_on(self) -> date | None: ...
    @property
    def status(self) -> Status: ...
    @property
    def done_on(self) -> date | None: ...


@dataclass(frozen=True)
class Count:
    """How many recommendations there are, and how many of each status."""

    total: int
    statuses: Mapping[Status, int]

    @property
    def done(self) -> int:
        return self.statuses[Status.DONE]

    @property
    def wanted(self) -> int:
        """All but those that were rejected: what could be done."""
        return self.total - self.statuses[Status.REJECTED]

    @property
    def execution(self) -> Fraction | None:
        """The execution rate: done ÷ all that were not rejected; None when there is nothing to do."""
        return Fraction(self.done, self.wanted) if self.wanted else None

    @property
    def done_of_all(self) -> Fraction | None:
        """The stricter one: done ÷ all."""
        return Fraction(self.done, self.total) if self.total else None

    def share(self, status: Status) -> Fraction:
        """Which part of all has this status; 0 of nothing."""
        return Fraction(self.statuses[status], self.total) if self.total else Fraction(0)


@dataclass(frozen=True)
class Line:
    """One value of a facet: one theme, one year; and which part of all recommendations belongs to it."""

    key: Any
    count: Count
    share: Fraction


@dataclass(frozen=True)
class Times:
    """Days from the decision to done: of how many, the middle one, and the two quarters around it.

    Between two days the value lies where a spreadsheet puts it (QUARTILE.INC, Hyndman and Fan's type 7).
    """

    number: int
    median: Fraction | None = None
    first_quartile: Fraction | None = None
    third_quartile: Fraction | None = None


@dataclass(frozen=True)
class Done:
    """How many were done in a year, and how many until its end."""

    year: int
    number: int
    until_then: int


@dataclass(frozen=True)
class Figures:
    """All that is told of some rows."""

    whole: Count
    facets: Mapping[str, Sequence[Line]]
    times: Times
    times_by_year: Sequence[tuple[int, Times]]
    done: Sequence[Done]


def figures(rows: Sequence[Counted]) -> Figures:
    """Count everything."""
    whole = count(rows)
    done: dict[int, list[Counted]] = {year: [] for year in sorted({row.year for row in rows})}
    for row in rows:
        if row.status is Status.DONE:
            done[row.year].append(row)
    return Figures(
        whole=whole,
        facets={facet: lines(rows, facet) for facet in FACETS},
        times=times(row for of in done.values() for row in of),
        times_by_year=[(year, times(of)) for year, of in done.items()],
        done=done_by_year(rows),
    )


def count(rows: Iterable[Counted]) -> Count:
    """Count rows by their status."""
    return _count(Counter(row.status for row in rows))


def _count(found: Counter[Status]) -> Count:
    return Count(found.total(), {status: found[status] for status in Status})


def lines(rows: Sequence[Counted], facet: str) -> list[Line]:
    """Divide the rows by a facet; each row belongs to one line. Years in their order, else the largest first.

    Rows without a value (no large theme, both countries) come last.
    """
    parts: dict[Any, Counter[Status]] = {}
    for (key, status), number in Counter(map(attrgetter(facet, "status"), rows)).items():
        parts.setdefault(key, Counter())[status] = number
    made = [Line(key, _count(part), Fraction(part.total(), len(rows))) for key, part in parts.items()]
    by_size: Callable[[Line], Any] = lambda line: (not line.key, -line.count.total, str(line.key))  # noqa: E731
    return sorted(made, key=(lambda line: line.key) if facet == "year" else by_size)


def days_to_done(row: Counted) -> int | None:
    """Days from the decision to done; None when one of the days is not known, or it was done before."""
    if row.status != Status.DONE or row.decided_on is None or row.done_on is None:
        return None
    days = (row.done_on - row.decided_on).days
    return days if days >= 0 else None


def times(rows: Iterable[Counted]) -> Times:
    """How long it took, of those that are done and whose days are known."""
    days = sorted(d for d in map(days_to_done, rows) if d is not None)
    if not days:
        return Times(0)
    first, middle, third = (quantile(days, Fraction(n, 4)) for n in (1, 2, 3))
    return Times(len(days), middle, first, third)


def quantile(ordered: Sequence[int], part: Fraction) -> Fraction:
    """The value below which a part of the ordered values lies, on the line between its two neighbours."""
    place = (len(ordered) - 1) * part
    below = place.numerator // place.denominator
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def done_by_year(rows: Iterable[Counted]) -> list[Done]:
    """How many were done in each year, from the first year in which something was done to the last."""
    found = Counter(row.done_on.year for row in rows if row.status == Status.DONE and row.done_on)
    made: list[Done] = []
    for year in range(min(found), max(found) + 1) if found else ():
        made.append(Done(year, found[year], found[year] + (made[-1].until_then if made else 0)))
    return made
