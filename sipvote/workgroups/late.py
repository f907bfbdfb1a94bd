"""Late joiners: after the second meeting nobody joins any more, unless a facilitator opens the group.

Between the first and the second meeting the waiting list still moves; people who are not on it yet can join after
the first meeting only when the group is open. Whoever joins late commits to the meetings to come.
"""

from flask_babel import gettext as _

from .. import audit
from ..db import db, now
from ..errors import Refused
from . import offers, seats
from .models import Workgroup


def why_not_open(group: Workgroup) -> str | None:
    """The sentence why the group cannot be opened for late joiners, or None."""
    if group.cancelled_at:
        return _("This group was cancelled.")
    if group.late_opened_at:
        return _("This group is open for late joiners already.")
    if not group.has_begun:
        return _("This group has not begun, so everybody can still sign up.")
    if not seats.ahead(group):
        return _("This group has no meeting to come any more.")
    return None


def open_(group: Workgroup, by: int | None) -> None:
    """Let people join a group that has begun; free places are offered to the waiting list. Raises Refused."""
    seats.lock(None, group)
    if why := why_not_open(group):
        raise Refused(why)
    group.late_opened_at = now()
    audit.record("open group late", f"workgroup {group.id}", by)
    db.session.flush()
    offers.pass_on(group)


def close(group: Workgroup, by: int | None) -> None:
    """Let nobody join any more; offers that were made stand until their deadline. Raises Refused."""
    seats.lock(None, group)
    if group.late_opened_at is None:
        raise Refused(_("This group is not open for late joiners."))
    group.late_opened_at = None
    audit.record("close group late", f"workgroup {group.id}", by)
