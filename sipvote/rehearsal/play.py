"""What every scene needs: the stage, the report, how large the play is, and who plays."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..boot import ROOT
from .browser import Broken
from .person import Person, Row
from .report import Report
from .stage import Stage

PROFILE = ROOT / "tests" / "cases" / "approval" / "Netherlands_Amsterdam_324.json"
SEATS = 2
YEAR, PAST, NEXT = 2020, 2019, 2021
Ballot = tuple[int, ...]


@dataclass(frozen=True)
class Size:
    """How large a play is. `ballots` is None for every ballot of the profile; `crowd` is who signs up per group.

    The last lines are the assembly's: who is in the hall, votes from elsewhere, gets a card (and votes with it at
    the kiosk), takes a ballot on paper, gives a proxy.
    """

    members: int
    ballots: int | None
    supporters: int
    supporters_needed: int
    past_voters: int
    places: int
    crowd: int
    hall: int
    remote: int
    cards: int
    at_kiosk: int
    papers: int
    proxies: int
    threads: int = 32


FULL = Size(
    30_000, None, supporters=300, supporters_needed=10, past_voters=40, places=12, crowd=20,
    hall=600, remote=1000, cards=100, at_kiosk=20, papers=12, proxies=40,
)  # fmt: skip
QUICK = Size(
    300, 60, supporters=12, supporters_needed=1, past_voters=12, places=3, crowd=7,
    hall=30, remote=50, cards=6, at_kiosk=2, papers=3, proxies=4,
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """A real vote: how many options, how many one may approve of, and every ballot; who must win it, where known."""

    options: int
    max_approvals: int
    ballots: list[Ballot]
    winners: list[int]

    @cached_property
    def approvals(self) -> list[int]:
        """How many ballots approve of each option, counted here and not by the application."""
        counted = Counter(option for ballot in self.ballots for option in ballot)
        return [counted[option] for option in range(self.options)]


def read_profile(sample: int | None) -> Profile:
    """The carried profile, or a sample of its ballots in which it is clear who wins."""
    told = json.loads(PROFILE.read_text(encoding="utf-8"))
    ballots = [tuple(chosen) for times, chosen in told["ballots"] for _ in range(times)]
    whole = Profile(len(told["options"]), told["max_approvals"], ballots, told["expected"]["av"][str(SEATS)][0])
    if sample is None:
        return whole
    for seed in range(1000):
        drawn = random.Random(seed).sample(ballots, sample)
        counted = Profile(whole.options, whole.max_approvals, drawn, []).approvals
        best = sorted(range(whole.options), key=lambda option: -counted[option])
        if counted[best[SEATS - 1]] > counted[best[SEATS]]:
            return Profile(whole.options, whole.max_approvals, drawn, sorted(best[:SEATS]))
    raise Broken("every sample of the profile is tied")


@dataclass
class Play:
    """One play on one database."""

    stage: Stage
    report: Report
    size: Size
    profile: Profile
    rows: list[Row] = field(default_factory=list)
    organiser: Person = field(init=False)
    second: Person = field(init=False)  # the other organiser, where it takes two
    board: Person = field(init=False)
    scrutineers: list[Person] = field(default_factory=list)
    facilitators: dict[str, Person] = field(default_factory=dict)  # by the city their role is for; "" is every city
    _playing: set[str] = field(default_factory=set)

    def person(self, row: Row, language: str = "") -> Person:
        """Bring somebody of the roll onto the stage."""
        self._playing.add(row["number"])
        return Person(row, self.stage.base_url, self.stage.letters, language)

    def some(self, n: int, where: Callable[[Row], bool] | None = None, language: str = "") -> list[Person]:
        """Bring `n` members with an e-mail address onto the stage who have not played yet."""
        found: list[Person] = []
        for row in self.rows:
            if len(found) == n:
                break
            if row["email"] and row["number"] not in self._playing and (where is None or where(row)):
                found.append(self.person(row, language))
        if len(found) < n:
            raise Broken(f"the roll has too few members for the play: {len(found)} of {n}")
        return found

    @property
    def folder(self) -> Path:
        return self.stage.folder
