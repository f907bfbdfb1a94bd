"""The figures: counted by hand, by chance, and once more as a spreadsheet would from what is exported."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.stocktake import figures
from sipvote.stocktake.models import Status

DONE, ONGOING, REJECTED = Status.DONE, Status.ONGOING, Status.REJECTED
NOT_STARTED, NOT_DONE, POSTPONED = Status.NOT_STARTED, Status.NOT_DONE, Status.POSTPONED


@dataclass(frozen=True)
class Row:
    """As much of a row as is counted."""

    year: int = 2019
    theme: str = "Guidance"
    group: str = "Gent"
    large_theme: str = ""
    country: str | None = None
    decided_on: date | None = None
    status: Status = ONGOING
    done_on: date | None = None


def done_after(*days: int, **values: Any) -> list[Row]:
    decided = date(2020, 6, 1)
    return [
        Row(status=DONE, decided_on=decided, done_on=decided + timedelta(days=d), **values) for d in days
    ]  # fmt: skip


# --- By hand ----------------------------------------------------------------------------------------

TEN = [
    Row(2017, "Ethics", "Brussel", "Working together", "BE", status=DONE),
    Row(2017, "Ethics", "Brussel", "Working together", "BE", status=DONE),
    Row(2017, "Ethics", "Brussel", "Money", None, status=REJECTED),
    Row(2019, "Guidance", "Gent", "Working together", "BE", status=DONE),
    Row(2019, "Guidance", "Gent", "", "BE", status=NOT_STARTED),
    Row(2019, "Guidance", "Paris", "Money", "FR", status=REJECTED),
    Row(2019, "Guidance", "Paris", "Money", "FR", status=ONGOING),
    Row(2020, "Guidance", "Paris", "", "FR", status=POSTPONED),
    Row(2020, "Tools", "Paris", "", None, status=NOT_DONE),
    Row(2020, "Tools", "Paris", "", None, status=DONE),
]


def test_the_execution_rate_is_done_by_all_that_were_not_rejected():
    whole = figures.count(TEN)
    assert (whole.total, whole.done, whole.wanted) == (10, 4, 8)
    assert whole.execution == Fraction(1, 2)
    assert whole.done_of_all == Fraction(2, 5)
    assert whole.statuses == {DONE: 4, REJECTED: 2, NOT_STARTED: 1, ONGOING: 1, POSTPONED: 1, NOT_DONE: 1}


def test_where_everything_was_rejected_there_is_no_execution_rate():
    nothing, rejected = figures.count([]), figures.count([Row(status=REJECTED)])
    assert nothing.execution is None and nothing.done_of_all is None and nothing.share(DONE) == 0
    assert rejected.execution is None and rejected.done_of_all == 0


@pytest.mark.parametrize(
    ("facet", "expected"),
    [
        ("theme", [("Guidance", 5, 1), ("Ethics", 3, 2), ("Tools", 2, 1)]),
        ("year", [(2017, 3, 2), (2019, 4, 1), (2020, 3, 1)]),
        ("group", [("Paris", 5, 1), ("Brussel", 3, 2), ("Gent", 2, 1)]),
        ("large_theme", [("Money", 3, 0), ("Working together", 3, 3), ("", 4, 1)]),
        ("country", [("BE", 4, 3), ("FR", 3, 0), (None, 3, 1)]),
    ],
)
def test_each_facet_divides_the_whole_the_largest_first_and_the_nameless_last(facet, expected):
    lines = figures.lines(TEN, facet)
    assert [(line.key, line.count.total, line.count.done) for line in lines] == expected
    assert [line.share for line in lines] == [Fraction(total, 10) for _key, total, _done in expected]


def test_the_quartiles_are_those_of_a_spreadsheet():
    """QUARTILE.INC of 10, 20, 40, 80 is 17.5, 30 and 50."""
    found = figures.times(done_after(80, 10, 40, 20))
    assert (found.first_quartile, found.median, found.third_quartile) == (Fraction(35, 2), 30, 50)
    assert found.number == 4
    alone = figures.times(done_after(7))
    assert (alone.first_quartile, alone.median, alone.third_quartile) == (7, 7, 7)


def test_a_time_needs_both_days_and_the_decision_first():
    odd = [
        Row(status=DONE, done_on=date(2021, 1, 1)),
        Row(status=DONE, decided_on=date(2021, 1, 1)),
        Row(status=ONGOING, decided_on=date(2020, 1, 1), done_on=date(2021, 1, 1)),
        Row(status=DONE, decided_on=date(2021, 1, 2), done_on=date(2021, 1, 1)),
    ]
    assert figures.times(odd) == figures.Times(0)
    assert figures.times([*odd, *done_after(0)]).number == 1


def test_a_year_in_which_nothing_was_done_stands_in_the_table_too():
    rows = [*done_after(0, 10), *done_after(800), Row(status=DONE), Row(done_on=date(2015, 1, 1))]
    assert figures.done_by_year(rows) == [
        figures.Done(2020, 2, 2), figures.Done(2021, 0, 2), figures.Done(2022, 1, 3)
    ]  # fmt: skip
    assert figures.done_by_year([]) == []


# --- By chance --------------------------------------------------------------------------------------

DAYS = st.none() | st.dates(date(2015, 1, 1), date(2030, 1, 1))
ROWS = st.lists(
    st.builds(
        Row, year=st.integers(2015, 2022), theme=st.sampled_from(["", "A", "B", "C"]),
        group=st.sampled_from(["Gent", "Paris", ""]), large_theme=st.sampled_from(["", "X", "Y"]),
        country=st.sampled_from([None, "BE", "FR"]), decided_on=DAYS, status=st.sampled_from(list(Status)),
        done_on=DAYS,
    ),
    max_size=60,
)  # fmt: skip


@given(ROWS)
def test_the_parts_of_every_facet_are_the_whole(rows):
    seen = figures.figures(rows)
    for facet in figures.FACETS:
        parts = seen.facets[facet]
        assert sum(line.count.total for line in parts) == seen.whole.total == len(rows)
        assert sum(line.share for line in parts) == (1 if rows else 0)
        assert len({line.key for line in parts}) == len(parts)
        for status in Status:
            assert sum(line.count.statuses[status] for line in parts) == seen.whole.statuses[status]


@given(ROWS)
def test_the_rates_lie_between_nothing_and_all_and_the_stricter_one_is_no_higher(rows):
    whole = figures.count(rows)
    assert sum(whole.share(status) for status in Status) == (1 if rows else 0)
    if whole.execution is not None:
        assert whole.done_of_all is not None and 0 <= whole.done_of_all <= whole.execution <= 1


@given(ROWS)
def test_half_took_no_longer_than_the_median(rows):
    found = figures.times(rows)
    days = [d for d in map(figures.days_to_done, rows) if d is not None]
    assert found.number == len(days) == sum(times.number for _year, times in figures.figures(rows).times_by_year)
    if days:
        assert min(days) <= found.first_quartile <= found.median <= found.third_quartile <= max(days)
        assert 2 * sum(d <= found.median for d in days) >= len(days)
        assert 4 * sum(d <= found.first_quartile for d in days) >= len(days)


@given(ROWS)
def test_the_order_of_the_rows_changes_nothing(rows):
    assert figures.figures(rows) == figures.figures(rows[::-1])


@given(ROWS)
def test_what_was_done_by_the_last_year_is_all_that_has_a_day(rows):
    done = figures.done_by_year(rows)
    with_a_day = sum(row.status == DONE and row.done_on is not None for row in rows)
    assert (done[-1].until_then if done else 0) == sum(each.number for each in done) == with_a_day
