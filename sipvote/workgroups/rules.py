"""What the workgroups' room decides: signing up, the commitment, the waiting list, withdrawing.

Whoever takes or frees a place first locks the member (against two groups at the same hour), then the
group (against two people for one place), always in that order. On SQLite writers stand in line anyway.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import span
from ..mail import Letter
from ..members.models import Member
from . import letters, ways
from .models import Attendance, Meeting, Signup, Workgroup, workgroup_facilitator

REMIND_BEFORE = timedelta(days=1)


# --- Who is in which group --------------------------------------------------------------------------


def signup_of(member_id: int, group: Workgroup) -> Signup | None:
    """The member's sign-up for the group, also when it was withdrawn."""
    wanted = select(Signup).where(Signup.workgroup_id == group.id, Signup.member_id == member_id)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def leads(member_id: int, group: Workgroup) -> bool:
    """Say whether the member is one of the group's facilitators."""
    return any(f.id == member_id for f in group.facilitators)


def groups_of(member_id: int) -> list[tuple[Signup, Meeting | None]]:
    """The sign-ups of a member that stand, each with its group's next meeting; the newest edition first."""
    standing = (
        select(Signup)
        .join(Signup.workgroup)
        .where(Signup.member_id == member_id, Signup.withdrawn_at.is_(None), Workgroup.cancelled_at.is_(None))
        .options(selectinload(Signup.workgroup).selectinload(Workgroup.theme))
        .order_by(Workgroup.edition_id.desc(), Signup.signed_up_at)
    )
    return [(s, s.workgroup.next_meeting) for s in db.session.scalars(standing)]


def _concerns(member_id: int) -> ColumnElement[bool]:
    """The groups that somebody is in, waits for or leads."""
    signed = select(Signup.workgroup_id).where(Signup.member_id == member_id, Signup.withdrawn_at.is_(None))
    led = select(workgroup_facilitator.c.workgroup_id).where(workgroup_facilitator.c.member_id == member_id)
    return or_(Workgroup.id.in_(signed), Workgroup.id.in_(led))


def other_meetings(member_id: int, group_id: int | None) -> Sequence[Meeting]:
    """The meetings to come of all other groups that somebody is in, waits for or leads."""
    elsewhere = (
        select(Meeting)
        .join(Meeting.workgroup)
        .where(_concerns(member_id), Workgroup.cancelled_at.is_(None), Meeting.ends_at > now())
        .options(selectinload(Meeting.workgroup).selectinload(Workgroup.theme))
        .order_by(Meeting.starts_at)
    )
    if group_id is not None:
        elsewhere = elsewhere.where(Workgroup.id != group_id)
    return db.session.scalars(elsewhere).all()


def overlaps(these: Iterable[Meeting], those: Iterable[Meeting]) -> list[tuple[Meeting, Meeting]]:
    """Every pair of meetings that one person could not attend both."""
    others = list(those)
    return [(this, that) for this in these for that in others if this.overlaps(that)]


def clashes(member: Member, group: Workgroup) -> list[tuple[Meeting, Meeting]]:
    """Meetings of the group at the hour of another group of the member, each with that other meeting."""
    return overlaps(group.meetings, other_meetings(member.id, group.id))


# --- Signing up -------------------------------------------------------------------------------------


def why_not_sign_up(member: Member, group: Workgroup) -> str | None:
    """The sentence why the member cannot sign up for the group (a place or the waiting list), or None.

    Signing up ends when the first meeting begins: members commit to every meeting, and somebody who
    comes later has missed one already. The waiting list stops moving at the same moment.
    """
    if why := why_not_open(group):
        return why
    if why := ways.why_not_from_here(member, group):
        return why
    signup = signup_of(member.id, group)
    if signup and signup.withdrawn_at is None:
        return _("You are in this group already.") if signup.has_place else _("You are on the waiting list already.")
    if leads(member.id, group):
        return _("You lead this group, so you cannot also sign up for it.")
    found = clashes(member, group)
    return _why_clash(found) if found else None


def why_not_open(group: Workgroup) -> str | None:
    """The sentence why nobody can sign up for the group now, or None."""
    if group.cancelled_at:
        return _("This group was cancelled.")
    if why := why_not_now(group.edition, "sign_up"):
        return why
    if why := ways.why_not_direct(group):
        return why
    if group.has_begun:
        return _("This group has begun. Its members come to every meeting, so nobody can join any more.")
    return None


