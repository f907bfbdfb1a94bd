"""What officials did, line by line, each holding the hash of the one before (chain.py says how).

No ballots, no codes, no keys, no addresses are ever written here, and no names: a line has the number of the
member who acted, whose name is looked up by whoever reads. So erasing a member never touches a line.
Lines are only ever added: triggers in the database refuse everything else.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, String, column, select, table, text
from sqlalchemy.orm import Mapped, mapped_column

from . import chain
from .db import Base, db, now

# Held on PostgreSQL by whoever appends, until the transaction ends. SQLite has one writer at a time anyway.
_LOCK = text("SELECT pg_advisory_xact_lock(1635083369)")
_MEMBER = table("member", column("id"), column("number"))


class Entry(Base):
    """One line: when, by whom (a member's number; None: the service itself), what, on what, with which facts.

    `id` is its place in the chain, from 1 without gaps: the order of the log is never the clock's.
    """

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str | None] = mapped_column(String(20), index=True)
    act: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    @property
    def member_id(self) -> int | None:
        """The member who acted, while there is one of that number."""
        return db.session.scalar(select(_MEMBER.c.id).where(_MEMBER.c.number == self.actor)) if self.actor else None

    def content(self) -> dict[str, Any]:
        """Everything that the hash is taken over."""
        return {
            "line": self.id,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor,
            "act": self.act,
            "subject": self.subject,
            "facts": self.facts,
            "previous": self.previous,
        }

    def line(self) -> str:
        """The line of the export, without its end."""
        return chain.canonical(self.content() | {"hash": self.hash})


def number_of(member_id: int | None) -> str | None:
    """What names a member here, as the one who acted or in the facts."""
    return db.session.scalar(select(_MEMBER.c.number).where(_MEMBER.c.id == member_id)) if member_id else None


def record(act: str, subject: str, by: int | None, **facts: Any) -> None:
    """Append an act in the caller's transaction. `subject` is like 'election 3'; `facts` are JSON-ready."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(_LOCK)
    last = db.session.execute(select(Entry.id, Entry.hash).order_by(Entry.id.desc()).limit(1)).first()
    entry = Entry(
        id=last.id + 1 if last else 1, at=now(), actor=number_of(by), act=act, subject=subject,
        facts=json.loads(json.dumps(facts)),  # as the database will give them back
        previous=last.hash if last else chain.START,
    )  # fmt: skip
    entry.hash = chain.digest(entry.content())
    db.session.add(entry)
    db.session.flush()


def lines() -> Iterator[str]:
    """The whole log as it is exported, oldest first."""
    as_it_stands = select(Entry).order_by(Entry.id).execution_options(yield_per=500, populate_existing=True)
    with closing(db.session.scalars(as_it_stands)) as entries:
        for entry in entries:
            yield entry.line()


def first_fault() -> int | None:
    """Give the number of the first line that breaks the chain, or None."""
    fault = chain.check(lines()).fault
    return fault.line if fault else None
