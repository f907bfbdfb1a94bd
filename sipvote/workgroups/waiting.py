"""Waiting lists: who is next, in the order that the edition's rule says. Computed, never stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Row, select
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.models import Edition, SignUpWay, WaitingOrder
from ..voting import lot
from .models import Signup, Workgroup
from .seats import ahead
from .wish_models import Assignment

Waiting = Row[int, int, int, datetime, int]  # sign-up, group, member, signed up at, edition
Key = tuple[bool, str, datetime, int]  # what sorts a waiting list: the smallest is first


def moves(group: Workgroup) -> bool:
    """Say whether a place that becomes free is offered to the next on the list.

    Until the second meeting begins; after that only when a facilitator opened the group for late joiners. There
    must be a meeting to come.
    """
    if group.cancelled_at or not ahead(group):
        return False
    return group.late_opened_at is not None or sum(m.starts_at <= now() for m in group.meetings) < 2


def queues(groups: Iterable[Workgroup]) -> dict[int, list[int]]:
    """The ids of the sign-ups that wait, in order, for each group by its id; in three queries at most."""
    editions = {g.edition_id: g.edition for g in groups}
    waiting = (
        select(Signup.id, Signup.workgroup_id, Signup.member_id, Signup.signed_up_at, Workgroup.edition_id)
        .join(Signup.workgroup)
        .where(Signup.workgroup_id.in_([g.id for g in groups]), Signup.seat.is_(None), Signup.withdrawn_at.is_(None))
    )
    rows = db.session.execute(waiting).all()
    keys = _Keys(editions.values(), rows)
    found: dict[int, list[int]] = {g.id: [] for g in groups}
    for row in sorted(rows, key=keys.of):
        found[row[1]].append(row[0])
    return found


class _Keys:
    """What sorts waiting lists of some editions, read once for all of them."""

    def __init__(self, editions: Iterable[Edition], rows: Sequence[Waiting]) -> None:
        self.order = {e.id: e.waiting_order for e in editions}
        by_lot = [id for id, order in self.order.items() if order == WaitingOrder.LOT]
        drawn = select(Assignment).where(Assignment.edition_id.in_(by_lot), Assignment.draw.is_not(None))
        self.drawn = {a.edition_id: a for a in db.session.scalars(drawn)} if by_lot and rows else {}
        by_group = [id for id, order in self.order.items() if order == WaitingOrder.WITHOUT_GROUP]
        seated = select(Workgroup.edition_id, Signup.member_id).join(Signup.workgroup)
        seated = seated.where(Workgroup.edition_id.in_(by_group), Workgroup.cancelled_at.is_(None))
        seated = seated.where(Signup.seat.is_not(None), Signup.confirm_by.is_(None))
        seated = seated.where(Signup.member_id.in_([row[2] for row in rows]))
        self.seated = {(e, m) for e, m in db.session.execute(seated)} if by_group and rows else set()

    def of(self, row: Waiting) -> Key:
        """Who has a group already comes later; who was in the draw comes first, by their mark; then by time."""
        signup_id, _group_id, member_id, at, edition_id = row
        has_group = (edition_id, member_id) in self.seated
        assignment = self.drawn.get(edition_id)
        if assignment is None:
            return has_group, "", at, signup_id
        told = assignment.told_at or assignment.drawn_at
        if told is not None and at > told:  # joined, or came back, after the draw
            return True, "", at, signup_id
        return False, lot.mark(assignment.wishes_hash, str(assignment.draw), member_id), at, signup_id


def first(group: Workgroup, count: int) -> list[Signup]:
    """The first on the waiting list, as they are now."""
    ids = queues([group])[group.id][:count]
    found = select(Signup).where(Signup.id.in_(ids)).execution_options(populate_existing=True)
    return sorted(db.session.scalars(found), key=lambda s: ids.index(s.id))


def waiting_list(group: Workgroup) -> Sequence[Signup]:
    """Who waits for a place, in order."""
    ids = {id: n for n, id in enumerate(queues([group])[group.id])}
    found = select(Signup).where(Signup.id.in_(ids)).options(selectinload(Signup.member))
    return sorted(db.session.scalars(found), key=lambda s: ids[s.id])


def position(signup: Signup) -> int | None:
    """The place on the waiting list, from 1; None for whoever does not wait."""
    if not signup.is_waiting:
        return None
    queue = queues([signup.workgroup])[signup.workgroup_id]
    return 1 + queue.index(signup.id) if signup.id in queue else None


def explain(edition: Edition) -> str:
    """The order of the waiting lists of an edition, in a sentence or two.

    Those whom wishes put on a list are there since one moment, in the order of the lot: so it decides by any rule.
    """
    by_wishes = edition.sign_up_way == SignUpWay.WISHES
    if by_wishes and edition.waiting_order == WaitingOrder.WITHOUT_GROUP:
        return _("Who has no group yet goes first.") + " " + _lot_then_time()
    if edition.waiting_order == WaitingOrder.WITHOUT_GROUP:
        return _("Who has no group yet goes first, then who signed up first.")
    if by_wishes or edition.waiting_order == WaitingOrder.LOT:
        return _lot_then_time()
    return _("Who signed up first goes first.")


def _lot_then_time() -> str:
    return _("The public lot of the groups decides who goes first; who joined later follows by time.")
