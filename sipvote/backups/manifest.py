"""What must be in a backup: the form of the database, the head of the audit log, and each table's rows and hash."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, inspect, select, text

from ..audit import Entry
from ..db import Base

FORMAT = 1


class BadBackup(Exception):
    """A backup that cannot be made or restored; the text says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """A backup in facts. `tables` is {name: [rows, SHA-256 of them]}, `files` {name: SHA-256} of the parts."""

    format: int
    made_at: str
    dialect: str
    revision: str | None
    audit_last: int | None
    audit_head: str | None
    tables: dict[str, list[Any]]
    files: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


# What signs somebody in is left out of every backup: sessions, and letters with a code that wait to be sent.
NOT_KEPT = {"sign_in": "TRUE", "letter": "is_secret AND batch IS NULL"}


def facts(connection: Connection) -> dict[str, Any]:
    """What a manifest says of a database, as it stands on a connection: revision, head of the log, tables."""
    there = set(inspect(connection).get_table_names())
    if connection.dialect.name == "postgresql":  # moments are hashed as they read, so all in one zone
        connection.exec_driver_sql("SET timezone TO 'UTC'")
    head = None
    if Entry.__tablename__ in there:
        head = connection.execute(select(Entry.id, Entry.hash).order_by(Entry.id.desc()).limit(1)).first()
    revision = "SELECT version_num FROM alembic_version"
    return {
        "revision": connection.execute(text(revision)).scalar() if "alembic_version" in there else None,
        "audit_last": head[0] if head else None,
        "audit_head": head[1] if head else None,
        "tables": {t.name: _hashed(connection, t) for t in Base.metadata.sorted_tables if t.name in there},
    }


def _hashed(connection: Connection, table: Table) -> list[Any]:
    """How many rows of a table go into a backup, and the SHA-256 over them in the order of their keys.

    As the database knows its columns: a backup of an older revision has fewer than the models.
    """
    columns = sorted(column["name"] for column in inspect(connection).get_columns(table.name))
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    kept = f"NOT ({NOT_KEPT[table.name]})" if table.name in NOT_KEPT else "TRUE"
    listed = ", ".join(f'"{name}"' for name in columns)
    wanted = text(f'SELECT {listed} FROM "{table.name}" WHERE {kept} ORDER BY {keys}')  # noqa: S608  (names of ours)
    rows = connection.execute(wanted.execution_options(stream_results=True))
    count, digest = 0, hashlib.sha256()
    for row in rows:
        count += 1
        digest.update(repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]).encode())
    return [count, digest.hexdigest()]


def has_data(engine: Engine) -> bool:
    """Whether a database holds anybody: a member, or an entry of the audit log."""
    there = inspect(engine).get_table_names()
    with engine.connect().execution_options(alone=True, reads_only=True) as connection:
        return any(
            connection.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1')).first()  # noqa: S608
            for name in ("member", "audit_entry")
            if name in there
        )


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """In which facts a restored database differs from its manifest; empty when it is the same."""
    names = [name for name in ("revision", "audit_last", "audit_head") if expected[name] != found[name]]
    tables = expected["tables"].keys() | found["tables"].keys()
    return names + sorted(t for t in tables if expected["tables"].get(t) != found["tables"].get(t))
