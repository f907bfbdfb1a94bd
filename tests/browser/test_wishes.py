"""A member's way by wishes, on pages: wish, change, withdraw; later told the group and why, and confirm or decline."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sipvote.db import db, now
from sipvote.editions.models import Edition
from sipvote.members.models import Member
from sipvote.workgroups import choosing, placing, rules, telling, wished
from sipvote.workgroups.models import Mode, Workgroup
from sipvote.workgroups.wish_models import Coming
from tests.browser.conftest import DESK
from tests.browser.keyboard import fill, press, reach, tick
from tests.factories import a_group_to_wish, a_member, a_theme, a_wishing_edition, some_wishes

WAYS = [Coming.ON_SITE, Coming.ONLINE, Coming.EITHER]  # as they stand beside each date, after "I cannot"


@pytest.fixture
def edition(database):
    return a_wishing_edition()


@pytest.fixture
def groups(edition):
    """Three groups of one theme, each with six weekly dates: Ghent, Brussels at other hours, and online."""
    theme = a_theme(edition, "Fair fees", elected_at=now())
    cities = ("gent", "brussel", None)
    return [a_group_to_wish(edition, theme, city, days=n, places=1) for n, city in enumerate(cities)]


def mine(member: Member):
    """What the database says that a member wishes: the groups in order, the ways of coming, and whether it counts."""
    db.session.rollback()
    kept = wished.list_of(member.id, db.session.query(Edition).one())
    ways = [a.way for a in sorted(kept.availability, key=lambda a: a.slot.starts_at)]
    return [w.workgroup_id for w in kept.wishes], ways, kept.counts


# --- Wishing ------------------------------------------------------------------------------------------


def test_in_dutch_on_a_phone_without_javascript(visit, groups):
    ada, (gent, brussel, _online) = a_member(language="nl"), groups
    here = visit(ada, java_script_enabled=False)
    page = here.open("/nl/2026/groups/")
    here.go("main .notice a.button")
    here.go("main a.button[href$='/wishes/groups']")
    page.locator("#wish_1").select_option(str(brussel.id))
    page.locator("#wish_2").select_option(str(gent.id))
    here.clean("nl-groups")
    here.go(".ballot-bar button")
    page.locator("details.same summary").click()
    page.locator("#all").select_option("online")
    here.go("button[formaction$='/dates/all']")
    dates = page.locator("fieldset.ways")
    assert dates.count() == 12 == page.locator("input[value=online]:checked").count()
    dates.nth(11).locator("input[value='']").check()  # the last one of Brussels not, and one only on site
    dates.nth(10).locator("input[value=on_site]").check()
    page.locator("#access_needs").fill("Een helling")
    here.clean("nl-dates")
    here.go(".ballot-bar button")
    expect(page.locator("main")).to_contain_text("Een helling")
    here.clean("nl-check")
    assert mine(ada) == ([brussel.id, gent.id], [Coming.ONLINE] * 10 + [Coming.ON_SITE], False)
    here.go("form[action$='/pledge'] button")
    expect(page.locator("main .notice.ok")).to_be_visible()
    here.clean("nl-done")
    assert mine(ada)[2] is True
    assert here.faults == []


def test_sent_wishes_are_changed_withdrawn_and_sent_again_without_javascript(visit, groups):
    ada, (gent, brussel, online) = a_member(language="nl"), groups
    some_wishes(ada, brussel, gent)
    here = visit(ada, java_script_enabled=False)
    # Changed from the page of a group: it comes in the first free rank.
    page = here.open(f"/nl/2026/groups/{online.id}")
    here.go("main a.button[href*='/wishes/groups']")
    expect(page.locator("#wish_3")).to_have_value(str(online.id))
    page.locator("#wish_1").select_option("")
    here.go(".ballot-bar button")
    assert mine(ada)[0] == [gent.id, online.id] and mine(ada)[2] is True
    # Withdrawn, and not withdrawn after all.
    page.goto(f"{here.site}/nl/2026/groups/wishes/")
    page.locator("details.confirm summary").click()
    here.go("form[action$='/withdraw'] button")
    assert mine(ada)[2] is False
    here.clean("nl-withdrawn")
    here.go("form[action$='/undo'] button")
    expect(page.locator("main .notice.ok").last).to_be_visible()
    assert mine(ada)[2] is True and here.faults == []


def test_in_french_with_the_keyboard_alone(visit, groups):
    ada, (gent, _brussel, online) = a_member(language="fr"), groups
    here = visit(ada)
    page = here.open("/fr/2026/groups/")
    press(page, "main .notice a.button")
    press(page, "main a.button[href$='/wishes/groups']")
    for rank, group in enumerate((online, gent), start=1):
        reach(page, f"#wish_{rank}")
        while page.locator(f"#wish_{rank}").input_value() != str(group.id):
            page.keyboard.press("ArrowDown")
    press(page, ".ballot-bar button")
    for date in range(page.locator("fieldset.ways").count()):
        reach(page, f"fieldset.ways >> nth={date} >> input:checked")
        page.keyboard.press("ArrowUp")  # from "I cannot" around to the last way: either, or online
    fill(page, "#access_needs", "Une rampe")
    press(page, ".ballot-bar button")
    here.clean("fr-check")
    press(page, "form[action$='/pledge'] button")
    here.clean("fr-done")
    assert sorted(mine(ada)[1]) == [Coming.EITHER] * 6 + [Coming.ONLINE] * 6 and mine(ada)[0] == [online.id, gent.id]
    press(page, "main a.button")
    tick(page, "details.confirm summary")
    press(page, "form[action$='/withdraw'] button")
    assert mine(ada)[2] is False
    here.clean("fr-withdrawn")
    press(page, "form[action$='/undo'] button")
    assert mine(ada)[2] is True and here.faults == []


def test_the_page_keeps_what_is_chosen_as_one_goes(visit, groups):
    ada, (gent, brussel, _online) = a_member(), groups
    here = visit(ada)
    page = here.open("/en/2026/groups/wishes/groups")
    page.locator("#wish_1").select_option(str(gent.id))
    page.locator("#wish_2").select_option(str(gent.id))
    expect(page.locator("[data-said].over")).to_contain_text("twice")
    page.locator("#wish_2").select_option(str(brussel.id))
    expect(page.locator("[data-said]:not(.over)")).to_contain_text("Kept at")
    here.faults.clear()  # the browser tells of each answer that refuses
    page.reload()
    assert [page.locator(f"#wish_{n}").input_value() for n in (1, 2, 3)] == [str(gent.id), str(brussel.id), ""]
    here.clean("groups")
    here.go(".ballot-bar button")
    dates = page.locator("fieldset.ways")
    for n, way in enumerate((*WAYS, *WAYS)):
        dates.nth(n).locator(f"input[value={way}]").check()
    expect(page.locator("[data-said]")).to_contain_text("Kept at")
    with page.expect_response(lambda answer: "A ramp" in (answer.request.post_data or "") and answer.ok):
        page.locator("#access_needs").press_sequentially("A ramp")  # and the field is never left
    db.session.rollback()
    page = (here := visit(ada)).open("/en/2026/groups/wishes/dates")  # on another phone
    dates = page.locator("fieldset.ways")
    assert page.locator("fieldset.ways input:checked").evaluate_all("all => all.map(i => i.value)") == [
        *map(str, (*WAYS, *WAYS)), *[""] * 6
    ]  # fmt: skip
    expect(page.locator("#access_needs")).to_have_value("A ramp")
    expect(page.locator("[data-state]")).to_have_text("Not sent yet")
    here.clean("dates")
    # Whoever is quicker than the script loses nothing either.
    dates.nth(6).locator("input[value=either]").check()
    here.go(".back a")
    here.go(".ballot-bar button")
    expect(dates.nth(6).locator("input[value=either]")).to_be_checked()


def test_without_a_network_it_says_so_and_keeps_it_when_the_network_is_back(visit, groups):
    ada = a_member()
    some_wishes(ada, groups[0], pledged=False)
    here = visit(ada)
    page = here.open("/en/2026/groups/wishes/dates")
    here.context.set_offline(True)
    page.locator("fieldset.ways input[value='']").first.check()
    expect(page.locator("[data-said].over")).to_contain_text("Not kept")
    assert len(mine(ada)[1]) == 6
    here.context.set_offline(False)
    expect(page.locator("[data-said]:not(.over)")).to_contain_text(
        "Kept at", timeout=7_000
    )  # sooner than it tries by itself
    assert len(mine(ada)[1]) == 5


def test_a_promise_that_can_no_longer_be_kept_is_told_at_once(visit, groups):
    ada = a_member()
    some_wishes(ada, groups[0])
    here = visit(ada)
    page = here.open("/en/2026/groups/wishes/dates")
    expect(page.locator("[data-state]")).to_have_text("Your wishes are in.")
    for n in range(2):  # five of six dates would do, four do not
        page.locator("fieldset.ways").nth(n).locator("input[value='']").check()
    expect(page.locator("[data-state]")).to_have_text("Not sent yet")
    here.go(".ballot-bar button")
    expect(page.locator("main .notice.warn")).to_contain_text("cannot be sent like this")
    expect(page.locator("main .notice.bad")).to_contain_text("None of your wishes could be kept")
    assert page.locator("form[action$='/pledge']").count() == 0
    here.clean("check-impossible")
    page.goto(f"{here.site}/en/2026/groups/wishes/")
    here.clean("wishes-draft")


# --- Told ---------------------------------------------------------------------------------------------


def told(edition, *people: Member, wishes: list[Workgroup]) -> None:
    """These people wished the groups; dates were chosen, the lot drawn, and everybody was told."""
    for member in people:
        some_wishes(member, *wishes)
    edition.wishes_until = now()
    for group in wishes:
        slots = [c.slot_id for c in choosing.choice(group).candidates[:5]]
        choosing.take(group, slots, Mode.ONLINE, None)
    placing.freeze(edition, True, None)
    placing.draw(edition, "314159", None)
    telling.tell(edition, placing.outcome(edition).seal, False, None)
    db.session.commit()
    db.session.expire_all()


TOLD = pytest.mark.parametrize(
    ("language", "options"),
    [("nl", {}), ("fr", {"viewport": DESK, "java_script_enabled": False}), ("en", {"color_scheme": "dark"})],
    ids=["nl-phone", "fr-desk-no-js", "en-phone-dark"],
)


@TOLD
def test_told_why_and_confirming_five_dates(visit, edition, groups, language, options):
    people = [a_member(name, language=language) for name in ("Ada Peeters", "Bo Smit")]
    told(edition, *people, wishes=groups[:2])
    second = next(p for p in people if (s := rules.signup_of(p.id, groups[1])) and s.is_offered)
    here = visit(second, accept_downloads=True, **options)
    page = here.open(f"/{language}/")
    here.go(f"main a[href$='/groups/{groups[1].id}/confirm']")
    here.go("main a[href$='/wishes/why']")
    expect(page.locator("main")).to_contain_text("314159")
    expect(page.locator("main ol").first.locator("li")).to_have_count(2)  # what came of each wish
    here.clean(f"why-{language}")
    page.go_back()
    dates = page.locator("main input[name=date]")
    assert dates.count() == 5
    for n in range(4):
        dates.nth(n).check()
    here.go("main form button.button")
    expect(page.locator("main .notice.warn")).to_be_visible()  # four of five are not all
    here.clean(f"confirm-{language}")
    assert page.locator("main input[name=date]:checked").count() == 4
    dates.nth(4).check()
    here.go("main form button.button")
    with page.expect_download() as download:
        page.locator("main a[href$='/calendar.ics']").click()
    assert Path(download.value.path()).read_text("utf-8").count("BEGIN:VEVENT") == 5
    here.clean(f"joined-{language}")
    db.session.rollback()
    signup = rules.signup_of(second.id, groups[1])
    db.session.refresh(signup)
    assert signup.has_place and [a.confirmed_at is not None for a in signup.attendances] == [True] * 5


@pytest.mark.parametrize(
    ("language", "options"), [("nl", {"java_script_enabled": False}), ("fr", {})], ids=["nl-no-js", "fr"]
)
def test_who_declines_passes_the_place_on(visit, edition, groups, language, options):
    people = [a_member(name, language=language) for name in ("Ada Peeters", "Bo Smit")]
    told(edition, *people, wishes=groups[:1])
    first, next_ = sorted(people, key=lambda p: not rules.signup_of(p.id, groups[0]).is_offered)
    address = f"/{language}/2026/groups/{groups[0].id}"
    waiting = visit(next_, **options)
    page = waiting.open(address)
    expect(page.locator("main .notice.info")).to_contain_text("1")
    here = visit(first, **options)
    press(here.open(address), "main a[href$='/confirm']")
    tick(here.page, "details.confirm summary")
    press(here.page, "form[action$='/decline'] button")
    expect(here.page.locator("main a[href$='/confirm']")).to_have_count(0)
    page.goto(f"{waiting.site}/{language}/2026/groups/")
    waiting.go(f"main a[href$='/groups/{groups[0].id}']")
    press(page, "main a[href$='/confirm']")
    for date in range(5):
        tick(page, "main input[name=date]", date)
    press(page, "main form button.button")
    page.wait_for_url(re.compile("/joined$"))
    db.session.rollback()
    states = [rules.signup_of(p.id, groups[0]) for p in (first, next_)]
    for state in states:
        db.session.refresh(state)
    assert states[0].withdrawn_at is not None and states[1].has_place
    assert here.faults == waiting.faults == []
