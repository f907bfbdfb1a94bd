"""The day in numbers: what everybody may follow while it happens, read once for all who ask at the same time.

Two thousand phones and the screen in the hall ask every five seconds. So the numbers of a year are kept in the
process for a moment: however many ask within it, the database is asked once. No choice is ever among them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from ..assembly import quorum
from ..assembly.models import Assembly
from ..db import db, now
from ..editions.models import Edition
from ..kept import Kept
from . import box, paper_ballots
from .day import Announcement, CountProgress
from .models import Election

KEPT_FOR = 1.5  # seconds
RESYNC = 30  # seconds after which who asked before is told anew how many are left


class NoSuchYear(LookupError):
    """There is no edition of that year."""


@dataclass(frozen=True)
class Day:
    """A year's assembly and vote at a moment, as numbers and moments."""

    stage: str | None  # of the election, as its `state`, or "paused"; None: there is none
    roll: int | None
    voted: int
    closes_at: datetime | None
    opened: int | None  # envelopes opened so far, while the box is being opened
    envelopes: int | None
    told: int  # the last announcement about the vote
    attendance: quorum.Standing | None
    is_rehearsal: bool = False

    @property
    def for_everybody(self) -> "Day":
        """The day as those see it who have no part in a rehearsal: there is none."""
        if not self.is_rehearsal:
            return self
        nothing: dict[str, Any] = {"stage": None, "roll": None, "voted": 0, "closes_at": None, "told": 0}
        return replace(self, opened=None, envelopes=None, is_rehearsal=False, **nothing)

    @property
    def state(self) -> str:
        """'before', 'open', 'paused', 'closed', 'counted' or 'published', to the second."""
        if self.stage in ("open", "paused") and self.closes_at and now() >= self.closes_at:
            return "closed"
        return "before" if self.stage in (None, "draft", "frozen") else str(self.stage)

    @property
    def seconds_left(self) -> int | None:
        """How long one can still vote."""
        if self.closes_at is None or self.state not in ("open", "paused"):
            return None
        return max(0, ceil((self.closes_at - now()).total_seconds()))

    @property
    def share(self) -> float | None:
        """The turnout, from 0 to 1."""
        return round(self.voted / self.roll, 4) if self.roll else None

    @property
    def is_enough(self) -> bool:
        """Whether the quorum is reached, where one is asked."""
        there = self.attendance
        return there is None or there.reached

    @property
    def sign(self) -> str:
        """Changes when pages about the day must be made anew, and not only their numbers."""
        return f"{self.state} {self.told} {int(self.is_enough)} {int(self.envelopes is not None)}"

    def as_dict(self) -> dict[str, Any]:
        """Everything that changes, as plain numbers for JSON."""
        there = self.attendance
        return {
            "state": self.state,
            "sign": self.sign,
            "votes": self.voted,
            "roll": self.roll,
            "share": self.share,
            "seconds_left": self.seconds_left,
            "opened": self.opened,
            "envelopes": self.envelopes,
            "told": self.told,
            "hall": there and there.hall,
            "remote": there and there.remote,
            "proxies": there and there.proxies,
            "counted": there and there.counted,
            "needed": there and there.needed,
            "reached": self.is_enough,
        }


_days: Kept[int, Day] = Kept(KEPT_FOR)


def of_year(year: int) -> Day:
    """The day of an edition, at most a moment old. Raises NoSuchYear."""
    return _days.get(year, lambda: read(year))


def read(year: int) -> Day:
    """Ask the database how the day stands. Raises NoSuchYear."""
    found = db.session.execute(
        select(Edition.id, Assembly, Election)
        .outerjoin(Assembly, Assembly.edition_id == Edition.id)
        .outerjoin(Election, Election.edition_id == Edition.id)
        .where(Edition.year == year)
        .options(lazyload(Election.questions))
    ).first()
    if found is None:
        raise NoSuchYear(year)
    _edition, assembly, election = found
    attendance = quorum.standing(assembly) if assembly else None
    if election is None:
        return Day(None, None, 0, None, None, None, 0, attendance)
    opened, envelopes, told = _progress(election.id)
    is_paused = election.state == "open" and election.paused_at is not None
    return Day(
        "paused" if is_paused else election.state,
        election.roll_size,
        voted(election),
        election.closes_at,
        opened,
        envelopes,
        told or 0,
        attendance,
        election.is_rehearsal,
    )


def voted(election: Election) -> int:
    """How many have voted so far: envelopes, and ballots on paper that are out; what was found, once it is counted."""
    if election.opened_at is None:
        return 0
    return election.voted if election.counted_at else box.turnout(election.id) + paper_ballots.handed_out(election)


_voted: Kept[int, int] = Kept(KEPT_FOR)


def voted_about(election: Election) -> int:
    """The same for a page that many open at once: while it is open, at most a moment old."""
    return _voted.get(election.id, lambda: voted(election)) if election.is_open else voted(election)


def _progress(election_id: int) -> Any:
    """How far the opening of the box is, and the last announcement."""
    last = select(func.max(Announcement.id)).where(Announcement.election_id == election_id)
    mine = CountProgress.election_id == election_id
    opened, envelopes = (select(column).where(mine) for column in (CountProgress.opened, CountProgress.envelopes))
    return db.session.execute(select(*(one.scalar_subquery() for one in (opened, envelopes, last)))).one()
