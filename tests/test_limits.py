"""How often one network may ask: a hall behind one address never meets the limit, a flood does."""

import re

import pytest

from sipvote import limits
from sipvote.members import rules as members
from tests.factories import a_member

HALL = 500


@pytest.fixture(autouse=True)
def _fresh(app):
    limits.init_app(app)
    yield
    limits.init_app(app)


def test_five_hundred_people_sign_in_from_one_address(app, database, outbox):
    """Catalogue 2: one network, each with a browser of their own, all within the ten minutes. Nobody is sent away."""
    people = [a_member(f"Hall{n}", email=f"hall{n}@example.org") for n in range(HALL)]
    browsers = [app.test_client() for _ in people]
    asked = [b.post("/en/sign-in", data={"email": p.email}).status_code for b, p in zip(browsers, people, strict=True)]
    assert asked == [303] * HALL
    assert members.mail_sign_ins() == HALL
    from sipvote import mail

    codes = {}
    from sipvote.db import db

    db.session.commit()
    mail.deliver()
    for letter in outbox:
        codes[letter.to[0]] = re.search(r"\b\d{6}\b", letter.subject + letter.body)[0]
    entered = [
        b.post("/en/sign-in/code", data={"code": codes[p.email]}).status_code
        for b, p in zip(browsers, people, strict=True)
    ]
    assert entered == [303] * HALL
    assert browsers[-1].get("/en/me").status_code == 200


def test_a_flood_from_one_network_is_stopped_and_others_are_not(app, database, monkeypatch):
    monkeypatch.setitem(app.config, "ASKS_PER_NETWORK", 3)

    def ask(n, address):
        answer = app.test_client().post(
            "/en/sign-in", data={"email": f"nobody{n}@example.org"}, environ_base={"REMOTE_ADDR": address}
        )
        return answer.status_code

    assert [ask(n, "203.0.113.7") for n in range(5)] == [303, 303, 303, 429, 429]
    assert ask(9, "203.0.113.8") == 303


def test_known_and_unknown_addresses_meet_the_same_limit(app, database, monkeypatch):
    monkeypatch.setitem(app.config, "ASKS_PER_NETWORK", 1)
    ada = a_member()
    first = app.test_client().post("/en/sign-in", data={"email": "nobody@example.org"}).status_code
    known = app.test_client().post("/en/sign-in", data={"email": ada.email})
    unknown = app.test_client().post("/en/sign-in", data={"email": "nobody2@example.org"})
    assert (first, known.status_code, unknown.status_code) == (303, 429, 429)


def test_the_real_limit_leaves_room_for_the_largest_hall(app):
    assert app.config["ASKS_PER_NETWORK"] >= 3 * 1_600


def test_without_its_store_each_process_counts_by_itself(app, database, monkeypatch):
    monkeypatch.setitem(app.config, "LIMITS_URL", "valkey://127.0.0.1:1/0")
    monkeypatch.setitem(app.config, "ASKS_PER_NETWORK", 1)
    limits.init_app(app)
    try:
        asked = [app.test_client().post("/en/sign-in", data={"email": f"n{n}@example.org"}) for n in range(2)]
        assert [answer.status_code for answer in asked] == [303, 429]
    finally:
        app.extensions.pop("sipvote.limits.shared")


def test_a_network_has_no_address_in_the_store(app):
    with app.test_request_context(environ_base={"REMOTE_ADDR": "203.0.113.7"}):
        assert re.fullmatch("[0-9a-f]{24}", limits._network())
