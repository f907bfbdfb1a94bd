"""What a decision starts: a project, a test project, or a question to the next assembly; and what came of it.

A question becomes a drafted question of the next election, by the rules of the ballot's own room; nothing of it is
seen there before the decision is published. While there is no such election it waits to be asked.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..voting import questions
from ..voting.counting import reports_of
from ..voting.decisions import Decision as Counted
from ..voting.disclosure import FEWEST_BALLOTS
from ..voting.models import Election, Question
from .models import Decision, FollowUp, Kind, Outcome
from .rules import Overtaken, Wrong, name_of

KIND_NAMES = {
    Kind.PROJECT: _l("Project"),
    Kind.TEST_PROJECT: _l("Test project"),
    Kind.QUESTION: _l("Question to the next assembly"),
}
FACTS = ("kind", "language", "title", "about", "lead", "begins_on", "ends_on", "outcome", "question_id")


@dataclass(frozen=True)
class Started:
    """What is started, as it was typed."""

    kind: Kind
    language: str
    title: str
    about: str = ""
    lead: str = ""
    begins_on: date | None = None
    ends_on: date | None = None


def seen_of(follow_up: FollowUp) -> str:
    """The mark of what stands there, which comes back with a form."""
    facts = [str(getattr(follow_up, name) or "") for name in FACTS] + [str(follow_up.ended_at or "")]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


# --- Starting, changing, ending ---------------------------------------------------------------------


def why_not_start(decision: Decision) -> str | None:
    """Also what is postponed may start something: a question to the assembly, say. What is rejected starts nothing."""
    if decision.outcome == Outcome.REJECTED:
        return _("What is rejected starts nothing.")
    return None


def start(decision: Decision, started: Started, by: int | None) -> FollowUp:
    """Start something; a question goes to the next ballot at once when the decision is published. Raises."""
    if why := why_not_start(decision):
        raise Refused(why)
    _check(started)
    follow_up = FollowUp(decision=decision, made_at=now(), made_by_id=by, **asdict(started))
    db.session.add(follow_up)
    db.session.flush()
    _record("start follow-up", follow_up, by)
    if decision.published_at:
        ask_all(decision, by)
    return follow_up


def _check(started: Started) -> None:
    if started.begins_on and started.ends_on and started.ends_on < started.begins_on:
        raise Wrong("ends_on", _("It cannot end before it begins."))


def why_not_change(follow_up: FollowUp) -> str | None:
    """What has ended, or stands on a ballot, does not change any more."""
    if follow_up.ended_at:
        return _("This has ended. Open it again if it goes on.")
    if follow_up.question_id:
        return _("This question is on a ballot. Its words are changed at the election desk.")
    return None


def change(follow_up: FollowUp, started: Started, seen: str, by: int | None) -> None:
    """Write it anew. Raises Refused, Wrong, Overtaken."""
    _hold(follow_up, seen)
    if why := why_not_change(follow_up):
        raise Refused(why)
    _check(started)
    for name, said in asdict(started).items():
        setattr(follow_up, name, said)
    db.session.flush()
    _record("change follow-up", follow_up, by)
    if follow_up.decision.published_at:
        ask_all(follow_up.decision, by)


def why_not_end(follow_up: FollowUp) -> str | None:
    """It ends once, after its decision is published."""
    if follow_up.decision.published_at is None:
        return _("The decision is not published yet.")
    return _("This has ended already.") if follow_up.ended_at else None


def end(follow_up: FollowUp, outcome: str, seen: str, by: int | None) -> None:
    """Say what came of it. Raises Refused, Wrong, Overtaken."""
    _hold(follow_up, seen)
    if why := why_not_end(follow_up):
        raise Refused(why)
    if not outcome.strip():
        raise Wrong("outcome", _("Write what came of it."))
    follow_up.outcome, follow_up.ended_at = outcome, now()
    _record("end follow-up", follow_up, by)


def reopen(follow_up: FollowUp, by: int | None) -> None:
    """It goes on after all; what was written stays. Twice is once."""
    db.session.refresh(follow_up, with_for_update={"of": FollowUp})
    if follow_up.ended_at is None:
        return
    follow_up.ended_at = None
    _record("open follow-up again", follow_up, by)


def why_not_drop(follow_up: FollowUp) -> str | None:
    """What has begun in earnest is ended, not thrown away."""
    if follow_up.question_id:
        return _("This question is on a ballot. Take it from the ballot first, at the election desk.")
    return _("This has ended. What came of it stays.") if follow_up.ended_at else None


def drop(follow_up: FollowUp, by: int | None) -> None:
    """Take it away again, as if it had not been started."""
    db.session.refresh(follow_up, with_for_update={"of": FollowUp})
    if why := why_not_drop(follow_up):
        raise Refused(why)
    _record("drop follow-up", follow_up, by)
    db.session.delete(follow_up)
    db.session.flush()


def _hold(follow_up: FollowUp, seen: str) -> None:
    db.session.refresh(follow_up, with_for_update={"of": FollowUp})
    if seen != seen_of(follow_up):
        raise Overtaken(_("Somebody changed this while this page was open. Look at it again."))


def _record(act: str, follow_up: FollowUp, by: int | None) -> None:
    subject = name_of(follow_up.decision.recommendation)
    audit.record(act, subject, by, kind=follow_up.kind, title=follow_up.title)


# --- Questions --------------------------------------------------------------------------------------


def ballots() -> dict[int, Election]:
    """The elections whose ballot is still a draft, by their year, the earliest first; one query."""
    drafted = select(Election).join(Election.edition).where(Election.frozen_at.is_(None))
    wanted = drafted.where(Election.is_rehearsal.is_(False)).options(contains_eager(Election.edition))
    return {election.edition.year: election for election in db.session.scalars(wanted.order_by(Edition.year))}


def why_not_ask(follow_up: FollowUp, years: Collection[int]) -> str | None:
    """Only what a published decision wants to ask, once, and while a ballot of a later year is drafted (`years`)."""
    if follow_up.kind != Kind.QUESTION or follow_up.ended_at:
        return _("This is no question to an assembly.")
    if follow_up.decision.published_at is None:
        return _("It goes to the next ballot when the decision is published.")
    if follow_up.question_id:
        return _("This question is on a ballot already.")
    if not any(year > follow_up.decision.recommendation.year for year in years):
        return _("No later year drafts its ballot now. The question waits until one does.")
    return None


def ask(follow_up: FollowUp, by: int | None) -> Question:
    """Put the question on the draft of the next ballot. Raises Refused."""
    db.session.refresh(follow_up, with_for_update={"of": FollowUp})
    open_ballots = ballots()
    if why := why_not_ask(follow_up, open_ballots):
        raise Refused(why)
    election = open_ballots[min(year for year in open_ballots if year > follow_up.decision.recommendation.year)]
    words = {follow_up.language: {"title": follow_up.title, "text": follow_up.about}}
    asked = questions.Asked("simple", original=follow_up.language, texts=words)
    question = questions.ask(election, asked, by)
    follow_up.question_id = question.id
    db.session.flush()
    return question


def ask_all(decision: Decision, by: int | None) -> None:
    """Put every question of a decision on the next ballot that can be put there; the others wait."""
    asking = [f for f in decision.follow_ups if f.kind == Kind.QUESTION and not f.question_id]
    years = ballots() if asking else {}
    for follow_up in asking:
        if why_not_ask(follow_up, years) is None:
            try:
                ask(follow_up, by)
            except Refused:  # the ballot is full: it waits to be asked
                continue


@dataclass(frozen=True)
class Answer:
    """How a question stands: on which year's ballot, and what the assembly said once the result is public."""

    year: int
    counted: Counted | None

    @property
    def shows_numbers(self) -> bool:
        return self.counted is not None and self.counted.ballots >= FEWEST_BALLOTS


def answers(follow_ups: Collection[FollowUp]) -> dict[int, Answer]:
    """How the questions among these stand, by their id; a fixed number of queries."""
    asked = {f.question_id: f.id for f in follow_ups if f.question_id}
    if not asked:
        return {}
    loaded = joinedload(Question.election).joinedload(Election.edition)
    found = db.session.scalars(select(Question).where(Question.id.in_(asked)).options(loaded)).unique()
    return {asked[question.id]: Answer(question.election.edition.year, _counted(question)) for question in found}


def _counted(question: Question) -> Counted | None:
    election = question.election
    if election.published_at is None or election.is_rehearsal:
        return None
    counted = reports_of(election)[list(election.questions).index(question)]
    return counted if isinstance(counted, Counted) else None


def of_decisions(decisions: Sequence[Decision]) -> dict[int, Answer]:
    """The answers to all questions that these decisions asked."""
    return answers([follow_up for decision in decisions for follow_up in decision.follow_ups])
