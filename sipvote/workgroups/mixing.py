"""Mixed groups: exchanges of two people, equally good in the whole, that seat fewer of the same kind together.

Measured in pairs: how many pairs of people in one group share a trait (profile, language, country), all
traits together. For given sizes of groups it is least when everyone is spread evenly.
"""

from collections import Counter, deque
from collections.abc import Collection, Hashable, Sequence
from itertools import combinations

from .equals import Equals

Kind = tuple[Hashable, ...]


def pairs_alike(seat: Sequence[int | None], kinds: Sequence[Kind]) -> int:
    """How many pairs in one group share a trait; who shares two traits counts twice, who has no seat not at all."""
    found = Counter(
        (group, place, trait)
        for group, kind in zip(seat, kinds, strict=True)
        if group is not None
        for place, trait in enumerate(kind)
    )
    return sum(times * (times - 1) // 2 for times in found.values())


class Mixer:
    """The traits in each group, and what an exchange of two kinds of people does to the pairs."""

    def __init__(self, equals: Equals, kinds: Sequence[Kind], order: Sequence[int]) -> None:
        self.equals, self.kinds = equals, kinds
        self._turn = {person: turn for turn, person in enumerate(order)}
        self._there: Counter[tuple[int, int, Hashable]] = Counter()
        for person, group in enumerate(equals.seating.seat):
            self._count(group, kinds[person], 1)

    def _count(self, group: int, kind: Kind, change: int) -> None:
        for place, trait in enumerate(kind):
            self._there[group, place, trait] += change

    def mix(self) -> None:
        """Exchange two people as long as pairs become fewer; of two groups always the best exchange first."""
        groups = range(len(self.equals.movers))
        todo = deque(pair for pair in combinations(groups, 2) if self._kinds(*pair) and self._kinds(*pair[::-1]))
        waiting = set(todo)
        while todo:
            pair = todo.popleft()
            waiting.discard(pair)
            if self._improve(*pair):
                near = {tuple(sorted((group, other))) for group in pair for other in self.equals.movers[group]}
                new = sorted((one, two) for one, two in near if (one, two) not in waiting)
                waiting.update(new)
                todo.extend(new)

    def _improve(self, group: int, other: int) -> bool:
        """Make the exchanges between two groups that help; say whether there was one."""
        done = False
        while True:
            going, coming = self._kinds(group, other), self._kinds(other, group)
            gains = (
                (self._gain(group, other, a, b), self._turn[p], self._turn[q])
                for a, p in going.items()
                for b, q in coming.items()
            )
            best = max(((gain, -one, -two) for gain, one, two in gains), default=(0, 0, 0))
            if best[0] <= 0:
                return done
            people = {self._turn[person]: person for found in (going, coming) for person in found.values()}
            self._exchange(people[-best[1]], people[-best[2]])
            done = True

    def _kinds(self, group: int, other: int) -> dict[Kind, int]:
        """For each kind that can go from a group to the other the first such person in the order of the lot."""
        people: Collection[int] = self.equals.movers[group].get(other, ())
        found: dict[Kind, int] = {}
        for person in people:
            kind = self.kinds[person]
            if kind not in found or self._turn[person] < self._turn[found[kind]]:
                found[kind] = person
        return found

    def _gain(self, group: int, other: int, going: Kind, coming: Kind) -> int:
        """How many pairs fewer there are after the exchange."""
        there, gain = self._there, 0
        for place, (a, b) in enumerate(zip(going, coming, strict=True)):
            if a != b:
                gain += there[group, place, a] - there[group, place, b] - 1
                gain += there[other, place, b] - there[other, place, a] - 1
        return gain

    def _exchange(self, one: int, two: int) -> None:
        seat = self.equals.seating.seat
        for person, group in ((one, seat[two]), (two, seat[one])):
            self._count(seat[person], self.kinds[person], -1)
            self._count(group, self.kinds[person], 1)
            self.equals.move(person, group)
