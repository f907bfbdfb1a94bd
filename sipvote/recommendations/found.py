"""What is found of recommendations: those that anybody may read, in every language they have."""

from collections.abc import Collection, Iterator

from sqlalchemy import Select, or_, select

from ..db import db
from ..finds import Text, finds
from .models import Draft, Recommendation, RecommendationText

# As Recommendation.is_public says it, for the database; with an outer join of Draft.
PUBLIC = (
    Recommendation.withdrawn_at.is_(None),
    or_(Recommendation.number.is_not(None), Draft.published_at.is_not(None)),
)


def texts(ids: Collection[int]) -> Iterator[Text]:
    """The words that stand of those among these recommendations that are public."""
    text = RecommendationText
    rows = (
        select(text.recommendation_id, text.language, text.title, text.text, text.why, text.for_whom)
        .join(Recommendation, Recommendation.id == text.recommendation_id)
        .outerjoin(Draft, Draft.id == Recommendation.draft_id)
        .where(text.recommendation_id.in_(ids), text.replaced_at.is_(None), *PUBLIC)
    )
    for recommendation_id, language, title, *body in db.session.execute(rows):
        yield Text(recommendation_id, language, title, "\n\n".join(body))


def _of_drafts(ids: Collection[int]) -> Select[int]:
    return select(Recommendation.id).where(Recommendation.draft_id.in_(ids))


finds("recommendation", Recommendation, texts, {
    Recommendation: ("id", None), RecommendationText: ("recommendation_id", None), Draft: ("id", _of_drafts),
})  # fmt: skip
