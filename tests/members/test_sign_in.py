"""Signing in: by link or code, single use, safe from scanners, the same answer for strangers."""

import re
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from sipvote import worker
from sipvote.db import db, now
from sipvote.mail import Letter
from sipvote.members import rules
from sipvote.members.models import SignIn
from tests.factories import a_member, an_organiser


def ask(client: FlaskClient, address: str) -> None:
    answer = client.post("/en/sign-in", data={"email": address})
    assert answer.headers["Location"].endswith("/en/sign-in/code")


def the_mail() -> tuple[str, str]:
    """The code and the link of the newest letter."""
    worker.send_mail()
    body = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first().body
    code = re.search(r"^ {4}(\d{6})$", body, re.M).group(1)
    link = re.search(r"http://127.0.0.1:8000(\S+)", body).group(1)
    return code, link


@pytest.fixture
def kept_bodies(app):
    """Letters keep their secrets, as in the demonstration, so that the tests can read them."""
    app.config["DEMO"] = True
    yield
    app.config["DEMO"] = False


@pytest.fixture
def ada(client):
    member = a_member()
    db.session.commit()
    return member


def is_signed_in(client: FlaskClient, name: str = "Ada") -> bool:
    return name in client.get("/en/").text


@pytest.mark.usefixtures("kept_bodies")
class TestCodeAndLink:
    def test_the_code_signs_in(self, client, ada):
        ask(client, f" {ada.email.upper()} ")
        code, _link = the_mail()
        assert client.post("/en/sign-in/code", data={"code": f"{code[:3]} {code[3:]}"}).status_code == 303
        assert is_signed_in(client)

    def test_the_link_signs_in_after_a_click(self, client, ada):
        ask(client, ada.email)
        _code, link = the_mail()
        client.get(link)
        assert not is_signed_in(client)
        client.post(link)
        assert is_signed_in(client)

    def test_a_scanner_that_opens_and_presses_changes_nothing(self, app, client, ada):
        ask(client, ada.email)
        _code, link = the_mail()
        scanner = app.test_client()
        scanner.head(link)
        scanner.get(link)
        scanner.post(link, data={})
        assert not is_signed_in(scanner)
        client.post(link)
        assert is_signed_in(client)

    def test_another_browser_needs_the_code(self, app, client, ada):
        ask(client, ada.email)
        code, link = the_mail()
        phone = app.test_client()
        assert "another device" in phone.get(link).text
        phone.post(link, data={"code": code})
        assert is_signed_in(phone)

    def test_a_link_works_once(self, app, client, ada):
        ask(client, ada.email)
        code, link = the_mail()
        client.post(link)
        client.post("/en/sign-out")
        assert client.post(link).status_code == 410
        assert client.post("/en/sign-in/code", data={"code": code}).status_code == 302
        assert not is_signed_in(client)

    def test_only_the_newest_mail_counts(self, client, ada):
        ask(client, ada.email)
        _code, old = the_mail()
        ask(client, ada.email)
        _code, new = the_mail()
        assert client.get(old).status_code == 410
        client.post(new)
        assert is_signed_in(client)

    def test_after_ten_minutes_it_is_dead(self, client, ada):
        ask(client, ada.email)
        code, link = the_mail()
        with time_machine.travel(now() + timedelta(minutes=11)):
            assert client.get(link).status_code == 410
            client.post("/en/sign-in/code", data={"code": code})
            assert not is_signed_in(client)

    def test_five_wrong_codes_kill_the_code(self, client, ada):
        ask(client, ada.email)
        code, _link = the_mail()
        wrong = f"{(int(code) + 1) % 10**6:06}"
        for _try in range(5):
            assert "not right" in client.post("/en/sign-in/code", data={"code": wrong}).text
        assert "not right" in client.post("/en/sign-in/code", data={"code": code}).text
        assert not is_signed_in(client)

    def test_one_returns_to_where_one_was(self, client, ada):
        wall = client.get("/en/members/?q=x")
        client.get(wall.headers["Location"])
        client.post(wall.headers["Location"], data={"email": ada.email})
        code, _link = the_mail()
        assert client.post("/en/sign-in/code", data={"code": code}).headers["Location"] == "/en/members/?q=x"

    @pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x"])
    def test_one_never_leaves_the_site(self, client, ada, evil):
        client.post("/en/sign-in", query_string={"next": evil}, data={"email": ada.email})
        code, _link = the_mail()
        assert client.post("/en/sign-in/code", data={"code": code}).headers["Location"] == "/en/"


