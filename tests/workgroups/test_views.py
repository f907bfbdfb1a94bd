"""Workgroups for members: each page as a stranger and as a member, and the three pages of signing up."""

import re
from datetime import timedelta

import pytest
import time_machine

from sipvote.db import now
from sipvote.editions.models import Phase
from sipvote.workgroups import rules
from tests.factories import a_facilitator, a_group, a_member, a_signup, a_theme, an_edition, an_organiser
from tests.queries import queries_of


def url(group, *more):
    return "/".join(["/en/2026/groups", str(group.id), *more])


def dates(group, count=5):
    return [m.key for m in group.meetings[:count]]


class TestList:
    def test_everybody_sees_the_groups_by_theme(self, client, edition):
        theme = a_theme(edition, "Guidance", elected_at=now())
        full = a_group(edition, theme, "gent", places=1, facilitators=[a_facilitator()])
        a_signup(a_member(), full)
        a_signup(a_member(), full)
        a_group(edition, theme, city=None, languages="fr en")
        a_group(edition, theme, "luik", cancelled_at=now())
        page = client.get("/en/2026/groups/").text
        assert "Guidance" in page and "Bas Claes" in page
        assert "Full" in page and "1 person is waiting" in page and "12 free places" in page
        assert "Français and English" in page and "Liège" not in page

    @pytest.mark.parametrize(
        ("asked", "sees", "not_sees"),
        [
            ({"city": "gent"}, "Ghent", "Lille"), ({"city": "online"}, "On line", "Ghent"),
            ({"language": "fr"}, "Lille", "Ghent"), ({"city": "lille", "language": "fr"}, "Lille", "Ghent"),
        ],
    )  # fmt: skip
    def test_the_list_is_filtered(self, client, edition, asked, sees, not_sees):
        theme = a_theme(edition, elected_at=now())
        a_group(edition, theme, "gent", languages="nl")
        a_group(edition, theme, "lille", languages="fr")
        a_group(edition, theme, None, languages="en")
        page = client.get("/en/2026/groups/", query_string=asked).text
        titles = re.findall(r'class="card-title"><a[^>]*>([^<]+)<', page)
        assert titles == [sees.replace("On line", "Online")] and not_sees not in titles

    @pytest.mark.parametrize("asked", [{"city": "atlantis"}, {"theme": "x"}, {"theme": "99"}, {"language": "zz"}])
    def test_what_nobody_offers_is_said_kindly(self, client, edition, asked):
        a_group(edition)
        answer = client.get("/en/2026/groups/", query_string=asked)
        assert answer.status_code == 200 and "No group is like that" in answer.text

    def test_my_groups_come_first(self, browser_of, edition):
        ada, bas = a_member(), a_facilitator()
        group = a_group(edition, facilitators=[bas])
        a_signup(ada, group)
        assert "I have a place" in browser_of(ada).get("/en/2026/groups/").text
        assert "I lead this group" in browser_of(bas).get("/en/2026/groups/").text
        assert "My groups</h2>" not in browser_of(a_member()).get("/en/2026/groups/").text

    @pytest.mark.parametrize(
        ("phase", "says"),
        [(Phase.THEMES, "after the vote"), (Phase.SIGNUP, "are making them"), (Phase.STOCKTAKE, "had no workgroups")],
    )
    def test_an_empty_list_says_what_comes(self, client, database, phase, says):
        an_edition(phase)
        assert says in client.get("/en/2026/groups/").text

    def test_groups_can_be_read_before_sign_up_opens(self, client, database):
        a_group(an_edition(Phase.COUNT))
        assert "You can sign up from" in client.get("/en/2026/groups/").text

    def test_an_unknown_year_or_group_is_not_found(self, client, edition):
        group, other = a_group(edition), a_group(an_edition(Phase.STOCKTAKE, year=2020))
        for path in ("/en/1999/groups/", "/en/2026/groups/0", url(other), f"/en/2020/groups/{group.id}"):
            assert client.get(path).status_code == 404

    def test_the_number_of_queries_does_not_grow(self, browser_of, edition):
        browser, counts = browser_of(a_member()), []
        for _round in range(2):
            theme = a_theme(edition, elected_at=now())
            for city in ("gent", "luik", "lille", None):
                a_signup(a_member(), a_group(edition, theme, city, facilitators=[a_facilitator()]))
            counts.append(queries_of(browser, "/en/2026/groups/"))
        assert counts[0] == counts[1] < 25


