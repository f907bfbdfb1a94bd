"""The desk of the official texts: what is missing in which language, and writing a translation beside the original."""

from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..access import checks_own_token, requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import LANGUAGES, language_name
from . import drafts, translating, versions, writing
from .forms import RecommendationForm
from .models import RecommendationText
from .views import STATE_NAMES, asked_draft, asked_recommendation, visitor

desk = Blueprint("drafts_desk", __name__, url_prefix="/<int:year>/drafts/desk")
SHOWS = {"": _l("All"), "to_do": _l("To translate"), "published": _l("Published drafts")}


@desk.get("")
@requires("recommendations.organise")
def index(year: int) -> str:
    edition = asked_edition(year)
    show = request.args.get("show", "") if request.args.get("show") in SHOWS else ""
    found = drafts.of_edition(edition, visitor())
    shown = [d for d in found if show != "published" or d.published_at]
    rows = {d.id: [r for r in drafts.standing(d) if show != "to_do" or translating.to_do(r)] for d in shown}
    return render_template(
        "drafts_desk/index.html", edition=edition, drafts=[d for d in shown if rows[d.id]], rows=rows, show=show,
        shows=SHOWS, gaps=translating.gaps(found), is_older=translating.is_older, places=drafts.places,
        state=drafts.state, states=STATE_NAMES, why_not=translating.why_not_translate, count=len(found),
    )  # fmt: skip


@desk.route("/<int:draft_id>/<int:recommendation_id>/<code>", methods=["GET", "POST"])
@requires("recommendations.organise")
@checks_own_token
def translate(year: int, draft_id: int, recommendation_id: int, code: str) -> Any:
    """Write or mend a recommendation's words in one language, beside the original."""
    draft = asked_draft(year, draft_id)
    recommendation = asked_recommendation(draft, recommendation_id)
    if code not in LANGUAGES:
        abort(404)
    if request.method == "GET" and (why := translating.why_not_translate(recommendation, code)):
        raise Refused(why)
    text, other = recommendation.text_in(code), None
    form = RecommendationForm(seen=str(text.version) if text else "", **(writing.words_of(text) if text else {}))
    del form.language
    if form.validate_on_submit():
        try:
            translating.translate(recommendation, code, form.words(), form.seen.data or "", current_user.member_id)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.refuse(refused.why)
            other = writing.standing_text(recommendation, code)
            form.seen.data = str(other.version) if other else ""
        else:
            flash(_("The text in %(language)s is saved.", language=language_name(code)), "ok")
            return see_other(url_for(".index", year=year) + f"#d{draft.id}")
    return render_template(
        "drafts_desk/translate.html", edition=draft.edition, draft=draft, recommendation=recommendation, code=code,
        form=form, text=text, other=other, original=recommendation.original_text, changed=_since(recommendation, text),
    )  # fmt: skip


def _since(recommendation: Any, text: RecommendationText | None) -> Any:
    """What changed in the original since this translation was written: that is what is to be translated."""
    if text is None or not translating.is_older(recommendation, text.language):
        return None
    return versions.since(recommendation, text.written_at)
