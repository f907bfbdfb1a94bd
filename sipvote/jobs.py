"""The job queue: huey on its own SQLite file, or on PostgreSQL when the database is there.

Web processes only ask for jobs by name; the worker (worker.py) knows what they do. So the web
does not import the rooms' jobs, and a job that nobody knows any more is dropped with a log line.
"""

import importlib
import logging
import sys
from typing import Any

from flask import Flask, current_app

from . import mail

log = logging.getLogger(__name__)


def _make(app: Flask) -> Any:
    url = app.config["JOBS_URL"] or app.config["SQLALCHEMY_DATABASE_URI"]
    on_postgresql = url.startswith("postgresql") and not app.testing
    huey = _load_huey(on_postgresql)
    # What lies in the queue is pickled: unsigned, who may write one row of the database could run anything here.
    signed = importlib.import_module("huey.serializer").SignedSerializer(app.config["SECRET_KEY"], salt="sipvote.jobs")
    if app.testing:
        return huey.MemoryHuey("sipvote", immediate=False, serializer=signed)
    if on_postgresql:
        dsn = url.replace("postgresql+psycopg://", "postgresql://")
        return huey.PostgresHuey("sipvote", dsn=dsn, serializer=signed)
    return huey.SqliteHuey("sipvote", filename=str(app.config["INSTANCE"] / "jobs.db"), serializer=signed)


def _load_huey(on_postgresql: bool) -> Any:
    """Load huey, without the driver of PostgreSQL where the queue lies elsewhere.

    It takes the driver whenever it is installed: 9 MB in every web process, for nothing.
    """
    if on_postgresql:
        storage: Any = importlib.import_module("huey.storage")
        storage.psycopg = importlib.import_module("psycopg")  # this process may have loaded huey without it
        return importlib.import_module("huey")
    absent = sys.modules.setdefault("psycopg", None) is None  # type: ignore[arg-type]  # what import takes for "none"
    try:
        return importlib.import_module("huey")
    finally:
        if absent:
            del sys.modules["psycopg"]


def queue_of(app: Flask) -> Any:
    """The app's queue, with its one task `run(word)` registered."""
    return app.extensions["huey"]


def ask(word: str) -> None:
    """Ask the worker to do a job soon; a queue that cannot be reached is no reason to fail a request."""
    try:
        current_app.extensions["sipvote.run"](word)
    except Exception as fault:  # noqa: BLE001  (the worker looks by itself every minute)
        log.warning("job %s not queued: %s", word, type(fault).__name__)


BEATS = "sipvote.beats"
FORGOTTEN_AFTER = 24 * 3600  # seconds without a beat, after which a worker is taken for gone


def beat(name: str, facts: dict[str, Any]) -> None:
    """Leave word that a worker is alive, with what it knows, where every web process finds it.

    `facts` holds `at`, its seconds since 1970. Of two workers that write at once one may be lost, for a minute.
    """
    queue = queue_of(current_app)
    alive = {who: said for who, said in beats().items() if said["at"] > facts["at"] - FORGOTTEN_AFTER}
    queue.put(BEATS, alive | {name: facts})


def beats() -> dict[str, dict[str, Any]]:
    """What every worker said last, by its name; nothing, if it was not signed with our secret."""
    try:
        return queue_of(current_app).get(BEATS, peek=True) or {}
    except ValueError:
        log.warning("what the workers said is not signed by us, and was not read")
        return {}


def init_app(app: Flask) -> None:
    """Open the queue, and wake the worker whenever letters were committed."""
    huey = _make(app)

    def run(word: str) -> None:
        from . import worker  # only the worker process ever gets here

        worker.do(app, word)

    app.extensions["huey"] = huey
    app.extensions["sipvote.run"] = huey.task(name="run")(run)
    mail.wake[:] = [_wake]


def _wake() -> None:
    ask("mail")


def consumer_options() -> dict[str, Any]:
    """How the worker polls: quickly, because people wait for the sign-in mail."""
    return {"workers": 2, "initial_delay": 0.1, "max_delay": 0.5, "backoff": 1.5, "check_worker_health": True}
