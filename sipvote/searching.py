"""Full-text search in three languages, with one interface on SQLite and PostgreSQL. Knows no room.

A room says which words of which thing are found (SearchText); the database keeps an index of them.
"""

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base


class SearchText(Base):
    """The words of one thing in one language: a theme, a recommendation, a decision.

    `words` are what the index holds: the stems of title and body, without accents.
    """

    __tablename__ = "search_text"
    __table_args__ = (UniqueConstraint("kind", "thing_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    thing_id: Mapped[int]
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
