"""The stocktake as plain rows: how far each recommendation was on a day, as it was known at a moment.

Two times stand beside each other: `since`, the day from which something holds, and the moment the service learned
it. A day alone gives what we know today of that day; with `known_at`, what was known then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from ..db import db
from ..decisions.models import Decision, Outcome
from ..i18n import ZONE, in_language, language, names
from ..members.models import City
from ..recommendations.models import (
    Draft,
    LargeTheme,
    Recommendation,
    RecommendationText,
    recommendation_workgroup,
)
from ..themes.models import Theme, ThemeText
from ..workgroups.models import workgroup_city
from .models import Status, StatusChange

PUT_ASIDE = (Status.REJECTED, Status.POSTPONED)


@dataclass(frozen=True, slots=True)
class Row:
    """One numbered recommendation on a day. Names are in one language; "" and None are what is not known.

    `since`: from when it has this status (None: nothing was decided or noted). `done_on`: since when it is done.
    """

    id: int
    year: int
    number: int
    title: str
    theme: str
    group: str
    large_theme: str
    country: str | None  # None: both
    decided_on: date | None
    outcome: Outcome | None
    status: Status
    since: date | None
    done_on: date | None
    postponed_until: date | None


class Change(NamedTuple):
    """A line of a recommendation's history, in the order in which lines count."""

    since: date
    noted_at: datetime
    id: int
    status: Status
    postponed_until: date | None


class Decided(NamedTuple):
    """A published decision, in the order in which decisions count: the last one published."""

    published_at: datetime
    id: int
    decided_on: date
    outcome: Outcome
    postponed_until: date | None


class Standing(NamedTuple):
    """How far a recommendation is."""

    status: Status = Status.NOT_STARTED
    since: date | None = None
    postponed_until: date | None = None
    done_on: date | None = None


def timeline(changes: Sequence[Change]) -> list[Change]:
    """The lines that count, the oldest first: of several with the same `since`, the last one."""
    if len(changes) < 2:  # as most are, of 10,000 that are counted at once
        return list(changes)
    return list({change.since: change for change in sorted(changes)}.values())


def by_decision(last: Change | None, decision: Decided | None) -> Standing | None:
    """What a decision makes of a recommendation whose last line is this one; None when the line holds.

    A decision counts like a change on its day when no line is as young: it rejects or postpones; accepting begins
    anew what was put aside, and leaves the rest alone.
    """
    if decision is None or (last and last.since >= decision.decided_on):
        return None
    if decision.outcome == Outcome.REJECTED:
        return Standing(Status.REJECTED, decision.decided_on)
    if decision.outcome == Outcome.POSTPONED:
        return Standing(Status.POSTPONED, decision.decided_on, decision.postponed_until)
    if last is None or last.status in PUT_ASIDE:
        return Standing(Status.NOT_STARTED, decision.decided_on)
    return None


def standing(changes: Sequence[Change], decision: Decided | None) -> Standing:
    """What holds after these changes and this decision; both are of the day asked for, or before."""
    lines = timeline(changes)
    last = lines[-1] if lines else None
    if decided := by_decision(last, decision):
        return decided
    if last is None:
        return Standing()
    since = last.since
    for line in reversed(lines):
        if line.status != last.status:
            break
        since = line.since
    return Standing(last.status, since, last.postponed_until, since if last.status == Status.DONE else None)


def changes_of(day: date, known_at: datetime | None, *only: Any) -> dict[int, list[Change]]:
    """{recommendation id: its changes} that hold on a day, as known at a moment; one query."""
    of = StatusChange
    columns: tuple[Any, ...] = (of.recommendation_id, of.since, of.noted_at, of.id, of.status, of.postponed_until)
    asked = select(*columns)
    asked = asked.where(of.since <= day, *only, *([of.noted_at <= known_at] if known_at else []))
    found: dict[int, list[Change]] = defaultdict(list)
    for line in db.session.execute(asked):
        found[line[0]].append(Change._make(line[1:]))
    return found


def decisions_of(day: date, known_at: datetime | None, *only: Any) -> dict[int, Decided]:
    """{recommendation id: the decision that counts} on a day, as known at a moment; one query."""
    only = (*only, Decision.decided_on <= day, *([Decision.published_at <= known_at] if known_at else []))
    return dict(_published(*only))


def _published(*only: Any) -> Iterator[tuple[int, Decided]]:
    """(recommendation id, decision) of what was published, the last one last; one query."""
    of = Decision
    columns: tuple[Any, ...] = (of.recommendation_id, of.published_at, of.id, of.decided_on, of.outcome)
    asked = select(*columns, of.postponed_until).where(of.published_at.is_not(None), *only)
    for line in db.session.execute(asked.order_by(of.published_at, of.id)):
        yield line[0], Decided._make(line[1:])


