"""Tables of the day of the vote, and its progress, beside models.py, which holds the election, its roll and its box.

KeyList, ElectionScrutineer, SecondWord, Announcement, VotingCard, PaperBatch, PaperEntry.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from ..members.models import Member


class KeyList(Base):
    """One of the three word lists: `mark` is the SHA-256 of its words, so that its holder can prove to have kept it.

    The mark says nothing about the words: they hold 128 bits of chance.
    """

    __tablename__ = "key_list"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(String(64))
    proved_at: Mapped[datetime | None]
    proved_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    proved_by: Mapped[Member | None] = relationship()


class ElectionScrutineer(Base):
    """Who is asked to be a scrutineer of this one election, and what they answered (naming.py)."""

    __tablename__ = "election_scrutineer"
    __table_args__ = (CheckConstraint("accepted_at is null or declined_at is null", name="one_answer"),)

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    named_at: Mapped[datetime]
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    accepted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(foreign_keys=[member_id])


class SecondWord(Base):
    """An act that takes two officials: one has asked for it, another one must confirm it soon (second_word.py)."""

    __tablename__ = "second_word"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    act: Mapped[str] = mapped_column(String(20), primary_key=True)  # open, close, extend
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    until: Mapped[datetime | None]  # of an extension
    reason: Mapped[str] = mapped_column(Text, default="")

    asked_by: Mapped[Member] = relationship()


class Announcement(Base):
    """What everybody is told about a running vote, and the minutes repeat: paused, resumed, extended, closed early."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)


class VotingCard(Base):
    """A code on paper with which a member votes in the hall, once; kept as a hash."""

    __tablename__ = "voting_card"
    __table_args__ = (
        ForeignKeyConstraint(
            ["election_id", "member_id"], ["elector.election_id", "elector.member_id"], ondelete="CASCADE"
        ),
        Index("ix_voting_card_elector", "election_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int]
    member_id: Mapped[int]
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PaperBatch(Base):
    """A pile of ballots on paper: two scrutineers enter it, each by themselves, and must agree.

    `country` where a question on the ballot is for one country only. `differ` holds the choices that the two read a
    different number of times, when they last compared: [choices, …], null for spoilt ones.
    """

    __tablename__ = "paper_batch"
    __table_args__ = (UniqueConstraint("election_id", "name"), CheckConstraint("papers >= 1", name="papers"))

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    papers: Mapped[int]
    country: Mapped[str | None] = mapped_column(String(2))
    made_at: Mapped[datetime]
    agreed_at: Mapped[datetime | None]
    differ: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))

    entries: Mapped[list["PaperEntry"]] = relationship(
        back_populates="batch", cascade="all, delete-orphan", order_by="PaperEntry.number", lazy="selectin"
    )


class PaperEntry(Base):
    """What one scrutineer read on a pile of papers: how often each set of choices. No order of the papers.

    `finished_at`: they have entered all of it, and may see whether the other read the same.
    """

    __tablename__ = "paper_entry"
    __table_args__ = (UniqueConstraint("batch_id", "entered_by_id"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("paper_batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1 or 2
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    entered_at: Mapped[datetime]
    ballots: Mapped[list[Any]] = mapped_column(JSON)  # [[times, choices], …], sorted by choices; spoilt ones: null
    finished_at: Mapped[datetime | None]

    batch: Mapped[PaperBatch] = relationship(back_populates="entries")
    entered_by: Mapped[Member] = relationship()


class BegunBallot(Base):
    """A member looked at the check page: who then forgets to send may be reminded. Not when, not what."""

    __tablename__ = "begun_ballot"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)


class CountProgress(Base):
    """How far the opening of the ballot box has come, for the bar on the desk and on the screen in the hall."""

    __tablename__ = "count_progress"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    opened: Mapped[int] = mapped_column(default=0)
    envelopes: Mapped[int]
