"""The groups of 2019–20 and 2020–21 as data: what they worked on, where, in which languages, and how they began.

They stand in demo/past.toml. Only first meetings that are known are given; places are the ten to twelve of the
real groups, in turn.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ..members.offices import OFFICES
from ..workgroups.planning import Mode

PAST = Path(__file__).parent.parent / "demo" / "past.toml"
PLACES = (10, 11, 12)


class RealGroup(NamedTuple):
    """A group of the past. Without cities it met online; `countries` are those that its members come from."""

    year: int
    theme: str  # its key in demo/themes.toml
    cities: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    mode: Mode
    places: int
    first: datetime | None  # by the clock in Brussels, where it is known


def told_of(year: int) -> dict[str, Any]:
    """What stands in the file about an edition: its phases by name, its themes."""
    told: dict[str, Any] = tomllib.loads(PAST.read_text(encoding="utf-8"))[str(year)]
    return told


def real_groups(year: int) -> list[RealGroup]:
    """The groups of an edition that began in a year, in the order of the file."""
    told = told_of(year)
    groups = []
    for nth, facts in enumerate(told["groups_of"]):
        only = told["prolonged"].get(facts["theme"])
        countries = {OFFICES[slug].country for slug in facts["cities"]} or ({only} if only else {"BE", "FR"})
        groups.append(
            RealGroup(
                year, facts["theme"], tuple(facts["cities"]), tuple(sorted(countries)),
                tuple(facts["languages"].split()), Mode(facts["mode"]), PLACES[nth % len(PLACES)],
                facts["first"] if facts.get("is_known") else None,
            )
        )  # fmt: skip
    return groups
