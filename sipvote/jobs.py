"""The job queue: huey on its own SQLite file, or on PostgreSQL when the database is there.

Web processes only ask for jobs by name; the worker (worker.py) knows what they do. So the web
does not import the rooms' jobs, and a job that nobody knows any more is dropped with a log line.
"""

import logging
from typing import Any

from flask import Flask, current_app
from huey import Huey, MemoryHuey, PostgresHuey, SqliteHuey

from . import mail

log = logging.getLogger(__name__)


def _make(app: Flask) -> Huey:
    if app.testing:
        return MemoryHuey("sipvote", immediate=False)
    url = app.config["JOBS_URL"] or app.config["SQLALCHEMY_DATABASE_URI"]
    if url.startswith("postgresql"):
        return PostgresHuey("sipvote", dsn=url.replace("postgresql+psycopg://", "postgresql://"))
    return SqliteHuey("sipvote", filename=str(app.config["INSTANCE"] / "jobs.db"))


def queue_of(app: Flask) -> Huey:
    """The app's queue, with its one task `run(word)` registered."""
    return app.extensions["huey"]


def ask(word: str) -> None:
    """Ask the worker to do a job soon; a queue that cannot be reached is no reason to fail a request."""
    try:
        current_app.extensions["sipvote.run"](word)
    except Exception as fault:  # noqa: BLE001  (the worker looks by itself every minute)
        log.warning("job %s not queued: %s", word, type(fault).__name__)


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
