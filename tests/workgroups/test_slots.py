"""Candidate slots: patterns and single dates, their marks, at most forty, removed with care."""

from datetime import date, time, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote import audit
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.i18n import ZONE
from sipvote.workgroups import slot_marks, slots, wished, wishing
from sipvote.workgroups.models import Mode, Workgroup
from sipvote.workgroups.wish_models import Coming, Slot
from tests.factories import (
    a_board_member,
    a_city,
    a_facilitator,
    a_group,
    a_group_to_wish,
    a_member,
    a_signup,
    a_theme,
    a_wishing_edition,
    an_assembly,
    an_edition,
    an_organiser,
    some_wishes,
)
from tests.queries import queries_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def edition(database):
    return a_wishing_edition()


def spans(edition, count, days=8):
    first = (edition.groups_at + timedelta(days=days)).replace(hour=18, minute=0, second=0, microsecond=0)
    return [(at, at + timedelta(hours=3)) for at in (first + timedelta(days=n) for n in range(count))]


def times(group):
    return [(c.slot.starts_at, c.slot.ends_at) for c in slots.candidates_of([group])]


class TestPattern:
    def test_a_weekday_every_two_weeks_keeps_its_hour_in_summer_and_winter(self):
        found = slots.starts_of(slots.Pattern(1, time(18), date(2027, 3, 4), date(2027, 4, 20), 2))
        assert [f"{at:%a %d %m %H}" for at in found] == ["Tue 09 03 18", "Tue 23 03 18", "Tue 06 04 18", "Tue 20 04 18"]
        assert {at.astimezone(ZONE).utcoffset() for at in found} == {timedelta(hours=1), timedelta(hours=2)}

    def test_a_pattern_without_an_end_ends(self):
        assert len(slots.starts_of(slots.Pattern(0, time(18), date(2026, 1, 1), date(2999, 1, 1), 1))) == 60


class TestProposing:
    def test_slots_are_proposed_once_and_shared_between_groups(self, edition):
        one, two = a_group_to_wish(edition, dates=0), a_group_to_wish(edition, dates=0, city="luik")
        dre = an_organiser()
        assert slots.propose(one, spans(edition, 3), [Mode.ON_SITE], dre.id) == 3
        assert slots.propose(one, spans(edition, 4), [Mode.ON_SITE], dre.id) == 1
        assert slots.propose(two, spans(edition, 4), list(Mode), dre.id) == 4
        assert db.session.scalar(select(func.count()).select_from(Slot)) == 4
        assert slots.counts_of([one, two]) == {one.id: 4, two.id: 4}
        entry = db.session.scalars(select(audit.Entry).order_by(audit.Entry.id)).first()
        assert (entry.act, entry.facts["modes"], entry.member_id) == ("propose slots", "on_site", dre.id)

    def test_there_are_at_most_forty(self, edition):
        group = a_group_to_wish(edition, dates=0)
        assert slots.propose(group, spans(edition, 40), list(Mode), None) == 40
        with pytest.raises(Refused, match=r"at most 40 dates.*has 40, and you add 1"):
            slots.propose(group, spans(edition, 41), list(Mode), None)

    def test_they_lie_where_groups_meet(self, edition):
        group = a_group_to_wish(edition, dates=0)
        for days in (-2, 400):
            with pytest.raises(Refused, match="Workgroups meet between"):
                slots.propose(group, spans(edition, 1, days), list(Mode), None)

    def test_without_a_city_a_group_meets_online_only(self, edition):
        group = a_group_to_wish(edition, city=None, dates=0)
        slots.propose(group, spans(edition, 1), list(Mode), None)
        assert slots.modes_of(slots.candidates_of([group])[0]) == {Mode.ONLINE}
        with pytest.raises(Refused, match="how the group could meet"):
            slots.propose(group, spans(edition, 1), [Mode.ON_SITE], None)

    def test_no_room_means_only_online_and_asks_only_that(self, edition):
        group = a_group_to_wish(edition, dates=2)
        first, second = (c.slot_id for c in slots.candidates_of([group]))
        assert slots.change_modes(group, [first], [Mode.ONLINE], None) == 1
        found = {c.slot_id: slots.ways_for(slots.modes_of(c)) for c in slots.candidates_of([group])}
        assert found == {first: [Coming.ONLINE], second: [Coming.ON_SITE, Coming.ONLINE, Coming.EITHER]}
        assert slots.ways_for([Mode.ON_SITE]) == [Coming.ON_SITE]

    def test_slots_are_copied_from_another_group(self, edition):
        one, online = a_group_to_wish(edition, dates=3), a_group_to_wish(edition, dates=0, city=None)
        assert slots.copy(one, online, None) == 3
        assert times(one) == times(online)
        assert slots.copy(one, online, None) == 0
        assert slots.others_with_slots(online) == [one]
        with pytest.raises(Refused, match="same year"):
            slots.copy(a_group(an_edition(Phase.STOCKTAKE, year=2020)), online, None)


