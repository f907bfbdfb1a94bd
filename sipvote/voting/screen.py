"""The screen in the hall: what everybody may know, large, slide by slide; and the numbers that it follows.

It is public, and the same for everybody, so a page is made once for all who ask within a moment. Only officials see
the code with which one checks in: whoever could read it at home would be in the hall from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from json import dumps
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask_login import current_user

from ..access import may, public
from ..assembly import presence, quorum
from ..assembly import rules as assemblies
from ..assembly.models import Assembly
from ..db import now
from ..editions import rules as editions
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..i18n import LANGUAGES, ZONE, language
from ..kept import Kept
from ..qr import svg
from . import live, papers, result, rules, slides
from .announcements import announced
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
    told = _day(year)[0].as_dict()
    answer = Response(dumps(told), content_type="application/json")
    # Weak: the seconds run on, but who asked before counts them down alone.
    left = told.pop("seconds_left")
    mark = dumps([told, None if left is None else left // live.RESYNC])
    answer.set_etag(blake2b(mark.encode(), digest_size=8).hexdigest(), weak=True)
    answer.headers["Cache-Control"] = "no-cache"
    return answer.make_conditional(request)


@screen.get("/<int:year>/screen")
@public
def show(year: int) -> str:
    """A slide. It is made for whoever asks only where there is something that not everybody may see."""
    asked = request.args.get("slide", "")[:LONGEST_NAME]
    day, is_own = _day(year)
    if is_own or _is_official():
        return _page(year, asked, day, is_own=True)
    return _pages.get((year, language(), asked), lambda: _page(year, asked, day))


def _is_official() -> bool:
    return may("assembly.plan") or may("voting.run")


def _day(year: int) -> tuple[live.Day, bool]:
    """The day, and whether it is only for this visitor: who has a part in a rehearsal."""
    try:
        day = live.of_year(year)
    except live.NoSuchYear:
        abort(404)
    edition = editions.of_year(year) if day.is_rehearsal and current_user.is_authenticated else None
    if edition is not None and rules.of_edition(edition) is not None:
        return day, True
    return day.for_everybody, False


@dataclass(frozen=True)
class Show:
    """Everything that there is to show of a year at this moment."""

    edition: Edition
    assembly: Assembly | None
    election: Election | None
    paper: Paper | None
    outcomes: Sequence[result.Outcome | result.Verdict]
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


def _show(year: int, day: live.Day, is_own: bool) -> Show:
    edition = asked_edition(year)
    election = rules.of_edition(edition)
    if election is not None and election.is_rehearsal and not is_own:
        election = None  # even if this very visitor has a part in it: the page is kept for all
    paper = papers.of(election) if election else None
    is_known = election is not None and election.published_at is not None
    outcomes = result.outcomes(election, paper) if is_known and election and paper else []
    return Show(edition, assemblies.of_edition(edition), election, paper, outcomes, day)


def _page(year: int, asked: str, day: live.Day, is_own: bool = False) -> str:
    """One slide as a page; an unknown one is the slide that belongs to this moment."""
    shown = _show(year, day, is_own)
    every = shown.slides
    names = [slide.name for slide in every]
    at = names.index(asked if asked in names else shown.now)
    return render_template(
        f"screen/{every[at].kind.replace('-', '_')}.html",
        **_frame(shown, every, at, is_own),
        **_facts(shown, every[at]),
    )


# --- The frame --------------------------------------------------------------------------------------


def _frame(shown: Show, every: Sequence[Slide], at: int, is_own: bool) -> dict[str, Any]:
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
        "is_own": is_own,
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


def _facts(shown: Show, slide: Slide) -> dict[str, Any]:
    """What only this kind of slide shows."""
    facts: dict[str, Any] = {"host": _address().partition("://")[2]}
    if slide.kind == "welcome" and shown.assembly:
        facts["agenda"], facts["agenda_language"] = assemblies.agenda_of(shown.assembly)
    elif slide.kind == "check-in" and shown.assembly and shown.day.attendance:
        facts |= _led(url_for("assembly.index", year=shown.edition.year))
        facts["basis"] = quorum.basis(shown.assembly, shown.day.attendance.members)
        facts["code"] = presence.hall_code(shown.assembly, now()) if _is_official() else None
    elif slide.kind == "vote" and shown.paper:
        page = "voting.card" if shown.paper.hall_only else "voting.index"
        facts |= _led(url_for(page, year=shown.edition.year))
        facts["told"] = next(reversed(announced(shown.election)), None)
        facts["closes_today"] = _is_today(shown.day)
    elif slide.kind == "thanks":
        facts |= {**_led(url_for("voting.results", year=shown.edition.year)), "outcomes": shown.outcomes}
    if slide.question is not None:
        facts |= {"outcomes": shown.outcomes, "fewest": result.FEWEST_BALLOTS}
        facts |= _about(shown.outcomes[slide.question], slide)
    return facts


def _about(outcome: result.Outcome | result.Verdict, slide: Slide) -> dict[str, Any]:
    """The answer to one question, as far as this step tells it."""
    facts: dict[str, Any] = {"outcome": outcome}
    if slide.kind == "bars" and isinstance(outcome, result.Outcome):
        lines = slides.lines_of(outcome)
        facts |= {"lines": lines, "places": slides.places(outcome.lines), "fresh": slides.fresh(lines, slide.step)}
        facts["is_lot_told"] = slides.is_lot_told(outcome)
    return facts


def _led(page: str) -> dict[str, Any]:
    """Where a slide leads: by a link, and by a code for phones."""
    return {"page": page, "qr": partial(svg, _address(page.removeprefix(request.script_root)))}


def _is_today(day: live.Day) -> bool:
    return day.closes_at is not None and day.closes_at.astimezone(ZONE).date() == now().astimezone(ZONE).date()
