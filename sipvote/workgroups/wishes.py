"""Files of wishes: one assignment as JSON, to be computed anywhere and again.

    {"groups": [{"places": 12, "minimum": 8}, {"places": 10}], "wishes": [[1, 0], [0], []]}

Groups and people are numbered from 0 in the order of the file; the first person wishes group 1 most, then group 0.
`minimum` may be left out. Two more keys may be there, a list each with one entry for each person: `lot`, the
mark in the public lot, a text or a whole number; `traits`, a list of texts (profile, language, country).
Other keys are not looked at.
"""

import json
import os
from typing import Any, NoReturn

from .assignment import Assignment, Group, assign

MOST_BYTES = 50_000_000
MOST_WISHES = 2_000_000
MOST_GROUPS = 10_000
MOST_PLACES = 1_000_000


class BadWishes(ValueError):
    """Wishes that cannot be read or assigned; the message is one sentence that says where and why."""


def assign_file(path: str | os.PathLike[str], keep: bool = False) -> dict[str, Any]:
    """Assign the wishes of a file: `groups` (None for no place), `placed`, `total_rank`.

    Also `below`, when there are some: the groups that miss their minimum.
    """
    found = _parse(_load(path))
    if not isinstance(found, dict):
        raise BadWishes('The file must hold one JSON object, with "groups" and "wishes".')
    for key in ("groups", "wishes"):
        if not isinstance(found.get(key), list):
            raise BadWishes(f'The key "{key}" must be there and be a list.')
    try:
        outcome = _assign(found, keep)
    except BadWishes:
        raise
    except ValueError as fault:  # what makes no sense to assign()
        raise BadWishes(str(fault)) from None
    return _as_json(outcome)


def _assign(found: dict[str, Any], keep: bool) -> Assignment:
    if len(found["groups"]) > MOST_GROUPS:
        raise BadWishes(f"There are more than {MOST_GROUPS:,} groups.")
    groups = [_group(entry, number) for number, entry in enumerate(found["groups"])]
    wishes = [_wishes(entry, person) for person, entry in enumerate(found["wishes"])]
    if sum(map(len, wishes)) > MOST_WISHES:
        raise BadWishes(f"There are more than {MOST_WISHES:,} wishes.")
    return assign(groups, wishes, lot=_lot(found.get("lot")), traits=_traits(found.get("traits")), keep=keep)


def _as_json(outcome: Assignment) -> dict[str, Any]:
    told = {"groups": list(outcome.groups), "placed": outcome.placed, "total_rank": outcome.total_rank}
    return {**told, "below": list(outcome.below)} if outcome.below else told


def _group(entry: Any, number: int) -> Group:
    if not isinstance(entry, dict) or "places" not in entry:
        raise BadWishes(f'Group {number} must be an object with "places".')
    places, minimum = entry["places"], entry.get("minimum", 0)
    for key, value in (("places", places), ("minimum", minimum)):
        if not _is_int(value) or not 0 <= value <= MOST_PLACES:
            raise BadWishes(f'"{key}" of group {number} must be a whole number from 0 to {MOST_PLACES:,}.')
    return Group(places, minimum)


def _wishes(entry: Any, person: int) -> list[int]:
    if not isinstance(entry, list) or not all(_is_int(group) for group in entry):
        raise BadWishes(f"The wishes of person {person} must be a list of group numbers.")
    return entry


def _lot(found: Any) -> list[int | str] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not (
        all(_is_int(mark) for mark in found) or all(isinstance(mark, str) for mark in found)
    ):
        raise BadWishes('"lot" must be a list of texts, or of whole numbers.')
    return found


def _traits(found: Any) -> list[list[str]] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not all(_is_texts(mine) for mine in found):
        raise BadWishes('"traits" must be a list with a list of texts for each person.')
    return found


def _is_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(text, str) for text in found)


def _is_int(found: Any) -> bool:
    """Say whether this is a whole number; in Python true and false would pass for 1 and 0."""
    return isinstance(found, int) and not isinstance(found, bool)


def _load(path: str | os.PathLike[str]) -> bytes:
    """Give the bytes of a file of reasonable size."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise BadWishes(f"There is no file {name!r}.") from None
    except OSError as fault:
        raise BadWishes(f"The file {name!r} cannot be read: {fault.strerror}.") from None
    except ValueError:
        raise BadWishes(f"No file can have the name {name!r}.") from None
    if len(content) > MOST_BYTES:
        raise BadWishes(f"The file is larger than {MOST_BYTES:,} bytes.")
    return content


def _parse(content: bytes) -> Any:
    """Give what the bytes hold as JSON, strictly."""
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_not_a_number, object_pairs_hook=_once)
    except BadWishes:
        raise
    except UnicodeDecodeError as fault:
        raise BadWishes(f"The file is not UTF-8 text: byte {fault.start + 1} does not fit.") from None
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        raise BadWishes(f"The file is not JSON: {where}: {fault.msg}.") from None
    except RecursionError:
        raise BadWishes("The file holds no wishes: its lists are nested too deeply.") from None
    except ValueError:  # Python refuses to read a number of thousands of digits
        raise BadWishes("The file holds a number with too many digits.") from None


def _not_a_number(word: str) -> NoReturn:
    raise BadWishes(f"The file is not JSON: {word} is not a number.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; two values under one key could be read in two ways."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadWishes("A key stands twice in one object.")
    return found
