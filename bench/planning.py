"""How long planning takes: the best five sets of dates, for growing numbers of slots and people, however alike."""

import random
from datetime import datetime, timedelta
from functools import partial

from sipvote.workgroups.planning import Availability, Mode, Problem, Slot, ranking

from .stopwatch import seconds, tell

ROUNDS, MEETINGS, SETS, LIMIT = 3, 5, 5, 2.0
FIRST = datetime(2026, 11, 2, 18)  # noqa: DTZ001 (slots are local times)
# (what, people, slots, the share of slots to which each can come)
SIZES = (
    ("some evenings suit more", 18, 24, None),
    ("some evenings suit more", 200, 40, None),
    ("some evenings suit more", 2_000, 40, None),
    ("everybody can always", 200, 40, 1.0),
    ("nobody ever can", 200, 40, 0.0),
    ("half of the slots, by chance", 200, 40, 0.5),
    ("half of the slots, by chance", 2_000, 40, 0.5),
    ("nine in ten, by chance", 2_000, 40, 0.9),
)


def problem(people: int, slots: int, share: float | None) -> Problem:
    """Slots of three hours, every four days; without a share, evenings that suit some and hardly others."""
    chance = random.Random(2026)
    starts = [FIRST + timedelta(days=4 * number) for number in range(slots)]
    likely = [chance.uniform(0.3, 0.8) if share is None else share for _slot in range(slots)]

    def someone() -> Availability:
        return Availability(either=sum((chance.random() < at) << number for number, at in enumerate(likely)))

    dates = [Slot(start, start + timedelta(hours=3)) for start in starts]
    return Problem(dates, [someone() for _person in range(people)], MEETINGS, modes=[Mode.ON_SITE])


def measure() -> int:
    """Print the medians; give the number of targets missed."""
    print(f"\nplanning: the best {SETS} sets of {MEETINGS} dates")
    missed = 0
    for what, people, slots, share in SIZES:
        took = seconds(partial(ranking, problem(people, slots, share), SETS), ROUNDS)
        missed += tell(f"{people:,} people x {slots} slots, {what}", took, LIMIT)
    return missed
