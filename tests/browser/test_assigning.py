"""From wishes to groups, on the organisers' pages; then what facilitators do on a phone before a meeting."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.i18n import ZONE
from sipvote.mail import Letter
from sipvote.workgroups import coming, free_days
from sipvote.workgroups.models import Attendance, Mode, Workgroup
from sipvote.workgroups.slots import candidates_of
from sipvote.workgroups.wish_models import Coming, WishList
from tests.browser.conftest import DESK, PHONE
from tests.factories import (
    a_city,
    a_facilitator,
    a_group,
    a_group_with_slots,
    a_member,
    a_met_group,
    a_slot,
    a_theme,
    a_wish_list,
    a_wishing_edition,
    a_year_of_wishes,
    an_edition,
    an_organiser,
)

BOTH = (PHONE, DESK)


def a_public_holiday(edition, city):
    """The first one in the time in which groups meet."""
    day = edition.groups_at.astimezone(ZONE).date() + timedelta(days=2)
    calendars = free_days.calendars_of([city])
    while not any(not free.is_school for free in free_days.free_days(day, calendars)):
        day += timedelta(days=1)
    return day


def confirm(here, form: str) -> None:
    """Press an act that asks first."""
    here.page.locator("details.confirm", has=here.page.locator(form)).locator("summary").click()
    here.clean("asked")
    here.go(f"{form} button")


# --- Organisers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["js", "no-js"])
def test_an_organiser_makes_a_group_and_proposes_dates_every_week(visit, database, options):
    edition, gent = a_wishing_edition(), a_city("gent")
    theme, bas, holiday = a_theme(edition, elected_at=now()), a_facilitator("gent"), a_public_holiday(edition, gent)
    here = visit(an_organiser(language="nl"), **options)
    page = here.open("/nl/2026/groups/plan/")
    here.clean("plan", *BOTH)
    here.go(f"main a[href$='/new?theme={theme.id}']")
    for name, value in (("cities", gent.id), ("languages", "nl"), ("facilitators", bas.id)):
        page.locator(f"input[name={name}][value='{value}']").check()
    here.clean("plan-new", *BOTH)
    here.go("main form .buttons button")
    expect(page.locator("main .empty")).to_be_visible()  # made, without any date
    page.locator("#weekday").select_option(str(holiday.weekday()))
    page.locator("#at").fill("18:00")
    page.locator("#first").fill(str(holiday))
    page.locator("#last").fill(str(holiday + timedelta(weeks=5)))
    here.clean("slots-none", *BOTH)
    here.go("form[action$='/preview'] .buttons button")
    marked = page.locator(".choice", has=page.locator(".mark.strong"))
    expect(marked.locator("input").first).not_to_be_checked()
    kept = page.locator("input[name=start]:checked").count()
    assert 4 <= kept < page.locator("input[name=start]").count()
    here.clean("slots-preview", *BOTH)
    here.go("form[action$='/propose'] .buttons button")
    page.locator("input[name=slot]").first.check()
    here.clean("slots", *BOTH)
    here.go("button[formaction$='/remove']")
    db.session.rollback()
    group = db.session.query(Workgroup).one()
    days = [c.slot.starts_at.astimezone(ZONE) for c in candidates_of([group])]
    assert len(days) == kept - 1 and {d.hour for d in days} == {18} and holiday not in {d.date() for d in days}
    assert group.meetings == [] and here.faults == []


def a_group_to_date():
    """A group with four dates, three of whose five people can come to all of the first two; two to the last two."""
    edition = a_year_of_wishes()
    slots = [a_slot(edition, day) for day in (1, 8, 15, 22)]
    group = a_group_with_slots(edition, slots)
    for n, could in enumerate((slots[:2], slots[:2], slots[:3], slots[2:], slots[2:])):
        a_wish_list(a_member(f"M{n}"), group, slots=could)
    db.session.flush()
    return group, [slot.id for slot in slots]


def test_an_organiser_weighs_sets_of_dates_and_decides(visit, database):
    group, slots = a_group_to_date()
    here = visit(an_organiser(language="fr"), viewport=DESK)
    here.keep_axe()
    page = here.open("/fr/2026/groups/dates/")
    here.clean("dates", *BOTH)
    here.go(f"main a[href$='/dates/{group.id}']")
    here.clean("dates-group", *BOTH)
    best = [int(cell) for cell in page.locator("#sets tbody tr").first.locator("td.num").all_inner_texts()]
    assert best == [3, 0, 2] and page.locator("#sets tbody tr").count() == 6  # and five runners-up
    expect(page.locator("#looked tbody tr")).to_have_count(2)  # who drops out
    here.go("#sets tbody tr:nth-child(2) a")
    expect(page.locator("#sets tr.chosen")).to_have_count(1)
    # By hand: each box shows at once what it means, and the page that this is has an address.
    for number in range(4):
        page.locator(f"#slot-{slots[number]}").set_checked(number in (0, 2))
    expect(page.locator("#sum .ballot-state")).to_contain_text("2")
    expect(page.locator("#looked tbody tr")).to_have_count(4)
    page.locator(f"#slot-{slots[3]}").check()
    expect(page.locator("#looked .notice.bad")).to_be_visible()  # three dates, and two are needed
    expect(page.locator("#looked form")).to_have_count(0)
    page.locator(f"#slot-{slots[0]}").uncheck()
    page.locator("#apart").fill("8")
    page.locator("#apart").press("Tab")
    expect(page.locator("#looked .notice.warn")).to_be_visible()  # a week lies between them: theirs to weigh
    here.clean("dates-by-hand", *BOTH)
    page.reload()
    assert [page.locator(f"#slot-{slot}").is_checked() for slot in slots] == [False, False, True, True]
    here.go("#looked form button")
    expect(page.locator("#looked .notice.ok")).to_be_visible()
    here.clean("dates-taken")
    here.go("#sets tbody tr:first-child a")
    here.go("#looked form button")  # the best after all
    db.session.rollback()
    db.session.refresh(group, ["meetings"])
    assert [m.starts_at for m in group.meetings] == [c.slot.starts_at for c in candidates_of([group])[:2]]


def test_dates_are_weighed_without_javascript_too(visit, database):
    group, slots = a_group_to_date()
    here = visit(an_organiser(language="nl"), java_script_enabled=False)
    page = here.open(f"/nl/2026/groups/dates/{group.id}")
    for number in range(4):
        page.locator(f"#slot-{slots[number]}").set_checked(number in (2, 3))
    here.go("form[data-ask] button.button")
    expect(page.locator("#looked tbody tr")).to_have_count(3)
    here.go("#looked form button")
    expect(page.locator("#looked .notice.ok")).to_be_visible()
    db.session.rollback()
    db.session.refresh(group, ["meetings"])
    assert [m.starts_at for m in group.meetings] == [c.slot.starts_at for c in candidates_of([group])[2:]]
    assert here.faults == []


def some_small_groups():
    """Ghent is large enough; Liège, Brussels and Lille are not: to merge, to move online, to close."""
    edition = a_year_of_wishes()
    slots, theme = [a_slot(edition, day) for day in (1, 8)], a_theme(edition, "Fair fees", elected_at=now())
    gent, luik, brussel, lille = (
        a_group_with_slots(edition, slots, theme=theme, city=city, dates=True, mode=Mode.ON_SITE)
        for city in ("gent", "luik", "brussel", "lille")
    )
    for n in range(2):
        a_wish_list(a_member(f"G{n}"), gent, slots=slots)
        a_wish_list(a_member(f"B{n}"), brussel, slots=slots, way=Coming.ONLINE)
    a_wish_list(a_member("L0"), luik, lille, slots=slots)
    a_wish_list(a_member("F0"), lille, luik, slots=slots)
    db.session.flush()
    return gent, luik, brussel, lille


def test_an_organiser_gives_everybody_a_group(visit, database):
    gent, luik, brussel, lille = some_small_groups()
    here = visit(an_organiser(language="nl"), viewport=DESK)
    here.keep_axe()
    page = here.open("/nl/2026/groups/dates/")
    here.go("main a[href$='/assignment/']")
    here.clean("assignment-1", *BOTH)
    here.go("form[action$='/freeze'] button")
    page.locator("#draw").fill("3 1 4 1 5 9")
    here.clean("assignment-2", *BOTH)
    here.go("form[action$='/draw'] button")
    here.clean("assignment-3", *BOTH)
    confirm(here, f"form[action$='/{luik.id}/merge']:has(input[value='{gent.id}'])")
    confirm(here, f"form[action$='/{lille.id}/close']")
    # Brussels suits nobody on site. It meets otherwise, from its own page.
    here.go(f"main table a[href$='/assignment/{brussel.id}']")
    expect(page.locator("main .empty")).to_be_visible()
    here.clean("assignment-group", *BOTH)
    confirm(here, f"form[action$='/{brussel.id}/mode']:has(input[value=online])")
    expect(page.locator("main form[action$='/reopen']")).to_have_count(2)  # merged and closed: both can be undone
    here.clean("assignment-mended", *BOTH)
    here.go("main a[href$='/assignment/tell']")
    here.clean("assignment-tell", *BOTH)
    assert db.session.query(Letter).count() == 0
    db.session.rollback()
    here.go("form[action$='/tell'] button")
    here.clean("assignment-told", *BOTH)
    assert page.locator("main .confirm, main form[action$='/reopen']").count() == 0
    db.session.rollback()
    given = {str(w.member.name): w.given_id for w in db.session.query(WishList)}
    wanted = {"G0": gent, "G1": gent, "B0": brussel, "B1": brussel, "L0": gent, "F0": gent}
    assert given == {name: group.id for name, group in wanted.items()}
    db.session.refresh(brussel)
    assert brussel.mode == Mode.ONLINE
    letters = [letter.name for letter in db.session.query(Letter)]
    assert letters.count("group_given") == 6


# --- Facilitators -------------------------------------------------------------------------------------


@pytest.fixture
def led(database):
    """A group of two that met three days ago and meets again tomorrow, and the facilitator who leads it."""
    bas, ada, bo = a_facilitator("gent"), a_member("Ada Peeters"), a_member("Bo Smit")
    return a_met_group(ada, bo, edition=an_edition(Phase.GROUPS), facilitators=[bas]), bas, ada


@pytest.mark.parametrize(
    ("language", "options"), [("nl", {}), ("fr", {"java_script_enabled": False})], ids=["nl", "fr-no-js"]
)
def test_a_facilitator_prepares_a_meeting_on_a_phone(visit, led, language, options):
    group, bas, ada = led
    bas.language = language
    beside, elsewhere = a_group(group.edition, city="gent", days=50), a_group(group.edition, city="luik", days=60)
    here = visit(bas, **options)
    page = here.open(f"/{language}/2026/facilitate/")
    assert page.locator(f"a[href$='/facilitate/{beside.id}']").count() == 1  # of their city; and no other
    assert page.locator(f"a[href$='/facilitate/{elsewhere.id}'], a[href*='/city/luik']").count() == 0
    home = f"{here.site}/{language}/2026/facilitate/{group.id}"
    here.go(f"a[href$='/facilitate/{group.id}']")
    prepares(here, page, group.meetings[1], ada)
    moves(here, page, group)
    page.goto(home)
    writes(here, page)
    takes_attendance(here, page, group.meetings[0])
    assert here.faults == []
    assert page.goto(f"{here.site}/{language}/2026/facilitate/{elsewhere.id}").status == 404


def prepares(here, page, meeting, secretary):
    """The agenda, and who will write the minutes."""
    here.go(f"main .buttons a[href$='/meetings/{meeting.id}/agenda']")
    page.locator("#agenda").fill("- What is fair?")
    here.go("main form .buttons button")
    expect(page.locator("main .prose")).to_contain_text("What is fair?")
    page.locator("#member").select_option(str(secretary.id))
    here.go("form[action$='/secretary'] button")
    _read_again()
    assert (meeting.workgroup.secretary, meeting.agenda) == (secretary, "- What is fair?")


def moves(here, page, group):
    """A date moves: first what that asks of everybody, then it is done, and everybody is asked again."""
    upcoming = group.meetings[1]
    start = (upcoming.starts_at + timedelta(days=1)).astimezone(ZONE)
    here.go("main a[href$='/answers']")
    here.go(f"main a[href$='/move/{upcoming.id}']")
    page.locator("#start").fill(f"{start:%Y-%m-%dT%H:%M}")
    here.go("main form button.button")
    expect(page.locator("main dl.facts").last).to_contain_text("Ada Peeters")
    _read_again()
    assert coming.answers(group)[0].said[coming.Answer.NONE] == []
    here.go("main form.act button")
    expect(page.locator("main")).to_contain_text("Ada Peeters")  # has not answered yet
    _read_again()
    unanswered = coming.answers(group)[0].said[coming.Answer.NONE]
    assert upcoming.starts_at == start and {member.name for member in unanswered} == {"Ada Peeters", "Bo Smit"}


def writes(here, page):
    """A letter to the group: written, looked at, changed, sent once to both."""
    here.go("main .buttons a[href$='/write']")
    page.locator("#subject").fill("Thursday")
    page.locator("#words").fill("Bring your figures.")
    here.go("main form .buttons button")
    here.go("button[formaction$='/write/again']")
    page.locator("#words").fill("Bring your contracts.")
    here.go("main form .buttons button")
    here.go("form[action$='/write/send'] .buttons button")
    _read_again()
    sent = [letter.body for letter in db.session.query(Letter) if letter.name == "to_group"]
    assert len(sent) == 2 and all("contracts" in body and "figures" not in body for body in sent)


def takes_attendance(here, page, meeting):
    """The list of the last meeting: one tap each."""
    here.go(f"main li a[href$='/meetings/{meeting.id}/attendance']")
    for name, value in (("Ada Peeters", "yes"), ("Bo Smit", "no")):
        row = page.locator("[data-person]", has_text=name)
        row.locator(f"button[value={value}]").click()
        expect(row.locator(f"button[value={value}]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-marked]")).to_have_text(re.compile(r"2\D+2"))  # both were kept
    _read_again()
    came = {a.signup.member.name: a.came for a in db.session.query(Attendance).filter_by(meeting_id=meeting.id)}
    assert came == {"Ada Peeters": True, "Bo Smit": False}


def _read_again():
    db.session.rollback()
    db.session.expire_all()
