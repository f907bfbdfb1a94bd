"""The assembly desk of organisers: its plan, opening and closing, incidents for the minutes."""

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db, now
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import csv_file, xlsx_file
from ..fields import typed
from . import presence, quorum, rules
from .forms import COUNTED, QUORUM_NAMES, IncidentForm, form_for
from .models import Incident
from .views import asked_assembly

desk = Blueprint("assembly_desk", __name__, url_prefix="/<int:year>/assembly/desk")


def _done(year: int, said: str, view: str = ".index") -> Any:
    """Keep what an act has done, say so, and go back."""
    db.session.commit()
    flash(said, "ok")
    return see_other(url_for(view, year=year))


@desk.get("/")
@requires("assembly.plan")
def index(year: int) -> str:
    edition = asked_edition(year)
    assembly = rules.of_edition(edition)
    if assembly is None:
        return render_template("assembly_desk/index.html", assembly=None)
    return render_template(
        "assembly_desk/index.html", assembly=assembly, standing=quorum.standing(assembly), rules=rules,
        incidents=rules.incidents(assembly), doors=presence.why_not_now(assembly),
    )  # fmt: skip


@desk.route("/settings", methods=["GET", "POST"])
@requires("assembly.plan")
def settings(year: int) -> Any:
    """Plan the assembly, or change its plan; what is fixed is told instead of asked."""
    edition = asked_edition(year)
    assembly = rules.of_edition(edition)
    fixed = rules.fixed(edition, assembly)
    form, why_not = form_for(assembly, fixed), rules.why_not_change(assembly)
    if why_not is None and form.validate_on_submit():
        wanted = form.plan(fixed)
        if fault := rules.why_not_plan(edition, wanted, assembly):
            form.show(fault)
        else:
            try:
                rules.plan(edition, wanted, current_user.member_id)
                return _done(year, _("The plan of the assembly is saved."))
            except Refused as refused:
                db.session.rollback()
                form.refuse(refused.why)
    return render_template(
        "assembly_desk/settings.html", assembly=assembly, form=form, fixed=fixed, why_not=why_not,
        is_frozen=edition.themes_frozen_at is not None, counted=COUNTED, quorum_names=QUORUM_NAMES,
    )  # fmt: skip


@desk.post("/open")
@requires("assembly.plan")
def open_(year: int) -> Any:
    assembly = asked_assembly(year)
    standing = quorum.standing(assembly)
    rules.open_(assembly, current_user.member_id, standing.counted, **standing.parts)
    return _done(year, _("The assembly is open."))


@desk.post("/close")
@requires("assembly.plan")
def close(year: int) -> Any:
    assembly = asked_assembly(year)
    standing = quorum.standing(assembly)
    rules.close(assembly, current_user.member_id, standing.counted, **standing.parts)
    return _done(year, _("The assembly is closed."))


# --- Incidents --------------------------------------------------------------------------------------


@desk.route("/incidents", methods=["GET", "POST"])
@requires("assembly.incidents")
def incidents(year: int) -> Any:
    assembly = asked_assembly(year)
    form = IncidentForm(data={"happened_at": typed(now())})
    if form.validate_on_submit():
        until = form.until_at.moment if form.until_at.data else None
        if fault := rules.why_not_note(form.happened_at.moment, until):
            form[fault[0]].errors = [*form[fault[0]].errors, fault[1]]
        else:
            what, remedy = form.text.data or "", form.remedy.data or ""
            rules.note_incident(assembly, form.happened_at.moment, what, current_user.member_id, until, remedy)
            return _done(year, _("The incident is noted."), ".incidents")
    return render_template(
        "assembly_desk/incidents.html", assembly=assembly, form=form, noted=rules.incidents(assembly),
        why_not_remove=rules.why_not_remove(assembly),
    )  # fmt: skip


@desk.get("/incidents.<any(csv, xlsx):kind>")
@requires("assembly.incidents")
def incidents_file(year: int, kind: str) -> Any:
    """What was noted, for the minutes, with the fingerprints that the audit log keeps."""
    columns = [
        (_("From"), lambda i: i.happened_at),
        (_("Until"), lambda i: i.until_at),
        (_("What happened"), lambda i: i.text),
        (_("What was done"), lambda i: i.remedy),
        (_("Fingerprint"), rules.fingerprint),
    ]
    noted = rules.incidents(asked_assembly(year))
    return (csv_file if kind == "csv" else xlsx_file)(f"incidents-{year}", columns, noted)


@desk.post("/incidents/<int:incident_id>/remove")
@requires("assembly.incidents")
def remove_incident(year: int, incident_id: int) -> Any:
    assembly = asked_assembly(year)
    noted = db.session.get(Incident, incident_id)
    if noted and noted.assembly_id == assembly.id:  # a second click finds it gone already
        rules.remove_incident(assembly, noted, current_user.member_id)
    return _done(year, _("The incident was taken from the log."), ".incidents")
