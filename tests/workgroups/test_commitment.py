"""Do people keep coming, counted from rows; and which counts are not shown."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.workgroups import commitment, hiding
from sipvote.workgroups.commitment import Loss, Row, Stayed, Turnout

BEGIN = datetime(2027, 1, 12, 17, tzinfo=UTC)


def a_group(number, *people, group=1):
    """Rows of one meeting: a letter per person: c(ame), e(xcused), a(bsent), u(nmarked), or - for nobody."""
    said = {"c": (True, False), "e": (None, True), "a": (False, False), "u": (None, False)}
    letters = "".join(people)
    return [Row(group, 100 * group + n, number, *said[letter]) for n, letter in enumerate(letters) if letter != "-"]


class TestByNumber:
    def test_everybody_with_a_place_then_came_excused_themselves_stayed_away_or_was_not_marked(self):
        rows = a_group(1, "cccccccccccc") + a_group(2, "ccccccceeaau")
        assert commitment.by_number(rows) == [Turnout(1, 12, 12, 0, 0), Turnout(2, 12, 7, 2, 2)]
        assert commitment.by_number(rows)[1].unmarked == 1

    def test_who_excused_themselves_and_came_after_all_came(self):
        assert commitment.by_number([Row(1, n, 1, True, True) for n in range(10)]) == [Turnout(1, 10, 10, 0, 0)]

    def test_who_excused_themselves_and_did_not_come_is_excused(self):
        assert commitment.by_number([Row(1, n, 1, False, True) for n in range(10)]) == [Turnout(1, 10, 0, 10, 0)]

    def test_who_joins_after_the_second_meeting_counts_from_then_on(self):
        rows = a_group(1, "cccccccccc--") + a_group(2, "cccccccccc--") + a_group(3, "cccccccccccc")
        assert [t.people for t in commitment.by_number(rows)] == [10, 10, 12]

    def test_a_meeting_without_an_attendance_list_is_left_out(self):
        rows = a_group(1, "c" * 12) + a_group(1, "u" * 11 + "e", group=2) + a_group(2, "u" * 12)
        assert commitment.by_number(rows) == [Turnout(1, 12, 12, 0, 0)]
        assert commitment.stayed(rows, lambda group: True) == Stayed(12, 12, 0, 0)

    def test_numbers_about_fewer_than_ten_people_are_not_given(self):
        rows = a_group(1, "cccccccccc") + a_group(2, "ccccccccc")
        assert [t.number for t in commitment.by_number(rows)] == [1]
        assert commitment.by_number([]) == []


@pytest.mark.parametrize(
    ("seated", "keeps", "came", "excused", "counts"),
    [
        (-1, True, None, False, True),  # had a place the day before
        (0, True, None, False, True),
        (1, True, None, False, False),  # got it the day after
        (1, True, True, False, True),  # but was there, and that was noted
        (None, False, None, False, False),  # waits, or withdrew
        (None, False, True, False, True),  # came, and withdrew later
        (None, False, False, True, True),
        (None, False, None, True, True),
    ],
)
def test_who_counts_at_a_meeting(seated, keeps, came, excused, counts):
    seated_at = None if seated is None else BEGIN + timedelta(days=seated)
    assert commitment.had_place(BEGIN, seated_at, keeps, came, excused) is counts


class TestByPart:
    def test_themes_are_counted_apart_by_number(self):
        rows = a_group(1, "cccccccccccc", group=1) + a_group(1, "cccccceeeeee", group=2)
        found = commitment.by_part(rows, {1: ["guidance"], 2: ["equality"]})
        assert {part: {n: t.came for n, t in t.items()} for part, t in found.items()} == {
            "guidance": {1: 12}, "equality": {1: 6},
        }  # fmt: skip

    def test_a_small_part_takes_the_next_larger_one_with_it(self):
        rows = a_group(1, "c" * 9, group=1) + a_group(1, "c" * 12, group=2) + a_group(1, "c" * 20, group=3)
        found = commitment.by_part(rows, {1: ["a"], 2: ["b"], 3: ["c"]})
        assert {part: sorted(turnouts) for part, turnouts in found.items()} == {"a": [], "b": [], "c": [1]}

    def test_a_group_that_cities_share_counts_in_each(self):
        found = commitment.by_part(a_group(1, "c" * 12), {1: ["nantes", "rennes"]})
        assert found["nantes"] == found["rennes"] == {1: Turnout(1, 12, 12, 0, 0)}


class TestStaying:
    def test_who_came_to_every_meeting_missed_one_or_more(self):
        rows = [row for n in range(1, 4) for row in a_group(n, "cccccc" + ("ccccc" if n < 3 else "aaeeu"))]
        rows += [row for n in range(1, 4) for row in a_group(n, "c" + "aaaaa", group=2)]
        assert commitment.stayed(rows, lambda group: True) == Stayed(17, 7, 5, 5)

    def test_a_late_joiner_stays_by_coming_since_then(self):
        rows = a_group(1, "cccccccccc-") + a_group(2, "ccccccccccc")
        assert commitment.stayed(rows, lambda group: True) == Stayed(11, 11, 0, 0)

    def test_small_counts_are_hidden_with_another_one(self):
        rows = a_group(1, "cccccccccccccccccccc" + "aaa")
        assert commitment.stayed(rows, lambda group: True) == Stayed(23, None, None, 0)

    def test_groups_that_still_meet_and_few_people_are_not_counted(self):
        rows = a_group(1, "c" * 9) + a_group(1, "c" * 30, group=2)
        assert commitment.stayed(rows, lambda group: group == 1) is None


class TestLosses:
    @pytest.mark.parametrize(
        ("last", "found"),
        [("c" * 8 + "a" * 4, []), ("c" * 7 + "a" * 5, [Loss(1, 12, 7)]), ("c" + "e" * 11, [Loss(1, 12, 1)])],
    )
    def test_a_group_that_lost_more_than_a_third_is_named(self, last, found):
        rows = a_group(1, "c" * 12) + a_group(2, last.replace("e", "a"))
        assert commitment.losses(rows) == [loss if loss[2] > 4 else Loss(1, 12, None) for loss in found]

    def test_a_meeting_without_an_attendance_list_says_nothing(self):
        assert commitment.losses(a_group(1, "c" * 12) + a_group(2, "u" * 12)) == []

    def test_a_group_of_four_is_not_judged(self):
        assert commitment.losses(a_group(1, "cccc") + a_group(2, "caaa")) == []


# --- Which counts are hidden ------------------------------------------------------------------------


def one(**counts):
    return hiding.covered({key: (n,) for key, n in counts.items()})


def test_small_counts_are_hidden_and_cannot_be_worked_out():
    assert one(nl=60, fr=20, en=3) == {"en", "fr"}
    assert one(nl=60, fr=4, en=3) == {"en", "fr"}
    assert one(nl=60, fr=20, en=0) == one(nl=5, fr=5, en=5) == one(nl=0) == set()


def test_two_hidden_counts_of_one_would_be_known_so_a_third_is_hidden():
    assert one(nl=60, fr=1, en=1) == {"nl", "fr", "en"}
    assert one(nl=60, fr=20, de=1, en=1) == {"fr", "de", "en"}


def test_a_small_count_that_is_all_there_is_takes_zeros_with_it():
    assert one(nl=3, fr=0, en=0) == {"nl", "fr", "en"}


def test_a_difference_that_is_small_is_hidden_too():
    """Of 60 Dutch speakers 58 have a place: that two wait is not told."""
    nothing, no_first = hiding.covered_in_two({"nl": (60, 58), "fr": (40, 30), "en": (10, 5)})
    assert (nothing, no_first) == (set(), {"nl", "en"})
    nothing, no_first = hiding.covered_in_two({"nl": (60, 60), "fr": (40, 40), "en": (10, 3)})
    assert (nothing, no_first) == ({"fr", "en"}, set())


def test_a_theme_does_not_tell_the_wishes_for_its_only_small_group():
    themes, groups = hiding.covered_within({"a": {1: 20, 2: 3, 3: 9}, "b": {4: 8}})
    assert (themes, groups) == (set(), {2, 3})
    themes, groups = hiding.covered_within({"a": {1: 20}, "b": {2: 3, 3: 0}})
    assert (themes, groups) == ({"a", "b"}, {1, 2, 3})


@given(st.dictionaries(st.integers(0, 8), st.tuples(st.integers(0, 30)), min_size=2))
def test_nothing_that_is_hidden_follows_from_the_total(rows):
    hidden = hiding.covered(rows)
    together = sum(rows[key][0] for key in hidden)
    assert all(n == 0 or n >= 5 for key, (n,) in rows.items() if key not in hidden)
    assert len(hidden) != 1
    assert together == 0 or together >= 5 or hidden == set(rows) or not any(rows[key][0] for key in set(rows) - hidden)


@given(
    st.dictionaries(st.integers(0, 5), st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
)
def test_no_shown_pair_tells_a_small_difference(rows):
    nothing, no_first = hiding.covered_in_two(rows)
    for key, (everybody, some) in rows.items():
        if key not in nothing:
            assert not 0 < some < 5
            assert key in no_first or not 0 < everybody - some < 5
    assert not nothing & no_first
