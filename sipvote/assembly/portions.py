"""The worker's part of a mailing: letters written in portions, in the order of the members' ids.

A portion is one transaction: its letters, and how far the mailing has come with them. So it may die anywhere and go
on from there. In one minute of the clock at most `per_minute` letters are written, and no more while so many wait.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, or_, select, update

from .. import mail
from ..db import db, now
from ..mail import Letter
from ..members.models import Member
from . import letters, sending
from .mailings import KINDS, row_of, unwritten
from .models import Mailing, PersonalLink
from .rules import of_edition

PORTION = 500


def in_progress() -> list[Mailing]:
    """The mailings that are being sent, or are planned for now."""
    due = or_(Mailing.begun_at.is_not(None), Mailing.starts_at <= now())
    wanted = select(Mailing).where(due, Mailing.stopped_at.is_(None), Mailing.ended_at.is_(None))
    return list(db.session.scalars(wanted.order_by(Mailing.id)))


def write_on(mailing: Mailing) -> int:
    """Do what is due for a mailing: begin it, write its next portion, or end it. Gives the number of letters.

    What is no longer right to send (the vote was closed meanwhile) is stopped.
    """
    if mailing.begun_at is None:
        sending.begin_planned(mailing)
        return 0
    if KINDS[mailing.kind].why_not(mailing.edition, now()):
        sending.stop(mailing, None)
        return 0
    room = _room(mailing)
    if room <= 0:
        return 0
    people = _next(mailing, room)
    if not people:
        if sending.progress(mailing).waiting == 0:
            mailing.ended_at = now()
        return 0
    if not _move_on(mailing, people[-1].id):
        return 0
    mail.queue_many(list(_letters(mailing, people)))
    return len(people)


def _room(mailing: Mailing) -> int:
    """How many letters may be written now."""
    mine = select(func.count()).select_from(Letter).where(Letter.batch == mailing.batch)
    this_minute = now().replace(second=0, microsecond=0)
    written = db.session.scalar(mine.where(Letter.queued_at >= this_minute)) or 0
    waiting = db.session.scalar(mine.where(mail.DUE, Letter.send_at <= now())) or 0
    return min(PORTION - waiting, mailing.per_minute - written)


def _next(mailing: Mailing, room: int) -> list[Any]:
    """The next members who have no letter yet, with the serial of their personal link."""
    assembly = of_edition(mailing.edition)
    theirs = (PersonalLink.member_id == Member.id) & (PersonalLink.assembly_id == (assembly.id if assembly else 0))
    serial = func.coalesce(PersonalLink.serial, 1).label("serial")
    wanted = select(Member.id, Member.name, Member.number, Member.email, Member.language, serial)
    wanted = wanted.outerjoin(PersonalLink, theirs).where(Member.id > mailing.after_member_id, *unwritten(mailing))
    return list(db.session.execute(wanted.order_by(Member.id).limit(room)))


def _move_on(mailing: Mailing, member_id: int) -> bool:
    """Note how far it came; not when it was stopped, or another worker came first."""
    here = Mailing.id == mailing.id, Mailing.after_member_id == mailing.after_member_id
    moved = update(Mailing).where(*here, Mailing.stopped_at.is_(None), Mailing.ended_at.is_(None))
    moved = moved.values(after_member_id=member_id).execution_options(synchronize_session=False)
    done = db.session.execute(moved).rowcount == 1  # type: ignore[attr-defined]
    db.session.expire(mailing)
    return bool(done)


def _letters(mailing: Mailing, people: list[Any]) -> Iterator[dict[str, Any]]:
    """The letters to some members: each language is written once, and filled in for each member."""
    edition, assembly, kind = mailing.edition, of_edition(mailing.edition), KINDS[mailing.kind]
    for code, text in mailing.texts.items():
        theirs = [member for member in people if member.language == code]
        if not theirs:
            continue
        form, facts = letters.form_letter(text, code), letters.facts_for(kind, edition, code)
        for member in theirs:
            own = letters.own_facts(edition, member, member.serial, assembly)
            yield row_of(mailing, member, *form.filled({**facts, **own}))
