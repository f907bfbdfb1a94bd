"""What happened in the workgroups: who came, what was written down and agreed. Invented, by seeded chance.

Whoever has a place comes to most meetings, to the last ones a little less often; some stop coming. A meeting
that somebody took the attendance of already, a visitor for example, is left as it is.
"""

import random
import tomllib
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.models import Edition
from ..workgroups import seats, waiting
from ..workgroups.life_models import Minutes, MinutesAnswer, NextStep
from ..workgroups.models import Attendance, Meeting, Signup, Workgroup
from .people import BAS, CAST

COMES, LESS_EACH_TIME = 0.95, 0.02
STOPS, STOPS_IN_A_FADING_GROUP = 0.14, 0.55
EXCUSED, EXCUSED_WHO_STOPPED, OVERLOOKED = 0.5, 0.15, 0.15  # of those who did not come
NO_LIST = 0.06  # of the meetings after the first
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "meetings.toml").read_text(encoding="utf-8"))


def _words_of(group: Workgroup) -> dict[str, Any]:
    return next((_words()[code] for code in group.spoken if code in _words()), _words()["fr"])


def needs_in(group: Workgroup) -> Sequence[str]:
    """What people who need something say, in the language of the group."""
    return _words_of(group)["needs"]


# --- Who came ---------------------------------------------------------------------------------------


def attend(group: Workgroup, chance: random.Random, is_fading: bool = False) -> None:
    """Note for each meeting that is over who came, who had excused themselves, who stayed away."""
    seated = [s for s in group.signups if s.has_place]
    stops = {s: _last_meeting(group, s, is_fading) for s in seated}
    for nth, meeting in enumerate(group.meetings):
        if meeting.ends_at > now():
            return
        here = [(stops[s] > nth, a) for s in seated for a in s.attendances if a.meeting is meeting]
        is_listed = nth == 0 or _drawn(group, nth, "list") >= NO_LIST
        if is_listed and all(a.came is None for _stays, a in here):
            for stays, attendance in here:
                _note(
                    attendance, group, meeting, stays and chance.random() < COMES - nth * LESS_EACH_TIME, stays, chance
                )


def _last_meeting(group: Workgroup, signup: Signup, is_fading: bool) -> int:
    """After how many meetings somebody stops coming."""
    drawn = _drawn(group, signup.seat, "person")
    stops = STOPS_IN_A_FADING_GROUP if is_fading else STOPS
    return 1 + int(drawn / stops * (len(group.meetings) - 1)) if drawn < stops else len(group.meetings)


def _drawn(group: Workgroup, *about: object) -> float:
    """A chance that is the same whenever it is asked."""
    return random.Random(f"{group.theme_id} {group.meetings[0].starts_at:%H:%M} {about}").random()


def _note(
    attendance: Attendance, group: Workgroup, meeting: Meeting, comes: bool, stays: bool, chance: random.Random
) -> None:
    if not comes and chance.random() < (EXCUSED if stays else EXCUSED_WHO_STOPPED):
        attendance.excused_at = meeting.starts_at - DAY * chance.uniform(0.1, 5)
    elif not comes and chance.random() < OVERLOOKED:
        return
    attendance.came = comes
    attendance.marked_at = meeting.starts_at + MINUTE * chance.randint(5, 20)
    attendance.marked_by_id = group.facilitators[0].id if group.facilitators else None


# --- This year's groups -----------------------------------------------------------------------------


def hold(edition: Edition) -> None:
    """The meetings until now: attendance; an agenda for the next; minutes, a next step and a place that was offered."""
    groups = _groups(edition)
    for group in groups:
        attend(group, random.Random(group.id))
        if group.next_meeting and not group.next_meeting.agenda:
            group.next_meeting.agenda = _words_of(group)["agenda"].strip()
    _tell_needs(groups)
    met = [g for g in groups if any(m.ends_at <= now() for m in g.meetings)]
    if met:
        _write_down(min(met, key=lambda g: not any(f.number == BAS.number for f in g.facilitators)))
    for group in groups:
        if _offer_a_place(group):
            break


def _groups(edition: Edition) -> Sequence[Workgroup]:
    made = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    people = selectinload(Workgroup.signups).options(selectinload(Signup.attendances), selectinload(Signup.member))
    return db.session.scalars(made.options(people).order_by(Workgroup.id)).all()


def _tell_needs(groups: Sequence[Workgroup]) -> None:
    """Two people in every other group say what they need; who said something already says no more."""
    for group in groups[::2]:
        for seat, need in enumerate(needs_in(group), start=2):
            signup = next((s for s in group.signups if s.seat == seat), None)
            if signup and not signup.access_needs and not _is_cast(signup):
                signup.access_needs = need


def _is_cast(signup: Signup) -> bool:
    return signup.member.number in [person.number for person in CAST]


def _write_down(group: Workgroup) -> None:
    """The minutes of the first meeting by its secretary, with some answers, and what somebody will do."""
    first, words = group.meetings[0], _words_of(group)
    came = sorted(
        (s for s in group.signups for a in s.attendances if a.meeting is first and a.came), key=lambda s: s.id
    )
    if db.session.get(Minutes, first.id) or not came:
        return
    written = min(first.ends_at + DAY, now())
    author = group.secretary = group.secretary or came[0].member
    answers = [
        MinutesAnswer(
            member=s.member, answered_at=min(written + DAY, now()), remark=words["remark"] if n == 2 else None
        )
        for n, s in enumerate(came[1:4])
    ]
    minutes = Minutes(meeting=first, text=words["minutes"].strip(), author=author, written_at=written)
    minutes.submitted_at, minutes.answers = written, answers
    due = (group.next_meeting or first).starts_at.date()
    step = NextStep(workgroup=group, what=words["step"], member=came[-1].member, due=due, agreed_at=first.ends_at)
    db.session.add_all([minutes, step])


def _offer_a_place(group: Workgroup) -> bool:
    """In a group with a waiting list somebody stopped, and their place is offered to the first who waits."""
    leaving = [s for s in group.signups if s.has_place and not _is_cast(s)]
    if not waiting.moves(group) or not leaving or any(s.is_offered for s in group.signups):
        return False
    next_ones = waiting.first(group, 1)
    if not next_ones:
        return False
    gone, first = max(leaving, key=lambda s: s.seat or 0), next_ones[0]
    seat, gone.seat, gone.seated_at, gone.withdrawn_at = gone.seat, None, None, now() - DAY
    gone.attendances = [a for a in gone.attendances if a.meeting.starts_at < now()]
    db.session.flush()  # the place is free before it is taken again
    first.seat, first.seated_at = seat, now() - DAY
    first.confirm_by = min(first.seated_at + DAY * group.edition.accept_days, seats.ahead(group)[0].starts_at)
    for attendance in first.attendances:
        attendance.confirmed_at = None
    return True


def forget_the_future(edition: Edition) -> None:
    """What was noted of meetings that are to come again, after going back in time."""
    groups = select(Workgroup.id).where(Workgroup.edition_id == edition.id)
    ahead = list(
        db.session.scalars(select(Meeting.id).where(Meeting.workgroup_id.in_(groups), Meeting.ends_at > now()))
    )
    nothing = {"came": None, "excused_at": None, "marked_at": None, "marked_by_id": None}
    db.session.execute(update(Attendance).where(Attendance.meeting_id.in_(ahead)).values(nothing))
    db.session.execute(delete(Minutes).where(Minutes.meeting_id.in_(ahead)))
    db.session.execute(delete(NextStep).where(NextStep.workgroup_id.in_(groups), NextStep.agreed_at > now()))
    db.session.expire_all()
