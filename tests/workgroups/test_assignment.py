"""Assignment: who joins which group, and that no other way is better."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.jsonfile import BadFile
from sipvote.voting import lot
from sipvote.workgroups import wishes as files
from sipvote.workgroups.assignment import Group, TooFew, Why, assign
from sipvote.workgroups.mixing import pairs_alike
from sipvote.workgroups.seating import Seating

CASES = json.loads((Path(__file__).parents[1] / "cases" / "assignment.json").read_text())
Outcome = tuple[int | None, ...]


def worth(outcome: Sequence[int | None], wishes: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The number without a place and the sum of ranks: less is better."""
    ranks = [mine.index(group) for mine, group in zip(wishes, outcome, strict=True) if group is not None]
    return len(wishes) - len(ranks), sum(ranks)


def all_best(groups: list[Group], wishes: list[list[int]], keep: bool = False) -> list[Outcome]:
    """Every best outcome, found by trying all."""
    best: tuple[int, int] | None = None
    found: list[Outcome] = []
    for outcome in product(*([*mine, None] for mine in wishes)):
        sizes = Counter(outcome)
        if any(sizes[g] > one.places or (keep and sizes[g] < one.minimum) for g, one in enumerate(groups)):
            continue
        mine = worth(outcome, wishes)
        if best is None or mine < best:
            best, found = mine, []
        if mine == best:
            found.append(outcome)
    return found


def an_instance(chance: random.Random) -> tuple[list[Group], list[list[int]], list[int]]:
    """At most 7 people and 4 groups, some with minima, some without places; and a lot."""
    groups = []
    for _group in range(chance.randint(1, 4)):
        places = chance.randint(0, 3)
        groups.append(Group(places, chance.randint(0, places)))
    most = min(3, len(groups))
    wishes = [chance.sample(range(len(groups)), chance.randint(0, most)) for _ in range(chance.randint(0, 7))]
    return groups, wishes, chance.sample(range(100), len(wishes))


def in_order(wishes: list[list[int]], marks: list[int], outcome: Outcome) -> list[int]:
    """The ranks of the people in the order of the lot."""
    people = sorted(range(len(wishes)), key=lambda person: marks[person])
    ranks = [[*mine, None].index(group) for mine, group in zip(wishes, outcome, strict=True)]
    return [ranks[person] for person in people]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_given_instances_are_solved_in_both_aims(case: Any) -> None:
    groups = [Group(**group) for group in case["groups"]]
    got = assign(groups, case["wishes"])
    assert {"placed": got.placed, "total_rank": got.total_rank} == case["expected"]
    missing, ranks = worth(got.groups, case["wishes"])
    assert (len(case["wishes"]) - missing, ranks) == (got.placed, got.total_rank)
    assert all(times <= groups[g].places for g, times in Counter(got.groups).items() if g is not None)


@pytest.mark.parametrize("seed", range(300))
def test_no_other_outcome_is_better_and_the_lot_decides_among_the_best(seed: int) -> None:
    groups, wishes, marks = an_instance(random.Random(seed))
    best = all_best(groups, wishes)
    got = assign(groups, wishes, lot=marks)
    assert got.groups == min(best, key=lambda outcome: in_order(wishes, marks, outcome))
    assert (len(wishes) - got.placed, got.total_rank) == worth(best[0], wishes)
    sizes = Counter(got.groups)
    assert got.below == tuple(g for g, group in enumerate(groups) if sizes[g] < group.minimum)


@pytest.mark.parametrize("seed", range(300))
def test_with_minima_kept_the_outcome_is_best_or_it_is_said_which_groups_have_too_few(seed: int) -> None:
    groups, wishes, marks = an_instance(random.Random(seed))
    best = all_best(groups, wishes, keep=True)
    if best:
        got = assign(groups, wishes, lot=marks, keep=True)
        assert got.groups == min(best, key=lambda outcome: in_order(wishes, marks, outcome))
        assert got.below == ()
        # Minima never cost a place, only wishes (Mendelsohn and Dulmage, 1958).
        assert got.placed == assign(groups, wishes).placed
        return
    with pytest.raises(TooFew) as fault:
        assign(groups, wishes, keep=True)
    assert fault.value.shortages
    for short in fault.value.shortages:
        assert short.needed == sum(groups[g].minimum for g in short.groups)
        assert short.wishing == sum(any(g in short.groups for g in mine) for mine in wishes) < short.needed


