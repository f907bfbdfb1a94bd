"""Packing what scrutineers take home: everything of a counted vote, in the files of package.py."""

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import undefer

from .. import audit
from ..db import db
from ..errors import Refused
from ..i18n import day, in_all_languages
from . import box, keys, package, paper_ballots, papers
from .checkpoints import name_of, point_of
from .counting import opened, reports_of
from .models import BoardCheckpoint, Custody, Election


def why_not_package(election: Election) -> str | None:
    """The package is made of the counted box, while there is one."""
    if election.destroyed_at:
        return _("The envelopes were destroyed on %(day)s.", day=day(election.destroyed_at, with_year=True))
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
    report = election.report or {}
    # What is counted was frozen, opened and closed.
    assert election.public_key and election.opened_at and election.closed_at  # noqa: S101
    assert election.roll_size is not None and election.roll_hash  # noqa: S101
    return package.Contents(
        election=name_of(election),
        title=in_all_languages(lambda: _title(election)),
        questions=[_printed(election, number) for number in range(len(election.questions))],
        public_key=election.public_key,
        custody=str(Custody(election.custody)),
        roll_size=election.roll_size,
        roll_hash=election.roll_hash,
        opened_at=election.opened_at,
        closed_at=election.closed_at,
        checkpoints=[point_of(election, point) for point in points],
        lists=[_trackers(point.listed) for point in points],
        replaced=box.replaced(election.id),
        envelopes=box.envelopes(election.id),
        ballots=opened(election),
        spoilt=report["spoilt"],
        reports=reports_of(election),
        most_themes=election.most_themes,
        goes_on=report.get("goes_on", 0),
        papers=paper_ballots.counted(election)[0],
        spoilt_papers=report.get("spoilt_papers", 0),
    )


def _title(election: Election) -> str:
    if election.is_rehearsal:
        return _("Rehearsal of the edition %(label)s: this vote does not count", label=election.edition.label)
    return _("Vote of the edition %(label)s", label=election.edition.label)


def _trackers(listed: bytes) -> list[str]:
    return [listed[at : at + 32].hex() for at in range(0, len(listed), 32)]


def _printed(election: Election, number: int) -> package.Question:
    """A question as it stood on the ballot."""
    paper, question = papers.of(election), election.questions[number]
    assert paper is not None  # noqa: S101
    report = reports_of(election)[number]
    return package.Question(
        title=in_all_languages(lambda: paper.questions[number].heading),
        rule=question.rule,
        seats=question.seats,
        max_approvals=question.max_approvals,
        options=[{"theme": o.theme_id, "original": o.original, **o.texts} for o in question.options],
        kind=question.kind,
        majority=question.majority,
        country=question.country,
        voters=report.ballots if question.country else None,
    )
