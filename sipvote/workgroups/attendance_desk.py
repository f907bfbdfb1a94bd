"""What those who run a group do about a meeting: agenda, attendance, the sheet on paper; and who is secretary."""

from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db, now
from ..errors import Refused, see_other
from . import attending, insiders
from .facilitate import asked_meeting, asked_to_run, facilitate
from .life_forms import AgendaForm
from .models import Meeting, Signup

CAME = {"yes": True, "no": False, "undo": None}


@facilitate.route("/<int:group_id>/meetings/<int:meeting_id>/agenda", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def agenda(year: int, group_id: int, meeting_id: int) -> Any:
    group = asked_to_run(year, group_id)
    meeting = asked_meeting(group, meeting_id)
    form = AgendaForm(obj=meeting)
    if form.validate_on_submit():
        insiders.write_agenda(meeting, form.agenda.data or "", current_user.member_id)
        db.session.commit()
        flash(_("The agenda is saved. The people in the group see it."), "ok")
        return see_other(url_for(".group", year=year, group_id=group_id))
    return render_template(
        "facilitate/agenda.html", edition=group.edition, group=group, meeting=meeting, form=form
    )  # fmt: skip


@facilitate.get("/<int:group_id>/meetings/<int:meeting_id>/attendance")
@requires("workgroups.facilitate")
def attendance(year: int, group_id: int, meeting_id: int) -> str:
    """Everybody with two buttons. The page carries the server's clock, which taps are timed by."""
    group = asked_to_run(year, group_id)
    meeting = asked_meeting(group, meeting_id)
    return render_template(
        "facilitate/attendance.html", edition=group.edition, group=group, meeting=meeting,
        number=1 + group.meetings.index(meeting), sheet=attending.sheet(meeting),
        why_not=attending.why_not_take(meeting), clock_ms=round(now().timestamp() * 1000),
    )  # fmt: skip


@facilitate.post("/<int:group_id>/meetings/<int:meeting_id>/attendance/<int:signup_id>")
@requires("workgroups.facilitate")
def mark(year: int, group_id: int, meeting_id: int, signup_id: int) -> Any:
    """One tap. A script gets JSON; a form comes back to its row."""
    group = asked_to_run(year, group_id)
    meeting = asked_meeting(group, meeting_id)
    signup, came = db.get_or_404(Signup, signup_id), request.form.get("came", "")
    if came not in CAME:
        abort(400)
    by_script = request.accept_mimetypes.best == "application/json"
    try:
        attending.mark(meeting, signup, CAME[came], _tapped_at(), current_user.member_id)
        db.session.commit()
    except Refused as refused:
        if not by_script:
            raise
        return jsonify(why=refused.why), 409
    if by_script:
        return jsonify(_how_it_stands(meeting, signup))
    page = url_for(".attendance", year=year, group_id=group_id, meeting_id=meeting_id)
    return see_other(f"{page}#p{signup_id}")


def _tapped_at() -> datetime:
    """When it was tapped, as the script says in milliseconds; now, for a form without one."""
    said = request.form.get("at", "")
    if not said:
        return now()
    try:
        return datetime.fromtimestamp(int(said) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        abort(400)


def _how_it_stands(meeting: Meeting, signup: Signup) -> dict[str, Any]:
    """What the row and the line above the list say after a tap, which may have come too late to change anything."""
    db.session.expire_all()
    sheet = attending.sheet(meeting)
    row = next((r for r in sheet.expected if r.signup.id == signup.id), None)
    words = {value: word for word, value in CAME.items()}
    return {"came": words[row.came if row else None], "marked": sheet.marked, "of": len(sheet.expected)}


@facilitate.get("/<int:group_id>/meetings/<int:meeting_id>/sheet")
@requires("workgroups.facilitate")
def sheet(year: int, group_id: int, meeting_id: int) -> str:
    """The attendance on paper: as it was taken, or with ?blank=1 to be signed."""
    group = asked_to_run(year, group_id)
    meeting = asked_meeting(group, meeting_id)
    return render_template(
        "facilitate/sheet.html", edition=group.edition, group=group, meeting=meeting,
        number=1 + group.meetings.index(meeting), sheet=attending.sheet(meeting), blank="blank" in request.args,
    )  # fmt: skip


@facilitate.post("/<int:group_id>/people/<int:signup_id>/keep")
@requires("workgroups.facilitate")
def keep(year: int, group_id: int, signup_id: int) -> Any:
    """Somebody who missed meetings keeps the place: the facilitator decides, never the machine."""
    group = asked_to_run(year, group_id)
    attending.keep_place(group, signup_id, current_user.member_id)
    db.session.commit()
    flash(_("The place is kept. You will be told if they miss another meeting."), "ok")
    return see_other(url_for(".group", year=year, group_id=group_id))


@facilitate.post("/<int:group_id>/secretary")
@requires("workgroups.facilitate")
def secretary(year: int, group_id: int) -> Any:
    group = asked_to_run(year, group_id)
    chosen = request.form.get("member", type=int)
    member = next((p for p in insiders.people_in(group) if p.id == chosen), None)
    if chosen and member is None:
        abort(404)
    insiders.name_secretary(group, member, current_user.member_id)
    db.session.commit()
    said = _("%(name)s writes the minutes from now on.", name=group.secretary.name) if group.secretary else ""
    flash(said or _("The group has no secretary now. The facilitators can write the minutes."), "ok")
    return see_other(url_for(".group", year=year, group_id=group_id))
