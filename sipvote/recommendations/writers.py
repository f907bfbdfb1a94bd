"""Who writes a draft: the people in its groups. Facilitators and secretaries, and organisers, decide about it.

Inside a group are its facilitators and the members with a place; whoever only waits is not.
"""

from dataclasses import dataclass

from sqlalchemy import select

from ..db import db
from ..members.models import Member
from ..workgroups.models import Signup, Workgroup, workgroup_facilitator, workgroup_secretary
from .models import Draft


@dataclass(frozen=True)
class Writer:
    """Somebody who opens a draft: ids of the groups they are in, and of those that they lead or are secretary of."""

    member_id: int | None = None
    inside: frozenset[int] = frozenset()
    leading: frozenset[int] = frozenset()
    organises: bool = False

    def is_in(self, draft: Draft) -> bool:
        """Whether they write this draft."""
        return self.group_in(draft) is not None

    def leads(self, draft: Draft) -> bool:
        """Whether they publish, join, reorder, withdraw: as facilitator, secretary or organiser."""
        return self.organises or any(g.id in self.leading for g in draft.groups)

    def decides_for(self, group: Workgroup) -> bool:
        """The same about one of the groups."""
        return self.organises or group.id in self.leading

    def group_in(self, draft: Draft) -> Workgroup | None:
        """The group in whose name they write."""
        return next((g for g in draft.groups if g.id in self.inside), None)

    def sees(self, draft: Draft) -> bool:
        """A draft is public once it is published; before that it is for its groups and the organisers."""
        return draft.published_at is not None or self.organises or self.is_in(draft)


def known(member_id: int | None, organises: bool = False) -> Writer:
    """A member as they stand in all groups; None is a stranger. One query each for places and for facilitators."""
    if member_id is None:
        return Writer()
    placed = (
        select(Signup.workgroup_id, workgroup_secretary.c.member_id)
        .outerjoin(workgroup_secretary, workgroup_secretary.c.workgroup_id == Signup.workgroup_id)
        .where(Signup.member_id == member_id, Signup.seat.is_not(None), Signup.confirm_by.is_(None))
    )
    places = {row.workgroup_id: row.member_id for row in db.session.execute(placed)}
    led = select(workgroup_facilitator.c.workgroup_id).where(workgroup_facilitator.c.member_id == member_id)
    leading = set(db.session.scalars(led))
    secretary_of = {group_id for group_id, secretary in places.items() if secretary == member_id}
    return Writer(member_id, frozenset(places) | leading, frozenset(leading | secretary_of), organises)


def heads_of(group: Workgroup) -> list[Member]:
    """Those who decide for a group: its facilitators, and its secretary."""
    return [*group.facilitators, *([group.secretary] if group.secretary else [])]
