"""The kiosk: a shared tablet in the hall, that votes with cards and forgets each voter.

Its session knows one thing, that it is the kiosk of a vote. Every page but those of voting leads back to its first
page, and that one forgets: by the button, by the way back, and by itself when nobody touches it. Nobody but an
official who signs in takes it out of this mode.
"""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from .. import audit
from ..access import public, requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import see_other
from ..i18n import LANGUAGES, in_language
from ..members import rules as members
from ..members.views import let_in
from . import cards, rules
from .card_views import spend
from .checkpoints import name_of
from .hall_forms import CodeForm

kiosk = Blueprint("kiosk", __name__, url_prefix="/<int:year>/vote")
# After so many seconds of rest the tablet forgets. Without a script it cannot feel a touch, so it waits until the
# page is that old; what was chosen is kept by "I need more time". WCAG 2.2.1 lets a limit be that is essential: here
# the next voter must not find this one's ballot. Both ways it is said, and both ways one can go on.
REST, REST_WITHOUT_SCRIPT, REST_BALLOT = 90, 90, 600


# --- The mode ---------------------------------------------------------------------------------------


@kiosk.record_once
def _stand_before_the_wall(state: BlueprintSetupState) -> None:
    """The guard comes right after the visitor is known: the wall (access.py) would lead voters to the sign-in page."""
    state.app.before_request_funcs.setdefault(None, []).insert(1, _guard)


def _guard() -> Any:
    """Keep a kiosk at voting; an official who signs in ends it."""
    year = None if request.endpoint in (None, "static") else session.get("kiosk")
    if year is None:
        return None
    if current_user.is_authenticated and current_user.may("voting.cards"):
        session.pop("kiosk")
        return None
    if _is_open(request.endpoint or ""):
        return None
    return redirect(url_for("kiosk.start", year=year))


def _is_open(endpoint: str) -> bool:
    """What a kiosk shows: its own pages, those of voting to a voter, and to sign in those who may end it."""
    room = endpoint.partition(".")[0]
    if room in ("kiosk", "demo", "demo_mails"):
        return True
    if not current_user.is_authenticated:
        return endpoint in ("members.sign_in", "members.code", "members.link")
    is_for_cards = getattr(current_app.view_functions.get(endpoint), "is_for_cards", False)
    return bool(current_user.via == "kiosk" and is_for_cards)


@kiosk.app_context_processor
def _on_every_page() -> dict[str, Any]:
    """What base.html needs on a kiosk: where it begins anew, and after how many seconds."""
    if session.get("kiosk") is None or (current_user.is_authenticated and current_user.may("voting.cards")):
        return {}
    is_ballot = request.endpoint in ("voting.ballot", "voting.check")
    return {
        "kiosk": {
            "start": url_for("kiosk.start", year=session["kiosk"]),
            "done": url_for("kiosk.done", year=session["kiosk"]),
            "rest": REST,
            "without_script": REST_BALLOT if is_ballot else REST_WITHOUT_SCRIPT,
            "is_first": request.endpoint == "kiosk.start",
        }
    }


@kiosk.after_request
def _keep_nothing(response: Any) -> Any:
    response.headers["Cache-Control"] = "no-store"
    return response


@kiosk.route("/desk/kiosk", methods=["GET", "POST"])
@requires("voting.cards")
def begin(year: int) -> Any:
    """Make this browser a kiosk: the official who does it is signed out of it."""
    election = rules.of_edition(asked_edition(year))
    why = cards.why_not_cards(election)
    if request.method != "POST" or why or election is None:
        return render_template("kiosk/begin.html", election=election, why=why)
    audit.record("begin kiosk", name_of(election), current_user.member_id)
    members.sign_out(current_user.sign_in_id)
    db.session.commit()
    _forget()
    session["kiosk"], session.permanent = year, True
    return see_other(url_for(".start", year=year))


# --- Its pages --------------------------------------------------------------------------------------


@kiosk.get("/kiosk")
@public
def start(year: int) -> Any:
    """The first page: choose a language. Whoever was here before is forgotten.

    That is a change on GET, and on purpose: it is where the tablet comes by itself, and it only ever takes away.
    """
    asked_edition(year)
    if session.get("kiosk") != year:
        return redirect(url_for(".begin", year=year))
    was_here = current_user.is_authenticated
    if was_here:
        members.end_session(current_user.sign_in_id)
    _forget_voter(year)
    path = url_for(".code", year=year).removeprefix(request.script_root)
    tongues = [(code, name, _says(code), f"/{code}{path}") for code, name in LANGUAGES.items()]
    leave = url_for(".begin", year=year)
    answer = current_app.make_response(render_template("kiosk/start.html", tongues=tongues, leave=leave))
    return _wiped(answer) if was_here else answer


def _wiped(answer: Any) -> Any:
    """Tell the browser to drop what it may still keep of the voter's pages, though none may be kept (https only)."""
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _says(code: str) -> str:
    with in_language(code):
        return str(_("Vote here with your card"))


@kiosk.route("/kiosk/code", methods=["GET", "POST"])
@public
def code(year: int) -> Any:
    """Type the code of one's card."""
    edition = asked_edition(year)
    if session.get("kiosk") != year:
        return redirect(url_for(".begin", year=year))
    form = CodeForm()
    if form.validate_on_submit() and (visitor := spend(year, form, "kiosk")):
        let_in(visitor)
        return see_other(url_for("voting.ballot", year=year))
    return render_template("kiosk/code.html", election=rules.of_edition(edition), form=form)


@kiosk.post("/kiosk/done")
@public
def done(year: int) -> Any:
    """The voter is done."""
    if current_user.is_authenticated and current_user.via == "kiosk":
        members.sign_out(current_user.sign_in_id)
        db.session.commit()
    if session.get("kiosk") is not None:
        _forget_voter(session["kiosk"])
    return _wiped(see_other(url_for(".start", year=year)))


def _forget_voter(year: int) -> None:
    wrong = session.get("wrong_codes")
    _forget()
    session["kiosk"], session.permanent = year, True
    if wrong:
        session["wrong_codes"] = wrong


def _forget() -> None:
    if current_user.is_authenticated:
        logout_user()
    session.clear()
