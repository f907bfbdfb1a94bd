"""Choosing the dates of a group from everybody's wishes: from tables to planning.Problem, and back to meetings."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import exists, func, select

from .. import audit
from ..assembly.models import Assembly
from ..db import db, now
from ..editions.models import Edition, SignUpWay
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import ZONE, alphabetical, moment, span
from . import forming, free_days, planning, rules, ways
from .models import Meeting, Mode, Signup, Workgroup
from .planning import Breach, Plan, Problem, Rule
from .pledges import Book, Pledge
from .wish_models import MOST_WISHES, Candidate, Coming

# What an organiser may not decide by hand either; days apart are theirs to weigh.
FIRM = frozenset({Rule.NUMBER, Rule.FORBIDDEN, Rule.OVERLAP})


@dataclass(frozen=True)
class Choice:
    """The problem of a group, and what its numbers stand for: its slots and people are numbered from 0.

    `bars` say of a slot why no meeting can be in it.
    """

    group: Workgroup
    candidates: Sequence[Candidate]
    people: Sequence[Pledge]
    ranks: Sequence[int]
    bars: dict[int, str]
    problem: Problem

    def numbers(self, slot_ids: Collection[int]) -> list[int]:
        """The numbers of slots; those that are not candidates of the group are left out."""
        return [number for number, c in enumerate(self.candidates) if c.slot_id in slot_ids]

    def missed(self, plan: Plan, person: int) -> list[int]:
        """The slots of a plan that somebody cannot come to."""
        can = self.problem.people[person].when(plan.mode)
        return [slot for slot in plan.slots if not can >> slot & 1]

    @property
    def chosen(self) -> Plan | None:
        """The dates that the group has, if each of them is one of the slots."""
        number = {(c.slot.starts_at, c.slot.ends_at): n for n, c in enumerate(self.candidates)}
        slots = [number.get((m.starts_at, m.ends_at)) for m in self.group.meetings]
        if not slots or None in slots:
            return None
        return planning.look_at(self.problem, [s for s in slots if s is not None], self.group.mode)


def choice(group: Workgroup, apart: int | None = None) -> Choice:
    """What there is to choose from; with `apart` another number of days between meetings is tried."""
    book = Book(group.edition, wishing=group.id)
    proposed = select(Candidate).where(Candidate.workgroup_id == group.id)
    candidates = sorted(db.session.scalars(proposed), key=lambda c: (c.slot.starts_at, c.slot.ends_at, c.slot_id))
    bars = _bars(group, candidates)
    held = frozenset(Mode) if group.cities else frozenset({Mode.ONLINE})
    slots = [
        planning.Slot(
            c.slot.starts_at.astimezone(ZONE), c.slot.ends_at.astimezone(ZONE),
            frozenset() if number in bars else held & frozenset(Mode(word) for word in c.modes.split()),
        )
        for number, c in enumerate(candidates)
    ]  # fmt: skip
    ranked = book.ranked(group)
    people = [_availability(pledge, candidates) for pledge, _rank in ranked]
    apart = group.edition.days_apart if apart is None else apart
    problem = Problem(slots, people, group.edition.meetings, apart, sorted(held))
    return Choice(group, candidates, [p for p, _rank in ranked], [rank for _p, rank in ranked], bars, problem)


def _availability(pledge: Pledge, candidates: Sequence[Candidate]) -> planning.Availability:
    bits = dict.fromkeys(Coming, 0)
    for number, candidate in enumerate(candidates):
        if way := pledge.ways.get(candidate.slot_id):
            bits[way] |= 1 << number
    return planning.Availability(bits[Coming.ON_SITE], bits[Coming.ONLINE], bits[Coming.EITHER])


def _bars(group: Workgroup, candidates: Sequence[Candidate]) -> dict[int, str]:
    """Why no meeting can be in a slot, by its number."""
    elsewhere = [
        (f.name, e) for f in group.facilitators for e in rules.other_meetings(f.id, group.id) if e.workgroup is not None
    ]
    assemblies = db.session.scalars(select(Assembly).where(Assembly.ends_at > now())).all()
    found = {}
    for number, candidate in enumerate(candidates):
        start, end = candidate.slot.starts_at, candidate.slot.ends_at
        busy = next(((name, m) for name, m in elsewhere if m.starts_at < end and start < m.ends_at), None)
        if why := forming.why_not_date(group.edition, start, end):
            found[number] = why
        elif busy:
            found[number] = _("%(name)s is at “%(group)s” then.", name=busy[0], group=busy[1].workgroup)
        elif any(a.starts_at < end and start < a.ends_at for a in assemblies):
            found[number] = _("The general assembly is then.")
    return found


def marks(choice: Choice) -> list[list[str]]:
    """What else to know of each slot: public and school holidays where the group's people live."""
    calendars = free_days.calendars_of(choice.group.cities)
    days = [c.slot.starts_at.astimezone(ZONE).date() for c in choice.candidates]
    return [[str(free) for free in free_days.free_days(day, calendars)] for day in days]


