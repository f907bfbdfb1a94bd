"""Links between who voted and what was in the box: how many are right, what chance gives, whether an order shows."""

import random
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import TypeVar

Choices = tuple[int, ...]
Found = TypeVar("Found")
FAR = 4.4  # standard errors: once in 90,000 times by chance


def right(cast: Sequence[Choices], guessed: Sequence[Choices]) -> int:
    """Of ballots in the order of casting, how many an order that was guessed gives back."""
    return sum(one == other for one, other in zip(cast, guessed, strict=False))


def by_chance(cast: Sequence[Choices]) -> int:
    """The most links that drawing ballots blindly gives, but for once in 90,000 times."""
    n, held = len(cast), Counter(cast)
    share = sum((times / n) ** 2 for times in held.values())
    return int(n * share + FAR * sqrt(n * share * (1 - share))) + 1


def tau(cast: Sequence[Choices], stored: Sequence[Choices], chance: random.Random) -> float:
    """Kendall's τ between the order of casting and the order in which the same ballots are stored.

    Equal ballots cannot be told apart: which is which is drawn.
    """
    places: dict[Choices, list[int]] = {}
    for place, choices in enumerate(stored):
        places.setdefault(choices, []).append(place)
    for each in places.values():
        chance.shuffle(each)
    order = [places[choices].pop() for choices in cast]
    n = len(order)
    return 1 - 4 * inversions(order)[0] / (n * (n - 1))


def most_tau(n: int) -> float:
    """How far from 0 τ may be by chance, for n ballots."""
    return FAR * sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)))


def inversions(order: Sequence[int]) -> tuple[int, list[int]]:
    """How many pairs stand the wrong way round; and the sequence sorted, by merging."""
    if len(order) < 2:
        return 0, list(order)
    half = len(order) // 2
    (a, left), (b, right_) = inversions(order[:half]), inversions(order[half:])
    merged, count, i = [], a + b, 0
    for value in right_:
        while i < len(left) and left[i] <= value:
            merged.append(left[i])
            i += 1
        count += len(left) - i
        merged.append(value)
    return count, merged + left[i:]


def expanded(rows: Sequence[tuple[Choices, int]]) -> list[Choices]:
    """Stored rows (choices, how many times) as ballots one after the other."""
    return [choices for choices, times in rows for _one in range(times)]
