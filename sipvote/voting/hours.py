"""The hours of a vote: it is opened and closed by the clock or by hand, extended, paused and resumed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from .. import audit, readiness
from ..db import db, now
from ..errors import Refused
from ..i18n import moment
from . import box, unready
from .announcements import announce, reasoned
from .checkpoints import checkpoint, is_checkpoint_due, name_of, point_of
from .models import Custody, Election
from .rules import hold, why_not_in_phase

# --- Opening and closing ----------------------------------------------------------------------------


def why_not_open(election: Election) -> str | None:
    """Frozen, its word lists tried, within the announced time, and on an installation that can keep the promises."""
    if election.opened_at:
        return _("The vote has been opened already.")
    if not election.frozen_at:
        return _("The ballot must be frozen first.")
    if election.custody == Custody.SCRUTINEERS and not election.proved_at:
        return _("The scrutineers must first try their word lists.")
    if why := why_not_in_phase(election, "vote"):
        return why
    if now() < election.opens_at:
        return _("Voting is announced from %(moment)s.", moment=moment(election.opens_at))
    if now() >= election.closes_at:
        return _(
            "Voting was announced until %(moment)s. Unfreeze, and change the dates.", moment=moment(election.closes_at)
        )
    return None if election.is_rehearsal else readiness.why_not_open()


def open_(election: Election, by: int | None, asked_by: int | None = None) -> None:
    """From now on members vote."""
    hold(election)
    if why := why_not_open(election):
        raise Refused(why)
    election.opened_at = now()
    audit.record("open vote", name_of(election), by, roll_size=election.roll_size, **_by_two(asked_by))


def why_not_close(election: Election) -> str | None:
    """Whatever the phase: what is open can be closed."""
    if election.opened_at is None:
        return _("The vote has not been opened.")
    return _("The vote is closed already.") if election.closed_at else None


def is_early(election: Election) -> bool:
    """Whether the announced moment of closing is still to come: who closes before it tells everybody why."""
    return now() < election.closes_at


def close(election: Election, by: int | None, reason: str = "", asked_by: int | None = None) -> None:
    """End the vote and seal the board: every vote that was acknowledged is on it, and none comes after."""
    _stop(election)
    if why := why_not_close(election):
        raise Refused(why)
    _close(election, by, reason, asked_by)


def _stop(election: Election) -> None:
    """Wait for votes on their way, and keep new ones and other officials off. In this order, always: no two wait
    for each other."""
    box.end_casts(election.id)
    hold(election)


def _close(election: Election, by: int | None, reason: str = "", asked_by: int | None = None) -> None:
    if reason and is_early(election):
        announce(election, "closed", reason)
    election.closed_at, election.paused_at = now(), None
    sealed = checkpoint(election)
    facts = {"envelopes": sealed.trackers, "checkpoint": point_of(election, sealed).hash()} if sealed else {}
    audit.record("close vote", name_of(election), by, **facts, **_by_two(asked_by, reason=reason))


def _by_two(asked_by: int | None, **facts: Any) -> dict[str, Any]:
    """What the audit log keeps of an act that takes two: who had asked for it, and why."""
    given = {"asked_by": audit.number_of(asked_by), **facts}
    return {name: value for name, value in given.items() if value}


# --- Longer than announced --------------------------------------------------------------------------


def why_not_extend(election: Election) -> str | None:
    """What is open, paused or not, can be extended."""
    if election.opened_at is None:
        return _("The vote has not been opened.")
    if election.closed_at or not is_early(election):
        return _("The vote is closed. It can no longer be extended.")
    return None


def why_not_until(election: Election, until: datetime) -> str | None:
    """A vote ends later than announced, never earlier; and before the next phase of the year."""
    if until <= election.closes_at:
        return _("Give a later moment: now the vote closes on %(moment)s.", moment=moment(election.closes_at))
    signup = election.edition.signup_at
    if until >= signup:
        return _(
            "Sign-up for workgroups begins on %(moment)s, and the vote must be over before. "
            "Give an earlier moment, or change the dates of the edition first.",
            moment=moment(signup),
        )
    return None


def extend(election: Election, until: datetime, reason: str, by: int | None, asked_by: int | None = None) -> None:
    """Let the vote, and the phase that it belongs to, last longer; everybody is told why."""
    hold(election)
    edition = election.edition
    db.session.refresh(edition, with_for_update={"key_share": True})
    if why := why_not_extend(election) or why_not_until(election, until):
        raise Refused(why)
    announce(election, "extended", reasoned(reason), until)
    before, election.closes_at = election.closes_at, until
    if not election.is_rehearsal:
        edition.count_at = max(edition.count_at, until)
    facts = {"before": before.isoformat(), "until": until.isoformat(), "reason": reason}
    audit.record("extend vote", name_of(election), by, **facts, **_by_two(asked_by))


# --- Standing still ---------------------------------------------------------------------------------


def why_not_pause(election: Election) -> str | None:
    """What is open can be paused."""
    if election.is_paused:
        return _("Voting is paused already.")
    return None if election.is_open else _("The vote is not open.")


def pause(election: Election, reason: str, by: int | None) -> None:
    """Take no votes for a while; everybody is told why. Votes on their way are in before it."""
    _stop(election)
    if why := why_not_pause(election):
        raise Refused(why)
    announce(election, "paused", reasoned(reason))
    election.paused_at = now()
    audit.record("pause vote", name_of(election), by, reason=reason)


def why_not_resume(election: Election) -> str | None:
    """What is paused goes on."""
    return None if election.is_paused else _("Voting is not paused.")


def resume(election: Election, by: int | None) -> None:
    """Take votes again. The lost time is not added by itself: extending is an act of its own."""
    hold(election)
    if why := why_not_resume(election):
        raise Refused(why)
    announce(election, "resumed", "")
    election.paused_at = None
    audit.record("resume vote", name_of(election), by)


# --- By the clock -----------------------------------------------------------------------------------


def in_progress() -> Sequence[Election]:
    """Elections that are frozen and not closed: those that the clock opens, seals and closes."""
    rows = select(Election).where(Election.frozen_at.is_not(None), Election.closed_at.is_(None))
    return db.session.scalars(rows.options(lazyload(Election.questions)).order_by(Election.id)).all()


def keep_time(election: Election) -> None:
    """Do what is due: open at the announced moment, close at the announced moment, seal the board meanwhile.

    What is opened by hand is left to those who do; the announced end is the end of every vote.
    """
    if election.opened_at is None:
        if not election.by_hand:
            _open_in_time(election)
    elif not is_early(election):
        _close_in_time(election)
    elif is_checkpoint_due(election):
        checkpoint(election)


def _open_in_time(election: Election) -> None:
    why = why_not_open(election)
    if why is None:
        open_(election, None)
    elif why == readiness.why_not_open():
        unready.tell(election)


def _close_in_time(election: Election) -> None:
    """Close, unless in the last instant somebody closed it before us, or extended it."""
    _stop(election)
    if why_not_close(election) is None and not is_early(election):
        _close(election, None)
