"""Who was there: the convocation, the attendance list, and how many there were at a moment. For the minutes."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ..audit import Entry
from ..db import db, now
from ..i18n import alphabetical
from ..mail import Letter, has_key
from ..members.models import Member
from .models import Assembly, Mailing, Presence, Proxy, Way
from .rules import name_of


@dataclass(frozen=True)
class Person:
    """A member, as the attendance list names them."""

    name: str
    number: str


@dataclass(frozen=True)
class Attendee:
    """Somebody who took part, and for whom else; `left_at` is None for who stayed until the end."""

    person: Person
    way: Way
    arrived_at: datetime
    left_at: datetime | None
    holds: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Headcount:
    """How many were there at a moment."""

    at: datetime
    hall: int
    remote: int

    @property
    def together(self) -> int:
        return self.hall + self.remote


@dataclass(frozen=True)
class Convocation:
    """The letter that called the members: when it went, and to how many."""

    begun_at: datetime
    ended_at: datetime | None
    sent: int
    failed: int
    without_address: int


Headcounts = tuple[Headcount, Headcount, Headcount | None]


def convocation(assembly: Assembly) -> Convocation | None:
    """What became of the convocation; None when it was not sent from here."""
    wanted = select(Mailing).where(Mailing.edition_id == assembly.edition_id, Mailing.kind == "convocation")
    mailing = db.session.scalar(wanted)
    if mailing is None or mailing.begun_at is None:
        return None
    # Its letters are named so: "convocation 3 1200", with the ids of the mailing and of the member.
    letters = select(func.count(Letter.sent_at), func.count(Letter.failed_at)).where(
        has_key(f"{mailing.kind} {mailing.id} ")
    )
    sent, failed = db.session.execute(letters).one()
    without = int((mailing.facts or {}).get("without_address", 0))
    return Convocation(mailing.begun_at, mailing.ended_at, sent, failed, without)


def attendees(assembly: Assembly) -> list[Attendee]:
    """Everybody who took part, by name, with those whose proxy they hold."""
    rows = select(Presence.member_id, Member.name, Member.number, Presence.way, Presence.arrived_at, Presence.left_at)
    rows = rows.join(Member, Member.id == Presence.member_id).where(Presence.assembly_id == assembly.id)
    held = select(Proxy.holder_id, Member.name, Member.number).join(Member, Member.id == Proxy.giver_id)
    held = held.where(Proxy.assembly_id == assembly.id, Proxy.accepted_at.is_not(None), Proxy.ended_at.is_(None))
    givers: dict[int, list[Person]] = {}
    for holder, name, number in db.session.execute(held):
        givers.setdefault(holder, []).append(Person(name, number))
    found = [
        Attendee(Person(name, number), way, came, left, tuple(sorted(givers.get(member, []), key=_by_name)))
        for member, name, number, way, came, left in db.session.execute(rows)
    ]
    return sorted(found, key=lambda attendee: _by_name(attendee.person))


def _by_name(person: Person) -> tuple[str, str]:
    return alphabetical(person.name), person.number


# --- How many at a moment ---------------------------------------------------------------------------


def counted_at(assembly: Assembly, act: str) -> dict[str, int] | None:
    """What was counted when the assembly was opened ("open") or closed ("close"), as the audit log keeps it."""
    wanted = select(Entry.facts).where(Entry.act == f"{act} assembly", Entry.subject == name_of(assembly))
    facts = db.session.scalar(wanted.order_by(Entry.id.desc()).limit(1))
    return facts if facts and "hall" in facts else None


def headcounts(assembly: Assembly, there: Sequence[Attendee]) -> Headcounts | None:
    """How many there were at the opening, at the most, and at the closing; None before the opening.

    Who left and came back stands in the list once, from their coming back: so what was counted at the opening and
    at the closing is taken from there, and the most is at least as many.
    """
    if assembly.opened_at is None:
        return None
    ways = {way: [a for a in there if a.way == way] for way in Way}
    came = {way: sorted(a.arrived_at for a in ways[way]) for way in Way}
    left = {way: sorted(a.left_at for a in ways[way] if a.left_at) for way in Way}

    def at(moment: datetime, act: str = "") -> Headcount:
        if act and (counted := counted_at(assembly, act)):
            return Headcount(moment, counted["hall"], counted["remote"])
        hall, remote = (bisect_right(came[w], moment) - bisect_right(left[w], moment) for w in (Way.HALL, Way.REMOTE))
        return Headcount(moment, hall, remote)

    end = assembly.closed_at or now()
    first, last = at(assembly.opened_at, "open"), at(end, "close") if assembly.closed_at else None
    # There are never more than when somebody has just come in.
    arrivals = sorted(a.arrived_at for a in there if assembly.opened_at < a.arrived_at <= end)
    moments = [first, *map(at, arrivals), *([last] if last else [])]
    return first, max(moments, key=lambda count: count.together), last
