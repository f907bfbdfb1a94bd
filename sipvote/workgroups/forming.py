"""What organisers decide: making a group, changing it, calling it off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from .. import audit
from ..access import Role
from ..db import db, now
from ..editions.models import Edition
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import ZONE, moment, names, span
from ..members.models import City, Grant, Member
from ..themes.models import Theme
from . import coming, engagements, letters, offers, rules, ways, wished
from .models import PEOPLE_AT_LEAST, Meeting, Mode, Signup, Workgroup


@dataclass(frozen=True)
class Plan:
    """What a group is to be. `starts` are the beginnings of its meetings, each of `hours` hours.

    Those named in `lengths` last as long as is said there: meetings that exist may differ, and keep that.
    A group of an edition in which members wish has no meetings until they are chosen from what members can.
    """

    theme: Theme
    cities: Sequence[City]
    mode: Mode
    languages: Sequence[str]
    places: int
    facilitators: Sequence[Member]
    venue: str
    video_url: str
    starts: Sequence[datetime]
    hours: int
    minimum: int = PEOPLE_AT_LEAST
    lengths: Mapping[datetime, timedelta] = field(default_factory=dict)

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """Beginning and end of each meeting, in order of time."""
        usual = timedelta(hours=self.hours)
        return [(start, start + self.lengths.get(start, usual)) for start in sorted(self.starts)]


Fault = tuple[str, str]  # the field it is about, and the sentence


# --- What organisers choose from --------------------------------------------------------------------


def facilitators() -> Sequence[Member]:
    """Every present member with the role of facilitator, with the cities it is limited to."""
    today = now().date()
    # From the few grants to their members, not from 30,000 members to their grants.
    holding = select(Grant.member_id).where(Grant.role == Role.FACILITATOR)
    wanted = select(Member).where(Member.id.in_(holding), Member.left.is_(None) | (Member.left > today))
    return db.session.scalars(wanted.options(selectinload(Member.grants)).order_by(Member.name, Member.id)).all()


def cities_of(facilitator: Member) -> list[City] | None:
    """The cities that a facilitator's role is limited to; None means every city."""
    cities = [g.city for g in facilitator.grants if g.role == Role.FACILITATOR]
    return None if None in cities else [c for c in cities if c is not None]


def all_cities() -> Sequence[City]:
    """The offices, in order of their short names."""
    return db.session.scalars(select(City).order_by(City.country, City.slug)).all()


def proposal(first: datetime, weeks: int, count: int) -> list[datetime]:
    """`count` beginnings from `first`, some weeks apart, at the same hour of the day.

    The two weeks that schools in both countries are closed at the end of the year are stepped over.
    """
    starts: list[datetime] = []
    at = first.astimezone(ZONE).replace(tzinfo=None)
    while len(starts) < count:
        if _is_year_end(at.date()):
            at += timedelta(weeks=1)
            continue
        starts.append(at.replace(tzinfo=ZONE))
        at += timedelta(weeks=weeks)
    return starts


def _is_year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 21) or (day.month, day.day) <= (1, 3)


# --- Why not ----------------------------------------------------------------------------------------


def why_not_plan(edition: Edition, plan: Plan, group: Workgroup | None) -> Fault | None:
    """The first thing that is wrong with a plan: the field and a sentence; or None.

    `group` is the group that is changed, or None for a new one.
    """
    if why := why_not_now(edition, "form_groups"):
        return "theme", why
    if group is not None and group.cancelled_at:
        return "theme", _("This group was cancelled. Make a new one.")
    if plan.theme.edition_id != edition.id or not plan.theme.has_groups:
        return "theme", _("Choose one of the themes of this year.")
    return (
        _why_not_place(plan)
        or _why_not_dates(edition, plan, group)
        or _why_not_facilitators(plan, group)
        or _why_not_places(plan, group)
    )


def _why_not_place(plan: Plan) -> Fault | None:
    if plan.mode == Mode.ONLINE and plan.venue:
        return "venue", _("An online group has no address. Empty this field, or choose another way of meeting.")
    if plan.mode != Mode.ONLINE and not plan.cities:
        return "cities", _("Choose the city or cities where the group meets, or let it meet online.")
    abroad = [c for c in plan.cities if plan.theme.prolonged_country not in (None, c.country)]
    if abroad:
        return "cities", _("This theme goes on in one country only, and not in %(cities)s.", cities=names(abroad))
    return None


