"""Free days: facts of the school years 2026–27, by community and zone, in three languages."""

from datetime import date

import pytest

from sipvote.i18n import in_language
from sipvote.members.models import City
from sipvote.members.offices import OFFICES
from sipvote.workgroups import free_days
from sipvote.workgroups.free_days import Calendar

pytestmark = pytest.mark.usefixtures("database")
EVERYWHERE = tuple(Calendar)


def told(day, calendars=EVERYWHERE, code="en"):
    with in_language(code):
        return [str(free) for free in free_days.free_days(day, calendars)]


def city(slug):
    return City(slug=slug, country=OFFICES[slug].country if slug in OFFICES else "FR")


def test_a_public_holiday_that_both_countries_keep_is_told_once():
    assert told(date(2026, 11, 11)) == ["Armistice Day (Belgium and France)"]
    assert told(date(2026, 11, 11), code="nl") == ["Wapenstilstand (België en Frankrijk)"]
    assert "Jour de l’Armistice (Belgique)" in told(date(2026, 11, 11), code="fr")


def test_the_autumn_break_differs_by_community():
    assert told(date(2026, 10, 20), [Calendar.FLEMISH, Calendar.FRENCH]) == ["Autumn Break (French Community)"]
    assert told(date(2026, 11, 4), [Calendar.FLEMISH, Calendar.FRENCH, Calendar.GERMAN]) == [
        "Autumn Break (Flemish Community and German-speaking Community)"
    ]


@pytest.mark.parametrize(("day", "zone"), [(8, "zone C"), (15, "zone A and zone C"), (25, "zone A and zone B")])
def test_the_winter_break_moves_through_the_zones_of_france(day, zone):
    zones = [Calendar.ZONE_A, Calendar.ZONE_B, Calendar.ZONE_C]
    assert told(date(2027, 2, day), zones) == [f"Winter Break ({zone})"]


def test_france_is_told_in_dutch_too():
    assert told(date(2026, 10, 20), [Calendar.ZONE_A], "nl") == ["Allerheiligenvakantie (zone A)"]
    assert told(date(2027, 2, 15), [Calendar.ZONE_A], "nl") == ["Wintervakantie (zone A)"]


def test_an_ordinary_day_is_free_nowhere():
    assert told(date(2026, 11, 19)) == []


@pytest.mark.parametrize(
    ("slug", "schools"),
    [
        ("gent", ["flemish"]), ("brussel", ["flemish", "french"]), ("eupen", ["german"]), ("liege", ["french"]),
        ("lyon", ["zone_a"]), ("clermont-ferrand", ["zone_a"]), ("lille", ["zone_b"]), ("paris", ["zone_c"]),
        ("a-new-office", ["zone_a", "zone_b", "zone_c"]),
    ],
)  # fmt: skip
def test_each_city_has_the_schools_of_its_community_or_zone(slug, schools):
    found = free_days.calendars_of([city(slug)])
    assert found[1:] == tuple(schools) and found[0] == (
        "belgium" if OFFICES.get(slug, (("FR"),))[0] == "BE" else "france"
    )


def test_every_office_has_its_schools():
    assert set(OFFICES) <= set(free_days.SCHOOLS_OF)


def test_online_everybody_counts():
    assert free_days.calendars_of([]) == EVERYWHERE


def test_a_year_that_the_library_does_not_know_is_said_and_does_not_crash():
    long_ago = date(1990, 11, 2)
    assert "do not know the school holidays of: zone A" in free_days.why_unsure(long_ago, long_ago, [Calendar.ZONE_A])
    assert told(long_ago, [Calendar.ZONE_A]) == []
    assert free_days.why_unsure(date(2026, 11, 1), date(2027, 4, 30), EVERYWHERE) is None
