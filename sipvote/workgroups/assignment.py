"""Assignment: who joins which workgroup, from everybody's wishes.

The aims, each within the ones before it: as many people as possible get a place in a group they wished; the sum of
ranks (first wish 0, second 1 …) is the least possible; groups are mixed; the lot decides. All but the
mixing is exact. Nobody is left without a place, or given one, for their profile, language or country: the lot
alone decides that. The same people, wishes and lot give the same groups, in whatever order they are listed.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .equals import Equals, options
from .mixing import Kind, Mixer
from .seating import OutOfReach, Seating


@dataclass(frozen=True)
class Group:
    """How many people a group can take, and how many it needs to be held."""

    places: int
    minimum: int = 0


class Why(StrEnum):
    """Why somebody is in their group and not in one they would have liked better."""

    FIRST = "first"  # it is their first wish
    FULL = "full"  # better wishes are full; a place there would cost others a place, or more than it gives
    NEEDED = "needed"  # as FULL, but a better wish has room: without them a group misses its minimum
    LOT = "lot"  # a better wish was possible in an outcome as good in the whole: the lot was for others
    MIXED = "mixed"  # the lot was for them, and an exchange that mixes both groups went before it
    NO_WISH = "no wish"  # they wished nothing


@dataclass(frozen=True)
class Assignment:
    """The outcome: for each person a group or None, and why; which groups miss their minimum."""

    groups: tuple[int | None, ...]
    why: tuple[Why, ...]
    placed: int
    total_rank: int
    below: tuple[int, ...]


@dataclass(frozen=True)
class Shortage:
    """These groups together need more people than wish any of them, so no assignment reaches their minima."""

    groups: tuple[int, ...]
    needed: int
    wishing: int

    def __str__(self) -> str:
        one = len(self.groups) == 1
        which = f"Group {self.groups[0]} needs" if one else f"Groups {', '.join(map(str, self.groups))} together need"
        return f"{which} at least {self.needed} to join, but {self.wishing} wish it."


class TooFew(ValueError):
    """Not every group can reach its minimum; the message has one sentence for each shortage."""

    def __init__(self, shortages: tuple[Shortage, ...]) -> None:
        super().__init__(" ".join(map(str, shortages)))
        self.shortages = shortages


def assign(
    groups: Sequence[Group],
    wishes: Sequence[Sequence[int]],
    *,
    lot: Sequence[int | str] | None = None,
    traits: Sequence[Sequence[Hashable]] | None = None,
    keep: bool = False,
) -> Assignment:
    """Give everybody a group of their `wishes`, which are group numbers, the best wish first.

    `lot`: each person's own mark in the public lot (voting/lot.py), the smallest first; without it those listed
    first come first. `traits`: each person's profile, language, country …, as many for each; without them nothing is
    mixed. With `keep` every group reaches its minimum, or `TooFew` is raised; otherwise minima only decide
    which groups are reported as `below`.
    """
    _check(groups, wishes, lot, traits)
    turns: Sequence[int | str] = range(len(wishes)) if lot is None else lot
    order = sorted(range(len(wishes)), key=lambda person: turns[person])
    seating = _best(groups, wishes, keep)
    choices = options(seating)
    equals = Equals(seating, choices, order, pool=True)
    rounds, begin = equals.rounds(), list(seating.seat)
    equals.in_turn(order)
    by_lot = list(seating.seat)
    if traits is not None:
        _mix(seating, choices, [tuple(mine) for mine in traits], order)
    possible = [
        {group for group in mine if rounds[group] == rounds[here]} for mine, here in zip(choices, begin, strict=True)
    ]
    return _told(groups, wishes, seating.seat, by_lot, possible)


def _check(
    groups: Sequence[Group],
    wishes: Sequence[Sequence[int]],
    lot: Sequence[int | str] | None,
    traits: Sequence[Sequence[Hashable]] | None,
) -> None:
    """Raise ValueError, with one sentence, for what makes no sense."""
    for number, group in enumerate(groups):
        if group.places < 0 or group.minimum < 0:
            raise ValueError(f"Group {number} has a number below 0.")
        if group.minimum > group.places:
            raise ValueError(f"Group {number} needs {group.minimum} people but has only {group.places} places.")
    for person, mine in enumerate(wishes):
        if len(set(mine)) < len(mine):
            raise ValueError(f"Person {person} wishes a group twice.")
        if not all(0 <= group < len(groups) for group in mine):
            raise ValueError(f"Person {person} wishes a group that is not there.")
    if lot is not None and (len(lot) != len(wishes) or len(set(lot)) < len(lot)):
        raise ValueError("The lot must give each person a mark of their own.")
    if traits is not None and (len(traits) != len(wishes) or len({len(mine) for mine in traits}) > 1):
        raise ValueError("Each person must have the same number of traits.")


def _best(groups: Sequence[Group], wishes: Sequence[Sequence[int]], keep: bool) -> Seating:
    """One of the best outcomes; who has no place sits in a group of their own after all others."""
    out = len(groups)
    dear = 1 + sum(len(mine) for mine in wishes)  # more than all ranks together: no place is given up for wishes
    costs = [{**{group: rank for rank, group in enumerate(mine)}, out: dear} for mine in wishes]
    least = [group.minimum if keep else 0 for group in groups]
    try:
        return Seating(costs, [*least, 0], [*(group.places for group in groups), len(wishes)])
    except OutOfReach as fault:
        raise TooFew(tuple(_shortage(tuple(sorted(found)), least, wishes) for found in fault.sets)) from None


def _shortage(groups: tuple[int, ...], least: list[int], wishes: Sequence[Sequence[int]]) -> Shortage:
    wishing = sum(not set(mine).isdisjoint(groups) for mine in wishes)
    return Shortage(groups, sum(least[group] for group in groups), wishing)


def _mix(seating: Seating, choices: list[list[int]], kinds: list[Kind], order: list[int]) -> None:
    """Mix the groups, among those who have a place; then the lot among those of one kind, which mixes as well."""
    out = seating.pool - 1
    placed = [person for person in order if seating.seat[person] != out]
    Mixer(Equals(seating, choices, placed, pool=False), kinds, order).mix()
    alike: defaultdict[Kind, list[int]] = defaultdict(list)
    for person in placed:
        alike[kinds[person]].append(person)
    for people in alike.values():
        Equals(seating, choices, people, pool=False).in_turn(people)


def _told(
    groups: Sequence[Group],
    wishes: Sequence[Sequence[int]],
    seat: list[int],
    by_lot: list[int],
    possible: list[set[int]],
) -> Assignment:
    """The outcome with its reasons."""
    out, sizes = len(groups), [0] * (len(groups) + 1)
    for group in seat:
        sizes[group] += 1
    room = {number for number, group in enumerate(groups) if sizes[number] < group.places}
    why, total = [], 0
    for person, mine in enumerate(wishes):
        rank = len(mine) if seat[person] == out else mine.index(seat[person])
        total += rank if seat[person] != out else 0
        better = set(mine[:rank])
        if not better:
            why.append(Why.FIRST if mine else Why.NO_WISH)
        elif by_lot[person] in better:
            why.append(Why.MIXED)
        elif possible[person] & better:
            why.append(Why.LOT)
        else:
            why.append(Why.NEEDED if room & better else Why.FULL)
    below = tuple(number for number, group in enumerate(groups) if sizes[number] < group.minimum)
    seats = tuple(None if group == out else group for group in seat)
    return Assignment(seats, tuple(why), len(wishes) - sizes[out], total, below)
