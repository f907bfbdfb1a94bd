"""The workgroups of the demonstration: which are made, by whom they are led, and who signs up.

They come without dates, which are chosen from what members can (wishes.py, assigning.py); with them, and with
people in them, when a visitor set the edition to signing up directly.
"""

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from ..db import db
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import ZONE
from ..members.models import City, Grant, Member
from ..themes import rules as themes
from ..themes.models import Theme
from ..workgroups import forming, ways
from ..workgroups import rules as workgroups
from ..workgroups.models import Mode, Workgroup
from .people import CAST, organiser


class Planned(NamedTuple):
    """A group to be made: where, in which languages, how, and on which evenings of the week it could meet.

    `wishers` have it as their first wanted. A group that begins `late` meets some weeks after the others.
    """

    cities: tuple[str, ...]
    languages: str
    mode: Mode
    weekday: int
    other_weekday: int
    hour: int
    wishers: int
    places: int = 12
    late: bool = False


# For the first theme of the year, the second, and so on; the prolonged ones come last. The very first is wished by
# more than it holds, the one of Nantes by too few; those that begin late keep places free.
PLANNED = (
    (
        Planned(("gent",), "nl", Mode.ON_SITE, 1, 3, 18, wishers=26, places=10),
        Planned(("brussel",), "fr nl", Mode.HYBRID, 2, 3, 18, wishers=22, places=14),
        Planned(("liege",), "fr", Mode.ON_SITE, 1, 3, 17, wishers=15),
        Planned(("lille",), "fr", Mode.ON_SITE, 1, 2, 18, wishers=11),
        Planned(("paris",), "fr", Mode.HYBRID, 0, 3, 18, wishers=13),
    ),
    (
        Planned(("antwerpen",), "nl", Mode.ON_SITE, 1, 2, 18, wishers=9, places=14, late=True),
        Planned(("charleroi", "mons", "namur"), "fr", Mode.HYBRID, 0, 2, 17, wishers=16, places=14),
        Planned(("clermont-ferrand", "lyon"), "fr", Mode.HYBRID, 1, 3, 18, wishers=12),
        Planned(("louvain-la-neuve",), "fr", Mode.ON_SITE, 0, 2, 18, wishers=12),
    ),
    (
        Planned(("nantes", "rennes"), "fr", Mode.HYBRID, 1, 2, 18, wishers=4, late=True),
        Planned((), "nl fr en", Mode.ONLINE, 0, 3, 19, wishers=10, places=24, late=True),
    ),
)
VENUES = {"nl": "Kantoor van {city}, zaal 2", "fr": "Bureau de {city}, salle 2"}
VIDEO = "https://video.example.org/sip-{name}"
LEADERS = 2
WEEKS_APART = (4, 3, 2, 1)
WAITING = 3


# --- Making them ------------------------------------------------------------------------------------


def form_groups(edition: Edition) -> None:
    """Make a group for each theme and wish, unless there is one for that theme and those cities already."""
    led: set[int] = set()
    for theme, planned in zip(themes.of_the_year(edition), PLANNED, strict=False):
        for wanted in planned:
            plan = _plan(edition, theme, wanted, led)
            if _exists(plan) or forming.why_not_plan(edition, plan, None):
                continue
            forming.form(edition, plan, organiser().id)
            led |= {f.id for f in plan.facilitators}


def _plan(edition: Edition, theme: Theme, wanted: Planned, led: set[int]) -> forming.Plan:
    cities = db.session.scalars(select(City).where(City.slug.in_(wanted.cities)).order_by(City.slug)).all()
    language = wanted.languages.split()[0]
    names = "–".join(getattr(city, f"name_{language}") for city in cities[:1])
    return forming.Plan(
        theme=theme,
        cities=cities,
        mode=wanted.mode,
        languages=wanted.languages.split(),
        places=wanted.places,
        facilitators=_leaders(wanted, led),
        venue="" if wanted.mode == Mode.ONLINE else VENUES[language].format(city=names),
        video_url="" if wanted.mode == Mode.ON_SITE else VIDEO.format(name="-".join([str(theme.id), *wanted.cities])),
        starts=[] if ways.takes_wishes(edition) else _starts(edition, wanted),
        hours=edition.meeting_hours,
    )


