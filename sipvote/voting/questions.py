"""Questions beside that of the themes: shall a theme go on for another year, shall the board do something?

They are drafted one by one; freezing fixes their words and gives them the options yes and no.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select

from .. import audit
from ..db import db
from ..errors import Refused
from ..i18n import in_all_languages
from ..themes import review
from ..themes.models import Theme
from .checkpoints import name_of
from .decisions import MAJORITIES
from .models import Election, Kind, Option, Question

MOST_QUESTIONS = 12
Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Asked:
    """A question as it is drafted: a theme that would go on, or the words of an act of the board.

    `country` limits it to the members of one country. `texts` is {language: {"title", "text"}}.
    """

    majority: str
    country: str | None = None
    theme: Theme | None = None
    original: str = "en"
    texts: Texts | None = None


def drafted(election: Election) -> Sequence[Question]:
    """The questions beside that of the themes, in their order."""
    rows = select(Question).where(Question.election_id == election.id, Question.kind != Kind.THEMES)
    return db.session.scalars(rows.order_by(Question.position)).all()


def to_prolong(election: Election) -> list[Theme]:
    """The themes of the last edition that do not go on already."""
    return [theme for theme, goes_on in review.to_prolong(election.edition) if goes_on is None]


def why_not_draft(election: Election) -> str | None:
    """Questions are drafted until the ballot is frozen."""
    if election.frozen_at:
        return _("The ballot is frozen already. Unfreeze it first if something must change.")
    return None


def ask(election: Election, asked: Asked, by: int | None) -> Question:
    """Add a question to the draft, as its last. Raises Refused."""
    _hold(election)
    if len(drafted(election)) >= MOST_QUESTIONS:
        raise Refused(_("A ballot holds at most %(n)d questions beside that of the themes.", n=MOST_QUESTIONS))
    last = db.session.scalar(select(func.max(Question.position)).where(Question.election_id == election.id)) or 0
    question = Question(election_id=election.id, position=last + 1, seats=1, max_approvals=1, rule="majority")
    _write(election, question, asked)
    db.session.add(question)
    audit.record("ask question", name_of(election), by, question=question.position, title=_title(question))
    return question


def change(election: Election, question: Question, asked: Asked, by: int | None) -> None:
    """Write a drafted question anew. Raises Refused."""
    _hold(election)
    _write(election, question, asked)
    audit.record("change question", name_of(election), by, question=question.position, title=_title(question))


def drop(election: Election, question: Question, by: int | None) -> None:
    """Take a drafted question away again."""
    _hold(election)
    audit.record("drop question", name_of(election), by, question=question.position, title=_title(question))
    db.session.delete(question)


def _hold(election: Election) -> None:
    db.session.refresh(election, with_for_update=True)
    if why := why_not_draft(election):
        raise Refused(why)


def _write(election: Election, question: Question, asked: Asked) -> None:
    """Put in what was asked, when it can be asked."""
    if asked.majority not in MAJORITIES:
        raise Refused(_("Choose which majority is needed."))
    question.majority, question.country = asked.majority, asked.country
    if asked.theme is not None:
        if asked.theme not in to_prolong(election):
            raise Refused(_("Only a theme that the last edition worked on can be prolonged."))
        if any(other.theme_id == asked.theme.id for other in drafted(election) if other is not question):
            raise Refused(_("This theme is on the ballot already."))
        question.kind, question.theme_id = Kind.PROLONG, asked.theme.id
        question.original, question.texts = asked.theme.original, _words_of(asked.theme)
        return
    texts = {code: dict(words) for code, words in (asked.texts or {}).items() if words["title"].strip()}
    if asked.original not in texts:
        raise Refused(_("Write the question in its own language at least."))
    question.kind, question.theme_id, question.original, question.texts = Kind.ACTION, None, asked.original, texts


def _words_of(theme: Theme) -> dict[str, dict[str, str]]:
    return {t.language: {"title": t.title, "text": t.question} for t in theme.texts}


def _title(question: Question) -> str:
    return (question.texts or {})[question.original or "en"]["title"]


def freeze(question: Question) -> None:
    """Fix the words of a question, and give it its options: yes, which is number 0, and no."""
    if question.theme_id is not None:
        theme = db.session.get_one(Theme, question.theme_id)
        question.original, question.texts = theme.original, _words_of(theme)
    answers = in_all_languages(lambda: _("Yes")), in_all_languages(lambda: _("No"))
    question.options = [
        Option(position=n, original="en", texts={code: {"title": word, "question": ""} for code, word in words.items()})
        for n, words in enumerate(answers)
    ]
