"""Letters to the group, by whoever runs it: written, looked at, sent once."""

from typing import Any

from flask import flash, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from ..access import requires
from ..db import db
from ..errors import Refused, see_other
from ..members.models import Member
from . import group_mail
from .facilitate import asked_to_run, facilitate
from .life_forms import LetterForm
from .models import Workgroup


@facilitate.route("/<int:group_id>/write", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def write(year: int, group_id: int) -> Any:
    """The form; when it is filled in, the letter as it will read, and how many get it."""
    group, form = asked_to_run(year, group_id), LetterForm()
    if form.validate_on_submit():
        return _preview(group, form)
    return _form_page(group, form)


@facilitate.route("/<int:group_id>/write/again", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def write_again(year: int, group_id: int) -> Any:
    """Back from the preview, with everything that was typed."""
    return _form_page(asked_to_run(year, group_id), LetterForm())


@facilitate.route("/<int:group_id>/write/send", methods=["GET", "POST"])
@requires("workgroups.facilitate")
def send(year: int, group_id: int) -> Any:
    group, form = asked_to_run(year, group_id), LetterForm()
    if not form.validate_on_submit():
        return _form_page(group, form)
    words = form.subject.data or "", form.words.data or ""
    count = group_mail.send(group, _me(), form.key.data or "", words, form.also.data or [])
    db.session.commit()
    sent = ngettext("The letter goes to %(num)d person, and a copy to you.",
                    "The letter goes to %(num)d people, and a copy to you.", count)  # fmt: skip
    flash(sent if count else _("This letter was sent already, and is not sent again."), "ok")
    return see_other(url_for(".group", year=year, group_id=group_id))


def _me() -> Member:
    return db.session.get_one(Member, current_user.member_id)


def _form_page(group: Workgroup, form: LetterForm) -> str:
    if why := group_mail.why_not_write(group, _me()):
        raise Refused(why)
    return render_template("facilitate/write.html", edition=group.edition, group=group, form=form)


def _preview(group: Workgroup, form: LetterForm) -> str:
    people, without = group_mail.addressees(group, form.also.data or [])
    return render_template(
        "facilitate/preview.html", edition=group.edition, group=group, form=form, people=people, without=without,
        me=_me(),
    )  # fmt: skip
