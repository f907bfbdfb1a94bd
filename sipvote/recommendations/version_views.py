"""The versions of a recommendation, what changed between two, and going back to one."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_babel import gettext as _

from ..access import public
from ..db import db
from ..errors import see_other
from ..i18n import LANGUAGES
from . import translating, versions, writing
from .forms import RecommendationForm
from .views import about_question, asked_recommendation, drafts, readable_draft, visitor
from .writing import WORDS


@drafts.get("/<int:draft_id>/<int:recommendation_id>/versions")
@public
def history(year: int, draft_id: int, recommendation_id: int) -> str:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    recommendation = asked_recommendation(draft, recommendation_id)
    if recommendation.withdrawn_at and not versions.reads_all(draft, who):
        abort(404)
    code = request.args.get("in", recommendation.original)
    if code not in LANGUAGES or recommendation.text_in(code) is None:
        abort(404)
    found = versions.history(recommendation, code, who)
    old, new = (request.args.get(name, type=int) for name in ("from", "to"))
    return render_template(
        "drafts/versions.html", edition=draft.edition, draft=draft, recommendation=recommendation, code=code,
        versions=found, comparison=versions.compare(found, old, new), words=WORDS,
        labels={name: getattr(RecommendationForm, name).args[0] for name in WORDS},
        stands=recommendation.text_in(code), reads_all=versions.reads_all(draft, who),
        is_older=translating.is_older(recommendation, code),
        why_not_back=writing.why_not_save(recommendation, who),
    )  # fmt: skip


@drafts.post("/<int:draft_id>/<int:recommendation_id>/versions/<int:version>/take")
def go_back(year: int, draft_id: int, recommendation_id: int, version: int) -> Any:
    who = visitor()
    draft = readable_draft(year, draft_id, who)
    recommendation = asked_recommendation(draft, recommendation_id)
    with about_question(draft):
        made = versions.go_back(recommendation, who, version, request.form.get("seen", ""))
    db.session.commit()
    flash(_("The words of version %(old)s stand again, as version %(new)s.", old=version, new=made.version), "ok")
    return see_other(url_for(".history", year=year, draft_id=draft_id, recommendation_id=recommendation_id))
