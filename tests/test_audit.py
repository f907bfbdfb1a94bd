"""The audit log: one chain, in which no entry can be changed, dropped or inserted unseen."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from sipvote import acts, audit
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.i18n import in_language
from sipvote.voting import second_word
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


def names_in(given: ast.expr) -> set[str]:
    """The acts that an argument can name: written out, one of two, or for each act that takes two officials."""
    if isinstance(given, ast.IfExp):
        return names_in(given.body) | names_in(given.orelse)
    if isinstance(given, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{act}" for part in given.values]
        return {"".join(parts).format(act=act) for act in second_word.ACTS}
    return {given.value} if isinstance(given, ast.Constant) else set()


def test_every_act_has_a_name_that_officials_understand():
    recorded = {
        name
        for path in Path(acts.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "_record", "record")
        for name in names_in(call.args[0])
    }
    recorded |= {"time machine", "plan mailing", "send mailing"}  # handed over as an argument
    assert recorded == set(acts.ACTS)


def test_every_subject_has_a_name_that_officials_understand(app):
    kinds = {"vote 2026": "stemming 2026", "members": "alle vennoten", "theme 3": "thema 3", "other 1": "other 1"}
    with in_language("nl"):
        assert {subject: acts.subject_name(subject) for subject in kinds} == kinds


def test_the_log_says_acts_subjects_and_facts_in_words(browser_of):
    audit.record("grant", "member 12", None, role="board", city=None)
    page = browser_of(a_board_member()).get("/en/audit").text
    assert "Role given" in page and "member 12" in page and "role: board" in page and "city" not in page


def test_the_board_reads_it_and_members_do_not(client, browser_of, entries):
    assert "election 3" in browser_of(a_board_member()).get("/en/audit").text
    assert browser_of(a_member()).get("/en/audit").status_code == 403
