"""Signing up, waiting, offers, moved dates and more or fewer places, in any order, beside a small model."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import select

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.workgroups import forming, moving, offers, rules, seats
from sipvote.workgroups.models import Signup
from tests.assurance.machines import Play, plays
from tests.factories import a_group, a_member, an_edition

PEOPLE = 6
WHO = st.integers(0, PEOPLE - 1)
HOURS = st.sampled_from([1, 6, 30, 80, 200])


class Seats(Play):
    """The model: who has a place, to whom one is kept until when, and who waits, in order."""

    def begin(self) -> None:
        self.edition = an_edition(Phase.SIGNUP)
        self.group = a_group(self.edition, places=2)
        self.people = [a_member(f"Person {n}") for n in range(PEOPLE)]
        self.places = 2
        self.seated: set[int] = set()
        self.kept: dict[int, Any] = {}
        self.waiting: list[int] = []

    # The model

    @property
    def free(self) -> int:
        return self.places - len(self.seated) - len(self.kept)

    def starts(self) -> list[Any]:
        return sorted(m.starts_at for m in self.group.meetings)

    def ahead(self) -> list[Any]:
        return [at for at in self.starts() if at > now()]

    def pass_on(self) -> None:
        """A free place goes to the first who waits, until the second meeting begins."""
        begun = len(self.starts()) - len(self.ahead())
        while self.waiting and self.free > 0 and begun < 2 and self.ahead():
            until = min(now() + timedelta(days=self.edition.accept_days), self.ahead()[0])
            self.kept[self.waiting.pop(0)] = until

    def forget(self, who: int) -> None:
        self.seated.discard(who)
        self.kept.pop(who, None)
        if who in self.waiting:
            self.waiting.remove(who)
        self.pass_on()

    def signup(self, who: int) -> Signup | None:
        return rules.signup_of(self.people[who].id, self.group)

    def is_in(self, who: int) -> bool:
        return who in self.seated or who in self.kept or who in self.waiting

    # What people do

    @rule(who=WHO)
    def signs_up(self, who: int) -> None:
        self.later()
        may = self.is_in(who) or self.starts()[0] > now()
        keys = {m.key for m in seats.ahead(self.group)}
        self.does(lambda: rules.sign_up(self.people[who], self.group, keys), may)
        if may and not self.is_in(who):
            self.pass_on()
            if self.free > 0:
                self.seated.add(who)
            else:
                self.waiting.append(who)

    @rule(who=WHO)
    def withdraws(self, who: int) -> None:
        self.later()
        if (signup := self.signup(who)) is None:
            return
        may = self.is_in(who) and max(m.ends_at for m in self.group.meetings) > now()
        self.does(lambda: rules.withdraw(signup), may)
        if may:
            self.forget(who)

    @rule(who=WHO)
    def accepts(self, who: int) -> None:
        self.later()
        if (signup := self.signup(who)) is None:
            return
        kept = who in self.kept and self.kept[who] > now() and bool(self.ahead())
        keys = {m.key for m in self.group.meetings}
        self.does(lambda: offers.accept(signup, keys), kept or who in self.seated)
        if kept:
            del self.kept[who]
            self.seated.add(who)

    @rule(who=WHO)
    def declines(self, who: int) -> None:
        self.later()
        if (signup := self.signup(who)) is None:
            return
        may = who in self.kept
        self.does(lambda: offers.decline(signup), may)
        if may:
            self.forget(who)

    # What the clock, the worker and the organisers do

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.later(timedelta(hours=hours))

    @rule()
    def worker_comes_by(self) -> None:
        self.later()
        late = sorted((until, who) for who, until in self.kept.items() if until <= now())
        for signup in offers.lapsed():
            offers.lapse(signup)
        db.session.commit()
        for _until, who in late:
            self.forget(who)

    @rule(places=st.integers(1, 4))
    def places_change(self, places: int) -> None:
        self.later()
        group = self.group
        plan = forming.Plan(
            theme=group.theme, cities=group.cities, mode=group.mode, languages=group.spoken, places=places,
            facilitators=[], venue=group.venue, video_url=group.video_url,
            starts=[m.starts_at for m in group.meetings], hours=self.edition.meeting_hours,
        )  # fmt: skip
        may = places >= len(self.seated) + len(self.kept) and now() < self.edition.recommendations_at
        self.does(lambda: forming.change(group, plan, None), may)
        if may:
            self.places = places
            self.pass_on()

    @rule(which=st.integers(0, 4), days=st.integers(-12, 12))
    def meeting_moves(self, which: int, days: int) -> None:
        self.later()
        meeting, length = self.group.meetings[which], timedelta(hours=self.edition.meeting_hours)
        start = meeting.starts_at + timedelta(days=days)
        others = [at for at in self.starts() if at != meeting.starts_at]
        window = self.edition.groups_at <= start and start + length <= self.edition.recommendations_at
        may = meeting.starts_at > now() and start > now() and days != 0 and window and start not in others
        self.does(
            lambda: moving.move(self.group, meeting, start, None), may and now() < self.edition.recommendations_at
        )
        if may:
            db.session.refresh(self.group, ["meetings"])
            first = self.ahead()[0]
            self.kept = {who: min(until, first) for who, until in self.kept.items()}

    # What always holds

    @invariant()
    def the_group_is_as_the_model_says(self) -> None:
        rows = db.session.scalars(select(Signup).where(Signup.withdrawn_at.is_(None))).all()
        number = {person.id: n for n, person in enumerate(self.people)}
        taken = [row.seat for row in rows if row.seat is not None]
        assert len(taken) == len(set(taken)) <= self.places and all(1 <= seat <= self.places for seat in taken)
        assert {number[row.member_id] for row in rows if row.has_place} == self.seated
        assert {number[row.member_id]: row.confirm_by for row in rows if row.is_offered} == self.kept
        assert [number[row.member_id] for row in rules.waiting_list(self.group)] == self.waiting
        assert len(rows) == len(self.seated) + len(self.kept) + len(self.waiting)


@pytest.mark.usefixtures("database")
def test_places_and_waiting_lists_are_as_a_model_says() -> None:
    plays(Seats)
