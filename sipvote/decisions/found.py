"""What is found of the board's decisions: published ones, under the title of their recommendation."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from ..db import db
from ..finds import Text, finds
from ..recommendations.found import PUBLIC as RECOMMENDATION_IS_PUBLIC
from ..recommendations.models import Draft, Recommendation, RecommendationText
from .models import Decision, DecisionText

PUBLIC = (Decision.published_at.is_not(None), *RECOMMENDATION_IS_PUBLIC)


def texts(ids: Collection[int]) -> Iterator[Text]:
    """The words of those among these decisions that are published."""
    same, original = aliased(RecommendationText), aliased(RecommendationText)
    rows = (
        select(Decision.id, DecisionText.language, func.coalesce(same.title, original.title),
               DecisionText.reasons, DecisionText.amended)
        .join(DecisionText, DecisionText.decision_id == Decision.id)
        .join(Recommendation, Recommendation.id == Decision.recommendation_id)
        .outerjoin(Draft, Draft.id == Recommendation.draft_id)
        .outerjoin(same, _stands(same, DecisionText.language))
        .outerjoin(original, _stands(original, Recommendation.original))
        .where(Decision.id.in_(ids), *PUBLIC)
    )  # fmt: skip
    for decision_id, language, title, reasons, amended in db.session.execute(rows):
        yield Text(decision_id, language, title or "", f"{reasons}\n\n{amended}")


def _stands(text: type[RecommendationText], language: Any) -> ColumnElement[bool]:
    """The title that a recommendation has now in a language."""
    return and_(text.recommendation_id == Recommendation.id, text.language == language, text.replaced_at.is_(None))


def _of_recommendations(ids: Collection[int]) -> Select[int]:
    return select(Decision.id).where(Decision.recommendation_id.in_(ids))


def _of_drafts(ids: Collection[int]) -> Select[int]:
    return select(Decision.id).join(Decision.recommendation).where(Recommendation.draft_id.in_(ids))


finds("decision", Decision, texts, {
    Decision: ("id", None), DecisionText: ("decision_id", None), Draft: ("id", _of_drafts),
    Recommendation: ("id", _of_recommendations), RecommendationText: ("recommendation_id", _of_recommendations),
})  # fmt: skip
