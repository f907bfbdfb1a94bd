"""Voting in the browser: three screens, one sure last step, a receipt; nothing lost, nobody in the wrong room."""

import json
import re
from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from sqlalchemy import event, func, select, text

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.mail import Letter
from sipvote.voting import board, box, checkpoints, counting, hours, keys, papers, result, seal
from sipvote.voting.models import Elector, Envelope
from tests.factories import (
    a_counted_election,
    a_frozen_election,
    a_member,
    a_vote,
    an_edition,
    an_election,
)


def ballot_of(election, *chosen):
    return {"ballot": papers.of(election).name, "q0": [str(c) for c in chosen]}


def an_envelope(election, member):
    """A sealed blank vote of somebody who is put on the roll for it."""
    db.session.add(Elector(election_id=election.id, member_id=member.id, number=member.number, country="BE"))
    db.session.flush()
    sealed = seal.seal(seal.write(((),), papers.of(election).shape), election.public_key)
    return {
        "election_id": election.id, "member_id": member.id, "sealed": sealed, "tracker": seal.tracker(sealed),
        "cast_at": now(),
    }  # fmt: skip


def queries(client, path):
    """How many statements a page costs."""
    counted = []

    def note(_connection, _cursor, statement, *_rest):
        counted.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(counted)


@pytest.fixture
def ada(database):
    return a_member()


@pytest.fixture
def vote(ada):
    """An open election with Ada on its roll: four themes, two places, at most three choices."""
    return an_election(ada)


class TestTheRoomForStrangers:
    def test_everybody_reads_what_the_vote_is_about(self, client, vote):
        page = client.get("/en/2026/vote")
        assert page.status_code == 200 and "Theme 2" in page.text and "Sign in and vote" in page.text
        assert "data-live-url" in page.text

    @pytest.mark.parametrize("path", ["ballot", "check", "send", "receipt", "receipt.txt"])
    def test_a_ballot_needs_a_member(self, client, vote, path):
        answer = client.get(f"/en/2026/vote/{path}")
        assert answer.status_code == 302 and "/sign-in?next=" in answer.headers["Location"]

    @pytest.mark.parametrize("path", ["check", "send", "receipt/mail"])
    def test_nothing_is_cast_for_a_stranger(self, client, vote, path):
        data = ballot_of(vote, 0)
        assert client.post(f"/en/2026/vote/{path}", data=data).status_code == 302
        assert box.turnout(vote.id) == 0

    @pytest.mark.parametrize("path", ["", "/board", "/results", "/recount", "/ballot"])
    def test_a_year_that_is_not_there(self, browser_of, vote, ada, path):
        assert browser_of(ada).get(f"/en/1999/vote{path}").status_code == 404

    def test_before_there_is_a_ballot_the_page_says_when(self, client):
        an_edition(Phase.THEMES)
        page = client.get("/en/2026/vote")
        assert page.status_code == 200 and "not ready yet" in page.text