def _why_not_dates(edition: Edition, plan: Plan, group: Workgroup | None) -> Fault | None:
    count = meetings_of(edition, group)
    if len(plan.starts) != count:
        return "meeting_1", ngettext("Give the date of %(num)d meeting.", "Give the dates of %(num)d meetings.", count)
    kept = {(m.starts_at, m.ends_at) for m in group.meetings} if group else set()
    for (start, end), (after, _end) in pairwise(plan.spans):
        if after < end:
            dates = {"first": moment(start), "second": moment(after)}
            return _field(plan, after), _("The meetings of %(first)s and %(second)s overlap.", **dates)
    for start, end in plan.spans:
        if (start, end) not in kept and (why := why_not_date(edition, start, end)):
            return _field(plan, start), why
    return _why_begun(plan, group) if group else None


def meetings_of(edition: Edition, group: Workgroup | None) -> int:
    """How many dates a plan has: none while they are still to be chosen from what members can."""
    if group is not None:
        return len(group.meetings)
    return 0 if ways.takes_wishes(edition) else edition.meetings


def why_not_first(edition: Edition, start: datetime) -> str | None:
    """The sentence why no group can begin to meet at that moment, or None."""
    return why_not_date(edition, start, start + timedelta(hours=edition.meeting_hours))


def why_not_date(edition: Edition, start: datetime, end: datetime) -> str | None:
    """The sentence why no meeting can be at that time, or None."""
    if start < edition.groups_at or end > edition.recommendations_at:
        window = {"first": moment(edition.groups_at), "last": moment(edition.recommendations_at)}
        return _("Workgroups meet between %(first)s and %(last)s. Choose a date in that time.", **window)
    if start <= now():
        return _("%(moment)s is over. Choose a date to come.", moment=moment(start))
    return None


def _why_begun(plan: Plan, group: Workgroup) -> Fault | None:
    """What has begun stays as it was."""
    for meeting in group.meetings:
        if meeting.starts_at <= now() and (meeting.starts_at, meeting.ends_at) not in plan.spans:
            date = span(meeting.starts_at, meeting.ends_at)
            return "meeting_1", _("The meeting of %(date)s has begun, so it cannot be moved.", date=date)
    return None


def _field(plan: Plan, start: datetime) -> str:
    """The field in which a beginning was typed."""
    return f"meeting_{1 + list(plan.starts).index(start)}"


def _why_not_facilitators(plan: Plan, group: Workgroup | None) -> Fault | None:
    wanted = {c.id for c in plan.cities}
    for person in plan.facilitators:
        allowed = cities_of(person)
        if allowed is not None and wanted and not wanted & {c.id for c in allowed}:
            facts = {"name": person.name, "cities": names(allowed)}
            return "facilitators", _("%(name)s only leads groups in %(cities)s.", **facts)
        if group is not None and (signup := rules.signup_of(person.id, group)) and not signup.withdrawn_at:
            return "facilitators", _("%(name)s takes part in this group, so cannot lead it.", name=person.name)
    meetings = [Meeting(starts_at=start, ends_at=end) for start, end in plan.spans]
    why = why_not_led(plan.facilitators, meetings, group)
    return ("facilitators", why) if why else None


def why_not_led(people: Sequence[Member], meetings: Sequence[Meeting], group: Workgroup | None) -> str | None:
    """The sentence why one of these facilitators cannot be at one of these meetings of a group, or None."""
    elsewhere = engagements.of_people([p.id for p in people], group.id if group else None)
    for person in people:
        for this, that in engagements.clashes(meetings, elsewhere[person.id]):
            if that.workgroup is not None:
                facts = {"name": person.name, "other": str(that.workgroup)}
                dates = {"date": span(this.starts_at, this.ends_at), "other_date": that.when}
                return _("%(name)s cannot be here on %(date)s: “%(other)s” meets on %(other_date)s.", **facts, **dates)
    return None


def _why_not_places(plan: Plan, group: Workgroup | None) -> Fault | None:
    taken = _taken(group) if group else 0
    if plan.places >= taken:
        return None
    why = ngettext(
        "%(num)d person has a place in this group, so it cannot have fewer places.",
        "%(num)d people have a place in this group, so it cannot have fewer places.",
        taken,
    )
    return "places", why


def _taken(group: Workgroup) -> int:
    seated = select(func.count()).where(Signup.workgroup_id == group.id, Signup.seat.is_not(None))
    return db.session.scalar(seated) or 0


# --- Making, changing, calling off ------------------------------------------------------------------


def form(edition: Edition, plan: Plan, by: int | None) -> Workgroup:
    """Make a group. Raises Refused."""
    lock_people(plan.facilitators)
    if fault := why_not_plan(edition, plan, None):
        raise Refused(fault[1])
    group = Workgroup(edition=edition, created_at=now())
    _write(group, plan)
    group.meetings = [Meeting(starts_at=start, ends_at=end) for start, end in plan.spans]
    db.session.add(group)
    db.session.flush()
    audit.record("form group", f"workgroup {group.id}", by, **_facts(group))
    return group