class TestGroup:
    def test_everybody_reads_the_five_dates(self, client, edition):
        group = a_group(edition, venue="Kouter 1", video_url="https://call.example/x")
        page = client.get(url(group)).text
        assert page.count("17:00") + page.count("18:00") >= 5 and "5 meetings of 3 hours = 15 hours" in page
        assert "Kouter 1" in page and "call.example" not in page
        assert url(group, "join") in page

    def test_the_link_of_the_call_is_for_the_group(self, browser_of, edition):
        ada, bo, bas = a_member(), a_member("Bo"), a_facilitator()
        group = a_group(edition, places=1, video_url="https://call.example/x", facilitators=[bas])
        a_signup(ada, group)
        a_signup(bo, group)
        shown = [
            "call.example" in browser_of(who).get(url(group)).text for who in (ada, bas, an_organiser(), bo, a_member())
        ]
        assert shown == [True, True, True, False, False]

    def test_a_refusal_says_why_and_shows_other_ways(self, browser_of, edition):
        ada, theme = a_member(), a_theme(edition, elected_at=now())
        a_signup(ada, a_group(edition, theme))
        other = a_group(edition, theme, "luik")
        free = a_group(edition, theme, "brussel", days=1)
        page = browser_of(ada).get(url(other)).text
        assert "two places at once" in page and "Other ways to take part" in page
        assert url(free) in page and url(other, "join") not in page

    def test_only_ways_that_are_open_now_are_shown(self, browser_of, edition):
        ada, theme = a_member(), a_theme(edition, elected_at=now())
        a_signup(ada, a_group(edition, theme))
        page = browser_of(ada).get(url(a_group(edition, theme, "luik"))).text
        assert "Read the themes" in page and "Look at all groups" in page
        assert "Vote on the themes" not in page and "Read, propose" not in page

    def test_one_hour_is_not_hours(self, client):
        edition = an_edition(Phase.SIGNUP, meetings=1, meeting_hours=1)
        page = client.get(url(a_group(edition))).text
        assert "1 meeting of 1 hour = 1 hour" in page
        assert "1 meeting of about 1 hour, in your city" in client.get("/en/").text

    def test_a_cancelled_group_says_so(self, client, edition):
        assert "was cancelled" in client.get(url(a_group(edition, cancelled_at=now()))).text


