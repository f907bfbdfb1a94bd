"""Dates are chosen from everybody's wishes: tables become a problem, and a plan becomes meetings."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import SignUpWay
from sipvote.errors import Refused
from sipvote.i18n import ZONE
from sipvote.workgroups import choosing, planning
from sipvote.workgroups.models import Mode
from sipvote.workgroups.planning import Rule
from sipvote.workgroups.pledges import Book
from sipvote.workgroups.wish_models import Assignment, Candidate, Coming
from tests.factories import (
    a_facilitator,
    a_group,
    a_group_with_slots,
    a_member,
    a_slot,
    a_theme,
    a_wish_list,
    a_year_of_wishes,
    an_assembly,
    an_offer,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def edition():
    return a_year_of_wishes()


@pytest.fixture
def slots(edition):
    """Four slots, five days from one to the next."""
    return [a_slot(edition, day) for day in (1, 6, 11, 16)]


def test_slots_and_people_become_a_problem(edition, slots):
    group = a_group_with_slots(edition, slots, modes="on_site online")
    ada, bob = a_member("Ada"), a_member("Bob")
    a_wish_list(ada, group, slots=slots[:2], way=Coming.ON_SITE)
    a_wish_list(bob, group, slots=slots[1:3], way=Coming.ONLINE)
    a_wish_list(a_member("Cas"), a_group_with_slots(edition, slots), slots=slots)
    found = choosing.choice(group)
    assert [p.number for p in found.people] == [ada.number, bob.number]
    assert [(p.on_site, p.online, p.either) for p in found.problem.people] == [(0b11, 0, 0), (0, 0b110, 0)]
    assert [s.modes for s in found.problem.slots] == [frozenset({Mode.ON_SITE, Mode.ONLINE})] * 4
    assert found.problem.slots[0].starts_at.tzinfo is ZONE
    assert (found.problem.meetings, found.problem.apart) == (2, 7)
    assert choosing.choice(group, 3).problem.apart == 3


def test_lists_that_do_not_count_are_not_people(edition, slots):
    group = a_group_with_slots(edition, slots)
    a_wish_list(a_member("Open"), group, slots=slots, pledged_at=None)
    a_wish_list(a_member("Gone"), group, slots=slots, withdrawn_at=now())
    a_wish_list(a_member("Left", left=(now() - timedelta(days=2)).date()), group, slots=slots)
    stays = a_member("Stays", left=(now() + timedelta(days=200)).date())
    a_wish_list(stays, group, slots=slots)
    assert [p.number for p in choosing.choice(group).people] == [stays.number]


def test_a_wish_for_a_merged_group_counts_for_the_other_with_its_rank_and_once(edition, slots):
    theme = a_theme(edition, elected_at=now())
    target, merged, other = (a_group_with_slots(edition, slots, theme=theme) for _n in range(3))
    a_wish_list(a_member("Ada"), merged, slots=slots)
    a_wish_list(a_member("Bob"), other, target, merged, slots=slots)
    merged.cancelled_at, merged.merged_into = now(), target
    db.session.flush()
    found = choosing.choice(target)
    assert (len(found.people), found.ranks) == (2, [1, 2])
    assert Book(edition).into == {target.id: target.id, merged.id: target.id, other.id: other.id}


def test_no_meeting_where_a_facilitator_is_elsewhere_or_the_assembly_meets(edition, slots):
    bas = a_facilitator()
    group = a_group_with_slots(edition, slots, facilitators=[bas])
    a_group_with_slots(edition, slots[:2], facilitators=[bas], dates=True)
    an_assembly(edition, starts_at=slots[2].starts_at, ends_at=slots[2].ends_at)
    found = choosing.choice(group)
    assert [bool(s.modes) for s in found.problem.slots] == [False, False, False, True]
    assert "Bas Claes is at “Guidance (Ghent)” then." in found.bars[0] and "assembly" in found.bars[2]


def test_no_meeting_outside_the_time_of_workgroups(edition):
    late = a_slot(edition, 40)
    found = choosing.choice(a_group_with_slots(edition, [late]))
    assert not found.problem.slots[0].modes and "Workgroups meet between" in found.bars[0]


def test_a_group_without_a_city_meets_online_only(edition, slots):
    found = choosing.choice(a_group_with_slots(edition, slots, city=None))
    assert list(found.problem.modes) == [Mode.ONLINE]
    assert all(s.modes == {Mode.ONLINE} for s in found.problem.slots)


def test_a_plan_becomes_the_meetings_and_the_mode(edition, slots):
    group = a_group_with_slots(edition, slots)
    for way in (Coming.ONLINE, Coming.EITHER):
        a_wish_list(a_member(), group, slots=[slots[0], slots[2], slots[3]], way=way)
    best = planning.best(choosing.choice(group).problem)
    assert (best.slots, best.mode) == ((0, 2), Mode.HYBRID)
    ids = [slots[n].id for n in best.slots]
    taken = choosing.take(group, ids, best.mode, None)
    assert (group.mode, [m.starts_at for m in group.meetings]) == (
        Mode.HYBRID,
        [slots[0].starts_at, slots[2].starts_at],
    )
    assert len(taken.come) == 2
    entry = db.session.scalar(select(Entry).where(Entry.act == "choose dates"))
    assert entry.facts["all_meetings"] == 2 and entry.facts["mode"] == "hybrid"
    assert choosing.choice(group).chosen.slots == (0, 2)


def test_dates_are_chosen_again_and_those_that_stay_keep_their_meeting(edition, slots):
    group = a_group_with_slots(edition, slots)
    choosing.take(group, [slots[0].id, slots[2].id], Mode.ON_SITE, None)
    first = group.meetings[0].id
    choosing.take(group, [slots[3].id, slots[0].id], Mode.ONLINE, None)
    assert [m.starts_at for m in group.meetings] == [slots[0].starts_at, slots[3].starts_at]
    assert group.meetings[0].id == first


def test_breaking_a_rule_is_refused_but_few_days_apart_are_the_organisers_choice(edition, slots):
    twin = a_slot(edition, 1, hour=18)
    group = a_group_with_slots(edition, [*slots, twin])
    with pytest.raises(Refused, match="1 date is chosen, and 2 are needed"):
        choosing.take(group, [slots[0].id], Mode.ON_SITE, None)
    with pytest.raises(Refused, match="overlap"):
        choosing.take(group, [slots[0].id, twin.id], Mode.ON_SITE, None, 0)
    stranger = a_slot(edition, 20)
    with pytest.raises(Refused, match="1 date is chosen"):
        choosing.take(group, [slots[0].id, stranger.id], Mode.ON_SITE, None)
    plan = choosing.take(group, [slots[0].id, slots[1].id], Mode.ON_SITE, None)
    assert [b.rule for b in plan.breaches] == [Rule.TOO_CLOSE]
    sentence = choosing.sentence(choosing.choice(group), plan.breaches[0])
    assert "are 5 days, and there should be 7" in sentence


def test_a_slot_is_refused_in_a_mode_that_it_does_not_have(edition, slots):
    group = a_group_with_slots(edition, slots, modes="online")
    with pytest.raises(Refused, match="cannot meet in this way"):
        choosing.take(group, [slots[0].id, slots[2].id], Mode.ON_SITE, None)


def test_dates_are_not_chosen_too_soon_or_too_late(edition, slots):
    group = a_group_with_slots(edition, slots)
    assert choosing.why_not_choose(group) is None
    edition.wishes_until = now() + timedelta(days=1)
    assert "Members can change their wishes until" in choosing.why_not_choose(group)
    edition.wishes_until = now() - timedelta(days=1)
    db.session.add(
        Assignment(edition_id=edition.id, frozen_at=now(), wishes_hash="0" * 64, draw="123456", told_at=now())
    )
    db.session.flush()
    assert "has been told" in choosing.why_not_choose(group)
    with pytest.raises(Refused, match="has been told"):
        choosing.take(group, [slots[0].id, slots[2].id], Mode.ON_SITE, None)
    edition.sign_up_way = SignUpWay.DIRECT
    assert "sign up directly" in choosing.why_not_choose(group)
    group.cancelled_at = now()
    assert "cancelled" in choosing.why_not_choose(group)


def test_dates_that_people_signed_up_for_are_not_chosen_again(edition):
    group = a_group(edition)
    an_offer(a_member(), group)
    assert "signed up for this group already" in choosing.why_not_choose(group)


class TestWhyNoPlan:
    def why(self, group, apart=None):
        return choosing.why_no_plan(choosing.choice(group, apart))

    def test_no_slots(self, edition):
        assert self.why(a_group_with_slots(edition, []))[0] == "This group has no dates to choose from yet."

    def test_fewer_slots_than_meetings(self, edition, slots):
        assert self.why(a_group_with_slots(edition, slots[:1]))[0] == "This group has only 1 date to choose from."

    def test_no_mode_has_enough_free_slots(self, edition, slots):
        group = a_group_with_slots(edition, slots[:1], modes="on_site")
        db.session.add(Candidate(workgroup=group, slot=slots[2], modes="online"))
        db.session.flush()
        assert "at most 1 date is free" in self.why(group)[1]

    def test_slots_overlap(self, edition, slots):
        group = a_group_with_slots(edition, [slots[0], a_slot(edition, 1, hour=18)])
        assert "Dates overlap: at most 1 meeting fits" in self.why(group)[1]

    def test_slots_are_too_close(self, edition, slots):
        group = a_group_with_slots(edition, slots[:2])
        assert "With 7 days between meetings at most 1 meeting fits" in self.why(group)[1]
        assert self.why(group, 5) is None


def test_the_overview_counts_wishes_by_rank_and_who_can_come(edition, slots):
    group = a_group_with_slots(edition, slots, dates=True, city="gent")
    other = a_group_with_slots(edition, [], city="luik")
    a_wish_list(a_member("Ada"), group, other, slots=slots)
    a_wish_list(a_member("Bob"), other, group, slots=slots[:1])
    rows = {row.group.id: row for row in choosing.overview(edition)}
    mine, empty = rows[group.id], rows[other.id]
    assert (list(mine.wishes), mine.wishing, mine.slots, mine.can_come) == ([1, 1, 0], 2, 4, 1)
    assert (list(empty.wishes), empty.slots, empty.can_come, empty.is_unknown) == ([1, 1, 0], 0, None, False)
    group.meetings[0].starts_at -= timedelta(minutes=30)
    db.session.flush()
    moved = {row.group.id: row for row in choosing.overview(edition)}[group.id]
    assert (moved.can_come, moved.is_unknown) == (0, True)
