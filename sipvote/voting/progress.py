"""Opening the ballot box while people watch: how far it has come stands in the database as it goes.

The box cannot change any more once the vote is closed. So the envelopes are read and opened before anything
is locked, and each note of the progress is a transaction of its own.
"""

import time
from typing import NamedTuple

from sqlalchemy import text

from ..db import at_once, db, look
from . import box, counting
from .day import CountProgress

NOTED_EVERY = 0.25  # seconds
_NOTE = text(
    "INSERT INTO count_progress (election_id, opened, envelopes) VALUES (:election, :opened, :envelopes)"
    " ON CONFLICT (election_id) DO UPDATE SET opened = excluded.opened, envelopes = excluded.envelopes"
)


class Progress(NamedTuple):
    """How many of the envelopes have been opened."""

    opened: int
    envelopes: int


def of(election_id: int) -> Progress | None:
    """How far the opening has come; None when it has not begun."""
    row = db.session.get(CountProgress, election_id, populate_existing=True)
    return Progress(row.opened, row.envelopes) if row else None


def open_box(locked: counting.Locked) -> counting.Opened:
    """Open the box and note how far it has come. The caller must hold no transaction of its own."""
    with look() as connection:
        envelopes = box.envelopes(locked.election_id, connection)
    noted = 0.0

    def tell(opened: int) -> None:
        nonlocal noted
        if time.monotonic() - noted >= NOTED_EVERY:
            _note(locked.election_id, opened, len(envelopes))
            noted = time.monotonic()

    found = counting.open_box(locked, envelopes, tell)
    _note(locked.election_id, len(envelopes), len(envelopes))
    return found


def _note(election_id: int, opened: int, envelopes: int) -> None:
    with at_once() as connection:
        connection.execute(_NOTE, {"election": election_id, "opened": opened, "envelopes": envelopes})
