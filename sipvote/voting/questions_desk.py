"""The election desk, continued: the questions beside that of the themes, while the ballot is a draft."""

from typing import Any

from flask import abort, render_template
from flask_babel import gettext as _

from ..access import requires
from ..db import db
from ..errors import Refused
from ..i18n import language
from . import questions
from .desk import asked_election, desk, done, refused, who
from .models import Election, Kind, Question
from .papers import MAJORITY_RULES
from .question_forms import ActionForm, ProlongForm


def _form(kind: str, election: Election, question: Question | None = None) -> Any:
    """The form of a kind of question, filled in with one that is drafted already."""
    kept: dict[str, Any] = {"original": language()}
    if question is not None:
        texts = {
            f"{part}_{code}": word for code, words in (question.texts or {}).items() for part, word in words.items()
        }
        kept = {"country": question.country or "", "majority": question.majority, "theme": question.theme_id,
                "original": question.original, **texts}  # fmt: skip
    if kind == Kind.ACTION:
        return ActionForm(data=kept)
    form = ProlongForm(data=kept)
    form.offer(questions.to_prolong(election))
    return form


@desk.route("/questions/<any(prolong,action):kind>", methods=["GET", "POST"])
@requires("voting.run")
def ask(year: int, kind: str) -> Any:
    """Add a question to the ballot."""
    election = asked_election(year)
    form = _form(kind, election)
    if kind == Kind.PROLONG and not form.theme.choices:
        return refused(year, _("No theme of the last edition is left to prolong."))
    return _write(year, election, kind, form, lambda asked: questions.ask(election, asked, who()))


@desk.route("/questions/<int:question_id>", methods=["GET", "POST"])
@requires("voting.run")
def change_question(year: int, question_id: int) -> Any:
    """Write a drafted question anew."""
    election, question = asked_election(year), _asked_question(year, question_id)
    form = _form(question.kind, election, question)
    return _write(year, election, question.kind, form, lambda asked: questions.change(election, question, asked, who()))


def _write(year: int, election: Election, kind: str, form: Any, write: Any) -> Any:
    if why := questions.why_not_draft(election):
        return refused(year, why)
    if form.validate_on_submit():
        try:
            write(form.asked())
            return done(year, _("The question is on the ballot."))
        except Refused as refusal:
            db.session.rollback()
            form.refuse(refusal.why)
    return render_template(
        "voting_desk/question.html", election=election, kind=kind, form=form, majorities=MAJORITY_RULES
    )


@desk.post("/questions/<int:question_id>/drop")
@requires("voting.run")
def drop_question(year: int, question_id: int) -> Any:
    """Take a question from the draft."""
    questions.drop(asked_election(year), _asked_question(year, question_id), who())
    return done(year, _("The question is no longer on the ballot."))


def _asked_question(year: int, question_id: int) -> Question:
    question = db.session.get(Question, question_id)
    if question is None or question.kind == Kind.THEMES or question.election_id != asked_election(year).id:
        abort(404)
    return question
