"""What everybody may see of a vote: the public board, the result, how to recount."""

from pathlib import Path
from typing import Any

from flask import Response, abort, render_template, request
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from ..access import public
from ..db import db
from ..editions.views import asked_edition
from ..exports import csv_file, download
from ..i18n import in_all_languages
from . import box, checkpoints, facts, forms, keys, paper_ballots, papers, result, rules, seal
from .announcements import announced_to_many
from .board import stamp
from .models import Election, Envelope
from .views import voting

CODES_PER_PAGE = 100
VERIFIER = Path(__file__).parent / "verify.py"


@voting.context_processor
def _told() -> dict[str, Any]:
    """What pages about a vote ask, to tell what was announced about it."""
    return {"announced": announced_to_many, "rules": rules}


def _opened(year: int) -> Election:
    """The election of a year that has been opened, or 404."""
    election = rules.of_edition(asked_edition(year))
    if election is None or election.opened_at is None:
        abort(404)
    return election


def _text(name: str, text: str | bytes, kind: str = "text/plain") -> Response:
    return download(text, name, f"{kind}; charset=utf-8")


# --- The board --------------------------------------------------------------------------------------


@voting.get("/<int:year>/vote/board")
@public
def board(year: int) -> str:
    """The trackers of all envelopes in the box, as codes; and the proofs that none has vanished."""
    election = _opened(year)
    listed = select(Envelope.tracker).where(Envelope.election_id == election.id).order_by(Envelope.tracker)
    typed = request.args.get("code", "").strip()[:100]
    rows = checkpoints.checkpoints(election)
    return render_template(
        "voting/board.html",
        election=election,
        page=db.paginate(listed, per_page=CODES_PER_PAGE, max_per_page=CODES_PER_PAGE),
        code=seal.code,
        typed=typed,
        found=box.look_up(election.id, typed) if typed else None,
        points=[checkpoints.point_of(election, row) for row in reversed(rows)],
        made=[row.made_at for row in reversed(rows)],
        signing_key=keys.public_signing_key(),
        on_paper=paper_ballots.handed_out(election),
    )


@voting.get("/<int:year>/vote/trackers.txt")
@public
def trackers(year: int) -> Response:
    """All trackers in full, sorted, one a line; once the envelopes are destroyed, those of the last checkpoint."""
    election = _opened(year)
    found = checkpoints.last_list(election) if election.destroyed_at else box.trackers(election.id)
    return _text(f"trackers-{year}.txt", "".join(f"{each}\n" for each in sorted(found)))


@voting.get("/<int:year>/vote/checkpoints.jsonl")
@public
def points(year: int) -> Response:
    """The signed checkpoints, one a line, as verify.py reads them."""
    election = _opened(year)
    rows = checkpoints.checkpoints(election)
    lines = "".join(f"{checkpoints.point_of(election, row).line()}\n" for row in rows)
    return _text(f"checkpoints-{year}.jsonl", lines, "application/jsonl")


# --- The result -------------------------------------------------------------------------------------


@voting.get("/<int:year>/vote/results")
@public
def results(year: int) -> str:
    election = rules.of_edition(asked_edition(year))
    paper = papers.of(election) if election else None
    if election is None or paper is None or election.published_at is None:
        return render_template("voting/no_result.html", election=election)
    return render_template(
        "voting/results.html",
        election=election,
        paper=paper,
        outcomes=result.outcomes(election, paper),
        fewest=result.FEWEST_BALLOTS,
        custody=forms.CUSTODY_NAMES,
    )


def _published(year: int) -> tuple[Election, list[result.Outcome | result.Verdict]]:
    """The election of a year with its result, or 404 while it is not published."""
    election = _opened(year)
    paper = papers.of(election)
    if election.published_at is None or paper is None:
        abort(404)
    return election, result.outcomes(election, paper)


@voting.get("/<int:year>/vote/results.json")
@public
def results_json(year: int) -> Any:
    """The result for programs; the same facts as on the page."""
    election, outcomes = _published(year)
    report = election.report or {}
    assert election.opened_at and election.closed_at and election.published_at and election.public_key  # noqa: S101
    last = checkpoints.checkpoints(election)[-1]
    return {
        "vote": checkpoints.name_of(election),
        "edition": election.edition.label,
        "opened_at": stamp(election.opened_at),
        "closed_at": stamp(election.closed_at),
        "published_at": stamp(election.published_at),
        "custody": election.custody,
        "roll": {"members": election.roll_size, "hash": election.roll_hash},
        "ballot_hash": election.ballot_hash,
        "public_key": election.public_key.hex(),
        "signing_key": keys.public_signing_key(),
        "last_checkpoint": checkpoints.point_of(election, last).hash(),
        "voted": election.voted,
        "on_paper": report.get("papers", 0),
        "spoilt": report["spoilt"] + report.get("spoilt_papers", 0),
        "questions": [_as_json(outcome) for outcome in outcomes],
    }


