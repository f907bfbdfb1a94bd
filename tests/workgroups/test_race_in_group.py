"""Two phones at the same moment: the latest tap stands, a letter leaves once, and no writer overwrites another."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from sipvote.db import db, now
from sipvote.mail import Letter
from sipvote.members.models import Member
from sipvote.workgroups import attending, group_mail, minutes, papers
from sipvote.workgroups.life_models import GroupFile, Minutes
from sipvote.workgroups.models import Attendance, Meeting, Signup, Workgroup
from tests.factories import a_member, a_met_group
from tests.workgroups.test_race import at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def group(bas):
    return a_met_group(a_member("Ada Peeters"), facilitators=[bas])


def taps(meeting_id, signup_id, by, moments):
    def tap(came, at):
        meeting, signup = db.session.get_one(Meeting, meeting_id), db.session.get_one(Signup, signup_id)
        return lambda: attending.mark(meeting, signup, came, at, by)

    return [(lambda came=came, at=at: tap(came, at)()) for came, at in moments]


@pytest.mark.parametrize("has_row", [True, False])
def test_of_many_taps_at_once_the_latest_stands(app, group, bas, has_row):
    meeting, signup, by = group.meetings[0].id, group.signups[0].id, bas.id
    if not has_row:
        db.session.execute(delete(Attendance))
    begin = now() - timedelta(minutes=5)
    moments = [(n % 2 == 0, begin + timedelta(seconds=n)) for n in range(9)]
    random.Random(4).shuffle(moments)
    outcomes = at_once(app, taps(meeting, signup, by, moments))
    assert all(isinstance(o, bool) for o in outcomes), outcomes
    stands = db.session.scalars(select(Attendance).where(Attendance.meeting_id == meeting)).one()
    assert (stands.came, stands.marked_at) == (True, begin + timedelta(seconds=8))


def test_a_letter_that_is_sent_from_two_windows_leaves_once(app, group, bas):
    group_id, by = group.id, bas.id

    def send():
        here, sender = db.session.get_one(Workgroup, group_id), db.session.get_one(Member, by)
        return group_mail.send(here, sender, "c" * 16, ("Monday", "Come"), [])

    outcomes = at_once(app, [send] * 4)
    assert sorted(outcomes) == [0, 0, 0, 1]
    assert db.session.scalar(select(func.count()).where(Letter.name == "to_group")) == 1


def test_of_writers_who_saw_the_same_words_one_saves_and_the_others_are_told(app, group, bas):
    meeting, by = group.meetings[0].id, bas.id

    def writes(words, seen):
        return lambda: minutes.write(db.session.get_one(Meeting, meeting), words, seen, by).text

    for seen in ("", "later"):
        if seen:
            seen = db.session.scalars(select(Minutes.written_at)).one().isoformat()
        outcomes = at_once(app, [writes(f"{seen} Words {n}", seen) for n in range(4)])
        assert sorted(isinstance(o, minutes.Overtaken) for o in outcomes) == [False, True, True, True], outcomes
        assert db.session.scalars(select(Minutes.text)).one() in outcomes


def test_the_last_file_that_fits_is_brought_once(app, group, bas, monkeypatch):
    monkeypatch.setattr(papers, "MOST", 2)
    group_id, by = group.id, bas.id
    at_once(app, [lambda: papers.add(db.session.get_one(Workgroup, group_id), "a.txt", b"x", by) and None] * 5)
    assert sorted(db.session.scalars(select(GroupFile.name))) == ["a (2).txt", "a.txt"]
