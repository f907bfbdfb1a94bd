"""Passkeys in a real browser, whose authenticator is played by Chromium itself; by keyboard alone."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from sipvote.db import db, now
from sipvote.members import factors
from sipvote.members.step_models import Factor
from tests.browser.conftest import PHONE, cookie_of
from tests.browser.keyboard import fill, press, reach
from tests.factories import an_organiser

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def at_home(app, site):
    """Passkeys belong to a name, never to an address of numbers."""
    before = app.config["BASE_URL"], app.config["OFFICIALS"]
    app.config["BASE_URL"], app.config["OFFICIALS"] = f"http://localhost:{urlsplit(site).port}", "strict"
    yield app.config["BASE_URL"]
    app.config["BASE_URL"], app.config["OFFICIALS"] = before


@pytest.fixture
def with_device(app, visit, at_home):
    """Gives somebody's browser with a device for passkeys, and what turns the device's owner away or back."""

    def make(member, **options):
        here = visit(**options)
        here.site = at_home
        here.context.add_cookies([{"name": "sipvote", "value": cookie_of(app, member), "url": at_home}])
        control = here.context.new_cdp_session(here.page)
        control.send("WebAuthn.enable")
        made = control.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

        def is_there(yes):
            about = {"authenticatorId": made["authenticatorId"], "isUserVerified": yes}
            control.send("WebAuthn.setUserVerified", about)

        return here, is_there

    return make


def sign_in_again(app, here, member):
    here.context.clear_cookies()
    here.context.add_cookies([{"name": "sipvote", "value": cookie_of(app, member), "url": here.site}])


def test_a_passkey_is_added_and_used_with_the_keyboard_alone(app, with_device):
    dre = an_organiser()
    here, is_there = with_device(dre)
    page = here.open("/en/members/")
    press(page, "form[action*='second-step/passkey'] button")
    here.clean("passkey-add", PHONE, {"width": 1280, "height": 900})
    page.locator("#name").clear()
    fill(page, "#name", "My key")
    press(page, "[data-passkey] button")
    page.wait_for_url("**/en/members/")
    assert [one.name for one in factors.of_member(dre.id)] == ["My key"]
    here.open("/en/me/second-step")
    here.clean("passkey-list", PHONE, {"width": 1280, "height": 900})

    press(page, "form[action*='second-step/passkey'] button")  # the same device makes no second one
    reach(page, "[data-passkey] button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-there]")).to_be_visible()

    sign_in_again(app, here, dre)
    page = here.open("/en/members/")
    here.clean("passkey-ask", PHONE, {"width": 1280, "height": 900})
    is_there(False)
    reach(page, "[data-passkey] button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-vain]")).to_be_visible()
    expect(page.locator("[data-passkey] button")).to_be_focused()
    here.clean("passkey-in-vain", PHONE, {"width": 1280, "height": 900})
    is_there(True)
    press(page, "[data-passkey] button")
    page.wait_for_url("**/en/members/")
    assert here.faults == []


def test_without_scripts_a_sentence_tells_of_the_other_way(with_device):
    dre = an_organiser()
    factors.begin_app(dre.id).proved_at = now()
    a_key = Factor(member_id=dre.id, kind="passkey", name="x", credential=b"x", made_at=now(), proved_at=now())
    db.session.add(a_key)
    plain, _is_there = with_device(dre, java_script_enabled=False)
    page = plain.open("/en/second-step")
    expect(page.locator("[data-cannot]")).to_be_visible()
    expect(page.locator("[data-passkey] button")).to_be_hidden()
    expect(page.locator("#step_code")).to_be_visible()
