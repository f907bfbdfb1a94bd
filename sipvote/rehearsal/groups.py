"""Workgroups: the real ones of 2020–21, formed by an organiser in their cities."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ..editions.models import Phase
from ..i18n import ZONE
from ..members.offices import OFFICES
from . import year as years
from .browser import Broken, Page
from .person import Person
from .play import YEAR, Play
from .themes import Proposal

EVERY = "2"  # weeks
FIRST_AFTER = timedelta(days=years.LASTS[Phase.SIGNUP] + 7)
# Who leads which group of past.toml, in its order; the first and the third group meet at the same hours.
LEADERS = ("brussel", "nantes", "everywhere 1", "charleroi", "everywhere 2", "lyon", "everywhere 1", "everywhere 2")
SAME_HOURS = (0, 2)


@dataclass
class Group:
    """A workgroup, and what must be known of it at the end: who has a place, and who waits, in order."""

    theme: Proposal
    cities: list[str]
    languages: list[str]
    first: datetime
    leader: Person
    places: int
    country: str = ""
    id: int = 0
    seated: list[Person] = field(default_factory=list)
    waiting: list[Person] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)  # the number on the waiting list, by the member's number

    @property
    def name(self) -> str:
        """'Guidance (nantes, rennes)'."""
        return f"{self.theme.title('en')} ({', '.join(self.cities) or 'online'})"

    @property
    def address(self) -> str:
        """How links in mails about it end (a regular expression)."""
        return rf"/{YEAR}/groups/{self.id}\b"

    def note(self, person: Person, number: int) -> None:
        """Keep what somebody was told: a place (0), or a number on the waiting list."""
        if number:
            self.told[person.number] = number
        (self.waiting if number else self.seated).append(person)


def real_groups(play: Play, themes: dict[str, Proposal]) -> list[Group]:
    """The groups of 2020–21 as they were, with dates that lie ahead of us."""
    told = tomllib.loads((Path(__file__).parent.parent / "demo" / "past.toml").read_text(encoding="utf-8"))["2020"]
    today = datetime.now(ZONE).replace(tzinfo=None) + FIRST_AFTER
    groups = []
    for number, facts in enumerate(told["groups_of"]):
        day = SAME_HOURS[0] if number in SAME_HOURS else number
        first = datetime.combine((today + timedelta(days=day)).date(), facts["first"].time())
        country = told["prolonged"].get(facts["theme"], "")
        theme, leader = themes[facts["theme"]], play.facilitators[LEADERS[number]]
        groups.append(
            Group(theme, facts["cities"], facts["languages"].split(), first, leader, play.size.places, country)
        )
    return groups


# --- Forming them -----------------------------------------------------------------------------------


def form(play: Play, groups: Sequence[Group]) -> None:
    """An organiser makes each group: first its dates, then everything else."""
    known: set[str] = set()
    for group in groups:
        page = play.organiser.go(f"/{YEAR}/groups/plan/")
        page = play.organiser.browser.get(page.link(rf"/new\?theme={group.theme.id}"))
        dates = {"first": group.first.strftime("%Y-%m-%dT%H:%M"), "every": EVERY}
        page = play.organiser.browser.submit(page.form("/groups/plan/new"), dates)
        page = _fill_in(play, page, group)
        if "is made." not in page.text:
            raise Broken(f"the group {group.name} is not made: {page.text[:400]}")
        (new,) = page.links(r"/groups/plan/\d+").keys() - known
        known.add(new)
        group.id = int(new.rpartition("/")[2])
    play.report.promise(f"{len(groups)} groups are formed, with five meetings each: "
                        f"{'; '.join(group.name for group in groups)}", True)  # fmt: skip


def _fill_in(play: Play, page: Page, group: Group) -> Page:
    form = page.form(r"/groups/plan/new\?.*")
    proposed = [c.value for c in form.controls if c.name.startswith("meeting_")]
    if len(set(proposed)) != 5 or proposed[0] != group.first.strftime("%Y-%m-%dT%H:%M"):
        raise Broken(f"five dates should be proposed, not {proposed}")
    given = {
        "cities": [OFFICES[slug].en for slug in group.cities], "mode": "online", "languages": group.languages,
        "places": str(play.size.places), "minimum": str(play.size.places // 2), "facilitators": [group.leader.name],
        "video_url": "https://meet.example.org/sip",
    }  # fmt: skip
    return play.organiser.browser.submit(form, given)
