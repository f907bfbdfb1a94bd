"""Hostile texts and mail scanners, in a browser that runs whatever can be run."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from sipvote import worker
from sipvote.db import db
from sipvote.mail import Letter
from tests.assurance.web import payloads
from tests.browser.conftest import INLINE, TELL_REFUSALS
from tests.factories import a_member, a_theme, an_edition

PORTION = 120  # payloads on a page


def test_no_text_of_a_member_runs_or_loads_anything(visit: Any) -> None:
    edition, every = an_edition(), payloads.markdown()
    themes = []
    for start in range(0, len(every), PORTION):
        themes.append(theme := a_theme(edition, f"Theme {start}"))
        theme.text.why = "\n\n---\n\n".join(text.replace("\0", "") for text in every[start : start + PORTION])
        theme.text.question = theme.text.change = every[start].replace("\0", "")[:300]
    paths = [f"/en/2026/themes/{theme.id}" for theme in kept(themes)]
    here, asked = visit(), []
    here.page.add_init_script(TELL_REFUSALS)
    here.page.on("request", lambda request: asked.append(request.url))
    here.page.on("dialog", lambda dialog: here.faults.append(f"dialog: {dialog.message}"))
    for path in paths:
        page = here.open(path)
        assert page.locator("main").inner_text().count("window.hit") > 0
        page.evaluate("document.querySelectorAll('main a').forEach(a => a.focus())")
        assert page.evaluate("window.hit") is None and page.evaluate(INLINE) == []
        schemes = page.eval_on_selector_all("main a[href]", "all => [...new Set(all.map(a => a.protocol))]")
        assert set(schemes) <= {"http:", "https:", "mailto:"}
        assert (
            page.locator("main img[src^='http'], main iframe, main script, main object, main svg[onload]").count() == 0
        )
    assert {re.sub(r"^(https?://[^/]+).*", r"\1", url) for url in asked if not url.startswith("data:")} == {here.site}
    assert here.faults == [] and len(every) >= 150


def kept(things: list[Any]) -> list[Any]:
    db.session.commit()
    return things


@pytest.fixture
def kept_bodies(app: Any) -> Any:
    app.config["DEMO"] = True
    yield
    app.config["DEMO"] = False


@pytest.mark.usefixtures("kept_bodies")
def test_a_scanner_that_runs_scripts_and_presses_every_button_uses_nothing_up(visit: Any) -> None:
    an_edition()
    ada = a_member(language="en")
    home, scanner = visit(), visit()
    page = home.open("/en/sign-in")
    page.locator("#email").fill(ada.email)
    home.go("main button")
    db.session.rollback()
    worker.send_mail()
    body = db.session.scalars(select(Letter.body).order_by(Letter.id.desc())).first() or ""
    link = re.search(r"http://127.0.0.1:8000(\S+)", body)[1]  # type: ignore[index]
    looked = scanner.open(link)
    looked.evaluate("document.querySelectorAll('main form').forEach(form => form.submit())")
    looked.wait_for_load_state()
    for method in ("HEAD", "GET", "POST"):
        scanner.context.request.fetch(scanner.site + link, method=method)
    assert "/sign-in" in scanner.open("/en/me").url
    home.open(link)
    home.go("main button")
    assert home.open("/en/me").url.endswith("/en/me")
