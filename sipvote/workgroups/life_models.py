"""Tables of what groups write down: Minutes, MinutesAnswer, NextStep, GroupFile; CalendarFeed, FacilitatorProfile."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from ..members.models import Member
from .models import Meeting, Workgroup


class Minutes(Base):
    """What the secretary wrote of a meeting: notes, until they are submitted to those who were present."""

    __tablename__ = "minutes"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    written_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]

    meeting: Mapped[Meeting] = relationship()
    author: Mapped[Member | None] = relationship()
    answers: Mapped[list["MinutesAnswer"]] = relationship(back_populates="minutes", cascade="all, delete-orphan")


class MinutesAnswer(Base):
    """What somebody who was present says of the minutes: yes, or what should be changed."""

    __tablename__ = "minutes_answer"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("minutes.meeting_id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True)
    answered_at: Mapped[datetime]
    remark: Mapped[str | None] = mapped_column(Text)  # None: approved as it is

    minutes: Mapped[Minutes] = relationship(back_populates="answers")
    member: Mapped[Member] = relationship()


class NextStep(Base):
    """What a group agreed that somebody would do."""

    __tablename__ = "next_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(300))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    due: Mapped[date | None]
    agreed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    workgroup: Mapped[Workgroup] = relationship()
    member: Mapped[Member | None] = relationship()


class GroupFile(Base):
    """A file for the people in a group. Several web processes share it, so it stands in the database."""

    __tablename__ = "group_file"
    __table_args__ = (CheckConstraint("size >= 0", name="size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime]

    workgroup: Mapped[Workgroup] = relationship()
    uploaded_by: Mapped[Member | None] = relationship()


class CalendarFeed(Base):
    """The address at which a member's calendar finds their meetings. A new key makes the old address invalid."""

    __tablename__ = "calendar_feed"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]

    member: Mapped[Member] = relationship()


class FacilitatorProfile(Base):
    """What organisers know of a facilitator beside the cities of the role. `languages` is a word list."""

    __tablename__ = "facilitator_profile"
    __table_args__ = (CheckConstraint("most_groups between 0 and 20", name="most_groups"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    languages: Mapped[str] = mapped_column(String(20), default="")
    trained_on: Mapped[date | None]
    training: Mapped[str] = mapped_column(String(300), default="")
    most_groups: Mapped[int] = mapped_column(default=2)

    member: Mapped[Member] = relationship()
