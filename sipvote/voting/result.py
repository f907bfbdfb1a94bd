"""What the voting room decides after closing: opening the box, counting, settling ties, publishing, the package."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert, select, update
from sqlalchemy.orm import undefer

from .. import audit
from ..db import db, now
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import LANGUAGES, in_language
from ..themes.models import Theme
from . import box, keys, lot, package, seal, tally
from .checkpoints import checkpoints, name_of, point_of
from .models import BoardCheckpoint, Custody, Election, OpenedBallot, Option
from .papers import Paper, PaperOption, PaperQuestion
from .rules import hold, seed_of

# With fewer ballots the totals would tell what single members chose: then only who was elected is shown.
FEWEST_BALLOTS = 10
OUTCOMES_SHOWN = 20


# --- Opening and counting ---------------------------------------------------------------------------


def why_not_count(election: Election) -> str | None:
    """The box is opened once, and only after closing."""
    if election.closed_at is None:
        return _("The vote must be closed first.")
    if election.counted_at:
        return _("The ballots have been counted already.")
    return why_not_now(election.edition, "count")


def count(election: Election, lists: Sequence[str], by: int | None) -> None:
    """Open the box and count. Names are dropped and envelopes shuffled first; a kept key is destroyed after.

    `lists` are two of the scrutineers' word lists; none are needed when the server keeps the key.
    Raises seal.WrongWords.
    """
    hold(election)
    if why := why_not_count(election):
        raise Refused(why)
    seed = seed_of(election, lists)
    limits = [question.max_approvals for question in election.questions]
    envelopes = box.envelopes(election.id)
    ballots, spoilt = seal.open_box(envelopes, seal.private_key(seed), election.shape, limits)
    _keep_ballots(election, ballots)
    reports = [
        tally.RULES[question.rule](tally.question(ballots, number), len(question.options), question.seats)
        for number, question in enumerate(election.questions)
    ]
    election.report = {
        "envelopes": len(envelopes),
        "spoilt": spoilt,
        "questions": [report.as_dict() for report in reports],
        "settled": {},
    }
    election.counted_at, election.kept_seed = now(), None
    audit.record("count vote", name_of(election), by, envelopes=len(envelopes), spoilt=spoilt)


def _keep_ballots(election: Election, ballots: Iterable[tuple[int, seal.Choices]]) -> None:
    rows = [{"election_id": election.id, "choices": _text(choices), "times": times} for times, choices in ballots]
    if rows:
        db.session.execute(insert(OpenedBallot), rows)


def _text(choices: seal.Choices) -> str:
    """Choices as canonical JSON, the one way to write them: '[[0,3]]'."""
    return json.dumps(choices, separators=(",", ":"))


def opened(election: Election) -> list[tuple[int, seal.Choices]]:
    """What was in the box: how many times, and the choices, sorted by content."""
    rows = db.session.scalars(select(OpenedBallot).where(OpenedBallot.election_id == election.id))
    return sorted(((row.times, _choices(row.choices)) for row in rows), key=lambda ballot: ballot[1])


def _choices(text: str) -> seal.Choices:
    return tuple(tuple(chosen) for chosen in json.loads(text))


def reports_of(election: Election) -> list[tally.Report]:
    """The report of the count, one for each question."""
    kept: dict[str, Any] = election.report or {"questions": []}
    return [tally.report_from(facts) for facts in kept["questions"]]


# --- Ties -------------------------------------------------------------------------------------------


def settlement(election: Election, position: int) -> dict[str, Any] | None:
    """How the tie of a question was settled: {"options", "draw", "how"}; None when it was not, or there is none."""
    found: dict[str, Any] | None = (election.report or {}).get("settled", {}).get(str(position))
    return found


def winners(election: Election, position: int) -> tuple[int, ...]:
    """The options that are elected for certain: in every outcome, or by the lot that was drawn."""
    drawn = settlement(election, position)
    return tuple(sorted((*reports_of(election)[position].elected, *(drawn["options"] if drawn else ()))))


def why_not_settle(election: Election, position: int) -> str | None:
    """A tie is settled by a public lot, after the count, and once its outcome is published for good."""
    reports = reports_of(election)
    if election.counted_at is None or not 0 <= position < len(reports):
        return _("The ballots have not been counted yet.")
    if not reports[position].tied:
        return _("There is no tie to settle.")
    if election.published_at and settlement(election, position):
        return _("The outcome of the lot is published, and stands.")
    return why_not_now(election.edition, "count")


def settle(election: Election, position: int, draw: str, how: str, by: int | None) -> None:
    """Enter what was drawn in public; which of the tied outcomes that gives is computed. Raises Refused."""
    hold(election)
    if why := why_not_settle(election, position):
        raise Refused(why)
    digits = lot.plain(draw)
    if digits is None:
        raise Refused(_("Give what was drawn as 6 to 40 digits, for example six dice."))
    if not how.strip():
        raise Refused(_("Say how the lot was drawn, and who was there."))
    report = reports_of(election)[position]
    options, checkpoint = election.questions[position].options, final_checkpoint(election)
    order = sorted(report.tied, key=lambda number: lot.mark(checkpoint, digits, lot_number(options[number])))
    chosen = set(report.by_lot(order)) & set(report.tied)
    settled = {"options": sorted(chosen), "draw": digits, "how": how.strip()}
    kept = election.report or {}
    election.report = {**kept, "settled": {**kept["settled"], str(position): settled}}
    if election.published_at:
        _mark_elected(election)
    audit.record("settle tie", name_of(election), by, question=position + 1, **settled)


def lot_number(option: Option | PaperOption) -> int:
    """What an option is called in the lot: its theme's number, or its own on the ballot when it has no theme."""
    own = option.position if isinstance(option, Option) else option.number
    return option.theme_id if option.theme_id is not None else own


