"""The desk in the hall that gives voting cards, and ballots on paper."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select

from .. import qr
from ..access import requires
from ..assembly import finding
from ..assembly import rules as assemblies
from ..db import db
from ..editions.views import asked_edition
from ..errors import Refused, see_other
from ..i18n import country_name, in_language
from ..mail import link
from ..members.models import Member
from . import box, cards, paper_ballots, papers, rules
from .hall_forms import NUMBERS, ManyForm
from .models import Election, Elector

desk = Blueprint("card_desk", __name__, url_prefix="/<int:year>/vote/desk")


@desk.after_request
def keep_nothing(response: Any) -> Any:
    """Codes are on these pages: no browser or proxy keeps them."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked(year: int) -> Election:
    """The election of the year in the address, or 404 when none was prepared."""
    election = rules.of_edition(asked_edition(year))
    if election is None:
        abort(404)
    return election


@desk.get("/")
@requires("voting.cards")
def index(year: int) -> Any:
    """Find a member; how many cards and papers are out."""
    edition = asked_edition(year)
    election = rules.of_edition(edition)
    is_frozen = election is not None and election.frozen_at is not None
    wanted = request.args.get("q", "").strip()[:300]
    found = finding.members_for(assemblies.of_edition(edition), wanted) if is_frozen and wanted else []
    return render_template(
        "card_desk/index.html",
        election=election,
        why=cards.why_not_cards(election),
        wanted=wanted,
        found=found[: finding.SHOWN],
        has_more=len(found) > finding.SHOWN,
        shortest=finding.SHORTEST,
        on_roll=_on_roll(election, found) if election else {},
        figures=cards.figures(election) if election and is_frozen else None,
        papers_out=paper_ballots.handed_out(election) if election and is_frozen else 0,
    )


def _on_roll(election: Election, people: Sequence[Member]) -> dict[int, bool]:
    """Which of these members stand on the roll, and whether they have a ballot on paper."""
    rows = select(Elector.member_id, Elector.paper_at).where(
        Elector.election_id == election.id, Elector.member_id.in_([member.id for member in people])
    )
    return {member_id: paper_at is not None for member_id, paper_at in db.session.execute(rows)}


@desk.get("/<int:member_id>")
@requires("voting.cards")
def member(year: int, member_id: int) -> Any:
    """One member at the desk: how they voted so far (never what), and what they can be given."""
    edition, person = asked_edition(year), db.get_or_404(Member, member_id)
    election = rules.of_edition(edition)
    if election is None:
        return redirect(url_for(".index", year=year))
    standing = box.standing(election.id, person.id) if election.frozen_at else box.Standing()
    return render_template(
        "card_desk/member.html",
        election=election,
        person=person,
        standing=standing,
        given=cards.cards_of(election, person.id),
        why_not_issue=cards.why_not_issue(election, person, standing),
        why_not_hand=paper_ballots.why_not_hand(election, person, standing),
        why_not_take_back=paper_ballots.why_not_take_back(election, person, standing),
    )


# --- Cards ------------------------------------------------------------------------------------------


@desk.get("/<int:member_id>/card")
@requires("voting.cards")
def shown(year: int, member_id: int) -> Any:
    """The code was shown once; there is nothing to come back to."""
    return redirect(url_for(".member", year=year, member_id=member_id))


@desk.post("/<int:member_id>/card")
@requires("voting.cards")
def issue(year: int, member_id: int) -> Any:
    """Give a card, and show its code: this once, on this page only."""
    election, person = _asked(year), db.get_or_404(Member, member_id)
    code = cards.issue(election, person, current_user.member_id)
    return _print(election, [(person, code)], url_for(".member", year=year, member_id=member_id))


@desk.route("/cards", methods=["GET", "POST"])
@requires("voting.cards")
def many(year: int) -> Any:
    """Print many cards, eight to a sheet."""
    election, form = _asked(year), ManyForm()
    why = cards.why_not_cards(election)
    waiting = cards.without_address(election) if why is None else []
    if form.validate_on_submit():
        try:
            people = cards.numbered(election, form.numbers.data or "") if form.who.data == NUMBERS else waiting
            given = cards.issue_many(election, people[: cards.MOST_AT_ONCE], current_user.member_id)
            if given:
                return _print(election, given, url_for(".index", year=year))
            form.who.errors = [*form.who.errors, _("There is nobody in the hall who needs a card now.")]
        except Refused as refused:
            db.session.rollback()
            form.numbers.errors = [*form.numbers.errors, refused.why]
    return render_template(
        "card_desk/many.html", election=election, form=form, why=why, waiting=len(waiting), most=cards.MOST_AT_ONCE
    )


def _print(election: Election, given: list[tuple[Member, str]], back: str) -> str:
    # Committed before the codes are shown: a code of a card that does not exist would be worse than none.
    db.session.commit()
    faces = [(person.language, _face(election, person, code)) for person, code in given]
    return render_template("card_desk/cards.html", election=election, faces=faces, back=back)


def _face(election: Election, person: Member, code: str) -> Markup:
    """A card, in the language of its member."""
    address = link("voting.scanned", person.language, year=election.edition.year, code=code)
    with in_language(person.language):
        picture = qr.svg(address, _("Leads to the ballot of %(name)s", name=person.name))
        facts = {"person": person, "code": cards.in_groups(code), "picture": picture, "election": election}
        face = current_app.jinja_env.get_template("card_desk/_card.html").render(facts)
    return Markup(face)  # noqa: S704  (a template, escaped by itself)


# --- Ballots on paper -------------------------------------------------------------------------------


@desk.post("/<int:member_id>/paper")
@requires("voting.cards")
def hand(year: int, member_id: int) -> Any:
    election, person = _asked(year), db.get_or_404(Member, member_id)
    paper_ballots.hand(election, person, current_user.member_id)
    said = _("Give %(name)s a ballot on paper. It is now their only vote.", name=person.name)
    if country := paper_ballots.country_of(election, person):
        said += " " + _("Take the one for %(country)s.", country=country_name(country))
    return _done(year, person, said)


@desk.post("/<int:member_id>/paper/back")
@requires("voting.cards")
def take_back(year: int, member_id: int) -> Any:
    election, person = _asked(year), db.get_or_404(Member, member_id)
    paper_ballots.take_back(election, person, current_user.member_id)
    return _done(year, person, _("The paper came back unused. %(name)s can vote again.", name=person.name))


def _done(year: int, person: Member, said: str) -> Any:
    url = url_for(".member", year=year, member_id=person.id)
    db.session.commit()
    flash(said, "ok")
    return see_other(url)


@desk.get("/paper")
@requires("voting.cards")
def paper(year: int) -> Any:
    """The ballot to print, in the page's language; where a question is for one country, a ballot for each."""
    election = _asked(year)
    ballot = papers.of(election)
    if ballot is None:
        raise Refused(_("The ballot is not frozen yet, so there is no electoral roll."))
    countries = paper_ballots.countries_of(ballot)
    asked = request.args.get("country")
    country = asked if asked in countries else next(iter(countries), None)
    questions = [
        (number, question)
        for number, question in enumerate(ballot.questions)
        if country is None or question.is_asked_in(country)
    ]
    return render_template(
        "card_desk/paper.html", election=election, paper=ballot, countries=countries, country=country,
        questions=questions,
    )  # fmt: skip
