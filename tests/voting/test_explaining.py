"""Explaining a count to members, without telling what a few of them chose."""

import json
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sipvote.voting import explaining, tally
from sipvote.voting.disclosure import FEWEST_BALLOTS, exact_options, in_tens, is_exact_had
from tests.voting.test_tally import TWO_CAMPS, A, B, Q, votes


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[tuple[int, tuple[int, ...]]], int, int]:
    """Votes of some more members: some groups are wide, some are not."""
    ballots, options, seats = draw(votes())
    times = st.sampled_from([1, 3, 12, 40, 200])
    many = [(draw(times), ballot) for _times, ballot in ballots]
    return [*many, (draw(st.sampled_from([10, 15, 80])), draw(st.sampled_from([(), (0,)])))], options, seats


def explained(vote: Any, rule: str, order: Any = None) -> Any:
    """The explanation, as it is read back from JSON."""
    report = tally.RULES[rule](*vote)
    return json.loads(json.dumps(explaining.explain(report, vote[0], None, order)))


# --- What may be told -------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_of_a_small_number_at_least_ten_are_possible(one: int, two: int, three: int) -> None:
    least, number, most = sorted((one, two, three))
    low, high = in_tens(number, least, most)
    assert least <= low <= number <= high <= most
    assert high - low + 1 >= min(FEWEST_BALLOTS, most - least + 1)
    # Whichever of them it were, the same would be told.
    assert {in_tens(other, least, most) for other in range(low, high + 1)} == {(low, high)}


def test_a_range_has_ten_numbers_and_the_last_one_the_rest() -> None:
    assert [in_tens(n, 0, 19) for n in (0, 9, 10, 19)] == [(0, 9), (0, 9), (10, 19), (10, 19)]
    assert [in_tens(n, 5, 28) for n in (5, 14, 15, 28)] == [(5, 14), (5, 14), (15, 28), (15, 28)]


def test_overlaps_are_exact_where_no_group_is_small() -> None:
    wide = [(40, (0, 1)), (40, (0,)), (40, (1,)), (40, (2,)), (10, (0, 2)), (10, (1, 2)), (10, (0, 1, 2))]
    assert exact_options(wide, 3, (0, 1), blank=0) == {0, 1, 2}
    few = [*wide[:4], (9, (0, 2)), *wide[5:]]
    assert 2 not in exact_options([*few, (50, (3,))], 4, (0, 1, 3), blank=0)


def test_who_chose_nothing_is_no_group_of_its_own() -> None:
    """Blank ballots are public: they cannot hide that everybody else chose the first theme."""
    told = [(40, (0, 1)), (40, (0,)), (2, (1,)), (60, ())]
    assert exact_options(told, 3, (0, 1), blank=60) == frozenset()


def test_what_no_ballot_can_hold_tells_nothing() -> None:
    one_mark = [(40, (0,)), (40, (1,)), (40, (2,))]
    assert exact_options(one_mark, 3, (0, 1), blank=0, limit=1) == {0, 1, 2}
    assert exact_options(one_mark, 3, (0, 1), blank=0) == frozenset()
    assert is_exact_had((40, 80, 0), 0, limit=1) and not is_exact_had((40, 80, 0), 0)


def is_told_exactly(ballots: Any, options: int, winners: Any, option: int, limit: int) -> bool:
    """One option, group by group as the docstring says it: each that there can be holds at least ten members."""
    for number, winner in enumerate(winners[:-1]):
        earlier = winners[:number]
        if option in (*earlier, winner):
            return True
        others = set(range(options)) - {*earlier, winner, option}
        for group in (None, *earlier):
            for chose, has in product((True, False), repeat=2):
                held = {each for each, holds in ((group, group is not None), (winner, chose), (option, has)) if holds}
                if len(held) > limit or not (held or others):
                    continue  # no ballot can hold that, but a blank one
                wide = sum(
                    times
                    for times, ballot in ballots
                    if ballot
                    and next((w for w in reversed(earlier) if w in ballot), None) == group
                    and (winner in ballot, option in ballot) == (chose, has)
                )
                if wide < FEWEST_BALLOTS:
                    return False
    return True


