"""The board's pages, continued: publishing what was decided, together, after the meeting; and the papers for it."""

from datetime import date
from typing import Any

from flask import Response, flash, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from .. import documents
from ..access import checks_own_token, requires, weighs
from ..db import db
from ..errors import Refused, see_other
from ..i18n import LANGUAGES, in_language
from ..members.asked_views import asked_instead
from ..printed import as_file, asked_language, pressed
from . import finding, papers, publishing, telling
from .desk import board
from .forms import PublishForm
from .views import asked_year, label_of, words


def _asked(chosen: list[int], seal: str, on: date) -> Any:
    """Ask a second person to publish; None where one may do it alone. Raises Refused."""
    publishing.looked_at(chosen, seal, on)
    return asked_instead("publish decisions", "decisions", chosen=chosen, seal=seal, on=on.isoformat())


@board.route("/publish", methods=["GET", "POST"])
@requires("decisions.decide")
@checks_own_token
@weighs
def publish() -> Any:
    """All that will be published, what is incomplete, and who will be told; then one POST."""
    found = publishing.preview()
    form = PublishForm(data={"decided_on": finding.today(), "chosen": [d.id for d in found.ready], "seen": found.seal})
    if form.validate_on_submit():
        try:
            chosen, seal, on = form.chosen.data or [], form.seen.data or "", form.decided_on.data or finding.today()
            if asked := _asked(chosen, seal, on):
                return asked
            done = publishing.publish(chosen, seal, on, current_user.member_id)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            found = publishing.preview()
            form.seen.data = found.seal
            form.show(refused)
        else:
            count = len(done)
            flash(ngettext("%(num)d decision is published.", "%(num)d decisions are published.", count), "ok")
            return see_other(url_for("decisions.index", year=done[0].recommendation.year))
    return render_template(
        "board/publish.html", form=form, ready=found.ready, incomplete=found.incomplete, drafts=found.how_many,
        counts=telling.counts(found.ready), label_of=label_of, **words(),
    )  # fmt: skip


# --- On paper ---------------------------------------------------------------------------------------


def _document(year: int) -> documents.Document:
    _edition, found = asked_year(year, drafts=True)
    with in_language(asked_language()):
        return papers.document(year, label_of(year), found)


@board.get("/<int:year>/papers")
@requires("decisions.decide")
def on_paper(year: int) -> str:
    """What the board reads at its meeting, to print; with its files."""
    return render_template(
        "board/papers.html", asked_year=year, document=_document(year), chosen=asked_language(),
        all_languages=LANGUAGES, label=label_of(year),
    )  # fmt: skip


@board.get("/<int:year>/papers.<any(pdf,docx):kind>")
@requires("decisions.decide")
def file(year: int, kind: str) -> Response:
    """The same as a file."""
    document = _document(year)
    with in_language(asked_language()):
        name = _("decisions")
    return as_file(f"{name}-{year}-{asked_language()}", kind, lambda: pressed(document, kind))
