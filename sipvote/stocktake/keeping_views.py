"""What organisers do with the stocktake: publish it, see what nobody looks at, set the reminders."""

from typing import Any

from flask import Response, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..access import requires
from ..db import db
from ..errors import see_other
from ..exports import csv_file, xlsx_file
from ..paging import ListPage
from . import answering, publishing, reminding, seen
from .answering import Answered
from .figures_views import figures_of, stocktake
from .reminder_forms import RemindersForm
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
    day = seen.read_day(typed) or seen.today()
    why = fault or publishing.why_not_publish(day)
    found = None if why else publishing.drafted(day)
    return render_template(
        "stocktake/publish.html", typed=typed, day=day, why=why, found=found, today=seen.today(),
        **(figures_of(seen.of_content(day, found.content)) if found else {}),
    )  # fmt: skip


@stocktake.post("/publish")
@requires("stocktake.keep")
def publish() -> Any:
    day = seen.read_day(request.form.get("day", "")) or abort(400)
    made = publishing.publish(day, request.form.get("digest", ""), current_user.member_id)
    db.session.commit()
    flash(_("The stocktake is published, and stays as it is."), "ok")
    return see_other(url_for(".one", day=made.day.isoformat()))


# --- What nobody looks at ---------------------------------------------------------------------------


def _shown() -> tuple[str, list[Answered], dict[str, int]]:
    """Which part is asked for, what is in it, and how many are in each part."""
    everything = answering.answered()
    parts = {"": everything, "late": answering.late(everything), "nobody": answering.of_nobody(everything)}
    show = request.args.get("show", "") if request.args.get("show") in SHOWS else ""
    return show, parts[show], {name: len(part) for name, part in parts.items()}


@stocktake.get("/unseen")
@requires("stocktake.keep")
def unseen() -> str:
    """What is neither done nor rejected: what nobody has looked at for longest comes first."""
    show, found, counts = _shown()
    return render_template(
        "stocktake/unseen.html", page=ListPage.asked(found, PER_PAGE), show=show, shows=SHOWS, counts=counts,
        statuses=STATUSES, days=answering.settings().remind_after_days,
    )  # fmt: skip


@stocktake.get("/unseen.<any(csv, xlsx):kind>")
@requires("stocktake.keep")
def unseen_file(kind: str) -> Response:
    _show, found, _counts = _shown()
    write = csv_file if kind == "csv" else xlsx_file
    return write(f"sipvote-open-{seen.today()}", COLUMNS, found)


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
