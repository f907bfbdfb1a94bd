"""The minutes: what is known of an assembly and its vote, gathered once, for people to read and sign.

Only facts here, as the database holds them; minutes_text.py puts them into words. While the result is not
published there is none in them, for nobody.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from ..assembly import attendance
from ..assembly import rules as assemblies
from ..assembly.models import Assembly, Incident, Proxy
from ..assembly.quorum import Standing, standing_of
from ..db import db, now
from ..i18n import day
from . import keys, papers, result, rules, scrutineers
from .checkpoints import checkpoints, point_of
from .day import Announcement, PaperBatch
from .models import Election, Envelope
from .papers import Paper

# --- What there is to tell --------------------------------------------------------------------------


@dataclass(frozen=True)
class Proxies:
    """How many were given and accepted; `ended` says why some ended, `holders` how many members hold 1, 2, …"""

    given: int
    accepted: int
    ended: tuple[tuple[str, int], ...]
    holders: tuple[tuple[int, int], ...]
    used: int


@dataclass(frozen=True)
class Turnout:
    """Through which channel so many voted. It says nothing of what they voted."""

    remote: int
    hall: int
    proxy: int
    paper: int

    @property
    def total(self) -> int:
        return self.remote + self.hall + self.proxy + self.paper


@dataclass(frozen=True)
class Vote:
    """The vote. `outcomes` is empty until the result is published; `checkpoint` is the hash of the final one."""

    election: Election
    paper: Paper
    turnout: Turnout
    announcements: Sequence[Announcement]
    outcomes: Sequence[result.Outcome | result.Verdict]
    checkpoint: str | None
    signing_key: str

    @property
    def is_published(self) -> bool:
        return self.election.published_at is not None


@dataclass(frozen=True)
class Facts:
    """Everything that the minutes tell."""

    assembly: Assembly
    made_at: datetime
    scrutineers: tuple[str, ...]
    convocation: attendance.Convocation | None
    attendees: Sequence[attendance.Attendee]
    headcounts: attendance.Headcounts | None  # at the opening, the highest, at the closing
    proxies: Proxies
    quorum: Standing | None  # at the opening; None as long as nothing was counted
    vote: Vote | None
    incidents: Sequence[Incident]

    @property
    def is_draft(self) -> bool:
        """Whether something is still to come: the end of the assembly, or the result."""
        return self.assembly.closed_at is None or (self.vote is not None and not self.vote.is_published)


def why_not_minutes(assembly: Assembly) -> str | None:
    """Once roll and envelopes are destroyed, the numbers cannot be worked out again."""
    election = rules.of_edition(assembly.edition)
    if election is None or election.destroyed_at is None:
        return None
    on = day(election.destroyed_at, with_year=True)
    return _(
        "The roll and the envelopes were destroyed on %(day)s. The minutes are those that were printed before.", day=on
    )


def facts_of(assembly: Assembly) -> Facts:
    """Gather the minutes of an assembly, in a fixed number of queries."""
    election = rules.of_edition(assembly.edition)
    if election is not None and election.is_rehearsal:
        election = None  # whatever was tried is no vote of the assembly
    there, proxies = attendance.attendees(assembly), _proxy_rows(assembly)
    return Facts(
        assembly=assembly,
        made_at=now(),
        scrutineers=_scrutineers(election),
        convocation=attendance.convocation(assembly),
        attendees=there,
        headcounts=attendance.headcounts(assembly, there),
        proxies=_proxies(election, proxies),
        quorum=_quorum(assembly),
        vote=_vote(election) if election else None,
        incidents=assemblies.incidents(assembly),
    )


# --- The people -------------------------------------------------------------------------------------


def _scrutineers(election: Election | None) -> tuple[str, ...]:
    people = scrutineers.watching(election) if election else scrutineers.with_role()
    return tuple(scrutineers.names_of(people))


def _proxy_rows(assembly: Assembly) -> Sequence[Proxy]:
    return db.session.scalars(select(Proxy).where(Proxy.assembly_id == assembly.id)).all()


def _proxies(election: Election | None, rows: Sequence[Proxy]) -> Proxies:
    held = Counter(proxy.holder_id for proxy in rows if proxy.accepted_at and not proxy.ended_at)
    used = select(func.count()).where(Envelope.election_id == (election.id if election else None), Envelope.by_proxy)
    return Proxies(
        given=len(rows),
        accepted=sum(proxy.accepted_at is not None for proxy in rows),
        ended=tuple(sorted(Counter(proxy.ended_why for proxy in rows if proxy.ended_why).items())),
        holders=tuple(sorted(Counter(held.values()).items())),
        used=db.session.scalar(used) or 0,
    )


def _quorum(assembly: Assembly) -> Standing | None:
    """Who counted at the moment of the opening, as it was written down then."""
    found = attendance.counted_at(assembly, "open")
    if found is None:
        return None
    parts = {name: found[name] for name in ("hall", "remote", "proxies", "votes")}
    return standing_of(assembly, found["members"], **parts)


# --- The vote ---------------------------------------------------------------------------------------


def _vote(election: Election) -> Vote | None:
    paper = papers.of(election)
    if paper is None:
        return None
    told = select(Announcement).where(Announcement.election_id == election.id).order_by(Announcement.id)
    return Vote(
        election=election,
        paper=paper,
        turnout=turnout(election),
        announcements=db.session.scalars(told).all(),
        outcomes=result.outcomes(election, paper) if election.published_at else (),
        checkpoint=_final_checkpoint(election),
        signing_key=keys.public_signing_key(),
    )


def turnout(election: Election) -> Turnout:
    """How many voted through each channel; of papers those that two scrutineers agree on."""
    cast = select(Envelope.by_proxy, Envelope.in_hall, func.count()).where(Envelope.election_id == election.id)
    counts = {
        (bool(p), bool(h)): n for p, h, n in db.session.execute(cast.group_by(Envelope.by_proxy, Envelope.in_hall))
    }
    agreed = select(func.sum(PaperBatch.papers)).where(
        PaperBatch.election_id == election.id, PaperBatch.agreed_at.is_not(None)
    )
    return Turnout(
        remote=counts.get((False, False), 0),
        hall=counts.get((False, True), 0),
        proxy=counts.get((True, False), 0) + counts.get((True, True), 0),
        paper=int(db.session.scalar(agreed) or 0),
    )


def _final_checkpoint(election: Election) -> str | None:
    points = checkpoints(election) if election.closed_at else ()
    return point_of(election, points[-1]).hash() if points else None
