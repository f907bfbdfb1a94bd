"""What organisers do with the list: many at once, large themes, what repeats what, the list as a file that comes in."""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ..access import checks_own_token, requires
from ..db import db
from ..errors import Refused, see_other
from ..recommendations.models import LargeTheme, Recommendation
from . import duplicates, finding, labels, large_themes, statuses, words
from .finding import Wanted
from .forms import LargeThemeForm, ManyForm, PutForm, RepeatsForm
from .views import asked_recommendation, facts, list_context

desk = Blueprint("stocktake_desk", __name__, url_prefix="/recommendations/desk")
PER_PAGE = 50
MOST = 20_000  # that can be chosen at once


@desk.get("")
@requires("stocktake.keep")
def index() -> str:
    return render_template("stocktake_desk/index.html", **list_context(PER_PAGE))


# --- Many at once -----------------------------------------------------------------------------------


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10][:MOST]


def chosen(ids: list[int]) -> list[Recommendation]:
    """These recommendations, as far as they are in the list."""
    asked = select(Recommendation).where(Recommendation.id.in_(ids), Recommendation.number.is_not(None))
    there = asked.where(Recommendation.withdrawn_at.is_(None))
    return list(db.session.scalars(there.order_by(Recommendation.year, Recommendation.number)))


@desk.get("/many")
@requires("stocktake.keep")
def many() -> Any:
    """What shall be done with those that were ticked, or with everything that was found."""
    wanted = Wanted.of(request.args)
    ids = finding.find(wanted).ids if request.args.get("all") else _numbers(request.args.getlist("id"))
    return _many(chosen(ids), ManyForm(formdata=None, since=statuses.today()), _put_form(formdata=None))


def _many(found: list[Recommendation], form: ManyForm, put: PutForm) -> Any:
    if not found:
        flash(_("Choose at least one recommendation."), "bad")
        return see_other(url_for(".index"))
    form.ids.data = put.ids.data = " ".join(str(r.id) for r in found)
    return render_template("stocktake_desk/many.html", found=found, form=form, put=put)


def _put_form(**values: Any) -> PutForm:
    form = PutForm(**values)
    under = [SelectChoice(str(theme.id), str(theme)) for theme, _count in large_themes.listing()]
    form.large_theme.choices = [SelectChoice("", _("none")), *under]
    return form


@desk.route("/many/check", methods=["GET", "POST"])
@requires("stocktake.keep")
@checks_own_token
def check() -> Any:
    """Show what would change, before it does."""
    if request.method != "POST":
        return see_other(url_for(".index"))
    form = ManyForm()
    found = chosen(_numbers((form.ids.data or "").split()))
    if form.validate_on_submit() and not (why := statuses.why_not_change_many(found, form.said())):
        changed = statuses.would_change(found, form.said())
        return render_template(
            "stocktake_desk/check.html", form=form, said=form.said(), changed=changed, same=len(found) - len(changed),
            standings=statuses.current(r.id for r in changed), status_names=words.STATUSES, kinds=labels.STATUS_KINDS,
        )  # fmt: skip
    if not form.errors:
        form.refuse(why or "")
    return _many(found, form, _put_form(formdata=None))


@desk.post("/many/status")
@requires("stocktake.keep")
@checks_own_token
def change_many() -> Any:
    form = ManyForm()
    found = chosen(_numbers((form.ids.data or "").split()))
    if not form.validate_on_submit():
        return _many(found, form, _put_form(formdata=None))
    count = statuses.change_many(found, form.said(), current_user.member_id)
    db.session.commit()
    flash(ngettext("%(num)d status changed.", "%(num)d statuses changed.", count), "ok")
    return see_other(url_for(".index"))


@desk.post("/many/large-theme")
@requires("stocktake.keep")
def put_many() -> Any:
    form = _put_form()
    found = chosen(_numbers((form.ids.data or "").split()))
    ids = _numbers([form.large_theme.data or ""])
    theme = db.session.get(LargeTheme, ids[0]) if ids else None
    if ids and theme is None:
        raise Refused(_("This large theme is gone. Choose another one."))
    count = large_themes.put(found, theme, current_user.member_id)
    db.session.commit()
    flash(ngettext("%(num)d recommendation moved.", "%(num)d recommendations moved.", count), "ok")
    return see_other(url_for(".index"))


