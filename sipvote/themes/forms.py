"""Shapes of what is typed in the themes' room."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from ..fields import AtMost, KeptForm, one_line, plain_lines
from ..i18n import LANGUAGES
from .rules import Words

WORDS = ("title", "question", "why", "change")


class ThemeForm(KeptForm):
    """The words of a theme in one language; `seen` is when the text was written that stood on the page before."""

    language = SelectField(_l("Language you write in"), choices=LANGUAGES)
    title = StringField(
        _l("Title"),
        filters=[one_line],
        validators=[DataRequired(_l("Give your theme a title.")), AtMost(120)],
        render_kw={"autocomplete": "off"},
    )
    question = TextAreaField(
        _l("The question"), filters=[plain_lines], validators=[DataRequired(_l("Write the question.")), AtMost(300)]
    )
    why = TextAreaField(
        _l("Why it matters"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write why it matters.")), AtMost(4000)],
    )
    change = TextAreaField(
        _l("What would change"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write what would change.")), AtMost(4000)],
    )
    seen = HiddenField()

    def words(self) -> Words:
        """What was typed, as the rules want it."""
        return {name: self[name].data for name in WORDS}


class DeclineForm(KeptForm):
    """Why a theme is declined."""

    reason = TextAreaField(
        _l("Reason"),
        filters=[plain_lines],
        validators=[DataRequired(_l("Write the reason: the member who proposed it wants to know.")), AtMost(2000)],
    )
