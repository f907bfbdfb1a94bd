"""Who answers for what is neither done nor rejected: what is late, and what nobody answers for.

It is late when nobody has said for longer than the settings allow how far it is; what is postponed is late from its
day on, and never before. A fixed number of queries, however long the list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from ..db import db, now
from ..decisions.models import Decision
from ..i18n import ZONE
from ..members.models import Member
from ..recommendations.models import Recommendation
from .models import Status, StatusChange, StocktakeSettings
from .rows import Row, rows

ENDS = (Status.DONE, Status.REJECTED)  # nobody need look at these any more


@dataclass(frozen=True)
class Answered:
    """A recommendation that is open. `seen_at` is when somebody last said how far it is, or decided on it."""

    row: Row
    seen_at: datetime
    owner: Member | None
    owner_name: str
    is_late: bool
    today: date

    @property
    def days(self) -> int:
        """For how many days nobody has said how far it is."""
        return (self.today - self.seen_at.astimezone(ZONE).date()).days

    @property
    def reachable(self) -> Member | None:
        """The member who answers for it and can be written to: who left, or has no address, cannot."""
        owner = self.owner
        return owner if owner and owner.email and owner.is_member_on(self.today) else None

    @property
    def says(self) -> str:
        """Who answers for it, as it is written; empty when it is nobody."""
        return self.owner.name if self.owner else self.owner_name

    @property
    def label(self) -> str:
        return f"{self.row.year}/{self.row.number}"


def settings() -> StocktakeSettings:
    """What organisers set; without a row, what it is from the beginning."""
    return db.session.get(StocktakeSettings, 1) or StocktakeSettings(id=1, remind_after_days=180)


def answered(code: str | None = None) -> list[Answered]:
    """Everything that is open, with titles in a language; what nobody has looked at for longest comes first."""
    today = now().astimezone(ZONE).date()
    limit = now() - timedelta(days=settings().remind_after_days)
    seen, owners = _seen(), _owners()
    found = []
    for row in rows(today, code=code):
        if row.status in ENDS:
            continue
        owner, name = owners.get(row.id, (None, ""))
        late = _is_late(row, seen[row.id], limit, today)
        found.append(Answered(row, seen[row.id], owner, name, late, today))
    return sorted(found, key=lambda each: (each.seen_at, each.row.year, each.row.number))


def _is_late(row: Row, seen_at: datetime, limit: datetime, today: date) -> bool:
    if row.status == Status.POSTPONED and row.postponed_until:
        return row.postponed_until <= today
    return seen_at < limit


def late(found: Sequence[Answered]) -> list[Answered]:
    """What somebody should look at."""
    return [each for each in found if each.is_late]


def of_nobody(found: Sequence[Answered]) -> list[Answered]:
    """What has nobody to write to."""
    return [each for each in found if each.reachable is None]


def _seen() -> Mapping[int, datetime]:
    """When each recommendation was looked at last: its last line, its last decision, or when it was entered."""
    noted = select(StatusChange.recommendation_id, func.max(StatusChange.noted_at).label("at"))
    noted_ = noted.group_by(StatusChange.recommendation_id).subquery()
    decided = select(Decision.recommendation_id, func.max(Decision.published_at).label("at"))
    decided_ = decided.where(Decision.published_at.is_not(None)).group_by(Decision.recommendation_id).subquery()
    asked = (
        select(Recommendation.id, Recommendation.created_at, noted_.c.at, decided_.c.at)
        .outerjoin(noted_, noted_.c.recommendation_id == Recommendation.id)
        .outerjoin(decided_, decided_.c.recommendation_id == Recommendation.id)
    )
    return {
        id: max((at for at in looked if at is not None), default=created_at)
        for id, created_at, *looked in db.session.execute(asked)
    }


def _owners() -> Mapping[int, tuple[Member | None, str]]:
    """Who answers for each recommendation, by its last published decision: the member, and the name as written."""
    asked = select(Decision.recommendation_id, Member, Decision.owner_name).outerjoin(Member, Decision.owner)
    asked = asked.options(lazyload(Member.city))  # joined to it, decisions without a member would be left out
    published = asked.where(Decision.published_at.is_not(None)).order_by(Decision.published_at, Decision.id)
    return {id: (owner, name) for id, owner, name in db.session.execute(published)}
