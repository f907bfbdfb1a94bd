"""The editions: the list for everybody, dates and settings for organisers."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import Blueprint, abort, flash, g, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import public, requires
from ..db import db
from ..errors import Refused, see_other
from ..fields import typed
from ..i18n import ZONE
from . import rules
from .forms import SETTINGS, EditionForm
from .models import DATED, Edition, Phase

editions = Blueprint("editions", __name__)


def asked_edition(year: int) -> Edition:
    """The edition whose year stands in the address, or 404; the page's year line is then about it."""
    return about(rules.of_year(year))


def about(edition: Edition | None) -> Edition:
    """The page is about this edition; 404 when there is none."""
    if edition is None:
        abort(404)
    g.edition = edition
    return edition


@editions.get("/editions")
@public
def index() -> str:
    return render_template("editions/index.html", all_editions=rules.all_editions(), names=rules.PHASE_NAMES)


@editions.route("/editions/new", methods=["GET", "POST"])
@requires("editions.plan")
def new() -> Any:
    newest = next(iter(rules.all_editions()), None)
    return _plan(None, EditionForm(data=_a_year_later(newest) if newest else {}))


@editions.route("/<int:year>/settings", methods=["GET", "POST"])
@requires("editions.plan")
def settings(year: int) -> Any:
    edition = asked_edition(year)
    data = {f"{p}_at": edition.begins(p).astimezone(ZONE).replace(tzinfo=None) for p in DATED}
    until = typed(edition.wishes_until) if edition.wishes_until else None
    return _plan(edition, EditionForm(data={"year": year, **_kept(edition), **data, "wishes_until": until}))


def _kept(edition: Edition) -> dict[str, Any]:
    """The settings as the form shows them."""
    found = {name: getattr(edition, name) for name in SETTINGS}
    return {name: str(value) if isinstance(value, StrEnum) else value for name, value in found.items()}


def _a_year_later(edition: Edition) -> dict[str, Any]:
    """Propose next year's dates: the same weekdays, 52 weeks on, and the same settings."""
    later = {f"{p}_at": edition.begins(p).astimezone(ZONE).replace(tzinfo=None) + timedelta(weeks=52) for p in DATED}
    until = typed(edition.wishes_until) + timedelta(weeks=52) if edition.wishes_until else None
    return {"year": edition.year + 1, **_kept(edition), **later, "wishes_until": until}


def _plan(edition: Edition | None, form: EditionForm) -> Any:
    if form.validate_on_submit() and _fits_together(edition, form):
        year = edition.year if edition else form.year.data
        try:
            made = rules.plan(edition, year or 0, form.dates(), form.settings(), current_user.member_id)
        except Refused as refused:
            form.year.errors = [*form.year.errors, refused.why]
        else:
            db.session.commit()
            flash(_("The edition %(label)s is saved.", label=made.label), "ok")
            return see_other(url_for("editions.settings", year=made.year))
    return render_template("editions/settings.html", form=form, planned=edition, phases=DATED, first=Phase.THEMES)


def _fits_together(edition: Edition | None, form: EditionForm) -> bool:
    """Put the sentence about settings that do not fit beside the one it is about."""
    fault = rules.why_not_settings(edition, form.dates(), form.settings())
    if fault:
        form[fault[0]].errors = [fault[1]]
    return fault is None
