"""The banner of the demonstration: being somebody with one click, and the time machine."""

from typing import Any

from flask import Blueprint, current_app, flash, g, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException

from ..access import Visitor, public
from ..db import db
from ..errors import Refused, own_path, see_other, this_page
from ..members import rules as members
from ..members import sessions
from ..members.models import Member
from ..members.views import let_in
from . import year
from .people import CAST, member_of
from .stops import STOPS, Stop, stops_of

demo = Blueprint("demo", __name__, url_prefix="/demo")
OTHER = "other"


@demo.before_request
def _who_first() -> None:
    """Read who is there before anything else is: on SQLite a POST holds the writers' lock from its first query
    on, and reading the visitor on a connection of its own would wait for it for ever."""
    current_user.is_authenticated  # noqa: B018


@demo.app_context_processor
def _banner() -> dict[str, Any]:
    """What the banner shows; on an error page of ours, nothing that asks the database."""
    if g.get("broken"):
        return {}
    edition = year.the_edition()
    return {
        "demo_cast": CAST,
        "demo_other": OTHER,
        "demo_who": session.get("demo_who") if current_user.is_authenticated else None,
        "demo_stops": list(stops_of(edition)) if edition else [],
        "demo_at": year.here(edition) if edition else None,
        "demo_here": this_page() if request.method == "GET" else request.script_root + request.path,
    }


# --- Being somebody ---------------------------------------------------------------------------------


@demo.post("/sign-in")
@public
def sign_in() -> Any:
    wanted = request.form.get("person", "")
    person = next((p for p in CAST if p.key == wanted), None)
    if person is None and wanted != OTHER:
        raise Refused(_("Choose one of the people in the banner."))
    member = member_of(person) if person else _somebody()
    if current_user.is_authenticated:
        members.sign_out(current_user.sign_in_id)
    visitor = members.begin_session(member, device=sessions.device_of(request.user_agent.string))
    db.session.commit()
    let_in(visitor)
    session["demo_who"] = person.key if person else OTHER
    role = str(person.title) if person else _("member")
    flash(_("You are now %(name)s (%(role)s, %(city)s).", name=member.name, role=role, city=member.city), "ok")
    return see_other(_way_back(visitor, stay=True))


def _somebody() -> Member:
    """An invented member without a role, drawn anew each time."""
    cast = [person.number for person in CAST]
    ordinary = select(Member).where(~Member.grants.any(), Member.number.not_in(cast), Member.left.is_(None))
    return db.session.scalars(ordinary.order_by(func.random()).limit(1)).one()


def _way_back(visitor: Any, stay: bool) -> str:
    """The page that the visitor was on, when it is still theirs to see; else the first page.

    `stay` is false after going back in time: then a page about one thing may have gone with it.
    """
    home = url_for("pages.home")
    path = own_path(request.form.get("next"))
    if path is None:
        return home
    bare = path.removeprefix(request.script_root).partition("?")[0] or "/"
    try:
        endpoint, values = current_app.url_map.bind("").match(bare, method="GET")
    except HTTPException:
        return home
    route = current_app.view_functions[endpoint]
    act = getattr(route, "requires", None)
    if act and not (isinstance(visitor, Visitor) and visitor.may(act)):
        return home
    return path if stay or values.keys() <= {"year"} else home


# --- The time machine -------------------------------------------------------------------------------


@demo.route("/year", methods=["GET", "POST"])
@public
def go() -> Any:
    """Move the edition to a stop; back only when that was confirmed, because it undoes what came later."""
    asked = request.values.get("phase", "")
    stop = Stop(asked) if asked in STOPS else None
    edition = year.the_edition()
    if request.method == "POST":
        if edition is None or stop is None:
            raise Refused(_("Choose one of the phases of the year."))
        if not year.loses(edition, stop) or request.form.get("sure"):
            return _move(stop)
    return render_template(
        "demo/go.html", asked=stop, about=year.about(), lost=year.loses(edition, stop) if edition and stop else [],
        back=own_path(request.values.get("next")) or url_for("pages.home"),
    )  # fmt: skip


def _move(stop: Stop) -> Any:
    """Do the steps to a stop one by one, each committed: between two of them everything is as it should be."""
    by = current_user.member_id if current_user.is_authenticated else None
    with year.alone():
        edition = year.the_edition()
        is_back = edition is not None and year.is_back(edition, stop)
        for step in year.steps(stop, by):
            step()
            db.session.commit()
    flash(_("It is now: %(phase)s.", phase=stop.name_shown), "ok")
    return see_other(_way_back(current_user, stay=not is_back))
