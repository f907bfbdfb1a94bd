"""Limits of an assembly's plan and of what is noted about it: on which side of them the second lies."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from sipvote.assembly import rules
from sipvote.assembly.models import Incident, Quorum
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from tests.factories import a_member, an_assembly, an_edition

pytestmark = pytest.mark.usefixtures("database")
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock():
    with time_machine.travel(now().replace(microsecond=0), tick=False) as clock:
        yield clock


@pytest.fixture
def plan(clock):
    starts = now() + timedelta(hours=1)
    return rules.Plan(
        starts_at=starts, ends_at=starts + timedelta(hours=3), place="Flagey", follow_url=None,
        agenda={"en": ["Opening"]}, quorum=Quorum.NONE, quorum_value=0, counts_proxies=True, counts_remote=True,
        counts_votes=True, proxies_per_holder=1, remote_vote=True, prior_vote=True, chair=None, secretary=None,
    )  # fmt: skip


def test_an_assembly_lasts_more_than_nothing_and_a_day_at_most(plan):
    edition = an_edition(Phase.VOTE)
    for lasts, wrong in (
        (timedelta(0), "ends_at"), (SECOND, None), (rules.LONGEST, None), (rules.LONGEST + SECOND, "ends_at"),
    ):  # fmt: skip
        found = rules.why_not_plan(edition, replace(plan, ends_at=plan.starts_at + lasts), None)
        assert (found and found[0]) == wrong, lasts


def test_it_is_planned_until_its_last_second_and_one_that_is_over_keeps_its_hours(plan, clock):
    edition = an_edition(Phase.VOTE)
    for moment, wrong in ((plan.ends_at, None), (plan.ends_at + SECOND, "ends_at")):
        clock.move_to(moment)
        found = rules.why_not_plan(edition, plan, None)
        assert (found and found[0]) == wrong
    kept = an_assembly(edition, starts_at=plan.starts_at, ends_at=plan.ends_at)
    assert rules.why_not_plan(edition, plan, kept) is None


def test_it_is_opened_from_half_an_hour_before_its_beginning(plan, clock):
    assembly = an_assembly(an_edition(Phase.VOTE), starts_at=plan.starts_at, ends_at=plan.ends_at)
    clock.move_to(plan.starts_at - rules.OPENS_EARLY - SECOND)
    assert "can be opened from" in rules.why_not_open(assembly)
    clock.move_to(plan.starts_at - rules.OPENS_EARLY)
    assert rules.why_not_open(assembly) is None


def test_what_is_planned_stands_in_the_log(plan):
    edition = an_edition(Phase.VOTE)
    assembly = rules.plan(edition, plan, None)
    (line,) = db.session.scalars(select(Entry).where(Entry.act == "plan assembly"))
    assert line.subject == "assembly 2026" and assembly.place == "Flagey"
    assert line.facts == {
        "starts_at": plan.starts_at.isoformat(), "ends_at": plan.ends_at.isoformat(), "quorum": "none",
        "quorum_value": 0, "counts_proxies": True, "counts_remote": True, "counts_votes": True,
        "proxies_per_holder": 1, "remote_vote": True, "prior_vote": True,
    }  # fmt: skip


def test_a_share_is_from_one_to_a_hundred_and_a_number_up_to_the_members(plan):
    edition = an_edition(Phase.VOTE)
    a_member(), a_member(), a_member()
    for quorum, value, wrong in (
        (Quorum.SHARE, 0, True), (Quorum.SHARE, 1, False), (Quorum.SHARE, 100, False), (Quorum.SHARE, 101, True),
        (Quorum.NUMBER, 0, True), (Quorum.NUMBER, 1, False), (Quorum.NUMBER, 3, False), (Quorum.NUMBER, 4, True),
    ):  # fmt: skip
        found = rules.why_not_plan(edition, replace(plan, quorum=quorum, quorum_value=value), None)
        assert (found is not None) is wrong, (quorum, value)
        assert not found or found[0] == "quorum_value"


def test_with_a_frozen_ballot_nobody_plans_an_assembly_after_the_vote_began_without_voting_before(plan):
    edition = an_edition(Phase.VOTE)
    assembly = an_assembly(edition, starts_at=plan.starts_at, ends_at=plan.ends_at, prior_vote=False)
    edition.themes_frozen_at = now()
    late = replace(plan, prior_vote=False, proxies_per_holder=assembly.proxies_per_holder)
    for begins, wrong in ((plan.starts_at, None), (plan.starts_at - SECOND, "starts_at")):
        edition.vote_at = begins
        found = rules.why_not_plan(edition, late, assembly)
        assert (found and found[0]) == wrong


def test_what_happened_has_happened_and_did_not_end_before(clock):
    moment = now()
    for happened, until, wrong in (
        (moment, None, None), (moment + SECOND, None, "happened_at"), (moment, moment, None),
        (moment - SECOND, moment + SECOND, "until_at"), (moment, moment - SECOND, "until_at"),
    ):  # fmt: skip
        found = rules.why_not_note(happened, until)
        assert (found and found[0]) == wrong


def test_the_fingerprint_of_a_note_can_be_worked_out_by_anybody():
    at = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
    noted = Incident(happened_at=at, until_at=None, text="Coupé à 17 h", remedy="“Rien”")
    said = '["2026-06-15T15:00:00+00:00", null, "Coupé à 17 h", "“Rien”"]'
    assert rules.fingerprint(noted) == hashlib.sha256(said.encode()).hexdigest()


def test_who_holds_an_assembly_reads_it_as_it_is_now():
    assembly = an_assembly(place="Flagey")
    for to_change in (True, False):
        set_committed_value(assembly, "place", "what it was when it was read")
        rules.hold(assembly, to_change)
        assert assembly.place == "Flagey"
