"""Writing a recommendation: a page each, kept while one types, and both texts when two wrote at once.

These pages are open to strangers, so that whoever was signed out while writing gets the text back; what a draft says
is shown to those alone who may read it.
"""

from typing import Any

from flask import flash, jsonify, render_template, request, url_for
from flask_babel import gettext as _

from ..access import checks_own_token, public, stopped_at_the_door
from ..db import db
from ..errors import Refused, see_other
from ..i18n import clock, language
from . import adopting, unsaved, writing
from . import drafts as finding
from .forms import RecommendationForm
from .models import Draft, Recommendation, RecommendationText
from .views import about_question, asked_draft, asked_recommendation, back_to, drafts, readable_draft, visitor
from .writers import Writer
from .writing import WORDS, Overtaken


@drafts.route("/<int:draft_id>/add", methods=["GET", "POST"])
@public
@checks_own_token
def add(year: int, draft_id: int) -> Any:
    draft, who = asked_draft(year, draft_id), visitor()
    kept = unsaved.of(draft, None, who) if request.method == "GET" else None
    form = RecommendationForm(**_begun(kept, language=language()))
    if stopped := stopped_at_the_door(form, writing.why_not_write(draft, who)):
        return stopped
    if form.validate_on_submit() and not form.form_errors:
        try:
            with about_question(draft):
                made = writing.add(draft, who, form.language.data, form.words())
            unsaved.forget(draft, None, who)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.refuse(refused.why)
        else:
            flash(_("The recommendation stands in the draft."), "ok")
            return back_to(draft, f"r{made.id}")
    return _page(draft, who, form, None, kept=kept)


@drafts.route("/<int:draft_id>/<int:recommendation_id>/write", methods=["GET", "POST"])
@public
@checks_own_token
def write(year: int, draft_id: int, recommendation_id: int) -> Any:
    draft, who = asked_draft(year, draft_id), visitor()
    recommendation = asked_recommendation(draft, recommendation_id)
    stands = recommendation.original_text
    kept = unsaved.of(draft, recommendation, who) if request.method == "GET" else None
    began = {"language": recommendation.original, "seen": str(stands.version), **writing.words_of(stands)}
    form = RecommendationForm(**_begun(kept, **began))
    if not writing.is_in_one_language(recommendation):
        del form.language
    if stopped := stopped_at_the_door(form, writing.why_not_save(recommendation, who)):
        return stopped
    other = None
    if form.validate_on_submit() and not form.form_errors:
        try:
            spoken = form.language.data if form.language else None
            with about_question(draft):
                saved = writing.save(recommendation, who, form.words(), form.seen.data or "", spoken)
            unsaved.forget(draft, recommendation, who)
            db.session.commit()
        except Refused as refused:
            other = _refused(form, recommendation, refused)
        else:
            is_new = saved.version != stands.version
            flash(_("Version %(n)s is saved.", n=saved.version) if is_new else _("Nothing was different."), "ok")
            return back_to(draft, f"r{recommendation.id}")
    return _page(draft, who, form, recommendation, other=other, kept=kept)


def _begun(kept: Any, **values: Any) -> dict[str, Any]:
    """What the form begins with: what was not saved last time, else what stands."""
    if kept is None:
        return values
    return {**values, "language": kept.language, "seen": kept.seen, **{name: getattr(kept, name) for name in WORDS}}


def _refused(form: RecommendationForm, recommendation: Recommendation, refused: Refused) -> RecommendationText | None:
    """Say why above the form; when somebody else saved, show their text, and saving again replaces it."""
    is_overtaken = isinstance(refused, Overtaken)
    db.session.rollback()
    form.refuse(refused.why)
    other = writing.standing_text(recommendation, recommendation.original) if is_overtaken else None
    if other:
        form.seen.data = str(other.version)
    return other


def _page(draft: Draft, who: Writer, form: RecommendationForm, recommendation: Recommendation | None,
          other: RecommendationText | None = None, kept: Any = None) -> str:  # fmt: skip
    return render_template(
        "drafts/write.html", edition=draft.edition, draft=draft, form=form, recommendation=recommendation, other=other,
        kept=kept, sees=who.sees(draft), writes=writing.why_not_write(draft, who) is None, words=WORDS,
        places=finding.places(draft), bound=adopting.bound(draft) if who.is_in(draft) else [],
    )  # fmt: skip


# --- Kept while one types ---------------------------------------------------------------------------


@drafts.post("/<int:draft_id>/keep")
def keep_new(year: int, draft_id: int) -> Any:
    """What the script sends while somebody writes a new recommendation: kept for them alone, or why not."""
    who = visitor()
    return _keep(readable_draft(year, draft_id, who), None, who)


@drafts.post("/<int:draft_id>/<int:recommendation_id>/keep")
def keep(year: int, draft_id: int, recommendation_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    return _keep(draft, asked_recommendation(draft, recommendation_id), who)


def _keep(draft: Draft, recommendation: Recommendation | None, who: Writer) -> Any:
    sent, form = request.form, RecommendationForm()
    try:
        unsaved.keep(draft, recommendation, who, form.words(), sent.get("seen", ""), sent.get("language", ""))
        db.session.commit()
    except Refused as refused:
        return jsonify(why=refused.why), 409
    there = unsaved.of(draft, recommendation, who)
    if there is None:
        return jsonify(said="")
    return jsonify(
        said=_("Kept at %(time)s, for you alone. Save it to show it to the group.", time=clock(there.kept_at))
    )


@drafts.post("/<int:draft_id>/forget")
def forget_new(year: int, draft_id: int) -> Any:
    who = visitor()
    return _forget(readable_draft(year, draft_id, who), None, who)


@drafts.post("/<int:draft_id>/<int:recommendation_id>/forget")
def forget(year: int, draft_id: int, recommendation_id: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    return _forget(draft, asked_recommendation(draft, recommendation_id), who)


def _forget(draft: Draft, recommendation: Recommendation | None, who: Writer) -> Any:
    """Throw away what was not saved, and begin again from what stands."""
    unsaved.forget(draft, recommendation, who)
    db.session.commit()
    flash(_("What you had not saved is thrown away."), "ok")
    year = draft.edition.year
    if recommendation is None:
        return see_other(url_for(".add", year=year, draft_id=draft.id))
    return see_other(url_for(".write", year=year, draft_id=draft.id, recommendation_id=recommendation.id))
