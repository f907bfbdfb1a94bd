"""What the board's room has begun with a bundle: then it stays submitted."""

from flask_babel import gettext as _
from sqlalchemy import select

from ..db import db
from ..editions.models import Edition
from ..recommendations.models import Draft, Recommendation
from .models import Decision


def why_not_take_back(edition: Edition) -> str | None:
    """As soon as a decision is drafted, the board works with the numbers of the bundle."""
    begun = select(Decision.id).join(Recommendation, Recommendation.id == Decision.recommendation_id)
    begun = begun.join(Draft, Draft.id == Recommendation.draft_id).where(Draft.edition_id == edition.id)
    if db.session.scalar(begun.limit(1)) is None:
        return None
    return _("The board has begun to decide about these recommendations, so the bundle stays.")