class TestThreeScreens:
    def test_choose_check_send(self, browser_of, ada, vote):
        browser, ballot = browser_of(ada), ballot_of(vote, 0, 2)
        paper = browser.get("/en/2026/vote/ballot").text
        assert paper.count('type="checkbox"') == 5 and "Not sent yet" in paper and "0 of 3 chosen" in paper
        check = browser.post("/en/2026/vote/check", data=ballot).text
        chosen, _sep, others = check.partition("You do not choose")
        assert "You choose 2 themes" in chosen and "Theme 0" in chosen and "Theme 2" in chosen and "Theme 1" in others
        assert "Send my vote" in check and "Not sent yet" in check and box.turnout(vote.id) == 0
        done = browser.post("/en/2026/vote/send", data=ballot, follow_redirects=True)
        tracker = box.trackers(vote.id)[0]
        groups = re.findall(r"<span>(\w{4})</span>", done.text)
        assert "-".join(groups[:3]) == seal.code(tracker) and "not on this proof" in done.text

    def test_looking_at_a_choice_waits_for_no_writer(self, browser_of, ada, vote):
        browser, ballot = browser_of(ada), ballot_of(vote, 1)
        with db.engine.begin() as writer:
            writer.execute(text("update edition set seats = 2"))
            # On SQLite, who would write here is stopped by db.py.
            assert "Not sent yet" in browser.post("/en/2026/vote/ballot", data=ballot).text

    def test_the_choice_is_kept_when_it_is_changed_before_sending(self, browser_of, ada, vote):
        page = browser_of(ada).post("/en/2026/vote/ballot", data=ballot_of(vote, 1, 3)).text
        assert re.findall(r'value="(\w+)"[^>]* checked', page) and page.count(" checked") == 2
        assert "2 of 3 chosen" in page

    @pytest.mark.parametrize(
        ("chosen", "why"),
        [
            ((0, 1, 2, 3), "Choose at most 3 themes. You chose 4."),
            ((), "Choose at least one theme"),
            (("blank", 1), "Keep only one of the two"),
            ((9,), "not on this ballot"),
            (("x" * 5000,), "not on this ballot"),
            (("²",), "not on this ballot"),
            ((-1,), "not on this ballot"),
        ],
    )
    @pytest.mark.parametrize("step", ["check", "send"])
    def test_a_ballot_filled_in_wrongly_comes_back_as_it_was(self, browser_of, ada, vote, chosen, why, step):
        page = browser_of(ada).post(f"/en/2026/vote/{step}", data=ballot_of(vote, *chosen))
        assert page.status_code == 200 and why in page.text and 'role="alert"' in page.text
        assert page.text.count(" checked") == len([c for c in chosen if c in (0, 1, 2, 3, "blank")])
        assert box.turnout(vote.id) == 0

    def test_blank_is_a_choice(self, browser_of, ada, vote):
        browser, ballot = browser_of(ada), ballot_of(vote, "blank")
        assert "You vote blank" in browser.post("/en/2026/vote/check", data=ballot).text
        assert browser.post("/en/2026/vote/send", data=ballot).status_code == 303
        assert box.turnout(vote.id) == 1

    @pytest.mark.parametrize("name", ["", "x", "0" * 64, "é" * 64, "zz" * 32])
    def test_a_ballot_of_no_election_begins_again(self, browser_of, ada, vote, name):
        for step in ("check", "send"):
            page = browser_of(ada).post(f"/en/2026/vote/{step}", data={"ballot": name, "q0": "1"})
            assert page.status_code == 200 and "no longer valid" in page.text
        assert browser_of(ada).post("/en/2026/vote/ballot", data={"ballot": name}).status_code == 200

    @pytest.mark.parametrize("step", ["check", "send"])
    def test_the_language_switch_leads_back_to_the_ballot(self, browser_of, ada, vote, step):
        page = browser_of(ada).get(f"/fr/2026/vote/{step}", follow_redirects=True)
        assert page.request.path == "/fr/2026/vote/ballot" and page.status_code == 200

    def test_a_double_click_shows_one_receipt(self, browser_of, ada, vote):
        browser, ballot = browser_of(ada), ballot_of(vote, 0)
        answers = {browser.post("/en/2026/vote/send", data=ballot).headers["Location"] for _click in range(2)}
        assert answers == {"/en/2026/vote/receipt"} and box.turnout(vote.id) == 1

    def test_of_two_tabs_the_last_to_send_counts(self, browser_of, ada, vote):
        first, second = browser_of(ada), browser_of(ada)
        for tab, option in ((first, 0), (second, 1), (first, 2)):
            tab.post("/en/2026/vote/send", data=ballot_of(vote, option))
        hours.close(vote, None)
        counting.count(vote, [], None)
        assert counting.opened(vote) == [(1, ((2,),))]

    def test_who_has_voted_is_told_that_and_when_never_what(self, browser_of, ada, vote):
        a_vote(vote, ada, 3)
        browser = browser_of(ada)
        page = browser.get("/en/2026/vote").text
        assert "You have voted" in page and "Change my vote" in page
        assert " checked" not in browser.get("/en/2026/vote/ballot").text

    def test_how_many_have_voted_is_counted_for_all_at_once_and_exact_when_it_is_over(self, client, ada, vote):
        said = ">1</strong> of 1 member"
        before = client.get("/en/2026/vote").text
        a_vote(vote, ada, 3)
        assert client.get("/en/2026/vote").text == before and said not in before, "kept for a moment"
        hours.close(vote, None)
        assert said in client.get("/en/2026/vote").text

    def test_a_text_in_another_language_is_marked(self, browser_of, ada, vote):
        page = browser_of(ada).get("/fr/2026/vote/ballot").text
        assert '<span class="choice-text" lang="en">' in page and "(English)" in page

    def test_what_is_made_once_of_a_paper_has_each_pages_language_and_marks(self, browser_of, ada, vote):
        browser, said = browser_of(ada), {"en": "Read more", "fr": "Lire la suite", "nl": "Lees meer"}
        for marked in (["1"], [], ["2"]):
            for code, more in said.items():
                page = browser.post(f"/{code}/2026/vote/ballot", data=ballot_of(vote, *marked)).text
                assert re.findall(r'value="(\w+)"[^>]* checked', page) == marked
                assert [words for words in said.values() if words in page] == [more]


