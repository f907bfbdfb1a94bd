"""The election desk: from the draft to the published result, by those who may, with words that are shown once."""

import io
import re
import zipfile

import pytest
from sqlalchemy import func, select

from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.themes.models import Theme
from sipvote.voting import ceremony, counting, hours, result, rules, seal
from sipvote.voting.day import KeyList
from sipvote.voting.models import Custody, Election
from tests.factories import (
    a_board_member,
    a_counted_election,
    a_frozen_election,
    a_member,
    a_scrutineer,
    a_theme,
    a_vote,
    an_edition,
    an_election,
    an_organiser,
    in_phase,
)

BY_HAND = ["open", "close", "extend", "pause", "resume", "confirm/open", "withdraw/close", "sweep"]
ACTS = ["prepare", "freeze", "unfreeze", "prove", *BY_HAND, "count", "publish", "package", "settle/0"]
TIED = [(0,)] * 6 + [(1,)] * 3 + [(2,)] * 3


@pytest.fixture
def dre(browser_of):
    return browser_of(an_organiser())


@pytest.fixture
def fien(browser_of):
    """The other organiser."""
    return browser_of(a_member("Fien Smet", "gent", Role.ORGANISER))


@pytest.fixture
def eva(browser_of):
    return browser_of(a_scrutineer())


def desk(browser, act="", **data):
    """Do an act and give the page that follows."""
    return browser.post(f"/en/2026/election/{act}", data=data, follow_redirects=True).text


def confirm(browser, act):
    """Press "Confirm" beside what another organiser asked; give the page that follows."""
    page = browser.get("/en/2026/election/").text
    stamp = re.search(rf'/election/confirm/{act}".*?name="asked" value="([^"]+)"', page, re.S)
    return desk(browser, f"confirm/{act}", asked=stamp[1])


def an_edition_with_themes(count=4):
    edition = an_edition(Phase.VOTE)
    for number in range(count):
        a_theme(edition, f"Theme {number}", admitted_at=now())
    return edition


def lists_on(page):
    """The three word lists of the page that shows them."""
    words = re.findall(r"<li>([a-z]+)</li>", page)
    assert len(words) == 60
    return [" ".join(words[at : at + 20]) for at in (0, 20, 40)]


def test_the_year_of_an_election_at_the_desk(dre, fien, eva, browser_of):
    """Prepared, frozen, proved, opened, closed, counted, published: each act by its button."""
    ada = a_member()
    an_edition_with_themes()
    assert "has not been prepared" in dre.get("/en/2026/election/").text
    assert "Freeze the ballot" in desk(dre, "prepare", custody="scrutineers", rule="approval")
    shown = dre.post("/en/2026/election/freeze")
    lists = lists_on(shown.text)
    assert shown.headers["Cache-Control"] == "no-store"
    assert "<li>" + lists[0].split()[5] + "</li>" not in dre.get("/en/2026/election/").text
    assert "Try a word list" in eva.get("/en/2026/election/").text
    assert "List 1 is right" in desk(eva, "prove", words=lists[0])
    assert "List 3 is right" in desk(eva, "prove", words=lists[2].upper())
    assert "All three are there now" in desk(eva, "prove", words=lists[1])
    assert "Another organiser confirms it" in desk(dre, "open")
    assert "The vote is open." in confirm(fien, "open")
    election = db.session.scalar(select(Election))
    a_vote(election, ada, 1)
    page = dre.get("/en/2026/election/").text
    assert "members have voted" in page and "Peeters" not in page
    assert "Another organiser confirms it" in desk(fien, "close", reason="Everybody has voted.")
    assert "The vote is closed" in confirm(dre, "close")
    assert "are counted" in desk(eva, "count", first="1. " + lists[1], second=lists[2])
    assert "Theme 1" in eva.get("/en/2026/election/review").text
    assert "The result is published" in desk(dre, "publish")
    assert browser_of(ada).get("/en/2026/vote/results").status_code == 200
    timeline = dre.get("/en/2026/election/").text
    assert "Eva Stone" in timeline and "Vote opened" in timeline and "asked by Fien Smet" in timeline


class TestWhoMay:
    @pytest.mark.parametrize("act", ["", *ACTS, "review"])
    def test_strangers_and_members_do_not_come_in(self, client, browser_of, act):
        an_election()
        for browser, code in ((client, 302), (browser_of(a_member()), 403), (browser_of(a_board_member()), 403)):
            get = browser.get(f"/en/2026/election/{act}")
            assert get.status_code in (code, 405)
            if act not in ("", "review"):
                assert browser.post(f"/en/2026/election/{act}").status_code == code

    @pytest.mark.parametrize("act", ["prepare", "freeze", "unfreeze", *BY_HAND, "publish", "settle/0"])
    def test_a_scrutineer_does_not_run_the_vote(self, eva, act):
        an_election()
        assert eva.post(f"/en/2026/election/{act}").status_code == 403

    @pytest.mark.parametrize("act", ["", *ACTS])
    def test_a_year_without_an_edition_or_without_an_election(self, dre, act):
        call = dre.get if act == "" else dre.post
        assert call(f"/en/1999/election/{act}").status_code == 404
        an_edition_with_themes()
        if act not in ("", "prepare"):
            assert dre.post(f"/en/2026/election/{act}").status_code == 404


