"""Invented members, as many as wanted: the same for the same seed, on every machine.

They come as rows of the roll (members/roll.py), so that the rehearsal can write them to a file and
import them, as the demonstration puts them in its database.
"""

import random
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..db import now
from ..members.offices import OFFICES


class Habits(NamedTuple):
    """What is invented about an office: its share of the members (in thousandths), how they speak and are called."""

    share: int
    languages: dict[str, int]
    names: dict[str, int]


FLEMISH = ({"nl": 92, "en": 5, "fr": 3}, {"nl": 84, "world": 16})
BRUSSELS = ({"fr": 62, "nl": 21, "en": 17}, {"fr": 45, "nl": 21, "world": 34})
WALLOON = ({"fr": 95, "en": 3, "nl": 2}, {"fr": 84, "world": 16})
EUPEN = ({"fr": 82, "en": 13, "nl": 5}, {"de": 70, "fr": 20, "world": 10})
FRENCH = ({"fr": 95, "en": 5}, {"fr": 78, "world": 22})

HABITS = {
    "antwerpen": Habits(90, *FLEMISH),
    "brussel": Habits(300, *BRUSSELS),
    "charleroi": Habits(50, *WALLOON),
    "eupen": Habits(10, *EUPEN),
    "gent": Habits(100, *FLEMISH),
    "liege": Habits(110, *WALLOON),
    "louvain-la-neuve": Habits(45, *WALLOON),
    "mons": Habits(40, *WALLOON),
    "namur": Habits(55, *WALLOON),
    "clermont-ferrand": Habits(15, *FRENCH),
    "lille": Habits(50, *FRENCH),
    "lyon": Habits(35, *FRENCH),
    "nantes": Habits(30, *FRENCH),
    "paris": Habits(50, *FRENCH),
    "rennes": Habits(20, *FRENCH),
}
PROFILES = {"user": 930, "client": 35, "partner": 20, "staff": 15}
FIRST_NUMBER = 10001
# Members from the first years are as many as from the last ones, and one in a hundred has no e-mail.
JOINED_WITHIN = timedelta(days=12 * 365)
WITHOUT_EMAIL = 0.01
# Domains that can belong to nobody (RFC 2606), so that a letter could never reach anyone.
DOMAINS = ("example.org", "example.com", "example.net")


@cache
def _names() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8"))


def rows(n: int, seed: int, today: date | None = None) -> Iterator[dict[str, str]]:
    """Yield `n` members with the columns of the roll, all text: dates are ISO, `left` is empty.

    Numbers and addresses are each used once. `today` (default: the present day) is the last day on
    which anybody joined; with it, rows depend on nothing but the arguments.
    """
    chance, today = random.Random(seed), today or now().date()
    slugs = list(HABITS)
    cities = chance.choices(slugs, [HABITS[slug].share for slug in slugs], k=n)
    profiles = chance.choices(list(PROFILES), list(PROFILES.values()), k=n)
    for i, (slug, profile) in enumerate(zip(cities, profiles, strict=True)):
        habits, number = HABITS[slug], str(FIRST_NUMBER + i)
        name = _name(habits, chance)
        yield {
            "number": number,
            "name": name,
            "email": "" if chance.random() < WITHOUT_EMAIL else address(name, number, DOMAINS[i % len(DOMAINS)]),
            "language": _one_of(habits.languages, chance),
            "country": OFFICES[slug].country,
            "city": slug,
            "profile": profile,
            "joined": (today - JOINED_WITHIN * chance.random()).isoformat(),
            "left": "",
        }


def _one_of(weights: dict[str, int], chance: random.Random) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _name(habits: Habits, chance: random.Random) -> str:
    """A first and a last name; one in eight comes from another list than the other."""
    first = _names()[_one_of(habits.names, chance)]
    last = first if chance.random() < 7 / 8 else _names()[_one_of(habits.names, chance)]
    return f"{chance.choice(first['first'])} {chance.choice(last['last'])}"


def address(name: str, number: str, domain: str = DOMAINS[0]) -> str:
    """An address that belongs to nobody: 'zoe.de-smet.10007@example.org'."""
    first, _, last = name.partition(" ")
    return f"{_plain(first)}.{_plain(last)}.{number}@{domain}"


@cache
def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("ı", "i")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]+", "-", letters).strip("-")
