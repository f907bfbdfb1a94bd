"""Who plays in the seasons of the groups: members with habits and a temper, and the circles that they form.

Everything is dealt by seeded chance, so that a play can be played again. What stands here is the play's own book:
what people did on pages and read in letters. The proofs hold the pages against it.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .browser import Broken
from .person import Person, Row
from .real_groups import RealGroup
from .report import Report
from .travel import Post, Season

HOURS = timedelta(hours=3)
MEETINGS = 5
MOVED = 2  # the meeting, from 0, that a facilitator moves, once the one before it is over
WISHES = (1, 2, 2, 2, 3, 3, 3)  # how many groups people wish
WAYS = ("either", "either", "either", "on_site", "online")
FITS = {
    "on_site": ("on_site", "either"), "online": ("online", "either"), "hybrid": ("on_site", "online", "either"),
}  # fmt: skip
BUSY = 0.15  # of the weekdays
AWAY = 0.04  # of single days


@dataclass(frozen=True)
class Measure:
    """How large the seasons are. `groups` are the numbers of the real groups that play; None: all of them."""

    members: int
    wishing: int  # in each of the two editions
    returning: int  # of them, in the second
    groups: dict[int, Sequence[int]] | None
    fewer_places: int
    minimum: int
    quiet: float  # how much less some groups are wished


FULL = Measure(900, 165, 30, None, 0, 8, 0.35)
QUICK = Measure(400, 48, 6, {2019: (2, 3, 4, 6, 7), 2020: (0, 1, 3, 6)}, 5, 5, 0.6)


class Temper(StrEnum):
    """What somebody does with their wishes, and with the place that they are given."""

    STEADY = "steady"
    CHANGES = "changes"  # other wishes before the deadline
    WITHDRAWS = "withdraws"
    UNDOES = "undoes"  # withdraws, and thinks better of it
    FORGETS = "forgets"  # to send the wishes
    LATE = "late"  # confirms when reminded
    DECLINES = "declines"
    SILENT = "silent"  # never confirms
    MOVES = "moves"  # to another city, and so to another group


SHARES = {
    Temper.CHANGES: 0.08, Temper.WITHDRAWS: 0.04, Temper.UNDOES: 0.02, Temper.FORGETS: 0.05, Temper.LATE: 0.14,
    Temper.DECLINES: 0.08, Temper.SILENT: 0.1, Temper.MOVES: 0.08,
}  # fmt: skip


@dataclass(eq=False)
class Circle:
    """A workgroup, and the play's book about it."""

    real: RealGroup
    leader: Person
    places: int
    minimum: int
    modes: tuple[str, ...]  # in which it could meet
    title: str = ""
    id: int = 0
    slots: dict[datetime, int] = field(default_factory=dict)  # the dates that are proposed
    mode: str = ""
    dates: list[datetime] = field(default_factory=list)
    meetings: list[int] = field(default_factory=list)  # ids, as addresses have them
    merged_into: "Circle | None" = None
    is_closed: bool = False
    seated: list["Player"] = field(default_factory=list)
    offered: list["Player"] = field(default_factory=list)
    kept_until: dict["Player", datetime] = field(default_factory=dict)
    queue: list["Player"] = field(default_factory=list)
    excused: set[tuple["Player", int]] = field(default_factory=set)  # at the meeting of that number, from 0
    tapped: dict[int, dict["Player", bool]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.title} ({', '.join(self.real.cities) or 'online'})"

    def keep(self, player: "Player", moment: datetime) -> None:
        """Note that a place is kept for somebody until then."""
        self.offered.append(player)
        self.kept_until[player] = moment

    @property
    def at(self) -> str:
        """The beginning of the addresses of its pages."""
        return f"/{self.real.year}/groups/{self.id}"

    @property
    def desk(self) -> str:
        """The same for those who run it."""
        return f"/{self.real.year}/facilitate/{self.id}"

    @property
    def target(self) -> "Circle | None":
        """The circle for which a wish for this one counts."""
        if self.merged_into:
            return self.merged_into.target
        return None if self.is_closed else self

    @property
    def is_held(self) -> bool:
        return self.target is self

    def overlaps(self, other: "Circle") -> bool:
        """Whether nobody could be in both."""
        return any(abs(a - b) < HOURS for a in self.dates for b in other.dates)

    def moves_on(self, moment: datetime) -> bool:
        """Whether a free place goes to the waiting list: until the second meeting begins."""
        return self.is_held and sum(date <= moment for date in self.dates) < 2


