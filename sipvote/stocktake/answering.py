"""Who answers for what is neither done nor rejected: what is late, and what nobody answers for.

It is late when nobody has said for longer than the settings allow how far it is; what is postponed is late from its
day on, and never before. A fixed number of queries, however long the list.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from ..db import db, now
from ..decisions.models import Decision
from ..i18n import ZONE, language
from ..kept import Kept
from ..members.models import Member
from ..recommendations.models import Recommendation
from . import seen, stamps
from .models import Status, StatusChange, StocktakeSettings
from .rows import Row
from .stamps import Renewed

ENDS = (Status.DONE, Status.REJECTED)  # nobody need look at these any more


class Looked(NamedTuple):
    """When somebody last said how far a recommendation is, or decided on it; and who answers for it, as written."""

    seen_at: datetime
    owner_id: int | None
    owner_name: str


@dataclass(frozen=True)
class Answered:
    """A recommendation that is open."""

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
        return self.owner if self.owner and _is_reachable(self.owner, self.today) else None

    @property
    def says(self) -> str:
        """Who answers for it, as it is written; empty when it is nobody."""
        return self.owner.name if self.owner else self.owner_name

    @property
    def label(self) -> str:
        return f"{self.row.year}/{self.row.number}"


def _is_reachable(owner: Member, today: date) -> bool:
    return bool(owner.email) and owner.is_member_on(today)


def settings() -> StocktakeSettings:
    """What organisers set; without a row, what it is from the beginning."""
    return db.session.get(StocktakeSettings, 1) or StocktakeSettings(id=1, remind_after_days=180)


@dataclass(frozen=True)
class Opened:
    """What is open, what somebody should look at, and what has nobody to write to; the longest unseen come first.

    Each holds rows; `of` tells what a page or a letter needs of some of them.
    """

    all: Sequence[Row]
    late: Sequence[Row]
    of_nobody: Sequence[Row]
    looked: Mapping[int, Looked]
    owners: Mapping[int, Member]
    today: date

    def of(self, some: Sequence[Row]) -> list[Answered]:
        """What is known of these."""
        late = {row.id for row in self.late}
        return [self._of(row, self.looked[row.id], row.id in late) for row in some]

    def _of(self, row: Row, looked: Looked, late: bool) -> Answered:
        owner = self.owners.get(looked.owner_id or 0)
        return Answered(row, looked.seen_at, owner, looked.owner_name, late, self.today)


def opened(code: str | None = None) -> Opened:
    """Everything that is neither done nor rejected, with titles in a language.

    What it is made of is kept in the process, and read again only where something changed.
    """
    today = now().astimezone(ZONE).date()
    limit = now() - timedelta(days=settings().remind_after_days)
    rows, looked = seen.rows_of_today(code or language()), _looked_at()
    open_ = [row for row in rows if row.status not in ENDS]
    open_.sort(
        key=lambda row: looked[row.id].seen_at
    )  # rows come by year and number, which decide where it is the same
    owners = _owners()
    reachable = {id for id, owner in owners.items() if _is_reachable(owner, today)}
    late = [row for row in open_ if _is_late(row, looked[row.id].seen_at, limit, today)]
    of_nobody = [row for row in open_ if looked[row.id].owner_id not in reachable]
    return Opened(open_, late, of_nobody, looked, owners, today)


def _is_late(row: Row, seen_at: datetime, limit: datetime, today: date) -> bool:
    if row.status == Status.POSTPONED and row.postponed_until:
        return row.postponed_until <= today
    return seen_at < limit


def _looked_at() -> Mapping[int, Looked]:
    kept = _kept.get(str(db.engine.url), Renewed)
    return kept.get(stamps.now(), _read, lambda old, ids: {**old, **_read(ids)})


_kept: Kept[str, Renewed[Mapping[int, Looked]]] = Kept(seconds=24 * 3600)


def _read(ids: Collection[int] | None = None) -> dict[int, Looked]:
    """When each of these recommendations (None: of all) was looked at last, and who answers for it; three queries.

    That is its last line, its last published decision, or when it was entered; by that decision somebody answers.
    """
    mine = lambda column: () if ids is None else (column.in_(ids),)  # noqa: E731
    line, of = StatusChange, Decision
    noted = select(line.recommendation_id, func.max(line.noted_at)).where(*mine(line.recommendation_id))
    noted_at = {id: at for id, at in db.session.execute(noted.group_by(line.recommendation_id))}  # noqa: C416  (rows, not tuples)
    decided = select(of.recommendation_id, of.published_at, of.owner_id, of.owner_name)
    published = decided.where(of.published_at.is_not(None), *mine(of.recommendation_id))
    last = {row[0]: row for row in db.session.execute(published.order_by(of.published_at, of.id))}
    entered = select(Recommendation.id, Recommendation.created_at).where(*mine(Recommendation.id))
    found = {}
    for id, created_at in db.session.execute(entered):
        _id, published_at, owner_id, name = last.get(id, (id, None, None, ""))
        moments = [moment for moment in (noted_at.get(id), published_at) if moment]
        found[id] = Looked(max(moments, default=created_at), owner_id, name)
    return found


def _owners() -> Mapping[int, Member]:
    """Whoever answers for something."""
    answer = select(Decision.owner_id).where(Decision.published_at.is_not(None), Decision.owner_id.is_not(None))
    return {member.id: member for member in db.session.scalars(select(Member).where(Member.id.in_(answer)))}
