"""What is erased: the rules, the certificates, and erasing a former member; for organisers, and the board to read."""

from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from ..access import requires
from ..db import db
from ..errors import see_other
from ..members import rules as members
from ..members.models import Member
from . import contest, erasing, rules
from .models import Certificate

desk = Blueprint("retention", __name__)


@desk.get("/retention")
@requires("retention.see")
def index() -> str:
    """The rules, with what is due now, and every certificate."""
    found = select(Certificate).order_by(Certificate.id.desc())
    page = db.paginate(found, per_page=50, max_per_page=50)
    return render_template("retention/index.html", due=rules.due(), page=page, contest=contest.period().days)


@desk.get("/retention/certificates/<int:certificate_id>")
@requires("retention.see")
def certificate(certificate_id: int) -> str:
    found = db.get_or_404(Certificate, certificate_id)
    by = db.session.get(Member, found.by_id) if found.by_id else None
    named = erasing.BY_NAME if found.kind == "erasure" else rules.BY_NAME
    return render_template("retention/certificate.html", certificate=found, by=by, named=named)


@desk.get("/members/<int:member_id>/erase")
@requires("members.erase")
def ask(member_id: int) -> str:
    """What goes, what stays and why; or why nobody can be erased who is a member."""
    member = db.get_or_404(Member, member_id)
    why_not = erasing.why_not_erase(member)
    parts = [] if why_not else erasing.preview(member)
    return render_template("retention/erase.html", member=member, why_not=why_not, parts=parts, fates=erasing.Fate)


@desk.post("/members/<int:member_id>/erase")
@requires("members.erase")
def erase(member_id: int) -> Any:
    member = db.get_or_404(Member, member_id)
    here = url_for(".ask", member_id=member_id)
    if not members.is_fresh(current_user.sign_in_id):
        flash(_("You signed in more than half an hour ago. Sign in again, then confirm."), "warn")
        return see_other(url_for("members.sign_in", next=here, again=1))
    found = erasing.erase(member, current_user.member_id)
    db.session.commit()
    rules.settle()
    flash(_("The member is erased. This is the certificate."), "ok")
    return see_other(url_for(".certificate", certificate_id=found.id))
