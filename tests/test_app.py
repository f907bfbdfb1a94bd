"""The frame around the rooms: headers, languages, errors, static files, health."""

import re

import pytest
from sqlalchemy.exc import OperationalError

from sipvote.errors import Refused
from tests.factories import a_member, an_edition, an_organiser

PAGES = [
    "/en/",
    "/nl/sign-in",
    "/fr/help",
    "/nl/privacy",
    "/en/accessibility",
    "/en/editions",
    "/en/nothing-here",
    "/health",
]


@pytest.mark.parametrize("path", [*PAGES, "/static/css/sipvote.css", "/en/members/"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for part in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_over_https_browsers_are_told_to_stay_there(client):
    answer = client.get("/en/", base_url="https://localhost")
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]


def test_pages_of_who_is_signed_in_are_not_kept(client, browser_of):
    assert client.get("/en/").headers["Cache-Control"] == "no-cache"
    assert browser_of(a_member()).get("/en/").headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_a_year_and_sent_compressed(client):
    answer = client.get("/static/css/sipvote.css", headers={"Accept-Encoding": "gzip"})
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip" and len(answer.data) < 12_000
    plain = client.get("/static/css/sipvote.css")
    assert "Content-Encoding" not in plain.headers and len(plain.data) > 20_000


def test_a_foreign_host_is_refused(client):
    assert client.get("/en/", headers={"Host": "evil.example"}).status_code == 400


# --- Languages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["nl", "fr", "en"])
def test_the_language_stands_in_the_address(client, code):
    assert f'<html lang="{code}">' in client.get(f"/{code}/sign-in").text


def test_the_language_switch_keeps_the_page_and_its_query(client):
    page = client.get("/nl/editions?q=x").text
    assert 'href="/fr/editions?q=x"' in page and 'href="/en/editions?q=x"' in page


def test_the_chosen_language_is_remembered(client):
    client.get("/fr/")
    assert '<html lang="fr">' in client.get("/sign-in").text


def test_without_a_choice_the_browser_decides(client):
    assert '<html lang="fr">' in client.get("/", headers={"Accept-Language": "fr-BE,fr;q=0.9"}).text
    assert '<html lang="nl">' in client.get("/", headers={"Accept-Language": "nl"}).text


def test_a_member_reads_their_own_language(client, browser_of):
    assert '<html lang="fr">' in browser_of(a_member(language="fr")).get("/editions").text


# --- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["nl", "fr", "en"])
def test_an_unknown_page_gets_a_page_in_ones_language(client, code):
    answer = client.get(f"/{code}/nowhere")
    assert answer.status_code == 404 and f'<html lang="{code}">' in answer.text


def test_a_refusal_sends_back_to_the_page_with_the_reason(client, browser_of):
    organiser = an_organiser()
    browser = browser_of(organiser)
    grant = organiser.grants[0].id
    page = f"http://localhost/en/members/{organiser.id}"
    answer = browser.post(f"/en/members/{organiser.id}/roles/{grant}/revoke", headers={"Referer": page})
    assert answer.status_code == 303 and answer.headers["Location"] == f"/en/members/{organiser.id}"
    assert "cannot take your own" in browser.get(page).text


def test_a_refusal_without_a_page_to_return_to_is_a_page(client, browser_of):
    organiser = an_organiser()
    answer = browser_of(organiser).post(f"/en/members/{organiser.id}/roles/{organiser.grants[0].id}/revoke")
    assert answer.status_code == 409 and "cannot take your own" in answer.text


def test_a_refusal_never_sends_to_another_site(client, browser_of):
    organiser = an_organiser()
    url = f"/en/members/{organiser.id}/roles/{organiser.grants[0].id}/revoke"
    assert browser_of(organiser).post(url, headers={"Referer": "https://evil.example/x"}).status_code == 409


def test_a_refusal_says_itself():
    assert str(Refused("Not now.")) == "Not now."


@pytest.mark.csrf
def test_without_its_token_nothing_is_sent(client):
    answer = client.post("/en/sign-in", data={"email": "ada@example.org"})
    assert answer.status_code == 400 and "Please send it again" in answer.text


@pytest.mark.csrf
def test_with_its_token_it_is(client):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/en/sign-in").text).group(1)
    assert client.post("/en/sign-in", data={"email": "ada@example.org", "csrf_token": token}).status_code == 303


def test_the_page_for_a_broken_database_asks_nothing_of_it(client, monkeypatch):
    def broken() -> None:
        raise OperationalError("select 1", {}, Exception("gone"))

    an_edition()
    monkeypatch.setattr("sipvote.editions.rules.current", broken)
    answer = client.get("/en/editions")
    assert answer.status_code == 503 and "Nothing is lost" in answer.text


def test_health_answers_without_a_session(client):
    answer = client.get("/health")
    assert answer.json == {"ok": True, "mode": "test"} and "Set-Cookie" not in answer.headers
