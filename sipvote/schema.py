"""The form of the database, by migrations. Imported by who changes it, never by the web: Alembic weighs 11 MB."""

from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask, current_app

from .db import db


def is_ours(name: str | None, kind: str, parents: Any) -> bool:
    """Whether a model tells of it: the index for searching differs per database, and its migration makes it by hand."""
    return not (name or "").startswith(("search_index", "ix_search_text_words"))


def init_app(app: Flask) -> None:
    """Let Flask-Migrate know the app and where the migrations are: in a clone, or inside an installed wheel."""
    inside = Path(__file__).parent / "migrations"
    folder = inside if inside.is_dir() else Path(__file__).parent.parent / "migrations"
    flask_migrate.Migrate(app, db, directory=str(folder), render_as_batch=True, compare_type=True)


def upgrade(revision: str = "head") -> None:
    """Bring the app's database to a revision; makes a new one when there is none."""
    init_app(current_app)
    flask_migrate.upgrade(revision=revision)


def downgrade(revision: str) -> None:
    """Take the app's database back to a revision."""
    init_app(current_app)
    flask_migrate.downgrade(revision=revision)


def revisions() -> list[str]:
    """Every revision that this version knows."""
    from alembic.script import ScriptDirectory

    init_app(current_app)
    config = current_app.extensions["migrate"].migrate.get_config()
    return [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
