"""Where the time machine stops: in each phase of the year, and in the sign-up again once nobody can wish any more."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from ..db import now
from ..editions.models import DATED, Edition, Phase
from ..editions.rules import PHASE_NAMES
from ..workgroups import ways


class Stop(StrEnum):
    """The stops, in the order of the year; all but one bear the word of their phase."""

    AHEAD = "ahead"
    THEMES = "themes"
    REVIEW = "review"
    VOTE = "vote"
    COUNT = "count"
    SIGNUP = "signup"
    ASSIGNMENT = "assignment"
    GROUPS = "groups"
    RECOMMENDATIONS = "recommendations"
    DECISIONS = "decisions"
    STOCKTAKE = "stocktake"

    @property
    def phase(self) -> Phase:
        """The phase that the edition is in at this stop."""
        return Phase.SIGNUP if self == Stop.ASSIGNMENT else Phase(self)

    @property
    def name_shown(self) -> Any:
        """What buttons and pages call it."""
        return _l("Assignment") if self == Stop.ASSIGNMENT else PHASE_NAMES[self.phase]

    def is_before(self, other: "Stop") -> bool:
        order = list(Stop)
        return order.index(self) < order.index(other)


STOPS = tuple(Stop)[1:]
MET_BEFORE = timedelta(days=3)  # how long ago, at least, most groups have met when the time machine arrives among them
Begins = dict[Stop, datetime]


def stops_of(edition: Edition) -> Begins:
    """When each stop of an edition begins, in order of time; without wishes nobody is given a group."""
    begins = {Stop(phase): edition.begins(phase) for phase in DATED}
    if ways.is_by_wishes(edition) and edition.wishes_until:
        begins[Stop.ASSIGNMENT] = edition.wishes_until
    return {stop: begins[stop] for stop in STOPS if stop in begins}


def where(begins: Begins) -> Stop:
    """The stop at which now lies."""
    moment = now()
    return next((stop for stop in reversed(begins) if begins[stop] <= moment), Stop.AHEAD)
