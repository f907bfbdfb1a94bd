"""Groups that too few people could join: merging them, letting them meet in another way, closing them, and undoing it.

All of it can be undone until everybody is told their group. Wishes are never rewritten: a wish for a merged group
counts for the other one because the group says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from .. import audit
from ..db import db, now
from ..errors import Refused
from . import choosing, rules, ways
from .models import Mode, Workgroup
from .placing import Outcome
from .pledges import Book
from .wish_models import Candidate, Slot


@dataclass(frozen=True)
class Target:
    """Another group of the same theme, how many of those who wish the small one could come to it, and its places."""

    group: Workgroup
    could_come: int
    places: int


@dataclass(frozen=True)
class Proposal:
    """What could be done with a group below its minimum.

    `more_online` is None when it cannot meet online, or does already; then it may be that it could meet `on_site`.
    """

    group: Workgroup
    wishing: int
    could_come: int
    given: int | None  # None before the lot is drawn
    targets: Sequence[Target]
    more_online: int | None
    on_site: bool = False


def proposals(book: Book, outcome: Outcome | None) -> list[Proposal]:
    """For each group that misses its minimum; before the draw, for each that surely will."""
    could = {g.id: sum(book.suits(p, g) for p in book.wishing(g)) for g in book.open_groups}
    if outcome is None:
        small = [g for g in book.open_groups if could[g.id] < g.minimum]
    else:
        small = [g for g in book.open_groups if g in outcome.below or not g.meetings]
    ways = _ways(small)
    return [_proposal(book, outcome, g, could[g.id], ways.get(g.id, set())) for g in choosing.in_order(small)]


def _proposal(book: Book, outcome: Outcome | None, group: Workgroup, could_come: int, ways: set[Mode]) -> Proposal:
    people = book.wishing(group)
    others = [g for g in book.open_groups if g.theme_id == group.theme_id and g is not group and g.meetings]
    targets = [Target(g, sum(book.suits(p, g) for p in people), g.places) for g in choosing.in_order(others)]
    targets.sort(key=lambda target: -target.could_come)
    online = sum(book.suits(p, group, Mode.ONLINE) for p in people) - could_come if Mode.ONLINE in ways else None
    given = len(outcome.given(group)) if outcome else None
    if group.mode == Mode.ONLINE:
        return Proposal(group, len(people), could_come, given, targets, None, on_site=Mode.ON_SITE in ways)
    return Proposal(group, len(people), could_come, given, targets, online)


def _ways(groups: Sequence[Workgroup]) -> dict[int, set[Mode]]:
    """The modes in which all meetings of a group could be held, by group id: its slots say so."""
    found = (
        select(Candidate.workgroup_id, Slot.starts_at, Slot.ends_at, Candidate.modes)
        .join(Candidate.slot)
        .where(Candidate.workgroup_id.in_([g.id for g in groups]))
    )
    modes = {(id, start, end): set(map(Mode, words.split())) for id, start, end, words in db.session.execute(found)}
    return {
        g.id: set.intersection(*(modes.get((g.id, m.starts_at, m.ends_at), set()) for m in g.meetings))
        for g in groups
        if g.meetings
    }


def other_ways(book: Book, group: Workgroup) -> dict[Mode, int]:
    """The other ways in which a group could meet on its dates, each with how many of those who wish it could come."""
    held = set(Mode) if group.cities else {Mode.ONLINE}
    possible = _ways([group]).get(group.id, set()) & held - {group.mode}
    return {mode: sum(book.suits(p, group, mode) for p in book.wishing(group)) for mode in Mode if mode in possible}


def closed(book: Book) -> list[Workgroup]:
    """The groups that were closed or merged since the wishes were frozen."""
    frozen = ways.assignment_of(book.edition)
    since = frozen.frozen_at if frozen else now()
    return choosing.in_order(g for g in book.groups.values() if g.cancelled_at is not None and g.cancelled_at >= since)


# --- Why not ------------------------------------------------------------------------------------------


def why_not_mend(group: Workgroup) -> str | None:
    """The sentence why a group cannot be merged, moved or closed now, or None."""
    if group.cancelled_at:
        return _("This group was cancelled.")
    return _why_not_now(group)


def _why_not_now(group: Workgroup) -> str | None:
    if why := choosing.why_not_by_wishes(group.edition):
        return why
    return None if ways.assignment_of(group.edition) else _("Freeze the wishes first.")


def _why_not_merge(group: Workgroup, target: Workgroup) -> str | None:
    if target.id == group.id or target.edition_id != group.edition_id or target.theme_id != group.theme_id:
        return _("Choose another group of the same theme.")
    if target.cancelled_at:
        return _("“%(group)s” was cancelled. Choose another group.", group=target)
    return None if target.meetings else _("“%(group)s” has no dates yet. Choose them first.", group=target)


# --- Acts ---------------------------------------------------------------------------------------------


def merge(group: Workgroup, target: Workgroup, by: int | None) -> None:
    """Let the wishes for one group count for another. Raises Refused."""
    for each in sorted((group, target), key=lambda g: g.id):
        rules.lock(None, each)
    if why := why_not_mend(group) or _why_not_merge(group, target):
        raise Refused(why)
    group.merged_into_id, group.cancelled_at = target.id, now()
    audit.record("merge group", f"workgroup {group.id}", by, into=target.id, theme=str(group.theme))


def meet(group: Workgroup, mode: Mode, by: int | None) -> None:
    """Let a group meet in another way, on the same dates. Raises Refused."""
    rules.lock(None, group)
    if why := why_not_mend(group):
        raise Refused(why)
    if mode not in _ways([group]).get(group.id, set()) or (mode != Mode.ONLINE and not group.cities):
        raise Refused(_("Not all dates of this group can be held in this way. Choose other dates first."))
    before, group.mode = group.mode, mode
    audit.record("change way of meeting", f"workgroup {group.id}", by, before=str(before), mode=str(mode))


def close(group: Workgroup, by: int | None) -> None:
    """Do not hold a group. Its people's other wishes count. Raises Refused."""
    rules.lock(None, group)
    if why := why_not_mend(group):
        raise Refused(why)
    group.cancelled_at = now()
    audit.record("close group", f"workgroup {group.id}", by, theme=str(group.theme))


def reopen(group: Workgroup, by: int | None) -> None:
    """Undo that a group was merged or closed. Raises Refused."""
    rules.lock(None, group)
    if group.cancelled_at is None:
        raise Refused(_("This group is open."))
    if why := _why_not_now(group):
        raise Refused(why)
    group.merged_into_id, group.cancelled_at = None, None
    audit.record("reopen group", f"workgroup {group.id}", by, theme=str(group.theme))