def test_the_random_instances_are_of_every_kind() -> None:
    tried = [an_instance(random.Random(seed)) for seed in range(300)]
    ties = [len(all_best(groups, wishes)) > 1 for groups, wishes, _marks in tried]
    possible = [bool(all_best(groups, wishes, keep=True)) for groups, wishes, _marks in tried]
    assert min(sum(ties), sum(possible), 300 - sum(possible)) > 50


@pytest.mark.parametrize("seed", range(300))
def test_the_reason_is_true(seed: int) -> None:
    groups, wishes, marks = an_instance(random.Random(seed))
    best, got = all_best(groups, wishes), assign(groups, wishes, lot=marks)
    for person, mine in enumerate(wishes):
        rank = [*mine, None].index(got.groups[person])
        better = set(mine[:rank])
        could = any(outcome[person] in better for outcome in best)
        expected = (Why.LOT if could else Why.FULL) if better else (Why.FIRST if mine else Why.NO_WISH)
        assert got.why[person] == expected
        if got.why[person] == Why.FULL:
            assert all(Counter(got.groups)[g] == groups[g].places for g in better)


@pytest.mark.parametrize("seed", range(150))
def test_mixing_keeps_the_best_outcome_and_who_has_a_place_and_leaves_the_rest_to_the_lot(seed: int) -> None:
    chance = random.Random(seed)
    groups, wishes, marks = an_instance(chance)
    traits = [(chance.choice("ab"), chance.choice("xyz")) for _person in wishes]
    best = all_best(groups, wishes)
    by_lot, got = assign(groups, wishes, lot=marks), assign(groups, wishes, lot=marks, traits=traits)
    assert worth(got.groups, wishes) == worth(by_lot.groups, wishes)
    assert [g is None for g in got.groups] == [g is None for g in by_lot.groups]
    pairs = pairs_alike(got.groups, traits)
    assert pairs <= pairs_alike(by_lot.groups, traits)
    apart = [o for o in best if sum(a != b for a, b in zip(o, got.groups, strict=True)) == 2]
    exchanges = [o for o in apart if Counter(o) == Counter(got.groups) and _placed(o) == _placed(got.groups)]
    assert all(pairs_alike(o, traits) >= pairs for o in exchanges)
    seats = Counter(zip(got.groups, traits, strict=True))
    same = [o for o in best if Counter(zip(o, traits, strict=True)) == seats and _placed(o) == _placed(got.groups)]
    assert got.groups == min(same, key=lambda outcome: in_order(wishes, marks, outcome))


def _placed(outcome: Outcome) -> list[bool]:
    return [group is not None for group in outcome]


def test_two_groups_are_mixed_when_that_costs_no_wish() -> None:
    wishes = [[0, 1], [0, 1], [0, 1], [0, 1]]
    traits = [("user", "nl"), ("user", "nl"), ("staff", "fr"), ("staff", "fr")]
    got = assign([Group(2), Group(2)], wishes, traits=traits)
    assert got.groups == (0, 1, 0, 1)
    assert got.why == (Why.FIRST, Why.MIXED, Why.FIRST, Why.LOT)
    assert assign([Group(2), Group(2)], wishes).groups == (0, 0, 1, 1)


def test_no_trait_gives_or_costs_a_place() -> None:
    got = assign([Group(2)], [[0], [0], [0]], lot=[1, 2, 3], traits=[("a",), ("a",), ("b",)])
    assert got.groups == (0, 0, None)


