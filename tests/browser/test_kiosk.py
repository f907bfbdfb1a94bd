"""The kiosk in a real browser: one voter after the other, with the keyboard alone, with and without a script."""

import pytest
from playwright.sync_api import Page, expect

from sipvote.db import db
from sipvote.voting.models import Envelope
from tests.browser.keyboard import fill, press, tick
from tests.factories import a_card, a_facilitator, a_member, an_election

START = "/nl/2026/vote/kiosk"
TABLET = {"viewport": {"width": 768, "height": 1024}}


@pytest.fixture
def hall(visit):
    """Gives a tablet that is a kiosk, and the codes of two members without an e-mail address."""

    def begin(**options):
        voters = [a_member(name, email=None) for name in ("Ada Peeters", "Cas Maes")]
        election = an_election(*voters)
        codes = [a_card(election, member) for member in voters]
        here = visit(a_facilitator(), **{**TABLET, **options})
        press(here.open("/nl/2026/vote/desk/kiosk"), "main form button")
        return here, codes

    return begin


def vote(page: Page, language: str, code: str) -> None:
    press(page, f"main a[lang={language}]")
    fill(page, "#code", code.lower())
    press(page, "main form button")
    tick(page, "main input[type=checkbox]", 1)
    press(page, ".ballot-bar button")
    press(page, "main form[action$='/send'] button")


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["js", "no-js"])
def test_two_members_vote_on_one_tablet_and_nothing_is_left_of_either(hall, options):
    here, codes = hall(**options)
    for language, code in zip(("fr", "nl"), codes, strict=True):
        vote(here.page, language, code)
        assert not options.get("java_script_enabled", True) or here.violations() == []
        press(here.page, "main form button")
        expect(here.page).to_have_url(f"{here.site}/{language}/2026/vote/kiosk")
        here.open(f"/{language}/2026/vote/receipt")
        expect(here.page).to_have_url(f"{here.site}/{language}/2026/vote/kiosk")
    db.session.rollback()
    assert db.session.query(Envelope).filter_by(in_hall=True).count() == 2
    assert here.faults == []


def test_every_page_of_the_kiosk_is_for_everybody(hall):
    here, codes = hall()
    press(here.page, "main a[lang=nl]")
    assert here.violations() == [] and not here.is_too_wide()
    fill(here.page, "#code", codes[0])
    press(here.page, "main form button")
    assert here.violations() == [] and not here.is_too_wide()


def test_who_rests_is_asked_and_then_forgotten(hall):
    here, codes = hall()
    page = here.page
    page.clock.install()
    press(page, "main a[lang=nl]")
    fill(page, "#code", codes[0])
    press(page, "main form button")
    tick(page, "main input[type=checkbox]", 0)
    page.clock.run_for(72_000)
    expect(page.locator("dialog")).to_be_visible()
    assert here.violations() == []
    page.locator("dialog button").click()
    expect(page.locator("dialog")).to_be_hidden()
    page.clock.run_for(60_000)
    expect(page.locator("main input[type=checkbox]").first).to_be_checked()
    page.clock.run_for(60_000)
    expect(page).to_have_url(here.site + START)
    here.open("/nl/2026/vote/ballot")
    expect(page).to_have_url(here.site + START)
