"""Signing in under attack: whatever is tried, in whatever order, a link and a code let in once, who asked, in time.

Its ordinary ways stand in tests/members/test_sign_in.py.
"""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from sipvote import worker
from sipvote.db import db, now
from sipvote.mail import Letter
from sipvote.members.models import Member, SignIn
from tests.assurance.web import payloads
from tests.assurance.web.world import World
from tests.queries import counted

SEQUENCES, STEPS = 60, 12


@pytest.fixture
def letters_kept(world: World) -> Iterator[World]:
    """Letters keep their words after they left, as in the demonstration."""
    world.app.config["DEMO"] = True
    yield world
    world.app.config["DEMO"] = False


def address_of(world: World) -> str:
    with world.app.app_context():
        return str(db.session.scalar(select(Member.email).where(Member.name == "Zoé")))


def newest(world: World) -> tuple[str, str]:
    """The code and the link of the newest mail."""
    with world.app.app_context():
        worker.send_mail()
        wanted = select(Letter.body).where(Letter.name == "sign_in").order_by(Letter.id.desc())
        body = db.session.scalars(wanted).first() or ""
    code, link = re.search(r"^ {4}(\d{6})$", body, re.M), re.search(r"http://127.0.0.1:8000(\S+)", body)
    assert code and link
    return code[1], link[1]


def is_in(client: FlaskClient) -> bool:
    return client.get("/en/me").status_code == 200


class Play:
    """Somebody at home, a scanner and a thief, and what they know; `may` says who can be let in by what, until when."""

    def __init__(self, world: World, chance: random.Random, clock: Any) -> None:
        self.world, self.chance, self.clock, self.email = world, chance, clock, address_of(world)
        self.home, self.thief = world.browser("stranger"), world.browser("stranger")
        self.mails: list[tuple[str, str, Any]] = []
        self.entered, self.tries = 0, 0

    def ask(self) -> None:
        if self.home.post("/en/sign-in", data={"email": self.email}).status_code == 303:
            self.mails.append((*newest(self.world), now()))
            self.tries = 0

    def wait(self) -> None:
        self.clock.shift(timedelta(minutes=self.chance.choice([1, 4, 9, 11])))

    def scan(self) -> None:
        """A mail scanner opens every link, and presses what it finds."""
        scanner = self.world.browser("stranger")
        for _code, link, _at in self.mails:
            for method in ("HEAD", "GET", "POST", "OPTIONS"):
                scanner.open(link, method=method)
        assert not is_in(scanner)

    def guess(self) -> None:
        if self.mails:
            wrong = f"{(int(self.mails[-1][0]) + self.chance.randrange(1, 9)) % 10**6:06}"
            self.home.post("/en/sign-in/code", data={"code": wrong})
            self.tries += self._is_alive(self.mails[-1][2])
            assert not is_in(self.home)

    def steal(self) -> None:
        """The link alone is worth nothing in another browser."""
        for _code, link, _at in self.mails:
            self.thief.post(link)
        assert not is_in(self.thief)

    def enter(self) -> None:
        """By any link or code there ever was: only the newest lets in, within ten minutes, once, after few tries."""
        if not self.mails:
            return
        code, link, at = which = self.chance.choice(self.mails)
        by_code = self.chance.random() < 0.5
        path, sent = ("/en/sign-in/code", {"code": code}) if by_code else (link, {})
        self.home.post(path, data=sent)
        right = which == self.mails[-1] and self._is_alive(at) and not (by_code and self.tries >= 5)
        assert is_in(self.home) == right
        if right:
            self.entered += 1
            self.home.post("/en/sign-out")
            self.home.post(path, data=sent)
            assert not is_in(self.home)
            self.mails.clear()
        elif by_code:
            self.tries += self._is_alive(self.mails[-1][2])

    def _is_alive(self, at: Any) -> bool:
        return bool(now() < at + timedelta(minutes=10))