def _why_clash(found: list[tuple[Meeting, Meeting]]) -> str:
    this, that = found[0]
    why = _(
        "You cannot be in two places at once. “%(group)s” meets on %(date)s. "
        "Your other group, “%(other)s”, meets on %(other_date)s.",
        group=this.workgroup, date=span(this.starts_at, this.ends_at),
        other=that.workgroup, other_date=span(that.starts_at, that.ends_at),
    )  # fmt: skip
    more = len(found) - 1
    if more:
        why += " " + ngettext("%(num)d more date is the same.", "%(num)d more dates are the same.", more)
    return why


def missing(group: Workgroup, confirmed: Collection[str]) -> list[Meeting]:
    """The meetings whose `key` was not confirmed; one that was moved meanwhile is among them."""
    return [m for m in group.meetings if m.key not in confirmed]


def alternatives(member: Member | None, group: Workgroup, impossible: Sequence[Meeting]) -> list[Workgroup]:
    """Other groups that may suit: of the same theme first, then online ones, whose dates are not `impossible`.

    Groups that have begun, that the member is in, or that clash with another group of theirs are left out.
    """
    others = (
        select(Workgroup)
        .where(Workgroup.edition_id == group.edition_id, Workgroup.id != group.id, Workgroup.cancelled_at.is_(None))
        .where(or_(Workgroup.theme_id == group.theme_id, ~Workgroup.cities.any()))
        .options(selectinload(Workgroup.theme))
        .order_by(Workgroup.theme_id != group.theme_id, Workgroup.id)
    )
    busy = list(impossible)
    if member is not None:
        others = others.where(~_concerns(member.id))
        busy += other_meetings(member.id, None)
    groups = [g for g in db.session.scalars(others) if not g.has_begun and not overlaps(g.meetings, busy)]
    return [g for g in groups if member is None or ways.why_not_from_here(member, g) is None]


def sign_up(member: Member, group: Workgroup, confirmed: Collection[str]) -> Signup:
    """Sign the member up: a place when there is one, else the end of the waiting list.

    `confirmed` holds the `key` of each meeting that the member said yes to: all, or Refused.
    A second time (a double click) changes nothing and gives the same sign-up.
    """
    lock(member.id, group)
    signup = signup_of(member.id, group)
    if signup and signup.withdrawn_at is None:
        return signup
    if why := why_not_sign_up(member, group):
        raise Refused(why)
    if missing(group, confirmed):
        raise Refused(_("Confirm every date of the group: taking part now and then is not possible."))
    signup = _queue_up(signup, member, group)
    for moved in _seat_all(group):
        if moved is not signup:
            letters.moved_up(moved)
    letters.signed_up(signup, position(signup))
    return signup


def lock(member_id: int | None, group: Workgroup) -> None:
    """Lock the member, then the group, and read the group as it is now.

    NO KEY UPDATE: rows that merely point at them (letters, sign-ups) need not wait.
    """
    if member_id is not None:
        db.session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    locked = select(Workgroup).where(Workgroup.id == group.id).with_for_update(key_share=True)
    db.session.scalars(locked.execution_options(populate_existing=True)).one()


def _queue_up(signup: Signup | None, member: Member, group: Workgroup) -> Signup:
    """Put the member at the end of the queue, with a yes for each date. One row per member and group."""
    try:
        with db.session.begin_nested():
            if signup is None:
                signup = Signup(workgroup=group, member=member)
                db.session.add(signup)
            signup.signed_up_at, signup.withdrawn_at = now(), None
            signup.attendances = [Attendance(meeting=m, confirmed_at=now()) for m in group.meetings]
    except IntegrityError:
        raise Refused(_("You signed up twice at the same time. Look at the group again.")) from None
    return signup


# --- Places and the waiting list --------------------------------------------------------------------


def _waiting(group: Workgroup) -> Select[Signup]:
    waiting = Signup.seat.is_(None), Signup.withdrawn_at.is_(None)
    return select(Signup).where(Signup.workgroup_id == group.id, *waiting)


