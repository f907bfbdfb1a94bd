"""Before the groups: the roll and the themes, as the other play shows them; then groups and dates on pages."""

import random
import re
from datetime import datetime, time, timedelta
from typing import Any

from ..demo.members import rows
from ..demo.texts import texts_of
from ..editions.models import DATED, Edition
from ..i18n import ZONE
from ..members.offices import OFFICES
from ..workgroups.planning import Mode
from . import roll
from .browser import Broken, Given
from .real_groups import RealGroup, real_groups, told_of
from .seasons_cast import MEETINGS, Circle, Company

SEED = 2019
SINCE = "2018-01-15"
# What the organisers set, beside the dates of past.toml: until when members wish, and who is first in a waiting list.
SETTINGS: dict[int, dict[str, str]] = {
    2019: {"wishes_until": "2019-10-14T20:00", "waiting_order": "lot", "confirm_days": "7"},
    2020: {"wishes_until": "2020-12-27T20:00", "waiting_order": "time", "confirm_days": "6"},
}
PASSED_ON_FOR = timedelta(days=3)  # a place that became free is kept
HOURS = (time(17, 30), time(18, 0), time(14, 0))


def given_for(year: int) -> timedelta:
    """How long a place is kept that was given by wishes."""
    return timedelta(days=int(SETTINGS[year]["confirm_days"]))


# --- What others have played: members and themes ----------------------------------------------------


def enrol(company: Company) -> None:
    """Import the members and name two organisers; they give the other roles on the pages."""
    from ..access import Role
    from ..db import db
    from ..members import roll as members
    from ..members import rules
    from ..members.models import Member

    company.rows = [{**row, "joined": SINCE} for row in rows(company.size.members, SEED)]
    company.organiser, company.board = company.official("brussel"), company.official("brussel")
    company.second = company.official("lille")
    both = (company.organiser, company.second)
    with company.season.app.app_context():
        members.apply(members.read(roll.as_csv(company.rows)), None)
        for each in both:
            member = db.session.query(Member).filter_by(number=each.number).one()
            rules.grant(member, Role.ORGANISER, None, None)
        db.session.commit()
    company.organiser.sign_in("/members/")
    given = [roll.give_role(both, company.board, "board")]
    for city, count in _leaders_needed(company).items():
        company.leaders[city] = [company.official(city or "gent") for _ in range(count)]
        given += [roll.give_role(both, person, "facilitator", city) for person in company.leaders[city]]
    text = f"{len(company.rows)} members; {len(given)} roles are asked for on the pages, and confirmed by the second"
    company.report.promise(text, all(given))


def _leaders_needed(company: Company) -> dict[str, int]:
    """How many facilitators each city needs: nobody leads two groups in one year."""
    needed: dict[str, int] = {}
    for year in SETTINGS:
        homes = [_home(real) for real in groups_of(company, year)]
        needed |= {home: max(homes.count(home), needed.get(home, 0)) for home in homes}
    return needed


def _home(real: RealGroup) -> str:
    return real.cities[0] if real.cities else ""


def groups_of(company: Company, year: int) -> list[RealGroup]:
    """The real groups of a year that play."""
    real = real_groups(year)
    return [real[n] for n in company.size.groups[year]] if company.size.groups else real


def plan_edition(company: Company, year: int) -> None:
    """An organiser makes the edition with its dates and the way by wishes; then its themes are there, elected."""
    page = company.organiser.arrive("/editions/new")
    given: dict[str, Given] = {f"{phase}_at": f"{told_of(year)[phase]:%Y-%m-%dT%H:%M}" for phase in DATED}
    given |= {"year": str(year), "seats": "4", "meetings": str(MEETINGS), "meeting_hours": "3", "days_apart": "14"}
    given |= {"sign_up_way": "wishes", "accept_days": str(PASSED_ON_FOR.days)}
    given |= {"supporters_needed": "0", "max_approvals": ""}
    page = company.organiser.browser.submit(page.form("/new"), {**given, **SETTINGS[year]})
    company.report.promise(
        f"the edition {year} is planned with sign-up by wishes", "is saved." in page.text, page.text[:300]
    )
    _plant_themes(company, year)


def _plant_themes(company: Company, year: int) -> None:
    """The themes that were elected, and those that are prolonged, as the demonstration has them."""
    from ..db import db
    from ..themes.models import Theme

    told = told_of(year)
    with company.season.app.app_context():
        edition = db.session.query(Edition).filter_by(year=year).one()
        facts: dict[str, Any] = {"edition": edition, "original": "fr", "proposed_at": edition.themes_at}
        held = {"admitted_at": edition.review_at, "elected_at": edition.count_at}
        themes = [Theme(texts=texts_of(key, edition.themes_at), **facts, **held) for key in told["elected"]]
        for key, country in told["prolonged"].items():
            title = texts_of(key, edition.themes_at)[0].title
            before = next(t for t in db.session.query(Theme) if title in [text.title for text in t.texts])
            prolonged = {"prolonged_from": before, "prolonged_country": country or None}
            themes.append(Theme(texts=texts_of(key, edition.themes_at), **facts, **prolonged))
        db.session.add_all(themes)
        db.session.commit()


