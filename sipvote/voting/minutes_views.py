"""The minutes as a page and as files: PDF, DOCX, and a page that stands by itself. For the board and organisers.

The language is that of the minutes, chosen here, whatever the language of the page around them.
"""

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from .. import documents
from ..access import Role, requires
from ..assembly import rules as assemblies
from ..assembly.models import Assembly
from ..editions.views import asked_edition
from ..errors import Refused
from ..i18n import LANGUAGES, in_language
from ..printed import as_file, asked_language, pressed
from . import minutes, minutes_text

minutes_room = Blueprint("minutes", __name__)


def _with_annex() -> bool:
    """Organisers get the attendance list unless they leave it out; others when they ask for it."""
    asked = request.args.get("annex")
    return asked == "1" if asked in ("0", "1") else Role.ORGANISER in current_user.roles


def _document(assembly: Assembly) -> documents.Document:
    if why := minutes.why_not_minutes(assembly):
        raise Refused(why)
    facts = minutes.facts_of(assembly)
    with in_language(asked_language()):
        return minutes_text.document(facts, _with_annex())


@minutes_room.get("/<int:year>/minutes")
@requires("assembly.minutes")
def index(year: int) -> str:
    """The minutes as a page, with their files; without an assembly, why there are none."""
    assembly = assemblies.of_edition(asked_edition(year))
    return render_template(
        "minutes/index.html",
        document=_document(assembly) if assembly else None,
        chosen=asked_language(),
        all_languages=LANGUAGES,
        with_annex=_with_annex(),
    )


@minutes_room.get("/<int:year>/minutes.<any(html, pdf, docx):kind>")
@requires("assembly.minutes")
def file(year: int, kind: str) -> Response:
    """The same in one file, which needs nothing else."""
    assembly = assemblies.of_edition(asked_edition(year)) or abort(404)
    with in_language(asked_language()):
        name = _("minutes")
    return as_file(f"{name}-{year}-{asked_language()}", kind, lambda: pressed(_document(assembly), kind))
