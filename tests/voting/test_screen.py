"""The screen in the hall: what everybody may know, when they may know it, and at what cost."""

import re
from datetime import timedelta

import pytest

from sipvote import kept
from sipvote.assembly import presence
from sipvote.assembly.models import Presence, Proxy, Quorum, Way
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.voting import counting, freezing, hours, live, papers, result, screen, slides
from sipvote.voting import rules as voting
from sipvote.voting.day import Announcement, CountProgress
from sipvote.voting.models import Custody, Elector
from sipvote.voting.papers import PaperOption
from tests.factories import (
    a_counted_election,
    a_frozen_election,
    a_member,
    a_paper,
    a_theme,
    a_vote,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
    some_questions,
)
from tests.queries import counted

# Twelve ballots over four themes, two places: theme 0 has eight votes, 1 and 2 have five, 3 has one.
TIED = ((0,),) * 6 + ((0, 1),) * 2 + ((1, 2),) * 3 + ((2, 3),) + ((2,),)
CLEAR = ((0, 1),) * 7 + ((0, 2),) * 3 + ((3,),) * 2


def page_of(client, slide="", code="en", year=2026):
    """A slide as it is now, not as it was a second ago."""
    kept.forget_all()
    return client.get(f"/{code}/{year}/screen" + (f"?slide={slide}" if slide else ""))


def numbers_of(client, **options):
    kept.forget_all()
    return client.get("/2026/screen.json", **options)


def kind_of(page):
    return re.search(r'<main id="slide" class="slide ([\w-]+)"', page.text)[1]


def table_of(page):
    """The words of the table of a slide, without the line above it."""
    return page.text.partition("<tbody>")[2].partition("</tbody>")[0]


def names_of(page_or_client):
    """The names of all slides, by following "next" from the first one."""
    found, page = [], page_of(page_or_client, "welcome")
    while True:
        found.append(kind_of(page))
        after = re.search(r'rel="next" href="([^"]+)"', page.text)
        if not after:
            return found
        page = page_or_client.get(after[1])


@pytest.fixture
def edition(database):
    return an_edition(Phase.VOTE)


class TestWhichSlideIsNow:
    def test_a_year_without_assembly_and_vote_has_a_welcome(self, client, edition):
        assert names_of(client) == ["welcome"]
        assert numbers_of(client).json["state"] == "before"

    def test_a_year_that_is_not_there(self, client):
        assert page_of(client, year=1999).status_code == 404
        assert client.get("/1999/screen.json").status_code == 404

    def test_a_frozen_ballot_has_its_slides_and_waits(self, client):
        a_frozen_election(a_member())
        assert names_of(client) == ["welcome", "vote", "count"]
        assert "The vote has not begun" in page_of(client, "vote").text

    def test_it_follows_the_day(self, client, edition):
        an_assembly(edition)
        assert kind_of(page_of(client)) == "welcome"
        election = an_election(a_member(), edition=edition)
        assert kind_of(page_of(client)) == "vote"
        hours.close(election, None)
        assert kind_of(page_of(client)) == "count"
        counting.count(election, [], None)
        assert kind_of(page_of(client)) == "count"
        result.publish(election, None)
        assert kind_of(page_of(client)) == "turnout"

    def test_after_the_announced_moment_it_says_closed_before_anybody_closes(self, client):
        election = an_election(a_member())
        election.closes_at = now() - timedelta(seconds=1)
        assert kind_of(page_of(client)) == "count"
        assert numbers_of(client).json["state"] == "closed"

    def test_a_slide_that_is_not_there_is_the_one_of_now(self, client):
        an_election(a_member())
        for name in ("thanks", "1-0", "nonsense", "x" * 5000, "%00"):
            page = page_of(client, name)
            assert page.status_code == 200 and kind_of(page) == "vote"

    def test_before_and_after_are_links(self, client):
        an_assembly(an_election(a_member()).edition)
        assert names_of(client) == ["welcome", "check-in", "vote", "count"]

    def test_it_speaks_three_languages(self, client):
        an_election(a_member())
        assert "Stem nu" in page_of(client, code="nl").text
        assert "Cast your vote now" in page_of(client, code="en").text
        page = page_of(client, "welcome", "fr").text
        assert "Bienvenue" in page and 'href="/nl/2026/screen?slide=welcome"' in page


