"""Counting: what a ballot is worth, who is elected, and when a lot must decide."""

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.voting import bits, profiles, tally

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


@pytest.mark.parametrize("seats", [-1, 4])
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


@pytest.mark.parametrize("rule", tally.RULES)
def test_a_report_is_read_back_from_its_json_as_it_was(rule: str) -> None:
    report = tally.RULES[rule]([(10, (0, 1)), (10, (2, 3))], 4, 2)
    assert report.tied and tally.report_from(json.loads(json.dumps(report.as_dict()))) == report


def test_each_question_of_a_paper_is_counted_apart() -> None:
    box = [(2, ((0,), (1, 2))), (1, ((), (0,)))]
    assert list(tally.question(box, 0)) == [(2, (0,)), (1, ())]
    assert list(tally.question(box, 1)) == [(2, (1, 2)), (1, (0,))]


NAMES = {"approval": "av", "phragmen": "seqphragmen", "pav": "pav"}


@pytest.mark.parametrize("rule", tally.RULES)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_published_votes_have_the_published_outcomes(path: Path, rule: str) -> None:
    expected: dict[str, Any] = json.loads(path.read_text())["expected"].get(NAMES[rule], {})
    for seats, committees in expected.items():
        report = tally.RULES[rule](profiles.read(path).ballots, profiles.read(path).options, int(seats))
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


# --- Proportional rules -----------------------------------------------------------------------------


def phragmen_by_hand(ballots: Any, options: int, seats: int) -> set[tuple[int, ...]]:
    """One voter at a time, each with a load of their own; every tie is followed every way."""
    voters = [set(ballot) for times, ballot in ballots for _ in range(times)]

    def follow(elected: tuple[int, ...], loads: list[Fraction]) -> Iterator[tuple[int, ...]]:
        if len(elected) == seats:
            yield tuple(sorted(elected))
            return
        costs = {}
        for option in set(range(options)) - set(elected):
            mine = [load for load, voter in zip(loads, voters, strict=True) if option in voter]
            costs[option] = (1 + sum(mine, Fraction())) / len(mine) if mine else Fraction(10**9)
        for option, cost in costs.items():
            if cost == min(costs.values()):
                after = [cost if option in voter else load for load, voter in zip(loads, voters, strict=True)]
                yield from follow((*elected, option), after)

    return set(follow((), [Fraction()] * len(voters)))


def pav_worth(ballots: Any, committee: tuple[int, ...]) -> Fraction:
    return sum(
        (times * Fraction(1, n) for times, ballot in ballots for n in range(1, len({*ballot} & {*committee}) + 1)),
        Fraction(),
    )


def pav_by_hand(ballots: Any, options: int, seats: int) -> set[tuple[int, ...]]:
    """What every committee is worth, in fractions, one ballot at a time."""
    worth = {committee: pav_worth(ballots, committee) for committee in combinations(range(options), seats)}
    return {committee for committee, found in worth.items() if found == max(worth.values())}


BY_HAND = {"phragmen": phragmen_by_hand, "pav": pav_by_hand}


@pytest.mark.parametrize("rule", BY_HAND)
@given(vote=votes())
def test_a_proportional_rule_gives_every_outcome(rule: str, vote: Any) -> None:
    report = tally.RULES[rule](*vote)
    committees = BY_HAND[rule](*vote)
    assert set(report.outcomes) == committees and report.outcome_count == len(committees)
    assert set(report.elected) == set.intersection(*map(set, committees))
    assert set(report.elected) | set(report.tied) == set.union(*map(set, committees))
    assert report.places_left == report.seats - len(report.elected)


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=votes(), shuffled=st.randoms())
def test_no_order_of_ballots_and_no_way_to_group_them_changes_a_report(rule: str, vote: Any, shuffled: Any) -> None:
    ballots, options, seats = vote
    single = [(1, ballot) for times, ballot in ballots for _ in range(times)]
    shuffled.shuffle(single)
    assert tally.RULES[rule](single, options, seats) == tally.RULES[rule](ballots, options, seats)


A, B, C, P, Q, R = range(6)
TWO_CAMPS = [(1034, (A, B, C)), (519, (P, Q, R)), (90, (A, B, Q)), (47, (A, P, Q))]


def test_the_larger_camp_does_not_take_every_place() -> None:
    """By hand: A costs 1/1171. Then Q costs (1 + 137/1171)/656 = 0.00170, B 0.00174. Then B 0.00181, C 0.00182."""
    assert tally.approval(TWO_CAMPS, options=6, seats=3).winners == (A, B, C)
    assert tally.phragmen(TWO_CAMPS, options=6, seats=3).winners == (A, B, Q)
    assert tally.pav(TWO_CAMPS, options=6, seats=3).winners == (A, B, Q)


