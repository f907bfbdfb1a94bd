"""The second step of officials: what they prove themselves with, beside the mail.

A code counts once (compare-and-set on its time step), and is looked at five times at most before a pause that
belongs to the person, not to a session: whoever reads somebody's mail gains nothing by signing in again.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import current_app
from flask_babel import gettext as _
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from .. import audit, mail
from ..db import db, now
from ..errors import Refused
from . import sessions
from .models import Member
from .step_models import Factor, FactorTries, Recovery

TRIES = 5
PAUSE = timedelta(minutes=15)
DRIFT = 1  # steps of 30 seconds that a clock may be off
ISSUER = "sipvote"


def _box() -> SecretBox:
    return SecretBox(bytes.fromhex(current_app.config["FACTOR_KEY"]))


def of_member(member_id: int) -> Sequence[Factor]:
    """What somebody can prove themselves with, the oldest first."""
    rows = select(Factor).where(Factor.member_id == member_id, Factor.proved_at.is_not(None))
    return db.session.scalars(rows.order_by(Factor.id)).all()


def known_to(member_id: int) -> set[str]:
    """The kinds that somebody has."""
    return {factor.kind for factor in of_member(member_id)}


# --- An app that shows codes ------------------------------------------------------------------------


def hold(member_id: int) -> None:
    """Let nobody else change somebody's factors before the commit: of two requests at once, the second looks again."""
    db.session.execute(select(Member.id).where(Member.id == member_id).with_for_update())


def begin_app(member_id: int) -> Factor:
    """Make a new secret, which counts once a code of it was typed back; an older unproved one is dropped."""
    unproved = delete(Factor).where(Factor.member_id == member_id, Factor.proved_at.is_(None))
    db.session.execute(unproved)
    secret = bytes(_box().encrypt(pyotp.random_base32().encode()))
    begun = Factor(member_id=member_id, kind="app", name=_("App with codes"), secret=secret, made_at=now())
    db.session.add(begun)
    db.session.flush()
    return begun


def begun_app(member_id: int) -> Factor | None:
    """The app that somebody is setting up."""
    rows = select(Factor).where(Factor.member_id == member_id, Factor.kind == "app", Factor.proved_at.is_(None))
    return db.session.scalars(rows.order_by(Factor.id.desc())).first()


def secret_of(factor: Factor) -> str:
    """The secret, to be shown while setting up. Raises Refused when the key of the environment changed."""
    try:
        return _box().decrypt(factor.secret or b"").decode()
    except (CryptoError, ValueError):
        raise Refused(_("This app cannot be read any more: a key of the service changed. Ask for a new one.")) from None


def uri(factor: Factor, member: Member) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret_of(factor)).provisioning_uri(name=member.email or member.number, issuer_name=ISSUER)


def _step_of(factor: Factor, code: str) -> int | None:
    """The time step whose code this is, within the drift."""
    totp = pyotp.TOTP(secret_of(factor))
    present = int(now().timestamp()) // totp.interval
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def _use_code(factor: Factor, code: str) -> bool:
    """Whether the code is right and was not used before; from now on it is."""
    step = _step_of(factor, code)
    if step is None:
        return False
    fresh = update(Factor).where(Factor.id == factor.id, Factor.last_step < step)
    return bool(db.session.execute(fresh.values(last_step=step, used_at=now())).rowcount == 1)  # type: ignore[attr-defined]


def finish_app(member: Member, code: str) -> None:
    """The first code of a new app: from now on it counts. Raises Refused."""
    begun = begun_app(member.id)
    if begun is None:
        raise Refused(_("There is no app being set up. Begin again."))
    take_try(member)
    if not _use_code(begun, digits(code)):
        raise Refused(_wrong(member))
    begin_to_count(member, begun)


def check_code(member: Member, code: str) -> None:
    """Look whether a code of one of the apps is right. Raises Refused; what was tried in vain must be committed."""
    take_try(member)
    apps = [factor for factor in of_member(member.id) if factor.kind == "app"]
    readable = [app for app in apps if _is_readable(app)] or apps[:1]
    if not any(_use_code(app, digits(code)) for app in readable):
        raise Refused(_wrong(member))
    forget_tries(member.id)