class TestCheckIn:
    def test_it_counts_who_is_there_and_says_what_is_needed(self, client, edition):
        ada, bas, chloe = a_member("Ada"), a_member("Bas"), a_member("Chloé")
        assembly = an_assembly(edition, quorum=Quorum.NUMBER, quorum_value=3)
        for member, way in ((ada, Way.HALL), (bas, Way.REMOTE)):
            db.session.add(Presence(assembly_id=assembly.id, member_id=member.id, way=way, arrived_at=now()))
        told = numbers_of(client).json
        assert (told["hall"], told["remote"], told["proxies"], told["counted"]) == (1, 1, 0, 2)
        assert (told["needed"], told["reached"]) == (3, False)
        assert "not reached yet" in page_of(client, "check-in").text
        given = Proxy(giver_id=chloe.id, holder_id=ada.id, given_at=now(), accepted_at=now(), place=1)
        given.assembly_id = assembly.id
        db.session.add(given)
        told = numbers_of(client).json
        assert (told["proxies"], told["counted"], told["reached"]) == (1, 3, True)
        assert "The quorum is reached." in page_of(client, "check-in").text

    def test_who_went_home_is_not_there(self, client, edition):
        assembly, ada = an_assembly(edition), a_member()
        gone = Presence(assembly_id=assembly.id, member_id=ada.id, way=Way.HALL, arrived_at=now(), left_at=now())
        db.session.add(gone)
        assert numbers_of(client).json["hall"] == 0

    def test_without_a_quorum_it_says_so(self, client, edition):
        an_assembly(edition)
        assert "There is no quorum" in page_of(client, "check-in").text

    def test_only_officials_see_the_code_of_the_hall(self, client, browser_of, edition, monkeypatch):
        monkeypatch.setattr(presence, "hall_code", lambda assembly, moment: "271828")
        an_assembly(edition)
        kept.forget_all()
        officials, member = browser_of(an_organiser()), browser_of(a_member())
        # The official first: nothing of that page may be kept for others.
        assert "271 828" in officials.get("/en/2026/screen?slide=check-in").text
        for browser in (client, member):
            for answer in (browser.get("/en/2026/screen?slide=check-in"), browser.get("/2026/screen.json")):
                assert answer.status_code == 200 and not re.search("271 ?828", answer.text)


class TestTheVote:
    def test_it_shows_the_way_the_turnout_and_the_time_left(self, client):
        ada = a_member()
        a_vote(an_election(ada), ada, 1)
        page = page_of(client)
        assert 'class="qr"' in page.text and 'data-live="votes">1<' in page.text
        told = numbers_of(client).json
        assert told["votes"] == 1 and told["roll"] >= 1 and 0 < told["share"] <= 1
        seconds = int(re.search(r'data-seconds="(\d+)"', page.text)[1])
        assert 0 <= seconds - told["seconds_left"] <= 5

    def test_a_pause_is_told_with_its_reason(self, client):
        election = an_election(a_member())
        election.paused_at = now()
        told = {"election_id": election.id, "at": now()}
        db.session.add(Announcement(kind="paused", reason="The network is <down>.", **told))
        page = page_of(client).text
        assert "The vote is paused" in page and "The network is &lt;down&gt;." in page
        assert numbers_of(client).json["state"] == "paused"
        election.paused_at = None
        db.session.add(Announcement(kind="extended", reason="Ten minutes more.", until=now(), **told))
        page = page_of(client).text
        assert "Cast your vote now" in page and "Ten minutes more." in page

    def test_what_is_announced_makes_the_pages_new(self, client):
        election = an_election(a_member())
        before = numbers_of(client).json["sign"]
        assert f'data-sign="{before}"' in page_of(client).text
        db.session.add(Announcement(election_id=election.id, kind="extended", at=now(), reason="More time."))
        after = numbers_of(client).json["sign"]
        assert after != before and f'data-sign="{after}"' in page_of(client).text

    def test_the_opening_of_the_box_has_a_bar(self, client):
        election = an_election(a_member())
        hours.close(election, None)
        db.session.add(CountProgress(election_id=election.id, opened=61, envelopes=100))
        page = page_of(client).text
        assert "The ballot box is being opened" in page and 'value="61" max="100"' in page
        assert numbers_of(client).json["opened"] == 61


