"""The database: one Base, one clock, one date type, and how SQLite and PostgreSQL are driven.

SQLite: WAL, synchronous=FULL (a vote that was acknowledged survives a power cut), and writers queue
on a file lock before BEGIN IMMEDIATE, because SQLite's own busy handler polls and starves.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from time import time
from typing import Any, TypeVar

from flask import abort, current_app, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Connection, DateTime, Dialect, Engine, Enum, MetaData, TypeDecorator, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, registry


def now() -> datetime:
    """The present moment in UTC, with its zone; the only clock that the rooms read."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets zones, so they are taken off going in and put on coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Names for every constraint, so that migrations can drop and change them on both databases.
_metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    """The base of every table."""

    registry = registry(metadata=_metadata, type_annotation_map={datetime: Moment()})


def words(enum: type[StrEnum], name: str) -> Enum:
    """A column type that stores an enum's words as text, with a check in the database."""
    return Enum(enum, name=name, native_enum=False, length=20, create_constraint=True, values_callable=list)


# What a column `changes` is updated with, by which a row counts how often it was written.
ONCE_MORE = text("changes + 1")


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, whose pages end where the databases' numbers end, and whose sessions end in any case."""

    def paginate(self, select: Any, **options: Any) -> Pagination:
        """Give the page of a list that ?page= asks for; 404 when there is no such page."""
        if len(request.args.get("page", "")) > 6:
            abort(404)
        return super().paginate(select, **options)

    def _teardown_session(self, exc: BaseException | None) -> None:
        """Forget the session when a request ends; also when the database has gone, and the transaction with it.

        The answer is made by then: it must not become a fault because there is nothing left to roll back.
        """
        try:
            super()._teardown_session(exc)
        except OperationalError:
            self.session.registry.clear()


db = Database(model_class=Base, disable_autonaming=True)

# libpq's numbers: what a command gives back, and a connection within a transaction that has not failed.
COMMAND_OK, IN_TRANSACTION = 1, 2
Route = TypeVar("Route", bound=Callable[..., Any])
_thread = threading.local()
# Outside a request (worker, command line) a block of code may say that it only reads.
_reads_only: ContextVar[bool] = ContextVar("reads_only", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Within this block, outside requests, new transactions on SQLite begin without the writers' lock."""
    token = _reads_only.set(True)
    try:
        yield
    finally:
        _reads_only.reset(token)


def look() -> Connection:
    """A connection of its own for one statement that only reads: on SQLite it never waits for a writer.

    A request that holds the writers' lock already would otherwise wait for itself, and everybody for it.
    """
    return db.engine.connect().execution_options(alone=True, reads_only=True)


def at_once() -> Connection:
    """A connection of its own for one statement that writes, and stands as soon as it is through.

    One statement needs no BEGIN and no COMMIT around it: on PostgreSQL they are two more journeys.
    """
    return db.engine.connect().execution_options(alone=True, reads_only=False)


def clock_skew() -> float:
    """The seconds that our clock is ahead of the database's; 0 where it is the same clock."""
    if db.engine.dialect.name == "sqlite":
        return 0.0
    with look() as connection:
        before = time()
        theirs = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar() or 0)
        return (before + time()) / 2 - theirs


def learn_sizes() -> None:
    """After many rows came at once: PostgreSQL would go on planning for the few there were, and take minutes.

    Its own look at the tables comes some minutes later. SQLite plans well enough without.
    """
    if db.engine.dialect.name == "postgresql":
        with at_once() as connection:
            connection.execute(text("ANALYZE"))


@contextmanager
def by_driver(alone: bool) -> Iterator[Any]:
    """The driver's own connection, for what every request asks and every vote writes.

    What SQLAlchemy does around a short statement costs more than the statement. `alone`: each stands by
    itself; else they are one transaction, on SQLite with the writers' lock. Raises OperationalError for
    whatever the driver finds wrong, also when it cannot connect; what was not committed is rolled back.
    """
    dialect = db.engine.dialect
    connection: Any = None
    driver: Any = None
    try:
        connection = db.engine.raw_connection()
        driver = connection.driver_connection
        if not alone and dialect.name == "sqlite":
            _queue_as_writer(connection.info)
        if not alone:
            driver.execute("BEGIN IMMEDIATE" if dialect.name == "sqlite" else "BEGIN")
        yield driver
        if not alone:
            driver.execute("COMMIT")
    except dialect.loaded_dbapi.Error as fault:
        gone = driver is not None and dialect.is_disconnect(fault, driver, None)
        raise OperationalError("", None, fault, connection_invalidated=gone) from fault
    finally:
        if connection is not None:
            connection.close()  # the pool rolls back what is open, and drops a connection that is gone


