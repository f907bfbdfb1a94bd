"""Tables of the themes' room: Theme, ThemeText, Support."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import ONCE_MORE, Base
from ..editions.models import Edition
from ..i18n import LANGUAGES, language
from ..members.models import Member


class Theme(Base):
    """A theme of an edition: proposed by a member, or prolonged from an earlier edition.

    `prolonged_country` limits a prolonged theme to one country; None means everybody.
    `elected_at` is set when the result of the vote is published.
    """

    __tablename__ = "theme"
    __table_args__ = (
        UniqueConstraint("edition_id", "prolonged_from_id"),
        CheckConstraint("admitted_at is null or declined_at is null", name="admitted_or_declined"),
        CheckConstraint("(declined_at is null) = (decline_reason is null)", name="declined_with_reason"),
        CheckConstraint("prolonged_country is null or prolonged_from_id is not null", name="prolonged_country"),
        CheckConstraint("prolonged_from_id is null or admitted_at is null", name="prolonged_is_not_voted_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    proposer_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    original: Mapped[str] = mapped_column(String(2))
    proposed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None] = mapped_column(Text)
    elected_at: Mapped[datetime | None]
    prolonged_from_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    prolonged_country: Mapped[str | None] = mapped_column(String(2))

    edition: Mapped[Edition] = relationship()
    proposer: Mapped[Member | None] = relationship()
    prolonged_from: Mapped["Theme | None"] = relationship(remote_side=[id])
    texts: Mapped[list["ThemeText"]] = relationship(
        back_populates="theme", cascade="all, delete-orphan", lazy="selectin", order_by="ThemeText.language"
    )

    def text_in(self, code: str) -> "ThemeText | None":
        """The text in exactly that language, if there is one."""
        return next((t for t in self.texts if t.language == code), None)

    @property
    def text(self) -> "ThemeText":
        """The text to show on this page: in its language, else the original."""
        return self.text_in(language()) or self.original_text

    @property
    def original_text(self) -> "ThemeText":
        """The text as it was first written."""
        return self.text_in(self.original) or self.texts[0]

    @property
    def missing_languages(self) -> list[str]:
        """The languages that the theme has no text in yet."""
        return [code for code in LANGUAGES if self.text_in(code) is None]

    @property
    def state(self) -> str:
        """'withdrawn', 'declined', 'prolonged', 'elected', 'admitted' or 'proposed'."""
        for state, moment in (
            ("withdrawn", self.withdrawn_at),
            ("declined", self.declined_at),
            ("prolonged", self.prolonged_from_id),
            ("elected", self.elected_at),
            ("admitted", self.admitted_at),
        ):
            if moment is not None:
                return state
        return "proposed"

    @property
    def is_prolonged(self) -> bool:
        return self.prolonged_from_id is not None

    @property
    def has_groups(self) -> bool:
        """Whether workgroups may be made for it: it was elected, or prolonged."""
        return self.elected_at is not None or self.is_prolonged

    def __str__(self) -> str:
        return self.text.title


class ThemeText(Base):
    """A theme's words in one language; `question`, `why` and `change` are Markdown."""

    __tablename__ = "theme_text"

    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    question: Mapped[str] = mapped_column(String(300))
    why: Mapped[str] = mapped_column(Text)
    change: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    changes: Mapped[int] = mapped_column(default=1, server_default="1", onupdate=ONCE_MORE)  # of this row

    theme: Mapped[Theme] = relationship(back_populates="texts")


class Support(Base):
    """One member supports one theme; the primary key is "once each"."""

    __tablename__ = "support"

    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True)
    supported_at: Mapped[datetime]
