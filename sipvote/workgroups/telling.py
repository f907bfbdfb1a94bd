"""Telling everybody their group: once, for all, in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import insert, select, update
from sqlalchemy.orm import joinedload, selectinload

from .. import audit, mail
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..members.models import Member
from . import choosing, letters, merging, placing, reasons
from .assignment import TooFew
from .models import Mode, Signup, Workgroup
from .placing import Outcome, Person
from .wish_models import Assignment, Wish, WishList

CONFIRM = "workgroups.show"  # the page to which the letter leads, on which a member confirms all dates


def why_not_tell(edition: Edition) -> str | None:
    """The sentence why nobody can be told their group now, or None."""
    if why := choosing.why_not_by_wishes(edition):
        return why
    frozen = placing.assignment_of(edition)
    if frozen is None or frozen.draw is None:
        return _("Draw the lot first.")
    return None


def tell(edition: Edition, seal: str, keep: bool, by: int | None) -> Outcome:
    """Give out the places and write to everybody. `seal` is that of the outcome that was looked at. Raises Refused.

    1 take the right to tell, which is there once; 2 lock the groups; 3 compute, and compare with what was looked at;
    4 sign-ups with seats to confirm, and on waiting lists, in the order of the lot; 5 letters.
    """
    if why := why_not_tell(edition):
        raise Refused(why)
    moment = now()
    _take_right(edition, moment)
    locked = select(Workgroup.id).where(Workgroup.edition_id == edition.id).order_by(Workgroup.id)
    db.session.execute(locked.with_for_update(key_share=True))
    db.session.expire_all()
    if not placing.is_unchanged(edition):
        raise Refused(_("The wishes are not the ones that were frozen, so nobody can be told."))
    found = _outcome(edition, keep)
    if found.seal != seal:
        raise Refused(_("The outcome changed since you looked at it. Look at it again."))
    _give(edition, found, moment)
    _write_letters(edition, found, moment + timedelta(days=edition.confirm_days))
    facts = {"placed": found.placed, "of": len(found.people), "keep_minimum": keep, "outcome": seal}
    audit.record("tell groups", f"edition {edition.year}", by, **facts)
    return found


def _take_right(edition: Edition, moment: datetime) -> None:
    """Compare and set: of two presses, one does it and the other is too late."""
    once = update(Assignment).where(
        Assignment.edition_id == edition.id, Assignment.told_at.is_(None), Assignment.draw.is_not(None)
    )
    if not db.session.scalars(once.values(told_at=moment).returning(Assignment.edition_id)).all():
        raise Refused(_("Everybody has been told already."))


def _outcome(edition: Edition, keep: bool) -> Outcome:
    try:
        return placing.outcome(edition, keep)
    except TooFew:
        raise Refused(_("The outcome changed since you looked at it. Look at it again.")) from None


# --- Places ---------------------------------------------------------------------------------------------


def _give(edition: Edition, found: Outcome, moment: datetime) -> None:
    """Sign-ups, and what each list keeps. Seats and waiting lists are numbered in the order of the lot."""
    frozen = db.session.get_one(Assignment, edition.id)
    people = sorted(found.people, key=lambda p: placing.mark(frozen, p.pledge.member_id))
    told = [
        {"id": p.pledge.list_id, "given_id": p.group_id, "why": reasons.written(p)} for p in people
    ]  # fmt: skip
    if told:
        db.session.execute(update(WishList), told)
    rows = _rows(edition, found, people, moment)
    if rows:
        db.session.execute(insert(Signup), rows)
    for group in found.book.open_groups:
        if group.mode == Mode.ONLINE:
            group.venue = ""


def _rows(edition: Edition, found: Outcome, people: Sequence[Person], moment: datetime) -> list[dict[str, object]]:
    """The sign-ups to insert. Whoever stands in a group already stays as they are."""
    signups = db.session.scalars(select(Signup).join(Signup.workgroup).where(Workgroup.edition_id == edition.id)).all()
    known = {(s.workgroup_id, s.member_id): s for s in signups}
    seats = {g.id: _free(g, signups) for g in found.book.open_groups}
    needs = dict(db.session.execute(select(WishList.id, WishList.access_needs).where(_of(edition))).tuples())
    until = moment + timedelta(days=edition.confirm_days)
    rows: list[dict[str, object]] = []
    for person in people:
        for id in [person.group_id] if person.group_id is not None else person.possible:
            before = known.get((id, person.pledge.member_id))
            if before is not None and before.withdrawn_at is None:
                continue
            seat = {"seat": seats[id].pop(0), "seated_at": moment, "confirm_by": until} if person.group_id else {}
            values = {"seat": None, "seated_at": None, "confirm_by": None, "withdrawn_at": None, **seat}
            values |= {"signed_up_at": moment, "access_needs": needs[person.pledge.list_id]}
            if before is None:
                rows.append({"workgroup_id": id, "member_id": person.pledge.member_id, **values})
            else:
                for name, value in values.items():
                    setattr(before, name, value)
    return rows


def _free(group: Workgroup, signups: Iterable[Signup]) -> list[int]:
    taken = {s.seat for s in signups if s.workgroup_id == group.id}
    return [seat for seat in range(1, group.places + 1) if seat not in taken]


def _of(edition: Edition) -> object:
    return WishList.edition_id == edition.id


# --- Letters --------------------------------------------------------------------------------------------


def _write_letters(edition: Edition, found: Outcome, until: datetime) -> None:
    """A letter to everybody whose list counted, and to those who were to lead a group that is not held."""
    ids = [p.pledge.list_id for p in found.people]
    loaded = selectinload(WishList.wishes).joinedload(Wish.workgroup), joinedload(WishList.member)
    lists = select(WishList).where(WishList.edition_id == edition.id, WishList.pledged_at.is_not(None))
    told = {w.id: w for w in db.session.scalars(lists.options(*loaded).execution_options(populate_existing=True))}
    for id in ids:
        _write(told[id], until)
    for group in merging.closed(found.book):
        letters.cancelled(group, group.facilitators, set())


def _write(wish_list: WishList, until: datetime) -> None:
    came = came_of(wish_list)
    facts = {"edition": wish_list.edition, "came": [c for c in came if c.what not in ("given", "lower")]}
    if wish_list.given is not None:
        rank = next(c.rank for c in came if c.what == "given")
        page = {"confirm": CONFIRM, "confirm_by": until, "rank": rank}
        mail.queue("group_given", wish_list.member, group=wish_list.given, **page, **facts)
        return
    waiting = [c.into or c.group for c in came if c.what in ("full", "lot", "needed")]
    mail.queue("no_group_yet", wish_list.member, waiting=waiting, **facts)


def came_of(wish_list: WishList) -> list[reasons.Came]:
    """What came of each wish of somebody who was told."""
    return reasons.of([w.workgroup for w in wish_list.wishes], wish_list.given, wish_list.why or "")


def list_of(edition: Edition, member: Member) -> WishList | None:
    """The list of a member in an edition."""
    mine = select(WishList).where(WishList.edition_id == edition.id, WishList.member_id == member.id)
    return db.session.scalar(mine)
