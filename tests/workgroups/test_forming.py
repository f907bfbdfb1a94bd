"""Making groups: dates inside the window, facilitators of the right city, places for those who have one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.i18n import ZONE
from sipvote.workgroups import forming, rules
from sipvote.workgroups.models import Mode
from tests.factories import a_city, a_facilitator, a_group, a_member, a_signup, a_theme, an_edition, an_organiser
from tests.reading import letters

pytestmark = pytest.mark.usefixtures("database")


def a_plan(edition, group=None, **values):
    """The plan of a group as it is, or of a new one in Ghent."""
    group = group or a_group(edition, city="gent")
    plan = forming.Plan(
        theme=group.theme, cities=group.cities, mode=group.mode, languages=group.spoken, places=group.places,
        facilitators=list(group.facilitators), venue=group.venue, video_url=group.video_url,
        starts=[m.starts_at for m in group.meetings], hours=3,
    )  # fmt: skip
    return replace(plan, **values)


def later(plan):
    """The same plan with its last meeting two days later."""
    return replace(plan, starts=[*plan.starts[:-1], plan.starts[-1] + timedelta(days=2)])


def why(edition, plan, group=None):
    fault = forming.why_not_plan(edition, plan, group)
    return fault and f"{fault[0]}: {fault[1]}"


class TestForming:
    def test_an_organiser_makes_a_group_of_five_meetings_of_three_hours(self, edition):
        dre = an_organiser()
        plan = a_plan(edition, languages=["nl", "fr"], cities=[a_city("gent"), a_city("luik")])
        group = forming.form(edition, plan, dre.id)
        assert (group.languages, group.place, len(group.meetings), group.hours) == ("nl fr", "Ghent and Liège", 5, 15)
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.act, entry.member_id, entry.facts["cities"]) == ("form group", dre.id, ["gent", "luik"])

    def test_groups_are_for_the_themes_of_the_year(self, edition):
        proposed = a_theme(edition, "Not elected")
        assert "theme: Choose one" in why(edition, a_plan(edition, theme=proposed))
        other = a_theme(an_edition(Phase.STOCKTAKE, year=2020), elected_at=now())
        with pytest.raises(Refused, match="Choose one"):
            forming.form(edition, a_plan(edition, theme=other), None)

    def test_groups_are_made_in_their_phases_only(self):
        edition = an_edition(Phase.VOTE)
        assert "possible from" in why(edition, a_plan(edition))

    def test_meetings_lie_between_november_and_april(self, edition):
        early = [edition.groups_at - timedelta(days=1), *a_plan(edition).starts[1:]]
        assert "meeting_1: Workgroups meet between" in why(edition, a_plan(edition, starts=early))
        late = [*a_plan(edition).starts[:4], edition.recommendations_at - timedelta(hours=2)]
        assert "meeting_5: Workgroups meet between" in why(edition, a_plan(edition, starts=late))

    def test_a_new_meeting_lies_ahead(self):
        edition = an_edition(Phase.GROUPS)
        starts = [now() - timedelta(days=2), *a_plan(edition).starts[1:]]
        assert "meeting_1" in why(edition, a_plan(edition, starts=starts))

    def test_meetings_of_a_group_do_not_overlap(self, edition):
        starts = a_plan(edition).starts
        double = [*starts[:4], starts[3] + timedelta(hours=1)]
        assert "meeting_5: The meetings of" in why(edition, a_plan(edition, starts=double))
        assert "overlap" in why(edition, a_plan(edition, starts=[*starts[:4], starts[0]]))

    def test_the_edition_says_how_many_meetings(self, edition):
        assert "5 meetings" in why(edition, a_plan(edition, starts=a_plan(edition).starts[:4]))

    def test_without_a_city_a_group_meets_online(self, edition):
        assert "cities: Choose" in why(edition, a_plan(edition, cities=[]))
        assert why(edition, a_plan(edition, cities=[], mode=Mode.ONLINE)) is None
        assert "venue: An online group" in why(edition, a_plan(edition, mode=Mode.ONLINE, venue="Kouter 1"))

    def test_a_theme_prolonged_in_france_has_groups_in_france(self, edition):
        old = a_theme(an_edition(Phase.STOCKTAKE, year=2025), elected_at=now())
        theme = a_theme(edition, prolonged_from=old, prolonged_country="FR")
        assert "not in Ghent" in why(edition, a_plan(edition, theme=theme))
        assert why(edition, a_plan(edition, theme=theme, cities=[a_city("lille")])) is None

    def test_dates_are_proposed_some_weeks_apart_and_not_at_the_end_of_the_year(self):
        first = datetime(2026, 11, 12, 18, tzinfo=ZONE)
        proposed = forming.proposal(first, 3, 5)
        assert [f"{at:%d/%m %H}" for at in proposed] == ["12/11 18", "03/12 18", "07/01 18", "28/01 18", "18/02 18"]
        # At the same hour on the clock, also after the clocks changed.
        assert forming.proposal(datetime(2027, 3, 18, 18, tzinfo=ZONE), 2, 2)[1].astimezone(ZONE).hour == 18


class TestFacilitators:
    def test_a_facilitator_of_one_city_leads_there_or_online(self, edition):
        bas = a_facilitator("lille")
        assert "Bas Claes only leads groups in Lille" in why(edition, a_plan(edition, facilitators=[bas]))
        assert why(edition, a_plan(edition, facilitators=[bas], cities=[a_city("gent"), a_city("lille")])) is None
        assert why(edition, a_plan(edition, facilitators=[bas], cities=[], mode=Mode.ONLINE)) is None
        assert why(edition, a_plan(edition, facilitators=[a_facilitator()])) is None

    def test_nobody_leads_two_groups_at_one_hour(self, edition):
        bas = a_facilitator()
        a_group(edition, a_theme(edition, "Equality", elected_at=now()), "luik", facilitators=[bas])
        fault = why(edition, a_plan(edition, facilitators=[bas]))
        assert "Bas Claes cannot be here" in fault and "Equality (Liège)" in fault

    def test_nobody_leads_a_group_and_takes_part_in_it(self, edition):
        bas, group = a_facilitator(), a_group(edition)
        a_signup(bas, group)
        assert "takes part" in why(edition, a_plan(edition, group, facilitators=[bas]), group)

    def test_who_takes_part_elsewhere_at_that_hour_cannot_lead(self, edition):
        bas = a_facilitator()
        a_signup(bas, a_group(edition))
        assert "cannot be here" in why(edition, a_plan(edition, facilitators=[bas]))

    def test_only_present_members_with_the_role_are_asked(self, edition):
        bas, gone = a_facilitator(), a_facilitator()
        gone.left = (now() - timedelta(days=1)).date()
        a_member()
        assert forming.facilitators() == [bas]


class TestChanging:
    def test_a_moved_meeting_gets_a_higher_sequence_and_everybody_a_mail(self, edition):
        bas = a_facilitator()
        group = a_group(edition, places=1, facilitators=[bas])
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        old = group.meetings[4].starts_at
        moves = forming.change(group, later(a_plan(edition, group)), None)
        assert [(m.old_start, m.meeting.sequence) for m in moves] == [(old, 1)]
        assert [m.sequence for m in group.meetings] == [0, 0, 0, 0, 1]
        told = letters("meeting_moved")
        assert {letter.member_id for letter in told} == {bas.id, ada.member_id, bo.member_id}
        with_dates = [letter for letter in told if letter.calendar]
        assert {letter.member_id for letter in with_dates} == {bas.id, ada.member_id}
        assert all(
            "SEQUENCE:1" in letter.calendar and letter.calendar.count("BEGIN:VEVENT") == 1 for letter in with_dates
        )

    def test_a_moved_date_is_no_longer_confirmed_by_a_form_that_lay_open(self, edition):
        group, ada = a_group(edition), a_member()
        confirmed = {m.key for m in group.meetings}
        forming.change(group, later(a_plan(edition, group)), None)
        with pytest.raises(Refused, match="every date"):
            rules.sign_up(ada, group, confirmed)

    def test_meetings_that_slide_into_each_others_dates_move_once(self, edition):
        group = a_group(edition)
        starts = [m.starts_at for m in group.meetings]
        slid = [*starts[1:], starts[-1] + timedelta(days=4)]
        moves = forming.change(group, a_plan(edition, group, starts=slid), None)
        assert [m.starts_at for m in group.meetings] == slid
        assert [(m.old_start, m.meeting.starts_at) for m in moves] == [(starts[0], slid[-1])]

    def test_longer_meetings_are_moved_meetings(self, edition):
        group = a_group(edition)
        forming.change(group, a_plan(edition, group, hours=2), None)
        assert group.hours == 10 and {m.sequence for m in group.meetings} == {1}

    def test_another_address_is_told_and_reaches_calendars(self, edition):
        group = a_group(edition, venue="Kouter 1")
        a_signup(a_member(), group)
        forming.change(group, a_plan(edition, group, venue="Kouter 2"), None)
        letter = letters("meeting_moved")[0]
        assert letter.subject == "New place: Guidance (Ghent)" and "Kouter 2" in letter.body
        assert letter.calendar.count("SEQUENCE:1") == 5 and "Kouter 2" in letter.calendar

    def test_nothing_new_is_told_to_nobody(self, edition):
        group = a_group(edition)
        a_signup(a_member(), group)
        forming.change(group, a_plan(edition, group, languages=["nl", "en"]), None)
        assert letters("meeting_moved") == [] and group.languages == "nl en"

    def test_places_are_not_lowered_below_the_people_who_have_one(self, edition):
        group = a_group(edition)
        for name in ("Ada", "Bo", "Cem"):
            a_signup(a_member(name), group)
        assert "3 people have a place" in why(edition, a_plan(edition, group, places=2), group)
        assert why(edition, a_plan(edition, group, places=3), group) is None

    def test_lower_places_close_ranks(self, edition):
        group = a_group(edition)
        ada, bo, cem = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem")]
        rules.withdraw(ada)
        forming.change(group, a_plan(edition, group, places=2), None)
        assert (bo.seat, cem.seat) == (2, 1)

    def test_more_places_are_offered_to_the_waiting_list(self, edition):
        group = a_group(edition, places=1)
        _ada, bo, cem = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem")]
        forming.change(group, a_plan(edition, group, places=2), None)
        assert (bo.seat, bo.is_offered, cem.seat) == (2, True, None)
        assert [letter.member_id for letter in letters("place_offered")] == [bo.member_id]

    def test_a_meeting_that_has_begun_stays(self):
        edition = an_edition(Phase.GROUPS)
        group = a_group(edition, begins=-1)
        plan = a_plan(edition, group)
        moved = replace(plan, starts=[plan.starts[0] + timedelta(days=2), *plan.starts[1:]])
        assert "has begun" in why(edition, moved, group)
        assert why(edition, later(plan), group) is None


class TestCancelling:
    def test_everybody_is_told_and_calendars_are_emptied(self, edition):
        bas = a_facilitator()
        group = a_group(edition, places=1, facilitators=[bas])
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        forming.cancel(group, None)
        told = {letter.member_id: letter for letter in letters("group_cancelled")}
        assert set(told) == {bas.id, ada.member_id, bo.member_id}
        assert told[bo.member_id].calendar is None and "attachment" not in told[bo.member_id].body
        assert told[ada.member_id].calendar_method == "CANCEL" and "SEQUENCE:1" in told[ada.member_id].calendar
        with pytest.raises(Refused, match="already"):
            forming.cancel(group, None)

    def test_a_cancelled_group_is_not_changed(self, edition):
        group = a_group(edition, cancelled_at=now())
        assert "cancelled" in why(edition, a_plan(edition, group), group)

    def test_a_cancelled_group_leaves_the_hour_free(self, edition):
        ada, group = a_member(), a_group(edition)
        a_signup(ada, group)
        forming.cancel(group, None)
        assert rules.why_not_sign_up(ada, a_group(edition)) is None

    def test_groups_are_not_cancelled_when_the_year_is_over(self, edition):
        group = a_group(edition)
        with time_machine.travel(edition.recommendations_at), pytest.raises(Refused, match="possible until"):
            forming.cancel(group, None)
