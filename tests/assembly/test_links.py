"""Personal links: a click signs in, opening does not; until the end, unless made invalid; and they give no role."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from sipvote.access import Role
from sipvote.assembly import links
from sipvote.assembly.models import PersonalLink
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.members.models import SignIn
from tests.factories import (
    a_board_member,
    a_member,
    a_proxy,
    a_vote,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
)


@pytest.fixture
def assembly(database):
    return an_assembly()


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


def link_of(assembly, member, serial=1, year=2026):
    return f"/en/{year}/assembly/link/{links.token(assembly.id, member.id, serial)}"


def is_signed_in(client):
    return client.get("/en/me").status_code == 200


def traces():
    """What opening a link could have left behind."""
    return [db.session.scalar(select(func.count()).select_from(table)) for table in (SignIn, PersonalLink)]


class TestComingIn:
    def test_a_click_signs_in_and_leads_to_the_vote(self, client, assembly, ada):
        link = link_of(assembly, ada)
        page = client.get(link)
        assert "You are Ada P.?" in page.text and "Peeters" not in page.text
        assert page.headers["Referrer-Policy"] == "same-origin" and 'href="http' not in page.text.partition("<body")[2]
        done = client.post(link)
        assert (done.status_code, done.headers["Location"]) == (303, "/en/2026/vote") and is_signed_in(client)
        assert db.session.get(PersonalLink, (assembly.id, ada.id)).used_at

    def test_while_the_vote_is_open_it_leads_straight_to_the_ballot(self, app, client, assembly, ada):
        election = an_election(ada, edition=assembly.edition)
        assert client.post(link_of(assembly, ada)).headers["Location"] == "/en/2026/vote/ballot"
        assert client.get(link_of(assembly, ada)).headers["Location"] == "/en/2026/vote/ballot"
        late = a_member("Cas Late")  # who became a member after the roll was drawn up is told so
        assert app.test_client().post(link_of(assembly, late)).headers["Location"] == "/en/2026/vote"
        a_vote(election, ada, 0)
        assert client.get(link_of(assembly, ada)).headers["Location"] == "/en/2026/vote"

    @pytest.mark.parametrize("accepted", [True, False])
    def test_who_gave_or_holds_a_proxy_sees_first_what_that_means(self, app, assembly, ada, accepted):
        bert, cas = a_member("Bert Maes"), a_member("Cas Stone")
        a_proxy(bert, ada, accepted=accepted)
        an_election(ada, edition=assembly.edition)
        led = [app.test_client().post(link_of(assembly, who)).headers["Location"] for who in (ada, bert, cas)]
        assert led == ["/en/2026/vote", "/en/2026/vote", "/en/2026/vote/ballot"]

    def test_a_scanner_that_opens_the_page_changes_nothing(self, app, client, assembly, ada):
        link = link_of(assembly, ada)
        before = traces()
        for method in ("HEAD", "GET", "OPTIONS", "GET"):
            client.open(link, method=method)
        assert traces() == before == [0, 0] and not is_signed_in(client)
        page = client.get(link).text
        assert page.count("<form") == 1 and "autofocus" not in page
        client.post(link)
        assert is_signed_in(client)

    def test_it_works_again_on_another_device(self, app, client, assembly, ada):
        link, phone = link_of(assembly, ada), app.test_client()
        client.post(link)
        phone.post(link)
        assert is_signed_in(client) and is_signed_in(phone)

    def test_nobody_else_is_let_in_without_a_token_of_ours(self, client, assembly, ada):
        link = link_of(assembly, ada)
        for forged in (link[:-1], link[:-3] + "AAA", "/en/2026/assembly/link/x", "/en/2026/assembly/link/WzEsMSwxXQ."):
            page = client.get(forged)
            assert page.status_code == 410 and "not complete" in page.text and "Sign in" in page.text
            assert client.post(forged).status_code == 410
        assert not is_signed_in(client)

    @pytest.mark.csrf
    def test_another_site_cannot_press_the_button(self, client, assembly, ada):
        client.post(link_of(assembly, ada))
        assert not is_signed_in(client)

    def test_who_is_signed_in_already_goes_straight_on_and_keeps_their_session(self, browser_of, assembly, ada):
        browser = browser_of(ada)
        sessions = traces()[0]
        assert browser.get(link_of(assembly, ada)).headers["Location"] == "/en/2026/vote"
        assert traces()[0] == sessions

    def test_who_is_signed_in_as_another_is_told(self, browser_of, assembly, ada):
        browser = browser_of(a_member("Bert Maes"))
        assert "signed in as Bert Maes now" in browser.get(link_of(assembly, ada)).text
        browser.post(link_of(assembly, ada))
        assert "Ada Peeters" in browser.get("/en/me").text

    def test_it_gives_no_role(self, client, assembly):
        for official in (an_organiser(), a_board_member(), a_member("Eva", "gent", Role.SCRUTINEER)):
            client.post(link_of(assembly, official))
            assert is_signed_in(client)
            for page in ("/en/members/", "/en/audit", "/en/2026/election/", "/en/2026/mailings/"):
                assert client.get(page).status_code == 403


class TestUntilWhen:
    @pytest.mark.parametrize("over", ["vote", "assembly"])
    def test_it_works_until_both_vote_and_assembly_are_over(self, client, ada, over):
        edition = an_edition(Phase.VOTE)
        hours = (edition.count_at - now()) / timedelta(hours=1)
        assembly = an_assembly(edition, starts_in=1 if over == "vote" else hours + 1)
        last = edition.count_at if over == "vote" else assembly.ends_at
        link = link_of(assembly, ada)
        with time_machine.travel(last - timedelta(minutes=1)):
            assert client.get(link).status_code == 200
        with time_machine.travel(last + timedelta(seconds=1)):
            assert "This link worked until" in client.get(link).text
            assert client.post(link).status_code == 410

    def test_a_leaver_does_not_come_in(self, client, assembly, ada):
        ada.left = now().date()
        page = client.post(link_of(assembly, ada))
        assert page.status_code == 410 and "nobody who is a member now" in page.text

    def test_a_link_belongs_to_its_own_assembly(self, client, assembly, ada):
        an_edition(year=2027)
        assert client.post(link_of(assembly, ada, year=2027)).status_code == 410
        assert client.post("/en/1999/assembly/link/x").status_code == 404

    def test_what_no_longer_stands_in_the_database_is_refused(self, client, assembly, ada):
        gone = f"/en/2026/assembly/link/{links.token(assembly.id, 99999)}"
        assert client.get(gone).status_code == 410


class TestMakingInvalid:
    def test_by_the_member_who_stays_signed_in_while_others_are_not(self, app, client, browser_of, assembly, ada):
        link, mine = link_of(assembly, ada), browser_of(ada)
        client.post(link)
        assert "My personal link" in mine.get("/en/me").text
        assert "invalid now" in mine.post("/en/me/link/revoke", follow_redirects=True).text
        assert is_signed_in(mine) and not is_signed_in(client)
        assert "made invalid" in client.get(link).text and client.post(link).status_code == 410
        assert client.post(link_of(assembly, ada, serial=2)).status_code == 303
        assert db.session.scalar(select(func.count()).select_from(Entry)) == 0  # a member is no official

    def test_by_who_came_in_with_the_link_itself(self, client, assembly, ada):
        client.post(link_of(assembly, ada))
        client.post("/en/me/link/revoke")
        assert is_signed_in(client)

    def test_by_organisers_for_a_member(self, browser_of, client, assembly, ada):
        other = a_member("Bert")
        client.post(link_of(assembly, ada))
        dre = browser_of(an_organiser())
        assert f"/members/{ada.id}/link" in dre.get(f"/en/members/{ada.id}").text
        assert "First used on" in dre.get(f"/en/members/{ada.id}/link").text
        assert "is invalid now" in dre.post(f"/en/members/{ada.id}/link", follow_redirects=True).text
        assert not is_signed_in(client)
        assert client.post(link_of(assembly, other)).status_code == 303
        assert db.session.scalars(select(Entry.act)).all() == ["revoke personal link"]

    def test_all_of_an_assembly(self, browser_of, client, assembly, ada):
        bert = a_member("Bert")
        client.post(link_of(assembly, ada))
        dre = browser_of(an_organiser())
        assert "cannot be undone" in dre.get("/en/2026/mailings/links").text
        dre.post("/en/2026/mailings/links")
        assert not is_signed_in(client) and is_signed_in(dre)
        for member in (ada, bert):
            assert client.post(link_of(assembly, member)).status_code == 410
        assert links.serial_of(assembly.id, bert.id) == 2
        dre.post("/en/2026/mailings/links")
        assert links.serial_of(assembly.id, bert.id) == 3

    def test_when_nothing_works_any_more_there_is_nothing_to_do(self, browser_of, ada):
        browser = browser_of(ada)
        assert "My personal link" not in browser.get("/en/me").text
        assert browser.post("/en/me/link/revoke").status_code == 409
        an_edition()
        assert "no assembly in this edition" in browser_of(an_organiser()).get("/en/2026/mailings/links").text


def test_the_database_holds_nothing_that_opens_a_link(client, assembly, ada):
    client.post(link_of(assembly, ada))
    token = links.token(assembly.id, ada.id)
    tables = text("select * from sign_in"), text("select * from personal_link")
    rows = [str(row) for table in tables for row in db.session.execute(table)]
    assert rows and not any(token in row or token.partition(".")[2] in row for row in rows)
