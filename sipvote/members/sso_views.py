"""Signing in with the account that the cooperative's own provider knows."""

from typing import Any

from flask import abort, current_app, flash, redirect, request, session, url_for
from flask_login import current_user

from ..access import public
from ..db import db, writes
from ..errors import Refused, own_path, see_other
from . import rules, sso
from .views import let_in, members

# In no language, so that one address is registered at the provider.
BACK = "/sign-in/account/back"


@members.get("/sign-in/account")
@public
def account() -> Any:
    there = sso.provider() or abort(404)
    session["account_next"] = own_path(request.args.get("next"))
    try:
        return sso.begin(there, current_app.config["BASE_URL"] + BACK)
    except Refused as refused:
        flash(refused.why, "bad")
        return redirect(url_for("members.sign_in", next=session.pop("account_next", None), again=1))


@members.get(BACK)
@public
@writes
def account_back() -> Any:
    there = sso.provider() or abort(404)
    back = own_path(session.pop("account_next", None))
    try:
        visitor = rules.begin_session(sso.member_of(there, sso.finish(there)), via=rules.ACCOUNT)
    except Refused as refused:
        flash(refused.why, "bad")
        return redirect(url_for("members.sign_in", next=back, again=1))
    if current_user.is_authenticated:
        rules.sign_out(current_user.sign_in_id)
    db.session.commit()
    let_in(visitor)
    return see_other(back or url_for("pages.home"))
