"""A backup holds everything but what signs somebody in, and is restored whole or not at all."""

import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from sipvote import audit, backups, cli, mail
from sipvote.backups import archive, drill, postgres
from sipvote.backups.manifest import BadBackup, has_data
from sipvote.db import db, now
from sipvote.members import rules as members
from sipvote.members.models import Member
from sipvote.schema import revisions
from sipvote.voting import box, ceremony, counting, hours, keys, seal
from sipvote.voting.models import Custody, Election
from tests import factories


@pytest.fixture
def run(service, monkeypatch, capfd):
    """Run a word of the command line on the service; give exit code, stdout and stderr."""
    monkeypatch.setattr(cli.cli, "create_app", lambda: service)

    def go(*words):
        db.session.commit()
        db.session.remove()
        code = cli.main([str(word) for word in words])
        told = capfd.readouterr()
        return code, told.out, told.err

    return go


def made(folder: Path) -> Path:
    db.session.commit()
    db.session.remove()
    return archive.make(db.engine, folder)[0]


def destroy():
    """The machine is lost: nothing is left but an empty database."""
    db.session.remove()
    engine = db.engine
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        return
    engine.dispose()
    for path in Path(engine.url.database).parent.glob("service.db*"):
        path.unlink()


def restored(path: Path, replace: bool = False):
    db.session.remove()
    return archive.restore(db.engine, path, replace=replace, known=revisions())


# --- What is in it ----------------------------------------------------------------------------------


def test_a_backup_is_one_file_that_only_its_owner_reads(run, tmp_path):
    code, out, _err = run("backup", tmp_path / "kept")
    (path,) = (tmp_path / "kept").iterdir()
    assert code == 0 and str(path) in out and archive.NAME.fullmatch(path.name)
    assert path.stat().st_mode & 0o777 == 0o600


def test_its_manifest_tells_the_revision_the_log_and_every_table(service, tmp_path):
    ada = factories.a_member()
    audit.record("grant", "member 1", ada.id)
    db.session.commit()
    entry = db.session.scalars(select(audit.Entry)).one()
    last, head, revision = entry.id, entry.hash, revisions()[0]
    with zipfile.ZipFile(made(tmp_path)) as zipped:
        manifest = json.loads(zipped.read("manifest.json"))
    assert manifest["format"] == 1 and manifest["revision"] == revision
    assert (manifest["audit_last"], manifest["audit_head"]) == (last, head)
    assert manifest["tables"]["member"][0] == 1 and len(manifest["tables"]["member"][1]) == 64


def test_a_backup_during_the_vote_holds_nothing_but_sealed_ballots(service, tmp_path):
    """Test 31 looks for them everywhere; here: no ballot, no word list, no seed, no code and no session."""
    voters = [factories.a_member(f"Voter {n}") for n in range(6)]
    election, lists = factories.a_frozen_election(*voters, custody=Custody.SCRUTINEERS)
    seed = seal.join(lists[:2])
    ceremony.prove(election, lists, None)
    hours.open_(election, None)
    trackers = [factories.a_vote(election, voter, n % 4) for n, voter in enumerate(voters)]
    code = factories.a_card(election, voters[0])
    session = members.begin_session(voters[1])
    asked = members.ask_sign_in(voters[2].email, "a browser", "en", None)
    members.mail_sign_ins()
    letter = db.session.scalars(select(mail.Letter).where(mail.Letter.name == "sign_in")).one()
    secrets = [line.rpartition("/")[2] for line in letter.body.split() if "/link/" in line]
    assert session.sign_in_id and secrets and len(lists) == 3
    hidden = [
        asked.link_hash, asked.browser_hash, asked.code_hash, code, code.replace("-", ""), seed, seed.hex(),
        *secrets, *lists, *(" ".join(words.split()[:4]) for words in lists), '"q":[', b'"q":['.hex(),
    ]  # fmt: skip
    with zipfile.ZipFile(made(tmp_path)) as zipped:
        everything = b"".join(zipped.read(name) for name in zipped.namelist())
    assert all(tracker.encode() in everything for tracker in trackers), "it is really a backup of this vote"
    found = [each for each in hidden if (each if isinstance(each, bytes) else each.encode()) in everything]
    assert found == []


