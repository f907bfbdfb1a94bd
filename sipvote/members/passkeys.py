"""Passkeys as the second step: a device signs a challenge of ours, once its owner has shown it that it is them.

A challenge is ours by its signature, belongs to one session and one purpose, lives five minutes and counts once:
its step, as that of a code, is set on the passkey by compare-and-set. So nothing about it is kept meanwhile.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from ..db import db, now
from ..errors import Refused
from . import factors
from .models import Member
from .step_models import Factor

USUAL_PORTS = {"https": 443, "http": 80}
LIVES = 5 * 60  # seconds between asking and answering
ADDING, PROVING = "passkey to add", "passkey to prove"
LONGEST = 20_000  # characters of an answer; a real one has a few hundred
MOST_SIGNED = 2**31 - 1  # what the column holds; a device counts to twice as many


@dataclass(frozen=True)
class _Answer:
    """What a browser sent back: all of it, which passkey it names, and the challenge with its step."""

    sent: dict[str, Any]
    credential: bytes
    challenge: bytes
    step: int


def _library() -> Any:
    """Load py_webauthn when somebody has need of it: 17 MB that most web processes never use."""
    import webauthn

    return webauthn


def _wrong() -> tuple[type[Exception], ...]:
    """What the library raises at an answer that is wrong, or no answer at all."""
    base: type[Exception] = _library().helpers.exceptions.WebAuthnException
    return (base, ValueError, TypeError, KeyError, AttributeError, IndexError)


def _site() -> tuple[str, str]:
    """The name that passkeys belong to, and the only origin that may ask for them: those of the public address."""
    parts = urlsplit(current_app.config["BASE_URL"])
    name = parts.hostname or ""  # in small letters, as browsers send it
    usual = parts.port in (None, USUAL_PORTS.get(parts.scheme))
    return name, f"{parts.scheme}://{name}" + ("" if usual else f":{parts.port}")


def of_member(member_id: int) -> list[Factor]:
    """The passkeys of somebody that count."""
    return [factor for factor in factors.of_member(member_id) if factor.kind == "passkey"]


# --- Asking -----------------------------------------------------------------------------------------


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=purpose)


def _challenge(purpose: str, member_id: int, session: int) -> bytes:
    """A new challenge; its step is later than that of any that was used, also within the same second."""
    mine = select(func.max(Factor.last_step)).where(Factor.member_id == member_id, Factor.kind == "passkey")
    step = max(int(now().timestamp()), (db.session.scalar(mine) or 0) + 1)
    signed: str = _signer(purpose).dumps([session, step, secrets.token_urlsafe(16)])
    return signed.encode()


def _known(passkeys: list[Factor]) -> list[Any]:
    descriptor = _library().helpers.structs.PublicKeyCredentialDescriptor
    return [descriptor(id=one.credential or b"") for one in passkeys]


def options_to_add(member: Member, session: int) -> str:
    """What the browser needs to make a passkey, as JSON; a device that has one makes no second."""
    library = _library()
    words = library.helpers.structs
    asked = library.generate_registration_options(
        rp_id=_site()[0],
        rp_name="sipvote",
        user_name=member.email or member.number,
        user_id=f"sipvote {member.id}".encode(),
        challenge=_challenge(ADDING, member.id, session),
        timeout=LIVES * 1000,
        authenticator_selection=words.AuthenticatorSelectionCriteria(
            resident_key=words.ResidentKeyRequirement.DISCOURAGED,
            user_verification=words.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_known(of_member(member.id)),
    )
    return str(library.options_to_json(asked))


def options_to_prove(member_id: int, session: int) -> str | None:
    """What the browser needs to sign with one of somebody's passkeys, as JSON; None when they have none."""
    if not (mine := of_member(member_id)):
        return None
    library = _library()
    asked = library.generate_authentication_options(
        rp_id=_site()[0],
        challenge=_challenge(PROVING, member_id, session),
        timeout=LIVES * 1000,
        allow_credentials=_known(mine),
        user_verification=library.helpers.structs.UserVerificationRequirement.REQUIRED,
    )
    return str(library.options_to_json(asked))


# --- Answering --------------------------------------------------------------------------------------


def _read(purpose: str, session: int, typed: str) -> _Answer | None:
    """What was sent, when it answers a challenge of this session that is not too old."""
    read = _library().helpers
    wrong: tuple[type[Exception], ...] = (*_wrong(), BadData, RecursionError)
    try:
        sent = json.loads(typed[:LONGEST])
        told = read.parse_client_data_json(read.base64url_to_bytes(sent["response"]["clientDataJSON"]))
        asked_in, step, _random = _signer(purpose).loads(told.challenge, max_age=LIVES)
        answer = _Answer(sent, read.base64url_to_bytes(sent["rawId"]), told.challenge, step)
    except wrong:
        return None
    return answer if asked_in == session else None


def add(member: Member, session: int, name: str, typed: str) -> None:
    """A new passkey: from now on it counts. Raises Refused."""
    why = _("This passkey was not added: it took too long, or is not right. Try again.")
    factors.take_try(member)
    if (answer := _read(ADDING, session, typed)) is None:
        factors.warn_after_the_last(member)
        raise Refused(why)
    try:
        made = _library().verify_registration_response(
            credential=answer.sent,
            expected_challenge=answer.challenge,
            expected_rp_id=_site()[0],
            expected_origin=_site()[1],
            require_user_verification=True,
        )
    except _wrong():
        factors.warn_after_the_last(member)
        raise Refused(why) from None
    passkey = Factor(member_id=member.id, kind="passkey", name=name, made_at=now(), last_step=answer.step)
    passkey.credential, passkey.public_key = made.credential_id, made.credential_public_key
    passkey.signed = min(made.sign_count, MOST_SIGNED)
    try:
        with db.session.begin_nested():
            db.session.add(passkey)
    except IntegrityError:
        raise Refused(_("This passkey is already in use.")) from None
    factors.begin_to_count(member, passkey)


def check(member: Member, session: int, typed: str) -> None:
    """Look whether one of somebody's passkeys signed. Raises Refused; what was tried in vain must be committed."""
    factors.take_try(member)
    answer = _read(PROVING, session, typed)
    mine = [one for one in of_member(member.id) if answer and one.credential == answer.credential]
    if answer is None or not mine or not _use(mine[0], answer):
        factors.warn_after_the_last(member)
        raise Refused(_("The passkey did not prove that it is you: it took too long, or is another one. Try again."))
    factors.forget_tries(member.id)


def _use(passkey: Factor, answer: _Answer) -> bool:
    """Whether the passkey signed this, and neither it nor a copy signed anything later; from now on it has."""
    try:
        seen = _library().verify_authentication_response(
            credential=answer.sent,
            expected_challenge=answer.challenge,
            expected_rp_id=_site()[0],
            expected_origin=_site()[1],
            credential_public_key=passkey.public_key or b"",
            credential_current_sign_count=passkey.signed,
            require_user_verification=True,
        )
    except _wrong():
        return False
    fresh = update(Factor).where(
        Factor.id == passkey.id, Factor.signed == passkey.signed, Factor.last_step < answer.step
    )
    done = fresh.values(signed=min(seen.new_sign_count, MOST_SIGNED), last_step=answer.step, used_at=now())
    return bool(db.session.execute(done).rowcount == 1)  # type: ignore[attr-defined]
