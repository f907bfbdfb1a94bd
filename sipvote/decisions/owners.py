"""Who answers for a decision: a member found by number, e-mail or name, or only a name."""

import re

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from ..db import db
from ..errors import Refused
from ..members.models import Member
from ..members.rules import member_at, members_today

MOST = 120
# "Ada Peeters (10234)": how a member who was found stands in the field.
NUMBERED = re.compile(r"\(([^()]+)\)$")


class NotFound(Refused):
    """Nobody is found, or several are; `field` says where that was typed."""

    field = "owner"


def typed(owner: Member | None, name: str) -> str:
    """What stands in the field for somebody who was found before."""
    return f"{owner.name} ({owner.number})" if owner else name


def find(said: str) -> tuple[int | None, str]:
    """(member id, "") of one member, or (None, name) of whoever is not on the roll. Raises NotFound."""
    said = " ".join(said.split())
    if not said:
        return None, ""
    numbered = NUMBERED.search(said)
    number = numbered[1] if numbered else said
    found = db.session.scalar(_member().where(Member.number == number))
    if found is None and "@" in said:
        found = member_at(said)
    if found is not None:
        return found.id, ""
    if numbered or "@" in said or said.isdigit():
        raise NotFound(_("No member has this number or e-mail address. Check it, or write a name."))
    return _by_name(said)


def _member() -> Select[Member]:
    members: Select[Member] = members_today(select(Member))
    return members


def _by_name(name: str) -> tuple[int | None, str]:
    found = db.session.scalars(_member().where(func.lower(Member.name) == name.lower()).limit(2)).all()
    if len(found) > 1:
        raise NotFound(_("Several members are called %(name)s. Give the number of the one you mean.", name=name))
    if found:
        return found[0].id, ""
    if len(name) > MOST:
        raise NotFound(_("Write at most %(n)s characters.", n=MOST))
    return None, name
