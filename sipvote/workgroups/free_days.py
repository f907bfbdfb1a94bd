"""Days on which people are away: public holidays of Belgium and France, and school holidays per community and zone.

The dates come from the library `holidays`. It is large, so that it is brought in when somebody asks for a day.
It speaks no Dutch about France: those few names stand here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..i18n import language, names
from ..members.models import City


class Calendar(StrEnum):
    """Where days are free: a country for everybody, or the schools of a community or zone."""

    BELGIUM = "belgium"
    FRANCE = "france"
    FLEMISH = "flemish"
    FRENCH = "french"
    GERMAN = "german"
    ZONE_A = "zone_a"
    ZONE_B = "zone_b"
    ZONE_C = "zone_c"


COUNTRIES = {"BE": Calendar.BELGIUM, "FR": Calendar.FRANCE}
NAMES = {
    Calendar.BELGIUM: _l("Belgium"),
    Calendar.FRANCE: _l("France"),
    Calendar.FLEMISH: _l("Flemish Community"),
    Calendar.FRENCH: _l("French Community"),
    Calendar.GERMAN: _l("German-speaking Community"),
    Calendar.ZONE_A: _l("zone A"),
    Calendar.ZONE_B: _l("zone B"),
    Calendar.ZONE_C: _l("zone C"),
}
# Country and part as the library calls them.
_SCHOOLS = {
    Calendar.FLEMISH: ("BE", "Flemish"),
    Calendar.FRENCH: ("BE", "French"),
    Calendar.GERMAN: ("BE", "German"),
    Calendar.ZONE_A: ("FR", "Zone A"),
    Calendar.ZONE_B: ("FR", "Zone B"),
    Calendar.ZONE_C: ("FR", "Zone C"),
}
# The schools of each office's city; Brussels has both, and the zones of France follow its académies.
SCHOOLS_OF = {
    "antwerpen": (Calendar.FLEMISH,),
    "brussel": (Calendar.FLEMISH, Calendar.FRENCH),
    "charleroi": (Calendar.FRENCH,),
    "eupen": (Calendar.GERMAN,),
    "gent": (Calendar.FLEMISH,),
    "liege": (Calendar.FRENCH,),
    "luik": (Calendar.FRENCH,),
    "louvain-la-neuve": (Calendar.FRENCH,),
    "mons": (Calendar.FRENCH,),
    "namur": (Calendar.FRENCH,),
    "clermont-ferrand": (Calendar.ZONE_A,),
    "lyon": (Calendar.ZONE_A,),
    "lille": (Calendar.ZONE_B,),
    "nantes": (Calendar.ZONE_B,),
    "rennes": (Calendar.ZONE_B,),
    "paris": (Calendar.ZONE_C,),
}
_LANGUAGES = {"BE": {"nl": "nl", "fr": "fr", "en": "en_US"}, "FR": {"nl": "en_US", "fr": "fr", "en": "en_US"}}
_DUTCH = {
    "New Year's Day": "Nieuwjaar", "Easter Monday": "Paasmaandag", "Labor Day": "Dag van de Arbeid",
    "Victory Day": "Dag van de Overwinning", "Ascension Day": "Hemelvaart", "Whit Monday": "Pinkstermaandag",
    "National Day": "Nationale feestdag", "Assumption Day": "Maria-Hemelvaart", "All Saints' Day": "Allerheiligen",
    "Armistice Day": "Wapenstilstand", "Christmas Day": "Kerstmis", "Christmas Break": "Kerstvakantie",
    "Winter Break": "Wintervakantie", "Spring Break": "Lentevakantie", "Ascension Break": "Hemelvaartsbrug",
    "Summer Break": "Zomervakantie", "All Saints' Break": "Allerheiligenvakantie",
}  # fmt: skip


@dataclass(frozen=True)
class FreeDay:
    """Why a day is free, and where."""

    name: str
    where: tuple[Calendar, ...]

    @property
    def is_school(self) -> bool:
        """Whether only schools are closed."""
        return self.where[0] in _SCHOOLS

    def __str__(self) -> str:
        """'Autumn Break (Flemish Community and zone B)'."""
        return f"{self.name} ({names(NAMES[w] for w in self.where)})"


def calendars_of(cities: Iterable[City]) -> tuple[Calendar, ...]:
    """The calendars that matter to people from these cities; without cities (online) all of them.

    A city that is not on the list (a new office) counts for every school of its country.
    """
    found: set[Calendar] = set()
    for city in cities:
        found |= {COUNTRIES[city.country], *SCHOOLS_OF.get(city.slug, _schools_in(city.country))}
    return tuple(c for c in Calendar if c in found or not found)


def _schools_in(country: str) -> list[Calendar]:
    return [calendar for calendar, (there, _part) in _SCHOOLS.items() if there == country]


def free_days(day: date, calendars: Collection[Calendar]) -> list[FreeDay]:
    """Why a day is free in these calendars; public holidays first, a name that several share once."""
    found: dict[tuple[bool, str], list[Calendar]] = {}
    public = {name for country in ("BE", "FR") for name in _named(country, None, day)}
    for calendar in (c for c in Calendar if c in calendars):
        if calendar in _SCHOOLS:
            country, part = _SCHOOLS[calendar]
            told = [name for name in _named(country, part, day) if name not in public]
        else:
            told = _named("BE" if calendar == Calendar.BELGIUM else "FR", None, day)
        for name in told:
            found.setdefault((calendar in _SCHOOLS, name), []).append(calendar)
    return [FreeDay(name, tuple(where)) for (_is_school, name), where in found.items()]


def why_unsure(first: date, last: date, calendars: Collection[Calendar]) -> str | None:
    """A sentence about school calendars that the library does not know for these years, or None."""
    schools = [c for c in Calendar if c in calendars and c in _SCHOOLS]
    unknown = [c for c in schools if not all(_year(*_SCHOOLS[c], year, "en") for year in {first.year, last.year})]
    if not unknown:
        return None
    return _(
        "We do not know the school holidays of: %(where)s. Look them up yourself.",
        where=names(NAMES[c] for c in unknown),
    )


def _named(country: str, part: str | None, day: date) -> list[str]:
    found = _year(country, part, day.year, language()).get(day, "")
    return [name.replace("'", "’") for name in found.split("; ") if name]


@cache
def _year(country: str, part: str | None, year: int, code: str) -> dict[date, str]:
    """The free days of a year; empty when the library does not know it. Without `part` the public ones."""
    import holidays

    category = holidays.SCHOOL if part else holidays.PUBLIC
    spoken = _LANGUAGES[country][code]
    try:
        told = holidays.country_holidays(country, subdiv=part, years=[year], language=spoken, categories=(category,))
    except (NotImplementedError, ValueError):  # a part or category that this version of the library does not have
        return {}
    if (country, code) != ("FR", "nl"):
        return dict(told.items())
    return {day: "; ".join(_DUTCH.get(name, name) for name in told[day].split("; ")) for day in told}


def free_weeks(first: date, last: date, calendars: Collection[Calendar]) -> tuple[int, int]:
    """How many whole weeks of a span have no free day from Monday to Friday, and how many there are."""
    monday = first + timedelta(days=-first.weekday() % 7)
    weeks = [monday + timedelta(weeks=n) for n in range((last - monday).days // 7)]
    free = [week for week in weeks if not any(free_days(week + timedelta(days=n), calendars) for n in range(5))]
    return len(free), len(weeks)
