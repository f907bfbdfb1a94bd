"""The scrutineers' desk for ballots on paper: piles, entered twice, until two agree."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ..access import requires
from ..db import db
from ..editions.views import asked_edition
from ..errors import Forbidden, Refused, see_other
from ..i18n import country_name
from . import forms, paper_ballots, papers, rules, scrutineers
from .day import PaperBatch
from .hall_forms import LineForm, PileForm
from .models import Election
from .papers import Paper
from .seal import Choices

desk = Blueprint("paper_desk", __name__, url_prefix="/<int:year>/vote/papers")
SPOILT = "spoilt"


def _asked(year: int, pile_id: int) -> tuple[Election, PaperBatch, Paper]:
    """The pile in the address, or 404."""
    election = rules.of_edition(asked_edition(year))
    pile = db.get_or_404(PaperBatch, pile_id)
    paper = papers.of(election) if election else None
    if election is None or paper is None or pile.election_id != election.id:
        abort(404)
    _only_scrutineers_of(election)
    return election, pile, paper


def _only_scrutineers_of(election: Election) -> None:
    """Who has the role watches over this vote only when named for it."""
    if why := scrutineers.why_not_watch(election, _by()):
        raise Forbidden(why)


def _by() -> int:
    by: int = current_user.member_id
    return by


@desk.route("/", methods=["GET", "POST"])
@requires("voting.papers")
def index(year: int) -> Any:
    """The piles, and a form to make one."""
    election = rules.of_edition(asked_edition(year))
    paper = papers.of(election) if election else None
    if election is None or paper is None:
        return render_template("paper_desk/index.html", election=None, why=_("The ballot is not frozen yet."))
    _only_scrutineers_of(election)
    form, countries = PileForm(), paper_ballots.countries_of(paper)
    form.country.choices = [SelectChoice(code, country_name(code)) for code in countries]
    if not countries:
        del form.country
    if form.validate_on_submit():
        try:
            country = form.country.data if countries else None
            pile = paper_ballots.make_pile(election, form.name.data or "", form.papers.data or 0, country, _by())
        except Refused as refused:
            form.papers.errors = [*form.papers.errors, refused.why]
        else:
            return _done(url_for(".pile", year=year, pile_id=pile.id), _("The pile is made. Now enter its papers."))
    listed = paper_ballots.piles(election)
    return render_template(
        "paper_desk/index.html",
        election=election,
        why=paper_ballots.why_not_piles(election),
        form=form,
        piles=listed,
        papers_out=paper_ballots.handed_out(election),
        piled=sum(each.papers for each in listed),
        mine=lambda each: paper_ballots.entry_of(each, _by()),
    )


def _done(url: str, said: str | None = None) -> Any:
    db.session.commit()
    if said:
        flash(said, "ok")
    return see_other(url)


@desk.get("/<int:pile_id>")
@requires("voting.papers")
def pile(year: int, pile_id: int) -> Any:
    """Enter what one reads on the papers of a pile."""
    return _show(*_asked(year, pile_id), LineForm(formdata=None), MultiDict())


def _show(
    election: Election,
    pile: PaperBatch,
    paper: Paper,
    form: LineForm,
    given: MultiDict[str, str],
    why: str | None = None,
) -> Any:
    mine = paper_ballots.entry_of(pile, _by())
    return render_template(
        "paper_desk/pile.html",
        election=election,
        pile=pile,
        paper=paper,
        form=form,
        why=why,
        why_not=paper_ballots.why_not_enter(election, pile, _by()),
        why_not_remove=paper_ballots.why_not_remove(election, pile),
        mine=mine,
        lines=[(times, _in_words(paper, pile, choices)) for times, choices in paper_ballots.read_of(mine)],
        left=pile.papers - paper_ballots.entered(mine),
        differ=[
            (times, _in_words(paper, pile, choices)) for times, choices in paper_ballots.differences(pile, _by())
        ] if mine else [],
        marked=forms.marks(given, paper),
        is_spoilt=SPOILT in given,
        asked_in=_is_asked,
    )  # fmt: skip


def _is_asked(pile: PaperBatch, question: papers.PaperQuestion) -> bool:
    return pile.country is None or question.is_asked_in(pile.country)


def _in_words(paper: Paper, pile: PaperBatch, choices: Choices | None) -> list[str]:
    """The choices of a line, one sentence for each question; none when the papers are spoilt."""
    if choices is None:
        return []
    asked = zip(paper.questions, choices, strict=True)
    return [
        ", ".join(question.options[number].title for number in chosen)
        or (_("blank") if question.is_themes else _("abstention"))
        for question, chosen in asked
        if _is_asked(pile, question)
    ]


@desk.route("/<int:pile_id>/add", methods=["GET", "POST"])
@requires("voting.papers")
def add(year: int, pile_id: int) -> Any:
    """So many papers with these choices."""
    election, pile, paper = _asked(year, pile_id)
    if request.method != "POST":  # the language was changed after a refusal
        return redirect(url_for(".pile", year=year, pile_id=pile_id))
    form, why = LineForm(), None
    if form.validate_on_submit():
        try:
            paper_ballots.add(election, pile, form.times.data or 0, _read(paper, pile), _by())
            return _done(url_for(".pile", year=year, pile_id=pile_id))
        except Refused as refused:
            db.session.rollback()
            why = refused.why
            election, pile, paper = _asked(year, pile_id)
    return _show(election, pile, paper, form, request.form, why)


def _read(paper: Paper, pile: PaperBatch) -> Choices | None:
    """The choices that were ticked as they stand on the paper; None when it is spoilt."""
    ticked = any(marks for marks in forms.marks(request.form, paper))
    if SPOILT in request.form:
        if ticked:
            raise Refused(_("You ticked choices and “spoilt” as well. Keep only one of the two."))
        return None
    return forms.read_ballot(request.form, paper, pile.country)


@desk.post("/<int:pile_id>/lines/<int:line>/remove")
@requires("voting.papers")
def remove_line(year: int, pile_id: int, line: int) -> Any:
    election, pile, _paper = _asked(year, pile_id)
    paper_ballots.remove(election, pile, line, _by())
    return _done(url_for(".pile", year=year, pile_id=pile_id))


@desk.post("/<int:pile_id>/finish")
@requires("voting.papers")
def finish(year: int, pile_id: int) -> Any:
    """Every paper of the pile is entered."""
    election, pile, _paper = _asked(year, pile_id)
    agreed = paper_ballots.finish(election, pile, _by())
    if agreed:
        said = ngettext(
            "You agree on this pile of %(num)d paper.", "You agree on this pile of %(num)d papers.", pile.papers
        )
        return _done(url_for(".index", year=year), said)
    here = url_for(".pile", year=year, pile_id=pile_id)
    if pile.differ is not None:  # the page says on which papers
        return _done(here)
    return _done(here, _("You have finished. Now another scrutineer enters this pile."))


@desk.post("/<int:pile_id>/remove")
@requires("voting.papers")
def remove(year: int, pile_id: int) -> Any:
    election, pile, _paper = _asked(year, pile_id)
    paper_ballots.remove_pile(election, pile, _by())
    return _done(url_for(".index", year=year), _("The pile is removed, with what was entered of it."))
