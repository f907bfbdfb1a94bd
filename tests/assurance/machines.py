"""What the state machines share: how many steps they take, the clock, and a database that is empty for each play."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import time_machine
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from sipvote import kept
from sipvote.db import Base, db, now
from sipvote.errors import Refused
from tests.tampering import past_triggers

A_PLAY = 25  # steps from one empty database to the next
STEPS = "SIPVOTE_STEPS"  # how many steps each machine takes; the word `prove` asks for many
EXAMPLES = "SIPVOTE_EXAMPLES"  # how many examples each property of a count is tried with


def plays(machine: type[RuleBasedStateMachine], steps: int = 200) -> None:
    """Let a machine take so many steps, or as many as the environment says; always the same ones."""
    steps = int(os.environ.get(STEPS, steps))
    some = settings(
        max_examples=max(steps // A_PLAY, 1), stateful_step_count=A_PLAY, derandomize=True, deadline=None,
        database=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=some)


def empty() -> None:
    """Every table is empty, and nothing is remembered of what stood there."""
    db.session.rollback()
    db.session.expunge_all()
    kept.forget_all()
    with db.engine.begin() as connection, past_triggers(connection):
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


class Play(RuleBasedStateMachine):
    """A play on an empty database, on a clock that goes on only when it is told."""

    def __init__(self) -> None:
        super().__init__()
        empty()
        self.clock = time_machine.travel(now().replace(microsecond=0), tick=False)
        self.time = self.clock.start()
        self.begin()
        db.session.commit()

    def begin(self) -> None:
        """Make the people and things of the play."""

    def teardown(self) -> None:
        self.clock.stop()
        empty()

    def later(self, span: timedelta = timedelta(seconds=1)) -> datetime:
        """Let time pass; give the moment it is then."""
        self.time.shift(span)
        return now()

    def does(self, act: Callable[[], Any], may: bool) -> None:
        """An act is done, and stands, just when the model says that it may be done; else it is refused."""
        with refused() as why:
            act()
            db.session.commit()
        assert bool(why) != may, why or "done, and should have been refused"


@contextmanager
def refused() -> Iterator[list[str]]:
    """Notes the sentence of a refusal."""
    why: list[str] = []
    try:
        yield why
    except Refused as no:
        db.session.rollback()
        why.append(str(no))
