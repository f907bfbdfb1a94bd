"""The stations of a thread: what happened, what goes on, and what is still to come, edition by edition."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..db import now
from ..decisions.models import Decision, FollowUp, Outcome
from ..editions.models import Phase
from ..stocktake.models import Status
from ..stocktake.rows import Standing
from ..themes.models import Theme
from ..voting import counting
from ..voting.decisions import Decision as Verdict
from ..voting.disclosure import FEWEST_BALLOTS
from ..voting.models import Election
from ..voting.models import Kind as QuestionKind
from ..workgroups.commitment import PEOPLE_AT_LEAST
from ..workgroups.models import Workgroup
from . import reading
from .reading import Recommendation


@dataclass(frozen=True)
class Vote:
    """What the vote gave: approvals of so many ballots; only who is elected where there were few."""

    approvals: int | None
    ballots: int


@dataclass(frozen=True)
class Group:
    """A group, with how many people it has, and which share came where there are enough not to know who did not."""

    group: Workgroup
    people: int
    attendance: float | None

    @property
    def begins(self) -> datetime | None:
        return min((m.starts_at for m in self.group.meetings), default=None)

    @property
    def ends(self) -> datetime | None:
        return max((m.ends_at for m in self.group.meetings), default=None)


@dataclass(frozen=True)
class Line:
    """One recommendation on its way: who wrote it, what the board decided, what that started, how far it is."""

    recommendation: Recommendation
    groups: list[Workgroup]
    places: str
    decision: Decision | None
    follow_ups: list[tuple[FollowUp, int | None]]
    standing: Standing | None

    @property
    def is_late(self) -> bool:
        """Whether it should have been done by now."""
        due = self.decision.due if self.decision else None
        open_ones = (None, Status.NOT_STARTED, Status.ONGOING)
        return bool(due and due < now().date() and (self.standing.status if self.standing else None) in open_ones)


@dataclass(frozen=True)
class Part:
    """A theme in one edition, and what came of it there."""

    theme: Theme
    supporters: int
    vote: Vote | None
    is_counted: bool
    verdict: Verdict | None
    groups: list[Group]
    drafts: Sequence[Any]
    lines: list[Line]
    submitted_at: datetime | None

    @property
    def ended(self) -> str:
        """Why the thread ends before groups are made: "declined", "left out", "not elected", or nothing."""
        theme, phase = self.theme, list(Phase).index(self.theme.edition.phase)
        if theme.declined_at:
            return "declined"
        if theme.has_groups:
            return ""
        if theme.admitted_at is None and phase >= list(Phase).index(Phase.VOTE):
            return "left out"
        return "not elected" if self.is_counted else ""

    @property
    def published_at(self) -> datetime | None:
        """When the first of its drafts was published."""
        return min((d.published_at for d in self.drafts if d.published_at), default=None)

    @property
    def remarks_until(self) -> datetime | None:
        """Until when members may remark, while they may."""
        ends = [d.remarks_until for d in self.drafts if d.remarks_until and d.remarks_until > now()]
        return max(ends, default=None)

    @property
    def adopted_at(self) -> datetime | None:
        """When the last of its drafts was adopted, once all are."""
        moments = [d.adopted_at for d in self.drafts]
        return max(moments) if moments and all(moments) else None

    @property
    def people(self) -> int:
        return sum(group.people for group in self.groups)

    @property
    def outcomes(self) -> list[tuple[Outcome, int]]:
        """How often the board decided what."""
        found = Counter(line.decision.outcome for line in self.lines if line.decision)
        return [(outcome, found[outcome]) for outcome in Outcome if found[outcome]]

    @property
    def undecided(self) -> int:
        return sum(line.decision is None for line in self.lines)

    @property
    def decided_on(self) -> tuple[date, date] | None:
        """The first and the last day on which the board decided."""
        days = [line.decision.decided_on for line in self.lines if line.decision and line.decision.decided_on]
        return (min(days), max(days)) if days else None

    @property
    def statuses(self) -> list[tuple[Status, int]]:
        found = Counter(line.standing.status for line in self.lines if line.standing)
        return [(status, found[status]) for status in Status if found[status]]

    @property
    def last_change(self) -> date | None:
        return max((line.standing.since for line in self.lines if line.standing and line.standing.since), default=None)

    def state(self, station: str) -> str:
        """Where a station stands: "done", "now", "later" (not yet), or "missed" (its time is over without it)."""
        is_due = {
            "vote": Phase.VOTE, "groups": Phase.GROUPS, "recommendations": Phase.RECOMMENDATIONS,
            "board": Phase.DECISIONS, "done": Phase.STOCKTAKE,
        }[station]  # fmt: skip
        has_some, has_all = {
            "vote": (self.is_counted, self.is_counted),
            "groups": (bool(self.groups), bool(self.groups) and all(g.group.is_over for g in self.groups)),
            "recommendations": (bool(self.lines), bool(self.lines) and bool(self.submitted_at or not self.drafts)),
            "board": (bool(self.outcomes), bool(self.outcomes) and not self.undecided),
            "done": (bool(self.last_change), self._is_settled),
        }[station]
        if has_all:
            return "done"
        edition = self.theme.edition
        if has_some:
            return "now" if station != "groups" or edition.groups_at <= now() else "later"
        ends = edition.ends(is_due)
        is_over = ends is not None and ends <= now()
        if station in ("board", "done") and self.state("recommendations") == "missed":
            return "missed"
        return "missed" if is_over else "now" if edition.begins(is_due) <= now() and station == "vote" else "later"

    def expected(self, phase: str) -> datetime | None:
        """From when something is expected, while that is still to come."""
        begins = self.theme.edition.begins(Phase(phase))
        return begins if begins > now() else None

    @property
    def _is_settled(self) -> bool:
        """Whether nothing is left to do: each recommendation was done, rejected, or given up."""
        over = {Status.DONE, Status.NOT_DONE, Status.REJECTED}
        return bool(self.lines) and all(line.standing and line.standing.status in over for line in self.lines)


def thread_of(theme_id: int) -> list[Part]:
    """The parts of the thread that a theme belongs to, in the order of their editions; [] for no theme."""
    themes = [theme for theme in reading.chain_of(theme_id) if not theme.withdrawn_at]
    ids, editions = [t.id for t in themes], [t.edition_id for t in themes]
    supporters, elections = reading.supporters_of(ids), reading.elections_of(editions)
    votes, verdicts = _votes(themes, elections)
    groups, drafts, bundles = _groups(ids), reading.drafts_of(ids), reading.bundles_of(editions)
    lines = _lines(ids, {group.group.id: group.group for own in groups.values() for group in own})
    return [
        Part(
            theme, supporters.get(theme.id, 0), votes.get(theme.id), theme.edition_id in elections,
            verdicts.get((theme.edition_id, theme.prolonged_from_id or 0)), groups.get(theme.id, []),
            drafts.get(theme.id, []), lines.get(theme.id, []), bundles.get(theme.edition_id),
        )
        for theme in themes
    ]  # fmt: skip


def _votes(
    themes: Sequence[Theme], elections: dict[int, Election]
) -> tuple[dict[int, Vote], dict[tuple[int, int], Verdict]]:
    """What each theme got on a ballot; and whether members wanted one to go on, by edition and the theme before."""
    questions = reading.questions_of([e.id for e in elections.values()])
    numbers = reading.options_of([theme.id for theme in themes])
    votes, verdicts = {}, {}
    for edition_id, election in elections.items():
        for question, report in zip(questions[election.id], counting.reports_of(election), strict=False):
            if isinstance(report, Verdict):
                if question.kind == QuestionKind.PROLONG and question.theme_id:
                    verdicts[edition_id, question.theme_id] = report
                continue
            for theme in themes:
                number = numbers.get((question.id, theme.id))
                if number is not None:
                    shown = report.approvals[number] if report.ballots >= FEWEST_BALLOTS else None
                    votes[theme.id] = Vote(shown, report.ballots)
    return votes, verdicts


def _groups(theme_ids: Sequence[int]) -> dict[int, list[Group]]:
    found: dict[int, list[Group]] = {}
    groups = reading.groups_of(theme_ids)
    ids = [group.id for group in groups]
    people, attendance = reading.people_in(ids), reading.attendance_of(ids)
    for group in groups:
        came = attendance.get(group.id)
        share = came.came / came.expected if came and came.people >= PEOPLE_AT_LEAST else None
        found.setdefault(group.theme_id, []).append(Group(group, people.get(group.id, 0), share))
    return found


def _lines(theme_ids: Sequence[int], groups: dict[int, Workgroup]) -> dict[int, list[Line]]:
    by_theme = reading.recommendations_of(theme_ids)
    ids = [each.id for own in by_theme.values() for each in own]
    wrote, decisions = reading.groups_who_wrote(ids), reading.decisions_of(ids)
    started, standings = reading.follow_ups_of(ids), reading.statuses_of(ids)
    place = {id: group.place for id, group in groups.items()}

    def line(each: Recommendation) -> Line:
        own = [id for id in wrote.get(each.id, []) if id in groups]
        return Line(
            each, [groups[id] for id in own], ", ".join(place[id] for id in own), decisions.get(each.id),
            started.get(each.id, []), standings.get(each.id),
        )  # fmt: skip

    return {theme_id: [line(each) for each in own] for theme_id, own in by_theme.items()}
