"""Tables of the assembly's room: Assembly, Presence, Proxy, Incident, Mailing, PersonalLink, HallTry."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, words
from ..editions.models import Edition
from ..members.models import Member


class Quorum(StrEnum):
    """What an assembly needs before it may decide: nothing, a share of the members, or a number of them."""

    NONE = "none"
    SHARE = "share"
    NUMBER = "number"


class Way(StrEnum):
    """How somebody takes part: in the hall, or from elsewhere."""

    HALL = "hall"
    REMOTE = "remote"


class Assembly(Base):
    """The general assembly of an edition. `opened_at` and `closed_at` are when its chair opened and closed it.

    `agenda` is {language: [item, …]}. `quorum_value` is a percentage of the members, or their number. Members in
    the hall always count for the quorum; the three settings say who counts beside them.
    """

    __tablename__ = "assembly"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("quorum_value >= 0", name="quorum_value"),
        CheckConstraint("quorum != 'share' or quorum_value <= 100", name="quorum_share"),
        CheckConstraint("proxies_per_holder between 0 and 50", name="proxies_per_holder"),
        CheckConstraint("closed_at is null or opened_at is not null", name="opened_before_closed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(300))
    follow_url: Mapped[str | None] = mapped_column(String(500))  # where one follows it and speaks from elsewhere
    agenda: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    quorum: Mapped[Quorum] = mapped_column(words(Quorum, "quorum"))
    quorum_value: Mapped[int] = mapped_column(default=0)
    counts_proxies: Mapped[bool] = mapped_column(default=True)
    counts_remote: Mapped[bool] = mapped_column(default=True)  # who checked in from elsewhere
    counts_votes: Mapped[bool] = mapped_column(default=True)  # who voted without checking in
    proxies_per_holder: Mapped[int] = mapped_column(default=0)  # 0: no proxies at all
    remote_vote: Mapped[bool] = mapped_column(default=True)  # may one vote from elsewhere?
    prior_vote: Mapped[bool] = mapped_column(default=True)  # may one vote before the assembly begins?
    hall_secret: Mapped[bytes] = mapped_column(LargeBinary(32))  # the code that is shown in the hall comes from it
    chair: Mapped[str | None] = mapped_column(String(120))
    secretary: Mapped[str | None] = mapped_column(String(120))
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()


class Presence(Base):
    """A member takes part in an assembly; the primary key is "once each". `left_at`: went home before the end."""

    __tablename__ = "presence"

    assembly_id: Mapped[int] = mapped_column(ForeignKey("assembly.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    way: Mapped[Way] = mapped_column(words(Way, "way"))
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    # Who of the desk checked them in; None when they did it themselves.
    checked_in_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    member: Mapped[Member] = relationship(foreign_keys=[member_id])
    checked_in_by: Mapped[Member | None] = relationship(foreign_keys=[checked_in_by_id])


class Proxy(Base):
    """A member (the giver) lets another (the holder) vote for them: a second ballot, never a weight.

    It stands once it is accepted and until it ends. `place` numbers the proxies that a holder has accepted, from 1
    to what the statutes allow: unique, so that nobody ever holds too many.
    """

    __tablename__ = "proxy"
    __table_args__ = (
        CheckConstraint("giver_id != holder_id", name="somebody_else"),
        CheckConstraint("(accepted_at is null) = (place is null)", name="accepted_with_a_place"),
        CheckConstraint("(ended_at is null) = (ended_why is null)", name="ended_with_a_reason"),
        Index(
            "uq_proxy_one_of_each_giver", "assembly_id", "giver_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_proxy_place", "assembly_id", "holder_id", "place", unique=True,
            sqlite_where=text("ended_at IS NULL AND place IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND place IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    assembly_id: Mapped[int] = mapped_column(ForeignKey("assembly.id", ondelete="CASCADE"))
    giver_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    given_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    place: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(20))  # declined, returned, withdrawn, present, voted, desk
    # A proxy on paper: who of the desk entered it.
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    assembly: Mapped[Assembly] = relationship()
    giver: Mapped[Member] = relationship(foreign_keys=[giver_id])
    holder: Mapped[Member] = relationship(foreign_keys=[holder_id])


class Incident(Base):
    """Something that went wrong during an assembly or its vote, for the minutes (the law asks for it).

    `text` says what happened, `remedy` what was done; `until_at` is None while nobody knows, or when it was a moment.
    """

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    assembly_id: Mapped[int] = mapped_column(ForeignKey("assembly.id", ondelete="CASCADE"), index=True)
    happened_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    text: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text, default="", server_default="")
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))


class Mailing(Base):
    """A letter to many members, one of each kind in an edition: written, tried, sent in portions, stopped, ended.

    `texts` is {language: {"subject", "body"}}. The worker writes to members in the order of their ids and notes in
    `after_member_id` how far it came, in the same transaction as their letters: so it can stop and go on anywhere.
    `facts` holds what was true when it began: how many members it was for.
    """

    __tablename__ = "mailing"
    __table_args__ = (
        UniqueConstraint("edition_id", "kind"),
        CheckConstraint("per_minute between 1 and 10000", name="per_minute"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))  # convocation, not_voted, not_sent …
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    per_minute: Mapped[int] = mapped_column(default=600)
    tried_at: Mapped[datetime | None]  # a trial letter was sent to who writes it
    starts_at: Mapped[datetime | None]  # planned to begin then
    begun_at: Mapped[datetime | None]
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    stopped_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    after_member_id: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship()

    @property
    def state(self) -> str:
        """'draft', 'planned', 'sending', 'stopped' or 'ended'."""
        for state, moment in (("ended", self.ended_at), ("stopped", self.stopped_at), ("sending", self.begun_at)):
            if moment is not None:
                return state
        return "planned" if self.starts_at else "draft"

    @property
    def batch(self) -> str:
        """What its letters are called in the outbox."""
        return f"{self.kind} {self.id}"


class PersonalLink(Base):
    """What became of a member's personal link in the convocation; who never used it has no row.

    The link itself is signed and kept nowhere. It names its `serial`: a higher one here revokes those before.
    """

    __tablename__ = "personal_link"

    assembly_id: Mapped[int] = mapped_column(ForeignKey("assembly.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    serial: Mapped[int] = mapped_column(default=1)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class HallTry(Base):
    """How often a member has typed a code of the hall since `since`: wrong ones are few, or nobody could guess."""

    __tablename__ = "hall_try"

    assembly_id: Mapped[int] = mapped_column(ForeignKey("assembly.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime]
    tries: Mapped[int]
