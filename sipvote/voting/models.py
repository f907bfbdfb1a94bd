"""Tables of the voting room: Election, Question, Option, Elector, Envelope, BoardCheckpoint, OpenedBallot.

What is on paper, said aloud or at hand on the day itself stands in day.py.

The link from a voter to the sealed envelope is open; what was in an envelope is not. Opened ballots
stand in a table that knows no member, no time and no sequence (tests/test_house.py holds us to it).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base, now, words
from ..editions.models import Edition
from ..i18n import language
from ..members.models import Member


class Custody(StrEnum):
    """Who can open the ballot box: two of three scrutineers, or the server (demonstrations, soundings)."""

    SCRUTINEERS = "scrutineers"
    SERVER = "server"


class Election(Base):
    """One vote: drafted, frozen, opened, closed, counted, published; its state follows from these moments.

    `opens_at` and `closes_at` are what was announced, `opened_at` and `closed_at` what happened.
    """

    __tablename__ = "election"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("opened_at is null or frozen_at is not null", name="frozen_before_opened"),
        CheckConstraint("closed_at is null or opened_at is not null", name="opened_before_closed"),
        CheckConstraint("counted_at is null or closed_at is not null", name="closed_before_counted"),
        CheckConstraint("published_at is null or counted_at is not null", name="counted_before_published"),
        CheckConstraint("frozen_at is null or public_key is not null", name="frozen_with_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    custody: Mapped[Custody] = mapped_column(words(Custody, "custody"))
    # How the draft is to be counted, a name of tally.RULES; freezing writes it into the question.
    rule: Mapped[str] = mapped_column(String(20), default="approval", server_default="approval")
    # A rehearsal: everything is done as in earnest, by officials only, and swept away afterwards.
    is_rehearsal: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Opened and closed by hand, by two officials; else by the clock.
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Only cards, the kiosk and paper vote: the assembly allows no vote from elsewhere. Written at freezing.
    hall_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    # No more themes than this, the elected and the prolonged ones together; None: no such limit.
    most_themes: Mapped[int | None]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # Only with custody "server": the seed, encrypted under the service's own secret.
    kept_seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The scrutineers have typed two of their lists back, and they gave the public key.
    proved_at: Mapped[datetime | None]
    roll_size: Mapped[int | None]
    roll_hash: Mapped[str | None] = mapped_column(String(64))
    ballot_hash: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    # Roll, envelopes and opened ballots went after the contest period (retention/rules.py); totals and chain stay.
    destroyed_at: Mapped[datetime | None]
    # What was counted, as published: one tally report per question, turnout, spoilt ballots.
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    edition: Mapped[Edition] = relationship()
    questions: Mapped[list["Question"]] = relationship(
        back_populates="election", cascade="all, delete-orphan", order_by="Question.position", lazy="selectin"
    )

    @property
    def is_open(self) -> bool:
        """Whether ballots are accepted at this moment."""
        return self.opened_at is not None and self.closed_at is None and now() < self.closes_at and not self.paused_at

    @property
    def is_paused(self) -> bool:
        """Whether the vote stands still at this moment, to go on later."""
        return self.paused_at is not None and self.closed_at is None and now() < self.closes_at

    @property
    def state(self) -> str:
        """'draft', 'frozen', 'open', 'closed', 'counted' or 'published'."""
        for state, moment in (
            ("published", self.published_at),
            ("counted", self.counted_at),
            ("closed", self.closed_at),
            ("open", self.opened_at),
            ("frozen", self.frozen_at),
        ):
            if moment is not None:
                return state
        return "draft"

    @property
    def voted(self) -> int:
        """How many members voted, in every way, once the ballots are counted."""
        report = self.report or {"envelopes": 0}
        return int(report["envelopes"]) + int(report.get("papers", 0))

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of options of each question, as voting/seal.py wants it."""
        return tuple(len(q.options) for q in self.questions)


class Kind(StrEnum):
    """What a question asks: which themes, whether a theme goes on for a year, whether the board shall do something."""

    THEMES = "themes"
    PROLONG = "prolong"
    ACTION = "action"