@settings(max_examples=400)
@given(st.data())
def test_what_is_told_exactly_is_what_the_groups_allow(data: Any) -> None:
    """Every ballot that there can be was cast ten times, but for one or two of them."""
    options = data.draw(st.integers(2, 4))
    limit = data.draw(st.one_of(st.none(), st.integers(1, options)))
    winners = data.draw(st.permutations(range(options)))[: data.draw(st.integers(1, options))]
    possible = [ballot for size in range((limit or options) + 1) for ballot in combinations(range(options), size)]
    times = dict.fromkeys(possible, FEWEST_BALLOTS)
    for other in data.draw(st.lists(st.sampled_from(possible), max_size=2)):
        times[other] = data.draw(st.sampled_from([0, FEWEST_BALLOTS - 1, 50]))
    ballots = [(n, ballot) for ballot, n in times.items()]
    allowed = {o for o in range(options) if is_told_exactly(ballots, options, winners, o, limit or options)}
    expected = allowed if allowed.issuperset(winners) else set()
    assert exact_options(ballots, options, winners, times[()], limit) == expected


@pytest.mark.parametrize(("had", "blank", "limit", "is_told"), [
    ((10, 10, 10), 0, None, True), ((9, 10, 10), 0, None, False), ((10, 9, 10), 0, None, False),
    ((10, 10, 9), 0, None, False), ((10, 10, 9), 0, 1, True), ((10, 10, 9), 0, 2, False),
    ((15, 10), 5, None, True), ((14, 10), 5, None, False),
])  # fmt: skip
def test_how_many_winners_ballots_have_is_told_from_ten_on(had: Any, blank: int, limit: Any, is_told: bool) -> None:
    assert is_exact_had(had, blank, limit) is is_told


@pytest.mark.parametrize("rule", tally.RULES)
def test_below_ten_ballots_nothing_is_told(rule: str) -> None:
    nine = [(5, (0, 1)), (4, (2,))]
    assert explaining.explain(tally.RULES[rule](nine, 3, 2), nine, None) is None
    ten = [*nine, (1, ())]
    assert explaining.explain(tally.RULES[rule](ten, 3, 2), ten, None) is not None


@pytest.mark.parametrize("rule", ["phragmen", "pav"])
@given(crowds(), st.randoms())
def test_no_explanation_tells_of_fewer_than_ten(rule: str, vote: Any, random: Any) -> None:
    """Every number about overlaps is told exactly where groups are wide, else as ten possible numbers or all."""
    ballots, options, _seats = vote
    report = tally.RULES[rule](*vote)
    told = explained(vote, rule, random.sample(report.tied, len(report.tied)))
    assume(told is not None)
    won = [r["elected"] for r in told.get("rounds", [])]
    exact = exact_options(ballots, options, won, report.blank)
    for number, line in [(n, line) for n, r in enumerate(told.get("rounds", [])) for line in r["options"]]:
        low, high = line["served"]
        truth = sum(n for n, b in ballots if line["option"] in b and not set(b).isdisjoint(won[:number]))
        assert low <= truth <= high
        if number and line["option"] not in exact:
            assert line["cost"] is None
            assert high - low + 1 >= FEWEST_BALLOTS or _is_public(line, told["rounds"][number - 1], report)
    if sets := told.get("sets"):
        low, high = sets["represented"]
        wide = all(n >= FEWEST_BALLOTS for n in (sets["had"] or [0])[1:]) and sets["had"] is not None
        totals = sorted(report.approvals[o] for o in report.by_lot(report.tied))
        public = min(sum(totals), report.ballots - report.blank) - totals[-1] + 1
        assert wide or high - low + 1 >= min(FEWEST_BALLOTS, public)


def _is_public(line: Any, before: Any, report: tally.Report) -> bool:
    """Whether a range is all that is possible by what was told before."""
    voters, votes_ = report.ballots - report.blank, line["votes"]
    earlier = next(o["served"][0] for o in before["options"] if o["option"] == line["option"])
    least = max(earlier, votes_ - (voters - before["represented"][0]))
    return bool(line["served"] == [least, min(votes_, before["represented"][1])])


# --- Phragmén, round by round -----------------------------------------------------------------------


def test_the_rounds_tell_who_wins_and_what_votes_count_for() -> None:
    first, second, third = explained((TWO_CAMPS, 6, 3), "phragmen")["rounds"]
    assert [r["elected"] for r in (first, second, third)] == [A, Q, B]
    assert first["represented"] == [1171, 1171] and first["options"][0]["counts"] == [1171, 1171]
    a, b = ({o["option"]: o for o in r["options"]} for r in (first, second))
    assert a[B]["votes"] == 1124 and b[Q]["votes"] == 656
    # Whoever chose B chose A as well: that nobody did otherwise must not be told.
    assert b[B]["served"][1] - b[B]["served"][0] >= 9 and b[B]["cost"] is None


