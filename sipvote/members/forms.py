"""Shapes of what is typed in the members' room."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import EmailField, HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Email, InputRequired, Length

from ..access import Role
from ..fields import one_line
from ..i18n import LANGUAGES

ROLE_NAMES = {
    Role.ORGANISER: _l("Organiser (cooperative-life team)"),
    Role.BOARD: _l("Board member"),
    Role.FACILITATOR: _l("Facilitator"),
    Role.SCRUTINEER: _l("Scrutineer"),
}


class AddressForm(FlaskForm):
    """Who wants to sign in."""

    email = EmailField(
        _l("Your e-mail address"),
        description=_l("The address that the cooperative writes to you at."),
        filters=[one_line],
        validators=[
            InputRequired(_l("Fill in your e-mail address, for example name@example.be.")),
            Length(max=254, message=_l("An e-mail address has at most 254 characters.")),
            Email(_l("This is not an e-mail address. Write it like name@example.be.")),
        ],
        render_kw={"autocomplete": "email", "maxlength": 254},
    )


class CodeForm(FlaskForm):
    """The six digits from the mail."""

    code = StringField(
        _l("The six digits from the mail"),
        validators=[
            InputRequired(_l("Type the six digits from the mail.")),
            Length(max=20, message=_l("The code has six digits.")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 20},
    )


class StepForm(FlaskForm):
    """The code of an official's app."""

    step_code = StringField(
        _l("The six digits from your app"),
        validators=[
            InputRequired(_l("Type the six digits from your app.")),
            Length(max=20, message=_l("The code has six digits.")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 20},
    )


class ProofForm(StepForm):
    """A code of the app, or what a passkey signed: one of the two."""

    step_passkey = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        if self.step_passkey.data:
            self.step_code.validators = ()
        return super().validate(extra_validators)


class NameForm(FlaskForm):
    """What somebody calls the device that a second step is on."""

    name = StringField(
        _l("Name of the device"),
        description=_l("So that you know which one it is, for example “My phone”."),
        filters=[one_line],
        validators=[
            DataRequired(_l("Give it a name, for example “My phone”.")),
            Length(max=60, message=_l("A name has at most 60 characters.")),
        ],
        render_kw={"maxlength": 60, "autocomplete": "off"},
    )


class PasskeyForm(NameForm):
    """A new passkey: its name, and what the device made."""

    made = HiddenField(
        validators=[InputRequired(_l("This browser has not made a passkey. Try again, or use another browser."))]
    )


class RollForm(FlaskForm):
    """The file with the roll of members."""

    roll = FileField(
        _l("The roll as an XLSX or CSV file"),
        validators=[FileRequired(_l("Choose the file with the roll of members."))],
    )


class GrantForm(FlaskForm):
    """A role for a member; cities are filled in by the view."""

    role = SelectField(_l("Role"), choices=[SelectChoice(str(role), name) for role, name in ROLE_NAMES.items()])
    city = SelectField(_l("Only for the city (facilitators)"), coerce=int)


class LanguageForm(FlaskForm):
    """The language that a member wants mails in."""

    language = SelectField(_l("Language of your mails"), choices=LANGUAGES)
