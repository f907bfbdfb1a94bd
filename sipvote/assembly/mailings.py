"""Mailings: the convocation, and the kinds that other rooms add; whom they are for, writing and trying them.

One of each kind an edition. Sending them is in sending.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from .. import audit, mail
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import LANGUAGES, language_name, moment
from ..mail import Letter
from ..members.models import Member
from . import letters, links
from .letters import Kind
from .models import Mailing
from .rules import of_edition

KINDS: dict[str, Kind] = {}
PER_MINUTE = 600


def register(kind: Kind) -> None:
    """Make a kind of mailing known. Rooms to the right register theirs when they are loaded."""
    KINDS[kind.name] = kind


def _why_not_convoke(edition: Edition, at: datetime | None) -> str | None:
    assembly = of_edition(edition)
    if assembly is None:
        return _("The assembly has not been planned yet: its date, place and agenda.")
    if now() >= assembly.ends_at:
        return _("The assembly is over since %(moment)s.", moment=moment(assembly.ends_at))
    if at and at >= assembly.starts_at:
        return _("This is after the assembly has begun, on %(moment)s.", moment=moment(assembly.starts_at))
    return None


register(
    Kind(
        name="convocation",
        title=_l("Convocation"),
        about=_l("To every member: when and where the assembly is, its agenda, how to vote, and the personal link."),
        whom=lambda edition: select(Member.id),
        why_not=_why_not_convoke,
        words=letters.ASSEMBLY_WORDS,
        facts=letters.assembly_facts,
        settings=letters.assembly_settings,
    )
)


# --- Finding ----------------------------------------------------------------------------------------


def of_kind(edition: Edition, kind: str) -> Mailing | None:
    """The mailing of a kind in an edition, once something was done with it."""
    return db.session.scalar(select(Mailing).where(Mailing.edition_id == edition.id, Mailing.kind == kind))


def name_of(mailing: Mailing) -> str:
    """How the audit log names a mailing: 'mailing convocation 2026'."""
    return f"mailing {mailing.kind} {mailing.edition.year}"


def text_in(edition: Edition, kind: Kind, language: str) -> dict[str, str]:
    """The text in a language: the organiser's, else the one to start from."""
    mailing = of_kind(edition, kind.name)
    kept = mailing.texts.get(language) if mailing else None
    return kept or letters.default_text(kind, edition, language)


def audience(edition: Edition, kind: Kind) -> list[ColumnElement[bool]]:
    """Who it is for, as conditions on Member: members of today, with an address or without."""
    today = now().date()
    return [
        Member.joined <= today,
        or_(Member.left.is_(None), Member.left > today),
        Member.id.in_(kind.whom(edition)),
    ]


def sizes(edition: Edition, kind: Kind) -> tuple[int, int]:
    """How many members get the letter, and how many have no address for it."""
    counted = select(func.count(), func.count(Member.email)).select_from(Member)
    everybody, reachable = db.session.execute(counted.where(*audience(edition, kind))).one()
    return reachable, everybody - reachable


def without_address(edition: Edition, kind: Kind) -> Select[Any]:
    """Those who need the letter on paper, by name."""
    wanted = select(Member).where(*audience(edition, kind), Member.email.is_(None))
    return wanted.order_by(Member.name, Member.id)


def _has_letter(mailing: Mailing) -> ColumnElement[bool]:
    return select(Letter.id).where(Letter.member_id == Member.id, Letter.batch == mailing.batch).exists()


def unwritten(mailing: Mailing) -> list[ColumnElement[bool]]:
    """Who has an address and no letter of this mailing yet, as conditions on Member."""
    kind = KINDS[mailing.kind]
    return [*audience(mailing.edition, kind), Member.email.is_not(None), ~_has_letter(mailing)]


# --- Writing ----------------------------------------------------------------------------------------


def why_not_write(mailing: Mailing | None) -> str | None:
    """A text can be changed until it is sent, and while it is stopped."""
    state = mailing.state if mailing else "draft"
    if state == "sending":
        return _("This letter is being sent. Stop it first if something must change.")
    return _("This letter was sent. Its text stays as it was.") if state == "ended" else None