def test_sessions_and_waiting_codes_are_left_out_and_other_letters_are_not(service, tmp_path):
    ada = factories.a_member()
    members.begin_session(ada)
    members.ask_sign_in(ada.email, "a browser", "en", None)
    members.mail_sign_ins()
    mail.queue_many([
        {"key": "k", "name": "x", "batch": "mailing 1", "member_id": ada.id, "address": ada.email, "language": "en",
         "subject": "You are invited", "body": "…", "is_secret": True}
    ])  # fmt: skip
    path = made(tmp_path)
    destroy()
    restored(path)
    assert db.session.scalar(text("select count(*) from sign_in")) == 0
    assert db.session.scalars(select(mail.Letter.subject)).all() == ["You are invited"]
    kept = mail.Letter(name="x", address="a", language="en", subject="s", body="b", queued_at=now(), send_at=now())
    db.session.add(kept)
    db.session.flush()  # the next number is free


def test_old_backups_are_thinned_out_and_nothing_else_is(tmp_path):
    names = [f"sipvote-2026112{n}-120000.backup" for n in range(5)]
    for name in [*names, "sipvote.db", "notes.backup"]:
        (tmp_path / name).touch()
    gone = archive.thin_out(tmp_path, 2)
    assert sorted(path.name for path in gone) == names[:3]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*names[3:], "sipvote.db", "notes.backup"])


def test_the_service_knows_when_its_last_backup_was_made(run, service, tmp_path):
    assert backups.last_backup() is None
    run("backup", tmp_path / "kept")
    assert now() - timedelta(minutes=5) < backups.last_backup() <= now()
    assert audit.first_fault() is None


# --- Restoring --------------------------------------------------------------------------------------


def test_a_vote_goes_on_after_the_machine_was_lost(service, tmp_path):
    """Test 35: dumped, destroyed, restored on an empty machine; the box, the log and the poll are as they were."""
    ada, ben, eva = (factories.a_member(name) for name in ("Ada", "Ben", "Eva"))
    election = factories.an_election(ada, ben, eva)
    first = factories.a_vote(election, ada, 1)
    head = db.session.scalar(select(audit.Entry.hash).order_by(audit.Entry.id.desc()).limit(1))
    ids = election.id, ben.id, ada.id
    path = made(tmp_path)
    destroy()
    assert not has_data(db.engine)
    manifest = restored(path)
    assert manifest.audit_head == head == db.session.scalar(select(func.max(audit.Entry.hash)).where(
        audit.Entry.id == manifest.audit_last))  # fmt: skip
    assert audit.first_fault() is None
    election = db.session.get(Election, ids[0])
    assert election.is_open and box.trackers(election.id) == [first]
    second = factories.a_vote(election, db.session.get(Member, ids[1]), 1)
    changed = factories.a_vote(election, db.session.get(Member, ids[2]), 2)
    assert sorted(box.trackers(election.id)) == sorted([second, changed])
    hours.close(election, None)
    counting.count(election, [], None)
    assert election.report["envelopes"] == 2 and keys.public_signing_key()


def test_a_closed_vote_stays_closed(service, tmp_path):
    election = factories.a_counted_election((0,), (0, 1))
    report, votes, election_id = election.report, box.trackers(election.id), election.id
    path = made(tmp_path)
    destroy()
    restored(path)
    election = db.session.get(Election, election_id)
    assert election.state == "counted" and election.report == report and box.trackers(election.id) == votes
    assert hours.in_progress() == []


def test_data_is_only_replaced_when_told_to(run, service, tmp_path):
    factories.a_member("Ada Peeters")
    run("backup", tmp_path / "kept")
    (path,) = (tmp_path / "kept").iterdir()
    factories.a_member("Somebody Later")
    code, _out, err = run("restore", path)
    assert code == 1 and "add --replace" in err
    assert db.session.scalar(select(func.count()).select_from(Member)) == 2
    code, out, err = run("restore", path, "--replace")
    assert (code, err) == (0, "") and "Everybody signs in again" in out
    assert db.session.scalars(select(Member.name)).all() == ["Ada Peeters"]
    assert audit.first_fault() is None
    last = db.session.scalars(select(audit.Entry.act).order_by(audit.Entry.id.desc())).first()
    assert last == "restore backup"


def spoilt(path: Path, part: str, change) -> Path:
    """The same backup, with one of its parts changed."""
    other = path.with_name("spoilt.backup")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name.startswith(part) else old.read(name))
    return other


def no_head(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw) | {"audit_head": "0" * 64}).encode()


