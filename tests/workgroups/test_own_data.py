"""What members read of what this room keeps about them: all of it, and nothing about others."""

from datetime import timedelta

import pytest

from sipvote.db import Base, now
from sipvote.workgroups import attending, coming, group_mail, insiders, minutes, papers, rules, steps
from sipvote.workgroups.life_models import FacilitatorProfile
from tests.factories import a_met_group, kept, some_presence

# Every column that points at a member, and under which name the file tells it.
TOLD = {
    "signup.member_id": "workgroups",
    "wish_list.member_id": "wishes",
    "minutes_answer.member_id": "minutes",
    "minutes.author_id": "minutes",
    "workgroup_secretary.member_id": "minutes",
    "next_step.member_id": "next steps",
    "group_file.uploaded_by_id": "files",
    "calendar_feed.member_id": "calendar address since",
    "workgroup_facilitator.member_id": "as a facilitator",
    "candidate.proposed_by_id": "as a facilitator",
    "facilitator_profile.member_id": "as a facilitator",
    "attendance.marked_by_id": None,  # who noted it; the row is about whoever came, who reads it
}


@pytest.fixture
def group(bas, ada, bo):
    group = a_met_group(ada, bo, facilitators=[bas])
    some_presence(group, ada)
    return group


def data_of(browser):
    return browser.get("/en/me/data.json").json


def test_no_table_of_the_room_that_points_at_members_is_forgotten(browser_of, ada):
    room = {m.class_.__table__ for m in Base.registry.mappers if m.class_.__module__.startswith("sipvote.workgroups")}
    room |= {t for name, t in Base.metadata.tables.items() if name.startswith("workgroup_")}
    pointing = {f"{t.name}.{k.parent.name}" for t in room for k in t.foreign_keys if k.target_fullname == "member.id"}
    assert pointing == set(TOLD)
    assert {name for name in TOLD.values() if name} <= set(data_of(browser_of(ada)))


def test_it_tells_who_came_who_excused_themselves_and_what_they_need(browser_of, group, ada, bo):
    mine = rules.signup_of(ada.id, group)
    insiders.tell_needs(group, ada.id, "A ramp")
    coming.excuse(mine, group.meetings[1])
    (told,) = data_of(browser_of(ada))["workgroups"]
    assert told["access needs"] == "A ramp" and told["seat"] == 1 and len(told["meetings"]) == 5
    first, second, third = told["meetings"][:3]
    assert first["came"] is True and first["noted"] and first["confirmed"]
    assert second["came"] is None and second["said that I cannot come"] and not third["said that I cannot come"]
    (told,) = data_of(browser_of(bo))["workgroups"]
    assert told["meetings"][0]["came"] is False and told["access needs"] == ""


def test_groups_that_were_left_or_cancelled_are_told_too(browser_of, group, ada):
    rules.withdraw(rules.signup_of(ada.id, group))
    group.cancelled_at = now()
    (told,) = data_of(browser_of(ada))["workgroups"]
    assert told["withdrawn"] and told["cancelled"] and [m["came"] for m in told["meetings"]] == [True]


def test_answers_to_minutes_stand_with_their_remark_and_only_ones_own(browser_of, group, ada, bo, bas):
    meeting = group.meetings[0]
    attending.mark(meeting, rules.signup_of(bo.id, group), True, now() + timedelta(seconds=1), bas.id)
    insiders.name_secretary(group, ada, bas.id)
    notes = minutes.write(meeting, "We met.", "", ada.id)
    minutes.submit(meeting, ada.id)
    minutes.answer(meeting, bo, "Add the date.", notes.written_at.isoformat())
    (of_bo,) = data_of(browser_of(bo))["minutes"]["answers"]
    assert (of_bo["approved"], of_bo["remark"]) == (False, "Add the date.")
    of_ada = data_of(browser_of(ada))["minutes"]
    assert of_ada["secretary of"] and of_ada["written"][0]["text"] == "We met."
    assert [(a["approved"], a["remark"]) for a in of_ada["answers"]] == [(True, None)]  # whoever submits approves


def test_files_steps_letters_and_what_a_facilitator_did_are_told(browser_of, group, ada, bas):
    papers.add(group, "plan.pdf", b"%PDF", ada.id)
    steps.agree(group, "Ask Lille", ada.id, None)
    group_mail.send(group, bas, "a" * 16, ("Monday", "Bring your notes."), [])
    kept(FacilitatorProfile(member_id=bas.id, languages="nl fr", training="Moderation", most_groups=3))
    of_ada, of_bas = data_of(browser_of(ada)), data_of(browser_of(bas))
    assert [(f["name"], f["bytes"]) for f in of_ada["files"]] == [("plan.pdf", 4)]
    assert [s["what"] for s in of_ada["next steps"]] == ["Ask Lille"]
    assert of_ada["as a facilitator"] is None and of_ada["letters to groups"] == []
    (letter,) = of_bas["letters to groups"]
    assert "Monday" in letter["subject"] and "Bring your notes." in letter["text"]
    led = of_bas["as a facilitator"]
    assert led["groups"] == ["Guidance (Ghent)"] and led["profile"]["training"] == "Moderation"
    assert of_bas["files"] == [] and of_bas["next steps"] == [] and of_bas["workgroups"] == []
