"""The ballot paper: questions and options as they were frozen, read once and kept in the process.

A frozen ballot never changes, and freezing again draws a new key: so the public key names the paper,
and a paper that is kept can never be a wrong one. The ballot page and the casting of a vote read no
theme, question or option from the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import select

from ..db import look
from ..editions.models import Edition
from ..i18n import LANGUAGES, language
from ..markdown import markdown
from .models import Custody, Election, Kind, Option, Question
from .seal import Choices, Shape


@dataclass(frozen=True)
class PaperOption:
    """An option as it stands on the paper; `number` counts from 0 and is what a ballot holds."""

    number: int
    theme_id: int | None
    original: str
    texts: dict[str, dict[str, str]]

    @property
    def language(self) -> str:
        """The language that the words are shown in: the page's, else the original."""
        return language() if language() in self.texts else self.original

    @property
    def title(self) -> str:
        return self.texts[self.language]["title"]

    @property
    def hint(self) -> str:
        """The question of the theme, and its language when it is not the page's."""
        asked = self.texts[self.language]["question"]
        return asked if self.language == language() else f"{asked} ({LANGUAGES[self.language]})"

    @cached_property
    def html(self) -> dict[str, dict[str, Markup]]:
        """The longer texts, rendered: {language: {"why", "change"}}."""
        return {
            code: {part: markdown(words[part]) for part in ("why", "change") if words.get(part, "").strip()}
            for code, words in self.texts.items()
        }

    @property
    def more(self) -> dict[str, Markup]:
        return self.html[self.language]


@dataclass(frozen=True)
class PaperQuestion:
    """A question as it stands on the paper."""

    seats: int
    max_approvals: int | None
    options: tuple[PaperOption, ...]
    counted_by: str = "approval"  # a name of tally.RULES
    kind: Kind = Kind.THEMES
    majority: str | None = None  # a name of tally.MAJORITIES
    country: str | None = None  # only for the members of this country

    @property
    def limit(self) -> int | None:
        """How many options one may choose, where that is fewer than all."""
        return self.max_approvals if self.max_approvals and self.max_approvals < len(self.options) else None

    @property
    def rule(self) -> str:
        """The rule in two or three sentences."""
        elected = self._elected()
        if self.limit is None:
            return " ".join((_("You may choose as many themes as you like."), elected))
        may = ngettext("You may choose %(num)d theme.", "You may choose up to %(num)d themes.", self.limit)
        return f"{may} {elected}"

    def _elected(self) -> str:
        if self.counted_by == "approval" or self.seats == 1:
            return ngettext(
                "The theme with the most votes is elected.",
                "The %(num)d themes with the most votes are elected.",
                self.seats,
            )
        shared = _(
            "%(num)d themes are elected so that as many members as possible find a theme of theirs among them.",
            num=self.seats,
        )
        names = {"phragmen": _("The count is by Phragmén’s rule."), "pav": _("The count is by Thiele’s rule (PAV).")}
        return f"{shared} {names[self.counted_by]}"


@dataclass(frozen=True)
class Paper:
    """The ballot paper of a frozen election."""

    election_id: int
    year: int
    custody: Custody
    public_key: bytes
    questions: tuple[PaperQuestion, ...]

    @property
    def name(self) -> str:
        """How forms name this paper."""
        return self.public_key.hex()

    @cached_property
    def shape(self) -> Shape:
        return tuple(len(question.options) for question in self.questions)

    def country_of(self, choices: Choices) -> str:
        """The country whose members alone may cast these choices, as a pattern; '%' when everybody may.

        Two of them at once fit nobody, as it should be.
        """
        asked = zip(self.questions, choices, strict=True)
        countries = {question.country for question, chosen in asked if question.country and chosen}
        return "".join(sorted(countries)) or "%"

    def why_not(self, choices: Choices) -> str | None:
        """The sentence about what is wrong with these choices, or None. No choice at all is a blank vote."""
        if len(choices) != len(self.questions):
            return _("This is not the ballot of this vote. Open the ballot again.")
        for question, chosen in zip(self.questions, choices, strict=True):
            if any(not 0 <= number < len(question.options) for number in chosen):
                return _("You chose something that is not on this ballot. Open the ballot again.")
            if question.limit is not None and len(set(chosen)) > question.limit:
                most = ngettext("Choose at most %(num)d theme.", "Choose at most %(num)d themes.", question.limit)
                return most + " " + _("You chose %(n)d.", n=len(set(chosen)))
        return None

    def in_order_for(self, member_id: int) -> list[list[PaperOption]]:
        """For each question its options in an order that is random, but always the same for one member."""

        def place(option: PaperOption) -> bytes:
            return blake2b(f"{self.election_id} {member_id} {option.number}".encode(), digest_size=8).digest()

        return [sorted(question.options, key=place) for question in self.questions]


_kept: dict[bytes, Paper] = {}


def of(election: Election) -> Paper | None:
    """The paper of an election, once it is frozen."""
    return None if election.public_key is None else of_key(election.public_key)


def named(name: str) -> Paper | None:
    """The paper that a form names, or None when there is none of that name."""
    try:
        return of_key(bytes.fromhex(name)) if len(name) == 64 else None
    except ValueError:
        return None


def of_key(public_key: bytes) -> Paper | None:
    """The paper with this public key: kept, else read in one query on a connection of its own."""
    paper = _kept.get(public_key) or _read(public_key)
    if paper is not None:
        _kept[public_key] = paper
    return paper


_PAPER = (
    select(
        Election.id, Edition.year, Election.custody,
        Question.position, Question.seats, Question.max_approvals, Question.rule,
        Option.position, Option.theme_id, Option.original, Option.texts,
    )
    .join(Edition, Edition.id == Election.edition_id)
    .join(Question, Question.election_id == Election.id)
    .join(Option, Option.question_id == Question.id)
    .order_by(Question.position, Option.position)
)  # fmt: skip


def _read(public_key: bytes) -> Paper | None:
    with look() as connection:
        rows = connection.execute(_PAPER.where(Election.public_key == public_key)).all()
    if not rows:
        return None
    election_id, year, custody = rows[0][:3]
    questions = tuple(_question(list(group)) for _position, group in groupby(rows, key=lambda row: row[3]))
    return Paper(election_id, year, Custody(custody), public_key, questions)


def _question(rows: Sequence[Any]) -> PaperQuestion:
    options = tuple(PaperOption(number, row[8], row[9], row[10]) for number, row in enumerate(rows))
    return PaperQuestion(rows[0][4], rows[0][5], options, rows[0][6])
