"""The outbox: in the caller's transaction, each letter once, retried when refused, never sent twice by itself."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
import time_machine
from flask_mailman.backends.locmem import EmailBackend
from sqlalchemy import select, text

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


def answer(monkeypatch, fault):
    """Let the mail server answer with a fault."""

    def refuse(*_args):
        raise fault

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)


@pytest.mark.parametrize(
    ("code", "said", "is_final", "kept"),
    [
        (550, b"5.1.1 <ada@example.org>: User unknown", True, "550 5.1.1"),
        (550, b"No such user here", True, "550"),
        (552, b"5.2.2 Mailbox full", True, "552 5.2.2"),
        (450, b"4.2.0 Greylisted", False, "450 4.2.0"),
        (554, b"5.7.1 Relay access denied", False, "554 5.7.1"),
    ],
)
def test_an_address_that_does_not_exist_is_given_up_at_once(ada, monkeypatch, code, said, is_final, kept):
    letter = a_letter(ada, secret=True)
    answer(monkeypatch, SMTPRecipientsRefused({ada.email: (code, said)}))
    assert mail.deliver() == 0
    assert (letter.failed_at is not None, letter.fault, letter.tries) == (is_final, kept, 1)
    assert (letter.body == "") == is_final  # a link that never arrives need not be kept


def test_when_the_server_goes_away_the_other_letters_keep_their_tries(ada, monkeypatch):
    letters = [a_letter(ada) for _ in range(3)]
    answer(monkeypatch, SMTPServerDisconnected("please run connect() first"))
    mail.deliver()
    assert [letter.tries for letter in letters] == [1, 0, 0]


def test_nobody_waits_for_the_database_while_a_letter_is_handed_over(ada, outbox, monkeypatch):
    a_letter(ada)
    send = EmailBackend.send_messages

    def write_meanwhile(self, messages):
        with db.engine.begin() as other:
            other.execute(text("update member set name = 'Ada Written'"))
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", write_meanwhile)
    assert mail.deliver() == 1 and ada.name == "Ada Written"


def test_letters_of_a_batch_wait_for_their_turn(ada, outbox):
    row = {"batch": "news 1", "name": "mailing", "member_id": ada.id, "address": ada.email, "language": "nl"}
    mail.queue_many([{**row, "key": f"news 1 {n}", "subject": "News", "body": "x", "is_secret": False} for n in (1, 2)])
    mail.queue_many([{**row, "key": "news 1 2", "subject": "Again", "body": "x", "is_secret": False}])
    a_letter(ada)
    assert [mail.deliver(), mail.deliver(), mail.deliver_batches(limit=1), mail.deliver_batches()] == [1, 0, 1, 1]
    assert [message.subject for message in outbox] == ["Je code is 123456", "News", "News"]


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
