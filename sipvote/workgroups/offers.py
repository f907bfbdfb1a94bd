"""Offers: a place that is kept for somebody until they confirm every date to come, and that else passes on.

A place becomes free and is offered to the first on the waiting list; or it was given by the members' wishes. Both
are a seat with `confirm_by`. Accepting needs a yes for each date; declining, or saying nothing, passes it on.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..errors import Refused
from ..i18n import moment
from ..mail import Letter
from . import engagements, letters, seats, waiting
from .engagements import Engagement
from .models import Attendance, Meeting, Signup, Workgroup
from .wish_models import WishList

REMIND_BEFORE = timedelta(days=1)
SHORT = timedelta(hours=36)  # an offer that lasts no longer needs no reminder: its letter has just come


# --- Offering ---------------------------------------------------------------------------------------


def pass_on(group: Workgroup) -> list[Signup]:
    """Offer each free place to the next on the waiting list, and write to them. The group must be locked."""
    if not waiting.moves(group):
        return []
    free = seats.free_seats(group)
    offered = []
    for signup in waiting.first(group, len(free)) if free else ():
        try:
            with db.session.begin_nested():
                signup.seat, signup.seated_at, signup.confirm_by = free.pop(0), now(), deadline(group)
        except IntegrityError:  # somebody wrote without the lock: UNIQUE (workgroup, seat) has the last word
            continue
        letters.place_offered(signup)
        offered.append(signup)
    return offered


def deadline(group: Workgroup) -> datetime:
    """Until when a place that becomes free now is kept: never longer than until the next meeting begins."""
    return min(now() + timedelta(days=group.edition.accept_days), seats.ahead(group)[0].starts_at)


def was_given(signup: Signup) -> bool:
    """Say whether the member was given this group by their wishes."""
    mine = select(WishList.given_id).where(
        WishList.edition_id == signup.workgroup.edition_id, WishList.member_id == signup.member_id
    )
    return db.session.scalar(mine) == signup.workgroup_id


# --- Accepting --------------------------------------------------------------------------------------


def why_not_accept(signup: Signup) -> str | None:
    """The sentence why the member cannot confirm this place, or None."""
    if signup.workgroup.cancelled_at:
        return _("This group was cancelled.")
    if signup.has_place:
        return _("You have confirmed your place already.")
    if signup.confirm_by is None:
        return _("No place is kept for you in this group now. Look at its page to see how things stand.")
    if signup.confirm_by <= now():
        until = moment(signup.confirm_by)
        return _("The place was kept for you until %(moment)s. It passes on to the next person.", moment=until)
    if not seats.ahead(signup.workgroup):
        return _("This group has no meeting to come any more.")
    binding = [pair for pair in clashes(signup) if pair[1].is_binding]
    return engagements.why_clash(binding) if binding else None


def clashes(signup: Signup) -> list[tuple[Meeting, Engagement]]:
    """The dates to come at which the member is expected elsewhere too, one by one."""
    group = signup.workgroup
    return engagements.clashes(seats.ahead(group), engagements.of(signup.member_id, group.id))


def missing(group: Workgroup, confirmed: Collection[str]) -> list[Meeting]:
    """The meetings to come whose `key` was not confirmed; one that was moved meanwhile is among them."""
    return [m for m in seats.ahead(group) if m.key not in confirmed]


def accept(signup: Signup, confirmed: Collection[str]) -> list[Workgroup]:
    """Make an offered place the member's own; give the groups that they no longer wait for. Raises Refused.

    1 lock the member, then all groups concerned; 2 check the offer and every date; 3 leave waiting lists and
    offers at the same hours; 4 those places pass on. A second time (a double click) changes nothing.
    """
    group, others = signup.workgroup, _lock_with_others(signup)
    db.session.refresh(signup)
    if signup.has_place:
        return []
    if why := why_not_accept(signup):
        raise Refused(why)
    if missing(group, confirmed):
        raise Refused(_("Confirm every date of the group: taking part now and then is not possible."))
    signup.confirm_by = None
    commit_to_dates(signup)
    db.session.flush()
    ended = _leave_overlapping(signup, others)
    letters.signed_up(signup, None, ended)
    for other in ended:
        pass_on(other)
    return ended


def commit_to_dates(signup: Signup) -> None:
    """Write down a yes for each meeting to come; whether they came to earlier ones, in a place they left, stays."""
    at, to_come = now(), seats.ahead(signup.workgroup)
    held = [a for a in signup.attendances if a.came is not None and a.meeting not in to_come]
    signup.attendances = [*held, *(Attendance(meeting=m, confirmed_at=at) for m in to_come)]


def _lock_with_others(signup: Signup) -> list[Signup]:
    """Lock the member, this group, and the others of the edition where they wait or have an offer."""
    seats.lock(signup.member_id)
    loose = (
        select(Signup)
        .join(Signup.workgroup)
        .where(Signup.member_id == signup.member_id, Signup.id != signup.id, Signup.withdrawn_at.is_(None))
        .where(Signup.seat.is_(None) | Signup.confirm_by.is_not(None))
        .where(Workgroup.edition_id == signup.workgroup.edition_id, Workgroup.cancelled_at.is_(None))
    )
    others = list(db.session.scalars(loose))
    seats.lock(None, signup.workgroup, *(s.workgroup for s in others))
    for other in others:
        db.session.refresh(other)
    return others


def _leave_overlapping(signup: Signup, others: Sequence[Signup]) -> list[Workgroup]:
    """Who has a place waits for no other at the same hours."""
    mine = seats.ahead(signup.workgroup)
    ended = []
    for other in others:
        theirs = seats.ahead(other.workgroup)
        if other.withdrawn_at is None and any(engagements.overlap(a, b) for a in mine for b in theirs):
            seats.leave(other)
            ended.append(other.workgroup)
    return ended


# --- Declining, and saying nothing ------------------------------------------------------------------


def decline(signup: Signup) -> None:
    """Say no to an offered place: it passes on at once. Raises Refused."""
    group = signup.workgroup
    seats.lock(None, group)
    db.session.refresh(signup)
    if not signup.is_offered:
        raise Refused(_("No place is kept for you in this group now. Look at its page to see how things stand."))
    seats.leave(signup)
    pass_on(group)


def lapsed() -> Sequence[Signup]:
    """The offers whose deadline is over; run by the worker."""
    late = select(Signup).join(Signup.workgroup).where(Signup.confirm_by <= now(), Workgroup.cancelled_at.is_(None))
    return db.session.scalars(late.order_by(Signup.confirm_by, Signup.id)).all()


def lapse(signup: Signup) -> None:
    """Withdraw an offer that nobody answered, tell the member, and pass the place on."""
    group = signup.workgroup
    seats.lock(None, group)
    db.session.refresh(signup)
    if signup.confirm_by is None or signup.confirm_by > now():  # answered at the last moment
        return
    seats.leave(signup)
    letters.place_lapsed(signup)
    pass_on(group)


def remind() -> int:
    """Write once to those whose offer ends within a day; run by the worker."""
    soon = (
        select(Signup)
        .join(Signup.workgroup)
        .where(Signup.confirm_by > now(), Signup.confirm_by <= now() + REMIND_BEFORE, Workgroup.cancelled_at.is_(None))
        .options(selectinload(Signup.member), selectinload(Signup.workgroup).selectinload(Workgroup.theme))
    )
    recently = Letter.name == "confirm_reminder", Letter.queued_at > now() - 2 * REMIND_BEFORE
    known = set(db.session.scalars(select(Letter.key).where(*recently)))
    written = 0
    for signup in db.session.scalars(soon):
        key = f"confirm_reminder {signup.id} {signup.confirm_by:%Y%m%d%H%M%S}"
        is_short = signup.seated_at is not None and signup.confirm_by - signup.seated_at <= SHORT  # type: ignore[operator]
        if key not in known and not is_short and letters.confirm_reminder(signup, key):
            written += 1
    return written


def keep_no_longer(group: Workgroup) -> None:
    """Shorten offers that would last beyond the beginning of the next meeting. The group must be locked."""
    if not (to_come := seats.ahead(group)):
        return
    longer = select(Signup).where(Signup.workgroup_id == group.id, Signup.confirm_by > to_come[0].starts_at)
    for signup in db.session.scalars(longer):
        signup.confirm_by = to_come[0].starts_at
