"""The minutes as a page and as files: PDF, DOCX, and a page that stands by itself. For the board and organisers.

The language is that of the minutes, chosen here, whatever the language of the page around them.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from .. import documents
from ..access import Role, requires
from ..assembly import rules as assemblies
from ..assembly.models import Assembly
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..i18n import LANGUAGES, in_language, language
from . import minutes, minutes_text

minutes_room = Blueprint("minutes", __name__)
log = logging.getLogger(__name__)


@minutes_room.after_request
def keep_nothing(response: Response) -> Response:
    """Names of members are in them: no browser or proxy keeps them."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked_language() -> str:
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else language()


def _with_annex() -> bool:
    """Organisers get the attendance list unless they leave it out; others when they ask for it."""
    asked = request.args.get("annex", "")
    return asked == "1" if asked in ("0", "1") else Role.ORGANISER in current_user.roles


def _document(assembly: Assembly) -> documents.Document:
    facts = minutes.facts_of(assembly)
    with in_language(_asked_language()):
        return minutes_text.document(facts, _with_annex())


def _asked(year: int) -> tuple[Edition, Assembly]:
    """The assembly of the year in the address, or 404 when none was planned."""
    edition = asked_edition(year)
    assembly = assemblies.of_edition(edition)
    if assembly is None:
        abort(404)
    return edition, assembly


@minutes_room.get("/<int:year>/minutes")
@requires("assembly.minutes")
def index(year: int) -> str:
    """The minutes as a page, with their files; without an assembly, why there are none."""
    assembly = assemblies.of_edition(asked_edition(year))
    return render_template(
        "minutes/index.html",
        document=_document(assembly) if assembly else None,
        chosen=_asked_language(),
        all_languages=LANGUAGES,
        with_annex=_with_annex(),
    )


@minutes_room.get("/<int:year>/minutes.html")
@requires("assembly.minutes")
def page_file(year: int) -> Response:
    """The same page in one file, which needs nothing else."""
    edition, assembly = _asked(year)
    text = render_template("minutes/file.html", document=_document(assembly))
    return _file(edition, "html", text, "text/html; charset=utf-8")


@minutes_room.get("/<int:year>/minutes.pdf")
@requires("assembly.minutes")
def pdf(year: int) -> Response:
    edition, assembly = _asked(year)
    template = Path(current_app.root_path, current_app.template_folder or "", "minutes", "minutes.typ")
    return _pressed(edition, "pdf", lambda: documents.pdf(_document(assembly), template), documents.PDF)


@minutes_room.get("/<int:year>/minutes.docx")
@requires("assembly.minutes")
def docx(year: int) -> Response:
    edition, assembly = _asked(year)
    return _pressed(edition, "docx", lambda: documents.docx(_document(assembly)), documents.DOCX)


def _pressed(edition: Edition, ending: str, make: Callable[[], bytes], kind: str) -> Response:
    try:
        return _file(edition, ending, make(), kind)
    except documents.PressFailed as fault:
        log.error("minutes: %s", fault)
        abort(503, _("This file could not be made. Try again, or take another format: the page holds the same."))


def _file(edition: Edition, ending: str, content: Any, kind: str) -> Response:
    answer = Response(content, content_type=kind)
    with in_language(_asked_language()):
        name = _("minutes")
    filename = f"{name}-{edition.year}-{_asked_language()}.{ending}"
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    return answer
