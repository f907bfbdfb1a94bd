"""Recommendations for everybody: the list, each one's permanent page, and saying how far one is."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from ..access import checks_own_token, may, own_id, public
from ..db import db
from ..decisions.models import Decision
from ..editions import rules as editions
from ..errors import Refused, see_other
from ..paging import ListPage
from ..recommendations import drafts, hearing, notes
from ..recommendations.models import Recommendation
from . import duplicates, exports, feeds, finding, labels, statuses, words
from .finding import Wanted
from .forms import RepeatsForm, StatusForm

recommendations = Blueprint("recommendations", __name__, url_prefix="/recommendations")
PER_PAGE = 25


class Slice(Pagination):
    """A page of what was found."""

    def _query_items(self) -> list[Any]:
        offset = self._query_offset
        return finding.lines(self._query_args["found"].lights[offset : offset + self.per_page])

    def _query_count(self) -> int:
        return len(self._query_args["found"].lights)


def page_of(found: finding.Found, per_page: int) -> Slice:
    """The page that ?page= asks for; 404 when there is no such page."""
    if len(request.args.get("page", "")) > 6:
        abort(404)
    return Slice(per_page=per_page, max_per_page=per_page, found=found)


def list_context(per_page: int) -> dict[str, Any]:
    """What a page with the list and its filters shows."""
    wanted = Wanted.of(request.args)
    found, named = finding.find(wanted), labels.names()
    facets = {facet: labels.in_order(facet, found.counts[facet], named) for facet in finding.FACETS}
    return {
        "wanted": wanted, "page": page_of(found, per_page), "facets": facets, "facet_names": labels.FACET_NAMES,
        "sorts": labels.SORT_NAMES, "kinds": labels.STATUS_KINDS,
        "called": lambda facet, value: labels.name(named, facet, value),
    }  # fmt: skip


def permanent(recommendation_id: int) -> str:
    """The address to refer to a recommendation by: without a language, so that everybody reads it in theirs."""
    path = url_for("recommendations.show", recommendation_id=recommendation_id)
    if said := request.environ.get("sipvote.language"):
        path = path.replace(f"/{said}/", "/", 1)
    return request.host_url.rstrip("/") + path


@recommendations.get("")
@public
def index() -> str:
    edition = editions.current()
    open_drafts = drafts.open_for_remarks(edition) if edition else []
    return render_template(
        "recommendations/index.html", open_edition=edition, open_drafts=open_drafts, **list_context(PER_PAGE)
    )


def asked_recommendation(recommendation_id: int) -> Recommendation:
    """The recommendation in the address: 404 as long as it is nobody else's matter, 410 once it was withdrawn."""
    asked = select(Recommendation).where(Recommendation.id == recommendation_id)
    found = db.session.scalars(
        asked.options(
            joinedload(Recommendation.large_theme), joinedload(Recommendation.theme), joinedload(Recommendation.draft),
            selectinload(Recommendation.groups), joinedload(Recommendation.repeats),
        )
    ).first()  # fmt: skip
    if found is None or not (found.number or (found.draft and found.draft.published_at)):
        abort(404)
    if found.withdrawn_at:
        abort(410, _("This recommendation was withdrawn."))
    return found


def decisions_on(recommendation: Recommendation) -> list[Decision]:
    """What the board decided and published on it, the last one first."""
    asked = select(Decision).where(Decision.recommendation_id == recommendation.id, Decision.published_at.is_not(None))
    asked = asked.options(selectinload(Decision.owner), selectinload(Decision.follow_ups))
    return list(db.session.scalars(asked.order_by(Decision.published_at.desc(), Decision.id.desc())))


@recommendations.get("/<int:recommendation_id>")
@public
def show(recommendation_id: int) -> str:
    recommendation = asked_recommendation(recommendation_id)
    return render_template("recommendations/show.html", **facts(recommendation, RepeatsForm(formdata=None)))


