"""Backups: the words `backup` and `restore`, and the drill that shows that they work. Knows no room.

A backup is one file: the data as the database's own tools copy it, and a manifest that says what must be in it. What
signs somebody in is left out, so whoever finds a backup finds sealed ballots and no key, and no session either.
"""

from datetime import UTC, datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from ..audit import Entry
from ..db import db

ACT = "make backup"
TOUCHED = "last-backup"  # in SIPVOTE_INSTANCE: whoever backs up with tools of their own touches it


def last_backup() -> datetime | None:
    """When the data were backed up last: by the word `backup`, as the audit log tells, or by other tools."""
    made = select(Entry.at).where(Entry.act == ACT).order_by(Entry.id.desc()).limit(1)
    known = (db.session.scalar(made), _touched(current_app.config["INSTANCE"] / TOUCHED))
    return max(filter(None, known), default=None)


def _touched(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