class TestClosedDoors:
    def test_after_closing_the_page_says_so_and_the_vote_stands(self, browser_of, ada, vote):
        a_vote(vote, ada, 0)
        browser, ballot = browser_of(ada), ballot_of(vote, 1)
        hours.close(vote, None)
        for answer in (
            browser.get("/en/2026/vote/ballot"),
            browser.post("/en/2026/vote/check", data=ballot),
            browser.post("/en/2026/vote/send", data=ballot),
        ):
            assert answer.status_code == 409 and "closed since" in answer.text and "is in the ballot box" in answer.text
        assert box.standing(vote.id, ada.id).changes == 0

    def test_who_is_not_on_the_roll_is_told_and_whom_to_write_to(self, browser_of, vote):
        browser = browser_of(a_member("Newcomer"))
        assert "electoral roll" in browser.get("/en/2026/vote").text
        answer = browser.post("/en/2026/vote/send", data=ballot_of(vote, 1))
        assert answer.status_code == 409 and "smartinprogress@example.org" in answer.text
        assert box.turnout(vote.id) == 0

    def test_before_opening(self, browser_of, ada):
        election, _lists = a_frozen_election(ada)
        browser = browser_of(ada)
        assert "Theme 1" in browser.get("/en/2026/vote").text
        assert browser.get("/en/2026/vote/ballot").status_code == 409
        assert browser.post("/en/2026/vote/send", data=ballot_of(election, 1)).status_code == 409
        assert browser.get("/en/2026/vote/board").status_code == 404

    def test_who_has_left_has_no_session_and_no_vote(self, browser_of, ada, vote):
        browser, ballot = browser_of(ada), ballot_of(vote, 1)
        ada.left = now().date()
        assert browser.post("/en/2026/vote/send", data=ballot).status_code == 302
        assert box.turnout(vote.id) == 0

    def test_after_the_announced_end_nobody_votes_even_when_the_worker_sleeps(self, browser_of, ada, vote):
        ballot, late = ballot_of(vote, 1), vote.closes_at + timedelta(seconds=1)
        with time_machine.travel(late):
            browser = browser_of(ada)
            assert browser.post("/en/2026/vote/send", data=ballot).status_code == 409
            assert "The vote is closed" in browser.get("/en/2026/vote").text


class TestTheReceipt:
    def test_without_a_vote_there_is_none(self, browser_of, ada, vote):
        for path in ("receipt", "receipt.txt"):
            assert browser_of(ada).get(f"/en/2026/vote/{path}").headers["Location"] == "/en/2026/vote"
        assert browser_of(ada).post("/en/2026/vote/receipt/mail").status_code == 303

    def test_it_is_signed_and_can_be_kept_as_a_file(self, browser_of, ada, vote):
        tracker = a_vote(vote, ada, 0)
        file = browser_of(ada).get("/nl/2026/vote/receipt.txt")
        assert file.headers["Cache-Control"] == "no-store" and "attachment" in file.headers["Content-Disposition"]
        signed = json.loads(file.text.strip().splitlines()[-1])
        assert signed["tracker"] == tracker and signed["election"] == "vote 2026"
        assert board.is_receipt(signed, bytes.fromhex(keys.public_signing_key()))

    def test_it_is_mailed_once_for_each_vote(self, browser_of, ada, vote):
        browser = browser_of(ada)
        for option in (0, 1):
            tracker = a_vote(vote, ada, option)
            for _click in range(2):
                page = browser.post("/en/2026/vote/receipt/mail", follow_redirects=True)
                assert "on its way" in page.text
        letters = db.session.scalars(select(Letter).where(Letter.name == "receipt").order_by(Letter.id)).all()
        assert len(letters) == 2 and seal.code(tracker) in letters[1].subject
        assert "Theme" not in letters[1].body

    def test_without_an_address_it_can_be_printed(self, browser_of):
        nora = a_member("Nora", email=None)
        a_vote(an_election(nora), nora, 0)
        page = browser_of(nora).post("/en/2026/vote/receipt/mail", follow_redirects=True)
        assert "no e-mail address" in page.text


