"""What the best would be, worked out here and not by the application: dates of a group, and places in groups."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import NamedTuple

from .seasons_cast import FITS, MEETINGS, Circle, Player

APART = timedelta(days=14)


class Best(NamedTuple):
    """A set of dates: how many can come to all, its slots, the way of meeting."""

    people: int
    slots: list[int]
    mode: str


def best_dates(circle: Circle, people: Sequence[Player], first: datetime | None = None) -> Best:
    """The set of dates to which the most people can come, found by trying every set; with this first one, if given."""
    best = Best(-1, [], "")
    for mode in circle.modes:
        come = {
            day: sum(1 << n for n, player in enumerate(people) if player.ticks.get(slot) in FITS[mode])
            for day, slot in circle.slots.items()
        }
        for chosen in combinations(sorted(circle.slots), MEETINGS):
            if first in (None, chosen[0]) and _are_apart(chosen):
                count = _together([come[day] for day in chosen]).bit_count()
                if count > best.people:
                    best = Best(count, [circle.slots[day] for day in chosen], mode)
    return best


def _are_apart(days: Sequence[datetime]) -> bool:
    return all(b.date() - a.date() >= APART for a, b in pairwise(days))


def _together(sets: Sequence[int]) -> int:
    found = sets[0]
    for each in sets[1:]:
        found &= each
    return found


def most_placed(people: Sequence[Player], circles: Sequence[Circle]) -> int:
    """How many could have a place in a circle that they wish and can come to: a matching by augmenting paths."""
    sits: dict[Circle, list[Player]] = {circle: [] for circle in circles}

    def place(player: Player, tried: set[Circle]) -> bool:
        for circle in player.possible:
            if circle in tried:
                continue
            tried.add(circle)
            if len(sits[circle]) < circle.places:
                sits[circle].append(player)
                return True
            for other in list(sits[circle]):
                if place(other, tried):
                    sits[circle][sits[circle].index(other)] = player
                    return True
        return False

    return sum(place(player, set()) for player in people)
