"""The screen in the hall: what everybody may know, large, slide by slide; and the numbers that it follows.

It is public, and the same for everybody, so a page is made once for all who ask within a moment. Only officials see
the code with which one checks in: whoever could read it at home would be in the hall from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from json import dumps
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from sqlalchemy import select

from ..access import may, public
from ..assembly import rules as assemblies
from ..assembly.models import Assembly
from ..db import db, now
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..i18n import LANGUAGES, ZONE, language
from ..kept import Kept
from ..qr import svg
from . import live, papers, result, rules, slides, tally
from .counting import opened
from .day import Announcement
from .models import Election
from .papers import Paper
from .slides import Slide

screen = Blueprint("screen", __name__)
_pages: Kept[tuple[int, str, str], str] = Kept(live.KEPT_FOR)
LONGEST_NAME = 20


@screen.get("/<int:year>/screen.json")
@public
def numbers(year: int) -> Any:
    """The numbers of the day. Asked 400 times a second, so it reads no page, no visitor and no session."""
    try:
        told = live.of_year(year).as_dict()
    except live.NoSuchYear:
        abort(404)
    answer = Response(dumps(told), content_type="application/json")
    # Weak: the seconds run on, but who asked before counts them down alone.
    left = told.pop("seconds_left")
    mark = dumps([told, None if left is None else left // live.RESYNC])
    answer.set_etag(blake2b(mark.encode(), digest_size=8).hexdigest(), weak=True)
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer.make_conditional(request)


@screen.get("/<int:year>/screen")
@public
def show(year: int) -> str:
    asked = request.args.get("slide", "")[:LONGEST_NAME]
    make = partial(_page, year, asked)
    if _is_official():
        return make(for_official=True)
    return _pages.get((year, language(), asked), make)


def _is_official() -> bool:
    return may("assembly.plan") or may("voting.run")


@dataclass(frozen=True)
class Show:
    """Everything that there is to show of a year at this moment."""

    edition: Edition
    assembly: Assembly | None
    election: Election | None
    paper: Paper | None
    outcomes: Sequence[result.Outcome]
    day: live.Day

    @cached_property
    def slides(self) -> list[Slide]:
        before = slides.before_result(self.assembly is not None, self.paper is not None)
        return before + (slides.of_result(self.outcomes) if self.outcomes else [])

    @property
    def now(self) -> str:
        """The name of the slide that belongs to this moment."""
        name = slides.NOW[self.day.state]
        return name if any(slide.name == name for slide in self.slides) else "welcome"


def _show(year: int) -> Show:
    edition = asked_edition(year)
    election = rules.of_edition(edition)
    paper = papers.of(election) if election else None
    is_known = election is not None and election.published_at is not None and paper is not None
    outcomes = result.outcomes(election, paper) if is_known and election and paper else []
    return Show(edition, assemblies.of_edition(edition), election, paper, outcomes, live.of_year(year))


def _page(year: int, asked: str, for_official: bool = False) -> str:
    """One slide as a page; an unknown one is the slide that belongs to this moment."""
    shown = _show(year)
    every = shown.slides
    names = [slide.name for slide in every]
    at = names.index(asked if asked in names else shown.now)
    return render_template(
        f"screen/{every[at].kind.replace('-', '_')}.html",
        **_frame(shown, every, at, for_official),
        **_facts(shown, every[at], for_official),
    )


# --- The frame --------------------------------------------------------------------------------------


def _frame(shown: Show, every: Sequence[Slide], at: int, for_official: bool) -> dict[str, Any]:
    """What each slide has: where it is, what is before and after it, and what it follows."""
    urls = [_url(shown, slide.name) for slide in every]
    return {
        "shown": shown,
        "edition": shown.edition,
        "assembly": shown.assembly,
        "election": shown.election,
        "paper": shown.paper,
        "day": shown.day,
        "slide": every[at],
        "number": at + 1,
        "of": len(every),
        "here": urls[at],
        "first": urls[0],
        "last": urls[-1],
        "before": urls[at - 1] if at > 0 else None,
        "after": urls[at + 1] if at + 1 < len(urls) else None,
        "switch": [(code, name, _url(shown, every[at].name, code)) for code, name in LANGUAGES.items()],
        "live_url": f"/{shown.edition.year}/screen.json",  # in no language: it only holds numbers
        "for_official": for_official,
        "is_live": every[at].name in ("welcome", "check-in", "vote", "count"),
    }


def _url(shown: Show, name: str, code: str | None = None) -> str:
    """The address of a slide, in a language. That of this moment has no name: it moves on with the day."""
    path = f"/{code or language()}/{shown.edition.year}/screen"
    return path if name == shown.now else f"{path}?slide={name}"


def _address(path: str = "") -> str:
    """An address for phones, in no language: each finds its own."""
    return f"{current_app.config['BASE_URL'].rstrip('/')}{path}"


# --- What a slide needs of its own ------------------------------------------------------------------


def _facts(shown: Show, slide: Slide, for_official: bool) -> dict[str, Any]:
    """What only this kind of slide shows."""
    facts: dict[str, Any] = {"host": _address().partition("://")[2]}
    year = shown.edition.year
    if slide.kind == "welcome":
        facts["agenda_language"], facts["agenda"] = _agenda(shown.assembly)
    elif slide.kind == "check-in":
        facts["basis"] = live.basis(shown.assembly) if shown.assembly else ""
        facts["page"] = page = _assembly_page(year)
        facts["qr"] = partial(svg, _address(page.removeprefix(request.script_root)))
        facts["code"] = _hall_code(shown.assembly) if for_official and shown.assembly else None
    elif slide.kind == "vote":
        facts["qr"] = partial(svg, _address(f"/{year}/vote"))
        facts["announced"] = _announced(shown.election)
        closes = shown.day.closes_at
        facts["closes_today"] = closes and closes.astimezone(ZONE).date() == now().astimezone(ZONE).date()
    elif slide.kind == "thanks":
        facts["qr"] = partial(svg, _address(f"/{year}/vote/results"))
    if slide.kind == "thanks" or slide.question is not None:
        facts |= {"heading": slides.heading, "is_decision": slides.is_decision, "outcomes": shown.outcomes}
    if slide.question is not None and shown.election is not None:
        outcome = shown.outcomes[slide.question]
        facts |= {"outcome": outcome, "fewest": result.FEWEST_BALLOTS}
        if slide.kind == "bars":
            lines = slides.lines_of(outcome)
            facts |= {"lines": lines, "places": slides.places(outcome.lines), "fresh": slides.fresh(lines, slide.step)}
        if slide.kind == "round":
            facts |= {"rounds": _rounds(shown.election, slide.question, outcome)}
    return facts


def _agenda(assembly: Assembly | None) -> tuple[str, list[str]]:
    """The agenda in the page's language, else in one that it was written in, which is told."""
    written = {code: items for code, items in (assembly.agenda if assembly else {}).items() if items}
    code = language() if language() in written else next(iter(written), language())
    return code, written.get(code, [])


