"""This year's recommendations in the demonstration: drafts with remarks, then numbers and decisions; and undoing them.

Each deed asks first what is left to do: a visitor may have done any of it already, in another way.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, update

from ..db import db, now
from ..decisions.models import Decision, DecisionText, FollowUp, Outcome
from ..editions.models import Edition
from ..members.models import Member
from ..recommendations.hearing_models import Adoption, AdoptionAnswer, Bundle, MinorityNote, Remark
from ..recommendations.models import Draft, LargeTheme, Recommendation, RecommendationText, draft_workgroup
from ..stocktake.models import Status, StatusChange
from ..workgroups.models import Signup, Workgroup
from . import histories, ideas
from .people import ADA, AMINA, CHLOE, member_of
from .stops import Stop

A_GROUP_WRITES = 4
REMARKS_DAYS = 21
DAY = timedelta(days=1)
OUTCOMES = {Outcome.ACCEPTED: 60, Outcome.AMENDED: 20, Outcome.REJECTED: 12, Outcome.POSTPONED: 8}
UNDECIDED = 3  # how many the board has still to look at, when a visitor arrives before its meeting


# --- Drafts and remarks -----------------------------------------------------------------------------


def write(edition: Edition) -> None:
    """Each group that has no draft yet writes one, and publishes it for remarks; members say what they think."""
    chance = random.Random(f"recommendations {edition.year}")
    written = [draft for group in _without_draft(edition) if (draft := _draft(group, chance))]
    db.session.flush()
    for draft in written[:1]:
        _remark(draft)
    db.session.flush()


def _without_draft(edition: Edition) -> Sequence[Workgroup]:
    held = select(draft_workgroup.c.workgroup_id)
    made = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    return db.session.scalars(made.where(Workgroup.id.not_in(held)).order_by(Workgroup.id)).all()


def _draft(group: Workgroup, chance: random.Random) -> Draft | None:
    """The draft of one group; one that has not met has nothing to say."""
    if not any(meeting.ends_at <= now() for meeting in group.meetings):
        return None
    key, large = ideas.key_of(group.theme), _large(ideas.key_of(group.theme))
    opened = min(group.edition.recommendations_at, now() - DAY)
    draft = Draft(
        edition=group.edition, theme=group.theme, groups=[group], created_at=group.meetings[0].ends_at,
        published_at=opened, remarks_until=opened + REMARKS_DAYS * DAY,
    )  # fmt: skip
    countries = sorted({city.country for city in group.cities})
    country = countries[0] if len(countries) == 1 else None
    for position, idea in enumerate(ideas.some(key, A_GROUP_WRITES, chance), start=1):
        made = Recommendation(
            year=group.edition.year, draft=draft, position=position, theme=group.theme, groups=[group],
            large_theme_id=large, country=country, original=group.spoken[0], created_at=draft.created_at,
        )  # fmt: skip
        author = group.facilitators[0].id if group.facilitators else None
        made.versions = [
            RecommendationText(
                language=code, version=1, written_at=draft.created_at, author_id=author, workgroup=group, **text
            )
            for code, text in ideas.texts_of(idea, chance).items()
        ]
    db.session.add(draft)
    return draft


def _large(key: str) -> int | None:
    name = ideas.words()["large"][ideas.large_of(key)][2]
    return db.session.scalar(select(LargeTheme.id).where(LargeTheme.name_en == name))


def _remark(draft: Draft) -> None:
    """Some remarks on the first recommendation, two of them answered by the group."""
    about, group = draft.recommendations[0], draft.groups[0]
    asks = [member_of(ADA), member_of(AMINA), *_people(group)]
    for nth, (said, member) in enumerate(zip(ideas.words()["remarks"], asks, strict=False)):
        at = min((draft.published_at or now()) + (nth + 1) * DAY, now())
        answered = min(at + DAY, now()) if "answer" in said else None
        db.session.add(
            Remark(
                draft=draft, recommendation=about, member=member, language=said["language"], text=said["text"],
                written_at=at, answered_at=answered, answer=said.get("answer"), taken_up=said.get("taken_up"),
                answer_language=said["language"] if answered else None,
                answered_by=group.facilitators[0] if answered and group.facilitators else None,
            )
        )  # fmt: skip


def _people(group: Workgroup) -> Sequence[Member]:
    seated = select(Member).join(Signup).where(Signup.workgroup_id == group.id, Signup.seat.is_not(None))
    return db.session.scalars(seated.order_by(Signup.seat).limit(4)).all()


# --- Numbers and decisions --------------------------------------------------------------------------


def bundle(edition: Edition) -> None:
    """Every group has adopted its text, and each recommendation has its number in the year."""
    drafts = select(Draft).where(Draft.edition_id == edition.id).order_by(Draft.theme_id, Draft.id)
    last = select(func.max(Recommendation.number)).where(Recommendation.year == edition.year)
    number = count((db.session.scalar(last) or 0) + 1)
    for draft in db.session.scalars(drafts).all():
        draft.adopted_at = draft.adopted_at or min(edition.decisions_at - 7 * DAY, now())
        for each in draft.recommendations:
            if each.number is None and each.withdrawn_at is None:
                each.number = next(number)
    db.session.flush()


def draft_decisions(edition: Edition) -> None:
    """Before its meeting the board has drafted what it would say of most."""
    chance, by = random.Random(f"decisions {edition.year}"), member_of(CHLOE).id
    for made in _undecided(edition)[:-UNDECIDED]:
        _decide(made, chance, by)
    db.session.flush()


def _undecided(edition: Edition) -> Sequence[Recommendation]:
    known = select(Decision.recommendation_id)
    asked = select(Recommendation).join(Draft).where(Draft.edition_id == edition.id, Recommendation.number.is_not(None))
    return db.session.scalars(asked.where(Recommendation.id.not_in(known)).order_by(Recommendation.number)).all()


def _decide(made: Recommendation, chance: random.Random, by: int) -> None:
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    today, at = now().date(), now() - DAY
    decision = Decision(
        recommendation=made, outcome=outcome, original="fr", drafted_at=now() - DAY, drafted_by_id=by,
        owner_name="" if outcome == Outcome.REJECTED else chance.choice(ideas.words()["owners"]["names"]),
        due=today + 300 * DAY if outcome in (Outcome.ACCEPTED, Outcome.AMENDED) else None,
        postponed_until=today + 400 * DAY if outcome == Outcome.POSTPONED else None,
    )  # fmt: skip
    decision.texts = [DecisionText(written_at=at, **text) for text in histories.reasons(outcome, chance)]
    db.session.add(decision)


def publish_decisions(edition: Edition) -> None:
    """After its meeting the board publishes them together; some projects have begun since."""
    chance, by = random.Random(f"decisions {edition.year}"), member_of(CHLOE).id
    for made in _undecided(edition):
        _decide(made, chance, by)
    db.session.flush()
    on = min(edition.decisions_at + 30 * DAY, now())
    of = select(Recommendation.id).join(Draft).where(Draft.edition_id == edition.id)
    drafted = select(Decision).where(Decision.recommendation_id.in_(of), Decision.published_at.is_(None))
    for nth, decision in enumerate(db.session.scalars(drafted.order_by(Decision.id)).all()):
        decision.decided_on, decision.published_at = on.date(), on
        if nth % 3 == 0 and decision.outcome == Outcome.ACCEPTED:
            _begin(decision, by)
    db.session.flush()


def _begin(decision: Decision, by: int) -> None:
    told = ideas.words()["statuses"][Status.ONGOING]
    db.session.execute(
        insert(StatusChange).values(
            recommendation_id=decision.recommendation_id, status=Status.ONGOING, since=now().date(), language="nl",
            reason=told[0], noted_at=now(), author_id=by,
        )
    )  # fmt: skip


# --- Undoing it -------------------------------------------------------------------------------------


def is_begun(edition: Edition) -> bool:
    """Whether any group of the edition has a draft."""
    return db.session.scalar(select(Draft.id).where(Draft.edition_id == edition.id).limit(1)) is not None


def forget_the_future(edition: Edition, stop: Stop) -> None:
    """After going back: what was written, decided or done later has not happened."""
    mine = select(Recommendation.id).join(Draft).where(Draft.edition_id == edition.id)
    if stop.is_before(Stop.RECOMMENDATIONS):
        again = Recommendation.repeats_id.in_(mine)
        db.session.execute(update(Recommendation).where(again).values(repeats_id=None))
        db.session.execute(delete(Recommendation).where(Recommendation.id.in_(mine)))  # takes all that hangs on it
        db.session.execute(delete(Draft).where(Draft.edition_id == edition.id))
    if stop.is_before(Stop.STOCKTAKE):
        db.session.execute(delete(StatusChange).where(StatusChange.recommendation_id.in_(mine)))
        begun = select(Decision.id).where(Decision.recommendation_id.in_(mine))
        db.session.execute(delete(FollowUp).where(FollowUp.decision_id.in_(begun)))
        undone = {"published_at": None, "decided_on": None}
        db.session.execute(update(Decision).where(Decision.recommendation_id.in_(mine)).values(undone))
    if stop.is_before(Stop.DECISIONS):
        db.session.execute(delete(Decision).where(Decision.recommendation_id.in_(mine)))
        db.session.execute(delete(Bundle).where(Bundle.edition_id == edition.id))
        db.session.execute(update(Recommendation).where(Recommendation.id.in_(mine)).values(number=None))
        db.session.execute(update(Draft).where(Draft.edition_id == edition.id).values(adopted_at=None))
    db.session.expire_all()


def dated_with(edition: Edition) -> list[tuple[Table, Any]]:
    """The tables whose moments move along with the edition, each with its rows."""
    drafts = select(Draft.id).where(Draft.edition_id == edition.id)
    mine = select(Recommendation.id).where(Recommendation.draft_id.in_(drafts))
    decisions = select(Decision.id).where(Decision.recommendation_id.in_(mine))
    adoptions = select(Adoption.id).where(Adoption.draft_id.in_(drafts))
    chosen: list[tuple[Any, Any]] = [
        (Draft, Draft.edition_id == edition.id),
        (Recommendation, Recommendation.draft_id.in_(drafts)),
        (AdoptionAnswer, AdoptionAnswer.adoption_id.in_(adoptions)),
        (DecisionText, DecisionText.decision_id.in_(decisions)),
        (FollowUp, FollowUp.decision_id.in_(decisions)),
        (Bundle, Bundle.edition_id == edition.id),
        *((table, table.draft_id.in_(drafts)) for table in (Remark, Adoption, MinorityNote)),
        *((table, table.recommendation_id.in_(mine)) for table in (RecommendationText, Decision, StatusChange)),
    ]
    return [(table.__table__, rows) for table, rows in chosen]
