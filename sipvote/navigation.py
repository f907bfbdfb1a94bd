"""The navigation: which page is called what, and who sees it. Short: one word each, few at once.

What came of it stands under one entry, with a second bar on its pages. Officials with many desks find them
under a few headings, one for each room; without a script too.
"""

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.routing import Map

from .access import may
from .editions.models import Edition

# What it is called, the page, and the act of access.MAY that it takes to see it.
# Pages of a room are about one edition, whose year stands in their address.
NAV = (
    (_l("Today"), "pages.home"),
    (_l("Themes"), "themes.index"),
    (_l("Assembly"), "assembly.index"),
    (_l("Vote"), "voting.index"),
    (_l("Workgroups"), "workgroups.index"),
    (_l("Recommendations"), "recommendations.index"),
)
# What came of it: the second bar, on the pages of these rooms.
OUTCOMES = (
    (_l("Since 2015"), "recommendations.index"),
    (_l("Drafts"), "drafts.index"),
    (_l("Decisions"), "decisions.index"),
    (_l("Stocktake"), "stocktake.index"),
)
OUTCOME_ROOMS = ("recommendations", "drafts", "remarks", "adoption", "bundle", "decisions", "stocktake", "threads")
DESKS = (
    (_l("Themes"), (
        (_l("Theme review"), "themes_desk.index", "themes.review"),
    )),
    (_l("Assembly"), (
        (_l("Assembly desk"), "assembly_desk.index", "assembly.plan"),
        (_l("Mailings"), "mailings.index", "assembly.mail"),
        (_l("Check-in"), "checkin.index", "assembly.check_in"),
        (_l("Minutes"), "minutes.index", "assembly.minutes"),
    )),
    (_l("Vote"), (
        (_l("Election"), "voting_desk.index", "voting.open_box"),
        (_l("Screen in the hall"), "screen.show", "voting.run"),
        (_l("Voting cards"), "card_desk.index", "voting.cards"),
        (_l("Paper ballots"), "paper_desk.index", "voting.papers"),
    )),
    (_l("Workgroups"), (
        (_l("Plan workgroups"), "workgroups_desk.index", "workgroups.plan"),
        (_l("My groups"), "facilitate.index", "workgroups.facilitate"),
    )),
    (_l("Recommendations"), (
        (_l("Translations"), "drafts_desk.index", "recommendations.organise"),
        (_l("Remarks"), "remarks_desk.index", "recommendations.organise"),
        (_l("Bundle"), "bundle.index", "recommendations.organise"),
        (_l("Board"), "board.index", "decisions.decide"),
        (_l("The list"), "stocktake_desk.index", "stocktake.keep"),
        (_l("Follow-up"), "stocktake.unseen", "stocktake.keep"),
    )),
    (_l("General"), (
        (_l("Figures"), "figures.index", "figures.see"),
        (_l("Editions"), "editions.index", "editions.plan"),
        (_l("Members"), "members_desk.index", "members.see"),
        (_l("What is erased"), "retention.index", "retention.see"),
        (_l("Audit log"), "oversight.log", "audit.read"),
        (_l("The service"), "service.health", "service.watch"),
    )),
)  # fmt: skip
DESK_NAV = tuple(entry for _heading, entries in DESKS for entry in entries)
FOOTER = (
    (_l("Help"), "pages.help"), (_l("Your vote is secret"), "pages.secrecy"), (_l("Privacy"), "pages.privacy"),
    (_l("Accessibility"), "pages.accessibility"),
)  # fmt: skip
# As many desks as fit on one line of a wide page: more stand under headings.
ON_ONE_LINE = 6


class Shell:
    """What base.html shows of it; each part is made when a page shows it."""

    def __init__(self, edition: Edition | None) -> None:
        self.edition = edition

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        links = _links(NAV, self.edition)
        return [link | {"inside": _came_of_it() and link["room"] == "recommendations"} for link in links]

    @cached_property
    def inside_nav(self) -> list[dict[str, Any]]:
        return _links(OUTCOMES, self.edition) if _came_of_it() else []

    @cached_property
    def _desks(self) -> list[dict[str, Any]]:
        return _links(DESK_NAV, self.edition)

    @cached_property
    def desk_nav(self) -> list[dict[str, Any]]:
        return [] if len(self._desks) > ON_ONE_LINE else self._desks

    @cached_property
    def desk_groups(self) -> list[dict[str, Any]]:
        """The desks under their headings; a heading with one page is that page."""
        if len(self._desks) <= ON_ONE_LINE:
            return []
        found = ((heading, _links(entries, self.edition)) for heading, entries in DESKS)
        return [
            {"label": heading, "links": links, "current": any(link["current"] for link in links)}
            for heading, links in found
            if links
        ]

    @cached_property
    def footer_nav(self) -> list[dict[str, Any]]:
        return _links(FOOTER, self.edition)


def _came_of_it() -> bool:
    return _room(request.endpoint) in OUTCOME_ROOMS


def _links(entries: Iterable[tuple[Any, ...]], edition: Edition | None) -> list[dict[str, Any]]:
    """The links of a navigation that this visitor may follow; rooms that need an edition wait for one."""
    shown = []
    for label, endpoint, *act in entries:
        if act and not may(act[0]):
            continue
        url = _url(current_app.url_map, request.script_root, endpoint, edition.year if edition else None)
        if url is not None:
            shown.append({"label": label, "url": url, "current": _is_here(endpoint, act), "room": _room(endpoint)})
    return shown


def address(endpoint: str) -> str | None:
    """The address of a page that is about no edition, in the page's language."""
    return _url(current_app.url_map, request.script_root, endpoint, None)


@lru_cache(maxsize=2000)
def _url(routes: Map, root: str, endpoint: str, year: int | None) -> str | None:
    """The address of a page, below `root`; None when there is no such page, or it waits for an edition."""
    if endpoint not in current_app.view_functions:
        return None
    if not routes.is_endpoint_expecting(endpoint, "year"):
        return url_for(endpoint)
    return url_for(endpoint, year=year) if year else None


def _room(endpoint: str | None) -> str:
    return (endpoint or "").partition(".")[0]


def _is_here(endpoint: str, act: list[str]) -> bool:
    """Whether the page asked for is this one, or belongs to its room: to its desk when it takes an act."""
    here = request.endpoint or ""
    if here == endpoint or _room(here) != _room(endpoint) or _room(here) == "pages":
        return here == endpoint
    return bool(act) == hasattr(current_app.view_functions.get(here), "requires")
