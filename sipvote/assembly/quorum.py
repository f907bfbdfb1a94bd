"""Quorum: are they enough to decide? Everybody is counted once, however they take part.

Who is in the hall counts; beside them, as the assembly's settings say, who checked in from elsewhere, who gave a proxy
to somebody who is there, and who voted without checking in. The votes belong to the next room, which hangs
its question on `voted`: this room only counts who they are from, never what they say.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, Subquery, func, select

from ..db import db
from ..i18n import names, number
from . import rules
from .models import Assembly, Presence, Proxy, Quorum, Way

# Gives, for an edition's id, a subquery of who voted: member_id, and whether a proxy did it for them (by_proxy).
# The app hangs the ballot box's own here; without one, nobody has voted.
voted: list[Callable[[int], Subquery]] = []


@dataclass(frozen=True)
class Standing:
    """How many there are, each counted in one part only, and how many are needed; `basis` says why, in sentences.

    `hall` and `remote` are who is there now, whether they count or not; `proxies` and `votes` are counted beside them.
    """

    hall: int
    remote: int
    proxies: int
    votes: int
    counted: int
    needed: int
    basis: str
    members: int  # of whom the quorum can be a share

    @property
    def parts(self) -> dict[str, int]:
        """All numbers but the sum: what is kept of the moment at which an assembly is opened and closed."""
        facts = asdict(self)
        return {name: facts[name] for name in ("hall", "remote", "proxies", "votes", "needed", "members")}

    @property
    def reached(self) -> bool:
        """Whether the assembly may decide."""
        return self.counted >= self.needed


# --- From numbers to a standing -----------------------------------------------------------------------


def needed(assembly: Assembly, members: int) -> int:
    """How many must take part, of so many members: a share is rounded up to whole people."""
    if assembly.quorum == Quorum.SHARE:
        return -(-members * assembly.quorum_value // 100)
    return assembly.quorum_value if assembly.quorum == Quorum.NUMBER else 0


def basis(assembly: Assembly, members: int) -> str:
    """What the quorum is, and who counts, in sentences."""
    count = needed(assembly, members)
    if assembly.quorum == Quorum.NONE:
        return _("There is no quorum: the assembly decides with whoever takes part.")
    if assembly.quorum == Quorum.SHARE:
        facts = {"share": assembly.quorum_value, "members": number(members), "n": number(count)}
        rule = _("The quorum is %(share)s%% of the %(members)s members: %(n)s must take part.", **facts)
    else:
        rule = ngettext("The quorum is %(n)s member.", "The quorum is %(n)s members.", count, n=number(count))
    return f"{rule} " + _("These count: %(who)s.", who=names(_who_counts(assembly)))


def _who_counts(assembly: Assembly) -> list[str]:
    parts = (
        (True, _("who is in the hall")),
        (assembly.counts_remote, _("who checked in from elsewhere")),
        (assembly.counts_proxies and assembly.proxies_per_holder > 0, _("who gave a proxy to somebody who is there")),
        (assembly.counts_votes, _("who voted without checking in")),
    )
    return [text for counts, text in parts if counts]


def standing_of(assembly: Assembly, members: int, hall: int, remote: int, proxies: int, votes: int) -> Standing:
    """The standing that follows from these numbers of people, nobody of whom stands in two of them."""
    counted = hall
    counted += remote if assembly.counts_remote else 0
    counted += proxies if assembly.counts_proxies else 0
    counted += votes if assembly.counts_votes else 0
    told = needed(assembly, members), basis(assembly, members), members
    return Standing(hall, remote, proxies, votes, counted, *told)


# --- The numbers ------------------------------------------------------------------------------------


def standing(assembly: Assembly) -> Standing:
    """How many there are at this moment. Four queries, however many people there are."""
    present = _there(assembly).with_only_columns(Presence.way, func.count()).group_by(Presence.way)
    ways = {way: count for way, count in db.session.execute(present)}  # noqa: C416  (rows, to the type checker)
    represented = _represented(assembly)
    proxies = _count(represented) if assembly.proxies_per_holder else 0
    return standing_of(
        assembly, rules.members_at(assembly.starts_at), ways.get(Way.HALL, 0), ways.get(Way.REMOTE, 0), proxies,
        _count(_only_voted(assembly, represented)) if voted else 0,
    )  # fmt: skip


def _count(rows: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _there(assembly: Assembly) -> Select[Any]:
    """Who is there now, as ids."""
    return select(Presence.member_id).where(Presence.assembly_id == assembly.id, Presence.left_at.is_(None))


def _counting(assembly: Assembly) -> Select[Any]:
    """Of them who counts: in the hall, and from elsewhere when the settings say so."""
    there = _there(assembly)
    return there if assembly.counts_remote else there.where(Presence.way == Way.HALL)


def _represented(assembly: Assembly) -> Select[Any]:
    """Givers of proxies whose holder is there and counts; not who is there themselves, nor who voted themselves."""
    givers = select(Proxy.giver_id).where(
        Proxy.assembly_id == assembly.id, Proxy.accepted_at.is_not(None), Proxy.ended_at.is_(None),
        Proxy.holder_id.in_(_counting(assembly)), Proxy.giver_id.not_in(_there(assembly)),
    )  # fmt: skip
    for votes in (question(assembly.edition_id) for question in voted):
        givers = givers.where(Proxy.giver_id.not_in(select(votes.c.member_id).where(~votes.c.by_proxy)))
    return givers


def _only_voted(assembly: Assembly, represented: Select[Any]) -> Select[Any]:
    """Who voted, or had a proxy vote for them, and is counted in no other part."""
    votes = voted[0](assembly.edition_id)
    others = select(votes.c.member_id).where(votes.c.member_id.not_in(_counting(assembly))).distinct()
    if assembly.counts_proxies:
        return others.where(votes.c.member_id.not_in(represented))
    return others.where(~votes.c.by_proxy)
