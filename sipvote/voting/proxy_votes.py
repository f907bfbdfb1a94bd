"""Voting for somebody else: which ballots a member has under proxies, and when they may be cast.

The proxies themselves are given and ended in the assembly's room. The box takes a holder's ballot only while the
proxy stands, and never in place of the giver's own (box.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from ..assembly import proxies
from ..assembly import rules as assemblies
from ..assembly.models import Assembly, Proxy
from ..assembly.proxies import Vote
from ..db import db, look, now
from ..editions.models import Edition
from ..errors import Refused
from ..members.models import Member
from . import box, rules
from .box import HASH_DIGITS, Standing
from .models import Election, Elector, Envelope
from .papers import Paper
from .seal import Choices


class Mandate(NamedTuple):
    """A proxy as its holder's ballot needs it."""

    proxy_id: int
    giver_id: int
    giver: str
    holder_id: int
    accepted_at: datetime | None
    ended_at: datetime | None
    ended_why: str | None

    def covers(self, moment: datetime | None) -> bool:
        """Whether a vote of this moment was cast under this proxy."""
        if moment is None or self.accepted_at is None:
            return False
        return self.accepted_at <= moment and (self.ended_at is None or moment <= self.ended_at)


_Giver = aliased(Member)
_MANDATE = select(
    Proxy.id, Proxy.giver_id, _Giver.name, Proxy.holder_id, Proxy.accepted_at, Proxy.ended_at, Proxy.ended_why
).join(_Giver, _Giver.id == Proxy.giver_id)


def mandate(year: int, proxy_id: int, holder_id: int) -> Mandate | None:
    """A proxy that a member holds or held in a year; on a connection of its own, because a vote may follow."""
    of_year = _MANDATE.join(Assembly, Assembly.id == Proxy.assembly_id).join(Edition, Edition.id == Assembly.edition_id)
    with look() as connection:
        mine = of_year.where(Edition.year == year, Proxy.id == proxy_id, Proxy.holder_id == holder_id)
        found = connection.execute(mine).first()
    return Mandate(*found) if found else None


# --- Casting ----------------------------------------------------------------------------------------


def why_not_vote(election: Election | None, standing: Standing, proxy: Mandate, how: box.Cast) -> str | None:
    """Why the holder cannot vote for the giver now, or None. `standing` is the giver's."""
    return _why_not_now(election, proxy.holder_id, how) or _why_not_for(standing, proxy)


def _why_not_now(election: Election | None, holder_id: int, how: box.Cast) -> str | None:
    """What holds for every ballot: the hours of the vote, and where one votes from."""
    return rules.why_not_vote(election, Standing(on_roll=True), how, holder_id)


def _why_not_for(standing: Standing, proxy: Mandate) -> str | None:
    name = proxy.giver
    if standing.on_paper:
        return _("%(name)s took a ballot on paper. That is the vote of %(name)s.", name=name)
    if why := _why_not_proxy(proxy):
        return why
    if not standing.on_roll:
        return _("%(name)s is not on the electoral roll of this vote.", name=name)
    if standing.cast_at and not standing.by_proxy:
        return _("%(name)s has voted. That vote counts, and you need not vote for %(name)s.", name=name)
    if standing.changes >= box.CHANGES_AT_MOST:
        return _("The vote of %(name)s was changed %(n)d times. The last one counts.", name=name, n=box.CHANGES_AT_MOST)
    return None


def _why_not_proxy(proxy: Mandate) -> str | None:
    if proxy.ended_why == "present":
        return _("%(name)s is at the assembly and votes there. You can no longer vote for %(name)s.", name=proxy.giver)
    if proxy.ended_why == "withdrawn":
        return _("%(name)s took the proxy back. You can no longer vote for %(name)s.", name=proxy.giver)
    if proxy.ended_at:
        return _("The proxy of %(name)s has ended. You can no longer vote for %(name)s.", name=proxy.giver)
    if proxy.accepted_at is None:
        return _("Accept the proxy of %(name)s first.", name=proxy.giver)
    return None


def cast(paper: Paper, proxy: Mandate, choices: Choices, how: box.Cast) -> str:
    """Vote for the giver of a proxy, or vote anew. Gives the tracker; raises Refused. See rules.cast."""
    if why := paper.why_not(choices):
        raise Refused(why)
    if why := rules.why_not_from_here(paper.election_id, paper.hall_only, how, proxy.holder_id):
        raise Refused(why)
    tracker = box.cast(paper, proxy.giver_id, choices, how)
    if tracker is None:
        election = db.session.get(Election, paper.election_id)
        found = mandate(paper.year, proxy.proxy_id, proxy.holder_id) or proxy
        why = why_not_vote(election, box.standing(paper.election_id, proxy.giver_id), found, how)
        raise Refused(why or _("The ballot has changed. Open it again."))
    return tracker


# --- What is known about such votes -----------------------------------------------------------------


@dataclass(frozen=True)
class Ballot:
    """A ballot that a member has for somebody else: whose, when it was cast, and why it cannot be cast now."""

    proxy: Mandate
    cast_at: datetime | None
    why_not: str | None

    @property
    def is_waiting(self) -> bool:
        return self.cast_at is None and self.why_not is None


