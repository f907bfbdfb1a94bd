"""Shapes of what is typed in the hall: a card's code, numbers of members, a pile of papers."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange

PRESENT, NUMBERS = "present", "numbers"


def _stripped(typed: Any) -> Any:
    return typed.strip() if typed else typed


class CodeForm(FlaskForm):
    """The code on a voting card."""

    code = StringField(
        _l("The code on your voting card"),
        description=_l("Ten letters and digits. Capitals and spaces do not matter."),
        validators=[
            InputRequired(_l("Type the ten letters and digits of your card.")),
            Length(max=40, message=_l("A card’s code has ten letters and digits.")),
        ],
        render_kw={
            "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": 40, "size": 14,
        },
    )  # fmt: skip


class ManyForm(FlaskForm):
    """For whom cards are printed."""

    who = RadioField(
        _l("For whom?"),
        choices=[
            SelectChoice(PRESENT, _l("Everybody in the hall without an e-mail address, who has no card yet")),
            SelectChoice(NUMBERS, _l("These members")),
        ],
        default=PRESENT,
        validators=[InputRequired(_l("Choose for whom you print cards."))],
    )
    numbers = TextAreaField(
        _l("Numbers of members"),
        description=_l("With spaces, commas or on lines of their own. A card that they have already is then revoked."),
        validators=[Length(max=5000, message=_l("Print at most 200 cards at once."))],
    )


class PileForm(FlaskForm):
    """A pile of ballots on paper; its countries are filled in by the view."""

    name = StringField(
        _l("Name of the pile"),
        description=_l("What stands on its cover sheet, for example “Urn 1”."),
        filters=[_stripped],
        validators=[
            InputRequired(_l("Give the pile a name.")),
            Length(max=60, message=_l("A name has at most 60 characters.")),
        ],
    )
    papers = IntegerField(
        _l("Number of papers"),
        validators=[
            InputRequired(_l("Count the papers, and give their number.")),
            NumberRange(1, 100000, _l("Count the papers, and give their number.")),
        ],
        render_kw={"inputmode": "numeric", "min": 1},
    )
    country = RadioField(
        _l("Of members in which country?"),
        description=_l("A question is for one country only, so the papers of each country lie apart."),
        validators=[InputRequired(_l("Choose the country."))],
    )


class LineForm(FlaskForm):
    """So many papers with the same choices; the choices are read as those of a ballot."""

    times = IntegerField(
        _l("Number of papers with these choices"),
        default=1,
        validators=[
            InputRequired(_l("Give the number of papers with these choices.")),
            NumberRange(1, 100000, _l("Give the number of papers with these choices.")),
        ],
        render_kw={"inputmode": "numeric", "min": 1},
    )
