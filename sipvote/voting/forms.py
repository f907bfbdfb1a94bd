"""Shapes of what is sent in the voting room: the ballot itself, and the desk's forms."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateTimeLocalField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from ..errors import Refused
from ..i18n import ZONE
from .announcements import MOST_LETTERS
from .models import Custody
from .papers import ONLY_FOR, Paper, PaperQuestion
from .seal import Choices, WrongWords

BLANK = "blank"
# Who can open the ballot box; the second is said on the ballot itself.
CUSTODY_NAMES = {
    Custody.SCRUTINEERS: _l("Three scrutineers, of whom two open it together"),
    Custody.SERVER: _l("The server: only for a sounding or a demonstration"),
}
CUSTODY_WORDS = {
    Custody.SCRUTINEERS: _l(
        "Your vote is sealed as you send it. After closing, two of the three scrutineers open the box together."
    ),
    Custody.SERVER: _l(
        "Your vote is sealed as you send it. The server keeps the key: who runs it could open the box. "
        "This is for a sounding or a demonstration."
    ),
}


# --- The ballot. No WTForms here: this is the path of 30,000 members in ten minutes. ------------------


def marks(given: MultiDict[str, str], paper: Paper) -> list[list[str]]:
    """What was ticked for each question, as it was sent, to show it again."""
    return [given.getlist(f"q{number}")[:200] for number in range(len(paper.questions))]


class Misfilled(Refused):
    """A ballot cannot be sent as it is: what is wrong with which questions, as {number: sentence}."""

    def __init__(self, faults: dict[int, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


def read_ballot(given: MultiDict[str, str], paper: Paper, country: str | None = None) -> Choices:
    """Read the choices from a ballot as it was sent. Raises Misfilled with all that is to be mended.

    `country` is the voter's. Where it is not known, a question for one country may stay without an answer.
    """
    choices, faults = [], {}
    for number, ticked in enumerate(marks(given, paper)):
        try:
            choices.append(_answer(ticked, paper.questions[number], country))
        except Refused as refused:
            faults[number] = paper.about(number, refused.why, country)
    if faults:
        raise Misfilled(faults)
    return tuple(choices)


def _answer(ticked: list[str], question: PaperQuestion, country: str | None) -> tuple[int, ...]:
    """The answer to one question, which it is possible to give. Raises Refused."""
    chosen = _chosen(ticked, question, country)
    if why := question.why_not(chosen):
        raise Refused(why)
    return chosen


def _chosen(ticked: list[str], question: PaperQuestion, country: str | None) -> tuple[int, ...]:
    """The options of one question, sorted; a blank vote is a choice that has to be made too. Raises Refused."""
    if country is not None and not question.is_asked_in(country):
        if ticked:
            raise Refused(ONLY_FOR[question.country or country])
        return ()
    if not ticked:
        if question.country and country is None:
            return ()
        missing = _("Choose at least one theme, or choose “I vote blank”.")
        raise Refused(missing if question.is_themes else _("Choose yes or no, or “I abstain”."))
    if ticked.count(BLANK):
        if set(ticked) != {BLANK}:
            both = _("You chose “I vote blank” and a theme as well. Keep only one of the two.")
            raise Refused(both if question.is_themes else _("Choose yes or no, not both."))
        return ()
    # What is no number becomes one that is on no ballot: the paper then says so.
    return tuple(sorted({int(mark) if mark.isascii() and mark.isdigit() and len(mark) < 5 else -1 for mark in ticked}))


# --- The desk ---------------------------------------------------------------------------------------


# How the votes are counted: the name, and what it does in a sentence.
RULE_NAMES = {
    "approval": _l("The most votes win"),
    "phragmen": _l("Phragmén: every group of members in proportion, round by round"),
    "pav": _l("PAV: every group of members in proportion, all themes at once"),
}
RULE_HINTS = {
    "approval": _l("Simple. A majority that votes alike can choose every theme."),
    "phragmen": _l("A theme counts for less with members who have one already. The result tells each round."),
    "pav": _l("A second theme counts half for a member, a third one a third. The best set of themes wins."),
}


class PrepareForm(FlaskForm):
    """How the election is held."""

    rule = RadioField(
        _l("How are the votes counted?"),
        choices=[SelectChoice(rule, name) for rule, name in RULE_NAMES.items()],
        default="approval",
        validators=[InputRequired(_l("Choose how the votes are counted."))],
    )

    most_themes = IntegerField(
        _l("Themes at most, elected and prolonged together"),
        description=_l("Leave it empty when there is no such limit. Prolonged themes come first."),
        validators=[Optional(), NumberRange(1, 50, _l("Give a number from 1 to 50, or leave it empty."))],
    )
    custody = RadioField(
        _l("Who can open the ballot box?"),
        choices=[SelectChoice(str(custody), name) for custody, name in CUSTODY_NAMES.items()],
        validators=[InputRequired(_l("Choose who can open the ballot box."))],
    )

    by_hand = BooleanField(
        _l("Open and close it by hand, by two organisers"),
        description=_l(
            "Else it opens and closes by itself. Either way it opens no earlier and closes no later than announced."
        ),
    )
    is_rehearsal = BooleanField(
        _l("This is a rehearsal: only people with a role vote, and it does not count"),
        description=_l("It is opened and closed by hand, and swept away before the real vote is prepared."),
    )


def _is_no_book(_form: Any, field: Any) -> None:
    # Not Length, whose limit would stand under the field: a list is long enough when its twenty words are there.
    if len(field.data or "") > 2000:
        raise ValidationError(_("This is more than a list."))


class WordForm(FlaskForm):
    """One word list, which its holder types alone; what it holds is read by ceremony.prove_list."""

    words = TextAreaField(_l("Your word list"), validators=[_is_no_book])

    def show(self, fault: WrongWords) -> None:
        """Put what is wrong with the words beside them."""
        why = _("This is none of the three lists of this vote.") if fault.reason == "different" else _sentence(fault)
        self.words.errors = [*self.words.errors, why]


class WordsForm(FlaskForm):
    """Two of the three word lists; what they hold is read by seal.join."""

    first = TextAreaField(_l("First word list"), validators=[_is_no_book])
    second = TextAreaField(_l("Second word list"), validators=[_is_no_book])

    @property
    def lists(self) -> list[str]:
        return [self.first.data or "", self.second.data or ""]

    def show(self, fault: WrongWords) -> None:
        """Put what is wrong with the words beside the list that is meant."""
        field: Any = self.second if fault.which == 2 else self.first
        field.errors = [*field.errors, _sentence(fault)]


def _sentence(fault: WrongWords) -> str:
    """A fault in word lists, in the page's language; the words themselves are never in it."""
    sentences = {
        "few": _("Two word lists are needed to open the ballot box."),
        "length": _("This list does not have 20 words. Look for a word that is missing, or there twice."),
        "unknown": _("Word %(place)s is not one of the words used. Check its spelling.", place=fault.place),
        "checksum": _("This list does not add up: a word is wrong, or two have changed places."),
        "same": _("The same list was given twice. Two different lists are needed."),
        "different": _("These lists are not those of this election, or do not belong together."),
    }
    return sentences[fault.reason]


