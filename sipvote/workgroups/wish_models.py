"""Tables of what comes before the groups: Slot, Candidate, WishList, Wish, Availability, Assignment."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, words
from ..editions.models import Edition
from ..members.models import Member
from .models import Workgroup
from .planning import Mode

MOST_WISHES = 3


class Coming(StrEnum):
    """The way in which a member could come to a meeting."""

    ON_SITE = "on_site"
    ONLINE = "online"
    EITHER = "either"


# The modes in which somebody can be at a meeting who comes in this way.
FITS = {
    Coming.ON_SITE: frozenset({Mode.ON_SITE, Mode.HYBRID}),
    Coming.ONLINE: frozenset({Mode.ONLINE, Mode.HYBRID}),
    Coming.EITHER: frozenset(Mode),
}


class Slot(Base):
    """A time at which groups of an edition could meet. Members say of a slot once whether they could come."""

    __tablename__ = "slot"
    __table_args__ = (
        UniqueConstraint("edition_id", "starts_at", "ends_at"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    edition: Mapped[Edition] = relationship()


class Candidate(Base):
    """A slot that is proposed for a group. `modes` are the words of planning.Mode in which it could meet then."""

    __tablename__ = "candidate"

    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id", ondelete="CASCADE"), primary_key=True, index=True)
    modes: Mapped[str] = mapped_column(String(30))
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))

    workgroup: Mapped[Workgroup] = relationship()
    slot: Mapped[Slot] = relationship(lazy="joined", innerjoin=True)


class WishList(Base):
    """What one member wishes in an edition. It counts once it is pledged, and not withdrawn.

    `given_id` and `why` (a word of assignment.Why) are written when everybody is told; given_id without a group
    and with a reason means that there was no place.
    """

    __tablename__ = "wish_list"
    __table_args__ = (UniqueConstraint("edition_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    begun_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    pledged_at: Mapped[datetime | None]  # all meetings, about three hours each
    withdrawn_at: Mapped[datetime | None]
    access_needs: Mapped[str] = mapped_column(String(300), default="")
    given_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id", ondelete="SET NULL"), index=True)
    why: Mapped[str | None] = mapped_column(String(20))

    edition: Mapped[Edition] = relationship()
    member: Mapped[Member] = relationship()
    given: Mapped[Workgroup | None] = relationship()
    wishes: Mapped[list["Wish"]] = relationship(
        back_populates="wish_list", cascade="all, delete-orphan", order_by="Wish.rank"
    )
    availability: Mapped[list["Availability"]] = relationship(back_populates="wish_list", cascade="all, delete-orphan")

    @property
    def counts(self) -> bool:
        """Whether the member pledged to come, and did not take it back."""
        return self.pledged_at is not None and self.withdrawn_at is None


class Wish(Base):
    """A group that a member wishes: rank 1 is the dearest."""

    __tablename__ = "wish"
    __table_args__ = (
        UniqueConstraint("wish_list_id", "workgroup_id"),
        CheckConstraint(f"rank between 1 and {MOST_WISHES}", name="rank"),
    )

    wish_list_id: Mapped[int] = mapped_column(ForeignKey("wish_list.id", ondelete="CASCADE"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id", ondelete="CASCADE"), index=True)

    wish_list: Mapped[WishList] = relationship(back_populates="wishes")
    workgroup: Mapped[Workgroup] = relationship()


class Availability(Base):
    """A member could come at a slot, in this way. Without a row they could not."""

    __tablename__ = "availability"

    wish_list_id: Mapped[int] = mapped_column(ForeignKey("wish_list.id", ondelete="CASCADE"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id", ondelete="CASCADE"), primary_key=True, index=True)
    way: Mapped[Coming] = mapped_column(words(Coming, "way"))

    wish_list: Mapped[WishList] = relationship(back_populates="availability")
    slot: Mapped[Slot] = relationship()


class Assignment(Base):
    """How the wishes of an edition became groups: first they are frozen, then a lot is drawn in public.

    `wishes_hash` is the SHA-256 of the wishes as they were frozen. Nothing is told before `told_at`.
    """

    __tablename__ = "assignment"
    __table_args__ = (CheckConstraint("told_at is null or draw is not null", name="drawn_before_told"),)

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    frozen_at: Mapped[datetime]
    wishes_hash: Mapped[str] = mapped_column(String(64))
    draw: Mapped[str | None] = mapped_column(String(40))
    drawn_at: Mapped[datetime | None]
    mixes: Mapped[bool] = mapped_column(default=True)  # whether groups are mixed by profile, language and country
    told_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
