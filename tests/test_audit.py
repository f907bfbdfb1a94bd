"""The audit log: one chain, in which no entry can be changed, dropped or inserted unseen."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from sipvote import audit
from sipvote.audit import Entry
from sipvote.db import db, now
from tests.factories import a_board_member, a_member

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def entries():
    for n in range(5):
        audit.record("open", f"election {n}", None, roll=n)
    db.session.commit()
    return db.session.query(Entry).order_by(Entry.id).all()


def test_an_honest_log_is_whole(entries):
    assert audit.first_fault() is None


@pytest.mark.parametrize("change", [{"subject": "election 9"}, {"facts": {"roll": 9}}, {"act": "close"}])
def test_a_changed_entry_is_named(entries, change):
    db.session.execute(update(Entry).where(Entry.id == entries[2].id).values(**change))
    db.session.expire_all()
    assert audit.first_fault() == entries[2].id


def test_a_dropped_entry_is_seen_at_the_next(entries):
    after = entries[3].id
    db.session.execute(delete(Entry).where(Entry.id == entries[2].id))
    db.session.expire_all()
    assert audit.first_fault() == after


def test_the_chain_cannot_fork(entries):
    forged = Entry(at=now(), act="x", subject="x", facts={}, previous=entries[1].previous, hash="0" * 64)
    db.session.add(forged)
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_the_board_reads_it_and_members_do_not(client, browser_of, entries):
    assert "election 3" in browser_of(a_board_member()).get("/en/audit").text
    assert browser_of(a_member()).get("/en/audit").status_code == 403
