"""The workgroups of the demonstration: which are made, by whom they are led, and who signs up."""

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
from ..workgroups import forming
from ..workgroups import rules as workgroups
from ..workgroups.models import Mode, Workgroup
from .people import CAST, organiser


class Wish(NamedTuple):
    """A group to be made: where, in which languages, how, and when in the week its meetings begin."""

    cities: tuple[str, ...]
    languages: str
    mode: Mode
    weekday: int
    hour: int
    places: int = 12


# For the first theme of the year, the second, and so on; the prolonged ones come last.
WISHES = (
    (
        Wish(("gent",), "nl", Mode.ON_SITE, 1, 18, places=10),
        Wish(("brussel",), "fr nl", Mode.HYBRID, 2, 18),
        Wish(("liege",), "fr", Mode.ON_SITE, 3, 17),
        Wish(("lille",), "fr", Mode.ON_SITE, 1, 18),
    ),
    (
        Wish(("antwerpen",), "nl", Mode.ON_SITE, 1, 18),
        Wish(("charleroi", "mons", "namur"), "fr", Mode.HYBRID, 2, 17),
        Wish(("clermont-ferrand", "lyon"), "fr", Mode.HYBRID, 3, 18),
    ),
    (Wish((), "nl fr en", Mode.ONLINE, 0, 19), Wish(("nantes", "rennes"), "fr", Mode.HYBRID, 2, 18)),
)
VENUES = {"nl": "Kantoor van {city}, zaal 2", "fr": "Bureau de {city}, salle 2"}
VIDEO = "https://video.example.org/sip-{number}"
LEADERS = 2
WEEKS_APART = (4, 3, 2, 1)
WAITING = 3


# --- Making them ------------------------------------------------------------------------------------


def form_groups(edition: Edition) -> None:
    """Make a group for each theme and wish, unless there is one for that theme and those cities already."""
    led: set[int] = set()
    for theme, wishes in zip(themes.of_the_year(edition), WISHES, strict=False):
        for wish in wishes:
            plan = _plan(edition, theme, wish, led)
            if _exists(plan) or forming.why_not_plan(edition, plan, None):
                continue
            forming.form(edition, plan, organiser().id)
            led |= {f.id for f in plan.facilitators}


def _plan(edition: Edition, theme: Theme, wish: Wish, led: set[int]) -> forming.Plan:
    cities = db.session.scalars(select(City).where(City.slug.in_(wish.cities)).order_by(City.slug)).all()
    language = wish.languages.split()[0]
    names = "–".join(getattr(city, f"name_{language}") for city in cities[:1])
    return forming.Plan(
        theme=theme,
        cities=cities,
        mode=wish.mode,
        languages=wish.languages.split(),
        places=wish.places,
        facilitators=_leaders(wish, led),
        venue="" if wish.mode == Mode.ONLINE else VENUES[language].format(city=names),
        video_url="" if wish.mode == Mode.ON_SITE else VIDEO.format(number=theme.id),
        starts=_starts(edition, wish),
        hours=edition.meeting_hours,
    )


def _leaders(wish: Wish, led: set[int]) -> list[Member]:
    """Facilitators of these cities who lead no other group yet, the cast first."""
    near = wish.cities or ("brussel", "paris")
    cast = [person.number for person in CAST]
    free = [
        person
        for person in forming.facilitators()
        if person.id not in led and any(c.slug in near for c in forming.cities_of(person) or ())
    ]
    return sorted(free, key=lambda person: person.number not in cast)[:LEADERS]


def _starts(edition: Edition, wish: Wish) -> list[datetime]:
    """From the second week on, as far apart as the year allows."""
    monday = edition.groups_at.astimezone(ZONE).replace(tzinfo=None) + timedelta(weeks=1)
    monday = monday.replace(hour=wish.hour, minute=0) - timedelta(days=monday.weekday())
    first = (monday + timedelta(days=wish.weekday)).replace(tzinfo=ZONE)
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


# --- Signing up -------------------------------------------------------------------------------------


def sign_up(edition: Edition) -> None:
    """Invented members sign up: more than there are places for the first group, fewer for the others."""
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
