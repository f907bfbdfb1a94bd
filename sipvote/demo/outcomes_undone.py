"""Undoing what came of this year's groups, and what of it moves along with the edition."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, delete, func, select, update

from ..db import db
from ..decisions.models import Decision, DecisionText, FollowUp
from ..editions.models import Edition
from ..mail import Letter
from ..recommendations import bundle_content, bundling
from ..recommendations.hearing_models import Adoption, AdoptionAnswer, Bundle, MinorityNote, Remark
from ..recommendations.models import Draft, Recommendation, RecommendationText
from ..stocktake.models import StatusChange
from .stops import Stop


def is_begun(edition: Edition) -> bool:
    """Whether any group of the edition has a draft."""
    return db.session.scalar(select(Draft.id).where(Draft.edition_id == edition.id).limit(1)) is not None


def forget_the_future(edition: Edition, stop: Stop) -> None:
    """After going back: what was written, decided or done later has not happened."""
    if stop.is_before(Stop.STOCKTAKE):
        _unpublish(edition)
    if stop.is_before(Stop.DECISIONS):
        _unbundle(edition)
    if stop.is_before(Stop.RECOMMENDATIONS):
        again = Recommendation.repeats_id.in_(_mine(edition))
        db.session.execute(update(Recommendation).where(again).values(repeats_id=None))
        # Takes all that hangs on it.
        db.session.execute(delete(Recommendation).where(Recommendation.id.in_(_mine(edition))))
        db.session.execute(delete(Draft).where(Draft.edition_id == edition.id))
    # The same will be told again: letters are once-only by their keys.
    db.session.execute(update(Letter).values(key=None))
    db.session.expire_all()


def _mine(edition: Edition) -> Select[int]:
    return select(Recommendation.id).join(Draft).where(Draft.edition_id == edition.id)


def _decisions(edition: Edition) -> Select[int]:
    return select(Decision.id).where(Decision.recommendation_id.in_(_mine(edition)))


def _unpublish(edition: Edition) -> None:
    """The board has only drafted its decisions, and nothing has been done."""
    db.session.execute(delete(StatusChange).where(StatusChange.recommendation_id.in_(_mine(edition))))
    of = FollowUp.decision_id.in_(_decisions(edition))
    published = select(Decision.published_at).where(Decision.id == FollowUp.decision_id).scalar_subquery()
    db.session.execute(delete(FollowUp).where(of, FollowUp.made_at >= published))
    db.session.execute(update(FollowUp).where(of).values(ended_at=None, outcome="", question_id=None))
    # What was decided again becomes no second draft.
    first = select(func.min(Decision.id)).where(Decision.recommendation_id.in_(_mine(edition)))
    later = Decision.id.not_in(first.group_by(Decision.recommendation_id))
    db.session.execute(delete(Decision).where(Decision.id.in_(_decisions(edition)), later))
    undone = {"published_at": None, "decided_on": None}
    db.session.execute(update(Decision).where(Decision.id.in_(_decisions(edition))).values(undone))


def _unbundle(edition: Edition) -> None:
    """The board has received nothing, and the groups have adopted nothing."""
    db.session.execute(delete(Decision).where(Decision.id.in_(_decisions(edition))))
    db.session.execute(delete(Bundle).where(Bundle.edition_id == edition.id))
    db.session.execute(update(Recommendation).where(Recommendation.id.in_(_mine(edition))).values(number=None))
    db.session.execute(update(Draft).where(Draft.edition_id == edition.id).values(adopted_at=None))
    drafts = select(Draft.id).where(Draft.edition_id == edition.id)
    for table in (Adoption, MinorityNote):
        db.session.execute(delete(table).where(table.draft_id.in_(drafts)))
    closed = select(Draft.remarks_until).where(Draft.id == Remark.draft_id).scalar_subquery()
    nothing = dict.fromkeys(("answered_at", "answered_by_id", "taken_up", "answer", "answer_language"))
    late = Remark.draft_id.in_(drafts), Remark.answered_at >= closed
    db.session.execute(update(Remark).where(*late).values(nothing))


def freeze_again(edition: Edition) -> None:
    """The moments in a submitted bundle move along with it, so that it says what the pages say."""
    bundle = bundling.of_edition(edition)
    if bundle is None or bundle.content is None or bundle.submitted_at is None:
        return
    content: dict[str, Any] = json.loads(bundle.content)
    if datetime.fromisoformat(content["submitted_at"]) == bundle.submitted_at:
        return
    bundle.content = bundling.canonical(bundle_content.content_of(edition, bundle, bundle.submitted_at))
    bundle.digest = bundling.digest_of(bundle.content)
    db.session.flush()


def dated_with(edition: Edition) -> list[tuple[Table, Any]]:
    """The tables whose moments move along with the edition, each with its rows."""
    drafts = select(Draft.id).where(Draft.edition_id == edition.id)
    mine = select(Recommendation.id).where(Recommendation.draft_id.in_(drafts))
    decisions = select(Decision.id).where(Decision.recommendation_id.in_(mine))
    adoptions = select(Adoption.id).where(Adoption.draft_id.in_(drafts))
    chosen: list[tuple[Any, Any]] = [
        (Draft, Draft.edition_id == edition.id),
        (Recommendation, Recommendation.draft_id.in_(drafts)),
        (AdoptionAnswer, AdoptionAnswer.adoption_id.in_(adoptions)),
        (DecisionText, DecisionText.decision_id.in_(decisions)),
        (FollowUp, FollowUp.decision_id.in_(decisions)),
        (Bundle, Bundle.edition_id == edition.id),
        *((table, table.draft_id.in_(drafts)) for table in (Remark, Adoption, MinorityNote)),
        *((table, table.recommendation_id.in_(mine)) for table in (RecommendationText, Decision, StatusChange)),
    ]
    return [(table.__table__, rows) for table, rows in chosen]
