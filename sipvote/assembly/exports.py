"""The presence list as a file: its columns, and its rows in the order of the names."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import aliased, contains_eager

from ..db import db
from ..i18n import country_name
from ..members.models import Member
from .models import Assembly, Presence, Way

WAY_NAMES = {Way.HALL: _l("in the hall"), Way.REMOTE: _l("from elsewhere")}


def listed(assembly: Assembly, way: Way | None = None, there: bool = False) -> Any:
    """Presences with their member, and the name of who of the desk checked them in; by name."""
    official = aliased(Member)
    rows = (
        select(Presence, official.name)
        .join(Presence.member)
        .outerjoin(official, official.id == Presence.checked_in_by_id)
        .where(Presence.assembly_id == assembly.id)
        .options(contains_eager(Presence.member))
        .order_by(Member.name, Member.id)
    )
    if way:
        rows = rows.where(Presence.way == way)
    return rows.where(Presence.left_at.is_(None)) if there else rows


def rows_of(assembly: Assembly) -> Sequence[Any]:
    """The whole list, in one query."""
    return db.session.execute(listed(assembly)).all()


PRESENCE_COLUMNS: list[tuple[Any, Callable[[Any], Any]]] = [
    (_l("Number"), lambda row: row[0].member.number),
    (_l("Name"), lambda row: row[0].member.name),
    (_l("City"), lambda row: row[0].member.city),
    (_l("Country"), lambda row: country_name(row[0].member.country)),
    (_l("How"), lambda row: WAY_NAMES[row[0].way]),
    (_l("Since"), lambda row: row[0].arrived_at),
    (_l("Left"), lambda row: row[0].left_at),
    (_l("Checked in by"), lambda row: row[1]),
]