def _leaders(wanted: Planned, led: set[int]) -> list[Member]:
    """Facilitators of these cities who lead no other group yet, the cast first; of any city for an online group."""
    cast = [person.number for person in CAST]
    free = [
        person
        for person in forming.facilitators()
        if person.id not in led
        and any(not wanted.cities or c.slug in wanted.cities for c in forming.cities_of(person) or ())
    ]
    return sorted(free, key=lambda person: person.number not in cast)[:LEADERS]


def _starts(edition: Edition, wanted: Planned) -> list[datetime]:
    """From the second week on, as far apart as the year allows; for groups that are formed with their dates."""
    monday = edition.groups_at.astimezone(ZONE).replace(tzinfo=None) + timedelta(weeks=1)
    monday = monday.replace(hour=wanted.hour, minute=0) - timedelta(days=monday.weekday())
    first = (monday + timedelta(days=wanted.weekday)).replace(tzinfo=ZONE)
    starts: list[datetime] = []
    for weeks in WEEKS_APART:
        starts = forming.proposal(first, weeks, edition.meetings)
        if starts[-1] + timedelta(hours=edition.meeting_hours) <= edition.recommendations_at:
            break
    return starts


def _exists(plan: forming.Plan) -> bool:
    wanted = {city.id for city in plan.cities}
    made = select(Workgroup).where(Workgroup.theme_id == plan.theme.id, Workgroup.cancelled_at.is_(None))
    return any({city.id for city in group.cities} == wanted for group in db.session.scalars(made))


def planned_for(edition: Edition) -> list[tuple[Workgroup, Planned]]:
    """The groups of the edition, each as it was planned; also a visitor's own, which are planned like many."""
    made = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    of = {
        (theme.id, frozenset(wanted.cities)): wanted
        for theme, planned in zip(themes.of_the_year(edition), PLANNED, strict=False)
        for wanted in planned
    }
    found = []
    for group in db.session.scalars(made.order_by(Workgroup.id)):
        slugs = tuple(city.slug for city in group.cities)
        own = Planned(slugs, group.languages, group.mode, 1, 3, 18, wishers=group.places, places=group.places)
        found.append((group, of.get((group.theme_id, frozenset(slugs)), own)))
    return found


# --- Signing up -------------------------------------------------------------------------------------


def sign_up(edition: Edition) -> None:
    """Invented members sign up where that is direct: too many for the first group, fewer for the others."""
    if ways.takes_wishes(edition):
        return
    chance = random.Random(edition.year)
    made = select(Workgroup).where(Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None))
    for nth, group in enumerate(db.session.scalars(made.order_by(Workgroup.id)).all()):
        wanted = group.places + WAITING if nth == 0 else max(1, group.places - chance.randint(3, 6))
        for member in _interested(group, wanted, chance):
            with suppress(Refused):  # somebody may be in another group at that hour
                workgroups.sign_up(member, group, [meeting.key for meeting in group.meetings])


def _interested(group: Workgroup, wanted: int, chance: random.Random) -> Sequence[Member]:
    """Ordinary members of the group's cities who speak one of its languages."""
    cast = [person.number for person in CAST]
    ids = select(Member.id).where(
        Member.language.in_(group.spoken), Member.number.not_in(cast), Member.left.is_(None),
        Member.id.not_in(select(Grant.member_id)),
    )  # fmt: skip
    if group.cities:
        ids = ids.where(Member.city_id.in_([city.id for city in group.cities]))
    found = list(db.session.scalars(ids.order_by(Member.id)))
    drawn = chance.sample(found, min(wanted, len(found)))
    return db.session.scalars(select(Member).where(Member.id.in_(drawn)).order_by(Member.id)).all()
