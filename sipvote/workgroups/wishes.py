"""Files of wishes: one assignment as JSON, to be computed anywhere and again.

    {"groups": [{"places": 12, "minimum": 8}, {"places": 10}], "wishes": [[1, 0], [0], []]}

Groups and people are numbered from 0 in the order of the file; the first person wishes group 1 most, then group 0.
`minimum` may be left out. Two more keys may be there, a list each with one entry for each person: `lot`, the
mark in the public lot, a text or a whole number; `traits`, a list of texts (profile, language, country).
Other keys are not looked at.
"""

import os
from typing import Any

from ..jsonfile import BadFile, is_whole, load_lists
from .assignment import Assignment, Group, assign

MOST_WISHES = 2_000_000
MOST_GROUPS = 10_000
MOST_PLACES = 1_000_000


def assign_file(path: str | os.PathLike[str], keep: bool = False) -> dict[str, Any]:
    """Assign the wishes of a file: `groups` (None for no place), `placed`, `total_rank`.

    Also `below`, when there are some: the groups that miss their minimum.
    """
    found = load_lists(path, "groups", "wishes")
    try:
        outcome = _assign(found, keep)
    except BadFile:
        raise
    except ValueError as fault:  # what makes no sense to assign()
        raise BadFile(str(fault)) from None
    return _as_json(outcome)


def _assign(found: dict[str, Any], keep: bool) -> Assignment:
    if len(found["groups"]) > MOST_GROUPS:
        raise BadFile(f"There are more than {MOST_GROUPS:,} groups.")
    groups = [_group(entry, number) for number, entry in enumerate(found["groups"])]
    wishes = [_wishes(entry, person) for person, entry in enumerate(found["wishes"])]
    if sum(map(len, wishes)) > MOST_WISHES:
        raise BadFile(f"There are more than {MOST_WISHES:,} wishes.")
    return assign(groups, wishes, lot=_lot(found.get("lot")), traits=_traits(found.get("traits")), keep=keep)


def _as_json(outcome: Assignment) -> dict[str, Any]:
    told = {"groups": list(outcome.groups), "placed": outcome.placed, "total_rank": outcome.total_rank}
    return {**told, "below": list(outcome.below)} if outcome.below else told


def _group(entry: Any, number: int) -> Group:
    if not isinstance(entry, dict) or "places" not in entry:
        raise BadFile(f'Group {number} must be an object with "places".')
    places, minimum = entry["places"], entry.get("minimum", 0)
    for key, value in (("places", places), ("minimum", minimum)):
        if not is_whole(value) or not 0 <= value <= MOST_PLACES:
            raise BadFile(f'"{key}" of group {number} must be a whole number from 0 to {MOST_PLACES:,}.')
    return Group(places, minimum)


def _wishes(entry: Any, person: int) -> list[int]:
    if not isinstance(entry, list) or not all(is_whole(group) for group in entry):
        raise BadFile(f"The wishes of person {person} must be a list of group numbers.")
    return entry


def _lot(found: Any) -> list[int | str] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not (
        all(is_whole(mark) for mark in found) or all(isinstance(mark, str) for mark in found)
    ):
        raise BadFile('"lot" must be a list of texts, or of whole numbers.')
    return found


def _traits(found: Any) -> list[list[str]] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not all(_is_texts(mine) for mine in found):
        raise BadFile('"traits" must be a list with a list of texts for each person.')
    return found


def _is_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(text, str) for text in found)
