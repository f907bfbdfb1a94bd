"""The key ceremony on paper: three sheets, each proved by its holder alone; and the opening that people watch."""

import itertools
import re
import threading
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from sipvote import headers
from sipvote.audit import Entry
from sipvote.db import db
from sipvote.errors import Refused
from sipvote.voting import ceremony, counting, freezing, hours, progress, seal
from sipvote.voting.day import CountProgress, KeyList
from sipvote.voting.models import Custody, Election, OpenedBallot
from tests.factories import a_frozen_election, a_member, a_scrutineer, a_vote, an_election, an_organiser
from tests.voting.test_casting import in_threads

pytestmark = pytest.mark.usefixtures("database")


class TestTheLists:
    def test_each_holder_proves_alone_to_have_kept_theirs(self):
        election, lists = a_frozen_election()
        eva, luc = a_scrutineer(), a_member("Luc")
        assert ceremony.prove_list(election, lists[1].upper(), eva.id).number == 2
        ceremony.prove_list(election, "\n".join(f"{n}. {w}" for n, w in enumerate(lists[2].split(), 1)), luc.id)
        assert [(row.number, row.proved_by and row.proved_by.name) for row in ceremony.key_lists(election)] == [
            (1, None), (2, "Eva Stone"), (3, "Luc"),
        ]  # fmt: skip
        assert election.proved_at is None
        ceremony.prove_list(election, lists[0], eva.id)
        assert election.proved_at is not None

    def test_the_same_list_thrice_proves_one(self):
        election, lists = a_frozen_election()
        ceremony.prove(election, [lists[0]] * 3, None)
        assert election.proved_at is None
        with pytest.raises(Refused, match="try their word lists"):
            hours.open_(election, None)

    def test_its_mark_is_kept_and_not_a_word(self):
        election, lists = a_frozen_election()
        rows = ceremony.key_lists(election)
        assert [row.mark for row in rows] == [seal.mark(words) for words in lists]
        assert len({row.mark for row in rows}) == 3 and all(re.fullmatch("[0-9a-f]{64}", row.mark) for row in rows)

    def test_any_two_of_them_give_the_key(self):
        election, lists = a_frozen_election()
        for pair in itertools.permutations(lists, 2):
            assert seal.public_key(seal.join(pair)) == election.public_key

    def test_lists_that_do_not_give_the_key_back_are_never_shown(self, monkeypatch):
        election, _lists = a_frozen_election()
        freezing.unfreeze(election, None)
        monkeypatch.setattr(seal, "split", lambda _seed: real(seal.new_seed()))
        with pytest.raises(RuntimeError):
            freezing.freeze(election, None)

    def test_lists_of_before_unfreezing_prove_nothing(self):
        election, old = a_frozen_election()
        ceremony.prove(election, old, None)
        freezing.unfreeze(election, None)
        assert election.proved_at is None and not ceremony.key_lists(election)
        freezing.freeze(election, None)
        with pytest.raises(seal.WrongWords):
            ceremony.prove_list(election, old[0], None)

    def test_the_server_s_own_key_has_no_lists(self):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        assert not ceremony.key_lists(election)
        with pytest.raises(Refused, match="no word lists"):
            ceremony.prove_list(election, "academic", None)

    def test_three_who_prove_at_once_are_all_counted(self, app):
        election, lists = a_frozen_election()
        election_id, people = election.id, [a_member(f"S{n}").id for n in range(3)]
        db.session.commit()
        db.session.rollback()

        def work(n):
            ceremony.prove_list(db.session.get(Election, election_id), lists[n], people[n])
            db.session.commit()

        in_threads(app, 3, work)
        election = db.session.get(Election, election_id)
        assert election.proved_at is not None and all(row.proved_at for row in ceremony.key_lists(election))


real = seal.split


class Sheets(HTMLParser):
    """The words and the drawings of a page."""

    def __init__(self):
        super().__init__()
        self.svgs = 0

    def handle_starttag(self, tag, attrs):
        self.svgs += dict(attrs).get("class") == "qr"


class TestTheSheets:
    def test_each_has_its_words_their_code_and_what_to_do_in_three_languages(self, browser_of):
        election, _lists = a_frozen_election()
        freezing.unfreeze(election, None)
        page = browser_of(an_organiser()).post("/en/2026/election/freeze").text
        counted = Sheets()
        counted.feed(page)
        assert counted.svgs == 3
        assert [page.count(f'<div lang="{code}">') for code in ("nl", "fr", "en")] == [3, 3, 3]

    def test_a_code_read_by_a_scanner_is_the_list(self):
        election, lists = a_frozen_election()
        assert ceremony.prove_list(election, lists[0].upper() + "\r\n", None).number == 1


