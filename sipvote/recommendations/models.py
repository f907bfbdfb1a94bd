"""Tables of what groups write: LargeTheme, Draft, Recommendation, RecommendationText.

What others say of it (remarks, adoption, the bundle) stands in hearing_models.py.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import ONCE_MORE, Base
from ..editions.models import Edition
from ..i18n import LANGUAGES, language
from ..members.models import Member
from ..themes.models import Theme
from ..workgroups.models import Workgroup

STANDS = text("replaced_at IS NULL")

draft_workgroup = Table(
    "draft_workgroup",
    Base.metadata,
    Column("workgroup_id", ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True),
    Column("draft_id", ForeignKey("draft.id", ondelete="CASCADE"), index=True, nullable=False),
)
recommendation_workgroup = Table(
    "recommendation_workgroup",
    Base.metadata,
    Column("recommendation_id", ForeignKey("recommendation.id", ondelete="CASCADE"), primary_key=True),
    Column("workgroup_id", ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class LargeTheme(Base):
    """A large theme, under which recommendations of all years are analysed."""

    __tablename__ = "large_theme"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_en: Mapped[str] = mapped_column(String(120), unique=True)
    name_nl: Mapped[str] = mapped_column(String(120))
    name_fr: Mapped[str] = mapped_column(String(120))

    def __str__(self) -> str:
        return str(getattr(self, f"name_{language()}"))


class Draft(Base):
    """The text of one group, or of several groups of one theme that write together. A group writes in one draft.

    `published_at` opens it for remarks until `remarks_until`; `adopted_at` is when the last of its groups adopted it.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("(published_at is null) = (remarks_until is null)", name="remarks_have_an_end"),
        CheckConstraint("remarks_until is null or remarks_until > published_at", name="remarks_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), index=True)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    remarks_until: Mapped[datetime | None]
    adopted_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
    theme: Mapped[Theme] = relationship()
    groups: Mapped[list[Workgroup]] = relationship(secondary=draft_workgroup, order_by=Workgroup.id, lazy="selectin")
    recommendations: Mapped[list["Recommendation"]] = relationship(
        back_populates="draft", order_by="Recommendation.position, Recommendation.id"
    )


class Recommendation(Base):
    """One recommendation, for good: from the first version to the last status. Its id is its permanent address.

    While a group writes, it has a `position` in its draft. Once it is in a bundle it has a `number` in its year (2019
    is the edition 2019–20). Those of before this service have no draft, and perhaps no edition: then `theme_name`
    and `group_name` are what the old list says. `repeats` is an earlier one that asked the same.
    """

    __tablename__ = "recommendation"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        CheckConstraint("draft_id is not null or number is not null", name="draft_or_number"),
        CheckConstraint("number is null or number >= 1", name="number"),
        CheckConstraint("repeats_id is null or repeats_id <> id", name="repeats_another"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(index=True)
    number: Mapped[int | None]
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"), index=True)
    theme_name: Mapped[str] = mapped_column(String(120), default="")
    group_name: Mapped[str] = mapped_column(String(200), default="")
    large_theme_id: Mapped[int | None] = mapped_column(ForeignKey("large_theme.id"), index=True)
    country: Mapped[str | None] = mapped_column(String(2))  # None: both
    original: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime]
    changes: Mapped[int] = mapped_column(default=1, onupdate=ONCE_MORE, index=True)  # of this row
    withdrawn_at: Mapped[datetime | None]
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("recommendation.id"), index=True)

    draft: Mapped[Draft | None] = relationship(back_populates="recommendations")
    theme: Mapped[Theme | None] = relationship()
    large_theme: Mapped[LargeTheme | None] = relationship()
    repeats: Mapped["Recommendation | None"] = relationship(remote_side=[id])
    groups: Mapped[list[Workgroup]] = relationship(secondary=recommendation_workgroup, order_by=Workgroup.id)
    versions: Mapped[list["RecommendationText"]] = relationship(
        back_populates="recommendation", cascade="all, delete-orphan",
        order_by="RecommendationText.language, RecommendationText.version",
    )  # fmt: skip
    texts: Mapped[list["RecommendationText"]] = relationship(
        primaryjoin="and_(Recommendation.id == RecommendationText.recommendation_id,"
        " RecommendationText.replaced_at.is_(None))",
        viewonly=True, lazy="selectin", order_by="RecommendationText.language",
    )  # fmt: skip

    def text_in(self, code: str) -> "RecommendationText | None":
        """The text that stands in exactly that language, if there is one."""
        return next((t for t in self.texts if t.language == code), None)

    @property
    def text(self) -> "RecommendationText":
        """The text to show on this page: in its language, else the original."""
        return self.text_in(language()) or self.original_text

    @property
    def original_text(self) -> "RecommendationText":
        return self.text_in(self.original) or self.texts[0]

    @property
    def missing_languages(self) -> list[str]:
        return [code for code in LANGUAGES if self.text_in(code) is None]

    @property
    def label(self) -> str:
        """'2019/7' once it is bundled; before that its place in the draft."""
        return f"{self.year}/{self.number}" if self.number else str(self.position)

    @property
    def is_public(self) -> bool:
        """Whether anybody may read it: it was bundled, or its draft is published for remarks."""
        return self.withdrawn_at is None and bool(self.number or (self.draft and self.draft.published_at))

    def __str__(self) -> str:
        return self.text.title


class RecommendationText(Base):
    """One version of a recommendation in one language; `text`, `why` and `for_whom` are Markdown.

    The version that stands has no `replaced_at`; the constraint lets there be one in each language.
    """

    __tablename__ = "recommendation_text"
    __table_args__ = (
        UniqueConstraint("recommendation_id", "language", "version"),
        Index("ix_recommendation_text_stands", "recommendation_id", "language", unique=True,
              sqlite_where=STANDS, postgresql_where=STANDS),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(ForeignKey("recommendation.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(2))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text, default="")
    for_whom: Mapped[str] = mapped_column(String(300), default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), index=True)
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id", ondelete="SET NULL"))
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    recommendation: Mapped[Recommendation] = relationship(back_populates="versions")
    author: Mapped[Member | None] = relationship()
    workgroup: Mapped[Workgroup | None] = relationship()
