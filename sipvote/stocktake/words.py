"""What statuses, outcomes and countries are called, in the reader's language."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from ..decisions.models import Outcome
from ..i18n import country_name
from .models import Status

# In the order in which they are told: what is finished, what goes on, what waits, what will not come.
STATUSES: dict[Status, LazyString] = {
    Status.DONE: _l("done"),
    Status.ONGOING: _l("ongoing"),
    Status.NOT_STARTED: _l("not started"),
    Status.POSTPONED: _l("postponed"),
    Status.NOT_DONE: _l("not done"),
    Status.REJECTED: _l("rejected"),
}
OUTCOMES: dict[Outcome, LazyString] = {
    Outcome.ACCEPTED: _l("accepted"),
    Outcome.AMENDED: _l("accepted in part"),
    Outcome.REJECTED: _l("rejected"),
    Outcome.POSTPONED: _l("postponed"),
}


def country(code: str | None) -> str:
    """'Belgium', or 'both countries' for none."""
    return country_name(code) if code else _("both countries")
