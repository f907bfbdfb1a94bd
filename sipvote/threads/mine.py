"""The threads that a member had a hand in, with how, and how far each is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import literal, select, union
from sqlalchemy.orm import joinedload

from ..db import db
from ..editions.models import Edition
from ..recommendations.hearing_models import MinorityNote, Remark
from ..recommendations.models import Draft, Recommendation, RecommendationText
from ..stocktake.models import Status
from ..themes.models import Support, Theme
from ..workgroups.models import Signup, Workgroup, workgroup_facilitator
from . import reading

# In the order of the year.
WAYS = {
    "proposed": _l("you proposed it"),
    "supported": _l("you supported it"),
    "took part": _l("you were in a group"),
    "led": _l("you led a group"),
    "wrote": _l("you wrote a recommendation"),
    "remarked": _l("you remarked on a draft"),
    "noted": _l("you wrote a minority note"),
}


@dataclass(frozen=True)
class Mine:
    """A theme, what a member did for it, and how far what came of it is: public recommendations, decided, done."""

    theme: Theme
    ways: list[str]
    recommendations: int
    decided: int
    done: int


def of_member(member_id: int) -> list[Mine]:
    """The threads that a member had a hand in, the newest first; the same queries for any number."""
    ways: dict[int, set[str]] = defaultdict(set)
    for theme_id, way in db.session.execute(union(*_hands(member_id))):
        ways[theme_id].add(way)
    wanted = select(Theme).join(Theme.edition).where(Theme.id.in_(ways), Theme.withdrawn_at.is_(None))
    newest = wanted.order_by(Edition.year.desc(), Theme.id).options(joinedload(Theme.edition))
    found = reading.recommendations_of(ways)
    ids = [each.id for own in found.values() for each in own]
    decided, standings = reading.decisions_of(ids), reading.statuses_of(ids)
    done = {id for id, standing in standings.items() if standing.status == Status.DONE}
    return [
        Mine(
            theme, [str(name) for way, name in WAYS.items() if way in ways[theme.id]], len(own := found[theme.id]),
            sum(each.id in decided for each in own), sum(each.id in done for each in own),
        )
        for theme in db.session.scalars(newest)
    ]  # fmt: skip


def _hands(member_id: int) -> Sequence[Any]:
    """(theme, way) for everything that a member did for a theme, and that still stands."""
    placed = Signup.member_id == member_id, Signup.seat.is_not(None), Signup.confirm_by.is_(None)
    led, said = workgroup_facilitator.c, (Remark.withdrawn_at.is_(None), Remark.hidden_at.is_(None))
    noted = MinorityNote.member_id == member_id, MinorityNote.withdrawn_at.is_(None)
    groups = select(Workgroup.theme_id, literal("took part").label("way")).where(Workgroup.cancelled_at.is_(None))
    drafts = select(Draft.theme_id, literal("remarked").label("way"))
    return [
        select(Theme.id, literal("proposed").label("way")).where(Theme.proposer_id == member_id),
        select(Support.theme_id, literal("supported")).join(Theme, Theme.id == Support.theme_id).where(
            Support.member_id == member_id, Theme.proposer_id.is_distinct_from(member_id)
        ),
        groups.join(Signup, Signup.workgroup_id == Workgroup.id).where(*placed),
        select(Workgroup.theme_id, literal("led")).join(led.workgroup_id.table, led.workgroup_id == Workgroup.id).where(
            led.member_id == member_id, Workgroup.cancelled_at.is_(None)
        ),
        select(Recommendation.theme_id, literal("wrote")).join(
            RecommendationText, RecommendationText.recommendation_id == Recommendation.id
        ).where(RecommendationText.author_id == member_id, Recommendation.theme_id.is_not(None)),
        drafts.join(Remark, Remark.draft_id == Draft.id).where(Remark.member_id == member_id, *said),
        select(Draft.theme_id, literal("noted")).join(MinorityNote, MinorityNote.draft_id == Draft.id).where(*noted),
    ]  # fmt: skip