def change(group: Workgroup, plan: Plan, by: int | None) -> list[letters.Move]:
    """Change a group, and write to everybody whose dates or place change. Raises Refused.

    1 lock who leads it, then the group; 2 move meetings; 3 number the seats anew when there are fewer
    places; 4 give new places to the waiting list.
    """
    lock_people([*plan.facilitators, *group.facilitators])
    rules.lock(None, group)
    if fault := why_not_plan(group.edition, plan, group):
        raise Refused(fault[1])
    place = plan.venue, plan.video_url
    place_changed = bool(group.meetings) and any(place) and place != (group.venue, group.video_url)
    moves = _move(group, plan, place_changed)
    people = letters.concerned(group)
    _write(group, plan)
    _close_ranks(group)
    db.session.flush()
    if moves:
        coming.ask_again(group, [move.meeting for move in moves])
    if moves or place_changed:
        letters.changed(group, people, moves, place_changed)
    offers.pass_on(group)
    audit.record("change group", f"workgroup {group.id}", by, **_facts(group))
    return moves


def why_not_cancel(group: Workgroup) -> str | None:
    """The sentence why a group cannot be called off, with letters at once that nothing could undo, or None."""
    if group.cancelled_at:
        return _("This group was cancelled already.")
    if why := why_not_now(group.edition, "form_groups"):
        return why
    frozen = ways.assignment_of(group.edition)
    if frozen is not None and frozen.told_at is None:
        return _("The wishes are frozen. Close this group where everybody is given a group: that can be undone.")
    return None


def cancel(group: Workgroup, by: int | None) -> None:
    """Call a group off, and write to everybody in it, or who wishes it. Raises Refused."""
    rules.lock(None, group)
    if why := why_not_cancel(group):
        raise Refused(why)
    group.cancelled_at = now()
    for meeting in group.meetings:
        meeting.sequence += 1
    people = letters.concerned(group)
    if not group.meetings:  # there is nothing in calendars, but some may wish it
        people = people.and_also(wished.wishers_of(group))
    letters.cancelled(group, people)
    audit.record("cancel group", f"workgroup {group.id}", by, theme=str(group.theme), places=group.places)


def lock_people(people: Iterable[Member]) -> None:
    """Lock members in the order of their ids, before any group: nobody gets two groups at one hour."""
    ids = sorted({p.id for p in people})
    db.session.execute(select(Member.id).where(Member.id.in_(ids)).order_by(Member.id).with_for_update(key_share=True))


def _write(group: Workgroup, plan: Plan) -> None:
    group.theme, group.mode, group.places, group.minimum = plan.theme, plan.mode, plan.places, plan.minimum
    group.languages = " ".join(plan.languages)
    group.cities, group.facilitators = list(plan.cities), list(plan.facilitators)
    group.venue, group.video_url = plan.venue, plan.video_url


def _move(group: Workgroup, plan: Plan, place_changed: bool) -> list[letters.Move]:
    """Give meetings that are no longer planned the dates that are new, in order of time.

    Dates that stay keep their meeting, so no two rows ever pass through the same date.
    """
    starts = {start for start, _end in plan.spans}
    gone = [m for m in group.meetings if m.starts_at not in starts]
    kept = {m.starts_at: m for m in group.meetings if m.starts_at in starts}
    moves = []
    for start, end in plan.spans:
        meeting = kept.get(start) or gone.pop(0)
        if (meeting.starts_at, meeting.ends_at) != (start, end):
            moves.append(letters.Move(meeting, meeting.starts_at, meeting.ends_at))
            meeting.starts_at, meeting.ends_at = start, end
            meeting.sequence += 1
        elif place_changed:
            meeting.sequence += 1
    db.session.flush()
    db.session.refresh(group, ["meetings"])
    return moves


def _close_ranks(group: Workgroup) -> None:
    """Give everybody whose seat number is above the number of places a lower one that is free."""
    free = rules.free_seats(group)
    beyond = select(Signup).where(Signup.workgroup_id == group.id, Signup.seat > group.places).order_by(Signup.seat)
    for signup in db.session.scalars(beyond):
        signup.seat = free.pop(0)


def _facts(group: Workgroup) -> dict[str, object]:
    """What the audit log keeps of a group."""
    return {
        "theme": str(group.theme),
        "cities": [c.slug for c in group.cities],
        "places": group.places,
        "minimum": group.minimum,
        "facilitators": [f.number for f in group.facilitators],
        "meetings": [m.starts_at.isoformat() for m in group.meetings],
    }
