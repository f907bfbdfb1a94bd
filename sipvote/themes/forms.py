"""Shapes of what is typed in the themes' room."""

from typing import Any
from unicodedata import category

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, ValidationError

from ..i18n import LANGUAGES
from .rules import Words

WORDS = ("title", "question", "why", "change")


def plain_lines(typed: str | None) -> str:
    """Text as it is kept: lines end in one sign, nothing invisible, no blanks around it."""
    lines = (typed or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or category(c) not in ("Cc", "Cs")).strip()


def one_line(typed: str | None) -> str:
    """The same on a single line."""
    return " ".join(plain_lines(typed).split())


class AtMost:
    """At most so many characters; says how many there are, so that one knows how far to cut."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: FlaskForm, field: Field) -> None:
        length = len(field.data or "")
        if length > self.most:
            label = field.label.text
            text = _(
                "%(label)s: write at most %(most)s characters. You wrote %(n)s.", label=label, most=self.most, n=length
            )
            raise ValidationError(text)


class KeptForm(FlaskForm):
    """A form that comes back with what was typed, also when its page was open for too long."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Say it in our own words when the page was open for too long; the answer brings a fresh token."""
        valid = super().validate(extra_validators)
        if "csrf_token" in self and self.csrf_token.errors:
            self.csrf_token.errors = [_("This page was open for too long. Your text is still here. Send it again.")]
        return bool(valid)

    def refuse(self, why: Any) -> None:
        """Show a rule's refusal above the form."""
        self.form_errors.append(str(why))


class ThemeForm(KeptForm):
    """The words of a theme in one language; `seen` is when the text was written that stood on the page before."""

    language = SelectField(_l("Language you write in"), choices=LANGUAGES)
    title = StringField(
        _l("Title"),
        filters=[one_line],
        validators=[DataRequired(_l("Give your theme a title.")), AtMost(120)],
        render_kw={"autocomplete": "off"},
    )
    question = TextAreaField(
        _l("The question"), filters=[plain_lines], validators=[DataRequired(_l("Write the question.")), AtMost(300)]
    )
    why = TextAreaField(
        _l("Why it matters"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write why it matters.")), AtMost(4000)],
    )
    change = TextAreaField(
        _l("What would change"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write what would change.")), AtMost(4000)],
    )
    seen = HiddenField()

    def words(self) -> Words:
        """What was typed, as the rules want it."""
        return {name: self[name].data for name in WORDS}


class DeclineForm(KeptForm):
    """Why a theme is declined."""

    reason = TextAreaField(
        _l("Reason"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write the reason: the member who proposed it wants to know.")), AtMost(2000)],
    )
