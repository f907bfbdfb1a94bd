"""The cheapest seating of many people in few groups: a minimum-cost flow with one node for a group, none for a person.

A change from group g to group h costs what the cheapest of those in g pays for it, so that a graph of 600 groups
stands for 20,000 people. Method: everybody begins in their cheapest group; who sits there beyond its places, or
is missing below its minimum, is evened out along shortest paths. Prices of the groups keep every cost at or above
zero (Edmonds and Karp, 1972), and all paths of one length are taken together (Dinic, 1970). Whole numbers only.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count, pairwise


class OutOfReach(ValueError):
    """No seating fills these sets of groups to their least numbers: all who may sit there do already."""

    def __init__(self, sets: list[set[int]]) -> None:
        super().__init__(sets)
        self.sets = sets


class Seating:
    """Where people sit: `seat[person]` is their group, so that the sum of their costs is the least possible.

    `costs[person]` gives what each group costs them that they may sit in. `least` and `most` bound the number of
    people in each group; together the groups must have room for all. `price` proves that it is the optimum: a
    person sits only where cost - price is least for them. The node `pool` stands for free places.
    """

    def __init__(self, costs: Sequence[Mapping[int, int]], least: Sequence[int], most: Sequence[int]) -> None:
        self.costs, self.least, self.most = costs, least, most
        self.pool, self._n = len(most), max(1, len(costs))
        self.price = [0] * (self.pool + 1)
        self.seat = [-1] * len(costs)
        # For each group and each other one: whoever would move, the cheapest first, as cost * n + person.
        self._moves: list[dict[int, list[int]]] = [{} for _group in most]
        sizes = [0] * self.pool
        for person, mine in enumerate(costs):
            first = min(mine, key=lambda group: (mine[group], group))
            self._sit(person, first)
            sizes[first] += 1
        self.used = [max(low, min(size, high)) for size, low, high in zip(sizes, least, most, strict=True)]
        # How many are too many, or are missing when negative; the sum over all nodes is zero.
        self._over = [size - used for size, used in zip(sizes, self.used, strict=True)]
        self._over.append(-sum(self._over))
        while min(self._over) < 0:
            self._raise_prices()
            while self._even_out():
                pass

    def _sit(self, person: int, group: int) -> None:
        self.seat[person] = group
        mine, moves = self.costs[person], self._moves[group]
        for other, cost in mine.items():
            if other != group:
                heappush(moves.setdefault(other, []), (cost - mine[group]) * self._n + person)

    def _cost(self, group: int, other: int) -> int | None:
        """What the cheapest change costs, None when nobody can."""
        heap = self._moves[group].get(other, [])
        while heap and self.seat[heap[0] % self._n] != group:
            heappop(heap)  # who has left since
        return heap[0] // self._n if heap else None

    def _arcs(self, node: int) -> Iterator[tuple[int, int]]:
        """Where a surplus can go from a node, and at what cost above the prices: never below zero."""
        mine = self.price[node]
        if node == self.pool:
            for group, used in enumerate(self.used):
                if used > self.least[group]:
                    yield group, mine - self.price[group]
            return
        if self.used[node] < self.most[node]:
            yield self.pool, mine - self.price[self.pool]
        for other in self._moves[node]:
            cost = self._cost(node, other)
            if cost is not None:
                yield other, cost + mine - self.price[other]

    def _is_tight(self, node: int, other: int) -> bool:
        """Whether a surplus can go along here at no cost above the prices."""
        if node == self.pool:
            cost = 0 if self.used[other] > self.least[other] else None
        elif other == self.pool:
            cost = 0 if self.used[node] < self.most[node] else None
        else:
            cost = self._cost(node, other)
        return cost is not None and cost + self.price[node] == self.price[other]

    def _raise_prices(self) -> None:
        """Raise prices by the distance from the nearest surplus, until the nearest gap can be filled."""
        far = {node: 0 for node, over in enumerate(self._over) if over > 0}
        heap, done = [(0, node) for node in far], dict[int, int]()
        while heap:
            distance, node = heappop(heap)
            if node in done:
                continue
            if self._over[node] < 0:
                self.price = [price + min(done.get(v, distance), distance) for v, price in enumerate(self.price)]
                return
            done[node] = distance
            for other, cost in self._arcs(node):
                if other not in done and distance + cost < far.get(other, distance + cost + 1):
                    far[other] = distance + cost
                    heappush(heap, (distance + cost, other))
        raise OutOfReach(self._closed())

    def _closed(self) -> list[set[int]]:
        """The groups from which somebody could still come to one that misses people; sets that overlap are one."""
        into: list[list[int]] = [[] for _node in self.price]
        for node in range(len(self.price)):
            for other, _cost in self._arcs(node):
                into[other].append(node)
        sets: list[set[int]] = []
        for gap in (node for node, over in enumerate(self._over) if over < 0):
            found, todo = {gap}, [gap]
            while todo:
                new = {node for node in into[todo.pop()] if node not in found}
                found |= new
                todo += new
            near = [one for one in sets if not one.isdisjoint(found)]
            sets = [one for one in sets if one.isdisjoint(found)] + [found.union(*near)]
        return sets

    def _even_out(self) -> bool:
        """Fill gaps along shortest paths at no cost above the prices, until none is left of that length."""
        level = {node: 0 for node, over in enumerate(self._over) if over > 0}
        sources, ahead, gap = list(level), dict[int, list[int]](), False
        for step in count():
            layer = [node for node, mine in level.items() if mine == step] if step else sources
            gap = any(self._over[node] < 0 for node in layer)
            if gap or not layer:
                break
            for node in layer:
                free = [other for other, cost in self._arcs(node) if not cost and level.get(other, step + 1) > step]
                level |= dict.fromkeys(free, step + 1)
                ahead[node] = free
        for source in sources if gap else []:
            while self._over[source] > 0 and (path := self._path(source, ahead)):
                self._shift(path)
        return gap

    def _path(self, source: int, ahead: dict[int, list[int]]) -> list[int]:
        """A way from a surplus to a gap; what leads nowhere is struck from `ahead`."""
        path = [source]
        while path and self._over[path[-1]] >= 0:
            node = path[-1]
            ways = ahead.get(node, [])
            while ways and not self._is_tight(node, ways[-1]):
                ways.pop()
            if ways:
                path.append(ways[-1])
                continue
            path.pop()
            if path:
                ahead[path[-1]].pop()
        return path

    def _shift(self, path: list[int]) -> None:
        """One person fewer at the beginning of the path, one more at its end."""
        self._over[path[0]] -= 1
        self._over[path[-1]] += 1
        for node, other in pairwise(path):
            if node == self.pool:
                self.used[other] -= 1
            elif other == self.pool:
                self.used[node] += 1
            else:
                self._sit(heappop(self._moves[node][other]) % self._n, other)
