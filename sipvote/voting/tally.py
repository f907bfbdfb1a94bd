"""Counting: from anonymous ballots to a report that a member can read and recompute.

A ballot holds the numbers of the options that the voter approves of, counted from 0. An empty ballot
is a blank vote. Equal ballots are handed in together, as pairs (how many times, ballot). Who voted is
not known here, nor when; and no order of the ballots can change a report.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import comb, lcm
from typing import Any

Ballot = Collection[int]
Ballots = Iterable[tuple[int, Ballot]]
Totals = tuple[int, int, tuple[int, ...]]  # all ballots, the blank ones, the approvals of each option
MOST_OUTCOMES = 20_000


class TooManyOutcomes(ValueError):
    """So much is tied that the outcomes cannot be listed; the message is one sentence."""


@dataclass(frozen=True)
class Report:
    """What a count found, with everything needed to do it again by hand.

    `approvals` holds one total for each option. The options in `elected` win in every outcome. Those
    in `tied` win in some outcomes only, and have `places_left` places between them: a lot must decide.
    Which of them can win together stands in `ties`, as sorted outcomes; when it is empty, any can.
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
    ties: tuple[tuple[int, ...], ...] = ()

    @property
    def winners(self) -> tuple[int, ...] | None:
        """The options that won, sorted; None as long as a lot must decide."""
        return None if self.tied else self.elected

    @property
    def outcome_count(self) -> int:
        """In how many ways the lot can fall; 1 when nothing is tied."""
        return len(self.ties) or comb(len(self.tied), self.places_left)

    @cached_property
    def outcomes(self) -> tuple[tuple[int, ...], ...]:
        """Every way the lot can fall: sorted winners, all sorted. They can be many: see `outcome_count`."""
        if self.ties:
            return self.ties
        lots = combinations(self.tied, self.places_left)
        return tuple(sorted(tuple(sorted(self.elected + lot)) for lot in lots))

    def by_lot(self, order: Sequence[int]) -> tuple[int, ...]:
        """The outcome that a lot decides for: with the option drawn first, then with the one drawn second …"""
        place = {option: number for number, option in enumerate(order)}
        if not self.ties:
            return tuple(sorted((*self.elected, *sorted(self.tied, key=place.__getitem__)[: self.places_left])))
        return min(self.ties, key=lambda outcome: sorted(place[option] for option in outcome if option in self.tied))

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
        if not self.ties:
            del facts["ties"]
        return {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()}


def report_from(facts: dict[str, Any]) -> Report:
    """Read a report back from what `as_dict` gave, or from its JSON."""
    fields = {name: _tuples(fact) for name, fact in facts.items() if name != "winners"}
    return Report(**fields)


def _tuples(fact: Any) -> Any:
    return tuple(_tuples(each) for each in fact) if isinstance(fact, list | tuple) else fact


def approval(ballots: Ballots, options: int, seats: int) -> Report:
    """Elect the `seats` options that most ballots approve of; where the last places are shared, say so."""
    _check(options, seats)
    count, blank, approvals = _totals(ballots, options)

    enough = sorted(approvals, reverse=True)[seats - 1]  # what the option in the last place has
    elected = [option for option in range(options) if approvals[option] > enough]
    level = [option for option in range(options) if approvals[option] == enough]
    places_left = seats - len(elected)

    if len(level) == places_left:  # a place for each of them: nothing is tied
        elected, level, places_left = sorted(elected + level), [], 0
    return Report("approval", options, seats, count, blank, approvals, tuple(elected), tuple(level), places_left)


def phragmen(ballots: Ballots, options: int, seats: int) -> Report:
    """Sequential Phragmén: each winner is a load of one, carried by the ballots that approve of it.

    Round by round the option wins that leaves the heaviest load on a ballot lightest. Exact, in fractions.
    Source: Brill, Freeman, Janson and Lackner, Phragmén's voting methods and justified representation (2017).
    Raises `TooManyOutcomes`.
    """
    _check(options, seats)
    ballots = tuple(ballots)
    totals = _totals(ballots, options)
    box = _Box(ballots, options)
    states = {_Loads((), frozenset([(Fraction(0), box.all)]))}
    for _round in range(seats):
        before, states = states, set()
        for state in before:
            states.update(state.next(box))
            _refuse_too_many(len(states))
    return _report("phragmen", options, seats, totals, {state.elected for state in states})


def pav(ballots: Ballots, options: int, seats: int) -> Report:
    """Proportional approval voting: a ballot is worth 1 for its first winner, 1/2 more for its second, 1/3 …

    The winners are the options, of all ways to choose them, whose ballots are worth most together.
    Exact, in whole numbers. Source: Thiele (1895). Raises `TooManyOutcomes`.
    """
    _check(options, seats)
    ballots = tuple(ballots)
    totals = _totals(ballots, options)
    search = _Best(_Box(ballots, options), seats)
    search.extend((), (search.box.all,), 0, range(options))
    return _report("pav", options, seats, totals, search.outcomes)


@dataclass(frozen=True)
class Round:
    """One round of sequential Phragmén, as it can be told.

    `costs` says for each option what each of its ballots would bear, None for who was elected before or
    has no ballots. Of the winner's ballots `served` had a winner already; after it `represented` have one.
    """

    elected: int
    costs: tuple[Fraction | None, ...]
    served: int
    represented: int


