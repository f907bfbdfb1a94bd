"""Counting: what a ballot is worth, who is elected, and when a lot must decide."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.voting import profiles, tally

CASES = sorted((Path(__file__).parents[1] / "cases" / "approval").glob("*.json"))


@st.composite
def votes(draw: st.DrawFn) -> tuple[list[tuple[int, tuple[int, ...]]], int, int]:
    """Ballots, a number of options, a number of places."""
    options = draw(st.integers(1, 6))
    ballot = st.lists(st.integers(0, options - 1), unique=True).map(lambda chosen: tuple(sorted(chosen)))
    ballots = draw(st.lists(st.tuples(st.integers(1, 5), ballot), max_size=12))
    return ballots, options, draw(st.integers(1, options))


def by_hand(ballots: list[tuple[int, tuple[int, ...]]], options: int, seats: int) -> tuple[tuple[int, ...], ...]:
    """Score every committee, one ballot at a time; keep the best."""
    scores = {
        committee: sum(len(set(committee) & set(ballot)) for times, ballot in ballots for _ in range(times))
        for committee in combinations(range(options), seats)
    }
    return tuple(sorted(committee for committee, score in scores.items() if score == max(scores.values())))


def test_the_most_approved_options_are_elected() -> None:
    report = tally.approval([(3, (0, 2)), (2, (1, 2)), (1, (3,))], options=4, seats=2)
    assert report.approvals == (3, 2, 5, 1)
    assert report.winners == (0, 2)
    assert report.outcomes == ((0, 2),)


def test_a_blank_ballot_counts_in_turnout_and_for_nobody() -> None:
    report = tally.approval([(1, (0,)), (4, ())], options=2, seats=1)
    assert (report.ballots, report.blank, report.approvals) == (5, 4, (1, 0))


def test_an_option_named_twice_on_a_ballot_is_approved_once() -> None:
    assert tally.approval([(2, (1, 1))], options=2, seats=1).approvals == (0, 2)


def test_options_that_stand_equal_share_the_last_places() -> None:
    report = tally.approval([(5, (3,)), (2, (0, 1, 4))], options=5, seats=3)
    assert (report.elected, report.tied, report.places_left) == ((3,), (0, 1, 4), 2)
    assert report.winners is None
    assert report.outcomes == ((0, 1, 3), (0, 3, 4), (1, 3, 4))
    assert report.outcome_count == 3


def test_options_that_stand_equal_are_all_elected_when_there_is_room() -> None:
    report = tally.approval([(2, (0, 1)), (1, (2,))], options=3, seats=2)
    assert (report.winners, report.tied, report.places_left) == ((0, 1), (), 0)


def test_without_ballots_everything_is_tied_unless_everybody_wins() -> None:
    assert tally.approval([], options=3, seats=1).outcomes == ((0,), (1,), (2,))
    assert tally.approval([], options=3, seats=3).winners == (0, 1, 2)


def test_the_number_of_outcomes_is_known_without_listing_them() -> None:
    assert tally.approval([], options=200, seats=100).outcome_count > 10**58


@pytest.mark.parametrize("seats", [-1, 0, 4])
def test_places_that_cannot_be_filled_are_refused(seats: int) -> None:
    with pytest.raises(ValueError, match=f"^{seats} places cannot be filled from 3 options.$"):
        tally.approval([(1, (0,))], options=3, seats=seats)


@pytest.mark.parametrize("option", [-1, 3])
def test_an_option_that_is_not_there_is_refused(option: int) -> None:
    with pytest.raises(ValueError, match=f"^A ballot names option {option}, but there are 3 options.$"):
        tally.approval([(1, (option,))], options=3, seats=1)


def test_the_ranking_puts_equals_together() -> None:
    report = tally.approval([(2, (0, 3)), (1, (1,))], options=4, seats=1)
    assert report.ranking == ((2, (0, 3)), (1, (1,)), (0, (2,)))


def test_the_report_can_be_written_as_json() -> None:
    report = tally.approval([(2, (0, 1)), (1, ())], options=3, seats=1)
    assert json.loads(json.dumps(report.as_dict())) == {
        "rule": "approval",
        "options": 3,
        "seats": 1,
        "ballots": 3,
        "blank": 1,
        "approvals": [2, 2, 0],
        "elected": [],
        "tied": [0, 1],
        "places_left": 1,
        "winners": None,
    }
    assert tally.approval([(1, (2,))], options=3, seats=1).as_dict()["winners"] == [2]


def test_each_question_of_a_paper_is_counted_apart() -> None:
    box = [(2, ((0,), (1, 2))), (1, ((), (0,)))]
    assert list(tally.question(box, 0)) == [(2, (0,)), (1, ())]
    assert list(tally.question(box, 1)) == [(2, (1, 2)), (1, (0,))]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_published_votes_have_the_published_outcomes(path: Path) -> None:
    expected: dict[str, Any] = json.loads(path.read_text())["expected"]["av"]
    for seats, committees in expected.items():
        report = tally.approval(profiles.read(path).ballots, profiles.read(path).options, int(seats))
        assert [list(outcome) for outcome in report.outcomes] == committees


def test_all_published_votes_are_there() -> None:
    assert len(CASES) == 18


@given(votes())
def test_the_outcomes_are_all_the_best_committees(vote: Any) -> None:
    report = tally.approval(*vote)
    assert report.outcomes == by_hand(*vote)
    assert report.outcome_count == len(report.outcomes)


@given(votes())
def test_elected_is_who_wins_in_every_outcome_and_tied_who_wins_in_some(vote: Any) -> None:
    report = tally.approval(*vote)
    committees = [set(committee) for committee in by_hand(*vote)]
    always, sometimes = set.intersection(*committees), set.union(*committees)
    assert set(report.elected) == always
    assert set(report.tied) == sometimes - always
    assert report.places_left == report.seats - len(always)
    assert report.winners == (tuple(sorted(always)) if len(committees) == 1 else None)


@given(votes(), st.randoms())
def test_no_order_of_the_ballots_changes_the_report(vote: Any, random: Any) -> None:
    ballots, options, seats = vote
    assert tally.approval(random.sample(ballots, len(ballots)), options, seats) == tally.approval(*vote)


@given(votes(), st.randoms())
def test_no_option_is_better_off_by_its_number(vote: Any, random: Any) -> None:
    ballots, options, seats = vote
    other = random.sample(range(options), options)
    renamed = [(times, tuple(other[option] for option in ballot)) for times, ballot in ballots]
    outcomes = sorted(tuple(sorted(other[option] for option in outcome)) for outcome in tally.approval(*vote).outcomes)
    assert list(tally.approval(renamed, options, seats).outcomes) == outcomes


@given(votes(), st.integers(0, 12))
def test_two_halves_add_up_to_the_whole(vote: Any, cut: int) -> None:
    ballots, options, seats = vote
    one, two = tally.approval(ballots[:cut], options, seats), tally.approval(ballots[cut:], options, seats)
    whole = tally.approval(*vote)
    assert whole.ballots == one.ballots + two.ballots
    assert whole.blank == one.blank + two.blank
    assert list(whole.approvals) == [a + b for a, b in zip(one.approvals, two.approvals, strict=True)]


@given(votes())
def test_the_approvals_are_as_many_as_there_are_marks(vote: Any) -> None:
    ballots, _options, _seats = vote
    report = tally.approval(*vote)
    assert sum(report.approvals) == sum(times * len(ballot) for times, ballot in ballots)
    assert all(total <= report.ballots - report.blank for total in report.approvals)


@given(votes())
def test_equal_ballots_may_be_handed_in_one_by_one(vote: Any) -> None:
    ballots, options, seats = vote
    single = [(1, ballot) for times, ballot in ballots for _ in range(times)]
    assert tally.approval(single, options, seats) == tally.approval(*vote)


@given(votes())
def test_a_ballot_for_everything_or_for_nothing_changes_no_outcome(vote: Any) -> None:
    ballots, options, seats = vote
    neutral = [(3, tuple(range(options))), (2, ())]
    assert tally.approval(ballots + neutral, options, seats).outcomes == tally.approval(*vote).outcomes
