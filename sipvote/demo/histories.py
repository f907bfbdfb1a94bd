"""How far an invented recommendation came, line by line, and what the board said of it."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from ..db import now
from ..decisions.models import Outcome
from ..i18n import ZONE
from ..stocktake.models import Status
from . import ideas

DAY = timedelta(days=1)
STOCKTAKE = date(2022, 5, 16)  # about when everything was looked at together
NEVER_BEGUN, DONE, GIVEN_UP = 0.12, 0.52, 0.1
TAKEN_UP_AGAIN = 0.4  # of what was postponed
LOOKED_AT_LATELY = 0.45  # of what is still open


class Step(NamedTuple):
    """From a day on it has this status."""

    status: Status
    since: date
    until: date | None = None


def history(outcome: Outcome, decided: date, chance: random.Random) -> list[Step]:
    """Everything that happened until today, in order of time."""
    if outcome == Outcome.REJECTED:
        return [Step(Status.REJECTED, decided)]
    steps = [Step(Status.NOT_STARTED, decided)]
    if outcome == Outcome.POSTPONED:
        until = decided + chance.randint(300, 700) * DAY
        steps = [Step(Status.POSTPONED, decided, until)]
        if chance.random() < TAKEN_UP_AGAIN:
            steps += _work(until, chance)
    elif chance.random() >= NEVER_BEGUN:
        steps += _work(decided + chance.randint(40, 300) * DAY, chance)
    today = now().astimezone(ZONE).date()
    steps = [step for step in steps if step.since <= today]
    return sorted([*steps, *_looked_at(steps, today, chance)], key=lambda step: step.since)


def _work(begins: date, chance: random.Random) -> Iterator[Step]:
    """Somebody begins, and finishes it, gives it up, or goes on until today."""
    yield Step(Status.ONGOING, begins)
    drawn = chance.random()
    if drawn < DONE:
        yield Step(Status.DONE, begins + chance.randint(60, 900) * DAY)
    elif drawn < DONE + GIVEN_UP:
        yield Step(Status.NOT_DONE, begins + chance.randint(200, 700) * DAY)


def _looked_at(steps: list[Step], today: date, chance: random.Random) -> Iterator[Step]:
    """What was open in 2022 was looked at then; some of what is open still, in the last months."""
    days = [STOCKTAKE + chance.randint(0, 25) * DAY]
    if chance.random() < LOOKED_AT_LATELY:
        days.append(today - chance.randint(3, 150) * DAY)
    for day in days:
        before = [step for step in steps if step.since < day]
        last = before[-1] if before else None
        if last and last.status == Status.POSTPONED and last.until and last.until < day:
            yield Step(Status.NOT_DONE, day)
        elif last and last.status in (Status.ONGOING, Status.NOT_STARTED, Status.NOT_DONE):
            yield Step(last.status, day)


def rows(recommendation_id: int, steps: list[Step], author: int, chance: random.Random) -> list[dict[str, Any]]:
    """The lines of a history as rows; each was noted some days after it began."""
    today, told = now(), ideas.words()["statuses"]
    made = []
    for step in steps:
        code = chance.choice(("nl", "fr"))
        noted = datetime.combine(step.since + chance.randint(0, 9) * DAY, time(15), ZONE)
        made.append({
            "recommendation_id": recommendation_id, "status": step.status, "since": step.since,
            "postponed_until": step.until, "language": code, "noted_at": min(noted, today), "author_id": author,
            "reason": told[step.status][ideas.LANGUAGES.index(code)],
        })  # fmt: skip
    return made


def reasons(outcome: Outcome, chance: random.Random) -> list[dict[str, str]]:
    """What the board says, by language; with the text that it accepts where that is another one."""
    said = ideas.said(ideas.words()["outcomes"][outcome], chance)
    limited = dict(zip(ideas.LANGUAGES, ideas.words()["limited"], strict=True))
    return [
        {"language": code, "reasons": text, "amended": limited[code] if outcome == Outcome.AMENDED else ""}
        for code, text in said.items()
    ]
