"""The kiosk: a shared tablet votes with cards, shows nothing else, and forgets each voter."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from sipvote.db import db, now
from sipvote.members.models import SignIn
from sipvote.voting import box, papers
from tests.factories import a_card, a_facilitator, a_member, an_edition, an_election

START = "/en/2026/vote/kiosk"


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters", email=None)


@pytest.fixture
def vote(ada):
    return an_election(ada)


@pytest.fixture
def tablet(browser_of, vote):
    """A browser that a facilitator made a kiosk."""
    browser = browser_of(a_facilitator())
    assert "Make this a kiosk" in browser.get("/en/2026/vote/desk/kiosk").text
    assert browser.post("/en/2026/vote/desk/kiosk").headers["Location"] == START
    return browser


def ballot_of(election, *chosen):
    return {"ballot": papers.of(election).name, "q0": [str(c) for c in chosen]}


def begin(tablet, code, language="en"):
    return tablet.post(f"/{language}/2026/vote/kiosk/code", data={"code": code})


def is_forgotten(tablet):
    """Nobody is known here, and every page of voting leads to the first one."""
    with tablet.session_transaction() as session:
        known = set(session)
    pages = ("ballot", "check", "send", "receipt", "receipt.txt")
    return "_user_id" not in known and all(
        tablet.get(f"/en/2026/vote/{page}").headers["Location"] == START for page in pages
    )


def test_the_official_is_signed_out_of_a_kiosk(tablet):
    assert tablet.get("/en/2026/vote/desk/").headers["Location"] == START
    assert db.session.scalar(select(SignIn.ended_at)) is not None
    page = tablet.get(START)
    assert page.status_code == 200 and "Bas Claes" not in page.text
    with tablet.session_transaction() as session:
        assert session["kiosk"] == 2026 and "_user_id" not in session


def test_the_first_page_speaks_every_language(tablet):
    page = tablet.get(START).text
    assert all(f'href="/{code}/2026/vote/kiosk/code" lang="{code}"' in page for code in ("nl", "fr", "en"))


def test_from_the_code_to_the_receipt_and_forgotten(tablet, vote, ada):
    assert "Type the" not in tablet.get("/en/2026/vote/kiosk/code").text
    assert begin(tablet, a_card(vote, ada)).headers["Location"] == "/en/2026/vote/ballot"
    page = tablet.get("/en/2026/vote/ballot").text
    assert "Not sent yet" in page and '<body class="bare">' in page and ada.name not in page
    assert "Send my vote" in tablet.post("/en/2026/vote/check", data=ballot_of(vote, 1)).text
    receipt = tablet.post("/en/2026/vote/send", data=ballot_of(vote, 1), follow_redirects=True).text
    assert "Write the code down, or photograph it" in receipt
    assert "data-print" not in receipt and "Mail it to me" not in receipt and "Download" not in receipt
    assert box.standing(vote.id, ada.id).in_hall
    assert tablet.post("/en/2026/vote/kiosk/done").headers["Location"] == START
    assert is_forgotten(tablet)


def test_who_has_an_address_may_have_the_receipt_mailed(tablet, vote, ada):
    ada.email = "ada@example.org"
    begin(tablet, a_card(vote, ada))
    page = tablet.post("/en/2026/vote/send", data=ballot_of(vote, 1), follow_redirects=True).text
    assert "Mail it to me" in page
    page = tablet.post("/en/2026/vote/receipt/mail", follow_redirects=True).text
    assert "on its way to ada@example.org" in page


def test_every_page_of_a_voter_is_kept_by_no_browser(tablet, vote, ada):
    begin(tablet, a_card(vote, ada))
    for page in ("vote/ballot", "vote/kiosk/code", "vote/kiosk"):
        assert tablet.get(f"/en/2026/{page}").headers["Cache-Control"] == "no-store"
    db.session.rollback()  # on SQLite what has read here could not write
    begin(tablet, a_card(vote, ada))
    assert tablet.get(START).headers["Clear-Site-Data"] == '"cache"'
    assert tablet.post(f"{START}/done").headers["Clear-Site-Data"] == '"cache"'


def test_who_walks_away_is_forgotten_by_rest(tablet, vote, ada):
    """The page comes back to the first one by itself, and that one forgets: on the server too."""
    begin(tablet, a_card(vote, ada))
    page = tablet.get("/en/2026/vote/ballot").text
    assert f'<noscript><meta http-equiv="refresh" content="600; url={START}"></noscript>' in page
    assert f'data-rest="90" data-rest-url="{START}"' in page and "I need more time" in page
    assert tablet.get(START).status_code == 200
    db.session.rollback()  # else this would look at how things stood before
    assert db.session.scalar(select(SignIn.ended_at).where(SignIn.via == "kiosk")) is not None
    assert is_forgotten(tablet)


def test_more_time_keeps_what_was_ticked(tablet, vote, ada):
    begin(tablet, a_card(vote, ada))
    page = tablet.post("/en/2026/vote/ballot", data=ballot_of(vote, 2)).text
    assert page.count(" checked") == 1


def test_the_next_voter_finds_nothing_of_the_last(tablet, vote, ada):
    begin(tablet, a_card(vote, ada), "nl")
    tablet.post("/nl/2026/vote/send", data=ballot_of(vote, 1))
    tablet.post("/nl/2026/vote/kiosk/done")
    assert "already" not in tablet.get(START).text
    with tablet.session_transaction() as session:
        assert set(session) <= {"kiosk", "_permanent", "language"} and session.get("language", "en") == "en"
    page = tablet.get("/en/2026/vote/kiosk/code").text
    assert ada.name not in page and 'value=""' in page


def test_a_voter_has_twenty_minutes(tablet, vote, ada):
    begin(tablet, a_card(vote, ada))
    with time_machine.travel(now() + timedelta(minutes=21), tick=False):
        answer = tablet.post("/en/2026/vote/send", data=ballot_of(vote, 1))
        assert answer.headers["Location"] == START
    assert box.turnout(vote.id) == 0


@pytest.mark.parametrize("path", ["/", "/me", "/2026/vote", "/2026/themes", "/2026/vote/board", "/2026/vote/results"])
def test_a_kiosk_shows_nothing_but_voting(tablet, vote, ada, path):
    assert tablet.get(f"/en{path}").headers["Location"] == START
    begin(tablet, a_card(vote, ada))
    assert tablet.get(f"/en{path}").headers["Location"] == START


def test_a_wrong_code_stays_and_says_why(tablet):
    page = begin(tablet, "WRONG")
    assert page.status_code == 200 and "not right" in page.text


def test_wrong_codes_are_counted_beyond_the_first_page(tablet, vote, ada):
    code = a_card(vote, ada)
    for _try in range(10):
        begin(tablet, "WRONG")
        tablet.get(START)
    assert "Wait a minute" in begin(tablet, code).text


class TestLeaving:
    def signed_in(self, tablet, member):
        from sipvote.members import rules as members

        visitor = members.begin_session(member)
        db.session.commit()
        with tablet.session_transaction() as session:
            session["_user_id"], session["_fresh"] = visitor.get_id(), True

    def test_an_official_who_signs_in_ends_it(self, tablet):
        assert tablet.get("/en/sign-in?next=/en/2026/vote/desk/kiosk").status_code == 200
        self.signed_in(tablet, a_facilitator())
        assert tablet.get("/en/2026/vote/desk/").status_code == 200
        with tablet.session_transaction() as session:
            assert "kiosk" not in session

    def test_a_member_who_signs_in_does_not(self, tablet):
        self.signed_in(tablet, a_member("Cas"))
        assert tablet.get("/en/me").headers["Location"] == START
        tablet.get(START)
        assert is_forgotten(tablet)

    def test_signing_in_keeps_a_kiosk_a_kiosk(self, app, tablet):
        from sipvote.members import rules as members
        from sipvote.members.views import let_in

        member = a_member("Cas")
        with app.test_request_context("/en/sign-in"):
            from flask import session

            session.update(kiosk=2026, asked=3)
            let_in(members.begin_session(member))
            assert session["kiosk"] == 2026 and "asked" not in session


def test_a_browser_that_is_no_kiosk_is_led_to_where_one_is_made(client, vote):
    for path in (START, f"{START}/code"):
        assert client.get(path).headers["Location"] == "/en/2026/vote/desk/kiosk"
    assert client.post(f"{START}/done").status_code == 303


def test_without_a_roll_there_is_no_kiosk(browser_of):
    an_edition(year=2026)
    browser = browser_of(a_facilitator())
    for method in ("get", "post"):
        page = getattr(browser, method)("/en/2026/vote/desk/kiosk")
        assert page.status_code == 200 and "not frozen yet" in page.text
