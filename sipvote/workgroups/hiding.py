"""Which counts of people are not shown, so that nobody can be worked out; pure.

A count from one to four is hidden. The totals are public, so a count that is hidden alone would follow from the
others; others are therefore hidden with it, the smallest first, until what is hidden together says nothing about
one person: at least two counts, that are five or more together.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

SHOWN_FROM = 5
Key = TypeVar("Key", bound=Hashable)
Group = TypeVar("Group", bound=Hashable)


def covered(
    rows: Mapping[Key, Sequence[int]], least: int = SHOWN_FROM, start: Collection[Key] = frozenset()
) -> set[Key]:
    """The rows that are hidden, when each has one or several counts with a public total.

    `start` are rows of which something is hidden already. A row of zeros is hidden last, when nothing else is left.
    """
    hidden = set(start) | {key for key, counts in rows.items() if any(0 < n < least for n in counts)}
    rest = [key for key in rows if key not in hidden]
    rest.sort(key=lambda key: (not any(rows[key]), *rows[key]))
    while hidden and rest and (len(hidden) < 2 or not _is_safe([rows[key] for key in hidden], least)):
        hidden.add(rest.pop(0))
    return hidden


def _is_safe(rows: Sequence[Sequence[int]], least: int) -> bool:
    return not any(0 < sum(column) < least for column in zip(*rows, strict=True))


def covered_within(parts: Mapping[Key, Mapping[Group, int]]) -> tuple[set[Key], set[Group]]:
    """The parts whose sum is hidden, and the groups in them that are, when the sums of parts and groups are shown."""
    hidden = covered({part: (sum(groups.values()),) for part, groups in parts.items()})
    inside: set[Group] = set()
    for part, groups in parts.items():
        inside |= set(groups) if part in hidden else covered({group: (n,) for group, n in groups.items()})
    return hidden, inside


def covered_in_two(within: Mapping[Key, tuple[int, int]]) -> tuple[set[Key], set[Key]]:
    """For rows of (all, those of them who …): the rows of which nothing is shown, and those without the first count.

    Both together would tell their difference, which may be small too. Then only the second count is shown.
    """
    nothing = covered(within)
    differences = {key: (everybody - some,) for key, (everybody, some) in within.items()}
    return nothing, covered(differences, start=nothing) - nothing
