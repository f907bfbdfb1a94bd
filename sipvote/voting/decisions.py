"""Deciding: from ballots that say yes, no or abstain to a decision that a member can check in the head.

Option 0 is yes, option 1 is no; an empty ballot abstains. Equal ballots are handed in together, as pairs
(how many times, ballot), as in tally.py.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .bits import Ballot

YES, NO = 0, 1


def _simple(yes: int, no: int, _all: int) -> bool:
    return yes > no


def _absolute(yes: int, _no: int, voters: int) -> bool:
    return 2 * yes > voters


def _two_thirds(yes: int, no: int, _all: int) -> bool:
    return yes > 0 and 3 * yes >= 2 * (yes + no)


# When a question is adopted, under the name that the election announces: more yes than no; yes from more than half
# of all who vote, abstentions counted in; yes from at least two thirds of those who say yes or no.
MAJORITIES = {"simple": _simple, "absolute": _absolute, "two_thirds": _two_thirds}


@dataclass(frozen=True)
class Decision:
    """What a count of yes and no found. `ballots` counts everybody who could answer and voted, `blank` abstained."""

    majority: str
    ballots: int
    yes: int
    no: int

    @property
    def blank(self) -> int:
        return self.ballots - self.yes - self.no

    @property
    def is_adopted(self) -> bool:
        return MAJORITIES[self.majority](self.yes, self.no, self.ballots)

    def as_dict(self) -> dict[str, Any]:
        """The decision as plain numbers, ready for JSON."""
        return {"rule": "majority", **asdict(self), "blank": self.blank, "adopted": self.is_adopted}


def decide(ballots: Iterable[tuple[int, Ballot]], majority: str, voters: int | None = None) -> Decision:
    """Count yes and no. `voters` is how many could answer, where a question is not for everybody.

    Ballots of those who could not answer abstain, so they are only told apart by that number.
    Raises ValueError when a ballot is no answer, or there are more answers than voters.
    """
    everybody = yes = no = 0
    for times, ballot in ballots:
        if len(ballot) > 1 or not set(ballot) <= {YES, NO}:
            raise ValueError("A ballot answers neither yes nor no, nor abstains.")
        everybody += times
        yes += times if YES in ballot else 0
        no += times if NO in ballot else 0
    could = everybody if voters is None else voters
    if yes + no > could:
        raise ValueError(f"{yes + no} ballots answer a question that {could} could answer.")
    return Decision(majority, could, yes, no)


def decision_from(facts: dict[str, Any]) -> Decision:
    """Read a decision back from what `as_dict` gave, or from its JSON."""
    return Decision(facts["majority"], facts["ballots"], facts["yes"], facts["no"])


def places(seats: int, most: int | None, prolonged: int) -> int:
    """How many themes are elected, where elected and prolonged ones together may be `most` at most."""
    return seats if most is None else max(0, min(seats, most - prolonged))
