"""Shape of an edition: when each phase begins, and its settings."""

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from ..i18n import ZONE
from .models import DATED, Phase
from .rules import PHASE_NAMES, why_not_dates

SETTINGS = ("supporters_needed", "seats", "max_approvals", "meetings", "meeting_hours")
_needed = _l("Fill in this field.")


def _at_least(smallest: int, largest: int) -> NumberRange:
    return NumberRange(smallest, largest, _l("Give a whole number from %(min)s to %(max)s."))


class EditionForm(FlaskForm):
    """Dates are typed and shown in Brussels' time."""

    year = IntegerField(_l("The year it begins in"), validators=[InputRequired(_needed), _at_least(2015, 2100)])
    supporters_needed = IntegerField(
        _l("Supporters that a theme needs"), validators=[InputRequired(_needed), _at_least(0, 10000)]
    )
    seats = IntegerField(_l("Themes to elect"), validators=[InputRequired(_needed), _at_least(1, 20)])
    max_approvals = IntegerField(
        _l("Themes that a member may choose at most"),
        description=_l("Leave this empty for no limit."),
        validators=[Optional(), _at_least(1, 50)],
    )
    meetings = IntegerField(_l("Meetings of a workgroup"), validators=[InputRequired(_needed), _at_least(1, 20)])
    meeting_hours = IntegerField(_l("Hours of a meeting"), validators=[InputRequired(_needed), _at_least(1, 12)])

    def dates(self) -> dict[Phase, datetime]:
        """When each phase begins, with the zone."""
        return {phase: self[f"{phase}_at"].data.replace(tzinfo=ZONE) for phase in DATED}

    def settings(self) -> dict[str, int | None]:
        """What is not a date."""
        return {name: self[name].data for name in SETTINGS}

    def validate(self, extra_validators: Any = None) -> bool:
        """Put the sentence about dates out of order beside the date."""
        if not super().validate(extra_validators):
            return False
        if fault := why_not_dates(self.dates()):
            self[f"{fault[0]}_at"].errors = [fault[1]]
            return False
        return True


for _phase in DATED:
    setattr(
        EditionForm,
        f"{_phase}_at",
        DateTimeLocalField(
            PHASE_NAMES[_phase],
            format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
            validators=[InputRequired(_l("Fill in the day and the time at which this begins."))],
        ),
    )
