"""An election from its draft to the published result, with acts in any order, beside a small model."""

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.voting import box, counting, freezing, hours, papers, result, rules, second_word
from sipvote.voting.models import Custody, Envelope
from tests.assurance.machines import Play, plays, refused
from tests.factories import a_member, a_theme, an_edition, an_organiser

VOTERS, OPTIONS = 4, 4
ACTS = st.sampled_from(["open", "open", "close", "extend"])
OFFICIAL = st.integers(0, 1)
FACTS = ("frozen", "opened", "closed", "counted", "published")


class Vote(Play):
    """The model: what has happened, when it ends, what was asked by whom, and each voter's last choices."""

    reached: ClassVar[set[str]] = set()

    def begin(self) -> None:
        self.edition = an_edition(Phase.VOTE, seats=2)
        self.officials = [an_organiser().id, an_organiser().id]
        self.voters = [a_member(f"Voter {n}").id for n in range(VOTERS)]
        for n in range(OPTIONS):
            a_theme(self.edition, f"Theme {n}", admitted_at=now())
        self.election = rules.prepare(self.edition, Custody.SERVER, None, by_hand=True)
        self.done: dict[str, bool] = dict.fromkeys(FACTS, False)
        self.is_paused = False
        self.ends = self.edition.count_at
        self.frozen_at = now()
        self.asked: dict[str, tuple[int, Any]] = {}
        self.votes: dict[int, tuple[int, ...]] = {}

    # The model

    @property
    def is_running(self) -> bool:
        return self.done["opened"] and not self.done["closed"] and now() < self.ends

    def may(self, act: str) -> bool:
        if act == "open":
            return self.done["frozen"] and not self.done["opened"] and now() < self.ends
        if act == "close":
            return self.done["opened"] and not self.done["closed"]
        return self.is_running

    def stands(self, act: str) -> bool:
        if act not in self.asked or not self.done["frozen"]:
            return False
        at = self.asked[act][1]
        return bool(at > now() - timedelta(minutes=15) and at >= self.frozen_at and self.may(act))

    # What organisers do

    @rule(most=st.integers(1, 3))
    def edit(self, most: int) -> None:
        self.later()
        may = not self.done["frozen"] and now() < self.ends
        self.does(lambda: rules.prepare(self.edition, Custody.SERVER, None, most_themes=most, by_hand=True), may)

    @rule()
    def freeze(self) -> None:
        self.later()
        may = not self.done["frozen"] and now() < self.ends
        self.does(lambda: freezing.freeze(self.election, None), may)
        if may:
            self.done["frozen"], self.frozen_at = True, now()

    @rule(sure=st.integers(0, 3))
    def unfreeze(self, sure: int) -> None:
        self.later()
        if sure and not self.done["opened"]:
            return  # most plays get further than this
        may = self.done["frozen"] and not self.done["opened"]
        self.does(lambda: freezing.unfreeze(self.election, None), may)
        if may:
            self.done["frozen"] = False

    @rule(act=ACTS, by=OFFICIAL, more=st.integers(1, 40))
    def ask(self, act: str, by: int, more: int) -> None:
        self.later()
        until = self.ends + timedelta(days=more) if act == "extend" else None
        may = self.may(act) and not self.stands(act) and (until is None or until < self.edition.signup_at)
        self.does(lambda: second_word.ask(self.election, act, self.officials[by], "Because.", until), may)
        if may:
            self.asked[act] = by, now()

    @rule(act=ACTS, by=OFFICIAL)
    def confirm(self, act: str, by: int) -> None:
        self.later()
        if act not in self.asked:
            return
        asked_by, at = self.asked[act]
        may = self.stands(act) and asked_by != by
        until = next((word.until for word in second_word.standing(self.election) if word.act == act), None)
        self.does(lambda: second_word.confirm(self.election, act, at.isoformat(), self.officials[by]), may)
        if may:
            self.confirmed(act, until)

    def confirmed(self, act: str, until: Any) -> None:
        del self.asked[act]
        if act == "extend":
            self.ends = until
        else:
            self.done["opened" if act == "open" else "closed"] = True
            self.is_paused = False

    @rule(act=ACTS, by=OFFICIAL)
    def ask_and_confirm(self, act: str, by: int) -> None:
        self.ask(act, by, 1)
        self.confirm(act, 1 - by)

    @rule(act=ACTS, by=OFFICIAL)
    def take_back(self, act: str, by: int) -> None:
        self.later()
        if act in self.asked:
            at, may = self.asked[act][1], self.stands(act)
            self.does(lambda: second_word.withdraw(self.election, act, at.isoformat(), self.officials[by]), may)
            if may:
                del self.asked[act]

    @rule()
    def pause(self) -> None:
        self.later()
        may = self.is_running and not self.is_paused
        self.does(lambda: hours.pause(self.election, "The lights went out.", None), may)
        self.is_paused = self.is_paused or may

    @rule()
    def resume(self) -> None:
        self.later()
        may = self.is_running and self.is_paused
        self.does(lambda: hours.resume(self.election, None), may)
        self.is_paused = self.is_paused and not may

    @rule(by=OFFICIAL)
    def goes_on(self, by: int) -> None:
        """The next act of the ordinary course."""
        nexts = {
            "frozen": self.freeze, "opened": lambda: self.ask_and_confirm("open", by),
            "closed": lambda: self.ask_and_confirm("close", by), "counted": self.count, "published": self.publish,
        }  # fmt: skip
        nexts[next((fact for fact in FACTS if not self.done[fact]), "published")]()
        self.reached.update(fact for fact in FACTS if self.done[fact])

    # Members, and the clock

    @rule(who=st.integers(0, VOTERS - 1), choices=st.sets(st.integers(0, OPTIONS - 1), max_size=3), twice=st.booleans())
    def vote(self, who: int, choices: set[int], twice: bool) -> None:
        self.later()
        mine = tuple(sorted(choices))
        may = self.is_running and not self.is_paused
        paper = papers.of(self.election)
        db.session.rollback()
        for _time in range(2 if twice else 1):
            with refused() as why:
                assert paper is None or rules.cast(paper, self.voters[who], (mine,))
            assert (bool(why) or paper is None) != may
        if may:
            self.votes[who] = mine

    @rule(span=st.sampled_from([timedelta(minutes=4), timedelta(minutes=20), timedelta(days=1), timedelta(days=8)]))
    def time_passes(self, span: timedelta) -> None:
        self.later(span)

    @rule()
    def worker_comes_by(self) -> None:
        self.later()
        for election in hours.in_progress():
            hours.keep_time(election)
        db.session.commit()
        if self.done["opened"] and not self.done["closed"] and now() >= self.ends:
            self.done["closed"], self.is_paused = True, False

    # The count

    @rule()
    def count(self) -> None:
        self.later()
        may = self.done["closed"] and not self.done["counted"] and now() < self.edition.groups_at
        self.does(lambda: counting.count(self.election, [], None), may)
        self.done["counted"] = self.done["counted"] or may
        if may:
            (report,) = counting.reports_of(self.election)
            marks = Counter(option for choices in self.votes.values() for option in choices)
            assert list(report.approvals) == [marks[option] for option in range(OPTIONS)]
            assert (report.ballots, report.blank) == (len(self.votes), sum(not each for each in self.votes.values()))

    @rule()
    def publish(self) -> None:
        self.later()
        may = self.done["counted"] and not self.done["published"] and now() < self.edition.groups_at
        self.does(lambda: result.publish(self.election, None), may)
        self.done["published"] = self.done["published"] or may

    # What always holds

    @invariant()
    def the_election_is_as_the_model_says(self) -> None:
        found = {fact: getattr(self.election, f"{fact}_at") is not None for fact in FACTS}
        assert found == self.done
        assert self.election.closes_at == self.ends
        assert (self.election.paused_at is not None) == self.is_paused
        assert (self.election.is_open, self.election.is_paused) == (
            self.is_running and not self.is_paused, self.is_running and self.is_paused,
        )  # fmt: skip
        assert (
            box.turnout(self.election.id)
            == len(self.votes)
            == db.session.scalar(select(func.count(Envelope.member_id.distinct())))
        )
        assert {word.act for word in second_word.standing(self.election)} == {a for a in self.asked if self.stands(a)}


@pytest.mark.usefixtures("database")
def test_an_election_does_what_a_model_says() -> None:
    plays(Vote)
    assert Vote.reached == set(FACTS)  # the plays are long enough to see it all
