"""Ballots as bits of large numbers, and the two searches of the proportional rules over them.

Counting itself is in tally.py. Here a set of ballots is one number, and weighing it takes microseconds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from heapq import heappush, heappushpop
from itertools import pairwise
from math import lcm

Ballot = Collection[int]
Ballots = Iterable[tuple[int, Ballot]]
MOST_OUTCOMES = 20_000
MOST_STATES = 5_000  # of Phragmén's rule in one round, so that a count takes seconds however much is tied


class TooManyOutcomes(ValueError):
    """So much is tied that the outcomes cannot be listed; the message is one sentence."""


def refuse_too_many(outcomes: int) -> None:
    """Give up before there are more than can be kept."""
    if outcomes > MOST_OUTCOMES:
        raise TooManyOutcomes(f"There are more than {MOST_OUTCOMES:,} tied outcomes, too many to list.")


class Box:
    """The ballots of one question, as sets."""

    def __init__(self, ballots: Ballots, options: int) -> None:
        self.supporters = [0] * options  # for each option the ballots that approve of it
        self._powers: defaultdict[int, int] = defaultdict(int)  # the ballots whose number of times has this bit
        self.all = 0
        for place, (times, ballot) in enumerate(ballots):
            one = 1 << place
            self.all |= one
            for option in ballot:
                self.supporters[option] |= one
            for power in range(times.bit_length()):
                self._powers[power] |= one if times >> power & 1 else 0

    def weight(self, ballots: int) -> int:
        """How many ballots there are in a set."""
        return sum((ballots & those).bit_count() << power for power, those in self._powers.items())

    @cached_property
    def alike(self) -> list[tuple[int, ...]]:
        """The options in groups that exactly the same ballots approve of; most groups are of one."""
        groups: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
        for option, mine in enumerate(self.supporters):
            groups[mine] += (option,)
        return list(groups.values())

    @cached_property
    def _before(self) -> dict[int, int]:
        """For an option the one before it in its group."""
        return {after: before for group in self.alike for before, after in pairwise(group)}

    def stands_in(self, option: int, chosen: Collection[int]) -> bool:
        """Whether it is its group's turn: of options that are alike the first ones stand for any others."""
        before = self._before.get(option)
        return before is None or before in chosen


@dataclass(frozen=True)
class Loads:
    """A state of Phragmén's rule: who is elected, and which ballots carry which load."""

    elected: tuple[int, ...]  # sorted
    loads: frozenset[tuple[Fraction, int]]

    @property
    def free(self) -> int:
        """The ballots that carry nothing: those without a winner so far."""
        return next((ballots for load, ballots in self.loads if load == 0), 0)

    def next(self, box: Box) -> Iterator[tuple[int, "Loads"]]:
        """What may follow: each option that is cheapest now, and the state after it is elected."""
        left = [option for option in range(len(box.supporters)) if option not in self.elected]
        costs = {option: self.cost(box, option) for option in left}
        least = min((cost for cost in costs.values() if cost is not None), default=None)
        for option in left:
            if costs[option] == least:
                yield option, self._elect(option, least, box.supporters[option])

    def cost(self, box: Box, option: int) -> Fraction | None:
        """The load that each of its ballots would carry; None when there are none, for then nobody can."""
        mine = box.supporters[option]
        borne = ((load, ballots & mine) for load, ballots in self.loads if load and ballots & mine)
        carried = sum((load * box.weight(ballots) for load, ballots in borne), Fraction(1))
        return carried / box.weight(mine) if mine else None

    def _elect(self, option: int, load: Fraction | None, mine: int) -> "Loads":
        kept = {(old, ballots & ~mine) for old, ballots in self.loads if ballots & ~mine}
        raised = {(load, mine)} if load is not None else set()
        return Loads(tuple(sorted((*self.elected, option))), frozenset(kept | raised))


def start(box: Box) -> Loads:
    """Nobody is elected, and no ballot carries anything."""
    return Loads((), frozenset([(Fraction(0), box.all)]))