class TestWhenTheyChange:
    def test_slots_are_for_editions_in_which_members_wish(self):
        group = a_group(an_edition(Phase.SIGNUP))
        assert "sign up directly" in slots.why_not_change(group)

    def test_they_change_until_the_deadline_and_until_the_dates_are_chosen(self, edition):
        group = a_group_to_wish(edition)
        assert slots.why_not_change(group) is None
        with time_machine.travel(edition.wishes_until):
            assert "could wish until" in slots.why_not_change(group)
        assert "chosen already" in slots.why_not_change(a_group(edition))
        group.cancelled_at = now()
        assert "cancelled" in slots.why_not_change(group)

    def test_a_slot_that_somebody_ticked_is_removed_by_who_is_sure(self, edition):
        one, two = a_group_to_wish(edition), a_group_to_wish(edition, city="luik", days=1)
        some_wishes(a_member(), one)
        some_wishes(a_member("Bo"), two)
        ids = [c.slot_id for c in slots.candidates_of([one])][:2]
        with pytest.raises(Refused, match="1 person said"):
            slots.remove(one, ids, None)
        assert slots.remove(one, ids, None, sure=True) == 2
        assert slots.counts_of([one, two]) == {one.id: 4, two.id: 6}
        assert db.session.scalar(select(func.count()).select_from(Slot)) == 10

    def test_a_shared_slot_stays_for_the_other_group(self, edition):
        one, two = a_group_to_wish(edition), a_group_to_wish(edition, city="luik")
        ada = a_member()
        some_wishes(ada, two)
        slots.remove(one, [c.slot_id for c in slots.candidates_of([one])], None)
        assert slots.counts_of([one, two]) == {one.id: 0, two.id: 6}
        assert len(wished.list_of(ada.id, edition).availability) == 6


class TestMarks:
    def marks(self, group):
        return slot_marks.marks_of(group, [c.slot for c in slots.candidates_of([group])])

    def test_free_days_are_those_of_the_cities_of_the_group(self, edition):
        christmas = edition.groups_at.replace(month=12, day=25, hour=17)
        for city, told in (("gent", "Christmas Day (Belgium)"), ("lille", "Christmas Day (France)")):
            group = a_group_to_wish(edition, city=city, dates=0)
            slots.propose(group, [(christmas, christmas + timedelta(hours=2))], list(Mode), None)
            (marks,) = self.marks(group)
            assert str(marks.free[0]) == told and not marks.is_clear

    def test_the_assembly_is_marked(self, edition):
        group = a_group_to_wish(edition)
        slot = slots.candidates_of([group])[1].slot
        an_assembly(edition, starts_at=slot.starts_at - timedelta(hours=1), ends_at=slot.ends_at)
        assert [bool(m.assembly) for m in self.marks(group)] == [False, True, False, False, False, False]

    def test_other_groups_of_the_same_facilitators_are_marked(self, edition):
        bas = a_facilitator()
        group = a_group_to_wish(edition, facilitators=[bas])
        meeting = a_group(edition, city="luik", facilitators=[bas])
        slot = slots.candidates_of([group])[0].slot
        meeting.meetings[0].starts_at, meeting.meetings[0].ends_at = slot.starts_at, slot.ends_at
        perhaps = a_group_to_wish(edition, city=None, dates=2, facilitators=[bas])
        a_group_to_wish(edition, city="lille", facilitators=[a_facilitator()])
        db.session.flush()
        marks = self.marks(group)
        assert [m.leading for m in marks[:2]] == [[meeting], []]
        assert [m.perhaps for m in marks[:3]] == [[perhaps], [perhaps], []]

    def test_people_who_wish_the_group_and_are_elsewhere_are_counted(self, edition):
        group = a_group_to_wish(edition)
        before = an_edition(Phase.GROUPS, year=2025)
        old, slot = a_group(before), slots.candidates_of([group])[0].slot
        for name in ("Ada", "Bo", "Cem"):
            who = a_member(name)
            some_wishes(who, group, pledged=name != "Cem")
            a_signup(who, old)
        old.meetings[4].starts_at, old.meetings[4].ends_at = slot.starts_at, slot.ends_at
        db.session.flush()
        assert [m.elsewhere for m in self.marks(group)][:2] == [3, 0]
        wishing.withdraw(db.session.get_one(type(who), who.id), edition)
        assert self.marks(group)[0].elsewhere == 2