# --- Groups without dates ---------------------------------------------------------------------------


def form_groups(company: Company, year: int) -> None:
    """An organiser makes each group: theme, cities, languages, places; its dates are still to be found."""
    free = {city: list(people) for city, people in company.leaders.items()}
    company.circles = []
    for real in groups_of(company, year):
        places = real.places - company.size.fewer_places
        circle = Circle(real, free[_home(real)].pop(0), places, company.size.minimum, _modes(real))
        _form(company, circle)
        company.circles.append(circle)
    names = "; ".join(circle.name for circle in company.circles)
    company.report.promise(f"{len(company.circles)} groups are made without dates: {names}", True)


def _modes(real: RealGroup) -> tuple[str, ...]:
    """Mostly as the group met; in 2019 it could have met online too, and in Brussels in both ways at once."""
    if not real.cities:
        return ("online",)
    if real.mode == Mode.ONLINE:
        return ("online", "hybrid") if real.cities == ("brussel",) else ("online",)
    return ("on_site", "online")


def _form(company: Company, circle: Circle) -> None:
    title = next(text.title for text in texts_of(circle.real.theme, datetime.now(ZONE)) if text.language == "en")
    circle.title = title
    page = company.organiser.arrive(f"/{circle.real.year}/groups/plan/")
    page = company.organiser.browser.get(next(a for a in page.links(r"/new\?theme=\d+")))
    is_online = circle.real.mode == Mode.ONLINE
    given: dict[str, Given] = {
        "theme": title, "cities": [OFFICES[slug].en for slug in circle.real.cities], "mode": str(circle.real.mode),
        "languages": list(circle.real.languages), "places": str(circle.places), "minimum": str(circle.minimum),
        "facilitators": [circle.leader.name], "video_url": "https://meet.example.org/sip",
        "venue": "" if is_online else "Rue du Port 1, room 4",
    }  # fmt: skip
    page = company.organiser.browser.submit(page.form(r"/groups/plan/new.*"), given)
    found = re.search(r"/groups/plan/(\d+)/slots/", page.url)
    if not found:
        raise Broken(f"the group {circle.name} is not made: {page.text[:400]}")
    circle.id = int(found[1])


# --- Dates to choose from ---------------------------------------------------------------------------


def propose_dates(company: Company) -> None:
    """Each facilitator proposes two weekly patterns and a single date; of a known first meeting, none before it."""
    wrong = []
    for nth, circle in enumerate(company.circles):
        proposed = _propose(circle, nth)
        page = circle.leader.go(f"{circle.at.replace('/groups', '/groups/plan')}/slots/")
        ids = [int(value) for form in page.forms for value in form.choices("slot")]
        if len(ids) != len(proposed):
            wrong.append(f"{circle.name}: {len(ids)} instead of {len(proposed)}")
        circle.slots = dict(zip(sorted(proposed), ids, strict=False))
        circle.leader.leave()
    text = f"facilitators propose {sum(len(c.slots) for c in company.circles)} dates, which are then on the page"
    company.report.promise(text, not wrong, wrong)


def _propose(circle: Circle, nth: int) -> list[datetime]:
    told = told_of(circle.real.year)
    known = circle.real.first
    first = known or told["groups"] + timedelta(days=9)
    chance = random.Random(f"{circle.real.year} {nth}")
    weekday, at = (known.weekday(), known.time()) if known else (chance.randrange(4), HOURS[nth % 3])
    other = (weekday + chance.randrange(1, 4)) % 5
    proposed = _pattern(circle, weekday, at, first, told["recommendations"], 1)
    proposed += _pattern(circle, other, HOURS[0], first, told["recommendations"], 2)
    single = datetime.combine((first + timedelta(days=1 + (5 - first.weekday()) % 7)).date(), time(10))  # a Saturday
    page = circle.leader.go(f"{circle.at.replace('/groups', '/groups/plan')}/slots/")
    page = circle.leader.browser.submit(page.form("/slots/"), {"start": f"{single:%Y-%m-%dT%H:%M}"})
    return [*proposed, single]


def _pattern(circle: Circle, weekday: int, at: time, first: datetime, last: datetime, weeks: int) -> list[datetime]:
    """One weekly pattern, by the page that shows what it means; what is ticked there, the facilitator keeps ticked."""
    leader = circle.leader
    page = leader.arrive(f"{circle.at.replace('/groups', '/groups/plan')}/slots/")
    asked: dict[str, Given] = {
        "weekday": str(weekday), "at": f"{at:%H:%M}", "first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}",
        "weeks": str(weeks), "modes": list(circle.modes),
    }  # fmt: skip
    page = leader.browser.submit(page.form("/slots/preview"), asked)
    form = page.form("/slots/propose")
    starts = [c.value for c in form.controls if c.name == "start" and c.is_on]
    if circle.real.first and weekday == circle.real.first.weekday() and at == circle.real.first.time():
        known = f"{circle.real.first:%Y-%m-%dT%H:%M}"
        starts = [*starts, *([] if known in starts else [known])]
    leader.browser.submit(form, {"start": starts})
    return [datetime.fromisoformat(start) for start in starts]
