"""Shapes of what is sent about proxies."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError


def _fits(most: int) -> Any:
    # Not Length: its limit would stand under the field, or cut pasted text without a sign.
    def check(_form: Any, field: Any) -> None:
        if len(field.data or "") > most:
            raise ValidationError(_("Say it in at most %(n)d characters.", n=most))

    return check


def _number(label: Any, hint: Any = "") -> StringField:
    return StringField(label, [InputRequired(_l("Type a membership number.")), _fits(20)], description=hint)


class GiveForm(FlaskForm):
    """Whom a member gives their proxy to: number and name, which must both fit."""

    number = _number(_l("Membership number of the other member"), _l("Ask them for it. It stands on their own page."))
    name = StringField(
        _l("Name of the other member"),
        [InputRequired(_l("Type the name of the other member.")), _fits(120)],
        description=_l("First name and last name, as in the list of members."),
    )


class PaperForm(FlaskForm):
    """A proxy on paper, as the desk enters it."""

    giver = _number(_l("Membership number of who gives the proxy"))
    holder = _number(_l("Membership number of who holds the proxy"))


class EndForm(FlaskForm):
    """Why the desk ends a proxy."""

    reason = TextAreaField(
        _l("Why does this proxy end?"),
        [InputRequired(_l("Say why. Both members get this in a mail.")), _fits(500)],
        description=_l("Both members get this in a mail. It also stands in the audit log."),
    )
