"""Signing in with an account at the cooperative's provider: a real one, run here, that may lie or be away."""

import subprocess
import sys
import time
from urllib.parse import parse_qs

import pytest
import requests

import config
from sipvote.boot import ROOT
from sipvote.db import db, now
from sipvote.members import sso
from sipvote.members.models import Member, SignIn
from sipvote.members.sso_views import BACK
from tests.factories import a_member, an_organiser
from tests.members import provider

MAIL = "Use your e-mail address"


@pytest.fixture
def there(app, database, monkeypatch):
    """A provider, and an app that is set for it."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # it has no certificate here
    with provider.running(app.config["BASE_URL"] + BACK) as running:
        settings = {"ISSUER": running.issuer, "CLIENT_ID": provider.CLIENT, "CLIENT_SECRET": provider.SECRET}
        for name, value in settings.items():
            monkeypatch.setitem(app.config, f"OIDC_{name}", value)
        monkeypatch.setitem(app.extensions, "sipvote-sso", sso.Provider(app))
        yield running


@pytest.fixture
def ada(there):
    """A member, who has an account."""
    ada = a_member("Ada", email="ada@example.org")
    there.user = {"member_number": ada.number}
    return ada


def at_the_provider(client, path="/en/sign-in/account"):
    """Press the button and sign in at the provider; gives the address that it sends the browser back to."""
    sent = client.get(path)
    assert sent.status_code == 302, sent.text
    back = requests.get(sent.location, allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    return back.headers["Location"].partition("127.0.0.1:8000")[2]


def sign_in(client, path="/en/sign-in/account"):
    return client.get(at_the_provider(client, path))


def name_on(client):
    """The page of who is signed in; nothing for a stranger."""
    page = client.get("/en/me")
    return page.text if page.status_code == 200 else ""


class TestSigningIn:
    def test_a_member_signs_in_by_number(self, client, ada):
        assert sign_in(client).location == "/" and "Ada" in name_on(client)
        assert db.session.query(SignIn).one().via == "account"

    def test_one_returns_to_where_one_was_and_never_leaves_the_site(self, client, ada):
        assert sign_in(client, "/en/sign-in/account?next=/en/themes").location == "/en/themes"
        assert sign_in(client, "/en/sign-in/account?next=https://evil.example/").location == "/"

    def test_state_nonce_and_challenge_are_sent_and_new_each_time(self, client, ada, there):
        sign_in(client)
        sign_in(client)
        first, second = there.asked
        assert first["code_challenge_method"] == "S256" and first["response_type"] == "code"
        assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))

    def test_a_verified_address_serves_where_there_is_no_number(self, client, ada, there):
        there.user = {"email": "Ada@Example.org", "email_verified": True}
        sign_in(client)
        assert "Ada" in name_on(client)

    def test_the_session_before_is_over(self, client, ada, browser_of):
        bas = browser_of(a_member("Bas"))
        assert "Bas" in name_on(bas)
        sign_in(bas)
        assert "Ada" in name_on(bas)
        assert db.session.query(SignIn).filter(SignIn.ended_at.is_not(None)).one().via == "mail"

    def test_the_page_has_a_button_only_where_there_is_a_provider(self, client, ada, app, monkeypatch):
        words = {
            "en": "Sign in with my account",
            "nl": "Aanmelden met mijn account",
            "fr": "Me connecter avec mon compte",
        }
        for code, label in words.items():
            assert label in client.get(f"/{code}/sign-in").text
        monkeypatch.setitem(app.config, "OIDC_ISSUER", "")
        monkeypatch.delitem(app.extensions, "sipvote-sso")
        assert words["en"] not in client.get("/en/sign-in").text
        assert client.get("/en/sign-in/account").status_code == client.get(BACK).status_code == 404


class TestWhoIsNobody:
    @pytest.mark.parametrize(
        "said",
        [
            {"member_number": "no such number"},
            {"member_number": "no such number", "email": "ada@example.org", "email_verified": True},
            {"email": "ada@example.org"},
            {"email": "ada@example.org", "email_verified": False},
            {"email": "ada@example.org", "email_verified": "true"},
            {"email": "stranger@example.org", "email_verified": True},
            {"preferred_username": "ada"},
        ],
    )
    def test_nobody_is_let_in_nor_made_a_member(self, client, ada, there, said):
        there.user = said
        assert "/sign-in" in sign_in(client).location
        assert "which member you are" in client.get("/en/sign-in").text and not name_on(client)
        assert db.session.query(Member).count() == 1 and db.session.query(SignIn).count() == 0

    def test_who_has_left_is_not_let_in(self, client, ada):
        ada.left = now().date()
        sign_in(client)
        assert not name_on(client)


class TestOfficials:
    def test_a_role_takes_a_proof_of_the_last_half_hour(self, client, there):
        there.user = {"member_number": an_organiser().number}
        there.signed_in_at = time.time() - 3600
        sign_in(client)
        assert "must ask who you are again" in client.get("/en/sign-in").text and not name_on(client)
        there.signed_in_at = time.time()
        sign_in(client)
        assert "Dré" in name_on(client) and int(there.asked[-1]["max_age"]) == 1800

    def test_the_second_step_is_needed_all_the_same(self, client, there, app, monkeypatch):
        monkeypatch.setitem(app.config, "OFFICIALS", "strict")
        there.user = {"member_number": an_organiser().number}
        assert "/second-step" in sign_in(client, "/en/sign-in/account?next=/en/members").location
        assert client.get("/en/members/").status_code == 302 and "Dré" in name_on(client)

    def test_a_provider_that_does_not_tell_when_lets_no_official_in(self, client, there):
        there.user, there.lie = {"member_number": an_organiser().number}, {"auth_time": None}
        sign_in(client)
        assert not name_on(client)


class TestLies:
    @pytest.mark.parametrize(
        "lie",
        [
            {"iss": "https://other.example"},
            {"aud": ["another client"]},
            {"aud": "another client"},
            {"nonce": "another nonce"},
            {"nonce": None},
            {"exp": 1},
            {"iat": 4_000_000_000},
            {"azp": "another client"},
        ],
        ids=lambda lie: f"{next(iter(lie))}={next(iter(lie.values()))}"[:30],
    )
    def test_a_claim_that_is_not_right_lets_nobody_in(self, client, ada, there, lie):
        there.lie = lie
        sign_in(client)
        assert MAIL.lower() in client.get("/en/sign-in").text.lower() and not name_on(client)

    def test_without_a_signature_nobody_is_let_in(self, client, ada, there):
        there.algorithm, there.about = "none", {"id_token_signing_alg_values_supported": ["none", "RS256"]}
        sign_in(client)
        assert not name_on(client)

    def test_what_somebody_else_has_signed_is_nothing(self, client, ada, there):
        there.key = provider.STRANGER
        sign_in(client)
        assert not name_on(client)

    def test_a_provider_that_says_it_is_another_is_not_asked(self, client, ada, there):
        there.about = {"issuer": "https://other.example"}
        assert "/sign-in" in client.get("/en/sign-in/account").location and not there.asked
        there.about = {}  # set right: nobody has to start the service again
        sign_in(client)
        assert "Ada" in name_on(client)


class TestReplay:
    def test_an_answer_works_once(self, client, ada):
        answer = at_the_provider(client)
        assert client.get(answer).location == "/"
        client.post("/en/sign-out")
        assert "/sign-in" in client.get(answer).location and not name_on(client)

    def test_an_answer_for_one_browser_is_nothing_in_another(self, app, client, ada):
        other = app.test_client()
        other.get("/en/sign-in/account")
        assert "/sign-in" in other.get(at_the_provider(client)).location and not name_on(other)

    def test_an_old_cookie_does_not_bring_an_answer_back(self, client, ada):
        answer = at_the_provider(client)
        cookie = client.get_cookie("sipvote")
        client.get(answer)
        client.set_cookie("sipvote", cookie.value)
        assert "/sign-in" in client.get(answer).location and not name_on(client)

    @pytest.mark.parametrize("changed", ["state", "code", "error"])
    def test_an_answer_that_was_touched_is_refused(self, client, ada, changed):
        path, _mark, query = at_the_provider(client).partition("?")
        given = {name: values[0] for name, values in parse_qs(query).items()} | {changed: "another"}
        assert "/sign-in" in client.get(path, query_string=given).location and not name_on(client)

    def test_tries_do_not_pile_up_in_the_cookie(self, client, ada):
        for _try in range(12):
            client.get("/en/sign-in/account")
        with client.session_transaction() as session:
            assert sum(key.startswith("_state_") for key in session) == 1
        sign_in(client)
        assert "Ada" in name_on(client)


class TestAway:
    def test_a_provider_that_is_away_is_told_and_mail_goes_on(self, client, ada, app, monkeypatch):
        monkeypatch.setitem(app.config, "OIDC_ISSUER", "http://127.0.0.1:9")  # nobody is there
        monkeypatch.setitem(app.extensions, "sipvote-sso", sso.Provider(app))
        assert "/sign-in" in client.get("/en/sign-in/account").location
        assert "cannot be checked now" in client.get("/en/sign-in").text
        assert client.post("/en/sign-in", data={"email": "ada@example.org"}).location.endswith("/sign-in/code")

    def test_a_provider_that_is_slow_holds_half_of_the_threads_at_most(self, app, client, ada, there):
        here = app.extensions["sipvote-sso"]
        for _place in range(max(1, app.config["THREADS"] // 2)):
            assert here.places.acquire(blocking=False)
        answer = client.get("/en/sign-in/account")
        assert "/sign-in" in answer.location and not there.asked
        assert "takes too long now" in client.get("/en/sign-in").text

    def test_who_waits_gives_the_place_back(self, app, client, ada, there, monkeypatch):
        monkeypatch.setattr(sso, "PATIENCE", 0.2)
        monkeypatch.setitem(app.extensions, "sipvote-sso", here := sso.Provider(app))
        there.delay = 1.0
        free = here.places._value
        assert "/sign-in" in client.get("/en/sign-in/account").location
        assert here.places._value == free and not there.asked


class TestSettings:
    REAL = {
        "SIPVOTE_SECRET_KEY": "s" * 40, "SIPVOTE_SIGNING_KEY": "ab" * 32, "SIPVOTE_FACTOR_KEY": "cd" * 32,
        "SIPVOTE_BASE_URL": "https://x.example",
        "SIPVOTE_TRUSTED_HOSTS": "x.example", "SIPVOTE_MAIL_SERVER": "m", "SIPVOTE_MAIL_FROM": "a@x.example",
        "SIPVOTE_CONTACT": "a@x.example",
    }  # fmt: skip

    @pytest.mark.parametrize(
        "given",
        [{"ISSUER": "https://id.example"}, {"ISSUER": "http://id.example", "CLIENT_ID": "a", "CLIENT_SECRET": "b"}],
    )
    def test_a_provider_that_is_half_set_or_not_safe_is_refused(self, given):
        with pytest.raises(config.BadConfig, match="OIDC_ISSUER"):
            config.load(self.REAL | {f"SIPVOTE_OIDC_{name}": value for name, value in given.items()})

    def test_nothing_is_needed_without_one(self):
        assert config.load(self.REAL)["OIDC_ISSUER"] == ""


@pytest.mark.parametrize("library", ["authlib", "webauthn"])
def test_nothing_of_a_protocol_is_loaded_before_somebody_needs_it(tmp_path, library):
    program = f"import sys; from sipvote.app import create_app; create_app(); print('{library}' in sys.modules)"
    environment = {"SIPVOTE_MODE": "test", "SIPVOTE_INSTANCE": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
