"""How long counting takes: 30,000 ballots over 20 themes, 4 places, with all ties, and the explanation after it."""

import random
from collections import Counter

from sipvote.voting import explaining, tally

from .stopwatch import seconds, tell

BALLOTS, OPTIONS, SEATS, ROUNDS = 30_000, 20, 4, 5
TARGETS = {"approval": 0.1, "phragmen": 0.5, "pav": 1.0, "explanation": 1.0}


def ballots(chance: random.Random) -> list[tuple[int, tuple[int, ...]]]:
    """Members of five camps with tastes of their own, each with one to six themes; a few blank."""
    liked = [chance.random() ** 1.5 + 0.05 for _option in range(OPTIONS)]
    camps = [[weight * chance.choice([0.2, 1, 3]) for weight in liked] for _camp in range(5)]
    box: Counter[tuple[int, ...]] = Counter()
    for _ballot in range(BALLOTS):
        marks = chance.choices(range(OPTIONS), chance.choice(camps), k=chance.choice([0, 1, 2, 3, 3, 4, 6]))
        box[tuple(sorted(set(marks)))] += 1
    return sorted((times, ballot) for ballot, times in box.items())


def measure() -> int:
    """Print the medians; give the number of targets missed."""
    box = ballots(random.Random(2026))
    print(f"\ncounting {BALLOTS:,} ballots, {len(box):,} different ones, {SEATS} of {OPTIONS} themes")
    missed = 0
    for rule in tally.RULES:
        report = tally.RULES[rule](box, OPTIONS, SEATS)
        missed += tell(rule, seconds(lambda rule=rule: tally.RULES[rule](box, OPTIONS, SEATS), ROUNDS), TARGETS[rule])
        told = seconds(lambda report=report: explaining.explain(report, box, None), ROUNDS)
        missed += tell(f"explanation of {rule}", told, TARGETS["explanation"])
    return missed
