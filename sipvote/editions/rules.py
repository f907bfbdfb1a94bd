"""What the editions' room decides: which edition is meant, and what its phase allows."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, select

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import moment, month
from .models import DATED, Edition, Phase, SignUpWay, WaitingOrder

# The one table of what each phase allows. Who may do it stands in access.MAY.
ALLOWS: dict[Phase, frozenset[str]] = {
    Phase.AHEAD: frozenset({"plan"}),
    Phase.THEMES: frozenset({"plan", "propose", "support", "review"}),
    Phase.REVIEW: frozenset({"review", "prepare_vote"}),
    # "count" as well: the assembly may close the vote, and count, before the announced moment.
    Phase.VOTE: frozenset({"prepare_vote", "vote", "count"}),
    Phase.COUNT: frozenset({"count", "form_groups"}),
    Phase.SIGNUP: frozenset({"count", "form_groups", "sign_up"}),
    Phase.GROUPS: frozenset({"form_groups", "sign_up", "meet", "write"}),
    Phase.RECOMMENDATIONS: frozenset({"write"}),
    # "write" as well: a group that is late is still bundled, until the organisers submit the bundle.
    Phase.DECISIONS: frozenset({"write"}),
    Phase.STOCKTAKE: frozenset(),
}
PHASE_NAMES = {
    Phase.AHEAD: _l("In preparation"),
    Phase.THEMES: _l("Themes"),
    Phase.REVIEW: _l("Choosing the ballot"),
    Phase.VOTE: _l("Vote"),
    Phase.COUNT: _l("Count"),
    Phase.SIGNUP: _l("Sign-up"),
    Phase.GROUPS: _l("Workgroups"),
    Phase.RECOMMENDATIONS: _l("Recommendations"),
    Phase.DECISIONS: _l("Board decisions"),
    Phase.STOCKTAKE: _l("Stocktake"),
}
# The steps that members see on the year line, each with the phases that belong to it.
STEPS: tuple[tuple[Phase, ...], ...] = (
    (Phase.THEMES, Phase.REVIEW),
    (Phase.VOTE, Phase.COUNT),
    (Phase.SIGNUP,),
    (Phase.GROUPS,),
    (Phase.RECOMMENDATIONS,),
    (Phase.DECISIONS,),
    (Phase.STOCKTAKE,),
)


def allows(edition: Edition, act: str) -> bool:
    """Say whether the edition's phase allows an act (a word of ALLOWS)."""
    return act in ALLOWS[edition.phase]


def when_allowed(edition: Edition, act: str) -> tuple[datetime, datetime | None] | None:
    """The span in which an act is allowed: from the first phase to the end of the last that allow it."""
    phases = [p for p in DATED if act in ALLOWS[p]]
    return (edition.begins(phases[0]), edition.ends(phases[-1])) if phases else None


def why_not_now(edition: Edition, act: str) -> str | None:
    """The sentence about when an act is possible, or None when it is possible now."""
    if allows(edition, act):
        return None
    span = when_allowed(edition, act)
    if span and now() < span[0]:
        return _("This will be possible from %(moment)s.", moment=moment(span[0]))
    if span and span[1]:
        return _("This was possible until %(moment)s.", moment=moment(span[1]))
    return _("This is not possible in this phase of the year.")


def all_editions() -> Sequence[Edition]:
    """Every edition, the newest first."""
    return db.session.scalars(select(Edition).order_by(Edition.year.desc())).all()


def current() -> Edition | None:
    """The edition that the first page is about: the newest that has begun, else the next one to begin."""
    begun = select(Edition).where(Edition.themes_at <= now()).order_by(Edition.year.desc())
    return db.session.scalar(begun.limit(1)) or db.session.scalar(select(Edition).order_by(Edition.year).limit(1))


# Made once: nearly every page asks this, and making a statement costs as much as asking it.
_OF_YEAR = select(Edition).where(Edition.year == bindparam("year"))


