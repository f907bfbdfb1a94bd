"""Files that are given to a word of the command line: JSON, read strictly, refused in one sentence."""

import json
import os
from typing import Any, NoReturn

MOST_BYTES = 50_000_000


class BadFile(ValueError):
    """A file that cannot be used; the message is one sentence that says where and why."""


def load(path: str | os.PathLike[str]) -> Any:
    """Give what a file of at most `MOST_BYTES` bytes holds; raise `BadFile` when it is not JSON."""
    return _parse(_bytes(path))


def load_lists(path: str | os.PathLike[str], *keys: str) -> dict[str, Any]:
    """Give the object that a file holds, with a list under each of the keys; raise `BadFile` when it is not so."""
    found = load(path)
    named = ", ".join(f'"{key}"' for key in keys[:-1]) + f' and "{keys[-1]}"'
    if not isinstance(found, dict):
        raise BadFile(f"The file must hold one JSON object, with {named}.")
    for key in keys:
        if not isinstance(found.get(key), list):
            raise BadFile(f'The key "{key}" must be there and be a list.')
    return found


def is_whole(found: Any) -> bool:
    """Say whether this is a whole number; in Python true and false would pass for 1 and 0."""
    return isinstance(found, int) and not isinstance(found, bool)


def _bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise BadFile(f"There is no file {os.fspath(path)!r}.") from None
    except OSError as fault:
        raise BadFile(f"The file {os.fspath(path)!r} cannot be read: {fault.strerror}.") from None
    except ValueError:
        raise BadFile(f"No file can have the name {os.fspath(path)!r}.") from None
    if len(content) > MOST_BYTES:
        raise BadFile(f"The file is larger than {MOST_BYTES:,} bytes.")
    return content


def _parse(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")  # some editors put a byte order mark in front
        return json.loads(text, parse_constant=_not_a_number, object_pairs_hook=_once)
    except BadFile:
        raise
    except UnicodeDecodeError as fault:
        raise BadFile(f"The file is not UTF-8 text: byte {fault.start + 1} does not fit.") from None
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        raise BadFile(f"The file is not JSON: {where}: {fault.msg}.") from None
    except RecursionError:
        raise BadFile("The lists in the file are nested too deeply.") from None
    except ValueError:  # Python refuses to read a number of thousands of digits
        raise BadFile("The file holds a number with too many digits.") from None


def _not_a_number(word: str) -> NoReturn:
    raise BadFile(f"The file is not JSON: {word} is not a number.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; two values under one key could be read in two ways."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadFile(f"The key {key!r} stands twice in one object.")
        found[key] = value
    return found
