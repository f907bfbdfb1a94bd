"""An announced vote that the installation keeps from opening: every organiser hears of it at once, and once only."""

from sqlalchemy import select

from .. import mail, readiness
from ..access import Role
from ..db import db
from ..i18n import in_language
from ..members.models import Grant, Member
from ..members.rules import members_today
from .models import Election


def tell(election: Election) -> None:
    """Write to the organisers what is to be mended; the worker opens the vote within a minute of that."""
    held = select(Grant.member_id).where(Grant.role == Role.ORGANISER)
    for member in db.session.scalars(
        members_today(select(Member).where(Member.id.in_(held))).order_by(Member.id)
    ).all():
        with in_language(member.language):
            why = readiness.why_not_open()
        key = f"not opened {election.id} {election.opens_at.isoformat()} {member.id}"
        mail.queue("not_opened", member, key=key, why=why, edition=election.edition)
