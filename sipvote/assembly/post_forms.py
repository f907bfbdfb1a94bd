"""Shapes of what is typed about mailings."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from ..fields import AtMost, KeptForm, one_line, plain_lines
from ..i18n import ZONE
from .letters import BODY_LONGEST, SUBJECT_LONGEST


class TextForm(KeptForm):
    """A letter in one language."""

    subject = StringField(
        _l("Subject"),
        filters=[one_line],
        validators=[DataRequired(_l("Give the letter a subject.")), AtMost(SUBJECT_LONGEST)],
        render_kw={"autocomplete": "off"},
    )
    body = TextAreaField(
        _l("Text"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write the text of the letter.")), AtMost(BODY_LONGEST)],
    )


class SendForm(FlaskForm):
    """When, and how fast. Moments are typed and shown in Brussels' time."""

    at = DateTimeLocalField(
        _l("When?"),
        description=_l("Leave this empty to send now."),
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        validators=[Optional()],
    )
    per_minute = IntegerField(
        _l("Letters a minute, at most"),
        description=_l("Ask whoever runs your mail server how many it takes."),
        validators=[
            InputRequired(_l("Give a whole number from 1 to 10000.")),
            NumberRange(1, 10000, _l("Give a whole number from 1 to 10000.")),
        ],
    )

    @property
    def moment(self) -> datetime | None:
        """The moment with its zone; None is now."""
        return self.at.data.replace(tzinfo=ZONE) if self.at.data else None
