"""Each check by itself: the facts of an installation that is fine, one of them changed, one sentence."""

import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import config
from sipvote import backups, jobs, kept, mail, readiness, worker
from sipvote.db import db, now
from sipvote.readiness import facts as reading
from sipvote.readiness.facts import Facts, gather, newest_revision
from tests.test_config import FULL

POSTGRES = {
    "log_statement": "none", "log_min_duration_statement": "-1", "log_parameter_max_length_on_error": "0",
    "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": "",
}  # fmt: skip
SQLITE = {"journal_mode": "wal", "synchronous": "2", "secure_delete": "1"}
SECRETS = {"SIPVOTE_SECRET_KEY": "0123456789abcdef" * 4, "SIPVOTE_SIGNING_KEY": "0123456789abcdef" * 4}


def a_beat(ago=0.0, **said):
    return {"here 1": {"at": now().timestamp() - ago, "skew": 0.0, "mail": "", "jobs": {}, **said}}


def fine(environment=None, **changed):
    """The facts of an installation without a fault, but for what is changed."""
    how = config.load({**FULL, **SECRETS, "SIPVOTE_PROXIES": "1"}) | (environment or {})
    given = {"config": how, "settings": SQLITE, "revisions": ("0007", "0007"), "beats": a_beat(), "backup": now()}
    return Facts(**given | changed)


def told(facts):
    return [(finding.kind, finding.text) for finding in readiness.look(facts)]


