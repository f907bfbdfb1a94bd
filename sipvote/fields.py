"""What several rooms' forms have: texts that are kept when they are refused, boxes, whole numbers, moments."""

from datetime import datetime
from typing import Any
from unicodedata import category

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, Field, IntegerField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from .i18n import ZONE


class Checkboxes(SelectMultipleField):
    """A list of boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WholeNumber(IntegerField):
    """A whole number, with our own sentence when it is not one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Give a whole number.")) from None


class Beginning(DateTimeLocalField):
    """A day and a time in Brussels and Paris."""

    def __init__(self, label: Any, **values: Any) -> None:
        super().__init__(label, format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **values)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Write the day and the time like 2026-11-12 18:00.")) from None

    @property
    def moment(self) -> datetime:
        """What was typed, with its zone; only for a form that was valid."""
        return self.data.replace(tzinfo=ZONE)  # type: ignore[union-attr]


def typed(moment: datetime) -> datetime:
    """A moment as a date field shows it: Brussels' time, without a zone."""
    return moment.astimezone(ZONE).replace(tzinfo=None)


# --- Texts, and what was typed --------------------------------------------------------------------


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