def test_in_whatever_order_it_is_tried(letters_kept: World) -> None:
    entered = 0
    for number in range(SEQUENCES):
        letters_kept.restore()
        chance = random.Random(f"{payloads.SEED} {number}")
        with time_machine.travel(now(), tick=False) as clock:
            play = Play(letters_kept, chance, clock)
            play.ask()
            for _step in range(STEPS):
                chance.choice([play.ask, play.wait, play.scan, play.guess, play.steal, play.enter, play.enter])()
            entered += play.entered
    assert entered > SEQUENCES / 3


def test_five_guesses_kill_a_code_wherever_they_are_made(letters_kept: World) -> None:
    client, thieves = letters_kept.browser("stranger"), [letters_kept.browser("stranger") for _ in range(7)]
    client.post("/en/sign-in", data={"email": address_of(letters_kept)})
    code, link = newest(letters_kept)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for thief in thieves:
        thief.post(link, data={"code": wrong})
    with letters_kept.app.app_context():
        assert db.session.scalars(select(SignIn.tries).order_by(SignIn.id.desc())).first() == 5
    thieves[0].post(link, data={"code": code})
    client.post("/en/sign-in/code", data={"code": code})
    assert not is_in(thieves[0]) and not is_in(client)
    client.post(link)
    assert is_in(client)  # the link is 192 bits in the browser that asked: guesses at the code do not lock out


def test_of_an_account_fifteen_codes_are_tried_in_a_quarter_of_an_hour(letters_kept: World) -> None:
    email, tried = address_of(letters_kept), 0
    for _number in range(20):
        client = letters_kept.browser("stranger")
        if client.post("/en/sign-in", data={"email": email}).status_code == 303:
            code, _link = newest(letters_kept)
            tried += sum(
                "not right" in client.post("/en/sign-in/code", data={"code": f"{(int(code) + 1) % 10**6:06}"}).text
                for _try in range(5)
            )
    assert tried == 15


def test_a_link_cannot_be_guessed_and_stands_nowhere_as_it_was_sent(letters_kept: World) -> None:
    links = set()
    for _number in range(3):
        letters_kept.browser("stranger").post("/en/sign-in", data={"email": address_of(letters_kept)})
        code, link = newest(letters_kept)
        links.add(token := link.rpartition("/")[2])
        assert len(token) * 6 >= 128
        with letters_kept.app.app_context():
            asked = db.session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
            assert asked is not None
            stored = [str(getattr(asked, column.name)) for column in SignIn.__table__.columns]
            assert not [each for each in stored if token in each or each == code]
    assert len(links) == 3


def seen_by(world: World, email: str) -> tuple[Any, ...]:
    """All that somebody sees who asks for a code of an address, and tries one; and what is asked of the database."""
    client = world.browser("stranger")
    with counted() as statements:
        asked = client.post("/en/sign-in", data={"email": email})
        page = client.get("/en/sign-in/code")
        tried = client.post("/en/sign-in/code", data={"code": "000000"})
    shown = [re.sub(r'name="csrf_token"[^>]*>', "", answer.text).replace(email, "X") for answer in (asked, page, tried)]
    heads = [
        sorted((k, v) for k, v in answer.headers if k not in ("Set-Cookie", "Content-Length", "X-Request-ID"))
        for answer in (asked, page)
    ]
    lengths = {len(answer.headers.get("Set-Cookie", "")) > 0 for answer in (asked,)}
    about_them = [statement for statement in statements if "sign_in" in statement or "member" in statement]
    return shown, heads, lengths, [asked.status_code, page.status_code, tried.status_code], about_them


def test_who_is_a_member_and_who_is_not_see_the_same_bytes(world: World) -> None:
    with world.app.app_context():
        known = list(db.session.scalars(select(Member.email).where(Member.email.is_not(None))))[:12]
    unknown = [f"x{email}" for email in known if email]
    seen_by(world, "first@example.org")  # what every page asks first is kept for a moment
    first = seen_by(world, known[0] or "")
    for email in (*known[1:], *unknown):
        assert seen_by(world, str(email)) == first, email
