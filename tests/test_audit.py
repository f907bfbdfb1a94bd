"""The audit log: one chain, in which no line can be changed, dropped, put in or cut off unseen."""

import ast
import json
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from sipvote import acts, audit, chain, fact_names
from sipvote.assembly.rules import QUORUM_SETTINGS, VOTE_SETTINGS
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.decisions.models import Outcome
from sipvote.editions.forms import SETTINGS
from sipvote.editions.models import DATED
from sipvote.i18n import in_language
from sipvote.oversight import heads
from sipvote.oversight.models import Head
from sipvote.oversight.reading import details
from sipvote.voting import second_word
from tests.factories import a_counted_election, a_member, an_organiser
from tests.tampering import past_triggers

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def entries():
    for n in range(5):
        audit.record("open", f"election {n}", None, roll=n)
    db.session.commit()
    return db.session.query(Entry).order_by(Entry.id).all()


def past_the_triggers(statement):
    db.session.commit()
    with db.engine.begin() as connection, past_triggers(connection):
        connection.execute(statement)
    db.session.expire_all()


def test_an_honest_log_is_whole(entries):
    assert audit.first_fault() is None and [e.id for e in entries] == [1, 2, 3, 4, 5]


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "change", [{"subject": "election 9"}, {"facts": {"roll": 9}}, {"act": "close"}, {"actor": "7"}, {"at": LONG_AGO}]
)
def test_a_changed_line_is_named(entries, change):
    past_the_triggers(update(Entry).where(Entry.id == 3).values(**change))
    assert audit.first_fault() == 3


def test_a_dropped_line_is_named(entries):
    past_the_triggers(delete(Entry).where(Entry.id == 3))
    assert audit.first_fault() == 3


