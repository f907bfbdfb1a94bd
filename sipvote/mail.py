"""The outbox: letters are queued in the caller's transaction and sent by the worker, each once.

A letter is one file per language, templates/mail/<name>.<language>.txt, with a block `subject`
and a block `body`. A letter is claimed before it is sent; when the mail server refuses it, the claim
is given back for a later try. A claim without an outcome (the worker died) is never sent again by
itself, because it may have left: it is shown to the organisers instead.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import current_app
from flask_mailman import EmailMessage, Mail
from sqlalchemy import ForeignKey, String, Text, event, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from .db import Base, db, now
from .i18n import in_language

mailman = Mail()
TRIES = 6
# What to do when letters were committed; the app sets it to wake the worker.
wake: list[Callable[[], None]] = []


class Addressee(Protocol):
    """Whom a letter may go to: a member, in practice."""

    id: Any
    email: Any
    language: Any


class Letter(Base):
    """One mail to one address; `key` names what must never be sent twice."""

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    calendar: Mapped[str | None] = mapped_column(Text)
    calendar_method: Mapped[str | None] = mapped_column(String(10))
    is_secret: Mapped[bool] = mapped_column(default=False)
    queued_at: Mapped[datetime]
    send_at: Mapped[datetime] = mapped_column(index=True)
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(200))


def link(endpoint: str, language: str, **values: Any) -> str:
    """Give the full address of a page in a language, on the configured host (never the request's)."""
    scheme, _, host = current_app.config["BASE_URL"].partition("://")
    adapter = current_app.url_map.bind(host, script_name=f"/{language}", url_scheme=scheme)
    return adapter.build(endpoint, values, force_external=True)


def write(name: str, language: str, **facts: Any) -> tuple[str, str]:
    """Give subject and body of a letter in a language."""
    template = current_app.jinja_env.get_template(f"mail/{name}.{language}.txt")
    with in_language(language):
        facts |= {"link": lambda endpoint, **values: link(endpoint, language, **values)}
        context = template.new_context(facts)
        blocks = {block: "".join(template.blocks[block](context)) for block in ("subject", "body")}
    return " ".join(blocks["subject"].split()), blocks["body"].strip() + "\n"


def queue(
    name: str,
    to: Addressee,
    *,
    key: str | None = None,
    calendar: tuple[str, str] | None = None,
    secret: bool = False,
    **facts: Any,
) -> Letter | None:
    """Put a letter in the outbox, in the caller's transaction; None when the member has no e-mail or had this key.

    `calendar` is (iCalendar text, method). A `secret` letter's body is wiped once it is sent.
    """
    if not to.email or (key and db.session.scalar(select(Letter.id).where(Letter.key == key))):
        return None
    subject, body = write(name, to.language, member=to, **facts)
    ics, method = calendar or (None, None)
    letter = Letter(
        key=key, name=name, member_id=to.id, address=to.email, language=to.language, subject=subject[:300], body=body,
        calendar=ics, calendar_method=method, is_secret=secret, queued_at=now(), send_at=now(),
    )  # fmt: skip
    db.session.add(letter)
    db.session.info["letters"] = True
    return letter


@event.listens_for(Session, "after_commit")
def _wake_worker(session: Session) -> None:
    if session.info.pop("letters", False):
        for each in wake:
            each()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("letters", None)


def deliver(limit: int = 500) -> int:
    """Send what is due; give the number sent. The only place outside views that commits, letter by letter."""
    due = select(Letter.id).where(
        Letter.send_at <= now(), Letter.sent_at.is_(None), Letter.claimed_at.is_(None), Letter.failed_at.is_(None)
    )
    ids = list(db.session.scalars(due.order_by(Letter.send_at, Letter.id).limit(limit)))
    db.session.commit()
    if not ids:
        return 0
    sent = 0
    with mailman.get_connection() as connection:
        for letter_id in ids:
            sent += _send_one(letter_id, connection)
    return sent


def _send_one(letter_id: int, connection: Any) -> int:
    claim = update(Letter).where(Letter.id == letter_id, Letter.claimed_at.is_(None)).values(claimed_at=now())
    claimed = db.session.execute(claim).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    if claimed != 1:
        return 0
    letter = db.session.get_one(Letter, letter_id)
    try:
        _message(letter, connection).send()
    except Exception as fault:  # noqa: BLE001  (whatever a mail server answers: try later, then give up visibly)
        letter.tries += 1
        letter.fault = type(fault).__name__
        letter.claimed_at = None
        letter.send_at = now() + timedelta(minutes=2**letter.tries)
        letter.failed_at = now() if letter.tries >= TRIES else None
        db.session.commit()
        return 0
    letter.sent_at = now()
    if letter.is_secret and not current_app.config["DEMO"]:
        letter.body = ""
    db.session.commit()
    return 1


def _message(letter: Letter, connection: Any) -> EmailMessage:
    message = EmailMessage(letter.subject, letter.body, to=[letter.address], connection=connection)
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    message.extra_headers["Content-Language"] = letter.language
    if letter.calendar:
        message.attach("sipvote.ics", letter.calendar, f"text/calendar; method={letter.calendar_method}")
    return message
