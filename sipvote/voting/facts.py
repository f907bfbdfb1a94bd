"""The explanation of a result as a table, a line for each fact: what the page tells, for spreadsheets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from .result import Outcome


@dataclass(frozen=True)
class Fact:
    """`part` is a round or a rule, `about` a theme or a set of themes. A number is told as the least and the most
    that it can be, which mostly are the same; a fraction as it is."""

    outcome: Outcome
    part: str
    about: str
    what: str
    least: float | None = None
    most: float | None = None
    fraction: str | None = None


COLUMNS = [
    (_l("Question"), lambda fact: fact.outcome.question.heading),
    (_l("Round or rule"), lambda fact: fact.part),
    (_l("Themes"), lambda fact: fact.about),
    (_l("Fact"), lambda fact: fact.what),
    (_l("At least"), lambda fact: fact.least),
    (_l("At most"), lambda fact: fact.most),
    (_l("Exactly"), lambda fact: fact.fraction),
]


def facts(outcome: Outcome) -> Iterator[Fact]:
    """Everything that is told of the count of a question."""
    for number, each in enumerate(outcome.told.get("rounds", []), start=1):
        yield from _round(outcome, _("Round %(n)d", n=number), each)
    if "sets" in outcome.told:
        yield from _sets(outcome, outcome.rule_names["pav"], outcome.told["sets"])
    for other in outcome.told.get("others", []):
        for word, options in ((_("elected"), other["elected"] or []), (_("tied"), other["tied"])):
            for option in options:
                yield Fact(outcome, outcome.rule_names[other["rule"]], _title(outcome, option), word)


def _title(outcome: Outcome, option: int) -> str:
    return outcome.question.options[option].title


def _round(outcome: Outcome, part: str, told: dict[str, Any]) -> Iterator[Fact]:
    yield Fact(outcome, part, _title(outcome, told["elected"]), _("wins this round"))
    for line in told["options"]:
        about = _title(outcome, line["option"])
        yield Fact(outcome, part, about, _("Votes"), line["votes"], line["votes"])
        yield Fact(outcome, part, about, _("Have a theme"), *line["served"])
        yield Fact(outcome, part, about, _("Full votes"), *line["counts"])
        if line["cost"]:
            yield Fact(outcome, part, about, _("Each would have paid"), fraction=line["cost"])
    yield Fact(outcome, part, "", _("Members with a theme after it"), *told["represented"])


def _sets(outcome: Outcome, part: str, told: dict[str, Any]) -> Iterator[Fact]:
    winners = ", ".join(_title(outcome, option) for option in outcome.elected)
    yield Fact(outcome, part, winners, _("Members with a theme"), *told["represented"])
    for number, members in enumerate(told["had"] or []):
        what = ngettext("Members with %(num)d theme", "Members with %(num)d themes", number)
        yield Fact(outcome, part, winners, what, members, members)
    if told["worth"]:
        yield Fact(outcome, part, winners, _("Points"), fraction=told["worth"])
    for other in told["next"]:
        about = ", ".join(_title(outcome, option) for option in other["options"])
        yield Fact(outcome, part, about, _("Points"), fraction=other["worth"])
