"""Fields that several rooms' forms have: boxes, whole numbers, and a moment in Brussels' time."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from wtforms import DateTimeLocalField, IntegerField, SelectMultipleField
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
