"""The chain of the audit log: how a line becomes bytes, and how anybody checks an export.

Standard library only, and nothing of this application: take this one file to another machine, and run

    python3 chain.py audit.jsonl --heads heads.jsonl

Each line names the hash of the one before, so a line that was changed, dropped, moved or put in breaks the
chain there. What was cut off at the end, or written anew as a whole, shows at the heads that were published.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START = "0" * 64
LINE = ("line", "at", "actor", "act", "subject", "facts", "previous", "hash")
HEAD = ("day", "line", "hash", "previous", "head")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and at which line of the log."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.why}"


@dataclass(frozen=True)
class Checked:
    """What a check found: the first fault or none, how many lines there are, and the hash of the last."""

    fault: Fault | None
    lines: int
    head: str


# --- Writing ----------------------------------------------------------------------------------------


def canonical(facts: Mapping[str, Any]) -> str:
    """The one way to write these facts as JSON."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(facts: Mapping[str, Any]) -> str:
    """The hash of a line or a head, over everything in it but the hash itself."""
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


# --- Checking ---------------------------------------------------------------------------------------


def check(lines: Iterable[str], heads: Iterable[str] = (), known: Iterable[str] = ()) -> Checked:
    """Check an export, its first fault decides; `heads` are lines of heads.jsonl, `known` hashes out of letters."""
    hashes = [START]
    for number, text in enumerate(lines, start=1):
        found, why = _line(text, number, hashes[-1])
        if why:
            return Checked(Fault(number, why), number - 1, hashes[-1])
        hashes.append(found["hash"])
    fault = next(_faults_by_heads(hashes, heads), None)
    if fault is None and (unknown := [head for head in known if head not in hashes[1:]]):
        fault = Fault(len(hashes), f"no line has the hash {unknown[0]}: lines were cut off, or all written anew.")
    return Checked(fault, len(hashes) - 1, hashes[-1])


def _line(text: str, number: int, previous: str) -> tuple[dict[str, Any], str]:
    """Read one line; what it says, and what is wrong with it."""
    found = _read(text, LINE)
    if found is None:
        return {}, "this is no line of the log, or was changed."
    if digest({name: found[name] for name in LINE[:-1]}) != found["hash"]:
        return found, "its content does not give its hash: it was changed."
    if found["line"] != number:
        return found, f"here stands line {found['line']}: lines were dropped, put in or moved."
    if found["previous"] != previous:
        return found, "it does not follow the line before: one of the two was put in or written anew."
    return found, ""


def _faults_by_heads(hashes: list[str], heads: Iterable[str]) -> Iterator[Fault]:
    """Where the log is not the one whose heads were published, or the heads are not what they were."""
    previous, line = START, 0
    for text in heads:
        head = _read(text, HEAD)
        if head is None or digest({name: head[name] for name in HEAD[:-1]}) != head["head"]:
            yield Fault(line, "the head published next was changed.")
            return
        if head["previous"] != previous or head["line"] < line:
            yield Fault(line, f"the head of {head['day']} does not follow the one before.")
            return
        previous, line = head["head"], head["line"]
        if line >= len(hashes):
            yield Fault(
                len(hashes), f"it is missing, for line {line} was published for {head['day']}: the log was cut."
            )
        elif hashes[line] != head["hash"]:
            yield Fault(line, f"it is not the line published for {head['day']}: lines up to it were written anew.")


def _read(text: str, names: tuple[str, ...]) -> dict[str, Any] | None:
    """Read a line that is written exactly as we write it; None for all others."""
    try:
        found = json.loads(text)
        is_ours = isinstance(found, dict) and set(found) == set(names) and canonical(found) == text.rstrip("\n")
    except (ValueError, RecursionError):
        return None
    return found if is_ours and type(found["line"]) is int else None


def lines_of(file: Path) -> list[str]:
    """The lines of a file, each as it stands; bytes that are no text stay visible as such."""
    text = file.read_bytes().decode("utf-8", errors="replace")
    return text.removesuffix("\n").split("\n") if text else []


def main(args: list[str]) -> int:
    """Check a file; say in one sentence what was found."""
    parser = argparse.ArgumentParser(description="Check an exported audit log.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--heads", type=Path, help="heads.jsonl, from the public page")
    parser.add_argument("--head", action="append", default=[], help="the hash in a letter that you kept")
    asked = parser.parse_args(args)
    checked = check(lines_of(asked.file), lines_of(asked.heads) if asked.heads else (), asked.head)
    print(told(checked))
    return 0 if checked.fault is None else 1


def told(checked: Checked) -> str:
    """The sentence for a check."""
    if checked.fault:
        return str(checked.fault)
    return f"The audit log is whole. Lines: {checked.lines}. Head: {checked.head}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
