"""What the members' room decides: signing in and out, and who holds which role."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, func, insert, or_, select, update

from .. import audit, mail
from ..access import HALL, Role, Visitor, awake
from ..db import at_once, db, now
from ..errors import Refused
from ..prepared import Prepared
from .models import (
    CARD_LIVES,
    OFFICIALS_IDLE,
    PROVED_IDLE,
    PROVED_LIVES,
    SESSION_LIVES,
    SIGN_IN_LIVES,
    City,
    Grant,
    Member,
    SignIn,
)

CODES_TRIED = 5
FRESH = timedelta(minutes=30)
# What gives a session the roles of its member: a mail, or an account at the cooperative's own provider (sso.py).
# A card or a link that somebody else may have found gives no power over the vote.
ACCOUNT = "account"
GIVES_ROLES = ("mail", ACCOUNT)
SIGN_INS_KEPT = timedelta(days=1)  # those that led nowhere
MAILS_AT_MOST = 3
MAILS_WITHIN = timedelta(minutes=15)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def plain_address(address: str) -> str:
    """The form in which addresses are kept and compared."""
    return address.strip().lower()


def members_on(rows: Any, day: date) -> Any:
    """Only who is a member on a day, of a SELECT over members; the day of leaving counts no more."""
    return rows.where(Member.joined <= day, or_(Member.left.is_(None), Member.left > day))


def members_today(rows: Any) -> Any:
    """Only who is a member today, of a SELECT over members."""
    return members_on(rows, now().date())


# --- Signing in -----------------------------------------------------------------------------------


def ask_sign_in(address: str, browser: str, language: str, next_path: str | None) -> SignIn:
    """Note that somebody wants to sign in as `address`; the worker mails a member of that address.

    Nothing here depends on whether the address is known: neither the answer nor the time it takes.
    `browser` is a secret that only the asking browser holds. Raises Refused after three in 15 minutes.
    """
    address = plain_address(address)
    # Only what was asked for by mail: sessions that began otherwise, or were renewed, have no browser that asked.
    asked_for = (SignIn.address == address, SignIn.browser_hash != "", SignIn.asked_at > now() - MAILS_WITHIN)
    recent = select(func.count()).where(*asked_for)
    if (db.session.scalar(recent) or 0) >= MAILS_AT_MOST:
        raise Refused(_("You asked for several codes. Use the newest one, or wait 15 minutes and ask again."))
    # Only the newest link and code of an address count.
    older = update(SignIn).where(SignIn.address == address, SignIn.used_at.is_(None), SignIn.ended_at.is_(None))
    db.session.execute(older.values(ended_at=now()))
    asked = SignIn(address=address, browser_hash=_hash(browser), language=language, asked_at=now(), next_path=next_path)
    db.session.add(asked)
    db.session.flush()
    return asked


def mail_sign_ins() -> int:
    """Write to everybody who asked and is a member; run by the worker. Gives the number of letters.

    Two workers at once never write twice for the same asking: each takes what the other does not hold.
    """
    waiting = select(SignIn).where(
        SignIn.mailed_at.is_(None), SignIn.ended_at.is_(None), SignIn.asked_at > now() - SIGN_IN_LIVES
    )
    letters = 0
    for asked in db.session.scalars(waiting.order_by(SignIn.id).with_for_update(skip_locked=True)).all():
        asked.mailed_at = now()
        member = member_at(asked.address)
        if member is None:
            continue
        token, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**6):06}"
        asked.link_hash, asked.code_hash = _hash(token), _code_hash(asked, code)
        mail.queue("sign_in", member, secret=True, token=token, code=code, minutes=SIGN_IN_LIVES.seconds // 60)
        letters += 1
    return letters


def _code_hash(asked: SignIn, code: str) -> str:
    return _hash(f"{asked.id} {code}")


def member_at(address: str) -> Member | None:
    """The present member with this e-mail address."""
    present: Select[Member] = members_today(select(Member).where(Member.email == plain_address(address)))
    return db.session.scalar(present)


def member_numbered(number: str) -> Member | None:
    """The present member with this number."""
    present: Select[Member] = members_today(select(Member).where(Member.number == number.strip()))
    return db.session.scalar(present)


def name_of(number: str) -> str:
    """Who has this number, or the number of somebody who was erased."""
    return db.session.scalar(select(Member.name).where(Member.number == number)) or number


def sign_in_for(token: str) -> SignIn | None:
    """The sign-in that a link belongs to, while it may be used."""
    found = db.session.scalar(select(SignIn).where(SignIn.link_hash == _hash(token)))
    return found if found and found.is_fresh else None


def is_same_browser(asked: SignIn, browser: str | None) -> bool:
    """Say whether this is the browser in which the sign-in was asked for."""
    return browser is not None and _hash(browser) == asked.browser_hash


def use_link(asked: SignIn, browser: str | None) -> Visitor:
    """Sign in by link, in the browser that asked; elsewhere the code is needed. Raises Refused."""
    if not is_same_browser(asked, browser):
        raise Refused(_("You opened this link in another browser. Type the six digits from the same mail."))
    return _begin(asked)


def use_code(asked: SignIn | None, code: str) -> Visitor:
    """Sign in by the six digits; five tries, then the code is dead. Raises Refused."""
    wrong = _("This code is not right, or no longer valid. Look at the newest mail, or ask for a new code.")
    if asked is None or not asked.is_fresh:
        raise Refused(wrong)
    # Compare-and-set: of any number of simultaneous guesses, at most five are looked at.
    tried = update(SignIn).where(SignIn.id == asked.id, SignIn.tries < CODES_TRIED).values(tries=SignIn.tries + 1)
    allowed = db.session.execute(tried).rowcount == 1  # type: ignore[attr-defined]
    digits = "".join(c for c in code if c.isdigit())
    if not allowed or asked.code_hash is None or asked.code_hash != _code_hash(asked, digits):
        raise Refused(wrong)
    return _begin(asked)


def _begin(asked: SignIn) -> Visitor:
    member = member_at(asked.address)
    if member is None:
        raise Refused(_("This address no longer belongs to a member. Ask for help at your office."))
    used = update(SignIn).where(SignIn.id == asked.id, SignIn.used_at.is_(None), SignIn.ended_at.is_(None))
    moment = now()
    if db.session.execute(used.values(used_at=moment, seen_at=moment, member_id=member.id)).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(_("This link was already used. Ask for a new one."))
    return visitor_of(asked.id, member)


# Made once: a hall signs in all at once.
_BEGIN = insert(SignIn.__table__).returning(SignIn.id)  # type: ignore[arg-type]  # a Table, which it takes


def begin_session(member: Member, via: str = "mail", device: str = "") -> Visitor:
    """Open a session for a member without a mail: by a link, a card or the kiosk, or in the demonstration."""
    moment = now()
    facts = {
        "address": member.email or member.number, "browser_hash": "", "language": member.language,
        "asked_at": moment, "mailed_at": moment, "used_at": moment, "seen_at": moment,
        "member_id": member.id, "via": via, "device": device,
    }  # fmt: skip
    return visitor_of(db.session.execute(_BEGIN, facts).scalar_one(), member, via)


def visitor_of(sign_in_id: int, member: Member, via: str = "mail") -> Visitor:
    """The visitor that a member becomes in a session."""
    held, cities = _roles([(g.role, g.city_id) for g in member.grants] if via in GIVES_ROLES else [])
    roles, asleep = awake(held, False)
    who = (member.id, member.name, member.language, member.country, member.city_id)
    return Visitor(sign_in_id, *who, roles, cities, via, asleep)


def _roles(grants: list[tuple[Role, int | None]]) -> tuple[frozenset[Role], frozenset[int]]:
    """Roles, and the cities that the facilitator's role is limited to (empty: not limited)."""
    cities = {city for role, city in grants if role == Role.FACILITATOR}
    limited = frozenset() if None in cities else frozenset(c for c in cities if c is not None)
    return frozenset(role for role, _city in grants), limited