@pytest.mark.usefixtures("database")
class TestEachCheck:
    def test_an_installation_without_a_fault_hears_nothing(self):
        assert told(fine()) == []
        assert told(fine(dialect="postgresql", settings=POSTGRES)) == []

    @pytest.mark.parametrize(
        ("kind", "word", "setting", "value"),
        [
            ("bad", "SIPVOTE_MODE", "MODE", "demo"),
            ("bad", "SIPVOTE_MODE", "DEBUG", True),
            ("bad", "SIPVOTE_SECRET_KEY", "SECRET_KEY", "short"),
            ("bad", "SIPVOTE_SECRET_KEY", "SECRET_KEY", "a" * 40),
            ("bad", "SIPVOTE_SECRET_KEY", "SECRET_KEY", config.PLAY_SECRET),
            ("bad", "SIPVOTE_SIGNING_KEY", "SIGNING_KEY", config.PLAY_SIGNING_KEY),
            ("bad", "SIPVOTE_BASE_URL", "BASE_URL", "http://vote.example.org"),
            ("bad", "SIPVOTE_TRUSTED_HOSTS", "TRUSTED_HOSTS", []),
            ("bad", "SIPVOTE_TRUSTED_HOSTS", "TRUSTED_HOSTS", [".example.org"]),
            ("bad", "SIPVOTE_PROXIES", "PROXIES", 0),
            ("bad", "SIPVOTE_OFFICIALS", "OFFICIALS", "easy"),
            ("warn", "SIPVOTE_READINESS", "READINESS", "warn"),
        ],
    )
    def test_a_setting_that_breaks_a_promise_is_named(self, kind, word, setting, value):
        found = told(fine({setting: value}))
        assert [each for each, _text in found] == [kind] and word in found[0][1]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("log_statement", "all"),
            ("log_statement", "mod"),
            ("log_min_duration_statement", "0"),
            ("log_min_duration_statement", "250"),
            ("log_min_duration_sample", "100"),
            ("log_transaction_sample_rate", "0.1"),
            ("log_parameter_max_length_on_error", "-1"),
            ("auto_explain.log_min_duration", "0"),
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
        ],
    )
    def test_postgresql_may_neither_tell_nor_forget(self, name, value):
        found = told(fine(dialect="postgresql", settings={**POSTGRES, name: value}))
        assert len(found) == 1 and found[0][0] == "bad" and f"{name} = {value}" in found[0][1]

    @pytest.mark.parametrize(
        ("name", "value"), [("journal_mode", "delete"), ("synchronous", "1"), ("secure_delete", "0")]
    )
    def test_sqlite_may_not_forget_either(self, name, value):
        found = told(fine(settings={**SQLITE, name: value}))
        assert len(found) == 1 and found[0][0] == "bad" and f"{name} = {value}" in found[0][1]

    @pytest.mark.parametrize(
        ("kind", "says", "changed"),
        [
            ("bad", "migration 0005", lambda: {"revisions": ("0005", "0007")}),
            ("bad", "differ by 90 seconds", lambda: {"skew": -90.0}),
            ("bad", "differ by 5 seconds", lambda: {"beats": a_beat(skew=5.0)}),
            ("bad", "No worker has run", lambda: {"beats": {}}),
            ("bad", "Start it again", lambda: {"beats": a_beat(ago=600)}),
            ("bad", "SMTPConnectError", lambda: {"beats": a_beat(mail="SMTPConnectError")}),
            ("bad", "in the outbox since", lambda: {"oldest_letter": now() - timedelta(minutes=20)}),
            ("bad", "the last one: never", lambda: {"backup": None}),
            ("bad", "no backup of the last day", lambda: {"backup": now() - timedelta(days=2)}),
            ("bad", "100 MB", lambda: {"free": 100_000_000}),
            ("warn", "1500 MB", lambda: {"free": 1_500_000_000}),
            ("bad", "sipvote.db", lambda: {"readable": ["sipvote.db"]}),
            ("bad", "core dump", lambda: {"leaves_cores": True}),
            ("bad", "X-Forwarded-Proto", lambda: {"came_by_tls": False}),
            ("warn", "/dev/sda3", lambda: {"swaps": ["/dev/sda3"]}),
            ("warn", "NTP", lambda: {"ntp": False}),
            ("warn", "10 letters", lambda: {"refused_lately": 10}),
            ("bad", "nobody knows", lambda: {"unread": ["nobody knows"]}),
        ],
    )
    def test_what_runs_and_where_is_looked_at(self, kind, says, changed):
        found = told(fine(**changed()))
        assert [each for each, _text in found] == [kind] and says in found[0][1]

    def test_a_standby_that_may_lag_is_told(self):
        found = told(fine(dialect="postgresql", settings=POSTGRES, standbys=1))
        assert [kind for kind, _text in found] == ["warn"] and "synchronous_standby_names" in found[0][1]
        sure = {**POSTGRES, "synchronous_standby_names": "ANY 1 (a, b)"}
        assert told(fine(dialect="postgresql", settings=sure, standbys=1)) == []

    def test_the_rooms_are_heard(self, monkeypatch):
        monkeypatch.setattr(readiness, "also", [lambda: "A room says no."])
        assert told(fine()) == [("bad", "A room says no.")]


