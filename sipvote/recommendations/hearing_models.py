"""Tables of what others say of a draft: Remark, RemarkReport, Adoption, AdoptionAnswer, MinorityNote.

And the Bundle.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from ..editions.models import Edition
from ..members.models import Member
from ..workgroups.models import Meeting, Workgroup
from .models import Draft, Recommendation

GOES_ON = text("closed_at IS NULL")
ON_THE_WHOLE = text("recommendation_id IS NULL")


class Remark(Base):
    """What a member says of a published draft, or of one of its recommendations, or of another remark.

    The group answers the first of a thread: `taken_up` says whether it changed the text, `answer` what or why not.
    A hidden remark stays in the database with the organisers' reason; its author still sees it.
    """

    __tablename__ = "remark"
    __table_args__ = (
        CheckConstraint("(hidden_at is null) = (hidden_reason is null)", name="hidden_with_reason"),
        CheckConstraint("(answered_at is null) = (answer is null)", name="answered_in_words"),
        CheckConstraint("(answered_at is null) = (answer_language is null)", name="answered_in_a_language"),
        CheckConstraint("(answered_at is null) = (taken_up is null)", name="answered_yes_or_no"),
        CheckConstraint("parent_id is null or answered_at is null", name="the_first_is_answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    recommendation_id: Mapped[int | None] = mapped_column(
        ForeignKey("recommendation.id", ondelete="CASCADE"), index=True
    )
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("remark.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str | None] = mapped_column(String(300))
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    taken_up: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answer_language: Mapped[str | None] = mapped_column(String(2))

    draft: Mapped[Draft] = relationship()
    recommendation: Mapped[Recommendation | None] = relationship()
    member: Mapped[Member | None] = relationship(foreign_keys=[member_id])
    answered_by: Mapped[Member | None] = relationship(foreign_keys=[answered_by_id])
    parent: Mapped["Remark | None"] = relationship(remote_side=[id], back_populates="replies")
    replies: Mapped[list["Remark"]] = relationship(back_populates="parent", order_by="Remark.written_at, Remark.id")


class RemarkReport(Base):
    """A member asks the organisers to look at a remark, and why; once. `settled_at` is when they did."""

    __tablename__ = "remark_report"

    remark_id: Mapped[int] = mapped_column(ForeignKey("remark.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(300))
    reported_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    member: Mapped[Member] = relationship(foreign_keys=[member_id])


class Adoption(Base):
    """One group decides on its draft, at a meeting. `digest` is the hash of the text that it is asked about.

    A group may be asked again about a changed text: one question at a time, the last closed one counts. One that was
    closed without `is_adopted` came to nothing: the text changed, or it was taken back. `reopened_at` is when an
    organiser opened the adopted text again: from then on the answer counts no more.
    """

    __tablename__ = "adoption"
    __table_args__ = (
        Index("ix_adoption_goes_on", "workgroup_id", unique=True, sqlite_where=GOES_ON, postgresql_where=GOES_ON),
        CheckConstraint("is_adopted is null or closed_at is not null", name="closed_before_adopted"),
        CheckConstraint("reopened_at is null or closed_at is not null", name="closed_before_reopened"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id", ondelete="SET NULL"))
    digest: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None]
    is_adopted: Mapped[bool | None]
    reopened_at: Mapped[datetime | None]

    draft: Mapped[Draft] = relationship()
    workgroup: Mapped[Workgroup] = relationship()
    meeting: Mapped[Meeting | None] = relationship()
    answers: Mapped[list["AdoptionAnswer"]] = relationship(back_populates="adoption", cascade="all, delete-orphan")


class AdoptionAnswer(Base):
    """What one member who was present says of the text; None is an abstention. It is not a secret ballot."""

    __tablename__ = "adoption_answer"

    adoption_id: Mapped[int] = mapped_column(ForeignKey("adoption.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True)
    agrees: Mapped[bool | None]
    answered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    adoption: Mapped[Adoption] = relationship(back_populates="answers")
    member: Mapped[Member] = relationship(foreign_keys=[member_id])


class MinorityNote(Base):
    """What a member of the group wants the board to read beside the adopted text, under their name."""

    __tablename__ = "minority_note"
    __table_args__ = (
        UniqueConstraint("draft_id", "recommendation_id", "member_id"),
        Index("ix_minority_note_on_the_whole", "draft_id", "member_id", unique=True,
              sqlite_where=ON_THE_WHOLE, postgresql_where=ON_THE_WHOLE),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    recommendation_id: Mapped[int | None] = mapped_column(ForeignKey("recommendation.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    draft: Mapped[Draft] = relationship()
    recommendation: Mapped[Recommendation | None] = relationship()
    member: Mapped[Member | None] = relationship()


class Bundle(Base):
    """The recommendations of an edition as the board receives them.

    Until it is submitted it is made anew for each reader. Then `content` holds it (JSON, in three languages), `digest`
    is its SHA-256, and nothing changes it any more.
    """

    __tablename__ = "bundle"
    __table_args__ = (
        CheckConstraint("(submitted_at is null) = (digest is null)", name="submitted_with_hash"),
        CheckConstraint("(submitted_at is null) = (content is null)", name="submitted_with_content"),
    )

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    foreword_en: Mapped[str] = mapped_column(Text, default="")
    foreword_nl: Mapped[str] = mapped_column(Text, default="")
    foreword_fr: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[datetime | None]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    digest: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[str | None] = mapped_column(Text, deferred=True)

    edition: Mapped[Edition] = relationship()
