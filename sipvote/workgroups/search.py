"""The search for the best sets of slots: branch and bound over sets of people, exact.

A set of people is one number with a bit for each, so that who can come to several slots takes one `&`. Each slot
that is added leaves the same people or fewer; what is left once a slot is added therefore bounds every set
with it, and a slot whose bound is below the worst of the sets to be kept is dropped for the whole branch.
"""

from collections.abc import Iterable, Sequence
from typing import Any

Value = tuple[int, int, int, int]  # come to all, come to all but one, minus the rank of the end, minus the mode


class Order:
    """Slots by place in time: which ones may follow which, and when they end."""

    def __init__(self, in_time: Sequence[int], after: Sequence[int], ends: Sequence[Any]) -> None:
        """`after`: for each place the first place that may follow it; all later ones may follow, too."""
        self.in_time, self.after = in_time, after
        ranks = {end: rank for rank, end in enumerate(sorted(set(ends)))}
        self.ends = [ranks[end] for end in ends]
        self._by_after = sorted(range(len(after)), key=after.__getitem__)
        everything = (1 << len(after)) - 1
        self.fits = [everything >> first << first for first in after]  # as bits: which may be chosen together
        for place, first in enumerate(after):
            for later in range(first, len(after)):
                self.fits[later] |= 1 << place

    def places(self, slots: int) -> int:
        """Turn bits of slots into bits of places."""
        return sum(1 << place for place, slot in enumerate(self.in_time) if slots >> slot & 1)

    def longest(self, slots: int) -> int:
        """How many of these slots, as bits, can be chosen together."""
        return self.chain(self.places(slots))

    def chain(self, places: int) -> int:
        """How many of these places can be chosen together: again and again the one that leaves most room."""
        found = free = 0
        for place in self._by_after:
            if place >= free and places >> place & 1:
                found, free = found + 1, self.after[place]
        return found

    def soonest(self, places: int, wanted: int) -> int | None:
        """The rank of an end before which no `wanted` of these places, together, are over; None if they never are.

        No set leaves more room after it than the chain does; so its last slot is one of those that leave no more.
        """
        found = free = 0
        for place in self._by_after:
            if place >= free and places >> place & 1:
                found, free = found + 1, self.after[place]
                if found == wanted:
                    return min(end for end, after in zip(self.ends, self.after, strict=True) if after >= free)
        return None


