"""What the processes log: a line a request that names nobody, and faults without a word of what was typed."""

import io
import json
import logging
import sys

import pytest
from flask import abort
from sqlalchemy import text

from sipvote import logs
from sipvote.app import create_app
from sipvote.db import db
from tests.endings import let_go


class Written(io.StringIO):
    """A stream of log lines."""

    @property
    def lines(self):
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def written(caplog):
    """What is logged meanwhile, as JSON."""
    caplog.set_level(logging.INFO)
    stream = Written()
    handler = logs.handler("json", stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def fails(secret):
    card = f"{secret} in a variable"
    try:
        raise ValueError(f"{secret} in a cause")
    except ValueError as cause:
        raise RuntimeError(card) from cause


@pytest.fixture
def as_in_production(app, database, database_url, tmp_path):
    """An app that shows pages for faults instead of raising them, with pages that fail."""
    made = create_app(SQLALCHEMY_DATABASE_URI=database_url, TESTING=False, INSTANCE=tmp_path, JOBS_URL="sqlite://")
    routes = {
        "fault": lambda secret: fails(secret),
        "database": lambda secret: db.session.execute(text("SELECT * FROM nowhere WHERE a = :a"), {"a": secret}),
        "busy": lambda secret: abort(503),
        "fine": lambda secret: "fine",
        "cast": logs.counted_only(lambda secret: "in"),
    }
    for name, view in routes.items():
        view.is_public = True
        made.add_url_rule(f"/{name}/<secret>", name, view)
    made.test_client_class = app.test_client_class
    with made.app_context():
        yield made
    let_go(made)


def test_a_request_is_one_line_without_its_address_or_who_asked(as_in_production, written):
    answer = as_in_production.test_client().get("/en/fine/tok3n?q=s3cret", headers={"X-Request-ID": "mine"})
    (line,) = written.lines
    assert {k: line[k] for k in ("method", "endpoint", "status", "level")} == {
        "method": "GET", "endpoint": "fine", "status": 200, "level": "info",
    }  # fmt: skip
    assert line["request"] == answer.headers["X-Request-ID"] and len(line["request"]) == 16
    assert set(line) == {"time", "level", "logger", "message", "method", "endpoint", "status", "ms", "request"}
    assert not any(word in written.getvalue() for word in ("tok3n", "s3cret", "127.0.0.1", "mine"))


def test_what_is_no_page_is_a_line_too(as_in_production, written):
    answer = as_in_production.test_client().get("/en/there/is/no/s3cret")
    assert answer.status_code == 404 and answer.headers["X-Request-ID"]
    assert [(line["endpoint"], line["status"]) for line in written.lines] == [("none", 404)]
    as_in_production.test_client().open("/en/fine/x", method="S3CRET-WORD")
    assert "s3cret" not in written.getvalue().lower()


@pytest.mark.parametrize(("page", "code", "kinds"), [
    ("fault", 500, ["ValueError", "RuntimeError"]), ("database", None, []), ("busy", 503, []),
])  # fmt: skip
def test_a_fault_is_told_by_type_and_place_and_its_page_has_a_number_to_quote(
    as_in_production, written, page, code, kinds
):
    answer = as_in_production.test_client().get(f"/en/{page}/s3cret")
    name = answer.headers["X-Request-ID"]
    assert answer.status_code == code or (code is None and answer.status_code in (500, 503))
    assert name in answer.text and "quote this number" in answer.text
    assert "s3cret" not in written.getvalue() and "s3cret" not in answer.text
    if kinds:
        (told,) = (line for line in written.lines if line["level"] == "error")
        assert told["request"] == name and "in fails" in told["trace"] and "RuntimeError" in told["message"]


def test_casting_is_only_counted(as_in_production, written, monkeypatch):
    client = as_in_production.test_client()
    for _vote in range(3):
        client.get("/en/cast/x")
    assert written.lines == []
    monkeypatch.setattr(logs, "COUNTED_EVERY", 0)
    client.get("/en/cast/x")
    (line,) = written.lines
    assert line["counted"] == {"cast 200": 4} and "request" not in line


def test_the_routes_that_cast_a_vote_are_only_counted(app):
    counted = {name for name, view in app.view_functions.items() if hasattr(view, "counted_only")}
    assert counted == {"voting.send", "voting.send_for"}


@pytest.mark.parametrize("kind", ["text", "json"])
def test_faults_anywhere_lose_their_words_and_keep_their_place(kind):
    stream = io.StringIO()
    secret = "s3cret"  # its line of code stands in the trace, its value does not
    try:
        fails(secret)
    except RuntimeError:
        record = logging.getLogger("x").makeRecord("x", logging.ERROR, "", 0, "job %s", ("mail",), sys.exc_info())
    record.exc_text = "s3cret, as another handler wrote it"
    logs.handler(kind, stream).emit(record)
    told = stream.getvalue()
    assert "s3cret" not in told and "job mail" in told and "in fails" in told
    assert told.index("ValueError") < told.index("RuntimeError")
    assert (len(told.splitlines()) == 1) == (kind == "json")
