"""Signing in, as people do: on a phone, by keyboard, without JavaScript, in each language."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from sipvote import worker
from sipvote.db import db
from sipvote.mail import Letter
from tests.browser.conftest import DESK
from tests.factories import a_member, an_edition


@pytest.fixture
def kept_bodies(app):
    app.config["DEMO"] = True
    yield
    app.config["DEMO"] = False


def newest_code() -> str:
    db.session.rollback()  # see what the server has committed meanwhile
    worker.send_mail()
    newest = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first()
    return re.search(r"^ {4}(\d{6})$", newest.body, re.M)[1]


@pytest.mark.usefixtures("kept_bodies")
@pytest.mark.parametrize(
    "options", [{}, {"java_script_enabled": False}, {"viewport": DESK}], ids=["phone", "no-js", "desk"]
)
@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_ada_signs_in_with_the_keyboard_alone(visit, language, options):
    an_edition()
    ada = a_member(language=language)
    here = visit(**options)
    page = here.open(f"/{language}/sign-in")
    page.locator("#email").focus()
    page.keyboard.type(ada.email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code")
    page.locator("#code").focus()
    page.keyboard.type(newest_code())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{language}/")
    expect(page.locator("body")).to_contain_text(ada.name)
    assert here.faults == []


def test_a_wrong_address_is_told_beside_the_field_and_kept(visit):
    here = visit()
    page = here.open("/en/sign-in")
    page.locator("#email").fill("ada at home")
    page.locator("main button").click()
    expect(page.locator("[role=alert]")).to_contain_text("This is not an e-mail address")
    expect(page.locator("#email")).to_have_value("ada at home")
    assert here.violations() == []
