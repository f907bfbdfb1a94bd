"""The versions of a recommendation: which ones somebody may read, what changed between two, going back to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ..db import db
from ..errors import Refused
from . import differences, writing
from .models import Draft, Recommendation, RecommendationText
from .writers import Writer


@dataclass(frozen=True)
class Comparison:
    """Two versions in one language, and what is different in each part."""

    old: RecommendationText
    new: RecommendationText
    parts: dict[str, list[differences.Paragraph]]

    @property
    def has_changes(self) -> bool:
        return any(differences.has_changes(part) for part in self.parts.values())

    def has_changed(self, name: str) -> bool:
        """Whether a word of this part is different."""
        return differences.has_changes(self.parts[name])


def history(recommendation: Recommendation, language: str, who: Writer) -> Sequence[RecommendationText]:
    """The versions in a language, the newest first.

    What was written before the draft was published is for its groups and the organisers: others begin at the version
    that was published.
    """
    wanted = (
        select(RecommendationText)
        .where(RecommendationText.recommendation_id == recommendation.id, RecommendationText.language == language)
        .options(joinedload(RecommendationText.author), joinedload(RecommendationText.workgroup))
        .order_by(RecommendationText.version.desc())
    )
    draft = recommendation.draft
    if draft is not None and not reads_all(draft, who):
        since = draft.published_at
        still = RecommendationText.replaced_at.is_(None)
        wanted = wanted.where(still | (RecommendationText.replaced_at > since) if since else still)
    return db.session.scalars(wanted).all()


def written_by(member_id: int) -> Sequence[RecommendationText]:
    """Every version that a member wrote, in order of time."""
    wanted = select(RecommendationText).where(RecommendationText.author_id == member_id)
    return db.session.scalars(wanted.order_by(RecommendationText.written_at, RecommendationText.id)).all()


def reads_all(draft: Draft, who: Writer) -> bool:
    """Whether somebody reads how a draft came about, with the names of those who wrote."""
    return who.organises or who.is_in(draft)


def compare(
    versions: Sequence[RecommendationText], old: int | None = None, new: int | None = None
) -> Comparison | None:
    """What changed from one version (its number) to another; the last change unless it is said. None for one only."""
    by_number = {text.version: text for text in versions}
    if len(versions) < 2:
        return None
    last = by_number.get(new or 0, versions[0])
    earlier = [text for text in versions if text.version < last.version]
    first = by_number.get(old or 0) or next(iter(earlier), versions[-1])
    if first.version > last.version:
        first, last = last, first
    parts = {name: differences.difference(getattr(first, name), getattr(last, name)) for name in writing.WORDS}
    return Comparison(first, last, parts)


def since(recommendation: Recommendation, moment: datetime) -> Comparison | None:
    """What changed in the original since a moment; None when nothing did."""
    wanted = select(RecommendationText).where(
        RecommendationText.recommendation_id == recommendation.id,
        RecommendationText.language == recommendation.original,
    )
    found = db.session.scalars(wanted.order_by(RecommendationText.version.desc())).all()
    known = next((text for text in found if text.written_at <= moment), None)
    return compare(found, known.version) if known and known is not found[0] else None


def go_back(recommendation: Recommendation, who: Writer, version: int, seen: str) -> RecommendationText:
    """Make the words of an earlier version stand again, as a new version. Raises Refused."""
    wanted = select(RecommendationText).where(
        RecommendationText.recommendation_id == recommendation.id,
        RecommendationText.language == recommendation.original,
        RecommendationText.version == version,
    )
    text = db.session.scalar(wanted)
    if text is None:
        raise Refused(_("There is no such version."))
    return writing.save(recommendation, who, writing.words_of(text), seen)
