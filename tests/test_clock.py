"""Clocks that jump: codes do not live longer, nobody is signed out, the vote stays as it is."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired
from sqlalchemy import text

from sipvote import worker
from sipvote.cookies import Sessions
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.i18n import ZONE
from sipvote.members import rules
from sipvote.members.models import SignIn
from sipvote.voting import hours
from tests.factories import a_member, a_vote, an_election

HOUR = timedelta(hours=1)


def work(app: Flask, word: str) -> None:
    """Let the worker do a job, with nothing open here; and see what it did."""
    db.session.commit()
    worker.do(app, word)
    db.session.rollback()


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=True)


def test_a_code_from_before_the_clock_was_set_back_is_worth_nothing(database):
    asked = rules.ask_sign_in("ada@example.org", "browser", "en", None)
    assert asked.is_fresh
    for back in (HOUR, timedelta(minutes=2)):
        with at(now() - back):
            assert not asked.is_fresh
    with at(now() - timedelta(seconds=30)):  # so much may two machines differ
        assert asked.is_fresh
    with at(now() + timedelta(minutes=10)):
        assert not asked.is_fresh


def test_the_worker_ends_codes_of_a_moment_to_come_for_good(app, database):
    asked = rules.ask_sign_in("ada@example.org", "browser", "en", None)
    db.session.commit()
    with at(now() - HOUR):
        work(app, "clock")
    assert db.session.get(SignIn, asked.id, populate_existing=True).ended_at
    assert not asked.is_fresh


def test_the_worker_ends_all_codes_when_the_clock_was_set_back_a_little(app, database, monkeypatch):
    asked = rules.ask_sign_in("ada@example.org", "browser", "en", None)
    used = rules.begin_session(a_member())
    asked_at_first = asked.asked_at = now() - timedelta(minutes=8)
    db.session.commit()
    assert asked.is_fresh
    clock = worker.Clock()
    clock._ahead += 300  # five minutes further on before
    monkeypatch.setattr(worker, "_clock", clock)
    work(app, "clock")
    ended = db.session.get(SignIn, asked.id, populate_existing=True)
    assert ended.ended_at
    assert asked_at_first < now()
    assert db.session.get(SignIn, used.sign_in_id, populate_existing=True).ended_at is None


def test_a_clock_that_only_goes_on_ends_no_code(app, database):
    asked = rules.ask_sign_in("ada@example.org", "browser", "en", None)
    db.session.commit()
    work(app, "clock")
    work(app, "clock")
    assert db.session.get(SignIn, asked.id, populate_existing=True).ended_at is None


def test_a_cookie_of_another_machine_whose_clock_is_ahead_is_read(app):
    signed = Sessions().get_signing_serializer(app).dumps({"_user_id": "7"})
    with at(now() - HOUR):
        assert Sessions().get_signing_serializer(app).loads(signed, max_age=60) == {"_user_id": "7"}
        with pytest.raises(SignatureExpired):  # so it is for Flask
            SecureCookieSessionInterface().get_signing_serializer(app).loads(signed, max_age=60)
    with at(now() + HOUR), pytest.raises(SignatureExpired):
        Sessions().get_signing_serializer(app).loads(signed, max_age=60)


def test_a_vote_that_was_closed_takes_none_whatever_the_clock_says(app, database):
    ada = a_member()
    election = an_election(ada)
    hours.close(election, None)
    db.session.commit()
    closed = election.closed_at
    for step in (-24 * HOUR, -HOUR, HOUR):
        with at(now() + step):
            assert not election.is_open
            with pytest.raises(Refused):
                a_vote(election, ada, 1)
            work(app, "elections")
    db.session.refresh(election)
    assert election.closed_at == closed


@time_machine.travel(datetime(2026, 10, 25, 1, 30, tzinfo=ZONE), tick=False)
def test_the_hour_that_comes_twice_is_two_hours(database):
    """In the night in which summer time ends, a code lives ten minutes, and not seventy."""
    asked = rules.ask_sign_in("ada@example.org", "browser", "en", None)
    summer = datetime(2026, 10, 25, 2, 55, tzinfo=ZONE)
    asked.asked_at = summer
    db.session.flush()
    db.session.refresh(asked)
    with at(summer + timedelta(minutes=4)):
        assert asked.is_fresh
    with at(datetime(2026, 10, 25, 2, 5, tzinfo=ZONE, fold=1)):  # ten minutes later
        assert not asked.is_fresh


def test_a_request_ends_in_order_when_the_database_has_gone_meanwhile(app, database):
    if db.engine.dialect.name != "postgresql":
        return  # SQLite does not go
    with app.app_context():
        pid = db.session.scalar(text("select pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    with app.app_context():
        assert db.session.scalar(text("select 1")) == 1
