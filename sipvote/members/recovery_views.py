"""Pages of a lost second step: saying so, and what two others say to it."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from ..access import WEIGHTY, requires, weighs
from ..db import db, now
from ..errors import Refused, see_other
from . import recovery
from .models import Member
from .step_models import Recovery
from .views import members


@members.route("/me/second-step/lost", methods=["GET", "POST"])
def lost_step() -> Any:
    """Say that one lost it; or see how far it is."""
    member = db.session.get_one(Member, current_user.member_id)
    held = current_user.roles | current_user.asleep
    if request.method == "POST":
        recovery.ask(member, held)
        db.session.commit()
        flash(_("The others hear of it by mail. Call one of them."), "ok")
        return see_other(url_for(".lost_step"))
    asked, others = (recovery.of_member(member.id), recovery.helpers(member.id)) if held & WEIGHTY else (None, [])
    return render_template(
        "members/lost_step.html", asked=asked, why=recovery.why_not_ask(member.id, held),
        others=others, until=recovery.set_up_until(member.id), now=now(), recovery=recovery,
    )  # fmt: skip


@members.post("/me/second-step/lost/withdraw")
def withdraw_recovery() -> Any:
    if not (current_user.roles | current_user.asleep) & WEIGHTY:  # a personal link holds no role
        raise Refused(_("Only officials need a second step."))
    recovery.withdraw(db.session.get_one(Member, current_user.member_id))
    db.session.commit()
    flash(_("It is no longer asked, and nothing has happened."), "ok")
    return see_other(url_for(".lost_step"))


@members.post("/recoveries/<int:recovery_id>/confirm")
@requires("acts.confirm")
@weighs
def confirm_recovery(recovery_id: int) -> Any:
    """The word of one of two who have spoken with who lost it."""
    if "spoken" not in request.form:
        raise Refused(_("Speak with them first, then tick that you did."))
    try:
        is_done = recovery.confirm(db.get_or_404(Recovery, recovery_id), current_user.member_id)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Refused(_("Something changed meanwhile. Look at it again.")) from None
    first, second = _("You have confirmed it. One more person is needed."), _("It is done. They are told by mail.")
    flash(second if is_done else first, "ok")
    return see_other(url_for(".asked_acts"))


@members.post("/recoveries/<int:recovery_id>/refuse")
@requires("acts.confirm")
def refuse_recovery(recovery_id: int) -> Any:
    recovery.refuse(db.get_or_404(Recovery, recovery_id), current_user.member_id, request.form.get("why", ""))
    db.session.commit()
    flash(_("It is no longer asked, and nothing has happened."), "ok")
    return see_other(url_for(".asked_acts"))