class TestWhoVotesInTheHall:
    def test_a_ballot_on_paper_counts_in_the_turnout_as_soon_as_it_is_out(self, client, browser_of):
        ada, bas = a_member("Ada"), a_member("Bas")
        election = an_election(ada, bas)
        a_vote(election, ada, 0)
        a_paper(db.session.merge(election), bas)
        assert numbers_of(client).json["votes"] == 2
        assert 'data-live="votes">2<' in client.get("/en/2026/vote").text

    def test_where_one_votes_only_there_the_code_leads_to_the_cards(self, client, edition):
        an_assembly(edition, remote_vote=False)
        an_election(a_member(), edition=edition)
        page = page_of(client).text
        assert "voting card" in page and 'href="/en/2026/vote/card"' in page


class TestARehearsal:
    @pytest.fixture
    def rehearsal(self, database):
        """An open rehearsal, with an organiser and a member without a role, who stands on its roll."""
        dre, ada, edition = an_organiser(), a_member("Ada"), an_edition(Phase.REVIEW)
        an_organiser()  # it takes two
        for number in range(4):
            a_theme(edition, f"Theme {number}", admitted_at=now(), proposer=dre)
        election = voting.prepare(edition, Custody.SERVER, None, is_rehearsal=True)
        freezing.freeze(election, None)
        hours.open_(election, None)
        db.session.add(Elector(election_id=election.id, member_id=ada.id, number=ada.number, country="BE"))
        return dre, ada

    def test_only_who_has_a_part_in_it_sees_it(self, client, browser_of, rehearsal):
        kept.forget_all()
        # Those who may see it ask first: nothing that is made for them may be kept for others.
        for member in rehearsal:
            browser = browser_of(member)
            page = browser.get("/en/2026/screen")
            assert kind_of(page) == "vote" and "Rehearsal" in page.text
            assert browser.get("/2026/screen.json").json["state"] == "open"
        for browser in (client, browser_of(a_member("Stranger"))):
            page = browser.get("/en/2026/screen?slide=vote")
            assert kind_of(page) == "welcome" and "Rehearsal" not in page.text
            told = browser.get("/2026/screen.json").json
            assert told["state"] == "before" and told["roll"] is None and told["seconds_left"] is None


class TestNoResultBeforeItIsPublished:
    @pytest.mark.parametrize("stage", ["open", "closed", "counted"])
    def test_nothing_tells_what_was_chosen(self, client, browser_of, stage):
        """Neither a page nor the numbers, neither for strangers nor for officials, whatever slide they ask for."""
        voters = [a_member(f"Voter {n}") for n in range(len(CLEAR))]
        election = an_election(*voters, seats=2)
        for voter, ballot in zip(voters, CLEAR, strict=True):
            a_vote(election, voter, *ballot)
        election = db.session.merge(election)
        if stage != "open":
            hours.close(election, None)
        if stage == "counted":
            counting.count(election, [], None)
        names = ["", "welcome", "vote", "count", "turnout", "thanks", *(f"1-{n}" for n in range(9))]
        for browser in (client, browser_of(an_organiser())):
            for name in names:
                page = page_of(browser, name)
                assert page.status_code == 200 and "Theme " not in page.text and "elected" not in page.text
                assert kind_of(page) in ("welcome", "vote", "count")
            told = numbers_of(browser).json
            assert set(told) == {
                "state", "sign", "votes", "roll", "share", "seconds_left", "opened", "envelopes", "told",
                "hall", "remote", "proxies", "counted", "needed", "reached",
            }  # fmt: skip
            assert told["votes"] == len(CLEAR)


def published(*ballots, draw=None, **settings):
    election = a_counted_election(*ballots, **settings)
    if draw:
        counting.settle(election, 0, draw, "Six dice, thrown by three members.", None)
    result.publish(election, None)
    return election


