"""Tables of the workgroups' room: Workgroup, Meeting, Signup, Attendance.

What comes before them (slots, wishes) stands in wish_models.py; what groups write down in life_models.py.
"""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, now, words
from ..editions.models import Edition
from ..i18n import names
from ..members.models import City, Member
from ..themes.models import Theme
from .planning import Mode

PEOPLE_AT_LEAST = 6  # fewer is not a group yet: groups of 10 to 12 have worked since 2017

workgroup_city = Table(
    "workgroup_city",
    Base.metadata,
    Column("workgroup_id", ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True),
    Column("city_id", ForeignKey("city.id"), primary_key=True, index=True),
)
workgroup_facilitator = Table(
    "workgroup_facilitator",
    Base.metadata,
    Column("workgroup_id", ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True),
)

workgroup_secretary = Table(
    "workgroup_secretary",
    Base.metadata,
    Column("workgroup_id", ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", ForeignKey("member.id", ondelete="CASCADE"), index=True, nullable=False),
)


class Workgroup(Base):
    """A group on one theme. `languages` is a word list like "nl fr"; no cities means online for everybody.

    While members wish, it has no meetings yet. `minimum` is how many people make it a group worth holding.
    """

    __tablename__ = "workgroup"
    __table_args__ = (
        CheckConstraint("places >= 1", name="places"),
        CheckConstraint("minimum >= 0", name="minimum"),
        CheckConstraint("merged_into_id is null or cancelled_at is not null", name="merged_is_cancelled"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), index=True)
    languages: Mapped[str] = mapped_column(String(20))
    mode: Mapped[Mode] = mapped_column(words(Mode, "mode"))
    places: Mapped[int]
    minimum: Mapped[int] = mapped_column(default=PEOPLE_AT_LEAST)
    venue: Mapped[str] = mapped_column(String(200), default="")
    video_url: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"), index=True)
    late_opened_at: Mapped[datetime | None]  # since when a facilitator lets people join after the second meeting

    edition: Mapped[Edition] = relationship()
    theme: Mapped[Theme] = relationship()
    cities: Mapped[list[City]] = relationship(secondary=workgroup_city, order_by=City.slug, lazy="selectin")
    secretary: Mapped[Member | None] = relationship(secondary=workgroup_secretary, uselist=False)
    merged_into: Mapped["Workgroup | None"] = relationship(remote_side=[id])
    facilitators: Mapped[list[Member]] = relationship(
        secondary=workgroup_facilitator, order_by=Member.name, lazy="selectin"
    )
    meetings: Mapped[list["Meeting"]] = relationship(
        back_populates="workgroup", cascade="all, delete-orphan", order_by="Meeting.starts_at", lazy="selectin"
    )
    signups: Mapped[list["Signup"]] = relationship(back_populates="workgroup", cascade="all, delete-orphan")

    @property
    def spoken(self) -> list[str]:
        """The language codes that the group speaks."""
        return self.languages.split()

    @property
    def place(self) -> str:
        """'Gent', 'Gent and Liège', or 'Online'."""
        return names(self.cities) if self.cities else _("Online")

    @property
    def has_begun(self) -> bool:
        """Whether its first meeting has started."""
        return bool(self.meetings) and self.meetings[0].starts_at <= now()

    @property
    def is_over(self) -> bool:
        """Whether its last meeting has ended."""
        return bool(self.meetings) and max(m.ends_at for m in self.meetings) <= now()

    @property
    def next_meeting(self) -> "Meeting | None":
        """The meeting that is going on, or comes next."""
        return next((m for m in self.meetings if m.ends_at > now()), None)

    @property
    def hours(self) -> float:
        """How long all its meetings take together."""
        return sum((m.ends_at - m.starts_at for m in self.meetings), timedelta()) / timedelta(hours=1)

    def __str__(self) -> str:
        """'Guidance (Gent)', as sentences name it."""
        return f"{self.theme} ({self.place})"


class Meeting(Base):
    """One meeting of a group. `sequence` grows with every change, as calendars want it (RFC 5545)."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("workgroup_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(default=0)
    agenda: Mapped[str] = mapped_column(Text, default="")

    workgroup: Mapped[Workgroup] = relationship(back_populates="meetings")

    @property
    def key(self) -> str:
        """This meeting on this date: who confirmed it has not confirmed the date it is moved to."""
        return f"{self.id}-{self.sequence}"

    @property
    def is_going_on(self) -> bool:
        """Whether people are sitting together now."""
        return self.starts_at <= now() < self.ends_at

    def overlaps(self, other: "Meeting") -> bool:
        """Say whether one person could not be at both."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


class Signup(Base):
    """A member in a group: with a seat (1 to `places`), or without one on the waiting list.

    UNIQUE (workgroup, seat) is what makes overselling impossible, whatever the race. A seat with `confirm_by`
    is offered: it is kept for the member until then, and is theirs once they confirm the dates.
    """

    __tablename__ = "signup"
    __table_args__ = (
        UniqueConstraint("workgroup_id", "member_id"),
        UniqueConstraint("workgroup_id", "seat"),
        CheckConstraint("seat is null or seat >= 1", name="seat"),
        CheckConstraint("seat is null or withdrawn_at is null", name="no_seat_after_withdrawal"),
        CheckConstraint("confirm_by is null or seat is not null", name="only_a_seat_is_confirmed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    signed_up_at: Mapped[datetime]
    seat: Mapped[int | None]
    seated_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    confirm_by: Mapped[datetime | None] = mapped_column(index=True)
    access_needs: Mapped[str] = mapped_column(String(300), default="")  # what the member chose to tell the group

    workgroup: Mapped[Workgroup] = relationship(back_populates="signups")
    member: Mapped[Member] = relationship()
    attendances: Mapped[list["Attendance"]] = relationship(back_populates="signup", cascade="all, delete-orphan")

    @property
    def has_place(self) -> bool:
        return self.seat is not None and self.confirm_by is None

    @property
    def is_offered(self) -> bool:
        """Whether a seat is kept for the member, who has not confirmed the dates yet."""
        return self.confirm_by is not None

    @property
    def is_waiting(self) -> bool:
        return self.seat is None and self.withdrawn_at is None


class Attendance(Base):
    """One member at one meeting: the commitment; "I cannot come"; and in time whether they came.

    Without `confirmed_at` the member was asked (again) and has not answered. `came` is None until somebody
    took the attendance; `marked_at` is when it was tapped, so that a later tap that arrives sooner stays.
    """

    __tablename__ = "attendance"

    signup_id: Mapped[int] = mapped_column(ForeignKey("signup.id", ondelete="CASCADE"), primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True, index=True)
    confirmed_at: Mapped[datetime | None]
    excused_at: Mapped[datetime | None]  # when the member said that they cannot come
    came: Mapped[bool | None]
    marked_at: Mapped[datetime | None]
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    signup: Mapped[Signup] = relationship(back_populates="attendances")
    meeting: Mapped[Meeting] = relationship()
