"""Tables of officials who cannot act alone: Factor, FactorTries, Recovery, AskedAct."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base
from .models import Member

OPEN = text("ended_at IS NULL")


class Factor(Base):
    """Something that an official has: an app that shows codes, or a passkey. In use from `proved_at` on.

    Of an app: `secret` is locked away (factors.py), and no code of `last_step` (30 seconds each) or before counts
    again. Of a passkey: its name for itself, its public key, how often it has signed, and as `last_step` the second
    (since 1970) of the last challenge that it answered.
    """

    __tablename__ = "factor"
    __table_args__ = (CheckConstraint("kind in ('app', 'passkey')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    credential: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    signed: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class FactorTries(Base):
    """How often somebody tried in vain, whatever the session: after a few tries there is a pause."""

    __tablename__ = "factor_tries"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime]


class Recovery(Base):
    """An official lost their second step: two others confirm, each for themselves, that it is really them."""

    __tablename__ = "recovery"
    __table_args__ = (
        Index("uq_recovery_open", "member_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        CheckConstraint("first_by_id <> member_id AND second_by_id <> member_id", name="others"),
        CheckConstraint("first_by_id <> second_by_id", name="two"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime]
    first_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    second_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(foreign_keys=[member_id])
    first_by: Mapped[Member | None] = relationship(foreign_keys=[first_by_id])


class AskedAct(Base):
    """An act that takes two: who asked for it, with what it needs, and who ended the asking, how and why.

    An act on a subject is asked for once at a time. `facts` are what the act will be done with (four_eyes.py).
    """

    __tablename__ = "asked_act"
    __table_args__ = (
        Index("uq_asked_act_open", "act", "subject", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        CheckConstraint("outcome in ('done', 'refused', 'withdrawn', 'lapsed')", name="outcome"),
        CheckConstraint("(outcome is null) = (ended_at is null)", name="ended_somehow"),
        CheckConstraint("outcome <> 'done' OR ended_by_id <> asked_by_id", name="two"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    outcome: Mapped[str | None] = mapped_column(String(10))
    why: Mapped[str] = mapped_column(Text, default="")

    asked_by: Mapped[Member] = relationship(foreign_keys=[asked_by_id])
