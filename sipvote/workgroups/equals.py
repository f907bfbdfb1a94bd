"""All seatings that are equally good: who could sit elsewhere in one of them, and who chooses first.

The prices of an optimum (seating.py) show them all: everybody sits where cost - price is least for them, and
a group whose price is not that of the pool keeps its number of people. So the seatings change into each other by
rounds in which each takes the seat of the next, and whether one is there is a matter of finding a way in a small graph.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise

from .seating import Seating


def options(seating: Seating) -> list[list[int]]:
    """For each person the groups that cost - price makes best for them, the cheapest first."""
    found = []
    for mine in seating.costs:
        worth = {group: cost - seating.price[group] for group, cost in mine.items()}
        best = min(worth.values())
        found.append(sorted((group for group in mine if worth[group] == best), key=lambda group: (mine[group], group)))
    return found


class Equals:
    """The rounds that some people can make among their `options` without any loss in the whole.

    With `pool` the sizes of groups may change as far as the optimum allows; without, each keeps its number.
    """

    def __init__(self, seating: Seating, choices: list[list[int]], people: Iterable[int], pool: bool) -> None:
        self.seating, self.choices = seating, choices
        nodes = seating.pool + 1
        self.movers: list[dict[int, dict[int, None]]] = [{} for _node in range(nodes)]
        priced = seating.price[seating.pool]
        self._free = [pool and price == priced for price in seating.price[:-1]]
        self._part = [0] * nodes  # groups in different parts have no round together
        for person in people:
            self._enter(person)

    def _enter(self, person: int) -> None:
        here = self.movers[self.seating.seat[person]]
        for other in self.choices[person]:
            if other != self.seating.seat[person]:
                here.setdefault(other, {})[person] = None

    def _leave(self, person: int) -> None:
        here = self.movers[self.seating.seat[person]]
        for other in self.choices[person]:
            if other in here:
                here[other].pop(person, None)

    def move(self, person: int, group: int) -> None:
        """Seat a person elsewhere among their options."""
        self._leave(person)
        self.seating.seat[person] = group
        self._enter(person)

    def _arcs(self, node: int) -> Iterator[int]:
        seating = self.seating
        if node == seating.pool:
            yield from (g for g, free in enumerate(self._free) if free and seating.used[g] > seating.least[g])
            return
        if self._free[node] and seating.used[node] < seating.most[node]:
            yield seating.pool
        yield from (other for other, people in self.movers[node].items() if people)

    def in_turn(self, order: Iterable[int]) -> None:
        """Each in this order takes the cheapest of their options that those before them leave open.

        What comes out depends on the order alone, not on the seating that it begins with.
        """
        for person in order:
            here = self.seating.seat[person]
            for wish in self.choices[person]:
                if wish == here:
                    break
                way = self._way(wish, here)
                if way:
                    self._shift(way)
                    self.move(person, wish)
                    break
            self._leave(person)

    def _way(self, start: int, end: int) -> list[int]:
        """The shortest way from a node to another; none splits the part, so that it is not looked for again."""
        part = self._part[start]
        if part != self._part[end]:
            return []
        before, queue = {start: start}, deque([start])
        while queue:
            node = queue.popleft()
            for other in self._arcs(node):
                if other not in before and self._part[other] == part:
                    before[other] = node
                    queue.append(other)
            if end in before:
                break
        else:
            new = max(self._part) + 1
            for node in before:
                self._part[node] = new
            return []
        way = [end]
        while way[-1] != start:
            way.append(before[way[-1]])
        return way[::-1]

    def _shift(self, way: list[int]) -> None:
        """One person moves along each step."""
        pool = self.seating.pool
        for node, other in pairwise(way):
            if node == pool:
                self.seating.used[other] -= 1
            elif other == pool:
                self.seating.used[node] += 1
            else:
                self.move(next(iter(self.movers[node][other])), other)

    def rounds(self) -> list[int]:
        """For each node a number: two nodes have the same exactly when a round passes through both (Kosaraju)."""
        ahead = [list(self._arcs(node)) for node in range(len(self._part))]
        into: list[list[int]] = [[] for _node in ahead]
        for node, others in enumerate(ahead):
            for other in others:
                into[other].append(node)
        number = [-1] * len(ahead)
        for root in _finished(ahead):
            if number[root] < 0:
                number[root], stack = root, [root]
                while stack:
                    new = [node for node in into[stack.pop()] if number[node] < 0]
                    stack += dict.fromkeys(new)
                    for node in new:
                        number[node] = root
        self._part = list(number)
        return number


def _finished(ahead: list[list[int]]) -> list[int]:
    """The nodes in the order in which a search in depth leaves them, the last one first."""
    seen, left = set[int](), list[int]()
    for root in range(len(ahead)):
        stack = [] if root in seen else [(root, iter(ahead[root]))]
        seen.add(root)
        while stack:
            node, others = stack[-1]
            other = next((other for other in others if other not in seen), None)
            if other is None:
                left.append(node)
                stack.pop()
            else:
                seen.add(other)
                stack.append((other, iter(ahead[other])))
    return left[::-1]
