"""Inside a group: the page for its members, with agenda, minutes, files and next steps; nobody else gets in."""

from typing import Any

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ..db import db
from ..errors import see_other
from ..i18n import LANGUAGES
from . import insiders, minutes, papers, rules, steps
from .exports import MODE_NAMES
from .life_forms import FileForm, StepForm
from .life_models import GroupFile, NextStep
from .models import Workgroup
from .views import asked_group

inside = Blueprint("inside", __name__, url_prefix="/<int:year>/groups/<int:group_id>/inside")


def asked_inside(year: int, group_id: int) -> Workgroup:
    """The group in the address, for the people in it, its facilitators and organisers; for others it is not there."""
    group = asked_group(year, group_id)
    if not insiders.is_inside(current_user, group):
        abort(404)
    return group


def back_to(group: Workgroup, part: str) -> Any:
    """To a part of the group's inner page."""
    return see_other(url_for("inside.show", year=group.edition.year, group_id=group.id) + f"#{part}")


@inside.get("/")
def show(year: int, group_id: int) -> str:
    group = asked_inside(year, group_id)
    return _page(group, _step_form(group), FileForm())


def _step_form(group: Workgroup) -> StepForm:
    form = StepForm()
    people = [SelectChoice(p.id, p.name) for p in insiders.people_in(group)]
    form.who.choices = [SelectChoice(0, _("nobody yet")), *people]
    return form


def _page(group: Workgroup, step_form: StepForm, file_form: FileForm) -> str:
    """With the forms that were sent from it, and what is wrong with them."""
    written, me = minutes.of_group(group), current_user.member_id
    return render_template(
        "inside/show.html", edition=group.edition, group=group, modes=MODE_NAMES, languages_of=LANGUAGES,
        people=insiders.people_in(group), leads=rules.leads(me, group), writes=insiders.may_write(me, group),
        written=written, files=papers.files_of(group), may_remove=lambda file: papers.may_remove(file, me),
        mine=rules.signup_of(me, group), steps=steps.steps_of(group), is_overdue=steps.is_overdue,
        step_form=step_form, file_form=file_form,
    )  # fmt: skip


@inside.post("/needs")
def needs(year: int, group_id: int) -> Any:
    """What a member tells those who run the group, so that they can take part."""
    group = asked_inside(year, group_id)
    insiders.tell_needs(group, current_user.member_id, request.form.get("needs", ""))
    db.session.commit()
    flash(_("Saved. Only the facilitators of your group and the organisers see it."), "ok")
    return back_to(group, "needs")


# --- Files ------------------------------------------------------------------------------------------


@inside.route("/files", methods=["GET", "POST"])
def upload(year: int, group_id: int) -> Any:
    group, form = asked_inside(year, group_id), FileForm()
    if not form.validate_on_submit():
        return _page(group, _step_form(group), form)
    sent: FileStorage = form.file.data
    content = sent.read(papers.LARGEST + 1)
    sent.close()
    file = papers.add(group, sent.filename or "", content, current_user.member_id)
    db.session.commit()
    flash(_("The file “%(name)s” is there for the group.", name=file.name), "ok")
    return back_to(group, "files")


@inside.get("/files/<int:file_id>")
def file(year: int, group_id: int, file_id: int) -> Response:
    """A download whatever it is: a browser never shows or runs what somebody uploaded."""
    found = _asked_file(asked_inside(year, group_id), file_id)
    response = Response(found.content, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    response.headers.set("Content-Security-Policy", "sandbox")
    return response


@inside.post("/files/<int:file_id>/remove")
def remove_file(year: int, group_id: int, file_id: int) -> Any:
    group = asked_inside(year, group_id)
    papers.remove(_asked_file(group, file_id), current_user.member_id)
    db.session.commit()
    flash(_("The file is removed."), "ok")
    return back_to(group, "files")


def _asked_file(group: Workgroup, file_id: int) -> GroupFile:
    found = db.get_or_404(GroupFile, file_id)
    return found if found.workgroup_id == group.id else abort(404)


# --- Next steps -------------------------------------------------------------------------------------


@inside.route("/steps", methods=["GET", "POST"])
def agree(year: int, group_id: int) -> Any:
    group = asked_inside(year, group_id)
    form = _step_form(group)
    if not form.validate_on_submit():
        return _page(group, form, FileForm(formdata=None))
    steps.agree(group, form.what.data or "", form.who.data or None, form.due.data)
    db.session.commit()
    return back_to(group, "steps")


@inside.post("/steps/<int:step_id>/done")
def done(year: int, group_id: int, step_id: int) -> Any:
    group = asked_inside(year, group_id)
    steps.do(_asked_step(group, step_id))
    db.session.commit()
    return back_to(group, "steps")


@inside.post("/steps/<int:step_id>/not-done")
def not_done(year: int, group_id: int, step_id: int) -> Any:
    group = asked_inside(year, group_id)
    steps.undo(_asked_step(group, step_id))
    db.session.commit()
    return back_to(group, "steps")


@inside.post("/steps/<int:step_id>/remove")
def remove_step(year: int, group_id: int, step_id: int) -> Any:
    group = asked_inside(year, group_id)
    steps.remove(_asked_step(group, step_id), current_user.member_id)
    db.session.commit()
    return back_to(group, "steps")


def _asked_step(group: Workgroup, step_id: int) -> NextStep:
    found = db.get_or_404(NextStep, step_id)
    return found if found.workgroup_id == group.id else abort(404)
