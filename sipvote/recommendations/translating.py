"""The official texts in three languages: what is missing, what is older than the original, writing a translation.

A translation has versions as the original has. Organisers translate also what was adopted; what the board has stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from .. import audit
from ..errors import Refused
from ..i18n import LANGUAGES
from . import writing
from .models import Draft, Recommendation, RecommendationText
from .writing import Words


@dataclass(frozen=True)
class Gaps:
    """How many texts an edition has, and how many of them are missing or older than the original."""

    all: int
    missing: int
    older: int


def is_older(recommendation: Recommendation, code: str) -> bool:
    """Whether a translation does not know the newest words of the original."""
    text, original = recommendation.text_in(code), recommendation.original_text
    return code != recommendation.original and text is not None and text.written_at < original.written_at


def is_translation(text: RecommendationText) -> bool:
    """Whether a text is not the one that the group wrote."""
    return text.language != text.recommendation.original


def to_do(recommendation: Recommendation) -> bool:
    """Whether a language is missing, or older than the original."""
    return any(recommendation.text_in(code) is None or is_older(recommendation, code) for code in LANGUAGES)


def gaps(drafts: Sequence[Draft]) -> Gaps:
    """What is left to translate in these drafts."""
    standing = [r for draft in drafts for r in draft.recommendations if r.withdrawn_at is None]
    return Gaps(
        len(standing) * len(LANGUAGES),
        sum(len(r.missing_languages) for r in standing),
        sum(is_older(r, code) for r in standing for code in LANGUAGES),
    )


def why_not_translate(recommendation: Recommendation, code: str) -> str | None:
    """Organisers translate what stands; the group itself writes the original."""
    if recommendation.draft is None:
        return _("This recommendation was not written here.")
    if recommendation.withdrawn_at:
        return _("This recommendation was withdrawn.")
    if code == recommendation.original:
        return _("This is the original: its group writes it.")
    if recommendation.number and recommendation.text_in(code):
        return _("This text was handed to the board: it no longer changes.")
    return None


def translate(recommendation: Recommendation, code: str, words: Words, seen: str, by: int) -> RecommendationText:
    """Write the words in another language, as the next version there.

    The same words again say that they are still right: then they are as new as the original. Raises Refused, and
    Overtaken when somebody else saved meanwhile.
    """
    if recommendation.draft is not None:
        writing.hold(recommendation)
    if why := why_not_translate(recommendation, code):
        raise Refused(why)
    before = writing.standing_text(recommendation, code)
    made = writing.put(recommendation, code, words, seen, by, always=is_older(recommendation, code))
    if made is not before:
        subject = f"recommendation {recommendation.id}"
        audit.record("translate recommendation", subject, by, language=code, version=made.version)
    return made
