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
from itertools import chain, combinations, product
from math import comb, prod
from typing import Any

from .bits import (
    MOST_OUTCOMES,
    MOST_STATES,
    Ballot,
    Ballots,
    Best,
    Box,
    Loads,
    TooManyOutcomes,
    before_ties,
    in_turn,
    start,
)

Totals = tuple[int, int, tuple[int, ...]]  # all ballots, the blank ones, the approvals of each option


@dataclass(frozen=True)
class Report:
    """What a count found, with everything needed to do it again by hand.

    `approvals` holds one total for each option. The options in `elected` win in every outcome. Those
    in `tied` win in some outcomes only, and have `places_left` places between them: a lot must decide.
    Which of them can win together stands in `ties`, as sorted outcomes; when it is empty, any can.

    Outcomes too many to list are told shorter. Options of which exactly the same ballots approve form a
    group in `alike`, and each of `ties` then says how many of a group win, whichever they are. Where even
    that is too much, it is `in_turn`: the lot decides every tie as it comes, round by round. `elected` then
    holds who won before the first tie, and `tied` everybody else who has ballots.
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
    alike: tuple[tuple[int, ...], ...] = ()
    in_turn: bool = False

    @property
    def winners(self) -> tuple[int, ...] | None:
        """The options that won, sorted; None as long as a lot must decide."""
        return None if self.tied else self.elected

    @property
    def outcome_count(self) -> int | None:
        """In how many ways the lot can fall; 1 when nothing is tied, None when nobody can say."""
        if self.in_turn:
            return None
        if self.ties:
            return sum(_ways(outcome, self.alike) for outcome in self.ties)
        return comb(len(self.tied), self.places_left)

    @cached_property
    def outcomes(self) -> tuple[tuple[int, ...], ...]:
        """Every way the lot can fall: sorted winners, all sorted. They can be many: see `outcome_count`."""
        if self.in_turn:
            raise TooManyOutcomes("The outcomes cannot be listed: the lot decides round by round.")
        if self.ties:
            return tuple(sorted(chain.from_iterable(_spread(outcome, self.alike) for outcome in self.ties)))
        lots = combinations(self.tied, self.places_left)
        return tuple(sorted(tuple(sorted(self.elected + lot)) for lot in lots))

    def by_lot(self, order: Sequence[int], ballots: Ballots = ()) -> tuple[int, ...]:
        """The outcome that a lot decides for: with the option drawn first, then with the one drawn second …

        The ballots are needed only when the lot decides round by round.
        """
        if self.in_turn:
            return tuple(sorted(in_turn(Box(ballots, self.options), self.seats, order)))
        place = {option: number for number, option in enumerate(order)}
        if not self.ties:
            return tuple(sorted((*self.elected, *sorted(self.tied, key=place.__getitem__)[: self.places_left])))
        drawn = (_drawn(outcome, self.alike, place) for outcome in self.ties)
        return min(drawn, key=lambda outcome: sorted(place[option] for option in outcome if option in place))

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
        for name in ("ties", "alike", "in_turn"):
            if not facts[name]:
                del facts[name]
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
    count, blank, approvals = totals = _totals(ballots, options)
    if found := _without_rivals("approval", options, seats, totals):
        return found

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
    """
    _check(options, seats)
    ballots = tuple(ballots)
    totals = _totals(ballots, options)
    if found := _without_rivals("phragmen", options, seats, totals):
        return found
    box = Box(ballots, options)
    states = {start(box)}
    for _round in range(seats):
        before, states = states, set()
        for state in before:
            states.update(after for option, after in state.next(box) if box.stands_in(option, after.elected))
            if len(states) > MOST_STATES:
                return _in_turn(box, options, seats, totals)
    return _report("phragmen", box, seats, totals, {state.elected for state in states})


def pav(ballots: Ballots, options: int, seats: int) -> Report:
    """Proportional approval voting: a ballot is worth 1 for its first winner, 1/2 more for its second, 1/3 …

    The winners are the options, of all ways to choose them, whose ballots are worth most together.
    Exact, in whole numbers. Source: Thiele (1895). Raises `TooManyOutcomes`, but only where there are more
    ways to choose than that; such a vote is never frozen under this rule.
    """
    _check(options, seats)
    ballots = tuple(ballots)
    totals = _totals(ballots, options)
    if found := _without_rivals("pav", options, seats, totals):
        return found
    box = Box(ballots, options)
    return _report("pav", box, seats, totals, Best(box, seats).outcomes)


