"""The key ceremony in a real browser: sheets on paper, a list before the camera, the bar while the box opens."""

import json
import re

import pytest
from playwright.sync_api import expect

from sipvote.access import Role
from sipvote.db import db
from sipvote.editions.models import Phase
from sipvote.voting import ceremony, hours
from tests.browser.conftest import DESK
from tests.factories import a_frozen_election, a_member, a_scrutineer, a_theme, a_vote, an_edition, an_organiser, now

# A camera that sees one QR code, for a browser that has neither.
CAMERA = """seen => {
  window.BarcodeDetector = class {
    static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
    detect() { return Promise.resolve([{ rawValue: seen }]); }
  };
  const still = () => Promise.resolve(document.createElement("canvas").captureStream());
  Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia: still } });
  HTMLMediaElement.prototype.play = () => Promise.resolve();
}"""


def closed(*voters):
    """An election that is closed, one vote of each voter in the box; and its lists."""
    election, lists = a_frozen_election(*voters)
    ceremony.prove(election, lists, None)
    hours.open_(election, None)
    for voter in voters:
        a_vote(election, voter, 1)
    hours.close(election, None)
    db.session.commit()
    return election, lists


def test_three_sheets_of_paper_are_three_pages(visit):
    edition = an_edition(Phase.VOTE)
    for title in ("Fair fees", "Being paid in time", "Guidance"):
        a_theme(edition, title, admitted_at=now())
    desk = visit(an_organiser(), viewport=DESK)
    page = desk.open("/en/2026/election/")
    page.locator("input[value=scrutineers]").check()
    page.locator("form[action$='/prepare'] button").click()
    page.locator("details.confirm summary").click()
    page.locator("form[action$='/freeze'] button").click()
    expect(page.locator("ol.words")).to_have_count(3)
    assert desk.violations() == [] and not desk.is_too_wide()
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(pages) == 3
    page.set_viewport_size({"width": 360, "height": 740})
    assert not desk.is_too_wide() and desk.faults == []


def test_a_list_is_scanned_with_the_camera(visit):
    _election, lists = a_frozen_election()
    eva = visit(a_scrutineer())
    eva.page.add_init_script(f"({CAMERA})({json.dumps(lists[1].upper())})")
    page = eva.open("/en/2026/election/prove")
    page.locator("[data-scan] button").click()
    expect(page.locator("#words")).to_have_value(lists[1])
    assert eva.violations() == []
    with page.expect_navigation():
        page.locator("main form[method=post] button.primary").click()
    expect(page.locator("main")).to_contain_text("List 2 is right")
    assert eva.faults == []


def test_without_a_reader_there_is_no_button_to_press(visit):
    a_frozen_election()
    eva = visit(a_scrutineer())
    eva.page.add_init_script("delete window.BarcodeDetector")
    expect(eva.open("/en/2026/election/prove").locator("[data-scan]")).to_be_hidden()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_two_scrutineers_open_the_box(visit, script):
    election, lists = closed(a_member())
    eva = visit(a_scrutineer(), java_script_enabled=script)
    page = eva.open("/en/2026/election/count")
    drawn = []
    if script:
        bar = {"opened": 15000, "envelopes": 30000, "counted": None}
        page.route("**/progress.json", lambda route: route.fulfill(json=bar))
    page.fill("#first", lists[0])
    page.fill("#second", lists[0])
    page.locator("main form[method=post] button.primary").click()
    expect(page.locator("[role=alert]")).to_contain_text("given twice")
    page.fill("#second", lists[2])
    if script:
        # The answer waits until the bar was drawn once.
        page.route("**/election/count", lambda route: (drawn.append(bar_of(page)), route.continue_()))
    with page.expect_navigation(url="**/election/"):
        page.locator("main form[method=post] button.primary").click()
    expect(page.locator("main")).to_contain_text("are counted")
    assert drawn == ([("15,000 of 30,000 envelopes opened", 0.5)] if script else [])
    db.session.refresh(election)
    assert election.report["envelopes"] == 1 and eva.faults == []


def bar_of(page) -> tuple[str, float]:
    """What stands at the bar once it has moved, and how far it is."""
    said = page.locator(".opening [role=status]")
    expect(said).not_to_be_empty()
    return said.inner_text(), page.locator("progress").evaluate("bar => bar.value")


def test_two_organisers_and_a_pause_are_accessible(visit):
    election, lists = a_frozen_election()
    ceremony.prove(election, lists, None)
    hours.open_(election, None)
    dre, fien = an_organiser(), a_member("Fien", "gent", Role.ORGANISER)
    hours.pause(election, "The wifi in the hall went down.", dre.id)
    db.session.commit()
    here, other = visit(dre), visit(fien, viewport=DESK, color_scheme="dark")
    page = here.open("/en/2026/election/extend")
    assert here.violations() == [] and not here.is_too_wide()
    page.fill("#reason", "We lost a quarter of an hour.")
    page.locator("main form[method=post] button.primary").click()
    for who in (here, other):
        for path in ("/en/2026/election/", "/en/2026/vote"):
            who.open(path)
            assert who.violations() == [] and not who.is_too_wide()
    page = other.open("/en/2026/election/")
    page.locator("details.confirm summary").first.click()
    page.locator("form[action$='/confirm/extend'] button").click()
    expect(page.locator("main")).to_contain_text("The vote is extended.")
    assert here.faults == other.faults == []
