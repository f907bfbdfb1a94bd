"""Watches every request of the tests: what officials change with a form stands in the audit log, always.

The acts that each form may write stand in tests/logged.py. What was rolled back was never done.
"""

import re
import threading
from typing import Any

from flask import current_app, has_request_context, request
from sqlalchemy import Connection, Engine, event, select

from sipvote.audit import Entry
from sipvote.db import db, reading
from tests.logged import LOGGED, NOT_EACH_TIME

WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.I)
# Sessions; and the index for searching, which follows what it is made from.
NOT_OF_OFFICIALS = {"sign_in", "search_text"}


class _Seen(threading.local):
    """What a thread has written: tables, by connection while it is not committed; and the forms that were sent."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, str]] = []
        self.done: list[str] = []
        self.forms: set[str] = set()


_seen = _Seen()


def _official_form() -> str | None:
    """The form of officials that is being sent, as tests/routes.py names it."""
    if not has_request_context() or request.method != "POST" or request.url_rule is None:
        return None
    view = current_app.view_functions[request.url_rule.endpoint]
    return f"POST {request.url_rule.rule}" if hasattr(view, "requires") else None


@event.listens_for(Engine, "after_cursor_execute")
def _on_statement(connection: Connection, cursor: Any, statement: str, *_rest: Any) -> None:
    found = WRITE.match(statement)
    if found and cursor.rowcount != 0 and found[1] not in NOT_OF_OFFICIALS and (form := _official_form()):
        _seen.begun.append((id(connection), found[1]))
        _seen.forms.add(form)


@event.listens_for(Engine, "commit")
def _on_commit(connection: Connection) -> None:
    _seen.done.extend(table for which, table in _seen.begun if which == id(connection))
    _on_rollback(connection)


@event.listens_for(Engine, "rollback")
def _on_rollback(connection: Connection) -> None:
    _seen.begun[:] = [(which, table) for which, table in _seen.begun if which != id(connection)]


def begin() -> None:
    """A request is about to be made."""
    for kept in (_seen.begun, _seen.done, _seen.forms):
        kept.clear()


def end() -> None:
    """It was made: whatever it changed stands in the log, under an act that its form may write."""
    if not _seen.done:
        return
    (form,), written = _seen.forms, _seen.done.count("audit_entry")
    newest = select(Entry.act).order_by(Entry.id.desc()).limit(written)
    with reading(), db.engine.connect() as connection:
        acts = set(connection.scalars(newest)) if written else set()
    expected = LOGGED[form]
    if isinstance(expected, str):
        assert not acts, f"{form} writes {acts}, but tests/logged.py says: {expected}"
    else:
        assert acts or form in NOT_EACH_TIME, (
            f"{form} changes {sorted(set(_seen.done))}, and the audit log does not know"
        )
        assert acts <= set(expected), f"{form} writes {acts}, but tests/logged.py knows only {expected}"