def test_with_wide_groups_the_fractions_are_told() -> None:
    ballots = [(100, (0, 1)), (90, (0,)), (80, (1,)), (70, (2,)), (20, (0, 2)), (30, (1, 2)), (15, (0, 1, 2))]
    first, second = explained((ballots, 3, 2), "phragmen")["rounds"]
    costs = tally.rounds(ballots, 3, (0, 1))[1].costs
    assert first["elected"] in (0, 1)
    told = {line["option"]: line for line in second["options"]}
    assert all(Fraction(line["cost"]) == costs[option] for option, line in told.items())
    assert told[2]["served"] in ([35, 35], [45, 45])
    assert told[1]["counts"] == [148.9, 148.9]  # of 225 votes, 115 of which have a theme already: 10125 / 68


@given(crowds(), st.randoms())
def test_the_rounds_give_the_winners_and_hold_what_is_true(vote: Any, random: Any) -> None:
    ballots, options, _seats = vote
    report = tally.phragmen(*vote)
    order = random.sample(report.tied, len(report.tied))
    told = explained(vote, "phragmen", order)
    assume(told is not None)
    outcome = report.by_lot(order, ballots)
    real = [r for r in tally.rounds(ballots, options, outcome) if report.approvals[r.elected]]
    assert [r["elected"] for r in told["rounds"]] == [r.elected for r in real]
    for r, truth in zip(told["rounds"], real, strict=True):
        assert r["represented"][0] <= truth.represented <= r["represented"][1]
        assert r["options"][0]["option"] == r["elected"]
        best = r["options"][0]["counts"]
        for line in r["options"]:
            low, high = line["counts"]
            assert low - 0.1 <= float(1 / truth.costs[line["option"]]) <= high + 0.1
            assert low <= best[0] and high <= best[1]  # nothing that is shown looks stronger than the winner


@given(crowds())
@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_until_the_lot_is_drawn_only_what_is_certain_is_told(vote: Any) -> None:
    report, told = tally.phragmen(*vote), explained(vote, "phragmen")
    assume(told is not None and report.tied)
    assert {r["elected"] for r in told["rounds"]} <= set(report.elected)
    assert not any(line["cost"] for r in told["rounds"][1:] for line in r["options"])


# --- PAV, and the other rules -----------------------------------------------------------------------


def test_pav_tells_how_many_found_their_themes_and_what_comes_next() -> None:
    ballots = [(100, (0, 1)), (90, (0,)), (80, (1,)), (70, (2,)), (20, (0, 2)), (30, (1, 2)), (15, ())]
    sets = explained((ballots, 3, 2), "pav")["sets"]
    assert sets["had"] == [85, 220, 100] and sets["represented"] == [320, 320] and sets["worth"] == "370"
    assert [(s["options"], s["worth"]) for s in sets["next"]] == [([1, 2], "315"), ([0, 2], "320")][::-1]


@given(crowds())
@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_pav_adds_up(vote: Any) -> None:
    ballots, _options, _seats = vote
    report, told = tally.pav(*vote), explained(vote, "pav")
    assume(told is not None and not report.tied)
    sets, had = told["sets"], tally.winners_had(ballots, report.elected)
    assert sets["had"] in (None, list(had))
    assert sets["represented"][0] <= report.ballots - had[0] <= sets["represented"][1]
    if sets["worth"]:
        harmonic = [sum((Fraction(1, i) for i in range(1, n + 1)), Fraction()) for n in range(len(had))]
        assert Fraction(sets["worth"]) == sum(h * n for h, n in zip(harmonic, had, strict=True))
        assert all(Fraction(s["worth"]) <= Fraction(sets["worth"]) for s in sets["next"] if s["worth"])


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=crowds())
def test_the_other_rules_are_told_as_they_count(rule: str, vote: Any) -> None:
    told = explained(vote, rule)
    assume(told is not None)
    assert [other["rule"] for other in told["others"]] == [name for name in tally.RULES if name != rule]
    for other in told["others"]:
        report = tally.RULES[other["rule"]](*vote)
        assert (other["elected"], other["tied"]) == (list(report.elected), list(report.tied))


def test_a_rule_that_cannot_compare_all_ways_says_so() -> None:
    other = explained(([(30, (o,)) for o in range(40)], 40, 20), "approval")["others"][-1]
    assert (other["rule"], other["elected"]) == ("pav", None)
