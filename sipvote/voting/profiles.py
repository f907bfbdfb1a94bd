"""Profile files: the ballots of one question as JSON, for recounts by hand and for published elections.

    {"options": ["A", "B", "C"], "max_approvals": 2, "ballots": [[40, [0, 2]], [7, []]]}

Forty ballots approve of the first and the third option, seven are blank. `max_approvals` is null, or
left out, when voters may approve of as many options as they like. Other keys are not looked at.
"""

import os
from dataclasses import dataclass
from typing import Any

from ..jsonfile import BadFile, is_whole, load_lists
from .bits import TooManyOutcomes
from .explaining import in_full
from .tally import RULES, Report

MOST_OPTIONS = 1_000
MOST_TIMES = 1_000_000_000
MOST_OUTCOMES = 1_000_000
MOST_NUMBERS = 30_000_000  # in all outcomes together, for they stand in memory


@dataclass(frozen=True)
class Profile:
    """The ballots of one question: each pair says how many times a ballot was cast."""

    options: int
    max_approvals: int | None
    ballots: tuple[tuple[int, tuple[int, ...]], ...]


def read(path: str | os.PathLike[str]) -> Profile:
    """Read a profile file; raise `BadFile` at the first fault."""
    found = load_lists(path, "options", "ballots")
    options, limit = _options(found["options"]), _limit(found.get("max_approvals"))
    entries = enumerate(found["ballots"], start=1)
    ballots = tuple(_ballot(entry, f"Ballot {row}", options, limit) for row, entry in entries)
    return Profile(options, limit, ballots)


def count(profile: Profile, rule: str, seats: int) -> Report:
    """Count a profile by a rule of `tally.RULES`."""
    if rule not in RULES:
        raise BadFile(f"There is no rule {rule!r}; there is {', '.join(RULES)}.")
    if not is_whole(seats) or not 1 <= seats <= profile.options:
        raise BadFile(f"The number of places must be from 1 to {profile.options}, the number of options.")
    try:
        return RULES[rule](profile.ballots, profile.options, seats)
    except TooManyOutcomes as fault:
        raise BadFile(str(fault)) from None


def count_file(path: str | os.PathLike[str], rule: str, seats: int, explain: bool = False) -> dict[str, Any]:
    """Count a profile file: `winners` (None when a lot must decide) and all `outcomes`, as sorted lists.

    On demand also an `explanation`: the rounds, with exact fractions, or the best sets; and the other rules.
    """
    profile = read(path)
    report = count(profile, rule, seats)
    outcomes = report.outcome_count
    if outcomes is None:
        raise BadFile("The tied outcomes are too many to list: the lot decides round by round.")
    if outcomes > MOST_OUTCOMES or outcomes * seats > MOST_NUMBERS:
        raise BadFile(f"There are {_readable(outcomes)} tied outcomes, too many to list.")
    winners = None if report.winners is None else list(report.winners)
    found = {"winners": winners, "outcomes": [list(outcome) for outcome in report.outcomes]}
    return {**found, "explanation": in_full(report, profile.ballots)} if explain else found


def _options(texts: list[Any]) -> int:
    """Give the number of options."""
    if not 1 <= len(texts) <= MOST_OPTIONS:
        raise BadFile(f"There must be from 1 to {MOST_OPTIONS:,} options, not {len(texts):,}.")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise BadFile(f"Option {number} must be a text.")
    return len(texts)


def _limit(found: Any) -> int | None:
    """Give the largest number of options that a ballot may name, None for no limit."""
    if found is not None and (not is_whole(found) or found < 1):
        raise BadFile('"max_approvals" must be null or a whole number of at least 1.')
    limit: int | None = found
    return limit


def _ballot(entry: Any, which: str, options: int, limit: int | None) -> tuple[int, tuple[int, ...]]:
    """Give one entry of "ballots" as (times, sorted options); `which` says in a fault where it stands."""
    if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[1], list):
        raise BadFile(f"{which} must be a pair: how many times, and a list of options.")
    times, named = entry
    if not is_whole(times) or not 1 <= times <= MOST_TIMES:
        raise BadFile(f"{which} must be there a whole number of times, from 1 to {MOST_TIMES:,}.")
    seen: set[int] = set()
    for option in named:
        if not is_whole(option):
            raise BadFile(f"{which} names an option that is not a whole number.")
        if not 0 <= option < options:
            there = f"there are {options} options (0 to {options - 1})"
            raise BadFile(f"{which} names option {_readable(option)}, but {there}.")
        if option in seen:
            raise BadFile(f"{which} names option {option} twice.")
        seen.add(option)
    if limit is not None and len(seen) > limit:
        raise BadFile(f"{which} names {len(seen)} options, but at most {limit} are allowed.")
    return times, tuple(sorted(seen))


def _readable(number: int) -> str:
    """Write a number out, or only its size when it would fill the page."""
    return f"{number:,}" if abs(number) < 10**15 else f"about 10^{len(str(abs(number))) - 1}"