class TestNothingOutOfOrder:
    @pytest.mark.parametrize("act", [a for a in ACTS if a not in ("prepare", "freeze")])
    def test_a_draft_refuses_what_comes_later(self, dre, act):
        edition = an_edition_with_themes()
        rules.prepare(edition, Custody.SCRUTINEERS, None)
        answer = dre.post(f"/en/2026/election/{act}", data={"first": "x", "second": "y", "how": "?"})
        assert answer.status_code in (303, 409)
        assert db.session.scalar(select(Election)).state == "draft"

    @pytest.mark.parametrize("act", ["prepare", "freeze", "unfreeze", "open", "prove", "publish", "package", "sweep"])
    def test_an_open_vote_refuses_what_came_before_or_comes_later(self, dre, act):
        an_election()
        answer = dre.post(f"/en/2026/election/{act}", data={"custody": "server", "rule": "approval"})
        assert answer.status_code in (303, 409)
        assert db.session.scalar(select(Election)).state == "open"

    @pytest.mark.parametrize("act", ["freeze", "publish"])
    def test_a_double_click_does_an_act_once(self, dre, act):
        if act == "freeze":
            rules.prepare(an_edition_with_themes(), Custody.SERVER, None)
        else:
            election = an_election()
            hours.close(election, None)
            counting.count(election, [], None)
        for _click in range(2):
            dre.post(f"/en/2026/election/{act}")
        acts = {"freeze": "freeze vote", "publish": "publish result"}
        done = db.session.scalars(select(Entry).where(Entry.act == acts[act], Entry.actor.is_not(None))).all()
        assert len(done) == 1

    def test_a_refusal_is_told_on_the_desk(self, dre):
        an_edition_with_themes(2)
        desk(dre, "prepare", custody="server", rule="approval")
        page = dre.post("/en/2026/election/freeze", headers={"Referer": "http://localhost/en/2026/election/"})
        assert page.status_code == 303
        assert "at least 3" in dre.get("/en/2026/election/").text

    def test_the_words_cannot_be_shown_a_second_time(self, dre):
        a_frozen_election()
        assert dre.get("/en/2026/election/freeze").headers["Location"] == "/en/2026/election/"
        assert dre.post("/en/2026/election/freeze").status_code == 409

    def test_a_frozen_ballot_leads_from_the_themes_to_the_desk(self, dre):
        edition = in_phase(an_edition_with_themes(), Phase.REVIEW)
        theme = db.session.scalars(select(Theme)).first()
        pages = ["/en/2026/themes/review", f"/en/2026/themes/{theme.id}"]
        assert not any("To the election desk" in dre.get(page).text for page in pages)
        edition.themes_frozen_at = now()
        assert all("To the election desk" in dre.get(page).text for page in pages)

    def test_changed_dates_of_the_edition_are_pointed_out(self, dre):
        election = an_election()
        assert "were changed after freezing" not in dre.get("/en/2026/election/").text
        election.edition.vote_at = now()
        assert "were changed after freezing" in dre.get("/en/2026/election/").text


def a_closed_election():
    election, lists = a_frozen_election()
    ceremony.prove(election, lists, None)
    hours.open_(election, None)
    hours.close(election, None)
    db.session.commit()
    return election, lists