class TestTheBoard:
    def test_it_lists_every_code_and_nobody(self, client, ada, vote):
        tracker = a_vote(vote, ada, 0)
        page = client.get("/en/2026/vote/board").text
        assert all(part in page for part in seal.code(tracker).split("-")) and "Peeters" not in page
        assert client.get("/en/2026/vote/trackers.txt").text == f"{tracker}\n"

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("0000 0000 0000", "It is not here."),
            ("hello", "not a code"),
            ("' OR 1=1 --", "not a code"),
            ("<b>", "&lt;b"),
        ],
    )
    def test_a_code_that_is_not_there(self, client, vote, typed, told):
        assert told in client.get("/en/2026/vote/board", query_string={"code": typed}).text

    def test_a_code_in_the_box_and_one_replaced(self, client, ada, vote):
        old, new = a_vote(vote, ada, 0), a_vote(vote, ada, 1)
        for tracker, told in ((new, "It is in the box."), (old, "replaced by a later vote")):
            assert told in client.get("/en/2026/vote/board", query_string={"code": seal.code(tracker)}).text

    def test_checkpoints_stand_on_it_with_their_signatures(self, client, vote):
        hours.close(vote, None)
        db.session.commit()
        point = checkpoints.point_of(vote, checkpoints.checkpoints(vote)[-1])
        assert point.hash() in client.get("/en/2026/vote/board").text
        line = json.loads(client.get("/en/2026/vote/checkpoints.jsonl").text)
        assert line["signature"] == point.signature

    def test_it_is_paged_and_costs_the_same_however_long(self, client, vote, monkeypatch, ada):
        monkeypatch.setattr("sipvote.voting.publication.CODES_PER_PAGE", 2)
        empty = queries(client, "/en/2026/vote/board")
        for number in range(5):
            a_vote(vote, ada, 0)
            db.session.add(Envelope(**an_envelope(vote, a_member(f"M{number}"))))
            db.session.commit()
        assert queries(client, "/en/2026/vote/board") <= empty + 1
        assert "Page 1 of 3" in client.get("/en/2026/vote/board").text
        assert client.get("/en/2026/vote/board?page=4").status_code == 404