class TestTheResultStepByStep:
    def test_approval_is_told_from_the_last_place_to_the_first(self, client):
        published(*CLEAR, seats=2)
        assert names_of(client) == ["welcome", "vote", "count", "turnout", "question", *["bars"] * 4, "thanks"]
        first, last = table_of(page_of(client, "1-1")), table_of(page_of(client, "1-4"))
        assert "Theme 3" in first and "Theme 0" not in first and "elected" not in first
        assert "Theme 0" in last and last.count("elected") == 2

    def test_the_tied_appear_together_and_the_lot_comes_after_them(self, client):
        published(*TIED, seats=2, draw="123456")
        kinds = names_of(client)
        assert kinds[4:] == ["question", "bars", "bars", "bars", "tie", "lot", "thanks"]
        tie, lot = (page_of(client, f"1-{n}").text for n in (4, 5))
        bars = table_of(page_of(client, "1-3"))
        assert bars.count("elected") == 1 and bars.count("equal") == 2  # the lot is not told before it is shown
        assert "Theme 1" in tie and "Theme 2" in tie and "1 2 3" not in tie and "123456" not in tie
        assert "123456" in lot and "Six dice" in lot and lot.count("elected") == 1

    def test_an_open_tie_waits_for_its_lot(self, client):
        published(*TIED, seats=2)
        assert names_of(client)[-2:] == ["tie", "thanks"]
        assert "a lot decides" in page_of(client, "thanks").text

    def test_with_few_ballots_no_number_is_told(self, client):
        published((0,), (0, 1), (0, 2), seats=1)
        assert names_of(client)[3:] == ["turnout", "question", "elected", "thanks"]
        page = page_of(client, "1-1").text
        assert "Theme 0" in page and "Theme 1" not in page and "fewer than" in page

    def test_phragmen_is_told_round_by_round(self, client):
        """Theme 1 has more votes than theme 2, but from members who found theirs in the first round."""
        published(*[(0, 1)] * 5, *[(0,)] * 3, *[(2,)] * 4, rule="phragmen", seats=2, options=3)
        assert names_of(client)[4:] == ["question", "round", "round", "bars", "thanks"]
        first, second = page_of(client, "1-1").text, page_of(client, "1-2").text
        assert "8 members voted for this theme" in first and "8 of the 12 members" in first
        assert re.search(r'class="winner"><strong><span>Theme 0<', first)
        assert re.search(r'class="winner"><strong><span>Theme 2<', second)

    def test_with_another_rule_the_lot_is_told_before_the_winners(self, client):
        ballots = [(0,)] * 6 + [(1,)] * 6
        published(*ballots, rule="phragmen", seats=1, draw="123456")
        assert names_of(client)[4:] == ["question", "tie", "lot", "round", "bars", "thanks"]
        assert "elected" not in page_of(client, "1-1").text
        assert table_of(page_of(client, "1-4")).count("elected") == 1

    def test_pav_tells_how_many_found_a_theme_of_theirs(self, client):
        published(*[(0, 1)] * 10, *[(0,)] * 2, *[(2,)] * 10, rule="pav", seats=2, options=3)
        assert names_of(client)[4:] == ["question", "set", "bars", "thanks"]
        page = page_of(client, "1-1").text
        assert "22 of the 22 members" in page and page.count("elected") == 2

    def test_yes_and_no_have_the_line_of_their_majority(self, client):
        """Seven of twelve say yes: enough where more yes than no is asked, too few for two thirds."""
        voters = [a_member(f"Voter {n}") for n in range(12)]
        theme, edition = a_worked_on_theme(), an_edition(Phase.VOTE)
        a_theme(edition, "Theme 0", proposer=voters[0], admitted_at=now())
        for number in (1, 2):
            a_theme(edition, f"Theme {number}", proposer=voters[0], admitted_at=now())
        election = voting.prepare(edition, Custody.SERVER, None)
        some_questions(election, theme, country=None)
        freezing.freeze(election, None)
        hours.open_(election, None)
        db.session.commit()
        paper, ids = papers.of(election), [voter.id for voter in voters]
        db.session.rollback()
        for number, member in enumerate(ids):
            voting.cast(paper, member, ((0,), (0,) if number < 7 else (1,), (0,) if number < 7 else (1,)))
        hours.close(election, None)
        counting.count(election, [], None)
        for name in ("2-1", "3-1"):
            assert "dopted" not in page_of(client, name).text
        result.publish(election, None)
        assert names_of(client)[-5:] == ["question", "answer", "question", "answer", "thanks"]
        prolonged, action = page_of(client, "2-1").text, page_of(client, "3-1").text
        assert "Sharing economy" in prolonged and ">adopted" in prolonged and 'class="marker" x="50.0%"' in prolonged
        assert "not adopted" in action and 'class="marker" x="66.67%"' in action and "Question 3 of 3" in action
        thanks = page_of(client, "thanks").text
        assert "Theme 0" in thanks and thanks.count("adopted") == 2

    def test_a_long_list_shows_the_last_places_at_once(self):
        lines = [result.Line(an_option(n), 40 - n, False, False) for n in range(20)]
        assert slides.reveals(lines) == [13, 14, 15, 16, 17, 18, 19, 20]
        assert slides.fresh(lines, 13) is None and slides.fresh(lines, 20) is lines[0]
        assert slides.fresh(lines, 14) is lines[6]

    def test_equal_lines_share_a_place(self):
        lines = [result.Line(an_option(n), votes, False, False) for n, votes in enumerate((9, 5, 5, 2))]
        assert slides.places(lines) == [1, 2, 2, 4]


