"""Who plays in what came of it: groups that have met, with their secretaries and heads, and the play's own book."""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..i18n import ZONE
from ..members.offices import OFFICES
from . import seasons_setting as setting
from .browser import Page
from .person import Person
from .real_groups import told_of
from .seasons_cast import MEETINGS, Circle, Company, Measure
from .travel import Post

FULL = Measure(1200, 0, 0, None, 0, 0, 0)
QUICK = Measure(400, 0, 0, {2019: (0, 1, 3), 2020: (0, 1, 6)}, 0, 0, 0)
SEATED = 4  # in each group; the last of them was not at the last meeting
PRIVATE = "/recommendations/mine"  # a page that asks everybody to sign in


@dataclass(eq=False)
class Band:
    """A group that writes, and the play's book about it."""

    circle: Circle
    seated: list[Person]
    id: int = 0
    theme: int = 0
    meeting: int = 0  # the last one
    draft: int = 0
    ideas: dict[int, str] = field(default_factory=dict)  # recommendation: its title, of those it wrote

    @property
    def leader(self) -> Person:
        return self.circle.leader

    @property
    def secretary(self) -> Person:
        return self.seated[0]

    @property
    def present(self) -> list[Person]:
        return self.seated[:-1]

    @property
    def people(self) -> list[Person]:
        return [*self.seated, self.leader]

    @property
    def year(self) -> int:
        return self.circle.real.year

    @property
    def at(self) -> str:
        """The beginning of the addresses of its draft."""
        return f"/{self.year}/drafts/{self.draft}"

    @property
    def name(self) -> str:
        return self.circle.name


@dataclass
class Troupe:
    """Everybody of one edition; owners and supporters are of both."""

    company: Company
    owners: list[Person]
    bands: list[Band] = field(default_factory=list)
    everybody: list[Person] = field(default_factory=list)  # who ever played, of both editions
    hearers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # who proposed, supported a theme
    numbers: dict[int, int] = field(default_factory=dict)  # recommendation: its number
    outcomes: dict[int, str] = field(default_factory=dict)
    owned: dict[int, Person] = field(default_factory=dict)

    @property
    def year(self) -> int:
        return self.bands[0].year

    @property
    def drafts(self) -> dict[int, list[Band]]:
        """The drafts, each with the groups that write in it."""
        found: dict[int, list[Band]] = {}
        for band in self.bands:
            found.setdefault(band.draft, []).append(band)
        return found

    @property
    def ideas(self) -> dict[int, str]:
        return {id: title for band in self.bands for id, title in band.ideas.items()}

    def band_of(self, recommendation: int) -> Band:
        return next(band for band in self.bands if recommendation in band.ideas)

    def promise(self, text: str, kept: object, otherwise: object = "") -> None:
        self.company.report.promise(text, kept, otherwise)


def come(person: Person, path: str) -> Page:
    """Be signed in, and open a page."""
    person.arrive(PRIVATE)
    return person.go(path)


def stranger(company: Company) -> Person:
    """Somebody who is not signed in."""
    nobody = {"number": "", "name": "", "email": "", "country": "BE", "city": "gent", "language": "en"}
    return Person(nobody, company.season.stage.base_url, Post(company.season), "en")


# --- Groups that have met, as the play of the seasons shows them ------------------------------------


def plant(troupe: Troupe, year: int) -> None:
    """The edition, on its pages; its groups, their people and five meetings with who came, as they were kept."""
    company = troupe.company
    setting.plan_edition(company, year)
    free = {city: list(people) for city, people in company.leaders.items()}
    troupe.bands = []
    for real in setting.groups_of(company, year):
        home = real.cities[0] if real.cities else ""
        leader = free[home].pop(0)
        circle = Circle(real, leader, 12, 3, ("on_site",))
        troupe.bands.append(Band(circle, [company.official(home or "brussel") for _ in range(SEATED)]))
    speakers = [company.official("brussel") for _ in range(2)]
    with company.season.app.app_context():
        for nth, band in enumerate(troupe.bands):
            _plant(band, nth, troupe, speakers)
        _commit()
        for band in troupe.bands:
            _number(band)
    troupe.everybody += [*speakers, *(person for band in troupe.bands for person in band.people)]
    text = f"{len(troupe.bands)} groups of {year} have met {MEETINGS} times: {'; '.join(b.name for b in troupe.bands)}"
    troupe.promise(text, all(band.id and band.meeting for band in troupe.bands))


