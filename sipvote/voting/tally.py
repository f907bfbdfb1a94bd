"""Counting: from anonymous ballots to a report that a member can read and recompute.

A ballot holds the numbers of the options that the voter approves of, counted from 0. An empty ballot
is a blank vote. Equal ballots are handed in together, as pairs (how many times, ballot). Who voted is
not known here, nor when; and no order of the ballots can change a report.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from math import comb
from typing import Any

Ballot = Collection[int]
Ballots = Iterable[tuple[int, Ballot]]


@dataclass(frozen=True)
class Report:
    """What a count found, with everything needed to do it again by hand.

    `approvals` holds one total for each option. The options in `elected` win in every outcome. Those
    in `tied` stand equal for the last places, of which there are `places_left`: a lot must decide.
    """

    rule: str
    options: int
    seats: int
    ballots: int
    blank: int
    approvals: tuple[int, ...]
    elected: tuple[int, ...]
    tied: tuple[int, ...]
    places_left: int

    @property
    def winners(self) -> tuple[int, ...] | None:
        """The options that won, sorted; None as long as a lot must decide."""
        return None if self.tied else self.elected

    @property
    def outcome_count(self) -> int:
        """In how many ways the lot can fall; 1 when nothing is tied."""
        return comb(len(self.tied), self.places_left)

    @cached_property
    def outcomes(self) -> tuple[tuple[int, ...], ...]:
        """Every way the lot can fall: sorted winners, all sorted. They can be many: see `outcome_count`."""
        lots = combinations(self.tied, self.places_left)
        return tuple(sorted(tuple(sorted(self.elected + lot)) for lot in lots))

    @property
    def ranking(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """From most to least approved: (approvals, the options that have exactly so many)."""
        level: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
        for option, total in enumerate(self.approvals):
            level[total] += (option,)
        return tuple(sorted(level.items(), reverse=True))

    def as_dict(self) -> dict[str, Any]:
        """The report as plain numbers and lists, ready for JSON."""
        facts = {**asdict(self), "winners": self.winners}
        return {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()}


def approval(ballots: Ballots, options: int, seats: int) -> Report:
    """Elect the `seats` options that most ballots approve of; where the last places are shared, say so."""
    if not 1 <= seats <= options:
        raise ValueError(f"{seats} places cannot be filled from {options} options.")
    count, blank, approvals = _totals(ballots, options)

    enough = sorted(approvals, reverse=True)[seats - 1]  # what the option in the last place has
    elected = [option for option in range(options) if approvals[option] > enough]
    level = [option for option in range(options) if approvals[option] == enough]
    places_left = seats - len(elected)

    if len(level) == places_left:  # a place for each of them: nothing is tied
        elected, level, places_left = sorted(elected + level), [], 0
    return Report("approval", options, seats, count, blank, approvals, tuple(elected), tuple(level), places_left)


# The rules a vote can be counted by, under the name that the election announces.
RULES: dict[str, Callable[[Ballots, int, int], Report]] = {"approval": approval}


def question(box: Iterable[tuple[int, Sequence[Ballot]]], number: int) -> Iterator[tuple[int, Ballot]]:
    """Take the ballots of one question, counted from 0, out of a box whose papers answer several."""
    return ((times, paper[number]) for times, paper in box)


def _totals(ballots: Ballots, options: int) -> tuple[int, int, tuple[int, ...]]:
    """Add up: all ballots, the blank ones, and the approvals of each option."""
    count = blank = 0
    approvals = [0] * options
    for times, ballot in ballots:
        count += times
        if not ballot:
            blank += times
        for option in set(ballot):  # an option named twice on a ballot is approved once
            if not 0 <= option < options:
                raise ValueError(f"A ballot names option {option}, but there are {options} options.")
            approvals[option] += times
    return count, blank, tuple(approvals)