def prepared(edition: Edition, kind: Kind) -> Mailing:
    """The mailing of a kind, made when there is none yet."""
    if found := of_kind(edition, kind.name):
        return found
    try:
        with db.session.begin_nested():
            db.session.add(Mailing(edition=edition, kind=kind.name, texts={}, facts={}, per_minute=PER_MINUTE))
    except IntegrityError:  # somebody else began at the same moment: theirs is ours
        pass
    return db.session.execute(select(Mailing).filter_by(edition_id=edition.id, kind=kind.name)).scalar_one()


def held(edition: Edition, kind: Kind) -> Mailing:
    """The mailing, kept from others until the commit."""
    mailing = prepared(edition, kind)
    db.session.refresh(mailing, with_for_update={"key_share": True})
    return mailing


def write(edition: Edition, kind: Kind, language: str, subject: str, body: str, by: int | None) -> Mailing:
    """Keep the organiser's text in a language; it has to be tried again before it is sent."""
    mailing = held(edition, kind)
    if why := why_not_write(mailing) or letters.why_not_text(kind, subject, body):
        raise Refused(why)
    if mailing.texts.get(language) != {"subject": subject, "body": body}:
        mailing.texts = {**mailing.texts, language: {"subject": subject, "body": body}}
        mailing.tried_at, mailing.starts_at = None, None
        audit.record("write mailing", name_of(mailing), by, language=language)
    return mailing


def start_again(edition: Edition, kind: Kind, language: str, by: int | None) -> None:
    """Go back to the text to start from, as the settings of the assembly make it now."""
    mailing = held(edition, kind)
    if why := why_not_write(mailing):
        raise Refused(why)
    mailing.texts = {code: text for code, text in mailing.texts.items() if code != language}
    mailing.tried_at, mailing.starts_at = None, None
    audit.record("write mailing", name_of(mailing), by, language=language)


# --- Trying -----------------------------------------------------------------------------------------


def why_not_try(edition: Edition, kind: Kind, member: Member) -> str | None:
    """A trial needs somebody who receives it, and something to fill in for every word."""
    if why := why_not_write(of_kind(edition, kind.name)) or kind.why_not(edition, None):
        return why
    if not member.email:
        return _("There is no e-mail address of yours to send it to.")
    return next((why for code in LANGUAGES if (why := why_not_fill(edition, kind, code))), None)


def why_not_fill(edition: Edition, kind: Kind, language: str) -> str | None:
    """The word of a text for which there is nothing to fill in, as a sentence; or None."""
    text = text_in(edition, kind, language)
    facts = letters.facts_for(kind, edition, language)
    used = letters.words_in(text["subject"] + text["body"])
    empty = next((word for word in used if word not in letters.OWN and not facts.get(word)), None)
    if empty is None:
        return None
    tongue = language_name(language)
    return _("The text in %(language)s has {%(word)s}, and there is nothing to fill in.", language=tongue, word=empty)


def try_out(edition: Edition, kind: Kind, member: Member) -> Mailing:
    """Send the letter in every language to who writes it. What was tried is what will be sent."""
    if why := why_not_try(edition, kind, member):
        raise Refused(why)
    mailing, assembly = held(edition, kind), of_edition(edition)
    mailing.texts = {code: text_in(edition, kind, code) for code in LANGUAGES}
    mailing.tried_at = now()
    serial = links.serial_of(assembly.id, member.id) if assembly else 1
    own = letters.own_facts(edition, member, serial, assembly)
    for code, text in mailing.texts.items():
        subject, body = letters.form_letter(text, code).filled({**letters.facts_for(kind, edition, code), **own})
        mail.queue_many([row_of(mailing, member, subject, body) | {"key": None, "batch": None, "language": code}])
    mail.wake_after_commit()
    audit.record("try mailing", name_of(mailing), member.id)
    return mailing


def row_of(mailing: Mailing, member: Any, subject: str, body: str) -> dict[str, Any]:
    """A letter of a mailing as a row of the outbox. Its body holds a link that signs in: wiped once it is sent."""
    return {
        "key": f"{mailing.kind} {mailing.id} {member.id}", "batch": mailing.batch, "name": "mailing",
        "member_id": member.id, "address": member.email, "language": member.language,
        "subject": subject, "body": body, "is_secret": True,
    }  # fmt: skip


def all_of(edition: Edition) -> Sequence[Mailing]:
    """The mailings of an edition."""
    return db.session.scalars(select(Mailing).where(Mailing.edition_id == edition.id)).all()
