"""The pool of facilitators: what each speaks and leads; organisers are warned, and decide themselves."""

from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.workgroups import pool
from sipvote.workgroups.life_models import FacilitatorProfile
from tests.factories import a_board_member, a_facilitator, a_group, a_member, a_theme, an_edition, an_organiser
from tests.queries import queries_of

ADDRESS = "/en/2026/groups/plan/facilitators"


def test_only_organisers_see_the_pool(client, browser_of, edition):
    bas = a_facilitator()
    for page in (ADDRESS, f"{ADDRESS}/{bas.id}"):
        assert client.get(page).status_code == 302
        for who, code in ((an_organiser(), 200), (bas, 403), (a_member(), 403), (a_board_member(), 403)):
            assert browser_of(who).get(page).status_code == code
    assert browser_of(an_organiser()).get(f"{ADDRESS}/{a_member().id}").status_code == 404


def test_load_is_what_somebody_leads_this_year(edition):
    bas = a_facilitator()
    a_group(edition, facilitators=[bas])
    a_group(edition, facilitators=[bas], days=1)
    a_group(an_edition(Phase.STOCKTAKE, year=2024), facilitators=[bas], begins=-90)
    [found] = pool.of_edition(edition)
    assert (found.load.groups, found.load.meetings, found.load.hours) == (2, 10, 30)


def test_a_profile_is_written_once_and_changed(browser_of, edition):
    bas, browser = a_facilitator("gent"), browser_of(an_organiser())
    sent = {"languages": ["nl", "fr"], "trained_on": "2026-03-01", "training": "Two days in Namur", "most_groups": 1}
    for most in (1, 0):
        page = browser.post(f"{ADDRESS}/{bas.id}", data={**sent, "most_groups": most}, follow_redirects=True).text
        assert "The profile of Bas Claes is saved." in page and "Two days in Namur" in page and f"0 of {most}" in page
    assert db.session.scalars(select(FacilitatorProfile)).one().languages == "nl fr"
    assert (
        list(db.session.scalars(select(Entry.act).where(Entry.act == "change facilitator")))
        == ["change facilitator"] * 2
    )
    page = browser.post(f"{ADDRESS}/{bas.id}", data={**sent, "most_groups": 99})
    assert page.status_code == 200 and "from 0 to 20" in page.text


def test_the_pool_is_filtered_by_city_and_language(browser_of, edition):
    a_facilitator("gent", language="nl")
    lou = a_facilitator("luik", language="fr")
    lou.name = "Lou Renard"
    browser = browser_of(an_organiser())
    for query, names in (
        ("", {"Bas", "Lou"}),
        ("?city=luik", {"Lou"}),
        ("?language=nl", {"Bas"}),
        ("?city=lille", set()),
    ):
        page = browser.get(ADDRESS + query).text
        assert {name for name in ("Bas", "Lou") if name in page.partition("<main")[2]} == names


def test_too_many_groups_and_a_language_nobody_speaks_are_warnings_not_refusals(browser_of, edition):
    bas = a_facilitator(language="nl")
    pool.change(bas, ["nl"], None, "", 1, an_organiser().id)
    for days, spoken in ((0, "nl"), (1, "nl fr")):
        group = a_group(edition, facilitators=[bas], days=days, languages=spoken)
    about = pool.warnings(edition, [group])[group.id]
    assert about == ["Bas Claes leads 2 groups of at most 1", "the facilitators do not speak French"]
    page = browser_of(an_organiser()).get("/en/2026/groups/plan/").text
    assert "the facilitators do not speak French" in page and page.count("leads 2 groups of at most 1") == 2
    form = browser_of(an_organiser()).get(f"/en/2026/groups/plan/{group.id}").text
    assert "Bas Claes · every city · Dutch · leads 2 groups of at most 1" in form


def test_a_second_facilitator_speaks_for_the_first(edition):
    group = a_group(
        edition, facilitators=[a_facilitator(language="nl"), a_facilitator(language="fr")], languages="nl fr"
    )
    assert pool.warnings(edition, [group]) == {group.id: []}


def test_the_pool_takes_the_same_queries_however_many_there_are(browser_of, edition):
    browser, counts = browser_of(an_organiser()), []
    for _round in range(2):
        for _n in range(5):
            pool.change(a_facilitator("gent"), ["nl"], None, "", 2, an_organiser().id)
        counts.append(queries_of(browser, ADDRESS))
    assert counts[0] == counts[1] < 25


def test_more_groups_with_more_facilitators_take_no_more_queries_to_plan(browser_of, edition):
    browser, theme, counts = browser_of(an_organiser()), a_theme(edition, elected_at=now()), []
    for _round in range(2):
        for _n in range(3):
            a_group(edition, theme, facilitators=[a_facilitator("gent"), a_facilitator()])
        counts.append(queries_of(browser, "/en/2026/groups/plan/"))
    assert counts[0] == counts[1] < 35
