"""What the workgroups' room decides: signing up, the commitment, withdrawing.

Locks stand in seats.py, the order of waiting lists in waiting.py, places that are kept for somebody in offers.py.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.models import Edition
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import ZONE
from ..members.models import Member
from . import engagements, letters, offers, ways
from .engagements import Engagement
from .models import Meeting, Signup, Workgroup, workgroup_facilitator
from .offers import missing
from .seats import ahead, free_seats, leave, lock
from .waiting import position, waiting_list

__all__ = ["free_seats", "lock", "missing", "position", "waiting_list"]  # what other modules of the room know from here


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


def led_soon(member_id: int, edition: Edition) -> Sequence[Meeting]:
    """The meetings of today and tomorrow that are not over, of groups of an edition that somebody leads."""
    tomorrow = now().astimezone(ZONE).date() + timedelta(days=1)
    until = datetime.combine(tomorrow, time.max, ZONE)
    soon = (
        select(Meeting)
        .join(Meeting.workgroup)
        .where(Workgroup.facilitators.any(Member.id == member_id), Workgroup.cancelled_at.is_(None))
        .where(Workgroup.edition_id == edition.id, Meeting.ends_at > now(), Meeting.starts_at <= until)
        .options(selectinload(Meeting.workgroup).selectinload(Workgroup.theme))
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return db.session.scalars(soon).all()


def _concerns(member_id: int) -> ColumnElement[bool]:
    """The groups that somebody is in, waits for or leads."""
    signed = select(Signup.workgroup_id).where(Signup.member_id == member_id, Signup.withdrawn_at.is_(None))
    led = select(workgroup_facilitator.c.workgroup_id).where(workgroup_facilitator.c.member_id == member_id)
    return or_(Workgroup.id.in_(signed), Workgroup.id.in_(led))


def other_meetings(member_id: int, group_id: int | None) -> list[Engagement]:
    """The meetings to come of all other groups that somebody is in, waits for or leads."""
    return [e for e in engagements.of(member_id, group_id) if e.workgroup is not None]


def overlaps(
    these: Iterable[Meeting], those: Iterable[engagements.Spanned]
) -> list[tuple[Meeting, engagements.Spanned]]:
    """Every pair of meetings that one person could not attend both."""
    others = list(those)
    return [(this, that) for this in these for that in others if engagements.overlap(this, that)]


def clashes(member: Member, group: Workgroup) -> list[tuple[Meeting, Engagement]]:
    """Meetings of the group at the hour of anything else that the member is expected at, each with that."""
    return engagements.clashes(ahead(group), engagements.of(member.id, group.id))


# --- Signing up -------------------------------------------------------------------------------------


def why_not_sign_up(member: Member, group: Workgroup) -> str | None:
    """The sentence why the member cannot sign up for the group (a place or the waiting list), or None.

    Signing up ends when the first meeting begins, because members commit to every meeting; unless a facilitator
    opens the group for late joiners, who commit to the meetings to come.
    """
    if why := why_not_open(group):
        return why
    if why := ways.why_not_from_here(member, group):
        return why
    signup = signup_of(member.id, group)
    if signup and signup.withdrawn_at is None:
        return _why_again(signup)
    if leads(member.id, group):
        return _("You lead this group, so you cannot also sign up for it.")
    found = [pair for pair in clashes(member, group) if pair[1].workgroup is not None]
    return engagements.why_clash(found) if found else None


def _why_again(signup: Signup) -> str:
    if signup.is_offered:
        return _("A place in this group is kept for you already. Confirm it.")
    return _("You are in this group already.") if signup.has_place else _("You are on the waiting list already.")


def why_not_open(group: Workgroup) -> str | None:
    """The sentence why nobody can sign up for the group now, or None."""
    if group.cancelled_at:
        return _("This group was cancelled.")
    if why := why_not_now(group.edition, "sign_up"):
        return why
    if why := ways.why_not_direct(group):
        return why
    if group.has_begun and (group.late_opened_at is None or not ahead(group)):
        return _("This group has begun. Its members come to every meeting, so nobody can join any more.")
    return None


def alternatives(member: Member | None, group: Workgroup, impossible: Sequence[Meeting]) -> list[Workgroup]:
    """Other groups that may suit: of the same theme first, then online ones, whose dates are not `impossible`.

    Groups that have begun, that the member is in, or that clash with another group of theirs are left out. There
    are none before everybody knows the group that their wishes gave them.
    """
    if ways.takes_wishes(group.edition):
        return []
    others = (
        select(Workgroup)
        .where(Workgroup.edition_id == group.edition_id, Workgroup.id != group.id, Workgroup.cancelled_at.is_(None))
        .where(or_(Workgroup.theme_id == group.theme_id, ~Workgroup.cities.any()))
        .options(selectinload(Workgroup.theme))
        .order_by(Workgroup.theme_id != group.theme_id, Workgroup.id)
    )
    busy: list[engagements.Spanned] = list(impossible)
    if member is not None:
        others = others.where(~_concerns(member.id))
        busy += other_meetings(member.id, None)
    groups = [
        g for g in db.session.scalars(others) if g.meetings and not g.has_begun and not overlaps(g.meetings, busy)
    ]
    return [g for g in groups if member is None or ways.why_not_from_here(member, g) is None]


def sign_up(member: Member, group: Workgroup, confirmed: Collection[str]) -> Signup:
    """Sign the member up: a place at once when one is free and nobody waits, else the waiting list.

    `confirmed` holds the `key` of each meeting to come that the member said yes to: all, or Refused.
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
    offers.pass_on(group)  # whoever waits comes before whoever comes now
    signup = _join(signup, member, group)
    letters.signed_up(signup, position(signup))
    return signup


def _join(signup: Signup | None, member: Member, group: Workgroup) -> Signup:
    """Write the sign-up down, with a yes for each date to come. One row per member and group."""
    seats = free_seats(group)
    try:
        with db.session.begin_nested():
            if signup is None:
                signup = Signup(workgroup=group, member=member)
                db.session.add(signup)
            signup.signed_up_at, signup.withdrawn_at = now(), None
            if seats:
                signup.seat, signup.seated_at = seats[0], now()
            offers.commit_to_dates(signup)
    except IntegrityError:
        raise Refused(_("You signed up twice at the same time. Look at the group again.")) from None
    return signup


# --- Withdrawing ------------------------------------------------------------------------------------


def why_not_withdraw(signup: Signup) -> str | None:
    """The sentence why a sign-up can no longer be withdrawn, or None."""
    if signup.withdrawn_at:
        return _("You have withdrawn from this group already.")
    if signup.workgroup.is_over:
        return _("This group had its last meeting, so there is nothing left to withdraw from.")
    return None


def withdraw(signup: Signup) -> None:
    """Give the place back; it is offered to the next on the waiting list at once. Raises Refused."""
    had_place = take_out(signup)
    letters.withdrawn(signup, had_place)
    offers.pass_on(signup.workgroup)


def take_out(signup: Signup) -> bool:
    """Lock the group and end the sign-up, whatever it was when it was read; say whether it had a place."""
    lock(None, signup.workgroup)
    db.session.refresh(signup)
    if why := why_not_withdraw(signup):
        raise Refused(why)
    had_place = signup.has_place
    leave(signup)
    return had_place