class TestTheCamera:
    def test_only_the_two_pages_of_the_ceremony_may_ask_for_it(self, browser_of):
        election, lists = a_frozen_election()
        eva = browser_of(a_scrutineer())
        name, allowed = headers.CAMERA
        assert eva.get("/en/2026/election/prove").headers.getlist(name) == [allowed]
        ceremony.prove(election, lists, None)
        hours.open_(election, None)
        hours.close(election, None)
        assert eva.get("/en/2026/election/count").headers.getlist(name) == [allowed]
        for page in ("/en/", "/en/2026/election/", "/en/2026/vote"):
            (policy,) = eva.get(page).headers.getlist(name)
            assert "camera=()" in policy


class TestOpeningTheBox:
    def test_who_waits_sees_how_far_it_is(self, browser_of):
        voters = [a_member(f"M{n}") for n in range(12)]
        election, lists = a_frozen_election(*voters)
        ceremony.prove(election, lists, None)
        hours.open_(election, None)
        for voter in voters:
            a_vote(election, voter, 1)
        eva = browser_of(a_scrutineer())
        hours.close(election, None)
        bar = eva.get("/en/2026/election/progress.json").json
        assert bar == {"opened": 0, "envelopes": 12, "counted": None}
        page = eva.post("/en/2026/election/count", data={"first": lists[0], "second": lists[2]}, follow_redirects=True)
        assert "are counted" in page.text and election.report["envelopes"] == 12
        bar = eva.get("/en/2026/election/progress.json").json
        assert (bar["opened"], bar["envelopes"]) == (12, 12) and bar["counted"]

    def test_the_bar_goes_up(self, monkeypatch):
        ada = a_member()
        election = an_election(ada)
        a_vote(election, ada, 1)
        hours.close(election, None)
        db.session.commit()
        locked = counting.unlock(election, [])
        seen, opened = [], seal.open_envelope
        monkeypatch.setattr(seal, "TELL_EVERY", 1)
        monkeypatch.setattr(progress, "NOTED_EVERY", 0)

        def look(envelope, key):
            seen.append(progress.of(locked.election_id))
            db.session.rollback()
            return opened(envelope, key)

        monkeypatch.setattr(seal, "open_envelope", look)
        db.session.rollback()
        progress.open_box(locked)
        assert seen == [(0, 1)] and progress.of(locked.election_id) == (1, 1)

    def test_two_scrutineers_who_press_at_once_count_once(self, app, browser_of):
        voters = [a_member(f"M{n}") for n in range(8)]
        election, lists = a_frozen_election(*voters)
        ceremony.prove(election, lists, None)
        hours.open_(election, None)
        for voter in voters:
            a_vote(election, voter, 2)
        hours.close(election, None)
        browsers = [browser_of(a_scrutineer()) for _ in range(2)]
        db.session.commit()
        db.session.rollback()
        gate = threading.Barrier(2)

        def press(n):
            gate.wait()
            with app.app_context():
                data = {"first": lists[n], "second": lists[n + 1]}
                return browsers[n].post("/en/2026/election/count", data=data).status_code

        codes = in_threads(app, 2, press)
        assert codes[0] in (303, 409) and codes[1] in (303, 409)
        assert db.session.scalars(select(OpenedBallot.times)).all() == [8]
        assert len(db.session.scalars(select(Entry).where(Entry.act == "count vote")).all()) == 1

    def test_wrong_words_open_nothing_and_note_nothing(self, browser_of):
        election, lists = a_frozen_election()
        ceremony.prove(election, lists, None)
        hours.open_(election, None)
        hours.close(election, None)
        eva = browser_of(a_scrutineer())
        eva.post("/en/2026/election/count", data={"first": lists[0], "second": lists[0]})
        assert db.session.get(CountProgress, election.id) is None and election.counted_at is None

    def test_what_was_opened_with_another_key_is_opened_again(self):
        ada = a_member()
        election = an_election(ada)
        a_vote(election, ada, 1)
        hours.close(election, None)
        foreign = counting.Opened(seal.new_seed(), 7, [(7, ((0,),))], 0)
        counting.count(election, [], None, foreign)
        assert election.report["envelopes"] == 1

    def test_a_box_is_not_unlocked_before_its_time(self):
        with pytest.raises(Refused, match="closed first"):
            counting.unlock(an_election(), [])


def test_a_key_list_goes_with_its_election():
    a_frozen_election()
    db.session.execute(Election.__table__.delete())
    assert db.session.scalars(select(KeyList)).all() == []
