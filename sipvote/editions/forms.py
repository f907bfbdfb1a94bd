"""Shape of an edition: when each phase begins, and its settings."""

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, IntegerField, RadioField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, NumberRange, Optional

from ..fields import Beginning, WholeNumber
from ..i18n import ZONE
from .models import DATED, Phase, SignUpWay, WaitingOrder
from .rules import PHASE_NAMES, why_not_dates

SETTINGS = (
    "supporters_needed", "seats", "max_approvals", "meetings", "meeting_hours", "sign_up_way", "confirm_days",
    "accept_days", "waiting_order", "days_apart",
)  # fmt: skip
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
    # What a page that was opened before these settings existed does not send, stays as it is.
    days_apart = WholeNumber(
        _l("Days between two meetings of a group, at least"),
        default=14,
        description=_l("When dates are chosen from what members can. 0 for no rule."),
        validators=[_at_least(0, 60)],
    )
    sign_up_way = RadioField(
        _l("How members come to a group"),
        choices=[
            SelectChoice(str(SignUpWay.DIRECT), _l("They sign up for a group")),
            SelectChoice(str(SignUpWay.WISHES), _l("They wish groups, and are given one")),
        ],
        default=str(SignUpWay.DIRECT),
    )
    wishes_until = Beginning(
        _l("Deadline of wishes"),
        description=_l(
            "Only for sign-up by wishes. Leave some weeks before the workgroups, to choose dates and groups."
        ),
        validators=[Optional()],
    )
    confirm_days = WholeNumber(
        _l("Days to confirm the dates of a group that one is given"), default=7, validators=[_at_least(1, 60)]
    )
    accept_days = WholeNumber(_l("Days to accept a place that became free"), default=3, validators=[_at_least(1, 30)])
    waiting_order = RadioField(
        _l("Who is first on a waiting list"),
        choices=[
            SelectChoice(str(WaitingOrder.TIME), _l("Who signed up first")),
            SelectChoice(str(WaitingOrder.WITHOUT_GROUP), _l("Who has no group yet, then who signed up first")),
            SelectChoice(str(WaitingOrder.LOT), _l("The order of the public lot, then who signed up first")),
        ],
        default=str(WaitingOrder.TIME),
    )

    def dates(self) -> dict[Phase, datetime]:
        """When each phase begins, with the zone."""
        return {phase: self[f"{phase}_at"].data.replace(tzinfo=ZONE) for phase in DATED}

    def settings(self) -> dict[str, Any]:
        """What is not the beginning of a phase. Without wishes there is no deadline of wishes."""
        kept = {name: self[name].data for name in SETTINGS}
        kept["sign_up_way"], kept["waiting_order"] = (
            SignUpWay(self.sign_up_way.data),
            WaitingOrder(self.waiting_order.data),
        )
        by_wishes = kept["sign_up_way"] == SignUpWay.WISHES
        return {**kept, "wishes_until": self.wishes_until.moment if by_wishes and self.wishes_until.data else None}

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
