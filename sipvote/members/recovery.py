"""An official who lost their second step: two others confirm, each for themselves, that it is really them.

Organisers and board members help: they have a second step of their own, and confirm each other's acts already.
Scrutineers do not: they watch these people. A row is what is asked; once it has ended, it is what two have confirmed,
and it goes when the new second step is there. What was refused or withdrawn stands in the audit log alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from .. import audit, mail
from ..access import MAY, WEIGHTY, Role
from ..db import db, now
from ..errors import Refused
from ..fields import plain_lines
from . import factors, rules
from .models import Member
from .step_models import Recovery

LIVES = timedelta(days=3)  # as long as it may take to reach two people
SET_UP = timedelta(hours=24)  # for the new second step, from the second confirmation on
ASKS_A_DAY = 3
HELPERS = MAY["acts.confirm"]


# --- Finding ----------------------------------------------------------------------------------------


def helpers(member_id: int) -> Sequence[Member]:
    """The others who may confirm that somebody is who they say."""
    return rules.others_with(HELPERS, member_id)


def _open() -> Select[Recovery]:
    found: Select[Recovery] = select(Recovery).where(Recovery.ended_at.is_(None), Recovery.asked_at > now() - LIVES)
    return found.options(joinedload(Recovery.member), joinedload(Recovery.first_by))


def standing(but: int) -> Sequence[Recovery]:
    """What others have asked and waits for somebody's word, the oldest first."""
    return db.session.scalars(_open().where(Recovery.member_id != but).order_by(Recovery.id)).all()


def of_member(member_id: int) -> Recovery | None:
    """What somebody has asked themselves."""
    return db.session.scalar(_open().where(Recovery.member_id == member_id))


def lapses(asked: Recovery) -> datetime:
    """Until when it can be confirmed."""
    return asked.asked_at + LIVES


def set_up_until(member_id: int) -> datetime | None:
    """Until when somebody sets up a new second step, where two have confirmed that they lost the old one."""
    confirmed = select(func.max(Recovery.ended_at)).where(Recovery.member_id == member_id)
    ended = db.session.scalar(confirmed)
    return ended + SET_UP if ended and not factors.of_member(member_id) else None


def why_not_set_up(member_id: int) -> str | None:
    """After the hours that were given for it, others confirm once more: a mail alone is not enough."""
    until = set_up_until(member_id)
    if until is None or until > now():
        return None
    return _("The 24 hours for setting up a new second step are over. Ask two others again.")


# --- Asking -----------------------------------------------------------------------------------------


def why_not_ask(member_id: int, roles: frozenset[Role]) -> str | None:
    """Only for officials who had a second step, and where there are two others."""
    if not roles & WEIGHTY:
        return _("Only officials need a second step.")
    if not factors.of_member(member_id) and why_not_set_up(member_id) is None:
        return _("You have no second step now: you can set one up.")
    if of_member(member_id):
        return _("You asked for this already.")
    if len(helpers(member_id)) < 2:
        return _(
            "Two other organisers or board members confirm this, and there are not two. "
            "Ask whoever runs the service to reset your second step."
        )
    return None


def ask(member: Member, roles: frozenset[Role]) -> Recovery:
    """Say that one's second step is lost; who asked and who may help hear of it by mail. Raises Refused."""
    if why := why_not_ask(member.id, roles) or _why_not_again(member):
        raise Refused(why)
    _drop(Recovery.member_id == member.id, Recovery.asked_at <= now() - LIVES)
    asked = Recovery(member=member, asked_at=now())
    try:
        with db.session.begin_nested():
            db.session.add(asked)
    except IntegrityError:
        raise Refused(_("You asked for this already.")) from None
    audit.record("ask recovery", f"member {member.number}", member.id)
    mail.queue("recovery_asked", member, until=lapses(asked))
    for other in helpers(member.id):
        mail.queue("recovery", other, lost=member, until=lapses(asked))
    return asked


def _why_not_again(member: Member) -> str | None:
    """Each time everybody who may help gets a mail: a few a day are enough."""
    lately = select(func.count()).where(
        audit.Entry.subject == f"member {member.number}",
        audit.Entry.act == "ask recovery",
        audit.Entry.at > now() - timedelta(days=1),
    )
    if (db.session.scalar(lately) or 0) < ASKS_A_DAY:
        return None
    return _("You asked for this three times today. Call one of the others.")


# --- Confirming -------------------------------------------------------------------------------------


def why_not_confirm(asked: Recovery, by: int) -> str | None:
    """Two different people do, and never who asked."""
    if asked.member_id == by:
        return _("You asked for this yourself. Two others confirm it.")
    if by not in {helper.id for helper in helpers(asked.member_id)}:
        return _("Your role does not allow this.")
    return _("You have confirmed this already. Somebody else does it too.") if asked.first_by_id == by else None


def confirm(asked: Recovery, by: int) -> bool:
    """Say that it is really them. Whether that was the second word: then the old second step is gone. Raises Refused.

    The first word counts as long as who gave it may still help.
    """
    if why := why_not_confirm(asked, by):
        raise Refused(why)
    may_help = [helper.id for helper in helpers(asked.member_id)]
    none_yet = or_(Recovery.first_by_id.is_(None), Recovery.first_by_id.not_in(may_help))
    is_first = _sign(asked.id, none_yet, first_by_id=by)
    if not is_first and not _sign(asked.id, Recovery.first_by_id != by, second_by_id=by, ended_at=now()):
        raise Refused(_gone())
    db.session.refresh(asked)
    member = asked.member
    audit.record("confirm recovery", f"member {member.number}", by)
    if not is_first:
        factors.forget(member, by, until=now() + SET_UP, way="two others")
    return not is_first


def _sign(recovery_id: int, still: Any, **words: Any) -> bool:
    """Give one's word where it is still wanted; of any number at once, one is the first and one the second."""
    wanted = update(Recovery).where(
        Recovery.id == recovery_id, Recovery.ended_at.is_(None), Recovery.asked_at > now() - LIVES, still
    )
    return bool(db.session.execute(wanted.values(**words)).rowcount == 1)  # type: ignore[attr-defined]


def _gone() -> str:
    return _("This is no longer asked: it was confirmed, refused, withdrawn, or asked too long ago.")


# --- Ending -----------------------------------------------------------------------------------------


def _drop(*which: Any) -> bool:
    """Whether something that was still asked is no longer."""
    gone = db.session.execute(delete(Recovery).where(Recovery.ended_at.is_(None), *which))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def refuse(asked: Recovery, by: int, why: str) -> None:
    """Say that it is not them, or not sure; who asked reads the reason. Raises Refused."""
    member = asked.member
    if by not in {helper.id for helper in helpers(member.id)}:
        raise Refused(_("Your role does not allow this."))
    reason = plain_lines(why)[:1000]
    if not reason:
        raise Refused(_("Give a reason: who asked reads it."))
    if not _drop(Recovery.id == asked.id):
        raise Refused(_gone())
    audit.record("refuse recovery", f"member {member.number}", by, reason=reason)
    mail.queue("recovery_refused", member, by=db.session.get_one(Member, by), why=reason)


def withdraw(member: Member) -> None:
    """No longer ask: it was found again, or somebody else asked in one's name."""
    if _drop(Recovery.member_id == member.id):
        audit.record("withdraw recovery", f"member {member.number}", member.id)
