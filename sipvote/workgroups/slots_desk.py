"""Candidate slots of a group, for organisers and the facilitators who may see it: propose, mark, change, remove."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from ..access import requires
from ..db import db
from ..errors import Refused, see_other
from ..i18n import ZONE
from . import free_days, slot_marks, slots
from .exports import MODE_NAMES
from .insiders import may_see
from .models import Mode, Workgroup
from .slot_forms import DateForm, PatternForm, first_values
from .views import asked_group

slots_desk = Blueprint("slots", __name__, url_prefix="/<int:year>/groups/plan/<int:group_id>/slots")


def _asked(year: int, group_id: int) -> Workgroup:
    group = asked_group(year, group_id)
    if not may_see(current_user, group):
        abort(404)
    return group


def _back(group: Workgroup) -> BaseResponse | Any:
    return see_other(url_for(".index", year=group.edition.year, group_id=group.id))


@slots_desk.route("/", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def index(year: int, group_id: int) -> Any:
    """The slots with what speaks against each, and the ways to propose more; a single date is sent here."""
    group = _asked(year, group_id)
    form = DateForm(data=first_values(group.edition, group))
    form.offer(group)
    if form.validate_on_submit():
        span = (form.start.moment, form.start.moment + timedelta(hours=form.hours.data or 0))
        if why := slots.why_not_change(group) or slots.why_not_slot(group.edition, *span):
            form.start.errors = [why]
        else:
            return _propose(group, [span], form.chosen_modes())
    return _page(group, form)


def _page(group: Workgroup, form: DateForm) -> str:
    edition, candidates = group.edition, slots.candidates_of([group])
    pattern = PatternForm(None, data=first_values(edition, group), prefix="")
    pattern.offer(group)
    marks = slot_marks.marks_of(group, [c.slot for c in candidates])
    calendars = free_days.calendars_of(group.cities)
    window = edition.groups_at.astimezone(ZONE).date(), edition.recommendations_at.astimezone(ZONE).date()
    return render_template(
        "slots_desk/index.html", edition=edition, group=group, form=form, pattern=pattern, most=slots.MOST,
        rows=list(zip(candidates, marks, strict=True)), ticks=slots.people_per_slot(group), modes=MODE_NAMES,
        wishers=slots.wishers(group), why_not=slots.why_not_change(group), others=slots.others_with_slots(group),
        weeks=free_days.free_weeks(*window, calendars), unsure=free_days.why_unsure(*window, calendars),
        modes_for=slots.modes_for(group), modes_of=slots.modes_of,
    )  # fmt: skip


@slots_desk.get("/preview")
@requires("workgroups.facilitate")
def preview(year: int, group_id: int) -> str:
    """What a weekly pattern means, date by date, before anything is kept."""
    group = _asked(year, group_id)
    form = PatternForm(request.args)
    form.offer(group)
    times: list[slot_marks.Span] = []
    if form.validate():
        times = slot_marks.spans_of(slots.starts_of(form.pattern()), form.hours.data or 0)
    there = {(c.slot.starts_at, c.slot.ends_at) for c in slots.candidates_of([group])}
    why_not = [slots.why_not_slot(group.edition, t.starts_at, t.ends_at) for t in times]
    known = [(t.starts_at, t.ends_at) in there for t in times]
    rows = list(zip(times, slot_marks.marks_of(group, times), why_not, known, strict=True))
    return render_template(
        "slots_desk/preview.html", edition=group.edition, group=group, form=form, rows=rows, modes=MODE_NAMES,
        free=slots.MOST - len(there), why_not=slots.why_not_change(group), zone=ZONE,
    )  # fmt: skip


@slots_desk.post("/propose")
@requires("workgroups.facilitate")
def propose(year: int, group_id: int) -> Any:
    """Keep the dates of a preview that are ticked."""
    group = _asked(year, group_id)
    hours = request.form.get("hours", type=int) or group.edition.meeting_hours
    starts = [_moment(typed) for typed in request.form.getlist("start")]
    if not starts:
        raise Refused(_("Tick the dates that you mean first."))
    return _propose(group, [(start, start + timedelta(hours=hours)) for start in starts], _modes())


def _propose(group: Workgroup, spans: list[tuple[datetime, datetime]], modes: list[Mode]) -> Any:
    added = slots.propose(group, spans, modes, current_user.member_id)
    db.session.commit()
    _say_added(added)
    return _back(group)


def _say_added(added: int) -> None:
    if added:
        flash(ngettext("%(num)d date is added.", "%(num)d dates are added.", added), "ok")
    else:
        flash(_("These dates were there already."), "info")


def _moment(typed: str) -> datetime:
    try:
        return datetime.strptime(typed, "%Y-%m-%dT%H:%M").replace(tzinfo=ZONE)
    except ValueError:
        abort(400)


def _modes() -> list[Mode]:
    return [mode for mode in Mode if mode in request.form.getlist("modes")]


@slots_desk.post("/modes")
@requires("workgroups.facilitate")
def change_modes(year: int, group_id: int) -> Any:
    group = _asked(year, group_id)
    changed = slots.change_modes(group, _slot_ids(request.form), _modes(), current_user.member_id)
    db.session.commit()
    flash(ngettext("%(num)d date is changed.", "%(num)d dates are changed.", changed), "ok")
    return _back(group)


def _slot_ids(values: Any) -> list[int]:
    return [int(value) for value in values.getlist("slot") if value.isdecimal() and len(value) < 10]


@slots_desk.route("/remove", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def remove(year: int, group_id: int) -> Any:
    """Take dates away; when people ticked them, a page says how many and asks first."""
    group, ids = _asked(year, group_id), _slot_ids(request.values)
    people = slots.ticked(group, ids)
    sure = request.form.get("sure") == "yes"
    if request.method == "POST" and (sure or not people):
        removed = slots.remove(group, ids, current_user.member_id, sure)
        db.session.commit()
        flash(ngettext("%(num)d date is removed.", "%(num)d dates are removed.", removed), "ok")
        return _back(group)
    if request.method == "POST":
        return see_other(url_for(".remove", year=year, group_id=group_id, slot=ids))
    chosen = [c for c in slots.candidates_of([group]) if c.slot_id in ids]
    return render_template("slots_desk/remove.html", edition=group.edition, group=group, chosen=chosen, people=people)


@slots_desk.post("/copy")
@requires("workgroups.facilitate")
def copy(year: int, group_id: int) -> Any:
    group = _asked(year, group_id)
    source = asked_group(year, request.form.get("source", 0, type=int))
    added = slots.copy(source, group, current_user.member_id)
    db.session.commit()
    _say_added(added)
    return _back(group)
