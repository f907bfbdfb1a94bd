"""Candidate slots: times that are proposed for a group, of which its dates are chosen once members have wished.

A slot belongs to the edition, so that who wishes two groups says of a time once whether they could come. All
changes of a group's slots lock the group first, so that there are never more of them than can be planned exactly.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import ZONE, moment
from . import rules, ways
from .models import Mode, Workgroup
from .wish_models import Availability, Candidate, Coming, Slot, Wish, WishList

MOST = 40  # planning is exact up to there
MODES = tuple(Mode)  # in the order in which they are stored


@dataclass(frozen=True)
class Pattern:
    """The same hour of the same weekday, every so many weeks."""

    weekday: int  # 0 is Monday
    at: time
    first: date
    last: date
    weeks: int


def starts_of(pattern: Pattern) -> list[datetime]:
    """The beginnings that a pattern means, at the same hour on the clock in summer and winter; 60 at most."""
    day = pattern.first + timedelta(days=(pattern.weekday - pattern.first.weekday()) % 7)
    starts: list[datetime] = []
    while day <= pattern.last and len(starts) < MOST * 3 // 2:
        starts.append(datetime.combine(day, pattern.at, ZONE))
        day += timedelta(weeks=pattern.weeks)
    return starts


def modes_of(candidate: Candidate) -> frozenset[Mode]:
    """The modes in which the group could meet then."""
    return frozenset(Mode(word) for word in candidate.modes.split())


def modes_for(group: Workgroup) -> tuple[Mode, ...]:
    """The modes that a slot of the group may have: without a city it can only meet online."""
    return MODES if group.cities else (Mode.ONLINE,)


def ways_for(modes: Collection[Mode]) -> list[Coming]:
    """The ways in which somebody could come to a meeting in one of these modes."""
    found = []
    if {Mode.ON_SITE, Mode.HYBRID} & set(modes):
        found.append(Coming.ON_SITE)
    if {Mode.ONLINE, Mode.HYBRID} & set(modes):
        found.append(Coming.ONLINE)
    return [*found, Coming.EITHER] if len(found) == 2 else found


# --- Which there are --------------------------------------------------------------------------------


def candidates_of(groups: Iterable[Workgroup]) -> Sequence[Candidate]:
    """The slots that are proposed for some groups, in order of time."""
    wanted = select(Candidate).join(Candidate.slot).where(Candidate.workgroup_id.in_([g.id for g in groups]))
    return db.session.scalars(wanted.order_by(Slot.starts_at, Slot.ends_at, Candidate.workgroup_id)).all()


def counts_of(groups: Iterable[Workgroup]) -> dict[int, int]:
    """How many slots are proposed for each group, by its id."""
    ids = [g.id for g in groups]
    counted = select(Candidate.workgroup_id, func.count()).where(Candidate.workgroup_id.in_(ids))
    found = dict.fromkeys(ids, 0)
    for group_id, count in db.session.execute(counted.group_by(Candidate.workgroup_id)):
        found[group_id] = count
    return found


def others_with_slots(group: Workgroup) -> list[Workgroup]:
    """Other groups of the edition whose slots could be copied, by name."""
    proposed = select(Candidate.workgroup_id)
    others = select(Workgroup).where(
        Workgroup.edition_id == group.edition_id, Workgroup.id != group.id, Workgroup.id.in_(proposed),
        Workgroup.cancelled_at.is_(None),
    )  # fmt: skip
    return sorted(db.session.scalars(others), key=str)


def people_per_slot(group: Workgroup) -> dict[int, Counter[Coming]]:
    """How many people with standing wishes for the group ticked each slot, by the way of coming."""
    counted = (
        select(Availability.slot_id, Availability.way, func.count())
        .join(Wish, Wish.wish_list_id == Availability.wish_list_id)
        .join(WishList, WishList.id == Wish.wish_list_id)
        .where(Wish.workgroup_id == group.id, WishList.withdrawn_at.is_(None))
        .group_by(Availability.slot_id, Availability.way)
    )
    found: dict[int, Counter[Coming]] = defaultdict(Counter)
    for slot, way, people in db.session.execute(counted):
        found[slot][way] = people
    return found


def wishers(group: Workgroup) -> int:
    """How many people have promised to come to the group, if they are given it."""
    wanted = select(func.count()).select_from(Wish).join(Wish.wish_list)
    counts = WishList.pledged_at.is_not(None), WishList.withdrawn_at.is_(None)
    return db.session.scalar(wanted.where(Wish.workgroup_id == group.id, *counts)) or 0


# --- Why not ----------------------------------------------------------------------------------------


def why_not_change(group: Workgroup) -> str | None:
    """The sentence why the slots of a group cannot change, or None."""
    edition = group.edition
    if group.cancelled_at:
        return _("This group was cancelled.")
    if not ways.is_by_wishes(edition):
        return _("In this edition members sign up directly, so each group has its dates from the beginning.")
    if why := why_not_now(edition, "form_groups"):
        return why
    if group.meetings:
        return _("The dates of this group are chosen already.")
    if edition.wishes_until and edition.wishes_until <= now():
        until = moment(edition.wishes_until)
        return _("Members could wish until %(moment)s. Nobody can say any more when they can.", moment=until)
    return None


def why_not_slot(edition: Edition, start: datetime, end: datetime) -> str | None:
    """The sentence why no group can meet then, or None."""
    if start < edition.groups_at or end > edition.recommendations_at:
        window = {"first": moment(edition.groups_at), "last": moment(edition.recommendations_at)}
        return _("Workgroups meet between %(first)s and %(last)s. Choose a date in that time.", **window)
    return None


# --- Proposing, changing, removing ------------------------------------------------------------------


def propose(
    group: Workgroup, spans: Iterable[tuple[datetime, datetime]], modes: Collection[Mode], by: int | None
) -> int:
    """Add slots to a group, and say how many are new. Raises Refused; then none is added."""
    _hold(group)
    if not set(modes) & set(modes_for(group)):
        raise Refused(_("Choose how the group could meet then."))
    wanted = sorted(set(spans))
    for start, end in wanted:
        if why := why_not_slot(group.edition, start, end):
            raise Refused(why)
    there = {(c.slot.starts_at, c.slot.ends_at) for c in candidates_of([group])}
    new = [(start, end) for start, end in wanted if (start, end) not in there]
    if len(there) + len(new) > MOST:
        facts = {"most": MOST, "there": len(there), "new": len(new)}
        raise Refused(
            _("A group has at most %(most)s dates to choose from. It has %(there)s, and you add %(new)s.", **facts)
        )
    words = _words(group, modes)
    for start, end in new:
        slot = _slot(group.edition, start, end)
        db.session.add(Candidate(workgroup_id=group.id, slot=slot, modes=words, proposed_by_id=by))
    db.session.flush()
    if new:
        audit.record(
            "propose slots", f"workgroup {group.id}", by, slots=[s.isoformat() for s, _end in new], modes=words
        )
    return len(new)


def _hold(group: Workgroup) -> None:
    """Lock the group, and refuse when its slots cannot change."""
    rules.lock(None, group)
    if why := why_not_change(group):
        raise Refused(why)


def _words(group: Workgroup, modes: Collection[Mode]) -> str:
    return " ".join(mode for mode in modes_for(group) if mode in modes)


def _slot(edition: Edition, start: datetime, end: datetime) -> Slot:
    """The edition's slot at that time; when two make it at once, the constraint leaves one."""
    wanted = select(Slot).where(Slot.edition_id == edition.id, Slot.starts_at == start, Slot.ends_at == end)
    found = db.session.scalar(wanted)
    if found is not None:
        return found
    try:
        with db.session.begin_nested():
            made = Slot(edition=edition, starts_at=start, ends_at=end)
            db.session.add(made)
    except IntegrityError:
        return db.session.scalars(wanted).one()
    return made


