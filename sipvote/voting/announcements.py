"""What everybody is told about a running vote: paused, resumed, extended, closed early; and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select

from ..db import db, now
from ..errors import Refused
from ..kept import Kept
from .day import Announcement
from .models import Election

MOST_LETTERS = 500
KEPT_FOR = 1.5  # seconds


def announce(election: Election, kind: str, reason: str, until: datetime | None = None) -> None:
    """Tell everybody: "paused", "resumed", "extended" (until when), or "closed" before the announced moment."""
    db.session.add(Announcement(election_id=election.id, kind=kind, at=now(), until=until, reason=reason.strip()))


class Told(NamedTuple):
    """An announcement as everybody reads it."""

    kind: str
    at: datetime
    until: datetime | None
    reason: str


def announced(election: Election | None) -> Sequence[Told]:
    """Everything that was announced about a vote, in order; there is nothing before it is opened."""
    if election is None or election.opened_at is None:
        return ()
    rows = select(Announcement.kind, Announcement.at, Announcement.until, Announcement.reason)
    found = db.session.execute(rows.where(Announcement.election_id == election.id).order_by(Announcement.id))
    return [Told._make(row) for row in found]


_told: Kept[tuple[Any, ...], Sequence[Told]] = Kept(KEPT_FOR)


def announced_to_many(election: Election | None) -> Sequence[Told]:
    """The same for a page that many open at once: read once a moment, and when the hours of the vote change."""
    if election is None or not election.is_open:
        return announced(election)
    return _told.get((election.id, election.paused_at, election.closes_at), lambda: announced(election))


def last(election: Election, kind: str) -> Told | None:
    """The last announcement of a kind."""
    return next((each for each in reversed(announced(election)) if each.kind == kind), None)


def reasoned(reason: str) -> str:
    """A reason as it will be shown to all. Raises Refused when there is none, or a book."""
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(_("Say why. Everybody reads it."))
    if len(reason) > MOST_LETTERS:
        raise Refused(_("Say it in at most %(n)d characters.", n=MOST_LETTERS))
    return reason


def stood_still(election: Election) -> timedelta:
    """How long the vote has been paused in all, the pause of this moment included."""
    total, begun = timedelta(), None
    for each in announced(election):
        if each.kind == "paused":
            begun = each.at
        elif each.kind == "resumed" and begun:
            total, begun = total + (each.at - begun), None
    return total + (now() - begun if begun and election.paused_at else timedelta())
