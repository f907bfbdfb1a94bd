"""Reading a thread: a theme in all its editions, and everything that came of it. The same queries for any size."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload, lazyload, selectinload

from ..db import db, now
from ..decisions.models import Decision, FollowUp
from ..editions.models import Edition
from ..recommendations.found import PUBLIC
from ..recommendations.hearing_models import Bundle
from ..recommendations.models import Draft, Recommendation, RecommendationText, recommendation_workgroup
from ..stocktake import statuses
from ..stocktake.rows import Standing
from ..themes.models import Support, Theme
from ..voting.models import Election, Option, Question
from ..workgroups.models import Attendance, Meeting, Signup, Workgroup


class Came(NamedTuple):
    """The attendance of a group: how many people were marked, how often one was expected, how often one came."""

    people: int
    expected: int
    came: int


def chain_of(theme_id: int) -> Sequence[Theme]:
    """A theme with those it goes on from and those it goes on as, in the order of their editions."""
    first = select(Theme.id, Theme.prolonged_from_id).where(Theme.id == theme_id)
    chain = first.cte("chain", recursive=True)
    next_one = aliased(Theme)
    linked = or_(next_one.prolonged_from_id == chain.c.id, next_one.id == chain.c.prolonged_from_id)
    chain = chain.union(select(next_one.id, next_one.prolonged_from_id).join(chain, linked))
    wanted = select(Theme).join(Theme.edition).where(Theme.id.in_(select(chain.c.id)))
    ordered = wanted.order_by(Edition.year, Theme.id).options(joinedload(Theme.edition), joinedload(Theme.proposer))
    return db.session.scalars(ordered).unique().all()


def supporters_of(ids: Collection[int]) -> dict[int, int]:
    """How many members support each theme."""
    rows = select(Support.theme_id, func.count()).where(Support.theme_id.in_(ids)).group_by(Support.theme_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


# --- The vote -----------------------------------------------------------------------------------------


def elections_of(edition_ids: Collection[int]) -> dict[int, Election]:
    """The elections of these editions whose result is published, by edition."""
    wanted = select(Election).where(Election.edition_id.in_(edition_ids), Election.published_at.is_not(None))
    wanted = wanted.where(Election.is_rehearsal.is_(False)).options(lazyload(Election.questions))
    return {election.edition_id: election for election in db.session.scalars(wanted)}


def questions_of(election_ids: Collection[int]) -> dict[int, list[Any]]:
    """The questions of these elections in their order, as rows: (election_id, id, kind, theme_id)."""
    wanted = select(Question.election_id, Question.id, Question.kind, Question.theme_id)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(wanted.where(Question.election_id.in_(election_ids)).order_by(Question.position)):
        found[row.election_id].append(row)
    return found


def options_of(theme_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """Where these themes stood on a ballot: {(question, theme): its number}."""
    own = aliased(Option)
    before = select(func.count()).where(own.question_id == Option.question_id, own.position < Option.position)
    wanted = select(Option.question_id, Option.theme_id, before.scalar_subquery())
    rows = db.session.execute(wanted.where(Option.theme_id.in_(theme_ids)))
    return {(question_id, theme_id or 0): number for question_id, theme_id, number in rows}


# --- The groups ---------------------------------------------------------------------------------------


def groups_of(theme_ids: Collection[int]) -> Sequence[Workgroup]:
    """The groups of these themes that were not cancelled."""
    wanted = select(Workgroup).where(Workgroup.theme_id.in_(theme_ids), Workgroup.cancelled_at.is_(None))
    return db.session.scalars(wanted.order_by(Workgroup.id).options(lazyload(Workgroup.facilitators))).all()


def people_in(group_ids: Collection[int]) -> dict[int, int]:
    """How many members have a place in each group."""
    placed = Signup.seat.is_not(None), Signup.confirm_by.is_(None), Signup.workgroup_id.in_(group_ids)
    rows = select(Signup.workgroup_id, func.count()).where(*placed).group_by(Signup.workgroup_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def attendance_of(group_ids: Collection[int]) -> dict[int, Came]:
    """The attendance of each group, of meetings that are over and of people of whom it was noted."""
    came = func.sum(func.coalesce(Attendance.came, False).cast(db.Integer))
    noted = or_(Attendance.came.is_not(None), Attendance.excused_at.is_not(None))
    rows = (
        select(Meeting.workgroup_id, func.count(Attendance.signup_id.distinct()), func.count(), came)
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .where(Meeting.workgroup_id.in_(group_ids), Meeting.ends_at <= now(), noted)
        .group_by(Meeting.workgroup_id)
    )
    return {
        group_id: Came(people, expected, int(came)) for group_id, people, expected, came in db.session.execute(rows)
    }


# --- What they wrote, and what came of it -------------------------------------------------------------


def drafts_of(theme_ids: Collection[int]) -> dict[int, list[Any]]:
    """The drafts of each theme, as rows: (theme_id, published_at, remarks_until, adopted_at)."""
    wanted = select(Draft.theme_id, Draft.published_at, Draft.remarks_until, Draft.adopted_at)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(wanted.where(Draft.theme_id.in_(theme_ids)).order_by(Draft.id)):
        found[row.theme_id].append(row)
    return found


def bundles_of(edition_ids: Collection[int]) -> dict[int, datetime]:
    """When the bundle of each edition was submitted to the board."""
    rows = select(Bundle.edition_id, Bundle.submitted_at).where(Bundle.edition_id.in_(edition_ids))
    submitted = rows.where(Bundle.submitted_at.is_not(None))
    return {edition_id: at for edition_id, at in db.session.execute(submitted) if at is not None}


def recommendations_of(theme_ids: Collection[int]) -> dict[int, list[Recommendation]]:
    """The recommendations on each theme that anybody may read, in their order."""
    wanted = select(Recommendation).outerjoin(Draft, Draft.id == Recommendation.draft_id)
    wanted = wanted.where(Recommendation.theme_id.in_(theme_ids), *PUBLIC)
    place = (func.coalesce(Recommendation.number, 10**6), Recommendation.draft_id, Recommendation.position)
    found: dict[int, list[Recommendation]] = defaultdict(list)
    # The texts may be long, in three languages: a thread tells their titles.
    text = RecommendationText
    titles = selectinload(Recommendation.texts).load_only(text.recommendation_id, text.language, text.title)
    for each in db.session.scalars(wanted.order_by(*place, Recommendation.id).options(titles)):
        found[each.theme_id or 0].append(each)
    return found


def groups_who_wrote(ids: Collection[int]) -> dict[int, list[int]]:
    """The ids of the groups of each recommendation."""
    link = recommendation_workgroup.c
    rows = select(link.recommendation_id, link.workgroup_id).where(link.recommendation_id.in_(ids))
    return _gathered(db.session.execute(rows.order_by(link.workgroup_id)))


def decisions_of(ids: Collection[int]) -> dict[int, Decision]:
    """What the board last decided on each recommendation, of what is published."""
    wanted = select(Decision).where(Decision.recommendation_id.in_(ids), Decision.published_at.is_not(None))
    ordered = wanted.order_by(Decision.decided_on, Decision.id)
    lean = ordered.options(lazyload(Decision.texts))
    return {decision.recommendation_id: decision for decision in db.session.scalars(lean)}


def follow_ups_of(ids: Collection[int]) -> dict[int, list[tuple[FollowUp, int | None]]]:
    """What published decisions on each recommendation started; a question with the year whose assembly is asked."""
    rows = (
        select(Decision.recommendation_id, FollowUp, Edition.year)
        .join(FollowUp, FollowUp.decision_id == Decision.id)
        .outerjoin(Question, Question.id == FollowUp.question_id)
        .outerjoin(Election, Election.id == Question.election_id)
        .outerjoin(Edition, Edition.id == Election.edition_id)
        .where(Decision.recommendation_id.in_(ids), Decision.published_at.is_not(None))
        .order_by(FollowUp.id)
    )
    return _gathered((id, (started, year)) for id, started, year in db.session.execute(rows))


def statuses_of(ids: Collection[int]) -> dict[int, Standing]:
    """How far each recommendation is today, of those that the board decided on or of which it was noted."""
    return {id: standing for id, standing in statuses.current(ids).items() if standing.since}


def _gathered(pairs: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
