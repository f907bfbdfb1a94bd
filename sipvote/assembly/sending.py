"""Sending a mailing: begun or planned, stopped, resumed, sent to those who were missed; how far it came.

Each member gets at most one letter of a mailing: the letter's key says so, whatever stops, dies or is pressed twice.
The worker's part is in portions.py.
"""

import hashlib
import json
import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from .. import audit, jobs
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..mail import Letter
from ..members import four_eyes
from ..members.models import Member
from .letters import Kind
from .mailings import KINDS, held, name_of, of_kind, sizes, unwritten
from .models import Mailing

LOST_AFTER = timedelta(minutes=10)

# --- Beginning --------------------------------------------------------------------------------------


def why_not_prepared(edition: Edition, kind: Kind) -> str | None:
    """Written, tried, and not sent yet; when it may be sent is another question."""
    mailing = of_kind(edition, kind.name)
    state = mailing.state if mailing else "draft"
    if state in ("sending", "stopped", "ended"):
        return _("This letter has been sent already, or is being sent.")
    if why := kind.why_not(edition, None):
        return why
    tried = mailing is not None and mailing.tried_at is not None
    return None if tried else _("First send a trial to yourself, and read it in every language.")


def why_not_begin(edition: Edition, kind: Kind, at: datetime | None = None) -> str | None:
    """Prepared, somebody to send it to, and the right time of the year."""
    if why := why_not_prepared(edition, kind):
        return why
    if at is not None and at <= now():
        return _("This moment has passed. Give a later one, or leave it empty to send now.")
    if why := kind.why_not(edition, at or now()):
        return why
    return None if at or sizes(edition, kind)[0] else _("Nobody would get this letter now.")


def begin(edition: Edition, kind: Kind, per_minute: int, at: datetime | None, by: int | None) -> Mailing:
    """Send the letter now, or at a moment, with at most so many letters a minute."""
    mailing = held(edition, kind)
    if why := why_not_begin(edition, kind, at):
        raise Refused(why)
    mailing.per_minute, mailing.begun_by_id, mailing.starts_at = per_minute, by, at
    if at is None:
        _begin_now(mailing)
    act = "plan mailing" if at else "send mailing"
    facts = {"at": at.isoformat()} if at else {"members": mailing.facts["members"]}
    audit.record(act, name_of(mailing), by, per_minute=per_minute, **facts)
    return mailing


def _begin_now(mailing: Mailing) -> None:
    reachable, unreachable = sizes(mailing.edition, KINDS[mailing.kind])
    mailing.begun_at = now()
    mailing.facts = {"members": reachable, "without_address": unreachable}


def stamp(edition: Edition, kind: Kind) -> str:
    """What names the text that was tried: who confirms sending it confirms this text and no other."""
    mailing = of_kind(edition, kind.name)
    texts = json.dumps(mailing.texts if mailing else {}, sort_keys=True)
    return hashlib.sha256(texts.encode()).hexdigest()


def _begin_asked(facts: dict[str, Any], by: int) -> None:
    edition, kind = db.session.get_one(Edition, facts["edition"]), KINDS[facts["kind"]]
    if stamp(edition, kind) != facts["text"]:
        raise Refused(_("The text was changed since this was asked. Ask for it again."))
    begin(edition, kind, facts["per_minute"], datetime.fromisoformat(facts["at"]) if facts["at"] else None, by)


def _where_asked(facts: dict[str, Any]) -> four_eyes.Place:
    year = db.session.get_one(Edition, facts["edition"]).year
    return "mailings.show", {"year": year, "kind": facts["kind"]}


def _about_asked(facts: dict[str, Any]) -> str:
    return f"{KINDS[facts['kind']].title} {db.session.get_one(Edition, facts['edition']).year}"


four_eyes.register(
    "send mailing", _l("Send a letter to members"), "assembly.mail", _begin_asked, _about_asked,
    after=partial(jobs.ask, "mailings"), where=_where_asked,
)  # fmt: skip


def begin_planned(mailing: Mailing) -> None:
    """Its moment has come: begin, if that is still right; else it is a draft again. By the worker."""
    db.session.refresh(mailing, with_for_update={"key_share": True})
    if mailing.begun_at or mailing.starts_at is None or mailing.starts_at > now():
        return
    if why_not_begin(mailing.edition, KINDS[mailing.kind]):
        mailing.starts_at = None
        audit.record("cancel mailing", name_of(mailing), None)
        return
    _begin_now(mailing)
    audit.record("send mailing", name_of(mailing), None, **mailing.facts)


def why_not_cancel(mailing: Mailing | None) -> str | None:
    """What is planned can be taken back until it begins."""
    planned = mailing is not None and mailing.state == "planned"
    return None if planned else _("This letter is not planned, or it is being sent already.")


def cancel(mailing: Mailing, by: int | None) -> None:
    """Take a plan back."""
    db.session.refresh(mailing, with_for_update={"key_share": True})
    if why := why_not_cancel(mailing):
        raise Refused(why)
    mailing.starts_at = None
    audit.record("cancel mailing", name_of(mailing), by)


# --- How far it came ------------------------------------------------------------------------------------


class Progress(NamedTuple):
    """The letters of a mailing: written, sent, failed (some came back later), and on their way for too long."""

    written: int = 0
    sent: int = 0
    failed: int = 0
    lost: int = 0

    @property
    def waiting(self) -> int:
        return self.written - self.sent - self.failed - self.lost


