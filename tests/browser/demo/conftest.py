"""The demonstration in a browser: its own application, with the banner and the time machine."""

from collections.abc import Iterator

import pytest
from flask import Flask

from sipvote.db import db
from sipvote.demo import seed
from tests.browser.conftest import serve
from tests.conftest import app_on


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    with app_on(database_url.replace("test.db", "demo.db"), DEMO=True) as app:
        yield app


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:
    yield from serve(app)


@pytest.fixture
def demo(database: None) -> None:
    """A small demonstration, as it is on the first start."""
    seed.seed(200)
    db.session.commit()
