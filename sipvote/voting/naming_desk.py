"""The election desk, continued: organisers ask who shall watch over this vote, and who was asked answers on a page."""

from typing import Any

from flask import flash, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..access import requires
from ..db import db
from ..errors import see_other
from ..members.models import Member
from . import naming
from .desk import asked_election, desk, done, who


@desk.post("/scrutineers/<int:member_id>/name")
@requires("voting.run")
def name_scrutineer(year: int, member_id: int) -> Any:
    member = db.get_or_404(Member, member_id)
    naming.name(asked_election(year), member, who())
    return done(year, _("%(name)s is asked by mail to be a scrutineer of this vote.", name=member.name))


@desk.post("/scrutineers/<int:member_id>/drop")
@requires("voting.run")
def drop_scrutineer(year: int, member_id: int) -> Any:
    member = db.get_or_404(Member, member_id)
    naming.drop(asked_election(year), member, who())
    return done(year, _("%(name)s is no longer asked.", name=member.name))


@desk.get("/scrutineer")
@requires("voting.scrutinise")
def scrutineer(year: int) -> str:
    """What is asked of a scrutineer, and what I answered."""
    election = asked_election(year)
    row = naming.asked(election, current_user.member_id)
    return render_template(
        "voting_desk/scrutineer.html", row=row, why=naming.why_not_answer(election, row),
        why_not_accept=naming.why_not_accept(election, row),
    )  # fmt: skip


@desk.post("/scrutineer/<any(accept, decline):said>")
@requires("voting.scrutinise")
def answer_as_scrutineer(year: int, said: str) -> Any:
    naming.answer(asked_election(year), db.session.get_one(Member, who()), said == "accept")
    db.session.commit()
    flash(_("Thank you: you are a scrutineer of this vote.") if said == "accept" else _("You have declined."), "ok")
    return see_other(url_for(".scrutineer", year=year))
