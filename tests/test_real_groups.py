"""The groups of two past editions, as the cooperative's own pages tell of them."""

from sipvote.db import now
from sipvote.demo.texts import texts_of
from sipvote.members.offices import OFFICES
from sipvote.rehearsal.real_groups import real_groups
from sipvote.workgroups.planning import Mode


def places_of(year):
    """Theme → the cities of each of its groups."""
    found = {}
    for group in real_groups(year):
        found.setdefault(group.theme, []).append(group.cities)
    return found


def test_in_2019_each_theme_was_worked_on_in_its_cities():
    assert places_of(2019) == {
        "gender-equality": [("gent",), ("liege",)],
        "my-activity": [("brussel",), ("mons",), ("namur",)],
        "shared-spaces": [("antwerpen",), ("brussel",), ("charleroi",), ("louvain-la-neuve",)],
    }


def test_first_meetings_of_2019_that_are_known():
    known = {(g.theme, g.cities[0]): f"{g.first:%Y-%m-%d %H:%M}" for g in real_groups(2019) if g.first}
    assert known == {
        ("my-activity", "brussel"): "2020-01-10 17:00",
        ("my-activity", "namur"): "2020-01-13 17:30",
        ("shared-spaces", "brussel"): "2019-12-20 10:00",
        ("shared-spaces", "charleroi"): "2020-01-14 15:00",
    }


def test_in_2020_cities_shared_groups_that_met_online():
    assert places_of(2020) == {
        "guidance": [("brussel",), ("nantes", "rennes")],
        "new-prospects": [
            ("brussel",), ("charleroi", "eupen", "louvain-la-neuve", "mons"), ("nantes",), ("clermont-ferrand", "lyon"),
        ],
        "gender-equality": [()], "sharing-economy": [()],
    }  # fmt: skip
    assert {g.mode for g in real_groups(2020)} == {Mode.ONLINE}
    assert not any(g.first for g in real_groups(2020))


def test_a_theme_that_went_on_in_france_only_was_for_members_there():
    countries = {g.theme: g.countries for g in real_groups(2020) if not g.cities}
    assert countries == {"gender-equality": ("BE", "FR"), "sharing-economy": ("FR",)}


def test_every_group_has_ten_to_twelve_places_real_offices_and_a_theme_with_words():
    groups = [*real_groups(2019), *real_groups(2020)]
    assert len(groups) == 17 and {g.places for g in groups} == {10, 11, 12}
    for group in groups:
        assert set(group.cities) <= set(OFFICES) and set(group.languages) <= {"nl", "fr", "en"}
        assert texts_of(group.theme, now())
    assert any(len(g.languages) == 2 for g in groups)
