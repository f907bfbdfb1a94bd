"""Voting: the ballot, the check page, sending, the receipt.

What a member chooses travels in forms only: it is never in an address, a session, a message or a log,
and the server keeps none of it before it is sealed.
"""

import json
from functools import lru_cache
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from .. import mail, qr
from ..access import for_cards, public
from ..assembly import entrance, proxies
from ..assembly.models import Assembly
from ..db import db, only_reads
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..exports import download
from ..i18n import language
from ..logs import counted_only
from ..members.models import Member
from . import board, box, forms, keys, live, papers, proxy_votes, reminders, rules, scrutineers, seal
from .checkpoints import name_of
from .models import Election
from .papers import Paper
from .voters import Voter, own

voting = Blueprint("voting", __name__)


@voting.get("/<int:year>/vote")
@public
def index(year: int) -> str:
    edition = asked_edition(year)
    election = rules.of_edition(edition)
    me = own() if current_user.is_authenticated else None
    standing = me.standing(election) if me else box.Standing()
    paper = papers.of(election) if election else None
    mine = proxy_votes.mine(edition, election, me.member_id, standing, me.how) if me else None
    return render_template(
        "voting/index.html",
        mine=mine or proxy_votes.of_stranger(edition, election),
        election=election,
        paper=paper,
        standing=standing,
        turnout=live.voted_about(election) if election else 0,
        custody=forms.CUSTODY_WORDS,
        watching=scrutineers.names_of(scrutineers.accepted(election)) if election else [],
        why_not=(me.why_not if me else rules.why_not_vote)(election, standing),
        contact=current_app.config["CONTACT"],
        on_phone=_on_phone(year) if election and election.is_open else "",
    )


def _on_phone(year: int) -> str:
    return _public_qr(mail.link("voting.ballot", language(), year=year), _("Leads to your own ballot"))


_public_qr = lru_cache(maxsize=16)(qr.svg)  # the same for everybody, and no secret


def _first_page(assembly: Assembly, member_id: int) -> str:
    """Where a letter leads: straight to the ballot of who can vote and has not, and has nothing to do with a proxy."""
    me = Voter(member_id, box.Cast())
    edition, election, standing = me.asked(assembly.edition.year)
    looks_first = standing.cast_at or rules.why_not_vote(election, standing, me.how, member_id)
    page = "voting.index" if looks_first or proxies.concern(assembly, member_id) else "voting.ballot"
    return url_for(page, year=edition.year)


entrance.first_page.append(_first_page)


# --- Ballot, check, send: of oneself, and of another voter (for_another.py) ---------------------------


@voting.route("/<int:year>/vote/ballot", methods=["GET", "POST"])
@for_cards
@only_reads
def ballot(year: int) -> Any:
    """The ballot; on POST with the choice that somebody wants to change before sending."""
    return fill_in(own(), year)


def fill_in(voter: Voter, year: int) -> Any:
    """The ballot of a voter."""
    paper = papers.named(request.form.get("ballot", ""))
    return _ballot(voter, year, forms.marks(request.form, paper) if paper else [])


def _ballot(voter: Voter, year: int, marked: list[list[str]], fault: Refused | None = None) -> Any:
    _edition, election, standing = voter.asked(year)
    paper = papers.of(election) if election else None
    closed = voter.why_not(election, standing)
    # While voting stands still, what was ticked stays on the page, to be sent when it goes on.
    stands_still = election is not None and election.is_paused and any(marked)
    if (closed and not stands_still) or election is None or paper is None:
        facts = {"why": closed, "standing": standing, "contact": current_app.config["CONTACT"]}
        return render_template("voting/no_ballot.html", voter=voter, election=election, **facts), 409
    return render_template(
        "voting/ballot.html",
        voter=voter,
        election=election,
        paper=paper,
        asked=paper.asked(voter.member_id, standing.country, marked),
        standing=standing,
        custody=forms.CUSTODY_WORDS,
        fault=fault,
        faults=getattr(fault, "faults", {}),
    )


def _sent(voter: Voter, year: int) -> tuple[Paper | None, Any]:
    """The paper of a ballot that was sent, or what to answer when there is none."""
    paper = papers.named(request.form.get("ballot", ""))
    if request.method == "POST" and paper is not None and paper.year == year:
        return paper, None
    if request.method == "POST":
        return None, _ballot(voter, year, [], Refused(_("This ballot is no longer valid. Please choose again.")))
    flash(_("Your choice is kept nowhere before you send it. Please choose again."), "info")
    return None, redirect(voter.url("ballot", year))


