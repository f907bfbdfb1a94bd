"""What there is to decide and what was decided: the lists of the board, and that of the public page.

A matter is a recommendation as the board sees it, with what it decided. Who reads for the public asks for matters
without drafts: then no draft is even read.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from ..db import db, now
from ..i18n import ZONE
from ..recommendations.models import Recommendation
from ..searching import matching
from ..themes.models import Theme
from ..workgroups.models import Workgroup
from .models import Decision, FollowUp, Kind, Outcome

# How long before its day a postponed recommendation is shown as coming back.
COMES_BACK = timedelta(days=60)
STARTS_WORK = (Outcome.ACCEPTED, Outcome.AMENDED)
# Gives a select of the ids of recommendations whose latest status is done: the room of the stocktake hangs its own.
done: list[Callable[[], Select[int]]] = []


def today() -> date:
    """The day in Brussels and Paris."""
    return now().astimezone(ZONE).date()


@dataclass(frozen=True)
class Matter:
    """A recommendation, what the board published about it (the newest first), and its draft."""

    recommendation: Recommendation
    published: Sequence[Decision] = ()
    draft: Decision | None = None

    @property
    def decision(self) -> Decision | None:
        """What counts: the last that was published."""
        return self.published[0] if self.published else None

    @property
    def earlier(self) -> Sequence[Decision]:
        return self.published[1:]

    @property
    def comes_back(self) -> bool:
        """Whether it was postponed until a day that has passed, or is near."""
        until = self.decision.postponed_until if self.decision else None
        return until is not None and until <= today() + COMES_BACK

    @property
    def waits(self) -> bool:
        """Whether the board has to decide: it never did, or it comes back."""
        return self.decision is None or self.comes_back


# --- The matters of a year --------------------------------------------------------------------------


def _numbered() -> Select[Recommendation]:
    """What the board received. Lists of before this service have numbers too, but nothing to decide."""
    decided = select(Decision.recommendation_id).where(Decision.recommendation_id == Recommendation.id)
    before_board = or_(Recommendation.draft_id.is_not(None), decided.exists())
    wanted = select(Recommendation).where(
        Recommendation.number.is_not(None), Recommendation.withdrawn_at.is_(None), before_board
    )
    return wanted.order_by(Recommendation.year, Recommendation.number)


def _all(wanted: Select[Recommendation]) -> Sequence[Recommendation]:
    """With their themes and groups."""
    groups = selectinload(Recommendation.groups).joinedload(Workgroup.theme)
    return db.session.scalars(wanted.options(joinedload(Recommendation.theme), groups)).all()


def of_year(year: int, drafts: bool = False) -> list[Matter]:
    """The matters of a year in the order of their numbers; with their drafts only where that is asked for."""
    return matters(_all(_numbered().where(Recommendation.year == year)), drafts)


def matter_of(recommendation: Recommendation, drafts: bool = False) -> Matter:
    return matters([recommendation], drafts)[0]


def matters(recommendations: Sequence[Recommendation], drafts: bool = False) -> list[Matter]:
    """These recommendations with what was decided on them; a fixed number of queries."""
    wanted = _read(select(Decision)).where(Decision.recommendation_id.in_([r.id for r in recommendations]))
    if not drafts:
        wanted = wanted.where(Decision.published_at.is_not(None))
    published: dict[int, list[Decision]] = defaultdict(list)
    drafted: dict[int, Decision] = {}
    for decision in db.session.scalars(wanted.order_by(Decision.id.desc())):
        if decision.published_at is None:
            drafted[decision.recommendation_id] = decision
        else:
            published[decision.recommendation_id].append(decision)
    return [Matter(r, published[r.id], drafted.get(r.id)) for r in recommendations]


def _read(wanted: Select[Decision]) -> Select[Decision]:
    """With all that a list says of a decision."""
    return wanted.options(joinedload(Decision.owner), selectinload(Decision.follow_ups))


@dataclass(frozen=True)
class Progress:
    """How far a year is: of `all` matters so many wait; of these so many are drafted."""

    year: int
    all: int
    waiting: int
    drafted: int


def progress() -> list[Progress]:
    """Every year in which something waits or is drafted, the newest first; one query."""
    drafted = Recommendation.id.in_(select(Decision.recommendation_id).where(_is_draft()))
    waits = or_(_undecided(), _comes_back(), drafted)
    counts = _numbered().with_only_columns(
        Recommendation.year, func.count(), func.count().filter(waits), func.count().filter(drafted)
    )
    rows = db.session.execute(counts.order_by(None).group_by(Recommendation.year).order_by(Recommendation.year.desc()))
    return [Progress(*row) for row in rows if row[2]]


def _is_draft() -> ColumnElement[bool]:
    return Decision.published_at.is_(None)


def _counts() -> ColumnElement[bool]:
    """The decision that counts: the last published one of its recommendation."""
    other = aliased(Decision)
    later = select(other.id).where(
        other.recommendation_id == Decision.recommendation_id, other.published_at.is_not(None), other.id > Decision.id
    )
    return and_(Decision.published_at.is_not(None), ~later.exists())


def _undecided() -> ColumnElement[bool]:
    published = select(Decision.id).where(Decision.recommendation_id == Recommendation.id)
    return ~published.where(Decision.published_at.is_not(None)).exists()


def _not_done() -> list[ColumnElement[bool]]:
    return [Decision.recommendation_id.not_in(ask()) for ask in done]


def _comes_back() -> ColumnElement[bool]:
    soon = Decision.postponed_until <= today() + COMES_BACK
    back = select(Decision.recommendation_id).where(_counts(), soon, *_not_done())
    return Recommendation.id.in_(back)


def coming_back() -> list[Matter]:
    """What was postponed until a day that has passed or is near, the earliest day first."""
    found = matters(_all(_numbered().where(_comes_back())), drafts=True)
    return sorted(found, key=lambda m: (m.decision and m.decision.postponed_until) or date.max)


def neighbours(recommendation: Recommendation) -> tuple[Recommendation | None, Recommendation | None]:
    """What stands before and after it among the matters of its year."""
    here = _numbered().where(Recommendation.year == recommendation.year)
    before = here.where(Recommendation.number < recommendation.number).order_by(None)
    after = here.where(Recommendation.number > recommendation.number)
    return (
        db.session.scalar(before.order_by(Recommendation.number.desc()).limit(1)),
        db.session.scalar(after.limit(1)),
    )


# --- What is late -----------------------------------------------------------------------------------


def is_late() -> ColumnElement[bool]:
    """Decisions that count, start work, and whose day is over, unless they are known to be done.

    Done says the stocktake, or the decision itself: all that it started has ended.
    """
    all_ended = and_(_has_follow_up(), ~_has_follow_up(FollowUp.ended_at.is_(None)))
    starts = _counts(), Decision.outcome.in_(STARTS_WORK)
    return and_(*starts, Decision.due < today(), ~all_ended, *_not_done())


def _has_follow_up(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(FollowUp.id).where(FollowUp.decision_id == Decision.id, *conditions).exists()


def late(limit: int) -> Sequence[Decision]:
    """What is late, the longest first."""
    return db.session.scalars(
        _with_recommendation().where(is_late()).order_by(Decision.due, Decision.id).limit(limit)
    ).all()


def how_many_late() -> int:
    return db.session.scalar(select(func.count()).select_from(Decision).where(is_late())) or 0


# --- What decisions start ---------------------------------------------------------------------------


def _which(show: str) -> tuple[ColumnElement[bool], ...]:
    """What goes on (""), what should have ended ("late"), questions on no ballot yet ("to_ask"), what has ended."""
    goes_on = FollowUp.ended_at.is_(None)
    return {
        "": (goes_on,),
        "late": (goes_on, FollowUp.ends_on < today()),
        "to_ask": (goes_on, FollowUp.kind == Kind.QUESTION, FollowUp.question_id.is_(None)),
        "ended": (FollowUp.ended_at.is_not(None),),
    }[show]


FOLLOW_UPS = ("", "late", "to_ask", "ended")


def follow_ups(show: str) -> Select[FollowUp]:
    """What published decisions started: the longest late first, what has ended with the newest first."""
    wanted = select(FollowUp).join(FollowUp.decision).where(*_which(show), Decision.published_at.is_not(None))
    order = {"late": (FollowUp.ends_on,), "ended": (FollowUp.ended_at.desc(),)}.get(show, ())
    loaded = joinedload(FollowUp.decision).joinedload(Decision.recommendation)
    return wanted.options(loaded).order_by(*order, FollowUp.id)


def how_many_follow_ups() -> dict[str, int]:
    """How many there are of each; one query."""
    counts = select(*(func.count().filter(*_which(show)) for show in FOLLOW_UPS)).select_from(FollowUp)
    row = db.session.execute(counts.join(FollowUp.decision).where(Decision.published_at.is_not(None))).one()
    return dict(zip(FOLLOW_UPS, row, strict=True))


# --- What was decided -------------------------------------------------------------------------------


def _with_recommendation() -> Select[Decision]:
    to_theme = joinedload(Decision.recommendation).joinedload(Recommendation.theme)
    return _read(select(Decision).join(Decision.recommendation).options(to_theme))


def decided(
    year: int | None = None, outcome: Outcome | None = None, search: str = "", only_late: bool = False
) -> Select[int]:
    """The ids of every published decision of the past years, the newest first, through these filters."""
    wanted = select(Decision.id).join(Decision.recommendation).where(Decision.published_at.is_not(None))
    if year is not None:
        wanted = wanted.where(Recommendation.year == year)
    if outcome is not None:
        wanted = wanted.where(Decision.outcome == outcome)
    if only_late:
        wanted = wanted.where(is_late())
    if search:
        wanted = wanted.where(_says(search))
    return wanted.order_by(Decision.decided_on.desc(), Recommendation.year.desc(), Recommendation.number, Decision.id)


def read(ids: Sequence[int]) -> list[Decision]:
    """These decisions in this order, with all that a list says of them."""
    found = {
        decision.id: decision for decision in db.session.scalars(_with_recommendation().where(Decision.id.in_(ids)))
    }
    return [found[id] for id in ids]


def _says(search: str) -> ColumnElement[bool]:
    """The words in the recommendation or in the decision, as the search of the site finds them; or who answers."""
    decided, asked = matching(search, "decision"), matching(search, "recommendation")
    found = [Decision.owner_name.icontains(search, autoescape=True)]
    if decided is not None and asked is not None:
        found += [Decision.id.in_(decided), Decision.recommendation_id.in_(asked)]
    return or_(*found)


def latest() -> Decision | None:
    """What was published last, in any year."""
    wanted = select(Decision).where(Decision.published_at.is_not(None)).options(joinedload(Decision.recommendation))
    return db.session.scalar(wanted.order_by(Decision.published_at.desc(), Decision.id).limit(1))


def years() -> Sequence[int]:
    """The years of which something was decided, the newest first."""
    rows = select(Recommendation.year).join(Decision).where(Decision.published_at.is_not(None))
    return db.session.scalars(rows.distinct().order_by(Recommendation.year.desc())).all()


def by_theme(found: Collection[Matter]) -> list[tuple[Theme | None, str, list[Matter]]]:
    """The matters under their themes (theme, what it is called, matters), in the order of their numbers."""
    themes: dict[tuple[int | None, str], tuple[Theme | None, str, list[Matter]]] = {}
    for matter in found:
        asked = matter.recommendation
        name = str(asked.theme) if asked.theme else asked.theme_name
        themes.setdefault((asked.theme_id, name), (asked.theme, name, []))[2].append(matter)
    return list(themes.values())
