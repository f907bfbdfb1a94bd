"""The pages of wishing: three steps for a member, kept as one goes; what today, the groups and "me" say."""

import re
from datetime import timedelta

import pytest
import time_machine

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.workgroups import rules, slots, wished, wishing
from sipvote.workgroups.wish_models import Coming
from tests.factories import (
    a_facilitator,
    a_group,
    a_group_to_wish,
    a_member,
    a_signup,
    a_theme,
    a_wishing_edition,
    an_edition,
    some_wishes,
)
from tests.queries import counted

PAGES = "/en/2026/groups/wishes/"
JSON = {"Accept": "application/json"}


@pytest.fixture
def edition(database):
    return a_wishing_edition()


def ticks(group, way="either", count=None):
    return {f"slot-{c.slot_id}": way for c in slots.candidates_of([group])[:count]}


class TestThreePages:
    def test_three_pages_lead_to_a_promise(self, browser_of, edition):
        ada, theme = a_member(), a_theme(edition, "Guidance", elected_at=now())
        group, other = a_group_to_wish(edition, theme), a_group_to_wish(edition, theme, "luik", days=1)
        browser = browser_of(ada)
        assert "Choose my groups" in browser.get(PAGES).text
        page = browser.get(PAGES + "groups").text
        assert "A short list is also a risk" in page and '<optgroup label="Guidance">' in page
        answer = browser.post(PAGES + "groups", data={"wish_1": group.id, "wish_2": other.id})
        assert (answer.status_code, answer.headers["Location"]) == (303, PAGES + "dates")
        page = browser.get(PAGES + "dates").text
        assert page.count("<fieldset") == 12 and "For wish 2" in page and "Not sent yet" in page
        answer = browser.post(PAGES + "dates", data={**ticks(group), "access_needs": " A ramp "})
        assert answer.headers["Location"] == PAGES + "check"
        page = browser.get(PAGES + "check").text
        assert "You could come on 6 of 6 dates" in page and "on none of its dates" in page and "Cannot be kept" in page
        assert "I come to all 5 meetings, of about 3 hours each" in page and "A ramp" in page
        assert browser.post(PAGES + "pledge").headers["Location"] == PAGES + "done"
        assert "Your wishes are in" in browser.get(PAGES + "done").text
        assert wished.list_of(ada.id, edition).counts

    def test_a_rank_left_empty_closes_up(self, browser_of, edition):
        ada, group, other = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, days=1)
        browser_of(ada).post(PAGES + "groups", data={"wish_1": group.id, "wish_2": "", "wish_3": other.id})
        assert [(w.rank, w.workgroup_id) for w in wished.list_of(ada.id, edition).wishes] == [
            (1, group.id), (2, other.id),
        ]  # fmt: skip

    def test_one_group_twice_is_told_and_loses_nothing(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        page = browser_of(ada).post(PAGES + "groups", data={"wish_1": group.id, "wish_3": group.id}).text
        assert "You chose one group twice" in page and page.count(f'<option selected value="{group.id}">') == 2
        assert "Choose at least one group" in browser_of(ada).post(PAGES + "groups", data={"wish_1": ""}).text
        assert wished.list_of(ada.id, edition) is None

    @pytest.mark.parametrize("sent", ["x", "99999", "1; drop table"])
    def test_nonsense_is_told(self, browser_of, edition, sent):
        a_group_to_wish(edition)
        assert 'role="alert"' in browser_of(a_member()).post(PAGES + "groups", data={"wish_1": sent}).text

    def test_the_page_of_a_group_leads_to_the_wish_with_the_group_chosen(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        browser = browser_of(ada)
        page = browser.get(f"/en/2026/groups/{group.id}").text
        link = re.search(r'href="([^"]+)">Wish this group', page).group(1)
        assert f'<option selected value="{group.id}">' in browser.get(link).text

    def test_groups_that_cannot_be_wished_stand_there_with_the_reason(self, browser_of, edition):
        bas = a_facilitator()
        a_group_to_wish(edition, facilitators=[bas])
        a_group_to_wish(edition, city="luik", dates=0)
        page = browser_of(bas).get(PAGES + "groups").text
        assert (
            "No group can be wished yet" in page and "You lead this group" in page and "No dates are proposed" in page
        )

    def test_the_same_answer_for_all_leaves_dates_when_one_is_elsewhere(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        first = slots.candidates_of([group])[0].slot
        led = a_group(edition, city="luik", facilitators=[ada])
        led.meetings[0].starts_at, led.meetings[0].ends_at = first.starts_at, first.ends_at
        browser = browser_of(ada)
        wishing.choose(ada, edition, [group.id])
        assert "You are at “" in browser.get(PAGES + "dates").text
        data = {"all": "online", "access_needs": "A ramp"}
        page = browser.post(PAGES + "dates/all", data=data, follow_redirects=True).text
        assert "Every date that allows it has this answer" in page and "A ramp" in page
        ways = {a.slot_id: a.way for a in wished.list_of(ada.id, edition).availability}
        assert len(ways) == 5 and first.id not in ways and set(ways.values()) == {Coming.ONLINE}
        browser.post(PAGES + "dates/all", data={**ticks(group), "all": ""})
        db.session.expire_all()
        assert {a.slot_id for a in wished.list_of(ada.id, edition).availability} == {first.id}

    def test_where_there_is_no_room_only_online_is_asked(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition, city=None)
        wishing.choose(ada, edition, [group.id])
        page = browser_of(ada).get(PAGES + "dates").text
        assert page.count('value="online"') == 6 + 1 and page.count('value="on_site"') == 0 + 1

    def test_a_free_day_is_named(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition, dates=0)
        day = edition.groups_at.replace(month=12, day=25, hour=17)
        assert edition.groups_at < day < edition.recommendations_at
        slots.propose(group, [(day, day + timedelta(hours=3))], list(slots.MODES), None)
        wishing.choose(ada, edition, [group.id])
        assert "Public holiday: Christmas Day (Belgium)" in browser_of(ada).get(PAGES + "dates").text


class TestByTheScript:
    def test_every_change_is_kept_and_says_when(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        browser = browser_of(ada)
        told = browser.post(PAGES + "groups", data={"wish_1": group.id}, headers=JSON).json
        assert told["said"].startswith("Kept at ") and told["state"] == "Not sent yet"
        assert browser.post(PAGES + "dates", data=ticks(group), headers=JSON).json["said"].startswith("Kept at")
        assert len(wished.list_of(ada.id, edition).availability) == 6

    def test_what_cannot_be_kept_is_said(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        browser = browser_of(ada)
        answer = browser.post(PAGES + "groups", data={"wish_1": group.id, "wish_2": group.id}, headers=JSON)
        assert answer.status_code == 409 and "twice" in answer.json["why"]
        assert "at least one" in browser.post(PAGES + "dates", headers=JSON).json["why"]
        with time_machine.travel(edition.wishes_until):
            late = browser_of(a_member("Bo"))
            assert "could be given until" in late.post(PAGES + "groups", headers=JSON).json["why"]

    def test_a_promise_that_could_not_stay_is_told(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        some_wishes(ada, group)
        browser = browser_of(ada)
        assert browser.post(PAGES + "dates", data=ticks(group), headers=JSON).json["state"] == "Your wishes are in."
        page = browser.post(PAGES + "dates", data=ticks(group, count=2), follow_redirects=True).text
        assert "kept, but not sent any more" in page and "None of your wishes could be kept" in page


class TestStanding:
    def test_withdrawing_can_be_undone(self, browser_of, edition):
        ada = a_member()
        some_wishes(ada, a_group_to_wish(edition))
        browser = browser_of(ada)
        assert "Withdraw my wishes" in browser.get(PAGES).text
        assert "Your wishes are withdrawn" in browser.post(PAGES + "withdraw", follow_redirects=True).text
        assert "stand again" in browser.post(PAGES + "undo", follow_redirects=True).text
        assert wished.list_of(ada.id, edition).counts
        assert browser_of(a_member("Bo")).post(PAGES + "withdraw").status_code == 409

    def test_after_the_deadline_one_reads_what_one_wished_and_what_comes(self, browser_of, edition):
        ada, bo, group = a_member(), a_member("Bo"), a_group_to_wish(edition)
        some_wishes(ada, group)
        some_wishes(bo, group, pledged=False)
        with time_machine.travel(edition.wishes_until):
            page = browser_of(ada).get(PAGES).text
            assert "What you wished" in page and "7 days to confirm" in page and "Withdraw" not in page
            assert "did not count" in browser_of(bo).get(PAGES).text
            assert browser_of(bo).get(PAGES + "check").status_code == 303
            assert browser_of(bo).get(PAGES + "groups").status_code == 303
            assert browser_of(bo).post(PAGES + "pledge").status_code == 409

    def test_in_the_direct_way_the_page_leads_to_the_groups(self, browser_of, database):
        an_edition(Phase.SIGNUP)
        assert "sign up for a group directly" in browser_of(a_member()).get(PAGES).text

    @pytest.mark.parametrize("page", ["dates", "check", "done"])
    def test_who_has_chosen_nothing_begins_at_the_beginning(self, browser_of, edition, page):
        assert browser_of(a_member()).get(PAGES + page).headers["Location"] == PAGES

    def test_a_stranger_signs_in_first(self, client, edition):
        assert "/sign-in?next=" in client.get(PAGES + "groups").headers["Location"]

    def test_nobody_sees_or_changes_the_wishes_of_another(self, browser_of, edition):
        ada = a_member()
        some_wishes(ada, a_group_to_wish(edition))
        bo = browser_of(a_member("Bo"))
        assert "Choose my groups" in bo.get(PAGES).text
        bo.post(PAGES + "withdraw")
        assert wished.list_of(ada.id, edition).counts


class TestElsewhere:
    def today(self, browser):
        return browser.get("/en/").text.partition("<main")[2]

    def test_today_says_how_it_stands(self, client, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        browser = browser_of(ada)
        assert "Wish your groups" in self.today(client) and "Wish your groups" in self.today(browser)
        some_wishes(ada, group, pledged=False)
        assert "Your wishes are kept, not sent" in self.today(browser)
        wishing.pledge(ada, edition)
        assert "Your wishes are in" in self.today(browser)
        with time_machine.travel(edition.wishes_until):
            assert "groups are being chosen" in self.today(browser_of(ada))
            assert "being made" in self.today(client)

    def test_the_groups_lead_to_wishing_and_not_to_signing_up(self, client, browser_of, edition):
        group = a_group_to_wish(edition)
        page = client.get("/en/2026/groups/").text
        assert "Wish my groups" in page and "12 places" in page and "chosen from what members can" in page
        page = client.get(f"/en/2026/groups/{group.id}").text
        assert "Wish this group" in page and f"{group.id}/join" not in page and "5 meetings of about 3 hours" in page
        assert (
            browser_of(a_member()).get(f"/en/2026/groups/{group.id}/join").headers["Location"].endswith(f"/{group.id}")
        )

    def test_the_page_of_a_group_tells_its_dates_and_ones_own_wish(self, client, browser_of, edition):
        ada, group, other = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, city="luik", days=1)
        page = f"/en/2026/groups/{group.id}"
        assert "6 dates to choose from" in client.get(page).text
        some_wishes(ada, other, group)
        mine = browser_of(ada).get(page).text
        assert "number 2 on your list" in mine and "Wish this group" not in mine
        wishing.withdraw(ada, edition)
        assert "Wish this group" in browser_of(ada).get(page).text
        with time_machine.travel(edition.wishes_until):
            assert "dates to choose from" not in client.get(page).text

    def test_who_has_said_no_date_yet_is_led_to_the_dates(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        wishing.choose(ada, edition, [group.id])
        page = browser_of(ada).get(PAGES).text
        assert "Say when I could come" in page and "Cannot be kept" not in page and "Check and send" not in page
        wishing.tick(ada, edition, {slots.candidates_of([group])[0].slot_id: Coming.EITHER})
        page = browser_of(ada).get(PAGES).text
        assert "Say when I could come" not in page and "Cannot be kept" in page and "Check and send" in page

    def test_a_group_without_dates_is_read_by_everybody_concerned(self, browser_of, edition):
        bas = a_facilitator()
        group = a_group_to_wish(edition, facilitators=[bas])
        browser = browser_of(bas)
        assert "not chosen yet" in browser.get("/en/2026/facilitate/").text
        page = browser.get(f"/en/2026/facilitate/{group.id}").text
        assert "chosen from what members can" in page and f"{group.id}/slots/" in page and 'id="meetings"' not in page
        assert browser.get(f"/en/2026/facilitate/{group.id}.csv").status_code == 200

    def test_me_and_my_data_tell_my_wishes(self, browser_of, edition):
        ada, theme = a_member(), a_theme(edition, "Guidance", elected_at=now())
        some_wishes(ada, a_group_to_wish(edition, theme))
        wishing.tell_needs(ada, edition, "A ramp")
        browser = browser_of(ada)
        page = browser.get("/en/me").text
        assert "My wishes" in page and "Guidance (Ghent)" in page
        (told,) = browser.get("/en/me/data.json").json["wishes"]
        assert told["groups, the dearest first"] == ["Guidance (Ghent)"] and len(told["could come"]) == 6
        assert told["access needs"] == "A ramp" and told["promised"]
        assert told["given"] is None and told["what came of each"] == []  # nobody was told yet

    def test_the_number_of_queries_does_not_grow(self, browser_of, edition):
        ada, theme = a_member(), a_theme(edition, elected_at=now())
        group = a_group_to_wish(edition, theme, dates=8)
        other = a_group_to_wish(edition, theme, "luik", days=1)
        some_wishes(ada, group)
        browser, seen_on = browser_of(ada), {}
        for groups in ([group], [group, other]):
            wishing.choose(ada, edition, [g.id for g in groups])
            for page in ("", "groups", "dates", "check"):
                browser.get(PAGES + page)
                db.session.expire_all()
                with counted() as seen:
                    assert browser.get(PAGES + page).status_code == 200
                seen_on.setdefault(page, []).append(len(seen))
        for one, two in seen_on.values():
            assert one == two < 25

    def test_a_member_with_a_seat_elsewhere_sees_it_named(self, browser_of, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        before = an_edition(Phase.GROUPS, year=2025)
        old = a_group(before, a_theme(before, "Equality", elected_at=now()), "luik")
        a_signup(ada, old)
        slot = slots.candidates_of([group])[0].slot
        old.meetings[4].starts_at, old.meetings[4].ends_at = slot.starts_at, slot.ends_at
        wishing.choose(ada, edition, [group.id])
        assert rules.groups_of(ada.id)
        assert "You are at “Equality (Liège)” then" in browser_of(ada).get(PAGES + "dates").text
