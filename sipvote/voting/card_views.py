"""Voting with a card on one's own phone: type its code, or scan it, and press one button."""

from datetime import timedelta
from typing import Any

from flask import render_template, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import Visitor, public
from ..db import db, now
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..members import rules as members
from ..members.views import let_in
from . import cards, rules
from .hall_forms import CodeForm
from .views import voting

# Whoever types ten wrong codes rests a minute. The hall has one address for everybody, so it is the browser that
# rests. A guesser throws its cookie away, and gains nothing: the code has 50 bits (cards.py), and need no more.
TRIES, REST = 10, timedelta(minutes=1)


@voting.route("/<int:year>/vote/card", methods=["GET", "POST"])
@public
def card(year: int) -> Any:
    """Begin to vote with the code of a card."""
    form = CodeForm()
    if form.validate_on_submit() and (visitor := spend(year, form, "card")):
        let_in(visitor)
        return see_other(url_for("voting.ballot", year=year))
    return _show(year, form)


@voting.get("/<int:year>/vote/card/<code>")
@public
def scanned(year: int, code: str) -> Any:
    """A scanned card. Cameras and mail programs open links by themselves: looking spends nothing, the button does."""
    plain = cards.normal_code(code)
    return _show(year, CodeForm(formdata=None, data={"code": cards.in_groups(plain) if plain else ""}), bool(plain))


def _show(year: int, form: CodeForm, is_scanned: bool = False) -> Any:
    edition = asked_edition(year)
    election = rules.of_edition(edition)
    return render_template("voting/card.html", election=election, form=form, is_scanned=is_scanned)


def spend(year: int, form: CodeForm, via: str) -> Visitor | None:
    """Use the code of a form: the session of its member, or None with the reason beside the field."""
    election = rules.of_edition(asked_edition(year))
    try:
        _rest()
        visitor = cards.use(election, form.code.data or "", via)
    except Refused as refused:
        if isinstance(refused, cards.WrongCode):
            session["wrong_codes"] = [*session.get("wrong_codes", []), now().timestamp()][-TRIES:]
        form.code.errors = [*form.code.errors, refused.why]
        return None
    if current_user.is_authenticated:
        members.sign_out(current_user.sign_in_id)
    db.session.commit()
    return visitor


def _rest() -> None:
    """Refuse who typed too many wrong codes, until a minute after the last one."""
    wrong = session.get("wrong_codes", [])
    if len(wrong) < TRIES:
        return
    if now().timestamp() < wrong[-1] + REST.total_seconds():
        raise Refused(_("That were many wrong codes. Wait a minute, or ask for help at the desk."))
    session.pop("wrong_codes")
