"""In a real browser: attendance without a network, notes that keep themselves, and pages that fit a phone."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sipvote.db import db, now
from sipvote.workgroups import attending, insiders, minutes, papers, rules, steps
from sipvote.workgroups.models import Attendance
from tests.factories import a_facilitator, a_member, a_met_group, an_organiser, some_presence

PICTURES = Path(os.environ.get("SIPVOTE_PICTURES", ""))


@pytest.fixture
def bas(database):
    return a_facilitator("gent", language="nl")


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


@pytest.fixture
def group(bas, ada):
    people = [ada, a_member("Bo Smit", language="fr"), a_member("Charlotte Vandenbroucke-Delacroix", email=None)]
    return a_met_group(*people, facilitators=[bas], venue="Kouter 1, Gent, room 3", video_url="https://meet.example/x")


def came(member, group):
    db.session.rollback()
    signup = rules.signup_of(member.id, group)
    return db.session.get(Attendance, (signup.id, group.meetings[0].id), populate_existing=True).came


def test_taps_without_a_network_are_kept_and_sent_when_it_is_back(visit, group, ada, bas):
    here = visit(bas)
    page = here.open(f"/en/2026/facilitate/{group.id}/meetings/{group.meetings[0].id}/attendance")
    row = page.locator("li", has_text="Ada Peeters")
    row.get_by_role("button", name="Here Ada Peeters", exact=True).click()
    expect(row.locator("[data-state]")).to_have_text("Saved")
    expect(page.locator("[data-marked]")).to_have_text("1 of 3 marked")
    assert came(ada, group) is True
    here.context.set_offline(True)
    row.get_by_role("button", name="Not here").click()
    expect(row.locator("[data-state]")).to_contain_text("waiting for the network")
    expect(row.get_by_role("button", name="Not here")).to_have_attribute("aria-pressed", "true")
    assert came(ada, group) is True
    here.context.set_offline(False)
    expect(row.locator("[data-state]")).to_have_text("Saved", timeout=15_000)
    assert came(ada, group) is False
    row.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-marked]")).to_have_text("0 of 3 marked")
    assert came(ada, group) is None


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_a_tap_moves_no_button_on_a_phone(visit, group, bas, language):
    page = visit(bas).open(
        f"/{language}/2026/facilitate/{group.id}/meetings/{group.meetings[0].id}/attendance"
    )  # fmt: skip
    places = """() => [...document.querySelectorAll(".marks .button")].slice(0, 4).map(
        button => { const at = button.getBoundingClientRect(); return [at.x, at.y + scrollY, at.width].join(" ") })"""
    before = page.evaluate(places)
    for n, value in enumerate(("yes", "no")):
        row = page.locator("[data-person]").nth(n)
        row.locator(f"button[value={value}]").click()
        expect(row.locator("[data-state]")).not_to_have_text("…")
        undo, button = row.locator(".link").bounding_box(), row.locator(".button").first.bounding_box()
        assert undo["width"] >= 44 and abs(undo["y"] - button["y"]) < 4  # beside them, and large enough
    assert page.evaluate(places) == before


def test_a_tap_outlives_the_page_and_does_not_win_over_a_later_one(visit, group, ada, bas):
    here = visit(bas)
    address = f"/en/2026/facilitate/{group.id}/meetings/{group.meetings[0].id}/attendance"
    page = here.open(address)
    page.route("**/attendance/*", lambda route: route.abort())
    for name in ("Ada Peeters", "Bo Smit"):
        page.get_by_role("button", name=f"Here {name}", exact=True).click()
    expect(page.locator("[data-state]", has_text="waiting for the network")).to_have_count(2)
    # Meanwhile somebody else marks Ada, later than Bas did.
    attending.mark(group.meetings[0], rules.signup_of(ada.id, group), False, now(), a_facilitator().id)
    db.session.commit()
    page.unroute("**/attendance/*")
    page = here.open(address)
    expect(page.locator("[data-state]", has_text="Saved")).to_have_count(2)
    pressed = page.locator("li", has_text="Ada Peeters").locator("[aria-pressed=true]")
    expect(pressed).to_contain_text("Not here")
    assert came(ada, group) is False and came(group.signups[1].member, group) is True


def test_notes_keep_themselves_also_without_a_network(visit, group, bas):
    here, meeting = visit(bas), group.meetings[0]
    page = here.open(f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}/write")
    page.locator("#words").fill("We met.")
    expect(page.locator("[data-state]")).to_have_text("Saved")
    db.session.rollback()
    page.route("**/draft", lambda route: route.abort())
    page.locator("#words").fill("We met. We agreed.")
    expect(page.locator("[data-state]")).to_contain_text("No network")
    assert minutes.of_meeting(meeting).text == "We met."
    page.unroute("**/draft")
    page = here.open(f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}/write")
    expect(page.locator("#words")).to_have_value("We met. We agreed.")
    expect(page.locator("[data-state]")).to_have_text("Saved")
    page.get_by_role("button", name="Save the minutes").click()
    page.wait_for_url(re.compile(r"/minutes/\d+$"))
    db.session.rollback()
    assert minutes.of_meeting(meeting).text == "We met. We agreed."


def test_two_writers_see_both_texts(visit, group, ada, bas):
    here, meeting = visit(bas), group.meetings[0]
    insiders.name_secretary(group, ada, bas.id)
    db.session.commit()
    page = here.open(f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}/write")
    minutes.write(meeting, "Ada wrote this.", "", ada.id)
    db.session.commit()
    page.locator("#words").fill("Bas wrote that.")
    expect(page.locator("[data-state]")).to_contain_text("Ada Peeters wrote")
    page.get_by_role("button", name="Save the minutes").click()
    expect(page.locator("main")).to_contain_text("Ada wrote this.")
    expect(page.locator("#words")).to_have_value("Bas wrote that.")


def a_full_life(group, ada, bas):
    """A group in which everything there is to show has happened."""
    some_presence(group, ada)
    bo = rules.signup_of(group.signups[1].member_id, group)
    db.session.get(Attendance, (bo.id, group.meetings[1].id)).excused_at = now()
    bo.access_needs = "A ramp, and a seat near the door"
    group.meetings[1].agenda = "- Round of names\n- **Fees**: what is fair?"
    insiders.name_secretary(group, ada, bas.id)
    minutes.write(group.meetings[0], "We met.\n\n- We agreed on everything.", "", ada.id)
    minutes.submit(group.meetings[0], ada.id)
    steps.agree(group, "Call the office about the invoices", ada.id, steps.today())
    steps.do(steps.agree(group, "Book the room", bas.id, None))
    papers.add(group, "A rather long name of a file about fair fees.pdf", b"x" * 120_000, ada.id)
    db.session.commit()


def test_the_pages_fit_a_phone_and_axe_finds_nothing(visit, group, ada, bas):
    a_full_life(group, ada, bas)
    first, second = (f"meetings/{m.id}" for m in group.meetings[:2])
    facilitate, inside = f"/en/2026/facilitate/{group.id}", f"/en/2026/groups/{group.id}/inside"
    paths = {
        "group": facilitate, "attendance": f"{facilitate}/{first}/attendance", "sheet": f"{facilitate}/{first}/sheet",
        "agenda": f"{facilitate}/{second}/agenda", "write": f"{facilitate}/write", "inside": f"{inside}/",
        "minutes": f"{inside}/minutes/{group.meetings[0].id}", "city": "/en/2026/facilitate/city/gent",
        "notes": f"{inside}/minutes/{group.meetings[1].id}/write",
        "pool": "/en/2026/groups/plan/facilitators", "profile": f"/en/2026/groups/plan/facilitators/{bas.id}",
    }  # fmt: skip
    for who in (bas, an_organiser()):
        here = visit(who)
        for name, path in paths.items():
            if ("/plan/" in path) is (who is bas) or (name == "notes" and who is not bas):
                continue
            here.open(path)
            if PICTURES.name:
                here.look(name, PICTURES)
            assert (name, here.is_too_wide(), here.violations(), here.faults) == (name, False, [], [])
