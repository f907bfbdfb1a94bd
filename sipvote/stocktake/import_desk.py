"""Importing the list: send a file, look at what would change, apply it or throw it away."""

from typing import Any

from flask import Response, flash, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .. import spreadsheets
from ..access import requires
from ..db import db, learn_sizes, now
from ..errors import Refused, see_other
from ..exports import download
from . import applying, importing, reading, sheet
from .desk import desk
from .forms import ListForm
from .models import ListUpload

__all__ = ["desk"]


@desk.route("/import", methods=["GET", "POST"])
@requires("stocktake.keep")
def upload() -> Any:
    form = ListForm(reason=_("Taken over from the list."))
    if form.validate_on_submit():
        file = form.file.data
        reason = (form.reason.data or "").strip()
        kept = applying.keep(file.filename, file.read(), reason, current_user.member_id)
        db.session.commit()
        return see_other(url_for(".preview", upload_id=kept.id))
    return render_template("stocktake_desk/upload.html", form=form, columns=sheet.COLUMNS, computed=sheet.COMPUTED)


def _read(kept: ListUpload) -> tuple[reading.Table, importing.Plan]:
    table = reading.read(kept.content)
    return table, importing.Plan() if table.fault else importing.compare(table, kept.reason)


@desk.get("/import/<int:upload_id>")
@requires("stocktake.keep")
def preview(upload_id: int) -> str:
    kept = db.get_or_404(ListUpload, upload_id)
    table, plan = (reading.Table(), importing.Plan()) if kept.applied_at else _read(kept)
    return render_template(
        "stocktake_desk/preview.html", kept=kept, table=table, plan=plan, shown=importing.SHOWN,
        nothing=not (plan.new or plan.changed),
    )  # fmt: skip


@desk.post("/import/<int:upload_id>/apply/<digest>")
@requires("stocktake.keep")
def apply(upload_id: int, digest: str) -> Any:
    asked = select(ListUpload).where(ListUpload.id == upload_id).with_for_update()
    kept = db.first_or_404(asked)
    if kept.applied_at:
        raise Refused(_("This list was imported already."))
    try:
        _table, plan = _read(kept)
        count = applying.apply(plan, digest, current_user.member_id, kept.filename)
        kept.applied_at, kept.content = now(), b""
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Refused(_("Somebody else changed the list meanwhile. Look at the preview again.")) from None
    learn_sizes()
    flash(
        ngettext(
            "The list is imported: %(num)d recommendation is new or changed.",
            "The list is imported: %(num)d recommendations are new or changed.",
            count,
        ),
        "ok",
    )
    return see_other(url_for(".index"))


@desk.post("/import/<int:upload_id>/discard")
@requires("stocktake.keep")
def discard(upload_id: int) -> Any:
    if kept := db.session.get(ListUpload, upload_id):  # a second click finds it gone already
        applying.discard(kept, current_user.member_id)
        db.session.commit()
    flash(_("The file was thrown away. Nothing has changed."), "ok")
    return see_other(url_for(".upload"))


@desk.get("/import/<int:upload_id>/faulty.csv")
@requires("stocktake.keep")
def faulty(upload_id: int) -> Response:
    """The rows that are left out, as they came, each with its line and what is wrong: to mend, and to send again."""
    table, plan = _read(db.get_or_404(ListUpload, upload_id))
    headings = [heading for heading in table.headings if heading and heading not in ("line", "fault")]
    rows = [
        [given.row, " ".join(given.faults), *(given.raw.get(heading, "") for heading in headings)]
        for given in plan.faulty
    ]
    body = "".join(spreadsheets.csv_lines(["line", "fault", *headings], rows)).encode()
    return download(body, "faulty.csv", "text/csv; charset=utf-8")
