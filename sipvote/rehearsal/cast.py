"""Who takes part in the assembly, in which way, and what each votes: all of it dealt before anybody does anything.

So every number that the application tells can be held against numbers that were counted here.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle, islice

from .browser import Broken
from .person import Person, Row
from .play import NEXT, Ballot, Play

Answers = tuple[Ballot, Ballot, Ballot]  # the themes; shall one go on (0 yes, 1 no, none abstains); the board's action
FRANCE = "FR"
CLEAR, TIED = 0, (1, 2)  # the theme that wins clearly, and the two that are equal behind it
# Ten ballots for the themes, over and over: the clear one on six, each of the equal ones on three, one blank.
TEN: tuple[Ballot, ...] = (
    (0, 1), (0, 2), (0, 1, 2), (0, 3), (0,), (1, 4), (2, 4), (), (3, 5), (0, 6, 7),
)  # fmt: skip
LONELY: Ballot = (CLEAR,)  # what is left over, so that the tie stays one
PROLONG: tuple[Ballot, ...] = ((0,), (0,), (1,), (0,), ())
ACTION: tuple[Ballot, ...] = ((0,), (1,), (0,), (1,), (0,), ())  # three to two: the most, and not two thirds
FOLLOWS, CHANGES = 10, 20  # one in so many of those elsewhere
HALL, ELSEWHERE = "198.51.100.7", "203.0.113.{}"  # addresses that belong to nobody (RFC 5737)


class Way(StrEnum):
    """The way in which a member's vote comes to be counted."""

    LINK = "by personal link"
    CARD = "with a card"
    KIOSK = "with a card at the kiosk"
    PAPER = "on paper"
    PROXY = "under a proxy"
    NOT = "not at all"


@dataclass(eq=False)
class Part:
    """A member's part in the day. `answers` is what must be counted for them at the end; None: nothing, or spoilt."""

    person: Person
    way: Way
    in_hall: bool = False
    follows: bool = False  # checks in from elsewhere
    changes: bool = False  # votes otherwise first
    is_spoilt: bool = False
    answers: Answers | None = None
    code: str = ""  # on the receipt
    member: int = 0  # the number of their pages at the desks
    holder: "Part | None" = None  # whom they gave their proxy to
    proxy: int = 0

    @property
    def is_french(self) -> bool:
        return self.person.country == FRANCE


@dataclass
class Cast:
    """Everybody who takes part. Of the givers of proxies the first votes from home after all, the second comes."""

    hall: list[Part] = field(default_factory=list)
    remote: list[Part] = field(default_factory=list)
    givers: list[Part] = field(default_factory=list)
    holders: list[Part] = field(default_factory=list)
    spare: list[Part] = field(default_factory=list)  # members who only try something

    @property
    def everybody(self) -> list[Part]:
        return [*self.hall, *self.remote, *(giver for giver in self.givers if not giver.in_hall)]

    def of(self, *ways: Way) -> list[Part]:
        """Whose vote comes in one of these ways."""
        return [part for part in self.everybody if part.way in ways]

    @property
    def counted(self) -> list[Answers]:
        """Every ballot that must be counted."""
        return [part.answers for part in self.everybody if part.answers is not None]


# --- Choosing people --------------------------------------------------------------------------------


