"""Attendance: a tap is sent as often as it takes, and the latest one counts; nobody is thrown out by a machine."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.workgroups import attending, city_figures, rules
from sipvote.workgroups.models import Attendance, Signup
from tests.factories import (
    a_city,
    a_facilitator,
    a_group,
    a_member,
    a_met_group,
    a_signup,
    an_edition,
    an_organiser,
    kept,
    some_presence,
)  # fmt: skip
from tests.queries import queries_of


@pytest.fixture
def group(bas, ada):
    return a_met_group(ada, a_member("Bo Smit"), facilitators=[bas])


def mark_of(member, group, meeting=0):
    db.session.expire_all()
    signup = rules.signup_of(member.id, group)
    return db.session.get(Attendance, (signup.id, group.meetings[meeting].id))


def acts():
    return list(db.session.scalars(select(Entry.act).order_by(Entry.id).where(Entry.act != "grant")))


class TestTaps:
    def test_the_same_tap_twice_is_one_tap(self, group, ada, bas):
        signup, at = rules.signup_of(ada.id, group), now()
        assert attending.mark(group.meetings[0], signup, True, at, bas.id)
        assert not attending.mark(group.meetings[0], signup, True, at, bas.id)
        assert (mark_of(ada, group).came, mark_of(ada, group).marked_at) == (True, at)

    def test_an_older_tap_that_arrives_later_does_not_win(self, group, ada, bas):
        signup, other, at = rules.signup_of(ada.id, group), a_facilitator("gent"), now() - timedelta(minutes=1)
        assert attending.mark(group.meetings[0], signup, False, at, bas.id)
        assert not attending.mark(group.meetings[0], signup, True, at - timedelta(minutes=5), other.id)
        assert (mark_of(ada, group).came, mark_of(ada, group).marked_by_id) == (False, bas.id)

    def test_an_undone_tap_is_a_tap_and_an_older_one_does_not_undo_it(self, group, ada, bas):
        signup, at = rules.signup_of(ada.id, group), now() - timedelta(minutes=1)
        attending.mark(group.meetings[0], signup, True, at, bas.id)
        attending.mark(group.meetings[0], signup, None, at + timedelta(seconds=2), bas.id)
        assert not attending.mark(group.meetings[0], signup, False, at + timedelta(seconds=1), bas.id)
        assert mark_of(ada, group).came is None and mark_of(ada, group).marked_at == at + timedelta(seconds=2)

    def test_a_clock_that_is_fast_does_not_lock_others_out(self, group, ada, bas):
        signup = rules.signup_of(ada.id, group)
        attending.mark(group.meetings[0], signup, True, now() + timedelta(hours=2), bas.id)
        assert mark_of(ada, group).marked_at <= now()
        assert attending.mark(group.meetings[0], signup, False, now(), bas.id)

    def test_the_attendance_opens_an_hour_before_the_meeting(self, group, ada, bas):
        signup, meeting = rules.signup_of(ada.id, group), group.meetings[1]
        meeting.starts_at, meeting.ends_at = now() + timedelta(minutes=61), now() + timedelta(hours=4)
        with pytest.raises(Refused, match="an hour before"):
            attending.mark(meeting, signup, True, now(), bas.id)
        meeting.starts_at = now() + timedelta(minutes=59)
        assert attending.mark(meeting, signup, True, now(), bas.id)

    def test_nobody_is_marked_who_withdrew_or_is_in_another_group(self, group, ada, bas):
        elsewhere = a_met_group(a_member("Cem Ay"), edition=group.edition, facilitators=[bas])
        signup = rules.signup_of(ada.id, group)
        with pytest.raises(Refused):
            attending.mark(elsewhere.meetings[0], signup, True, now(), bas.id)
        signup.seat, signup.withdrawn_at = None, now()
        with pytest.raises(Refused, match="no longer in this group"):
            attending.mark(group.meetings[0], signup, True, now(), bas.id)

    def test_who_waits_and_came_can_be_marked_and_gets_no_place_by_it(self, group, bas):
        group.places = 2
        signup = kept(Signup(workgroup=group, member=a_member("Cem Ay"), signed_up_at=now()))
        meeting = group.meetings[0]
        assert [row.signup for row in attending.sheet(meeting).others] == [signup]
        assert attending.mark(meeting, signup, True, now(), bas.id)
        db.session.expire_all()
        sheet = attending.sheet(meeting)
        assert not sheet.others and len(sheet.expected) == 3 and signup.is_waiting

    def test_one_entry_in_the_log_says_that_the_attendance_was_taken_and_one_each_correction(self, group, bas):
        some_presence(group)
        assert acts() == ["take attendance", "correct attendance"]
        group.meetings[0].starts_at = now() - timedelta(hours=5)
        group.meetings[0].ends_at = now() - timedelta(hours=2)
        some_presence(group)
        assert acts() == ["take attendance", "correct attendance"]


class TestAbsences:
    def test_one_missed_meeting_is_no_reason_to_speak(self, group, ada):
        some_presence(group, ada)
        assert attending.absences(group) == []

    def test_who_missed_one_and_cannot_come_to_another_is_named_with_words_in_their_language(self, group, ada):
        bo = next(s.member for s in group.signups if s.member is not ada)
        bo.language = "fr"
        some_presence(group, ada)
        mark_of(bo, group, 1).excused_at = now()
        db.session.flush()
        [absence] = attending.absences(group)
        assert absence.signup.member == bo and absence.meetings == group.meetings[:2]
        assert "Bonjour Bo," in absence.message and absence.meetings == group.meetings[:2]
        assert absence.signup.has_place  # still

    def test_who_came_after_all_did_not_miss_it(self, group, ada):
        for n in (0, 1):
            mark_of(ada, group, n).excused_at = now()
            db.session.flush()
        assert len(attending.absences(group)) == 1
        some_presence(group, ada)
        assert attending.absences(group) == []

    def test_a_place_that_is_kept_is_not_asked_about_until_another_meeting_is_missed(self, group, ada, bas):
        for n in (0, 1):
            mark_of(ada, group, n).excused_at = now()
            db.session.flush()
        attending.keep_place(group, rules.signup_of(ada.id, group).id, bas.id)
        assert attending.absences(group) == [] and acts() == ["keep place"]
        mark_of(ada, group, 2).excused_at = now()
        db.session.flush()
        assert len(attending.absences(group)) == 1


class TestPage:
    def address(self, group, rest=""):
        return f"/en/2026/facilitate/{group.id}/meetings/{group.meetings[0].id}/attendance{rest}"

    def test_each_button_is_a_form_that_comes_back_to_its_row(self, browser_of, group, ada, bas):
        browser, signup = browser_of(bas), rules.signup_of(ada.id, group)
        assert "0 of 2 marked" in browser.get(self.address(group)).text
        answer = browser.post(self.address(group, f"/{signup.id}"), data={"came": "yes"})
        assert answer.status_code == 303 and answer.location.endswith(f"/attendance#p{signup.id}")
        page = browser.get(self.address(group)).text
        assert "1 of 2 marked" in page and 'aria-pressed="true"' in page
        browser.post(self.address(group, f"/{signup.id}"), data={"came": "undo"})
        assert "0 of 2 marked" in browser.get(self.address(group)).text

    def test_a_script_is_told_how_it_stands_also_when_its_tap_came_too_late(self, browser_of, group, ada, bas):
        browser, signup = browser_of(bas), rules.signup_of(ada.id, group)
        at, script = round(now().timestamp() * 1000), {"Accept": "application/json"}
        for came, when, stands in (
            ("no", at, "no"),
            ("no", at, "no"),
            ("yes", at - 60_000, "no"),
            ("yes", at + 1, "yes"),
        ):
            answer = browser.post(self.address(group, f"/{signup.id}"), data={"came": came, "at": when}, headers=script)
            assert answer.json == {"came": stands, "marked": 1, "of": 2}
        signup.seat, signup.withdrawn_at = None, now()
        answer = browser.post(self.address(group, f"/{signup.id}"), data={"came": "yes"}, headers=script)
        assert answer.status_code == 409 and "no longer in this group" in answer.json["why"]

    @pytest.mark.parametrize(
        "data", [{}, {"came": "maybe"}, {"came": "yes", "at": "soon"}, {"came": "yes", "at": "9" * 30}]
    )
    def test_a_tap_that_makes_no_sense_is_refused(self, browser_of, group, ada, bas, data):
        signup = rules.signup_of(ada.id, group)
        assert browser_of(bas).post(self.address(group, f"/{signup.id}"), data=data).status_code == 400
        assert mark_of(ada, group).came is None

    def test_only_those_who_run_the_group_take_the_attendance(self, client, browser_of, group, ada):
        signup = rules.signup_of(ada.id, group)
        answers = {ada: 403, a_facilitator("gent"): 404, a_facilitator("luik"): 404, an_organiser(): 303}
        assert client.post(self.address(group, f"/{signup.id}")).status_code == 302
        for who, code in answers.items():
            answer = browser_of(who).post(self.address(group, f"/{signup.id}"), data={"came": "yes"})
            assert answer.status_code == code
        assert browser_of(a_facilitator("gent")).get(self.address(group)).status_code == 404

    def test_a_meeting_of_another_group_is_not_there(self, browser_of, group, bas):
        other = a_met_group(edition=group.edition, facilitators=[bas])
        wrong = f"/en/2026/facilitate/{group.id}/meetings/{other.meetings[0].id}"
        for page in ("agenda", "attendance", "sheet"):
            assert browser_of(bas).get(f"{wrong}/{page}").status_code == 404

    def test_the_sheet_prints_as_taken_or_blank_to_be_signed(self, browser_of, group, ada, bas):
        some_presence(group, ada)
        address = self.address(group).replace("attendance", "sheet")
        page = browser_of(bas).get(address).text
        assert "1 here, 2 of 2 marked" in page and "Signature" not in page
        page = browser_of(bas).get(f"{address}?blank=1").text
        assert "Signature" in page and "Ada Peeters" in page and "not here" not in page

    def test_before_the_hour_the_page_says_from_when(self, browser_of, group, bas):
        address = f"/en/2026/facilitate/{group.id}/meetings/{group.meetings[4].id}/attendance"
        page = browser_of(bas).get(address).text
        assert "an hour before the meeting" in page and 'value="yes"' not in page


class TestBeforeAMeeting:
    def test_the_page_of_the_group_says_who_comes_and_who_does_not_with_what_they_need(
        self, browser_of, group, ada, bas
    ):
        bo = next(s for s in group.signups if s.member is not ada)
        mark_of(ada, group, 1).excused_at = now()
        db.session.flush()
        mark_of(bo.member, group, 1).confirmed_at = None
        bo.access_needs = "an interpreter"
        group.meetings[1].agenda, group.video_url, group.venue = "*Fees*", "https://meet.example/x", "Kouter 1"
        fay = a_member("Fay Wouters", email=None)
        kept(Signup(workgroup=group, member=fay, signed_up_at=now(), seat=5, confirm_by=now() + timedelta(days=2)))
        page = browser_of(bas).get(f"/en/2026/facilitate/{group.id}").text
        for words in (
            "<em>Fees</em>", "https://meet.example/x", "Kouter 1", f"mailto:{ada.email}", "cannot come",
            "was asked again, no answer yet", "an interpreter", "has not confirmed the place yet", "no e-mail address",
            "Take the attendance", "Write to the group", "Nobody yet. Somebody with a place", "English",
        ):  # fmt: skip
            assert words in page, words
        assert "<strong>0</strong> <span>come" in page and "<strong>2</strong> <span>have not confirmed yet" in page

    def test_a_facilitator_of_the_city_sees_who_comes_but_not_the_life_of_the_group(self, browser_of, group, ada):
        page = browser_of(a_facilitator("gent")).get(f"/en/2026/facilitate/{group.id}").text
        assert "Ada Peeters" in page
        assert "Take the attendance" not in page and "Letters to the group" not in page and "Agenda" not in page

    def test_a_group_without_dates_has_a_page_too(self, browser_of, group, bas):
        group.meetings = []
        db.session.flush()
        browser = browser_of(bas)
        assert "The dates will be chosen from what members can." in browser.get(f"/en/2026/facilitate/{group.id}").text
        assert "no dates yet" in browser.get("/en/2026/facilitate/city/gent").text
        assert browser.get(f"/en/2026/groups/{group.id}/inside/").status_code == 200
        assert browser.get(f"/en/2026/facilitate/{group.id}.csv").status_code == 200


class TestCity:
    def test_attendance_is_counted_by_meeting_number_over_all_groups(self, group, ada, bas):
        other = a_met_group(a_member("Cem Ay"), edition=group.edition, facilitators=[bas])
        some_presence(group, ada)
        some_presence(other)
        mark_of(other.signups[0].member, other).excused_at = now()
        db.session.flush()
        kept = city_figures.kept([group, other])
        [(number, sum_)] = city_figures.by_number([group, other], kept)
        assert (number, sum_) == (1, city_figures.Kept(came=1, excused=1, no_show=1))
        assert city_figures.of_group(group, kept).rate == 0.5
        assert city_figures.of_group(a_met_group(edition=group.edition), {}).rate is None

    def test_sign_ups_are_counted_as_they_stood_each_week(self, database):
        group = a_group(an_edition(Phase.SIGNUP))
        for days, gone in ((21, None), (21, 7), (0, None)):
            signup = a_signup(a_member(), group)
            signup.signed_up_at = now() - timedelta(days=days)
            if gone:
                signup.seat, signup.withdrawn_at = None, now() - timedelta(days=gone)
        db.session.flush()
        assert [count for _week, count in city_figures.over_time([group])] == [2, 2, 1, 2]
        assert city_figures.over_time([a_group(group.edition, days=1)]) == []

    def test_a_facilitator_sees_the_figures_of_their_cities_only(self, browser_of, group, ada, bas):
        some_presence(group, ada)
        a_met_group(edition=group.edition, city="luik")
        page = browser_of(bas).get("/en/2026/facilitate/city/gent").text
        assert "50%" in page and "1 of 2 came; 0 had told us; 1 did not show up" in page
        assert browser_of(bas).get("/en/2026/facilitate/city/luik").status_code == 404
        assert browser_of(an_organiser()).get("/en/2026/facilitate/city/luik").status_code == 200

    def test_the_lists_tell_access_needs_only_to_those_who_run_the_group(self, browser_of, group, ada, bas):
        rules.signup_of(ada.id, group).access_needs = "a ramp"
        some_presence(group, ada)
        for who, told in ((bas, True), (an_organiser(), True), (a_facilitator("gent"), False)):
            table = browser_of(who).get("/en/2026/facilitate/city/gent.csv").text
            assert ("a ramp" in table) is told and "Meeting 5" in table
            assert "a ramp" not in browser_of(who).get(f"/en/2026/facilitate/{group.id}").text or told
        assert ";5;a ramp;came;" in table.replace(";5;;came;", ";5;a ramp;came;")

    def test_a_city_takes_the_same_queries_however_many_groups_meet_there(self, browser_of, bas):
        edition, browser, counts = an_edition(Phase.GROUPS), browser_of(an_organiser()), []
        for _round in range(2):
            for _n in range(3):
                some_presence(a_met_group(a_member(), edition=edition, facilitators=[bas], cities=[a_city("gent")]))
            counts.append(queries_of(browser, "/en/2026/facilitate/city/gent"))
        assert counts[0] == counts[1] < 30