def cheapest(table: list[list[int]]) -> int:
    """The least sum of one entry of each row, no two in one column: the Hungarian method, row by row."""
    rows, columns, owner = [0] * len(table), [0] * len(table[0]), [-1] * len(table[0])
    for row in range(len(table)):
        near, before = dict.fromkeys(range(len(columns)), 10**9), dict[int, int]()
        tree, current, last = dict[int, int](), row, -1  # columns reached, and their rows
        while current >= 0:
            for c in near:
                left = table[current][c] - rows[current] - columns[c]
                if left < near[c]:
                    near[c], before[c] = left, last
            last = min(near, key=lambda c: near[c])
            step = near.pop(last)
            near = {c: left - step for c, left in near.items()}
            rows[row] += step
            for c, its_row in tree.items():
                rows[its_row] += step
                columns[c] -= step
            current = tree[last] = owner[last]
        while last >= 0:
            owner[last] = owner[before[last]] if before[last] >= 0 else row
            last = before[last]
    return sum(table[row][c] for c, row in enumerate(owner) if row >= 0)


@pytest.mark.parametrize("seed", range(25))
def test_medium_instances_agree_with_another_method(seed: int) -> None:
    """One column for each seat, and one for each person to stay out, at 1,000 a person."""
    chance = random.Random(seed)
    liked = [chance.random() ** 2 + 0.02 for _group in range(9)]
    places = [chance.randint(0, 9) for _group in liked]
    draws = [chance.choices(range(9), liked, k=chance.choice([1, 2, 3, 3, 6])) for _person in range(50)]
    wishes = [list(dict.fromkeys(mine)) for mine in draws]
    seats = [g for g, number in enumerate(places) for _seat in range(number)]
    table = [[mine.index(g) if g in mine else 10**6 for g in seats] + [1000] * len(wishes) for mine in wishes]
    got = assign([Group(number) for number in places], wishes)
    assert (len(wishes) - got.placed) * 1000 + got.total_rank == cheapest(table)


