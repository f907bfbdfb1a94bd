"""Table of the oversight room: Head."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .. import chain
from ..db import Base


class Head(Base):
    """The last line of the log at the end of a day, as it was published; each names the one before.

    Rows are only ever added: triggers in the database refuse everything else.
    """

    __tablename__ = "audit_head"

    day: Mapped[date] = mapped_column(primary_key=True)
    line: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    head: Mapped[str] = mapped_column(String(64), unique=True)

    def content(self) -> dict[str, object]:
        """Everything that `head` is the hash of."""
        return {"day": self.day.isoformat(), "line": self.line, "hash": self.hash, "previous": self.previous}

    def exported(self) -> str:
        """The line of heads.jsonl, without its end."""
        return chain.canonical(self.content() | {"head": self.head})
