"""Planning: the set of dates, chosen together, to which most people can keep coming."""

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote import cli
from sipvote.workgroups.planning import (
    Availability,
    Breach,
    Mode,
    Plan,
    Problem,
    Rule,
    Slot,
    best,
    look_at,
    most_meetings,
    ranking,
)

CASES = json.loads((Path(__file__).parents[1] / "cases" / "planning.json").read_text())
HOUR = timedelta(hours=1)
FIRST = datetime(2026, 11, 2, 18)  # noqa: DTZ001 (slots are local times)
Value = tuple[int, int, float, int, tuple[tuple[datetime, datetime, int], ...]]


def slot(day: float, hours: float = 3, modes: frozenset[Mode] = frozenset(Mode)) -> Slot:
    return Slot(FIRST + timedelta(days=day), FIRST + timedelta(days=day, hours=hours), modes)


def can(*slots: int) -> int:
    return sum(1 << number for number in set(slots))


def anyhow(*slots: int) -> Availability:
    return Availability(either=can(*slots))


def of_case(case: dict) -> Problem:
    starts = [datetime.fromisoformat(text) for text in case["slots"]]
    people = [anyhow(*slots) for slots in case["available"]]
    return Problem([Slot(start, start) for start in starts], people, case["meetings"], case["min_days_between"])


# --- by hand: every set, every mode, one person at a time ----------------------------------------


def can_come(person: Availability, number: int, mode: Mode) -> bool:
    ways = {Mode.ON_SITE: [person.on_site], Mode.ONLINE: [person.online], Mode.HYBRID: [person.on_site, person.online]}
    return any(way >> number & 1 for way in [*ways[mode], person.either])


def allowed(problem: Problem, numbers: tuple[int, ...], mode: Mode) -> bool:
    chosen = [problem.slots[number] for number in numbers]
    together = all(
        (a.ends_at <= b.starts_at or b.ends_at <= a.starts_at)
        and a.starts_at != b.starts_at
        and abs((a.starts_at.date() - b.starts_at.date()).days) >= problem.apart
        for a, b in combinations(chosen, 2)
    )
    return together and all(mode in one.modes for one in chosen)


def worth(problem: Problem, numbers: tuple[int, ...], mode: Mode) -> Value:
    comes = [sum(can_come(person, number, mode) for number in numbers) for person in problem.people]
    slots = problem.slots
    last = max(slots[number].ends_at for number in numbers)
    order = tuple(sorted((slots[number].starts_at, slots[number].ends_at, number) for number in numbers))
    wanted = problem.meetings
    return (
        -sum(times == wanted for times in comes),
        -sum(times >= wanted - 1 for times in comes),
        (last - FIRST) / HOUR,
        list(Mode).index(mode),
        order,
    )


def by_hand(problem: Problem) -> list[Value]:
    """What every set is worth in its best mode, the best first."""
    found = []
    for numbers in combinations(range(len(problem.slots)), problem.meetings):
        values = [worth(problem, numbers, mode) for mode in problem.modes if allowed(problem, numbers, mode)]
        found += [min(values)] if values else []
    return sorted(found)


def told(problem: Problem, plan: Plan) -> Value:
    return worth(problem, plan.slots, plan.mode)


def a_problem(chance: random.Random) -> Problem:
    """Small and full of trouble: ties, slots at one moment, long slots, slots out of order, closed modes."""
    size = chance.randint(1, 9)
    modes = [frozenset(Mode), frozenset(Mode), frozenset([Mode.ONLINE]), frozenset()]
    slots = [
        slot(
            chance.randint(0, 20) + chance.choice([0, 0, 0.1, 0.2]), chance.choice([0, 2, 3, 30]), chance.choice(modes)
        )
        for _slot in range(size)
    ]
    share = chance.choice([0, 0.3, 0.5, 0.8, 1])

    def some() -> int:
        return can(*(number for number in range(size) if chance.random() < share))

    people = [Availability(some(), some(), some() & some()) for _person in range(chance.randint(0, 8))]
    allowed_modes = chance.sample(list(Mode), chance.randint(1, 3))
    return Problem(slots, people, chance.randint(1, 4), chance.choice([0, 0, 1, 3, 7]), allowed_modes)


@pytest.mark.parametrize("seed", range(400))
def test_the_ranking_is_the_one_made_by_hand(seed):
    problem = a_problem(random.Random(seed))
    expected = by_hand(problem)
    found = [told(problem, plan) for plan in ranking(problem, 5)]
    assert found == expected[:5]
    assert (best(problem) is None) == (not expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case['slots'])}-{len(case['available'])}")