@voting.route("/<int:year>/vote/check", methods=["GET", "POST"])
@for_cards
@only_reads
def check(year: int) -> Any:
    """What was chosen and what was not, before it is sent."""
    return look_over(own(), year)


def look_over(voter: Voter, year: int) -> Any:
    """The check page of a voter."""
    paper, answer = _sent(voter, year)
    if paper is None:
        return answer
    marked = forms.marks(request.form, paper)
    _edition, election, standing = voter.asked(year)
    if why := voter.why_not(election, standing):
        return _ballot(voter, year, marked, Refused(why))
    try:
        choices = forms.read_ballot(request.form, paper, standing.country)
    except Refused as refused:
        return _ballot(voter, year, marked, refused)
    if election is not None and voter.giver is None and standing.tracker is None:
        reminders.note_begun(election.id, voter.member_id)
    asked = paper.asked(voter.member_id, standing.country)
    facts = {"voter": voter, "election": election, "paper": paper, "asked": asked}
    return render_template("voting/check.html", choices=choices, marked=marked, **facts)


@voting.route("/<int:year>/vote/send", methods=["GET", "POST"])
@for_cards
@counted_only
def send(year: int) -> Any:
    """Put the vote in the box. The hot path: until it is in, nothing is read but the session."""
    return put_in(own(), year)


def put_in(voter: Voter, year: int) -> Any:
    """Cast the ballot of a voter."""
    paper, answer = _sent(voter, year)
    if paper is None:
        return answer
    try:
        voter.cast(paper, forms.read_ballot(request.form, paper))
    except Refused as refused:
        return _ballot(voter, year, forms.marks(request.form, paper), refused)
    return see_other(voter.url("receipt", year))


# --- The receipt ------------------------------------------------------------------------------------


def _vote_of(voter: Voter, year: int) -> tuple[Election, box.Standing] | None:
    _edition, election, standing = voter.asked(year)
    return (election, standing) if election and standing.tracker else None


@voting.get("/<int:year>/vote/receipt")
@for_cards
def receipt(year: int) -> Any:
    return show_receipt(own(), year)


def show_receipt(voter: Voter, year: int) -> Any:
    """The code of a voter's envelope."""
    theirs = _vote_of(voter, year)
    if theirs is None:
        return redirect(url_for(".index", year=year))
    election, standing = theirs
    code = seal.code(standing.tracker or "")
    # In the hall members without an e-mail address vote; everybody else signed in with one.
    can_mail = not current_user.is_in_hall or db.session.get_one(Member, current_user.member_id).email is not None
    facts = {
        "code": code,
        "can_mail": can_mail,
        "waiting": proxy_votes.waiting(election, current_user.member_id, voter.how),
    }
    return render_template("voting/receipt.html", voter=voter, election=election, standing=standing, **facts)


@voting.get("/<int:year>/vote/receipt.txt")
@for_cards
def receipt_file(year: int) -> Any:
    return give_receipt_file(own(), year)


def give_receipt_file(voter: Voter, year: int) -> Any:
    """The signed receipt: a promise that this envelope is in the box, silent on its content."""
    theirs = _vote_of(voter, year)
    if theirs is None:
        return redirect(url_for(".index", year=year))
    election, standing = theirs
    signed = board.receipt(name_of(election), standing.tracker or "", keys.signing_key())
    text = render_template("voting/receipt.txt", voter=voter, election=election, standing=standing,
                           signed=json.dumps(signed), code=seal.code(standing.tracker or ""),
                           public_key=keys.public_signing_key())  # fmt: skip
    return download(text, f"sipvote-{year}.txt", "text/plain; charset=utf-8")


@voting.post("/<int:year>/vote/receipt/mail")
@for_cards
def mail_receipt(year: int) -> Any:
    return mail_receipt_of(own(), year)


def mail_receipt_of(voter: Voter, year: int) -> Any:
    """Mail the receipt of a voter to who is signed in."""
    theirs = _vote_of(voter, year)
    if theirs is None:
        return see_other(url_for(".index", year=year))
    election, standing = theirs
    member = db.session.get_one(Member, current_user.member_id)
    tracker = standing.tracker or ""
    # Of one envelope one letter, however often the button is pressed.
    key = f"receipt {election.id} {member.id} {tracker[:15]}"
    mail.queue("receipt", member, key=key, giver=voter.giver, election=election, cast_at=standing.cast_at,
               code=seal.code(tracker))  # fmt: skip
    db.session.commit()
    if member.email:
        flash(_("Your receipt is on its way to %(address)s.", address=member.email), "ok")
    else:
        flash(_("We have no e-mail address of yours. Print your receipt, or write the code down."), "warn")
    return see_other(voter.url("receipt", year))