class Search:
    """The best sets of `size` slots so far, `how_many` at most; each call of `look` adds a mode."""

    def __init__(self, order: Order, size: int, how_many: int) -> None:
        self.order, self.size, self.how_many = order, size, how_many
        self._kept: dict[tuple[int, ...], Value] = {}  # by their places in order of time
        self._floor: Value = (-1, 0, 0, 0)  # what is worth less is not kept,
        self._last: tuple[int, ...] = ()  # nor, among equals, what comes after this set
        self._who: list[int] = []  # for each place the people who can come
        self._mode = 0

    @property
    def ranking(self) -> list[tuple[tuple[int, ...], int]]:
        """Pairs (slots in order of time, mode), the best first."""
        ranked = sorted(self._kept, key=self._rank, reverse=True)
        return [(tuple(self.order.in_time[place] for place in places), -self._kept[places][3]) for places in ranked]

    def look(self, slots: int, people: Sequence[int], mode: int) -> None:
        """Look for better sets among these slots, as bits; `people` say, as bits of slots, where they can come.

        Of equal sets the one with the lower `mode` is better. Who cannot come to all meetings of a set, or all but
        one, whatever set it is, does not count and so raises no bound.
        """
        places = self.order.places(slots)
        if self.order.chain(places) < self.size:
            return
        self._mode, self._who = mode, [0] * len(self.order.in_time)
        lengths = {available: self.order.longest(available & slots) for available in set(people)}
        faithful = _bits(lengths[available] >= self.size - 1 for available in people)
        for place, slot in enumerate(self.order.in_time):
            self._who[place] = _bits(available >> slot & 1 for available in people)
        self._extend((), faithful, faithful, 0, [place for place in range(len(self._who)) if places >> place & 1])

    def _extend(self, chosen: tuple[int, ...], everyone: int, nearly: int, end: int, rest: list[int]) -> None:
        """Add places of `rest` in every promising way.

        `everyone` can come to all that is chosen, `nearly` to all but one at least; `end` is the last end.
        """
        left = self.size - len(chosen)
        if left == 1:
            self._finish(chosen, everyone, nearly, end, rest)
            return
        rated = self._rated(everyone, nearly, end, rest)
        if left > 2 and self.order.chain(sum(1 << -minus for _, _, minus, *_ in rated)) < left:
            return
        places = [-minus for _, _, minus, *_ in rated]
        for number, (come, but_one, minus, those, almost, last) in enumerate(rated[: len(rated) - left + 1]):
            if rated[number + left - 1][0] < self._floor[0]:
                return  # one of the slots that are needed brings too few, and so do all that follow
            value, fitting = (come, but_one, -last, -self._mode), self.order.fits[-minus]
            if value >= self._floor:
                more, fit = (*chosen, -minus), [p for p in places[number + 1 :] if fitting >> p & 1]
                if value[:2] > self._floor[:2] or self._may_win_a_tie(more, last, fit):
                    self._extend(more, those, almost, last, fit)

    def _may_win_a_tie(self, chosen: tuple[int, ...], end: int, rest: list[int]) -> bool:
        """Whether a set with as many people as the worst that is kept may still go before it by its dates.

        No set has earlier slots than the one that takes again and again the first slot that fits.
        """
        soonest = self.order.soonest(sum(1 << place for place in rest), self.size - len(chosen))
        if soonest is None or (value := (-max(end, soonest), -self._mode)) < self._floor[2:]:
            return False
        earliest, fitting = list(chosen), -1
        for place in sorted(rest):
            if fitting >> place & 1 and len(earliest) < self.size:
                earliest.append(place)
                fitting &= self.order.fits[place]
        return value > self._floor[2:] or len(earliest) < self.size or tuple(sorted(earliest)) <= self._last

    def _rated(self, everyone: int, nearly: int, end: int, rest: list[int]) -> list[tuple[int, ...]]:
        """The places worth adding, the most promising first.

        Each as (how many come, how many to all but one, minus the place, who comes, who to all but one, end).
        """
        rated: list[tuple[int, ...]] = []
        who, ends, floor = self._who, self.order.ends, self._floor
        for place in rest:
            those = everyone & who[place]
            come = those.bit_count()
            if come >= floor[0]:
                almost = nearly & who[place] | everyone
                but_one, last = almost.bit_count(), max(end, ends[place])
                if (come, but_one, -last, -self._mode) >= floor:
                    rated.append((come, but_one, -place, those, almost, last))
        rated.sort(reverse=True)
        return rated

    def _finish(self, chosen: tuple[int, ...], everyone: int, nearly: int, end: int, rest: list[int]) -> None:
        """Add the last place in every way that is good enough."""
        who, ends, floor = self._who, self.order.ends, self._floor[0]
        for place in rest:
            come = (everyone & who[place]).bit_count()
            if come >= floor:
                but_one = (nearly & who[place] | everyone).bit_count()
                value = (come, but_one, -max(end, ends[place]), -self._mode)
                if value >= self._floor:
                    self._keep(tuple(sorted((*chosen, place))), value)

    def _keep(self, places: tuple[int, ...], value: Value) -> None:
        self._kept[places] = max(value, self._kept.get(places, value))
        if len(self._kept) > self.how_many:
            del self._kept[min(self._kept, key=self._rank)]
        if len(self._kept) == self.how_many:
            self._last = min(self._kept, key=self._rank)
            self._floor = self._kept[self._last]

    def _rank(self, places: tuple[int, ...]) -> tuple[Value, tuple[int, ...]]:
        """What sets are ordered by: of equal ones the one with earlier slots is better."""
        return self._kept[places], tuple(-place for place in places)


def _bits(flags: Iterable[int]) -> int:
    """Make one number of many flags, the first as its lowest bit."""
    text = "".join("1" if flag else "0" for flag in flags)
    return int(text[::-1], 2) if text else 0
