"""Secrecy, as far as tests can show it: before the opening no choice stands anywhere, afterwards no name beside it."""

import itertools
import logging
from pathlib import Path

import pytest
from sqlalchemy import select, text

from sipvote.db import Base, db
from sipvote.voting import box, counting, hours, papers, seal
from sipvote.voting.models import Envelope
from tests.factories import a_member, a_vote, an_election

pytestmark = pytest.mark.usefixtures("database")
# How a written ballot begins, and how it would look in a dump.
WRITTEN = (b'"q":[', b'"q":[['.hex().encode(), b"q0=", b'"q0"')


def everything_stored():
    """Every byte of the database: the files of SQLite, every row of PostgreSQL."""
    if db.engine.dialect.name == "sqlite":
        path = Path(db.engine.url.database)
        return b"".join(p.read_bytes() for p in (path, path.with_name(path.name + "-wal")) if p.exists())
    rows = (db.session.execute(text(f'SELECT t::text FROM "{table}" t')) for table in Base.metadata.tables)  # noqa: S608
    return "\n".join(str(row[0]) for found in rows for row in found).encode()


def test_every_choice_has_an_envelope_of_the_same_length():
    voters = [a_member(f"M{n}") for n in range(11)]
    election = an_election(*voters)
    every = [c for size in range(4) for c in itertools.combinations(range(4), size)]
    for voter, choice in zip(voters, every, strict=False):
        a_vote(election, voter, *choice)
    assert len({len(sealed) for sealed in db.session.scalars(select(Envelope.sealed))}) == 1
    paper = papers.of(election)
    assert len({len(seal.write((choice,), paper.shape)) for choice in every}) == 1


def test_before_the_opening_no_choice_stands_in_database_cookie_address_or_log(browser_of, caplog):
    caplog.set_level(logging.DEBUG)
    ada = a_member()
    election = an_election(ada)
    browser = browser_of(ada)
    paper = papers.of(election)
    ballot = {"ballot": paper.name, "q0": ["1", "3"]}
    checked = browser.post("/en/2026/vote/check", data=ballot)
    sent = browser.post("/en/2026/vote/send", data=ballot)
    assert checked.status_code == 200 and sent.status_code == 303
    assert sent.headers["Location"] == "/en/2026/vote/receipt"
    assert checked.headers["Cache-Control"] == sent.headers["Cache-Control"] == "no-store"
    with browser.session_transaction() as session:
        assert set(session) <= {"_user_id", "_fresh", "language", "csrf_token", "_permanent"}
    stored = everything_stored()
    assert box.turnout(election.id) == 1 and box.trackers(election.id)[0].encode() in stored
    assert not any(mark in stored for mark in WRITTEN)
    assert not any(mark.decode() in caplog.text for mark in WRITTEN)


def test_the_receipt_is_silent_on_the_choice(browser_of):
    ada, ben = a_member("Ada"), a_member("Ben")
    election = an_election(ada, ben)
    pages = []
    for member, option in ((ada, 0), (ben, 3)):
        tracker = a_vote(election, member, option)
        page = browser_of(member).get("/en/2026/vote/receipt").text
        assert "Theme" not in page
        pages.append(page.replace(seal.code(tracker).replace("-", " "), "").replace(seal.code(tracker), ""))
    assert len({len(page) // 50 for page in pages}) == 1


def test_the_opened_ballots_lie_in_the_order_of_their_content():
    voters = [a_member(f"M{n}") for n in range(12)]
    election = an_election(*voters)
    for n, voter in enumerate(voters):
        a_vote(election, voter, (7 * n + 3) % 4)
    hours.close(election, None)
    counting.count(election, [], None)
    stored = [row[0] for row in db.session.execute(text("SELECT choices FROM opened_ballot"))]
    assert stored == sorted(stored) and len(stored) == 4


def test_while_the_vote_runs_the_service_cannot_open_the_box():
    ada = a_member()
    election = an_election(ada)
    a_vote(election, ada, 2)
    sealed = db.session.scalar(select(Envelope.sealed))
    for guess in (b"\0" * 16, seal.new_seed(), election.public_key[:16]):
        with pytest.raises(seal.SpoiltBallot):
            seal.open_envelope(sealed, seal.private_key(guess))
