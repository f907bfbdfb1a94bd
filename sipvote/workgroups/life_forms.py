"""Shapes of what is typed within a group: agenda, letter, step, remark; and of a facilitator's profile."""

from secrets import token_hex

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from ..fields import Checkboxes, WholeNumber
from ..i18n import LANGUAGES
from . import group_mail, minutes

_needed = _l("Fill in this field.")


def _stripped(typed: str | None) -> str:
    """What was typed, without the NUL that PostgreSQL does not keep."""
    return (typed or "").replace("\0", "").strip()


def _at_most(count: int) -> Length:
    return Length(max=count, message=_l("Write at most %(n)s characters.", n=count))


class Day(DateField):
    """A day, with our own sentence when it is not one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Write the day like 2026-11-12.")) from None


class AgendaForm(FlaskForm):
    """What a meeting is about."""

    agenda = TextAreaField(
        _l("Agenda"),
        description=_l("One point on each line. A line that begins with “- ” becomes a point of a list."),
        filters=[_stripped],
        validators=[Optional(), _at_most(5000)],
    )


class LetterForm(FlaskForm):
    """A letter to the group. `key` is made with the form, so that it is sent once."""

    key = HiddenField(default=lambda: token_hex(8), validators=[Regexp(r"[0-9a-f]{16}\Z")])
    subject = StringField(_l("Subject"), filters=[_stripped], validators=[DataRequired(_needed), _at_most(150)])
    words = TextAreaField(
        _l("Letter"), filters=[_stripped], validators=[DataRequired(_needed), _at_most(group_mail.LONGEST)]
    )
    also = Checkboxes(
        _l("Also to"),
        description=_l("Everybody with a place gets it."),
        choices=[
            SelectChoice("offered", _l("Who was offered a place and has not confirmed yet")),
            SelectChoice("waiting", _l("Who is on the waiting list")),
        ],
    )


class FileForm(FlaskForm):
    """A file for the group."""

    file = FileField(
        _l("File"), description=_l("At most 10 MB."), validators=[FileRequired(_l("Choose a file first."))]
    )


class StepForm(FlaskForm):
    """What somebody will do. The people to choose from are filled in by the page."""

    what = StringField(_l("What"), filters=[_stripped], validators=[DataRequired(_needed), _at_most(300)])
    who = SelectField(_l("Who"), coerce=int)
    due = Day(_l("Until when"), validators=[Optional()])


class MinutesForm(FlaskForm):
    """The words of the minutes. `seen` says which ones the writer had before them."""

    seen = HiddenField()
    words = TextAreaField(
        _l("Meeting minutes"),
        description=_l("What was said and decided. A line that begins with “- ” becomes a point of a list."),
        validators=[_at_most(minutes.LONGEST)],
    )


class ProfileForm(FlaskForm):
    """What organisers know of a facilitator."""

    languages = Checkboxes(
        _l("Languages"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        description=_l("In which they can lead a group."),
    )  # fmt: skip
    trained_on = Day(_l("Training: day"), validators=[Optional()])
    training = StringField(_l("Training: what"), filters=[_stripped], validators=[Optional(), _at_most(300)])
    most_groups = WholeNumber(
        _l("Groups at most"),
        description=_l("More is possible, but the planning desk warns you."),
        validators=[
            InputRequired(_needed), NumberRange(0, 20, _l("Give a whole number from 0 to 20.")),
        ],
    )  # fmt: skip
