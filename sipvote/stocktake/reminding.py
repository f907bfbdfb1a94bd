"""Reminders of statuses that nobody has looked at for long: to who answers for them, and to the organisers.

One letter a person with all of theirs, once in thirty days at most; what nobody answers for is told to the organisers
once a month. Run by the worker, in the morning of working days.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..access import Role
from ..db import db, now
from ..errors import Refused
from ..i18n import ZONE
from ..mail import Letter, queue
from ..members.models import Grant, Member
from . import answering
from .words import STATUSES

PAUSE = timedelta(days=30)
HOUR = 8  # in Brussels
LEAST_DAYS, MOST_DAYS = 7, 730
LONGEST_LIST = 20  # that the organisers' letter names; the page has them all
OWNERS, ORGANISERS = "status_reminder", "status_nobody"


def is_due(moment: datetime) -> bool:
    """Whether these letters are written at a moment: between eight and nine, from Monday to Friday."""
    local = moment.astimezone(ZONE)
    return local.hour == HOUR and local.weekday() < 5


def remind() -> int:
    """Write to everybody who answers for something that is late, and had no such letter for thirty days."""
    recently = select(Letter.member_id).where(Letter.name == OWNERS, Letter.queued_at > now() - PAUSE)
    told = set(db.session.scalars(recently))
    today, days = now().astimezone(ZONE).date(), answering.settings().remind_after_days
    opened = answering.opened()
    late = opened.of(opened.late)
    to_tell = {each.reachable for each in late if each.reachable and each.reachable.id not in told}
    written = 0
    for code in {owner.language for owner in to_tell}:
        opened = answering.opened(code)
        spoken = opened.of(opened.late)
        for owner in (owner for owner in to_tell if owner.language == code):
            mine = [each for each in spoken if each.reachable is owner]
            key = f"{OWNERS} {owner.id} {today}"
            written += queue(OWNERS, owner, key=key, found=mine, days=days, statuses=STATUSES) is not None
    return written


def tell_organisers() -> int:
    """Write to each organiser, once a month, what nobody answers for; nothing when there is nothing."""
    month = f"{now().astimezone(ZONE):%Y-%m}"
    keys = {organiser: f"{ORGANISERS} {organiser.id} {month}" for organiser in _organisers()}
    known = set(db.session.scalars(select(Letter.key).where(Letter.key.in_(keys.values()))))
    written = 0
    for organiser, key in keys.items():
        if key in known:
            continue
        opened = answering.opened(organiser.language)
        found = opened.of_nobody
        facts: dict[str, Any] = {"found": opened.of(found[:LONGEST_LIST]), "number": len(found)}
        facts["more"] = max(0, len(found) - LONGEST_LIST)
        written += bool(found) and queue(ORGANISERS, organiser, key=key, statuses=STATUSES, **facts) is not None
    return written


def _organisers() -> Sequence[Member]:
    """Who organises, and is a member today."""
    held = select(Grant.member_id).where(Grant.role == Role.ORGANISER)
    found = db.session.scalars(select(Member).where(Member.id.in_(held)).order_by(Member.id))
    today = now().astimezone(ZONE).date()
    return [each for each in found if each.is_member_on(today)]


# --- The settings -----------------------------------------------------------------------------------


def why_not_set(days: int) -> str | None:
    """Not so often that it is noise, nor so late that it is of no use."""
    if not LEAST_DAYS <= days <= MOST_DAYS:
        return _("Give a whole number from %(min)s to %(max)s.", min=LEAST_DAYS, max=MOST_DAYS)
    return None


def set_days(days: int, by: int) -> None:
    """Set after how many days a status is late."""
    if why := why_not_set(days):
        raise Refused(why)
    kept = answering.settings()
    before, kept.remind_after_days = kept.remind_after_days, days
    try:
        with db.session.begin_nested():
            db.session.add(kept)
    except IntegrityError:  # another organiser set it first, at the same moment
        raise Refused(_("Somebody else just changed this. Look at it again.")) from None
    if days != before:
        audit.record("set status reminders", "stocktake", by, days=days, before=before)
