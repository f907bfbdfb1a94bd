"""Packing what scrutineers take home: everything of a counted vote, in the files of package.py."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import undefer

from .. import audit
from ..db import db
from ..errors import Refused
from ..i18n import LANGUAGES, in_language
from . import box, keys, package
from .checkpoints import name_of, point_of
from .counting import opened, reports_of
from .models import BoardCheckpoint, Custody, Election


def why_not_package(election: Election) -> str | None:
    """The package is made of the counted box."""
    return None if election.counted_at else _("The package can be made once the ballots are counted.")


def scrutineers_package(election: Election, by: int | None) -> bytes:
    """The ZIP with which the scrutineers check the whole count on another machine."""
    if why := why_not_package(election):
        raise Refused(why)
    audit.record("download package", name_of(election), by)
    return package.package(_contents(election), keys.signing_key())


def _contents(election: Election) -> package.Contents:
    rows = select(BoardCheckpoint).where(BoardCheckpoint.election_id == election.id)
    points = db.session.scalars(rows.options(undefer(BoardCheckpoint.listed)).order_by(BoardCheckpoint.number)).all()
    if not (election.public_key and election.opened_at and election.closed_at):
        raise Refused(_("The vote must be closed first."))
    return package.Contents(
        election=name_of(election),
        title=_in_all_languages(lambda: _title(election)),
        questions=[_printed(question) for question in election.questions],
        public_key=election.public_key,
        custody=str(Custody(election.custody)),
        roll_size=election.roll_size or 0,
        roll_hash=election.roll_hash or "",
        opened_at=election.opened_at,
        closed_at=election.closed_at,
        checkpoints=[point_of(election, point) for point in points],
        lists=[_trackers(point.listed) for point in points],
        replaced=box.replaced(election.id),
        envelopes=box.envelopes(election.id),
        ballots=opened(election),
        spoilt=(election.report or {})["spoilt"],
        reports=reports_of(election),
    )


def _title(election: Election) -> str:
    if election.is_rehearsal:
        return _("Rehearsal of the edition %(label)s: this vote does not count", label=election.edition.label)
    return _("Vote of the edition %(label)s", label=election.edition.label)


def _trackers(listed: bytes) -> list[str]:
    return [listed[at : at + 32].hex() for at in range(0, len(listed), 32)]


def _printed(question: Any) -> package.Question:
    title = _in_all_languages(lambda: _("Which themes shall we work on?"))
    options = [{"theme": o.theme_id, "original": o.original, **o.texts} for o in question.options]
    return package.Question(title, question.rule, question.seats, question.max_approvals, options)


def _in_all_languages(sentence: Any) -> dict[str, str]:
    texts = {}
    for code in LANGUAGES:
        with in_language(code):
            texts[code] = str(sentence())
    return texts
