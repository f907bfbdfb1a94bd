"""Opening, closing, extending, pausing at the election desk; and sweeping a rehearsal away.

Opening and closing by hand and extending take two organisers: one asks on a page here, the other one confirms.
"""

from datetime import timedelta
from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires, strict, weighs
from ..errors import Refused, see_other
from ..i18n import ZONE
from ..members import rules as members
from . import hours, rehearsing, second_word
from .announcements import stood_still
from .desk import asked_election, desk, done, minutes, refused, who
from .forms import ExtendForm, ReasonForm
from .models import Election

ANY_ACT = f"<any({', '.join(second_word.ACTS)}):act>"

# --- Asking -----------------------------------------------------------------------------------------


def _asked_for(year: int) -> Any:
    return done(year, _("This is asked. Another organiser confirms it, in a session of their own, within 15 minutes."))


@desk.post("/open")
@requires("voting.run")
@weighs
def open_(year: int) -> Any:
    second_word.ask(asked_election(year), "open", who())
    return _asked_for(year)


@desk.route("/close", methods=["GET", "POST"])
@requires("voting.run")
@weighs
def close(year: int) -> Any:
    """Ask to close before the announced moment."""
    election, form = asked_election(year), ReasonForm()
    if why := second_word.why_not_ask(election, "close", who()):
        return refused(year, why)
    if form.validate_on_submit():
        second_word.ask(election, "close", who(), form.reason.data or "")
        return _asked_for(year)
    return render_template("voting_desk/close.html", election=election, form=form)


@desk.route("/extend", methods=["GET", "POST"])
@requires("voting.run")
@weighs
def extend(year: int) -> Any:
    """Ask to extend, at first by the time that the vote stood still, or a quarter of an hour."""
    election = asked_election(year)
    if why := second_word.why_not_ask(election, "extend", who()):
        return refused(year, why)
    more = timedelta(minutes=minutes(stood_still(election)) or 15)
    form = ExtendForm(data={"until": (election.closes_at + more).astimezone(ZONE)})
    if form.validate_on_submit():
        try:
            second_word.ask(election, "extend", who(), form.reason.data or "", form.moment)
        except Refused as why_not:
            form.until.errors = [*form.until.errors, why_not.why]
        else:
            return _asked_for(year)
    return render_template("voting_desk/extend.html", election=election, form=form)


# --- Confirming -------------------------------------------------------------------------------------


@desk.post(f"/confirm/{ANY_ACT}")
@requires("voting.run")
@weighs
def confirm(year: int, act: str) -> Any:
    """The second official's word: then it is done."""
    election = asked_election(year)
    if not strict() and not members.is_fresh(current_user.sign_in_id):
        return _sign_in_again(year)
    second_word.confirm(election, act, request.form.get("asked", ""), who())
    said = {
        "open": _("The vote is open."),
        "close": _("The vote is closed, and the board is sealed."),
        "extend": _("The vote is extended."),
    }
    return done(year, said[act])


def _sign_in_again(year: int) -> Any:
    """Who signed in long ago might not be who sits there now."""
    flash(_("You signed in more than half an hour ago. Sign in again, then confirm."), "warn")
    return see_other(url_for("members.sign_in", next=url_for(".index", year=year), again=1))


@desk.post(f"/withdraw/{ANY_ACT}")
@requires("voting.run")
def withdraw(year: int, act: str) -> Any:
    second_word.withdraw(asked_election(year), act, request.form.get("asked", ""), who())
    return done(year, _("It is no longer asked."))


# --- Pausing ----------------------------------------------------------------------------------------


@desk.route("/pause", methods=["GET", "POST"])
@requires("voting.run")
def pause(year: int) -> Any:
    """One official alone can stop the voting for a while, for there may be haste."""
    election, form = asked_election(year), ReasonForm()
    if why := hours.why_not_pause(election):
        return refused(year, why)
    if form.validate_on_submit():
        hours.pause(election, form.reason.data or "", who())
        return done(year, _("Voting is paused. Nobody can vote until you resume it."))
    return render_template("voting_desk/pause.html", election=election, form=form)


@desk.post("/resume")
@requires("voting.run")
def resume(year: int) -> Any:
    hours.resume(asked_election(year), who())
    return done(year, _("Voting goes on. The lost time is not added by itself: you can ask to extend the vote."))


# --- A rehearsal ------------------------------------------------------------------------------------


@desk.post("/sweep")
@requires("voting.run")
def sweep(year: int) -> Any:
    election: Election = asked_election(year)
    rehearsing.sweep(election, who())
    return done(year, _("The rehearsal is swept away. Now the real vote can be prepared."))