def in_turn(box: Box, seats: int, order: Sequence[int]) -> tuple[int, ...]:
    """Who wins by Phragmén, in the order of the rounds, when the first of `order` wins each tie as it comes."""
    state, won = start(box), list[int]()
    while len(won) < seats:
        after = dict(state.next(box))
        won.append(next(iter(after)) if len(after) == 1 else min(after, key=order.index))
        state = after[won[-1]]
    return tuple(won)


def before_ties(box: Box, seats: int) -> tuple[int, ...]:
    """Who wins by Phragmén, in the order of the rounds, before the first round in which several are equal."""
    state, won = start(box), list[int]()
    while len(won) < seats:
        after = list(state.next(box))
        if len(after) > 1:
            break
        won.append(after[0][0])
        state = after[0][1]
    return tuple(won)


def next_best(box: Box, seats: int, how_many: int) -> list[tuple[Fraction, tuple[int, ...]]]:
    """The sets of options that are worth most by PAV: (worth, set), the best and `how_many` more."""
    search = Best(box, seats, how_many)
    return [(Fraction(worth, search.unit), outcome) for worth, outcome in search.ranking]


class Best:
    """The search for the best sets of options: what cannot reach the best found so far is not looked at.

    Of options that are alike only the first ones are tried, unless `others` asks for that many more sets,
    the next best ones: then `ranking` holds (worth in units, set), the best first.
    """

    def __init__(self, box: Box, seats: int, others: int | None = None) -> None:
        self.box, self.seats, self.unit, self.others = box, seats, lcm(*range(1, seats + 1)), others
        self.best, self.outcomes = -1, set[tuple[int, ...]]()
        self._kept: list[tuple[int, tuple[int, ...]]] = []
        self._extend((), (box.all,), 0, range(len(box.supporters)))

    @property
    def ranking(self) -> list[tuple[int, tuple[int, ...]]]:
        return [(worth, tuple(-option for option in outcome)) for worth, outcome in sorted(self._kept, reverse=True)]

    def _extend(self, chosen: tuple[int, ...], levels: tuple[int, ...], worth: int, rest: Iterable[int]) -> None:
        """Add options of `rest` in every promising way; `levels` are the ballots with 0, 1, 2 … winners."""
        places = self.seats - len(chosen)
        if not places:
            self._note(tuple(sorted(chosen)), worth)
            return
        gains = sorted(((self._gain(levels, option), -option) for option in rest), reverse=True)
        for place in range(len(gains) - places + 1):
            # What an option adds only shrinks as others are chosen, so more than this cannot come of it.
            if worth + sum(gain for gain, _option in gains[place : place + places]) < self.best:
                break
            gain, option = gains[place][0], -gains[place][1]
            if self.others is not None or self.box.stands_in(option, chosen):
                after = [-other for _gain, other in gains[place + 1 :]]
                self._extend((*chosen, option), self._raised(levels, option), worth + gain, after)

    def _gain(self, levels: tuple[int, ...], option: int) -> int:
        mine = self.box.supporters[option]
        return sum(self.unit // (had + 1) * self.box.weight(ballots & mine) for had, ballots in enumerate(levels))

    def _raised(self, levels: tuple[int, ...], option: int) -> tuple[int, ...]:
        mine = self.box.supporters[option]
        below = (0, *levels)
        return tuple(here & ~mine | under & mine for here, under in zip((*levels, 0), below, strict=True))

    def _note(self, outcome: tuple[int, ...], worth: int) -> None:
        if self.others is not None:
            self._keep(worth, outcome)
            return
        if worth > self.best:
            self.best, self.outcomes = worth, set()
        if worth == self.best:
            self.outcomes.add(outcome)
            refuse_too_many(len(self.outcomes))

    def _keep(self, worth: int, outcome: tuple[int, ...]) -> None:
        """Keep the best ones; of equals those that come first, so that no order of the search is seen."""
        entry = (worth, tuple(-option for option in outcome))
        if len(self._kept) <= (self.others or 0):
            heappush(self._kept, entry)
        else:
            heappushpop(self._kept, entry)
        if len(self._kept) > (self.others or 0):
            self.best = self._kept[0][0]
