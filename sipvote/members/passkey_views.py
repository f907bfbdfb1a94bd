"""Adding a passkey, and giving a second step another name."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import weighs
from ..db import db
from ..errors import Refused, own_path, see_other, this_page
from . import factors, passkeys, sessions
from .forms import NameForm, PasskeyForm
from .step_models import Factor
from .step_views import let_through, me, refuse, why_not_change
from .views import members


@members.route("/me/second-step/passkey", methods=["GET", "POST"])
@weighs
def add_passkey() -> Any:
    """Add a passkey: its name, then the device makes it. Beginning is an act, for who has a factor proves it first."""
    if why := why_not_change():
        flash(why, "warn")
        return see_other(url_for("members.second_step" if current_user.asleep else "members.my_factors"))
    if request.method == "GET":
        return redirect(url_for("members.my_factors"))
    form = PasskeyForm()
    if "made" in request.form and form.validate() and _added(form):
        flash(_("Your passkey counts from now on."), "ok")
        return see_other(own_path(request.args.get("next")) or url_for("members.my_factors"))
    form.made.data = ""  # what was made counts once
    if "name" not in request.form:
        form.name.data = sessions.device_of(request.user_agent.string)
    options = passkeys.options_to_add(me(), current_user.sign_in_id)
    return render_template("members/add_passkey.html", form=form, options=options)


def _added(form: PasskeyForm) -> bool:
    try:
        passkeys.add(me(), current_user.sign_in_id, form.name.data or "", form.made.data or "")
    except Refused as refused:
        db.session.commit()
        refuse(form.made, refused)
        return False
    let_through()
    return True


@members.route("/me/second-step/<int:factor_id>/name", methods=["GET", "POST"])
@weighs
def rename_factor(factor_id: int) -> Any:
    """Call it what one calls the device that it is on."""
    if why := why_not_change():
        if request.method == "POST":
            raise Refused(why)
        flash(why, "warn")
        return redirect(url_for("members.second_step", next=this_page()))
    factor = db.session.get(Factor, factor_id)
    if factor is None or factor.member_id != current_user.member_id:
        return see_other(url_for("members.my_factors"))
    form = NameForm(obj=factor)
    if form.validate_on_submit():
        factors.rename(factor, me(), form.name.data or "")
        db.session.commit()
        flash(_("It has its new name."), "ok")
        return see_other(url_for("members.my_factors"))
    return render_template("members/rename_factor.html", form=form, factor=factor)
