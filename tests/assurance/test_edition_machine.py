"""A year whose dates are planned and planned again while time passes, beside a small model."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from sipvote.db import db, now
from sipvote.editions import rules
from sipvote.editions.models import DATED, Phase
from tests.assurance.machines import Play, plays

# The acts of the year, and from which phase until before which they are possible.
SPANS = {
    "propose": (Phase.THEMES, Phase.REVIEW), "support": (Phase.THEMES, Phase.REVIEW),
    "review": (Phase.THEMES, Phase.VOTE), "prepare_vote": (Phase.REVIEW, Phase.COUNT),
    "vote": (Phase.VOTE, Phase.COUNT), "count": (Phase.VOTE, Phase.GROUPS),
    "form_groups": (Phase.COUNT, Phase.RECOMMENDATIONS), "sign_up": (Phase.SIGNUP, Phase.RECOMMENDATIONS),
    "meet": (Phase.GROUPS, Phase.RECOMMENDATIONS), "write": (Phase.GROUPS, Phase.STOCKTAKE),
}  # fmt: skip


class Year(Play):
    """The model: the ten dates."""

    def begin(self) -> None:
        self.dates = {phase: now() + timedelta(days=10 * n + 5) for n, phase in enumerate(DATED)}
        self.edition = rules.plan(None, 2031, self.dates, {}, None)

    def plan(self, dates: dict[Phase, Any]) -> None:
        moments = [dates[phase] for phase in DATED]
        may = all(earlier < later for earlier, later in pairwise(moments))
        self.does(lambda: rules.plan(self.edition, 2031, dates, {}, None), may)
        if may:
            self.dates = dates

    @rule(phase=st.sampled_from(DATED), days=st.integers(-30, 30))
    def one_date_moves(self, phase: Phase, days: int) -> None:
        self.plan({**self.dates, phase: self.dates[phase] + timedelta(days=days)})

    @rule(phase=st.sampled_from(DATED), days=st.integers(-9, 30))
    def what_follows_moves(self, phase: Phase, days: int) -> None:
        at = DATED.index(phase)
        self.plan({p: d + timedelta(days=days) if n >= at else d for n, (p, d) in enumerate(self.dates.items())})

    @rule(other=st.sampled_from(DATED), phase=st.sampled_from(DATED))
    def one_date_becomes_another(self, phase: Phase, other: Phase) -> None:
        self.plan({**self.dates, phase: self.dates[other]})

    @rule()
    def it_is_made_twice(self) -> None:
        self.does(lambda: rules.plan(None, 2031, self.dates, {}, None), may=False)

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        self.later(timedelta(days=days))

    @rule(phase=st.sampled_from(DATED), seconds=st.integers(-1, 1))
    def a_phase_is_about_to_begin(self, phase: Phase, seconds: int) -> None:
        self.time.move_to(self.dates[phase] + timedelta(seconds=seconds))

    @invariant()
    def the_year_is_as_the_model_says(self) -> None:
        db.session.refresh(self.edition)
        assert {phase: self.edition.begins(phase) for phase in DATED} == self.dates
        begun = [phase for phase in DATED if self.dates[phase] <= now()]
        assert self.edition.phase == (begun[-1] if begun else Phase.AHEAD)
        for act, (first, after) in SPANS.items():
            may = self.dates[first] <= now() < self.dates[after]
            assert rules.allows(self.edition, act) is may
            assert (rules.why_not_now(self.edition, act) is None) is may


@pytest.mark.usefixtures("database")
def test_a_year_does_what_a_model_says() -> None:
    plays(Year)
