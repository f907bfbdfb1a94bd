"""Signing in and out."""

import secrets
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from .. import limits, mail
from ..access import Visitor, login_manager, public
from ..db import db, now
from ..errors import Refused, own_path, see_other
from ..i18n import language
from . import rules, sessions
from .forms import AddressForm, CodeForm
from .models import SignIn

members = Blueprint("members", __name__)
# Seconds: officials have an idle limit, members see the hour in the list of their sessions.
OFFICIALS_NOTED_EVERY, MEMBERS_NOTED_EVERY = 300, 3600


@login_manager.user_loader
def load_visitor(sign_in_id: str) -> Visitor | None:
    """Give the visitor of a running session; each request asks once."""
    found = rules.session_of(int(sign_in_id))
    if found is None:
        return None
    every = OFFICIALS_NOTED_EVERY if found.visitor.roles else MEMBERS_NOTED_EVERY
    if found.lapsed:
        rules.put_to_sleep(found.visitor.sign_in_id)
    elif (now() - found.seen_at).total_seconds() > every:
        rules.note_seen(found.visitor.sign_in_id)
    return found.visitor


def let_in(visitor: Visitor) -> None:
    """Begin a session: everything of the one before is dropped, so that nothing can be fixed beforehand.

    But for what belongs to the browser and to nobody: its language, and whether it is a kiosk (voting/kiosk.py).
    """
    kept = {name: session[name] for name in ("language", "kiosk") if name in session}
    session.clear()
    session.permanent = True
    session.update(kept)
    login_user(visitor)


@members.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    # Who signed in long ago may be asked to do so again, before an act of weight.
    if current_user.is_authenticated and not request.args.get("again"):
        return redirect(own_path(request.args.get("next")) or url_for("pages.home"))
    form = AddressForm()
    if form.validate_on_submit():
        limits.count("sign-in", current_app.config["ASKS_PER_NETWORK"])
        browser = session.setdefault("browser", secrets.token_urlsafe(16))
        try:
            back = own_path(request.args.get("next"))
            asked = rules.ask_sign_in(form.email.data or "", browser, language(), back)
        except Refused as refused:
            form.email.errors = [*form.email.errors, refused.why]
        else:
            session["asked"] = asked.id  # read before the commit: afterwards it would be asked for anew
            db.session.commit()
            for each in mail.wake:
                each()
            return see_other(url_for("members.code"))
    return render_template("members/sign_in.html", form=form)


@members.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Any:
    asked = db.session.get(SignIn, session.get("asked", 0))
    if asked is None:
        return redirect(url_for("members.sign_in"))
    form = CodeForm()
    if form.validate_on_submit():
        return _enter(asked, form, lambda: rules.use_code(asked, form.code.data or ""))
    return render_template("members/code.html", form=form, address=asked.address)


@members.route("/sign-in/link/<token>", methods=["GET", "POST"])
@public
def link(token: str) -> Any:
    """Mail scanners open links: opening this page changes nothing, only its button does."""
    asked = rules.sign_in_for(token)
    if asked is None:
        return render_template("members/link_expired.html"), 410
    form, same_browser = CodeForm(), rules.is_same_browser(asked, session.get("browser"))
    if same_browser and request.method == "POST":
        return _enter(asked, form, lambda: rules.use_link(asked, session.get("browser")))
    if not same_browser and form.validate_on_submit():
        return _enter(asked, form, lambda: rules.use_code(asked, form.code.data or ""))
    return render_template("members/link.html", form=form, same_browser=same_browser, address=asked.address)


def _enter(asked: SignIn, form: CodeForm, use: Any) -> Any:
    """Run one way of signing in; a refusal costs a try, so that is committed too."""
    try:
        visitor = use()
    except Refused as refused:
        db.session.commit()
        form.code.errors = [*form.code.errors, refused.why]
        return render_template("members/code.html", form=form, address=asked.address)
    back = asked.next_path
    asked.device = sessions.device_of(request.user_agent.string)
    if current_user.is_authenticated:
        rules.sign_out(current_user.sign_in_id)
    db.session.commit()
    let_in(visitor)
    if visitor.asleep:
        return see_other(url_for("members.second_step", next=back))
    return see_other(back or url_for("pages.home"))


@members.post("/sign-out")
@public
def sign_out() -> Any:
    if current_user.is_authenticated:
        rules.sign_out(current_user.sign_in_id)
        db.session.commit()
        logout_user()
    session.clear()
    return see_other(url_for("pages.home"))
