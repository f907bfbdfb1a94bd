"""The scrutineers' package: everything that is needed to check a count again, without this software.

A ZIP of plain text files, byte for byte the same whenever and wherever it is made, and verify.py, which
checks it. It names no voters. It goes to the scrutineers and not to the public: with many options, rare
combinations on a ballot could have been agreed on beforehand as a mark.
"""

import json
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from nacl.signing import SigningKey

from .board import Checkpoint, sign, stamp
from .decisions import Decision
from .seal import Choices, tracker
from .tally import Report

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Question:
    """One question as it stood on the ballot; texts are by language, such as {"en": …, "fr": …, "nl": …}."""

    title: Mapping[str, Any]
    rule: str
    seats: int
    max_approvals: int | None
    options: Sequence[Mapping[str, Any]]
    kind: str = "themes"
    majority: str | None = None
    country: str | None = None
    voters: int | None = None  # how many of those who voted could answer it; None for everybody


@dataclass(frozen=True)
class Contents:
    """A closed election and its count.

    `lists` holds the trackers on the board at each checkpoint, `replaced` those of all envelopes that a
    later vote of the same member took the place of, `ballots` what `seal.open_box` found.
    The last checkpoint is the one made after `closed_at`.
    """

    election: str
    title: Mapping[str, Any]
    questions: Sequence[Question]
    public_key: bytes
    custody: str  # "scrutineers" or "server"
    roll_size: int
    roll_hash: str
    opened_at: datetime
    closed_at: datetime
    checkpoints: Sequence[Checkpoint]
    lists: Sequence[Collection[str]]
    replaced: Collection[str]
    envelopes: Collection[bytes]
    ballots: Sequence[tuple[int, Choices]]
    spoilt: int
    reports: Sequence[Report | Decision]
    papers: Sequence[tuple[int, Choices]] = ()  # the ballots on paper, which are among the ballots too
    spoilt_papers: int = 0
    most_themes: int | None = None
    goes_on: int = 0  # themes that go on without being voted on


def package(contents: Contents, key: SigningKey) -> bytes:
    """Build the ZIP, with a manifest of all files signed by the service's key."""
    files = _files(contents, bytes(key.verify_key))
    manifest = {
        "kind": "package",
        "election": contents.election,
        "files": {name: sha256(content).hexdigest() for name, content in files.items()},
    }
    files["manifest.json"] = _pretty({**manifest, "signature": sign(manifest, key)})
    archive = BytesIO()
    # Stored and not compressed: compression differs from one machine to another.
    with ZipFile(archive, "w", ZIP_STORED) as zipped:
        for name in sorted(files):
            info = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            zipped.writestr(info, files[name])
    return archive.getvalue()


def _files(contents: Contents, signing_key: bytes) -> dict[str, bytes]:
    """All files but the manifest, as name: content."""
    envelopes = sorted(contents.envelopes, key=tracker)
    return {
        "election.json": _pretty(_election(contents, signing_key)),
        "checkpoints.jsonl": _lines(point.line() for point in contents.checkpoints),
        **_changes(contents.lists),
        "trackers.txt": _lines(tracker(envelope) for envelope in envelopes),
        "replaced.txt": _lines(sorted(set(contents.replaced))),
        "envelopes.txt": _lines(b64encode(envelope).decode() for envelope in envelopes),
        "ballots.json": _ballots(contents.ballots),
        "papers.json": _ballots(contents.papers),
        "report.json": _pretty(
            {"spoilt": contents.spoilt, "questions": [report.as_dict() for report in contents.reports]}
        ),
        "verify.py": (HERE / "verify.py").read_bytes(),
        "README.txt": (HERE / "package.txt").read_bytes(),
    }


def _election(contents: Contents, signing_key: bytes) -> dict[str, Any]:
    """The election as it was announced, and the moments of its voting."""
    return {
        "id": contents.election,
        "title": contents.title,
        "questions": [asdict(question) for question in contents.questions],
        "public_key": contents.public_key.hex(),
        "signing_key": signing_key.hex(),
        "custody": contents.custody,
        "most_themes": contents.most_themes,
        "goes_on": contents.goes_on,
        "spoilt_papers": contents.spoilt_papers,
        "roll_size": contents.roll_size,
        "roll_hash": contents.roll_hash,
        "opened_at": stamp(contents.opened_at),
        "closed_at": stamp(contents.closed_at),
    }


def _changes(lists: Iterable[Collection[str]]) -> dict[str, bytes]:
    """For each checkpoint a file of what came on the board (+) and went from it (-) since the one before.

    Whole lists would say the same at a hundred times the size.
    """
    files: dict[str, bytes] = {}
    before: set[str] = set()
    for number, listed in enumerate(map(set, lists), start=1):
        came, went = sorted(listed - before), sorted(before - listed)
        files[f"changes/{number:04}.txt"] = _lines([f"+{t}" for t in came] + [f"-{t}" for t in went])
        before = listed
    return files


def _ballots(ballots: Iterable[tuple[int, Choices]]) -> bytes:
    """The opened box as JSON, a line for each different ballot, sorted by content."""
    rows = sorted(ballots, key=lambda row: row[1])
    return ("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n").encode()


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _pretty(facts: Mapping[str, Any]) -> bytes:
    """JSON that people can read; a character that no file can hold becomes a question mark."""
    return (json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode(errors="replace")
