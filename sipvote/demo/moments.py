"""Moving moments of the demonstration: by whole weeks, so that 17.00 stays 17.00 and a Saturday a Saturday."""

from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Date, Table, bindparam, select, update

from ..db import Moment, db
from ..i18n import ZONE

When = TypeVar("When", bound=date)  # or a datetime, which is one
WEEK = timedelta(weeks=1)


def moved(moment: When, weeks: int) -> When:
    """Weeks later by the clock on the wall."""
    if not isinstance(moment, datetime):
        return moment + weeks * WEEK
    return (moment.astimezone(ZONE).replace(tzinfo=None) + weeks * WEEK).replace(tzinfo=ZONE)


def shift(table: Table, chosen: Any, weeks: int) -> None:
    """Move every moment and day in these rows. Meetings two weeks apart must not meet, so the foremost goes first."""
    moments = [c for c in table.c if isinstance(c.type, Moment | Date)]
    rows = db.session.execute(select(*table.primary_key, *moments).where(chosen).order_by(moments[0])).mappings().all()
    changed = [
        {f"old_{c.name}": row[c] for c in table.primary_key}
        | {c.name: moved(row[c], weeks) if row[c] else None for c in moments}
        for row in (reversed(rows) if weeks > 0 else rows)
    ]
    if changed:
        same = [c == bindparam(f"old_{c.name}") for c in table.primary_key]
        # On the connection: the ORM would take this for a bulk update by primary key.
        db.session.connection().execute(update(table).where(*same), changed)
