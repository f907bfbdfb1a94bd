"""The app once per database, every table emptied after each test, clients that share nothing.

Every test that asks for `app` (or anything built on it) runs twice: on SQLite and on PostgreSQL.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import text, update

os.environ["SIPVOTE_MODE"] = "test"
# Never the instance of a developer; on a memory disk where there is one, because fsync is not what is tested.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
_INSTANCE = tempfile.TemporaryDirectory(prefix="sipvote-test-", dir=_MEMORY)
os.environ["SIPVOTE_INSTANCE"] = _INSTANCE.name


from sipvote import jobs, kept  # noqa: E402
from sipvote.app import create_app  # noqa: E402
from sipvote.db import Base, db, now, reading  # noqa: E402
from sipvote.members import rules as members  # noqa: E402
from sipvote.members.models import Member, SignIn  # noqa: E402
from sipvote.schema import upgrade  # noqa: E402
from tests import postgres, watching  # noqa: E402
from tests.endings import let_go  # noqa: E402
from tests.tampering import past_triggers  # noqa: E402

pytest_plugins = ["tests.no_skips", "tests.holding", "tests.written"]
# A busy machine is no fault of the code; and what failed once fails again.
EXAMPLES = int(os.environ.get("SIPVOTE_EXAMPLES", "100"))  # the word `prove` asks for more
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, max_examples=EXAMPLES)
hypothesis.settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-doors", action="store_true", help="write tests/assurance/web/doors.txt anew")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what needs PostgreSQL or a browser; once pytest has put the tests of one database together, long ones first.

    Two workers begin with a half each, and whoever is done takes from the end of the other's. So the long ones stay
    with the first worker, one after the other, and the end of the run waits for none of them.
    """
    for item in items:
        if "postgresql" in item.nodeid.rpartition("[")[2]:
            item.add_marker("postgres")
        if "browser" in Path(item.path).parts:
            item.add_marker("browser")
    yield
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.start())
        except Exception as fault:  # noqa: BLE001  (whatever the reason, it is told)
            pytest.skip(f"no PostgreSQL: {fault}")
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{Path(_INSTANCE.name) / 'test.db'}"
    url = request.getfixturevalue("postgres_url")
    fresh: str = postgres.fresh_database(url, f"sipvote_test_{os.getpid()}")
    return fresh


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    """The application of most tests; a folder with another `database_url` needs its own `app`, or it gets this one."""
    with app_on(database_url) as app:
        yield app


@contextlib.contextmanager
def app_on(database_url: str, **settings: Any) -> Iterator[Flask]:
    """An application on a migrated database."""
    app = create_app(SQLALCHEMY_DATABASE_URI=database_url, **settings)
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
        if db.engine.dialect.name == "postgresql":
            with db.engine.begin() as connection:
                connection.execute(text(f'ALTER DATABASE "{db.engine.url.database}" SET synchronous_commit = off'))
    yield app
    let_go(app)


@pytest.fixture
def database(app: Flask) -> Iterator[None]:
    """An app context to make people and things in; afterwards every table is empty again."""
    with app.app_context(), reading():
        yield
        kept.forget_all()
        db.session.rollback()
        with db.engine.begin() as connection, past_triggers(connection):
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
    jobs.queue_of(app).flush()
    app.extensions["mailman"].outbox = []


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Replaces pytest-flask's own, which keeps one request context for the whole test: people would leak."""


class Browser(FlaskClient):
    """A client before whose requests everything that the test made is committed; they keep only what they commit."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.commit()
        g.__dict__.clear()  # the test's app context serves every request: nothing of the last one may stay
        kwargs["buffered"] = True
        watching.begin()
        answer = super().open(*args, **kwargs)
        db.session.rollback()  # as the end of a request does: what was not committed was never done
        watching.end()
        return answer


@pytest.fixture
def client(app: Flask, database: None) -> FlaskClient:
    """A stranger's browser."""
    return app.test_client()


@pytest.fixture
def outbox(app: Flask, database: None) -> list[Any]:
    """The mails that have left."""
    app.extensions["mailman"].outbox = sent = []
    return sent


@pytest.fixture
def browser_of(app: Flask, database: None) -> Callable[[Member], FlaskClient]:
    """Gives a client in which a member is signed in."""

    def sign_in(member: Member) -> FlaskClient:
        visitor = members.begin_session(member)
        db.session.commit()
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = visitor.get_id()
            session["_fresh"] = True
        return client

    return sign_in


@pytest.fixture
def strict(app: Flask) -> Iterator[None]:
    """Officials prove themselves twice, and weighty acts take two."""
    app.config["OFFICIALS"] = "strict"
    yield
    app.config["OFFICIALS"] = "easy"


@pytest.fixture
def proved(browser_of: Callable[[Member], FlaskClient]) -> Callable[[Member], FlaskClient]:
    """Gives a browser of an official whose second step was just done."""

    def sign_in(member: Member) -> FlaskClient:
        browser = browser_of(member)
        db.session.execute(update(SignIn).where(SignIn.member_id == member.id).values(awake_at=now(), proved_at=now()))
        db.session.commit()
        return browser

    return sign_in


@pytest.fixture(autouse=True)
def _no_csrf(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests post without tokens, except those that test the tokens."""
    if "database" not in request.fixturenames:
        yield
        return
    app: Any = request.getfixturevalue("app")
    app.config["WTF_CSRF_ENABLED"] = "csrf" in request.keywords
    yield
    app.config["WTF_CSRF_ENABLED"] = True