@dataclass(frozen=True, slots=True)
class History:
    """A numbered recommendation with everything that was noted and decided of it; names are in one language.

    `begins`: the day from which it counts when nothing earlier is known of it.
    """

    id: int
    year: int
    number: int
    title: str
    theme: str
    group: str
    large_theme: str
    country: str | None
    begins: date
    created_at: datetime
    withdrawn_at: datetime | None
    changes: Sequence[Change]
    decisions: Sequence[Decided]  # the published ones, as they were published

    def on(self, day: date, known_at: datetime | None = None) -> Row | None:
        """How it was on a day, as known at a moment; None when it did not count yet, or was withdrawn."""
        if self.withdrawn_at and (known_at is None or self.withdrawn_at <= known_at):
            return None
        if known_at and self.created_at > known_at:
            return None
        changes = [line for line in self.changes if line.since <= day and (not known_at or line.noted_at <= known_at)]
        decision = None
        for each in self.decisions:
            if each.decided_on <= day and (not known_at or each.published_at <= known_at):
                decision = each
        if self.begins > day and not changes and not decision:
            return None
        stands = standing(changes, decision)
        return Row(
            self.id, self.year, self.number, self.title, self.theme, self.group, self.large_theme, self.country,
            decision.decided_on if decision else None, decision.outcome if decision else None,
            stands.status, stands.since, stands.done_on, stands.postponed_until,
        )  # fmt: skip


def rows(day: date, known_at: datetime | None = None, code: str | None = None) -> list[Row]:
    """Every numbered recommendation that was there on a day, by year and number; a fixed number of queries.

    `code`: the language of the names, this page's when it is not said.
    """
    return [row for each in histories(code) if (row := each.on(day, known_at))]


def histories(code: str | None = None, ids: Collection[int] | None = None) -> list[History]:
    """Every numbered recommendation, or only these, by year and number; a fixed number of queries."""
    mine = lambda column: () if ids is None else (column.in_(ids),)  # noqa: E731
    with in_language(code or language()):
        changes = changes_of(date.max, None, *mine(StatusChange.recommendation_id))
        decisions: dict[int, list[Decided]] = defaultdict(list)
        for of, decided in _published(*mine(Decision.recommendation_id)):
            decisions[of].append(decided)
        themes, groups = theme_titles(), group_names()
        return [
            History(
                line.id, line.year, line.number, line.title, themes.get(line.theme_id) or line.theme_name,
                groups.get(line.id) or line.group_name, line.large_theme or "", line.country,
                _begins(line), line.created_at, line.withdrawn_at, changes.get(line.id, ()), decisions.get(line.id, ()),
            )
            for line in db.session.execute(_asked().where(*mine(Recommendation.id)))
        ]  # fmt: skip


def _asked() -> Select[Any]:
    here, first = aliased(RecommendationText), aliased(RecommendationText)
    of, large = Recommendation, getattr(LargeTheme, f"name_{language()}")
    title = db.func.coalesce(here.title, first.title, "").label("title")
    columns = (of.id, of.year, of.number, of.theme_id, of.theme_name, of.group_name, of.country, of.created_at,
               of.withdrawn_at, of.draft_id, Draft.adopted_at, title, large.label("large_theme"))  # fmt: skip
    asked: Select[Any] = select(*columns).where(of.number.is_not(None))
    for text, code in ((here, language()), (first, of.original)):
        mine = (text.recommendation_id == of.id, text.language == code, text.replaced_at.is_(None))
        asked = asked.outerjoin(text, db.and_(*mine))
    asked = asked.outerjoin(LargeTheme, LargeTheme.id == of.large_theme_id).outerjoin(Draft, Draft.id == of.draft_id)
    return asked.order_by(of.year, of.number)


def _begins(line: Any) -> date:
    """The day from which a recommendation counts, if nothing was noted of it before: when it was adopted or entered.

    Groups write from November to April. One of before this service counts from the middle of its edition, also when
    it was entered years later.
    """
    day: date = (line.adopted_at or line.created_at).astimezone(ZONE).date()
    return min(day, date(line.year + 1, 1, 1)) if line.draft_id is None else day


def theme_titles() -> dict[int, str]:
    """The titles of the themes that have recommendations, in this language or else the original."""
    used = select(Recommendation.theme_id).where(Recommendation.theme_id.is_not(None))
    asked = select(ThemeText.theme_id, ThemeText.title).join(Theme).where(ThemeText.theme_id.in_(used))
    wanted = ThemeText.language.in_((language(), Theme.original))
    last = db.case((ThemeText.language == language(), 1), else_=0)
    return {line[0]: line[1] for line in db.session.execute(asked.where(wanted).order_by(last))}


def group_names() -> dict[int, str]:
    """The places of the groups that wrote each recommendation: "Gent", "Gent, Brussels"; two queries."""
    name = getattr(City, f"name_{language()}")
    cities: dict[int, list[str]] = defaultdict(list)
    where = select(workgroup_city.c.workgroup_id, name).join(City, City.id == workgroup_city.c.city_id)
    for group_id, city in db.session.execute(where.order_by(City.slug)):
        cities[group_id].append(city)
    places = {group_id: names(found) for group_id, found in cities.items()}
    written: dict[int, list[str]] = defaultdict(list)
    by = recommendation_workgroup.c
    for recommendation_id, group_id in db.session.execute(
        select(by.recommendation_id, by.workgroup_id).order_by(by.recommendation_id, by.workgroup_id)
    ):
        written[recommendation_id].append(places.get(group_id) or _("Online"))
    return {recommendation_id: ", ".join(dict.fromkeys(found)) for recommendation_id, found in written.items()}
