"""Proxies: a member lets another vote for them, with a ballot of its own.

A proxy is offered by its giver, stands once its holder accepts it, and ends when one of them, the desk or the giver's
own presence ends it. That the giver votes is no end that is written down: the giver's own vote simply wins.
A vote that a holder has cast stays in the box when the proxy ends; the giver's own vote replaces it.
"""

from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select
from sqlalchemy.orm import joinedload

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import ZONE, alphabetical, moment
from ..members.models import Member
from . import proxy_letters as letters
from .models import Assembly, Presence, Proxy

LIVE = Proxy.ended_at.is_(None)
HELD = LIVE & Proxy.accepted_at.is_not(None)


class Vote(NamedTuple):
    """What these rules must know of the vote, whose room stands to the right: since when it is over, and whether the
    giver has voted themselves."""

    closed_at: datetime | None = None
    has_voted: bool = False


# --- Finding ----------------------------------------------------------------------------------------


def given(assembly: Assembly, member_id: int) -> Proxy | None:
    """The last proxy that a member has given, whatever became of it."""
    mine = _with_people(assembly).where(Proxy.giver_id == member_id)
    return db.session.scalar(mine.order_by(LIVE.desc(), Proxy.id.desc()).limit(1))


def received(assembly: Assembly, member_id: int) -> list[Proxy]:
    """The live proxies that a member holds or was offered, in the order in which they were given."""
    mine = _with_people(assembly).where(Proxy.holder_id == member_id, LIVE)
    return list(db.session.scalars(mine.order_by(Proxy.id)))


_CONCERN = select(
    exists().where(
        Proxy.assembly_id == bindparam("assembly"), LIVE,
        or_(Proxy.giver_id == bindparam("member"), Proxy.holder_id == bindparam("member")),
    )
)  # fmt: skip


def concern(assembly: Assembly, member_id: int) -> bool:
    """Whether a member has given a proxy that has not ended, or one is offered to them, or they hold one."""
    if assembly.proxies_per_holder == 0:
        return False
    return bool(db.session.scalar(_CONCERN, {"assembly": assembly.id, "member": member_id}))


def all_of(member_id: int) -> list[Proxy]:
    """Every proxy that a member ever gave or was given, the newest first."""
    mine = select(Proxy).options(*_PEOPLE, joinedload(Proxy.assembly).joinedload(Assembly.edition))
    either = or_(Proxy.giver_id == member_id, Proxy.holder_id == member_id)
    return list(db.session.scalars(mine.where(either).order_by(Proxy.id.desc())))


_PEOPLE = joinedload(Proxy.giver), joinedload(Proxy.holder)


def _with_people(assembly: Assembly) -> Select[Proxy]:
    return select(Proxy).where(Proxy.assembly_id == assembly.id).options(*_PEOPLE)


def member_of(number: str, name: str) -> Member:
    """The member with this number and this name. Both must fit, so that nobody walks through the numbers to names.

    Raises Refused. The order of the words, capitals and accents do not matter.
    """
    found = _of_number(number)
    if found is None or _words(found.name) != _words(name):
        raise Refused(
            _("We know no member with this number and this name. Ask the other member for both, and type them again.")
        )
    return found


def _of_number(number: str) -> Member | None:
    # No number holds a NUL byte, which PostgreSQL would not even look for.
    return db.session.scalar(select(Member).where(Member.number == number.strip().replace("\0", "?")))


def _words(name: str) -> list[str]:
    return sorted(alphabetical(name).replace("-", " ").replace("’", "'").split())


def member_at_desk(number: str) -> Member:
    """The member with this number, for the desk, which may see names. Raises Refused."""
    if found := _of_number(number):
        return found
    raise Refused(_("There is no member with the number %(number)s.", number=number.strip()[:20]))


# --- May it be? A sentence is said to the member it is about (`you`), or about them to somebody else. ---


def why_no_proxies(assembly: Assembly | None, vote: Vote) -> str | None:
    """Why nobody can give, accept or end a proxy now, or None."""
    if assembly is None or assembly.proxies_per_holder == 0:
        return _("At this assembly nobody can vote for somebody else.")
    closed_at = vote.closed_at or assembly.closed_at
    if closed_at:
        return _("The vote is closed since %(moment)s. Proxies no longer change.", moment=moment(closed_at))
    return None


