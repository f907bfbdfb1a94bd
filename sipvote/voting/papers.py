"""The ballot paper: questions and options as they were frozen, read once and kept in the process.

A frozen ballot never changes, and freezing again draws a new key: so the public key names the paper,
and a paper that is kept can never be a wrong one. The ballot page and the casting of a vote read no
theme, question or option from the database.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
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
        wanted = language()
        return wanted if wanted in self.texts else self.original

    @property
    def title(self) -> str:
        return self.texts[self.language]["title"]

    @property
    def hint(self) -> str:
        """The question of the theme, and its language when it is not the page's."""
        shown = self.language
        asked = self.texts[shown]["question"]
        return asked if shown == language() else f"{asked} ({LANGUAGES[shown]})"

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

    @cached_property
    def _made(self) -> dict[Hashable, Markup]:
        return {}

    def once(self, *what: Hashable, caller: Callable[[], Markup]) -> Markup:
        """What a template makes of this option and of `what`: made once in a process, for a paper never changes."""
        if what not in self._made:
            self._made[what] = caller()
        return self._made[what]


# What it takes to be adopted, in a sentence, for each of decisions.MAJORITIES.
MAJORITY_RULES = {
    "simple": _l("It is adopted when more members say yes than no."),
    "absolute": _l("It is adopted when more than half of those who vote say yes; abstentions count."),
    "two_thirds": _l("It is adopted when at least two thirds of those who say yes or no say yes."),
}
ONLY_FOR = {"BE": _l("Only for members in Belgium."), "FR": _l("Only for members in France.")}


@dataclass(frozen=True)
class PaperQuestion:
    """A question as it stands on the paper."""

    seats: int
    max_approvals: int | None
    options: tuple[PaperOption, ...]
    counted_by: str = "approval"  # a name of tally.RULES, or "majority"
    kind: Kind = Kind.THEMES
    majority: str | None = None  # a name of decisions.MAJORITIES
    country: str | None = None  # only for the members of this country
    theme_id: int | None = None
    original: str | None = None
    texts: dict[str, dict[str, str]] | None = None

    @property
    def is_themes(self) -> bool:
        """Whether themes are elected; else the answer is yes, no, or nothing."""
        return self.kind == Kind.THEMES

    @property
    def language(self) -> str:
        """The language that the question's own words are shown in: the page's, else the original."""
        return language() if language() in (self.texts or {}) else self.original or language()

    @property
    def heading(self) -> str:
        """What is asked."""
        if self.is_themes or self.texts is None:
            return _("Which themes shall we work on?")
        title = self.texts[self.language]["title"]
        if self.kind == Kind.PROLONG:
            return _("Shall we go on with “%(title)s” for another year?", title=title)
        return title

    @property
    def html(self) -> Markup | None:
        """What is said about it, rendered."""
        said = (self.texts or {}).get(self.language, {}).get("text", "")
        return markdown(said) if said.strip() else None

    @property
    def limit(self) -> int | None:
        """How many options one may choose, where that is fewer than all."""
        return self.max_approvals if self.max_approvals and self.max_approvals < len(self.options) else None

    @property
    def rule(self) -> str:
        """The rule in two or three sentences."""
        if self.majority is not None:
            only = [str(ONLY_FOR[self.country])] if self.country else []
            return " ".join((*only, str(MAJORITY_RULES[self.majority])))
        if self.limit is None:
            return " ".join((_("You may choose as many themes as you like."), self._elected()))
        may = ngettext("You may choose %(num)d theme.", "You may choose up to %(num)d themes.", self.limit)
        return f"{may} {self._elected()}"

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

    def is_asked_in(self, country: str) -> bool:
        """Whether members of a country may answer it."""
        return self.country in (None, country)

    def why_not(self, chosen: Collection[int]) -> str | None:
        """The sentence about what is wrong with an answer to this question, or None."""
        if any(not 0 <= number < len(self.options) for number in chosen):
            return _("You chose something that is not on this ballot. Open the ballot again.")
        if self.limit is None or len(set(chosen)) <= self.limit:
            return None
        if not self.is_themes:
            return _("Choose yes or no, not both.")
        most = ngettext("Choose at most %(num)d theme.", "Choose at most %(num)d themes.", self.limit)
        return most + " " + _("You chose %(n)d.", n=len(set(chosen)))