def _is_readable(app: Factor) -> bool:
    """Whether the key of the environment is the one that locked it away; another app may have come since."""
    try:
        secret_of(app)
    except Refused:
        return False
    return True


def digits(code: str) -> str:
    """What counts of what was typed; an empty code is never right."""
    return "".join(c for c in code if c in "0123456789")[:20]


def _wrong(member: Member) -> str:
    """What to do about a wrong code."""
    warn_after_the_last(member)
    return _("This code is not right, or was used already. Wait for the next one in your app, and type it.")


# --- Tries ------------------------------------------------------------------------------------------


def take_try(member: Member) -> None:
    """Count a try before it is looked at; of any number at once, at most five are. Raises Refused."""
    moment = now()
    if db.session.get(FactorTries, member.id) is None:
        try:
            with db.session.begin_nested():
                db.session.add(FactorTries(member_id=member.id, tries=0, tried_at=moment))
        except IntegrityError:
            pass  # another request has just made it
    mine: Any = FactorTries.member_id == member.id
    db.session.execute(update(FactorTries).where(mine, FactorTries.tried_at <= moment - PAUSE).values(tries=0))
    one_more = update(FactorTries).where(mine, FactorTries.tries < TRIES)
    if db.session.execute(one_more.values(tries=FactorTries.tries + 1, tried_at=moment)).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(_("Five tries were wrong. Wait 15 minutes, then try again."))


def warn_after_the_last(member: Member) -> None:
    """After the last try its owner hears of it, for it may have been somebody else."""
    if db.session.scalar(select(FactorTries.tries).where(FactorTries.member_id == member.id)) == TRIES:
        mail.queue("factor_tries", member, minutes=PAUSE.seconds // 60)


def forget_tries(member_id: int) -> None:
    """It was right: the count begins again."""
    db.session.execute(update(FactorTries).where(FactorTries.member_id == member_id).values(tries=0))


# --- Keeping and dropping ---------------------------------------------------------------------------


def begin_to_count(member: Member, factor: Factor) -> None:
    """From now on it proves who its owner is."""
    factor.proved_at = now()
    forget_tries(member.id)
    # What two others confirmed about a lost one has served.
    db.session.execute(delete(Recovery).where(Recovery.member_id == member.id, Recovery.ended_at.is_not(None)))
    audit.record("add factor", f"member {member.number}", member.id, kind=factor.kind)
    told(member, "add factor", factor)


def rename(factor: Factor, member: Member, name: str) -> None:
    """Call a factor what its owner calls the device that it is on."""
    audit.record("rename factor", f"member {member.number}", member.id, kind=factor.kind)
    factor.name = name


def told(member: Member, act: str, factor: Factor) -> None:
    """Tell the owner of a factor what became of it: they may not have done it."""
    mail.queue("factor", member, act=act, factor=factor.name)


def why_not_drop(factor: Factor) -> str | None:
    """The last one stays: without it nobody gets to their desk."""
    others = [f for f in of_member(factor.member_id) if f.id != factor.id]
    return None if others else _("This is your only second step. Add another one first.")


def drop(factor: Factor, member: Member) -> None:
    """Take a factor away. Raises Refused."""
    if why := why_not_drop(factor):
        raise Refused(why)
    audit.record("drop factor", f"member {member.number}", member.id, kind=factor.kind)
    told(member, "drop factor", factor)
    db.session.delete(factor)


def forget(member: Member, by: int | None, until: datetime | None = None, **facts: Any) -> None:
    """Take every factor of somebody away, who then sets up a new one; their sessions end.

    Without a moment until when, nobody else has a say in it any more (recovery.py).
    """
    for table in (Factor, FactorTries) if until else (Factor, FactorTries, Recovery):
        db.session.execute(delete(table).where(table.member_id == member.id))
    sessions.end_all(member.id)
    audit.record("reset factors", f"member {member.number}", by, **facts)
    mail.queue("factor_reset", member, until=until)
