"""The rules of retention as one table: what, how long, why; and the job that does what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import and_, delete, func, or_, select, update

from .. import audit
from ..assembly.models import Assembly, HallTry, PersonalLink
from ..db import db, look, now
from ..mail import Letter
from ..members.models import SESSION_LIVES, RollUpload, SignIn
from ..members.rules import SIGN_INS_KEPT
from ..recommendations.hearing_models import RemarkReport
from ..recommendations.writing_models import UnsavedText
from ..stocktake.models import ListUpload
from ..voting.day import BegunBallot, CountProgress, KeyList, PaperBatch, PaperEntry, VotingCard
from ..voting.models import Election, Elector, Envelope, OpenedBallot
from . import contest
from .models import Certificate

FILES_KEPT = timedelta(days=7)
TEXTS_KEPT = timedelta(days=7)
TRIES_KEPT = timedelta(days=1)
LINKS_KEPT = timedelta(days=30)
UNSAVED_KEPT = timedelta(days=90)
PATIENCE = 2000  # milliseconds that the log is waited for

# A table, which of its rows, and the values that take the place of what they hold; None: the rows go.
Piece = tuple[Any, Any, dict[str, Any] | None]


@dataclass(frozen=True)
class Rule:
    """What is destroyed, after how long, and why not earlier or later. `pieces` gives what is due at a moment."""

    name: str
    what: LazyString
    how_long: LazyString
    why: LazyString
    pieces: Callable[[datetime], list[Piece]]


# --- What is due at a moment ------------------------------------------------------------------------


def _sign_ins(at: datetime) -> list[Piece]:
    return [(SignIn, and_(SignIn.used_at.is_(None), SignIn.asked_at < at - SIGN_INS_KEPT), None)]


def _sessions(at: datetime) -> list[Piece]:
    return [(SignIn, SignIn.used_at < at - SESSION_LIVES, None)]


def _tries(at: datetime) -> list[Piece]:
    return [(HallTry, HallTry.since < at - TRIES_KEPT, None)]


def _texts_of_letters(at: datetime) -> list[Piece]:
    done = or_(Letter.sent_at < at - TEXTS_KEPT, Letter.failed_at < at - TEXTS_KEPT)
    return [(Letter, and_(done, Letter.body != ""), {"body": "", "calendar": None})]


def _letters(at: datetime) -> list[Piece]:
    old = and_(Letter.queued_at < at - contest.period(), Letter.address != "")
    done = or_(Letter.sent_at.is_not(None), Letter.failed_at.is_not(None))
    # The row stays with its key: no letter is ever sent twice. Whom it went to and what it said goes.
    gone = {"address": "", "subject": "", "body": "", "calendar": None, "member_id": None}
    return [(Letter, and_(old, done), gone)]


def _files(at: datetime) -> list[Piece]:
    return [
        (table, and_(table.applied_at.is_(None), table.uploaded_at < at - FILES_KEPT), None)
        for table in (RollUpload, ListUpload)
    ]


def _unsaved(at: datetime) -> list[Piece]:
    return [(UnsavedText, UnsavedText.kept_at < at - UNSAVED_KEPT, None)]


def _reports(at: datetime) -> list[Piece]:
    return [(RemarkReport, RemarkReport.settled_at < at - contest.period(), None)]


def _links(at: datetime) -> list[Piece]:
    over = select(Assembly.id).where(Assembly.ends_at < at - LINKS_KEPT)
    return [(PersonalLink, PersonalLink.assembly_id.in_(over), None)]


def _votes(at: datetime) -> list[Piece]:
    """Envelopes, opened ballots and the roll of votes whose contest period is over. The chain and the totals stay."""
    due = select(Election.id).where(Election.published_at < at - contest.period(), Election.destroyed_at.is_(None))
    ids = list(db.session.scalars(due))
    if not ids:
        return []
    piles = select(PaperBatch.id).where(PaperBatch.election_id.in_(ids))
    tables = (Envelope, OpenedBallot, VotingCard, BegunBallot, CountProgress, KeyList, Elector)
    return [
        (PaperEntry, PaperEntry.batch_id.in_(piles), None),
        *((table, table.election_id.in_(ids), None) for table in tables),
        (Election, Election.id.in_(ids), {"destroyed_at": at}),
    ]


RULES = (
    Rule("sign_ins", _l("Sign-ins that were asked for and not used"), _l("24 hours"),
         _l("A link or a code works for ten minutes; longer it only tells who wanted to sign in."), _sign_ins),
    Rule("sessions", _l("Sessions"), _l("12 hours"), _l("A session lasts no longer."), _sessions),
    Rule("tries", _l("Wrong codes of the hall that were tried"), _l("24 hours"),
         _l("They slow down who guesses, and are not needed after the day."), _tries),
    Rule("texts", _l("Texts of letters that were sent or came back"), _l("7 days"),
         _l("Who got a letter has it; for questions about it a week is enough."), _texts_of_letters),
    Rule("letters", _l("To whom letters went, and their subjects"), _l("the contest period"),
         _l("They prove that everybody was invited to the assembly and to vote."), _letters),
    Rule("files", _l("Files that were sent to be imported, and were not"), _l("7 days"),
         _l("They hold personal data; an import is decided on within days. An imported file goes at once."), _files),
    Rule("unsaved", _l("Texts of drafts that were typed and never saved"), _l("90 days"),
         _l("Who comes back to a draft finds the words again."), _unsaved),
    Rule("reports", _l("Reports of remarks that were settled"), _l("the contest period"),
         _l("Until then one may ask why a remark was hidden."), _reports),
    Rule("links", _l("Serials of personal links, and when they were used"), _l("30 days after the assembly"),
         _l("After the assembly a link opens nothing."), _links),
    Rule("votes", _l("Sealed envelopes, opened ballots, the electoral roll, cards and entries of paper ballots"),
         _l("the contest period, from publication"),
         _l("Until then the count may be contested, and is proved with them. Totals and checkpoints stay."), _votes),
)  # fmt: skip
BY_NAME = {rule.name: rule for rule in RULES}


# --- Looking and doing ------------------------------------------------------------------------------


def due() -> list[tuple[Rule, int]]:
    """For each rule, how many rows it would destroy now."""
    moment = now()
    return [(rule, sum(map(_count, rule.pieces(moment)))) for rule in RULES]


def _count(piece: Piece) -> int:
    table, where, _values = piece
    if table is Election:  # that a vote's papers are gone is noted on it: nothing of it is destroyed
        return 0
    return db.session.scalar(select(func.count()).select_from(table).where(where)) or 0


def follow() -> Certificate | None:
    """Destroy what the rules say; give the certificate, or None when nothing was due."""
    moment = now()
    lines = [[rule.name, sum(map(_do, rule.pieces(moment)))] for rule in RULES]
    lines = [[name, times] for name, times in lines if times]
    return certify("retention", lines, None) if lines else None


def _do(piece: Piece) -> int:
    table, where, values = piece
    act = delete(table).where(where) if values is None else update(table).where(where).values(**values)
    done = db.session.execute(act.execution_options(synchronize_session=False))
    return 0 if table is Election else int(done.rowcount)  # type: ignore[attr-defined]


def settle() -> bool:
    """On SQLite, write the log into the file and empty it: what was deleted stands nowhere any more (secure_delete).

    Somebody who reads for long keeps the log as it is. Writers would wait too, so it is soon given up: then False.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    with look() as connection:
        patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience:d}")
    return not is_busy


def certify(kind: str, lines: list[list[Any]], by: int | None, subject: str = "") -> Certificate:
    """Keep for good what was destroyed, and note it in the audit log."""
    certificate = Certificate(at=now(), kind=kind, subject=subject, by_id=by, lines=lines)
    db.session.add(certificate)
    db.session.flush()
    act = "erase member" if kind == "erasure" else "destroy data"
    audit.record(act, f"certificate {certificate.id}", by, **dict(lines))
    return certificate