def _announced(election: Election | None) -> Announcement | None:
    """The last thing that was said about the vote, while it is of use."""
    if election is None:
        return None
    rows = select(Announcement).where(Announcement.election_id == election.id).order_by(Announcement.id.desc())
    return db.session.scalar(rows.limit(1))


_told: dict[tuple[int, int, tuple[int, ...]], list[tally.Round]] = {}


def _rounds(election: Election, number: int, outcome: result.Outcome) -> list[tally.Round]:
    """How the rule came to its outcome; a published result never changes, so it is told once."""
    key = (election.id, number, outcome.report.elected)
    if key not in _told:
        ballots = list(tally.question(opened(election), number))
        _told[key] = tally.rounds(ballots, outcome.report.options, outcome.report.elected)
    return _told[key]


def _assembly_page(year: int) -> str:
    """The page where one checks in oneself; that of the vote, where there is none."""
    endpoint = "assembly.index" if "assembly.index" in current_app.view_functions else "voting.index"
    return url_for(endpoint, year=year)


def _hall_code(assembly: Assembly) -> str | None:
    """The code that is shown in the hall at this moment, where members check themselves in by one."""
    if find_spec("sipvote.assembly.presence") is None:
        return None
    presence: Any = import_module("sipvote.assembly.presence")
    code: str = presence.hall_code(assembly, now())
    return code