class Part(NamedTuple):
    """A question on the ballot of one member: `place` counts from 1 on that ballot, `number` from 0 on the paper."""

    place: int
    number: int
    question: PaperQuestion
    options: list[PaperOption]
    marked: Sequence[str]


@dataclass(frozen=True)
class Paper:
    """The ballot paper of a frozen election."""

    election_id: int
    year: int
    custody: Custody
    public_key: bytes
    questions: tuple[PaperQuestion, ...]
    most_themes: int | None = None
    hall_only: bool = False
    is_rehearsal: bool = False

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
        for number, (question, chosen) in enumerate(zip(self.questions, choices, strict=True)):
            if why := question.why_not(chosen):
                return self.about(number, why)
        return None

    def about(self, number: int, sentence: str, country: str | None = None) -> str:
        """A sentence about a question, which it names when there are several: by its place on the voter's ballot."""
        asked = [n for n, question in enumerate(self.questions) if country is None or question.is_asked_in(country)]
        if len(asked) < 2 or number not in asked:
            return sentence
        return _("Question %(n)d: %(sentence)s", n=asked.index(number) + 1, sentence=sentence)

    @property
    def rule(self) -> str | None:
        """What holds for all questions together, in a sentence, if there is such a thing."""
        if self.most_themes is None:
            return None
        return ngettext(
            "Elected and prolonged together, there will be %(num)d theme at most; prolonged ones come first.",
            "Elected and prolonged together, there will be %(num)d themes at most; prolonged ones come first.",
            self.most_themes,
        )

    def asked(self, member_id: int, country: str, marked: Sequence[Sequence[str]] = ()) -> list["Part"]:
        """The questions for a member of a country, each with its options in their order and what was ticked."""
        orders = self.in_order_for(member_id)
        numbers = [number for number, question in enumerate(self.questions) if question.is_asked_in(country)]
        return [
            Part(place, number, self.questions[number], orders[number], marked[number] if marked else ())
            for place, number in enumerate(numbers, start=1)
        ]

    def count_in(self, country: str) -> int:
        """How many questions a member of a country is asked; "" is somebody whose country is not known: all."""
        return sum(not country or question.is_asked_in(country) for question in self.questions)

    def in_order_for(self, member_id: int) -> list[list[PaperOption]]:
        """For each question its options in an order that is random, but always the same for one member."""

        def place(option: PaperOption) -> bytes:
            return blake2b(f"{self.election_id} {member_id} {option.number}".encode(), digest_size=8).digest()

        return [sorted(q.options, key=place) if q.is_themes else list(q.options) for q in self.questions]


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


_OF_ELECTION = (Edition.year, Election.custody, Election.most_themes, Election.hall_only, Election.is_rehearsal)
_OF_QUESTION = (
    Question.seats, Question.max_approvals, Question.rule, Question.kind, Question.majority, Question.country,
    Question.theme_id, Question.original, Question.texts,
)  # fmt: skip
_PAPER = (
    select(Election.id, Question.id, Option.theme_id, Option.original, Option.texts, *_OF_ELECTION, *_OF_QUESTION)
    .join(Edition, Edition.id == Election.edition_id)
    .join(Question, Question.election_id == Election.id)
    .join(Option, Option.question_id == Question.id)
    .order_by(Question.position, Option.position)
)


def _read(public_key: bytes) -> Paper | None:
    with look() as connection:
        rows = connection.execute(_PAPER.where(Election.public_key == public_key)).all()
    if not rows:
        return None
    year, custody, most, hall_only, is_rehearsal = rows[0][5:10]
    questions = tuple(_question(list(group)) for _id, group in groupby(rows, key=lambda row: row[1]))
    return Paper(rows[0][0], year, Custody(custody), public_key, questions, most, hall_only, is_rehearsal)


def _question(rows: Sequence[Any]) -> PaperQuestion:
    options = tuple(PaperOption(number, *row[2:5]) for number, row in enumerate(rows))
    seats, max_approvals, rule, kind, *rest = rows[0][10:]
    return PaperQuestion(seats, max_approvals, options, rule, Kind(kind), *rest)
