"""Some 250 invented recommendations of the five cycles since 2015, with what the board decided and what was done.

The editions of 2017, 2019 and 2020, their themes and their groups are real; those of 2015 and 2016 are not known, and
the names of their themes say that they are invented. Written in bulk, by chance of its own.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..decisions.models import Decision, DecisionText, Outcome
from ..editions.models import Edition
from ..i18n import ZONE
from ..members.models import Member, Profile
from ..recommendations.models import (
    Draft,
    LargeTheme,
    Recommendation,
    RecommendationText,
    recommendation_workgroup,
)
from ..recommendations.publishing import end_of
from ..stocktake import publishing
from ..stocktake.models import PublishedStocktake, StatusChange
from ..themes import rules as themes
from ..workgroups.models import Workgroup
from . import handed_over, histories, ideas
from .ideas import Idea
from .people import CHLOE, member_of, organiser

CHANCE = 2015
OLD = {2015: 40, 2016: 43}  # recommendations, together for the themes of the year
OF_A_GROUP = {2017: 12, 2019: 7, 2020: 7}
WITH_DRAFTS = (2019, 2020)
OUTCOMES = {Outcome.ACCEPTED: 62, Outcome.AMENDED: 16, Outcome.REJECTED: 13, Outcome.POSTPONED: 9}
DAY = timedelta(days=1)
DUE_SINCE = date(2020, 1, 1)  # the lists of the first years knew no due dates
ADOPTED_AFTER = 39 * DAY  # on a Friday
PUBLISHED = date(2022, 6, 30)


@dataclass
class Source:
    """Who recommended something: a group of an edition, or a theme of the years that are not known."""

    year: int
    subjects: str
    number: int
    large: str
    at: datetime  # when it was adopted
    decided_on: date
    country: str | None = None
    theme_name: str = ""
    group_name: str = ""
    group: Workgroup | None = None
    draft: Draft | None = None

    @property
    def written(self) -> datetime:
        """When its words were written: of a draft the day before it was published."""
        return self.draft.published_at - DAY if self.draft and self.draft.published_at else self.at

    @property
    def author(self) -> int | None:
        """Who wrote them down for a group with a draft."""
        return self.group.facilitators[0].id if self.draft and self.group and self.group.facilitators else None


@dataclass
class Made:
    """One recommendation to be written down."""

    source: Source
    number: int
    idea: Idea
    original: str
    id: int = 0
    repeats: "Made | None" = field(default=None, repr=False)


def plant() -> None:
    """Write all of them down, and publish two stocktakes."""
    chance = random.Random(CHANCE)
    large = _large_themes()
    made = _invent([*_old(), *_of_groups()], chance)
    _write(made, large)
    _word(made, chance)
    db.session.expire_all()
    handed_over.plant(WITH_DRAFTS)
    _decide(made, chance)
    db.session.flush()
    _publish(PUBLISHED)


def _large_themes() -> dict[str, int]:
    rows = {key: LargeTheme(name_nl=nl, name_fr=fr, name_en=en) for key, (nl, fr, en) in ideas.words()["large"].items()}
    db.session.add_all(rows.values())
    db.session.flush()
    return {key: row.id for key, row in rows.items()}


# --- Who recommended --------------------------------------------------------------------------------


def _old() -> Iterator[Source]:
    """The two years of which neither themes nor groups are known."""
    for year, facts in ((int(year), facts) for year, facts in ideas.words()["old"].items()):
        shares = _shares(OLD[year], len(facts))
        for (key, told), number in zip(facts.items(), shares, strict=True):
            yield Source(
                year, told.get("subjects", key), number, told["large"], _at(date(year + 1, 5, 12)),
                date(year + 1, 6, 15), told.get("country", "BE"), told["name"], told["group"],
            )  # fmt: skip


def _shares(number: int, parts: int) -> list[int]:
    """Nearly the same for each; the first ones have one more."""
    return [number // parts + (n < number % parts) for n in range(parts)]


def _of_groups() -> Iterator[Source]:
    """The groups of the real editions."""
    asked = select(Workgroup).join(Edition).where(Edition.year.in_(OF_A_GROUP)).order_by(Edition.year, Workgroup.id)
    loaded = asked.options(selectinload(Workgroup.theme), selectinload(Workgroup.edition))
    for group in sorted(db.session.scalars(loaded), key=_place):
        year, key = group.edition.year, ideas.key_of(group.theme)
        adopted = group.edition.recommendations_at + ADOPTED_AFTER
        decided = group.edition.decisions_at.astimezone(ZONE).date() + 25 * DAY
        countries = sorted({city.country for city in group.cities})
        country = countries[0] if len(countries) == 1 else group.theme.prolonged_country
        draft = _draft(group) if year in WITH_DRAFTS else None
        yield Source(
            year, key, OF_A_GROUP[year], ideas.large_of(key), adopted, decided, country, group=group, draft=draft
        )


def _place(group: Workgroup) -> tuple[int, int, int]:
    """In the order in which a bundle numbers: by year, and the themes as they stand in the year."""
    order = [theme.id for theme in themes.of_the_year(group.edition)]
    return group.edition.year, order.index(group.theme_id), group.id


def _draft(group: Workgroup) -> Draft:
    """The text of a group: open for remarks for a month, then adopted."""
    begins = group.edition.recommendations_at
    draft = Draft(
        edition=group.edition, theme=group.theme, groups=[group], created_at=group.meetings[1].ends_at,
        published_at=begins, remarks_until=end_of(begins + 30 * DAY), adopted_at=begins + ADOPTED_AFTER,
    )  # fmt: skip
    db.session.add(draft)
    return draft


def _at(day: date) -> datetime:
    return datetime.combine(day, time(12), ZONE)


# --- What they recommended --------------------------------------------------------------------------


def _invent(sources: Sequence[Source], chance: random.Random) -> list[Made]:
    """Ideas for each, none twice in a year; what an earlier year asked as well is its repeat."""
    made: list[Made] = []
    last: dict[Idea, Made] = {}
    for year in sorted({source.year for source in sources}):
        this_year: list[Made] = []
        for source in (source for source in sources if source.year == year):
            for idea in ideas.some(source.subjects, source.number, chance, [each.idea for each in this_year]):
                spoken = source.group.spoken[0] if source.group else "fr"
                this_year.append(Made(source, len(this_year) + 1, idea, spoken, repeats=last.get(idea)))
        last |= {each.idea: each for each in this_year}
        made += this_year
    return made


def _write(made: Sequence[Made], large: dict[str, int]) -> None:
    """The recommendations, each with its number, and the groups that wrote them."""
    db.session.flush()
    nth: dict[int, int] = {}
    rows = []
    for each in made:
        source = each.source
        nth[id(source)] = nth.get(id(source), 0) + 1
        rows.append({
            "year": source.year, "number": each.number, "draft_id": source.draft.id if source.draft else None,
            "position": nth[id(source)], "theme_id": source.group.theme_id if source.group else None,
            "theme_name": source.theme_name, "group_name": source.group_name, "large_theme_id": large[source.large],
            "country": source.country, "original": each.original, "created_at": source.written,
        })  # fmt: skip
    ids = db.session.scalars(insert(Recommendation).returning(Recommendation.id, sort_by_parameter_order=True), rows)
    for each, row_id in zip(made, ids.all(), strict=True):
        each.id = row_id
    by = [{"recommendation_id": e.id, "workgroup_id": e.source.group.id} for e in made if e.source.group]
    db.session.execute(insert(recommendation_workgroup), by)
    again = [{"id": each.id, "repeats_id": each.repeats.id} for each in made if each.repeats]
    db.session.bulk_update_mappings(Recommendation.__mapper__, again)


def _word(made: Sequence[Made], chance: random.Random) -> None:
    rows = [
        {**text, "recommendation_id": each.id, "language": code, "version": 1, "written_at": each.source.written,
         "author_id": each.source.author, "workgroup_id": each.source.group.id if each.source.group else None}
        for each in made
        for code, text in ideas.texts_of(each.idea, chance).items()
    ]  # fmt: skip
    db.session.execute(insert(RecommendationText), rows)


# --- What the board decided, and what came of it ----------------------------------------------------


def _decide(made: Sequence[Made], chance: random.Random) -> None:
    """A published decision on each, in three languages, and its history since."""
    by, author, owners = member_of(CHLOE).id, organiser().id, _owners(chance)
    decisions, outcomes, lines = [], [], []
    for each in made:
        outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        on = each.source.decided_on
        history = histories.history(outcome, on, chance)
        outcomes.append(outcome)
        decisions.append({
            "recommendation_id": each.id, "outcome": outcome, "original": "fr", "decided_on": on,
            "postponed_until": history[0].until if outcome == Outcome.POSTPONED else None,
            "due": on + 365 * DAY if on >= DUE_SINCE and outcome in (Outcome.ACCEPTED, Outcome.AMENDED) else None,
            **_owner(outcome, owners, chance),
            "drafted_at": _at(on - 20 * DAY), "drafted_by_id": by, "published_at": _at(on + 3 * DAY),
        })  # fmt: skip
        lines += histories.rows(each.id, history, author, chance)
    ids = db.session.scalars(insert(Decision).returning(Decision.id, sort_by_parameter_order=True), decisions).all()
    texts = [
        {**text, "decision_id": decision_id, "written_at": decision["drafted_at"]}
        for decision_id, decision, outcome in zip(ids, decisions, outcomes, strict=True)
        for text in histories.reasons(outcome, chance)
    ]
    db.session.execute(insert(DecisionText), texts)
    db.session.execute(insert(StatusChange), lines)


def _owners(chance: random.Random) -> list[int]:
    """Some of the staff, Dré among them."""
    staff = select(Member.id).where(Member.profile == Profile.STAFF, Member.email.is_not(None)).order_by(Member.id)
    return [organiser().id, *db.session.scalars(staff.limit(8))]


def _owner(outcome: Outcome, owners: Sequence[int], chance: random.Random) -> dict[str, Any]:
    """Who answers for it: mostly a member of the staff, sometimes only a name, now and then nobody."""
    drawn = chance.random()
    name = chance.choice(ideas.words()["owners"]["names"])
    if outcome == Outcome.REJECTED or drawn < 0.08:
        return {"owner_id": None, "owner_name": ""}
    if drawn < 0.3:
        return {"owner_id": None, "owner_name": name}
    return {"owner_id": chance.choice(owners), "owner_name": ""}


def _publish(day: date) -> None:
    """The stocktake of 2022, as it was known then; what the service learned later is not in it."""
    moment = min(_at(day + 4 * DAY), now())
    content = publishing.content_of(day, moment)
    kept = PublishedStocktake(day=day, published_at=moment, published_by_id=organiser().id, content=content)
    kept.digest = publishing.digest_of(content)
    db.session.add(kept)
    db.session.flush()
