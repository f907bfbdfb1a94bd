"""Tables of the stocktake: StatusChange, PublishedStocktake, StocktakeSettings, ListUpload."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, words
from ..members.models import Member
from ..recommendations.models import Recommendation


class Status(StrEnum):
    """How far a recommendation is."""

    NOT_STARTED = "not_started"
    ONGOING = "ongoing"
    DONE = "done"
    NOT_DONE = "not_done"
    REJECTED = "rejected"
    POSTPONED = "postponed"


class StatusChange(Base):
    """From `since` on a recommendation has this status; `noted_at` is when the service learned it.

    A mistake is corrected by a later line with the same `since`. What was known at a moment are the lines noted until
    then; the status on a day is the last line (by since, noted_at, id) among them that begins on that day or before.
    """

    __tablename__ = "status_change"
    __table_args__ = (
        Index("ix_status_change_since", "recommendation_id", "since", "id"),
        CheckConstraint("postponed_until is null or status = 'postponed'", name="postponed_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(ForeignKey("recommendation.id", ondelete="CASCADE"))
    status: Mapped[Status] = mapped_column(words(Status, "status"))
    since: Mapped[date]
    postponed_until: Mapped[date | None]
    language: Mapped[str] = mapped_column(String(2))
    reason: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    recommendation: Mapped[Recommendation] = relationship()
    author: Mapped[Member | None] = relationship()


class PublishedStocktake(Base):
    """The stocktake of a day as it was published: the rows that its figures are made of, as JSON, with their hash."""

    __tablename__ = "published_stocktake"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text, deferred=True)


class StocktakeSettings(Base):
    """What organisers set for the stocktake; one row."""

    __tablename__ = "stocktake_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("remind_after_days between 7 and 730", name="remind_after_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    remind_after_days: Mapped[int] = mapped_column(default=180)


class ListUpload(Base):
    """A list of recommendations that an organiser uploaded and looks at before it is applied, or not.

    `reason` is said of each changed status whose line gives none.
    """

    __tablename__ = "list_upload"

    id: Mapped[int] = mapped_column(primary_key=True)
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    applied_at: Mapped[datetime | None]
