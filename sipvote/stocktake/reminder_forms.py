"""Shapes of what organisers type about the stocktake."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, NumberRange

from ..fields import WholeNumber
from .reminding import LEAST_DAYS, MOST_DAYS


class RemindersForm(FlaskForm):
    """After how many days a status is late."""

    days = WholeNumber(
        _l("Days after which somebody should look at a status again"),
        description=_l("Half a year is 180 days."),
        validators=[
            InputRequired(_l("Fill in this field.")),
            NumberRange(LEAST_DAYS, MOST_DAYS, _l("Give a whole number from %(min)s to %(max)s.")),
        ],
    )