def why_not_give(assembly: Assembly | None, giver: Member, vote: Vote, you: bool = True) -> str | None:
    """Why this member cannot give a proxy now, or None."""
    if assembly is None or (why := why_no_proxies(assembly, vote)):
        return why if assembly else why_no_proxies(None, vote)
    if there := _live(assembly, Proxy.giver_id == giver.id):
        return _(
            "%(giver)s has already given a proxy to %(holder)s. It must be taken back first.",
            giver=giver.name, holder=there.holder.name,
        )  # fmt: skip
    return _why_not_absent(assembly, giver, vote, you)


def _why_not_absent(assembly: Assembly, giver: Member, vote: Vote, you: bool) -> str | None:
    """Why nobody can vote for this member, or None."""
    name = giver.name
    if why := _why_not_a_member(assembly, giver, you):
        return why
    if vote.has_voted:
        mine, theirs = (
            _("You have voted. So you need no proxy."),
            _("%(name)s has voted, and needs no proxy.", name=name),
        )
    elif _is_present(assembly, giver.id):
        mine = _("You are checked in at the assembly. So you vote yourself.")
        theirs = _("%(name)s is checked in at the assembly, and votes there.", name=name)
    elif _live(assembly, Proxy.holder_id == giver.id, Proxy.accepted_at.is_not(None)):
        mine = _("You vote for somebody else. So you cannot give your own vote away. Give their proxy back first.")
        theirs = _("%(name)s votes for somebody else, and cannot give their own vote away.", name=name)
    else:
        return None
    return mine if you else theirs


def _why_not_a_member(assembly: Assembly, member: Member, you: bool) -> str | None:
    if member.is_member_on(assembly.starts_at.astimezone(ZONE).date()):
        return None
    mine = _("You are not a member on the day of the assembly.")
    return mine if you else _("%(name)s is not a member on the day of the assembly.", name=member.name)


def why_not_hold(assembly: Assembly, giver: Member, holder: Member, you: bool = False) -> str | None:
    """Why this member cannot hold the giver's proxy, or None."""
    if holder.id == giver.id:
        return _("A proxy goes to somebody else. Type the number and name of another member.")
    name, most = holder.name, assembly.proxies_per_holder
    if why := _why_not_a_member(assembly, holder, you):
        return why
    if _live(assembly, Proxy.giver_id == holder.id):
        mine = _("You have given your own vote away. Take it back first, if you want to vote for others.")
        theirs = _("%(name)s has given their own vote away, and cannot vote for others.", name=name)
    elif _free_place(assembly, holder.id) is None:
        mine = ngettext(
            "You hold %(num)d proxy. More are not allowed.", "You hold %(num)d proxies. More are not allowed.", most
        )
        theirs = ngettext(
            "%(name)s holds %(num)d proxy already. More are not allowed.",
            "%(name)s holds %(num)d proxies already. More are not allowed.",
            most, name=name,
        )  # fmt: skip
    else:
        return None
    return mine if you else theirs


def why_not_accept(proxy: Proxy, vote: Vote) -> str | None:
    """Why a proxy that was offered cannot be accepted now, or None; said to its holder."""
    if why := why_not_end(proxy, vote):
        return why
    if proxy.accepted_at:
        return _("You have accepted this proxy already.")
    assembly, giver = proxy.assembly, proxy.giver
    return _why_not_absent(assembly, giver, vote, False) or why_not_hold(assembly, giver, proxy.holder, True)


def why_not_end(proxy: Proxy, vote: Vote) -> str | None:
    """Why a proxy cannot be taken back, declined or given back now, or None."""
    if proxy.ended_at:
        return _("This proxy has ended on %(moment)s.", moment=moment(proxy.ended_at))
    return why_no_proxies(proxy.assembly, vote)


def _live(assembly: Assembly, *where: ColumnElement[bool]) -> Proxy | None:
    found = _with_people(assembly).where(LIVE, *where).order_by(Proxy.id).limit(1)
    return db.session.scalar(found.execution_options(populate_existing=True))


def _is_present(assembly: Assembly, member_id: int) -> bool:
    here = select(Presence.member_id).where(
        Presence.assembly_id == assembly.id, Presence.member_id == member_id, Presence.left_at.is_(None)
    )
    return db.session.scalar(here) is not None


def _free_place(assembly: Assembly, holder_id: int) -> int | None:
    """The lowest place that a holder has left, or None."""
    held = select(Proxy.place).where(Proxy.assembly_id == assembly.id, Proxy.holder_id == holder_id, HELD)
    taken = set(db.session.scalars(held))
    return next((place for place in range(1, assembly.proxies_per_holder + 1) if place not in taken), None)