def test_every_case_is_solved(case):
    problem = of_case(case)
    plan = best(problem)
    assert len(plan.come) == case["expected"]["all_meetings"]
    assert plan.breaches == ()
    assert told(problem, plan)[:3] == min(aims_by_hand(case))


def aims_by_hand(case: dict) -> Iterator[tuple[int, int, float]]:
    """What every set of a case is worth: its slots are in order of time, and meetings take no time."""
    starts = [datetime.fromisoformat(text) for text in case["slots"]]
    people, wanted = [can(*slots) for slots in case["available"]], case["meetings"]
    for numbers in combinations(range(len(starts)), wanted):
        if all((starts[b] - starts[a]).days >= case["min_days_between"] for a, b in pairwise(numbers)):
            chosen = can(*numbers)
            missed = [wanted - (chosen & person).bit_count() for person in people]
            yield -missed.count(0), -sum(times <= 1 for times in missed), (starts[numbers[-1]] - FIRST) / HOUR


def test_the_best_set_beats_the_five_best_dates():
    """In nine of the twelve cases or more, choosing dates one by one costs people."""
    lost = 0
    for case in CASES:
        problem = of_case(case)
        popular = sorted(range(len(problem.slots)), key=lambda n: -sum(p.either >> n & 1 for p in problem.people))
        lost += len(look_at(problem, popular[:5], Mode.ON_SITE).come) < len(best(problem).come)
    assert lost >= 9


# --- the order of the aims -----------------------------------------------------------------------


def test_more_at_all_meetings_go_before_more_at_all_but_one():
    slots = [slot(0), slot(7), slot(14), slot(21)]
    people = [anyhow(2, 3), anyhow(0), anyhow(0), anyhow(1), anyhow(1)]
    plan = best(Problem(slots, people, 2))
    assert (plan.slots, plan.come, plan.all_but_one) == ((2, 3), (0,), 1)


def test_of_equal_sets_the_one_that_more_can_nearly_attend_is_better():
    slots = [slot(0), slot(7), slot(14)]
    people = [anyhow(0, 1, 2), anyhow(2)]
    assert best(Problem(slots, people, 2)).slots == (0, 2)


def test_of_still_equal_sets_the_one_that_ends_first_is_better():
    plan = best(Problem([slot(21), slot(0), slot(14), slot(7)], [anyhow(0, 1, 2, 3)], 2))
    assert (plan.slots, plan.ends_at) == ((1, 3), slot(7).ends_at)


def test_of_equal_modes_on_site_goes_before_hybrid_and_hybrid_before_online():
    slots = [slot(0), slot(7)]
    assert best(Problem(slots, [anyhow(0, 1)], 2)).mode == Mode.ON_SITE
    assert best(Problem(slots, [anyhow(0, 1)], 2, modes=[Mode.ONLINE, Mode.HYBRID])).mode == Mode.HYBRID
    assert best(Problem(slots, [Availability(online=3)], 2)).mode == Mode.HYBRID
    assert best(Problem(slots, [Availability(online=3)], 2, modes=[Mode.ONLINE])).mode == Mode.ONLINE


def test_a_hybrid_group_needs_rooms_with_a_link_on_every_date():
    linked = [slot(0), slot(7, modes=frozenset([Mode.ON_SITE])), slot(14)]
    people = [Availability(on_site=0b111), Availability(online=0b111)]
    plan = best(Problem(linked, people, 2))
    assert (plan.slots, plan.mode, plan.come) == ((0, 2), Mode.HYBRID, (0, 1))


def test_each_set_stands_in_the_ranking_once():
    plans = ranking(Problem([slot(day) for day in range(0, 42, 7)], [anyhow(*range(6))] * 3, 5), 50)
    assert len(plans) == len({plan.slots for plan in plans}) == 6


# --- who comes -----------------------------------------------------------------------------------


def test_a_plan_says_who_comes_who_misses_one_and_who_drops_out():
    slots = [slot(0), slot(7), slot(14)]
    people = [Availability(on_site=7), Availability(on_site=3, online=4), anyhow(0), Availability(online=7)]
    problem = Problem(slots, people, 3)
    on_site = look_at(problem, [2, 0, 1], Mode.ON_SITE)
    assert on_site.slots == (0, 1, 2)
    assert (on_site.come, on_site.miss_one, on_site.drop_out) == ((0,), ((1, 2),), (2, 3))
    hybrid = look_at(problem, [0, 1, 2], Mode.HYBRID)
    assert (hybrid.come, hybrid.miss_one, hybrid.drop_out) == ((0, 1, 3), (), (2,))
    assert look_at(problem, [0, 1, 2], Mode.ONLINE).come == (3,)


