"""Tables of the members' room: City, Member, Grant, SignIn, RollUpload."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..access import Role
from ..db import Base, now, words
from ..i18n import language

COUNTRIES = ("BE", "FR")
SIGN_IN_LIVES = timedelta(minutes=10)
CLOCKS_DIFFER = timedelta(minutes=1)  # at most, from one machine to the next
SESSION_LIVES = timedelta(hours=12)
OFFICIALS_IDLE = timedelta(hours=2)
# How long the rights of the second step stay awake: idle, and at most.
PROVED_IDLE = timedelta(minutes=30)
PROVED_LIVES = timedelta(hours=2)
# Sessions that a card begins last as long as a vote does: the phone, and even more the tablet, may be anybody's next.
CARD_LIVES = {"card": timedelta(minutes=30), "kiosk": timedelta(minutes=20)}


class Profile(StrEnum):
    """Why somebody is a member of the cooperative."""

    USER = "user"
    CLIENT = "client"
    PARTNER = "partner"
    STAFF = "staff"


class City(Base):
    """An office of the cooperative, with its name in each language."""

    __tablename__ = "city"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    country: Mapped[str] = mapped_column(String(2))
    name_nl: Mapped[str] = mapped_column(String(60))
    name_fr: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))

    @property
    def name(self) -> str:
        """The name in the page's language."""
        return str(getattr(self, f"name_{language()}"))

    def __str__(self) -> str:
        return self.name


class Member(Base):
    """One person with one vote. `left` is the day that membership ended, if it did."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("language in ('nl', 'fr', 'en')", name="language"),
        CheckConstraint("country in ('BE', 'FR')", name="country"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    country: Mapped[str] = mapped_column(String(2))
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id"), index=True)
    profile: Mapped[Profile] = mapped_column(words(Profile, "profile"))
    joined: Mapped[date]
    left: Mapped[date | None] = mapped_column(index=True)
    # Whoever left may ask to be erased: from then on the row has no name, number and address (retention/erasing.py).
    erased_at: Mapped[datetime | None]

    # "unnested": below an outer join it is one too, and not a join within it, for which SQLite reads every member.
    city: Mapped[City] = relationship(lazy="joined", innerjoin="unnested")  # type: ignore[arg-type]  # says bool, takes it
    grants: Mapped[list["Grant"]] = relationship(
        back_populates="member", foreign_keys="Grant.member_id", cascade="all, delete-orphan"
    )

    def is_member_on(self, day: date) -> bool:
        """Say whether the membership covers a day; the day of leaving counts no more."""
        return self.joined <= day and (self.left is None or day < self.left)

    def __str__(self) -> str:
        return self.name


class Grant(Base):
    """A role that a member holds; a facilitator's may be limited to one city."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("member_id", "role", "city_id"),
        # NULLs differ from each other in a unique constraint, hence this second one.
        Index(
            "uq_role_grant_everywhere", "member_id", "role", unique=True,
            sqlite_where=text("city_id IS NULL"), postgresql_where=text("city_id IS NULL"),
        ),
        CheckConstraint("city_id IS NULL OR role = 'facilitator'", name="city_for_facilitators"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"))
    granted_at: Mapped[datetime]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    member: Mapped[Member] = relationship(back_populates="grants", foreign_keys=[member_id])
    city: Mapped[City | None] = relationship(lazy="joined")


class SignIn(Base):
    """One wish to sign in, from the address that was typed to the end of the session it became.

    The request never looks a member up: the worker does, so that a known and an unknown address
    take the same time. Link and code are stored as hashes; the newest unused one of an address counts.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), index=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    next_path: Mapped[str | None] = mapped_column(String(500))
    mailed_at: Mapped[datetime | None]
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # How the session began: "mail" or "account" (at the provider of the cooperative); "link" (in a convocation),
    # "card" or "kiosk" give no role and little else.
    via: Mapped[str] = mapped_column(String(10), default="mail", server_default="mail")
    # The second step of officials: since when their rights are awake, and when they last proved themselves.
    awake_at: Mapped[datetime | None]
    proved_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(60), default="", server_default="")  # "Firefox on Android"; no address

    member: Mapped[Member | None] = relationship()

    @property
    def is_fresh(self) -> bool:
        """Whether its link and code may still be used; not when the clock was set back meanwhile."""
        if self.used_at is not None or self.ended_at is not None:
            return False
        return self.asked_at - CLOCKS_DIFFER <= now() < self.asked_at + SIGN_IN_LIVES


class RollUpload(Base):
    """A roll that an organiser uploaded and looks at before it is applied, or not."""

    __tablename__ = "roll_upload"

    id: Mapped[int] = mapped_column(primary_key=True)
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    applied_at: Mapped[datetime | None]
