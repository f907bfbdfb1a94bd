"""The hours of a vote: it is opened and closed by the clock, or by hand."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from .. import audit
from ..db import db, now
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import moment
from . import box
from .checkpoints import checkpoint, is_checkpoint_due, name_of, point_of
from .models import Custody, Election
from .rules import hold

# --- Opening and closing ----------------------------------------------------------------------------


def why_not_open(election: Election) -> str | None:
    """Frozen, its word lists tried, and within the announced time."""
    if election.opened_at:
        return _("The vote has been opened already.")
    if not election.frozen_at:
        return _("The ballot must be frozen first.")
    if election.custody == Custody.SCRUTINEERS and not election.proved_at:
        return _("The scrutineers must first try their word lists.")
    if why := why_not_now(election.edition, "vote"):
        return why
    if now() < election.opens_at:
        return _("Voting is announced from %(moment)s.", moment=moment(election.opens_at))
    if now() >= election.closes_at:
        return _(
            "Voting was announced until %(moment)s. Unfreeze, and change the dates.", moment=moment(election.closes_at)
        )
    return None


def open_(election: Election, by: int | None) -> None:
    """From now on members vote."""
    hold(election)
    if why := why_not_open(election):
        raise Refused(why)
    election.opened_at = now()
    audit.record("open vote", name_of(election), by, roll_size=election.roll_size)


def why_not_close(election: Election) -> str | None:
    """Whatever the phase: what is open can be closed."""
    if election.opened_at is None:
        return _("The vote has not been opened.")
    return _("The vote is closed already.") if election.closed_at else None


def close(election: Election, by: int | None) -> None:
    """End the vote and seal the board: every vote that was acknowledged is on it, and none comes after."""
    box.end_casts(election.id)
    hold(election)
    if why := why_not_close(election):
        raise Refused(why)
    election.closed_at = now()
    sealed = checkpoint(election)
    facts = {"envelopes": sealed.trackers, "checkpoint": point_of(election, sealed).hash()} if sealed else {}
    audit.record("close vote", name_of(election), by, **facts)


# --- By the clock -----------------------------------------------------------------------------------


def in_progress() -> Sequence[Election]:
    """Elections that are frozen and not closed: those that the clock opens, seals and closes."""
    rows = select(Election).where(Election.frozen_at.is_not(None), Election.closed_at.is_(None))
    return db.session.scalars(rows.options(lazyload(Election.questions)).order_by(Election.id)).all()


def keep_time(election: Election) -> None:
    """Do what is due: open at the announced moment, close at the announced moment, seal the board meanwhile."""
    if election.opened_at is None:
        if why_not_open(election) is None:
            open_(election, None)
    elif now() >= election.closes_at:
        close(election, None)
    elif is_checkpoint_due(election):
        checkpoint(election)
