"""How long assignment takes: people with up to three wishes, some groups liked ten times as much as others."""

import random
from functools import partial

from sipvote.workgroups.assignment import Group, assign

from .stopwatch import seconds, tell

ROUNDS = 3
# (people, groups, the minimum of each group, seconds at most)
SIZES = [(200, 12, 0, 1.0), (2_000, 60, 0, 3.0), (2_000, 60, 15, 3.0), (20_000, 600, 0, 30.0), (20_000, 600, 6, 30.0)]
PROFILES, LANGUAGES, COUNTRIES = ["user", "user", "client", "partner", "staff"], ["nl", "fr", "fr", "en"], ["BE", "FR"]
Wishes = list[list[int]]
Traits = list[tuple[str, ...]]


def sign_ups(chance: random.Random, people: int, groups: int) -> tuple[Wishes, Traits]:
    """What everybody wishes, and who they are."""
    liked = [0.1 + chance.random() for _group in range(groups)]
    draws = [chance.choices(range(groups), liked, k=chance.choice([1, 2, 3, 3])) for _person in range(people)]
    traits = [
        (chance.choice(PROFILES), chance.choice(LANGUAGES), chance.choice(COUNTRIES)) for _person in range(people)
    ]
    return [list(dict.fromkeys(mine)) for mine in draws], traits


def measure() -> int:
    """Print the medians; give the number of targets missed."""
    missed = 0
    print("\nassignment, people x groups")
    for people, number, minimum, limit in SIZES:
        wishes, traits = sign_ups(random.Random(2026), people, number)
        groups = [Group(people // number, minimum)] * number
        what = f"{people:,} x {number}" + (f", at least {minimum}" if minimum else "")
        plain = partial(assign, groups, wishes, keep=minimum > 0)
        missed += tell(what, seconds(plain, ROUNDS), limit)
        missed += tell(f"{what}, mixed", seconds(partial(plain, traits=traits), ROUNDS), limit)
    return missed
