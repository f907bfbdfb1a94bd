"""The day in numbers: what everybody may follow while it happens, read once for all who ask at the same time.

Two thousand phones and the screen in the hall ask every five seconds. So the numbers of a year are kept in the
process for a moment: however many ask within it, the database is asked once. No choice is ever among them.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import and_, func, select
from sqlalchemy.orm import lazyload

from ..assembly.models import Assembly, Presence, Proxy, Quorum, Way
from ..db import db, now
from ..editions.models import Edition
from ..i18n import names
from ..kept import Kept
from ..members.models import Member
from .checklist import members_today
from .day import Announcement, CountProgress
from .models import Election, Envelope

KEPT_FOR = 1.5  # seconds
RESYNC = 30  # seconds after which who asked before is told anew how many are left


class NoSuchYear(LookupError):
    """There is no edition of that year."""


class Attendance(NamedTuple):
    """Who takes part, and whether they are enough: `counted` of those `needed`, 0 where no quorum is asked."""

    hall: int = 0
    remote: int = 0
    proxies: int = 0
    votes: int = 0  # who voted without checking in
    counted: int = 0
    needed: int = 0


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
    attendance: Attendance | None

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
        return there is None or there.counted >= there.needed

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
    there = attendance(assembly, election) if assembly else None
    if election is None:
        return Day(None, None, 0, None, None, None, 0, there)
    opened, envelopes, told = _progress(election.id)
    is_paused = election.state == "open" and election.paused_at is not None
    return Day(
        "paused" if is_paused else election.state,
        election.roll_size,
        _voted(election),
        election.closes_at,
        opened,
        envelopes,
        told or 0,
        there,
    )


def _voted(election: Election) -> int:
    """How many have voted."""
    return db.session.scalar(select(func.count()).where(Envelope.election_id == election.id)) or 0


def _progress(election_id: int) -> Any:
    """How far the opening of the box is, and the last announcement."""
    last = select(func.max(Announcement.id)).where(Announcement.election_id == election_id)
    mine = CountProgress.election_id == election_id
    opened, envelopes = (select(column).where(mine) for column in (CountProgress.opened, CountProgress.envelopes))
    return db.session.execute(select(*(one.scalar_subquery() for one in (opened, envelopes, last)))).one()


# --- Attendance -------------------------------------------------------------------------------------


def attendance(assembly: Assembly, election: Election | None) -> Attendance:
    """Who takes part in an assembly, in three queries."""
    here = (Presence.assembly_id == assembly.id, Presence.left_at.is_(None))
    ways = db.session.execute(select(Presence.way, func.count()).where(*here).group_by(Presence.way)).all()
    numbers = {way: count for way, count in ways}  # noqa: C416  (rows, which dict() has no type for)
    hall, remote = numbers.get(Way.HALL, 0), numbers.get(Way.REMOTE, 0)
    standing = (Proxy.assembly_id == assembly.id, Proxy.accepted_at.is_not(None), Proxy.ended_at.is_(None))
    proxies = db.session.scalar(select(func.count()).where(*standing)) or 0
    votes = _voted_elsewhere(assembly, election) if election and election.opened_at else 0
    counted = hall
    counted += remote if assembly.counts_remote else 0
    counted += proxies if assembly.counts_proxies else 0
    counted += votes if assembly.counts_votes else 0
    return Attendance(hall, remote, proxies, votes, counted, _needed(assembly, election))


def basis(assembly: Assembly) -> str:
    """Who counts for the quorum, in a sentence."""
    counts = [_("members in the hall")]
    counts += [_("members who take part from elsewhere")] if assembly.counts_remote else []
    counts += [_("proxies")] if assembly.counts_proxies else []
    counts += [_("members who voted before")] if assembly.counts_votes else []
    return _("Counted are: %(who)s.", who=names(counts))


def _voted_elsewhere(assembly: Assembly, election: Election) -> int:
    """How many voted without checking in and without a proxy: they count once."""
    present = and_(
        Presence.member_id == Envelope.member_id, Presence.assembly_id == assembly.id, Presence.left_at.is_(None)
    )
    rows = select(func.count()).select_from(Envelope).outerjoin(Presence, present)
    alone = (Envelope.election_id == election.id, Presence.member_id.is_(None), Envelope.by_proxy.is_(False))
    return db.session.scalar(rows.where(*alone)) or 0


def _needed(assembly: Assembly, election: Election | None) -> int:
    """How many must take part; 0 where nothing is asked."""
    if assembly.quorum == Quorum.NONE:
        return 0
    if assembly.quorum == Quorum.NUMBER:
        return assembly.quorum_value
    roll = election.roll_size if election else None
    if roll is None:
        roll = db.session.scalar(members_today(select(func.count(Member.id)))) or 0
    return ceil(roll * assembly.quorum_value / 100)