class TestSigningUp:
    def test_a_stranger_signs_in_first_and_comes_back(self, client, edition):
        answer = client.get(url(a_group(edition), "join"))
        assert answer.status_code == 302 and "/sign-in?next=" in answer.headers["Location"]
        assert client.post(url(a_group(edition), "join")).status_code == 302

    def test_three_pages_lead_into_the_group(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        browser = browser_of(ada)
        page = browser.get(url(group, "join")).text
        assert page.count('type="checkbox"') == 5 and "checked" not in page
        assert "5 meetings of 3 hours = 15 hours" in page
        page = browser.get(url(group, "join", "check"), query_string={"date": dates(group)}).text
        assert "Your promise" in page and page.count('type="hidden" name="date"') == 5
        answer = browser.post(url(group, "join"), data={"date": dates(group)})
        assert (answer.status_code, answer.headers["Location"]) == (303, url(group, "joined"))
        page = browser.get(url(group, "joined")).text
        assert "You are in the group" in page and "calendar.ics" in page
        assert rules.signup_of(ada.id, group).seat == 1

    def test_now_and_then_is_refused_kindly_and_loses_nothing(self, browser_of, edition):
        theme = a_theme(edition, elected_at=now())
        group = a_group(edition, theme)
        same_day = a_group(edition, theme, "luik")
        other_day = a_group(edition, theme, "brussel", days=1)
        browser = browser_of(a_member())
        page = browser.get(url(group, "join", "check"), query_string={"date": dates(group, 3)}).text
        assert "now and then is not possible" in page and page.count(" checked>") == 3
        assert "Other ways to take part" in page and url(other_day) in page and url(same_day) + '"' not in page
        assert 'lang="nl"' in page and "date=" in re.search(r'href="(/nl/[^"]+)" lang="nl"', page).group(1)

    def test_a_post_without_every_date_is_refused(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        browser = browser_of(ada)
        back = {"Referer": f"http://localhost{url(group, 'join')}"}
        for ticked in ([], dates(group, 4), ["nonsense"] * 5):
            answer = browser.post(url(group, "join"), data={"date": ticked}, headers=back, follow_redirects=True)
            assert "Confirm every date" in answer.text
        assert rules.signup_of(ada.id, group) is None

    def test_a_double_click_is_one_sign_up(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        browser = browser_of(ada)
        for _click in range(2):
            assert browser.post(url(group, "join"), data={"date": dates(group)}).headers["Location"] == url(
                group, "joined"
            )
        assert rules.free_seats(group) == list(range(2, 13))

    def test_a_full_group_leads_to_the_waiting_list(self, browser_of, edition):
        group = a_group(edition, places=1)
        a_signup(a_member("Bo"), group)
        browser = browser_of(a_member())
        assert "Join the waiting list" in browser.get(url(group)).text
        assert "waiting list" in browser.get(url(group, "join")).text
        page = browser.get(url(group, "join", "check"), query_string={"date": dates(group)}).text
        assert "You will be the first on the waiting list" in page and "put me on the waiting list" in page
        page = browser.post(url(group, "join"), data={"date": dates(group)}, follow_redirects=True).text
        assert "You are number 1 on the waiting list" in page
        assert "You are number 1 on the waiting list" in browser.get(url(group)).text

    def test_pages_of_signing_up_lead_to_the_reason_when_it_is_not_possible(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        browser = browser_of(ada)
        a_signup(ada, group)
        assert browser.get(url(group, "join")).headers["Location"] == url(group, "joined")
        clash = a_group(edition, city="luik")
        for path in (url(clash, "join"), url(clash, "join", "check")):
            assert browser.get(path).headers["Location"] == url(clash)
        assert browser.get(url(clash, "joined")).headers["Location"] == url(clash)

    def test_in_the_wrong_phase_nothing_happens(self, browser_of, database):
        edition = an_edition(Phase.COUNT)
        group = a_group(edition)
        answer = browser_of(a_member()).post(url(group, "join"), data={"date": dates(group)})
        assert answer.status_code == 409 and "possible from" in answer.text


class TestWithdrawing:
    def test_a_member_withdraws_and_the_place_is_kept_for_the_next(self, browser_of, edition):
        ada, bo, group = a_member(), a_member("Bo"), a_group(edition, places=1)
        a_signup(ada, group)
        a_signup(bo, group)
        browser = browser_of(ada)
        assert "Yes, give up my place" in browser.get(url(group)).text
        page = browser.post(url(group, "withdraw"), follow_redirects=True).text
        assert "no longer in this group" in page and "Join the waiting list" in page
        assert "A place is kept for you until" in browser_of(bo).get(url(group)).text

    def test_who_never_signed_up_has_nothing_to_withdraw(self, browser_of, client, edition):
        group = a_group(edition)
        assert browser_of(a_member()).post(url(group, "withdraw")).status_code == 404
        assert client.post(url(group, "withdraw")).status_code == 302

    def test_withdrawing_in_two_tabs_is_said_kindly(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        a_signup(ada, group)
        browser = browser_of(ada)
        browser.post(url(group, "withdraw"))
        answer = browser.post(url(group, "withdraw"))
        assert answer.status_code == 409 and "already" in answer.text

    def test_after_the_last_meeting_there_is_no_button(self, browser_of, edition):
        ada, group = a_member(), a_group(edition)
        a_signup(ada, group)
        with time_machine.travel(group.meetings[-1].ends_at + timedelta(minutes=1)):
            assert "Withdraw" not in browser_of(ada).get(url(group)).text


class TestCalendar:
    def test_people_in_the_group_download_their_dates(self, browser_of, edition):
        ada, bas = a_member(), a_facilitator()
        group = a_group(edition, facilitators=[bas])
        a_signup(ada, group)
        for who in (ada, bas):
            answer = browser_of(who).get(url(group, "calendar.ics"))
            assert answer.mimetype == "text/calendar" and answer.text.count("BEGIN:VEVENT") == 5

    def test_others_do_not(self, browser_of, client, edition):
        group = a_group(edition)
        assert browser_of(a_member()).get(url(group, "calendar.ics")).status_code == 409
        assert client.get(url(group, "calendar.ics")).status_code == 302


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_every_page_stands_in_every_language(browser_of, edition, language):
    group, browser = a_group(edition), browser_of(a_member())
    for path in ("", f"{group.id}", f"{group.id}/join", f"{group.id}/join/check"):
        answer = browser.get(f"/{language}/2026/groups/{path}")
        assert answer.status_code == 200 and f'<html lang="{language}"' in answer.text
