"""Backups: the words `backup` and `restore`, and the drill that shows that they work. Knows no room.

A backup is one file: the data as the database's own tools copy it, and a manifest that says what must be in it. What
signs somebody in is left out, so whoever finds a backup finds sealed ballots and no key, and no session either.
"""

from datetime import datetime

from sqlalchemy import select

from ..audit import Entry
from ..db import db

ACT = "make backup"


def last() -> datetime | None:
    """When the last backup was made, as the audit log tells; None when there was none yet."""
    made = select(Entry.at).where(Entry.act == ACT).order_by(Entry.id.desc()).limit(1)
    moment: datetime | None = db.session.scalar(made)
    return moment