def _as_json(outcome: result.Outcome | result.Verdict) -> dict[str, Any]:
    """One question. Totals are null where they would tell what single members chose."""
    asked = {"kind": outcome.question.kind, "question": in_all_languages(lambda: outcome.question.heading)}
    if isinstance(outcome, result.Verdict):
        return asked | _decided(outcome)
    return asked | {
        "rule": outcome.report.rule,
        "seats": outcome.report.seats,
        "max_approvals": outcome.question.max_approvals,
        "ballots": outcome.report.ballots,
        "blank": outcome.report.blank if outcome.has_numbers else None,
        "waits_for_a_lot": outcome.is_open_tie,
        "lot": {name: outcome.lot[name] for name in ("draw", "how")} if outcome.lot else None,
        "options": [
            {
                "number": line.option.number,
                "theme": line.option.theme_id,
                "title": {code: words["title"] for code, words in line.option.texts.items()},
                "approvals": line.approvals,
                "elected": line.is_elected,
                "tied": line.is_tied,
            }
            for line in outcome.lines
        ],
        "explanation": outcome.told or None,
    }


def _decided(verdict: result.Verdict) -> dict[str, Any]:
    """A question of yes or no."""
    decision = verdict.decision
    shown = (decision.yes, decision.no, decision.blank) if verdict.has_numbers else (None, None, None)
    return {
        "rule": "majority",
        "majority": decision.majority,
        "country": verdict.question.country,
        "theme": verdict.question.theme_id,
        "ballots": decision.ballots,
        **dict(zip(("yes", "no", "blank"), shown, strict=True)),
        "adopted": decision.is_adopted,
    }


Row = tuple[result.Outcome | result.Verdict, str, int | None, Any]
RESULT_COLUMNS = [
    (_l("Question"), lambda row: row[0].question.heading),
    (_l("Answer"), lambda row: row[1]),
    (_l("Votes"), lambda row: row[2]),
    (_l("Outcome"), lambda row: row[3]),
]


def _rows(outcome: result.Outcome | result.Verdict) -> list[Row]:
    """The lines of the table about one question: question, answer, votes, what came of it."""
    if isinstance(outcome, result.Verdict):
        became = _l("adopted") if outcome.decision.is_adopted else _l("not adopted")
        votes = [n if outcome.has_numbers else None for _answer, n in outcome.answers]
        answers = [answer for answer, _n in outcome.answers]
        return [(outcome, answers[n], votes[n], "" if n else became) for n in range(len(answers))]
    words = {(True, False): _l("elected"), (True, True): _l("elected"), (False, True): _l("tied")}
    return [
        (outcome, line.option.title, line.approvals, words.get((line.is_elected, line.is_tied), _l("not elected")))
        for line in outcome.lines
    ]


@voting.get("/<int:year>/vote/results.csv")
@public
def results_csv(year: int) -> Response:
    _election, outcomes = _published(year)
    return csv_file(f"result-{year}", RESULT_COLUMNS, [row for outcome in outcomes for row in _rows(outcome)])


@voting.get("/<int:year>/vote/explanation.csv")
@public
def explanation_csv(year: int) -> Response:
    """Why these themes won, as a table: a line for each fact."""
    _election, outcomes = _published(year)
    told = (fact for outcome in outcomes if isinstance(outcome, result.Outcome) for fact in facts.facts(outcome))
    return csv_file(f"explanation-{year}", facts.COLUMNS, told)


# --- Recounting -------------------------------------------------------------------------------------


@voting.get("/<int:year>/vote/recount")
@public
def recount(year: int) -> str:
    """How the count can be checked: what anybody can do, and what scrutineers can."""
    election = rules.of_edition(asked_edition(year))
    return render_template("voting/recount.html", election=election, signing_key=keys.public_signing_key())


@voting.get("/verify.py")
@public
def verifier() -> Response:
    """The program that checks a vote again from its package; a file of its own, for everybody."""
    return _text("verify.py", VERIFIER.read_bytes(), "text/x-python")