def test_a_tie_lists_the_outcomes_that_can_be_and_no_others() -> None:
    # Each camp gets one place, whichever of its two options that is.
    camps = [(10, (0, 1)), (10, (2, 3))]
    for rule in BY_HAND:
        report = tally.RULES[rule](camps, 4, 2)
        assert report.outcomes == ((0, 2), (0, 3), (1, 2), (1, 3)) and report.winners is None
        assert (report.elected, report.tied, report.places_left) == ((), (0, 1, 2, 3), 2)
        assert json.loads(json.dumps(report.as_dict()))["ties"] == [[0, 2], [0, 3], [1, 2], [1, 3]]


@pytest.mark.parametrize("rule", BY_HAND)
def test_who_is_approved_by_nobody_is_elected_last_and_tied(rule: str) -> None:
    report = tally.RULES[rule]([(3, (1,)), (1, (2,))], 5, 3)
    assert report.elected == (1, 2) and report.tied == (0, 3, 4)


ALL_50 = tuple(range(50))
BLANK_HEAVY = {
    "nobody votes": [],
    "everybody votes blank": [(300, ())],
    "one ballot": [(1, (3, 7))],
    "one ballot for more than there are places": [(1, ALL_50[:30])],
    "all ballots equal and full": [(40, ALL_50)],
    "everybody but one blank": [(300, ()), (1, (5,))],
    "two camps": [(7, ALL_50[:25]), (7, ALL_50[25:])],
}


@pytest.mark.parametrize("rule", tally.RULES)
@pytest.mark.parametrize("name", BLANK_HEAVY)
def test_however_much_is_tied_a_vote_is_counted(name: str, rule: str) -> None:
    """50 themes, 25 places: as many outcomes as 10^14, and a lot chooses among all of them."""
    ballots = BLANK_HEAVY[name]
    report = tally.RULES[rule](ballots, 50, 25)
    assert len(report.elected) + report.places_left == 25 and report.winners is None
    for order in (report.tied, report.tied[::-1]):
        won = report.by_lot(order, ballots)
        assert len(set(won)) == 25 and set(report.elected) <= set(won) <= {*report.elected, *report.tied}
        # The first drawn is among the winners.
        assert order[0] in won
    assert tally.report_from(json.loads(json.dumps(report.as_dict()))) == report


@pytest.mark.parametrize("rule", BY_HAND)
def test_options_that_the_same_ballots_approve_of_stand_for_each_other(rule: str) -> None:
    """Each camp gets 12 places or 13, whichever of its themes: too many outcomes to list, yet all of them told."""
    report = tally.RULES[rule](BLANK_HEAVY["two camps"], 50, 25)
    assert report.alike == (ALL_50[:25], ALL_50[25:]) and len(report.ties) == 2
    assert report.outcome_count == 2 * comb(25, 12) * comb(25, 13)
    # From the second camp 49, 48 … are drawn first: it gets 13, and the first camp 24, 23 … down to 13.
    assert report.by_lot(ALL_50[::-1]) == (*range(13, 25), *range(37, 50))


def test_when_more_can_happen_than_can_be_followed_the_lot_decides_round_by_round() -> None:
    """A theme with two voters, and 40 with one each: who comes first in the lot, round by round."""
    ballots = [(2, (40,)), *[(1, (option,)) for option in range(40)]]
    report = tally.phragmen(ballots, 41, 20)
    assert report.in_turn and (report.elected, report.tied) == ((40,), tuple(range(40)))
    assert report.outcome_count is None
    order = [*range(39, 20, -1), *range(21)]
    assert report.by_lot(order, ballots) == (*range(21, 40), 40)
    with pytest.raises(tally.TooManyOutcomes, match="round by round"):
        report.outcomes  # noqa: B018
    assert tally.report_from(json.loads(json.dumps(report.as_dict()))) == report


@given(votes(), st.randoms())
def test_who_wins_in_turn_is_an_outcome_of_the_rule(vote: Any, random: Any) -> None:
    ballots, options, seats = vote
    order = random.sample(range(options), options)
    assert tuple(sorted(bits.in_turn(bits.Box(ballots, options), seats, order))) in tally.phragmen(*vote).outcomes


@given(votes(), st.integers(0, 3))
def test_the_next_best_sets_are_those_that_are_worth_most(vote: Any, how_many: int) -> None:
    ballots, options, seats = vote
    found = bits.next_best(bits.Box(ballots, options), seats, how_many)
    ranked = sorted(
        ((pav_worth(ballots, some), some) for some in combinations(range(options), seats)),
        key=lambda pair: (-pair[0], pair[1]),
    )
    assert found == ranked[: how_many + 1]


