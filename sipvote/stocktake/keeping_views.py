"""What organisers do with the stocktake: publish it, see what nobody looks at, set the reminders."""

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..access import requires, weighs
from ..db import db
from ..errors import Refused, see_other
from ..exports import csv_file, xlsx_file
from ..members.asked_views import asked_instead
from ..paging import ListPage
from . import answering, publishing, reminding, seen
from .answering import Opened
from .figures_views import figures_of, stocktake
from .reminder_forms import RemindersForm
from .rows import Row
from .words import STATUSES

PER_PAGE = 50
SHOWS = {"": _l("All that is open"), "late": _l("Late"), "nobody": _l("Nobody to answer for it")}
COLUMNS: list[tuple[Any, Any]] = [
    (_l("Id"), lambda each: each.row.id),
    (_l("Recommendation"), lambda each: each.label),
    (_l("Title"), lambda each: each.row.title),
    (_l("Status"), lambda each: str(STATUSES[each.row.status])),
    (_l("Since"), lambda each: each.row.since),
    (_l("Last looked at"), lambda each: each.seen_at),
    (_l("Days since"), lambda each: each.days),
    (_l("Answers for it"), lambda each: each.says),
    (_l("Can be written to"), lambda each: _("yes") if each.reachable else _("no")),
    (_l("Late"), lambda each: _("yes") if each.is_late else _("no")),
]


# --- Publishing -------------------------------------------------------------------------------------


@stocktake.get("/publish")
@requires("stocktake.keep")
def preview() -> str:
    """What would be published of a day, before it is for good."""
    typed = request.args.get("day", "") or seen.today().isoformat()
    fault = seen.why_not_see(typed)
    found = None if fault else seen.of_day(seen.read_day(typed) or seen.today())
    why = fault or (publishing.why_not_publish(found.day, found.figures.whole.total) if found else None)
    return render_template(
        "stocktake/publish.html", typed=typed, why=why, today=seen.today(), looked_at=publishing.looked_at(),
        **(figures_of(found) if found and not why else {}),
    )  # fmt: skip


@stocktake.post("/publish")
@requires("stocktake.keep")
@weighs
def publish() -> Any:
    day = seen.read_day(request.form.get("day", "")) or abort(400)
    looked_at = request.form.get("looked_at", "")
    if why := publishing.why_not_publish_seen(day, looked_at):
        raise Refused(why)
    if asked := asked_instead("publish stocktake", f"stocktake {day}", day=day.isoformat(), seen=looked_at):
        return asked
    made = publishing.publish(day, looked_at, current_user.member_id)
    db.session.commit()
    flash(_("The stocktake is published, and stays as it is."), "ok")
    return see_other(url_for(".one", day=made.day.isoformat()))


# --- What nobody looks at ---------------------------------------------------------------------------


def _shown() -> tuple[str, Opened, dict[str, Sequence[Row]]]:
    """Which part is asked for, and what is in each part."""
    opened = answering.opened()
    show = request.args.get("show", "") if request.args.get("show") in SHOWS else ""
    return show, opened, {"": opened.all, "late": opened.late, "nobody": opened.of_nobody}


@stocktake.get("/unseen")
@requires("stocktake.keep")
def unseen() -> str:
    """What is neither done nor rejected: what nobody has looked at for longest comes first."""
    show, opened, parts = _shown()
    page = ListPage.asked(parts[show], PER_PAGE)
    return render_template(
        "stocktake/unseen.html", page=page, found=opened.of(page.items), show=show, shows=SHOWS, statuses=STATUSES,
        counts={name: len(part) for name, part in parts.items()}, days=answering.settings().remind_after_days,
    )  # fmt: skip


@stocktake.get("/unseen.<any(csv, xlsx):kind>")
@requires("stocktake.keep")
def unseen_file(kind: str) -> Response:
    show, opened, parts = _shown()
    write = csv_file if kind == "csv" else xlsx_file
    return write(f"sipvote-open-{seen.today()}", COLUMNS, opened.of(parts[show]))


@stocktake.route("/reminders", methods=["GET", "POST"])
@requires("stocktake.keep")
def reminders() -> Any:
    """Set after how many days a status is late."""
    form = RemindersForm(data={"days": answering.settings().remind_after_days})
    if form.validate_on_submit():
        reminding.set_days(form.days.data or 0, current_user.member_id)
        db.session.commit()
        flash(_("The reminders are set."), "ok")
        return see_other(url_for(".unseen"))
    return render_template("stocktake/reminders.html", form=form, pause=reminding.PAUSE.days)