def final_checkpoint(election: Election) -> str:
    """The hash of the checkpoint that was signed at closing."""
    return point_of(election, checkpoints(election)[-1]).hash()


# --- Publishing -------------------------------------------------------------------------------------


def why_not_publish(election: Election) -> str | None:
    """What was counted is published once; a tie need not wait for its lot."""
    if election.counted_at is None:
        return _("The ballots have not been counted yet.")
    if election.published_at:
        return _("The result is published already.")
    return why_not_now(election.edition, "count")


def publish(election: Election, by: int | None) -> None:
    """Make the result public, and mark the themes that are elected for certain."""
    hold(election)
    if why := why_not_publish(election):
        raise Refused(why)
    election.published_at = now()
    _mark_elected(election)
    tied = [bool(r.tied) and settlement(election, n) is None for n, r in enumerate(reports_of(election))]
    audit.record("publish result", name_of(election), by, elected=_elected(election), waits_for_a_lot=any(tied))


def _elected(election: Election) -> list[int]:
    """The ids of the themes that are elected for certain."""
    themes = [
        question.options[number].theme_id
        for position, question in enumerate(election.questions)
        for number in winners(election, position)
    ]
    return [theme for theme in themes if theme is not None]


def _mark_elected(election: Election) -> None:
    won = update(Theme).where(Theme.id.in_(_elected(election)), Theme.elected_at.is_(None))
    db.session.execute(won.values(elected_at=now()))


@dataclass(frozen=True)
class Line:
    """One option in the result. `approvals` is None where numbers are not shown."""

    option: PaperOption
    approvals: int | None
    is_elected: bool
    is_tied: bool


@dataclass(frozen=True)
class Outcome:
    """The result of one question: its options from most to least chosen, and the tie, if any.

    `outcomes` are the ways the lot can fall, each as the tied options that would be elected.
    """

    question: PaperQuestion
    report: tally.Report
    lines: list[Line]
    lot: dict[str, Any] | None
    outcomes: list[list[PaperOption]]
    checkpoint: str = ""  # the hash of the final one, which the lot is drawn with

    @property
    def tied(self) -> list[PaperOption]:
        return [self.question.options[number] for number in self.report.tied]

    @property
    def marks(self) -> list[tuple[str, str, PaperOption]]:
        """The lot worked out: what is hashed for each tied option, its mark, the option; the first drawn first."""
        if self.lot is None:
            return []
        drawn = [(self.checkpoint, self.lot["draw"], lot_number(option)) for option in self.tied]
        rows = ((lot.text(*each), lot.mark(*each), option) for each, option in zip(drawn, self.tied, strict=True))
        return sorted(rows, key=lambda row: row[1])

    @property
    def drawn(self) -> list[PaperOption]:
        """The options that the lot chose."""
        return [self.question.options[number] for number in (self.lot or {"options": []})["options"]]

    @property
    def has_numbers(self) -> bool:
        return self.report.ballots >= FEWEST_BALLOTS

    @property
    def is_open_tie(self) -> bool:
        """Whether a lot must still be drawn."""
        return bool(self.report.tied) and self.lot is None


def outcomes(election: Election, paper: Paper) -> list[Outcome]:
    """The result as pages show it, question by question."""
    return [_outcome(election, paper, number) for number in range(len(paper.questions))]


def _outcome(election: Election, paper: Paper, number: int) -> Outcome:
    question, report = paper.questions[number], reports_of(election)[number]
    settled, won, shown = settlement(election, number), winners(election, number), report.ballots >= FEWEST_BALLOTS
    lines = [
        Line(
            option,
            report.approvals[option.number] if shown else None,
            option.number in won,
            option.number in report.tied,
        )
        for option in question.options
    ]
    # Without numbers the order must not tell them either: the elected, then the tied, then the ballot's order.
    lines.sort(key=lambda line: (-(line.approvals or 0), not line.is_elected, not line.is_tied, line.option.number))
    if not report.tied:
        return Outcome(question, report, lines, settled, [])
    tied_only = ([question.options[n] for n in found if n in report.tied] for found in _lots(report))
    return Outcome(question, report, lines, settled, list(tied_only), final_checkpoint(election))


def _lots(report: tally.Report) -> Iterable[tuple[int, ...]]:
    """The tied outcomes, as many as a page can show."""
    return islice(report.outcomes, OUTCOMES_SHOWN) if report.outcome_count <= 10_000 else ()


# --- The package ------------------------------------------------------------------------------------


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
        title=_in_all_languages(lambda: _("Vote of the edition %(label)s", label=election.edition.label)),
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
