"""What officials did, in order, each entry holding the hash of the one before.

A changed, dropped or inserted entry breaks the chain from there on. No ballots, no codes, no keys
are ever written here. `UNIQUE (previous)` makes a fork impossible, also in a race.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base, db, now

START = "0" * 64


class Entry(Base):
    """One act: when, by whom (None: the service itself), what, on what, with which facts."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    def digest(self) -> str:
        """The hash that this entry must have."""
        at = self.at.replace(microsecond=0).isoformat()
        facts = [at, self.member_id, self.act, self.subject, self.facts, self.previous]
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def record(act: str, subject: str, by: int | None, **facts: Any) -> None:
    """Append an act in the caller's transaction. `subject` is like 'election 3'; `facts` are JSON-ready."""
    for _attempt in range(20):
        last = db.session.scalar(select(Entry.hash).order_by(Entry.id.desc()).limit(1))
        entry = Entry(at=now(), member_id=by, act=act, subject=subject, facts=facts, previous=last or START)
        entry.hash = entry.digest()
        try:
            with db.session.begin_nested():
                db.session.add(entry)
        except IntegrityError:  # somebody appended meanwhile: take the new head
            continue
        return
    raise RuntimeError("The audit log could not be extended.")


def first_fault() -> int | None:
    """Give the id of the first entry that breaks the chain, or None."""
    previous = START
    for entry in db.session.scalars(select(Entry).order_by(Entry.id)):
        if entry.previous != previous or entry.hash != entry.digest():
            return entry.id
        previous = entry.hash
    return None
