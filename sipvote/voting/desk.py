"""The election desk: one act after the other, from the draft to the published result.

Organisers run the vote; scrutineers try their words, open the box, and take the package home. Of the same
blueprint: ceremony_desk.py (freezing, word lists, opening the box) and hours_desk.py (opening, closing, pausing).
"""

from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, flash, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from .. import readiness
from ..access import may, requires, weighs
from ..acts import ACTS
from ..assembly import rules as assemblies
from ..audit import Entry
from ..db import db
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..errors import Forbidden, Refused, see_other
from ..exports import download
from ..members.asked_views import asked_instead
from ..members.models import Member
from . import (
    ceremony,
    checkpoints,
    counting,
    freezing,
    hours,
    live,
    naming,
    packing,
    paper_ballots,
    papers,
    questions,
    result,
    rules,
    scrutineers,
    second_word,
)
from .announcements import announced, stood_still
from .checklist import checklist
from .forms import CUSTODY_NAMES, RULE_HINTS, PrepareForm, SettleForm
from .models import Custody, Election

desk = Blueprint("voting_desk", __name__, url_prefix="/<int:year>/election")


@desk.after_request
def keep_nothing(response: Response) -> Response:
    """Word lists are on these pages: no browser or proxy keeps them."""
    response.headers["Cache-Control"] = "no-store"
    return response


def asked_election(year: int) -> Election:
    """The election of the year in the address, or 404 when none was prepared."""
    election = rules.of_edition(asked_edition(year))
    if election is None:
        abort(404)
    return election


def watched_election(year: int) -> Election:
    """The same, for who runs the vote and who watches over it: a scrutineer of another vote does not come in."""
    election = asked_election(year)
    if not may("voting.run") and (why := scrutineers.why_not_watch(election, who())):
        raise Forbidden(why)
    return election


def done(year: int, said: str) -> Any:
    """Keep what an act has done, say so, and go back to the desk."""
    db.session.commit()
    flash(said, "ok")
    return see_other(url_for(".index", year=year))


def refused(year: int, why: str) -> Any:
    """Say why something is not possible now, on the desk."""
    flash(why, "bad")
    return see_other(url_for(".index", year=year))


def who() -> int:
    """The member who acts."""
    by: int = current_user.member_id
    return by


@desk.get("/")
@requires("voting.open_box")
def index(year: int) -> str:
    edition = asked_edition(year)
    election = rules.of_edition(edition)
    settings = ("custody", "rule", "by_hand", "is_rehearsal")
    return _show(edition, election, PrepareForm(data={name: getattr(election, name) for name in settings if election}))


def _show(edition: Edition, election: Election | None, form: PrepareForm) -> str:
    is_draft = election is not None and election.frozen_at is None
    return render_template(
        "voting_desk/index.html",
        election=election,
        form=form,
        why_not_prepare=rules.why_not_prepare(edition),
        checks=checklist(election) if election and is_draft else [],
        unready=readiness.why_not_open() if election and election.is_rehearsal and election.state == "frozen" else None,
        turnout=live.voted(election) if election else 0,
        custody=CUSTODY_NAMES,
        rule_hints=RULE_HINTS,
        only_for=papers.ONLY_FOR,
        asked=questions.drafted(election) if election else [],
        ties=_ties(election) if election and election.counted_at else [],
        unpiled=paper_ballots.unpiled(election) if election and election.state == "closed" else 0,
        has_other_dates=_has_other_dates(edition, election),
        rules=rules,
        freezing=freezing,
        ceremony=ceremony,
        hours=hours,
        counting=counting,
        result=result,
        second_word=second_word,
        scrutineers=scrutineers,
        naming=naming,
        has_assembly=assemblies.of_edition(edition) is not None,
        asked_words=second_word.standing(election) if election else [],
        key_lists=ceremony.key_lists(election) if election else [],
        announcements=announced(election),
        stood_still=minutes(stood_still(election)) if election else 0,
        timeline=_timeline(election) if election else [],
        acts=ACTS,
    )


