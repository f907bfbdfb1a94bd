"""The board's own pages: what waits, what is late, one recommendation after the other, and what it decided before."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import select

from ..access import requires
from ..db import db
from ..paging import CountedPage
from ..recommendations.hearing_models import MinorityNote, Remark
from ..recommendations.models import Recommendation
from . import finding, following, publishing, rules
from .models import FollowUp, Outcome
from .views import asked_year, label_of, words

board = Blueprint("board", __name__, url_prefix="/board")
PER_PAGE = 25
MOST_SHOWN = 20


@board.after_request
def keep_nothing(response: Response) -> Response:
    """Drafts are in them: no browser or proxy keeps them."""
    response.headers["Cache-Control"] = "no-store"
    return response


def asked_recommendation(recommendation_id: int) -> Recommendation:
    """What the board received under this id, or 404."""
    found = db.session.get(Recommendation, recommendation_id)
    if found is None or rules.why_not_draft(found):
        abort(404)
    return found


@board.get("")
@requires("decisions.decide")
def index() -> str:
    return render_template(
        "board/index.html", years=finding.progress(), drafts=publishing.how_many(),
        coming_back=finding.coming_back(), most_shown=MOST_SHOWN,
        late=finding.late(MOST_SHOWN), many_late=finding.how_many_late(),
        late_follow_ups=_first("late"), to_ask=_first("to_ask"), started=finding.how_many_follow_ups(),
        why_not_ask=following.why_not_ask, ballots=following.ballots(), label_of=label_of, **words(),
    )  # fmt: skip


def _first(show: str) -> Sequence[FollowUp]:
    return db.session.scalars(finding.follow_ups(show).limit(MOST_SHOWN)).all()


@board.get("/<int:year>")
@requires("decisions.decide")
def of_year(year: int) -> str:
    """How far the drafts of a year are, and what each lacks."""
    _edition, found = asked_year(year, drafts=True)
    waiting = [m for m in found if m.waits or m.draft]
    return render_template(
        "board/year.html", asked_year=year, label=label_of(year), matters=found, waiting=waiting,
        drafted=[m for m in waiting if m.draft], themes=finding.by_theme(found), missing=rules.missing, **words(),
    )  # fmt: skip


@board.get("/decided")
@requires("decisions.decide")
def decided() -> str:
    """What was decided in all years, filtered by year, outcome, words and lateness."""
    asked = request.args
    year = int(asked["year"]) if asked.get("year", "").isdigit() and len(asked["year"]) == 4 else None
    outcome = Outcome(asked["outcome"]) if asked.get("outcome") in list(Outcome) else None
    search, late = asked.get("q", "").strip()[:100], asked.get("late") == "1"
    page = CountedPage.asked(finding.decided(year, outcome, search, late), PER_PAGE)
    found = finding.read(page.items)
    return render_template(
        "board/decided.html", page=page, found=found, years=finding.years(), asked_year=year, outcome_asked=outcome,
        search=search, late=late, answers=following.of_decisions(found), label_of=label_of, **words(),
    )  # fmt: skip


@board.get("/recommendations/<int:recommendation_id>")
@requires("decisions.decide")
def show(recommendation_id: int) -> str:
    """One recommendation on the screen, to read in a meeting: with what was said of it, and the draft."""
    asked = asked_recommendation(recommendation_id)
    matter = finding.matter_of(asked, drafts=True)
    before, after = finding.neighbours(asked)
    mine = [*matter.published, *([matter.draft] if matter.draft else [])]
    return render_template(
        "board/show.html", matter=matter, asked=asked, before=before, after=after, label=label_of(asked.year),
        notes=_notes(asked), remarks=_remarks(asked), missing=rules.missing(matter.draft) if matter.draft else [],
        answers=following.of_decisions(mine), why_not_ask=following.why_not_ask, ballots=following.ballots(),
        is_older=rules.is_older, seen=rules.seen_of(matter.draft), **words(),
    )  # fmt: skip


def _notes(asked: Recommendation) -> list[MinorityNote]:
    """What members of the group want the board to read beside the text; those about the whole draft too."""
    about = MinorityNote.recommendation_id.is_(None) | (MinorityNote.recommendation_id == asked.id)
    wanted = select(MinorityNote).where(MinorityNote.draft_id == asked.draft_id, about)
    return list(db.session.scalars(wanted.where(MinorityNote.withdrawn_at.is_(None)).order_by(MinorityNote.id)))


def _remarks(asked: Recommendation) -> tuple[int, int]:
    """How many remarks members made on it, and how many of them were taken up."""
    there = Remark.withdrawn_at.is_(None), Remark.hidden_at.is_(None), Remark.parent_id.is_(None)
    rows = select(Remark.taken_up).where(Remark.recommendation_id == asked.id, *there)
    taken = list(db.session.scalars(rows))
    return len(taken), sum(bool(each) for each in taken)