def only_reads(route: Route) -> Route:
    """Mark a route that only reads, although a form is sent to it: it need not queue behind writers."""
    route.only_reads = True  # type: ignore[attr-defined]
    return route


def writes(route: Route) -> Route:
    """Mark a route that writes, although it is asked for with GET: the address that somebody is sent back to."""
    route.writes = True  # type: ignore[attr-defined]
    return route


def _only_reads() -> bool:
    """Whether the transaction that begins now will only read.

    Requests that only read (GET) must not queue behind writers; everything else takes the lock at once,
    because a transaction that reads first and writes later fails half-way in SQLite.
    """
    if not has_request_context():
        return _reads_only.get()
    route = current_app.view_functions.get(request.endpoint or "")
    if getattr(route, "writes", False):
        return False
    return request.method in ("GET", "HEAD", "OPTIONS") or getattr(route, "only_reads", False)


def engine_options(url: str, threads: int) -> dict[str, Any]:
    """Engine settings for `url`: a pool for the threads that use it, and for each a second one that looks."""
    # What was typed stands in no fault: faults are logged. Last in, first out: what is used often stays prepared.
    options = {"pool_size": threads, "max_overflow": threads, "pool_use_lifo": True, "hide_parameters": True}
    if url.startswith("sqlite"):
        return {**options, "connect_args": {"timeout": 30}}
    return {**options, "pool_recycle": 3600}


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, record: Any) -> None:
    # On both databases we say BEGIN ourselves: a statement alone then needs none.
    if "sqlite3" not in type(connection).__module__:
        connection.autocommit = True
        return
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    # In kB. The system keeps the file in memory once; every connection would keep 2 MB of it besides.
    connection.execute("PRAGMA cache_size=-500")
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info["lock"] = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if path else None


@event.listens_for(Engine, "begin")
def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    begin = "BEGIN"
    if connection.dialect.name == "sqlite":
        reads_only = options["reads_only"] if "reads_only" in options else _only_reads()
        if not reads_only:
            _queue_as_writer(connection.info)
            begin = "BEGIN IMMEDIATE"
    if not options.get("alone") and not _say(connection, begin):
        connection.exec_driver_sql(begin)  # says what is wrong as every caller knows it


@event.listens_for(Engine, "rollback")
def _on_rollback(connection: Connection) -> None:
    """On PostgreSQL we say ROLLBACK ourselves too, and psycopg has nothing left to do.

    Its own forgets every prepared statement, for tables may be others afterwards. Ours are not, and each page
    that reads ends so: all would be parsed and planned anew. Where the connection is gone, psycopg finds out.
    """
    if connection.dialect.name != "postgresql" or connection.closed or connection.invalidated:
        return
    driver: Any = connection.connection.driver_connection
    if driver is not None and driver.pgconn.transaction_status == IN_TRANSACTION:
        _say(connection, "ROLLBACK")


def _say(connection: Connection, word: str) -> bool:
    """Begin or end a transaction by the driver alone, as every page does; give whether it could."""
    driver: Any = connection.connection.driver_connection
    with suppress(connection.dialect.loaded_dbapi.Error):
        if connection.dialect.name == "sqlite":
            driver.execute(word)
            return True
        return bool(driver.pgconn.exec_(word.encode()).status == COMMAND_OK)
    return False


def _queue_as_writer(info: dict[Any, Any]) -> None:
    """Wait for the writers' lock; refuse at once what would wait for itself, and everybody for it."""
    if info.get("is_writing"):
        return  # a second transaction on the same connection: the lock is kept until it goes back to the pool
    if getattr(_thread, "is_writing", False):
        raise RuntimeError("This thread writes already, on another connection; commit there first.")
    if info.get("lock") is not None:
        fcntl.flock(info["lock"], fcntl.LOCK_EX)
        info["is_writing"] = _thread.is_writing = True


@event.listens_for(Engine, "checkin")
def _on_checkin(connection: Any, record: Any) -> None:
    if record.info.pop("is_writing", False):
        fcntl.flock(record.info["lock"], fcntl.LOCK_UN)
        _thread.is_writing = False


@event.listens_for(Engine, "close")
def _on_close(connection: Any, record: Any) -> None:
    if (lock := record.info.pop("lock", None)) is not None:
        os.close(lock)
