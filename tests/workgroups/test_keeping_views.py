"""Pages about a promise: confirming, "I cannot come", answering about a moved date; and what facilitators do."""

import re
from datetime import timedelta

import pytest
import time_machine

from sipvote.db import db
from sipvote.i18n import ZONE
from sipvote.workgroups import coming, moving, rules
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_group,
    a_member,
    a_signup,
    a_wait,
    an_assembly,
    an_offer,
    an_organiser,
)
from tests.queries import counted


def url(group, *more):
    return "/".join(["/en/2026/groups", str(group.id), *map(str, more)])


def desk(group, *more):
    return "/".join(["/en/2026/facilitate", str(group.id), *map(str, more)])


def keys(group, count=5):
    return [m.key for m in group.meetings[:count]]


class TestConfirming:
    def test_every_date_has_its_own_box_and_the_reason_stands_above(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        an_offer(ada, group)
        page = browser_of(ada).get(url(group, "confirm")).text
        assert page.count('type="checkbox"') == 5 and "checked" not in page
        assert "A place became free" in page and "We keep it for you until" in page

    def test_all_dates_lead_into_the_group(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        an_offer(ada, group)
        browser = browser_of(ada)
        answer = browser.post(url(group, "confirm"), data={"date": keys(group)})
        assert (answer.status_code, answer.headers["Location"]) == (303, url(group, "joined"))
        assert rules.signup_of(ada.id, group).has_place
        assert browser.get(url(group, "confirm")).headers["Location"] == url(group, "joined")

    def test_one_date_less_loses_nothing(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        an_offer(ada, group)
        page = browser_of(ada).post(url(group, "confirm"), data={"date": keys(group, 4)}).text
        assert "now and then is not possible" in page and page.count(" checked>") == 4
        assert rules.signup_of(ada.id, group).is_offered

    def test_overlaps_are_named_one_by_one(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        a_wait(ada, a_group(edition))
        an_assembly(edition, starts_at=group.meetings[2].starts_at, ends_at=group.meetings[2].ends_at)
        an_offer(ada, group)
        page = browser_of(ada).get(url(group, "confirm")).text
        assert page.count("the waiting list of") == 5 and page.count("the general assembly</span>") == 1
        assert "you no longer wait" in page and "give somebody a proxy" in page

    def test_a_place_elsewhere_bars_it_and_the_page_says_why(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        a_signup(ada, a_group(edition))
        an_offer(ada, group)
        page = browser_of(ada).get(url(group, "confirm")).text
        assert "two places at once" in page and 'type="checkbox"' not in page and "I cannot come to every" in page

    def test_a_no_gives_it_to_the_next(self, browser_of, edition):
        ada, bo, group = a_member(), a_member("Bo"), a_group(edition, places=1)
        an_offer(ada, group)
        a_wait(bo, group)
        page = browser_of(ada).post(url(group, "decline"), follow_redirects=True).text
        assert "goes to the next person" in page
        assert rules.signup_of(bo.id, group).is_offered
        assert "No place is kept" in browser_of(ada).get(url(group, "confirm")).text

    def test_nobody_confirms_for_another(self, browser_of, client, edition):
        group = a_group(edition)
        an_offer(a_member(), group)
        for path in ("confirm", "decline"):
            assert client.post(url(group, path)).status_code == 302
            assert browser_of(a_member("Bo")).post(url(group, path)).status_code == 404

    def test_the_pages_of_the_group_lead_there(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        an_offer(ada, group)
        browser = browser_of(ada)
        for path in (url(group), "/en/me"):
            assert url(group, "confirm") in browser.get(path).text
        assert browser.get(url(group, "joined")).headers["Location"] == url(group, "confirm")
        assert "A place is kept for me" in browser.get("/en/2026/groups/").text
        page = browser.get("/en/").text
        assert page.index("Confirm your place until") < page.index("The workgroups") and "Join a workgroup" not in page
        a_wait(bo := a_member("Bo"), group)
        assert "Join a workgroup" in browser_of(bo).get("/en/").text
        assert "1 of 12 places taken" in browser_of(a_member()).get(url(group)).text

    @pytest.mark.parametrize("language", ["nl", "fr", "en"])
    def test_in_every_language(self, browser_of, edition, language):
        ada, group = a_member(), a_group(edition)
        an_offer(ada, group)
        answer = browser_of(ada).get(url(group, "confirm").replace("/en/", f"/{language}/"))
        assert answer.status_code == 200 and f'<html lang="{language}"' in answer.text


class TestCannotCome:
    def test_opening_the_page_changes_nothing_one_tap_does(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        signup, meeting = a_signup(ada, group), group.meetings[1]
        browser, address = browser_of(ada), url(group, "cannot-come", meeting.id)
        page = browser.get(address).text
        assert "To miss one meeting is possible" in page
        assert coming.dates_of(signup)[1].answer == "yes"
        page = browser.post(address, follow_redirects=True).text
        assert "you cannot come" in page and page.count("you come") == 4
        assert "The group knows" in browser.get(address).text
        page = browser.get(url(group, "cannot-come", group.meetings[2].id)).text
        assert "You miss 1 other meeting" in page and "Talk to your facilitator" in page
        page = browser.post(url(group, "can-come", meeting.id), follow_redirects=True).text
        assert page.count("you come") == 5

    def test_from_the_own_page(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        signup = a_signup(ada, group)
        browser, address = browser_of(ada), url(group, "cannot-come", group.meetings[0].id)
        assert f'href="{address}">I cannot come' in browser.get("/en/me").text
        coming.excuse(signup, group.meetings[0])
        assert "You cannot come: change it" in browser.get("/en/me").text

    def test_nobody_excuses_another(self, browser_of, client, edition):
        group, other = a_group(edition), a_group(edition, days=1)
        ada = a_member()
        a_signup(ada, group)
        assert client.post(url(group, "cannot-come", group.meetings[0].id)).status_code == 302
        assert browser_of(a_member()).get(url(group, "cannot-come", group.meetings[0].id)).status_code == 404
        assert browser_of(ada).post(url(group, "cannot-come", other.meetings[0].id)).status_code == 404

    def test_what_has_begun_is_said_kindly(self, browser_of, edition):
        ada, group = a_member(), a_group(edition, begins=3)
        a_signup(ada, group)
        address = url(group, "cannot-come", group.meetings[0].id)
        with time_machine.travel(group.meetings[0].starts_at + timedelta(minutes=1)):
            browser = browser_of(ada)
            assert "has begun" in browser.get(address).text
            assert browser.post(address).status_code == 409


class TestAnswering:
    def test_the_moved_date_is_asked_and_answered(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        signup = a_signup(ada, group)
        moving.move(group, group.meetings[4], group.meetings[4].starts_at + timedelta(days=1), None)
        key, browser = group.meetings[4].key, browser_of(ada)
        for path in ("/en/", "/en/me", url(group)):
            assert url(group, "dates") in browser.get(path).text
        page = browser.get(url(group, "dates")).text
        assert page.count('type="radio"') == 2 and "Can you come on the new date?" in page
        assert "One answer is missing" in browser.post(url(group, "dates")).text
        page = browser.post(url(group, "dates"), data={key: "no"}, follow_redirects=True).text
        assert "Your answer is noted" in page and coming.dates_of(signup)[4].answer == "no"
        assert browser.get(url(group, "dates")).headers["Location"] == url(group)
        assert url(group, "dates") not in browser.get("/en/").text

    def test_what_else_there_is_on_the_new_date_is_named(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        a_signup(ada, group)
        a_signup(ada, a_group(edition, days=1))
        moving.move(group, group.meetings[4], group.meetings[4].starts_at + timedelta(days=1), None)
        assert browser_of(ada).get(url(group, "dates")).text.count("At the same time: your group") == 1

    def test_it_is_for_those_in_the_group(self, browser_of, client, edition):
        group = a_group(edition)
        an_offer(ada := a_member(), group)
        assert client.get(url(group, "dates")).status_code == 302
        assert browser_of(a_member()).get(url(group, "dates")).status_code == 404
        assert browser_of(ada).get(url(group, "dates")).headers["Location"] == url(group)


class TestFacilitating:
    def test_a_meeting_is_moved_after_looking_who_could_come(self, browser_of, edition):
        bas = a_facilitator("gent")
        group = a_group(edition, facilitators=[bas])
        a_signup(a_member("Ada Peeters"), group)
        browser, meeting = browser_of(bas), group.meetings[4]
        address = desk(group, "move", meeting.id)
        start = f"{meeting.starts_at.astimezone(ZONE) + timedelta(days=1):%Y-%m-%dT%H:%M}"
        assert "See who could come" in browser.get(address).text
        page = browser.get(address, query_string={"start": start}).text
        assert "Never said · 2" in page and "Ada Peeters" in page and f'name="start" value="{start}"' in page
        page = browser.post(address, data={"start": start}, follow_redirects=True).text
        assert "has moved to" in page and "1 has not answered" in page and "Not answered: Ada Peeters" in page

    @pytest.mark.parametrize("start", ["", "soon", "2001-01-01T10:00"])
    def test_a_date_that_is_none_is_told(self, browser_of, edition, start):
        group = a_group(edition)
        browser, address = browser_of(an_organiser()), desk(group, "move", group.meetings[0].id)
        page = browser.get(address, query_string={"start": start}).text
        assert 'role="alert"' in page and "Move the meeting and ask" not in page
        assert browser.post(address, data={"start": start}).status_code == 409

    def test_answers_name_who_comes_and_who_did_not_confirm(self, browser_of, edition):
        bas = a_facilitator()
        group = a_group(edition, facilitators=[bas])
        signup = a_signup(a_member("Ada Peeters"), group)
        an_offer(a_member("Bo Smit"), group)
        coming.excuse(signup, group.meetings[0])
        page = browser_of(bas).get(desk(group, "answers")).text
        assert "Cannot come: Ada Peeters" in page and "Bo Smit · until" in page and page.count("1 comes") == 4
        page = browser_of(bas).get(desk(group)).text
        assert "2 of 12 places taken" in page and "1 place is kept" in page
        assert "offered, not confirmed" in browser_of(bas).get(f"{desk(group)}.csv").get_data(as_text=True)

    def test_late_joiners_are_let_in_and_kept_out(self, browser_of, edition):
        bas = a_facilitator()
        group = a_group(edition, begins=2, facilitators=[bas])
        browser = browser_of(bas)
        assert "has not begun" in browser.get(desk(group, "late")).text
        with time_machine.travel(group.meetings[1].starts_at + timedelta(hours=1)):
            browser = browser_of(bas)
            assert "Open the group for late joiners" in browser.get(desk(group, "late")).text
            assert "is open for late" in browser.post(desk(group, "late", "open"), follow_redirects=True).text
            member = browser_of(a_member())
            page = member.get(url(group, "join")).text
            assert page.count('type="checkbox"') == 3 and "every meeting to come" in page
            assert "Nobody can join" in browser.post(desk(group, "late", "close"), follow_redirects=True).text
            assert browser.post(desk(group, "late", "close")).status_code == 409

    def test_only_who_may_see_the_group(self, client, browser_of, edition):
        group = a_group(edition, city="luik")
        pages = [("get", "answers"), ("get", "late"), ("post", "late/open"), ("post", "late/close")]
        pages += [(how, f"move/{group.meetings[0].id}") for how in ("get", "post")]
        for how, path in pages:
            for who, status in ((a_member(), 403), (a_board_member(), 403), (a_facilitator("gent"), 404)):
                assert getattr(browser_of(who), how)(desk(group, path)).status_code == status
            assert getattr(client, how)(desk(group, path)).status_code == 302
        other = a_group(edition, days=1)
        assert browser_of(an_organiser()).get(desk(group, "move", other.meetings[0].id)).status_code == 404

    def test_the_number_of_queries_does_not_grow_with_the_people(self, browser_of, edition):
        bas = a_facilitator()
        group, browser, counts = a_group(edition, places=40, facilitators=[bas]), browser_of(bas), []
        start = f"{group.meetings[4].starts_at.astimezone(ZONE) + timedelta(days=1):%Y-%m-%dT%H:%M}"
        pages = [desk(group, "answers"), f"{desk(group, 'move', group.meetings[4].id)}?start={start}"]
        for _round in range(2):
            for n in range(5):
                a_signup(a_member(f"Member {n}"), group)
                an_offer(a_member(f"Other {n}"), group)
            for page in pages:
                browser.get(page)
            db.session.expire_all()
            with counted() as seen:
                assert [browser.get(page).status_code for page in pages] == [200, 200]
            counts.append(len(seen))
        assert counts[0] == counts[1] < 60


def test_the_place_on_the_list_is_explained(browser_of, edition):
    group, ada = a_group(edition, places=1), a_member()
    a_signup(a_member(), group)
    a_signup(ada, group)
    page = browser_of(ada).get(url(group)).text
    assert "You are number 1 on the waiting list" in page and "Who signed up first goes first." in page
    assert re.search(r"we keep it for the first on the list", page)


def test_a_refusal_names_every_date(browser_of, edition):
    ada, group = a_member(), a_group(edition)
    a_signup(ada, a_group(edition))
    assert browser_of(ada).get(url(group)).text.count(" · your group “") == 5
