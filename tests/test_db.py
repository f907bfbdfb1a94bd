"""Statutes of the database's locks: nobody waits for themselves."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, text, update

from sipvote.db import db, look, now
from sipvote.members.models import SignIn
from tests.factories import a_member, an_edition, an_organiser, some_words

LONG = 20  # seconds; what waits for itself would wait for ever


@contextmanager
def soon() -> Iterator[None]:
    """Fail instead of hanging when the block takes too long."""

    def too_long(*_signal: object) -> None:
        raise AssertionError("this waits for itself")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_look_does_not_wait_for_the_writer_that_looks(app, database):
    with app.test_request_context(method="POST"), soon():
        db.session.execute(text("select 1"))  # from here on this request is the writer
        with look() as connection:
            assert connection.execute(text("select 1")).scalar() == 1


def test_a_member_who_is_signed_in_sends_a_form_of_a_public_page(browser_of):
    an_edition(year=2026, phase="themes")
    browser = browser_of(a_member())
    with soon():
        answer = browser.post("/en/2026/themes/propose", data={"language": "en", **some_words("Fair fees")})
    assert answer.status_code == 303


def test_an_official_who_was_away_sends_a_form_of_a_public_page(browser_of):
    an_edition(year=2026, phase="themes")
    browser = browser_of(an_organiser())
    db.session.execute(update(SignIn).values(seen_at=now() - timedelta(minutes=20)))
    with soon():
        browser.post("/en/2026/themes/propose", data={"language": "en", **some_words("Fair fees")})
    assert now() - db.session.scalars(select(SignIn.seen_at)).one() < timedelta(minutes=1)