def choose(play: Play) -> Cast:
    """Deal the parts."""
    officials = {p.number for p in (play.organiser, play.second, play.board, *play.scrutineers)}
    officials |= {person.number for person in play.facilitators.values()}
    rows = [row for row in play.rows if row["number"] not in officials]
    random.Random(NEXT).shuffle(rows)
    pool, size = _Pool(play, rows), play.size
    cast = Cast(spare=pool.take(1, Way.NOT))
    cast.givers = pool.take(size.proxies, Way.PROXY)
    cast.givers[0].way = cast.givers[1].way = Way.LINK
    cast.givers[1].in_hall = True
    cast.holders = pool.take(size.proxies // 2, Way.LINK)
    cast.hall = [*cast.holders, cast.givers[1], *_with_cards(pool, play), *_on_paper(pool, play)]
    phones = size.hall * 2 // 3 - len(cast.holders) - 1
    cast.hall += pool.take(phones, Way.LINK)
    cast.hall += pool.take(size.hall - len(cast.hall), Way.NOT)
    for part in cast.hall:
        part.in_hall = True
        part.person.browser.come_from(HALL)
    cast.remote = pool.take(size.remote, Way.LINK)
    for number, part in enumerate(cast.remote):
        part.follows, part.changes = number % FOLLOWS == 0, number % CHANGES == 1
    for number, part in enumerate([*cast.remote, *cast.givers, *cast.spare]):
        if not part.in_hall:
            part.person.browser.come_from(ELSEWHERE.format(number % 250 + 1))
    deal(cast)
    return cast


class _Pool:
    """Members who have no part yet: those with an e-mail address, and those without."""

    def __init__(self, play: Play, rows: Sequence[Row]) -> None:
        self._play = play
        self._rows = {True: [r for r in rows if r["email"]], False: [r for r in rows if not r["email"]]}

    def take(self, n: int, way: Way, email: bool = True, french: bool | None = None) -> list[Part]:
        """The next members; fewer only of those without an address."""
        rows = self._rows[email]
        fitting = (row for row in rows if french is None or (row["country"] == FRANCE) == french)
        found = list(islice(fitting, n))
        if email and len(found) < n:
            raise Broken(f"the roll has too few members for the assembly: {len(found)} of {n}")
        taken = {row["number"] for row in found}
        self._rows[email] = [row for row in rows if row["number"] not in taken]
        return [Part(self._play.person(row), way) for row in found]


def _with_cards(pool: _Pool, play: Play) -> list[Part]:
    """Cards go to members without an e-mail address first, and the first of them all vote at the kiosk."""
    parts = pool.take(play.size.cards // 2, Way.CARD, email=False)
    parts += pool.take(play.size.cards - len(parts), Way.CARD)
    for part in parts[: play.size.at_kiosk]:
        part.way = Way.KIOSK
    return parts


def _on_paper(pool: _Pool, play: Play) -> list[Part]:
    """Papers of both countries; one of them, of a Belgian, will be spoilt."""
    french = play.size.papers // 2
    parts = pool.take(play.size.papers - french, Way.PAPER, french=False) + pool.take(french, Way.PAPER, french=True)
    parts[1].is_spoilt = True
    return parts


# --- Dealing ballots --------------------------------------------------------------------------------


def deal(cast: Cast) -> None:
    """Give everybody who votes the ballot that they will send: the themes in one order, the rest in others."""
    voting = [part for part in cast.everybody if part.way != Way.NOT and not part.is_spoilt]
    random.Random(NEXT).shuffle(voting)
    themes = [*TEN * (len(voting) // len(TEN)), *[LONELY] * (len(voting) % len(TEN))]
    random.Random(NEXT + 1).shuffle(themes)
    prolong, action = cycle(PROLONG), cycle(ACTION)
    for part, chosen in zip(voting, themes, strict=True):
        part.answers = (chosen, next(prolong) if part.is_french else (), next(action))


def otherwise(part: Part) -> Answers:
    """What somebody sends who will change it."""
    return (3, 7), (1,) if part.is_french else (), (1,)


@dataclass(frozen=True)
class Decided:
    """Yes and no, counted here."""

    could: int
    yes: int
    no: int

    @property
    def blank(self) -> int:
        return self.could - self.yes - self.no


@dataclass(frozen=True)
class Tally:
    """What must come out."""

    ballots: int
    blank: int
    approvals: list[int]
    prolong: Decided
    action: Decided


def count(cast: Cast, options: int) -> Tally:
    """Count every dealt ballot, question by question; who could answer whether a theme goes on is who is French."""
    ballots = cast.counted
    approvals = Counter(option for themes, _prolong, _action in ballots for option in themes)
    french = [part.answers for part in cast.everybody if part.answers is not None and part.is_french]
    return Tally(
        len(ballots),
        sum(not themes for themes, _prolong, _action in ballots),
        [approvals[option] for option in range(options)],
        _decided(prolong for _themes, prolong, _action in french),
        _decided(action for _themes, _prolong, action in ballots),
    )


def _decided(answers: Iterable[Ballot]) -> Decided:
    given = Counter(answers)
    return Decided(sum(given.values()), given[(0,)], given[(1,)])


def in_threes(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Three queues."""
    return (list(parts[n::3]) for n in range(3))
