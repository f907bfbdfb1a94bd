"""The scrutineers of one election: who was named for it and has accepted, and so may do a scrutineer's acts.

Whoever has the role can be named (naming.py). Where nobody is named, because officials are easy or the server keeps
the key, the role is enough.
"""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from ..access import Role, strict
from ..db import db, now
from ..i18n import alphabetical
from ..members.models import Grant, Member
from ..members.rules import members_today
from . import seal
from .day import ElectionScrutineer
from .models import Custody, Election

# They run the vote, or have to live with its result: nobody watches over themselves.
CONFLICTS = frozenset({Role.ORGANISER, Role.BOARD})


def of(election: Election) -> Sequence[ElectionScrutineer]:
    """Everybody who was asked, whatever they answered, by name."""
    rows = select(ElectionScrutineer).where(ElectionScrutineer.election_id == election.id)
    people = joinedload(ElectionScrutineer.member).selectinload(Member.grants)
    found = db.session.scalars(rows.options(people).execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda row: (alphabetical(row.member.name), row.member_id))


def why_unfit(member: Member) -> str | None:
    """Why somebody cannot be a scrutineer, of any election."""
    roles = {given.role for given in member.grants}
    if not member.is_member_on(now().date()):
        return _("%(name)s is no longer a member.", name=member.name)
    if roles & CONFLICTS:
        return _(
            "%(name)s is an organiser or on the board. Who runs the vote does not watch over it too.", name=member.name
        )
    return None if Role.SCRUTINEER in roles else _("%(name)s does not have the role of scrutineer.", name=member.name)


def accepted(election: Election) -> list[Member]:
    """Who was named and has accepted, by name: these stand on the page of the vote."""
    said_yes = select(ElectionScrutineer.member_id).where(
        ElectionScrutineer.election_id == election.id, ElectionScrutineer.accepted_at.is_not(None)
    )
    people = db.session.scalars(select(Member).where(Member.id.in_(said_yes))).all()
    return sorted(people, key=lambda member: (alphabetical(member.name), member.id))


def ready(election: Election) -> list[Member]:
    """Who has accepted, and can be a scrutineer still."""
    return [member for member in accepted(election) if why_unfit(member) is None]


def are_named(election: Election) -> bool:
    """Whether this election has scrutineers of its own, or waits for their answers."""
    return any(row.declined_at is None for row in of(election))


def are_missing(election: Election) -> bool:
    """Whether the key cannot be made yet: each word list must have a holder who has said yes."""
    needed = election.custody == Custody.SCRUTINEERS and (strict() or are_named(election))
    return needed and len(ready(election)) < seal.LISTS


def with_role() -> Sequence[Member]:
    """Everybody who has the role today, by name, whether fit or not."""
    held = select(Grant.member_id).where(Grant.role == Role.SCRUTINEER)
    people = members_today(select(Member).where(Member.id.in_(held))).options(selectinload(Member.grants))
    return sorted(db.session.scalars(people).all(), key=lambda member: (alphabetical(member.name), member.id))


def watching(election: Election) -> Sequence[Member]:
    """Who gets the seals of the board, and stands in the minutes: who was named, else who has the role."""
    return accepted(election) if are_named(election) else with_role()


def names_of(people: Sequence[Member]) -> list[str]:
    """As pages and minutes call them, long after as well: who was erased has no name any more."""
    return [_("a former member") if member.erased_at else member.name for member in people]


def why_not_watch(election: Election, by: int | None) -> str | None:
    """Why somebody with the role may not do a scrutineer's acts of this election; nobody (None) is the service."""
    if by is None or not are_named(election):
        return None
    mine = next((member for member in accepted(election) if member.id == by), None)
    if mine is None:
        return _("Only the scrutineers who were named for this vote, and have accepted, can do this.")
    return why_unfit(mine)
