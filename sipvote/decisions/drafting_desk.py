"""The board's pages, continued: drafting a decision, and its words in other languages."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import checks_own_token, requires
from ..db import db
from ..errors import Refused, see_other
from ..i18n import LANGUAGES, language, language_name
from . import finding, rules
from .desk import asked_recommendation, board
from .forms import DecisionForm, TranslationForm, kept_in
from .models import Decision
from .views import label_of, words

ROOM = "/recommendations/<int:recommendation_id>"


def _shown(recommendation_id: int) -> Any:
    return see_other(url_for(".show", recommendation_id=recommendation_id))


@board.route(f"{ROOM}/draft", methods=["GET", "POST"])
@requires("decisions.decide")
@checks_own_token
def draft(recommendation_id: int) -> Any:
    """Write what the board will say. What somebody else wrote meanwhile stands beside the form."""
    asked = asked_recommendation(recommendation_id)
    form = DecisionForm(data=kept_in(rules.draft_of(asked), language()))
    other = None
    if form.validate_on_submit():
        try:
            rules.draft(asked, form.drafted(), form.seen.data or "", current_user.member_id)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.show(refused)
            if isinstance(refused, rules.Overtaken):
                other = rules.draft_of(asked)
                form.seen.data = rules.seen_of(other)
        else:
            flash(_("The draft is saved. Only the board and the organisers see it."), "ok")
            return _shown(recommendation_id)
    return render_template(
        "board/draft.html", form=form, asked=asked, other=other, label=label_of(asked.year),
        matter=finding.matter_of(asked, drafts=True), **words(),
    )  # fmt: skip


@board.post(f"{ROOM}/draft/drop")
@requires("decisions.decide")
def drop_draft(recommendation_id: int) -> Any:
    asked = asked_recommendation(recommendation_id)
    rules.drop(asked, request.form.get("seen", ""), current_user.member_id)
    db.session.commit()
    flash(_("The draft is thrown away."), "ok")
    return _shown(recommendation_id)


@board.route("/decisions/<int:decision_id>/<code>", methods=["GET", "POST"])
@requires("decisions.decide")
@checks_own_token
def translate(decision_id: int, code: str) -> Any:
    """Write or mend the words of a decision in another language, beside the original."""
    decision = db.session.get(Decision, decision_id)
    if decision is None or code not in LANGUAGES:
        abort(404)
    if why := rules.why_not_translate(decision, code):
        raise Refused(why)
    text, other = decision.text_in(code), None
    kept = {"reasons": text.reasons, "amended": text.amended, "seen": text.written_at.isoformat()} if text else {}
    form = TranslationForm(data=kept)
    if form.validate_on_submit():
        try:
            said = form.reasons.data or "", form.amended.data or ""
            rules.translate(decision, code, said, form.seen.data or "", current_user.member_id)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.show(refused)
            other = decision.text_in(code)
            form.seen.data = other.written_at.isoformat() if other else ""
        else:
            flash(_("The text in %(language)s is saved.", language=language_name(code)), "ok")
            return _shown(decision.recommendation_id)
    return render_template(
        "board/translate.html", form=form, decision=decision, code=code, other=other,
        first=decision.text_in(decision.original), **words(),
    )  # fmt: skip
