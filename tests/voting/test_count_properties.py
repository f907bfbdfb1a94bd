"""What holds of every count, whatever the ballots. `python3 -m sipvote prove` tries each with 10,000 examples."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.voting import decisions, tally
from tests.voting.test_tally import votes

Vote = tuple[list[tuple[int, tuple[int, ...]]], int, int]


@st.composite
def limited_votes(draw: st.DrawFn) -> tuple[Vote, int]:
    """A vote in which a ballot has at most so many marks, as the box takes them."""
    ballots, options, seats = draw(votes())
    most = draw(st.integers(1, options))
    return ([(times, ballot[:most]) for times, ballot in ballots], options, seats), most


@pytest.mark.parametrize("rule", tally.RULES)
@given(found=limited_votes())
def test_there_are_never_more_approvals_than_ballots_times_marks(rule: str, found: Any) -> None:
    vote, most = found
    report = tally.RULES[rule](*vote)
    assert sum(report.approvals) <= most * (report.ballots - report.blank)
    assert all(0 <= each <= report.ballots - report.blank for each in report.approvals)
    assert report.ballots == sum(times for times, _ballot in vote[0])


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=votes(), blank=st.integers(1, 9))
def test_blank_ballots_change_turnout_and_nothing_else(rule: str, vote: Any, blank: int) -> None:
    ballots, options, seats = vote
    before, after = tally.RULES[rule](*vote), tally.RULES[rule]([*ballots, (blank, ())], options, seats)
    assert (after.ballots, after.blank) == (before.ballots + blank, before.blank + blank)
    assert (after.outcomes, after.approvals) == (before.outcomes, before.approvals)


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=votes(), cut=st.integers(0, 12))
def test_two_boxes_are_counted_as_one(rule: str, vote: Any, cut: int) -> None:
    ballots, options, seats = vote
    one, two = (tally.RULES[rule](half, options, seats) for half in (ballots[:cut], ballots[cut:]))
    whole = tally.RULES[rule](*vote)
    assert (whole.ballots, whole.blank) == (one.ballots + two.ballots, one.blank + two.blank)
    assert list(whole.approvals) == [a + b for a, b in zip(one.approvals, two.approvals, strict=True)]


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=votes(), times=st.integers(2, 5))
def test_as_many_times_of_every_ballot_have_the_same_outcome(rule: str, vote: Any, times: int) -> None:
    ballots, options, seats = vote
    more = [(times * each, ballot) for each, ballot in ballots]
    assert tally.RULES[rule](more, options, seats).outcomes == tally.RULES[rule](*vote).outcomes


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=votes(), lot=st.randoms())
def test_a_lot_fills_every_place_with_an_outcome_of_the_rule(rule: str, vote: Any, lot: Any) -> None:
    ballots, options, seats = vote
    report = tally.RULES[rule](*vote)
    won = report.by_lot(lot.sample(range(options), options), ballots)
    assert len(set(won)) == seats and won in report.outcomes
    assert report.winners in (None, won)


@given(vote=votes(), more=st.integers(1, 5))
def test_one_more_approval_never_harms_by_approval(vote: Any, more: int) -> None:
    ballots, options, seats = vote
    before = tally.approval(*vote)
    for option in before.elected:
        assert option in tally.approval([*ballots, (more, (option,))], options, seats).elected
    for option in before.tied:
        assert option in tally.approval([*ballots, (more, (option,))], options, seats).elected


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from([(), (0,), (1,)])), max_size=8))
def test_yes_and_no_are_counted_as_by_hand(ballots: Any) -> None:
    said = [chosen for times, chosen in ballots for _time in range(times)]
    yes, no = said.count((0,)), said.count((1,))
    for majority, needed in (("simple", yes > no), ("two_thirds", yes > 0 and yes >= 2 * no)):
        found = decisions.decide(ballots, majority, None)
        assert (found.yes, found.no, found.blank) == (yes, no, said.count(()))
        assert found.is_adopted == needed
