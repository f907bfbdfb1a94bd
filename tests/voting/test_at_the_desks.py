"""What organisers see at the desks of a vote before it opens, and the limits of what they may type."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.access import Role
from sipvote.db import db
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.voting import box, checklist, hours, keys, profiles, result, rules, second_word
from sipvote.voting.models import Custody
from tests.factories import (
    a_counted_election,
    a_frozen_election,
    a_member,
    a_paper,
    a_theme,
    a_vote,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
)
from tests.voting.test_small_promises import last_entry

pytestmark = pytest.mark.usefixtures("database")


def field(page: str, name: str) -> str:
    """What stands in an input, which must be there."""
    tag = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    assert tag
    value = re.search(r'value="([^"]*)"', tag[0])
    return value[1] if value else ""


class TestTheDeskOfCards:
    def test_what_is_looked_for_is_cut_after_three_hundred_letters(self, browser_of):
        a_frozen_election(custody=Custody.SERVER)
        page = browser_of(an_organiser()).get("/en/2026/vote/desk/?q=" + "y" * 400).text
        assert field(page, "q") == "y" * 300

    def test_before_there_is_a_vote_a_member_leads_to_the_desk(self, browser_of):
        an_edition(Phase.VOTE)
        ada = a_member()
        answer = browser_of(an_organiser()).get(f"/en/2026/vote/desk/{ada.id}")
        assert answer.status_code == 302 and answer.headers["Location"] == "/en/2026/vote/desk/"

    def test_a_link_without_a_code_asks_for_one(self, client):
        an_election(a_member())
        assert not field(client.get("/en/2026/vote/card/~~").text, "code")

    def test_cards_that_were_printed_before_an_update_are_good_after_it(self, app, monkeypatch):
        monkeypatch.setitem(app.config, "SECRET_KEY", "the secret of this service")
        assert keys.mark_of_code("ABCDEFGHJK") == MARK


# blake2b of the secret, 32 bytes, with the person "sipvote cards"; HMAC-SHA-256 of the code under it.
MARK = "830e0bb8da5c41865ea323535387f4b086838b43ac2b750a6eb89e8adf71066b"


class TestTheChecklist:
    def test_too_few_themes_are_counted_and_told(self):
        edition = an_edition(Phase.VOTE, seats=3)
        for n in range(3):
            a_theme(edition, f"Theme {n}", admitted_at=edition.review_at)
        told = [check.text for check in checklist.checklist(rules.prepare(edition, Custody.SERVER, None))]
        assert "There are 3 themes on the ballot for 3 places. There must be at least 4 to choose from." in told

    def test_all_ways_to_choose_must_be_countable_for_these_places_and_not_for_more(self):
        assert checklist._check_rule("pav", 17, 7) == []
        assert [check.kind for check in checklist._check_rule("pav", 17, 8)] == ["bad"]

    def test_a_vote_that_begins_with_the_assembly_is_not_before_it(self):
        edition = an_edition(Phase.VOTE)
        assembly = an_assembly(edition, prior_vote=False)
        election = rules.prepare(edition, Custody.SERVER, None)
        assembly.starts_at = edition.vote_at
        assert "bad" not in [check.kind for check in checklist._check_assembly(election)]
        assembly.starts_at = edition.vote_at + timedelta(minutes=1)
        assert "bad" in [check.kind for check in checklist._check_assembly(election)]


def test_for_the_quorum_counts_who_sent_a_ballot_or_took_one_on_paper_and_no_rehearsal():
    ada, bas, cas = a_member("Ada"), a_member("Bas"), a_member("Cas")
    election = an_election(ada, bas, cas)
    a_vote(election, ada, 0)
    a_paper(election, bas)
    found = db.session.execute(select(box.who_voted(election.edition_id, None))).all()
    assert {member for member, _by_proxy in found} == {ada.id, bas.id} and len(found) == 2
    election.is_rehearsal = True
    assert not db.session.execute(select(box.who_voted(election.edition_id, None))).all()


class TestHours:
    def test_dates_that_were_moved_after_freezing_are_told(self):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        election.opens_at = election.closes_at - timedelta(hours=1)
        assert (hours.why_not_open(election) or "").startswith("Voting is announced from")

    def test_a_ballot_that_was_frozen_is_opened_once(self):
        assert hours.why_not_open(an_election()) == "The vote has been opened already."


def test_a_number_that_would_fill_the_page_is_told_by_its_size():
    assert profiles._readable(10**15 - 1) == "999,999,999,999,999"
    assert profiles._readable(10**15) == "about 10^15"


class TestWhatTheLogKeeps:
    def test_of_closing_early(self):
        ada = a_member()
        election = an_election(ada)
        a_vote(election, ada, 0)
        hours.close(election, None, "The hall is closed.")
        facts = last_entry().facts
        assert facts["envelopes"] == 1 and facts["reason"] == "The hall is closed."
        assert re.fullmatch("[0-9a-f]{64}", facts["checkpoint"])

    def test_of_asking_to_extend_and_of_extending(self):
        election, dre = an_election(a_member()), an_organiser()
        a_member("Fatou Diallo", "gent", Role.ORGANISER)
        until = election.closes_at + timedelta(hours=1)
        second_word.ask(election, "extend", dre.id, "The network was down.", until)
        assert last_entry().facts["reason"] == "The network was down."
        hours.extend(election, until, "The network was down.", None)
        assert last_entry().facts["reason"] == "The network was down."


def test_the_second_word_publishes_the_count_that_was_looked_at_and_no_other():
    election = a_counted_election((0,), (1,))
    seen = {"election": election.id, "counted": result.counted_when(election)}
    with pytest.raises(Refused, match="not the count"):
        result._publish_asked({**seen, "counted": "another moment"}, an_organiser().id)
    assert election.published_at is None
    result._publish_asked(seen, an_organiser().id)
    assert election.published_at is not None


def test_who_holds_a_proxy_is_looked_for_by_a_hundred_letters(browser_of):
    an_assembly(an_edition(Phase.VOTE))
    page = browser_of(an_organiser()).get("/en/2026/assembly/proxies/?q=" + "y" * 140).text
    assert field(page, "q") == "y" * 100