@pytest.mark.parametrize("rule", BY_HAND)
@given(vote=votes(), lot=st.randoms())
def test_outcomes_told_in_short_are_the_same_ones(rule: str, vote: Any, lot: Any) -> None:
    """With a limit of one, everything tied is told by options that are alike."""
    _ballots, options, _seats = vote
    report = tally.RULES[rule](*vote)
    order = lot.sample(range(options), options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "MOST_OUTCOMES", 0 if rule == "pav" else len(report.outcomes) - 1)
        short = tally.RULES[rule](*vote)
    if short.in_turn:
        assert set(short.elected) <= set(report.elected)
    else:
        assert short.outcomes == report.outcomes and short.by_lot(order) == report.by_lot(order)
        assert (short.elected, short.tied, short.outcome_count) == (report.elected, report.tied, report.outcome_count)


def test_pav_refuses_only_what_is_never_frozen() -> None:
    assert not tally.is_countable("pav", 40, 20) and tally.is_countable("phragmen", 40, 20)
    assert tally.is_countable("pav", 20, 4) and tally.is_countable("pav", 15, 7)
    with pytest.raises(tally.TooManyOutcomes, match="20,000 tied outcomes"):
        tally.pav([(1, (option,)) for option in range(40)], 40, 20)


@pytest.mark.parametrize("rule", tally.RULES)
def test_without_a_place_left_nobody_is_elected(rule: str) -> None:
    """As many themes go on as there may be."""
    report = tally.RULES[rule]([(3, (0, 1))], 3, 0)
    assert (report.winners, report.tied, report.approvals, report.outcomes) == ((), (), (3, 3, 0), ((),))


@pytest.mark.parametrize("rule", tally.RULES)
def test_every_rule_refuses_what_is_not_there(rule: str) -> None:
    with pytest.raises(ValueError, match="cannot be filled"):
        tally.RULES[rule]([(1, (0,))], 3, 4)
    with pytest.raises(ValueError, match="names option -1"):
        tally.RULES[rule]([(1, (-1,))], 3, 2)


# --- Told to members --------------------------------------------------------------------------------


def test_a_count_by_phragmen_can_be_told_round_by_round() -> None:
    first, second, third = tally.rounds(TWO_CAMPS, 6, (A, B, Q))
    assert [r.elected for r in (first, second, third)] == [A, Q, B]
    assert first.costs[A] == Fraction(1, 1171) and first.served == 0 and first.represented == 1171
    assert second.costs[A] is None and second.costs[Q] == (1 + Fraction(137, 1171)) / 656 < second.costs[B]
    assert (second.served, second.represented) == (137, 1690)
    assert third.served == 1124 and third.represented == 1690


def test_only_an_outcome_of_the_rule_can_be_told() -> None:
    with pytest.raises(ValueError, match="not an outcome"):
        tally.rounds(TWO_CAMPS, 6, (A, B, C))


@given(votes())
def test_every_outcome_can_be_told(vote: Any) -> None:
    ballots, options, _seats = vote
    for outcome in tally.phragmen(*vote).outcomes:
        told = tally.rounds(ballots, options, outcome)
        assert sorted(r.elected for r in told) == list(outcome)
        # Loads never shrink from round to round, and more and more ballots have a winner.
        costs = [r.costs[r.elected] for r in told if r.costs[r.elected] is not None]
        assert costs == sorted(costs) and [r.represented for r in told] == sorted(r.represented for r in told)


@given(votes())
def test_what_ballots_had_adds_up(vote: Any) -> None:
    report = tally.pav(*vote)
    had = tally.winners_had(vote[0], report.outcomes[0])
    assert sum(had) == report.ballots
    assert sum(n * times for n, times in enumerate(had)) == sum(report.approvals[o] for o in report.outcomes[0])


def test_exactly_as_many_outcomes_as_can_be_kept_are_not_too_many() -> None:
    bits.refuse_too_many(bits.MOST_OUTCOMES)
    with pytest.raises(tally.TooManyOutcomes):
        bits.refuse_too_many(bits.MOST_OUTCOMES + 1)


@pytest.mark.parametrize("rule", tally.RULES)
@pytest.mark.parametrize("ballots", [[(3, (0,)), (2, (1,)), (1, (2,))], [(1, (n,)) for n in range(4)], []])
def test_a_report_names_the_rule_that_it_follows(rule: str, ballots: Any) -> None:
    assert tally.RULES[rule](ballots, 4, 2).rule == rule
    many = tally.phragmen([(2, (40,)), *[(1, (option,)) for option in range(40)]], 41, 20)
    assert (many.rule, many.in_turn, many.places_left) == ("phragmen", True, 19)


def test_pav_is_refused_from_one_outcome_too_many_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_OUTCOMES", comb(6, 3))
    assert tally.is_countable("pav", 6, 3) and not tally.is_countable("pav", 7, 3)


def test_how_many_winners_each_ballot_has() -> None:
    ballots = [(1, ()), (2, (3,)), (4, (0, 3)), (8, (0, 1)), (16, (0, 1, 2))]
    assert tally.winners_had(ballots, (0, 1, 2)) == (3, 4, 8, 16)
