"""How many queries something takes: a page must not ask more because a list is longer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

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


@contextmanager
def explained(*tables: str) -> Iterator[list[str]]:
    """Give the list in which, after the block, stand the plans of its queries.

    These tables are measured before; no others, because what is measured small stays small for the planner.
    """
    db.session.commit()
    for table in tables:
        db.session.execute(text(f"ANALYZE {table}"))
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, facts: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, facts))

    plans: list[str] = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    connection = db.session.connection()
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    for statement, facts in seen:
        rows = connection.exec_driver_sql(explain + statement, facts)
        plans.append("\n".join(str(row[-1]) for row in rows))


def reads_all_of(table: str, plans: list[str]) -> bool:
    """Whether one of these plans walks past every row of a table."""
    return any(re.search(rf"(SCAN|Seq Scan on) {table}\b", plan) for plan in plans)


def queries_of(browser: FlaskClient, address: str) -> int:
    """How many queries a page takes that was asked for before; what the test made is read anew."""
    browser.get(address)
    db.session.expire_all()
    with counted() as seen:
        assert browser.get(address).status_code == 200
    return len(seen)
