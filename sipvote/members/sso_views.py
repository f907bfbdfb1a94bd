"""Signing in with the account that the cooperative's own provider knows."""

from typing import Any

from flask import abort, current_app, flash, redirect, request, session, url_for

from ..access import public
from ..db import writes
from ..errors import Refused, own_path
from . import rules, sessions, sso
from .views import members, settle_in

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
        member = sso.member_of(there, sso.finish(there))
    except Refused as refused:
        flash(refused.why, "bad")
        return redirect(url_for("members.sign_in", next=back, again=1))
    device = sessions.device_of(request.user_agent.string)
    return settle_in(rules.begin_session(member, via=rules.ACCOUNT, device=device), back)
