"""The pages about proxies: members give, accept, decline and take back; the desk looks, enters paper, and ends."""

import pytest
from sqlalchemy import select

from sipvote.access import Role
from sipvote.assembly.models import Presence, Proxy, Way
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.voting import hours
from tests.factories import (
    a_facilitator,
    a_member,
    a_proxy,
    a_vote,
    a_vote_for,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
    kept,
)
from tests.queries import counted

MINE, DESK = "/en/2026/assembly/proxy", "/en/2026/assembly/proxies"


@pytest.fixture
def ada(database):
    return a_member()


@pytest.fixture
def bas(database):
    return a_member("Bas Claes")


@pytest.fixture
def assembly(database):
    return an_assembly(an_edition(Phase.VOTE))


def form_for(member, **values):
    return {"number": member.number, "name": member.name, **values}


def proxies():
    return db.session.scalars(select(Proxy).order_by(Proxy.id)).all()


class TestGiving:
    def test_from_the_form_to_the_answer(self, browser_of, assembly, ada, bas):
        giver, holder = browser_of(ada), browser_of(bas)
        assert "Membership number of the other member" in giver.get(MINE).text
        check = giver.post(f"{MINE}/check", data=form_for(bas)).text
        assert "Bas Claes" in check and "Not given yet" in check and proxies() == []
        page = giver.post(f"{MINE}/give", data=form_for(bas), follow_redirects=True).text
        assert "Bas Claes is asked to vote for you" in page and "There is no answer yet" in page
        (proxy,) = proxies()
        asked = holder.get(MINE).text
        assert "Ada Peeters asks you to vote in their place" in asked
        assert "You vote for Ada Peeters" in holder.post(f"{MINE}/{proxy.id}/accept", follow_redirects=True).text
        page = giver.get(MINE).text
        assert "Bas Claes votes for you" in page and "Take my proxy back" in page

    @pytest.mark.parametrize(
        ("number", "name", "why"),
        [
            ("", "Bas Claes", "Type a membership number."),
            ("1", "", "Type the name of the other member."),
            ("99999", "Bas Claes", "We know no member with this number and this name"),
            ("1" * 5000, "Bas Claes", "at most 20 characters"),
            ("1", "é" * 5000, "at most 120 characters"),
            ("\x00", "\x00", "We know no member"),
        ],
    )
    @pytest.mark.parametrize("step", ["check", "give"])
    def test_what_cannot_be_read_comes_back_as_it_was(self, browser_of, assembly, ada, bas, number, name, why, step):
        page = browser_of(ada).post(f"{MINE}/{step}", data={"number": number, "name": name})
        assert page.status_code == 200 and why in page.text and 'role="alert"' in page.text
        assert proxies() == []

    def test_numbers_cannot_be_walked_to_names(self, browser_of, assembly, ada):
        secret = a_member("Zoë Verborgen")
        page = browser_of(ada).post(f"{MINE}/check", data=form_for(secret, name="Anybody")).text
        assert "Verborgen" not in page and "We know no member" in page

    @pytest.mark.parametrize("step", ["check", "give"])
    def test_the_language_switch_leads_back_to_the_form(self, browser_of, assembly, ada, step):
        assert browser_of(ada).get(f"/fr/2026/assembly/proxy/{step}").headers["Location"] == "/fr/2026/assembly/proxy"

    def test_a_double_click_gives_one(self, browser_of, assembly, ada, bas):
        browser = browser_of(ada)
        browser.post(f"{MINE}/give", data=form_for(bas))
        again = browser.post(f"{MINE}/give", data=form_for(bas))
        assert again.status_code == 200 and "already given a proxy to Bas Claes" in again.text
        assert len(proxies()) == 1

    def test_who_has_voted_reads_that_no_proxy_is_needed(self, browser_of, assembly, ada):
        a_vote(an_election(ada, edition=assembly.edition), ada, 0)
        assert "You have voted. So you need no proxy." in browser_of(ada).get(MINE).text

    def test_after_the_vote_the_page_only_tells(self, browser_of, assembly, ada, bas):
        election = an_election(ada, bas, edition=assembly.edition)
        proxy = a_proxy(ada, bas)
        hours.close(election, None)
        for who in (ada, bas):
            page = browser_of(who).get(MINE).text
            assert "The vote is closed since" in page and '<form class="act"' not in page.split("<main")[1]
        answer = browser_of(ada).post(f"{MINE}/{proxy.id}/take-back")
        assert answer.status_code == 409 and "closed since" in answer.text

    def test_a_closing_by_hand_before_the_announced_moment_counts(self, browser_of, assembly, ada, bas):
        hours.close(an_election(ada, bas, edition=assembly.edition), None)
        page = browser_of(ada).post(f"{MINE}/check", data=form_for(bas))
        assert "closed since" in page.text

    def test_where_there_are_no_proxies_the_page_says_so(self, browser_of, ada):
        an_edition(Phase.VOTE)
        assert "nobody can vote for somebody else" in browser_of(ada).get(MINE).text

    def test_a_year_that_is_not_there(self, browser_of, ada):
        assert browser_of(ada).get("/en/1999/assembly/proxy").status_code == 404