def of_tomorrow(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw) | {"revision": "9999"}).encode()


WRONG = [
    ("data", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "is damaged"),
    ("data", lambda raw: raw[: len(raw) // 2], "is damaged"),
    ("manifest", no_head, "does not hold what its manifest says"),
    ("manifest", of_tomorrow, "newer sipvote"),
    ("manifest", lambda raw: b"{}", "is no backup"),
    ("manifest", lambda raw: raw.replace(b'"format": 1', b'"format": 2'), "has form 2"),
]


def test_what_is_damaged_changes_nothing(service, tmp_path):
    factories.a_member("Ada Peeters")
    whole = made(tmp_path)
    for part, change, why in WRONG:
        with pytest.raises(BadBackup, match=why):
            restored(spoilt(whole, part, change), replace=True)
        assert db.session.scalars(select(Member.name)).all() == ["Ada Peeters"]


def test_what_is_no_backup_is_told_in_a_sentence(service, tmp_path):
    (tmp_path / "x.backup").write_bytes(b"PK not really")
    for name, why in (("x.backup", "is no backup"), ("none.backup", "cannot be read")):
        with pytest.raises(BadBackup, match=why):
            restored(tmp_path / name)


def test_a_database_in_use_is_not_replaced(service, own_url, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "ANEW", postgres.ANEW.replace(f"{postgres.WAITS}s", "1s"))
    factories.a_member("Ada Peeters")
    path = made(tmp_path)
    if own_url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "service.db")) as other:
            assert other.execute("select count(*) from member").fetchone() == (1,)
            with pytest.raises(BadBackup, match="Stop `serve` and `work` first"):
                restored(path, replace=True)
    else:
        import psycopg

        with psycopg.connect(own_url.replace("+psycopg", "")) as other:
            assert other.execute("select count(*) from member").fetchone() == (1,)
            with pytest.raises(BadBackup, match="Stop `serve` and `work` first"):
                restored(path, replace=True)
    assert db.session.scalars(select(Member.name)).all() == ["Ada Peeters"]


def test_a_backup_of_the_other_database_is_refused(service, own_url, tmp_path):
    path = made(tmp_path)
    other = b'"postgresql"' if own_url.startswith("sqlite") else b'"sqlite"'
    mine = b'"sqlite"' if own_url.startswith("sqlite") else b'"postgresql"'
    with pytest.raises(BadBackup, match="This is a backup of"):
        restored(spoilt(path, "manifest", lambda raw: raw.replace(mine, other)), replace=True)


# --- The drill --------------------------------------------------------------------------------------


def test_the_drill_destroys_a_copy_restores_it_and_compares(run, service, tmp_path):
    election = factories.an_election(factories.a_member())
    factories.a_vote(election, db.session.scalars(select(Member)).first(), 1)
    code, out, err = run("backup", "--drill")
    assert (code, err) == (0, "")
    assert "is restored from it, and destroyed" in out and "row by row" in out
    assert "The vote of 2026 goes on, with 1 envelopes." in out
    assert backups.last_backup() is None, "a drill is no backup"


def test_the_drill_fails_when_a_row_is_lost(service, monkeypatch, tmp_path):
    factories.a_member()
    db.session.commit()
    db.session.remove()
    restore = archive.restore

    def careless(engine, path, **how):
        manifest = restore(engine, path, **how)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM member"))
        return manifest

    monkeypatch.setattr(archive, "restore", careless)
    with pytest.raises(BadBackup, match="The restored copy differs: member"):
        drill.run(db.engine, revisions(), lambda said: None)


# --- PostgreSQL's tools -----------------------------------------------------------------------------


def a_tool(folder: Path, version: str) -> None:
    tool = folder / "pg_dump"
    tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
    tool.chmod(0o755)


def test_a_missing_or_old_tool_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path / "none")
    with pytest.raises(BadBackup, match=r"pg_dump is missing\. Install postgresql-client-18"):
        postgres._tool("pg_dump", 18)
    a_tool(tmp_path, "15.18")
    with pytest.raises(BadBackup, match="version 15: too old"):
        postgres._tool("pg_dump", 18)
    newer = tmp_path / "none" / "18" / "bin"
    newer.mkdir(parents=True)
    a_tool(newer, "18.6")
    assert postgres._tool("pg_dump", 18) == str(newer / "pg_dump")
