"""What is asked of two: the page where officials confirm, refuse or withdraw; and asking instead of doing."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from ..access import requires, strict, weighs
from ..db import db
from ..errors import Refused, see_other
from . import four_eyes, recovery
from .step_models import AskedAct
from .views import members


def asked_instead(word: str, subject: str, **facts: Any) -> Any:
    """Ask somebody else for an act, and give the answer; None where one person may do it alone."""
    if not strict():
        return None
    four_eyes.ask(word, subject, current_user.member_id, **facts)
    db.session.commit()
    flash(_("This is asked. Somebody else confirms it within a day, signed in as themselves."), "ok")
    return see_other(url_for("members.asked_acts"))


@members.get("/asked")
@requires("acts.confirm")
def asked_acts() -> str:
    """What waits for a second person."""
    asked, lost = four_eyes.standing(current_user.roles), recovery.standing(current_user.member_id)
    return render_template("members/asked.html", asked=asked, lost=lost, four_eyes=four_eyes, recovery=recovery)


@members.post("/asked/<int:asked_id>/confirm")
@requires("acts.confirm")
@weighs
def confirm_act(asked_id: int) -> Any:
    """The second person's word: then it is done."""
    asked = db.get_or_404(AskedAct, asked_id)
    act = four_eyes.ACTS[asked.act]
    try:
        four_eyes.confirm(asked, current_user.member_id, current_user.roles)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Refused(_("Something changed meanwhile. Look at it again.")) from None
    act.after()
    flash(_("It is done."), "ok")
    return see_other(url_for(".asked_acts"))


@members.post("/asked/<int:asked_id>/refuse")
@requires("acts.confirm")
def refuse_act(asked_id: int) -> Any:
    why = request.form.get("why", "")
    four_eyes.refuse(db.get_or_404(AskedAct, asked_id), current_user.member_id, current_user.roles, why)
    db.session.commit()
    flash(_("It is no longer asked, and nothing has happened."), "ok")
    return see_other(url_for(".asked_acts"))
