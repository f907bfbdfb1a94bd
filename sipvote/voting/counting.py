"""After closing: opening the box, counting, settling ties."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import insert, select, update

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..themes import rules as themes
from ..themes.models import Theme
from . import box, explaining, lot, paper_ballots, scrutineers, seal, tally
from .ceremony import seed_of
from .checkpoints import checkpoints, name_of, point_of
from .decisions import Decision, decide, decision_from, places
from .models import Custody, Election, Kind, OpenedBallot, Option, Question
from .papers import PaperOption
from .rules import hold, why_not_in_phase

# --- Opening and counting ---------------------------------------------------------------------------


def why_not_count(election: Election) -> str | None:
    """The box is opened once, and only after closing."""
    if election.closed_at is None:
        return _("The vote must be closed first.")
    if election.counted_at:
        return _("The ballots have been counted already.")
    return paper_ballots.why_not_count(election) or why_not_in_phase(election, "count")


def why_not_open_box(election: Election, by: int | None) -> str | None:
    """Whether the box can be opened now, and by this person: its scrutineers, unless the server keeps the key."""
    if election.custody == Custody.SERVER:
        return why_not_count(election)
    return why_not_count(election) or scrutineers.why_not_watch(election, by)


class Locked(NamedTuple):
    """A box that is about to be opened: all that it takes, so that no transaction is held meanwhile."""

    election_id: int
    seed: bytes
    shape: seal.Shape
    limits: list[int | None]


class Opened(NamedTuple):
    """What was in the box of an election, which its seed names."""

    seed: bytes
    envelopes: int
    ballots: list[tuple[int, seal.Choices]]
    spoilt: int


def unlock(election: Election, lists: Sequence[str]) -> Locked:
    """Two word lists, or the key that the server kept, for a box that may be opened now. Raises seal.WrongWords."""
    if why := why_not_count(election):
        raise Refused(why)
    limits = [question.max_approvals for question in election.questions]
    return Locked(election.id, seed_of(election, lists), election.shape, limits)


def open_box(locked: Locked, envelopes: Sequence[bytes], tell: Callable[[int], None] | None = None) -> Opened:
    """Open every envelope, in no order; nothing is written."""
    key = seal.private_key(locked.seed)
    ballots, spoilt = seal.open_box(envelopes, key, locked.shape, locked.limits, tell)
    return Opened(locked.seed, len(envelopes), ballots, spoilt)


def count(election: Election, lists: Sequence[str], by: int | None, opened: Opened | None = None) -> None:
    """Open the box and count. Names are dropped and envelopes shuffled first; a kept key is destroyed after.

    `lists` are two of the scrutineers' word lists; none are needed when the server keeps the key. Where people
    watch the opening (progress.py) it is done before: then `opened` is what was found. Raises seal.WrongWords.
    """
    hold(election)
    if why := why_not_open_box(election, by):
        raise Refused(why)
    locked = unlock(election, lists)
    if opened is None or opened.seed != locked.seed:
        opened = open_box(locked, box.envelopes(election.id))
    papers, spoilt_papers = paper_ballots.counted(election)
    ballots, spoilt = _together(opened.ballots, papers), opened.spoilt
    _keep_ballots(election, ballots)
    told = {"papers": sum(times for times, _choices in papers) + spoilt_papers, "spoilt_papers": spoilt_papers}
    election.report = {
        "envelopes": opened.envelopes, "spoilt": spoilt, "settled": {}, **told, **_reports(election, ballots)
    }  # fmt: skip
    election.counted_at, election.kept_seed = now(), None
    audit.record("count vote", name_of(election), by, envelopes=opened.envelopes, spoilt=spoilt)


def _together(*piles: Iterable[tuple[int, seal.Choices]]) -> list[tuple[int, seal.Choices]]:
    """Ballots from the box and on paper, as one pile: from here on nobody can tell them apart."""
    found: Counter[seal.Choices] = Counter()
    for pile in piles:
        for times, choices in pile:
            found[choices] += times
    return sorted(((times, choices) for choices, times in found.items()), key=lambda ballot: ballot[1])


def _reports(election: Election, ballots: Sequence[tuple[int, seal.Choices]]) -> dict[str, Any]:
    """Count every question: those of yes and no first, for what they prolong may leave less room to be elected."""
    decisions = {
        number: decide(tally.question(ballots, number), question.majority, _voters(election, question))
        for number, question in enumerate(election.questions)
        if question.majority is not None
    }
    goes_on = themes.going_on(election.edition)
    prolonged = goes_on + sum(
        decision.is_adopted for number, decision in decisions.items() if election.questions[number].kind == Kind.PROLONG
    )
    reports = [
        decisions[number].as_dict() if number in decisions else _elect(election, question, number, ballots, prolonged)
        for number, question in enumerate(election.questions)
    ]
    explanations = [
        None if number in decisions else _explained(question, number, ballots, tally.report_from(reports[number]))
        for number, question in enumerate(election.questions)
    ]
    return {"questions": reports, "goes_on": goes_on, "explanations": explanations}


def _explained(
    question: Question, number: int, ballots: Any, report: tally.Report, order: Sequence[int] | None = None
) -> dict[str, Any] | None:
    """What the result page tells about a count, with the order of the lot once it is drawn."""
    return explaining.explain(report, tally.question(ballots, number), question.max_approvals, order)


def _elect(election: Election, question: Question, number: int, ballots: Any, prolonged: int) -> dict[str, Any]:
    """Count the question of the themes, with as many places as the prolonged ones leave."""
    seats = places(question.seats, election.most_themes, prolonged)
    return tally.RULES[question.rule](tally.question(ballots, number), len(question.options), seats).as_dict()


def _voters(election: Election, question: Question) -> int | None:
    """How many of those who voted could answer a question; None for everybody."""
    if question.country is None:
        return None
    return box.turnout(election.id, question.country) + paper_ballots.papers_by_country(election).get(
        question.country, 0
    )


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


def reports_of(election: Election) -> list[tally.Report | Decision]:
    """The report of the count, one for each question."""
    kept: dict[str, Any] = election.report or {"questions": []}
    return [decision_from(facts) if "majority" in facts else tally.report_from(facts) for facts in kept["questions"]]


def elections_of(election: Election) -> list[tuple[int, tally.Report]]:
    """The reports of questions that elect themes, each with its position."""
    return [(n, report) for n, report in enumerate(reports_of(election)) if isinstance(report, tally.Report)]


# --- Ties -------------------------------------------------------------------------------------------


def settlement(election: Election, position: int) -> dict[str, Any] | None:
    """How the tie of a question was settled: {"options", "draw", "how"}; None when it was not, or there is none."""
    found: dict[str, Any] | None = (election.report or {}).get("settled", {}).get(str(position))
    return found


def winners(election: Election, position: int) -> tuple[int, ...]:
    """The options that are elected for certain: in every outcome, or by the lot that was drawn."""
    drawn = settlement(election, position)
    return tuple(sorted((*dict(elections_of(election))[position].elected, *(drawn["options"] if drawn else ()))))


def elected_themes(election: Election) -> list[int]:
    """The ids of the themes that are elected for certain."""
    themes = [
        election.questions[position].options[number].theme_id
        for position, _report in elections_of(election)
        for number in winners(election, position)
    ]
    return [theme for theme in themes if theme is not None]


def mark_elected(election: Election) -> None:
    """Mark the themes that are elected for certain, so that workgroups can be made for them."""
    if election.is_rehearsal:
        return
    won = update(Theme).where(Theme.id.in_(elected_themes(election)), Theme.elected_at.is_(None))
    db.session.execute(won.values(elected_at=now()))


def why_not_settle(election: Election, position: int) -> str | None:
    """A tie is settled by a public lot, after the count, and once its outcome is published for good."""
    if election.counted_at is None:
        return _("The ballots have not been counted yet.")
    report = dict(elections_of(election)).get(position)
    if report is None or not report.tied:
        return _("There is no tie to settle.")
    if election.published_at and settlement(election, position):
        return _("The outcome of the lot is published, and stands.")
    return why_not_in_phase(election, "count")


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
    report = dict(elections_of(election))[position]
    options, checkpoint = election.questions[position].options, final_checkpoint(election)
    order = sorted(report.tied, key=lambda number: lot.mark(checkpoint, digits, lot_number(options[number])))
    ballots = opened(election)
    chosen = set(report.by_lot(order, tally.question(ballots, position))) & set(report.tied)
    settled = {"options": sorted(chosen), "draw": digits, "how": how.strip()}
    kept = election.report or {}
    told = dict(enumerate(kept.get("explanations", [])))
    told[position] = _explained(election.questions[position], position, ballots, report, order)
    explanations = [told.get(n) for n in range(len(election.questions))]
    election.report = {**kept, "settled": {**kept["settled"], str(position): settled}, "explanations": explanations}
    if election.published_at:
        mark_elected(election)
    audit.record("settle tie", name_of(election), by, question=position + 1, **settled)


def lot_number(option: Option | PaperOption) -> int:
    """What an option is called in the lot: its theme's number, or its own on the ballot when it has no theme."""
    own = option.position if isinstance(option, Option) else option.number
    return option.theme_id if option.theme_id is not None else own


def final_checkpoint(election: Election) -> str:
    """The hash of the checkpoint that was signed at closing."""
    return point_of(election, checkpoints(election)[-1]).hash()
