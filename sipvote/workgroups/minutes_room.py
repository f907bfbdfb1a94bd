"""The minutes of a meeting, inside a group: read, written (kept while one writes), submitted, approved."""

from typing import Any

from flask import flash, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..db import db
from ..errors import Refused, see_other
from ..members.models import Member
from . import insiders, minutes
from .facilitate import asked_meeting
from .inside import asked_inside, inside
from .life_forms import MinutesForm
from .models import Meeting, Workgroup

ROOM = "/minutes/<int:meeting_id>"


def _asked(year: int, group_id: int, meeting_id: int) -> tuple[Workgroup, Meeting]:
    group = asked_inside(year, group_id)
    return group, asked_meeting(group, meeting_id)


def _read(meeting: Meeting) -> Any:
    group = meeting.workgroup
    return see_other(url_for(".read", year=group.edition.year, group_id=group.id, meeting_id=meeting.id))


@inside.get(ROOM)
def read(year: int, group_id: int, meeting_id: int) -> str:
    """Before they are submitted, they are notes: only those who write them see them."""
    group, meeting = _asked(year, group_id, meeting_id)
    me, written = current_user.member_id, minutes.of_meeting(meeting)
    writes = insiders.may_write(me, group)
    if written and not (written.submitted_at or writes):
        written = None
    standing = minutes.standing(written) if written else None
    mine = next((a for a in written.answers if a.member_id == me), None) if written else None
    return render_template(
        "inside/minutes.html", edition=group.edition, group=group, meeting=meeting, minutes=written, writes=writes,
        standing=standing, came=minutes.present_at(meeting, guests=True), number=1 + group.meetings.index(meeting),
        why_not_answer=minutes.why_not_answer(meeting, me), mine=mine,
        why_not_submit=minutes.why_not_submit(meeting, me),
    )  # fmt: skip


@inside.route(f"{ROOM}/write", methods=["GET", "POST"])
def write(year: int, group_id: int, meeting_id: int) -> Any:
    _group, meeting = _asked(year, group_id, meeting_id)
    if why := minutes.why_not_write(meeting, current_user.member_id):
        raise Refused(why)
    written = minutes.of_meeting(meeting)
    form = MinutesForm(seen=written.written_at.isoformat() if written else "", words=written.text if written else "")
    if form.validate_on_submit():
        try:
            minutes.write(meeting, form.words.data or "", form.seen.data or "", current_user.member_id)
            db.session.commit()
        except minutes.Overtaken as overtaken:
            return _both_texts(meeting, form, overtaken)
        return _read(meeting)
    return _write_page(meeting, form, written)


def _both_texts(meeting: Meeting, form: MinutesForm, overtaken: minutes.Overtaken) -> str:
    """The writer's words in the field, the others beside it; saving again replaces what was seen now."""
    written = minutes.of_meeting(meeting)
    form.seen.data = written.written_at.isoformat() if written else ""
    form.words.errors = [overtaken.why]
    return _write_page(meeting, form, written, other=written.text if written else "")


def _write_page(meeting: Meeting, form: MinutesForm, written: minutes.Minutes | None, other: str = "") -> str:
    group = meeting.workgroup
    return render_template(
        "inside/write_minutes.html", edition=group.edition, group=group, meeting=meeting, form=form, other=other,
        is_draft=written is None or written.submitted_at is None, number=1 + group.meetings.index(meeting),
    )  # fmt: skip


@inside.post(f"{ROOM}/draft")
def draft(year: int, group_id: int, meeting_id: int) -> Any:
    """What the script sends while somebody writes notes: kept, or why not. What was submitted is saved by hand only."""
    _group, meeting = _asked(year, group_id, meeting_id)
    written = minutes.of_meeting(meeting)
    try:
        if written and written.submitted_at:
            raise Refused(_("These minutes were submitted. Save the change with the button: it asks everybody again."))
        seen = request.form.get("seen", "")
        kept = minutes.write(meeting, request.form.get("words", ""), seen, current_user.member_id)
        db.session.commit()
    except Refused as refused:
        return jsonify(why=refused.why), 409
    return jsonify(seen=kept.written_at.isoformat())


@inside.post(f"{ROOM}/submit")
def submit(year: int, group_id: int, meeting_id: int) -> Any:
    _group, meeting = _asked(year, group_id, meeting_id)
    minutes.submit(meeting, current_user.member_id)
    db.session.commit()
    flash(_("The minutes are submitted. Everybody who was present gets a mail."), "ok")
    return _read(meeting)


@inside.post(f"{ROOM}/approve")
def approve(year: int, group_id: int, meeting_id: int) -> Any:
    _group, meeting = _asked(year, group_id, meeting_id)
    me = db.session.get_one(Member, current_user.member_id)
    minutes.answer(meeting, me, None, request.form.get("seen", ""))
    db.session.commit()
    flash(_("Thank you. You approved these minutes."), "ok")
    return _read(meeting)


@inside.post(f"{ROOM}/remark")
def remark(year: int, group_id: int, meeting_id: int) -> Any:
    _group, meeting = _asked(year, group_id, meeting_id)
    me = db.session.get_one(Member, current_user.member_id)
    minutes.answer(meeting, me, request.form.get("remark", ""), request.form.get("seen", ""))
    db.session.commit()
    flash(_("Thank you. Whoever wrote the minutes gets your remark."), "ok")
    return _read(meeting)
