"""Quorum: are they enough to decide? Everybody is counted once, however they take part.

Who is in the hall counts; beside them, as the assembly's settings say, who checked in from elsewhere, who gave a proxy
to somebody who is there, and who voted without checking in. The votes belong to the next room, which hangs
its question on `voted`: this room only counts who they are from, never what they say.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, Subquery, func, select

from ..db import db, now
from ..i18n import names, number
from . import rules
from .models import Assembly, Presence, Proxy, Quorum, Way

# Gives, for an edition's id, a subquery of who voted: member_id, each once, and whether a proxy did it for them
# (by_proxy); of all members, or only among some ids. The app hangs the ballot box's own here.
voted: list[Callable[[int, Select[Any] | None], Subquery]] = []


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


class Numbers(NamedTuple):
    """How many members there are, and how many of them in which part; nobody stands in two parts."""

    members: int
    hall: int
    remote: int
    proxies: int
    votes: int


def standing(assembly: Assembly) -> Standing:
    """How things stand at this moment."""
    return standing_of(assembly, *numbers(assembly))


def lately(assembly: Assembly) -> Standing:
    """How things stood at most two seconds ago: for pages that thousands of phones ask for all the time."""
    which = assembly.id, assembly.starts_at
    kept = _lately.get(which)
    if kept is None or not timedelta() <= now() - kept[0] < LATELY:
        kept = now(), numbers(assembly)
        _lately.clear()
        _lately[which] = kept
    return standing_of(assembly, *kept[1])


LATELY = timedelta(seconds=2)
_lately: dict[tuple[int, datetime], tuple[datetime, Numbers]] = {}


def numbers(assembly: Assembly) -> Numbers:
    """Count. Four queries, however many people there are."""
    present = _there(assembly).with_only_columns(Presence.way, func.count()).group_by(Presence.way)
    ways = {way: count for way, count in db.session.execute(present)}  # noqa: C416  (rows, to the type checker)
    return Numbers(
        members=rules.members_at(assembly.starts_at),
        hall=ways.get(Way.HALL, 0),
        remote=ways.get(Way.REMOTE, 0),
        proxies=_count(_represented(assembly)) if assembly.proxies_per_holder else 0,
        votes=_only_voted(assembly),
    )


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
    stands = Proxy.assembly_id == assembly.id, Proxy.accepted_at.is_not(None), Proxy.ended_at.is_(None)
    votes = _votes(assembly, select(Proxy.giver_id).where(*stands))
    return select(Proxy.giver_id).where(
        *stands,
        Proxy.holder_id.in_(_counting(assembly)),
        Proxy.giver_id.not_in(_there(assembly)),
        Proxy.giver_id.not_in(select(votes.c.member_id).where(~votes.c.by_proxy)),
    )


def _votes(assembly: Assembly, among: Select[Any] | None) -> Subquery:
    return voted[0](assembly.edition_id, among)


def _only_voted(assembly: Assembly) -> int:
    """Who voted, or had a proxy vote for them, and is counted in no other part: all votes, less those of the others.

    So the database looks up the people of the hall among the votes, not every vote among the people.
    """
    others = [_counting(assembly), *([_represented(assembly)] if assembly.counts_proxies else [])]
    everybody, *elsewhere = (_number_of_votes(assembly, among) for among in (None, *others))
    return db.session.scalar(select(everybody - sum(elsewhere))) or 0


def _number_of_votes(assembly: Assembly, among: Select[Any] | None) -> Any:
    votes = _votes(assembly, among)
    number_of = select(func.count()).select_from(votes)
    return (number_of if assembly.counts_proxies else number_of.where(~votes.c.by_proxy)).scalar_subquery()