def facts(recommendation: Recommendation, repeats_form: RepeatsForm) -> dict[str, Any]:
    """What the permanent page says."""
    return {
        "recommendation": recommendation, "text": recommendation.text, **_of_draft(recommendation),
        "repeats_form": repeats_form,
        "standing": statuses.current([recommendation.id])[recommendation.id],
        "history": statuses.history(recommendation), "decisions": decisions_on(recommendation),
        "repeated_by": duplicates.repeated_by(recommendation), "why_not_keep": _why_not_keep(recommendation),
        "status_names": words.STATUSES, "outcomes": words.OUTCOMES, "kinds": labels.STATUS_KINDS,
        "permanent": permanent(recommendation.id),
        "edition_label": labels.edition_label(recommendation.year), "country": words.country(recommendation.country),
    }  # fmt: skip


def _of_draft(recommendation: Recommendation) -> dict[str, Any]:
    """Where it was written, how many remarks it has, and the minority notes; nothing of one of before this service."""
    draft = recommendation.draft
    if draft is None or not draft.published_at:
        return {"draft_url": None, "notes": []}
    told = notes.notes_of(draft)
    return {
        "draft_url": url_for("drafts.show", year=draft.edition.year, draft_id=draft.id) + f"#r{recommendation.id}",
        "counts": hearing.counts_of(draft).get(recommendation.id, hearing.Counts()),
        "notes": [*told.get(recommendation.id, []), *told.get(None, [])],
    }


def _why_not_keep(recommendation: Recommendation) -> str | None:
    return statuses.why_not_keep(recommendation, own_id(), may("stocktake.keep"))


@recommendations.get("/mine")
def mine() -> str:
    """What a member answers for, and how far it is."""
    found = statuses.answered_for_by(current_user.member_id)
    page = ListPage.asked(found, PER_PAGE)
    return render_template(
        "recommendations/mine.html", page=page, standings=statuses.current(r.id for r in page.items),
        status_names=words.STATUSES, kinds=labels.STATUS_KINDS,
    )  # fmt: skip


@recommendations.route("/<int:recommendation_id>/status", methods=["GET", "POST"])
@checks_own_token
def status(recommendation_id: int) -> Any:
    """Say how far a recommendation is."""
    recommendation = asked_recommendation(recommendation_id)
    if why := _why_not_keep(recommendation):
        abort(403, why)
    standing = statuses.current([recommendation.id])[recommendation.id]
    form = StatusForm(status=standing.status, since=statuses.today())
    if form.validate_on_submit():
        try:
            statuses.change(recommendation, form.said(), current_user.member_id, may("stocktake.keep"))
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Noted. Everybody can read it now."), "ok")
            return see_other(url_for(".show", recommendation_id=recommendation.id) + "#status")
    return render_template(
        "recommendations/status.html", form=form, recommendation=recommendation, standing=standing,
        status_names=words.STATUSES, kinds=labels.STATUS_KINDS,
    )  # fmt: skip


# --- Feeds and files --------------------------------------------------------------------------------


def _feed(title: str, page: str, ids: Sequence[int] | None) -> Response:
    """The feed; a reader that has it already gets 304."""
    of = lambda id: url_for(".show", recommendation_id=id, _external=True)  # noqa: E731
    body = feeds.atom(title, feeds.Addresses(request.url, page, of), feeds.news(ids))
    answer = Response(body, content_type=feeds.KIND)
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.set_etag(sha256(body).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


@recommendations.get("/feed.atom")
@public
def feed() -> Response:
    """What changes in the whole list, or in what the address asks for."""
    wanted = Wanted.of(request.args)
    ids = None if wanted.is_everything else finding.find(wanted).ids
    return _feed(_("Recommendations"), url_for(".index", _external=True, **wanted.query()), ids)


@recommendations.get("/<int:recommendation_id>/feed.atom")
@public
def feed_of(recommendation_id: int) -> Response:
    recommendation = asked_recommendation(recommendation_id)
    page = url_for(".show", recommendation_id=recommendation.id, _external=True)
    return _feed(f"{recommendation.label} {recommendation.text.title}", page, [recommendation.id])


@recommendations.get("/list.<any(csv, xlsx, json):kind>")
@public
def export(kind: str) -> Response:
    """What was found, whole, as a file."""
    ids = finding.find(Wanted.of(request.args)).ids
    return exports.FILES[kind](ids, permanent)
