"""The screen in the hall in a real browser: keys, links, numbers that live, and nothing that needs scrolling."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from sipvote import kept
from sipvote.assembly.models import Presence, Quorum, Way
from sipvote.db import db, now
from sipvote.voting import hours, result
from sipvote.voting.day import Announcement
from tests.browser.keyboard import press
from tests.factories import a_counted_election, a_member, a_vote, an_assembly, an_election

HALL = {"width": 1280, "height": 720}
PROJECTORS = [HALL, {"width": 1920, "height": 1080}, {"width": 1024, "height": 768}]
BALLOTS = ((0,),) * 6 + ((0, 1),) * 2 + ((1, 2),) * 3 + ((2, 3),) + ((2,),)


@pytest.fixture
def ended(database):
    """A vote that ended with a tie whose lot is still to be drawn, and its assembly."""
    election = a_counted_election(*BALLOTS, seats=2)
    result.publish(election, None)
    agenda = {"en": [f"Item {n} of this rather full agenda" for n in range(1, 13)]}
    an_assembly(election.edition, quorum=Quorum.SHARE, quorum_value=40, agenda=agenda)
    db.session.commit()
    return election


def kind(page, wanted, within=5):
    """Wait until a kind of slide is shown."""
    expect(page.locator("#slide")).to_have_class(re.compile(rf"slide {wanted}$"), timeout=within * 1000)


def test_the_keys_go_through_the_slides(visit, ended):
    here = visit(viewport=HALL)
    page = here.open("/en/2026/screen")
    kind(page, "turnout")
    for key, wanted in (
        *(("Home", "welcome"), ("ArrowRight", "check-in"), ("PageDown", "vote"), (" ", "count")),
        *(("ArrowDown", "turnout"), ("ArrowLeft", "count"), ("PageUp", "vote"), ("ArrowUp", "check-in")),
        *(("End", "thanks"), ("ArrowRight", "thanks"), ("ArrowLeft", "tie"), ("Home", "welcome")),
    ):
        page.keyboard.press(key)
        kind(page, wanted)
    assert page.url.endswith("?slide=welcome")
    page.go_back()
    kind(page, "tie")
    assert here.faults == []


def test_f_fills_the_screen_and_the_next_slide_keeps_it_full(visit, ended):
    page = visit(viewport=HALL).open("/en/2026/screen?slide=welcome")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("ArrowRight")
    kind(page, "check-in")
    assert page.evaluate("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_the_links_do_the_same_from_the_keyboard(visit, ended):
    page = visit(viewport=HALL).open("/en/2026/screen?slide=welcome")
    page.locator(".steps a[rel=next]").focus()
    for wanted in ("check-in", "vote", "count"):
        page.keyboard.press("Enter")  # the focus stays on the link
        kind(page, wanted)
    page.locator(".foot a[lang=nl]").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    kind(page, "count")


def test_without_javascript_everything_is_there(visit, ended):
    here = visit(viewport=HALL, java_script_enabled=False)
    page = here.open("/fr/2026/screen?slide=welcome")
    for wanted in ("check-in", "vote", "count"):
        press(page, ".steps a[rel=next]")
        kind(page, wanted)
    assert page.locator("noscript").count() == 1 and not page.locator("[data-full]").is_visible()
    assert here.faults == []


def test_numbers_grow_and_the_slide_follows_the_day(visit):
    """Nobody touches the page: it shows the new vote, the reason of a pause, and that the vote is closed."""
    ada, bas = a_member("Ada"), a_member("Bas")
    election = an_election(ada, bas)
    election.closes_at = now() + timedelta(minutes=19, seconds=30)
    assembly = an_assembly(election.edition)
    db.session.add(Presence(assembly_id=assembly.id, member_id=ada.id, way=Way.HALL, arrived_at=now()))
    here = visit(viewport=HALL)
    # The projector's own clock is wrong by half a century, and nobody notices.
    here.page.add_init_script("Date = class extends Date { constructor() { super(0); } static now() { return 0; } }")
    page = here.open("/en/2026/screen")
    expect(page.locator("[data-live=votes]").first).to_have_text("0")
    expect(page.locator("[data-seconds]")).to_have_text("19 minutes")
    a_vote(election, ada, 0)
    expect(page.locator("[data-live=votes]").first).to_have_text("1", timeout=15_000)
    election = db.session.merge(election)
    election.paused_at = now()
    db.session.add(Announcement(election_id=election.id, kind="paused", at=now(), reason="The network is down."))
    db.session.commit()
    expect(page.locator("#slide")).to_contain_text("The network is down.", timeout=15_000)
    hours.close(election, None)
    db.session.commit()
    kind(page, "count", within=15)
    assert here.faults == []


@pytest.mark.parametrize("size", PROJECTORS, ids=lambda s: f"{s['width']}x{s['height']}")
@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_no_slide_needs_scrolling_and_axe_finds_nothing(visit, ended, size, language):
    here = visit(viewport=size)
    here.keep_axe()
    page = here.open(f"/{language}/2026/screen?slide=welcome")
    seen = 0
    while True:
        seen += 1
        over = page.evaluate("document.documentElement.scrollHeight - window.innerHeight")
        assert over <= 0 and not here.is_too_wide(), (page.url, over)
        if size == HALL:
            assert here.violations() == [], page.url
        after = page.locator("a[rel=next]")
        if not after.count():
            break
        page.goto(here.site + after.get_attribute("href"))
    assert seen == 11
    assert here.faults == []


def test_on_a_phone_nothing_is_too_wide(visit, ended):
    here = visit()
    for name in ("welcome", "check-in", "vote", "turnout", "1-3", "1-4", "thanks"):
        here.open(f"/fr/2026/screen?slide={name}")
        assert not here.is_too_wide(), name
        assert here.violations() == [], name


@pytest.fixture(autouse=True)
def _afresh():
    kept.forget_all()
