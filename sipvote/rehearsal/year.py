"""Editions: planned and moved from phase to phase by an organiser, who changes their dates on the settings page."""

from datetime import datetime, timedelta

from ..editions.models import DATED, Phase
from ..i18n import ZONE
from .browser import Broken, Given, Page
from .play import Play

# How long each phase lasts, in days; the one that is wanted has just begun.
LASTS = {
    Phase.THEMES: 60, Phase.REVIEW: 30, Phase.VOTE: 21, Phase.COUNT: 30, Phase.SIGNUP: 45, Phase.GROUPS: 170,
    Phase.RECOMMENDATIONS: 60, Phase.DECISIONS: 60, Phase.STOCKTAKE: 60,
}  # fmt: skip
JUST_BEGUN = timedelta(minutes=2)


def plan(play: Play, year: int, **settings: str) -> None:
    """Make an edition in its first phase."""
    _send(play, play.organiser.go("/editions/new"), Phase.THEMES, {"year": str(year), **settings})


def move(play: Play, year: int, phase: Phase) -> None:
    """Change the dates of an edition so that it is in this phase now."""
    _send(play, play.organiser.go(f"/{year}/settings"), phase, {})


def _send(play: Play, page: Page, phase: Phase, settings: dict[str, str]) -> None:
    given: dict[str, Given] = {**settings, **dates(phase)}
    page = play.organiser.browser.submit(page.form("/(new|settings)"), given)
    if "is saved." not in page.text:
        raise Broken(f"the dates are not taken: {page.text[:400]}")


def dates(phase: Phase) -> dict[str, str]:
    """When each phase begins, as it is typed: the wanted one began two minutes ago."""
    now = datetime.now(ZONE).replace(tzinfo=None) - JUST_BEGUN
    here, begins = DATED.index(phase), {}
    for number, each in enumerate(DATED):
        between = DATED[number:here] if number < here else DATED[here:number]
        span = timedelta(days=sum(LASTS[p] for p in between))
        begins[each] = now - span if number < here else now + span
    return {f"{each}_at": at.strftime("%Y-%m-%dT%H:%M") for each, at in begins.items()}
