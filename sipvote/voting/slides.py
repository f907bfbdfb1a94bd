"""What the screen in the hall shows, slide by slide: which there are, and which is now.

Before the result is published there are four slides at most. Then it is told step by step: the turnout, each
question, how it was decided, who is elected; whoever runs the screen goes on when the hall is ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .result import Line, Outcome, Verdict

ONE_BY_ONE = 8  # of a longer list the last places are shown at once
MOST_LINES = 16  # more could not be read in a hall; the result page has them all
# Which slide belongs to which state of the vote.
NOW = {
    "before": "welcome",
    "open": "vote",
    "paused": "vote",
    "closed": "count",
    "counted": "count",
    "published": "turnout",
}


@dataclass(frozen=True)
class Slide:
    """One slide: its name in the address, its template, and which step of which question it tells."""

    name: str
    kind: str
    question: int | None = None
    step: int = 0


def before_result(has_assembly: bool, has_paper: bool) -> list[Slide]:
    """What there is to show whether or not a result is published."""
    names = ["welcome", *(["check-in"] if has_assembly else []), *(["vote", "count"] if has_paper else [])]
    return [Slide(name, name) for name in names]


def of_result(outcomes: Sequence[Outcome | Verdict]) -> list[Slide]:
    """The published result, step by step."""
    asked = [
        Slide(f"{number + 1}-{place}", kind, number, step)
        for number, outcome in enumerate(outcomes)
        for place, (kind, step) in enumerate([("question", 0), *_told(outcome)])
    ]
    return [Slide("turnout", "turnout"), *asked, Slide("thanks", "thanks")]


def _told(outcome: Outcome | Verdict) -> list[tuple[str, int]]:
    """How the answer to one question is told, as kinds of slides and their steps."""
    if isinstance(outcome, Verdict):
        return [("answer", 0)]
    lot = [("tie", 0), *([("lot", 0)] if outcome.lot else [])] if outcome.report.tied else []
    if not outcome.has_numbers:
        return [("elected", 0), *lot]
    lines = lines_of(outcome)
    if outcome.report.rule == "approval":
        return [*(("bars", shown) for shown in reveals(lines)), *lot]
    # The other rules come to their winners with the lot, if there is one: so it is told before.
    rounds = [("round", step) for step in range(1, len(outcome.told.get("rounds", [])) + 1)]
    together = [("set", 0)] if "sets" in outcome.told else []
    return [*lot, *rounds, *together, ("bars", len(lines))]


def is_lot_told(outcome: Outcome) -> bool:
    """Whether the bars come after the lot, and may show whom it chose."""
    return outcome.lot is not None and outcome.report.rule != "approval"


def lines_of(outcome: Outcome) -> list[Line]:
    """The lines that have room on a slide: the first ones, and whoever is elected or tied."""
    first = enumerate(outcome.lines)
    return [line for place, line in first if place < MOST_LINES or line.is_elected or line.is_tied]


def fresh(lines: Sequence[Line], shown: int) -> Line | None:
    """The line that this step shows for the first time; None where it shows several."""
    steps = [0, *reveals(lines)]
    return lines[-shown] if shown - 1 in steps else None


def reveals(lines: Sequence[Line]) -> list[int]:
    """How many lines are shown, from the last place on, step by step. Who is tied appears together."""
    steps = []
    for shown in range(1, len(lines) + 1):
        place = len(lines) - shown  # of the line that was shown last
        is_amid_tie = place > 0 and lines[place].is_tied and lines[place - 1].is_tied
        if place < ONE_BY_ONE and not is_amid_tie:
            steps.append(shown)
    return steps


def places(lines: Sequence[Line]) -> list[int]:
    """The place of each line; equal ones share it."""
    found: list[int] = []
    for number, line in enumerate(lines):
        is_level = number > 0 and line.approvals == lines[number - 1].approvals
        found.append(found[-1] if is_level else number + 1)
    return found
