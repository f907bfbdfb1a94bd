"""Tables of the board's decisions: Decision, DecisionText, FollowUp."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, words
from ..i18n import LANGUAGES, language
from ..members.models import Member
from ..recommendations.models import Recommendation

DRAFTED = text("published_at IS NULL")


class Outcome(StrEnum):
    """What the board decides on a recommendation."""

    ACCEPTED = "accepted"
    AMENDED = "amended"  # accepted in part, or with other words
    REJECTED = "rejected"
    POSTPONED = "postponed"


class Decision(Base):
    """What the board decided on a recommendation, on a day; a draft until it is published.

    Each recommendation has one draft at most; `drafted_at` is when its words were last changed, by whom. What is
    published stays: deciding again is a new row, and the last one counts. Who answers for it is a member, or a name.
    """

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_draft", "recommendation_id", unique=True, sqlite_where=DRAFTED, postgresql_where=DRAFTED),
        CheckConstraint("postponed_until is null or outcome = 'postponed'", name="postponed_until"),
        CheckConstraint("published_at is null or decided_on is not null", name="published_with_a_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(ForeignKey("recommendation.id", ondelete="CASCADE"), index=True)
    outcome: Mapped[Outcome] = mapped_column(words(Outcome, "outcome"))
    original: Mapped[str] = mapped_column(String(2))
    decided_on: Mapped[date | None] = mapped_column(index=True)
    postponed_until: Mapped[date | None] = mapped_column(index=True)
    due: Mapped[date | None] = mapped_column(index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    owner_name: Mapped[str] = mapped_column(String(120), default="")
    drafted_at: Mapped[datetime]
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    published_at: Mapped[datetime | None]

    recommendation: Mapped[Recommendation] = relationship()
    owner: Mapped[Member | None] = relationship(foreign_keys=[owner_id])
    drafted_by: Mapped[Member | None] = relationship(foreign_keys=[drafted_by_id])
    texts: Mapped[list["DecisionText"]] = relationship(
        back_populates="decision", cascade="all, delete-orphan", lazy="selectin", order_by="DecisionText.language"
    )
    follow_ups: Mapped[list["FollowUp"]] = relationship(
        back_populates="decision", cascade="all, delete-orphan", order_by="FollowUp.id"
    )

    def text_in(self, code: str) -> "DecisionText | None":
        """The words in exactly that language, if there are any."""
        return next((t for t in self.texts if t.language == code), None)

    @property
    def text(self) -> "DecisionText":
        """The words to show on this page: in its language, else the original."""
        return self.text_in(language()) or self.text_in(self.original) or self.texts[0]

    @property
    def missing_languages(self) -> list[str]:
        return [code for code in LANGUAGES if self.text_in(code) is None]

    @property
    def owner_says(self) -> str:
        """Who answers for it, as it is written."""
        return self.owner.name if self.owner else self.owner_name


class DecisionText(Base):
    """A decision's words in one language; `reasons` and `amended` (the text as accepted) are Markdown."""

    __tablename__ = "decision_text"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    reasons: Mapped[str] = mapped_column(Text)
    amended: Mapped[str] = mapped_column(Text, default="")
    written_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship(back_populates="texts")


class Kind(StrEnum):
    """What a decision may start."""

    PROJECT = "project"
    TEST_PROJECT = "test_project"
    QUESTION = "question"  # to the next assembly


class FollowUp(Base):
    """A project, a test project, or a question to the assembly that a decision started."""

    __tablename__ = "follow_up"
    __table_args__ = (CheckConstraint("question_id is null or kind = 'question'", name="question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(String(160))
    about: Mapped[str] = mapped_column(Text, default="")
    lead: Mapped[str] = mapped_column(String(120), default="")
    begins_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(Text, default="")  # what came of it, once it ended
    ended_at: Mapped[datetime | None]
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"), index=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    decision: Mapped[Decision] = relationship(back_populates="follow_ups")
