"""Next steps: what somebody will do, and until when."""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..errors import Refused
from ..i18n import ZONE
from . import insiders
from .life_models import NextStep
from .models import Workgroup

MOST = 200


def steps_of(group: Workgroup) -> Sequence[NextStep]:
    """What is to be done, the soonest first, then what is done, the latest first."""
    wanted = select(NextStep).where(NextStep.workgroup_id == group.id).options(selectinload(NextStep.member))
    found = db.session.scalars(wanted).all()
    open_ = sorted((s for s in found if s.done_at is None), key=lambda s: (s.due or date.max, s.id))
    return open_ + sorted((s for s in found if s.done_at), key=_done_at, reverse=True)


def _done_at(step: NextStep) -> datetime:
    return step.done_at or step.agreed_at


def today() -> date:
    """The day in Brussels and Paris."""
    return now().astimezone(ZONE).date()


def is_overdue(step: NextStep) -> bool:
    """Whether it should have been done by now."""
    return step.done_at is None and step.due is not None and step.due < today()


def agree(group: Workgroup, what: str, member_id: int | None, due: date | None) -> NextStep:
    """Note that somebody (or nobody yet) will do something. Raises Refused."""
    what = " ".join(what.split())
    if not what:
        raise Refused(_("Write what is to be done."))
    if member_id is not None and member_id not in {m.id for m in insiders.people_in(group)}:
        raise Refused(_("Choose somebody who is in the group."))
    if len(steps_of(group)) >= MOST:
        raise Refused(_("The group has %(n)s steps, which is the most. Remove one first.", n=MOST))
    step = NextStep(workgroup=group, what=what[:300], member_id=member_id, due=due, agreed_at=now())
    db.session.add(step)
    db.session.flush()
    return step


def do(step: NextStep) -> None:
    """It is done. A second time changes nothing."""
    step.done_at = step.done_at or now()


def undo(step: NextStep) -> None:
    """It is not done after all."""
    step.done_at = None


def remove(step: NextStep, by: int) -> None:
    """Take a step from the list. Raises Refused."""
    if not insiders.may_write(by, step.workgroup):
        raise Refused(_("The secretary and the facilitators can remove a step."))
    db.session.delete(step)
