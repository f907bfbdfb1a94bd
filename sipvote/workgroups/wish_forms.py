"""Shapes of what members wish: up to three groups by rank, the way of coming for each date, and access needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional

from ..i18n import LANGUAGES, names
from .wish_models import MOST_WISHES, Coming
from .wished import Choice

WAY_NAMES = {Coming.ON_SITE: _l("On site"), Coming.ONLINE: _l("Online"), Coming.EITHER: _l("Either")}


class WishForm(FlaskForm):
    """The groups by rank. A rank may stay empty; those below it move up."""

    wish_1 = SelectField(_l("First wish"))
    wish_2 = SelectField(_l("Second wish"), validators=[Optional()])
    wish_3 = SelectField(_l("Third wish"), validators=[Optional()])

    def ranks(self) -> list[SelectField]:
        """The fields, the dearest wish first."""
        return [self[f"wish_{n}"] for n in range(1, MOST_WISHES + 1)]

    def offer(self, offered: Sequence[Choice]) -> None:
        """Offer the groups that can be wished, by theme."""
        groups = [c for c in offered if c.why_not is None]
        by_theme = sorted(groups, key=lambda c: str(c.group.theme))
        for field in self.ranks():
            field.choices = [SelectChoice("", _("Choose a group")), *map(_option, by_theme)]

    def group_ids(self) -> list[int]:
        """The groups that were chosen, in their order."""
        return [int(field.data) for field in self.ranks() if field.data]


def _option(choice: Choice) -> SelectChoice:
    group = choice.group
    # The theme once more: of a list that is closed one sees the chosen line only.
    said = f"{group.place} · {group.theme} · {names(LANGUAGES[code] for code in group.spoken)}"
    return SelectChoice(str(group.id), said, optgroup=str(group.theme))


class NeedsForm(FlaskForm):
    """What somebody needs to take part, as they wish to tell it."""

    access_needs = TextAreaField(
        _l("What do you need to take part?"),
        filters=[lambda typed: (typed or "").strip()],
        validators=[Optional(), Length(max=300, message=_l("Write at most 300 characters."))],
    )


def ticked(sent: Mapping[str, Any]) -> dict[int, Coming]:
    """The slots that somebody could come to: fields `slot-7` with a word of Coming; anything else is "cannot"."""
    found = {}
    for name, value in sent.items():
        number = name.removeprefix("slot-")
        if number != name and number.isdecimal() and len(number) < 10 and value in set(Coming):
            found[int(number)] = Coming(value)
    return found
