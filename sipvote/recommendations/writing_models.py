"""Tables of what is not in a draft yet: UnsavedText, which somebody is writing, and JoiningRequest."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from ..members.models import Member
from ..workgroups.models import Workgroup
from .models import Draft

OF_A_NEW_ONE = text("recommendation_id IS NULL")


class UnsavedText(Base):
    """What somebody typed and has not saved: kept while they write, read by nobody else, gone once it is saved.

    Without a recommendation it is a new one. `seen` is the version that they began from.
    """

    __tablename__ = "unsaved_text"
    __table_args__ = (
        UniqueConstraint("draft_id", "member_id", "recommendation_id"),
        Index("ix_unsaved_text_new", "draft_id", "member_id", unique=True,
              sqlite_where=OF_A_NEW_ONE, postgresql_where=OF_A_NEW_ONE),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    recommendation_id: Mapped[int | None] = mapped_column(
        ForeignKey("recommendation.id", ondelete="CASCADE"), index=True
    )
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    for_whom: Mapped[str] = mapped_column(Text)
    seen: Mapped[str] = mapped_column(String(10))
    kept_at: Mapped[datetime]


class JoiningRequest(Base):
    """A group asks to write in the draft of another group of its theme; one request at a time."""

    __tablename__ = "joining_request"

    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    workgroup: Mapped[Workgroup] = relationship()
    draft: Mapped[Draft] = relationship()
    asked_by: Mapped[Member | None] = relationship()
