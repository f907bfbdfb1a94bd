"""What members of the demonstration wish: times to choose from, and lists that are sent or only begun.

Everybody has evenings on which they can come, and a way of coming; some single dates do not suit them. Nobody is
away on the first date of an evening, so that groups begin soon.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import insert, select

from ..db import db, now
from ..editions.models import Edition
from ..i18n import ZONE
from ..members.models import Grant, Member
from ..workgroups import forming, slots, ways
from ..workgroups.models import PEOPLE_AT_LEAST, Mode, Workgroup
from ..workgroups.wish_models import Availability, Candidate, Coming, Slot, Wish, WishList
from .groups import Planned, planned_for
from .meetings import needs_in
from .people import CAST, organiser
from .stops import MET_BEFORE

EVERY, DATES = 2, 8  # weeks between two dates of an evening, and how many there are
SPARE = 6  # dates more, as some will not do
LATER = 3  # weeks after which the groups begin that begin late
WEEK = timedelta(weeks=1)
MODES = {
    Mode.ON_SITE: (Mode.ON_SITE, Mode.ONLINE),
    Mode.HYBRID: (Mode.ON_SITE, Mode.HYBRID, Mode.ONLINE),
    Mode.ONLINE: (Mode.ONLINE,),
}
BEGUN = 20  # lists that are begun and not sent
FEWEST, MANY, ASKED = 7, 400, 6000  # a small town wishes less
# Who can come on the evenings of the group they wish, and on others; for the first group it is always the same one.
USUAL, USUAL_IN_THE_FIRST, OTHER, ELSEWHERE = 0.9, 1.0, 0.5, 0.6
AWAY, MOST_AWAY = 0.015, 0.08  # for each date further on
WAYS = {Coming.EITHER: 55, Coming.ON_SITE: 35, Coming.ONLINE: 10}
SECOND, SECOND_IN_THE_FIRST, THIRD = 0.8, 0.4, 0.35
NEEDS = 0.03


# --- Times to choose from ---------------------------------------------------------------------------


def propose_slots(edition: Edition) -> None:
    """Two evenings a week, every other week, for each group that has no slots yet; not in the weeks of the New Year."""
    made = planned_for(edition)
    counts = slots.counts_of([group for group, _wanted in made])
    for group, wanted in made:
        if counts[group.id] or slots.why_not_change(group):
            continue
        spans = [(start, start + timedelta(hours=edition.meeting_hours)) for start in _starts(edition, wanted)]
        fitting = [s for s in spans if slots.why_not_slot(edition, *s) is None]
        slots.propose(group, fitting, MODES[wanted.mode], organiser().id)


def _starts(edition: Edition, wanted: Planned) -> list[datetime]:
    soonest, shifts = _soonest(edition)
    monday = soonest + (LATER if wanted.late else 0) * WEEK
    starts: list[datetime] = []
    for weekday in (wanted.weekday, wanted.other_weekday):
        first = datetime.combine(monday + timedelta(days=weekday), time(wanted.hour), ZONE)
        free = [at for at in forming.proposal(first, EVERY, DATES + SPARE) if _stays_free(at, shifts)]
        starts += free[:DATES]
    return starts


def _soonest(edition: Edition) -> tuple[date, set[int]]:
    """The Monday of the week in which groups can first meet, and by how many weeks the time machine will move dates.

    It moves them on its way to the assignment, and then to the groups, most of which have met when it arrives.
    """
    moment, monday = now(), edition.groups_at.astimezone(ZONE) + WEEK
    monday -= timedelta(days=monday.weekday())
    shifts = {-((moment - (edition.wishes_until or moment)) // WEEK)}
    weekly = forming.proposal(monday, 1, SPARE)
    first = next((at for at in weekly if _stays_free(at, shifts)), weekly[0])
    shifts |= {-((moment - MET_BEFORE - first - timedelta(days=weekday)) // WEEK) for weekday in (0, 3)}
    return first.date(), shifts


def _stays_free(start: datetime, shifts: set[int]) -> bool:
    """Say whether a date will not lie in the weeks of the New Year either once the time machine has moved it."""
    return all(forming.proposal(at, 1, 1) == [at] for at in (start - n * WEEK for n in shifts))


# --- Who wishes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Resident:
    """What is to be known of a member who may wish."""

    id: int
    city_id: int
    country: str
    language: str


def wish(edition: Edition) -> None:
    """Invented members wish groups, and some only begin to."""
    if not ways.wishes_are_open(edition):
        return
    chance, made = random.Random(f"wishes {edition.year}"), planned_for(edition)
    proposed = slots.candidates_of([group for group, _wanted in made])
    with_slots = {c.workgroup_id for c in proposed}
    made = [(group, wanted) for group, wanted in made if group.id in with_slots]
    residents = _residents(edition)
    share = min(1.0, len(residents) / MANY)
    large = [group for group, wanted in made if wanted.wishers >= PEOPLE_AT_LEAST]
    lists: list[_List] = []
    for group, person in _first_wishes(made, residents, share, chance):
        is_first = group is made[0][0]
        second, usual = (SECOND_IN_THE_FIRST, USUAL_IN_THE_FIRST) if is_first else (SECOND, USUAL)
        chosen_from = large if group in large else [g for g in large if g.theme_id == group.theme_id]
        others = _others(group, person, chosen_from, second, chance)
        lists.append(_List(edition, person, [group, *others], proposed, usual, chance))
    for person in residents[: round(BEGUN * share)]:
        if theirs := [g for g in large if _is_one(g, person, is_near=True) or _is_one(g, person, is_near=False)]:
            group = chance.choice(theirs)
            lists.append(_List(edition, person, [group], proposed, USUAL, chance, is_sent=False))
    _write(edition, lists)


def _residents(edition: Edition) -> list[Resident]:
    """Some thousand members without a role or a list, as drawn; the cast wishes when the visitor does."""
    facts = select(Member.id, Member.city_id, Member.country, Member.language).where(
        Member.number.not_in([person.number for person in CAST]), Member.left.is_(None),
        Member.id.not_in(select(Grant.member_id)),
        Member.id.not_in(select(WishList.member_id).where(WishList.edition_id == edition.id)),
    )  # fmt: skip
    found = [Resident(*row) for row in db.session.execute(facts.order_by(Member.id))]
    random.Random(edition.year).shuffle(found)
    return found[:ASKED]


def _first_wishes(
    made: Sequence[tuple[Workgroup, Planned]], residents: list[Resident], share: float, chance: random.Random
) -> list[tuple[Workgroup, Resident]]:
    """Who wishes which group most: people of its cities; then others of its countries, until there are enough."""
    drawn: list[tuple[Workgroup, Resident]] = []
    missing: dict[int, int] = {}
    for is_near in (True, False):
        for group, wanted in made:
            fewest = wanted.wishers if group is made[0][0] else min(FEWEST, wanted.wishers)
            count = missing.get(group.id, max(fewest, round(wanted.wishers * share)))
            found = [r for r in residents if _is_one(group, r, is_near)]
            found = chance.sample(found, min(count, len(found)))
            missing[group.id] = count - len(found)
            drawn += [(group, person) for person in found]
            gone = {r.id for r in found}
            residents[:] = [r for r in residents if r.id not in gone]
    return drawn


def _is_one(group: Workgroup, person: Resident, is_near: bool) -> bool:
    """Whether somebody speaks a language of the group, and lives in its cities, or only in its countries."""
    if person.language not in group.spoken or not _suits(group, person):
        return False
    if is_near:
        return not group.cities or person.city_id in {c.id for c in group.cities}
    return person.country in {c.country for c in group.cities}


def _suits(group: Workgroup, person: Resident) -> bool:
    """As ways.why_not_from_here says, without reading a member."""
    return group.theme.prolonged_country in (None, person.country)


def _others(
    group: Workgroup, person: Resident, groups: Sequence[Workgroup], second: float, chance: random.Random
) -> list[Workgroup]:
    """A second wish, and a third: the same theme or online rather than another; in their country and language."""
    free = [
        g for g in groups
        if g is not group and person.language in g.spoken and _suits(g, person)
        and (not g.cities or person.country in {c.country for c in g.cities})
    ]  # fmt: skip
    found: list[Workgroup] = []
    for likely in (second, THIRD):
        if not free or chance.random() >= likely:
            break
        drawn = chance.choices(free, [1 + 3 * (g.theme_id == group.theme_id) + 2 * (not g.cities) for g in free])[0]
        found.append(drawn)
        free.remove(drawn)
    return found


# --- What they write --------------------------------------------------------------------------------


class _List:
    """A list of wishes to be written: whose, when, which groups, and on which dates they could come."""

    def __init__(
        self, edition: Edition, person: Resident, groups: Sequence[Workgroup], proposed: Sequence[Candidate],
        usual: float, chance: random.Random, is_sent: bool = True,
    ) -> None:  # fmt: skip
        self.member_id, self.groups = person.id, groups
        asked = {g.id: [c for c in proposed if c.workgroup_id == g.id] for g in groups}
        self.could = _could(asked, usual, chance)
        kept = any(_makes(edition, [c.slot for c in mine if c.slot_id in self.could]) for mine in asked.values())
        self.begun_at = edition.signup_at + (now() - edition.signup_at) * chance.uniform(0.02, 0.97)
        self.changed_at = self.begun_at + (now() - self.begun_at) * chance.uniform(0, 0.1)
        self.pledged_at = self.changed_at if is_sent and kept else None
        self.needs = chance.choice(needs_in(groups[0])) if chance.random() < NEEDS else ""


def _could(asked: dict[int, list[Candidate]], usual: float, chance: random.Random) -> dict[int, Coming]:
    """When and how somebody could come: whole evenings, but for some dates on which they are away."""
    way = chance.choices(list(WAYS), list(WAYS.values()))[0]
    evenings = _evenings(next(iter(asked.values())), usual, chance)
    nth: dict[int, int] = {}
    allowed: dict[int, set[Mode]] = {}
    for mine in asked.values():
        seen: dict[int, int] = {}
        for candidate in mine:
            weekday = _weekday(candidate.slot)
            seen[weekday] = seen.get(weekday, -1) + 1
            nth[candidate.slot_id] = min(seen[weekday], nth.get(candidate.slot_id, DATES))
            allowed.setdefault(candidate.slot_id, set()).update(slots.modes_of(candidate))
    of = {c.slot_id: c.slot for mine in asked.values() for c in mine}
    could = {}
    for slot_id, slot in of.items():
        is_there = chance.random() >= min(MOST_AWAY, AWAY * nth[slot_id])
        fitting = _fitting(way, slots.ways_for(allowed[slot_id]))
        if fitting and is_there and evenings.setdefault(_weekday(slot), chance.random() < ELSEWHERE):
            could[slot_id] = fitting
    return could


def _evenings(first: Sequence[Candidate], likely: float, chance: random.Random) -> dict[int, bool]:
    """On which evenings of the group that they wish most they can come; on one at least."""
    usual, *others = dict.fromkeys(_weekday(c.slot) for c in first)
    found = {usual: chance.random() < likely} | {day: chance.random() < OTHER for day in others}
    if not any(found.values()):
        found[usual] = True
    return found


def _weekday(slot: Slot) -> int:
    return slot.starts_at.astimezone(ZONE).weekday()


def _fitting(way: Coming, allowed: Sequence[Coming]) -> Coming | None:
    """Their way of coming, where it is possible; who comes either way also comes in the only one."""
    if way in allowed:
        return way
    return allowed[0] if way == Coming.EITHER and allowed else None


def _makes(edition: Edition, suiting: Sequence[Slot]) -> bool:
    """Say whether a group could have all its meetings on these dates, as far apart as the edition wants."""
    count, last = 0, None
    for slot in suiting:
        if last is None or slot.starts_at - last >= timedelta(days=edition.days_apart, hours=-1):
            count, last = count + 1, slot.starts_at
    return count >= edition.meetings


def _write(edition: Edition, lists: Sequence[_List]) -> None:
    """All at once: thousands of rows in three statements."""
    if not lists:
        return
    facts = [
        {
            "edition_id": edition.id, "member_id": each.member_id, "begun_at": each.begun_at,
            "changed_at": each.changed_at, "pledged_at": each.pledged_at, "access_needs": each.needs,
        }
        for each in lists
    ]  # fmt: skip
    db.session.execute(insert(WishList), facts)
    mine = select(WishList.member_id, WishList.id).where(WishList.edition_id == edition.id)
    ids = {member: id for member, id in db.session.execute(mine)}  # noqa: C416
    db.session.execute(insert(Wish), list(_wishes(lists, ids)))
    ticked = [
        {"wish_list_id": ids[each.member_id], "slot_id": slot, "way": way}
        for each in lists
        for slot, way in each.could.items()
    ]
    if ticked:
        db.session.execute(insert(Availability), ticked)


def _wishes(lists: Sequence[_List], ids: dict[int, int]) -> Iterator[dict[str, int]]:
    for each in lists:
        for rank, group in enumerate(each.groups, start=1):
            yield {"wish_list_id": ids[each.member_id], "rank": rank, "workgroup_id": group.id}