def of_year(year: int) -> Edition | None:
    """The edition that begins in a year."""
    return db.session.scalar(_OF_YEAR, {"year": year})


def before(edition: Edition) -> Edition | None:
    """The edition before another."""
    earlier = select(Edition).where(Edition.year < edition.year).order_by(Edition.year.desc())
    return db.session.scalar(earlier.limit(1))


def why_not_dates(dates: dict[Phase, datetime]) -> tuple[Phase, str] | None:
    """The first phase that does not begin after the one before it, with a sentence; or None."""
    for earlier, later in pairwise(DATED):
        if dates[later] <= dates[earlier]:
            names = {"later": PHASE_NAMES[later], "earlier": PHASE_NAMES[earlier]}
            return later, _("“%(later)s” must begin after “%(earlier)s”.", **names)
    return None


Fault = tuple[str, str]  # the setting it is about, and a sentence
# What rooms to the right have begun and so hold fast; the app puts their questions here.
holding: list[Callable[[Edition, dict[str, Any]], Fault | None]] = []


def why_not_settings(edition: Edition | None, dates: dict[Phase, datetime], settings: dict[str, Any]) -> Fault | None:
    """The first setting that contradicts another or what has begun, with a sentence; or None."""
    way, until = settings.get("sign_up_way", SignUpWay.DIRECT), settings.get("wishes_until")
    if way == SignUpWay.WISHES and until is None:
        return "wishes_until", _("Sign-up by wishes needs a deadline. Fill in until when members can wish.")
    if until is not None and not dates[Phase.SIGNUP] < until < dates[Phase.GROUPS]:
        span = {"first": moment(dates[Phase.SIGNUP]), "last": moment(dates[Phase.GROUPS])}
        return "wishes_until", _("The deadline of wishes lies between %(first)s and %(last)s.", **span)
    if settings.get("waiting_order") == WaitingOrder.LOT and way != SignUpWay.WISHES:
        return "waiting_order", _("A lot is drawn only when members wish groups. Choose another order.")
    if edition is None:
        return None
    return next(filter(None, (held(edition, settings) for held in holding)), None)


def plan(
    edition: Edition | None, year: int, dates: dict[Phase, datetime], settings: dict[str, Any], by: int | None
) -> Edition:
    """Make an edition, or change its dates and settings. Raises Refused when they do not fit together."""
    if fault := why_not_dates(dates) or why_not_settings(edition, dates, settings):
        raise Refused(fault[1])
    if edition is None:
        if of_year(year) is not None:
            raise Refused(_("There is an edition of %(year)d already.", year=year))
        edition = Edition(year=year)
        db.session.add(edition)
    for phase, begins in dates.items():
        setattr(edition, f"{phase}_at", begins)
    for name, value in settings.items():
        setattr(edition, name, value)
    db.session.flush()
    facts: dict[str, Any] = {str(phase): begins for phase, begins in dates.items()} | settings
    said = {name: fact.isoformat() if isinstance(fact, datetime) else fact for name, fact in facts.items()}
    audit.record("plan edition", f"edition {edition.year}", by, **said)
    return edition


def year_line(edition: Edition) -> list[dict[str, str]]:
    """The steps of the year for the page: label, state ('done', 'now', 'next') and both ends."""
    phase, order, steps = edition.phase, list(Phase), []
    # The end of the phase, not of the step: the vote must not seem to last until its count is over.
    ends = edition.ends(phase)
    for phases in STEPS:
        is_done = order.index(phases[-1]) < order.index(phase)
        state = "now" if phase in phases else "done" if is_done else "next"
        name = PHASE_NAMES[phase if state == "now" else phases[0]]  # "Counting", once nobody votes any more
        # 'until Saturday 21 November at 17:00' for the step we are in, months for the others.
        until = state == "now" and ends
        when = _("until %(moment)s", moment=moment(until)) if until else month(edition.begins(phases[0]))
        steps.append({"label": str(name), "state": state, "when": when})
    return steps
