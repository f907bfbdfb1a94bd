"""The presence list as a file: its columns, and its rows in the order of the names."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload

from ..db import db
from ..i18n import country_name
from ..members.models import Member
from .models import Assembly, Presence, Way

WAY_NAMES = {Way.HALL: _l("in the hall"), Way.REMOTE: _l("from elsewhere")}


def listed(assembly: Assembly, way: Way | None = None) -> Select[Presence]:
    """Presences by name, each with its member and who of the desk checked them in."""
    rows = (
        select(Presence)
        .join(Presence.member)
        .where(Presence.assembly_id == assembly.id)
        .options(contains_eager(Presence.member), joinedload(Presence.checked_in_by))
        .order_by(Member.name, Member.id)
    )
    return rows.where(Presence.way == way) if way else rows


def rows_of(assembly: Assembly) -> Sequence[Presence]:
    """The whole list, in one query."""
    return db.session.scalars(listed(assembly)).all()


PRESENCE_COLUMNS: list[tuple[Any, Callable[[Presence], Any]]] = [
    (_l("Number"), lambda p: p.member.number),
    (_l("Name"), lambda p: p.member.name),
    (_l("City"), lambda p: p.member.city),
    (_l("Country"), lambda p: country_name(p.member.country)),
    (_l("How"), lambda p: WAY_NAMES[p.way]),
    (_l("Since"), lambda p: p.arrived_at),
    (_l("Left"), lambda p: p.left_at),
    (_l("Checked in by"), lambda p: p.checked_in_by.name if p.checked_in_by else None),
]
