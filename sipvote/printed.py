"""A document as an answer: in the language that was asked for, as a page in one file, as PDF or DOCX."""

import logging
from collections.abc import Callable
from pathlib import Path

from flask import Response, abort, current_app, render_template, request
from flask_babel import gettext as _

from . import documents
from .exports import download
from .i18n import LANGUAGES, language

log = logging.getLogger(__name__)
KINDS = {"pdf": documents.PDF, "docx": documents.DOCX, "html": "text/html; charset=utf-8"}


def asked_language() -> str:
    """The language in the address (`?language=`), whatever that of the page around the document; else the page's."""
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else language()


def pressed(document: documents.Document, kind: str) -> str | bytes:
    """The document in one file of a kind of `KINDS`. Raises PressFailed."""
    if kind == "html":
        return render_template("minutes/file.html", document=document)
    if kind == "docx":
        return documents.docx(document)
    template = Path(current_app.root_path, current_app.template_folder or "", "minutes", "minutes.typ")
    return documents.pdf(document, template)


def as_file(name: str, kind: str, make: Callable[[], str | bytes]) -> Response:
    """Give what `make` gives as a file `name.kind`; when it cannot be made, 503 with what to do."""
    try:
        return download(make(), f"{name}.{kind}", KINDS[kind])
    except documents.PressFailed as fault:
        log.error("%s: %s", request.endpoint, fault)
        abort(503, _("This file could not be made. Try again, or take another format: the page holds the same."))
