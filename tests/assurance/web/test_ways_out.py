"""Nothing leads away from the service: neither the way back after signing in, nor a forged host, nor a letter."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from sipvote import worker
from sipvote.app import create_app
from sipvote.db import db
from sipvote.mail import Letter
from tests.assurance.web import payloads
from tests.assurance.web.world import World
from tests.endings import let_go

FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Host": "evil.example",
    "Forwarded": "for=10.0.0.1;host=evil.example;proto=https",
    "X-Original-URL": "/en/members/",
    "X-Rewrite-URL": "/en/members/",
    "X-Forwarded-Server": "evil.example",
    "X-HTTP-Method-Override": "DELETE",
    "X-Forwarded-Prefix": "//evil.example",
}


def where(answer: Any) -> str:
    """The host that a browser goes to; it reads a backslash as a slash, and leaves out tabs and ends of lines."""
    place = re.sub(r"[\t\r\n]", "", answer.headers.get("Location", "")).strip().replace("\\", "/")
    target = urlsplit(urljoin("http://localhost/en/sign-in", place))
    return f"{target.scheme}://{target.netloc}"


def test_the_way_back_never_leaves_the_site(world: World) -> None:
    assert len(payloads.PATHS) >= 40
    known = world.browser("owner")
    for path in payloads.PATHS:
        answer = known.get("/en/sign-in", query_string={"next": path})
        assert answer.status_code == 302 and where(answer) == "http://localhost", path
        assert "\n" not in answer.headers["Location"] and "Set-Cookie: a" not in str(answer.headers)


def test_the_look_itself_sees_a_way_out() -> None:
    class Answer:
        headers = {"Location": "/\t/evil.example"}

    assert where(Answer()) == "http://evil.example"


def test_a_refusal_never_leads_to_another_site(world: World) -> None:
    client = world.browser("other")
    for referrer in payloads.PATHS:
        safe = referrer.replace("\r", "").replace("\n", "").replace("\x00", "").encode("ascii", "replace").decode()
        answer = client.post("/en/2030/themes/1/withdraw", headers={"Referer": safe})
        assert answer.status_code == 409 or (answer.status_code == 303 and where(answer) == "http://localhost"), (
            referrer
        )


@pytest.mark.parametrize(
    "path", ["/en/", "/en/sign-in", "/en/2027/vote", "/en/nothing", "/en/2027/assembly/calendar.ics"]
)
def test_forged_hosts_stand_on_no_page(world: World, path: str) -> None:
    answer = world.browser("owner").get(path, headers=FORGED)
    assert "evil.example" not in answer.text + str(answer.headers) and answer.status_code in (200, 302, 404)
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80",
        "localhost@evil.example",
        "localhost.",
        "",
    ):
        refused = world.browser("owner").get(path, headers={"Host": host})
        assert refused.status_code in (400, 200, 404) and "evil.example" not in refused.text
        assert refused.status_code == 400 or "evil" not in host


def test_links_in_letters_name_the_service_and_nothing_that_was_asked(world: World) -> None:
    world.app.config["DEMO"] = True  # letters keep their words, so that one can read them
    try:
        with world.app.app_context():
            address = db.session.scalar(select(Letter.address).limit(1)) or ""
        client = world.browser("stranger")
        assert client.post("/en/sign-in", data={"email": address}, headers=FORGED).status_code == 303
        with world.app.app_context():
            worker.send_mail()
            letter = db.session.scalars(select(Letter).where(Letter.name == "sign_in")).one()
        assert "evil" not in letter.body
        assert set(re.findall(r"https?://[^/\s]+", letter.body)) == {world.app.config["BASE_URL"]}
    finally:
        world.app.config["DEMO"] = False


@pytest.fixture
def behind_a_proxy(world: World) -> Iterator[Flask]:
    app = create_app(SQLALCHEMY_DATABASE_URI=world.app.config["SQLALCHEMY_DATABASE_URI"], PROXIES=1)
    yield app
    let_go(app)


def test_behind_a_proxy_a_forwarded_host_must_be_ours_too(behind_a_proxy: Flask) -> None:
    client = behind_a_proxy.test_client()
    assert client.get("/en/sign-in", headers={"X-Forwarded-Host": "localhost"}).status_code == 200
    for name in ("evil.example", "localhost, evil.example", "localhost@evil.example"):
        answer = client.get("/en/sign-in", headers={"X-Forwarded-Host": name})
        assert answer.status_code == 400 and "evil.example" not in answer.text
