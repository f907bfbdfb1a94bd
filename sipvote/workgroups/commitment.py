"""Do people keep coming? Counting attendance by the number of the meeting; pure, from rows to numbers.

A row is one person at one meeting that is over. Who gets a place later is counted from the next meeting on.
A meeting of a group of which nobody made an attendance list is left out: nothing is known of it.
Numbers about fewer than ten people are not given: in a group of that size everybody knows who was missing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple, TypeVar

from .hiding import SHOWN_FROM, covered

PEOPLE_AT_LEAST = 10
Part = TypeVar("Part", bound=Hashable)


class Row(NamedTuple):
    """One person at the `number`th meeting of a group; `came` is None when nobody took the attendance."""

    group: int
    person: int
    number: int
    came: bool | None
    excused: bool = False


@dataclass(frozen=True)
class Turnout:
    """One meeting number, over all groups: everybody with a place then, and what became of them."""

    number: int
    people: int
    came: int
    excused: int
    absent: int

    @property
    def unmarked(self) -> int:
        """Those of whom nobody noted whether they came."""
        return self.people - self.came - self.excused - self.absent

    @property
    def share(self) -> float:
        return self.came / self.people


@dataclass(frozen=True)
class Stayed:
    """How many came to every meeting that was theirs, missed one, missed more; None when it is not shown."""

    people: int
    all: int | None
    all_but_one: int | None
    fewer: int | None


class Loss(NamedTuple):
    """A group in which more than a third of those who came first came no more. `last` is None when it is small."""

    group: int
    first: int
    last: int | None


def had_place(
    starts_at: datetime, seated_at: datetime | None, keeps_place: bool, came: bool | None, excused: bool
) -> bool:
    """Say whether somebody counts at a meeting: they had a place before it began, or it was noted of them.

    `keeps_place` is whether they have a place still: of who withdrew only what was noted is known.
    """
    if came is not None or excused:
        return True
    return keeps_place and seated_at is not None and seated_at <= starts_at


def listed(rows: Sequence[Row]) -> list[Row]:
    """The rows of meetings with an attendance list: somebody was noted to be there, or not."""
    lists = {(row.group, row.number) for row in rows if row.came is not None}
    return [row for row in rows if (row.group, row.number) in lists]


def by_number(rows: Sequence[Row], least: int = PEOPLE_AT_LEAST) -> list[Turnout]:
    """Attendance by meeting number, where at least so many people had a place."""
    return [turnout for turnout in _every_number(rows) if turnout.people >= least]


def _every_number(rows: Sequence[Row]) -> list[Turnout]:
    words: dict[int, Counter[str]] = defaultdict(Counter)
    for row in listed(rows):
        words[row.number][_word(row)] += 1
    return [Turnout(n, c.total(), c["came"], c["excused"], c["absent"]) for n, c in sorted(words.items())]


def _word(row: Row) -> str:
    if row.came:
        return "came"
    if row.excused:
        return "excused"
    return "unmarked" if row.came is None else "absent"


def by_part(
    rows: Sequence[Row], parts_of: Mapping[int, Collection[Part]], least: int = PEOPLE_AT_LEAST
) -> dict[Part, dict[int, Turnout]]:
    """The same for each part (a theme, a city) that a group belongs to: {part: {number: turnout}}.

    A part that is too small takes the next larger one with it, because the total would tell its numbers.
    """
    mine: dict[Part, list[Row]] = defaultdict(list)
    for row in rows:
        for part in parts_of[row.group]:
            mine[part].append(row)
    counted = {part: {t.number: t for t in _every_number(some)} for part, some in mine.items()}
    for number in {n for turnouts in counted.values() for n in turnouts}:
        people = {part: (turnouts[number].people if number in turnouts else 0,) for part, turnouts in counted.items()}
        for part in covered(people, least):
            counted[part].pop(number, None)
    return counted


def stayed(rows: Sequence[Row], is_over: Callable[[int], bool], least: int = PEOPLE_AT_LEAST) -> Stayed | None:
    """How many of the people in groups that are over came to every listed meeting since they had a place."""
    missed: Counter[int] = Counter()
    for row in listed(rows):
        if is_over(row.group):
            missed[row.person] += not row.came
    if len(missed) < least:
        return None
    counts = Counter(min(n, 2) for n in missed.values())
    hidden = covered({n: (counts[n],) for n in range(3)})
    shown = [None if n in hidden else counts[n] for n in range(3)]
    return Stayed(len(missed), *shown)


def losses(rows: Iterable[Row], more_than: Fraction = Fraction(1, 3)) -> list[Loss]:
    """The groups that lost more than a third, between the first and the last meeting with an attendance list."""
    came: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.came is not None:
            came[row.group][row.number] += row.came
    found = []
    for group, numbers in sorted(came.items()):
        first, last = numbers[min(numbers)], numbers[max(numbers)]
        if first >= SHOWN_FROM and first - last > more_than * first:
            found.append(Loss(group, first, last if last >= SHOWN_FROM else None))
    return found