@pytest.mark.parametrize("seed", range(30))
def test_the_prices_prove_larger_outcomes_with_minima(seed: int) -> None:
    """Weak duality: whatever the prices, no outcome costs less than this sum."""
    chance = random.Random(seed)
    liked = [chance.random() ** 2 + 0.05 for _group in range(12)]
    draws = [chance.choices(range(12), liked, k=chance.choice([2, 3, 5])) for _person in range(150)]
    wishes = [list(dict.fromkeys(mine)) for mine in draws]
    wished = Counter(group for mine in wishes for group in mine)
    groups = [Group(25, min(12, wished[g] * 2 // 5)) for g in range(12)]
    costs = [{**{g: rank for rank, g in enumerate(mine)}, 12: 1000} for mine in wishes]
    least, most = [*(group.minimum for group in groups), 0], [*(group.places for group in groups), 150]
    seating = Seating(costs, least, most)
    prices = [price - seating.price[-1] for price in seating.price[:-1]]
    bound = sum(min(cost - prices[g] for g, cost in mine.items()) for mine in costs)
    bound += sum(price * (low if price > 0 else high) for price, low, high in zip(prices, least, most, strict=True))
    got = assign(groups, wishes, keep=True)
    assert (150 - got.placed) * 1000 + got.total_rank == bound
    assert got.below == () and all(times <= 25 for g, times in Counter(got.groups).items() if g is not None)


@pytest.mark.parametrize("seed", range(15))
def test_no_exchange_of_two_would_mix_larger_groups_better(seed: int) -> None:
    chance = random.Random(seed)
    wishes = [chance.sample(range(4), 3) if person % 3 else [0, 1, 2, 3] for person in range(36)]
    traits = [(chance.choice("abc"), chance.choice("xy")) for _person in wishes]
    groups = [Group(8)] * 4
    got, by_lot = assign(groups, wishes, traits=traits), assign(groups, wishes)
    pairs = pairs_alike(got.groups, traits)
    assert worth(got.groups, wishes) == worth(by_lot.groups, wishes)
    assert pairs < pairs_alike(by_lot.groups, traits)
    for one, two in combinations((p for p, g in enumerate(got.groups) if g is not None), 2):
        seats = list(got.groups)
        seats[one], seats[two] = seats[two], seats[one]
        if seats[one] in wishes[one] and seats[two] in wishes[two]:
            assert worth(seats, wishes) > worth(got.groups, wishes) or pairs_alike(seats, traits) >= pairs


@st.composite
def instances(draw: st.DrawFn) -> tuple[list[Group], list[list[int]]]:
    places = draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    mine = st.lists(st.integers(0, len(places) - 1), unique=True)
    return [Group(number) for number in places], draw(st.lists(mine, max_size=25))


@given(instances(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_rows_changes_nothing(
    instance: tuple[list[Group], list[list[int]]], chance: random.Random, mixed: bool
) -> None:
    groups, wishes = instance
    marks = [lot.mark("ab" * 32, "314159", person) for person in range(len(wishes))]
    traits = [("nl" if person % 3 else "fr", "user" if person % 2 else "staff") for person in range(len(wishes))]
    rows = list(range(len(wishes)))
    chance.shuffle(rows)
    one = assign(groups, wishes, lot=marks, traits=traits if mixed else None)
    again = assign(
        groups,
        [wishes[row] for row in rows],
        lot=[marks[row] for row in rows],
        traits=[traits[row] for row in rows] if mixed else None,
    )
    assert again.groups == tuple(one.groups[row] for row in rows)
    assert again.why == tuple(one.why[row] for row in rows)


@given(instances(), st.data())
def test_one_person_or_place_more_never_places_fewer(
    instance: tuple[list[Group], list[list[int]]], data: st.DataObject
) -> None:
    groups, wishes = instance
    before = assign(groups, wishes)
    newcomer = data.draw(st.lists(st.integers(0, len(groups) - 1), unique=True))
    assert assign(groups, [*wishes, newcomer]).placed >= before.placed
    wider = [Group(groups[0].places + 1), *groups[1:]]
    after = assign(wider, wishes)
    assert (-after.placed, after.total_rank) <= (-before.placed, before.total_rank)


@given(instances(), st.data())
def test_a_better_mark_in_the_lot_never_hurts(
    instance: tuple[list[Group], list[list[int]]], data: st.DataObject
) -> None:
    groups, wishes = instance
    if not wishes:
        return
    person = data.draw(st.integers(0, len(wishes) - 1))
    before, after = (
        assign(groups, wishes),
        assign(groups, wishes, lot=[p if p != person else -1 for p in range(len(wishes))]),
    )
    ranks = [*wishes[person], None]
    assert ranks.index(after.groups[person]) <= ranks.index(before.groups[person])


def test_a_group_held_to_its_minimum_keeps_those_it_needs_and_says_so() -> None:
    groups, wishes = [Group(3), Group(3, 2)], [[0, 1], [0, 1], [1]]
    assert assign(groups, wishes).below == (1,)
    got = assign(groups, wishes, keep=True)
    assert (got.groups, got.below, got.total_rank) == ((0, 1, 1), (), 1)
    assert got.why == (Why.FIRST, Why.LOT, Why.FIRST)
    alone = assign(groups, [[0, 1], [1]], keep=True)
    assert (alone.groups, alone.why) == ((1, 1), (Why.NEEDED, Why.FIRST))


def test_shortages_that_have_nothing_to_do_with_each_other_are_told_apart() -> None:
    groups = [Group(5, 3), Group(5, 2), Group(5, 2), Group(5, 1)]
    with pytest.raises(TooFew) as fault:
        assign(groups, [[0], [0, 3], [1, 2], [2, 1], [1], [3]], keep=True)
    assert [short.groups for short in fault.value.shortages] == [(0,), (1, 2)]
    assert str(fault.value) == (
        "Group 0 needs at least 3 to join, but 2 wish it. Groups 1, 2 together need at least 4 to join, but 3 wish it."
    )


@pytest.mark.parametrize(
    ("groups", "wishes", "expected"),
    [
        ([], [], ()),
        ([Group(3)], [], ()),
        ([], [[], []], (None, None)),
        ([Group(0)], [[0], []], (None, None)),
        ([Group(1)], [[0]], (0,)),
        ([Group(2), Group(9)], [[0]] * 4, (0, 0, None, None)),
        ([Group(1), Group(1)], [[0, 1], [0]], (1, 0)),
    ],
)
def test_odd_instances_have_an_answer(groups: list[Group], wishes: list[list[int]], expected: Outcome) -> None:
    assert assign(groups, wishes).groups == expected


def test_a_chain_through_a_thousand_groups_is_found() -> None:
    wishes = [[0, 1], *([i, i + 1] for i in range(1, 999)), [1, 0]]
    got = assign([Group(1)] * 1000, wishes)
    assert (got.placed, got.total_rank) == (1000, 998)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"wishes": [[0, 0]]}, "Person 0 wishes a group twice."),
        ({"wishes": [[0], [2]]}, "Person 1 wishes a group that is not there."),
        ({"wishes": [[-1]]}, "Person 0 wishes a group that is not there."),
        ({"groups": [{"places": 2, "minimum": 3}, {"places": 1}]}, "Group 0 needs 3 people but has only 2 places."),
        ({"lot": ["a", "b"]}, "The lot must give each person a mark of their own."),
        ({"lot": ["a", "a", "b"]}, "The lot must give each person a mark of their own."),
        ({"lot": ["a", 1, "b"]}, '"lot" must be a list of texts, or of whole numbers.'),
        ({"traits": [["nl"], ["fr"], ["fr", "x"]]}, "Each person must have the same number of traits."),
        ({"traits": [["nl"]]}, "Each person must have the same number of traits."),
        ({"traits": [[["nl"]], ["fr"], ["nl"]]}, '"traits" must be a list with a list of texts for each person.'),
        ({"wishes": [[True]]}, "The wishes of person 0 must be a list of group numbers."),
        ({"wishes": [[0], "1"]}, "The wishes of person 1 must be a list of group numbers."),
        ({"wishes": 3}, 'The key "wishes" must be there and be a list.'),
        ({"groups": [{}]}, 'Group 0 must be an object with "places".'),
        ({"groups": [{"places": 1}, 4]}, 'Group 1 must be an object with "places".'),
        ({"groups": [{"places": 1.5}]}, '"places" of group 0 must be a whole number from 0 to 1,000,000.'),
        (
            {"groups": [{"places": 1, "minimum": -1}]},
            '"minimum" of group 0 must be a whole number from 0 to 1,000,000.',
        ),
        ({"groups": [{"places": 1}] * 10_001}, "There are more than 10,000 groups."),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_one_sentence(tmp_path: Path, change: Any, sentence: str) -> None:
    file = tmp_path / "wishes.json"
    file.write_text(json.dumps({"groups": [{"places": 2}, {"places": 1}], "wishes": [[0], [0, 1], [0]], **change}))
    with pytest.raises(BadFile) as fault:
        files.assign_file(file)
    assert str(fault.value) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is not JSON: line 1, column 1: Expecting value."),
        (b"[]", 'The file must hold one JSON object, with "groups" and "wishes".'),
        (b"\xff", "The file is not UTF-8 text: byte 1 does not fit."),
        (b'{"groups": NaN}', "The file is not JSON: NaN is not a number."),
        (b'{"groups": [], "groups": []}', "The key 'groups' stands twice in one object."),
        (b"[" * 100_000, "The lists in the file are nested too deeply."),
        (b'{"a": ' + b"9" * 5000 + b"}", "The file holds a number with too many digits."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "wishes.json"
    file.write_bytes(content)
    with pytest.raises(BadFile) as fault:
        files.assign_file(file)
    assert str(fault.value) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path, sentence in [
        (tmp_path / "none.json", "There is no file"),
        (tmp_path, "cannot be read: Is a directory."),
        ("a\0b", "No file can have the name"),
    ]:
        with pytest.raises(BadFile) as fault:
            files.assign_file(path)
        assert sentence in str(fault.value)


def test_the_lot_and_the_traits_of_a_file_are_heeded(tmp_path: Path) -> None:
    file = tmp_path / "wishes.json"
    found = {
        "groups": [{"places": 1, "minimum": 1}],
        "wishes": [[0], [0]],
        "lot": ["f0", "1e"],
        "traits": [["a"], ["b"]],
    }
    file.write_text(json.dumps(found))
    assert files.assign_file(file) == {"groups": [None, 0], "placed": 1, "total_rank": 0}
