"""The assembly for everybody: when, where, what is on its agenda; and members who check themselves in."""

from json import dumps
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from .. import qr
from ..access import public
from ..db import db
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import ics_file
from ..i18n import number
from ..members.models import Member
from . import presence, quorum, rules
from .forms import HallCodeForm
from .models import Assembly, Way

assembly = Blueprint("assembly", __name__)


def asked_assembly(year: int) -> Assembly:
    """The assembly of the year in the address, or 404 when none was planned."""
    found = rules.of_edition(asked_edition(year))
    if found is None:
        abort(404)
    return found


def _me() -> Member:
    return db.session.get_one(Member, current_user.member_id)


@assembly.get("/<int:year>/assembly")
@public
def index(year: int) -> str:
    edition = asked_edition(year)
    found = rules.of_edition(edition)
    if found is None:
        return render_template("assembly/index.html", assembly=None)
    items, written_in = rules.agenda_of(found)
    members = rules.members_at(found.starts_at)
    known = current_user.is_authenticated
    return render_template(
        "assembly/index.html", assembly=found, agenda=items, agenda_language=written_in,
        quorum=quorum.basis(found, members), mine=presence.of_member(found, current_user.member_id) if known else None,
        why_not=presence.why_not_now(found), why_not_follow=presence.why_not_follow(found),
    )  # fmt: skip


@assembly.get("/<int:year>/assembly/calendar.ics")
@public
def calendar(year: int) -> Response:
    found = asked_assembly(year)
    from . import calendars  # here: its library is large, and few web processes ever need it

    return ics_file(f"sipvote-{year}-assembly", calendars.download(found))


@assembly.get("/<int:year>/assembly/presence.json")
@public
def numbers(year: int) -> Any:
    """How many there are, and nothing else: what the desks and the screen ask for every few seconds."""
    stands = quorum.lately(asked_assembly(year))
    parts = ("hall", "remote", "proxies", "votes", "counted", "needed")
    facts = {name: number(getattr(stands, name)) for name in parts}
    said = {True: _("The quorum is reached."), False: _("The quorum is not reached yet.")}
    answer = Response(content_type="application/json")
    answer.set_data(dumps({**facts, "reached": stands.reached, "says": said[stands.reached] if stands.needed else ""}))
    answer.add_etag()
    answer.headers["Cache-Control"] = "no-cache"
    return answer.make_conditional(request)


# --- Checking oneself in ----------------------------------------------------------------------------


@assembly.post("/<int:year>/assembly/follow")
def follow(year: int) -> Any:
    """Take part from elsewhere."""
    found = asked_assembly(year)
    arrival = presence.check_in(found, _me(), Way.REMOTE, None)
    db.session.commit()
    if arrival.presence.way == Way.HALL:
        flash(_("You are checked in already, in the hall."), "ok")
    else:
        flash(_("You are checked in: you take part from elsewhere."), "ok")
    _tell_of_proxy(arrival)
    return see_other(url_for(".index", year=year))


def _tell_of_proxy(arrival: presence.Arrival) -> None:
    if arrival.ended:
        name = arrival.ended.holder.name
        text = _("Your proxy to %(name)s has ended. Vote yourself: your own vote replaces one sent for you.", name=name)
        flash(text, "info")


@assembly.route("/<int:year>/assembly/here", methods=["GET", "POST"])
def here(year: int) -> Any:
    """Check in with the code that is shown in the hall; a wrong one costs a try, so that is kept too."""
    found, form = asked_assembly(year), HallCodeForm()
    if form.validate_on_submit():
        try:
            arrival = presence.check_in_by_code(found, _me(), form.code.data or "")
        except Refused as refused:
            form.code.errors = [*form.code.errors, refused.why]
        else:
            flash(_("You are checked in: you take part in the hall."), "ok")
            _tell_of_proxy(arrival)
        db.session.commit()
        if not form.errors:
            return see_other(url_for(".index", year=year))
    mine = presence.of_member(found, current_user.member_id)
    why_not = presence.why_not_now(found)
    return render_template("assembly/here.html", assembly=found, form=form, mine=mine, why_not=why_not)


@assembly.post("/<int:year>/assembly/leave")
def leave(year: int) -> Any:
    """Say oneself that one goes, so that the numbers are right."""
    presence.leave(asked_assembly(year), _me())
    db.session.commit()
    flash(_("You have left the assembly. If you come back, check in again."), "ok")
    return see_other(url_for(".index", year=year))


@assembly.get("/<int:year>/assembly/my-code")
def my_code(year: int) -> Any:
    """A member's own QR code, for the check-in desk."""
    found, me = asked_assembly(year), _me()
    if found.closed_at:
        flash(presence.why_not_now(found) or "", "info")
        return redirect(url_for(".index", year=year))
    address = presence.address_of(found, me)
    picture = qr.svg(address, _("Your QR code for the check-in desk"))
    return render_template("assembly/my_code.html", assembly=found, member=me, picture=picture)
