"""Shapes of what is typed while a draft is written, translated, published."""

from datetime import datetime, time

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from ..fields import AtMost, KeptForm, one_line, plain_lines
from ..i18n import LANGUAGES, ZONE
from ..workgroups.life_forms import Day
from .writing import WORDS


class RecommendationForm(KeptForm):
    """A recommendation in one language; `seen` is the version that stood on the page before."""

    language = SelectField(_l("Language you write in"), choices=LANGUAGES)
    title = StringField(
        _l("Title"),
        filters=[one_line],
        validators=[DataRequired(_l("Give the recommendation a title.")), AtMost(160)],
        render_kw={"autocomplete": "off"},
    )
    text = TextAreaField(
        _l("The recommendation"),
        id="recommendation-text",  # the page itself has the id "text"
        filters=[plain_lines],
        validators=[DataRequired(_l("Write what you recommend.")), AtMost(6000)],
    )
    why = TextAreaField(_l("Why"), filters=[plain_lines], validators=[Optional(), AtMost(6000)])
    for_whom = StringField(
        _l("For whom"),
        filters=[one_line],
        validators=[Optional(), AtMost(300)],
        render_kw={"autocomplete": "off"},
    )
    seen = HiddenField()

    def words(self) -> dict[str, str]:
        """What was typed, as the rules want it."""
        return {name: self[name].data or "" for name in WORDS}


class UntilForm(KeptForm):
    """Until which day members can make remarks, that day included."""

    until = Day(_l("Remarks until"), validators=[InputRequired(_l("Choose a day."))])

    def moment(self) -> datetime:
        """The last minute of the day; only for a form that was valid."""
        return datetime.combine(self.until.data, time(23, 59), ZONE)
