"""The dates that a member is asked about: the slots of all groups they wish, each with what they should know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..assembly.models import Assembly
from ..i18n import ZONE
from . import free_days, rules, slots
from .engagements import Engagement
from .models import Mode
from .slot_marks import assemblies_between, meet
from .wish_models import Candidate, Coming, Slot, WishList
from .wished import standing_groups


@dataclass(frozen=True)
class Asked:
    """One slot: for which wishes it counts, how one could come, what is known about it, and what was ticked."""

    slot: Slot
    ranks: list[int]
    ways: list[Coming]
    free: list[free_days.FreeDay]
    busy: list[Engagement]  # in the member's other groups, also those that they lead
    assembly: Assembly | None
    way: Coming | None

    @property
    def month(self) -> str:
        """'2026-11', to put dates of a month together."""
        return f"{self.slot.starts_at.astimezone(ZONE):%Y-%m}"


def asked_of(wishes: WishList) -> list[Asked]:
    """The slots of the groups on a list, in order of time; a fixed number of queries."""
    group_of = {w.workgroup_id: w for w in wishes.wishes}
    candidates = slots.candidates_of(standing_groups(wishes))
    if not candidates:
        return []
    of_slot: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        of_slot.setdefault(candidate.slot_id, []).append(candidate)
    ticked = {a.slot_id: a.way for a in wishes.availability}
    meetings = [e for e in rules.other_meetings(wishes.member_id, None) if e.workgroup is not None]
    held = assemblies_between(candidates[0].slot.starts_at, max(c.slot.ends_at for c in candidates))
    return [
        _asked(wishes, found, [group_of[c.workgroup_id].rank for c in found], ticked, meetings, held)
        for found in of_slot.values()
    ]


def _asked(
    wishes: WishList,
    found: Sequence[Candidate],
    ranks: list[int],
    ticked: Mapping[int, Coming],
    meetings: Sequence[Engagement],
    held: Sequence[Assembly],
) -> Asked:
    slot = found[0].slot
    cities = [city for w in wishes.wishes if w.rank in ranks for city in w.workgroup.cities]
    calendars = free_days.calendars_of([*cities, wishes.member.city])
    modes: set[Mode] = set().union(*(slots.modes_of(c) for c in found))
    return Asked(
        slot=slot,
        ranks=sorted(ranks),
        ways=slots.ways_for(modes),
        free=free_days.free_days(slot.starts_at.astimezone(ZONE).date(), calendars),
        busy=[m for m in meetings if meet(m, slot)],
        assembly=next((a for a in held if meet(a, slot)), None),
        way=ticked.get(slot.id),
    )


def same_for_all(asked: Sequence[Asked], way: Coming | None) -> dict[int, Coming]:
    """The same answer for every slot; where it cannot be given, or the member is elsewhere, what was ticked stays."""
    could = {}
    for each in asked:
        fitting = way if way in each.ways else Coming.ONLINE if way == Coming.EITHER and each.ways else None
        answer = each.way if each.busy or (way is not None and fitting is None) else fitting
        if answer is not None:
            could[each.slot.id] = answer
    return could
