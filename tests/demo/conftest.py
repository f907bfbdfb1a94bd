"""The application in demo mode, with a small demonstration in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sipvote.db import db
from sipvote.demo import seed, year
from sipvote.demo.people import CAST
from sipvote.demo.stops import Stop
from sipvote.editions.models import Edition
from tests.conftest import app_on

MEMBERS = 400
Be = Callable[[str], FlaskClient]


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    """Like the application of the other tests, with the demonstration's own pages."""
    with app_on(database_url, DEMO=True) as app:
        yield app


@pytest.fixture
def demo(database: None) -> None:
    """A small demonstration, as it is on the first start."""
    seed.seed(MEMBERS)
    db.session.commit()


def the_edition() -> Edition:
    found = year.the_edition()
    assert found is not None
    return found


def travel(stop: Stop) -> Edition:
    """What pressing a button of the time machine does."""
    for step in year.steps(stop, None):
        step()
        db.session.commit()
    db.session.expire_all()
    return the_edition()


@pytest.fixture
def be(app: Flask, demo: None) -> Be:
    """Gives a browser in which one of the cast clicked in the banner."""

    def become(key: str) -> FlaskClient:
        client = app.test_client()
        answer: Any = client.post("/en/demo/sign-in", data={"person": key})
        assert answer.status_code == 303
        return client

    assert {"ada", "bas", "chloe", "dre", "eva"} <= {person.key for person in CAST}
    return become
