"""PostgreSQL: pg_dump copies one snapshot, psql restores it in one transaction: whole, or not at all."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from .manifest import NOT_KEPT, BadBackup, Manifest, differences, facts

DATA, LETTERS = "data.dump", "letters.sql"
DEBIAN = Path("/usr/lib/postgresql")
WAITS = 20  # seconds, for whoever still uses the database
ANEW = f"SET lock_timeout = '{WAITS}s';\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"


def dump(engine: Engine, folder: Path) -> dict[str, object]:
    """Dump the database to files in `folder`; give what the manifest says of it. All of it is one snapshot."""
    with engine.connect().execution_options(alone=True, reads_only=True) as connection:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        version = _version(connection)
        found = facts(connection)
        # Of the letters some are left out: no tool of PostgreSQL chooses rows, so they go into a file of their own.
        with (folder / LETTERS).open("wb") as file:
            _copy_letters(connection.connection.driver_connection, file)
        options = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        options += [f"--exclude-table-data={table}" for table in NOT_KEPT]
        _run(engine, [_tool("pg_dump", version), *options, f"--file={folder / DATA}"])
        connection.exec_driver_sql("ROLLBACK")
    return found


def _version(connection: Connection) -> int:
    """The server's version, such as 17."""
    return int((connection.dialect.server_version_info or (0,))[0])


def _copy_letters(driver: Any, file: Any) -> None:
    rows = f"SELECT * FROM letter WHERE NOT ({NOT_KEPT['letter']}) ORDER BY id"  # noqa: S608  (names of ours)
    with driver.cursor() as cursor:
        cursor.execute("SELECT * FROM letter LIMIT 0")
        names = ", ".join(f'"{column.name}"' for column in cursor.description)
        file.write(f"COPY public.letter ({names}) FROM stdin;\n".encode())
        with cursor.copy(f"COPY ({rows}) TO STDOUT") as copied:
            for piece in copied:
                file.write(piece)
    file.write(b"\\.\n")


def restore(engine: Engine, folder: Path, manifest: Manifest) -> None:
    """Restore the files in `folder`, in one transaction, and compare with the manifest within it."""
    with engine.connect().execution_options(alone=True) as connection:
        version = _version(connection)
    engine.dispose()
    script = folder / "restore.sql"
    _run(engine, [_tool("pg_restore", version), "--no-owner", "--no-privileges", f"--file={script}", folder / DATA])
    _check(engine, folder, manifest, script, version)
    _play(engine, version, script, folder / LETTERS)


def _check(engine: Engine, folder: Path, manifest: Manifest, script: Path, version: int) -> None:
    """Play the script into a database of its own first, and compare; without the right to make one, go without."""
    name = f"{engine.url.database}_check"
    if not make_database(engine, name):
        return
    beside = create_engine(engine.url.set(database=name))
    try:
        _play(beside, version, script, folder / LETTERS)
        with beside.connect() as connection:
            wrong = differences(manifest.as_dict(), facts(connection))
    finally:
        beside.dispose()
        drop_database(engine, name)
    if wrong:
        raise BadBackup(f"The backup does not hold what its manifest says ({', '.join(wrong)}); nothing was changed.")


def _play(engine: Engine, version: int, script: Path, letters: Path) -> None:
    """Run the scripts in one transaction on an emptied database."""
    (script.parent / "anew.sql").write_text(ANEW, encoding="utf-8")
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    files = [f"--file={path}" for path in (script.parent / "anew.sql", script, letters)]
    _run(engine, [_tool("psql", version), *options, *files])


def make_database(engine: Engine, name: str) -> bool:
    """Make an empty database beside that of an engine; False without the right to."""
    drop_database(engine, name)
    return _alone(engine, f'CREATE DATABASE "{name}" TEMPLATE template0')


def drop_database(engine: Engine, name: str) -> None:
    """Drop a database that was made beside another."""
    _alone(engine, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _alone(engine: Engine, statement: str) -> bool:
    try:
        with engine.connect().execution_options(alone=True) as connection:
            connection.exec_driver_sql(statement)
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", "") == "42501":  # insufficient_privilege
            return False
        raise
    return True


# --- Its tools ----------------------------------------------------------------------------------------


def _tool(name: str, server: int) -> str:
    """The path of a tool that is at least as new as the server: on the PATH, or where Debian puts each version."""
    beside = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: path.parts[-3], reverse=True)
    candidates = [found for found in (shutil.which(name), *map(str, beside)) if found]
    newest = 0
    for candidate in candidates:
        answer = subprocess.run([candidate, "--version"], capture_output=True, text=True).stdout
        version = int(found[1]) if (found := re.search(r"(\d+)", answer)) else 0
        if version >= server:
            return candidate
        newest = max(newest, version)
    if newest:
        raise BadBackup(
            f"The server is PostgreSQL {server}, and {name} here is of version {newest}: too old."
            f" Install postgresql-client-{server}, or put its folder first on the PATH."
        )
    raise BadBackup(f"{name} is missing. Install postgresql-client-{server}: PostgreSQL is copied by its own tools.")


def _run(engine: Engine, command: list[Any]) -> None:
    """Run a tool on the database of an engine; the password goes by the environment, which no list shows."""
    url = engine.url
    given = {
        "PGHOST": url.host or url.query.get("host"), "PGPORT": url.port or url.query.get("port"),
        "PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"), "PGSSLROOTCERT": url.query.get("sslrootcert"),
    }  # fmt: skip
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
    if "lock timeout" in done.stderr:
        raise BadBackup("The database is in use. Stop `serve` and `work` first, then restore again.")
    raise BadBackup(f"{Path(str(command[0])).name} failed, so nothing was changed: {said}")