# --- Large themes -----------------------------------------------------------------------------------


@desk.route("/large-themes", methods=["GET", "POST"])
@requires("stocktake.keep")
def large() -> Any:
    """Every large theme, and the form for one more."""
    form = LargeThemeForm()
    if form.validate_on_submit():
        try:
            large_themes.add(form.names(), current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.form_errors.append(refused.why)
        else:
            flash(_("The large theme is added."), "ok")
            return see_other(url_for(".large"))
    return render_template("stocktake_desk/large.html", form=form, themes=large_themes.listing())


@desk.route("/large-themes/<int:theme_id>", methods=["GET", "POST"])
@requires("stocktake.keep")
def rename(theme_id: int) -> Any:
    theme = db.get_or_404(LargeTheme, theme_id)
    form = LargeThemeForm(nl=theme.name_nl, fr=theme.name_fr, en=theme.name_en)
    if form.validate_on_submit():
        try:
            large_themes.rename(theme, form.names(), current_user.member_id)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            form.form_errors.append(refused.why)
        else:
            flash(_("The large theme has these names now."), "ok")
            return see_other(url_for(".large"))
    others = [other for other, _count in large_themes.listing() if other.id != theme.id]
    return render_template("stocktake_desk/rename.html", form=form, theme=theme, others=others)


@desk.route("/large-themes/<int:theme_id>/merge", methods=["GET", "POST"])
@requires("stocktake.keep")
def merge(theme_id: int) -> Any:
    """Ask first (GET), then put all its recommendations under another one."""
    theme = db.get_or_404(LargeTheme, theme_id)
    ids = _numbers([request.values.get("into", "")])
    into = db.session.get(LargeTheme, ids[0]) if ids else None
    if request.method == "POST":
        large_themes.merge(theme, into, current_user.member_id)
        db.session.commit()
        flash(_("The two large themes are one now."), "ok")
        return see_other(url_for(".large"))
    if why := large_themes.why_not_merge(theme, into):
        flash(why, "bad")
        return see_other(url_for(".rename", theme_id=theme.id))
    count = dict((each.id, number) for each, number in large_themes.listing())[theme.id]  # noqa: C402
    return render_template("stocktake_desk/merge.html", theme=theme, into=into, count=count)


@desk.post("/large-themes/<int:theme_id>/remove")
@requires("stocktake.keep")
def remove(theme_id: int) -> Any:
    if theme := db.session.get(LargeTheme, theme_id):  # a second click finds it gone already
        large_themes.remove(theme, current_user.member_id)
        db.session.commit()
    flash(_("The large theme is removed."), "ok")
    return see_other(url_for(".large"))


# --- What repeats what ------------------------------------------------------------------------------


@desk.route("/<int:recommendation_id>/repeats", methods=["GET", "POST"])
@requires("stocktake.keep")
def link(recommendation_id: int) -> Any:
    recommendation = asked_recommendation(recommendation_id)
    here = url_for("recommendations.show", recommendation_id=recommendation.id)
    if request.method != "POST":
        return see_other(here)
    form = RepeatsForm()
    if form.validate_on_submit():
        try:
            duplicates.link(recommendation, duplicates.called(form.label.data or ""), current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.label.errors = [*form.label.errors, refused.why]
        else:
            flash(_("The two are linked, both ways."), "ok")
            return see_other(here + "#repeats")
    return render_template("recommendations/show.html", **facts(recommendation, form))


@desk.post("/<int:recommendation_id>/repeats/end")
@requires("stocktake.keep")
def unlink(recommendation_id: int) -> Any:
    recommendation = asked_recommendation(recommendation_id)
    duplicates.unlink(recommendation, current_user.member_id)
    db.session.commit()
    flash(_("The two are not linked any more."), "ok")
    return see_other(url_for("recommendations.show", recommendation_id=recommendation.id) + "#repeats")
