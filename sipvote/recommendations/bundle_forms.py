"""What organisers type for a bundle: its foreword in each language."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Optional

from ..fields import AtMost, KeptForm, plain_lines
from ..i18n import LANGUAGES

LONGEST = 10_000


def _foreword(name: str) -> TextAreaField:
    checks = [Optional(), AtMost(LONGEST)]
    label: Any = _l("Foreword in %(language)s", language=name)
    return TextAreaField(label, filters=[plain_lines], validators=checks)


class ForewordForm(KeptForm):
    """The foreword, once in each language; a language may stay empty."""

    foreword_nl = _foreword(LANGUAGES["nl"])
    foreword_fr = _foreword(LANGUAGES["fr"])
    foreword_en = _foreword(LANGUAGES["en"])
    seen = HiddenField()

    def words(self) -> dict[str, str]:
        return {code: getattr(self, f"foreword_{code}").data or "" for code in LANGUAGES}


class SureForm(FlaskForm):
    """A page that asks before something is done that cannot be undone."""