@dataclass(eq=False)
class Player:
    """A member in the play, with their letterbox, and what they wish this year."""

    person: Person
    temper: Temper = Temper.STEADY
    busy: frozenset[int] = frozenset()  # weekdays
    way: str = "either"
    wishes: list[Circle] = field(default_factory=list)
    ticks: dict[int, str] = field(default_factory=dict)  # the way of coming, by slot
    has_begun: bool = False
    counts: bool = False  # whether the wishes were sent, and stand
    given: Circle | None = None
    read: int = 0  # letters
    reminders: Counter[tuple[int, str]] = field(default_factory=Counter)  # that must come: meeting, when
    reminded: Counter[tuple[int, str]] = field(default_factory=Counter)  # that came
    # The dates in calendars that came with letters, and those that must be in them.
    calendars: list[tuple[list[datetime], list[datetime]]] = field(default_factory=list)
    gone: dict[Circle, int] = field(default_factory=dict)  # letters that had come when they were out of a group

    @property
    def name(self) -> str:
        return self.person.name

    def chance(self, *about: object) -> random.Random:
        """The chance of somebody about something, the same in each play."""
        return random.Random(f"{self.person.number} {about}")

    def may_join(self, circle: Circle) -> bool:
        """Whether the theme goes on in their country: groups without a city may be for one country only."""
        return bool(circle.real.cities) or self.person.country in circle.real.countries

    def can_come(self, circle: Circle) -> bool:
        """Whether they ticked every date of a circle in a way that fits."""
        return all(self.ticks.get(circle.slots[date]) in FITS[circle.mode] for date in circle.dates)

    @property
    def possible(self) -> list[Circle]:
        """The circles that they wish, directly or by a merger, and could come to."""
        found = dict.fromkeys(wish.target for wish in self.wishes)
        return [circle for circle in found if circle and circle.dates and self.can_come(circle)]


@dataclass
class Company:
    """Everybody on the stage of the seasons, and the report."""

    season: Season
    report: Report
    size: Measure
    rows: list[Row] = field(default_factory=list)
    organiser: Person = field(init=False)
    second: Person = field(init=False)  # the other organiser, where it takes two
    board: Person = field(init=False)
    leaders: dict[str, list[Person]] = field(default_factory=dict)  # by city; "" leads everywhere
    players: list[Player] = field(default_factory=list)  # of this year
    known: dict[str, Player] = field(default_factory=dict)  # by number, of both years
    circles: list[Circle] = field(default_factory=list)  # of this year
    taken: set[str] = field(default_factory=set)  # names of those who play
    # What happened this year, for the proofs.
    declined: list[tuple[Player, Circle]] = field(default_factory=list)
    lapsed: list[tuple[Player, Circle]] = field(default_factory=list)
    passed_on: list[tuple[Player, Circle]] = field(default_factory=list)
    withdrawn: list[tuple[Player, Circle]] = field(default_factory=list)
    approved: list[Player] = field(default_factory=list)
    wrong_places: list[str] = field(default_factory=list)
    idle_places: list[str] = field(default_factory=list)
    wrong_turns: list[str] = field(default_factory=list)

    @property
    def year(self) -> int:
        return self.circles[0].real.year

    @property
    def held(self) -> list[Circle]:
        """The circles that meet."""
        return [circle for circle in self.circles if circle.is_held]

    def circle(self, id: int) -> Circle:
        return next(circle for circle in self.circles if circle.id == id)

    def official(self, city: str) -> Person:
        """Somebody of a city who acts in English, and plays nothing else."""
        for row in self.rows:
            if row["city"] == city and self._is_free(row):
                self.taken.add(row["name"])
                return Person(row, self.season.stage.base_url, Post(self.season), "en")
        raise Broken(f"nobody is left in {city}")

    def _is_free(self, row: Row) -> bool:
        return bool(row["email"]) and row["name"] not in self.taken

    def begin(self) -> None:
        """A new year: nothing has happened in it."""
        for book in (self.declined, self.lapsed, self.passed_on, self.withdrawn, self.approved):
            book.clear()

    def invite(self, real: Sequence[RealGroup], before: Sequence[Player]) -> None:
        """Choose who wishes this year: some of last year again, the others mostly from the groups' own cities."""
        year = real[0].year
        chance = random.Random(year)
        again = chance.sample(list(before), min(self.size.returning, len(before)))
        cities = {city for group in real for city in group.cities}
        countries = {country for group in real for country in group.countries}
        free = [row for row in self.rows if self._is_free(row) and row["country"] in countries]
        chance.shuffle(free)
        free.sort(key=lambda row: row["city"] not in cities and chance.random() < 0.9)
        found = [Player(player.person) for player in again]
        for row in free:
            if len(found) < self.size.wishing and self._is_free(row):
                self.taken.add(row["name"])
                found.append(Player(Person(row, self.season.stage.base_url, Post(self.season))))
        if len(found) < self.size.wishing:
            raise Broken(f"the roll has too few members for the groups: {len(found)}")
        _deal(found, chance)
        self.players = found
        self.known |= {player.person.number: player for player in found}


def _deal(players: list[Player], chance: random.Random) -> None:
    """Give everybody a temper and habits."""
    chance.shuffle(players)
    tempers = [temper for temper, share in SHARES.items() for _ in range(max(1, round(share * len(players))))]
    for player, temper in zip(players, [*tempers, *[Temper.STEADY] * len(players)], strict=False):
        player.temper, player.way = temper, chance.choice(WAYS)
        player.busy = frozenset(day for day in range(5) if chance.random() < BUSY)
        player.read = len(player.person.letters())
