"""Personal links: what the convocation holds, and what signs a member in after a click.

A link is a signature over assembly, member and serial, so nothing that a thief could use stands in the database.
It works until the vote and the assembly are over, any number of times, and gives no role. Whoever makes it
invalid raises the serial: the next letter holds a new one.
"""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import bindparam, select, text, update

from .. import audit
from ..db import Moment, db, now
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import moment
from ..mail import link
from ..members.models import Member, SignIn
from .models import Assembly, PersonalLink

VIA = "link"
# On SQLite "WHERE true" tells the conflict clause from a join.
_RAISE = (
    "INSERT INTO personal_link (assembly_id, member_id, serial, revoked_at)"
    " SELECT :assembly, member.id, 2, :moment FROM member WHERE {whom}"
    " ON CONFLICT (assembly_id, member_id)"
    " DO UPDATE SET serial = personal_link.serial + 1, revoked_at = excluded.revoked_at"
)
_RAISE_ONE, _RAISE_ALL = (
    text(_RAISE.format(whom=whom)).bindparams(bindparam("moment", type_=Moment()))
    for whom in ("member.id = :member", "true")
)
_USE = text(
    "INSERT INTO personal_link (assembly_id, member_id, serial, used_at) VALUES (:assembly, :member, :serial, :moment)"
    " ON CONFLICT (assembly_id, member_id) DO UPDATE SET used_at = coalesce(personal_link.used_at, excluded.used_at)"
).bindparams(bindparam("moment", type_=Moment()))


class Bearer(NamedTuple):
    """Whom a link belongs to."""

    assembly: Assembly
    member: Member
    serial: int


def _signer() -> URLSafeSerializer:
    secret = current_app.config["SECRET_KEY"]
    return URLSafeSerializer(secret, salt="personal link", signer_kwargs={"digest_method": sha256})


def valid_until(assembly: Assembly) -> datetime:
    """A link works until both the vote and the assembly are over."""
    return max(assembly.edition.count_at, assembly.ends_at)


# --- Giving -----------------------------------------------------------------------------------------


def token(assembly_id: int, member_id: int, serial: int = 1) -> str:
    """The signed part of a link."""
    signed = _signer().dumps([assembly_id, member_id, serial])
    return signed if isinstance(signed, str) else signed.decode()


def address(assembly: Assembly, member_id: int, serial: int, language: str) -> str:
    """A member's personal link as it stands in a letter in a language."""
    return link("links.enter", language, year=assembly.edition.year, token=token(assembly.id, member_id, serial))


def serial_of(assembly_id: int, member_id: int) -> int:
    """The serial that a new link of a member gets."""
    kept = db.session.get(PersonalLink, (assembly_id, member_id))
    return kept.serial if kept else 1


# --- Using ------------------------------------------------------------------------------------------


# Whom a link names, with the serial of their newest: one question, for all the hall opens its links at once.
_NAMED = (
    select(Assembly, Member, PersonalLink.serial)
    .select_from(Assembly)
    .join(Member, Member.id == bindparam("member"))
    .outerjoin(PersonalLink, (PersonalLink.assembly_id == Assembly.id) & (PersonalLink.member_id == Member.id))
    .where(Assembly.id == bindparam("assembly"), Assembly.edition_id == bindparam("edition"))
)


def bearer_of(edition: Edition, given: str) -> Bearer:
    """Whom a link belongs to; changes nothing, because mail scanners open links. Raises Refused."""
    try:
        assembly_id, member_id, serial = _signer().loads(given)
    except (BadData, ValueError, TypeError):
        raise Refused(_("This link is not complete. Perhaps it was cut in two by your mail program.")) from None
    named = db.session.execute(_NAMED, {"assembly": assembly_id, "member": member_id, "edition": edition.id}).first()
    if named is None or not named.Member.is_member_on(now().date()):
        raise Refused(_("This link belongs to nobody who is a member now."))
    if serial < (named.serial or 1):
        raise Refused(_("This link was made invalid."))
    if now() >= (until := valid_until(named.Assembly)):
        raise Refused(_("This link worked until %(moment)s.", moment=moment(until)))
    return Bearer(named.Assembly, named.Member, serial)


def note_use(bearer: Bearer) -> None:
    """Remember that a link was used, the first time."""
    facts = {"assembly": bearer.assembly.id, "member": bearer.member.id, "serial": bearer.serial, "moment": now()}
    db.session.execute(_USE, facts)


def short_name(member: Member) -> str:
    """'An P.': enough to know oneself by, not enough to learn who somebody is."""
    first, *others = member.name.split() or [""]
    return f"{first} {others[-1][0]}." if others else first


# --- Making invalid ---------------------------------------------------------------------------------


def standing(member_id: int) -> list[tuple[Assembly, PersonalLink | None]]:
    """The assemblies whose links work now, with what became of a member's."""
    mine = (PersonalLink.assembly_id == Assembly.id) & (PersonalLink.member_id == member_id)
    found = select(Assembly, PersonalLink).outerjoin(PersonalLink, mine).join(Assembly.edition)
    ahead = found.where((Edition.count_at > now()) | (Assembly.ends_at > now())).order_by(Assembly.id)
    return [(assembly, kept) for assembly, kept in db.session.execute(ahead)]


def why_not_revoke() -> str | None:
    """There must be links that still work."""
    return None if _ahead() else _("There are no personal links that still work.")


def _ahead() -> list[Assembly]:
    ahead = select(Assembly).join(Assembly.edition)
    return list(db.session.scalars(ahead.where((Edition.count_at > now()) | (Assembly.ends_at > now()))))


def revoke(member: Member, by: int | None, keep: int | None = None) -> None:
    """Make a member's links invalid, and end the sessions that began with them, but for the session `keep`."""
    if why := why_not_revoke():
        raise Refused(why)
    for assembly in _ahead():
        db.session.execute(_RAISE_ONE, {"assembly": assembly.id, "member": member.id, "moment": now()})
    _end_sessions(SignIn.member_id == member.id, SignIn.id != (keep or 0))
    db.session.expire_all()
    if by != member.id:
        audit.record("revoke personal link", f"member {member.number}", by)


def why_not_revoke_all(assembly: Assembly | None) -> str | None:
    """The links of an assembly can be made invalid while they work."""
    if assembly is None:
        return _("There is no assembly in this edition yet.")
    if now() >= valid_until(assembly):
        return _("The links have stopped working on %(moment)s.", moment=moment(valid_until(assembly)))
    return None


def revoke_all(assembly: Assembly | None, by: int | None) -> None:
    """Make every personal link to an assembly invalid, and end all sessions that began with one."""
    if (why := why_not_revoke_all(assembly)) or assembly is None:
        raise Refused(why)
    db.session.execute(_RAISE_ALL, {"assembly": assembly.id, "moment": now()})
    _end_sessions()
    db.session.expire_all()
    audit.record("revoke personal links", f"edition {assembly.edition.year}", by)


def _end_sessions(*whose: object) -> None:
    running = update(SignIn).where(SignIn.via == VIA, SignIn.ended_at.is_(None), *whose)  # type: ignore[arg-type]
    db.session.execute(running.values(ended_at=now()).execution_options(synchronize_session=False))