class TestAnswering:
    def test_declining_and_giving_back(self, browser_of, assembly, ada, bas):
        for accepted, told in ((False, "declined your proxy"), (True, "gave your proxy back")):
            proxy = a_proxy(ada, bas, accepted=accepted)
            page = browser_of(bas).post(f"{MINE}/{proxy.id}/decline", follow_redirects=True).text
            assert "You do not vote for Ada Peeters" in page
            assert told in browser_of(ada).get(MINE).text

    def test_taking_back_after_a_vote_was_sent_says_what_stays(self, browser_of, assembly, ada, bas):
        election = an_election(ada, bas, edition=assembly.edition)
        proxy = a_proxy(ada, bas)
        a_vote_for(election, proxy, 0)
        page = browser_of(ada).get(MINE).text
        assert "stays in the box until you vote yourself" in page and "Bas Claes voted for you on" in page
        page = browser_of(ada).post(f"{MINE}/{proxy.id}/take-back", follow_redirects=True).text
        assert "You have taken your proxy back" in page
        assert "Bas Claes voted for you on" in page and "You took your proxy back from Bas Claes" in page

    @pytest.mark.parametrize("act", ["accept", "decline", "take-back"])
    def test_a_second_click_changes_nothing(self, browser_of, assembly, ada, bas, act):
        proxy = a_proxy(ada, bas, accepted=False)
        browser = browser_of(ada if act == "take-back" else bas)
        assert {browser.post(f"{MINE}/{proxy.id}/{act}").status_code for _click in range(2)} == {303}

    @pytest.mark.parametrize("act", ["accept", "decline", "take-back"])
    def test_nobody_answers_for_somebody_else(self, browser_of, assembly, ada, bas, act):
        proxy = a_proxy(ada, bas, accepted=False)
        wrong = [a_member("Mallory"), bas if act == "take-back" else ada]
        assert {browser_of(who).post(f"{MINE}/{proxy.id}/{act}").status_code for who in wrong} == {404}
        assert browser_of(bas).post(f"/en/2026/assembly/proxy/{proxy.id + 9}/{act}").status_code == 404
        assert proxy.accepted_at is None and proxy.ended_at is None

    def test_accepting_too_late_is_told(self, browser_of, assembly, ada, bas):
        proxy = a_proxy(ada, bas, accepted=False)
        browser_of(ada).post(f"{MINE}/{proxy.id}/take-back")
        answer = browser_of(bas).post(f"{MINE}/{proxy.id}/accept")
        assert answer.status_code == 409 and "has ended" in answer.text

    def test_what_is_kept_about_it_can_be_read_and_downloaded(self, browser_of, assembly, ada, bas):
        a_proxy(ada, bas)
        assert "from you to Bas Claes" in browser_of(ada).get("/en/me").text
        assert "from Ada Peeters to you" in browser_of(bas).get("/en/me").text
        assert browser_of(bas).get("/en/me/data.json").json["proxies"][0]["giver"] == "Ada Peeters"


