"""Who may see a group, who may run it, and who is inside.

Seeing is for organisers, for those who lead it, and for facilitators of its cities. Running (attendance, letters,
agenda) and what the people in a group told it are for those who lead it, and for organisers. Inside are also the
members with a place.
"""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from .. import audit
from ..access import Role, Visitor
from ..db import db
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import alphabetical
from ..members.models import Member
from . import counts, rules, waiting
from . import group_letters as letters
from .models import Meeting, Signup, Workgroup

MOST_NEEDS = 300


def may_see(visitor: Visitor, group: Workgroup) -> bool:
    """Organisers see every group; facilitators their own and those of the cities their role is limited to."""
    if may_run(visitor, group):
        return True
    if Role.FACILITATOR not in visitor.roles:
        return False
    return not visitor.cities or any(c.id in visitor.cities for c in group.cities)


def may_run(visitor: Visitor, group: Workgroup) -> bool:
    """Organisers run every group; facilitators those that they lead."""
    return Role.ORGANISER in visitor.roles or rules.leads(visitor.member_id, group)


def is_inside(visitor: Visitor, group: Workgroup) -> bool:
    """Whether the visitor may read what the group writes for itself."""
    return may_run(visitor, group) or has_place(visitor.member_id, group)


def has_place(member_id: int, group: Workgroup) -> bool:
    """Whether a member has a place in the group."""
    signup = rules.signup_of(member_id, group)
    return signup is not None and signup.has_place


def may_write(member_id: int, group: Workgroup) -> bool:
    """Whether somebody writes the minutes: the secretary, as long as they have a place, and the facilitators."""
    is_secretary = group.secretary is not None and group.secretary.id == member_id
    return rules.leads(member_id, group) or (is_secretary and has_place(member_id, group))


def seen(visitor: Visitor, edition: Edition) -> list[Workgroup]:
    """The groups of an edition that the visitor may see."""
    return [g for g in counts.groups_in(edition) if may_see(visitor, g)]


def signups_of(groups: Sequence[Workgroup]) -> list[Signup]:
    """Sign-ups that stand, group by group: places by name, then places only offered, then the waiting list."""
    standing = (
        select(Signup)
        .join(Signup.member)
        .where(Signup.workgroup_id.in_([g.id for g in groups]), Signup.withdrawn_at.is_(None))
        .options(selectinload(Signup.member), selectinload(Signup.attendances))
        .options(selectinload(Signup.workgroup).selectinload(Workgroup.theme))
    )
    place = {g.id: n for n, g in enumerate(groups)}
    queued = {id: n for queue in waiting.queues(groups).values() for n, id in enumerate(queue)}

    def order(signup: Signup) -> tuple[object, ...]:
        number, name = queued.get(signup.id, -1), alphabetical(signup.member.name)
        return place[signup.workgroup_id], signup.is_waiting, signup.is_offered, number, name, signup.id

    return sorted(db.session.scalars(standing), key=order)


def people_in(group: Workgroup) -> list[Member]:
    """Facilitators, then everybody with a place, by name."""
    seated = select(Member).join(Signup, Signup.member_id == Member.id).where(Signup.workgroup_id == group.id)
    placed = seated.where(Signup.seat.is_not(None), Signup.confirm_by.is_(None)).order_by(Member.name, Member.id)
    return [*group.facilitators, *db.session.scalars(placed)]


def name_secretary(group: Workgroup, member: Member | None, by: int) -> None:
    """Say who writes the minutes: somebody with a place, or nobody. Raises Refused."""
    if group.secretary is member:
        return
    if member is not None and not has_place(member.id, group):
        raise Refused(_("Choose somebody who has a place in the group."))
    group.secretary = member
    if member is not None:
        letters.secretary_named(group, member)
    audit.record("name secretary", f"workgroup {group.id}", by, member=member.number if member else None)


def tell_needs(group: Workgroup, member_id: int, text: str) -> None:
    """What a member with a place needs to take part, for those who run the group. Raises Refused."""
    signup, text = rules.signup_of(member_id, group), " ".join(text.replace("\0", "").split())
    if signup is None or not signup.has_place:
        raise Refused(_("This is for people who have a place in the group."))
    if len(text) > MOST_NEEDS:
        raise Refused(_("Write at most %(n)s characters.", n=MOST_NEEDS))
    signup.access_needs = text


def write_agenda(meeting: Meeting, text: str, by: int) -> None:
    """Say what a meeting is about."""
    meeting.agenda = text.replace("\0", "").strip()
    at = meeting.starts_at.isoformat()
    audit.record("write agenda", f"workgroup {meeting.workgroup_id}", by, meeting=at)
