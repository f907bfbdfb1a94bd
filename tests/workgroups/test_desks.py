"""The desks: organisers plan, facilitators see who comes, the board sees figures; others do not."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.i18n import ZONE
from sipvote.members.models import Profile
from sipvote.workgroups import rules
from sipvote.workgroups.models import Workgroup
from tests.factories import (
    a_board_member,
    a_city,
    a_facilitator,
    a_group,
    a_member,
    a_signup,
    a_theme,
    an_edition,
    an_organiser,
)  # fmt: skip
from tests.queries import queries_of
from tests.reading import rows


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("groups/plan/", {"organiser"}), ("groups/plan/new", {"organiser"}), ("groups/plan/{id}", {"organiser"}),
        ("facilitate/", {"organiser", "facilitator"}), ("facilitate/{id}", {"organiser", "facilitator"}),
        ("facilitate/{id}.csv", {"organiser", "facilitator"}), ("facilitate/{id}.xlsx", {"organiser", "facilitator"}),
        ("facilitate/city/gent.csv", {"organiser", "facilitator"}),
        ("figures/", {"organiser", "board"}), ("figures/themes.csv", {"organiser", "board"}),
    ],
)  # fmt: skip
def test_each_desk_is_open_to_its_people_only(client, browser_of, edition, path, roles):
    group = a_group(edition)
    cast = {"organiser": an_organiser(), "facilitator": a_facilitator(), "board": a_board_member(), "": a_member()}
    address = f"/en/2026/{path.format(id=group.id)}"
    assert client.get(address).status_code == 302
    for role, who in cast.items():
        assert browser_of(who).get(address).status_code == (200 if role in roles else 403)


class TestPlanning:
    def form(self, group=None, **values):
        """What the form of a group sends."""
        starts = values.pop("starts")
        dates = {f"meeting_{n}": f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M}" for n, at in enumerate(starts, start=1)}
        return {"mode": "on_site", "languages": ["nl"], "places": 12, "hours": 3, "venue": "", **dates, **values}

    def test_an_organiser_makes_a_group_in_two_pages(self, browser_of, edition):
        theme, bas = a_theme(edition, elected_at=now()), a_facilitator("gent")
        browser = browser_of(an_organiser())
        assert "When does the group meet?" in browser.get(f"/en/2026/groups/plan/new?theme={theme.id}").text
        first = (edition.groups_at + timedelta(days=2)).astimezone(ZONE).replace(hour=18, minute=0)
        asked = {"theme": theme.id, "first": f"{first:%Y-%m-%dT%H:%M}", "every": 1}
        page = browser.get("/en/2026/groups/plan/new", query_string=asked).text
        assert f'value="{first:%Y-%m-%dT%H:%M}"' in page and 'name="meeting_5"' in page
        assert "Bas Claes · Ghent" in page
        data = self.form(
            starts=[first + timedelta(days=4 * n) for n in range(5)],
            theme=theme.id,
            cities=[a_city().id],
            facilitators=[bas.id],
        )
        page = browser.post("/en/2026/groups/plan/new", data=data, follow_redirects=True).text
        assert "is made" in page and "fewer than 6 people" in page and "no address yet" in page
        group = db.session.scalars(select(Workgroup)).one()
        assert (group.facilitators, group.hours, group.meetings[0].starts_at) == (
            [bas],
            15,
            first.replace(second=0, microsecond=0),
        )

    @pytest.mark.parametrize(
        "asked", [{"first": ""}, {"first": "tomorrow"}, {"first": "2026-11-12T18:00", "every": "0"}]
    )
    def test_a_first_date_that_is_none_is_told(self, browser_of, edition, asked):
        page = browser_of(an_organiser()).get("/en/2026/groups/plan/new", query_string=asked)
        assert page.status_code == 200 and 'role="alert"' in page.text

    @pytest.mark.parametrize("days", [-400, 900])
    def test_a_first_date_outside_the_window_is_told_before_others_are_proposed(self, browser_of, edition, days):
        first = (edition.groups_at + timedelta(days=days)).astimezone(ZONE)
        asked = {"first": f"{first:%Y-%m-%dT%H:%M}", "every": 1}
        page = browser_of(an_organiser()).get("/en/2026/groups/plan/new", query_string=asked).text
        assert "Workgroups meet between" in page and "When does the group meet?" in page and "meeting_1" not in page

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"places": "many"}, "Give a whole number"), ({"places": 0}, "from 1 to 100"),
            ({"languages": []}, "at least one language"), ({"video_url": "http://x.example"}, "begins with https"),
            ({"video_url": "https://x y"}, "no spaces"), ({"venue": "x" * 201}, "at most 200"),
            ({"meeting_2": ""}, "Fill in the day"), ({"meeting_2": "soon"}, "Write the day and the time"),
            ({"meeting_2": "2001-01-01T10:00"}, "Workgroups meet between"), ({"hours": 99}, "from 1 to 12"),
            ({"cities": []}, "or let it meet online"), ({"cities": ["9999"]}, 'role="alert"'),
            ({"facilitators": ["9999"]}, 'role="alert"'), ({"theme": "9999"}, 'role="alert"'),
            ({"mode": "by_post"}, 'role="alert"'),
        ],
    )  # fmt: skip
    def test_bad_input_is_told_and_nothing_is_lost(self, browser_of, edition, wrong, says):
        group = a_group(edition, venue="Kouter 1")
        data = self.form(
            starts=[m.starts_at for m in group.meetings], theme=group.theme_id, cities=[a_city().id], venue="Kouter 2"
        )
        page = browser_of(an_organiser()).post(f"/en/2026/groups/plan/{group.id}", data={**data, **wrong})
        assert page.status_code == 200 and says in page.text
        assert "Kouter 2" in page.text or "venue" in wrong
        db.session.refresh(group)
        assert group.venue == "Kouter 1"

    def test_each_meeting_keeps_its_length_unless_one_is_given_for_all(self, browser_of, edition):
        group = a_group(edition)
        group.meetings[1].ends_at -= timedelta(hours=1)
        group.meetings[2].ends_at += timedelta(minutes=30)
        dre, address = browser_of(an_organiser()), f"/en/2026/groups/plan/{group.id}"
        page = dre.get(address).text
        (box,) = re.findall(r'<input[^>]*name="hours"[^>]*>', page)
        assert "Leave this empty to keep that" in page and 'value=""' in box and "required" not in box

        def save(**values):
            starts = values.pop("starts", [m.starts_at for m in group.meetings])
            about = {"theme": group.theme_id, "cities": [a_city().id]}
            data = self.form(starts=starts, **{**about, "hours": "", **values})
            page = dre.post(address, data=data).text  # the page that shows what is asked, or saved
            if seen := re.search(r'name="seen" value="([^"]*)"', page):
                dre.post(address, data={**data, "seen": seen[1]})
            db.session.refresh(group, ["meetings"])
            return [(m.ends_at - m.starts_at) / timedelta(hours=1) for m in group.meetings]

        assert save(venue="Kouter 2") == [3, 2, 3.5, 3, 3] and group.venue == "Kouter 2"
        assert {m.sequence for m in group.meetings} == {1}  # the place; no date moved
        starts = [m.starts_at for m in group.meetings]
        moved = [starts[0], starts[1] + timedelta(days=13), *starts[2:]]  # now the last one, and as short as it was
        assert save(starts=moved) == [3, 3.5, 3, 3, 2]
        swapped = [m.starts_at for m in group.meetings][::-1]
        assert save(starts=swapped) == [3, 3.5, 3, 3, 2]
        assert save(hours=2) == [2] * 5
        assert "Leave this empty" not in dre.get(address).text
        assert save(hours="") == [2] * 5
        assert "Fill in this field" in dre.post(address, data=self.form(starts=starts, hours="")).text

    def test_a_facilitator_who_left_is_missed(self, browser_of, edition):
        bas = a_facilitator()
        a_group(edition, facilitators=[bas])
        browser = browser_of(an_organiser())
        assert "no facilitator" not in browser.get("/en/2026/groups/plan/").text
        bas.left = now().date()
        assert "no facilitator" in browser.get("/en/2026/groups/plan/").text

    def test_an_organiser_moves_a_meeting(self, browser_of, edition):
        group = a_group(edition)
        a_signup(a_member(), group)
        browser = browser_of(an_organiser())
        page = browser.get(f"/en/2026/groups/plan/{group.id}").text
        assert f'value="{group.meetings[0].starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}"' in page
        assert "1 taken, 0 waiting" in page
        starts = [m.starts_at for m in group.meetings]
        data = self.form(
            starts=[*starts[:4], starts[4] + timedelta(days=1)], theme=group.theme_id, cities=[a_city().id]
        )
        address = f"/en/2026/groups/plan/{group.id}"
        page = browser.post(address, data=data).text
        assert "Nothing is saved yet" in page and "Never said · 1" in page and "Ada Peeters" in page
        assert db.session.get_one(Workgroup, group.id).meetings[4].starts_at == starts[4]
        sent = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
        page = browser.post(address, data=MultiDict(sent), follow_redirects=True).text
        assert "is saved. 1 meeting moved." in page

    def test_what_was_seen_is_what_is_saved(self, browser_of, edition):
        group = a_group(edition)
        browser, starts = browser_of(an_organiser()), [m.starts_at for m in group.meetings]
        data = self.form(
            starts=[*starts[:4], starts[4] + timedelta(days=1)], theme=group.theme_id, cities=[a_city().id]
        )
        page = browser.post(f"/en/2026/groups/plan/{group.id}", data={**data, "seen": "something else"}).text
        assert "Nothing is saved yet" in page
        changed = {**data, "meeting_5": data["meeting_4"][:10] + "T23:00", "venue": "Kouter 1"}
        seen = re.search(r'name="seen" value="([^"]+)"', page).group(1)
        page = browser.post(f"/en/2026/groups/plan/{group.id}", data={**changed, "seen": seen}).text
        assert "Nothing is saved yet" in page or 'role="alert"' in page

    def test_an_organiser_cancels_a_group_once(self, browser_of, edition):
        group = a_group(edition)
        browser = browser_of(an_organiser())
        address = f"/en/2026/groups/plan/{group.id}"
        assert "Yes, cancel the group" in browser.get(address).text
        assert "is cancelled" in browser.post(f"{address}/cancel", follow_redirects=True).text
        assert browser.post(f"{address}/cancel").status_code == 409
        assert "was cancelled" in browser.get(address).text
        assert browser_of(a_member()).post(f"{address}/cancel").status_code == 403

    def test_outside_its_phases_the_desk_says_when(self, browser_of, database):
        edition = an_edition(Phase.STOCKTAKE)
        group, browser = a_group(edition, begins=-90), browser_of(an_organiser())
        for path in ("", "new", f"{group.id}"):
            assert "possible until" in browser.get(f"/en/2026/groups/plan/{path}").text

    def test_before_the_vote_there_is_nothing_to_plan(self, browser_of, database):
        an_edition(Phase.THEMES)
        assert "no themes to work on yet" in browser_of(an_organiser()).get("/en/2026/groups/plan/").text


class TestFacilitating:
    def test_a_facilitator_sees_own_groups_and_those_of_their_city(self, browser_of, edition):
        bas = a_facilitator("gent")
        own, here = a_group(edition, city="lille", facilitators=[bas]), a_group(edition, city="gent", days=1)
        elsewhere = a_group(edition, city="luik")
        browser = browser_of(bas)
        page = browser.get("/en/2026/facilitate/").text
        assert all(f"/facilitate/{g.id}" in page for g in (own, here)) and f"/facilitate/{elsewhere.id}" not in page
        for path in (
            f"{elsewhere.id}",
            f"{elsewhere.id}.csv",
            "city/luik.csv",
            "city/atlantis.csv",
            f"{own.id}.pdf",
            f"{own.id}.x",
        ):
            assert browser.get(f"/en/2026/facilitate/{path}").status_code == 404
        assert browser.get("/en/2026/facilitate/city/lille.csv").status_code == 200

    def test_an_unlimited_facilitator_sees_every_city(self, browser_of, edition):
        group = a_group(edition, city="luik")
        assert f"/facilitate/{group.id}" in browser_of(a_facilitator()).get("/en/2026/facilitate/").text

    def test_the_group_page_names_who_comes_and_who_waits(self, browser_of, edition):
        bas = a_facilitator()
        group = a_group(edition, places=1, facilitators=[bas])
        ada, bo = a_member("Ada Peeters"), a_member("Bo Smit")
        for who in (ada, bo, a_member("Cem Ay")):
            a_signup(who, group)
        rules.withdraw(rules.signup_of(bo.id, group))
        page = browser_of(bas).get(f"/en/2026/facilitate/{group.id}").text
        assert "Ada Peeters" in page and ada.email in page and "1 of 1 places taken" in page
        assert "Cem Ay" in page and page.count("Bo Smit") == page.count("Bo Smit withdrew.") == 1
        assert "Freelancer" in page

    def test_the_lists_are_downloaded_in_the_language_of_the_page(self, browser_of, edition):
        bas = a_facilitator()
        group = a_group(edition, places=1, facilitators=[bas])
        for name in ("Zoé Ay", "=cmd()", "Ada Peeters"):
            a_signup(a_member(name), group)
        browser = browser_of(bas)
        table = rows(browser.get(f"/en/2026/facilitate/{group.id}.csv"))
        assert table[0][:4] == ["Theme", "Group", "Place or waiting list", "Name"]
        assert [line[2:4] for line in table[1:]] == [
            ["has a place", "Zoé Ay"], ["waiting list", "'=cmd()"], ["waiting list", "Ada Peeters"],
        ]  # fmt: skip
        assert len(rows(browser.get("/en/2026/facilitate/city/gent.csv"))) == 4
        book = zipfile.ZipFile(io.BytesIO(browser.get(f"/en/2026/facilitate/{group.id}.xlsx").data))
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert (
            "Zoé Ay" in book.read("xl/sharedStrings.xml").decode() and "<f>" not in sheet and sheet.count("<row") == 4
        )

    def test_a_shared_group_counts_in_each_city_and_online_ones_apart(self, browser_of, edition):
        shared = a_group(edition, cities=[a_city("gent"), a_city("luik")])
        a_group(edition, city=None, days=1)
        a_signup(a_member(), shared)
        browser = browser_of(an_organiser())
        page = browser.get("/en/2026/facilitate/").text
        assert "city/gent.xlsx" in page and "city/luik.xlsx" in page and "city/online.csv" in page
        assert len(rows(browser.get("/en/2026/facilitate/city/luik.csv"))) == 2

    def test_the_number_of_queries_does_not_grow_with_the_people(self, browser_of, edition):
        bas = a_facilitator()
        group, browser, counts = a_group(edition, places=5, facilitators=[bas]), browser_of(bas), []
        for _round in range(2):
            for n in range(10):
                a_signup(a_member(f"Member {n}"), group)
            counts.append(queries_of(browser, f"/en/2026/facilitate/{group.id}"))
        assert counts[0] == counts[1] < 40


class TestFigures:
    def test_the_board_sees_numbers_and_no_names(self, browser_of, edition):
        theme = a_theme(edition, "Guidance", elected_at=now())
        group = a_group(edition, theme, places=6)
        online = a_group(edition, theme, city=None, days=1)
        people = [a_member(f"Secret {n}", language="nl", profile=Profile.CLIENT) for n in range(8)]
        for who in people:
            a_signup(who, group)
        a_signup(people[0], online)
        browser = browser_of(a_board_member())
        page = browser.get("/en/2026/figures/").text
        assert "Secret" not in page and "@" not in page.partition("<main")[2].partition("</main>")[0]
        assert "<strong>8</strong> <span>members signed up" in page
        assert rows(browser.get("/en/2026/figures/themes.csv"))[1] == ["Guidance", "2", "18", "7", "0", "11", "2"]
        assert rows(browser.get("/en/2026/figures/cities.csv"))[1:] == [
            ["Ghent", "1", "6", "6", "0", "0", "2"], ["Online", "1", "12", "1", "0", "11", "0"],
        ]  # fmt: skip
        # Eight signed up and six have a place: that two wait is told of a group, but not of speakers of Dutch.
        assert rows(browser.get("/en/2026/figures/languages.csv"))[1] == [
            "Nederlands", "8", "80", "not shown", "not shown", "6", "100",
        ]  # fmt: skip
        assert rows(browser.get("/en/2026/figures/profiles.csv"))[1][:2] == ["Client", "8"]
        assert rows(browser.get("/en/2026/figures/countries.csv"))[1][:2] == ["Belgium", "10"]
        assert browser.get("/en/2026/figures/names.csv").status_code == 404

    def test_withdrawn_people_and_cancelled_groups_do_not_count(self, browser_of, edition):
        theme = a_theme(edition, "Guidance", elected_at=now())
        rules.withdraw(a_signup(a_member(), a_group(edition, theme)))
        a_signup(a_member(), a_group(edition, theme, cancelled_at=None)).workgroup.cancelled_at = now()
        table = rows(browser_of(a_board_member()).get("/en/2026/figures/themes.csv"))
        assert table[1] == ["Guidance", "1", "12", "0", "0", "12", "0"]

    def test_cities_stand_in_the_order_of_the_alphabet(self, browser_of, edition):
        a_group(edition, city="lille")
        a_group(edition, city="luik")
        page = browser_of(an_organiser()).get("/fr/2026/figures/").text
        assert 0 < page.index("Liège") < page.index("Lille")

    def test_before_there_are_groups_the_page_says_so(self, browser_of, edition):
        assert "There are no workgroups yet" in browser_of(a_board_member()).get("/en/2026/figures/").text

    def test_the_number_of_queries_does_not_grow(self, browser_of, edition):
        browser, counts = browser_of(a_board_member()), []
        for _round in range(2):
            theme = a_theme(edition, elected_at=now())
            for city in ("gent", "luik", "lille"):
                a_signup(a_member(), a_group(edition, theme, city))
            counts.append(queries_of(browser, "/en/2026/figures/"))
        assert counts[0] == counts[1] < 45
