"""A backup as one file: made whole or not at all, checked before it is used, old ones thinned out."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from sqlalchemy import Engine

from ..db import now
from . import postgres, sqlite
from .manifest import FORMAT, BadBackup, Manifest, has_data

NAME = re.compile(r"sipvote-\d{8}-\d{6}\.backup")
MANIFEST = "manifest.json"
PIECE = 1024 * 1024
KEEP = 14


def make(engine: Engine, folder: Path) -> tuple[Path, Manifest]:
    """Make a backup in `folder`, which only its owner can read; give its path and what is in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _workplace(folder) as work:
        facts = _tools(engine.dialect.name).dump(engine, work)
        parts = sorted(path for path in work.iterdir())
        moment = now()
        manifest = Manifest(
            format=FORMAT, made_at=moment.isoformat(timespec="seconds"), dialect=engine.dialect.name,
            files={part.name: _hash(part) for part in parts}, **facts,
        )  # fmt: skip
        path = folder / f"sipvote-{moment:%Y%m%d-%H%M%S}.backup"
        _pack(work / "whole", parts, manifest)
        os.replace(work / "whole", path)
        _settle(folder)
    return path, manifest


def _pack(path: Path, parts: list[Path], manifest: Manifest) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as zipped:
            zipped.writestr(MANIFEST, json.dumps(manifest.as_dict(), indent=1))
            for part in parts:
                zipped.write(part, part.name)
        file.flush()
        os.fsync(file.fileno())


def thin_out(folder: Path, keep: int) -> list[Path]:
    """Delete all backups in a folder but the newest `keep`; give those that are gone. Other files stay."""
    found = sorted((path for path in folder.iterdir() if NAME.fullmatch(path.name)), reverse=True)
    for path in found[keep:]:
        path.unlink()
    return found[keep:]


@contextmanager
def opened(path: Path, beside: Path) -> Iterator[tuple[Path, Manifest]]:
    """Unpack a backup into a folder for a while, every byte checked against the manifest. Raises BadBackup."""
    with _workplace(beside) as work:
        try:
            with zipfile.ZipFile(path) as zipped:
                manifest = _manifest(zipped.read(MANIFEST))
                for name in manifest.files:
                    with zipped.open(name) as packed, (work / name).open("wb") as part:
                        shutil.copyfileobj(packed, part, PIECE)
        except OSError as fault:
            raise BadBackup(f"{path} cannot be read: {fault.strerror or fault}.") from None
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError):
            raise BadBackup(f"{path} is no backup of sipvote, or it is damaged. Take another one.") from None
        if damaged := [name for name, expected in manifest.files.items() if _hash(work / name) != expected]:
            raise BadBackup(f"{path} is damaged ({', '.join(damaged)}). Take another backup.")
        yield work, manifest


def _manifest(raw: bytes) -> Manifest:
    facts = json.loads(raw)
    if facts["format"] != FORMAT:
        raise BadBackup(f"This backup has form {facts['format']}; this version of sipvote reads form {FORMAT}.")
    manifest = Manifest(**facts)
    if any(not re.fullmatch(r"[a-z]+\.[a-z]+", name) for name in manifest.files):
        raise ValueError("a name that no backup has")
    return manifest


def restore(engine: Engine, path: Path, *, replace: bool, known: list[str]) -> Manifest:
    """Put a backup in the place of the engine's database, whole or not at all. Raises BadBackup.

    `known` are the revisions that this version of sipvote knows. Data that is there is only replaced when told to.
    """
    beside = Path(str(engine.url.database)).parent if engine.dialect.name == "sqlite" else Path(tempfile.gettempdir())
    with opened(path, beside) as (work, manifest):
        if manifest.dialect != engine.dialect.name:
            raise BadBackup(f"This is a backup of {manifest.dialect}, and the database here is {engine.dialect.name}.")
        if manifest.revision not in known:
            raise BadBackup(f"The backup is of revision {manifest.revision}: restore it with a newer sipvote.")
        if not replace and _is_in_use(engine):
            raise BadBackup("The database holds data. To replace it with the backup, add --replace.")
        _tools(engine.dialect.name).restore(engine, work, manifest)
    if engine.dialect.name == "sqlite":
        _settle(beside)
    return manifest


def _is_in_use(engine: Engine) -> bool:
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return False
    return has_data(engine)


def _tools(dialect: str) -> ModuleType:
    return sqlite if dialect == "sqlite" else postgres


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder that only we can enter, gone afterwards whatever happens."""
    with tempfile.TemporaryDirectory(prefix=".sipvote-", dir=folder) as work:
        yield Path(work)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(folder: Path) -> None:
    """Let the folder's list of files reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