def an_option(number):
    return PaperOption(number, None, "en", {"en": {"title": f"Theme {number}", "question": ""}})


class TestTheNumbersThatManyAskFor:
    def test_what_has_not_changed_is_not_sent_again(self, client):
        ada = a_member()
        election = an_election(ada)
        answer = numbers_of(client)
        mark = {"If-None-Match": answer.headers["ETag"]}
        again = numbers_of(client, headers=mark)
        assert again.status_code == 304 and not again.data
        a_vote(election, ada, 0)
        assert numbers_of(client, headers=mark).status_code == 200

    def test_many_who_ask_at_once_cost_the_queries_of_one(self, client):
        an_assembly(an_election(a_member()).edition)
        kept.forget_all()
        with counted() as seen:
            client.get("/2026/screen.json")
        once = len([q for q in seen if not q.startswith(("BEGIN", "PRAGMA"))])
        assert 0 < once <= 12
        with counted() as seen:
            for _phone in range(100):
                assert client.get("/2026/screen.json").status_code == 200
        assert [q for q in seen if not q.startswith(("BEGIN", "PRAGMA"))] == []

    def test_the_page_is_made_once_for_everybody_as_well(self, client):
        an_election(a_member())
        page_of(client)
        with counted() as seen:
            for _phone in range(20):
                assert client.get("/en/2026/screen").status_code == 200
        assert seen == []

    def test_and_for_members_the_same_page_as_for_strangers(self, client, browser_of, monkeypatch):
        an_election(a_member())
        for many in (live._days, screen._pages):
            monkeypatch.setattr(many, "seconds", 60)
        page, member = page_of(client).text, browser_of(a_member())
        with counted() as seen:
            assert member.get("/en/2026/screen").text == page
        assert not [query for query in seen if "FROM election" in query]

    def test_it_sets_no_cookie_and_is_the_same_for_all(self, client, browser_of):
        an_election(a_member())
        told = numbers_of(client)
        assert "Set-Cookie" not in told.headers
        assert browser_of(a_member()).get("/2026/screen.json").json.keys() == told.json.keys()

    def test_the_seconds_run_on_between_two_readings(self, client, edition):
        day = live.Day("open", 10, 3, now() + timedelta(seconds=40), None, None, 0, None)
        assert day.seconds_left in (39, 40) and day.state == "open"
        over = live.Day("open", 10, 3, now() - timedelta(seconds=1), None, None, 0, None)
        assert over.seconds_left is None and over.state == "closed"
