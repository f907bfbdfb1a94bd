"""What somebody is writing and has not saved: kept on the server as they type, for them alone, on any device."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from ..db import db, now
from ..errors import Refused
from ..i18n import LANGUAGES
from . import drafts
from .models import Draft, Recommendation
from .writers import Writer
from .writing import WORDS, Words, why_not_save, why_not_write, words_of
from .writing_models import UnsavedText

LONGEST = 20_000  # of each field: what is too long to save is kept all the same, so that it can be cut


def of(draft: Draft, recommendation: Recommendation | None, who: Writer) -> UnsavedText | None:
    """What this writer has not saved; of a new recommendation when there is none yet."""
    wanted = select(UnsavedText).where(UnsavedText.draft_id == draft.id, UnsavedText.member_id == who.member_id)
    return db.session.scalar(wanted.where(_about(recommendation)).execution_options(populate_existing=True))


def all_of(member_id: int) -> Sequence[UnsavedText]:
    """Everything that somebody has not saved."""
    wanted = select(UnsavedText).where(UnsavedText.member_id == member_id)
    return db.session.scalars(wanted.order_by(UnsavedText.kept_at)).all()


def _about(recommendation: Recommendation | None) -> ColumnElement[bool]:
    if recommendation is None:
        return UnsavedText.recommendation_id.is_(None)
    return UnsavedText.recommendation_id == recommendation.id


def keep(
    draft: Draft, recommendation: Recommendation | None, who: Writer, words: Words, seen: str, language: str
) -> None:
    """Keep what is typed. Words that stand already, or none at all, need no keeping. Raises Refused."""
    why = why_not_save(recommendation, who) if recommendation else why_not_write(draft, who)
    if why or who.member_id is None:
        raise Refused(why)
    if any(len(words[name]) > LONGEST for name in WORDS):
        raise Refused(_("Write at most %(n)s characters.", n=LONGEST))
    if is_nothing_new(draft, recommendation, words):
        forget(draft, recommendation, who)
        return
    if there := of(draft, recommendation, who):
        _put(there, words, seen, language)
        return
    recommendation_id = recommendation.id if recommendation else None
    made = UnsavedText(draft_id=draft.id, member_id=who.member_id, recommendation_id=recommendation_id)
    try:
        with db.session.begin_nested():
            _put(made, words, seen, language)
            db.session.add(made)
    except IntegrityError:  # two windows began at once: the last key pressed counts
        if there := of(draft, recommendation, who):
            _put(there, words, seen, language)


def is_nothing_new(draft: Draft, recommendation: Recommendation | None, words: Words) -> bool:
    """Whether nothing would be lost: the fields are empty, or say what stands (it was saved a moment before)."""
    said = {name: words[name].strip() for name in WORDS}
    if recommendation is None:
        return not any(said.values()) or any(said == words_of(r.original_text) for r in drafts.standing(draft))
    return said == words_of(recommendation.original_text)


def _put(text: UnsavedText, words: Words, seen: str, language: str) -> None:
    for name in WORDS:
        setattr(text, name, words[name])
    text.seen, text.kept_at = seen[:10], now()
    text.language = language if language in LANGUAGES else next(iter(LANGUAGES))


def forget(draft: Draft, recommendation: Recommendation | None, who: Writer) -> None:
    """It was saved, or is not wanted any more."""
    gone = delete(UnsavedText).where(UnsavedText.draft_id == draft.id, UnsavedText.member_id == who.member_id)
    db.session.execute(gone.where(_about(recommendation)))