class TestTheResult:
    def test_nothing_is_known_before_it_is_published(self, client, browser_of, ada):
        election = a_counted_election(*[(0,)] * 7, *[(1,)] * 5)
        for path in ("results.json", "results.csv"):
            assert client.get(f"/en/2026/vote/{path}").status_code == 404
        for who in (client, browser_of(ada)):
            page = who.get("/en/2026/vote/results").text
            assert "There is no result yet" in page and "Theme 0" not in page
            assert "elected" not in who.get("/en/2026/vote").text.replace("are elected", "")
        result.publish(election, None)
        assert "Theme 0" in client.get("/en/2026/vote/results").text

    def test_everybody_sees_totals_winners_turnout_and_rule(self, client):
        election = a_counted_election(*[(0,)] * 7, *[(1, 2)] * 5, (1,), ())
        result.publish(election, None)
        page = client.get("/en/2026/vote/results").text
        assert page.count("elected</span>") == 2 and "1 blank vote" in page
        assert "The 2 themes with the most votes are elected." in page and "100%" in page
        facts = client.get("/en/2026/vote/results.json").json
        assert [o["approvals"] for o in facts["questions"][0]["options"]] == [7, 6, 5, 0]
        last = checkpoints.point_of(election, checkpoints.checkpoints(election)[-1])
        assert {name: fact for name, fact in facts.items() if name != "questions"} == {
            "vote": checkpoints.name_of(election), "edition": election.edition.label, "custody": "server",
            "opened_at": board.stamp(election.opened_at), "closed_at": board.stamp(election.closed_at),
            "published_at": board.stamp(election.published_at), "last_checkpoint": last.hash(),
            "roll": {"members": 14, "hash": election.roll_hash}, "ballot_hash": election.ballot_hash,
            "public_key": election.public_key.hex(), "signing_key": keys.public_signing_key(),
            "voted": 14, "on_paper": 0, "spoilt": 0,
        }  # fmt: skip
        (themes,) = facts["questions"]
        assert {name: fact for name, fact in themes.items() if name not in ("options", "explanation", "question")} == {
            "kind": "themes", "rule": "approval", "seats": 2, "max_approvals": 3, "ballots": 14, "blank": 1,
            "waits_for_a_lot": False, "lot": None,
        }  # fmt: skip
        first = themes["options"][0]
        assert first == {
            "number": 0, "theme": first["theme"], "title": {"en": "Theme 0"}, "approvals": 7, "elected": True,
            "tied": False,
        }  # fmt: skip
        assert [o["elected"] for o in themes["options"]] == [True, True, False, False]
        table = client.get("/en/2026/vote/results.csv").data.decode("utf-8-sig").splitlines()
        assert table[1] == "Which themes shall we work on?;Theme 0;7;elected" and table[4].endswith(
            "Theme 3;0;not elected"
        )

    def test_few_ballots_show_who_is_elected_and_no_totals(self, client):
        election = a_counted_election((3,), (3,), (1, 3))
        result.publish(election, None)
        page = client.get("/en/2026/vote/results").text
        assert "Theme 3" in page and "Theme 0" not in page and "fewer than 10 ballots" in page
        (question,) = client.get("/en/2026/vote/results.json").json["questions"]
        assert {o["approvals"] for o in question["options"]} == {None} and question["blank"] is None

    def test_a_tie_and_its_lot_are_explained(self, client):
        election = a_counted_election(*[(0,)] * 6, *[(1,)] * 3, *[(2,)] * 3)
        result.publish(election, None)
        page = client.get("/en/2026/vote/results").text
        assert "A tie" in page and "1 place is left" in page and "Theme 1 and Theme 2" in page
        counting.settle(election, 0, "416225", "Drawn by a child in the hall.", None)
        (_first, chosen) = counting.winners(election, 0)
        page = client.get("/en/2026/vote/results").text
        assert "Drawn by a child in the hall." in page and f"The lot chose: Theme {chosen}." in page
        # What is hashed stands on the page, and its hash beside it.
        worked_out = re.findall(r"<code>([0-9a-f]{64}:416225:\d+)</code> → <code>([0-9a-f]{64})</code>", page)
        assert len(worked_out) == 2 and all(sha256(t.encode()).hexdigest() == mark for t, mark in worked_out)
        assert worked_out == sorted(worked_out, key=lambda row: row[1])
        facts = client.get("/en/2026/vote/results.json").json["questions"][0]
        assert facts["lot"] and not facts["waits_for_a_lot"]

    def test_everybody_may_take_the_program_that_counts_again(self, client, vote):
        assert "verify.py" in client.get("/en/2026/vote/recount").text
        assert b"def main(" in client.get("/verify.py").data

    @pytest.mark.parametrize("code", ["nl", "fr", "en"])
    def test_the_pages_stand_in_each_language(self, client, browser_of, code):
        election = a_counted_election(*[(0,)] * 6, *[(1,)] * 3, *[(2,)] * 3)
        result.publish(election, None)
        for path in ("", "/results", "/board", "/recount", "/results.csv"):
            assert client.get(f"/{code}/2026/vote{path}").status_code == 200


@pytest.mark.csrf
def test_a_vote_from_another_site_is_not_taken(browser_of, ada, vote):
    assert browser_of(ada).post("/en/2026/vote/send", data=ballot_of(vote, 0)).status_code == 400
    assert db.session.scalar(select(func.count()).select_from(Envelope)) == 0
