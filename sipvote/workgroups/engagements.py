"""Where somebody is expected already: meetings of their groups, of groups that they lead, and assemblies.

Asked of several people at once, so that a page about a whole group costs as many queries as one about a member.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from ..assembly.models import Assembly
from ..db import db, now
from ..i18n import span
from .models import Meeting, Signup, Workgroup, workgroup_facilitator


class Kind(StrEnum):
    """Why somebody is expected there."""

    PLACE = "place"
    OFFERED = "offered"  # a place is kept for them, they have not confirmed it
    WAITING = "waiting"
    DUTY = "duty"  # they lead the group
    ASSEMBLY = "assembly"


BINDING = (Kind.PLACE, Kind.DUTY)  # what one has promised; an offer or a waiting list is given up for another place


class Spanned(Protocol):
    """Whatever has a beginning and an end."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True)
class Engagement:
    """One span of time at which somebody is expected; `workgroup` is None for an assembly."""

    kind: Kind
    starts_at: datetime
    ends_at: datetime
    workgroup: Workgroup | None = None

    @property
    def is_binding(self) -> bool:
        return self.kind in BINDING

    @property
    def label(self) -> str:
        """'your group “Guidance (Gent)”', as a sentence goes on after a date."""
        if self.workgroup is None:
            return _("the general assembly")
        said = {
            Kind.PLACE: _("your group “%(group)s”", group=self.workgroup),
            Kind.OFFERED: _("the place that is kept for you in “%(group)s”", group=self.workgroup),
            Kind.WAITING: _("the waiting list of “%(group)s”", group=self.workgroup),
            Kind.DUTY: _("the group that you lead, “%(group)s”", group=self.workgroup),
        }
        return said[self.kind]

    @property
    def when(self) -> str:
        """Its day and hours."""
        return span(self.starts_at, self.ends_at)


def of_people(member_ids: Collection[int], but_group: int | None) -> dict[int, list[Engagement]]:
    """All that is still to come for each of these people, in order of time, but for one group."""
    if not member_ids:
        return {}
    for_all = _assemblies()
    found = {id: list(for_all) for id in member_ids}
    signed = select(Signup.member_id, Signup.seat, Signup.confirm_by, Meeting).join(
        Signup, Signup.workgroup_id == Meeting.workgroup_id
    )
    signed = signed.where(Signup.member_id.in_(member_ids), Signup.withdrawn_at.is_(None))
    for member_id, seat, confirm_by, meeting in db.session.execute(_to_come(signed, but_group)):
        kind = Kind.WAITING if seat is None else Kind.PLACE if confirm_by is None else Kind.OFFERED
        found[member_id].append(_of_meeting(kind, meeting))
    led = select(workgroup_facilitator.c.member_id, Meeting).join(
        workgroup_facilitator, workgroup_facilitator.c.workgroup_id == Meeting.workgroup_id
    )
    led = led.where(workgroup_facilitator.c.member_id.in_(member_ids))
    for member_id, meeting in db.session.execute(_to_come(led, but_group)):
        found[member_id].append(_of_meeting(Kind.DUTY, meeting))
    return {id: sorted(theirs, key=lambda e: e.starts_at) for id, theirs in found.items()}


def _to_come(which: Select, but_group: int | None) -> Select:
    standing = which.join(Meeting.workgroup).where(Workgroup.cancelled_at.is_(None), Meeting.ends_at > now())
    if but_group is not None:
        standing = standing.where(Workgroup.id != but_group)
    return standing.options(selectinload(Meeting.workgroup).selectinload(Workgroup.theme))


def _of_meeting(kind: Kind, meeting: Meeting) -> Engagement:
    return Engagement(kind, meeting.starts_at, meeting.ends_at, meeting.workgroup)


def _assemblies() -> list[Engagement]:
    to_come = select(Assembly).where(Assembly.ends_at > now(), Assembly.closed_at.is_(None))
    return [Engagement(Kind.ASSEMBLY, a.starts_at, a.ends_at) for a in db.session.scalars(to_come)]


def of(member_id: int, but_group: int | None) -> list[Engagement]:
    """All that is still to come for one member, but for one group."""
    return of_people([member_id], but_group)[member_id]


def overlap(this: Spanned, that: Spanned) -> bool:
    """Say whether one person could not be at both."""
    return this.starts_at < that.ends_at and that.starts_at < this.ends_at


def clashes(meetings: Iterable[Meeting], others: Sequence[Engagement]) -> list[tuple[Meeting, Engagement]]:
    """Every meeting to come at the hour of something else, each with that."""
    moment = now()
    return [(m, e) for m in meetings if m.ends_at > moment for e in others if overlap(m, e)]


def why_clash(found: Sequence[tuple[Meeting, Engagement]]) -> str:
    """The sentence about dates that clash: the first with what is there, and how many more; pages list them all."""
    this, that = found[0]
    facts = {"group": this.workgroup, "date": span(this.starts_at, this.ends_at), "other": that.label}
    why = _(
        "You cannot be in two places at once. “%(group)s” meets on %(date)s, when there is also %(other)s.", **facts
    )
    if more := len(found) - 1:
        why += " " + ngettext("%(num)d more date is the same.", "%(num)d more dates are the same.", more)
    if that.kind == Kind.WAITING:
        why += " " + _("Leave that waiting list first.")
    elif that.kind == Kind.OFFERED:
        why += " " + _("Give that place up first.")
    return why
