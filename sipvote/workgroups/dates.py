"""Files of dates: one group to be planned as JSON, for anywhere and without the database.

    {"slots": ["2026-11-05T18:00", "2026-11-12T18:00"], "meetings": 2, "min_days_between": 7, "available": [[0, 1]]}

Slots are local times when a meeting could start; "available" says for each person to which slots they can come,
numbered from 0. `min_days_between` may be left out: 0. Other keys are not looked at. How long a meeting takes is
not said, so that of two slots only the same moment counts as an overlap.
"""

import os
from datetime import datetime
from typing import Any

from ..jsonfile import BadFile, is_whole, load_lists
from .planning import Availability, Problem, Slot, best, most_meetings

MOST_SLOTS = 366
MOST_PEOPLE = 100_000
MOST_DAYS = 366


def plan_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Plan the dates of a file: `slots`, the best set in order of time, and how many people can come to all."""
    problem = read(path)
    plan = best(problem)
    if plan is None:
        raise BadFile(_why_not(problem))
    return {"slots": list(plan.slots), "all_meetings": len(plan.come)}


def read(path: str | os.PathLike[str]) -> Problem:
    """Read a file of dates; raise `BadFile` at the first fault."""
    found = load_lists(path, "slots", "available")
    for key, most in (("slots", MOST_SLOTS), ("available", MOST_PEOPLE)):
        if len(found[key]) > most:
            raise BadFile(f'The list "{key}" is longer than {most:,}.')
    slots = [_slot(entry, number) for number, entry in enumerate(found["slots"])]
    people = [_availability(entry, person, len(slots)) for person, entry in enumerate(found["available"])]
    meetings = _number(found.get("meetings"), "meetings", 1, MOST_SLOTS)
    return Problem(slots, people, meetings, _number(found.get("min_days_between", 0), "min_days_between", 0, MOST_DAYS))


def _slot(entry: Any, number: int) -> Slot:
    try:
        starts_at = datetime.fromisoformat(entry)
    except (TypeError, ValueError):
        raise BadFile(f'Slot {number} must be a date and a time, such as "2026-11-05T18:00".') from None
    if starts_at.tzinfo is not None:
        raise BadFile(f"Slot {number} must be a local time, without a zone.")
    return Slot(starts_at, starts_at)


def _availability(entry: Any, person: int, slots: int) -> Availability:
    if not isinstance(entry, list) or not all(is_whole(slot) for slot in entry):
        raise BadFile(f"The availability of person {person} must be a list of slot numbers.")
    strange = next((slot for slot in entry if not 0 <= slot < slots), None)
    if strange is not None:
        there = f"there are {slots}, from 0" if slots else "there are none"
        raise BadFile(f"Person {person} names slot {_readable(strange)}, but {there}.")
    return Availability(either=sum(1 << slot for slot in set(entry)))


def _number(found: Any, key: str, least: int, most: int) -> int:
    if not is_whole(found) or not least <= found <= most:
        raise BadFile(f'"{key}" must be a whole number from {least} to {most}.')
    number: int = found
    return number


def _why_not(problem: Problem) -> str:
    most, slots = most_meetings(problem), len(problem.slots)
    apart = f" with {problem.apart} days between them" if problem.apart else " at different times"
    return f"There is no set of {problem.meetings} slots{apart}: at most {most} of the {slots} slots can be chosen."


def _readable(number: int) -> str:
    """Write a number out, or only say that it is very large."""
    return str(number) if abs(number) < 10**15 else "of so many digits"
