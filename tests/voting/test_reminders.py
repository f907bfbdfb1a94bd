"""Reminders of a running vote: once to those who have not voted, once to those who began and did not send."""

import pytest
from sqlalchemy import func, select

from sipvote import worker
from sipvote.assembly import mailings, sending
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.voting import hours, papers
from sipvote.voting.day import BegunBallot
from sipvote.voting.models import Elector, Envelope
from tests.factories import a_frozen_election, a_mailing, a_member, a_vote, an_assembly, an_election, an_organiser

NOT_VOTED, NOT_SENT = mailings.KINDS["not_voted"], mailings.KINDS["not_sent"]


@pytest.fixture
def people(database):
    return {name: a_member(f"{name} Peeters") for name in ("Ada", "Bert", "Cas", "Dina", "Pia")}


@pytest.fixture
def vote(people):
    return an_election(*people.values())


def whom(election, kind):
    return set(db.session.scalars(kind.whom(election.edition)))


def look_at_choice(browser, election, *chosen):
    data = {"ballot": papers.of(election).name, "q0": [str(c) for c in chosen]}
    page = browser.post("/en/2026/vote/check", data=data)
    db.session.rollback()  # on SQLite a transaction that has read here could not write after what was noted
    return page


def test_who_voted_in_any_way_is_not_reminded(vote, people):
    a_vote(vote, people["Ada"], 1)
    a_vote(vote, people["Pia"], 1)
    db.session.get(Envelope, (vote.id, people["Pia"].id)).by_proxy = True  # her holder voted for her
    db.session.get(Elector, (vote.id, people["Bert"].id)).paper_at = now()
    late = a_member("Too late for the roll")
    found = whom(vote, NOT_VOTED)
    assert found == {people["Cas"].id, people["Dina"].id} and late.id not in found


def test_who_looked_at_the_check_page_and_did_not_send_is_remembered(vote, people, browser_of):
    for name in ("Ada", "Bert", "Bert"):
        assert "Not sent yet" in look_at_choice(browser_of(people[name]), vote, 1).text
    a_vote(vote, people["Ada"], 1)
    assert whom(vote, NOT_SENT) == {people["Bert"].id}


def test_who_changes_a_vote_is_not_noted(vote, people, browser_of):
    a_vote(vote, people["Ada"], 1)
    look_at_choice(browser_of(people["Ada"]), vote, 2)
    assert db.session.scalar(select(func.count()).select_from(BegunBallot)) == 0


def test_a_ballot_that_is_wrong_was_not_looked_at(vote, people, browser_of):
    look_at_choice(browser_of(people["Ada"]), vote)
    assert db.session.scalar(select(func.count()).select_from(BegunBallot)) == 0


def test_who_began_is_noted_without_when_and_what():
    assert set(BegunBallot.__table__.columns.keys()) == {"election_id", "member_id"}


def test_who_began_is_forgotten_after_the_vote(vote, people, browser_of):
    look_at_choice(browser_of(people["Ada"]), vote, 1)
    worker.tidy()
    assert db.session.scalar(select(func.count()).select_from(BegunBallot)) == 1
    hours.close(vote, None)
    worker.tidy()
    assert db.session.scalar(select(func.count()).select_from(BegunBallot)) == 0


def test_a_reminder_goes_once_to_who_has_not_voted_when_it_is_written(app, vote, people, outbox):
    dre = an_organiser()
    mailing = a_mailing(an_assembly(vote.edition), "not_voted", by=dre)
    a_vote(vote, people["Ada"], 1)
    worker.do(app, "mailings")
    worker.do(app, "mailings")
    db.session.rollback()
    written = select(Letter.address).where(Letter.batch.is_not(None))
    assert set(db.session.scalars(written)) == {people[n].email for n in ("Bert", "Cas", "Dina", "Pia")}
    assert mailing.state == "ended"
    with pytest.raises(Refused, match="sent already"):
        sending.begin(vote.edition, NOT_VOTED, 600, None, dre.id)


def test_without_an_assembly_the_letter_leads_to_the_vote_itself(app, vote, people, outbox):
    dre = an_organiser()
    mailings.try_out(vote.edition, NOT_VOTED, dre)
    db.session.commit()
    worker.send_mail()
    assert "http://127.0.0.1:8000/en/2026/vote\n" in next(m.body for m in outbox if "Hello" in m.body)


def test_a_reminder_is_planned_before_the_vote_and_sent_during_it(people):
    election, _lists = a_frozen_election(*people.values())
    assert NOT_VOTED.why_not(election.edition, None) is None
    assert "not open" in NOT_VOTED.why_not(election.edition, election.opens_at.replace(year=2000))
    assert NOT_VOTED.why_not(election.edition, now()) is None  # it opens by then, by itself
    assert "closed" in NOT_VOTED.why_not(election.edition, election.closes_at)
    election.is_rehearsal = True
    assert "rehearsal" in NOT_VOTED.why_not(election.edition, None)
    election.is_rehearsal, election.hall_only = False, True
    assert "in the hall only" in NOT_VOTED.why_not(election.edition, None)


def test_once_the_vote_is_closed_no_reminder_leaves(app, vote, people):
    dre = an_organiser()
    mailings.try_out(vote.edition, NOT_VOTED, dre)
    mailing = sending.begin(vote.edition, NOT_VOTED, 600, None, dre.id)
    hours.close(vote, None)
    db.session.commit()
    worker.do(app, "mailings")
    db.session.rollback()
    assert mailing.state == "stopped"
    assert db.session.scalar(select(Letter).where(Letter.batch.is_not(None))) is None


def test_the_election_desk_leads_to_the_reminders(vote, browser_of):
    page = browser_of(an_organiser()).get("/en/2026/election/").text
    assert "Reminders" in page and "/en/2026/mailings/" in page
