"""Shapes of the questions beside that of the themes, as the desk drafts them."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from ..db import db
from ..fields import AtMost, KeptForm, one_line, plain_lines
from ..i18n import LANGUAGES
from ..themes.models import Theme
from . import questions

COUNTRY_NAMES = {"": _l("All members"), "BE": _l("Members in Belgium"), "FR": _l("Members in France")}
MAJORITY_NAMES = {
    "simple": _l("More yes than no"),
    "absolute": _l("More than half of all votes"),
    "two_thirds": _l("Two thirds of yes and no"),
}


class QuestionForm(KeptForm):
    """Who answers a question of yes or no, and when it is adopted."""

    country = RadioField(
        _l("Who answers it?"), choices=[SelectChoice(code, name) for code, name in COUNTRY_NAMES.items()], default=""
    )
    majority = RadioField(
        _l("When is it adopted?"),
        choices=[SelectChoice(majority, name) for majority, name in MAJORITY_NAMES.items()],
        default="simple",
        validators=[InputRequired(_l("Choose which majority is needed."))],
    )


class ProlongForm(QuestionForm):
    """Shall a theme of the last edition go on?"""

    theme = SelectField(_l("Theme"), coerce=int, validators=[InputRequired(_l("Choose the theme."))])

    def offer(self, themes: Iterable[Theme]) -> None:
        """Let these be chosen from."""
        choices: Any = {theme.id: str(theme) for theme in themes}
        self.theme.choices = choices

    def asked(self) -> questions.Asked:
        """What was typed, as the rules want it."""
        theme = db.session.get(Theme, self.theme.data)
        return questions.Asked(self.majority.data, self.country.data or None, theme=theme)


class ActionForm(QuestionForm):
    """Shall the board do something? In one language at least."""

    original = SelectField(_l("First written in"), choices=LANGUAGES)
    title_nl = StringField("Nederlands", filters=[one_line], validators=[AtMost(200)])
    text_nl = TextAreaField("Nederlands", filters=[plain_lines], validators=[AtMost(4000)])
    title_fr = StringField("Français", filters=[one_line], validators=[AtMost(200)])
    text_fr = TextAreaField("Français", filters=[plain_lines], validators=[AtMost(4000)])
    title_en = StringField("English", filters=[one_line], validators=[AtMost(200)])
    text_en = TextAreaField("English", filters=[plain_lines], validators=[AtMost(4000)])

    def asked(self) -> questions.Asked:
        """What was typed, as the rules want it."""
        texts = {code: {part: self[f"{part}_{code}"].data or "" for part in ("title", "text")} for code in LANGUAGES}
        return questions.Asked(self.majority.data, self.country.data or None, original=self.original.data, texts=texts)
