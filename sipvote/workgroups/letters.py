"""The letters of the workgroups' room: who gets which, with which calendar. The words are in templates/mail/."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any

from ..db import db
from ..i18n import in_language
from ..mail import Letter, queue
from ..members.models import Member
from .models import Meeting, Signup, Workgroup


@dataclass(frozen=True)
class Move:
    """A meeting, and when it was going to be."""

    meeting: Meeting
    old_start: datetime
    old_end: datetime


def signed_up(signup: Signup, position: int | None) -> None:
    """Confirm a place with the dates for the calendar, or the position on the waiting list."""
    if position is not None:
        queue("waiting_listed", signup.member, group=signup.workgroup, position=position)
        return
    queue("signed_up", signup.member, group=signup.workgroup, calendar=_invitation(signup.workgroup, signup.member))


def _calendars() -> ModuleType:
    from . import calendars  # here: its library is large, and few web processes ever need it

    return calendars


def moved_up(signup: Signup) -> None:
    """Tell somebody on the waiting list that they have a place now."""
    queue("moved_up", signup.member, group=signup.workgroup, calendar=_invitation(signup.workgroup, signup.member))


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


def cancelled(group: Workgroup, people: Iterable[Member], has_dates: set[int]) -> None:
    """Tell everybody that there will be no group; calendars of those in `has_dates` lose its dates."""
    for member in people:
        calendar = _cancellation(group, member) if member.id in has_dates else None
        queue("group_cancelled", member, group=group, attached=calendar is not None, calendar=calendar)


def changed(
    group: Workgroup, people: Iterable[Member], has_dates: set[int], moves: Sequence[Move], place_changed: bool
) -> None:
    """Tell everybody about meetings that moved or meet elsewhere; calendars of those in `has_dates` are mended."""
    meetings = group.meetings if place_changed else [move.meeting for move in moves]
    for member in people:
        calendar = None
        if member.id in has_dates:
            with in_language(member.language):
                calendar = _calendars().invitation(meetings, member)
        facts: dict[str, Any] = {"group": group, "moves": moves, "place_changed": place_changed}
        queue("meeting_moved", member, calendar=calendar, attached=calendar is not None, **facts)


def concerned(group: Workgroup) -> tuple[list[Member], set[int]]:
    """Everybody in the group, waiting for it or leading it; and the ids of those who hold its dates."""
    standing = db.session.query(Signup).filter_by(workgroup_id=group.id, withdrawn_at=None).all()
    people = {m.id: m for m in [*group.facilitators, *(s.member for s in standing)]}
    return list(people.values()), {f.id for f in group.facilitators} | {s.member_id for s in standing if s.has_place}


def _invitation(group: Workgroup, member: Member) -> tuple[str, str]:
    with in_language(member.language):
        return _calendars().invitation(group.meetings, member)


def _cancellation(group: Workgroup, member: Member) -> tuple[str, str]:
    with in_language(member.language):
        return _calendars().cancellation(group.meetings, member)
