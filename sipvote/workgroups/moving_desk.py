"""What facilitators do about dates: move a meeting, see who comes, open the group for late joiners."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db
from ..errors import Refused, see_other
from ..fields import typed
from ..i18n import span
from . import coming, counts, late, moving
from .facilitate import asked_meeting, asked_to_run, facilitate
from .forms import MoveForm, PreviewForm
from .models import Meeting, Workgroup


@facilitate.route("/<int:group_id>/move/<int:meeting_id>", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def move(year: int, group_id: int, meeting_id: int) -> Any:
    """First a date; then, by GET, what it asks of everybody; then it is saved."""
    group = asked_to_run(year, group_id)
    meeting = asked_meeting(group, meeting_id)
    if request.method == "POST":
        return _save(group, meeting)
    is_asked = "start" in request.args
    form = PreviewForm(request.args if is_asked else None, data={"start": typed(meeting.starts_at)})
    consequence = None
    if is_asked and form.validate():
        if why := moving.why_not_move(group, meeting, form.start.moment):
            form.start.errors = [why]
        else:
            consequence = moving.consequences(group, [moving.new_span(meeting, form.start.moment)])[0]
    return render_template(
        "facilitate/move.html", edition=group.edition, group=group, meeting=meeting, form=form,
        consequence=consequence, Reply=moving.Reply,
    )  # fmt: skip


def _save(group: Workgroup, meeting: Meeting) -> Any:
    form = MoveForm()
    if not form.validate():
        raise Refused(_("Write the day and the time like 2026-11-12 18:00."))
    moving.move(group, meeting, form.start.moment, current_user.member_id)
    db.session.commit()
    when = span(meeting.starts_at, meeting.ends_at)
    flash(_("The meeting has moved to %(when)s. Everybody is asked again.", when=when), "ok")
    return see_other(url_for(".answers", year=group.edition.year, group_id=group.id))


@facilitate.get("/<int:group_id>/answers")
@requires("workgroups.facilitate")
def answers(year: int, group_id: int) -> str:
    """For each meeting to come who comes, who cannot, who has not said; and who has not confirmed a place."""
    group = asked_to_run(year, group_id)
    return render_template(
        "facilitate/answers.html", edition=group.edition, group=group, answers=coming.answers(group),
        offered=coming.offered(group), Answer=coming.Answer,
    )  # fmt: skip


@facilitate.get("/<int:group_id>/late")
@requires("workgroups.facilitate")
def late_joiners(year: int, group_id: int) -> str:
    group = asked_to_run(year, group_id)
    return render_template(
        "facilitate/late.html", edition=group.edition, group=group, why_not=late.why_not_open(group),
        numbers=counts.numbers_of([group])[group.id],
    )  # fmt: skip


@facilitate.post("/<int:group_id>/late/open")
@requires("workgroups.facilitate")
def open_late(year: int, group_id: int) -> Any:
    group = asked_to_run(year, group_id)
    late.open_(group, current_user.member_id)
    db.session.commit()
    flash(_("The group is open for late joiners. Free places are offered to the waiting list."), "ok")
    return see_other(url_for(".late_joiners", year=year, group_id=group_id))


@facilitate.post("/<int:group_id>/late/close")
@requires("workgroups.facilitate")
def close_late(year: int, group_id: int) -> Any:
    group = asked_to_run(year, group_id)
    late.close(group, current_user.member_id)
    db.session.commit()
    flash(_("Nobody can join the group any more."), "ok")
    return see_other(url_for(".late_joiners", year=year, group_id=group_id))