def change_modes(group: Workgroup, slot_ids: Collection[int], modes: Collection[Mode], by: int | None) -> int:
    """Say how the group could meet in some of its slots (no room: only online). Raises Refused."""
    _hold(group)
    if not set(modes) & set(modes_for(group)):
        raise Refused(_("Choose how the group could meet then."))
    found = _chosen(group, slot_ids)
    for candidate in found:
        candidate.modes = _words(group, modes)
    times = [c.slot.starts_at.isoformat() for c in found]
    audit.record("change slots", f"workgroup {group.id}", by, slots=times, modes=_words(group, modes))
    return len(found)


def _chosen(group: Workgroup, slot_ids: Collection[int]) -> list[Candidate]:
    found = [c for c in candidates_of([group]) if c.slot_id in slot_ids]
    if not found:
        raise Refused(_("Tick the dates that you mean first."))
    return found


def ticked(group: Workgroup, slot_ids: Collection[int]) -> int:
    """How many people who wish the group said that they could come in one of these slots."""
    counted = (
        select(func.count(Availability.wish_list_id.distinct()))
        .join(Wish, Wish.wish_list_id == Availability.wish_list_id)
        .join(WishList, WishList.id == Wish.wish_list_id)
        .where(Wish.workgroup_id == group.id, WishList.withdrawn_at.is_(None), Availability.slot_id.in_(slot_ids))
    )
    return db.session.scalar(counted) or 0


def remove(group: Workgroup, slot_ids: Collection[int], by: int | None, sure: bool = False) -> int:
    """Take slots away from a group. When people ticked them, only for whoever is `sure`. Raises Refused."""
    _hold(group)
    found = _chosen(group, slot_ids)
    people = ticked(group, [c.slot_id for c in found])
    if people and not sure:
        raise Refused(_why_ask(people))
    times = [c.slot.starts_at.isoformat() for c in found]
    for candidate in found:
        db.session.delete(candidate)
    db.session.flush()
    other = aliased(Candidate)
    nobodys = Slot.id.in_([c.slot_id for c in found]), ~select(other).where(other.slot_id == Slot.id).exists()
    db.session.execute(delete(Slot).where(*nobodys), execution_options={"synchronize_session": "fetch"})
    audit.record("remove slots", f"workgroup {group.id}", by, slots=times, people=people)
    return len(found)


def _why_ask(people: int) -> str:
    return ngettext(
        "%(num)d person said that they could come then. Confirm that you remove these dates.",
        "%(num)d people said that they could come then. Confirm that you remove these dates.",
        people,
    )


def copy(source: Workgroup, group: Workgroup, by: int | None) -> int:
    """Propose the slots of another group for this one too; online where it has no city. Raises Refused."""
    if source.edition_id != group.edition_id:
        raise Refused(_("Choose a group of the same year."))
    added = 0
    by_modes: dict[frozenset[Mode], list[tuple[datetime, datetime]]] = defaultdict(list)
    for candidate in candidates_of([source]):
        by_modes[modes_of(candidate)].append((candidate.slot.starts_at, candidate.slot.ends_at))
    for modes, spans in by_modes.items():
        fitting = modes & set(modes_for(group)) or set(modes_for(group))
        added += propose(group, spans, fitting, by)
    return added
