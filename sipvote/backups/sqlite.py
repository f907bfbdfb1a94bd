"""SQLite: copied while the service runs, by SQLite's own means; restored beside the database, then put in its place."""

import contextlib
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine

from .manifest import NOT_KEPT, BadBackup, Manifest, differences, facts

DATA = "data.sqlite"


def dump(engine: Engine, folder: Path) -> dict[str, object]:
    """Copy the database to a file in `folder`; give what the manifest says of it. Nobody has to wait for it."""
    copy = folder / DATA
    with contextlib.closing(_open(Path(str(engine.url.database)))) as source, contextlib.closing(_open(copy)) as target:
        source.backup(target)
        # A copy of the pages has the deleted ones too: what is left out must not be found in them.
        for table, where in NOT_KEPT.items():
            target.execute(f"DELETE FROM {table} WHERE {where}")  # noqa: S608  (names of ours)
        target.execute("VACUUM")
        target.execute("PRAGMA journal_mode=DELETE")
    return _facts(copy)


def restore(engine: Engine, folder: Path, manifest: Manifest) -> None:
    """Check the copy in `folder` against its manifest, and put it in the place of the database."""
    copy, place = folder / DATA, Path(str(engine.url.database))
    with contextlib.closing(_open(copy)) as checked:
        faults = [row[0] for row in checked.execute("PRAGMA integrity_check")]
        if faults != ["ok"] or checked.execute("PRAGMA foreign_key_check").fetchone():
            raise BadBackup("The data in this backup is damaged, so nothing was changed. Take another backup.")
    if wrong := differences(manifest.as_dict(), _facts(copy)):
        raise BadBackup(f"The backup does not hold what its manifest says ({', '.join(wrong)}); nothing was changed.")
    engine.dispose()
    if place.exists():
        _shut(place)
    os.chmod(copy, 0o600)
    os.replace(copy, place)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=30)


def _shut(place: Path) -> None:
    """Write the log of a database into its file and remove it; SQLite refuses while somebody else has it open."""
    try:
        with contextlib.closing(sqlite3.connect(place, isolation_level=None, timeout=0)) as old:
            mode = old.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError:
        mode = "wal"
    except sqlite3.DatabaseError:  # what stands there is no database any more: it may go
        for ending in ("-wal", "-shm"):
            Path(f"{place}{ending}").unlink(missing_ok=True)
        return
    if mode != "delete":
        raise BadBackup("The database is in use. Stop `serve` and `work` first, then restore again.")


def _facts(path: Path) -> dict[str, object]:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect().execution_options(alone=True, reads_only=True) as connection:
            return facts(connection)
    finally:
        engine.dispose()
        for ending in ("-wal", "-shm", ".lock"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