class Question(Base):
    """One question on the ballot.

    Of the kind "themes": elect `seats` of the options by `rule`, with at most `max_approvals` marks (None: no limit).
    Of the other kinds: yes, no, or abstain (no mark); options 0 and 1 are yes and no, and `majority`, a name of
    tally.MAJORITIES, says when it is adopted. `country` limits it to the members of one country. `theme_id` is the
    theme of the year before that would go on; `texts` is {language: {"title", "text"}}, `original` its language.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("election_id", "position"),
        CheckConstraint("seats >= 1", name="seats"),
        CheckConstraint("max_approvals is null or max_approvals >= 1", name="max_approvals"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20), default="themes")
    rule: Mapped[str] = mapped_column(String(20), default="approval")
    seats: Mapped[int]
    max_approvals: Mapped[int | None]
    majority: Mapped[str | None] = mapped_column(String(20))
    country: Mapped[str | None] = mapped_column(String(2))
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    original: Mapped[str | None] = mapped_column(String(2))
    texts: Mapped[dict[str, dict[str, str]] | None] = mapped_column(JSON)

    election: Mapped[Election] = relationship(back_populates="questions")
    options: Mapped[list["Option"]] = relationship(
        back_populates="question", cascade="all, delete-orphan", order_by="Option.position", lazy="selectin"
    )


class Option(Base):
    """A theme on the ballot, with its words as they were when the election was frozen.

    `texts` is {language: {"title", "question", "why", "change"}}; `original` marks the language it was written in.
    """

    __tablename__ = "option"
    __table_args__ = (UniqueConstraint("question_id", "position"), UniqueConstraint("question_id", "theme_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    position: Mapped[int]
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))
    original: Mapped[str] = mapped_column(String(2))
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)

    question: Mapped[Question] = relationship(back_populates="options")

    @property
    def text(self) -> dict[str, str]:
        """The words in the page's language, else in the original."""
        return self.texts.get(language()) or self.texts[self.original]

    @property
    def title(self) -> str:
        return self.text["title"]


class Elector(Base):
    """The electoral roll: who may vote in an election, as it stood when the election was frozen."""

    __tablename__ = "elector"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    number: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))
    # Got a ballot on paper: votes in no other way. What stood in the box before was taken out, its trackers kept here.
    paper_at: Mapped[datetime | None]
    withdrawn: Mapped[str] = mapped_column(Text, default="", server_default="")

    member: Mapped[Member] = relationship()


class Envelope(Base):
    """The sealed ballot of one elector: the primary key is "one member, one vote", the last one counts.

    `former` holds the trackers of the envelopes that this one replaced, each 64 hexadecimal digits. A vote that was
    cast `in_hall` is replaced only there; one cast `by_proxy` gives way to the member's own.
    """

    __tablename__ = "envelope"
    __table_args__ = (
        UniqueConstraint("election_id", "tracker"),
        ForeignKeyConstraint(
            ["election_id", "member_id"], ["elector.election_id", "elector.member_id"], ondelete="CASCADE"
        ),
    )

    election_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    tracker: Mapped[str] = mapped_column(String(64))
    former: Mapped[str] = mapped_column(Text, default="")
    cast_at: Mapped[datetime]
    in_hall: Mapped[bool] = mapped_column(default=False, server_default=false())
    by_proxy: Mapped[bool] = mapped_column(default=False, server_default=false())


class BoardCheckpoint(Base):
    """The public board, sealed at a moment: a signed statement over the sorted trackers (voting/board.py)."""

    __tablename__ = "board_checkpoint"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime]
    trackers: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))
    # The trackers themselves, 32 bytes each, sorted: so that nothing can vanish between two checkpoints unseen.
    listed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class OpenedBallot(Base):
    """The opened box: how often each set of choices was found in it. No member, no time, no sequence."""

    __tablename__ = "opened_ballot"

    election_id: Mapped[int] = mapped_column(ForeignKey("election.id", ondelete="CASCADE"), primary_key=True)
    choices: Mapped[str] = mapped_column(String(400), primary_key=True)
    times: Mapped[int]
