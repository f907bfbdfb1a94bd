"""Telling everybody their group: once, for all, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import joinedload, selectinload

from .. import audit, mail
from ..db import Base, db, now
from ..editions.models import Edition
from ..errors import Refused
from . import choosing, letters, merging, offers, placing, pledges, reasons, ways
from .assignment import TooFew
from .models import Mode, Signup, Workgroup
from .placing import Outcome, Person
from .reasons import Came, Line
from .wish_models import Assignment, Wish, WishList

CONFIRM = "workgroups.confirm"  # the page to which the letter leads


def why_not_tell(edition: Edition) -> str | None:
    """The sentence why nobody can be told their group now, or None."""
    if why := choosing.why_not_by_wishes(edition):
        return why
    frozen = ways.assignment_of(edition)
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
        {"list_id": p.pledge.list_id, "group_id": p.group_id, "reason": reasons.written(p)} for p in people
    ]  # fmt: skip
    if told:
        # Not by the ORM, which sends an UPDATE for each row.
        table = Base.metadata.tables[WishList.__tablename__]
        once = update(table).where(table.c.id == bindparam("list_id")).values(given_id=bindparam("group_id"))
        db.session.connection().execute(once.values(why=bindparam("reason")), told)
    rows = _rows(edition, found, people, moment)
    if rows:
        db.session.execute(insert(Signup), rows)
    for group in found.book.open_groups:
        offers.keep_no_longer(group)
        if group.mode == Mode.ONLINE:
            group.venue = ""


def _rows(edition: Edition, found: Outcome, people: Sequence[Person], moment: datetime) -> list[dict[str, object]]:
    """The sign-ups to insert. Whoever stands in a group already stays as they are."""
    signups = db.session.scalars(select(Signup).join(Signup.workgroup).where(Workgroup.edition_id == edition.id)).all()
    known = {(s.workgroup_id, s.member_id): s for s in signups}
    seats = {g.id: _free(g, signups) for g in found.book.open_groups}
    stated = select(WishList.id, WishList.access_needs).where(WishList.edition_id == edition.id)
    needs = {id: text for id, text in db.session.execute(stated)}  # noqa: C416
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


# --- Letters --------------------------------------------------------------------------------------------


def _write_letters(edition: Edition, found: Outcome, until: datetime) -> None:
    """A letter to everybody whose list counted, and to those who were to lead a group that is not held."""
    by_id = {w.id: w for w in lists_of(edition)}
    told = [by_id[person.pledge.list_id] for person in found.people]
    mail.queue_many([_written(wish_list, until) for wish_list in told if wish_list.member.email])
    mail.wake_after_commit()
    for group in merging.closed(found.book):
        letters.cancelled(group, letters.People(list(group.facilitators), set(), set(), set()))


def _written(wish_list: WishList, until: datetime) -> dict[str, Any]:
    """What somebody is told, as a row of the outbox."""
    came = came_of(wish_list)
    why = reasons.why_none(came, wish_list.why or "")
    facts: dict[str, Any] = {"edition": wish_list.edition, "why": why}
    facts["came"] = [c for c in came if c.what not in ("given", "lower")]
    if wish_list.given is not None:
        rank = next(c.rank for c in came if c.what == "given")
        facts |= {"group": wish_list.given, "rank": rank, "confirm": CONFIRM, "confirm_by": until}
        return mail.row_of("group_given", wish_list.member, **facts)
    waiting = [c.into or c.group for c in came if c.what == "none"]
    return mail.row_of("no_group_yet", wish_list.member, waiting=waiting, **facts)


# --- What was told ----------------------------------------------------------------------------------------


def lists_of(edition: Edition, member_id: int | None = None) -> Sequence[WishList]:
    """The lists that count, with wishes and members; of one member, when asked."""
    loaded = selectinload(WishList.wishes).joinedload(Wish.workgroup), joinedload(WishList.member)
    found = select(WishList).where(pledges.counting(edition)).order_by(WishList.member_id)
    if member_id is not None:
        found = found.where(WishList.member_id == member_id)
    return db.session.scalars(found.options(*loaded).execution_options(populate_existing=True)).all()


def came_of(wish_list: WishList) -> list[Came]:
    """What came of each wish of somebody who was told."""
    return reasons.of([w.workgroup for w in wish_list.wishes], wish_list.given, wish_list.why or "")


def lines(found: Outcome) -> list[Line]:
    """The outcome as a list, before it is told."""
    groups = found.book.groups
    told = []
    for person in found.people:
        given = None if person.group_id is None else groups[person.group_id]
        wishes = [groups[id] for id in person.pledge.wishes]
        came = reasons.of(wishes, given, reasons.written(person))
        profile, language, _country = person.pledge.traits
        facts = person.pledge.number, person.pledge.name, language, profile
        told.append(Line(*facts, wishes, given, person.rank, _better(came)))
    return told


def told(edition: Edition) -> list[Line]:
    """The list of who was told what."""
    found = []
    for each in lists_of(edition):
        if each.why is not None:
            came, member = came_of(each), each.member
            rank = next((c.rank for c in came if c.what == "given"), None)
            facts = member.number, member.name, member.language, str(member.profile)
            found.append(Line(*facts, [w.workgroup for w in each.wishes], each.given, rank, _better(came)))
    return found


@dataclass(frozen=True)
class Wished:
    """How much a group was wished: how many lists have it first, or at all, and how many people were given it."""

    first: int
    lists: int
    given: int


def wished(groups: Sequence[Workgroup]) -> dict[int, Wished]:
    """Numbers for a member who did not get a place. Wishes for groups merged into one of them are among them."""
    ids = [g.id for g in groups]
    of = {id: id for id in ids}
    merged = select(Workgroup.id, Workgroup.merged_into_id).where(Workgroup.merged_into_id.in_(ids))
    of |= {id: into for id, into in db.session.execute(merged) if into is not None}
    first, lists = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
    ranks = select(Wish.workgroup_id, Wish.rank, func.count()).join(Wish.wish_list).where(Wish.workgroup_id.in_(of))
    counts = ranks.where(WishList.why.is_not(None)).group_by(Wish.workgroup_id, Wish.rank)
    for id, rank, count in db.session.execute(counts):
        lists[of[id]] += count
        first[of[id]] += count if rank == 1 else 0
    placed = select(WishList.given_id, func.count()).where(WishList.given_id.in_(ids)).group_by(WishList.given_id)
    given = {id: count for id, count in db.session.execute(placed)}  # noqa: C416
    return {id: Wished(first[id], lists[id], given.get(id, 0)) for id in ids}


def _better(came: Iterable[Came]) -> list[LazyString]:
    return [c.words for c in came if c.what not in ("given", "lower")]
