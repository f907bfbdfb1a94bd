"""What the processes write about themselves: a line for each request, and faults; for people or as JSON.

A line says which page was asked for, never by whom, from where, at which address or with what: no token, no ballot.
Of faults it has the type and the place, never the words: they may hold what somebody typed. Casting a vote is
only counted, so that no moment of the log can be laid beside a ballot.
"""

import json
import logging
import secrets
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Any, TextIO, TypeVar

from flask import Flask, has_request_context, request, request_started

Route = TypeVar("Route", bound=Callable[..., Any])
HEADER = "X-Request-ID"
COUNTED_EVERY = 60  # seconds
log = logging.getLogger("sipvote.requests")


def counted_only(route: Route) -> Route:
    """Mark a route of which no single request is logged, only how many there were."""
    route.counted_only = True  # type: ignore[attr-defined]
    return route


def request_id() -> str:
    """What names this request, in the log and on a page that says that something went wrong."""
    return str(request.environ.get("sipvote.request", "")) if has_request_context() else ""


# --- Requests ---------------------------------------------------------------------------------------


class Requests:
    """WSGI layer: give each request a name that its answer carries, and write one line about it."""

    def __init__(self, app: Flask, wsgi: Callable[..., Any]) -> None:
        self.app, self.wsgi = app, wsgi
        self.counted: Counter[str] = Counter()
        self._guard = threading.Lock()
        self._told_at = monotonic()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        name, begun = secrets.token_hex(8), monotonic()
        environ["sipvote.request"] = name
        answered = ["500"]

        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            answered[0] = status.partition(" ")[0]
            return start_response(status, [*headers, (HEADER, name)], *fault)

        try:
            return self.wsgi(environ, start)
        finally:
            self._write(environ, name, answered[0], monotonic() - begun)

    def _write(self, environ: dict[str, Any], name: str, status: str, seconds: float) -> None:
        endpoint = environ.get("sipvote.endpoint") or "none"
        if getattr(self.app.view_functions.get(endpoint), "counted_only", False):
            self._count(f"{endpoint} {status}")
            return
        method = environ.get("REQUEST_METHOD", "")
        facts = {"method": method if method.isalpha() else "?", "endpoint": endpoint, "status": int(status)}
        facts |= {"request": name, "ms": round(seconds * 1000)}
        log.info("%(method)s %(endpoint)s %(status)s %(ms)s ms", facts, extra={"facts": facts})

    def _count(self, what: str) -> None:
        with self._guard:
            self.counted[what] += 1
            if monotonic() < self._told_at + COUNTED_EVERY:
                return
            counted, self.counted, self._told_at = dict(self.counted), Counter(), monotonic()
        log.info("counted: %s", counted, extra={"facts": {"counted": counted}})


def _note_endpoint(app: Flask, **_more: Any) -> None:
    request.environ["sipvote.endpoint"] = request.endpoint


def init_app(app: Flask) -> None:
    """Name and log each request; the last layer of all, so that it sees what every other makes of the answer."""
    request_started.connect(_note_endpoint, app)
    app.wsgi_app = Requests(app, app.wsgi_app)  # type: ignore[method-assign]


# --- Lines ------------------------------------------------------------------------------------------


class Lines(logging.Formatter):
    """A line for people. Faults are told by type and place."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s%(named)s")

    def format(self, record: logging.LogRecord) -> str:
        record.named = f" [{name}]" if (name := _name_of(record)) else ""
        record.exc_text = None  # another handler may have written the words of a fault there
        return super().format(record)

    def formatException(self, fault: Any) -> str:  # noqa: N802  (logging's own name)
        return trace(*fault)


class Json(Lines):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if name := _name_of(record):
            said["request"] = name
        said |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[0]:
            said["trace"] = trace(*record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def _name_of(record: logging.LogRecord) -> str:
    return str(getattr(record, "facts", {}).get("request") or request_id())


def trace(kind: type[BaseException], fault: BaseException, where: TracebackType | None) -> str:
    """Where a fault came from, and of which type it and those behind it are; no message and no values."""
    told = [f"{kind.__name__}\n{''.join(traceback.format_tb(where))}".rstrip()]
    cause = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if cause is not None:
        told.insert(0, trace(type(cause), cause, cause.__traceback__))
    return "\n".join(told)


def handler(kind: str, stream: TextIO) -> logging.Handler:
    """Write lines of this kind ("text" or "json") to a stream."""
    made = logging.StreamHandler(stream)
    made.setFormatter(Json() if kind == "json" else Lines())
    return made


def configure(kind: str) -> None:
    """Write everything that this process logs to standard error."""
    logging.basicConfig(level=logging.INFO, handlers=[handler(kind, sys.stderr)], force=True)


def for_granian(kind: str) -> dict[str, Any] | None:
    """The same lines from the web server itself."""
    lines = {"()": "sipvote.logs.Json"}
    return {"formatters": {"generic": lines, "access": lines}} if kind == "json" else None