def _commit() -> None:
    from ..db import db

    db.session.commit()


def _member(person: Person) -> Any:
    from ..db import db
    from ..members.models import Member

    return db.session.query(Member).filter_by(number=person.number).one()


def _plant(band: Band, nth: int, troupe: Troupe, speakers: list[Person]) -> None:
    from ..db import db
    from ..members.models import City
    from ..themes.models import Support
    from ..workgroups.models import Attendance, Meeting, Signup, Workgroup

    real, told = band.circle.real, told_of(band.year)
    theme = _theme(band)
    if theme.proposer is None and not theme.prolonged_from_id:
        theme.proposer = _member(speakers[0])
        db.session.add(Support(theme_id=theme.id, member_id=_member(speakers[1]).id, supported_at=theme.proposed_at))
        troupe.hearers[band.circle.title] |= {speaker.email for speaker in speakers}
    first = (real.first or told["groups"] + timedelta(days=7 + nth, hours=9)).replace(tzinfo=ZONE)
    dates = [first + timedelta(weeks=2 * n) for n in range(MEETINGS)]
    meetings = [Meeting(starts_at=at, ends_at=at + timedelta(hours=3)) for at in dates]
    cities = db.session.query(City).filter(City.slug.in_(real.cities)).all()
    group = Workgroup(
        edition=theme.edition, theme=theme, cities=cities, languages=" ".join(real.languages), mode=real.mode,
        places=12, minimum=3, created_at=theme.edition.count_at, meetings=meetings,
        facilitators=[_member(band.leader)], secretary=_member(band.secretary), video_url="https://meet.example.org/sip",
    )  # fmt: skip
    at = theme.edition.signup_at
    for seat, person in enumerate(band.seated, start=1):
        came = [person in band.present or meeting is not meetings[-1] for meeting in meetings]
        marked = zip(meetings, came, strict=True)
        kept = [Attendance(meeting=m, confirmed_at=at, came=c, marked_at=m.starts_at) for m, c in marked]
        facts = {"signed_up_at": at, "seat": seat, "seated_at": at, "attendances": kept}
        group.signups.append(Signup(member=_member(person), **facts))
    db.session.add(group)


def _theme(band: Band) -> Any:
    """The theme of a group, by its French title; the play calls it by its English one."""
    from ..db import db
    from ..demo.texts import texts_of
    from ..editions.models import Edition
    from ..themes.models import Theme, ThemeText

    titles = {text.language: text.title for text in texts_of(band.circle.real.theme, datetime.now(ZONE))}
    band.circle.title = titles["en"]
    asked = db.session.query(Theme).join(Theme.texts).join(Theme.edition)
    return asked.filter(ThemeText.title == titles["fr"], Edition.year == band.year).distinct().one()


def _number(band: Band) -> None:
    from ..db import db
    from ..workgroups.models import Signup, Workgroup

    asked = db.session.query(Workgroup).join(Signup).filter(Signup.member_id == _member(band.secretary).id)
    group = asked.one()
    band.id, band.theme, band.meeting = group.id, group.theme_id, group.meetings[-1].id


def places_of(band: Band) -> str:
    """Where a group meets, in English."""
    return ", ".join(OFFICES[slug].en for slug in band.circle.real.cities)


def numbers_in(page: Page, pattern: str) -> list[int]:
    """Numbers that stand in a page, each once, in their order."""
    return list(dict.fromkeys(int(found) for found in re.findall(pattern, page.html)))


def chance(*about: object) -> random.Random:
    """The same in each play."""
    return random.Random(f"outcomes {about}")
