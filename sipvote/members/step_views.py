"""The second step of officials: setting it up, asking for it, and asking again before what cannot be undone."""

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user

from .. import qr
from ..access import WEIGHTY, strict, weighs
from ..db import db
from ..errors import Refused, own_path, see_other, this_page
from . import factors, passkeys, recovery, sessions
from .forms import ProofForm, StepForm
from .models import Member
from .rules import session_of
from .step_models import Factor
from .views import members

BEGUN = "begun_app"  # in the session that began to set up an app: its number
OURS = "step_"  # what the second step adds to a form begins with this


def me() -> Member:
    return db.session.get_one(Member, current_user.member_id)


def let_through() -> None:
    """The right answer was given: the session has its rights from now on, under a new number."""
    number = sessions.prove(current_user)
    db.session.commit()
    if (found := session_of(number)) is not None:
        login_user(found.visitor)


def _is_proved(form: ProofForm) -> bool:
    """Look at what was typed or signed; what was tried in vain is committed, or it would not count."""
    signed = form.step_passkey.data
    try:
        if signed:
            passkeys.check(me(), current_user.sign_in_id, signed)
        else:
            factors.check_code(me(), form.step_code.data or "")
    except Refused as refused:
        db.session.commit()
        refuse(form.step_passkey if signed else form.step_code, refused)
        return False
    let_through()
    return True


def refuse(field: Any, refused: Refused) -> None:
    """Say beside a field why it was not right."""
    field.errors = [*field.errors, refused.why]


def _ask(form: ProofForm, **given: Any) -> str:
    """The page that asks for a proof, by whatever somebody has."""
    known = factors.known_to(current_user.member_id)
    options = passkeys.options_to_prove(current_user.member_id, current_user.sign_in_id)
    form.step_passkey.data = ""  # what was signed counts once
    return render_template("members/second_step.html", form=form, has_app="app" in known, options=options, **given)


def at_the_wall() -> Any:
    """Ask for the second step where it is needed; None when the right answer came with the form.

    What was typed in the form waits on the page, and goes on with the answer.
    """
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("members.second_step", next=this_page()))
    if request.files or not factors.of_member(current_user.member_id):
        flash(_("First do your second step. Then send this again."), "warn")
        return see_other(url_for("members.second_step", next=own_path(request.referrer)))
    form = ProofForm()
    if request.form.keys() & {"step_code", "step_passkey"} and form.validate() and _is_proved(form):
        return None
    kept = [(name, value) for name, value in request.form.items(multi=True) if not name.startswith((OURS, "csrf_"))]
    return _ask(form, kept=kept, action=this_page()), 401


@members.route("/second-step", methods=["GET", "POST"])
def second_step() -> Any:
    """Wake up the rights of an official; who has nothing to do it with sets it up first."""
    back = own_path(request.args.get("next"))
    if not factors.of_member(current_user.member_id):
        return redirect(url_for("members.my_factors", next=back))
    form = ProofForm()
    if form.validate_on_submit() and _is_proved(form):
        return see_other(back or url_for("pages.home"))
    return _ask(form, kept=[], action=None)


# --- Setting up -------------------------------------------------------------------------------------


def why_not_change() -> str | None:
    """For officials only, and who has a factor proves it before changing any: else whoever reads the mail of
    somebody could add their own."""
    if request.method == "POST":
        factors.hold(current_user.member_id)
    if not (current_user.roles | current_user.asleep) & WEIGHTY:
        return _("Only officials need a second step.")
    if not factors.of_member(current_user.member_id):
        return recovery.why_not_set_up(current_user.member_id)
    if not strict():
        return None
    return _("First do your second step.") if current_user.must_prove(None, True) or current_user.asleep else None


@members.get("/me/second-step")
def my_factors() -> Any:
    """What somebody proves themselves with; two ways are better than one."""
    me, back = current_user.member_id, own_path(request.args.get("next"))
    given = {"why_not": recovery.why_not_set_up(me), "until": recovery.set_up_until(me)}
    return render_template("members/factors.html", factors=factors.of_member(me), back_to=back, **given)


@members.route("/me/second-step/app", methods=["GET", "POST"])
@weighs
def add_app() -> Any:
    """Set up an app: scan or type the secret, then type its first code."""
    if why := why_not_change():
        flash(why, "warn")
        return see_other(url_for("members.second_step" if current_user.asleep else "members.my_factors"))
    member, form = me(), StepForm(prefix="new-")
    begun = factors.begun_app(member.id)
    if begun and begun.id != session.get(BEGUN):
        begun = None  # another session knows its secret, and may be somebody's who reads the mail
    if begun and form.step_code.name in request.form and form.validate() and _finished(member, form):
        flash(_("Your second step is set up. From now on you are asked for a code of your app."), "ok")
        return see_other(own_path(request.args.get("next")) or url_for("members.my_factors"))
    if begun is None and request.method == "POST":
        begun = factors.begin_app(member.id)
        session[BEGUN] = begun.id
        db.session.commit()
    shown = (factors.secret_of(begun), qr.svg(factors.uri(begun, member), _("QR code for your app"))) if begun else None
    return render_template("members/add_app.html", form=form, shown=shown)


def _finished(member: Member, form: StepForm) -> bool:
    try:
        factors.finish_app(member, form.step_code.data or "")
    except Refused as refused:
        db.session.commit()
        refuse(form.step_code, refused)
        return False
    let_through()
    return True


@members.post("/me/second-step/<int:factor_id>/drop")
@weighs
def drop_factor(factor_id: int) -> Any:
    if why := why_not_change():
        raise Refused(why)
    factor = db.session.get(Factor, factor_id)
    if factor is not None and factor.member_id == current_user.member_id:
        factors.drop(factor, me())
        db.session.commit()
        flash(_("It no longer counts."), "ok")
    return see_other(url_for("members.my_factors"))


# --- Sessions ---------------------------------------------------------------------------------------


@members.get("/me/sessions")
def my_sessions() -> str:
    """Where somebody is signed in."""
    return render_template("members/sessions.html", sessions=sessions.running(current_user.member_id))


@members.post("/me/sessions/<int:sign_in_id>/end")
def end_session(sign_in_id: int) -> Any:
    if sessions.end(current_user.member_id, sign_in_id):
        db.session.commit()
        flash(_("That session has ended."), "ok")
    return see_other(url_for("members.my_sessions"))


@members.post("/me/sessions/end")
def end_every_session() -> Any:
    """Sign out everywhere, here too."""
    sessions.end_all(current_user.member_id)
    db.session.commit()
    return see_other(url_for("members.sign_in"))
