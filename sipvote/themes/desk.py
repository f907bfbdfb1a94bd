"""What organisers do with themes: the ballot, translations, themes that go on for another year."""

from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..access import checks_own_token, requires
from ..db import db
from ..editions import rules as editions
from ..editions.views import asked_edition
from ..errors import Refused, own_path, see_other
from ..i18n import LANGUAGES, language_name
from ..members.models import COUNTRIES
from . import finding, review, rules
from .forms import WORDS, DeclineForm, ThemeForm
from .models import Theme
from .views import asked_theme

desk = Blueprint("themes_desk", __name__, url_prefix="/<int:year>/themes/review")
PER_PAGE = 50
SHOWS = {
    "": _l("All"),
    "open": _l("To decide"),
    "reached": _l("With enough supporters"),
    "admitted": _l("On the ballot"),
    "declined": _l("Declined"),
    "untranslated": _l("A language missing"),
}


def _asked(year: int, theme_id: int) -> Theme:
    theme = asked_theme(asked_edition(year), theme_id)
    if theme.withdrawn_at:
        abort(410, _("The member who proposed this theme has withdrawn it."))
    return theme


def _back(year: int) -> Any:
    """To the page where the button stood: the review with its filters, or the theme's own page."""
    here = own_path(request.referrer) or url_for(".index", year=year)
    return see_other(here)


@desk.get("")
@requires("themes.review")
def index(year: int) -> str:
    edition = asked_edition(year)
    show = request.args.get("show", "") if request.args.get("show") in SHOWS else ""
    search = request.args.get("q", "").strip()[:100]
    listing = finding.listing(edition, search=search, show=show, sort="most")
    page = db.paginate(listing, per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template(
        "themes_desk/index.html",
        page=page, show=show, shows=SHOWS, search=search, counts=finding.how_many(edition, *SHOWS),
        supporters=finding.supporters(page.items), states=rules.STATE_NAMES,
        why_not_now=review.why_not_now(edition),
    )  # fmt: skip


@desk.post("/<int:theme_id>/admit")
@requires("themes.review")
def admit(year: int, theme_id: int) -> Any:
    theme = _asked(year, theme_id)
    review.admit(theme, current_user.member_id)
    db.session.commit()
    flash(_("“%(theme)s” is on the ballot.", theme=theme), "ok")
    return _back(year)


@desk.post("/<int:theme_id>/take-from-ballot")
@requires("themes.review")
def take_from_ballot(year: int, theme_id: int) -> Any:
    theme = _asked(year, theme_id)
    review.take_from_ballot(theme, current_user.member_id)
    db.session.commit()
    flash(_("“%(theme)s” is no longer on the ballot.", theme=theme), "ok")
    return _back(year)


@desk.route("/<int:theme_id>/decline", methods=["GET", "POST"])
@requires("themes.review")
@checks_own_token
def decline(year: int, theme_id: int) -> Any:
    theme = _asked(year, theme_id)
    form = DeclineForm()
    why = review.why_not_decline(theme)
    if why and request.method == "GET":
        raise Refused(why)
    if form.validate_on_submit():
        try:
            review.decline(theme, form.reason.data or "", current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
        else:
            flash(_("“%(theme)s” is declined, and its proposer gets a mail.", theme=theme), "ok")
            return see_other(url_for(".index", year=year))
    return render_template("themes_desk/decline.html", theme=theme, form=form)


@desk.post("/<int:theme_id>/undecline")
@requires("themes.review")
def undecline(year: int, theme_id: int) -> Any:
    theme = _asked(year, theme_id)
    review.undecline(theme, current_user.member_id)
    db.session.commit()
    flash(_("“%(theme)s” is a proposal again.", theme=theme), "ok")
    return _back(year)


@desk.route("/<int:theme_id>/texts/<code>", methods=["GET", "POST"])
@requires("themes.review")
@checks_own_token
def texts(year: int, theme_id: int, code: str) -> Any:
    """Write or mend a theme's words in one language, beside the original."""
    theme = _asked(year, theme_id)
    if code not in LANGUAGES:
        abort(404)
    text = theme.text_in(code)
    form = ThemeForm(seen=text.written_at.isoformat() if text else "", **{n: getattr(text, n) for n in WORDS if text})
    del form.language
    if request.method == "GET" and (why := review.why_not_write(theme)):
        raise Refused(why)
    if form.validate_on_submit():
        try:
            review.write(theme, code, form.words(), form.seen.data, current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
            present = theme.text_in(code)
            form.seen.data = present.written_at.isoformat() if present else ""
        else:
            flash(_("The text in %(language)s is saved.", language=language_name(code)), "ok")
            return see_other(url_for(".index", year=year))
    return render_template("themes_desk/texts.html", theme=theme, form=form, code=code, text=theme.text_in(code))


# --- Themes that go on ----------------------------------------------------------------------------


@desk.get("/prolong")
@requires("themes.review")
def prolongable(year: int) -> str:
    edition = asked_edition(year)
    return render_template(
        "themes_desk/prolongable.html", themes=review.to_prolong(edition), last=editions.before(edition),
        countries=COUNTRIES, states=rules.STATE_NAMES, why_not_now=review.why_not_prolong(edition),
    )  # fmt: skip


@desk.post("/prolong/<int:theme_id>")
@requires("themes.review")
def prolong(year: int, theme_id: int) -> Any:
    edition = asked_edition(year)
    theme = db.get_or_404(Theme, theme_id)
    made = review.prolong(edition, theme, request.form.get("country") or None, current_user.member_id)
    db.session.commit()
    flash(_("“%(theme)s” goes on in %(edition)s.", theme=made, edition=edition.label), "ok")
    return see_other(url_for(".prolongable", year=year))


@desk.post("/<int:theme_id>/undo-prolong")
@requires("themes.review")
def undo_prolong(year: int, theme_id: int) -> Any:
    asked_edition(year)
    theme = db.session.get(Theme, theme_id)
    if theme:  # a second click finds nothing left to undo
        review.undo_prolong(asked_theme(asked_edition(year), theme_id), current_user.member_id)
        db.session.commit()
    flash(_("The theme is no longer prolonged."), "ok")
    return see_other(url_for(".prolongable", year=year))