@pytest.mark.usefixtures("database")
class TestReading:
    def test_all_is_read_from_the_real_installation(self, app):
        worker.do(app, "beat")
        facts = gather()
        assert facts.unread == [] and facts.dialect == db.engine.dialect.name
        assert facts.revisions == (newest_revision(), newest_revision()) and newest_revision().isdigit()
        assert abs(facts.skew) < 2 and facts.free > 0 and len(facts.beats) == 1
        assert ("synchronous" if facts.dialect == "sqlite" else "fsync") in facts.settings

    def test_the_tests_database_is_found_to_be_forgetful_or_not(self, app):
        """On PostgreSQL the tests switch synchronous_commit off; SQLite is always sure."""
        _connect_anew()  # what was switched off is so for new connections
        said = " ".join(finding.text for finding in readiness.look(gather()))
        assert ("synchronous_commit = off" in said) == (db.engine.dialect.name == "postgresql")

    def test_a_server_that_logs_statements_is_found_out(self, app):
        name, logs = db.engine.url.database, db.engine.dialect.name == "postgresql"
        if logs:  # SQLite has no log of statements, and nothing is said of one
            _alter(f'ALTER DATABASE "{name}" SET log_statement = "all"')
        try:
            assert ("log_statement = all" in " ".join(f.text for f in readiness.look(gather()))) == logs
        finally:
            if logs:
                _alter(f'ALTER DATABASE "{name}" RESET log_statement')

    def test_what_cannot_be_read_is_told_and_stops_nothing(self, app, monkeypatch):
        monkeypatch.setattr(reading, "_outbox", lambda: 1 / 0)
        assert [each for each in gather().unread if "outbox" in each and "ZeroDivisionError" in each]

    def test_files_that_others_can_read_are_named(self, tmp_path):
        tmp_path.chmod(0o755)
        (tmp_path / "sipvote.db").touch(0o644)
        (tmp_path / "sipvote.db-wal").touch(0o600)
        assert [*reading._readable(tmp_path)] == ["sipvote.db"]
        tmp_path.chmod(0o700)
        assert [*reading._readable(tmp_path)] == []

    def test_other_tools_touch_a_file_when_they_backed_up(self, app):
        file = app.config["INSTANCE"] / backups.TOUCHED
        file.touch()
        try:
            assert abs((backups.last_backup() - now()).total_seconds()) < 60
        finally:
            file.unlink()

    def test_swaps_that_are_encrypted_do_not_count(self, monkeypatch):
        table = "Filename Type Size\n/dev/sda3 partition 1\n/dev/zram0 partition 1\n/dev/dm-1 partition 1\n"
        monkeypatch.setattr(Path, "read_text", lambda *_a, **_k: table)
        assert reading._swaps() == ["/dev/sda3"]


@pytest.mark.usefixtures("database")
class TestBeats:
    def test_the_worker_says_that_it_lives_and_what_it_did(self, app):
        worker.do(app, "tidy")
        worker.do(app, "beat")
        (said,) = jobs.beats().values()
        assert abs(said["at"] - time.time()) < 60 and said["jobs"]["tidy"][0] >= 1

    def test_a_job_that_fails_is_counted(self, app, monkeypatch):
        monkeypatch.setitem(worker.REGULAR, "tidy", lambda: 1 / 0)
        monkeypatch.setattr(worker, "_tallies", {})
        worker.do(app, "tidy")
        worker.do(app, "beat")
        (said,) = jobs.beats().values()
        assert said["jobs"]["tidy"][:2] == [1, 1]

    def test_a_worker_that_is_gone_for_a_day_is_forgotten(self, app):
        jobs.beat("old", {"at": time.time() - 2 * 24 * 3600})
        jobs.beat("new", {"at": time.time()})
        assert set(jobs.beats()) == {"new"}

    def test_a_mail_server_that_does_not_answer_is_told(self, app, monkeypatch):
        class Gone:
            def __enter__(self):
                raise ConnectionRefusedError

            def __exit__(self, *_fault):
                pass

        assert mail.try_server() == ""
        monkeypatch.setattr(mail.mailman, "get_connection", Gone)
        assert mail.try_server() == "ConnectionRefusedError"

    def test_a_test_letter_goes_to_the_address_that_is_given(self, outbox):
        assert mail.try_server("sip@example.org") == ""
        assert [letter.to for letter in outbox] == [["sip@example.org"]]


def _alter(statement):
    with db.engine.connect().execution_options(alone=True) as connection:
        connection.execute(text(statement))
    _connect_anew()
    kept.forget_all()


def _connect_anew():
    db.session.remove()  # gives its connection back: one that is out would be left open
    db.engine.dispose()


def test_the_disk_is_asked_where_the_data_are(app, database, monkeypatch):
    asked = []
    usage = shutil.disk_usage(app.config["INSTANCE"])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or usage)
    gather()
    assert asked == [app.config["INSTANCE"]]
