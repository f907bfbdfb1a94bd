"""Coming in with the personal link of a letter, and making it invalid."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import public, requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..members import rules as members
from ..members import sessions
from ..members.models import Member
from ..members.views import let_in
from . import links as rules
from . import rules as assemblies
from .models import Assembly

links = Blueprint("links", __name__)
# Gives the page to which the link of an assembly leads a member; the room of the vote hangs its own.
first_page: list[Callable[[Assembly, int], str]] = []


@links.route("/<int:year>/assembly/link/<token>", methods=["GET", "POST"])
@public
def enter(year: int, token: str) -> Any:
    """Mail scanners open links: opening this page changes nothing, only its button does."""
    edition = asked_edition(year)
    try:
        bearer = rules.bearer_of(edition, token)
    except Refused as refused:
        return render_template("links/refused.html", why=refused.why), 410
    if current_user.is_authenticated and current_user.member_id == bearer.member.id:
        return redirect(first_page[0](bearer.assembly, bearer.member.id), 303)
    if request.method == "POST":
        rules.note_use(bearer)
        visitor = members.begin_session(
            bearer.member, via=rules.VIA, device=sessions.device_of(request.user_agent.string)
        )
        page = first_page[0](bearer.assembly, bearer.member.id)
        db.session.commit()
        let_in(visitor)
        return see_other(page)
    return render_template(
        "links/enter.html", name=rules.short_name(bearer.member), until=rules.valid_until(bearer.assembly)
    )


@links.post("/me/link/revoke")
def revoke_mine() -> Any:
    """One's own link was in wrong hands, or may come to be."""
    keep = current_user.sign_in_id
    rules.revoke(db.session.get_one(Member, current_user.member_id), current_user.member_id, keep)
    db.session.commit()
    flash(_("Your personal link is invalid now. Sign in with your e-mail address."), "ok")
    return see_other(url_for("pages.me"))


@links.route("/members/<int:member_id>/link", methods=["GET", "POST"])
@requires("assembly.mail")
def of_member(member_id: int) -> Any:
    """What became of a member's link; and making it invalid for them."""
    person = db.get_or_404(Member, member_id)
    if request.method == "POST":
        rules.revoke(person, current_user.member_id)
        db.session.commit()
        flash(_("The personal link of %(name)s is invalid now.", name=person.name), "ok")
        return see_other(url_for(".of_member", member_id=person.id))
    return render_template("links/of_member.html", person=person, standing=rules.standing(person.id))


@links.route("/<int:year>/mailings/links", methods=["GET", "POST"])
@requires("assembly.mail")
def of_all(year: int) -> Any:
    """All links at once: when letters went to wrong people."""
    assembly = assemblies.of_edition(asked_edition(year))
    if request.method == "POST":
        rules.revoke_all(assembly, current_user.member_id)
        db.session.commit()
        flash(_("No personal link of this assembly works any more."), "ok")
        return see_other(url_for("mailings.index", year=year))
    return render_template("links/of_all.html", why_not=rules.why_not_revoke_all(assembly))