_BALLOTS = (
    _MANDATE.join(Assembly, Assembly.id == Proxy.assembly_id)
    .outerjoin(Elector, (Elector.election_id == bindparam("election")) & (Elector.member_id == Proxy.giver_id))
    .outerjoin(Envelope, (Envelope.election_id == Elector.election_id) & (Envelope.member_id == Elector.member_id))
    .add_columns(Elector.member_id, Envelope.cast_at, Envelope.former, Envelope.by_proxy, Elector.paper_at)
    .where(
        Assembly.edition_id == bindparam("edition"), Proxy.holder_id == bindparam("holder"),
        Proxy.accepted_at.is_not(None), Proxy.ended_at.is_(None),
    )
    .order_by(Proxy.id)
)  # fmt: skip


def ballots(election: Election | None, edition: Edition, holder_id: int, how: box.Cast) -> list[Ballot]:
    """The ballots that a member has for others under standing proxies, in the order in which they were given."""
    facts = {"election": election.id if election else 0, "edition": edition.id, "holder": holder_id}
    rows = db.session.execute(_BALLOTS, facts)
    why_not = _why_not_now(election, holder_id, how)
    return [_ballot(why_not, row) for row in rows]


def waiting(election: Election, holder_id: int, how: box.Cast) -> list[Ballot]:
    """The ballots for others that a member can still send and has not sent yet."""
    return [b for b in ballots(election, election.edition, holder_id, how) if b.is_waiting]


def _ballot(why_not: str | None, row: Any) -> Ballot:
    proxy, (on_roll, cast_at, former, by_proxy, paper_at) = Mandate(*row[:7]), row[7:]
    standing = Standing(
        on_roll=on_roll is not None, cast_at=cast_at, changes=len(former or "") // HASH_DIGITS,
        by_proxy=bool(by_proxy), on_paper=paper_at is not None,
    )  # fmt: skip
    shown = cast_at if by_proxy and proxy.covers(cast_at) else None
    return Ballot(proxy, shown, why_not or _why_not_for(standing, proxy))


def who_voted_for(giver_id: int, edition: Edition, cast_at: datetime) -> str | None:
    """The name of who held a member's proxy at the moment when a vote was cast under it."""
    holders = select(Member.name, Proxy).join(Proxy, Proxy.holder_id == Member.id)
    held = holders.join(Assembly, Assembly.id == Proxy.assembly_id).where(
        Assembly.edition_id == edition.id, Proxy.giver_id == giver_id, Proxy.accepted_at <= cast_at
    )
    found = db.session.execute(held.order_by(Proxy.accepted_at.desc())).first()
    return found[0] if found else None


@dataclass(frozen=True)
class Mine:
    """What concerns one member: the proxy they gave, those offered to them, and their ballots for others."""

    assembly: Assembly | None = None
    given: Proxy | None = None  # the last one, whatever became of it
    offered: tuple[Proxy, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    voted_by: str | None = None  # who voted for this member, when that is the vote in the box
    over: bool = False  # nobody votes any more

    @property
    def may_exist(self) -> bool:
        """Whether the assembly knows proxies at all."""
        return self.assembly is not None and self.assembly.proxies_per_holder > 0

    @property
    def waiting(self) -> list[Ballot]:
        """The ballots for others that can be sent and are not."""
        return [ballot for ballot in self.ballots if ballot.is_waiting]

    @property
    def live(self) -> Proxy | None:
        """The proxy that this member has given, while it has not ended."""
        return self.given if self.given and not self.given.ended_at else None


def mine(edition: Edition, election: Election | None, member_id: int, standing: Standing, how: box.Cast) -> Mine:
    """Everything about proxies that one member's pages tell. `standing` is their own, `how` the way they vote."""
    assembly = assemblies.of_edition(edition)
    if assembly is None or assembly.proxies_per_holder == 0:
        return Mine(assembly)
    received = proxies.received(assembly, member_id)
    by_proxy = standing.cast_at if standing.by_proxy else None
    return Mine(
        assembly, proxies.given(assembly, member_id),
        tuple(p for p in received if p.accepted_at is None),
        tuple(ballots(election, edition, member_id, how)) if any(p.accepted_at for p in received) else (),
        who_voted_for(member_id, edition, by_proxy) if by_proxy else None,
        closed_at(edition, election) is not None,
    )  # fmt: skip


def of_stranger(edition: Edition, election: Election | None) -> Mine:
    """What somebody sees who is not signed in: whether there can be proxies."""
    return Mine(assemblies.of_edition(edition), over=closed_at(edition, election) is not None)


def closed_at(edition: Edition, election: Election | None) -> datetime | None:
    """Since when nobody votes any more, by hand or by the clock; None while that is to come. No rehearsal ends it."""
    if election and election.is_rehearsal:
        election = None
    if election and election.closed_at:
        return election.closed_at
    closes_at = election.closes_at if election else edition.count_at
    return closes_at if now() >= closes_at else None


def vote_of(edition: Edition, member_id: int) -> Vote:
    """What the rules about proxies must know of the vote, and of whether this member has voted themselves."""
    election = rules.of_edition(edition)
    if election and election.is_rehearsal:
        election = None  # proxies are for the real vote
    closed = closed_at(edition, election)
    if election is None or election.frozen_at is None:
        return Vote(closed)
    own = box.standing(election.id, member_id)
    return Vote(closed, own.on_paper or (own.tracker is not None and not own.by_proxy))
