"""What organisers do with members: look them up, give roles, import the roll."""

from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ..access import Role, requires, weighs
from ..db import db, learn_sizes, now
from ..errors import Refused, see_other
from ..exports import csv_file
from . import roll, rules
from .asked_views import asked_instead
from .forms import ROLE_NAMES, GrantForm, RollForm
from .models import City, Grant, Member, RollUpload

desk = Blueprint("members_desk", __name__, url_prefix="/members")
PER_PAGE = 50


@desk.get("/")
@requires("members.see")
def index() -> str:
    wanted = request.args.get("q", "").strip()[:100]
    people = select(Member).order_by(Member.name, Member.id)
    if wanted:
        found = (Member.name, Member.number, Member.email)
        people = people.where(db.or_(*(column.icontains(wanted, autoescape=True) for column in found)))
    if request.args.get("roles"):
        people = people.where(Member.id.in_(select(Grant.member_id)))
    page = db.paginate(people, per_page=PER_PAGE, max_per_page=PER_PAGE)
    return render_template("members_desk/index.html", page=page, wanted=wanted, role_names=ROLE_NAMES)


@desk.route("/<int:member_id>", methods=["GET", "POST"])
@requires("members.grant")
@weighs
def member(member_id: int) -> Any:
    person = db.get_or_404(Member, member_id)
    form = GrantForm()
    cities = db.session.scalars(select(City).order_by(City.slug)).all()
    form.city.choices = [SelectChoice(0, _("Every city")), *(SelectChoice(c.id, c.name) for c in cities)]
    if form.validate_on_submit():
        city = db.session.get(City, form.city.data)
        try:
            if why := rules.why_not_grant(person, Role(form.role.data), city):
                raise Refused(why)
            facts = {"member": person.number, "role": form.role.data, "city": form.city.data}
            if asked := asked_instead("grant", f"member {person.number}", **facts):
                return asked
            rules.grant(person, Role(form.role.data), city, current_user.member_id)
            db.session.commit()
        except Refused as refused:
            form.role.errors = [*form.role.errors, refused.why]
        else:
            flash(_("%(name)s now has this role.", name=person.name), "ok")
            return see_other(url_for(".member", member_id=person.id))
    return render_template("members_desk/member.html", person=person, form=form, role_names=ROLE_NAMES)


@desk.post("/<int:member_id>/roles/<int:grant_id>/revoke")
@requires("members.grant")
@weighs
def revoke(member_id: int, grant_id: int) -> Any:
    person = db.get_or_404(Member, member_id)
    if given := db.session.get(Grant, grant_id):  # a second click finds it gone already
        if given.member_id != person.id:
            abort(404)
        facts = {"member": person.number, "role": given.role, "grant": given.id}
        if asked := asked_instead("revoke", f"member {person.number}", **facts):
            return asked
        rules.revoke(given, current_user.member_id)
        db.session.commit()
    flash(_("The role was taken back."), "ok")
    return see_other(url_for(".member", member_id=member_id))


@desk.route("/import", methods=["GET", "POST"])
@requires("members.import")
def upload() -> Any:
    form = RollForm()
    if form.validate_on_submit():
        file = form.roll.data
        kept = roll.keep(file.filename, file.read(), current_user.member_id)
        db.session.commit()
        return see_other(url_for(".preview", upload_id=kept.id))
    return render_template("members_desk/upload.html", form=form, columns=roll.COLUMNS)


@desk.get("/import/<int:upload_id>")
@requires("members.import")
def preview(upload_id: int) -> str:
    kept = db.get_or_404(RollUpload, upload_id)
    read = roll.read(kept.content)
    what = None if read.faults or kept.applied_at else roll.compare(read)
    own = what is not None and any(i == current_user.member_id for i, _n, _m in what.leaving)
    return render_template(
        "members_desk/preview.html", kept=kept, read=read, what=what, own=own, shown=roll.FAULTS_SHOWN,
        differences=roll.differences(what) if what else [],
    )  # fmt: skip


def _asked_to_import(kept: RollUpload) -> Any:
    """Ask a second person to import it; None where one may do it alone. Raises Refused."""
    read = roll.read(kept.content)
    if read.faults:
        raise Refused(_("The file has faults, so nothing was changed. Mend them and send it again."))
    return asked_instead("import roll", "members", upload=kept.id, seen=roll.stamp(kept, roll.compare(read)))


@desk.post("/import/<int:upload_id>")
@requires("members.import")
@weighs
def apply(upload_id: int) -> Any:
    kept = db.get_or_404(RollUpload, upload_id)
    if kept.applied_at:
        raise Refused(_("This roll was imported already."))
    if asked := _asked_to_import(kept):
        return asked
    try:
        what = roll.apply(roll.read(kept.content), current_user.member_id)
        # The file holds personal data: it is kept only until it has been used.
        kept.applied_at, kept.content = now(), b""
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Refused(_("Somebody else imported a roll meanwhile. Look at the preview again.")) from None
    learn_sizes()
    count = len(what.new) + len(what.changed) + len(what.leaving)
    flash(
        ngettext(
            "The roll is imported: %(num)d member changed.", "The roll is imported: %(num)d members changed.", count
        ),
        "ok",
    )
    return see_other(url_for(".index"))


@desk.post("/import/<int:upload_id>/discard")
@requires("members.import")
def discard(upload_id: int) -> Any:
    if kept := db.session.get(RollUpload, upload_id):  # a second click finds it gone already
        roll.discard(kept, current_user.member_id)
        db.session.commit()
    flash(_("The file was thrown away. Nothing has changed."), "ok")
    return see_other(url_for(".upload"))


@desk.get("/import/<int:upload_id>/faults.csv")
@requires("members.import")
def faults(upload_id: int) -> Any:
    kept = db.get_or_404(RollUpload, upload_id)
    columns = [(_("Line"), lambda f: f.line), (_("What is wrong"), lambda f: f.text)]
    return csv_file("faults", columns, roll.read(kept.content).faults)
