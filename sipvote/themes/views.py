"""Themes for members and visitors: the list, one theme, proposing, supporting."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..access import checks_own_token, own_id, public, stopped_at_the_door
from ..db import db
from ..editions.models import Edition
from ..editions.rules import allows, why_not_now
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import language
from . import finding, review, rules
from .forms import WORDS, ThemeForm
from .models import Theme

themes = Blueprint("themes", __name__, url_prefix="/<int:year>/themes")
PER_PAGE = 20
SHOWS = {
    "": _l("All"),
    "needing": _l("Needing support"),
    "admitted": _l("On the ballot"),
    "supported": _l("I support"),
    "mine": _l("My proposals"),
}
SORTS = {"newest": _l("Newest first"), "most": _l("Most supported first")}
OWN = ("supported", "mine")


def asked_theme(edition: Edition, theme_id: int) -> Theme:
    """The theme in the address, or 404 when the edition has no such theme."""
    theme = db.session.get(Theme, theme_id)
    if theme is None or theme.edition_id != edition.id:
        abort(404)
    return theme


@themes.get("")
@public
def index(year: int) -> str:
    edition = asked_edition(year)
    me, gathering = own_id(), allows(edition, "support")
    shows = {k: v for k, v in SHOWS.items() if (me or k not in OWN) and (gathering or k in ("", *OWN))}
    show = request.args.get("show", "")
    show = show if show in shows else ""
    sort = request.args.get("sort", "") if request.args.get("sort") in SORTS else "newest"
    search = request.args.get("q", "").strip()[:100]
    listing = finding.listing(edition, me, search, show, sort if gathering else "")
    page = db.paginate(listing, per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template(
        "themes/index.html",
        page=page, search=search, show=show, shows=shows, sort=sort, sorts=SORTS, gathering=gathering,
        supporters=finding.supporters(page.items), supported=finding.supported_among(page.items, me),
        why_not_propose=rules.why_not_propose(edition, me) if me else why_not_now(edition, "propose"),
        states=rules.STATE_NAMES, is_counted=rules.is_counted(edition),
    )  # fmt: skip


@themes.get("/<int:theme_id>")
@public
def show(year: int, theme_id: int) -> str:
    edition, me = asked_edition(year), own_id()
    theme = asked_theme(edition, theme_id)
    if theme.withdrawn_at and (me is None or theme.proposer_id != me):
        abort(410, _("The member who proposed this theme has withdrawn it."))
    return render_template(
        "themes/show.html",
        theme=theme, text=theme.text, states=rules.STATE_NAMES, is_mine=me is not None and theme.proposer_id == me,
        supporters=finding.supporters([theme])[theme.id], supports=theme.id in finding.supported_among([theme], me),
        is_counted=rules.is_counted(edition), gathering=allows(edition, "support"),
        why_not_review=review.why_not_now(edition),
        why_not_support=rules.why_not_support(theme, me), why_not_take_back=rules.why_not_take_back(theme, me),
        why_not_edit=rules.why_not_edit(theme, me), why_not_withdraw=rules.why_not_withdraw(theme, me),
        why_not_restore=rules.why_not_restore(theme, me),
    )  # fmt: skip


# --- Proposing: write, look at it, propose --------------------------------------------------------
# These pages are open to strangers, so that whoever was signed out while writing gets the text back.
# Who may propose is the rules' matter.


@themes.route("/new", methods=["GET", "POST"])
@public
@checks_own_token
def new(year: int) -> Any:
    edition = asked_edition(year)
    form = ThemeForm(language=language())
    if stopped := stopped_at_the_door(form, rules.why_not_propose(edition, own_id())):
        return stopped
    if form.validate_on_submit() and not form.form_errors:
        alike = finding.look_alikes(edition, form.title.data or "")
        return render_template(
            "themes/check.html", form=form, words=form.words(), alike=alike, states=rules.STATE_NAMES
        )
    return render_template("themes/new.html", form=form)


@themes.route("/propose", methods=["GET", "POST"])
@public
@checks_own_token
def propose(year: int) -> Any:
    edition = asked_edition(year)
    form = ThemeForm()
    if request.method != "POST":
        return redirect(url_for(".new", year=year))
    if form.validate_on_submit():
        try:
            theme = rules.propose(edition, own_id(), form.language.data, form.words())
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("Your theme is proposed, and you are its first supporter."), "ok")
            return see_other(url_for(".show", year=year, theme_id=theme.id))
    return render_template("themes/new.html", form=form)


@themes.route("/<int:theme_id>/edit", methods=["GET", "POST"])
@public
@checks_own_token
def edit(year: int, theme_id: int) -> Any:
    theme = asked_theme(asked_edition(year), theme_id)
    text = theme.original_text
    form = ThemeForm(
        language=text.language, seen=text.written_at.isoformat(), **{name: getattr(text, name) for name in WORDS}
    )
    if stopped := stopped_at_the_door(form, rules.why_not_edit(theme, own_id())):
        return stopped
    if form.validate_on_submit() and not form.form_errors:
        try:
            rules.edit(theme, own_id(), form.language.data, form.words(), form.seen.data)
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
            form.seen.data = theme.original_text.written_at.isoformat()
        else:
            flash(_("Your changes are saved."), "ok")
            return see_other(url_for(".show", year=year, theme_id=theme.id))
    return render_template(
        "themes/edit.html", form=form, theme=theme, text=theme.original_text,
        supporters=finding.supporters([theme])[theme.id],
    )  # fmt: skip


@themes.post("/<int:theme_id>/withdraw")
def withdraw(year: int, theme_id: int) -> Any:
    theme = asked_theme(asked_edition(year), theme_id)
    rules.withdraw(theme, current_user.member_id)
    db.session.commit()
    flash(_("Your proposal is withdrawn."), "ok")
    return see_other(url_for(".show", year=year, theme_id=theme.id))


@themes.post("/<int:theme_id>/restore")
def restore(year: int, theme_id: int) -> Any:
    theme = asked_theme(asked_edition(year), theme_id)
    rules.restore(theme, current_user.member_id)
    db.session.commit()
    flash(_("Your theme is proposed again."), "ok")
    return see_other(url_for(".show", year=year, theme_id=theme.id))


@themes.post("/<int:theme_id>/support")
def support(year: int, theme_id: int) -> Any:
    theme = asked_theme(asked_edition(year), theme_id)
    rules.support(theme, current_user.member_id)
    db.session.commit()
    flash(_("You support this theme."), "ok")
    return see_other(url_for(".show", year=year, theme_id=theme.id))


@themes.post("/<int:theme_id>/take-back")
def take_back(year: int, theme_id: int) -> Any:
    theme = asked_theme(asked_edition(year), theme_id)
    rules.take_back_support(theme, current_user.member_id)
    db.session.commit()
    flash(_("You no longer support this theme."), "ok")
    return see_other(url_for(".show", year=year, theme_id=theme.id))
