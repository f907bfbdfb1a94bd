"""Each role's way: with the keyboard alone, on a phone and a desk, in each language, with and without JavaScript."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sipvote.db import db
from sipvote.editions.models import Phase
from sipvote.themes.models import Theme
from sipvote.voting import rules as voting
from sipvote.voting.models import Envelope
from sipvote.workgroups.models import Signup
from tests.browser.conftest import DESK
from tests.browser.keyboard import fill, press, tick
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_group,
    a_member,
    a_scrutineer,
    a_signup,
    a_support,
    a_theme,
    an_edition,
    an_election,
    an_organiser,
    now,
)

EVERYBODY = pytest.mark.parametrize(
    ("language", "options"),
    [
        ("nl", {}),
        ("fr", {"java_script_enabled": False}),
        ("en", {"viewport": DESK}),
        ("nl", {"viewport": DESK, "java_script_enabled": False}),
        ("fr", {"viewport": DESK, "color_scheme": "dark"}),
        ("en", {"java_script_enabled": False, "color_scheme": "dark"}),
    ],
    ids=["nl-phone", "fr-phone-no-js", "en-desk", "nl-desk-no-js", "fr-desk-dark", "en-phone-no-js-dark"],
)


@EVERYBODY
def test_ada_proposes_a_theme_and_supports_another(visit, language, options):
    edition, ada = an_edition(Phase.THEMES), a_member(language=language)
    other = a_theme(edition, "Being paid in time")
    here = visit(ada, **options)
    page = here.open(f"/{language}/2026/themes/new")
    for name, words in (
        ("title", "Fair fees"),
        ("question", "What is fair?"),
        ("why", "It matters."),
        ("change", "Much."),
    ):
        fill(page, f"#{name}", words)
    press(page, "main form button")
    expect(page.locator("main article")).to_contain_text("Fair fees")
    press(page, "main form button")
    db.session.rollback()
    assert [str(t) for t in db.session.query(Theme).filter_by(proposer_id=ada.id)] == ["Fair fees"]
    page.goto(f"{here.site}/{language}/2026/themes/{other.id}")
    press(page, "form[action$='/support'] button")
    expect(page.locator("form[action$='/take-back'] button")).to_be_visible()
    assert here.faults == []


@EVERYBODY
def test_ada_votes_keeps_her_receipt_and_finds_it_on_the_board(visit, language, options):
    ada = a_member(language=language)
    election = an_election(ada)
    here = visit(ada, **options)
    page = here.open(f"/{language}/")
    press(page, "main .button")
    press(page, "main a.button")
    tick(page, "main input[type=checkbox]", 0)
    tick(page, "main input[type=checkbox]", 2)
    press(page, ".ballot-bar button")
    assert db.session.query(Envelope).count() == 0  # not sent yet
    press(page, "main form[action$='/send'] button")
    code = re.search(r"[0-9A-Z]{4}[ -][0-9A-Z]{4}[ -][0-9A-Z]{4}", page.locator("main").inner_text())
    assert code
    db.session.rollback()
    assert db.session.query(Envelope).filter_by(election_id=election.id, member_id=ada.id).count() == 1
    page.goto(f"{here.site}/{language}/2026/vote/board")
    fill(page, "main input[name=code]", code[0])
    press(page, "main form button")
    expect(page.locator("main .notice.ok")).to_be_visible()
    assert here.faults == []


@EVERYBODY
def test_too_many_choices_are_told_and_none_is_lost(visit, language, options):
    ada = a_member(language=language)
    an_election(ada, max_approvals=2)
    here = visit(ada, **options)
    page = here.open(f"/{language}/2026/vote/ballot")
    for option in range(3):
        tick(page, "main input[type=checkbox]", option)
    press(page, ".ballot-bar button")
    expect(page.locator("[role=alert]")).to_contain_text("2")
    assert page.locator("main input[type=checkbox]:checked").count() == 3
    assert not options.get("java_script_enabled", True) or here.violations() == []


@EVERYBODY
def test_ada_confirms_each_date_and_joins_a_group(visit, language, options):
    group, ada = a_group(an_edition(Phase.SIGNUP)), a_member(language=language)
    here = visit(ada, **options)
    page = here.open(f"/{language}/2026/groups/{group.id}")
    press(page, "main a[href*='/join']")
    for date in range(4):
        tick(page, "main input[type=checkbox]", date)
    press(page, "main form button")
    expect(page.locator("[role=alert]")).to_be_visible()  # now and then is not possible
    assert page.locator("main input[type=checkbox]:checked").count() == 4
    tick(page, "main input[type=checkbox]", 4)
    press(page, "main form button")
    press(page, "main form[method=post] button")
    expect(page.locator("main a[href$='calendar.ics']")).to_be_visible()
    db.session.rollback()
    assert db.session.query(Signup).filter_by(member_id=ada.id).one().seat == 1
    assert here.faults == []


@EVERYBODY
def test_an_organiser_admits_and_declines(visit, language, options):
    edition, organiser = an_edition(Phase.REVIEW), an_organiser(language=language)
    wanted, unwanted = a_theme(edition, "Wanted"), a_theme(edition, "Unwanted")
    a_support(wanted, a_member())
    here = visit(organiser, **options)
    page = here.open(f"/{language}/2026/themes/review")
    press(page, f"form[action$='/{wanted.id}/admit'] button")
    press(page, f"a[href$='/{unwanted.id}/decline']")
    fill(page, "main textarea", "The offices do this already.")
    press(page, "main form[method=post] button")
    db.session.rollback()
    assert db.session.get(Theme, wanted.id).admitted_at
    assert db.session.get(Theme, unwanted.id).decline_reason == "The offices do this already."
    assert here.faults == []


@EVERYBODY
def test_a_facilitator_and_the_board_see_what_is_theirs(visit, language, options):
    edition = an_edition(Phase.SIGNUP)
    bas, chloe, ada = (
        a_facilitator("gent", language=language),
        a_board_member(language=language),
        a_member("Ada Peeters"),
    )
    a_signup(ada, a_group(edition, facilitators=[bas]))
    facilitator = visit(bas, **options)
    page = facilitator.open(f"/{language}/2026/facilitate/")
    press(page, "main a[href*='/facilitate/']")
    expect(page.locator("main")).to_contain_text("Ada Peeters")
    board = visit(chloe, **options)
    page = board.open(f"/{language}/2026/figures/")
    expect(page.locator("main table").first).to_be_visible()
    assert "Ada Peeters" not in page.locator("main").inner_text()
    assert facilitator.faults == board.faults == []


def test_an_election_with_scrutineers_from_the_first_button_to_the_verified_package(visit, tmp_path):
    """Dré runs it, Eva proves and opens with two word lists, Ada votes, anybody recounts."""
    edition = an_edition(Phase.VOTE, seats=1, max_approvals=2)
    ada, eva, organiser, other = a_member(), a_scrutineer(), an_organiser(), an_organiser()
    for title in ("Fair fees", "Being paid in time", "Guidance"):
        a_theme(edition, title, admitted_at=now())
    desk = visit(organiser, viewport=DESK, accept_downloads=True)
    page = desk.open("/en/2026/election/")
    page.locator("input[value=scrutineers]").check()
    with page.expect_navigation():
        page.locator("form[action$='/prepare'] button").click()
    confirm(page, "freeze")
    lists = [" ".join(ol.locator("li").all_inner_texts()) for ol in page.locator("ol.words").all()]
    assert len(lists) == 3
    for words in lists:
        type_lists(visit(eva), "prove", [words])
    page.goto(f"{desk.site}/en/2026/election/")
    with page.expect_navigation():
        page.locator("form[action$='/open'] button").click()
    second = visit(other, viewport=DESK)
    confirm(second.open("/en/2026/election/"), "confirm/open")
    vote_for(visit(ada), "Fair fees")
    page.goto(f"{desk.site}/en/2026/election/")
    page.locator("a[href$='/close']").click()
    page.locator("#reason").fill("Everybody has voted.")
    with page.expect_navigation():
        page.locator("main form[method=post] button").last.click()
    confirm(second.open("/en/2026/election/"), "confirm/close")
    type_lists(visit(eva), "count", lists[1:])
    page.goto(f"{desk.site}/en/2026/election/")
    confirm(page, "publish")
    page.goto(f"{desk.site}/en/2026/vote/results")
    expect(page.locator("main")).to_contain_text("Fair fees")
    page.goto(f"{desk.site}/en/2026/election/")
    with page.expect_download() as download:
        page.locator("form[action$='/package'] button").first.click()
    package = tmp_path / "package.zip"
    download.value.save_as(package)
    verify = Path(voting.__file__).parent / "verify.py"
    done = subprocess.run([sys.executable, "-I", str(verify), str(package)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert desk.faults == second.faults == []


def vote_for(voter, title: str) -> None:
    page = voter.open("/en/2026/vote/ballot")
    page.locator("label", has_text=title).first.click()
    page.locator(".ballot-bar button").click()
    page.locator("form[action$='/send'] button").first.click()
    page.wait_for_url("**/receipt")
    assert voter.faults == []


def type_lists(scrutineer, act: str, lists: list[str]) -> None:
    """Type two word lists where an act asks for them."""
    page = scrutineer.open(f"/en/2026/election/{act}")
    for field, words in zip(page.locator("main textarea").all(), lists, strict=True):
        field.fill(words)
    with page.expect_navigation():
        page.locator("main form[method=post] button").last.click()
    assert scrutineer.faults == []


def confirm(page, act: str) -> None:
    """Press an act of the election's desk, which asks first."""
    page.locator("details.confirm", has=page.locator(f"form[action$='/{act}']")).locator("summary").click()
    with page.expect_navigation():
        page.locator(f"form[action$='/{act}'] button").click()
