"""One world on SQLite for all of these tests: what they ask does not depend on the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from sipvote import kept
from tests.assurance.web import walk
from tests.assurance.web.walk import Walk
from tests.assurance.web.world import World, build
from tests.conftest import app_on


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world's database."""
    return tmp_path_factory.mktemp("web") / "world.db"


@pytest.fixture(scope="session")
def app(file: Path) -> Iterator[Flask]:
    with app_on(f"sqlite:///{file}") as app:
        yield app


@pytest.fixture(scope="session")
def made(app: Flask, file: Path) -> Iterator[World]:
    """The world, made once."""
    world = build(app, file)
    yield world
    world.leave()


@pytest.fixture(scope="session")
def walked(made: World) -> Walk:
    """The walk takes a minute, and several tests look at what it saw."""
    made.restore()
    made.app.config["WTF_CSRF_ENABLED"] = False
    seen = walk.walk(made)
    made.app.config["WTF_CSRF_ENABLED"] = True
    return seen


@pytest.fixture
def world(made: World) -> Iterator[World]:
    """The world as it was made; posts need no token, unless a test wants them to."""
    made.restore()
    made.app.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.app.config["WTF_CSRF_ENABLED"] = True
    made.restore()
    kept.forget_all()  # the tests of another application may be next
