"""A date that moves: what it will ask of everyone, shown before it is saved; then everybody is asked again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from .. import audit
from ..db import db, now
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import ZONE, moment
from ..members.models import Member
from . import coming, engagements, forming, free_days, letters, seats
from .engagements import Engagement, Kind
from .models import Meeting, Mode, Signup, Workgroup
from .wish_models import Availability, Candidate, Coming, Slot, Wish, WishList

FITTING = {
    Mode.ON_SITE: {Coming.ON_SITE, Coming.EITHER},
    Mode.ONLINE: {Coming.ONLINE, Coming.EITHER},
    Mode.HYBRID: set(Coming),
}  # the ways of coming that suit a group that meets in this mode


class Reply(StrEnum):
    """What is known of somebody at a new date."""

    CANNOT = "cannot"  # said so when wishing
    BUSY = "busy"  # another group, or a duty
    CAN = "can"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Span:
    """When a meeting would be."""

    starts_at: datetime
    ends_at: datetime


@dataclass
class Consequence:
    """What a new date asks of the people in a group."""

    span: Span
    is_assembly: bool = False  # the general assembly meets then
    free: list[str] = field(default_factory=list)  # public and school holidays on that day, where the group is
    people: dict[Reply, list[Member]] = field(default_factory=lambda: {word: [] for word in Reply})


# --- Before it is saved -----------------------------------------------------------------------------


def consequences(group: Workgroup, spans: Sequence[Span]) -> list[Consequence]:
    """Who could come on each new date, as far as is known; in as many queries for one as for many people."""
    people = _people(group)
    ids = [p.id for p in people]
    elsewhere = engagements.of_people(ids, group.id)
    wishes = _Wishes(group, ids)
    found = []
    for span in spans:
        consequence = Consequence(span, free=_free(group, span))
        for person in people:
            there = [e for e in elsewhere[person.id] if engagements.overlap(span, e)]
            consequence.is_assembly |= any(e.kind == Kind.ASSEMBLY for e in there)
            consequence.people[_reply(there, wishes.said(person.id, span))].append(person)
        found.append(consequence)
    return found


def _free(group: Workgroup, span: Span) -> list[str]:
    calendars = free_days.calendars_of(group.cities)
    return [str(day) for day in free_days.free_days(span.starts_at.astimezone(ZONE).date(), calendars)]


def _people(group: Workgroup) -> list[Member]:
    """Whoever has a place or an offer, and the facilitators, by name."""
    seated = select(Signup).where(Signup.workgroup_id == group.id, Signup.seat.is_not(None))
    signups = db.session.scalars(seated.options(selectinload(Signup.member)))
    people = {m.id: m for m in [*group.facilitators, *(s.member for s in signups)]}
    return sorted(people.values(), key=lambda m: (m.name, m.id))


def _reply(there: Sequence[Engagement], said: bool | None) -> Reply:
    if any(e.is_binding or e.kind == Kind.OFFERED for e in there):
        return Reply.BUSY
    if said is None:
        return Reply.UNKNOWN
    return Reply.CAN if said else Reply.CANNOT


class _Wishes:
    """What members said of the slots of their edition when they wished."""

    def __init__(self, group: Workgroup, member_ids: Sequence[int]) -> None:
        self.ways = FITTING[group.mode]
        mine = WishList.edition_id == group.edition_id, WishList.member_id.in_(member_ids)
        slots = db.session.scalars(select(Slot).where(Slot.edition_id == group.edition_id))
        self.slots = {slot.id: slot for slot in slots}
        asked = select(WishList.member_id, Candidate.slot_id).select_from(WishList).join(Wish)
        asked = asked.join(Candidate, Candidate.workgroup_id == Wish.workgroup_id).where(*mine)
        ticked = select(WishList.member_id, Availability.slot_id, Availability.way).join(WishList.availability)
        self.asked: set[tuple[int, int]] = {(m, s) for m, s in db.session.execute(asked)} if self.slots else set()
        rows = db.session.execute(ticked.where(*mine)) if self.slots else ()
        self.ticked = {(member, slot): way for member, slot, way in rows}

    def said(self, member_id: int, span: Span) -> bool | None:
        """Whether somebody said that they could come in the way that fits; None when they were never asked."""
        covering = [s.id for s in self.slots.values() if s.starts_at <= span.starts_at and span.ends_at <= s.ends_at]
        if any(self.ticked.get((member_id, slot)) in self.ways for slot in covering):
            return True
        return False if any((member_id, slot) in self.asked for slot in covering) else None


def why_not_move(group: Workgroup, meeting: Meeting, start: datetime) -> str | None:
    """The sentence why a meeting cannot begin at another moment, or None."""
    if group.cancelled_at:
        return _("This group was cancelled.")
    if why := why_not_now(group.edition, "form_groups"):
        return why
    if meeting.starts_at <= now():
        return _("This meeting has begun, so it cannot be moved.")
    if start == meeting.starts_at:
        return _("The meeting begins at that moment already. Choose another date.")
    span = new_span(meeting, start)
    if why := forming.why_not_date(group.edition, span.starts_at, span.ends_at):
        return why
    own = [m for m in group.meetings if m is not meeting and engagements.overlap(m, span)]
    if own:
        return _("The group meets at %(moment)s already. Choose another date.", moment=moment(own[0].starts_at))
    return forming.why_not_led(group.facilitators, [Meeting(starts_at=span.starts_at, ends_at=span.ends_at)], group)


def new_span(meeting: Meeting, start: datetime) -> Span:
    """The meeting at another moment, as long as it was."""
    return Span(start, start + (meeting.ends_at - meeting.starts_at))


def new_spans(group: Workgroup, spans: Sequence[tuple[datetime, datetime]]) -> list[Span]:
    """Those of the planned times at which the group does not meet yet: everybody will be asked about them."""
    known = {(m.starts_at, m.ends_at) for m in group.meetings}
    return [Span(start, end) for start, end in spans if (start, end) not in known]


# --- Saving it --------------------------------------------------------------------------------------


def move(group: Workgroup, meeting: Meeting, start: datetime, by: int | None) -> letters.Move:
    """Give one meeting another date, and ask everybody again. Raises Refused."""
    forming.lock_people(group.facilitators)
    seats.lock(None, group)
    db.session.refresh(meeting)
    if why := why_not_move(group, meeting, start):
        raise Refused(why)
    moved = letters.Move(meeting, meeting.starts_at, meeting.ends_at)
    span = new_span(meeting, start)
    meeting.starts_at, meeting.ends_at = span.starts_at, span.ends_at
    meeting.sequence += 1
    db.session.flush()
    db.session.refresh(group, ["meetings"])
    people = letters.concerned(group)
    coming.ask_again(group, [meeting])
    letters.changed(group, people, [moved], place_changed=False)
    facts = {"from": moved.old_start.isoformat(), "to": meeting.starts_at.isoformat()}
    audit.record("move meeting", f"workgroup {group.id}", by, **facts)
    return moved