def is_lost() -> ColumnElement[bool]:
    """A letter that was given to the mail server, of which nobody knows whether it left."""
    return and_(Letter.sent_at.is_(None), Letter.failed_at.is_(None), Letter.claimed_at < now() - LOST_AFTER)


def progress(mailing: Mailing) -> Progress:
    """How far a mailing came."""
    failed = Letter.failed_at.is_not(None)
    states = and_(Letter.sent_at.is_not(None), ~failed), failed, is_lost()
    counts = [func.count().filter(state) for state in states]
    written, sent, *rest = db.session.execute(select(func.count(), *counts).where(Letter.batch == mailing.batch)).one()
    return Progress(written, sent, *rest)


def undelivered(mailing: Mailing) -> Any:
    """The letters that did not arrive, by the names of their members."""
    found = select(Letter).join(Member, Member.id == Letter.member_id).where(Letter.batch == mailing.batch)
    return found.where(or_(Letter.failed_at.is_not(None), is_lost())).order_by(Member.name, Member.id)


def reason(letter: Letter) -> str:
    """Why a letter did not arrive, from the codes of the mail server (RFC 3463)."""
    if letter.failed_at is None:
        return _("The service stopped at that very moment: nobody knows whether it left.")
    found = re.search(r"[245]\.(\d{1,3}\.\d{1,3})", letter.fault or "")
    detail = found[1] if found else ""
    if detail in ("1.1", "1.2", "1.3", "1.6", "1.10"):
        said = _("This address does not exist.")
    elif detail == "2.2":
        said = _("The mailbox is full.")
    elif detail.startswith("2."):
        said = _("The mailbox takes no mail.")
    elif detail.startswith("7."):
        said = _("The mail server there refused it.")
    elif detail.startswith("4."):
        said = _("The mail server there could not be reached.")
    else:
        said = _("It could not be delivered.")
    return f"{said} ({letter.fault})" if letter.fault else said


# --- Stopping and going on ----------------------------------------------------------------------------


def why_not_stop(mailing: Mailing | None) -> str | None:
    """Only what is being sent can be stopped."""
    return None if mailing and mailing.state == "sending" else _("This letter is not being sent now.")


def stop(mailing: Mailing, by: int | None) -> int:
    """Let nothing more leave: letters that wait are withdrawn, and written anew when it goes on. Gives their number."""
    db.session.refresh(mailing, with_for_update={"key_share": True})
    if why := why_not_stop(mailing):
        raise Refused(why)
    mailing.stopped_at, mailing.after_member_id = now(), 0
    db.session.flush()
    waiting = Letter.sent_at.is_(None), Letter.claimed_at.is_(None), Letter.failed_at.is_(None)
    withdrawn = delete(Letter).where(Letter.batch == mailing.batch, *waiting)
    number_: int = db.session.execute(withdrawn.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    audit.record("stop mailing", name_of(mailing), by, withdrawn=number_)
    return number_


def why_not_resume(mailing: Mailing | None) -> str | None:
    """What was stopped goes on, once a changed text was tried, while it is the right time of the year."""
    if mailing is None or mailing.state != "stopped":
        return _("This letter was not stopped.")
    if mailing.tried_at is None:
        return _("First send a trial to yourself, and read it in every language.")
    return KINDS[mailing.kind].why_not(mailing.edition, now())


def resume(mailing: Mailing, by: int | None) -> None:
    """Go on with those who have no letter yet."""
    db.session.refresh(mailing, with_for_update={"key_share": True})
    if why := why_not_resume(mailing):
        raise Refused(why)
    mailing.stopped_at = None
    audit.record("resume mailing", name_of(mailing), by)


def _corrected(mailing: Mailing) -> list[ColumnElement[bool]]:
    """Letters that failed at an address that the member no longer has, as conditions on Letter."""
    now_else = select(Member.id).where(Member.id == Letter.member_id, Member.email != Letter.address).exists()
    return [Letter.batch == mailing.batch, Letter.failed_at.is_not(None), now_else]


def missed(mailing: Mailing) -> int:
    """How many could get it after all: their address was corrected, or they are on the list since."""
    corrected = db.session.scalar(select(func.count()).select_from(Letter).where(*_corrected(mailing))) or 0
    return corrected + (db.session.scalar(select(func.count()).select_from(Member).where(*unwritten(mailing))) or 0)


def why_not_reopen(mailing: Mailing | None) -> str | None:
    """Once everybody was written to, those whose address was corrected may get it after all."""
    if mailing is None or mailing.state != "ended":
        return _("This letter has not been sent to everybody yet.")
    if why := KINDS[mailing.kind].why_not(mailing.edition, now()):
        return why
    return None if missed(mailing) else _("There is nobody whose address was corrected.")


def reopen(mailing: Mailing, by: int | None) -> None:
    """Send the letter to those whose address was corrected, and to who came on the list since."""
    db.session.refresh(mailing, with_for_update={"key_share": True})
    if why := why_not_reopen(mailing):
        raise Refused(why)
    many = missed(mailing)
    db.session.execute(delete(Letter).where(*_corrected(mailing)).execution_options(synchronize_session=False))
    mailing.ended_at, mailing.after_member_id = None, 0
    mailing.facts = {**mailing.facts, "members": progress(mailing).written + many}
    audit.record("resume mailing", name_of(mailing), by, members=many)
