"""How far recommendations are, on pages: organisers keep the list, everybody searches it and reads the figures."""

from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from sipvote.db import db
from sipvote.decisions.models import Outcome
from sipvote.recommendations.models import Recommendation
from sipvote.stocktake.models import Status, StatusChange
from tests.browser.conftest import DESK
from tests.browser.keyboard import fill, press, reach
from tests.factories import a_member, a_met_group, an_edition, an_organiser
from tests.outcomes import (
    a_decision,
    a_large_theme,
    a_status,
    a_translation,
    an_old_recommendation,
    some_recommendations,
)

LIST = """year;number;theme;original;title_nl;text_nl;status;since;reason
2016;1;Gids;nl;Een gids voor starters;Schrijf er een.;done;2018-05-01;Hij ligt er.
2016;2;Gids;nl;Een avond per maand;Organiseer hem.;ongoing;2018-05-01;Begonnen.
2016;x;Gids;nl;Een fout;Dit is er een.;done;2018-05-01;Niets.
"""


@pytest.fixture
def old(database):
    """Thirty of 2015, so that the list has two pages; four are done."""
    large = a_large_theme()
    made = [an_old_recommendation(2015, n, f"A workplace, part {n}", large_theme=large) for n in range(1, 31)]
    for each in made[:4]:
        a_decision(each, decided_on=date(2016, 3, 1))
        a_status(each, Status.DONE, date(2017, 3, 1))
    a_translation(made[0], "fr", "Un espace de travail")
    return made


def statuses() -> list[str]:
    """What was noted, in the order of time."""
    db.session.rollback()
    return [str(status) for status in db.session.scalars(select(StatusChange.status).order_by(StatusChange.id))]


def test_the_organiser_changes_many_and_imports_a_list_after_looking(visit, old):
    here = visit(an_organiser(), viewport=DESK)
    here.keep_axe()
    page = here.open("/en/recommendations")
    here.go("main a[href*='/recommendations/desk']")
    here.proper("desk-list")
    here.go("main form .buttons button")  # nothing ticked
    expect(page.locator(".notice.bad")).to_be_visible()
    for n in (0, 1, 4):
        page.locator("main input[name=id]").nth(n).check()
    here.go("main form .buttons button")
    page.locator("input[name=status][value=ongoing]").check()
    here.go("main form .button.primary")  # without a reason: refused beside its field
    expect(page.locator("#reason-error")).to_be_visible()
    here.proper("desk-many-refused")
    page.locator("#reason").fill("It was begun again.")
    here.go("main form .button.primary")
    here.proper("desk-check")
    before = statuses()
    here.go("main form[action$='/many/status'] button")
    expect(page.locator(".notice.ok")).to_contain_text("3")
    assert statuses() == [*before, "ongoing", "ongoing", "ongoing"]
    # The list of another year: first what would change, then the import, then the same list again.
    here.go("main a[href$='/desk/import']")
    here.proper("desk-upload")
    for expected in ("2", "0"):
        page.locator("#file").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
        here.go("main form .button.primary")
        expect(page.locator("main table").first).to_contain_text("4")  # the line that is faulty
        here.proper(f"desk-preview-{expected}")
        if page.locator("main form[action*='/apply/'] button").count() == 0:
            break
        assert expected == "2"
        here.go("main form[action*='/apply/'] button")
        expect(page.locator(".notice.ok")).to_contain_text("2")
        here.go("main a[href$='/desk/import']")
    db.session.rollback()
    assert db.session.query(Recommendation).filter_by(year=2016).count() == 2
    here.go("main form[action$='/discard'] button")
    assert here.faults == []


VISITORS = pytest.mark.parametrize(
    ("language", "options"),
    [
        ("nl", {"java_script_enabled": False}),
        ("fr", {"viewport": DESK}),
        ("en", {"color_scheme": "dark"}),
    ],
    ids=["nl-phone-no-js", "fr-desk", "en-phone-dark"],
)


@VISITORS
def test_a_visitor_searches_filters_and_reads_what_came_of_it(visit, old, language, options):
    group = a_met_group(a_member("Bo Smit"), edition=an_edition(year=2025))
    mine = some_recommendations(group, 1)[0]
    a_decision(mine)
    a_status(mine, Status.ONGOING)
    here = visit(**options)
    here.keep_axe()
    page = here.open(f"/{language}/")
    if page.viewport_size != DESK:
        page.locator("header details.menu summary").click()
    here.go("header a[href$='/search']")
    page.locator("main #q").fill("workplaces")  # in another number
    here.go("main form[role=search] button")
    expect(page.locator("main .hits mark").first).to_be_visible()
    here.proper(f"{language}-search")
    # The list, its facets, its pages.
    here.open(f"/{language}/recommendations")
    expect(page.locator("main ol.finds > li")).to_have_count(25)
    here.proper(f"{language}-list")
    page.locator("main .facets summary").first.click()
    page.locator("main .facets details[open] input[value='2015']").check()
    page.locator("main #q").fill("part")
    here.go("main form.filters button")
    expect(page.locator("main ul.chosen li").first).to_be_visible()
    expect(page.locator("main ol.finds > li")).to_have_count(25)  # of the thirty
    here.proper(f"{language}-filtered")
    here.go("main ul.chosen li a", -1)
    here.go("main a[rel=next]")
    expect(page.locator("main ol.finds > li")).to_have_count(6)
    # One of them, its thread, and the figures.
    here.open(f"/{language}/recommendations/{mine.id}")
    here.proper(f"{language}-one")
    here.go("main .thread-link a")
    expect(page.locator("main ol.line > li").first).to_be_visible()
    here.proper(f"{language}-thread")
    here.open(f"/{language}/stocktake")
    here.proper(f"{language}-stocktake")
    here.go("main a[href*='/recommendations?status=done']")
    expect(page.locator("main ol.finds > li")).to_have_count(4)
    here.open(f"/{language}/stocktake/report")
    here.proper(f"{language}-report")
    assert here.faults == []


def test_who_answers_for_one_says_how_far_it_is_with_the_keyboard_alone(visit, old):
    eva = a_member("Eva Stone", language="fr")
    a_decision(old[9], Outcome.ACCEPTED, owner=eva)
    here = visit(eva)
    page = here.open("/fr/recommendations")
    press(page, "main a[href$='/recommendations/mine']")
    here.proper("fr-mine")
    press(page, "main a[href$='/status']")
    reach(page, "input[name=status]:checked")
    while page.locator("input[name=status]:checked").get_attribute("value") != "done":
        page.keyboard.press("ArrowDown")
    press(page, "main form .button.primary")
    expect(page.locator("#reason-error")).to_be_visible()
    fill(page, "#reason", "Il est **ouvert**.")
    here.proper("fr-status")
    press(page, "main form .button.primary")
    expect(page.locator("main .history")).to_contain_text("Il est ouvert.")
    assert statuses()[-1] == "done" and here.faults == []
