"""Table of the editions' room: Edition, with the moment at which each phase begins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base, now, words


class Phase(StrEnum):
    """The phases of an edition, in the order of the year."""

    AHEAD = "ahead"
    THEMES = "themes"
    REVIEW = "review"
    VOTE = "vote"
    COUNT = "count"
    SIGNUP = "signup"
    GROUPS = "groups"
    RECOMMENDATIONS = "recommendations"
    DECISIONS = "decisions"
    STOCKTAKE = "stocktake"


class SignUpWay(StrEnum):
    """How members come to a group: they take a place themselves, or wish until a day and are given one."""

    DIRECT = "direct"
    WISHES = "wishes"


class WaitingOrder(StrEnum):
    """Who is first on a waiting list."""

    TIME = "time"  # who signed up first
    WITHOUT_GROUP = "without_group"  # who has no group yet this year; then who signed up first
    LOT = "lot"  # as the public lot of the assignment drew them; then who signed up first


# Every phase but the first has a column `<phase>_at`: the moment at which it begins.
DATED = tuple(Phase)[1:]


class Edition(Base):
    """One year of Smart in Progress. `year` is the one it begins in: 2026 is the edition 2026–27."""

    __tablename__ = "edition"
    __table_args__ = (
        CheckConstraint(
            "themes_at < review_at AND review_at < vote_at AND vote_at < count_at AND count_at < signup_at"
            " AND signup_at < groups_at AND groups_at < recommendations_at"
            " AND recommendations_at < decisions_at AND decisions_at < stocktake_at",
            name="phases_in_order",
        ),
        CheckConstraint("meetings between 1 and 20", name="meetings"),
        CheckConstraint("meeting_hours between 1 and 12", name="meeting_hours"),
        CheckConstraint("seats >= 1", name="seats"),
        CheckConstraint("max_approvals is null or max_approvals >= 1", name="max_approvals"),
        CheckConstraint("supporters_needed >= 0", name="supporters_needed"),
        CheckConstraint("confirm_days between 1 and 60", name="confirm_days"),
        CheckConstraint("days_apart between 0 and 60", name="days_apart"),
        CheckConstraint("accept_days between 1 and 30", name="accept_days"),
        CheckConstraint(
            "wishes_until is null or (wishes_until > signup_at and wishes_until < groups_at)", name="wishes_until"
        ),
        CheckConstraint("sign_up_way = 'direct' or wishes_until is not null", name="wishes_have_an_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    themes_at: Mapped[datetime]
    review_at: Mapped[datetime]
    vote_at: Mapped[datetime]
    count_at: Mapped[datetime]
    signup_at: Mapped[datetime]
    groups_at: Mapped[datetime]
    recommendations_at: Mapped[datetime]
    decisions_at: Mapped[datetime]
    stocktake_at: Mapped[datetime]
    supporters_needed: Mapped[int] = mapped_column(default=10)
    seats: Mapped[int] = mapped_column(default=2)
    max_approvals: Mapped[int | None]  # None: no limit; so it has no default either
    meetings: Mapped[int] = mapped_column(default=5)
    meeting_hours: Mapped[int] = mapped_column(default=3)
    sign_up_way: Mapped[SignUpWay] = mapped_column(words(SignUpWay, "sign_up_way"), default=SignUpWay.DIRECT)
    wishes_until: Mapped[datetime | None]  # the deadline of wishes
    confirm_days: Mapped[int] = mapped_column(default=7)  # to confirm the dates of the group that one is given
    accept_days: Mapped[int] = mapped_column(default=3)  # to accept a place that became free
    waiting_order: Mapped[WaitingOrder] = mapped_column(words(WaitingOrder, "waiting_order"), default=WaitingOrder.TIME)
    days_apart: Mapped[int] = mapped_column(default=14)  # at least, from one meeting of a group to the next
    themes_frozen_at: Mapped[datetime | None]  # since when the ballot holds their words, which then stay

    @property
    def label(self) -> str:
        """'2026–27'."""
        return f"{self.year}–{(self.year + 1) % 100:02}"

    def begins(self, phase: Phase) -> datetime:
        """The moment at which a dated phase begins."""
        return getattr(self, f"{phase}_at")

    @property
    def phase(self) -> Phase:
        """The phase that the edition is in now."""
        moment = now()
        return next((p for p in reversed(DATED) if self.begins(p) <= moment), Phase.AHEAD)

    def ends(self, phase: Phase) -> datetime | None:
        """The moment at which a phase ends; None for the last."""
        after = list(Phase)[list(Phase).index(phase) + 1 :]
        return self.begins(after[0]) if after else None

    def __str__(self) -> str:
        return self.label
