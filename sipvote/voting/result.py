"""The result: publishing it, and what its page shows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..members import four_eyes
from ..themes.models import Theme
from ..themes.review import prolong_as_voted
from . import lot, tally
from .checkpoints import name_of
from .counting import (
    elected_themes,
    elections_of,
    final_checkpoint,
    lot_number,
    mark_elected,
    reports_of,
    settlement,
    winners,
)
from .decisions import Decision
from .disclosure import FEWEST_BALLOTS  # with fewer ballots only who was elected is shown
from .explaining import explanation_of
from .models import Election, Kind
from .papers import Paper, PaperOption, PaperQuestion
from .rules import hold, why_not_in_phase

OUTCOMES_SHOWN = 20


def why_not_publish(election: Election) -> str | None:
    """What was counted is published once; a tie need not wait for its lot."""
    if election.counted_at is None:
        return _("The ballots have not been counted yet.")
    if election.published_at:
        return _("The result is published already.")
    return why_not_in_phase(election, "count")


def publish(election: Election, by: int | None) -> None:
    """Make the result public, and mark the themes that are elected for certain."""
    hold(election)
    if why := why_not_publish(election):
        raise Refused(why)
    election.published_at = now()
    mark_elected(election)
    _prolong_adopted(election, by)
    tied = [bool(report.tied) and settlement(election, n) is None for n, report in elections_of(election)]
    audit.record("publish result", name_of(election), by, elected=elected_themes(election), waits_for_a_lot=any(tied))


def counted_when(election: Election) -> str:
    """What names a count: who confirms publishing it confirms this one."""
    return election.counted_at.isoformat() if election.counted_at else ""


def _publish_asked(facts: dict[str, Any], by: int) -> None:
    election = db.session.get(Election, facts["election"])  # a rehearsal may have been swept away since
    if election is None or counted_when(election) != facts.get("counted"):
        raise Refused(_("This is not the count that was looked at when it was asked. Ask for it again."))
    publish(election, by)


def _about_asked(facts: dict[str, Any]) -> str:
    election = db.session.get(Election, facts["election"])
    return str(election.edition) if election else "–"


def _where_asked(facts: dict[str, Any]) -> four_eyes.Place | None:
    election = db.session.get(Election, facts["election"])
    return ("voting_desk.review", {"year": election.edition.year}) if election else None


four_eyes.register(
    "publish result", _l("Publish the result"), "voting.run", _publish_asked, _about_asked, where=_where_asked
)


def _prolong_adopted(election: Election, by: int | None) -> None:
    """Let the themes go on that the members want to go on with."""
    if election.is_rehearsal:
        return
    for question, report in zip(election.questions, reports_of(election), strict=True):
        if question.kind == Kind.PROLONG and isinstance(report, Decision) and report.is_adopted:
            theme = db.session.get_one(Theme, question.theme_id)
            prolong_as_voted(election.edition, theme, question.country, by)


@dataclass(frozen=True)
class Line:
    """One option in the result. `approvals` is None where numbers are not shown."""

    option: PaperOption
    approvals: int | None
    is_elected: bool
    is_tied: bool


@dataclass(frozen=True)
class Outcome:
    """The result of one question: its options from most to least chosen, and the tie, if any.

    `outcomes` are the ways the lot can fall, each as the tied options that would be elected.
    """

    question: PaperQuestion
    report: tally.Report
    lines: list[Line]
    lot: dict[str, Any] | None
    outcomes: list[list[PaperOption]]
    checkpoint: str = ""  # the hash of the final one, which the lot is drawn with
    told: dict[str, Any] = field(default_factory=dict)  # what explaining.py tells of the count

    @property
    def rule_names(self) -> dict[str, str]:
        """What the rules are called on the page: {"approval": …}."""
        return {rule: rule_name(rule, self.question.limit) for rule in tally.RULES}

    @property
    def patterns(self) -> list[list[tuple[int, list[PaperOption]]]]:
        """The ways the lot can fall where only groups can be listed: so many of these themes, so many of those."""
        return [
            [
                (sum(n in outcome for n in group), [self.question.options[n] for n in group])
                for group in self.report.alike
            ]
            for outcome in self.report.ties[:OUTCOMES_SHOWN]
            if self.report.alike
        ]

    @property
    def tied(self) -> list[PaperOption]:
        return [self.question.options[number] for number in self.report.tied]

    @property
    def marks(self) -> list[tuple[str, str, PaperOption]]:
        """The lot worked out: what is hashed for each tied option, its mark, the option; the first drawn first."""
        if self.lot is None:
            return []
        drawn = [(self.checkpoint, self.lot["draw"], lot_number(option)) for option in self.tied]
        rows = ((lot.text(*each), lot.mark(*each), option) for each, option in zip(drawn, self.tied, strict=True))
        return sorted(rows, key=lambda row: row[1])

    @property
    def elected(self) -> list[int]:
        """The numbers of the options that are elected for certain."""
        return sorted(line.option.number for line in self.lines if line.is_elected)

    @property
    def drawn(self) -> list[PaperOption]:
        """The options that the lot chose."""
        return [self.question.options[number] for number in (self.lot or {"options": []})["options"]]

    @property
    def has_numbers(self) -> bool:
        return self.report.ballots >= FEWEST_BALLOTS

    @property
    def is_open_tie(self) -> bool:
        """Whether a lot must still be drawn."""
        return bool(self.report.tied) and self.lot is None


def rule_name(rule: str, limit: int | None) -> str:
    """What a rule is called beside a result; `limit` is how many themes one could choose at most."""
    if rule == "approval" and limit is not None:
        return ngettext("Approval, at most %(num)d mark", "Approval, at most %(num)d marks", limit)
    names = {"approval": _("Approval"), "phragmen": _("Phragmén’s rule"), "pav": _("PAV, Thiele’s rule")}
    return names[rule]


@dataclass(frozen=True)
class Verdict:
    """The result of a question of yes or no. Below `FEWEST_BALLOTS` only the decision is shown."""

    question: PaperQuestion
    decision: Decision

    @property
    def has_numbers(self) -> bool:
        return self.decision.ballots >= FEWEST_BALLOTS

    @property
    def answers(self) -> list[tuple[str, int]]:
        """How often each answer was given, abstentions last."""
        yes, no = (option.title for option in self.question.options)
        return [(yes, self.decision.yes), (no, self.decision.no), (_("Abstained"), self.decision.blank)]


def outcomes(election: Election, paper: Paper) -> list[Outcome | Verdict]:
    """The result as pages show it, question by question."""
    return [
        Verdict(paper.questions[number], report)
        if isinstance(report, Decision)
        else _outcome(election, paper.questions[number], number, report)
        for number, report in enumerate(reports_of(election))
    ]


def _outcome(election: Election, question: PaperQuestion, number: int, report: tally.Report) -> Outcome:
    settled, won, shown = settlement(election, number), winners(election, number), report.ballots >= FEWEST_BALLOTS
    lines = [
        Line(
            option,
            report.approvals[option.number] if shown else None,
            option.number in won,
            option.number in report.tied,
        )
        for option in question.options
    ]
    # Without numbers the order must not tell them either: the elected, then the tied, then the ballot's order.
    lines.sort(key=lambda line: (-(line.approvals or 0), not line.is_elected, not line.is_tied, line.option.number))
    if not report.tied:
        return Outcome(question, report, lines, settled, [], told=explanation_of(election, number))
    tied_only = ([question.options[n] for n in found if n in report.tied] for found in _lots(report))
    told, signed = explanation_of(election, number), final_checkpoint(election)
    return Outcome(question, report, lines, settled, list(tied_only), signed, told)


def _lots(report: tally.Report) -> Iterable[tuple[int, ...]]:
    """The tied outcomes, as many as a page can show."""
    return islice(report.outcomes, OUTCOMES_SHOWN) if (report.outcome_count or 10**9) <= 10_000 else ()