def test_a_known_and_an_unknown_address_get_the_same_answer(app, client, ada):
    answers = []
    for address in (ada.email, "nobody@example.org"):
        browser = app.test_client()
        ask(browser, address)
        page = browser.get("/en/sign-in/code")
        same = re.sub(r'name="csrf_token" value="[^"]+"', "", page.text).replace(address, "X")
        answers.append((page.status_code, same))
    assert answers[0] == answers[1]
    worker.send_mail()
    assert [letter.address for letter in db.session.scalars(select(Letter))] == [ada.email]


def test_the_secret_is_wiped_once_the_mail_has_left(client, ada):
    ask(client, ada.email)
    worker.send_mail()
    letter = db.session.scalar(select(Letter))
    assert letter.sent_at and letter.body == ""


def test_three_mails_in_a_quarter_of_an_hour_are_enough(client, ada):
    for _time in range(3):
        ask(client, ada.email)
    answer = client.post("/en/sign-in", data={"email": ada.email})
    assert answer.status_code == 200 and "wait 15 minutes" in answer.text


def test_who_has_left_cannot_sign_in(client, ada):
    ada.left = now().date()
    db.session.commit()
    ask(client, ada.email)
    worker.send_mail()
    assert db.session.scalar(select(Letter)) is None


def test_a_session_is_dead_after_signing_out(client, ada, browser_of):
    browser = browser_of(ada)
    stolen = browser.get_cookie("sipvote")
    assert is_signed_in(browser)
    browser.post("/en/sign-out")
    browser.set_cookie("sipvote", stolen.value)
    assert not is_signed_in(browser)


def test_a_session_ends_after_twelve_hours(client, ada, browser_of):
    browser = browser_of(ada)
    db.session.scalar(select(SignIn)).used_at = now() - timedelta(hours=12, minutes=1)
    db.session.commit()
    assert not is_signed_in(browser)


def test_an_official_is_signed_out_after_two_idle_hours(client, browser_of):
    browser = browser_of(an_organiser())
    assert is_signed_in(browser, "Dré")
    db.session.scalar(select(SignIn)).seen_at = now() - timedelta(hours=2, minutes=1)
    db.session.commit()
    assert not is_signed_in(browser, "Dré")


@pytest.mark.parametrize("typed", ["", "x", "a@b", "ada@", "é" * 300 + "@example.org"])
def test_what_is_no_address_gets_a_sentence(client, typed):
    answer = client.post("/nl/sign-in", data={"email": typed})
    assert answer.status_code == 200 and 'role="alert"' in answer.text


def test_two_workers_at_once_write_one_letter_for_one_asking(app, client):
    ask(client, a_member().email)
    written, first_has_read = [], threading.Event()

    def work(pause: float) -> None:
        with app.app_context():
            written.append(rules.mail_sign_ins())
            first_has_read.set()
            time.sleep(pause)
            db.session.commit()

    db.session.commit()
    first, second = (threading.Thread(target=work, args=(pause,)) for pause in (0.5, 0))
    first.start()
    first_has_read.wait(10)
    second.start()
    first.join()
    second.join()
    assert written == [1, 0]


def test_signing_in_does_not_lead_back_to_the_pages_of_signing_in(client, ada):
    assert "/sign-in?next=/en/help" in client.get("/en/help").text
    assert "next=" not in client.get("/en/sign-in").text
    client.post("/en/sign-in", data={"email": ada.email})
    assert "next=" not in client.get("/en/sign-in/code").text


def test_sign_ins_that_led_nowhere_go_after_a_day_and_sessions_after_half_a_day(database):
    ada = a_member()
    for address, days, was_used in (
        ("new", 0.9, False), ("stale", 1.1, False), ("session", 0.4, True), ("old session", 0.6, True),
    ):  # fmt: skip
        asked = now() - timedelta(days=days)
        used = {"member_id": ada.id, "used_at": asked} if was_used else {}
        db.session.add(SignIn(address=address, browser_hash="h", language="en", asked_at=asked, **used))
    db.session.flush()
    assert rules.forget_old_sign_ins() == 2
    assert set(db.session.scalars(select(SignIn.address))) == {"new", "session"}