@dataclass(frozen=True)
class Row:
    """A group in the overview. `wishes` are how many wish it, by rank; `can_come` is None without dates."""

    group: Workgroup
    wishes: Sequence[int]
    slots: int
    can_come: int | None
    is_unknown: bool  # whether it has a date that nobody was asked about

    @property
    def wishing(self) -> int:
        return sum(self.wishes)


def overview(edition: Edition) -> list[Row]:
    """All groups that were not cancelled, by place; in a fixed number of queries."""
    book = Book(edition)
    counted = select(Candidate.workgroup_id, func.count()).join(Candidate.workgroup)
    mine = counted.where(Workgroup.edition_id == edition.id).group_by(Candidate.workgroup_id)
    slots = {id: count for id, count in db.session.execute(mine)}  # noqa: C416
    return [_row(book, group, slots.get(group.id, 0)) for group in in_order(book.open_groups)]


def _row(book: Book, group: Workgroup, slots: int) -> Row:
    ranks = [rank for _pledge, rank in book.ranked(group)]
    can_come = sum(book.suits(pledge, group) for pledge in book.wishing(group)) if group.meetings else None
    wishes = [ranks.count(rank) for rank in range(1, MOST_WISHES + 1)]
    return Row(group, wishes, slots, can_come, None in book.slots(group))


def in_order(groups: Iterable[Workgroup]) -> list[Workgroup]:
    """Groups by theme, then by place."""
    return sorted(groups, key=lambda g: (alphabetical(str(g.theme)), not g.cities, alphabetical(g.place), g.id))


# --- What keeps dates from being chosen ---------------------------------------------------------------


def why_not_by_wishes(edition: Edition) -> str | None:
    """The sentence why groups are not made from wishes now, or None."""
    if edition.sign_up_way != SignUpWay.WISHES or edition.wishes_until is None:
        return _("In this edition members sign up directly. The organisers choose the dates when they make a group.")
    if now() < edition.wishes_until:
        return _("Members can change their wishes until %(moment)s.", moment=moment(edition.wishes_until))
    if ways.is_told(edition):
        return _("Everybody has been told their group, so this cannot be changed here any more.")
    return why_not_now(edition, "form_groups")


def why_not_choose(group: Workgroup) -> str | None:
    """The sentence why the dates of a group cannot be chosen now, or None."""
    if group.cancelled_at:
        return _("This group was cancelled.")
    if why := why_not_by_wishes(group.edition):
        return why
    standing = exists().where(Signup.workgroup_id == group.id, Signup.withdrawn_at.is_(None))
    if db.session.scalar(select(standing)):
        return _("People have signed up for this group already. Move its dates on the page of the group.")
    return None


def why_no_plan(choice: Choice) -> tuple[str, str] | None:
    """Why no set of dates is possible: a title and what to do; None when there is one."""
    problem, wanted = choice.problem, choice.problem.meetings
    slots = len(problem.slots)
    if slots == 0:
        return _("This group has no dates to choose from yet."), _("Propose times at which it could meet.")
    if slots < wanted:
        return (
            ngettext(
                "This group has only %(num)d date to choose from.",
                "This group has only %(num)d dates to choose from.",
                slots,
            ),
            _("It needs %(wanted)d meetings. Propose more times.", wanted=wanted),
        )
    if planning.most_meetings(problem) >= wanted:
        return None
    return _("No set of %(wanted)d dates is possible.", wanted=wanted), _why_none(choice)


