"""The outbox: in the caller's transaction, each letter once, retried when refused, never sent twice by itself."""

from datetime import timedelta

import pytest
import time_machine
from flask_mailman.backends.locmem import EmailBackend
from sqlalchemy import select

from sipvote import mail, worker
from sipvote.db import db, now
from sipvote.mail import Letter
from tests.factories import a_member

FACTS = {"token": "t", "code": "123456", "minutes": 10}


@pytest.fixture
def ada(database):
    member = a_member(language="nl")
    db.session.commit()
    return member


def a_letter(to, **more) -> Letter | None:
    letter = mail.queue("sign_in", to, **FACTS, **more)
    db.session.commit()
    return letter


def test_a_letter_is_written_in_the_members_language(ada):
    letter = a_letter(ada)
    assert letter.subject == "Je code is 123456" and "http://127.0.0.1:8000/nl/sign-in/link/t" in letter.body


def test_a_letter_is_part_of_the_callers_transaction(ada):
    mail.queue("sign_in", ada, **FACTS)
    db.session.rollback()
    assert db.session.scalar(select(Letter)) is None


def test_the_worker_is_woken_after_the_commit_and_not_before(ada, monkeypatch):
    woken = []
    monkeypatch.setattr(mail, "wake", [lambda: woken.append(True)])
    mail.queue("sign_in", ada, **FACTS)
    db.session.flush()
    assert woken == []
    db.session.commit()
    assert woken == [True]


def test_who_has_no_address_gets_no_letter(database):
    assert mail.queue("sign_in", a_member(email=None), **FACTS) is None


def test_what_has_a_key_is_written_once(ada):
    assert a_letter(ada, key="reminder 1")
    assert a_letter(ada, key="reminder 1") is None


def test_a_letter_is_sent_once(ada, outbox):
    a_letter(ada)
    assert mail.deliver() == 1
    assert mail.deliver() == 0
    assert [m.to for m in outbox] == [[ada.email]]
    assert outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_calendar_goes_along(ada, outbox):
    a_letter(ada, calendar=("BEGIN:VCALENDAR", "REQUEST"))
    mail.deliver()
    assert "method=REQUEST" in str(outbox[0].attachments)


def test_a_refused_letter_is_tried_again_later_and_given_up_visibly(ada, monkeypatch):
    def refuse(*_args):
        raise ConnectionRefusedError("the server and who wrote to whom")

    letter = a_letter(ada)
    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    moment = now()
    for tries in range(1, mail.TRIES + 1):
        with time_machine.travel(moment):
            assert mail.deliver() == 0
            assert letter.tries == tries and letter.fault == "ConnectionRefusedError"
            assert mail.deliver() == 0 and letter.tries == tries  # not before its time
        moment += timedelta(minutes=2**tries, seconds=1)
    assert letter.failed_at is not None and letter.sent_at is None


def test_a_letter_whose_fate_is_unknown_is_not_sent_again(ada):
    letter = a_letter(ada)
    letter.claimed_at = now()  # as after a power cut between sending and noting it
    db.session.commit()
    assert mail.deliver() == 0


def test_the_worker_goes_on_when_one_job_fails(app, ada, monkeypatch, caplog):
    done = []
    jobs = {"bad": lambda: 1 / 0, "good": lambda: done.append(True)}
    monkeypatch.setattr(worker, "REGULAR", jobs)
    worker.do(app, "regular")
    assert done == [True] and "job bad: ZeroDivisionError" in caplog.text
