"""The bundle of an edition: a page and files for everybody once it is submitted; before that for organisers."""

from typing import Any

from flask import Blueprint, Response, abort, flash, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from .. import documents
from ..access import checks_own_token, may, public, requires
from ..db import db
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import download
from ..i18n import LANGUAGES, in_language
from ..kept import Kept
from ..printed import as_file, asked_language, pressed
from . import bundle_content, bundle_text, bundling
from .bundle_forms import ForewordForm, SureForm
from .hearing_models import Bundle

bundle = Blueprint("bundle", __name__, url_prefix="/<int:year>/bundle")
# A file of what was submitted never changes, and takes seconds to make: everybody gets the same one.
_files: Kept[tuple[str, str, str], str | bytes] = Kept(seconds=3600)


def _asked_bundle(edition: Edition) -> Bundle | None:
    """The bundle, when this visitor may read it: 404 for others than organisers before it is submitted."""
    found = bundling.of_edition(edition)
    if (found is None or found.submitted_at is None) and not may("recommendations.organise"):
        abort(404)
    return found


def _document(edition: Edition, found: Bundle | None) -> documents.Document:
    content = bundling.content(edition, found)
    with in_language(asked_language()):
        return bundle_text.document(content, found.digest if found else None)


@bundle.get("")
@public
def index(year: int) -> str:
    """What was submitted; for organisers what would be, with what they can do; for others when it is expected."""
    edition = asked_edition(year)
    found = bundling.of_edition(edition)
    submitted_at = found.submitted_at if found else None
    organises = may("recommendations.organise")
    return render_template(
        "bundle/index.html", edition=edition, bundle=found, submitted_at=submitted_at, organises=organises,
        document=_document(edition, found) if submitted_at or organises else None,
        chosen=asked_language(), all_languages=LANGUAGES,
        why_not_submit=bundling.why_not_submit(edition) if organises else "",
        why_not_write=bundling.why_not_write(edition) if organises else "",
        why_not_take_back=bundling.why_not_take_back(edition) if organises else "",
    )  # fmt: skip


# --- Files ------------------------------------------------------------------------------------------


@bundle.get("/bundle.<any(html, pdf, docx):kind>")
@public
def file(year: int, kind: str) -> Response:
    edition = asked_edition(year)
    found = _asked_bundle(edition)

    def make() -> str | bytes:
        return pressed(_document(edition, found), kind)

    def make_once() -> str | bytes:
        return _files.get((found.digest, asked_language(), kind), make) if found and found.digest else make()

    with in_language(asked_language()):
        name = _("bundle")
    return as_file(f"{name}-{year}-{asked_language()}", kind, make_once)


@bundle.get("/bundle.json")
@public
def json_file(year: int) -> Response:
    """The content as it was frozen: the SHA-256 of this file is the digest."""
    edition = asked_edition(year)
    found = bundling.of_edition(edition)
    if found is None or found.content is None:
        abort(404)
    return download(found.content.encode(), "bundle.json", "application/json")


# --- What organisers do -----------------------------------------------------------------------------


@bundle.route("/foreword", methods=["GET", "POST"])
@requires("recommendations.organise")
@checks_own_token
def foreword(year: int) -> Any:
    edition = asked_edition(year)
    if why := bundling.why_not_write(edition):
        raise Refused(why)
    found = bundling.of_edition(edition)
    form = ForewordForm(obj=found, seen=bundling.seen_of(found))
    if form.validate_on_submit():
        try:
            bundling.write_foreword(edition, form.words(), form.seen.data or "", current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.refuse(refused.why)
            form.seen.data = bundling.seen_of(bundling.of_edition(edition))
        else:
            flash(_("The foreword is saved."), "ok")
            return see_other(url_for(".index", year=year))
    return render_template("bundle/foreword.html", edition=edition, form=form)


@bundle.route("/submit", methods=["GET", "POST"])
@requires("recommendations.organise")
def submit(year: int) -> Any:
    edition = asked_edition(year)
    if SureForm().validate_on_submit():
        bundling.submit(edition, current_user.member_id)
        db.session.commit()
        flash(_("The bundle is submitted. The board gets a mail."), "ok")
        return see_other(url_for(".index", year=year))
    if why := bundling.why_not_submit(edition):
        raise Refused(why)
    content = bundling.content(edition, bundling.of_edition(edition))
    return render_template(
        "bundle/submit.html", edition=edition, content=content, count=bundle_content.count(content),
        untranslated=bundle_content.untranslated(content), has_foreword=all(content["foreword"].values()),
    )  # fmt: skip


@bundle.route("/take-back", methods=["GET", "POST"])
@requires("recommendations.organise")
def take_back(year: int) -> Any:
    edition = asked_edition(year)
    if SureForm().validate_on_submit():
        bundling.take_back(edition, current_user.member_id)
        db.session.commit()
        flash(_("The bundle is taken back. Submit it again when it is ready."), "ok")
        return see_other(url_for(".index", year=year))
    if why := bundling.why_not_take_back(edition):
        raise Refused(why)
    return render_template("bundle/take_back.html", edition=edition)
