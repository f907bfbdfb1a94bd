"""The heads of the log: one for every day that is over, published, and mailed to scrutineers and board."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from .. import chain, mail
from ..access import Role
from ..audit import Entry, lines
from ..db import db, now
from ..i18n import ZONE
from ..members.models import Grant, Member
from ..members.rules import members_today
from .models import Head

READERS = (Role.SCRUTINEER, Role.BOARD)
# After a clock that was years ahead, nobody publishes years at once; who was away for longer begins from here.
DAYS_AT_MOST = 60


def published() -> Sequence[Head]:
    """Every head, in the order of the days."""
    return db.session.scalars(select(Head).order_by(Head.day)).all()


def last() -> Head | None:
    """The newest head."""
    return db.session.scalar(select(Head).order_by(Head.day.desc()).limit(1))


def publish() -> list[Head]:
    """Publish the head of each day that is over and has none yet, and write to whoever watches.

    Days on which the worker stood still are caught up. Nothing is published before the first line.
    """
    before = last()
    made: list[Head] = []
    for day in _due(before.day if before else None):
        if head := _head(day, made[-1] if made else before):
            db.session.add(head)
            db.session.flush()
            made.append(head)
    if made and (before is None or made[-1].line > before.line):  # else the last letter still says it all
        _write(made[-1])
    return made


def _due(before: date | None) -> list[date]:
    """The days that are over in Brussels and have no head."""
    yesterday = now().astimezone(ZONE).date() - timedelta(days=1)
    first = yesterday - timedelta(days=DAYS_AT_MOST - 1)
    if before is None:
        begun = db.session.scalar(select(func.min(Entry.at)))
        first = max(first, begun.astimezone(ZONE).date()) if begun else yesterday + timedelta(days=1)
    else:
        first = max(first, before + timedelta(days=1))
    return [first + timedelta(days=n) for n in range((yesterday - first).days + 1)]


def _head(day: date, before: Head | None) -> Head | None:
    """The head of a day: the furthest line written before its end, and never a line before the last head's."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZONE)
    furthest = db.session.scalar(select(func.max(Entry.id)).where(Entry.at < midnight))
    line = db.session.get(Entry, max(furthest or 0, before.line if before else 0))
    if line is None:
        return None
    head = Head(day=day, line=line.id, hash=line.hash, previous=before.head if before else chain.START)
    head.head = chain.digest(head.content())
    return head


def _write(head: Head) -> None:
    held = select(Grant.member_id).where(Grant.role.in_(READERS))
    for member in db.session.scalars(members_today(select(Member).where(Member.id.in_(held))).order_by(Member.id)):
        mail.queue("audit_head", member, key=f"audit head {head.day} {member.id}", head=head)


def check(known: Sequence[str] = ()) -> chain.Checked:
    """Check the whole log of this database against itself and against the heads that were published."""
    return chain.check(lines(), [head.exported() for head in published()], known)
