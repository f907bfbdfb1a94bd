"""The naive design, planted beside: roll and ballot in two tables, written in one transaction. It falls to all attacks.

So it is known that they can, on this very database: an attack that finds nothing here would prove nothing there.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .links import Choices

FRAME_HEADER, HEADER = 24, 32


def text(choices: Choices) -> str:
    return ",".join(map(str, choices))


def plant(url: str, votes: Sequence[tuple[int, Choices]]) -> None:
    """Cast all votes the naive way: each one transaction with a row in each table."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, execution_options={"alone": True})
    with engine.connect() as connection:
        run = connection.exec_driver_sql
        run("CREATE TABLE naive_roll (member_id integer primary key)")
        run("CREATE TABLE naive_ballot (choices text not null)")
        for member, choices in votes:
            run("BEGIN")
            run(f"INSERT INTO naive_roll VALUES ({member:d})")  # noqa: S608
            run(f"INSERT INTO naive_ballot VALUES ('{text(choices)}')")  # noqa: S608
            run("COMMIT")


def by_transaction(connection: Any, roll: str, ballot: str) -> dict[int, str]:
    """PostgreSQL: rows of the two tables that were written by one transaction, and by no other pair."""
    rows = connection.exec_driver_sql(
        f"SELECT min(r.member_id), min(b.choices) FROM {roll} r JOIN {ballot} b ON b.xmin = r.xmin"  # noqa: S608
        " GROUP BY r.xmin HAVING count(*) = 1"
    )
    return dict(row for row in rows)


def by_replay(folder: Path, data: bytes, log: bytes, roll: str, ballot: str) -> dict[int, str]:
    """SQLite: open the database as of every commit in its log; what is new together belongs together."""
    linked, people, ballots = {}, set[int](), dict[int, Any]()
    for state in _commits(folder, data, log):
        with contextlib.closing(sqlite3.connect(state)) as connection:
            try:
                now = {row[0] for row in connection.execute(f"SELECT member_id FROM {roll}")}  # noqa: S608
                found = dict(connection.execute(f"SELECT rowid, choices FROM {ballot}").fetchall())  # noqa: S608
            except sqlite3.OperationalError:
                continue  # not there yet
        new, more = now - people, found.keys() - ballots.keys()
        if len(new) == len(more) == 1:
            linked[new.pop()] = found[more.pop()]
        people, ballots = now, found
    return linked


def _commits(folder: Path, data: bytes, log: bytes) -> Iterator[Path]:
    """The database after each commit that its log holds."""
    frame = FRAME_HEADER + int.from_bytes(log[8:12], "big")
    for end in range(HEADER + frame, len(log) + 1, frame):
        if not any(log[end - frame + 4 : end - frame + 8]):  # no commit ends here
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "x.db").write_bytes(data)
        (folder / "x.db-wal").write_bytes(log[:end])
        yield folder / "x.db"