class TestWords:
    """Typed back by their holders before the vote, and by two of them after it."""

    def test_a_slip_is_named_by_its_place_and_nothing_is_lost(self, dre):
        _election, lists = a_closed_election()
        words = lists[1].split()
        slip = " ".join([*words[:6], "acadmic", *words[7:]])
        page = desk(dre, "count", first=lists[0], second=slip)
        assert "Word 7 is not one of the words used" in page and 'href="#second"' in page
        assert lists[0] in page and slip in page

    @pytest.mark.parametrize(
        ("first", "second", "told"),
        [
            ("", "", "Two word lists are needed"),
            ("{0}", "", "Two word lists are needed"),
            ("{0}", "{0}", "given twice"),
            ("{0}", "academic", "does not have 20 words"),
            ("{0}", "<script>alert(1)</script>", "is not one of the words used"),
            ("{0}", "x" * 3000, "more than a list"),
            ("{0}", "{swapped}", "does not add up"),
            ("{0}", "{other}", "not those of this election"),
        ],
    )
    def test_wrong_words_get_a_sentence_and_open_nothing(self, dre, first, second, told):
        election, lists = a_closed_election()
        words = lists[1].split()
        words[10], words[11] = words[11], words[10]
        known = {"swapped": " ".join(words), "other": seal.split(seal.new_seed())[0]}
        page = desk(dre, "count", first=first.format(*lists, **known), second=second.format(*lists, **known))
        assert told in page and 'role="alert"' in page and "<script>alert" not in page
        assert election.counted_at is None

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ("", "does not have 20 words"),
            ("{0} {0}", "does not have 20 words"),
            ("acadmic", "Word 1 is not one of the words used"),
            ("x" * 3000, "more than a list"),
            ("{swapped}", "does not add up"),
            ("{other}", "none of the three lists"),
        ],
    )
    def test_a_list_that_is_not_right_proves_nothing(self, eva, words, told):
        _election, lists = a_frozen_election()
        swapped = lists[0].split()
        swapped[3], swapped[5] = swapped[5], swapped[3]
        known = {"swapped": " ".join(swapped), "other": seal.split(seal.new_seed())[0]}
        typed = words.format(*lists, **known)
        page = desk(eva, "prove", words=typed)
        assert told in page and 'href="#words"' in page and typed in page
        assert db.session.scalar(select(func.count()).where(KeyList.proved_at.is_not(None))) == 0

    def test_the_words_never_stand_in_a_session_or_a_log(self, dre, caplog):
        _election, lists = a_frozen_election()
        desk(dre, "prove", words=lists[0] + " acne")
        desk(dre, "prove", words=lists[0])
        with dre.session_transaction() as session:
            assert lists[0][:20] not in str(dict(session))
        assert lists[0][:20] not in caplog.text

    def test_the_server_s_own_key_needs_no_words(self, dre):
        election = an_election()
        hours.close(election, None)
        assert "Two scrutineers type" not in dre.get("/en/2026/election/count").text
        assert "are counted" in desk(dre, "count")
        assert "no word lists" in desk(dre, "prove")


class TestAfterTheCount:
    def test_a_lot_is_entered_on_its_page(self, dre):
        election = a_counted_election(*TIED)
        page = dre.get("/en/2026/election/settle/0").text
        assert "Theme 1" in page and "Theme 2" in page and "Theme 0" not in page
        how = "Drawn by a child at 20:00, Eva and Luc were there."
        for wrong in ({}, {"draw": "416", "how": how}, {"draw": "heads", "how": how}, {"draw": "416225"}):
            assert 'role="alert"' in desk(dre, "settle/0", **wrong)
        kept = desk(dre, "settle/0", draw="4 1 6", how=how)
        assert "6 to 40 digits" in kept and how in kept and "4 1 6" in kept
        assert "The lot is entered" in desk(dre, "settle/0", draw="4 1 6 2 2 5", how=how)
        settled = counting.settlement(election, 0)
        assert (settled["draw"], settled["how"]) == ("416225", how) and len(settled["options"]) == 1

    def test_a_question_that_is_not_there_has_no_lot(self, dre):
        a_counted_election(*TIED)
        assert dre.get("/en/2026/election/settle/9").status_code == 303

    def test_the_package_is_downloaded_and_noted(self, eva):
        a_counted_election(*TIED)
        answer = eva.post("/en/2026/election/package")
        assert answer.content_type == "application/zip" and answer.headers["Cache-Control"] == "no-store"
        assert "filename=sipvote-2026.zip" in answer.headers["Content-Disposition"]
        assert "verify.py" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
        assert db.session.scalars(select(Entry).where(Entry.act == "download package")).one().member_id

    @pytest.mark.parametrize("code", ["nl", "fr", "en"])
    def test_the_desk_stands_in_each_language(self, dre, code):
        election = a_counted_election(*TIED)
        for path in ("", "review", "settle/0"):
            assert dre.get(f"/{code}/2026/election/{path}").status_code == 200
        result.publish(election, None)
        assert dre.get(f"/{code}/2026/election/").status_code == 200


def test_an_organiser_who_is_a_scrutineer_too_does_both(browser_of):
    both = browser_of(a_member("Dré", "gent", Role.ORGANISER, Role.SCRUTINEER))
    _election, lists = a_frozen_election()
    for words in lists:
        page = desk(both, "prove", words=words)
    assert "All three are there now" in page and "One person proved more than one list" in page


def test_the_desk_says_that_voting_is_paused_and_which_list_was_tried(browser_of):
    election, lists = a_frozen_election()
    dre = an_organiser()
    browser = browser_of(dre)
    for words in lists:
        ceremony.prove_list(election, words, dre.id)
    hours.open_(election, None)
    hours.pause(election, "The wifi went down.", dre.id)
    db.session.commit()
    page = " ".join(browser.get("/en/2026/election/").text.split())
    assert "paused</span>" in page and "Word list tried</strong> · List 3" in page