def waiting_list(group: Workgroup) -> Sequence[Signup]:
    """Who waits for a place, in the order in which they signed up."""
    waiting = _waiting(group).options(selectinload(Signup.member)).order_by(Signup.signed_up_at, Signup.id)
    return db.session.scalars(waiting).all()


def position(signup: Signup) -> int | None:
    """The place on the waiting list, from 1; None for whoever does not wait."""
    if not signup.is_waiting:
        return None
    earlier = or_(
        Signup.signed_up_at < signup.signed_up_at,
        (Signup.signed_up_at == signup.signed_up_at) & (Signup.id < signup.id),
    )
    ahead = _waiting(signup.workgroup).where(earlier).with_only_columns(func.count())
    return 1 + (db.session.scalar(ahead) or 0)


def free_seats(group: Workgroup) -> list[int]:
    """The numbers of the free places, the lowest first."""
    taken = set(
        db.session.scalars(select(Signup.seat).where(Signup.workgroup_id == group.id, Signup.seat.is_not(None)))
    )
    return [n for n in range(1, group.places + 1) if n not in taken]


def move_up(group: Workgroup) -> list[Signup]:
    """Give free places to the first on the waiting list, and write to them. The group must be locked."""
    moved = _seat_all(group)
    for signup in moved:
        letters.moved_up(signup)
    return moved


def _seat_all(group: Workgroup) -> list[Signup]:
    if group.has_begun or group.cancelled_at:
        return []
    seats = free_seats(group)
    first = _waiting(group).order_by(Signup.signed_up_at, Signup.id).limit(len(seats))
    seated = []
    for signup in db.session.scalars(first.execution_options(populate_existing=True)).all() if seats else ():
        try:
            with db.session.begin_nested():
                signup.seat, signup.seated_at = seats.pop(0), now()
        except IntegrityError:  # somebody wrote without the lock: UNIQUE (workgroup, seat) has the last word
            continue
        seated.append(signup)
    return seated


# --- Withdrawing, and reminders ---------------------------------------------------------------------


def why_not_withdraw(signup: Signup) -> str | None:
    """The sentence why a sign-up can no longer be withdrawn, or None."""
    if signup.withdrawn_at:
        return _("You have withdrawn from this group already.")
    if signup.workgroup.is_over:
        return _("This group had its last meeting, so there is nothing left to withdraw from.")
    return None


def withdraw(signup: Signup) -> None:
    """Give the place back; the next on the waiting list gets it at once. Raises Refused."""
    had_place = take_out(signup)
    letters.withdrawn(signup, had_place)
    move_up(signup.workgroup)


def take_out(signup: Signup) -> bool:
    """Lock the group and end the sign-up, whatever it was when it was read; say whether it had a place."""
    lock(None, signup.workgroup)
    db.session.refresh(signup)
    if why := why_not_withdraw(signup):
        raise Refused(why)
    had_place = signup.has_place
    signup.seat, signup.seated_at, signup.withdrawn_at = None, None, now()
    db.session.execute(delete(Attendance).where(Attendance.signup_id == signup.id))
    db.session.flush()
    db.session.expire(signup, ["attendances"])
    return had_place


def remind() -> int:
    """Write to everybody with a place at a meeting within a day, once per meeting and date; run by the worker."""
    soon = (
        select(Signup, Meeting)
        .join(Workgroup, Workgroup.id == Signup.workgroup_id)
        .join(Meeting, Meeting.workgroup_id == Workgroup.id)
        .where(Meeting.starts_at > now(), Meeting.starts_at <= now() + REMIND_BEFORE)
        .where(Signup.seat.is_not(None), Workgroup.cancelled_at.is_(None))
        .options(selectinload(Signup.member), selectinload(Meeting.workgroup).selectinload(Workgroup.theme))
        .order_by(Meeting.starts_at, Signup.id)
    )
    recently = Letter.name == "meeting_reminder", Letter.queued_at > now() - 3 * REMIND_BEFORE
    known = set(db.session.scalars(select(Letter.key).where(*recently)))
    written = 0
    for signup, meeting in db.session.execute(soon):
        key = f"meeting_reminder {meeting.key} {signup.member_id}"
        if key not in known and letters.reminder(signup, meeting, key):
            written += 1
    return written
