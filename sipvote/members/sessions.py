"""Sessions after signing in: the second step wakes an official's rights; each is listed and ended by its owner."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select, update

from .. import audit
from ..access import Visitor
from ..db import db, now
from ..errors import Refused
from .models import SESSION_LIVES, Member, SignIn
from .rules import lives

# What a browser calls itself is no more than a hint for its owner; nothing is decided by it.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def device_of(user_agent: str) -> str:
    """The browser and the system in a few words, such as "Firefox · Android"; nothing when both are unknown."""
    known = (next((name for mark, name in marks.items() if mark in user_agent), None) for marks in (BROWSERS, SYSTEMS))
    return " · ".join(name for name in known if name)


def running(member_id: int) -> Sequence[SignIn]:
    """The sessions of a member that may still be used, the latest begun first."""
    rows = select(SignIn).where(
        SignIn.member_id == member_id, SignIn.ended_at.is_(None), SignIn.used_at > now() - SESSION_LIVES
    )
    found = db.session.scalars(rows.order_by(SignIn.used_at.desc(), SignIn.id.desc())).all()
    return [one for one in found if one.used_at and one.used_at > now() - lives(one.via)]


def end(member_id: int, sign_in_id: int) -> bool:
    """End one of a member's own sessions; whether there was such a one."""
    mine = update(SignIn).where(SignIn.id == sign_in_id, SignIn.member_id == member_id, SignIn.ended_at.is_(None))
    return bool(db.session.execute(mine.values(ended_at=now())).rowcount == 1)  # type: ignore[attr-defined]


def end_all(member_id: int) -> None:
    """End every session of a member, whatever it began with; links and codes that wait die as well."""
    address = select(Member.email).where(Member.id == member_id).scalar_subquery()
    theirs = (SignIn.member_id == member_id) | (SignIn.address == address)
    db.session.execute(update(SignIn).where(theirs, SignIn.ended_at.is_(None)).values(ended_at=now()))


def prove(visitor: Visitor) -> int:
    """The second step is done: from now on the session has all rights of its holder. Gives the session's number.

    When rights wake up, the session gets a new number, so that a copy of the old cookie gains nothing.
    """
    moment = now()
    session = db.session.get_one(SignIn, visitor.sign_in_id)
    if visitor.asleep:
        session = _renewed(session)
        session.awake_at = moment
        audit.record("second step", f"session {session.id}", visitor.member_id)
    session.proved_at = session.seen_at = moment
    return session.id


def _renewed(old: SignIn) -> SignIn:
    """The same session under another number; the old one is dead."""
    kept = {name: getattr(old, name) for name in ("address", "language", "asked_at", "mailed_at", "used_at", "via")}
    new = SignIn(**kept, browser_hash="", member_id=old.member_id, device=old.device)
    still = update(SignIn).where(SignIn.id == old.id, SignIn.ended_at.is_(None)).values(ended_at=now())
    if db.session.execute(still).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(_("You were signed out meanwhile. Sign in again."))
    db.session.add(new)
    db.session.flush()
    return new
