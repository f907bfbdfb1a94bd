"""Disclosure: which numbers about overlaps of votes may be told, and how exactly.

Totals of themes are public. How many members chose two themes at once is not: where it is a few, whoever
ordered such a ballot could see whether it came. So a number of that kind is told in one of two ways:

- exactly, where every group of members that the numbers of a theme tell apart has at least ten members;
- else as a range in which at least ten numbers are possible. The ranges follow from what is public, so that
  another number in the same range would have been told in the same words.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from .bits import Ballots

FEWEST_BALLOTS = 10
EVERYBODY = -1
Cell = tuple[int | None, bool]  # the group of a ballot, and whether it chose the next winner
Range = tuple[int, int]  # the least and the most it can be; the same twice when it is told exactly


def in_tens(number: int, least: int, most: int) -> Range:
    """The range to tell a number in, when everybody knows that it is from `least` to `most`."""
    ranges = max(1, (most - least + 1) // FEWEST_BALLOTS)
    place = min((number - least) // FEWEST_BALLOTS, ranges - 1)
    start = least + place * FEWEST_BALLOTS
    return start, most if place == ranges - 1 else start + FEWEST_BALLOTS - 1


def exact_options(
    ballots: Ballots, options: int, winners: Sequence[int], blank: int, limit: int | None = None
) -> frozenset[int]:
    """The options whose overlaps with the winners, who are in the order of their rounds, can be told exactly.

    Before each round the ballots fall into groups by the last winner that they hold. The numbers of an option tell
    apart, in each group, who chose the next winner and who did not, who chose the option and who did not: all of
    these must be wide enough, round by round until the option wins. Without all winners there is no option.
    """
    groups = _Groups(ballots, options, blank, limit)
    exact = set(range(options))
    for number, winner in enumerate(winners[:-1]):  # after the last one nothing more is told
        exact -= {option for option in exact.difference(winners[: number + 1]) if not groups.is_wide(winner, option)}
        groups.split(winner)
    return frozenset(exact) if exact.issuperset(winners) else frozenset()


class _Groups:
    """The ballots by the last winner that they hold; None for those that hold none so far."""

    def __init__(self, ballots: Ballots, options: int, blank: int, limit: int | None) -> None:
        self.options, self.blank, self.most = options, blank, options if limit is None else limit
        self.last: list[tuple[int, Collection[int], int | None]] = [(n, ballot, None) for n, ballot in ballots]
        self.winners: list[int] = []
        self._cells: dict[int, Counter[Cell]] = {}

    def split(self, winner: int) -> None:
        """Go on to the next round."""
        self.last = [(n, ballot, winner if winner in ballot else last) for n, ballot, last in self.last]
        self.winners.append(winner)
        self._cells = {}

    def is_wide(self, winner: int, option: int) -> bool:
        """Whether no group is small that the numbers of an option tell apart when this winner is the next."""
        found = self._cells.get(option) or self._count(winner)[option]
        everybody = self._cells[EVERYBODY]
        for group in (None, *self.winners):
            for chose in (True, False):
                with_it = found[group, chose]
                without = everybody[group, chose] - with_it - (self.blank if group is None and not chose else 0)
                marks = (group is not None) + chose  # what no ballot can hold tells nothing about anybody
                if marks < self.most and with_it < FEWEST_BALLOTS:
                    return False
                is_nobody = group is None and not chose and self.options == len(self.winners) + 2
                if marks <= self.most and not is_nobody and without < FEWEST_BALLOTS:
                    return False
        return True

    def _count(self, winner: int) -> dict[int, Counter[Cell]]:
        """How many ballots of each option, and of everybody, are in each group and chose the winner or not."""
        self._cells = {option: Counter() for option in (EVERYBODY, *range(self.options))}
        for times, ballot, group in self.last:
            for option in (EVERYBODY, *set(ballot)):
                self._cells[option][group, winner in ballot] += times
        return self._cells


def is_exact_had(had: Sequence[int], blank: int, limit: int | None = None) -> bool:
    """Whether it can be told how many ballots have 0, 1, 2 … of some options: none of these groups is small."""
    possible = had if limit is None else had[: limit + 1]
    return min(possible[0] - blank, *possible[1:]) >= FEWEST_BALLOTS
