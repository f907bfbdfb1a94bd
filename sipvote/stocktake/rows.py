"""The stocktake as plain rows: how far each recommendation was on a day, as it was known at a moment.

Two times stand beside each other: `since`, the day from which something holds, and the moment the service learned
it. A day alone gives what we know today of that day; with `known_at`, what was known then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
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
    of = Decision
    columns: tuple[Any, ...] = (of.recommendation_id, of.published_at, of.id, of.decided_on, of.outcome)
    asked = select(*columns, of.postponed_until)
    asked = asked.where(of.published_at.is_not(None), of.decided_on <= day, *only)
    if known_at:
        asked = asked.where(of.published_at <= known_at)
    lines = db.session.execute(asked.order_by(of.published_at, of.id)).all()
    return {line[0]: Decided._make(line[1:]) for line in lines}


def rows(
    day: date, known_at: datetime | None = None, code: str | None = None, ids: Collection[int] | None = None
) -> list[Row]:
    """Every numbered recommendation that was there on a day, by year and number; a fixed number of queries.

    `code`: the language of the names, this page's when it is not said. `ids`: only these.
    """
    mine = lambda column: () if ids is None else (column.in_(ids),)  # noqa: E731
    with in_language(code or language()):
        changes = changes_of(day, known_at, *mine(StatusChange.recommendation_id))
        decisions = decisions_of(day, known_at, *mine(Decision.recommendation_id))
        themes, groups = theme_titles(), group_names()
        found = []
        for line in db.session.execute(_asked(known_at).where(*mine(Recommendation.id))):
            lines, decision = changes.get(line.id, []), decisions.get(line.id)
            if _begins(line, lines, decision) > day:
                continue
            stands = standing(lines, decision)
            found.append(
                Row(
                    line.id, line.year, line.number, line.title, themes.get(line.theme_id) or line.theme_name,
                    groups.get(line.id) or line.group_name, line.large_theme or "", line.country,
                    decision.decided_on if decision else None, decision.outcome if decision else None,
                    stands.status, stands.since, stands.done_on, stands.postponed_until,
                )
            )  # fmt: skip
        return found


def _asked(known_at: datetime | None) -> Select[Any]:
    here, first = aliased(RecommendationText), aliased(RecommendationText)
    of, large = Recommendation, getattr(LargeTheme, f"name_{language()}")
    title = db.func.coalesce(here.title, first.title, "").label("title")
    columns = (of.id, of.year, of.number, of.theme_id, of.theme_name, of.group_name, of.country, of.created_at,
               of.draft_id, Draft.adopted_at, title, large.label("large_theme"))  # fmt: skip
    asked: Select[Any] = select(*columns).where(of.number.is_not(None))
    for text, code in ((here, language()), (first, of.original)):
        mine = (text.recommendation_id == of.id, text.language == code, text.replaced_at.is_(None))
        asked = asked.outerjoin(text, db.and_(*mine))
    asked = asked.outerjoin(LargeTheme, LargeTheme.id == of.large_theme_id).outerjoin(Draft, Draft.id == of.draft_id)
    if known_at:
        asked = asked.where(of.created_at <= known_at, db.or_(of.withdrawn_at.is_(None), of.withdrawn_at > known_at))
    else:
        asked = asked.where(of.withdrawn_at.is_(None))
    return asked.order_by(of.year, of.number)


def _begins(line: Any, changes: Iterable[Change], decision: Decided | None) -> date:
    """The day from which a recommendation counts: when it was adopted or entered, or the first that is known of it.

    Groups write from November to April. One of before this service counts from the middle of its edition, also when
    it was entered years later.
    """
    days = [(line.adopted_at or line.created_at).astimezone(ZONE).date(), *(change.since for change in changes)]
    if decision:
        days.append(decision.decided_on)
    if line.draft_id is None:
        days.append(date(line.year + 1, 1, 1))
    return min(days)


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
