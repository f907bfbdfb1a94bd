"""Filling an empty database with the demonstration: people, three past editions, what came of them, and this year's."""

import random

from .. import finds
from . import current, facilitators, legacy, past, people

MEMBERS = 30_000
CHANCE = 2026
# One more whenever older data cannot serve the present code; then `demo --reset` is needed.
VERSION = 5


def seed(members: int = MEMBERS) -> None:
    """Fill the database, in the caller's transaction."""
    town = people.settle(members, random.Random(CHANCE))
    facilitators.describe(random.Random(CHANCE))
    last_year = past.plant(town)
    current.plant(town, last_year)
    legacy.plant()
    finds.rebuild()
