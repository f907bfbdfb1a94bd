"""Floor F3: how many durable commits a second of one envelope's row the database itself makes."""

import secrets
import threading
import time

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

from sipvote.db import db

SECONDS = 3
COLUMNS = (Column("id", Integer, primary_key=True), Column("sealed", LargeBinary), Column("tracker", String(64)))
TABLE = Table("bench_floor", MetaData(), *COLUMNS)


def durable_commits(connections: int) -> float:
    """Commits a second of a new row, over that many connections, within an app context."""
    TABLE.drop(db.engine, checkfirst=True)
    TABLE.create(db.engine)
    engine, done = db.engine, [0] * connections
    until = time.perf_counter() + SECONDS

    def commit(index: int) -> None:
        while time.perf_counter() < until:
            with engine.begin() as connection:
                connection.execute(TABLE.insert().values(sealed=b"x" * 176, tracker=secrets.token_hex(32)))
            done[index] += 1

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    TABLE.drop(engine)
    return sum(done) / SECONDS
