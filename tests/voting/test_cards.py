"""Voting cards: one code, one use, one vote; what begins with one votes, and does nothing else."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote import audit
from sipvote.access import Role
from sipvote.assembly.models import Way
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.members.models import Member
from sipvote.voting import box, cards, ceremony, freezing, hours, papers, rules
from sipvote.voting.day import VotingCard
from sipvote.voting.models import Envelope
from tests.factories import (
    a_card,
    a_facilitator,
    a_frozen_election,
    a_member,
    a_paper,
    a_presence,
    a_vote,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
)
from tests.voting.test_casting import in_threads


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters", email=None)


@pytest.fixture
def vote(ada):
    """An open election with Ada on its roll, and an organiser, Dré."""
    an_organiser()
    return an_election(ada)


@pytest.fixture
def dré(vote):
    return db.session.scalar(select(Member).where(Member.name == "Dré Maes"))


def ballot_of(election, *chosen):
    return {"ballot": papers.of(election).name, "q0": [str(c) for c in chosen]}


def codes_on(page):
    return re.findall(r'class="card-code code">([\w-]+)<', page)


def begun(client, code):
    return client.post("/en/2026/vote/card", data={"code": code})


class TestCodes:
    def test_a_code_holds_fifty_bits_and_is_kept_as_a_mark_only(self, vote, ada):
        code = a_card(vote, ada)
        assert cards.normal_code(code) == code and len(code) == 10
        (mark,) = db.session.scalars(select(VotingCard.code_hash))
        assert len(mark) == 64 and code not in mark

    @pytest.mark.parametrize("spell", [str.lower, cards.in_groups, lambda code: f" {code[:3]} {code[3:]}\n"])
    def test_a_code_may_be_typed_in_many_ways(self, vote, ada, spell):
        assert cards.use(vote, spell(a_card(vote, ada)), "card").member_id == ada.id

    @pytest.mark.parametrize("typed", ["", "ABC", "ABCDEFGHJKM", "ABCDEFGHU!", "é" * 10, "1234567890" * 100])
    def test_what_is_no_code_is_told_in_a_sentence(self, vote, typed):
        with pytest.raises(cards.WrongCode, match="not right"):
            cards.use(vote, typed, "card")

    def test_letters_that_look_like_digits_are_read_as_digits(self):
        assert cards.normal_code("oil23-45678") == "0112345678"


class TestOneCardOneUse:
    def test_a_card_works_once(self, vote, ada):
        code = a_card(vote, ada)
        cards.use(vote, code, "card")
        with pytest.raises(Refused, match="used already"):
            cards.use(vote, code, "kiosk")

    def test_a_new_card_revokes_those_before(self, vote, ada):
        first, second = a_card(vote, ada), a_card(vote, ada)
        with pytest.raises(Refused, match="newer card"):
            cards.use(vote, first, "card")
        assert cards.use(vote, second, "card").member_id == ada.id
        assert cards.figures(vote) == (1, 1)

    def test_a_new_card_ends_what_was_begun_with_the_one_before(self, client, vote, ada):
        """Somebody found the card and used it: the member gets a new one, and the finder is out."""
        begun(client, a_card(vote, ada))
        assert client.get("/en/2026/vote/ballot").status_code == 200
        a_card(vote, ada)
        assert "/sign-in" in client.get("/en/2026/vote/ballot").headers["Location"]

    def test_of_two_who_use_one_card_at_once_one_votes(self, app, vote, ada):
        code, election_id = a_card(vote, ada), vote.id
        db.session.rollback()

        def use(_n):
            with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                try:
                    cards.use(db.session.get(type(vote), election_id), code, "card")
                    db.session.commit()
                    return "in"
                except Refused as refused:
                    db.session.rollback()
                    return refused.why

        assert sorted(answer[:2] for answer in in_threads(app, 4, use)) == ["Th", "Th", "Th", "in"]

    def test_two_desks_at_once_leave_one_valid_card(self, app, vote, ada):
        election_id, ada_id = vote.id, ada.id
        db.session.rollback()

        def issue(_n):
            with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                cards.issue(db.session.get(type(vote), election_id), db.session.get(Member, ada_id), None)
                db.session.commit()

        in_threads(app, 4, issue)
        counts = select(func.count(), func.count(VotingCard.revoked_at))
        assert tuple(db.session.execute(counts).one()) == (4, 3)

    def test_a_card_is_not_spent_on_a_vote_that_is_not_open(self, ada):
        election, _lists = a_frozen_election(ada)
        code = a_card(election, ada)
        with pytest.raises(Refused, match="not begun"):
            cards.use(election, code, "card")
        election.opened_at = now()
        assert cards.use(election, code, "card").via == "card"

    def test_a_card_of_another_vote_is_no_card(self, vote, ada):
        other = an_election(edition=an_edition(Phase.VOTE, year=2027))
        with pytest.raises(cards.WrongCode):
            cards.use(other, a_card(vote, ada), "card")

    def test_who_left_the_cooperative_votes_no_more(self, vote, ada):
        code = a_card(vote, ada)
        ada.left = now().date()
        with pytest.raises(Refused, match="membership has ended"):
            cards.use(vote, code, "card")


class TestWhoGetsOne:
    def test_nobody_gets_a_card_before_the_roll_or_after_the_vote(self, ada, vote):
        hours.close(vote, None)
        with pytest.raises(Refused, match="closed"):
            cards.issue(vote, ada, None)
        assert "not frozen" in cards.why_not_cards(None)

    def test_who_is_not_on_the_roll_gets_none(self, vote):
        with pytest.raises(Refused, match="not on the electoral roll"):
            cards.issue(vote, a_member("Newcomer"), None)

    def test_who_has_a_paper_gets_none(self, vote, ada):
        a_paper(vote, ada)
        with pytest.raises(Refused, match="ballot on paper"):
            cards.issue(vote, ada, None)

    def test_the_audit_log_says_who_got_one_and_not_the_code(self, vote, ada, dré):
        code = cards.issue(vote, ada, dré.id)
        entry = db.session.scalar(select(audit.Entry).where(audit.Entry.act == "issue card"))
        assert entry.subject == f"member {ada.number}" and code not in str(entry.facts)


class TestVotingWithACard:
    def test_a_scan_shows_a_button_and_spends_nothing(self, client, vote, ada):
        code = a_card(vote, ada)
        for _scanner in range(3):
            page = client.get(f"/en/2026/vote/card/{code}")
            assert page.status_code == 200 and "Begin to vote" in page.text and ada.name not in page.text
        assert client.head(f"/en/2026/vote/card/{code}").status_code == 200
        assert cards.figures(vote).used == 0
        assert begun(client, code).headers["Location"].endswith("/en/2026/vote/ballot")
        assert cards.figures(vote).used == 1

    def test_from_the_card_to_the_receipt(self, client, vote, ada):
        begun(client, a_card(vote, ada))
        assert "Not sent yet" in client.get("/en/2026/vote/ballot").text
        assert "Send my vote" in client.post("/en/2026/vote/check", data=ballot_of(vote, 1)).text
        page = client.post("/en/2026/vote/send", data=ballot_of(vote, 1), follow_redirects=True).text
        assert "You have voted" in page and "Mail it to me" not in page
        standing = box.standing(vote.id, ada.id)
        assert standing.in_hall and standing.tracker
        assert "You voted in the hall, with your card" in client.get("/en/2026/vote").text

    def test_a_card_gives_no_role_and_no_other_page(self, client, vote, dré):
        begun(client, a_card(vote, dré))
        for path in ("/en/me", "/en/2026/vote/desk/", "/en/2026/election/", "/en/2026/settings"):
            answer = client.get(path)
            assert answer.status_code == 403 and "With your card you can only vote" in answer.text
        assert "Election desk" not in client.get("/en/2026/vote").text
        assert client.post("/en/sign-out").status_code == 303

    def test_it_lasts_half_an_hour(self, client, vote, ada):
        begun(client, a_card(vote, ada))
        with time_machine.travel(now() + timedelta(minutes=29), tick=False):
            assert client.get("/en/2026/vote/ballot").status_code == 200
        with time_machine.travel(now() + timedelta(minutes=31), tick=False):
            assert client.get("/en/2026/vote/ballot").status_code == 302

    def test_who_is_signed_in_is_told_and_signed_out_first(self, browser_of, vote, ada, dré):
        browser = browser_of(dré)
        code = a_card(vote, ada)
        assert "You are signed in as Dré Maes" in browser.get(f"/en/2026/vote/card/{code}").text
        begun(browser, code)
        assert browser.get("/en/me").status_code == 403

    def test_the_eleventh_wrong_code_waits_a_minute_in_that_browser_only(self, app, client, vote, ada):
        code = a_card(vote, ada)
        for _try in range(10):
            assert "not right" in begun(client, "0000000000").text
        assert "Wait a minute" in begun(client, code).text
        assert begun(app.test_client(), a_card(vote, ada)).status_code == 303
        code = a_card(vote, ada)
        with time_machine.travel(now() + timedelta(seconds=61), tick=False):
            assert begun(client, code).status_code == 303

    def test_a_used_or_wrong_code_stays_on_the_page_with_its_reason(self, client, vote):
        page = begun(client, "not a code")
        assert page.status_code == 200 and "not right" in page.text and 'value="not a code"' in page.text
        assert "Type the ten letters" in begun(client, "").text


class TestTheHallWins:
    def in_the_hall(self, election, member, *options):
        db.session.commit()
        paper, member_id = papers.of(election), member.id
        db.session.rollback()
        return rules.cast(paper, member_id, (tuple(options),), box.Cast(in_hall=True))

    def test_a_vote_from_home_does_not_replace_one_from_the_hall(self, vote, ada):
        kept = self.in_the_hall(vote, ada, 1)
        with pytest.raises(Refused, match="voted in the hall"):
            a_vote(vote, ada, 2)
        assert box.trackers(vote.id) == [kept]

    def test_a_vote_in_the_hall_replaces_one_from_home_and_one_from_the_hall(self, vote, ada):
        a_vote(vote, ada, 0)
        self.in_the_hall(vote, ada, 1)
        last = self.in_the_hall(vote, ada, 2)
        assert box.trackers(vote.id) == [last] and box.standing(vote.id, ada.id).changes == 2

    def test_the_page_at_home_says_so_kindly(self, browser_of, vote, ada):
        self.in_the_hall(vote, ada, 1)
        page = browser_of(ada).get("/en/2026/vote").text
        assert "You voted in the hall" in page and "Change my vote" not in page
        answer = browser_of(ada).get("/en/2026/vote/ballot")
        assert answer.status_code == 409 and "ask for a new card at the desk" in answer.text


class TestOnlyInTheHall:
    @pytest.fixture
    def hall(self, ada):
        """A vote that the assembly holds in the hall only."""
        election, _lists = a_frozen_election(ada)
        assembly = an_assembly(election.edition, remote_vote=False, starts_in=-1)
        freezing.unfreeze(election, None)
        ceremony.prove(election, freezing.freeze(election, None), None)
        hours.open_(election, None)
        db.session.commit()
        return election, assembly

    def test_from_elsewhere_the_vote_is_refused(self, browser_of, hall, ada):
        election, _assembly = hall
        with pytest.raises(Refused, match="in the hall only"):
            a_vote(election, ada, 0)
        browser = browser_of(ada)
        assert "in the hall only" in browser.get("/en/2026/vote").text
        assert browser.get("/en/2026/vote/ballot").status_code == 409
        assert "in the hall only" in browser.post("/en/2026/vote/send", data=ballot_of(election, 0)).text
        assert box.turnout(election.id) == 0

    def test_who_is_checked_in_in_the_hall_votes_on_their_own_phone(self, browser_of, hall, ada):
        election, assembly = hall
        here = a_presence(assembly, ada)
        browser = browser_of(ada)
        assert browser.get("/en/2026/vote/ballot").status_code == 200
        assert browser.post("/en/2026/vote/send", data=ballot_of(election, 0)).status_code == 303
        here.left_at = now()
        assert browser.get("/en/2026/vote/ballot").status_code == 409

    def test_who_follows_from_elsewhere_does_not(self, hall, ada):
        election, assembly = hall
        a_presence(assembly, ada, Way.REMOTE)
        with pytest.raises(Refused, match="in the hall only"):
            a_vote(election, ada, 0)

    def test_a_card_votes(self, client, hall, ada):
        election, _assembly = hall
        begun(client, a_card(election, ada))
        assert client.post("/en/2026/vote/send", data=ballot_of(election, 0)).status_code == 303
        assert db.session.scalar(select(Envelope.in_hall)) is True


class TestTheDesk:
    def test_a_facilitator_finds_a_member_and_gives_a_card(self, browser_of, client, vote, ada):
        desk = browser_of(a_facilitator())
        found = desk.get("/en/2026/vote/desk/?q=peeters").text
        assert ada.name in found and ada.number in found
        assert "not yet" in desk.get(f"/en/2026/vote/desk/{ada.id}").text
        page = desk.post(f"/en/2026/vote/desk/{ada.id}/card").text
        (code,) = codes_on(page)
        assert "Your ballot" not in page and 'role="img"' in page and ada.number in page
        assert begun(client, code).status_code == 303
        assert desk.get(f"/en/2026/vote/desk/{ada.id}/card").status_code == 302

    def test_a_card_speaks_the_language_of_its_member(self, browser_of, vote, ada, dré):
        ada.language = "nl"
        page = browser_of(dré).post(f"/en/2026/vote/desk/{ada.id}/card").text
        assert '<section class="voting-card" lang="nl"' in page

    def test_the_desk_sees_how_somebody_voted_never_what(self, browser_of, vote, ada, dré):
        a_vote(vote, ada, 1)
        page = browser_of(dré).get(f"/en/2026/vote/desk/{ada.id}").text
        assert "from elsewhere" in page and "Theme 1" not in page

    def test_a_refused_card_is_told_where_the_button_stood(self, browser_of, vote, dré):
        stranger = a_member("Newcomer")
        url = f"/en/2026/vote/desk/{stranger.id}"
        answer = browser_of(dré).post(
            f"{url}/card", headers={"Referer": f"http://localhost{url}"}, follow_redirects=True
        )
        assert "not on the electoral roll" in answer.text and codes_on(answer.text) == []

    def test_cards_for_everybody_in_the_hall_without_an_address(self, browser_of, ada, dré, vote):
        assembly = an_assembly(vote.edition)
        for member in (ada, dré):
            a_presence(assembly, member)
        browser = browser_of(dré)
        page = browser.post("/en/2026/vote/desk/cards", data={"who": "present"}).text
        assert len(codes_on(page)) == 1 and ada.name in page
        again = browser.post("/en/2026/vote/desk/cards", data={"who": "present"})
        assert again.status_code == 200 and "nobody in the hall who needs a card" in again.text

    def test_cards_for_a_list_of_numbers(self, browser_of, ada, dré, vote):
        browser = browser_of(dré)
        data = {"who": "numbers", "numbers": f"{ada.number}, {dré.number}\n{ada.number}"}
        assert len(codes_on(browser.post("/en/2026/vote/desk/cards", data=data).text)) == 2

    @pytest.mark.parametrize(
        ("numbers", "why"),
        [
            ("", "Give the numbers"),
            ("99999999", "99999999"),
            (" ".join(map(str, range(201))), "at most 200"),
            ("x" * 5001, "at most 200"),
        ],
    )
    def test_a_list_that_cannot_be_prints_nothing(self, browser_of, ada, dré, vote, numbers, why):
        numbers = f"{ada.number} {numbers}" if numbers == "99999999" else numbers
        page = browser_of(dré).post("/en/2026/vote/desk/cards", data={"who": "numbers", "numbers": numbers})
        assert page.status_code == 200 and why in page.text and cards.figures(vote).issued == 0

    def test_before_the_roll_the_desk_says_what_it_waits_for(self, browser_of):
        an_edition(year=2026)
        page = browser_of(an_organiser()).get("/en/2026/vote/desk/")
        assert page.status_code == 200 and "not frozen yet" in page.text

    def test_a_scrutineer_gives_no_cards(self, browser_of, vote, ada):
        eva = a_member("Eva", "gent", Role.SCRUTINEER)
        assert browser_of(eva).post(f"/en/2026/vote/desk/{ada.id}/card").status_code == 403


def test_the_page_of_the_vote_leads_to_the_card_and_to_ones_phone(client, vote):
    page = client.get("/en/2026/vote").text
    assert "/en/2026/vote/card" in page and '<svg class="qr" role="img" aria-label="Leads to your own ballot"' in page
