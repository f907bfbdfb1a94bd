"""A real Chromium against the app on a real port. On SQLite: the database is not what these tests are about."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from sipvote.checks import chromium
from sipvote.db import db
from sipvote.members import rules as members
from sipvote.members.models import Member
from tests.conftest import app_on

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
PICTURES = Path(os.environ.get("SIPVOTE_PICTURES", ""))  # a folder for pictures of what is looked at
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What axe finds, in one line each. What passed is not described, and style sheets are not fetched a second time.
AXE = {"reporter": "no-passes", "preload": {"assets": ["media"]}}
RUN_AXE = """options => window.axe && axe.run(document, options).then(found => found.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 120)}`)))"""

# What the security policy refuses is told by an event; what it would refuse to run stands in the page.
TELL_REFUSALS = """document.addEventListener('securitypolicyviolation',
    refused => console.error('policy: ' + refused.violatedDirective + ' ' + refused.blockedURI))"""
INLINE = """() => [...document.querySelectorAll('*')].filter(each => [...each.attributes].some(one =>
    /^on/.test(one.name) || /^\\W*javascript:/i.test(one.value)
)).map(each => 'inline: ' + each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="session", params=["sqlite"])
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('browser') / 'test.db'}"


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    with app_on(database_url) as app:
        yield app


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: sudo apt install chromium")
    return {"executable_path": str(path), "args": FLAGS}


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:
    """The address of the running app."""
    yield from serve(app)


def serve(app: Flask) -> Iterator[str]:
    """Run an app on a port of its own; a folder with another `app` needs its own `site`, or it gets this one's."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture(autouse=True)
def _no_csrf() -> None:
    """Browsers carry their tokens, as in real life."""


class Visit:
    """One person's browser: a page that remembers what went wrong on it."""

    def __init__(self, context: BrowserContext, site: str, has_script: bool = True) -> None:
        self.context, self.site, self.has_script = context, site, has_script
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda m: self.faults.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.faults.append(str(e)))

    def open(self, path: str) -> Page:
        self.page.goto(self.site + path)
        return self.page

    def look(self, name: str, folder: Path) -> None:
        """Keep a picture, for people to look at."""
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def keep_axe(self) -> None:
        """Have axe on every page from now on: quicker than bringing it, for who looks at many pages."""
        self.page.add_init_script(AXE_SCRIPT)

    def violations(self, **options: Any) -> list[str]:
        """What axe finds on the page as it stands, in one line each."""
        found: list[str] | None = self.page.evaluate(RUN_AXE, {**AXE, **options})
        if found is None:
            self.page.evaluate(AXE_SCRIPT)
            found = self.page.evaluate(RUN_AXE, {**AXE, **options})
        assert found is not None
        return found

    def go(self, selector: str, nth: int = 0) -> Page:
        """Press what leads to another page."""
        with self.page.expect_navigation():
            self.page.locator(selector).nth(nth).click()
        return self.page

    def clean(self, name: str, *sizes: Any) -> None:
        """Nothing to complain about on the page as it stands, in these sizes: too wide, axe, security policy.

        Without scripts axe does not run.
        """
        for size in sizes or (self.page.viewport_size,):
            self.page.set_viewport_size(size)
            seen = f"{name}-{size['width']}"
            if PICTURES.name:
                self.look(seen, PICTURES)
            found = self.violations() if self.has_script else []
            assert (seen, self.is_too_wide(), found, self.faults) == (seen, False, [], [])

    def proper(self, name: str) -> None:
        """Clean as it stands, and not too wide on a desk where one looks on a phone, nor the other way round."""
        self.clean(name)
        self.page.set_viewport_size(PHONE if (size := self.page.viewport_size) == DESK else DESK)
        assert (name, self.is_too_wide()) == (name, False)
        self.page.set_viewport_size(size or PHONE)

    def is_too_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.fixture
def visit(browser: Browser, app: Flask, site: str, database: None) -> Iterator[Callable[..., Visit]]:
    """Gives a person's browser: visit(member), visit() for a stranger; options go to the browser's context."""
    opened: list[BrowserContext] = []

    def go(member: Member | None = None, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": PHONE, "reduced_motion": "reduce", **options})
        opened.append(context)
        if member is not None:
            context.add_cookies([{"name": "sipvote", "value": cookie_of(app, member), "url": site}])
        db.session.commit()
        return Visit(context, site, options.get("java_script_enabled", True))

    yield go
    for context in opened:
        context.close()


def cookie_of(app: Flask, member: Member) -> str:
    """A session cookie for a member, signed as the app signs it."""
    visitor = members.begin_session(member)
    db.session.commit()
    signer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(signer.dumps({"_user_id": visitor.get_id(), "_fresh": True, "_permanent": True}))
