"""Three past editions as they were: the themes, the cities and the first meetings are real (past.toml).

Nothing is said about how many people voted for what, because we do not know it: a theme is marked as
elected, without an election. The people in the groups are invented, as everybody here, and who came when.
"""

import random
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..db import db
from ..editions.models import DATED, Edition
from ..i18n import ZONE
from ..members.models import Member
from ..themes.models import Theme
from ..workgroups.models import Attendance, Meeting, Mode, Signup, Workgroup
from . import meetings
from .people import Town
from .texts import texts_of

PLACES = 12
FADING = 3  # the group of each edition that lost more people than others
MEETINGS, LENGTH, EVERY = 5, timedelta(hours=3), timedelta(weeks=2)


def plant(town: Town) -> dict[str, Theme]:
    """Make the editions with their themes and groups; gives the themes of the last one by key."""
    told = tomllib.loads((Path(__file__).parent / "past.toml").read_text(encoding="utf-8"))
    themes: dict[str, Theme] = {}
    for year, facts in told.items():
        themes = _edition(int(year), facts, themes, town)
    return themes


def _edition(year: int, facts: dict[str, Any], last_year: dict[str, Theme], town: Town) -> dict[str, Theme]:
    begins = {f"{phase}_at": _moment(facts[phase]) for phase in DATED}
    edition = Edition(year=year, seats=len(facts["elected"]), max_approvals=None, **begins)
    db.session.add(edition)
    themes = {key: _theme(edition, key) for key in facts["elected"]}
    for key, country in facts["prolonged"].items():
        themes[key] = _theme(edition, key, prolonged_from=last_year[key], prolonged_country=country or None)
    db.session.add_all(themes.values())
    db.session.flush()
    chance = random.Random(year)  # of its own, so that the others stay as they were
    for nth, told in enumerate(facts["groups_of"]):
        group = _group(edition, themes[told["theme"]], told, town)
        meetings.attend(group, chance, is_fading=nth == FADING)
    db.session.flush()
    return themes


def _moment(told: datetime) -> datetime:
    return told.replace(tzinfo=ZONE)


def _theme(edition: Edition, key: str, **prolonged: Any) -> Theme:
    """A theme that the board proposed, as it still did then, in French; elected at the end of the vote."""
    if not prolonged:
        prolonged = {"admitted_at": edition.review_at, "elected_at": edition.count_at}
    return Theme(
        edition=edition,
        original="fr",
        proposed_at=edition.themes_at,
        texts=texts_of(key, edition.themes_at),
        **prolonged,
    )


def _group(edition: Edition, theme: Theme, told: dict[str, Any], town: Town) -> Workgroup:
    """A group with its meetings, its facilitators and ten to twelve members who came from these cities."""
    slugs, languages = told["cities"], told["languages"].split()
    group = Workgroup(
        edition=edition, theme=theme, languages=told["languages"], mode=Mode(told["mode"]), places=PLACES,
        cities=[town.cities[slug] for slug in slugs], created_at=edition.count_at,
        facilitators=[db.session.get_one(Member, i) for i in _facilitators(slugs, town)],
        meetings=_meetings(_moment(told["first"])),
    )  # fmt: skip
    ids = town.some(
        town.chance.randint(10, PLACES), slugs, languages, edition.signup_at.date(), theme.prolonged_country
    )
    for seat, member_id in enumerate(ids, start=1):
        at = edition.signup_at + timedelta(hours=town.chance.uniform(1, 24 * 14))
        yes = [Attendance(meeting=m, confirmed_at=at) for m in group.meetings]
        group.signups.append(
            Signup(member_id=member_id, signed_up_at=at, seat=seat, seated_at=at, attendances=yes)
        )  # fmt: skip
    db.session.add(group)
    return group


def _facilitators(slugs: list[str], town: Town) -> list[int]:
    """Two who lead the group: from its cities, or from anywhere when it meets online."""
    near = [i for slug in slugs or ("brussel", "paris") for i in town.facilitators[slug]]
    return near[:2]


def _meetings(first: datetime) -> list[Meeting]:
    """Five meetings of three hours, two weeks apart, at the same hour by the clock on the wall."""
    return [Meeting(starts_at=first + i * EVERY, ends_at=first + i * EVERY + LENGTH) for i in range(MEETINGS)]