# --- Giving, accepting, ending ----------------------------------------------------------------------


def _hold(*member_ids: int) -> None:
    """Keep others from changing the proxies of these members until the commit: so no chain comes about in a race.

    Behind it the table's constraints see to it that nobody gives two proxies or holds too many.
    """
    held = select(Member.id).where(Member.id.in_(member_ids)).order_by(Member.id)
    db.session.execute(held.with_for_update(key_share=True)).all()


def give(assembly: Assembly | None, giver: Member, holder: Member, vote: Vote) -> Proxy:
    """Offer one's proxy to another member, who gets a mail. Raises Refused."""
    proxy = _new(assembly, giver, holder, vote, you=True)
    letters.offered(proxy)
    return proxy


def enter(assembly: Assembly | None, giver: Member, holder: Member, vote: Vote, by: int) -> Proxy:
    """Enter a proxy on paper at the desk: it stands at once, and both get a mail. Raises Refused."""
    proxy = _new(assembly, giver, holder, vote, you=False)
    proxy.entered_by_id = by
    _take_place(proxy)
    audit.record("enter proxy", _name(proxy), by, **_numbers(proxy))
    letters.entered(proxy)
    return proxy


def _new(assembly: Assembly | None, giver: Member, holder: Member, vote: Vote, you: bool) -> Proxy:
    _hold(giver.id, holder.id)
    why = why_not_give(assembly, giver, vote, you) or (assembly and why_not_hold(assembly, giver, holder))
    if why or assembly is None:
        raise Refused(why)
    proxy = Proxy(assembly=assembly, giver=giver, holder=holder, given_at=now())
    db.session.add(proxy)
    db.session.flush()
    return proxy


def accept(proxy: Proxy, vote: Vote) -> None:
    """Accept a proxy: from now on its holder has a ballot for the giver. Raises Refused."""
    _hold(proxy.giver_id, proxy.holder_id)
    db.session.refresh(proxy)
    if why := why_not_accept(proxy, vote):
        raise Refused(why)
    _take_place(proxy)
    letters.accepted(proxy)


def _take_place(proxy: Proxy) -> None:
    proxy.accepted_at, proxy.place = now(), _free_place(proxy.assembly, proxy.holder_id)
    db.session.flush()


def decline(proxy: Proxy, vote: Vote) -> None:
    """The holder will not vote for the giver, or no longer: gives the proxy back. Raises Refused."""
    _hold(proxy.giver_id)
    db.session.refresh(proxy)
    _end(proxy, "returned" if proxy.accepted_at else "declined", vote)
    if proxy.ended_why == "returned":
        letters.ended(proxy, proxy.giver)
    else:
        letters.declined(proxy)


def take_back(proxy: Proxy, vote: Vote) -> None:
    """The giver takes the proxy back. Raises Refused."""
    _end(proxy, "withdrawn", vote)
    letters.ended(proxy, proxy.holder)


def end_at_desk(proxy: Proxy, reason: str, vote: Vote, by: int) -> None:
    """The desk ends a proxy, for a reason that both are told. Raises Refused."""
    _end(proxy, "desk", vote)
    audit.record("end proxy", _name(proxy), by, reason=reason, **_numbers(proxy))
    letters.ended(proxy, proxy.giver, reason)
    letters.ended(proxy, proxy.holder, reason)


def end_for(assembly: Assembly, member_id: int, why: str = "present") -> Proxy | None:
    """End the proxy that a member has given, if there is one, because they are there; its holder gets a mail.

    Who is giving one at this very moment is waited for, or waits, and then reads that they are there.
    """
    _hold(member_id)
    proxy = _live(assembly, Proxy.giver_id == member_id)
    if proxy is not None:
        _end(proxy, why, None)
        letters.ended(proxy, proxy.holder)
    return proxy


def _end(proxy: Proxy, why: str, vote: Vote | None) -> None:
    _hold(proxy.giver_id)  # who accepts it holds the giver too
    db.session.refresh(proxy)
    if vote is not None and (refusal := why_not_end(proxy, vote)):
        raise Refused(refusal)
    if proxy.ended_at is None:
        proxy.ended_at, proxy.ended_why = now(), why
    db.session.flush()


def _name(proxy: Proxy) -> str:
    return f"proxy {proxy.id}"


def _numbers(proxy: Proxy) -> dict[str, str]:
    return {"giver": proxy.giver.number, "holder": proxy.holder.number}