class SettleForm(FlaskForm):
    """What the lot decided."""

    draw = StringField(
        _l("What was drawn"),
        description=_l("Six digits or more, in the order in which they came: six dice, for example 4 1 6 2 2 5."),
        validators=[
            InputRequired(_l("Give what was drawn as 6 to 40 digits, for example six dice.")),
            Length(max=100, message=_l("Give what was drawn as 6 to 40 digits, for example six dice.")),
        ],
    )
    how = TextAreaField(
        _l("How was the lot drawn?"),
        description=_l("When, where, by whom, and who was there. Members read this beside the result."),
        validators=[
            InputRequired(_l("Say how the lot was drawn, and who was there.")),
            Length(max=1000, message=_l("Say it in at most 1000 characters.")),
        ],
    )


# --- The hours of the vote --------------------------------------------------------------------------


class ReasonForm(FlaskForm):
    """Why something is done, for everybody to read."""

    reason = TextAreaField(
        _l("Why?"),
        description=_l("Everybody reads this, as you write it."),
        validators=[InputRequired(_l("Say why. Everybody reads it.")), Length(max=MOST_LETTERS)],
    )


class ExtendForm(ReasonForm):
    """Until when the vote lasts, in Brussels' time."""

    until = DateTimeLocalField(
        _l("Until when?"),
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        validators=[InputRequired(_l("Fill in the day and the time."))],
    )

    @property
    def moment(self) -> datetime:
        """The moment that was typed, with its zone."""
        typed = self.until.data
        assert typed is not None  # noqa: S101  (InputRequired)
        return typed.replace(tzinfo=ZONE)
