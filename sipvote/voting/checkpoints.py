"""Sealing the public board: checkpoints while the vote is open, and one at closing.

Who keeps a checkpoint can prove later that nothing has vanished since: so the scrutineers get each by mail.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from .. import mail
from ..db import db, now
from . import board, box, keys, scrutineers
from .models import BoardCheckpoint, Election

CHECKPOINTS_AT_MOST = 100
CHECKPOINTS_APART = timedelta(minutes=10)


def name_of(election: Election) -> str:
    """How checkpoints, receipts and the audit log name an election: 'vote 2026', or 'rehearsal 2026'."""
    return f"{'rehearsal' if election.is_rehearsal else 'vote'} {election.edition.year}"


def checkpoints(election: Election) -> Sequence[BoardCheckpoint]:
    """The checkpoints of an election, in order, without their lists."""
    rows = select(BoardCheckpoint).where(BoardCheckpoint.election_id == election.id)
    return db.session.scalars(rows.order_by(BoardCheckpoint.number)).all()


def point_of(election: Election, row: BoardCheckpoint) -> board.Checkpoint:
    """A checkpoint as it was signed."""
    at = board.stamp(row.made_at)
    return board.Checkpoint(name_of(election), row.number, at, row.trackers, row.root, row.previous, row.signature)


def last_list(election: Election) -> list[str]:
    """The trackers on the board at the last checkpoint."""
    listed = select(BoardCheckpoint.listed).where(BoardCheckpoint.election_id == election.id)
    found = db.session.scalar(listed.order_by(BoardCheckpoint.number.desc()).limit(1)) or b""
    return [found[at : at + 32].hex() for at in range(0, len(found), 32)]


def _last(election: Election) -> BoardCheckpoint | None:
    rows = select(BoardCheckpoint).where(BoardCheckpoint.election_id == election.id)
    return db.session.scalar(rows.order_by(BoardCheckpoint.number.desc()).limit(1))


def is_checkpoint_due(election: Election) -> bool:
    """Every ten minutes while the vote is open; in a long vote less often, so that there are about a hundred."""
    if not election.is_open or election.opened_at is None:
        return False
    apart = max(CHECKPOINTS_APART, (election.closes_at - election.opened_at) / CHECKPOINTS_AT_MOST)
    last = _last(election)
    return now() >= (last.made_at if last else election.opened_at) + apart


def checkpoint(election: Election) -> BoardCheckpoint | None:
    """Seal the board as it stands, and mail the seal to the scrutineers.

    None when nothing has changed since the last one and the vote still runs.
    """
    last, trackers = _last(election), box.trackers(election.id)
    if election.closed_at is None and (last.root == board.root(trackers) if last else not trackers):
        return None
    point = board.next_checkpoint(
        point_of(election, last) if last else None,
        election=name_of(election),
        trackers=trackers,
        at=election.closed_at or now(),
        key=keys.signing_key(),
    )
    row = BoardCheckpoint(
        election_id=election.id,
        number=point.number,
        made_at=datetime.fromisoformat(point.at),
        trackers=point.trackers,
        root=point.root,
        previous=point.previous,
        signature=point.signature,
        listed=bytes.fromhex("".join(sorted(trackers))),
    )
    db.session.add(row)
    db.session.flush()
    _mail_scrutineers(election, point)
    return row


def _mail_scrutineers(election: Election, point: board.Checkpoint) -> None:
    key, is_last = keys.public_signing_key(), election.closed_at is not None
    for member in scrutineers.watching(election):
        letter = f"checkpoint {election.id} {point.number} {member.id}"
        mail.queue(
            "checkpoint", member, key=letter, edition=election.edition, point=point, public_key=key, is_last=is_last,
            is_rehearsal=election.is_rehearsal,
        )  # fmt: skip
