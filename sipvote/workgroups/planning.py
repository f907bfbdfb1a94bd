"""Planning: the dates of a workgroup, chosen together so that most people can keep coming.

The aims, each within the ones before it: the most people can come to all meetings; the most can come to all
but one; the last meeting ends early. What is still equal is decided by the mode (on site, then hybrid, then
online) and then by the earlier slots, so that the same input gives the same answer. Exact: see search.py.

Slots and people are numbered from 0 in the order in which they are given. Times are local, all in one zone or
all without: days are counted between the dates on the calendar of the place.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from .search import Order, Search


class Mode(StrEnum):
    """How a group meets, all its meetings alike; of equal plans the mode named first is preferred."""

    ON_SITE = "on_site"
    HYBRID = "hybrid"
    ONLINE = "online"


@dataclass(frozen=True)
class Slot:
    """When a meeting could be, and in which modes: no room, no mode but online; a holiday, none at all."""

    starts_at: datetime
    ends_at: datetime
    modes: frozenset[Mode] = frozenset(Mode)

    def __post_init__(self) -> None:
        if self.ends_at < self.starts_at:
            raise ValueError("A slot cannot end before it starts.")

    def leaves_room(self, later: "Slot") -> bool:
        """Whether one person could be at this one and then at the other."""
        return self.starts_at < later.starts_at and self.ends_at <= later.starts_at

    def days_until(self, later: "Slot") -> int:
        return (later.starts_at.date() - self.starts_at.date()).days


@dataclass(frozen=True)
class Availability:
    """To which slots a person can come, as bits (slot 0 is 1, slot 1 is 2, slot 2 is 4 …), by the way of coming."""

    on_site: int = 0
    online: int = 0
    either: int = 0

    def when(self, mode: Mode) -> int:
        """The slots, as bits, at which this person can come to a group that meets in this mode."""
        on_site = self.on_site if mode != Mode.ONLINE else 0
        online = self.online if mode != Mode.ON_SITE else 0
        return self.either | on_site | online


class Rule(StrEnum):
    """What a set chosen by hand may break."""

    NUMBER = "number"  # it has more or fewer meetings than wanted
    FORBIDDEN = "forbidden"  # no meeting can be in this slot, or not in this mode
    OVERLAP = "overlap"  # two slots are at the same time
    TOO_CLOSE = "too close"  # two slots have too few days between them


@dataclass(frozen=True)
class Breach:
    """A rule that is broken, and by which slots."""

    rule: Rule
    slots: tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """What to choose from: slots, people, how many meetings, how many days at least from one to the next."""

    slots: Sequence[Slot]
    people: Sequence[Availability]
    meetings: int = 5
    apart: int = 0
    modes: Collection[Mode] = tuple(Mode)

    def __post_init__(self) -> None:
        if self.meetings < 1:
            raise ValueError("There must be at least one meeting.")
        if self.apart < 0:
            raise ValueError("The days between two meetings cannot be negative.")


@dataclass(frozen=True)
class Plan:
    """A set of slots in order of time, its mode, and what it means for each person.

    `come` can come to all meetings; `miss_one` are pairs (person, the slot they miss); `drop_out` miss more.
    """

    slots: tuple[int, ...]
    mode: Mode
    come: tuple[int, ...]
    miss_one: tuple[tuple[int, int], ...]
    drop_out: tuple[int, ...]
    ends_at: datetime | None  # when the last one ends; None when there is no meeting
    breaches: tuple[Breach, ...] = ()

    @property
    def all_but_one(self) -> int:
        """How many people can come to all meetings, or all but one."""
        return len(self.come) + len(self.miss_one)


def best(problem: Problem) -> Plan | None:
    """The best plan; None when so many slots cannot be chosen within the rules."""
    return next(iter(ranking(problem, 1)), None)


def ranking(problem: Problem, how_many: int = 5) -> list[Plan]:
    """The best plans, the best first, fewer when there are not so many.

    Each set of slots stands there once, in its best mode.
    """
    if how_many < 1:
        raise ValueError("There must be at least one plan to rank.")
    order = _order(problem)
    search = Search(order, problem.meetings, how_many)
    for mode in (mode for mode in Mode if mode in problem.modes):
        search.look(_open(problem, mode), [person.when(mode) for person in problem.people], list(Mode).index(mode))
    return [look_at(problem, slots, list(Mode)[mode]) for slots, mode in search.ranking]


def look_at(problem: Problem, chosen: Collection[int], mode: Mode) -> Plan:
    """What a set of slots chosen by hand means for everybody, and which rules it breaks."""
    strange = sorted(slot for slot in set(chosen) if not 0 <= slot < len(problem.slots))
    if strange:
        raise ValueError(f"There is no slot {strange[0]}: there are {len(problem.slots)}, from 0.")
    slots = tuple(sorted(set(chosen), key=lambda slot: (problem.slots[slot].starts_at, slot)))
    wanted = sum(1 << slot for slot in slots)
    missed = [wanted & ~person.when(mode) for person in problem.people]
    return Plan(
        slots,
        mode,
        come=tuple(person for person, those in enumerate(missed) if not those),
        miss_one=tuple(
            (person, those.bit_length() - 1) for person, those in enumerate(missed) if those.bit_count() == 1
        ),
        drop_out=tuple(person for person, those in enumerate(missed) if those.bit_count() > 1),
        ends_at=max((problem.slots[slot].ends_at for slot in slots), default=None),
        breaches=tuple(_breaches(problem, slots, mode)),
    )


def most_meetings(problem: Problem) -> int:
    """How many meetings the slots allow at most within the rules, whoever can come."""
    order = _order(problem)
    return max((order.longest(_open(problem, mode)) for mode in problem.modes), default=0)


def _order(problem: Problem) -> Order:
    slots = problem.slots
    in_time = sorted(range(len(slots)), key=lambda slot: (slots[slot].starts_at, slots[slot].ends_at, slot))
    after = [_first_after(problem, in_time, place) for place in range(len(in_time))]
    return Order(in_time, after, [slots[slot].ends_at for slot in in_time])


def _first_after(problem: Problem, in_time: list[int], place: int) -> int:
    """Where, in order of time, the slots begin that may follow the one at this place."""
    this = problem.slots[in_time[place]]
    for later in range(place + 1, len(in_time)):
        other = problem.slots[in_time[later]]
        if this.leaves_room(other) and this.days_until(other) >= problem.apart:
            return later
    return len(in_time)


def _open(problem: Problem, mode: Mode) -> int:
    """The slots, as bits, at which a group may meet in this mode."""
    allowed = mode in problem.modes
    return sum(1 << number for number, slot in enumerate(problem.slots) if allowed and mode in slot.modes)


def _breaches(problem: Problem, slots: tuple[int, ...], mode: Mode) -> list[Breach]:
    found = [Breach(Rule.NUMBER, slots)] if len(slots) != problem.meetings else []
    closed = [slot for slot in slots if not _open(problem, mode) >> slot & 1]
    found += [Breach(Rule.FORBIDDEN, (slot,)) for slot in closed]
    for earlier, later in pairwise(slots):
        first, second = problem.slots[earlier], problem.slots[later]
        if not first.leaves_room(second):
            found.append(Breach(Rule.OVERLAP, (earlier, later)))
        if first.days_until(second) < problem.apart:
            found.append(Breach(Rule.TOO_CLOSE, (earlier, later)))
    return found
