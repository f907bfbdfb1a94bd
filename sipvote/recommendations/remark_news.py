"""News of remarks for the facilitators of a draft's groups: one letter at most a day; run by the worker."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..mail import Letter
from ..members.models import Member
from . import remark_letters as letters
from .hearing import STANDS
from .hearing_models import Remark
from .models import Draft
from .remarks import CHANGEABLE

AT_MOST_EVERY = timedelta(days=1)
# Of drafts whose remarks closed longer ago nothing new can come.
LOOK_BACK = timedelta(days=3)


def tell() -> int:
    """Write to each facilitator of a draft with remarks by others since their last letter; give how many letters.

    A remark that its author may still change freely waits for the next turn. The letter's key says until when it
    tells, so that nothing is told twice, or never.
    """
    until, written = now().replace(microsecond=0) - CHANGEABLE, 0
    for draft in _heard():
        people = {f.id: f for group in draft.groups if not group.cancelled_at for f in group.facilitators}
        told = _told_until(draft, people)
        for member in people.values():
            since = told.get(member.id)
            if since and until - since < AT_MOST_EVERY:
                continue
            written += _tell(draft, member, since, until)
    return written


def _tell(draft: Draft, member: Member, since: datetime | None, until: datetime) -> bool:
    fresh = select(
        func.count(), func.sum(case((Remark.parent_id.is_(None) & Remark.answered_at.is_(None), 1), else_=0))
    ).where(
        Remark.draft_id == draft.id, *STANDS, Remark.written_at <= until, Remark.member_id.is_distinct_from(member.id)
    )  # fmt: skip
    if since:
        fresh = fresh.where(Remark.written_at > since)
    count, unanswered = db.session.execute(fresh).one()
    key = f"{letters.NEWS} {draft.id} {member.id} {until:%Y-%m-%dT%H:%M:%S}"
    return bool(count) and letters.new_remarks(draft, member, count, unanswered or 0, key) is not None


def _heard() -> Iterable[Draft]:
    """Drafts on which remarks are open, or were a moment ago."""
    open_ones = select(Draft).where(Draft.published_at.is_not(None), Draft.remarks_until > now() - LOOK_BACK)
    return db.session.scalars(open_ones.options(selectinload(Draft.theme)).order_by(Draft.id)).all()


def _told_until(draft: Draft, people: Iterable[int]) -> dict[int, datetime]:
    """Until when each was told, as the keys of their letters say."""
    news = Letter.name == letters.NEWS, Letter.key.like(f"{letters.NEWS} {draft.id} %")
    found = select(Letter.member_id, func.max(Letter.key)).where(Letter.member_id.in_(list(people)), *news)
    rows = db.session.execute(found.group_by(Letter.member_id))
    return {
        member_id: datetime.fromisoformat(str(key).rsplit(" ", 1)[1]).replace(tzinfo=UTC)
        for member_id, key in rows
        if member_id
    }
