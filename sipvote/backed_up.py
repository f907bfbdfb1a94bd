"""When the data were backed up last: by the word `backup`, or by other tools, which touch a file."""

from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from flask import current_app

TOUCHED = "last-backup"  # in SIPVOTE_INSTANCE: whoever backs up with tools of their own touches it


def last_backup() -> datetime | None:
    """The moment of the newest backup that is known on this machine."""
    known: list[datetime | None] = [_touched(current_app.config["INSTANCE"] / TOUCHED)]
    if find_spec("sipvote.backups"):
        known.append(import_module("sipvote.backups").last())
    return max(filter(None, known), default=None)


def _touched(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