@dataclass(frozen=True)
class Session:
    """A session as read for one request: the visitor, and when the session was last seen."""

    visitor: Visitor
    seen_at: datetime
    lapsed: bool = False  # the rights of the second step were awake too long, or idle


# Every request asks this.
_RUNNING = Prepared(
    select(
        SignIn.id, SignIn.seen_at, Member.id, Member.name, Member.language, Member.country, Member.city_id,
        SignIn.via, SignIn.used_at, SignIn.awake_at, SignIn.proved_at, Grant.role, Grant.city_id,
    )
    .join(Member, Member.id == SignIn.member_id)
    .outerjoin(Grant, Grant.member_id == Member.id)
    .where(
        SignIn.id == bindparam("sign_in"),
        SignIn.ended_at.is_(None),
        SignIn.used_at > bindparam("since"),
        or_(Member.left.is_(None), Member.left > bindparam("today")),
    )
)  # fmt: skip


def session_of(sign_in_id: int) -> Session | None:
    """Read a running session, with its visitor and roles, in one query."""
    moment = now()
    facts = {"sign_in": sign_in_id, "since": moment - SESSION_LIVES, "today": moment.date()}
    rows = _RUNNING.rows(facts)
    if not rows:
        return None
    sign_in, seen_at, *who, via, used_at, awake_at, proved_at = rows[0][:11]
    # A card or a link that somebody else may have found gives no power over the vote.
    grants = [(row[11], row[12]) for row in rows if row[11] is not None and via in GIVES_ROLES]
    held, cities = _roles(grants)
    if used_at is None or used_at <= moment - lives(via):
        return None
    if seen_at is None:
        return None
    proved = awake_at is not None and awake_at > moment - PROVED_LIVES and seen_at > moment - PROVED_IDLE
    roles, asleep = awake(held, proved)
    if roles and seen_at < moment - OFFICIALS_IDLE:
        return None
    known = {"roles": roles, "cities": cities, "via": via, "asleep": asleep, "proved_at": proved_at if proved else None}
    return Session(Visitor(sign_in, *who, **known), seen_at, awake_at is not None and not proved)