def rounds(ballots: Ballots, options: int, outcome: Collection[int]) -> list[Round]:
    """Tell how sequential Phragmén comes to an outcome, round by round. Raises ValueError when it does not."""
    box = _Box(ballots, options)

    def follow(state: _Loads) -> list[Round] | None:
        if len(state.elected) == len(outcome):
            return []
        for after in state.next(box):
            (won,) = set(after.elected) - set(state.elected)
            if won in outcome and (rest := follow(after)) is not None:
                return [_told(box, state, after, won), *rest]
        return None

    found = follow(_Loads((), frozenset([(Fraction(0), box.all)])))
    if found is None:
        raise ValueError("This is not an outcome of the rule.")
    return found


def _told(box: "_Box", before: "_Loads", after: "_Loads", won: int) -> Round:
    costs = tuple(None if o in before.elected else before.cost(box, o) for o in range(len(box.supporters)))
    free = before.free & box.supporters[won]
    served = box.weight(box.supporters[won]) - box.weight(free)
    return Round(won, costs, served, box.weight(box.all) - box.weight(after.free))


def winners_had(ballots: Ballots, outcome: Collection[int]) -> tuple[int, ...]:
    """How many ballots approve of no winner, of one, of two … up to all of them."""
    had = [0] * (len(outcome) + 1)
    for times, ballot in ballots:
        had[len(set(ballot) & set(outcome))] += times
    return tuple(had)


# The rules a vote can be counted by, under the name that the election announces.
RULES: dict[str, Callable[[Ballots, int, int], Report]] = {"approval": approval, "phragmen": phragmen, "pav": pav}


def question(box: Iterable[tuple[int, Sequence[Ballot]]], number: int) -> Iterator[tuple[int, Ballot]]:
    """Take the ballots of one question, counted from 0, out of a box whose papers answer several."""
    return ((times, paper[number]) for times, paper in box)


def _totals(ballots: Ballots, options: int) -> Totals:
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


def _check(options: int, seats: int) -> None:
    if not 1 <= seats <= options:
        raise ValueError(f"{seats} places cannot be filled from {options} options.")


def _report(rule: str, options: int, seats: int, totals: Totals, outcomes: Iterable[tuple[int, ...]]) -> Report:
    """Say which options win whatever the lot, and which win in some outcomes only."""
    found = sorted(outcomes)
    always = set.intersection(*map(set, found))
    tied = set().union(*found) - always
    ties = tuple(found) if len(found) > 1 else ()
    return Report(rule, options, seats, *totals, tuple(sorted(always)), tuple(sorted(tied)), seats - len(always), ties)


def _refuse_too_many(outcomes: int) -> None:
    if outcomes > MOST_OUTCOMES:
        raise TooManyOutcomes(f"There are more than {MOST_OUTCOMES:,} tied outcomes, too many to list.")


# --- Ballots as sets of bits ------------------------------------------------------------------------


class _Box:
    """Ballots as bits of large numbers: a set of ballots is one number, and weighing it takes microseconds."""

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


@dataclass(frozen=True)
class _Loads:
    """A state of Phragmén's rule: who is elected, and which ballots carry which load."""

    elected: tuple[int, ...]  # sorted
    loads: frozenset[tuple[Fraction, int]]

    @property
    def free(self) -> int:
        """The ballots that carry nothing: those without a winner so far."""
        return next((ballots for load, ballots in self.loads if load == 0), 0)

    def next(self, box: _Box) -> Iterator["_Loads"]:
        """Every state that may follow: one for each option that is cheapest now."""
        left = [option for option in range(len(box.supporters)) if option not in self.elected]
        costs = {option: self.cost(box, option) for option in left}
        least = min((cost for cost in costs.values() if cost is not None), default=None)
        for option in left:
            if costs[option] == least:
                yield self._elect(option, least, box.supporters[option])

    def cost(self, box: _Box, option: int) -> Fraction | None:
        """The load that each of its ballots would carry; None when there are none, for then nobody can."""
        mine = box.supporters[option]
        carried = sum((load * box.weight(ballots & mine) for load, ballots in self.loads), Fraction(1))
        return carried / box.weight(mine) if mine else None

    def _elect(self, option: int, load: Fraction | None, mine: int) -> "_Loads":
        kept = {(old, ballots & ~mine) for old, ballots in self.loads if ballots & ~mine}
        raised = {(load, mine)} if load is not None else set()
        return _Loads(tuple(sorted((*self.elected, option))), frozenset(kept | raised))


class _Best:
    """The search for the best committees: whoever cannot reach the best found so far is not looked at."""

    def __init__(self, box: _Box, seats: int) -> None:
        self.box, self.seats, self.unit = box, seats, lcm(*range(1, seats + 1))
        self.best, self.outcomes = -1, set[tuple[int, ...]]()

    def extend(self, chosen: tuple[int, ...], levels: tuple[int, ...], worth: int, rest: Iterable[int]) -> None:
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
            after = [-other for _gain, other in gains[place + 1 :]]
            self.extend((*chosen, option), self._raised(levels, option), worth + gain, after)

    def _gain(self, levels: tuple[int, ...], option: int) -> int:
        mine = self.box.supporters[option]
        return sum(self.unit // (had + 1) * self.box.weight(ballots & mine) for had, ballots in enumerate(levels))

    def _raised(self, levels: tuple[int, ...], option: int) -> tuple[int, ...]:
        mine = self.box.supporters[option]
        below = (0, *levels)
        return tuple(here & ~mine | under & mine for here, under in zip((*levels, 0), below, strict=True))

    def _note(self, outcome: tuple[int, ...], worth: int) -> None:
        if worth > self.best:
            self.best, self.outcomes = worth, set()
        if worth == self.best:
            self.outcomes.add(outcome)
            _refuse_too_many(len(self.outcomes))
