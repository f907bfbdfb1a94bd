"""The outbox: letters are queued in the caller's transaction and sent by the worker, each once.

A letter is one file per language, templates/mail/<name>.<language>.txt, with a block `subject`
and a block `body`. A letter is claimed before it is sent; when the mail server refuses it, the claim
is given back for a later try. A claim without an outcome (the worker died) is never sent again by
itself, because it may have left: it is shown to the organisers instead.

Letters of a `batch` (a convocation to 30,000) are sent in short turns, and never before one that somebody waits for.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from time import monotonic
from typing import Any, Protocol

from flask import current_app
from flask_mailman import EmailMessage, Mail
from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, event, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from .db import Base, db, now, reading
from .i18n import in_language
from .typography import french

mailman = Mail()
TRIES = 6
# A turn of a batch ends after so many letters or seconds: then others may go first.
TURN = 50
TURN_SECONDS = 2.0
# As its bytes are, on every database: letters are found by what their keys begin with.
KEY = String(120).with_variant(String(120, collation="C"), "postgresql")
DUE = text("sent_at IS NULL AND claimed_at IS NULL AND failed_at IS NULL")
# What to do when letters were committed; the app sets it to wake the worker.
wake: list[Callable[[], None]] = []


class Addressee(Protocol):
    """Whom a letter may go to: a member, in practice."""

    id: Any
    email: Any
    language: Any


class Letter(Base):
    """One mail to one address; `key` names what must never be sent twice, `batch` the many that it is one of."""

    __tablename__ = "letter"
    __table_args__ = (
        # Only what waits stands in it: the worker never walks past what was sent last year.
        Index("ix_letter_due", "send_at", sqlite_where=DUE, postgresql_where=DUE),
        Index("ix_letter_batch", "batch", "queued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(KEY, unique=True)
    name: Mapped[str] = mapped_column(String(60))
    batch: Mapped[str | None] = mapped_column(String(40))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    calendar: Mapped[str | None] = mapped_column(Text)
    calendar_method: Mapped[str | None] = mapped_column(String(10))
    is_secret: Mapped[bool] = mapped_column(default=False)
    queued_at: Mapped[datetime]
    send_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(200))


def has_key(beginning: str) -> ColumnElement[bool]:
    """The letters whose key begins so: a piece of its index, where LIKE would read every letter that there is."""
    return (Letter.key >= beginning) & (Letter.key < beginning[:-1] + chr(ord(beginning[-1]) + 1))


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
    body = re.sub(r"\n{3,}", "\n\n", blocks["body"].strip()) + "\n"  # where a condition left lines empty
    return " ".join(blocks["subject"].split()), french(body) if language == "fr" else body


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
    ics, method = calendar or (None, None)
    row = row_of(name, to, **facts) | {"calendar": ics, "calendar_method": method, "is_secret": secret, "key": key}
    letter = Letter(**row, queued_at=now(), send_at=now())
    db.session.add(letter)
    wake_after_commit()
    return letter


def row_of(name: str, to: Addressee, **facts: Any) -> dict[str, Any]:
    """A letter as `queue_many` takes it, for somebody with an address."""
    subject, body = write(name, to.language, member=to, **facts)
    addressed = {"name": name, "member_id": to.id, "address": to.email, "language": to.language}
    return {**addressed, "subject": subject[:300], "body": body}


def wake_after_commit() -> None:
    """Somebody waits for what was put in the outbox: let the worker send it once it stands."""
    db.session.info["letters"] = True


@event.listens_for(Session, "after_commit")
def _wake_worker(session: Session) -> None:
    if session.info.pop("letters", False):
        for each in wake:
            each()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("letters", None)


def queue_many(letters: Sequence[dict[str, Any]]) -> None:
    """Put letters that are written already in the outbox, in the caller's transaction.

    Each is a row of Letter, without its moments. Those whose key is there already stay out.
    """
    if not letters:
        return
    moment = now()
    rows = [{"queued_at": moment, "send_at": moment, "tries": 0, **letter} for letter in letters]
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(insert(Letter).on_conflict_do_nothing(index_elements=["key"]), rows)


# --- Sending: the only place outside views that commits, letter by letter -----------------------------


class ConnectionLost(Exception):
    """The mail server is gone: the other letters keep their tries."""


def deliver(limit: int = 500) -> int:
    """Send what is due, but for batches; give the number sent."""
    return _deliver(Letter.batch.is_(None), limit)


def deliver_batches(limit: int = TURN, seconds: float = TURN_SECONDS) -> int:
    """Send what is due of batches, for a turn; give the number sent."""
    return _deliver(Letter.batch.is_not(None), limit, monotonic() + seconds)


def _deliver(which: Any, limit: int, until: float | None = None) -> int:
    with reading():
        due = select(Letter.id).where(DUE, Letter.send_at <= now(), which).order_by(Letter.send_at, Letter.id)
        ids = list(db.session.scalars(due.limit(limit)))
        db.session.commit()
    if not ids:
        return 0
    sent = 0
    with mailman.get_connection() as connection:
        for letter_id in ids:
            try:
                sent += _send_one(letter_id, connection)
            except ConnectionLost:
                break
            if until is not None and monotonic() > until:
                break
    return sent


def _send_one(letter_id: int, connection: Any) -> int:
    """Claim, send, note. While the mail server is spoken to no transaction is open: on SQLite everybody would wait."""
    letter = _claim(letter_id)
    if letter is None:
        return 0
    secret = {"body": ""} if letter.is_secret and not current_app.config["DEMO"] else {}
    try:
        _message(letter, connection).send()
    except Exception as fault:  # noqa: BLE001  (whatever a mail server answers: try later, then give up visibly)
        _note_fault(letter, fault, secret)
        if isinstance(fault, SMTPServerDisconnected | ConnectionError | TimeoutError):
            raise ConnectionLost from None
        return 0
    _note(letter.id, sent_at=now(), **secret)
    return 1


def _claim(letter_id: int) -> Any:
    """Take a letter to send it, unless somebody else did or it was withdrawn."""
    mine = update(Letter).where(Letter.id == letter_id, DUE).values(claimed_at=now())
    facts = (
        Letter.id, Letter.address, Letter.language, Letter.subject, Letter.body, Letter.calendar,
        Letter.calendar_method, Letter.is_secret, Letter.tries,
    )  # fmt: skip
    claimed = db.session.execute(mine.returning(*facts).execution_options(synchronize_session=False)).first()
    db.session.commit()
    return claimed


def _note(letter_id: int, **facts: Any) -> None:
    noted = update(Letter).where(Letter.id == letter_id).values(**facts)
    db.session.execute(noted.execution_options(synchronize_session=False))
    db.session.commit()


def _note_fault(letter: Any, fault: Exception, secret: dict[str, str]) -> None:
    """Give the claim back for a later try; after the last one, or when there is no such mailbox, give up."""
    tries = letter.tries + 1
    status, is_final = _refusal(fault)
    if is_final or tries >= TRIES:
        _note(letter.id, tries=tries, fault=status, claimed_at=None, failed_at=now(), **secret)
    else:
        _note(letter.id, tries=tries, fault=status, claimed_at=None, send_at=now() + timedelta(minutes=2**tries))


def _refusal(fault: Exception) -> tuple[str, bool]:
    """What went wrong in a word or in the codes of RFC 5321 and 3463, never in a text; and whether it is for good.

    5.7 is about us, not about the mailbox ("relaying denied"): somebody may mend that within the hour.
    """
    if not isinstance(fault, SMTPRecipientsRefused):
        return type(fault).__name__, False
    code, said = next(iter(fault.recipients.values()))
    found = re.match(r"[245]\.\d{1,3}\.\d{1,3}", said.decode(errors="replace").strip())
    detail = found[0] if found else ""
    return f"{code} {detail}".strip(), code >= 500 and not detail.startswith("5.7.")


def bounced(letter_id: int, status: str) -> bool:
    """Note that a letter came back; False when there is no such letter, or it was known to have failed."""
    known = Letter.id == letter_id, Letter.failed_at.is_(None)
    noted = update(Letter).where(*known).values(failed_at=now(), fault=status[:200], claimed_at=None)
    noted = noted.execution_options(synchronize_session=False)
    return bool(db.session.execute(noted).rowcount)  # type: ignore[attr-defined]


def _message(letter: Any, connection: Any) -> EmailMessage:
    message = EmailMessage(letter.subject, letter.body, to=[letter.address], connection=connection)
    message.extra_headers["Message-ID"] = message_id(letter.id)
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    message.extra_headers["Content-Language"] = letter.language
    if letter.calendar:
        message.attach("sipvote.ics", letter.calendar, f"text/calendar; method={letter.calendar_method}")
    return message


# --- Whether the mail server is there --------------------------------------------------------------------


def try_server(address: str = "") -> str:
    """Speak to the mail server, and send a letter if an address is given; what went wrong, in a word, or nothing."""
    try:
        with mailman.get_connection() as connection:
            if address:
                EmailMessage("sipvote: a test", "This letter was sent by: sipvote check --deploy\n", to=[address],
                             connection=connection).send()  # fmt: skip
    except Exception as fault:  # noqa: BLE001  (whatever it is, mail does not work)
        return _refusal(fault)[0]
    return ""


# --- The names of letters: a message that comes back says which one it was -----------------------------


def message_id(letter_id: int) -> str:
    """'<letter.7.0123456789abcdef0123456789abcdef@host>': nobody else can name a letter of ours."""
    host = current_app.config["BASE_URL"].partition("://")[2].partition("/")[0].partition(":")[0]
    return f"<letter.{letter_id}.{_signature(letter_id)}@{host}>"


def letter_named(identity: str) -> int | None:
    """The number of the letter with this Message-ID, when it is one of ours."""
    found = re.search(r"<letter\.(\d{1,9})\.([0-9a-f]{32})@", identity)
    if found is None or not hmac.compare_digest(_signature(int(found[1])), found[2]):
        return None
    return int(found[1])


def _signature(letter_id: int) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.digest(key, f"sipvote letter {letter_id}".encode(), "sha256").hex()[:32]
