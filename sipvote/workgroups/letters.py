"""The letters of the workgroups' room: who gets which, with which calendar. The words are in templates/mail/."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import ModuleType
from typing import Any

from ..db import db
from ..i18n import in_language
from ..mail import Letter, queue
from ..members.models import Member
from .models import Meeting, Signup, Workgroup
from .seats import ahead
from .waiting import explain

MOVED = "meeting_moved"  # how the keys of letters begin that ask about moved meetings
MOST_IN_KEY = 8  # meetings that a key names; who has not answered about one of them is asked about all


@dataclass(frozen=True)
class Move:
    """A meeting, and when it was going to be."""

    meeting: Meeting
    old_start: datetime
    old_end: datetime


@dataclass(frozen=True)
class People:
    """Everybody in a group, waiting for it or leading it; and the ids of those who have a place, or an offer."""

    all: list[Member]
    leading: set[int]
    seated: set[int]
    offered: set[int]

    @property
    def have_dates(self) -> set[int]:
        """Whose calendars hold the dates."""
        return self.leading | self.seated

    def and_also(self, others: Iterable[Member]) -> "People":
        """With others, who are not in the group but should hear of it."""
        everybody = {member.id: member for member in [*self.all, *others]}
        return replace(self, all=list(everybody.values()))


def signed_up(signup: Signup, position: int | None, ended: Sequence[Workgroup] = ()) -> None:
    """Confirm a place with the dates to come for the calendar, or the position on the waiting list.

    `ended` are groups that the member no longer waits for, because they have this place.
    """
    group, dates = signup.workgroup, ahead(signup.workgroup)
    if position is not None:
        queue("waiting_listed", signup.member, group=group, dates=dates, position=position, order=_order(signup))
        return
    calendar = _invitation(dates, signup.member)
    queue("signed_up", signup.member, group=group, dates=dates, ended=ended, calendar=calendar)


def _order(signup: Signup) -> str:
    """The order of the waiting list in a sentence, in the member's language."""
    with in_language(signup.member.language):
        return explain(signup.workgroup.edition)


def place_offered(signup: Signup) -> None:
    """Tell somebody on the waiting list that a place is kept for them, and until when."""
    queue(
        "place_offered", signup.member, group=signup.workgroup, dates=ahead(signup.workgroup), until=signup.confirm_by
    )


def confirm_reminder(signup: Signup, key: str) -> Letter | None:
    """Remind somebody that a place is kept for them for one more day."""
    group, until = signup.workgroup, signup.confirm_by
    return queue("confirm_reminder", signup.member, key=key, group=group, dates=ahead(group), until=until)


def place_lapsed(signup: Signup) -> None:
    """Tell somebody that the place passed on, and how to get back on the list."""
    queue("place_lapsed", signup.member, group=signup.workgroup)


def _calendars() -> ModuleType:
    from . import calendars  # here: its library is large, and few web processes ever need it

    return calendars


def withdrawn(signup: Signup, had_place: bool) -> None:
    """Confirm that somebody is out of the group; their calendar loses its dates."""
    calendar = _cancellation(signup.workgroup, signup.member) if had_place else None
    queue("withdrawn", signup.member, group=signup.workgroup, had_place=had_place, calendar=calendar)


def left_group(signup: Signup, had_place: bool) -> None:
    """Tell somebody whose membership ended that they are out of the group; most leavers have no address any more."""
    calendar = _cancellation(signup.workgroup, signup.member) if had_place else None
    queue("left_group", signup.member, group=signup.workgroup, had_place=had_place, calendar=calendar)


def reminder(signup: Signup, meeting: Meeting, key: str) -> Letter | None:
    """Remind somebody of a meeting."""
    return queue("meeting_reminder", signup.member, key=key, group=signup.workgroup, meeting=meeting)


def lead_reminder(meeting: Meeting, member: Member, key: str, said: Mapping[Any, Sequence[Member]]) -> Letter | None:
    """Remind whoever leads a meeting, with who comes: people by their answer, 'yes', 'no' or 'none'."""
    answers: dict[str, Any] = {f"says_{word}": people for word, people in said.items()}
    return queue("lead_reminder", member, key=key, group=meeting.workgroup, meeting=meeting, **answers)


def cancelled(group: Workgroup, people: People) -> None:
    """Tell everybody that there will be no group; calendars that hold its dates lose them."""
    for member in people.all:
        has_dates = bool(group.meetings) and member.id in people.have_dates
        calendar = _cancellation(group, member) if has_dates else None
        queue("group_cancelled", member, group=group, attached=calendar is not None, calendar=calendar)


def changed(group: Workgroup, people: People, moves: Sequence[Move], place_changed: bool) -> None:
    """Tell everybody about meetings that moved or meet elsewhere; calendars of those who hold dates are mended.

    Whoever has a place is asked whether they can come then; the letter's key tells later what was asked, and when.
    """
    meetings = group.meetings if place_changed else [move.meeting for move in moves]
    moved = ",".join(move.meeting.key for move in moves[:MOST_IN_KEY])
    for member in people.all:
        has_dates, is_asked = member.id in people.have_dates, bool(moves) and member.id in people.seated
        facts: dict[str, Any] = {
            "calendar": _invitation(meetings, member) if has_dates else None,
            "key": f"{MOVED} {moved} {member.id}" if is_asked else None,
            "is_offered": bool(moves) and member.id in people.offered,
        }
        facts |= {"moves": moves, "place_changed": place_changed, "attached": has_dates, "asked": is_asked}
        queue("meeting_moved", member, group=group, **facts)


def moved_unanswered(signup: Signup, dates: Sequence[Meeting], key: str) -> Letter | None:
    """Ask once more whether somebody can come on dates that were moved."""
    return queue("moved_unanswered", signup.member, key=key, group=signup.workgroup, dates=dates)


def concerned(group: Workgroup) -> People:
    """Everybody whom a change of the group concerns."""
    standing = db.session.query(Signup).filter_by(workgroup_id=group.id, withdrawn_at=None).all()
    people = {m.id: m for m in [*group.facilitators, *(s.member for s in standing)]}
    return People(
        list(people.values()),
        leading={f.id for f in group.facilitators},
        seated={s.member_id for s in standing if s.has_place},
        offered={s.member_id for s in standing if s.is_offered},
    )


def _invitation(meetings: Iterable[Meeting], member: Member) -> tuple[str, str]:
    with in_language(member.language):
        return _calendars().invitation(meetings, member)


def _cancellation(group: Workgroup, member: Member) -> tuple[str, str]:
    with in_language(member.language):
        return _calendars().cancellation(group.meetings, member)
