"""Shapes of what is typed in the stocktake's room."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from ..fields import KeptForm
from ..i18n import LANGUAGES, language
from . import large_themes
from .models import Status
from .statuses import LONGEST_REASON, Said
from .words import STATUSES


class Day(DateField):
    """A day, with our own sentence when it is not one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value.strip() for value in valuelist])
        except ValueError:
            raise ValueError(_l("Write the day like 2026-11-21.")) from None


class StatusForm(KeptForm):
    """How far a recommendation is, since when, and why."""

    status = RadioField(
        _l("How far is it?"),
        choices=[SelectChoice(str(status), name) for status, name in STATUSES.items()],
        validators=[InputRequired(_l("Choose how far it is."))],
    )
    since = Day(
        _l("Since which day?"),
        validators=[InputRequired(_l("Say since which day."))],
    )
    postponed_until = Day(
        _l("Postponed until"),
        description=_l("Only when it is postponed."),
        validators=[Optional()],
    )
    reason = TextAreaField(
        _l("Why, or what was done?"),
        description=_l("A sentence or two. Everybody can read it, with your name."),
        validators=[
            InputRequired(_l("Say why, in a sentence or two: everybody can read it.")),
            Length(max=LONGEST_REASON, message=_l("A reason has at most %(max)d characters.")),
        ],
    )

    def said(self) -> Said:
        """What was said; only of a form that was valid."""
        assert isinstance(self.since.data, date)  # noqa: S101
        status = Status(self.status.data)
        until = self.postponed_until.data if status == Status.POSTPONED else None
        return Said(status, self.since.data, self.reason.data or "", language(), until)


class ManyForm(StatusForm):
    """The same of many: their ids stand in one field."""

    ids = HiddenField()


class LargeThemeForm(FlaskForm):
    """The names of a large theme."""

    nl = StringField(_l("Name in Dutch"))
    fr = StringField(_l("Name in French"))
    en = StringField(_l("Name in English"))

    def names(self) -> dict[str, str]:
        return {code: getattr(self, code).data or "" for code in LANGUAGES}

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Every language, each on its own line."""
        fine = super().validate(*args, **kwargs)
        for code in LANGUAGES:
            field = getattr(self, code)
            if not (field.data or "").strip():
                field.errors = [_l("Write the name in this language too.")]
                fine = False
            elif len(field.data) > large_themes.LONGEST:
                field.errors = [_l("A name has at most %(n)d characters.", n=large_themes.LONGEST)]
                fine = False
        return fine


class PutForm(FlaskForm):
    """Under which large theme; the choices come from the view."""

    large_theme = SelectField(_l("Large theme"))
    ids = HiddenField()


class RepeatsForm(FlaskForm):
    """The earlier recommendation that asked the same."""

    label = StringField(
        _l("The earlier recommendation"),
        description=_l("Year and number, like 2017/12."),
        validators=[InputRequired(_l("Write the year and the number, like 2017/12."))],
    )


class ListForm(FlaskForm):
    """The list to import."""

    file = FileField(_l("The list, as CSV or XLSX"), validators=[FileRequired(_l("Choose the file with the list."))])
    reason = StringField(
        _l("Reason for changed statuses whose line gives none"),
        description=_l("Every change of a status has a reason that everybody can read."),
        validators=[
            Optional(),
            Length(max=LONGEST_REASON, message=_l("A reason has at most %(max)d characters.")),
        ],
    )
