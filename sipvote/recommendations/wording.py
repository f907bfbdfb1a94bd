"""The text of a draft as it is adopted: its canonical form, its hash, and whether the board has it."""

import hashlib
import json

from sqlalchemy import select

from ..db import db
from .hearing_models import Bundle
from .models import Draft, Recommendation, RecommendationText


def canonical(draft: Draft) -> str:
    """The text that is adopted: a JSON list of the recommendations in their order, each in its original language.

    Keys in alphabetical order, no blanks between them. Translations are not part of it: they may be mended later.
    """
    stands = (RecommendationText.language == Recommendation.original) & RecommendationText.replaced_at.is_(None)
    words = (RecommendationText.title, RecommendationText.text, RecommendationText.why, RecommendationText.for_whom)
    rows = (
        select(Recommendation.original, *words)
        .join(RecommendationText, RecommendationText.recommendation_id == Recommendation.id)
        .where(Recommendation.draft_id == draft.id, Recommendation.withdrawn_at.is_(None), stands)
        .order_by(Recommendation.position, Recommendation.id)
    )
    names = ("language", "title", "text", "why", "for_whom")
    found = [dict(zip(names, row, strict=True)) for row in db.session.execute(rows)]
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(draft: Draft) -> str:
    """The SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(draft).encode()).hexdigest()


def is_bundled(draft: Draft) -> bool:
    """Whether the draft was submitted to the board: from then on nothing about it changes."""
    numbered = select(Recommendation.id).where(Recommendation.draft_id == draft.id, Recommendation.number.is_not(None))
    submitted = select(Bundle.edition_id).where(Bundle.edition_id == draft.edition_id, Bundle.submitted_at.is_not(None))
    return db.session.scalar(select(numbered.exists() | submitted.exists())) or False
