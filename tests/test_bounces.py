"""Mails that come back: the letter that they are about is marked, and nothing else is."""

import sys

import pytest

from sipvote import bounces, cli, mail
from sipvote.db import db
from tests.factories import a_member

NOTICE = """\
From: MAILER-DAEMON@mx.example.org
To: sipvote@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

I am sorry to have to inform you ... <letter.1.00000000000000000000000000000000@127.0.0.1>

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Sat, 21 Nov 2026 17:00:00 +0100

Final-Recipient: rfc822; ada@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org>: User unknown

--=_b
Content-Type: {kind}

Return-Path: <sipvote@example.org>
Subject: Your code is 123456
Message-ID: {identity}
To: ada@example.org

The letter.
--=_b--
"""


@pytest.fixture
def letter(database, outbox):
    letter = mail.queue("sign_in", a_member(), token="t", code="123456", minutes=10)
    db.session.commit()
    mail.deliver()
    return letter


def notice(identity, action="failed", status="5.1.1", kind="message/rfc822"):
    return NOTICE.format(identity=identity, action=action, status=status, kind=kind).encode()


def test_a_letter_carries_a_name_that_nobody_else_can_make(letter, outbox):
    identity = outbox[0].extra_headers["Message-ID"]
    assert identity.endswith("@127.0.0.1>") and mail.letter_named(identity) == letter.id
    forged = identity.replace(f".{letter.id}.", f".{letter.id + 1}.")
    assert mail.letter_named(forged) is None and mail.letter_named("<x@y>") is None


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_notification_names_the_letter_and_why(letter, kind):
    found = bounces.read(notice(mail.message_id(letter.id), kind=kind))
    assert found == (letter.id, "5.1.1")


def test_a_status_that_is_no_status_is_kept_in_general_words(letter):
    assert bounces.read(notice(mail.message_id(letter.id), status="oops")) == (letter.id, "5.0.0")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00garbage",
        b"Subject: I am on holiday\n\nBack on Monday.",
        notice("<letter.1.00000000000000000000000000000000@127.0.0.1>"),
        notice("no name at all"),
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/report\n\n",
    ],
)
def test_anything_else_marks_nothing(letter, content):
    assert bounces.read(content) is None


def test_a_delay_is_no_failure(letter):
    assert bounces.read(notice(mail.message_id(letter.id), action="delayed", status="4.4.1")) is None


def test_the_word_bounce_marks_the_letter_once(app, letter, monkeypatch, capsys):
    monkeypatch.setattr(cli, "_app", lambda: app)
    monkeypatch.setattr(cli.cli, "create_app", lambda: app)

    def pipe(content):
        class Pipe:
            class buffer:  # noqa: N801
                read = staticmethod(lambda _most: content)

        monkeypatch.setattr(sys, "stdin", Pipe)
        assert cli.main(["bounce"]) == 0
        return capsys.readouterr().out

    assert "came back: 5.1.1" in pipe(notice(mail.message_id(letter.id)))
    db.session.expire_all()
    assert letter.failed_at and letter.fault == "5.1.1" and letter.sent_at
    assert "known already" in pipe(notice(mail.message_id(letter.id)))
    assert pipe(b"Subject: hello\n\nhello") == ""
