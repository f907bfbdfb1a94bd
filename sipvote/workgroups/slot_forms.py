"""Shapes of what is typed about candidate slots: a weekly pattern, and a single date."""

from datetime import date
from typing import Any

from babel.dates import get_day_names
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, TimeField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, NumberRange

from ..editions.models import Edition
from ..fields import Beginning, Checkboxes, WholeNumber
from ..i18n import ZONE, language
from . import slots
from .exports import MODE_NAMES
from .models import Mode, Workgroup

_needed = _l("Fill in this field.")


class ShapeForm(FlaskForm):
    """What a pattern and a single date have in common."""

    hours = WholeNumber(
        _l("Hours of a meeting"),
        validators=[InputRequired(_needed), NumberRange(1, 12, _l("Give a whole number from 1 to 12."))],
    )
    modes = Checkboxes(
        _l("How the group could meet then"),
        description=_l("No room at that time? Then only online."),
        validators=[InputRequired(_l("Choose how the group could meet then."))],
    )

    def offer(self, group: Workgroup) -> None:
        """Offer the modes that the group can have."""
        self.modes.choices = [SelectChoice(str(mode), MODE_NAMES[mode]) for mode in slots.modes_for(group)]

    def chosen_modes(self) -> list[Mode]:
        """The modes that were ticked; only for a form that was valid."""
        return [Mode(word) for word in self.modes.data or []]


class PatternForm(ShapeForm):
    """The same hour of the same weekday; asked by GET, so without a token."""

    class Meta:
        csrf = False

    weekday = SelectField(_l("Weekday"), coerce=int)
    at = TimeField(_l("From what time"), validators=[InputRequired(_l("Write the time like 18:00."))])
    first = DateField(_l("From which day"), validators=[InputRequired(_l("Write the day like 2026-11-12."))])
    last = DateField(_l("Until which day"), validators=[InputRequired(_l("Write the day like 2026-11-12."))])
    weeks = WholeNumber(
        _l("Every how many weeks"),
        validators=[InputRequired(_needed), NumberRange(1, 12, _l("Give a whole number from 1 to 12."))],
    )

    def offer(self, group: Workgroup) -> None:
        """Offer the modes, and the weekdays in the reader's language."""
        super().offer(group)
        days = get_day_names("wide", locale=language())
        self.weekday.choices = [SelectChoice(str(n), days[n]) for n in range(7)]

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.last.data < self.first.data:  # type: ignore[operator]
            self.last.errors = [_("The last day must not lie before the first.")]
            return False
        return True

    def pattern(self) -> slots.Pattern:
        """What was asked; only for a form that was valid."""
        at, first, last = self.at.data, self.first.data, self.last.data
        if at is None or first is None or last is None:
            raise ValueError("This form was not valid.")
        return slots.Pattern(self.weekday.data, at, first, last, self.weeks.data or 1)


class DateForm(ShapeForm):
    """One date."""

    start = Beginning(_l("Day and time"), validators=[InputRequired(_l("Fill in the day and the time."))])


def first_values(edition: Edition, group: Workgroup) -> dict[str, Any]:
    """What both forms begin with: the whole time in which groups meet, every week."""
    return {
        "hours": edition.meeting_hours, "modes": [str(mode) for mode in slots.modes_for(group)], "weeks": 1,
        "first": _day(edition.groups_at), "last": _day(edition.recommendations_at),
    }  # fmt: skip


def _day(moment: Any) -> date:
    found: date = moment.astimezone(ZONE).date()
    return found
