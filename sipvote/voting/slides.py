"""What the screen in the hall shows, slide by slide: which there are, and which is now.

Before the result is published there are four slides at most. Then it is told step by step: the turnout, each
question, how it was decided, who is elected; whoever runs the screen goes on when the hall is ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from .result import Line, Outcome

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


def of_result(outcomes: Sequence[Outcome]) -> list[Slide]:
    """The published result, step by step."""
    asked = [slide for number, outcome in enumerate(outcomes) for slide in _of_question(number, outcome)]
    return [Slide("turnout", "turnout"), *asked, Slide("thanks", "thanks")]


def _of_question(number: int, outcome: Outcome) -> list[Slide]:
    """The steps of one question; where a lot decided, it comes after the count."""
    kinds: list[tuple[str, int]] = [("question", 0)]
    if is_decision(outcome):
        kinds += [("answer", 0)]
    elif not outcome.has_numbers:
        kinds += [("elected", 0)]
    elif outcome.report.rule == "approval":
        kinds += [("bars", count) for count in reveals(lines_of(outcome))]
    else:
        told = range(1, len(outcome.report.elected) + 1) if has_rounds(outcome) else ()
        kinds += [*(("round", step) for step in told), ("bars", len(lines_of(outcome)))]
    if not is_decision(outcome) and outcome.report.tied:
        kinds += [("tie", 0), *([("lot", 0)] if outcome.lot else [])]
    return [Slide(f"{number + 1}-{place}", kind, number, step) for place, (kind, step) in enumerate(kinds)]


def is_decision(outcome: Outcome) -> bool:
    """Whether a question was answered with yes or no."""
    return outcome.question.majority is not None


def has_rounds(outcome: Outcome) -> bool:
    """Whether the rule comes to its outcome in rounds that can be told: no lot is needed."""
    return outcome.report.rule == "phragmen" and not outcome.report.tied


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


def heading(outcome: Outcome) -> str:
    """What was asked."""
    return getattr(outcome.question, "heading", None) or _("Which themes shall we work on?")


def places(lines: Sequence[Line]) -> list[int]:
    """The place of each line; equal ones share it."""
    found: list[int] = []
    for number, line in enumerate(lines):
        is_level = number > 0 and line.approvals == lines[number - 1].approvals
        found.append(found[-1] if is_level else number + 1)
    return found
