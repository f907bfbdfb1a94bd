"""A stage on which months pass: server, worker and members in this process, by a clock that can be moved.

What happens between a wish in autumn and the fifth meeting in spring depends on days: deadlines pass, reminders
leave, places lapse. So here the whole process travels in time, and the worker's jobs run when the play says so.
Settings, database, mail and pages are those of production, as on the other stage.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest import mock

import time_machine
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from .. import worker
from ..i18n import ZONE
from .browser import Broken
from .letterbox import Letter
from .stage import Stage, stage

STEP = timedelta(hours=12)  # the worker looks at least so often, as it does every minute in real life


@dataclass
class Season:
    """The stage, the application on it, and the clock; moments of the play are Brussels' time, without a zone."""

    stage: Stage
    app: Flask
    clock: time_machine.Traveller

    @property
    def now(self) -> datetime:
        return datetime.now(ZONE).replace(tzinfo=None)

    def work(self) -> None:
        """Let the worker do its regular jobs, once."""
        worker.do(self.app, "regular")

    def until(self, moment: datetime, step: timedelta = STEP) -> None:
        """Let time pass until a moment; meanwhile the worker does what is due. Longer steps are for quiet months."""
        if moment < self.now:
            raise Broken(f"{moment} is over: it is {self.now}")
        while (next_one := min(self.now + step, moment)) < moment:
            self._be(next_one)
        self._be(moment)

    def _be(self, moment: datetime) -> None:
        self.clock.move_to(moment.replace(tzinfo=ZONE))
        self.work()


class Post:
    """The letterbox of a season: who waits for a letter lets the worker write it."""

    def __init__(self, season: Season) -> None:
        self._season, self._letters = season, season.stage.letters

    def to(self, address: str) -> list[Letter]:
        """The letters to an address until now."""
        return self._letters.to(address)

    def wait(self, address: str, after: int, wanted: str) -> Letter:
        """The first letter beyond the first `after` in which this pattern is found."""
        worker.do(self._season.app, "mail")
        return self._letters.wait(address, after, wanted)


class _Silent(WSGIRequestHandler):
    """Says nothing about each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave it out."""


@contextlib.contextmanager
def season(database_url: str | None, keep: bool, begins: datetime) -> Iterator[Season]:
    """Set everything up as it would have been at a moment (Brussels' time) on an empty, migrated database."""
    from ..app import create_app

    with stage(database_url, keep, "strict") as built, mock.patch.dict(os.environ, built.environment):
        app = create_app()
        with time_machine.travel(begins.replace(tzinfo=ZONE), tick=True) as clock, _serving(built, app):
            yield Season(built, app, clock)
        with app.app_context():
            _dispose()


@contextlib.contextmanager
def _serving(built: Stage, app: Flask) -> Iterator[None]:
    server = make_server("127.0.0.1", int(built.environment["PORT"]), app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _dispose() -> None:
    from ..db import db

    for engine in db.engines.values():
        engine.dispose()
