"""The table of certificates of destruction."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base


class Certificate(Base):
    """What was destroyed at a moment: by the rules (`kind` "retention"), or of one member ("erasure").

    `lines` are [name of the rule or of the part, how many]; `subject` is who was erased, without a name.
    """

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    lines: Mapped[list[Any]] = mapped_column(JSON)
