"""From wishes to groups, as organisers and members would do it: dates, the lot, telling, confirming; and undoing it.

Each deed asks first what is left to do: a visitor may have done any of it already, in another way.
"""

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..mail import Letter
from ..workgroups import choosing, merging, offers, placing, planning, seats, telling, ways
from ..workgroups.assignment import TooFew
from ..workgroups.life_models import GroupFile, NextStep
from ..workgroups.merging import Proposal
from ..workgroups.models import Attendance, Meeting, Mode, Signup, Workgroup, workgroup_secretary
from ..workgroups.placing import Outcome
from ..workgroups.pledges import Book
from ..workgroups.wish_models import Assignment, WishList
from .people import CAST, organiser

SILENT, NO = 0.04, 0.03  # of the offers
ROUNDS = 3  # in which places pass on


def choose_dates(edition: Edition) -> None:
    """The best dates for each group that has none."""
    for group in _open_groups(edition):
        if group.meetings or choosing.why_not_choose(group):
            continue
        found = choosing.choice(group)
        best = planning.best(found.problem)
        if best is not None:
            slots = [found.candidates[number].slot_id for number in best.slots]
            with suppress(Refused):  # too many people of an organiser's own making lead two groups, for example
                choosing.take(group, slots, best.mode, organiser().id)


def _open_groups(edition: Edition) -> Sequence[Workgroup]:
    made = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    return db.session.scalars(made.order_by(Workgroup.id)).all()


def freeze_and_draw(edition: Edition) -> None:
    """Freeze the wishes, and draw the lot; what was frozen and is not the same any more is frozen anew."""
    if choosing.why_not_by_wishes(edition):
        return
    by, frozen = organiser().id, ways.assignment_of(edition)
    if frozen and frozen.draw is None and not placing.is_unchanged(edition):
        placing.unfreeze(edition, by)
    if placing.why_not_freeze(edition) is None:
        frozen = placing.freeze(edition, mixes=True, by=by)
    if frozen and frozen.draw is None:
        placing.draw(edition, "".join(random.Random(edition.year).choices("123456", k=12)), by)


def tell(edition: Edition) -> None:
    """Merge, move online or close what is too small, and tell everybody."""
    if telling.why_not_tell(edition) or not placing.is_unchanged(edition):
        return
    found, keep = _mended(edition)
    telling.tell(edition, found.seal, keep, organiser().id)


def _mended(edition: Edition) -> tuple[Outcome, bool]:
    """The outcome once nothing is too small any more, and whether it keeps every minimum."""
    for _group in [*_open_groups(edition)] * 2:  # each time round one group is online, or gone
        try:
            found = placing.outcome(edition, keep=True)
            small = [p for p in merging.proposals(found.book, found) if not p.group.meetings]
        except TooFew:
            found = placing.outcome(edition)
            small = list(merging.proposals(found.book, found))
        if not small:
            return found, True
        worst = min(small, key=lambda p: (p.could_come, p.group.id))
        if merging.why_not_mend(worst.group):
            break
        _mend(worst)
    return placing.outcome(edition), False


def _mend(small: Proposal) -> None:
    """Merge it with the group that most of its people could come to; else online, if that is enough; else close it."""
    group, by = small.group, organiser().id
    if small.targets and small.targets[0].could_come:
        merging.merge(group, small.targets[0].group, by)
    elif small.more_online and small.could_come + small.more_online >= group.minimum:
        merging.meet(group, Mode.ONLINE, by)
    else:
        merging.close(group, by)


# --- What members answer ----------------------------------------------------------------------------


def confirm(edition: Edition) -> None:
    """Most confirm; some decline or do not answer, and their places pass on; who is offered one then takes it."""
    chance, yes = random.Random(f"answers {edition.year}"), []
    for signup in _simple(edition):
        drawn = chance.random()
        if drawn < NO:
            offers.decline(signup)
        elif drawn < NO + SILENT:
            signup.confirm_by = now()
            offers.lapse(signup)
        else:
            yes.append(signup.id)
    _take(edition, yes)
    for _round in range(ROUNDS):
        for signup in _offered(edition):
            with suppress(Refused):  # a visitor may have promised something else at that hour
                offers.accept(signup, [meeting.key for meeting in seats.ahead(signup.workgroup)])


def _offered(edition: Edition) -> Sequence[Signup]:
    kept = select(Signup).join(Signup.workgroup).where(
        Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None), Signup.confirm_by > now()
    )  # fmt: skip
    return db.session.scalars(kept.order_by(Signup.id).options(selectinload(Signup.member))).all()


def _simple(edition: Edition) -> list[Signup]:
    """The offers of those who stand in no other group, and said nothing yet: no visitor had a hand in these."""
    offered = _offered(edition)
    standing = select(Signup.member_id).join(Signup.workgroup).where(Workgroup.edition_id == edition.id)
    groups = Counter(db.session.scalars(standing.where(Signup.withdrawn_at.is_(None))))
    answers = select(Attendance.signup_id).where(Attendance.signup_id.in_([s.id for s in offered]))
    said = set(db.session.scalars(answers))
    cast = [person.number for person in CAST]
    return [s for s in offered if groups[s.member_id] == 1 and s.id not in said and s.member.number not in cast]


def _take(edition: Edition, ids: Sequence[int]) -> None:
    """Confirm many places at once, each with a yes for every date to come."""
    mine = select(Signup.id, Meeting.id).join(Meeting, Meeting.workgroup_id == Signup.workgroup_id)
    mine = mine.where(Signup.id.in_(ids), Meeting.starts_at > now())
    at = now()
    rows = [{"signup_id": id, "meeting_id": meeting, "confirmed_at": at} for id, meeting in db.session.execute(mine)]
    if rows:
        db.session.execute(insert(Attendance), rows)
    db.session.execute(update(Signup).where(Signup.id.in_(ids)).values(confirm_by=None))
    db.session.expire_all()


# --- Undoing it -------------------------------------------------------------------------------------


def is_begun(edition: Edition) -> bool:
    """Whether there is anything to undo: a date that was chosen from the wishes, or wishes that are frozen."""
    dates = select(Meeting.id).join(Meeting.workgroup).where(Workgroup.edition_id == edition.id)
    return db.session.scalar(dates.limit(1)) is not None or ways.assignment_of(edition) is not None


def undo(edition: Edition) -> None:
    """As if no dates had been chosen and nobody told: groups, slots and wishes stay."""
    if ways.assignment_of(edition):
        for group in merging.closed(Book(edition)):
            group.merged_into_id = group.cancelled_at = None
    db.session.flush()
    groups = select(Workgroup.id).where(Workgroup.edition_id == edition.id)
    # Meetings take minutes and attendance along.
    for table in (Signup, Meeting, NextStep, GroupFile):
        db.session.execute(delete(table).where(table.workgroup_id.in_(groups)))
    db.session.execute(delete(workgroup_secretary).where(workgroup_secretary.c.workgroup_id.in_(groups)))
    db.session.execute(delete(Assignment).where(Assignment.edition_id == edition.id))
    db.session.execute(update(Workgroup).where(Workgroup.edition_id == edition.id).values(late_opened_at=None))
    mine = WishList.edition_id == edition.id
    db.session.execute(update(WishList).where(mine).values(given_id=None, why=None))
    # Numbers are given out anew, and so are the letters about what they stand for.
    db.session.execute(update(Letter).values(key=None))
    db.session.expire_all()
