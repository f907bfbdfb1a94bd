"""What members do with proxies: give one and take it back, accept one or decline, give it back.

These pages belong to the assembly, but they also tell what was voted, so they stand in the voting room.
"""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..assembly import proxies as rules
from ..assembly import rules as assemblies
from ..assembly.models import Proxy
from ..assembly.proxy_forms import GiveForm
from ..db import db, only_reads
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..members.models import Member
from . import proxy_votes
from . import rules as voting
from .voters import own

proxies = Blueprint("proxies", __name__, url_prefix="/<int:year>/assembly/proxy")


def _me() -> Member:
    return db.session.get_one(Member, current_user.member_id)


@proxies.get("")
def index(year: int) -> str:
    return _page(asked_edition(year), GiveForm())


def _page(edition: Edition, form: GiveForm) -> str:
    election = voting.of_edition(edition)
    me = own()
    standing = me.standing(election)
    mine = proxy_votes.mine(edition, election, me.member_id, standing, me.how)
    vote = proxy_votes.vote_of(edition, current_user.member_id)
    return render_template(
        "proxies/index.html",
        mine=mine,
        standing=standing,
        form=form,
        why_no_proxies=rules.why_no_proxies(mine.assembly, vote),
        why_not_give=rules.why_not_give(mine.assembly, _me(), vote),
        closes_at=election.closes_at if election else edition.count_at,
    )


@proxies.route("/check", methods=["GET", "POST"])
@only_reads
def check(year: int) -> Any:
    """Whom the proxy would go to, before it is offered: the name is shown only after number and name both fit."""
    edition, form = asked_edition(year), GiveForm()
    if request.method != "POST":
        return redirect(url_for(".index", year=year))
    holder = _holder(edition, form)
    if holder is None:
        return _page(edition, form)
    election = voting.of_edition(edition)
    closes_at = election.closes_at if election else edition.count_at
    return render_template("proxies/check.html", holder=holder, form=form, closes_at=closes_at)


def _holder(edition: Edition, form: GiveForm) -> Member | None:
    """The member whom a filled-in form means, who could hold the proxy; or None, with the reason in the form."""
    if not form.validate_on_submit():
        return None
    assembly, giver = assemblies.of_edition(edition), _me()
    vote = proxy_votes.vote_of(edition, giver.id)
    try:
        holder = rules.member_of(form.number.data or "", form.name.data or "")
        why = rules.why_not_give(assembly, giver, vote) or (assembly and rules.why_not_hold(assembly, giver, holder))
    except Refused as refused:
        why = refused.why
    if why:
        form.number.errors = [*form.number.errors, why]
        return None
    return holder


@proxies.route("/give", methods=["GET", "POST"])
def give(year: int) -> Any:
    edition, form = asked_edition(year), GiveForm()
    if request.method != "POST":
        return redirect(url_for(".index", year=year))
    holder = _holder(edition, form)
    if holder is None:
        return _page(edition, form)
    rules.give(assemblies.of_edition(edition), _me(), holder, proxy_votes.vote_of(edition, current_user.member_id))
    db.session.commit()
    flash(_("%(name)s is asked to vote for you. We write to you when there is an answer.", name=holder.name), "ok")
    return see_other(url_for(".index", year=year))


# --- Acts on one proxy: by its giver, or by its holder ------------------------------------------------


def _of_mine(year: int, proxy_id: int, side: str) -> tuple[Proxy, rules.Vote]:
    """A proxy that the visitor gave ("giver") or was given ("holder"), or 404; and what is known of the vote."""
    edition, proxy = asked_edition(year), db.session.get(Proxy, proxy_id)
    if proxy is None or proxy.assembly.edition_id != edition.id:
        abort(404)
    if getattr(proxy, f"{side}_id") != current_user.member_id:
        abort(404)
    return proxy, proxy_votes.vote_of(edition, proxy.giver_id)


@proxies.post("/<int:proxy_id>/take-back")
def take_back(year: int, proxy_id: int) -> Any:
    proxy, vote = _of_mine(year, proxy_id, "giver")
    if proxy.ended_why != "withdrawn":  # a second click finds it taken back already
        rules.take_back(proxy, vote)
        db.session.commit()
    flash(_("You have taken your proxy back. %(name)s cannot vote for you any more.", name=proxy.holder.name), "ok")
    return see_other(url_for(".index", year=year))


@proxies.post("/<int:proxy_id>/accept")
def accept(year: int, proxy_id: int) -> Any:
    proxy, vote = _of_mine(year, proxy_id, "holder")
    if proxy.accepted_at is None or proxy.ended_at:
        rules.accept(proxy, vote)
        db.session.commit()
    flash(_("You vote for %(name)s. We have written that to %(name)s.", name=proxy.giver.name), "ok")
    return see_other(url_for(".index", year=year))


@proxies.post("/<int:proxy_id>/decline")
def decline(year: int, proxy_id: int) -> Any:
    """Decline a proxy that was offered, or give back one that was accepted."""
    proxy, vote = _of_mine(year, proxy_id, "holder")
    if proxy.ended_why not in ("declined", "returned"):
        rules.decline(proxy, vote)
        db.session.commit()
    flash(_("You do not vote for %(name)s. We have written that to %(name)s.", name=proxy.giver.name), "ok")
    return see_other(url_for(".index", year=year))
