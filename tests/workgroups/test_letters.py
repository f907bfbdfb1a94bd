"""The letters and their calendars: in three languages, for one entry per meeting that moves and goes."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from sipvote import mail
from sipvote.db import db
from sipvote.editions.models import Phase
from sipvote.i18n import ZONE, span
from sipvote.mail import Letter
from sipvote.workgroups import calendars, letters, rules
from tests.factories import a_group, a_member, a_signup, an_edition

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def group():
    return a_group(an_edition(Phase.SIGNUP), venue="Kouter 1, Gent", video_url="https://call.example/room")


def events(text):
    return [part for part in Calendar.from_ical(text).walk() if part.name == "VEVENT"]


def test_an_invitation_says_who_when_and_where(app, group):
    ada, meeting = a_member(), group.meetings[0]
    text, method = calendars.invitation(group.meetings, ada)
    assert method == "REQUEST" and Calendar.from_ical(text)["METHOD"] == "REQUEST"
    first = events(text)[0]
    assert first["UID"] == f"meeting-{meeting.id}@127.0.0.1"
    assert first["SEQUENCE"] == 0 and first["STATUS"] == "CONFIRMED"
    assert first["ORGANIZER"] == f"mailto:{app.config['MAIL_DEFAULT_SENDER']}"
    assert first["ATTENDEE"] == f"mailto:{ada.email}"
    assert first["DTSTART"].params["TZID"] == "Europe/Brussels" and "BEGIN:VTIMEZONE" in text
    assert first["DTSTART"].dt == meeting.starts_at.astimezone(ZONE)
    assert first["DTEND"].dt - first["DTSTART"].dt == timedelta(hours=3)
    assert first["LOCATION"] == "Kouter 1, Gent"


def test_a_meeting_keeps_its_entry_when_it_moves_and_goes(group):
    ada = a_member()
    before = events(calendars.invitation(group.meetings, ada)[0])[0]
    group.meetings[0].sequence += 1
    gone = events(calendars.cancellation(group.meetings, ada)[0])[0]
    assert gone["UID"] == before["UID"]
    assert gone["SEQUENCE"] == 1 and gone["STATUS"] == "CANCELLED"


def test_a_download_invites_nobody(group):
    text = calendars.download(group.meetings)
    assert "ATTENDEE" not in text and Calendar.from_ical(text)["METHOD"] == "PUBLISH"
    assert len(events(text)) == 5


@pytest.mark.parametrize(
    ("language", "says"), [("nl", "Je hebt een plaats"), ("fr", "Vous avez une place"), ("en", "You have a place")]
)
def test_letters_speak_the_members_language(group, language, says):
    a_signup(a_member(language=language), group)
    letter = db.session.scalars(select(Letter)).one()
    assert letter.subject.startswith(says)
    assert f"/{language}/2026/groups/{group.id}" in letter.body
    with mail.in_language(language):
        for meeting in group.meetings:
            assert span(meeting.starts_at, meeting.ends_at) in letter.body


def test_every_letter_exists_in_every_language_with_the_same_facts(group):
    for language in ("nl", "fr", "en"):
        signup = a_signup(a_member(language=language), group)
        move = letters.Move(group.meetings[0], group.meetings[0].starts_at, group.meetings[0].ends_at)
        letters.signed_up(signup, 7)
        signup.confirm_by = signup.signed_up_at + timedelta(days=3)
        letters.place_offered(signup)
        letters.confirm_reminder(signup, f"soon {language}")
        letters.place_lapsed(signup)
        signup.confirm_by = None
        letters.reminder(signup, group.meetings[0], f"once {language}")
        letters.moved_unanswered(signup, group.meetings[:1], f"again {language}")
        people = letters.People([signup.member], leading=set(), seated={signup.member_id}, offered=set())
        letters.changed(group, people, [move], True)
        letters.cancelled(group, people)
        letters.left_group(signup, True)
        rules.withdraw(signup)
    found = db.session.scalars(select(Letter)).all()
    names = {
        "signed_up",
        "waiting_listed",
        "place_offered",
        "confirm_reminder",
        "place_lapsed",
        "moved_unanswered",
        "meeting_reminder",
        "meeting_moved",
        "group_cancelled",
        "withdrawn",
        "left_group",
    }
    assert {(letter.name, letter.language) for letter in found} == {
        (n, code) for n in names for code in ("nl", "fr", "en")
    }
    for letter in found:
        assert letter.subject
        # Whoever left cannot sign in any more, so their letter points to no page.
        assert ("http://127.0.0.1:8000/" in letter.body) == (letter.name != "left_group")
        assert "{" not in letter.body and "\n\n\n" not in letter.body


def test_who_waits_does_not_read_the_link_of_the_video_call(group):
    bo = a_member("Bo")
    letters.changed(group, letters.People([bo], leading=set(), seated=set(), offered=set()), [], True)
    letters.signed_up(a_signup(a_member(), group), 1)
    waiting = db.session.scalars(select(Letter).where(Letter.name.in_(["meeting_moved", "waiting_listed"]))).all()
    assert len(waiting) == 2 and not any("call.example" in letter.body for letter in waiting)


def test_the_letter_leaves_with_its_calendar(app, group):
    a_signup(a_member(), group)
    db.session.commit()
    assert mail.deliver() == 1
    message = app.extensions["mailman"].outbox[-1].message()
    part = next(p for p in message.walk() if p.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REQUEST"
    assert len(events(part.get_payload(decode=True))) == 5


def test_a_member_without_an_address_signs_up_without_a_letter(group):
    assert a_signup(a_member(email=None), group).has_place
    assert db.session.scalars(select(Letter)).all() == []
