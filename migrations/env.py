"""Alembic's environment: the app's engine and metadata, for SQLite and PostgreSQL alike."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Enum

from sipvote.db import Base, db
from sipvote.schema import is_ours


def _write_type(kind: str, value: Any, autogen: Any) -> str | bool:
    """Write our own types as plain SQL types, so that migrations never import the app."""
    if kind == "type" and type(value).__name__ == "Moment":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, Enum):
        words = ", ".join(f'"{word}"' for word in value.enums)
        return f'sa.Enum({words}, name="{value.name}", native_enum=False, length=20, create_constraint=True)'
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=_write_type,
        render_as_batch=True,
        compare_type=True,
        include_name=is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


given = current_app.extensions.get("migration_connection")
if given is not None:
    _run(given)
else:
    with db.engine.connect() as own:
        _run(own)
        own.commit()