def minutes(time: timedelta) -> int:
    """Whole minutes, rounded up."""
    return -(-int(time.total_seconds()) // 60)


def _ties(election: Election) -> list[dict[str, Any]]:
    """Every question that is tied: its position, and its lot, if that was drawn."""
    return [
        {"position": n, "lot": counting.settlement(election, n), "why_not": counting.why_not_settle(election, n)}
        for n, report in counting.elections_of(election)
        if report.tied
    ]


def _has_other_dates(edition: Edition, election: Election | None) -> bool:
    """Whether the edition's dates were changed after the ballot was frozen, which changes nothing here."""
    if election is None or election.is_rehearsal or not election.frozen_at or election.closed_at:
        return False
    return (election.opens_at, election.closes_at) != (edition.vote_at, edition.count_at)


class Done(NamedTuple):
    """Something that was done: the entry of the audit log, who did it, and who had asked for it."""

    entry: Entry
    name: str | None
    asked_by: str | None


def _timeline(election: Election) -> list[Done]:
    """What was done, from the audit log, with the names of who did it; of a rehearsal nothing that was swept away."""
    about = Entry.subject == checkpoints.name_of(election)
    swept = select(func.coalesce(func.max(Entry.id), 0)).where(about, Entry.act == "sweep rehearsal")
    rows = select(Entry).where(about, Entry.act.in_(ACTS), Entry.id > swept.scalar_subquery())
    entries = db.session.scalars(rows.order_by(Entry.id)).all()
    who = {each for entry in entries for each in (entry.actor, entry.facts.get("asked_by")) if isinstance(each, str)}
    known = db.session.execute(select(Member.number, Member.name).where(Member.number.in_(who)))
    names: dict[str | None, str] = {row.number: row.name for row in known}
    return [Done(each, names.get(each.actor), names.get(each.facts.get("asked_by"))) for each in entries]


# --- Before the vote --------------------------------------------------------------------------------


@desk.route("/prepare", methods=["GET", "POST"])
@requires("voting.run")
def prepare(year: int) -> Any:
    edition, form = asked_edition(year), PrepareForm()
    if form.validate_on_submit():
        how = {"by_hand": form.by_hand.data, "is_rehearsal": form.is_rehearsal.data}
        rules.prepare(edition, Custody(form.custody.data), who(), form.rule.data, form.most_themes.data, **how)
        return done(year, _("The vote is prepared. Now go through the list below."))
    return _show(edition, rules.of_edition(edition), form)


# --- After the vote ---------------------------------------------------------------------------------


@desk.get("/review")
@requires("voting.open_box")
def review(year: int) -> Any:
    """The result before it is published, for those who opened the box."""
    election = watched_election(year)
    paper = papers.of(election)
    if election.counted_at is None or paper is None:
        return refused(year, _("The ballots have not been counted yet."))
    return render_template(
        "voting_desk/review.html", election=election, paper=paper, outcomes=result.outcomes(election, paper),
        fewest=result.FEWEST_BALLOTS,
    )  # fmt: skip


@desk.route("/settle/<int:position>", methods=["GET", "POST"])
@requires("voting.run")
def settle(year: int, position: int) -> Any:
    """Enter what the public lot decided."""
    election, form = asked_election(year), SettleForm()
    if why := counting.why_not_settle(election, position):
        return refused(year, why)
    report, options = dict(counting.elections_of(election))[position], election.questions[position].options
    if form.validate_on_submit():
        try:
            counting.settle(election, position, form.draw.data or "", form.how.data or "", who())
            return done(year, _("The lot is entered. See below whom it chose."))
        except Refused as refusal:
            form.draw.errors = [*form.draw.errors, refusal.why]
    tied = [options[number] for number in report.tied]
    return render_template("voting_desk/settle.html", election=election, form=form, report=report, tied=tied)


@desk.post("/publish")
@requires("voting.run")
@weighs
def publish(year: int) -> Any:
    election = asked_election(year)
    if why := result.why_not_publish(election):
        raise Refused(why)
    facts = {"election": election.id, "counted": result.counted_when(election)}
    if asked := asked_instead("publish result", checkpoints.name_of(election), **facts):
        return asked
    result.publish(election, who())
    return done(year, _("The result is published."))


@desk.post("/package")
@requires("voting.package")
def package(year: int) -> Any:
    """The scrutineers' package; a POST, because it is recorded who took it."""
    election = watched_election(year)
    rehearsed = "-rehearsal" if election.is_rehearsal else ""
    content = packing.scrutineers_package(election, who())
    db.session.commit()
    return download(content, f"sipvote-{year}{rehearsed}.zip", "application/zip")