class TestTheDesk:
    @pytest.fixture
    def desk(self, browser_of):
        return browser_of(a_facilitator())

    def test_paper_is_entered_after_both_names_were_shown(self, desk, assembly, ada, bas):
        data = {"giver": ada.number, "holder": bas.number}
        check = desk.post(f"{DESK}/check", data=data).text
        assert "Ada Peeters" in check and "Bas Claes" in check and proxies() == []
        page = desk.post(f"{DESK}/enter", data=data, follow_redirects=True).text
        assert "Bas Claes votes for Ada Peeters" in page and "on paper" in page
        (proxy,) = proxies()
        assert proxy.accepted_at and proxy.entered_by_id

    @pytest.mark.parametrize("step", ["check", "enter"])
    def test_what_is_wrong_stands_beside_its_field(self, desk, assembly, ada, step):
        page = desk.post(f"{DESK}/{step}", data={"giver": ada.number, "holder": "nobody"}).text
        assert "no member with the number nobody" in page and f'value="{ada.number}"' in page
        page = desk.post(f"{DESK}/{step}", data={"giver": ada.number, "holder": ada.number}).text
        assert "somebody else" in page
        kept(Presence(assembly_id=assembly.id, member_id=ada.id, way=Way.HALL, arrived_at=now()))
        page = desk.post(f"{DESK}/{step}", data={"giver": ada.number, "holder": a_member("Cleo").number}).text
        assert "Ada Peeters is checked in at the assembly" in page
        assert "Type a membership number." in desk.post(f"{DESK}/{step}", data={}).text
        assert proxies() == []

    @pytest.mark.parametrize("step", ["check", "enter"])
    def test_the_language_switch_leads_back_to_the_form(self, desk, assembly, step):
        assert desk.get(f"/nl/2026/assembly/proxies/{step}").headers["Location"] == "/nl/2026/assembly/proxies/new"

    def test_ending_one_takes_a_reason(self, desk, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        address = f"{DESK}/{proxy.id}/end"
        assert "Say why" in desk.post(address, data={"reason": ""}).text and proxy.ended_at is None
        assert "at most 500 characters" in desk.post(address, data={"reason": "x" * 501}).text
        assert desk.post(address, data={"reason": "Not signed"}).status_code == 303
        again = desk.post(address, data={"reason": "Not signed"})
        assert again.status_code == 200 and "has ended" in again.text
        assert "ended at the desk" in desk.get(f"{DESK}/").text
        assert desk.get(f"{DESK}/{proxy.id + 1}/end").status_code == 404

    def test_the_list_is_searched_filtered_paged_and_downloaded(self, desk, assembly, monkeypatch):
        monkeypatch.setattr("sipvote.voting.proxy_desk.PER_PAGE", 2)
        givers = [a_member(f"Giver {n}") for n in range(4)]
        for n, giver in enumerate(givers):
            a_proxy(giver, a_member(f"Holder {n}"), accepted=n > 0)
        page = desk.get(f"{DESK}/").text
        assert "Giver 0" in page and "Giver 3" not in page and "Page 1 of 2" in page
        assert "Giver 3" in desk.get(f"{DESK}/?q=holder+3").text
        waiting = desk.get(f"{DESK}/?state=offered").text
        assert "Giver 0" in waiting and "Giver 1" not in waiting and "Standing (3)" in waiting.replace("\n", "")
        assert "No proxy found" in desk.get(f"{DESK}/?state=ended").text
        assert desk.get(f"{DESK}/?state=nonsense&q=%25").status_code == 200
        assert desk.get(f"{DESK}/list.csv?state=standing").text.count("Giver") == 3 + 1
        assert desk.get(f"{DESK}/list.xlsx").data[:2] == b"PK"
        assert desk.get(f"{DESK}/list.pdf").status_code == 404

    def test_a_longer_list_costs_no_more_queries(self, desk, assembly):
        a_proxy(a_member("A"), a_member("B"))
        desk.get(f"{DESK}/")
        with counted() as short:
            desk.get(f"{DESK}/")
        for n in range(5):
            a_proxy(a_member(f"C{n}"), a_member(f"D{n}"))
        with counted() as long:
            desk.get(f"{DESK}/")
        assert len(long) <= len(short)

    def test_without_an_assembly_there_is_nothing_to_enter(self, desk):
        an_edition(Phase.VOTE)
        for path in ("/", "/new", "/list.csv"):
            answer = desk.get(f"{DESK}{path}")
            assert answer.status_code == 409 and "not planned yet" in answer.text

    def test_organisers_do_so_too_and_the_board_does_not(self, browser_of, assembly):
        assert browser_of(an_organiser()).get(f"{DESK}/").status_code == 200
        assert browser_of(a_member("Chloé", "luik", Role.BOARD)).get(f"{DESK}/").status_code == 403
