"""Acts that take two officials: one asks, another one confirms, each in a session of their own.

Opening and closing by hand, and extending. What was asked lapses soon, so that nobody confirms what is
no longer meant; and who confirms says which asking they have read.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from .. import audit, mail
from ..access import Role
from ..db import db, now
from ..errors import Refused
from ..members.models import Member
from ..members.rules import others_with
from . import box, hours
from .announcements import reasoned
from .checkpoints import name_of
from .day import SecondWord
from .models import Election
from .rules import hold

LIVES = timedelta(minutes=15)
ACTS = {"open": _l("Open the vote"), "close": _l("Close the vote"), "extend": _l("Extend the vote")}
_WHY_NOT: dict[str, Callable[[Election], str | None]] = {
    "open": hours.why_not_open,
    "close": hours.why_not_close,
    "extend": hours.why_not_extend,
}


def standing(election: Election) -> Sequence[SecondWord]:
    """What was asked and can be confirmed now, by act."""
    rows = select(SecondWord).where(SecondWord.election_id == election.id, SecondWord.asked_at > now() - LIVES)
    found = db.session.scalars(
        rows.options(joinedload(SecondWord.asked_by)).order_by(SecondWord.act).execution_options(populate_existing=True)
    )
    # What was asked of another freezing of the ballot was not asked of this one.
    since = election.frozen_at
    return [word for word in found if since and word.asked_at >= since and _WHY_NOT[word.act](election) is None]


def lapses(word: SecondWord) -> datetime:
    """Until when it can be confirmed."""
    return word.asked_at + LIVES


def stamp(word: SecondWord) -> str:
    """What names this asking, and no other of the same act."""
    return word.asked_at.isoformat()


def _asked(election: Election, act: str) -> SecondWord | None:
    return next((word for word in standing(election) if word.act == act), None)


def _others(by: int) -> Sequence[Member]:
    """The other organisers, who can confirm."""
    return others_with(frozenset({Role.ORGANISER}), by)


# --- Asking -----------------------------------------------------------------------------------------


def why_not_ask(election: Election, act: str, by: int) -> str | None:
    """Whether the act is possible now, was not asked for already, and there is somebody else to confirm it."""
    if why := _WHY_NOT[act](election):
        return why
    if word := _asked(election, act):
        return _("%(name)s has asked for this already. Another organiser confirms it.", name=word.asked_by.name)
    return None if _others(by) else _("This takes two organisers, and you are the only one.")


def ask(election: Election, act: str, by: int, reason: str = "", until: datetime | None = None) -> SecondWord:
    """Ask for an act; the other organisers hear of it by mail. Raises Refused."""
    hold(election)
    if why := why_not_ask(election, act, by):
        raise Refused(why)
    if act == "extend" and until and (why := hours.why_not_until(election, until)):
        raise Refused(why)
    if act == "extend" or (act == "close" and hours.is_early(election)):
        reason = reasoned(reason)
    if lapsed := db.session.get(SecondWord, (election.id, act)):
        db.session.delete(lapsed)
    word = SecondWord(election_id=election.id, act=act, asked_at=now(), asked_by_id=by, until=until, reason=reason)
    db.session.add(word)
    given = {"until": until.isoformat() if until else "", "reason": reason}
    audit.record(f"ask to {act} vote", name_of(election), by, **{name: said for name, said in given.items() if said})
    for member in _others(by):
        key = f"second word {election.id} {act} {stamp(word)} {member.id}"
        facts: dict[str, Any] = {"edition": election.edition, "is_rehearsal": election.is_rehearsal}
        mail.queue("second_word", member, key=key, word=word, lapses=lapses(word), **facts)
    return word


# --- Confirming -------------------------------------------------------------------------------------


def why_not_confirm(word: SecondWord, by: int) -> str | None:
    """Nobody confirms what they have asked for themselves, nor what somebody asked who is no organiser any more."""
    if word.asked_by_id == by:
        return _("You asked for this yourself. Another organiser confirms it.")
    if word.asked_by_id not in {other.id for other in _others(by)}:
        return _("Who asked for this may no longer do it. Refuse it, then ask for it yourself.")
    return None


def _read(election: Election, act: str, stamped: str) -> SecondWord:
    """The asking that somebody has read, with nobody else at it. Raises Refused when it stands no more."""
    box.end_casts(election.id)  # before holding the election, as closing does
    hold(election)
    word = _asked(election, act)
    if word is None or stamp(word) != stamped:
        raise Refused(_("This is no longer asked: it was withdrawn, done, or asked too long ago. See what stands now."))
    return word


def confirm(election: Election, act: str, stamped: str, by: int) -> None:
    """Another official says yes: the act is done. `stamped` names the asking that they have read. Raises Refused."""
    word = _read(election, act, stamped)
    if why := why_not_confirm(word, by):
        raise Refused(why)
    reason, until, asked_by = word.reason, word.until, word.asked_by_id
    db.session.delete(word)
    if act == "open":
        hours.open_(election, by, asked_by)
    elif act == "close":
        hours.close(election, by, reason, asked_by)
    else:
        hours.extend(election, until or election.closes_at, reason, by, asked_by)


def withdraw(election: Election, act: str, stamped: str, by: int) -> None:
    """Take back what was asked, by whoever asked or by another organiser, who does not agree."""
    word = _read(election, act, stamped)
    audit.record(f"withdraw asking to {act} vote", name_of(election), by, asked_by=audit.number_of(word.asked_by_id))
    db.session.delete(word)
    db.session.flush()
