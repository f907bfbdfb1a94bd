"""The election by its rules: prepared, frozen, proved, opened, closed; each act once and in its order."""

import json
import threading
from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote import worker
from sipvote.access import Role
from sipvote.audit import Entry, first_fault
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members.models import Grant
from sipvote.themes import review
from sipvote.themes import rules as themes
from sipvote.themes.models import Theme
from sipvote.voting import (
    announcements,
    board,
    box,
    ceremony,
    checklist,
    checkpoints,
    counting,
    freezing,
    hours,
    keys,
    papers,
    result,
    rules,
    seal,
)
from sipvote.voting.day import Announcement
from sipvote.voting.models import BoardCheckpoint, Custody, Election, Elector
from tests.factories import (
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
from tests.voting.test_casting import in_threads

pytestmark = pytest.mark.usefixtures("database")


def a_draft(options=4, custody=Custody.SERVER, **settings):
    edition = an_edition(Phase.VOTE, **settings)
    for number in range(options):
        a_theme(edition, f"Theme {number}", admitted_at=now())
    return rules.prepare(edition, custody, None)


class TestPreparing:
    def test_an_edition_has_one_election(self):
        election = a_draft()
        assert rules.prepare(election.edition, Custody.SCRUTINEERS, None) is election
        assert election.custody == Custody.SCRUTINEERS

    def test_its_dates_are_those_of_the_edition(self):
        election = a_draft()
        assert (election.opens_at, election.closes_at) == (election.edition.vote_at, election.edition.count_at)

    @pytest.mark.parametrize("phase", [Phase.THEMES, Phase.COUNT, Phase.STOCKTAKE])
    def test_it_has_its_phases(self, phase):
        with pytest.raises(Refused):
            rules.prepare(an_edition(phase), Custody.SERVER, None)

    def test_there_must_be_something_to_choose(self):
        assert "at least 3" in freezing.why_not_freeze(a_draft(options=2, seats=2))
        assert freezing.why_not_freeze(a_draft(options=3, seats=2, year=2027)) is None

    def test_one_theme_is_no_choice(self):
        assert "at least 2" in freezing.why_not_freeze(a_draft(options=1, seats=1))

    def test_a_ballot_has_an_end(self):
        assert "at most 50" in freezing.why_not_freeze(a_draft(options=checklist.MOST_THEMES + 1))

    def test_a_theme_without_a_question_is_named(self):
        election = a_draft()
        a_theme(election.edition, "Silence", admitted_at=now()).texts[0].question = " "
        assert "Silence" in freezing.why_not_freeze(election)

    def test_what_was_not_translated_is_told_and_does_not_stop(self):
        kinds = {check.kind for check in checklist.checklist(a_draft())}
        assert kinds == {"ok", "warn"}

    def test_fewer_than_three_scrutineers_are_told(self):
        election = a_draft(custody=Custody.SCRUTINEERS)
        assert "name three" in checklist.checklist(election)[-1].text
        for n in range(3):
            a_member(f"S{n}", "gent", Role.SCRUTINEER)
        assert checklist.checklist(election)[-1].kind == "ok"


def test_how_long_a_vote_stood_still_adds_up():
    election, moment = an_election(a_member()), now()
    for kind, minutes in (
        ("resumed", 90), ("paused", 60), ("resumed", 50), ("extended", 45), ("paused", 30), ("resumed", 25),
        ("paused", 5),
    ):  # fmt: skip
        at = moment - timedelta(minutes=minutes)
        db.session.add(Announcement(election_id=election.id, kind=kind, at=at, reason="The network failed."))
    db.session.flush()
    assert announcements.stood_still(election) == timedelta(minutes=15), "it was closed while it was paused"
    election.paused_at = moment - timedelta(minutes=5)
    with time_machine.travel(moment, tick=False):
        assert announcements.stood_still(election) == timedelta(minutes=20)


class TestFreezing:
    def test_the_roll_is_who_is_a_member_today(self):
        today = now().date()
        here, tomorrow = a_member("Ada"), a_member("Newcomer", joined=today + timedelta(days=1))
        gone, leaving = a_member("Gone", left=today), a_member("Leaving", left=today + timedelta(days=1))
        election, _lists = a_frozen_election(here)
        on_roll = set(db.session.scalars(select(Elector.member_id).where(Elector.election_id == election.id)))
        assert {here.id, leaving.id} == on_roll and not {tomorrow.id, gone.id} & on_roll
        assert election.roll_size == 2
        assert election.roll_hash == freezing.roll_hash(sorted([here.number, leaving.number], reverse=True))

    def test_the_words_on_the_ballot_stay_as_they_were(self):
        election, _lists = a_frozen_election()
        before, hash_before = papers.of(election).questions[0].options[0].title, election.ballot_hash
        for theme in themes.on_ballot(election.edition):
            theme.texts[0].title = "Something else"
        db.session.commit()
        papers._kept.clear()
        assert papers.of(election).questions[0].options[0].title == before
        assert freezing.ballot_hash(election.questions) == hash_before

    def test_what_is_on_a_frozen_ballot_is_not_changed_under_the_members_eyes(self):
        election, _lists = a_frozen_election(edition=an_edition(Phase.REVIEW))
        theme, dre = themes.on_ballot(election.edition)[0], an_organiser().id
        words = {"title": "Other", "question": "Other?", "why": "", "change": ""}
        for act in (
            lambda: review.take_from_ballot(theme, dre),
            lambda: review.write(theme, theme.original, words, None, dre),
            lambda: review.admit(theme, dre),
        ):
            with pytest.raises(Refused, match="Unfreeze it first"):
                act()
        freezing.unfreeze(election, None)
        review.take_from_ballot(theme, dre)
        assert theme not in themes.on_ballot(election.edition)

    def test_a_text_is_written_before_the_freezing_or_not_at_all(self, app):
        edition, dre = an_edition(Phase.REVIEW), an_organiser().id
        for number in range(4):
            a_theme(edition, f"Theme {number}", admitted_at=now())
        election = rules.prepare(edition, Custody.SERVER, dre)
        db.session.commit()
        election_id, theme_id = election.id, themes.on_ballot(edition)[0].id
        db.session.rollback()
        frozen, go_on = threading.Event(), threading.Event()
        words = {"title": "Other", "question": "Other?", "why": "", "change": ""}

        def work(n):
            if n == 0:
                freezing.freeze(db.session.get(Election, election_id), dre)
                frozen.set()
                go_on.wait(5)
                db.session.commit()
                return None
            frozen.wait(5)
            threading.Timer(0.3, go_on.set).start()
            theme = db.session.get(Theme, theme_id)
            seen = theme.original_text.written_at.isoformat()
            with pytest.raises(Refused, match="Unfreeze it first"):
                review.write(theme, theme.original, words, seen, dre)
            db.session.rollback()
            return True

        assert in_threads(app, 2, work) == [None, True]

    def test_any_other_word_gives_another_hash(self):
        election, _lists = a_frozen_election()
        option = election.questions[0].options[0]
        option.texts = {**option.texts, "en": {**option.texts["en"], "why": "Other."}}
        assert freezing.ballot_hash(election.questions) != election.ballot_hash

    def test_the_hash_is_of_everything_on_the_ballot_in_one_way_of_writing(self):
        """What the guide tells who wants to compute it: it must not change from one version to the next."""
        election, _lists = a_frozen_election()
        options = [
            {"original": o.original, "texts": o.texts, "theme": o.theme_id} for o in election.questions[0].options
        ]
        facts = {"kind": "themes", "max_approvals": 3, "options": options, "rule": "approval", "seats": 2}
        written = json.dumps([facts], sort_keys=True, separators=(",", ":"))
        assert election.ballot_hash == sha256(written.encode()).hexdigest()
        line = db.session.scalars(select(Entry).where(Entry.act == "freeze vote")).one()
        assert line.facts == {
            "roll_size": election.roll_size, "roll_hash": election.roll_hash, "ballot_hash": election.ballot_hash,
            "public_key": election.public_key.hex(),
        }  # fmt: skip

    def test_unfrozen_nothing_of_it_stays(self):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        freezing.unfreeze(election, None)
        kept = ("frozen_at", "public_key", "kept_seed", "proved_at", "roll_size", "roll_hash", "ballot_hash")
        assert [getattr(election, name) for name in kept] == [None] * 7 and election.questions == []
        assert election.edition.themes_frozen_at is None

    def test_the_key_is_kept_by_nobody(self):
        election, lists = a_frozen_election()
        assert len(lists) == 3 and election.kept_seed is None
        assert seal.public_key(seal.join(lists[1:])) == election.public_key

    def test_the_server_keeps_its_key_under_lock(self):
        election, lists = a_frozen_election(custody=Custody.SERVER)
        seed = keys.unlock(election.kept_seed)
        assert lists == [] and seal.public_key(seed) == election.public_key
        assert seed not in election.kept_seed

    def test_a_key_locked_under_another_secret_is_told(self, app):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        app.config["SECRET_KEY"], old = "another", app.config["SECRET_KEY"]
        try:
            with pytest.raises(Refused, match="SIPVOTE_SECRET_KEY"):
                ceremony.seed_of(election, [])
        finally:
            app.config["SECRET_KEY"] = old

    def test_freezing_is_done_once(self):
        election, _lists = a_frozen_election()
        with pytest.raises(Refused, match="frozen already"):
            freezing.freeze(election, None)
        with pytest.raises(Refused, match="Unfreeze it first"):
            rules.prepare(election.edition, Custody.SERVER, None)

    def test_unfreezing_makes_a_draft_and_the_next_key_is_another(self):
        election, lists = a_frozen_election()
        old_key = election.public_key
        freezing.unfreeze(election, None)
        assert election.state == "draft" and election.questions == []
        assert db.session.scalar(select(func.count()).select_from(Elector)) == 0
        freezing.freeze(election, None)
        db.session.commit()
        assert election.public_key != old_key
        with pytest.raises(seal.WrongWords):
            ceremony.prove(election, lists[:2], None)

    def test_what_was_opened_is_never_unfrozen(self):
        election = an_election()
        with pytest.raises(Refused, match="opened"):
            freezing.unfreeze(election, None)


class TestOpening:
    def test_the_words_must_be_tried_first(self):
        election, lists = a_frozen_election()
        with pytest.raises(Refused, match="try their word lists"):
            hours.open_(election, None)
        ceremony.prove(election, [lists[0], lists[0], lists[2]], None)
        with pytest.raises(Refused):
            hours.open_(election, None)
        ceremony.prove(election, [lists[1]], None)
        hours.open_(election, None)
        assert election.is_open

    def test_words_of_another_election_do_not_open_this_one(self):
        election, _lists = a_frozen_election()
        with pytest.raises(seal.WrongWords):
            ceremony.prove(election, seal.split(seal.new_seed())[:2], None)
        assert election.proved_at is None

    def test_a_draft_is_not_opened(self):
        with pytest.raises(Refused, match="frozen first"):
            hours.open_(a_draft(), None)

    def test_it_opens_once_and_within_its_time(self):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        with time_machine.travel(election.opens_at - timedelta(minutes=1), tick=False):
            assert "possible from" in hours.why_not_open(election)
        with time_machine.travel(election.closes_at, tick=False):
            assert "possible until" in hours.why_not_open(election)
        hours.open_(election, None)
        with pytest.raises(Refused, match="already"):
            hours.open_(election, None)

    def test_an_edition_whose_dates_moved_does_not_open_a_vote_of_the_past(self):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        election.closes_at = now() - timedelta(minutes=1)
        assert "Unfreeze, and change the dates" in hours.why_not_open(election)


class TestClosing:
    def test_it_closes_once(self):
        election = an_election()
        hours.close(election, None)
        with pytest.raises(Refused, match="already"):
            hours.close(election, None)

    def test_what_is_not_open_is_not_closed(self):
        with pytest.raises(Refused, match="not been opened"):
            hours.close(a_frozen_election()[0], None)

    def test_closing_seals_the_board_even_when_nobody_voted(self):
        election = an_election()
        hours.close(election, None)
        (row,) = checkpoints.checkpoints(election)
        assert row.trackers == 0 and row.made_at >= election.closed_at.replace(microsecond=0)


class TestCheckpoints:
    def test_they_form_a_signed_chain(self):
        members = [a_member(f"M{n}") for n in range(3)]
        election = an_election(*members)
        for member in members:
            a_vote(election, member, 0)
            checkpoints.checkpoint(election)
        hours.close(election, None)
        points = [checkpoints.point_of(election, row) for row in checkpoints.checkpoints(election)]
        key = bytes(keys.signing_key().verify_key)
        assert [p.number for p in points] == [1, 2, 3, 4] and all(p.verify(key) for p in points)
        assert [p.previous for p in points] == [board.START, *(p.hash() for p in points[:-1])]
        assert points[-1].root == board.root(box.trackers(election.id))

    def test_a_board_that_has_not_changed_is_not_sealed_again(self):
        ada = a_member()
        election = an_election(ada)
        assert checkpoints.checkpoint(election) is None
        a_vote(election, ada, 0)
        assert checkpoints.checkpoint(election) is not None
        assert checkpoints.checkpoint(election) is None

    def test_every_ten_minutes_at_most_and_about_a_hundred_in_all(self):
        ada = a_member()
        election = an_election(ada)
        election.closes_at = election.opened_at + timedelta(hours=2)
        a_vote(election, ada, 0)
        for minutes, due in ((9, False), (11, True)):
            with time_machine.travel(election.opened_at + timedelta(minutes=minutes), tick=False):
                assert checkpoints.is_checkpoint_due(election) is due
        election.closes_at = election.opened_at + timedelta(days=30)
        for elapsed, due in ((7, False), (8, True)):
            with time_machine.travel(election.opened_at + timedelta(hours=elapsed), tick=False):
                assert checkpoints.is_checkpoint_due(election) is due

    def test_each_scrutineer_gets_each_by_mail_in_their_language(self):
        eva, luc = a_scrutineer(), a_scrutineer(language="fr")
        election = an_election(eva, luc)
        hours.close(election, None)
        db.session.commit()
        letters = db.session.scalars(select(Letter).where(Letter.name == "checkpoint").order_by(Letter.id)).all()
        point = checkpoints.point_of(election, checkpoints.checkpoints(election)[0])
        assert [letter.language for letter in letters] == ["en", "fr"]
        assert all(point.hash() in letter.body and point.signature in letter.body for letter in letters)
        assert "le scrutin est clos" in letters[1].subject

    def test_a_clock_set_back_does_not_turn_the_board_back(self):
        ada = a_member()
        election = an_election(ada)
        a_vote(election, ada, 0)
        first = checkpoints.checkpoint(election)
        a_vote(election, ada, 1)
        with time_machine.travel(now() - timedelta(hours=1), tick=False):
            second = checkpoints.checkpoint(election)
        assert second.made_at == first.made_at
        points = [checkpoints.point_of(election, row) for row in (first, second)]
        assert all(point.verify(bytes(keys.signing_key().verify_key)) for point in points)


class TestTheClock:
    def test_the_worker_opens_seals_and_closes(self):
        ada = a_member()
        election, _lists = a_frozen_election(ada, custody=Custody.SERVER)
        worker.elections()
        assert election.is_open
        a_vote(election, ada, 0)
        with time_machine.travel(election.opened_at + timedelta(hours=12)):
            worker.elections()
        assert db.session.scalar(select(func.count()).select_from(BoardCheckpoint)) == 1
        with time_machine.travel(election.closes_at + timedelta(seconds=1)):
            worker.elections()
        assert election.state == "closed" and len(checkpoints.checkpoints(election)) == 2

    def test_the_worker_opens_nothing_that_was_not_proved(self):
        election, _lists = a_frozen_election()
        worker.elections()
        assert election.opened_at is None

    def test_the_worker_does_not_open_a_draft(self):
        election = a_draft()
        db.session.commit()
        worker.elections()
        assert election.state == "draft"


def test_every_act_stands_in_the_audit_log_and_no_key_does():
    dre = an_organiser()
    edition = an_edition(Phase.VOTE)
    for number in range(4):
        a_theme(edition, f"Theme {number}", proposer=dre, admitted_at=now())
    election = rules.prepare(edition, Custody.SCRUTINEERS, dre.id)
    lists = freezing.freeze(election, dre.id)
    ceremony.prove(election, lists, dre.id)
    hours.open_(election, dre.id)
    hours.close(election, dre.id)
    counting.count(election, lists[1:], dre.id)
    result.publish(election, dre.id)
    entries = db.session.scalars(select(Entry).where(Entry.subject == "vote 2026").order_by(Entry.id)).all()
    acts = [
        "prepare vote",
        "freeze vote",
        *["prove key"] * 3,
        "open vote",
        "close vote",
        "count vote",
        "publish result",
    ]
    assert [e.act for e in entries] == acts and {e.member_id for e in entries} == {dre.id}
    told = " ".join(str(e.facts) for e in entries)
    assert seal.join(lists).hex() not in told and not any(words.split()[5] in told.split() for words in lists)
    assert first_fault() is None


def test_a_member_sees_that_and_when_they_voted():
    ada = a_member()
    election = an_election(ada)
    assert rules.votes_of(ada.id) == []
    a_vote(election, ada, 1)
    ((voted, at, by_proxy),) = rules.votes_of(ada.id)
    assert voted == election and not by_proxy and now() - at < timedelta(minutes=1)


def test_a_vote_can_be_counted_before_its_announced_end_once_it_is_closed():
    election = an_election()
    assert "closed first" in counting.why_not_count(election)
    hours.close(election, None)
    assert counting.why_not_count(election) is None
    in_phase(election.edition, Phase.GROUPS)
    assert counting.why_not_count(election) is not None


def test_who_is_no_scrutineer_any_more_gets_no_checkpoint():
    eva = a_scrutineer()
    election = an_election(eva)
    db.session.query(Grant).delete()
    hours.close(election, None)
    assert db.session.scalar(select(func.count()).where(Letter.name == "checkpoint")) == 0