def is_countable(rule: str, options: int, seats: int) -> bool:
    """Whether a rule can count every box there may be: PAV compares all ways to choose, if there are not too many."""
    return rule != "pav" or comb(options, seats) <= MOST_OUTCOMES


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
    """Tell how sequential Phragmén comes to an outcome, round by round. Raises ValueError when it does not.

    Where it can come about in several orders, the one in which the outcome is given is tried first.
    """
    box, place = Box(ballots, options), {option: number for number, option in enumerate(outcome)}
    dead_ends: set[Loads] = set()

    def follow(state: Loads) -> list[Round] | None:
        if len(state.elected) == len(outcome):
            return []
        for won, after in sorted(state.next(box), key=lambda step: place.get(step[0], options)):
            if won in place and after not in dead_ends and (rest := follow(after)) is not None:
                return [_told(box, state, after, won), *rest]
        dead_ends.add(state)
        return None

    found = follow(start(box))
    if found is None:
        raise ValueError("This is not an outcome of the rule.")
    return found


def _told(box: Box, before: Loads, after: Loads, won: int) -> Round:
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
    if not 0 <= seats <= options:  # none are left when as many themes go on as there may be
        raise ValueError(f"{seats} places cannot be filled from {options} options.")


def _without_rivals(rule: str, options: int, seats: int, totals: Totals) -> Report | None:
    """The report where no more options have ballots than there are places: all of those win, and any others may.

    It is the same by every rule, and nothing has to be searched, however much is tied. None elsewhere.
    """
    approved = [option for option in range(options) if totals[2][option]]
    others = [option for option in range(options) if not totals[2][option]]
    if seats == 0:
        return Report(rule, options, 0, *totals, (), (), 0)
    if len(approved) > seats:
        return None
    if len(approved) in (seats, seats - len(others)):
        return Report(
            rule, options, seats, *totals, tuple(range(options) if len(approved) < seats else approved), (), 0
        )
    return Report(rule, options, seats, *totals, tuple(approved), tuple(others), seats - len(approved))


def _report(rule: str, box: Box, seats: int, totals: Totals, outcomes: Iterable[tuple[int, ...]]) -> Report:
    """Say which options win whatever the lot, and which win in some outcomes only.

    In `outcomes` the first options of a group that is alike stand for any of it.
    """
    found, options = sorted(outcomes), len(box.supporters)
    won = {group: [len({*group} & {*outcome}) for outcome in found] for group in box.alike}
    elected = sorted(chain.from_iterable(group for group, wins in won.items() if min(wins) == len(group)))
    tied = sorted(chain.from_iterable(group for group, wins in won.items() if min(wins) < len(group) and max(wins)))
    places = seats - len(elected)
    facts = (rule, options, seats, *totals, tuple(elected), tuple(tied), places)
    alike = tuple(sorted(group for group in won if len(group) > 1 and group[0] in tied))
    count = sum(_ways(outcome, alike) for outcome in found)
    if count == comb(len(tied), places):  # any of the tied can win together
        return Report(*facts)
    if count > MOST_OUTCOMES:
        return Report(*facts, tuple(found), alike)
    return Report(*facts, tuple(sorted(chain.from_iterable(_spread(outcome, alike) for outcome in found))))


def _in_turn(box: Box, options: int, seats: int, totals: Totals) -> Report:
    """The report of Phragmén's rule where more can happen than can be followed."""
    elected = sorted(before_ties(box, seats))
    tied = [option for option in range(options) if box.supporters[option] and option not in elected]
    facts = (tuple(elected), tuple(tied), seats - len(elected))
    return Report("phragmen", options, seats, *totals, *facts, in_turn=True)


def _ways(outcome: Collection[int], alike: Iterable[Sequence[int]]) -> int:
    """How many outcomes there are when any options of a group may stand for others of it."""
    return prod(comb(len(group), len({*group} & {*outcome})) for group in alike)


def _spread(outcome: Collection[int], alike: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """All those outcomes."""
    alone = set(outcome).difference(*alike)
    for chosen in product(*(combinations(group, len({*group} & {*outcome})) for group in alike)):
        yield tuple(sorted(alone.union(*chosen)))


def _drawn(outcome: Collection[int], alike: Iterable[Sequence[int]], place: dict[int, int]) -> tuple[int, ...]:
    """The one of them that has, of each group, the options drawn first."""
    drawn = set(outcome)
    for group in alike:
        wins = len(drawn.intersection(group))
        drawn = drawn.difference(group).union(sorted(group, key=place.__getitem__)[:wins])
    return tuple(sorted(drawn))