@pytest.mark.parametrize("table", [Entry, Head])
@pytest.mark.parametrize("act", ["UPDATE {} SET hash = '0'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_what_is_written(entries, table, act):
    db.session.add(Head(day=now().date(), line=1, hash="1", previous="2", head="3"))
    db.session.commit()
    if act.startswith("TRUNCATE") and db.engine.dialect.name == "sqlite":
        act = "DELETE FROM {}"  # SQLite has no other way
    with pytest.raises(DatabaseError, match="only ever added to"), db.engine.begin() as connection:
        connection.execute(text(act.format(table.__tablename__)))


def test_the_chain_cannot_fork(entries):
    forged = Entry(id=9, at=now(), act="x", subject="x", facts={}, previous=entries[1].previous, hash="0" * 64)
    db.session.add(forged)
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_many_at_once_make_one_chain(app):
    def write(number):
        with app.app_context():
            for n in range(10):
                audit.record("open", f"election {number}", None, n=n)
                db.session.commit()
            db.session.remove()

    db.session.commit()
    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert heads.check().lines == 60 and audit.first_fault() is None


def test_the_order_is_the_chains_whatever_the_clock_says():
    audit.record("open", "election 1", None)
    with time_machine.travel(now() - timedelta(hours=1)):
        audit.record("open", "election 2", None)
    later = db.session.scalars(select(Entry).order_by(Entry.id)).all()
    assert [e.subject for e in later] == ["election 1", "election 2"] and later[1].at < later[0].at
    assert audit.first_fault() is None


def test_a_line_holds_a_number_and_no_name_and_outlives_its_member():
    ada = a_member("Ada Peeters")
    audit.record("grant", "member 7", ada.id, role="board")
    entry = db.session.scalars(select(Entry)).one()
    assert entry.actor == ada.number and entry.member_id == ada.id and "Ada" not in entry.line()
    db.session.delete(ada)
    db.session.commit()
    assert audit.first_fault() is None and entry.member_id is None


# --- Tampering (catalogue, 37) ----------------------------------------------------------------------


@pytest.fixture
def real_log():
    """The lines of an election from its preparing to its result, and of what was done beside it."""
    dre = an_organiser()
    a_counted_election((0,), (0, 1), (1,), ())
    for n in range(40):
        audit.record("write mailing", f"mailing {n}", dre.id, language="nl", about="élection « à Liège »")
    return list(audit.lines())


def heads_for(lines: list[str], *at: int) -> list[str]:
    made, previous = [], chain.START
    for day, line in enumerate(at, start=1):
        head = {"day": f"2026-11-{day:02}", "line": line, "hash": json.loads(lines[line - 1])["hash"]}
        head["previous"] = previous
        previous = chain.digest(head)
        made.append(chain.canonical(head | {"head": previous}))
    return made


def named(lines: list[str], published: list[str] = ()) -> int | None:  # type: ignore[assignment]
    fault = chain.check(lines, published).fault
    return fault.line if fault else None


def test_any_line_that_is_flipped_dropped_put_in_or_cut_off_is_named(real_log):
    chance, tried = random.Random(37), 0
    published = heads_for(real_log, len(real_log) // 2, len(real_log))
    assert len(real_log) > 40 and named(real_log, published) is None
    for place, line in enumerate(real_log):
        before, after = real_log[:place], real_log[place + 1 :]
        for _time in range(20):
            at = chance.randrange(len(line))
            other = chance.choice([c for c in '0aZ"}é' if c != line[at]])
            assert named([*before, line[:at] + other + line[at + 1 :], *after]) == place + 1
        assert named([*before, *after], published) == place + 1
        assert named([*before, line, line, *after]) == place + 2
        assert named(before, published) == place + 1  # cut off from here on
        forged = json.loads(line) | {"subject": "member 666"}
        forged["hash"] = chain.digest({name: forged[name] for name in chain.LINE[:-1]})
        # Told by the line after it, or, at the very end, by the head that was published.
        assert named([*before, chain.canonical(forged), *after], published) == min(place + 2, len(real_log))
        tried += 24
    assert tried == 24 * len(real_log)


def test_a_log_that_was_written_anew_as_a_whole_is_not_the_one_published(real_log):
    published, previous, anew = heads_for(real_log, 3, len(real_log)), chain.START, []
    for line in real_log:
        forged = json.loads(line) | {"actor": "666", "previous": previous}
        previous = chain.digest({name: forged[name] for name in chain.LINE[:-1]})
        anew.append(chain.canonical(forged | {"hash": previous}))
    assert named(anew) is None and named(anew, published) == 3
    kept = json.loads(real_log[-1])["hash"]
    assert chain.check(real_log, known=[kept]).fault is None
    assert "written anew" in str(chain.check(anew, known=[kept]).fault)


@pytest.mark.parametrize("forge", [lambda h: h[1:], lambda h: h[::-1], lambda h: [h[0].replace("2026", "2025"), h[1]]])
def test_heads_that_are_not_what_was_published_are_told(real_log, forge):
    assert named(real_log, forge(heads_for(real_log, 3, 9))) is not None


def test_the_file_is_checked_with_python_alone(real_log, tmp_path):
    file, published = tmp_path / "audit.jsonl", tmp_path / "heads.jsonl"
    file.write_text("\n".join(real_log) + "\n", encoding="utf-8")
    published.write_text("\n".join(heads_for(real_log, 5)) + "\n", encoding="utf-8")
    command = [sys.executable, "-I", "-S", chain.__file__, str(file), "--heads", str(published)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(f"The audit log is whole. Lines: {len(real_log)}.")
    file.write_text("\n".join(real_log[:4]), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith("Line 5: it is missing")


# --- Names ------------------------------------------------------------------------------------------


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
    handed_over = {"time machine", "plan mailing", "send mailing", "make backup", "erase member", "destroy data"}
    recorded |= handed_over
    assert recorded == set(acts.ACTS)


def test_every_fact_has_a_name_that_officials_understand():
    given = {
        keyword.arg
        for path in Path(acts.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "_record")
        for keyword in call.keywords
    }
    of_plans = {*SETTINGS, *VOTE_SETTINGS, *QUORUM_SETTINGS, *DATED, *Outcome, "starts_at", "ends_at"}
    assert (given - {None}) | of_plans <= set(fact_names.FACTS) and len(given) > 60


def test_facts_read_as_people_write_them(app):
    facts = {"role": "board", "until": "2026-06-20T15:00:00+00:00", "on": "2026-06-20", "adopted": True, "rule": "x"}
    with in_language("nl"):
        told = [said for _name, said in details(Entry(act="x", subject="x", facts=facts))]
    moment = "zaterdag 20 juni 2026 om 17.00\N{NO-BREAK SPACE}uur"
    assert told == ["Lid van de raad van bestuur", moment, "zaterdag 20 juni 2026", "ja", "x"]


def test_every_subject_has_a_name_that_officials_understand(app):
    kinds = {"vote 2026": "stemming 2026", "members": "alle vennoten", "theme 3": "thema 3", "other 1": "other 1"}
    with in_language("nl"):
        assert {subject: acts.subject_name(subject) for subject in kinds} == kinds
