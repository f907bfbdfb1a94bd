"""The demonstration in a browser: its own application, with the banner and the time machine."""

from collections.abc import Iterator

import pytest
from flask import Flask

from sipvote.app import create_app
from sipvote.db import db
from sipvote.demo import seed
from sipvote.schema import upgrade
from tests.browser.conftest import serve
from tests.conftest import Browser


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    app = create_app(SQLALCHEMY_DATABASE_URI=database_url.replace("test.db", "demo.db"), DEMO=True)
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:
    yield from serve(app)


@pytest.fixture
def demo(database: None) -> None:
    """A small demonstration, as it is on the first start."""
    seed.seed(200)
    db.session.commit()
