"""The drill: a backup is restored into a copy, the copy destroyed, restored again on nothing, and compared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from sqlalchemy import Engine, create_engine, text

from . import archive, postgres
from .manifest import BadBackup, Manifest, differences, facts

VOTES = (
    "SELECT edition.year, election.closed_at IS NULL,"
    " (SELECT count(*) FROM envelope WHERE envelope.election_id = election.id)"
    " FROM election JOIN edition ON edition.id = election.edition_id WHERE election.opened_at IS NOT NULL ORDER BY 1"
)


def run(engine: Engine, known: list[str], say: Callable[[str], None]) -> None:
    """Do it all beside the database that is in use, which it only reads. Raises BadBackup when anything differs."""
    begun = monotonic()
    with TemporaryDirectory(prefix="sipvote-drill-") as folder:
        path, manifest = archive.make(engine, Path(folder))
        say(f"Backup: {path.stat().st_size:,} bytes, {_rows(manifest):,} rows, {monotonic() - begun:.1f} s.")
        with _beside(engine, Path(folder)) as empty:
            with empty() as copy:
                archive.restore(copy, path, replace=False, known=known)
            say("A copy is restored from it, and destroyed.")
            again = monotonic()
            with empty() as copy:
                archive.restore(copy, path, replace=False, known=known)
                say(f"Restored on nothing: {monotonic() - again:.1f} s.")
                _compare(copy, manifest, say)
    say(f"The drill took {monotonic() - begun:.1f} s.")


def _rows(manifest: Manifest) -> int:
    return sum(rows for rows, _digest in manifest.tables.values())


def _compare(copy: Engine, manifest: Manifest, say: Callable[[str], None]) -> None:
    with copy.connect().execution_options(reads_only=True) as connection:
        found = facts(connection)
        votes = connection.execute(text(VOTES)).all()
    if wrong := differences(manifest.as_dict(), found):
        raise BadBackup(f"The restored copy differs: {', '.join(wrong)}.")
    say(f"Every table is the same, row by row: {len(manifest.tables)} tables.")
    say(f"The audit log ends with the same entry: {manifest.audit_last}, {(manifest.audit_head or 'none')[:16]}.")
    for year, is_open, envelopes in votes:
        say(f"The vote of {year} {'goes on' if is_open else 'stays closed'}, with {envelopes:,} envelopes.")


@contextmanager
def _beside(engine: Engine, folder: Path) -> Iterator[Callable[[], Any]]:
    """Give what makes an empty database of the same kind, for a block at whose end it is destroyed."""
    name = f"{engine.url.database}_drill"

    @contextmanager
    def on_sqlite() -> Iterator[Engine]:
        with TemporaryDirectory(dir=folder) as place:
            yield from _engine(f"sqlite:///{place}/drill.db")

    @contextmanager
    def on_postgresql() -> Iterator[Engine]:
        if not postgres.make_database(engine, name):
            raise BadBackup("The drill needs the right to make a database: ALTER ROLE … CREATEDB, or another user.")
        try:
            yield from _engine(engine.url.set(database=name))
        finally:
            postgres.drop_database(engine, name)

    yield on_sqlite if engine.dialect.name == "sqlite" else on_postgresql


def _engine(url: Any) -> Iterator[Engine]:
    copy = create_engine(url)
    try:
        yield copy
    finally:
        copy.dispose()