def _why_none(choice: Choice) -> str:
    """Which rule leaves too few dates, and what to do."""
    problem = choice.problem
    free = max(sum(mode in slot.modes for slot in problem.slots) for mode in problem.modes)
    if free < problem.meetings:
        return ngettext(
            "All meetings are held in one way, and at most %(num)d date is free for that. "
            "Propose more times, or more ways of meeting.",
            "All meetings are held in one way, and at most %(num)d dates are free for that. "
            "Propose more times, or more ways of meeting.",
            free,
        )
    loose = planning.most_meetings(replace(problem, apart=0))
    if loose < problem.meetings:
        return ngettext(
            "Dates overlap: at most %(num)d meeting fits. Propose more times.",
            "Dates overlap: at most %(num)d meetings fit. Propose more times.",
            loose,
        )
    return ngettext(
        "With %(days)d days between meetings at most %(num)d meeting fits. Try fewer days, or propose more times.",
        "With %(days)d days between meetings at most %(num)d meetings fit. Try fewer days, or propose more times.",
        planning.most_meetings(problem),
        days=problem.apart,
    )


def sentence(choice: Choice, breach: Breach) -> str:
    """A broken rule in words."""
    days = [choice.problem.slots[slot] for slot in breach.slots]
    when = [span(slot.starts_at, slot.ends_at) for slot in days]
    if breach.rule == Rule.NUMBER:
        facts = {"wanted": choice.problem.meetings}
        return ngettext(
            "%(num)d date is chosen, and %(wanted)d are needed.",
            "%(num)d dates are chosen, and %(wanted)d are needed.",
            len(days),
            **facts,
        )
    if breach.rule == Rule.FORBIDDEN:
        why = choice.bars.get(breach.slots[0]) or _("The group cannot meet in this way then.")
        return _("%(date)s is not possible. %(why)s", date=when[0], why=why)
    if breach.rule == Rule.OVERLAP:
        return _("%(first)s and %(second)s overlap.", first=when[0], second=when[1])
    dates = {"first": when[0], "second": when[1]}
    return ngettext(
        "From %(first)s to %(second)s is %(num)d day, and there should be %(wanted)d.",
        "From %(first)s to %(second)s are %(num)d days, and there should be %(wanted)d.",
        days[0].days_until(days[1]),
        wanted=choice.problem.apart,
        **dates,
    )


# --- Back to meetings ---------------------------------------------------------------------------------


def take(group: Workgroup, slot_ids: Collection[int], mode: Mode, by: int | None, apart: int | None = None) -> Plan:
    """Give the group these dates and this mode. Too few days apart is the organiser's to decide. Raises Refused.

    1 lock who leads it, then the group; 2 look at everything anew; 3 keep the meetings whose dates stay.
    """
    forming.lock_people(group.facilitators)
    rules.lock(None, group)
    if why := why_not_choose(group):
        raise Refused(why)
    found = choice(group, apart)
    plan = planning.look_at(found.problem, found.numbers(slot_ids), mode)
    firm = [breach for breach in plan.breaches if breach.rule in FIRM]
    if firm:
        raise Refused(sentence(found, firm[0]))
    slots = [found.candidates[number].slot for number in plan.slots]
    _write(group, [(slot.starts_at, slot.ends_at) for slot in slots], mode)
    facts = {"all_meetings": len(plan.come), "of": len(found.people), "days_apart": found.problem.apart}
    meetings = [m.starts_at.isoformat() for m in group.meetings]
    audit.record("choose dates", f"workgroup {group.id}", by, mode=str(mode), meetings=meetings, **facts)
    return plan


def _write(group: Workgroup, spans: Sequence[tuple[datetime, datetime]], mode: Mode) -> None:
    group.mode = mode
    group.meetings = [m for m in group.meetings if (m.starts_at, m.ends_at) in spans]
    db.session.flush()
    kept = {m.starts_at for m in group.meetings}
    group.meetings += [Meeting(starts_at=start, ends_at=end) for start, end in spans if start not in kept]
    db.session.flush()
    db.session.refresh(group, ["meetings"])
