"""Explaining: from the ballots of a question to what its page tells a member about the count.

Pure functions, but for the two at the end that read back what was kept. What they give can be published as
it is: it is made with disclosure.py, and where there are too few ballots there is none of it.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from .bits import Ballots, Box, before_ties, in_turn, next_best
from .disclosure import FEWEST_BALLOTS, Range, exact_options, in_tens, is_exact_had
from .tally import RULES, Report, Round, is_countable, rounds, winners_had

SETS_SHOWN = 3
Span = tuple[Fraction, Fraction]


def explain(
    report: Report, ballots: Ballots, limit: int | None, order: Sequence[int] | None = None
) -> dict[str, Any] | None:
    """Explain the count of a question, as plain JSON. `order` is that of the lot, once it is drawn.

    "others" says what the other rules would have given; "rounds" tells Phragmén's rule round by round, as far as
    nothing is tied; "sets" tells how many members found how many of their themes, and the next best sets.
    None where numbers are not shown.
    """
    if report.ballots < FEWEST_BALLOTS or not report.seats:
        return None
    ballots = tuple(ballots)
    told: dict[str, Any] = {"others": [_other(rule, ballots, report) for rule in RULES if rule != report.rule]}
    winners = report.winners if order is None else report.by_lot(order, ballots)
    if report.rule == "phragmen":
        told["rounds"] = _Telling(report, ballots, limit, winners is not None).rounds(_in_order(report, ballots, order))
    if report.rule == "pav" and winners is not None:
        told["sets"] = _sets(report, ballots, limit, winners)
    return told


def _other(rule: str, ballots: Ballots, report: Report) -> dict[str, Any]:
    """What another rule would have given."""
    if not is_countable(rule, report.options, report.seats):
        return {"rule": rule, "elected": None, "tied": [], "places_left": 0}
    found = RULES[rule](ballots, report.options, report.seats)
    return {
        "rule": rule,
        "elected": list(found.elected),
        "tied": list(found.tied),
        "places_left": found.places_left,
    }


def _in_order(report: Report, ballots: Ballots, order: Sequence[int] | None) -> list[Round]:
    """The rounds that are certain: all of them, or those before the first tie while no lot is drawn."""
    box = Box(ballots, report.options)
    if report.tied and order is None:
        return rounds(ballots, report.options, before_ties(box, report.seats))
    if report.in_turn and order is not None:
        return rounds(ballots, report.options, in_turn(box, report.seats, order))
    outcome = report.winners if order is None else report.by_lot(order, ballots)
    return rounds(ballots, report.options, outcome or ())


class _Telling:
    """What can be told of a count by Phragmén's rule, from what was told of it before.

    `served` is how many of an option's members have an elected theme already, `represented` how many of all;
    `loads` are what a member of each elected theme has borne. All of them are ranges.
    """

    def __init__(self, report: Report, ballots: Ballots, limit: int | None, is_final: bool) -> None:
        self.report, self.ballots, self.limit, self.is_final = report, tuple(ballots), limit, is_final
        self.exact = frozenset[int]()
        self.voters = report.ballots - report.blank
        self.elected: list[int] = []
        self.served: dict[int, Range] = dict.fromkeys(range(report.options), (0, 0))
        self.represented: Range = (0, 0)
        self.loads: list[Span] = []

    def rounds(self, found: Sequence[Round]) -> list[dict[str, Any]]:
        """Each round in which a theme wins that somebody chose."""
        found = [each for each in found if self.report.approvals[each.elected]]
        if self.is_final:  # until the lot is drawn nothing is told exactly: nobody knows which overlaps come after it
            winners, blank = [each.elected for each in found], self.report.blank
            self.exact = exact_options(self.ballots, self.report.options, winners, blank, self.limit)
        return [self._round(each) for each in found]

    def _round(self, found: Round) -> dict[str, Any]:
        approvals, won = self.report.approvals, found.elected
        left = [o for o in range(self.report.options) if o not in self.elected and approvals[o]]
        if self.elected:
            served = self._count_served()
            self.served = {o: self._tell_served(o, served[o]) for o in left}
        costs = self._costs(found, left)
        ranked = sorted(left, key=lambda o: (o != won, sum(costs[o]), o))
        self._elect(won, costs[won])
        equal = [o for o in left if o != won and found.costs[o] == found.costs[won]]
        return {
            "elected": won,
            "represented": list(self.represented),
            "equal": equal,
            "by_lot": bool(equal) and won in self.report.tied,
            "options": [self._line(o, found, costs[o]) for o in ranked],
        }

    def _count_served(self) -> list[int]:
        count, won = [0] * self.report.options, set(self.elected)
        for times, ballot in self.ballots:
            if not won.isdisjoint(ballot):
                for option in set(ballot):
                    count[option] += times
        return count

    def _tell_served(self, option: int, number: int) -> Range:
        if option in self.exact:
            return number, number
        approvals = self.report.approvals[option]
        least = max(self.served[option][0], approvals - (self.voters - self.represented[0]))
        return in_tens(number, least, min(approvals, self.represented[1]))

    def _costs(self, found: Round, left: Sequence[int]) -> dict[int, Span]:
        """What a member of each theme would have borne after this round, as far as it follows from what is told."""
        costs = {option: self._cost(option, found.costs[option]) for option in left}
        least, most = costs[found.elected]
        most = min(most, *(high for _low, high in costs.values()))  # the winner is the cheapest, as everybody sees
        return {o: (max(least, low), max(least, high)) if o != found.elected else (least, most)
                for o, (low, high) in costs.items()}  # fmt: skip

    def _cost(self, option: int, cost: Fraction | None) -> Span:
        if cost is not None and (option in self.exact or not self.elected):
            return cost, cost
        approvals, (few, many) = self.report.approvals[option], self.served[option]
        lightest, heaviest = self.loads[0][0], self.loads[-1][1]  # from round to round they never shrink
        return max(self.loads[-1][0], (1 + lightest * few) / approvals), (1 + heaviest * many) / approvals

    def _elect(self, won: int, cost: Span) -> None:
        approvals, (few, many) = self.report.approvals[won], self.served[won]
        least, most = self.represented
        self.represented = (least + approvals - many, min(most + approvals - few, self.voters))
        self.elected.append(won)
        self.loads.append(cost)

    def _line(self, option: int, found: Round, cost: Span) -> dict[str, Any]:
        """One theme in a round. Its votes count for as many as would cost the same if nobody had a theme yet."""
        is_exact = cost[0] == cost[1] and (option in self.exact or len(self.elected) == 1)
        counts = (
            [floor(10 / cost[1]) / 10, ceil(10 / cost[0]) / 10] if not is_exact else [round(float(1 / cost[0]), 1)] * 2
        )
        return {
            "option": option,
            "votes": self.report.approvals[option],
            "served": list(self.served[option]),
            "counts": counts,
            "cost": str(found.costs[option]) if is_exact else None,
        }


def _sets(report: Report, ballots: Ballots, limit: int | None, winners: Sequence[int]) -> dict[str, Any]:
    """How many members found how many of their themes among the winners, and the sets that come next."""
    ballots = tuple(ballots)
    had = winners_had(ballots, winners)
    is_exact = is_exact_had(had, report.blank, limit)
    total, voters = sum(report.approvals[o] for o in winners), report.ballots - report.blank
    # What is voted for winners beyond the first one of each member.
    beyond = total - (report.ballots - had[0])
    most = total - max((report.approvals[o] for o in winners), default=0)
    few, many = (beyond, beyond) if is_exact else in_tens(beyond, max(0, total - voters), most)
    ranked = next_best(Box(ballots, report.options), report.seats, SETS_SHOWN)
    best = ranked[0][0]
    others = [(worth, outcome) for worth, outcome in ranked if outcome != tuple(winners)][:SETS_SHOWN]

    def tell(worth: Fraction, outcome: Sequence[int]) -> dict[str, Any]:
        shown = is_exact and is_exact_had(winners_had(ballots, outcome), report.blank, limit)
        return {"options": list(outcome), "worth": str(worth) if shown else None, "equal": worth == best}

    return {
        "had": list(had) if is_exact else None,
        "represented": [total - many, total - few],
        "worth": str(best) if is_exact else None,
        "next": [tell(worth, outcome) for worth, outcome in others],
    }


# --- For who has the ballots ------------------------------------------------------------------------


def in_full(report: Report, ballots: Ballots) -> dict[str, Any]:
    """Explain a count with every number exact, for who has the ballots anyway; never for a page."""
    ballots = tuple(ballots)
    told: dict[str, Any] = {"approvals": list(report.approvals)}
    if report.rule == "phragmen":
        told["rounds"] = [
            {
                "elected": each.elected,
                "costs": [None if cost is None else str(cost) for cost in each.costs],
                "served": each.served,
                "represented": each.represented,
            }
            for each in _in_order(report, ballots, None)
        ]
    if report.rule == "pav" and report.winners is not None and is_countable("pav", report.options, report.seats):
        told["had"] = list(winners_had(ballots, report.winners))
        ranked = next_best(Box(ballots, report.options), report.seats, SETS_SHOWN)
        told["best"] = [{"options": list(outcome), "worth": str(worth)} for worth, outcome in ranked]
    return told | {"others": [_other(rule, ballots, report) for rule in RULES if rule != report.rule]}


# --- Kept with the report ---------------------------------------------------------------------------


def explanation_of(election: Any, position: int) -> dict[str, Any]:
    """What was kept at the count to explain a question; empty where there is nothing to tell."""
    kept = (election.report or {}).get("explanations", [])
    return (kept[position] if position < len(kept) else None) or {}


def rounds_of(election: Any, position: int) -> list[dict[str, Any]]:
    """The rounds of a question counted by Phragmén's rule, as far as they can be told: see docs/voting.md."""
    found: list[dict[str, Any]] = explanation_of(election, position).get("rounds", [])
    return found