def is_fresh(sign_in_id: int) -> bool:
    """Whether a session was begun lately enough for an act that cannot be undone."""
    asked = db.session.get(SignIn, sign_in_id)
    return asked is not None and asked.used_at is not None and asked.used_at > now() - FRESH


def lives(via: str) -> timedelta:
    """How long a session lasts, by how it began."""
    return CARD_LIVES.get(via, SESSION_LIVES)


def note_seen(sign_in_id: int) -> None:
    """Note that a session is in use, for officials' idle limit; in one statement of its own."""
    with at_once() as connection:
        connection.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now()))


def put_to_sleep(sign_in_id: int) -> None:
    """Take the rights of the second step from a session, in one statement of its own."""
    with at_once() as connection:
        asleep = {"awake_at": None, "proved_at": None, "seen_at": now()}
        connection.execute(update(SignIn).where(SignIn.id == sign_in_id).values(**asleep))


def sign_out(sign_in_id: int) -> None:
    """End a session; its cookie is worth nothing from now on."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(ended_at=now()))


def end_session(sign_in_id: int) -> None:
    """End a session at once, in one statement of its own."""
    with at_once() as connection:
        connection.execute(update(SignIn).where(SignIn.id == sign_in_id).values(ended_at=now()))


def end_card_sessions(member_id: int) -> None:
    """End every session of a member that a card began."""
    running = update(SignIn).where(SignIn.member_id == member_id, SignIn.via.in_(HALL), SignIn.ended_at.is_(None))
    db.session.execute(running.values(ended_at=now()))


def end_sign_ins(since: datetime | None = None) -> None:
    """End links and codes that nobody has used yet: all, or those asked for since a moment.

    For a clock that was set back: else they would live longer than their minutes, or a second time.
    """
    unused = update(SignIn).where(SignIn.used_at.is_(None), SignIn.ended_at.is_(None))
    if since is not None:
        unused = unused.where(SignIn.asked_at > since)
    db.session.execute(unused.values(ended_at=now()))


def forget_old_sign_ins() -> int:
    """Delete sign-ins that led nowhere after a day, and sessions once they are over; run by the worker."""
    led_nowhere = (SignIn.used_at.is_(None)) & (SignIn.asked_at < now() - SIGN_INS_KEPT)
    is_over = SignIn.used_at < now() - SESSION_LIVES
    return int(db.session.query(SignIn).filter(or_(led_nowhere, is_over)).delete())


# --- Roles ----------------------------------------------------------------------------------------


def others_with(roles: frozenset[Role], but: int) -> Sequence[Member]:
    """Everybody else who holds one of these roles and is a member today."""
    # From the few grants to their members, not from 30,000 members to their grants.
    held = select(Grant.member_id).where(Grant.role.in_(roles))
    others = select(Member).where(Member.id.in_(held), Member.id != but)
    return db.session.scalars(members_today(others).order_by(Member.id)).all()


def why_not_grant(member: Member, role: Role, city: City | None) -> str | None:
    """A role is held once, and only facilitators have theirs for a city."""
    if city is not None and role != Role.FACILITATOR:
        return _("Only the role of facilitator can be limited to a city.")
    held = [g for g in member.grants if g.role == role and g.city_id == (city.id if city else None)]
    return _("%(name)s has this role already.", name=member.name) if held else None


def grant(member: Member, role: Role, city: City | None, by: int | None) -> Grant:
    """Give a member a role. Raises Refused."""
    if why := why_not_grant(member, role, city):
        raise Refused(why)
    given = Grant(member=member, role=role, city=city, granted_at=now(), granted_by_id=by)
    db.session.add(given)
    db.session.flush()
    audit.record("grant", f"member {member.number}", by, role=role, city=city.slug if city else None)
    return given


def why_not_revoke(given: Grant, by: int | None) -> str | None:
    """Nobody takes the organiser's role from themselves: somebody must be left who can give it."""
    if given.role == Role.ORGANISER and given.member_id == by:
        return _("You cannot take your own organiser's role away. Ask another organiser.")
    return None


def revoke(given: Grant, by: int | None) -> None:
    """Take a role back."""
    if why := why_not_revoke(given, by):
        raise Refused(why)
    audit.record("revoke", f"member {given.member.number}", by, role=given.role)
    db.session.delete(given)