class TestPages:
    def url(self, group, *more):
        return "/".join([f"/en/2026/groups/plan/{group.id}/slots", *(more or [""])])

    def test_organisers_and_facilitators_who_may_see_the_group_propose(self, client, browser_of, edition):
        bas, other = a_facilitator("gent"), a_facilitator("lille")
        group = a_group_to_wish(edition, facilitators=[bas])
        assert client.get(self.url(group)).status_code == 302
        cast = ((an_organiser(), 200), (bas, 200), (other, 404), (a_member(), 403), (a_board_member(), 403))
        for who, code in cast:
            assert browser_of(who).get(self.url(group)).status_code == code
        assert browser_of(other).post(self.url(group, "propose")).status_code == 404

    def test_a_group_is_made_without_dates_and_leads_to_its_slots(self, browser_of, edition):
        theme, browser = a_theme(edition, elected_at=now()), browser_of(an_organiser())
        page = browser.get("/en/2026/groups/plan/new").text
        assert "meeting_1" not in page and "chosen from what members can" in page and 'name="hours"' not in page
        data = {"theme": theme.id, "cities": [a_city().id], "mode": "on_site", "languages": ["nl"], "places": 12}
        page = browser.post("/en/2026/groups/plan/new", data={**data, "minimum": 13}).text
        assert "fewer places than it needs people" in page
        answer = browser.post("/en/2026/groups/plan/new", data={**data, "minimum": 8})
        group = db.session.scalars(select(Workgroup)).one()
        assert (group.minimum, group.meetings, answer.headers["Location"]) == (8, [], self.url(group))
        page = browser.get("/en/2026/groups/plan/").text
        assert "no dates to choose from" in page and "0 dates to choose from" in page and "fewer than" not in page
        assert browser.post(f"/en/2026/groups/plan/{group.id}", data={**data, "minimum": 5}).status_code == 303
        db.session.expire_all()
        assert group.minimum == 5

    def test_the_list_of_groups_counts_wishes_while_members_wish(self, browser_of, edition):
        one, two = a_group_to_wish(edition), a_group_to_wish(edition, city="luik", days=1)
        some_wishes(a_member("Ada"), one, two)
        some_wishes(a_member("Bo"), two)
        some_wishes(a_member("Cem"), two, pledged=False)
        assert wished.wishes_per_group(edition) == {one.id: (1, 1), two.id: (1, 2)}
        page = browser_of(an_organiser()).get("/en/2026/groups/plan/").text
        assert "First wishes" in page and "Waiting</th>" not in page and page.count('<td class="num">2</td>') == 1

    def test_a_weekly_pattern_is_looked_at_before_it_is_kept(self, browser_of, edition):
        group, browser = a_group_to_wish(edition, dates=0), browser_of(an_organiser())
        day = edition.groups_at.date() - timedelta(days=1)
        asked = {
            "weekday": 1, "at": "18:30", "first": day, "last": day + timedelta(weeks=10), "weeks": 2, "hours": 3,
            "modes": ["online", "hybrid"],
        }  # fmt: skip
        page = browser.get(self.url(group, "preview"), query_string=asked).text
        assert page.count('name="start"') in (5, 6) and "Nothing is kept yet" in page
        assert slots.counts_of([group]) == {group.id: 0}
        starts = [line.partition('"')[0] for line in page.split('name="start" value="')[1:]]
        data = {"start": starts, "hours": 3, "modes": asked["modes"]}
        page = browser.post(self.url(group, "propose"), data=data, follow_redirects=True).text
        assert f"{len(starts)} dates are added" in page and "18:30" in page
        assert {c.modes for c in slots.candidates_of([group])} == {"hybrid online"}
        page = browser.get(self.url(group, "preview"), query_string=asked).text
        assert page.count("there already") == len(starts)
        assert "Nothing is left to propose here" in page and "Propose these dates" not in page

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"at": "evening"}, 'role="alert"'), ({"weeks": "0"}, "from 1 to 12"), ({"modes": []}, "Choose how"),
            ({"first": "2027-02-30"}, 'role="alert"'), ({"last": "2001-01-01"}, "must not lie before"),
            ({"weekday": "9"}, 'role="alert"'), ({"hours": "x"}, "whole number"),
        ],
    )  # fmt: skip
    def test_a_pattern_that_makes_no_sense_is_told(self, browser_of, edition, wrong, says):
        group = a_group_to_wish(edition, dates=0)
        asked = {
            "weekday": 1, "at": "18:30", "first": "2027-01-01", "last": "2027-03-01", "weeks": 2, "hours": 3,
            "modes": ["online"], **wrong,
        }  # fmt: skip
        page = browser_of(an_organiser()).get(self.url(group, "preview"), query_string=asked)
        assert page.status_code == 200 and says in page.text and 'name="start"' not in page.text

    def test_a_single_date_is_added_or_told_why_not(self, browser_of, edition):
        group, browser = a_group_to_wish(edition, dates=0), browser_of(an_organiser())
        at = (edition.groups_at + timedelta(days=9)).astimezone(ZONE)
        data = {"start": f"{at:%Y-%m-%dT18:00}", "hours": 2, "modes": ["on_site"]}
        assert "1 date is added" in browser.post(self.url(group), data=data, follow_redirects=True).text
        assert "there already" in browser.post(self.url(group), data=data, follow_redirects=True).text
        for wrong, says in (
            ({"start": "2001-01-01T18:00"}, "Workgroups meet between"),
            ({"start": "soon"}, "Write the day"),
        ):
            page = browser.post(self.url(group), data={**data, **wrong}).text
            assert says in page and 'role="alert"' in page
        assert slots.counts_of([group]) == {group.id: 1}

    def test_removing_asks_when_somebody_ticked(self, browser_of, edition):
        group, browser = a_group_to_wish(edition), browser_of(an_organiser())
        some_wishes(a_member(), group)
        ids = [c.slot_id for c in slots.candidates_of([group])][:2]
        page = browser.post(self.url(group, "remove"), data={"slot": ids}, follow_redirects=True).text
        assert "1 person said that they could come" in page and slots.counts_of([group]) == {group.id: 6}
        page = browser.post(self.url(group, "remove"), data={"slot": ids, "sure": "yes"}, follow_redirects=True).text
        assert "2 dates are removed" in page and slots.counts_of([group]) == {group.id: 4}
        assert browser.post(self.url(group, "remove"), data={"slot": ["x", "0"]}).status_code == 409

    def test_modes_are_changed_and_slots_copied(self, browser_of, edition):
        group, other = a_group_to_wish(edition), a_group_to_wish(edition, dates=0, city="luik")
        browser = browser_of(an_organiser())
        ids = [c.slot_id for c in slots.candidates_of([group])][:3]
        page = browser.post(self.url(group, "modes"), data={"slot": ids, "modes": "online"}, follow_redirects=True).text
        assert "3 dates are changed" in page
        page = browser.post(self.url(other, "copy"), data={"source": group.id}, follow_redirects=True).text
        assert "6 dates are added" in page
        assert [c.modes for c in slots.candidates_of([other])] == ["online"] * 3 + ["on_site hybrid online"] * 3
        assert browser.post(self.url(other, "copy"), data={"source": 0}).status_code == 404

    def test_bad_input_is_answered_and_not_a_fault(self, browser_of, edition):
        group, browser = a_group_to_wish(edition), browser_of(an_organiser())
        assert browser.post(self.url(group, "propose"), data={"start": "soon"}).status_code == 400
        assert browser.post(self.url(group, "propose")).status_code == 409
        assert browser.post(self.url(group, "modes"), data={"modes": "online"}).status_code == 409

    def test_after_the_deadline_the_page_says_why_and_has_no_forms(self, browser_of, edition):
        group = a_group_to_wish(edition)
        with time_machine.travel(edition.wishes_until):
            page = browser_of(an_organiser()).get(self.url(group)).text
        assert "could wish until" in page and "Add this date" not in page

    def test_the_number_of_queries_does_not_grow(self, browser_of, edition):
        group, browser, counts = a_group_to_wish(edition, dates=2), browser_of(an_organiser()), []
        for _round in range(2):
            slots.propose(group, spans(edition, 10, 9 + 12 * _round), list(Mode), None)
            some_wishes(a_member(f"Member {_round}"), group, pledged=False)
            counts.append(queries_of(browser, self.url(group)))
        assert counts[0] == counts[1] < 30
