"""Deciding by yes and no, with the majority that was announced."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.voting.decisions import MAJORITIES, decide, decision_from, places

YES, NO, ABSTAIN = (0,), (1,), ()


def ballots(yes=0, no=0, abstain=0):
    return [(yes, YES), (no, NO), (abstain, ABSTAIN)]


@pytest.mark.parametrize(
    ("majority", "yes", "no", "abstain", "adopted"),
    [
        ("simple", 3, 2, 90, True),
        ("simple", 2, 2, 0, False),
        ("simple", 0, 0, 5, False),
        ("absolute", 3, 2, 0, True),
        ("absolute", 3, 2, 1, False),  # three of six is not more than half
        ("absolute", 0, 0, 0, False),
        ("two_thirds", 4, 2, 50, True),
        ("two_thirds", 399, 201, 0, False),
        ("two_thirds", 0, 0, 7, False),
    ],
)
def test_each_majority_is_what_it_says(majority, yes, no, abstain, adopted):
    assert decide(ballots(yes, no, abstain), majority).is_adopted is adopted


def test_whoever_could_not_answer_is_no_abstention():
    """Ten ballots, of which four are from the country that is asked: three yes, so one of the four abstained."""
    decision = decide(ballots(yes=3, abstain=7), "absolute", voters=4)
    assert (decision.ballots, decision.yes, decision.blank, decision.is_adopted) == (4, 3, 1, True)


def test_more_answers_than_voters_are_no_count():
    with pytest.raises(ValueError, match="5 ballots answer a question that 4 could answer"):
        decide(ballots(yes=3, no=2), "simple", voters=4)


@pytest.mark.parametrize("ballot", [(0, 1), (2,), (-1,)])
def test_yes_and_no_at_once_is_no_answer(ballot):
    with pytest.raises(ValueError, match="neither yes nor no"):
        decide([(1, ballot)], "simple")


counts = st.integers(0, 50_000)


@given(counts, counts, counts, st.sampled_from(sorted(MAJORITIES)))
def test_a_decision_survives_json_and_order_and_another_yes_never_hurts(yes, no, abstain, majority):
    decision = decide(ballots(yes, no, abstain), majority)
    assert decision_from(json.loads(json.dumps(decision.as_dict()))) == decision
    assert decide(reversed(ballots(yes, no, abstain)), majority) == decision
    assert decision.yes + decision.no + decision.blank == yes + no + abstain
    assert decide(ballots(yes + 1, no, abstain), majority).is_adopted >= decision.is_adopted
    assert decide(ballots(yes, no + 1, abstain), majority).is_adopted <= decision.is_adopted


@pytest.mark.parametrize(
    ("seats", "most", "prolonged", "elected"), [(2, None, 3, 2), (2, 4, 2, 2), (2, 3, 2, 1), (3, 3, 0, 3), (2, 2, 3, 0)]
)
def test_elected_and_prolonged_together_stay_below_the_most(seats, most, prolonged, elected):
    assert places(seats, most, prolonged) == elected
