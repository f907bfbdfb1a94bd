"""What the rules destroy and what they leave; a certificate each time; and it is the same in dry run."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote import audit, cli, mail, worker
from sipvote.db import db, now
from sipvote.members import rules as members
from sipvote.members.models import RollUpload, SignIn
from sipvote.retention import contest, rules
from sipvote.retention.models import Certificate
from sipvote.voting import checkpoints, hours, packing, result
from sipvote.voting.models import BoardCheckpoint, Elector, Envelope, OpenedBallot
from tests.factories import a_board_member, a_card, a_counted_election, a_member, an_assembly, an_organiser, kept

pytestmark = pytest.mark.usefixtures("database")


def how_many(table):
    return db.session.scalar(select(func.count()).select_from(table))


def due():
    return {rule.name: times for rule, times in rules.due() if times}


def a_letter(days, **values):
    then = now() - timedelta(days=days)
    facts = {"name": "x", "address": "ada@example.org", "language": "en", "subject": "s", "body": "b"}
    return kept(mail.Letter(**{**facts, "queued_at": then, "send_at": then, "sent_at": then, **values}))


def a_sign_in(hours, used=False):
    then = now() - timedelta(hours=hours)
    member = a_member()
    return kept(SignIn(address=member.email, browser_hash="x", language="en", asked_at=then,
                       member_id=member.id, used_at=then if used else None))  # fmt: skip


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda old: a_sign_in(25 if old else 23), "sign_ins"),
        (lambda old: a_sign_in(13 if old else 11, used=True), "sessions"),
        (lambda old: a_letter(8 if old else 6), "texts"),
        (lambda old: a_letter(contest.period().days + (1 if old else -1), body=""), "letters"),
        (lambda old: kept(RollUpload(uploaded_at=now() - timedelta(days=8 if old else 6), filename="f", content=b"x",
                                     uploaded_by_id=a_member().id)), "files"),
    ],
    ids=["sign_ins", "sessions", "texts", "letters", "files"],
)  # fmt: skip
def test_each_rule_takes_what_is_old_and_leaves_what_is_not(make, name):
    make(old=False)
    assert due() == {} and rules.follow() is None
    make(old=True)
    assert due() == {name: 1}
    assert rules.follow().lines == [[name, 1]]
    assert due() == {}


def test_a_letter_that_waits_keeps_its_words_however_old():
    waiting = a_letter(400, sent_at=None)
    assert rules.follow() is None and waiting.body == "b"


def test_a_letter_without_words_keeps_the_key_that_stops_it_from_going_twice():
    letter = a_letter(400, key="once")
    rules.follow()
    db.session.refresh(letter)
    assert (letter.key, letter.address, letter.subject, letter.body) == ("once", "", "", "")
    mail.queue("x", a_member(), key="once")
    assert how_many(mail.Letter) == 1


def a_published_vote(days):
    """A vote that was published so many days ago."""
    election = a_counted_election((0,), (0, 1), (1,))
    result.publish(election, None)
    election.published_at = now() - timedelta(days=days)
    db.session.commit()
    return election


def test_until_the_contest_period_is_over_nothing_of_a_vote_goes():
    a_published_vote(contest.period().days - 1)
    rules.follow()
    assert how_many(Envelope) == 3 and how_many(Elector) == 3 and how_many(OpenedBallot) > 0


def test_afterwards_envelopes_and_roll_go_and_totals_and_chain_stay(client, browser_of):
    an_organiser()
    election = a_published_vote(contest.period().days + 1)
    before = {
        page: client.get(f"/en/2026/vote/{page}").text for page in ("results", "checkpoints.jsonl", "trackers.txt")
    }
    report, roll = election.report, (election.roll_size, election.roll_hash)
    assert rules.due()[-1][1] >= 6
    certificate = rules.follow()
    db.session.commit()
    assert dict(certificate.lines)["votes"] >= 6
    assert [how_many(table) for table in (Envelope, Elector, OpenedBallot)] == [0, 0, 0]
    db.session.refresh(election)
    assert election.destroyed_at and election.report == report and (election.roll_size, election.roll_hash) == roll
    assert how_many(BoardCheckpoint) == len(checkpoints.checkpoints(election)) == 1
    after = {page: client.get(f"/en/2026/vote/{page}").text for page in before}
    assert after == before
    board = client.get("/en/2026/vote/board?code=7F3K92QAM4TD").text
    assert "The envelopes were destroyed on" in board and "It is not here" not in board
    assert "destroyed" in packing.why_not_package(election)
    assert rules.follow() is None and hours.in_progress() == []


def test_the_minutes_are_not_made_of_numbers_that_are_gone(browser_of):
    board = a_board_member()
    election = a_published_vote(contest.period().days + 1)
    an_assembly(election.edition)
    assert browser_of(board).get("/en/2026/minutes").status_code == 200
    rules.follow()
    gone = browser_of(board).get("/en/2026/minutes")
    assert gone.status_code == 409 and "printed before" in gone.text


def test_the_length_of_the_contest_period_is_a_setting(app, monkeypatch):
    monkeypatch.setitem(app.config, "CONTEST_DAYS", 10)
    a_published_vote(11)
    assert "votes" in due()


def test_every_run_gives_a_certificate_and_an_entry_in_the_log():
    a_sign_in(30)
    certificate = rules.follow()
    entry = db.session.scalars(select(audit.Entry)).one()
    assert (entry.act, entry.subject, entry.facts) == ("destroy data", f"certificate {certificate.id}", {"sign_ins": 1})
    assert audit.first_fault() is None


def test_the_worker_does_it_once_a_day(app, monkeypatch):
    monkeypatch.setattr(worker, "_retained", {})
    a_letter(8)
    db.session.commit()
    worker.do(app, "retention")
    db.session.rollback()
    assert how_many(Certificate) == 1
    a_letter(8)
    db.session.commit()
    worker.do(app, "retention")
    db.session.rollback()
    assert how_many(Certificate) == 1
    monkeypatch.setattr(worker, "_retained", {"on": now().date() - timedelta(days=1)})
    worker.do(app, "retention")
    db.session.rollback()
    assert how_many(Certificate) == 2


def test_the_worker_forgets_sessions_within_the_minute(app):
    a_sign_in(13, used=True)
    a_sign_in(11, used=True)
    assert members.forget_old_sign_ins() == 1


def test_the_word_says_first_what_would_go(app, monkeypatch, capfd):
    monkeypatch.setattr(cli.cli, "create_app", lambda: app)
    a_sign_in(25)
    db.session.commit()
    assert cli.main(["retention", "--dry-run"]) == 0
    said = capfd.readouterr().out
    assert "Sign-ins that were asked for and not used: 1 would be destroyed, kept for 24 hours." in said
    assert how_many(SignIn) == 1 and how_many(Certificate) == 0
    assert cli.main(["retention"]) == 0
    assert "Certificate " in capfd.readouterr().out
    assert how_many(SignIn) == 0 and how_many(Certificate) == 1
    assert cli.main(["retention"]) == 0 and "Nothing is due." in capfd.readouterr().out


def test_officials_read_the_rules_and_the_certificates_in_their_language(browser_of):
    board = a_board_member()
    a_sign_in(30)
    db.session.commit()
    certificate = rules.follow()
    browser = browser_of(board)
    page = browser.get("/en/retention").text
    assert "183 days" in page and f"Certificate {certificate.id}" in page
    for code, words in (
        ("en", "Sign-ins that were asked for"),
        ("nl", "Gevraagde en niet"),
        ("fr", "Connexions demandées"),
    ):
        assert words in browser.get(f"/{code}/retention/certificates/{certificate.id}").text


def test_cards_of_a_vote_go_with_its_roll():
    election = a_published_vote(contest.period().days + 1)
    election.closed_at, election.counted_at, election.published_at, election.report = None, None, None, None
    election.closes_at = now() + timedelta(hours=1)
    db.session.commit()
    a_card(election, db.session.get(Elector, (election.id, db.session.scalar(select(Elector.member_id)))).member)
    election.closed_at = election.counted_at = now()
    election.published_at, election.report = now() - timedelta(days=400), {}
    db.session.commit()
    assert dict(rules.follow().lines)["votes"] >= 7
