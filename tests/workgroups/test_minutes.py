"""Minutes of a group: nothing is lost when two write, and those who were present approve what they have read."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.workgroups import attending, insiders, minutes, rules
from sipvote.workgroups.models import Signup
from tests.factories import a_facilitator, a_member, a_met_group, an_organiser, kept, some_presence


@pytest.fixture
def group(bas, ada, bo):
    group = a_met_group(ada, bo, a_member("Cem Ay"), facilitators=[bas])
    some_presence(group, ada, bo)
    insiders.name_secretary(group, ada, bas.id)
    return group


@pytest.fixture
def meeting(group):
    return group.meetings[0]


def letters(name):
    return list(db.session.scalars(select(Letter.address).where(Letter.name == name).order_by(Letter.id)))


def seen(meeting):
    return minutes.of_meeting(meeting).written_at.isoformat()


def standing(meeting):
    db.session.expire_all()
    return minutes.standing(minutes.of_meeting(meeting))


def submitted(meeting, ada, text="We agreed."):
    minutes.write(meeting, text, "", ada.id)
    minutes.submit(meeting, ada.id)
    return seen(meeting)


class TestSecretary:
    def test_only_somebody_with_a_place_is_secretary_and_is_told(self, group, ada, bas):
        with pytest.raises(Refused, match="has a place"):
            insiders.name_secretary(group, a_member("Dan Roels"), bas.id)
        assert group.secretary == ada and letters("secretary_named") == [ada.email]

    def test_a_secretary_who_gave_up_the_place_writes_no_more(self, group, meeting, ada):
        signup = rules.signup_of(ada.id, group)
        signup.seat, signup.withdrawn_at = None, now()
        db.session.flush()
        with pytest.raises(Refused, match="write the minutes"):
            minutes.write(meeting, "Hello", "", ada.id)

    def test_the_facilitator_names_and_unnames_on_the_page(self, browser_of, group, bo, bas):
        browser, address = browser_of(bas), f"/en/2026/facilitate/{group.id}/secretary"
        page = browser.post(address, data={"member": bo.id}, follow_redirects=True).text
        assert "Bo Smit writes the minutes from now on." in page
        assert "has no secretary now" in browser.post(address, data={"member": ""}, follow_redirects=True).text
        assert browser_of(bo).post(address, data={"member": bo.id}).status_code == 403
        for stranger in (a_member().id, 10**12):
            assert browser.post(address, data={"member": stranger}).status_code == 404
        assert browser.post(address, data={"member": bas.id}).status_code == 409


class TestWriting:
    def test_who_wrote_last_is_not_overwritten_by_who_has_not_seen_it(self, meeting, ada, bas):
        first = minutes.write(meeting, "Ada’s notes", "", ada.id).written_at.isoformat()
        with pytest.raises(minutes.Overtaken, match="Ada Peeters wrote"):
            minutes.write(meeting, "Bas’ notes", "", bas.id)
        minutes.write(meeting, "Ada’s notes, longer", first, ada.id)
        with pytest.raises(minutes.Overtaken):
            minutes.write(meeting, "Bas’ notes", first, bas.id)
        assert minutes.of_meeting(meeting).text == "Ada’s notes, longer"

    def test_the_same_words_again_after_a_lost_answer_change_nothing(self, meeting, ada):
        first = minutes.write(meeting, "Notes\r\n", "", ada.id).written_at
        assert minutes.write(meeting, "Notes", "", ada.id).written_at == first
        assert minutes.write(meeting, "Notes\0", "", ada.id).written_at == first

    def test_a_member_writes_no_minutes(self, meeting, bo):
        with pytest.raises(Refused, match="secretary and its facilitators"):
            minutes.write(meeting, "Mine", "", bo.id)

    def test_both_texts_stand_on_the_page_and_saving_again_replaces(self, browser_of, group, meeting, ada, bas):
        address = f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}"
        old = minutes.write(meeting, "Ada’s notes", "", ada.id).written_at.isoformat()
        minutes.write(meeting, "Ada wrote more", old, ada.id)
        browser = browser_of(bas)
        page = browser.post(f"{address}/write", data={"words": "Bas wrote this", "seen": old})
        assert page.status_code == 200 and "Ada wrote more" in page.text and "Bas wrote this" in page.text
        assert minutes.of_meeting(meeting).text == "Ada wrote more" and seen(meeting) in page.text
        answer = browser.post(f"{address}/write", data={"words": "Both", "seen": seen(meeting)})
        assert answer.status_code == 303 and minutes.of_meeting(meeting).text == "Both"

    def test_the_script_keeps_a_draft_and_is_told_of_another_writer(self, browser_of, group, meeting, ada, bas):
        address = f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}/draft"
        browser = browser_of(ada)
        first = browser.post(address, data={"words": "One", "seen": ""}).json["seen"]
        assert browser.post(address, data={"words": "One", "seen": ""}).json["seen"] == first
        second = browser.post(address, data={"words": "Two", "seen": first}).json["seen"]
        answer = browser_of(bas).post(address, data={"words": "Three", "seen": first})
        assert answer.status_code == 409 and "Nothing is lost" in answer.json["why"]
        assert browser.post(address, data={"words": "Three", "seen": second}).status_code == 200

    def test_what_was_submitted_is_never_changed_by_the_script(self, browser_of, group, meeting, ada):
        when = submitted(meeting, ada)
        address = f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}/draft"
        answer = browser_of(ada).post(address, data={"words": "Two", "seen": when})
        assert answer.status_code == 409 and minutes.of_meeting(meeting).text == "We agreed."


class TestApproving:
    def test_nothing_is_submitted_that_nobody_could_approve(self, group, ada):
        later = group.meetings[1]
        with pytest.raises(Refused, match="no minutes yet"):
            minutes.submit(later, ada.id)
        minutes.write(later, "Notes", "", ada.id)
        with pytest.raises(Refused, match="Nobody is marked as present"):
            minutes.submit(later, ada.id)

    def test_those_who_were_present_are_asked_and_the_writer_agrees(self, meeting, ada, bo):
        submitted(meeting, ada)
        assert letters("minutes_to_approve") == [bo.email]
        assert standing(meeting).sentence.startswith("Approved by 1 of 2 who were present.")
        with pytest.raises(Refused, match="submitted already"):
            minutes.submit(meeting, ada.id)

    def test_approved_when_all_who_were_present_said_so(self, meeting, ada, bo):
        minutes.answer(meeting, bo, None, submitted(meeting, ada))
        assert standing(meeting).is_approved and standing(meeting).sentence == "Approved by 2 of 2 who were present."

    def test_who_was_not_there_does_not_approve(self, meeting, group, ada, bas):
        when = submitted(meeting, ada)
        cem = next(s.member for s in group.signups if s.member.name == "Cem Ay")
        for who in (cem, bas):
            with pytest.raises(Refused, match="Those who were at the meeting"):
                minutes.answer(meeting, who, None, when)

    def test_a_guest_from_the_waiting_list_is_named_but_does_not_approve(self, browser_of, group, meeting, ada, bas):
        guest = a_member("Guy Guest")
        signup = kept(Signup(workgroup=group, member=guest, signed_up_at=now()))
        attending.mark(meeting, signup, True, now(), bas.id)
        submitted(meeting, ada)
        assert guest.email not in letters("minutes_to_approve") and len(standing(meeting).present) == 2
        page = browser_of(ada).get(f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}").text
        assert "Guy Guest" in page

    def test_two_weeks_of_silence_approve_but_a_remark_does_not(self, meeting, ada, bo):
        minutes.answer(meeting, bo, "It was 14:00.", submitted(meeting, ada))
        assert letters("minutes_remark") == [ada.email]
        found = minutes.of_meeting(meeting)
        found.submitted_at = found.written_at = now() - timedelta(days=15)
        db.session.flush()
        assert not standing(meeting).is_approved and "1 asks for a change." in standing(meeting).sentence
        minutes.answer(meeting, bo, None, seen(meeting))
        db.session.delete(minutes.of_meeting(meeting).answers[0])
        db.session.flush()
        assert standing(meeting).is_approved and "nobody objected" in standing(meeting).sentence

    def test_a_change_asks_those_again_who_had_answered_and_throws_no_answer_away(self, meeting, ada, bo):
        when = submitted(meeting, ada)
        minutes.answer(meeting, bo, "It was 14:00.", when)
        minutes.write(meeting, "We agreed at 14:00.", when, ada.id)
        assert letters("minutes_to_approve") == [bo.email, bo.email]
        now_ = standing(meeting)
        assert [m.name for m in now_.approved] == ["Ada Peeters"] and now_.remarks == []
        assert [r.remark for r in now_.older_remarks] == ["It was 14:00."]

    def test_nobody_approves_words_they_have_not_seen(self, meeting, ada, bo):
        when = submitted(meeting, ada)
        minutes.write(meeting, "We agreed on everything.", when, ada.id)
        with pytest.raises(Refused, match="changed while you read"):
            minutes.answer(meeting, bo, None, when)
        with pytest.raises(Refused, match="Write what should change"):
            minutes.answer(meeting, bo, " ", seen(meeting))

    def test_notes_are_for_their_writers_until_they_are_submitted(
        self, client, browser_of, group, meeting, ada, bo, bas
    ):
        minutes.write(meeting, "Half a thought", "", ada.id)
        address = f"/en/2026/groups/{group.id}/inside/minutes/{meeting.id}"
        assert client.get(address).status_code == 302
        for who, code, reads in ((bo, 200, False), (ada, 200, True), (bas, 200, True), (a_member(), 404, False),
                                 (a_facilitator("gent"), 404, False), (an_organiser(), 200, False)):  # fmt: skip
            page = browser_of(who).get(address)
            assert (page.status_code, "Half a thought" in page.text) == (code, reads)
        browser_of(ada).post(f"{address}/submit")
        page = browser_of(bo).get(address).text
        assert "Half a thought" in page and "Approve these minutes" in page
        browser_of(bo).post(f"{address}/remark", data={"remark": "A whole one", "seen": seen(meeting)})
        assert "A whole one" in browser_of(ada).get(address).text
        browser_of(bo).post(f"{address}/approve", data={"seen": seen(meeting)})
        assert "Approved by 2 of 2" in browser_of(ada).get(address).text
        assert browser_of(bo).get(f"{address}/write").status_code == 409

    def test_the_first_page_asks_who_was_there_until_they_have_answered(self, browser_of, group, meeting, ada, bo):
        when, title = submitted(meeting, ada), "Approve the minutes: Guidance"
        cem = next(s.member for s in group.signups if s.member.name == "Cem Ay")
        asked = {who: title in browser_of(who).get("/en/").text for who in (bo, ada, cem)}
        assert asked == {bo: True, ada: False, cem: False}
        minutes.answer(meeting, bo, None, when)
        assert minutes.to_approve(bo.id) == []
        minutes.write(meeting, "We agreed on more.", when, ada.id)
        assert minutes.to_approve(bo.id) == [meeting]
