"""What a decision starts, and what came of it: projects, test projects, questions to the assembly."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.db import db, now
from sipvote.decisions import finding, following, publishing, rules
from sipvote.decisions.following import Started
from sipvote.decisions.models import Kind, Outcome
from sipvote.decisions.rules import Overtaken, Wrong
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.voting import questions
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody, Question
from tests.decisions.test_rules import drafted
from tests.factories import an_edition
from tests.outcomes import a_decision


def a_project(decision, title="A guide", **values):
    return following.start(decision, Started(values.pop("kind", Kind.PROJECT), "en", title, **values), None)


def a_question(decision, title="Shall we print the guide?"):
    return a_project(decision, title, kind=Kind.QUESTION, about="It costs 2,000 euro.")


def a_drafted_ballot(year=2027):
    return voting.prepare(an_edition(Phase.REVIEW, year=year), Custody.SERVER, None, "approval")


def publish_all():
    found = publishing.preview()
    return publishing.publish([d.id for d in found.ready], found.seal, finding.today(), None)


def test_what_is_rejected_starts_nothing(year):
    with pytest.raises(Refused, match="starts nothing"):
        a_project(a_decision(year.one, Outcome.REJECTED))


def test_a_project_does_not_end_before_it_begins(year):
    with pytest.raises(Wrong) as refused:
        a_project(a_decision(year.one), begins_on=finding.today(), ends_on=finding.today() - timedelta(days=1))
    assert refused.value.field == "ends_on"


def test_a_project_ends_with_what_came_of_it_and_may_go_on(year):
    project = a_project(a_decision(year.one))
    with pytest.raises(Wrong, match="what came of it"):
        following.end(project, " ", following.seen_of(project), None)
    following.end(project, "The guide is there.", following.seen_of(project), None)
    for act in (following.why_not_change, following.why_not_end, following.why_not_drop):
        assert "ended" in act(project)
    following.reopen(project, None)
    assert (project.ended_at, project.outcome) == (None, "The guide is there.")


def test_a_project_of_a_draft_cannot_end(year):
    project = a_project(drafted(year.one))
    with pytest.raises(Refused, match="not published"):
        following.end(project, "Done.", following.seen_of(project), None)


def test_nobody_changes_a_project_they_have_not_seen(year):
    project = a_project(a_decision(year.one))
    seen = following.seen_of(project)
    following.change(project, Started(Kind.TEST_PROJECT, "en", "A trial"), seen, None)
    with pytest.raises(Overtaken):
        following.change(project, Started(Kind.PROJECT, "en", "Mine"), seen, None)
    assert project.title == "A trial"


def test_a_decision_whose_projects_have_all_ended_is_not_late(year):
    decision = a_decision(year.one, due=finding.today() - timedelta(days=1))
    one, two = a_project(decision), a_project(decision, "Print it")
    following.end(one, "Done.", following.seen_of(one), None)
    assert finding.how_many_late() == 1
    following.end(two, "Done.", following.seen_of(two), None)
    assert finding.how_many_late() == 0


def listed(show):
    return db.session.scalars(finding.follow_ups(show)).all()


def test_what_decisions_started_is_paged_and_each_part_counted(browser_of, year):
    decision, today = a_decision(year.one), finding.today()
    projects = [a_project(decision, title=f"Project {n}.", ends_on=today - timedelta(days=n + 1)) for n in range(30)]
    following.end(projects[0], "Done.", following.seen_of(projects[0]), None)
    a_project(drafted(year.two), title="Secret")
    assert finding.how_many_follow_ups() == {"": 29, "late": 29, "to_ask": 0, "ended": 1}
    board = browser_of(year.chloe)
    first, second = (board.get(f"/en/board/follow-ups?show=late&page={n}").text for n in (1, 2))
    assert [page.count("Project ") for page in (first, second)] == [25, 4] and "Project 29." in first
    assert "Project 0." in board.get("/en/board/follow-ups?show=ended").text
    assert "Secret" not in board.get("/en/board/follow-ups").text
    summary = board.get("/en/board").text
    assert summary.count("Project ") == 20 and "All 29 that are late" in summary
    assert board.get("/en/board/follow-ups?show=nonsense").status_code == 200


def test_a_project_past_its_end_is_late_until_it_ends(year):
    project = a_project(a_decision(year.one), ends_on=finding.today() - timedelta(days=1))
    a_project(drafted(year.two), ends_on=finding.today() - timedelta(days=1))
    assert listed("late") == [project]
    following.end(project, "Done.", following.seen_of(project), None)
    assert listed("late") == []


# --- Questions ----------------------------------------------------------------------------------------


def test_a_question_goes_on_the_next_ballot_when_the_decision_is_published(year):
    election = a_drafted_ballot()
    question = a_question(drafted(year.one))
    assert questions.drafted(election) == []  # nothing of a draft is seen on a ballot
    publish_all()
    [asked] = questions.drafted(election)
    assert question.question_id == asked.id
    assert asked.texts == {"en": {"title": "Shall we print the guide?", "text": "It costs 2,000 euro."}}


def test_a_question_of_a_published_decision_goes_there_at_once(year):
    election = a_drafted_ballot()
    a_question(a_decision(year.one))
    assert len(questions.drafted(election)) == 1


def test_without_a_ballot_that_is_drafted_the_question_waits(year):
    question = a_question(a_decision(year.one))
    assert listed("to_ask") == [question]
    assert "No later year" in following.why_not_ask(question, following.ballots())
    frozen = a_drafted_ballot(2027)
    frozen.frozen_at, frozen.public_key = now(), b"k" * 32
    db.session.flush()
    with pytest.raises(Refused, match="No later year"):
        following.ask(question, None)
    later = a_drafted_ballot(2028)
    following.ask(question, None)
    assert len(questions.drafted(later)) == 1
    assert listed("to_ask") == []


def test_a_question_is_asked_once(year):
    election = a_drafted_ballot()
    question = a_question(a_decision(year.one))
    with pytest.raises(Refused, match="on a ballot already"):
        following.ask(question, None)
    assert len(questions.drafted(election)) == 1
    assert "election desk" in following.why_not_drop(question)


def test_a_question_that_the_organisers_drop_waits_again(year):
    election = a_drafted_ballot()
    question = a_question(a_decision(year.one))
    questions.drop(election, db.session.get_one(Question, question.question_id), None)
    db.session.expire(question)
    assert question.question_id is None
    assert listed("to_ask") == [question]


def test_a_full_ballot_lets_the_question_wait_and_the_decision_be_published(year):
    election = a_drafted_ballot()
    words = {"en": {"title": "Another?", "text": ""}}
    for _ in range(questions.MOST_QUESTIONS):
        questions.ask(election, questions.Asked("simple", texts=words), None)
    question = a_question(drafted(year.one))
    publish_all()
    assert rules.draft_of(year.one) is None
    assert listed("to_ask") == [question]


def test_what_the_assembly_said_is_known_once_the_result_is_published(year):
    election = a_drafted_ballot()
    question = a_question(a_decision(year.one))
    assert following.answers([question])[question.id].counted is None
    position = [q.id for q in db.session.scalars(select(Question).order_by(Question.position))].index(
        question.question_id
    )
    counted = {"rule": "majority", "majority": "simple", "ballots": 30, "yes": 20, "no": 5, "blank": 5, "adopted": True}
    election.report = {"questions": [counted] * (position + 1), "envelopes": 30}
    moment = now()
    for name in ("frozen_at", "opened_at", "closed_at", "counted_at"):
        setattr(election, name, moment)
    election.public_key = b"k" * 32
    db.session.flush()
    db.session.expire_all()
    assert following.answers([question])[question.id].counted is None
    election.published_at = moment
    db.session.flush()
    answer = following.answers([question])[question.id]
    assert (answer.year, answer.counted.is_adopted, answer.counted.yes) == (2027, True, 20)
    assert answer.shows_numbers