def test_a_set_made_by_hand_is_told_which_rules_it_breaks():
    slots = [slot(0), slot(0.1), slot(7, modes=frozenset()), slot(8), slot(20)]
    problem = Problem(slots, [], 5, apart=2, modes=[Mode.ON_SITE])
    assert look_at(problem, range(5), Mode.ON_SITE).breaches == (
        Breach(Rule.FORBIDDEN, (2,)),
        Breach(Rule.OVERLAP, (0, 1)),
        Breach(Rule.TOO_CLOSE, (0, 1)),
        Breach(Rule.TOO_CLOSE, (2, 3)),
    )
    assert look_at(problem, [0, 4], Mode.ON_SITE).breaches == (Breach(Rule.NUMBER, (0, 4)),)
    assert Breach(Rule.FORBIDDEN, (0,)) in look_at(problem, [0, 4], Mode.ONLINE).breaches
    nothing = look_at(problem, [], Mode.ON_SITE)
    assert (nothing.ends_at, nothing.breaches) == (None, (Breach(Rule.NUMBER, ()),))


@pytest.mark.parametrize("seed", range(100))
def test_a_set_breaks_rules_just_when_it_is_not_among_the_plans(seed):
    problem = a_problem(random.Random(seed))
    possible = {plan.slots for plan in ranking(problem, 10_000)}
    for numbers in combinations(range(len(problem.slots)), problem.meetings):
        looked = [look_at(problem, numbers, mode) for mode in problem.modes]
        assert any(not plan.breaches for plan in looked) == (looked[0].slots in possible)


# --- what must hold of any plan ------------------------------------------------------------------


@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_people_nor_of_slots_matters(chance):
    problem = a_problem(chance)
    order = chance.sample(range(len(problem.slots)), len(problem.slots))

    def moved(bits: int) -> int:
        return can(*(place for place, number in enumerate(order) if bits >> number & 1))

    people = [Availability(moved(p.on_site), moved(p.online), moved(p.either)) for p in problem.people]
    slots = [problem.slots[number] for number in order]
    other = Problem(slots, chance.sample(people, len(people)), problem.meetings, problem.apart, problem.modes)
    before, after = ranking(problem), ranking(other)
    assert [told(problem, plan)[:4] for plan in before] == [told(other, plan)[:4] for plan in after]


@given(st.randoms(use_true_random=False))
def test_one_more_person_or_slot_never_makes_fewer_come(chance):
    problem = a_problem(chance)
    before = best(problem)
    if before is not None:
        size = len(problem.slots)
        people = [*problem.people, anyhow(*chance.sample(range(size), chance.randint(0, size)))]
        slots = [*problem.slots, slot(chance.randint(0, 40))]
        more = best(Problem(slots, people, problem.meetings, problem.apart, problem.modes))
        assert len(more.come) >= len(before.come)


# --- nothing to choose from ----------------------------------------------------------------------


def test_where_no_set_keeps_the_rules_there_is_no_plan():
    crowded = Problem([slot(day) for day in range(6)], [], 3, apart=3)
    assert best(crowded) is None and ranking(crowded) == [] and most_meetings(crowded) == 2
    one_moment = Problem([slot(0), slot(0)], [anyhow(0, 1)], 2)
    assert best(one_moment) is None and most_meetings(one_moment) == 1
    assert best(Problem([], [], 5)) is None and best(Problem([slot(0)], [], 1, modes=[])) is None


def test_with_nobody_to_ask_the_earliest_dates_are_chosen():
    assert best(Problem([slot(day) for day in (21, 14, 7, 0)], [], 3)).slots == (3, 2, 1)


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.9, 1])
def test_forty_slots_for_hundreds_are_a_matter_of_seconds(share):
    """Far more sets than could be weighed one by one in the time that the tests have: 3.8 million."""
    chance = random.Random(40)
    people = [anyhow(*(n for n in range(40) if chance.random() < share)) for _person in range(200)]
    plans = ranking(Problem([slot(4 * day) for day in range(40)], people, 6))
    assert len(plans) == 5 and not any(plan.breaches for plan in plans)


