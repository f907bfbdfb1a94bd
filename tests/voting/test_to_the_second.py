"""Where a moment or a number is the limit: on which side of it the very moment, or the very number, lies."""

from datetime import datetime, timedelta

import pytest
import time_machine

from sipvote.access import Role
from sipvote.assembly.models import Way
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.voting import (
    announcements,
    box,
    card_views,
    cards,
    checkpoints,
    hours,
    live,
    minutes,
    paper_ballots,
    questions,
    reminders,
    second_word,
    slides,
)
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody, Election
from tests.factories import (
    a_card,
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
from tests.queries import counted

pytestmark = pytest.mark.usefixtures("database")
SECOND = timedelta(seconds=1)


def at(moment: datetime):
    """The clock stands at a moment."""
    return time_machine.travel(moment, tick=False)


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


@pytest.fixture
def vote(ada):
    return an_election(ada)


class TestTheHours:
    def test_a_vote_opens_from_the_announced_second_until_the_one_before_closing(self, ada):
        election, _lists = a_frozen_election(ada, custody=Custody.SERVER)
        for moment, may in (
            (election.opens_at - SECOND, False), (election.opens_at, True),
            (election.closes_at - SECOND, True), (election.closes_at, False),
        ):  # fmt: skip
            with at(moment):
                assert (hours.why_not_open(election) is None) is may, moment

    def test_at_the_announced_second_nobody_votes_and_closing_is_not_early(self, vote, ada):
        standing = box.standing(vote.id, ada.id)
        for moment, is_open in ((vote.closes_at - SECOND, True), (vote.closes_at, False)):
            with at(moment):
                assert vote.is_open is is_open and hours.is_early(vote) is is_open
                assert (voting.why_not_vote(vote, standing) is None) is is_open
                assert (hours.why_not_extend(vote) is None) is is_open
                assert (cards.why_not_cards(vote) is None) is is_open
                assert live.read(2026).state == ("open" if is_open else "closed")

    def test_a_pause_ends_with_the_vote(self, vote):
        hours.pause(vote, "No sound", None)
        for moment, is_paused in ((vote.closes_at - SECOND, True), (vote.closes_at, False)):
            with at(moment):
                day = live.read(2026)
                assert vote.is_paused is is_paused
                assert (day.state, day.seconds_left) == (("paused", 1) if is_paused else ("closed", None))

    def test_it_is_extended_to_later_than_announced_and_to_before_the_sign_up(self, vote):
        signup = vote.edition.signup_at
        for until, may in (
            (vote.closes_at, False), (vote.closes_at + SECOND, True), (signup - SECOND, True), (signup, False),
        ):  # fmt: skip
            assert (hours.why_not_until(vote, until) is None) is may, until

    def test_a_paper_comes_back_until_the_closing(self, vote, ada):
        a_paper(vote, ada)
        for moment, may in ((vote.closes_at - SECOND, True), (vote.closes_at, False)):
            with at(moment):
                standing = box.standing(vote.id, ada.id)
                assert (paper_ballots.why_not_take_back(vote, ada, standing) is None) is may

    def test_a_reminder_leaves_while_the_vote_is_open(self, ada):
        election, _lists = a_frozen_election(ada, custody=Custody.SERVER)
        edition = election.edition
        with at(election.opens_at - timedelta(days=1)):
            for moment, may in (
                (None, True), (election.opens_at - SECOND, False), (election.opens_at, True),
                (election.closes_at - SECOND, True), (election.closes_at, False),
            ):  # fmt: skip
                assert (reminders._why_not_remind(edition, moment) is None) is may, moment

    def test_an_act_that_was_asked_for_stands_for_so_long_and_not_a_second_more(self, vote):
        dre = an_organiser()
        a_member("Fien Smet", "gent", Role.ORGANISER)
        word = second_word.ask(vote, "close", dre.id, "All have voted.")
        assert second_word.lapses(word) == word.asked_at + second_word.LIVES > now()
        for moment, stands in ((second_word.lapses(word) - SECOND, True), (second_word.lapses(word) + SECOND, False)):
            with at(moment):
                assert bool(second_word.standing(vote)) is stands

    def test_the_board_is_sealed_every_ten_minutes_and_about_a_hundred_times_at_most(self, vote, ada):
        apart = checkpoints.CHECKPOINTS_APART
        vote.closes_at = vote.opened_at + 100 * apart
        for after, is_due in ((apart - SECOND, False), (apart, True)):
            with at(vote.opened_at + after):
                assert checkpoints.is_checkpoint_due(vote) is is_due
        a_vote(vote, ada, 0)
        with at(vote.opened_at + apart):
            sealed = checkpoints.checkpoint(vote)
        for after, is_due in ((2 * apart - SECOND, False), (2 * apart, True)):
            with at(vote.opened_at + after):
                assert checkpoints.is_checkpoint_due(vote) is is_due
        vote.closes_at = vote.opened_at + 200 * apart
        for after, is_due in ((3 * apart - SECOND, False), (3 * apart, True)):
            with at(vote.opened_at + after):
                assert checkpoints.is_checkpoint_due(vote) is is_due
        assert sealed.number == 1


class TestNumbers:
    def test_a_reason_has_five_hundred_letters_at_most(self):
        assert announcements.reasoned("a" * 500) == "a" * 500
        with pytest.raises(Refused, match="at most 500"):
            announcements.reasoned("a" * 501)

    def test_a_ballot_holds_so_many_questions_beside_that_of_the_themes(self):
        election = voting.prepare(an_edition(Phase.VOTE), Custody.SERVER, None)
        words = {"en": {"title": "Shall we?", "text": ""}}
        asked = questions.Asked("simple", original="en", texts=words)
        for n in range(1, questions.MOST_QUESTIONS + 1):
            assert questions.ask(election, asked, None).position == n
        with pytest.raises(Refused, match=f"at most {questions.MOST_QUESTIONS} questions"):
            questions.ask(election, asked, None)

    def test_after_a_pause_the_wrong_codes_are_forgotten(self, client, vote, ada):
        code = a_card(vote, ada)
        address = "/en/2026/vote/card"
        begun = now()
        with at(begun):
            for _try in range(card_views.TRIES):
                assert "is not right" in client.post(address, data={"code": "00000-00000"}).text
            assert "many wrong codes" in client.post(address, data={"code": code}).text
        with at(begun + card_views.REST - SECOND):
            assert "many wrong codes" in client.post(address, data={"code": code}).text
        with at(begun + card_views.REST):
            assert "is not right" in client.post(address, data={"code": "00000-00000"}).text
            with client.session_transaction() as session:
                assert len(session["wrong_codes"]) == 1
            assert client.post(address, data={"code": code}).location == "/en/2026/vote/ballot"

    def test_the_turnout_is_votes_of_the_roll(self, ada):
        a_member(), a_member(), a_member()
        election = an_election(ada)
        a_vote(election, ada, 0)
        roll = election.roll_size
        assert live.read(2026).share == round(1 / roll, 4)

    def test_before_it_is_counted_nobody_is_told_a_number(self):
        assert Election().voted == 0


class TestCards:
    def test_of_all_in_the_hall_who_has_neither_address_nor_card_nor_paper_gets_one(self):
        assembly = an_assembly(an_edition(Phase.VOTE), starts_in=0)
        people = {name: a_member(name, email=None) for name in ("bare", "left", "remote", "carded", "paper", "away")}
        people["reached"] = a_member("reached")
        election = an_election(edition=assembly.edition)
        for name, member in people.items():
            if name != "away":
                way = Way.REMOTE if name == "remote" else Way.HALL
                a_presence(assembly, member, way, left_at=now() if name == "left" else None)
        a_card(election, people["carded"])
        a_paper(election, people["paper"])
        assert [member.name for member in cards.without_address(election)] == ["bare"]

    def test_the_cards_of_a_member_are_theirs_the_newest_first(self, vote, ada):
        bert = a_member("Bert Maes")
        a_card(vote, ada), a_card(vote, ada)
        first, second = cards.cards_of(vote, ada.id)
        assert first.id > second.id and second.revoked_at and not first.revoked_at
        assert cards.cards_of(vote, bert.id) == []
        assert cards.figures(vote) == (1, 0)

    def test_a_new_card_revokes_those_of_its_member_and_no_other(self, ada):
        bert = a_member("Bert Maes")
        election = an_election(ada)
        for who in (ada, bert, ada):
            a_card(election, who)
        assert [bool(card.revoked_at) for who in (ada, bert) for card in cards.cards_of(election, who.id)] == [
            False, True, False
        ]  # fmt: skip
        assert cards.figures(election) == (2, 0)

    def test_numbers_that_are_not_on_this_roll_are_named(self, ada):
        election = an_election(ada)
        late = a_member("Cas Late", number="9001")
        an_election(late, edition=an_edition(Phase.VOTE, year=2025))
        with pytest.raises(Refused, match=r"with a ballot on paper: 9001, 9002\.$"):
            cards.numbered(election, f"9002 {ada.number}, 9001")
        assert cards.numbered(election, f" {ada.number};{ada.number}\n") == [ada]

    def test_who_took_a_paper_meanwhile_gets_no_card_and_neither_do_the_others(self, ada):
        bert = a_member("Bert Maes")
        election = an_election(ada)
        people = cards.numbered(election, f"{ada.number} {bert.number}")
        a_paper(election, bert)
        with pytest.raises(Refused, match=f"on paper: {bert.number}"):
            cards.issue_many(election, people, None)
        db.session.rollback()
        assert cards.figures(election) == (0, 0)


def test_minutes_can_be_made_until_the_roll_is_destroyed(vote):
    assembly = an_assembly(vote.edition, starts_in=-1)
    assert minutes.why_not_minutes(assembly) is None
    vote.destroyed_at = now()
    assert "were destroyed on" in minutes.why_not_minutes(assembly)


def test_the_board_is_listed_as_at_its_last_seal(vote, ada):
    assert checkpoints.last_list(vote) == []
    first = a_vote(vote, ada, 0)
    checkpoints.checkpoint(vote)
    assert checkpoints.last_list(vote) == [first]
    second = a_vote(vote, ada, 1)
    checkpoints.checkpoint(vote)
    assert checkpoints.last_list(vote) == [second]


def test_places_are_shared_by_equal_numbers_and_begin_with_one():
    class Line:
        def __init__(self, approvals):
            self.approvals = approvals

    assert slides.places([Line(n) for n in (9, 7, 7, 3)]) == [1, 2, 2, 4]
    assert slides.places([Line(5), Line(5), Line(1)]) == [1, 1, 3]


def test_what_is_announced_is_read_once_for_many_and_again_when_the_hours_change(ada):
    assert announcements.announced_to_many(None) == ()
    draft, _lists = a_frozen_election(ada, custody=Custody.SERVER)
    assert announcements.announced_to_many(draft) == ()
    hours.open_(draft, None)
    assert announcements.announced_to_many(draft) == []
    with counted() as asked:
        assert announcements.announced_to_many(draft) == []
    assert not [each for each in asked if "announcement" in each]
    hours.extend(draft, draft.closes_at + SECOND, "The hall is full.", None)
    assert [each.kind for each in announcements.announced_to_many(draft)] == ["extended"]
    hours.pause(draft, "No sound", None)
    assert [each.kind for each in announcements.announced_to_many(draft)] == ["extended", "paused"]
    hours.close(draft, None, "Enough.")
    assert [each.kind for each in announcements.announced_to_many(draft)][-1] == "closed"


def test_a_standing_counts_the_changes_of_a_vote(vote, ada):
    assert box.standing(vote.id, ada.id) == box.Standing(on_roll=True, country="BE")
    for changes in range(3):
        tracker = a_vote(vote, ada, changes)
        stands = box.standing(vote.id, ada.id)
        assert (stands.tracker, stands.changes, stands.by_proxy, stands.in_hall) == (tracker, changes, False, False)
    assert box.standing(vote.id, a_member("Cas Late").id) == box.Standing()
