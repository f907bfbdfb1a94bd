"""How many queries something takes: a page must not ask more because a list is longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from sipvote.db import db


@contextmanager
def counted() -> Iterator[list[str]]:
    """Give the list that the queries within the block are noted in; what the test made is written before."""
    if has_app_context():
        db.session.commit()
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def queries_of(browser: FlaskClient, address: str) -> int:
    """How many queries a page takes that was asked for before; what the test made is read anew."""
    browser.get(address)
    db.session.expire_all()
    with counted() as seen:
        assert browser.get(address).status_code == 200
    return len(seen)