def test_a_million_sets_that_are_all_equal_are_not_all_looked_at():
    """Twenty evenings with two slots at one moment each: 2²⁰ sets, and nothing to choose by."""
    twins = [slot(7 * (number // 2)) for number in range(40)]
    plans = ranking(Problem(twins, [anyhow(*range(40))] * 30, 20), 2)
    assert [plan.slots for plan in plans] == [tuple(range(0, 40, 2)), (*range(0, 38, 2), 39)]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="cannot end before"):
        Slot(FIRST, FIRST - timedelta(hours=1))
    for wrong in ({"meetings": 0}, {"apart": -1}):
        with pytest.raises(ValueError, match="meeting"):
            Problem([], [], **wrong)
    with pytest.raises(ValueError, match="no slot 1: there are 1"):
        look_at(Problem([slot(0)], []), [0, 1], Mode.ON_SITE)
    with pytest.raises(ValueError, match="one plan"):
        ranking(Problem([slot(0)], []), 0)


# --- the word `plan` -----------------------------------------------------------------------------

GOOD = {"slots": ["2026-11-12T18:00", "2026-11-05T18:00"], "meetings": 2, "available": [[0, 1], [1]]}


@pytest.fixture
def plan(capfd, tmp_path):
    """Run the word `plan` on a file with this content; give the exit code, stdout and stderr."""

    def go(content: object) -> tuple[int, str, str]:
        file = tmp_path / "dates.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        code = cli.main(["plan", str(file)])
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return go


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_word_plans_every_case(plan, number):
    case = CASES[number]
    code, out, _err = plan(case)
    answer = json.loads(out)
    assert code == 0 and set(answer) == {"slots", "all_meetings"}
    come = sum(set(answer["slots"]) <= set(slots) for slots in case["available"])
    assert come == answer["all_meetings"] == case["expected"]["all_meetings"]
    assert look_at(of_case(case), answer["slots"], Mode.ON_SITE).breaches == ()


def test_the_word_tells_slots_in_order_of_time(plan):
    assert json.loads(plan(GOOD)[1]) == {"slots": [1, 0], "all_meetings": 1}
    assert json.loads(plan({**GOOD, "available": []})[1]) == {"slots": [1, 0], "all_meetings": 0}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is not JSON: line 1, column 1: Expecting value."),
        ([GOOD], 'The file must hold one JSON object, with "slots" and "available".'),
        ({**GOOD, "slots": None}, 'The key "slots" must be there and be a list.'),
        ({"slots": [], "meetings": 5}, 'The key "available" must be there and be a list.'),
        ({**GOOD, "slots": ["2026-11-12T18:00"] * 367}, 'The list "slots" is longer than 366.'),
        ({**GOOD, "slots": ["soon"]}, 'Slot 0 must be a date and a time, such as "2026-11-05T18:00".'),
        ({**GOOD, "slots": [5]}, 'Slot 0 must be a date and a time, such as "2026-11-05T18:00".'),
        ({**GOOD, "slots": ["2026-11-05T18:00Z"]}, "Slot 0 must be a local time, without a zone."),
        ({**GOOD, "available": [[0], 1]}, "The availability of person 1 must be a list of slot numbers."),
        ({**GOOD, "available": [[True]]}, "The availability of person 0 must be a list of slot numbers."),
        ({**GOOD, "available": [[2]]}, "Person 0 names slot 2, but there are 2, from 0."),
        ({**GOOD, "slots": [], "available": [[-1]]}, "Person 0 names slot -1, but there are none."),
        ({**GOOD, "available": [[10**20]]}, "Person 0 names slot of so many digits, but there are 2, from 0."),
        ({**GOOD, "meetings": 0}, '"meetings" must be a whole number from 1 to 366.'),
        ({**GOOD, "meetings": None}, '"meetings" must be a whole number from 1 to 366.'),
        ({**GOOD, "min_days_between": -1}, '"min_days_between" must be a whole number from 0 to 366.'),
        (
            {**GOOD, "meetings": 3},
            "There is no set of 3 slots at different times: at most 2 of the 2 slots can be chosen.",
        ),
        (
            {**GOOD, "min_days_between": 8},
            "There is no set of 2 slots with 8 days between them: at most 1 of the 2 slots can be chosen.",
        ),
    ],
)
def test_a_file_that_cannot_be_planned_gets_one_sentence_and_exit_code_2(plan, content, sentence):
    assert plan(content) == (2, "", sentence + "\n")


def test_a_file_that_is_not_there_is_told(capfd, tmp_path):
    assert cli.main(["plan", str(tmp_path / "nowhere.json")]) == 2
    assert "There is no file" in capfd.readouterr().err
