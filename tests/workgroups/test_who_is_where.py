"""Whose meetings are soon, why one cannot sign up again, and which other groups may suit: each line of who is where."""

from datetime import datetime, time, timedelta

import pytest
import time_machine

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.i18n import ZONE
from sipvote.workgroups import rules
from tests.factories import a_facilitator, a_group, a_member, a_signup, a_wait, an_edition, an_offer

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def noon():
    at = datetime.combine(now().astimezone(ZONE).date(), time(12), ZONE)
    with time_machine.travel(at, tick=False):
        yield at


def a_group_at(edition, *moments, **values):
    """A group whose meetings begin then, each for an hour."""
    group = a_group(edition, **values)
    for meeting, moment in zip(group.meetings, moments, strict=False):
        meeting.starts_at, meeting.ends_at = moment, moment + timedelta(hours=1)
    db.session.flush()
    return group


def test_who_leads_sees_what_is_not_over_today_and_all_of_tomorrow(noon):
    bas, other = a_facilitator(), a_facilitator()
    edition, last_year = an_edition(Phase.GROUPS, meetings=2), an_edition(Phase.STOCKTAKE, year=2025, meetings=2)
    tomorrow = noon.date() + timedelta(days=1)
    late = datetime.combine(tomorrow, time(23, 59), ZONE)
    mine = a_group_at(edition, noon - timedelta(minutes=30), late, facilitators=[bas])
    a_group_at(edition, noon - timedelta(hours=1), late + timedelta(minutes=1), facilitators=[bas])
    a_group_at(edition, noon, late, facilitators=[other])
    a_group_at(edition, noon, late, facilitators=[bas], cancelled_at=noon)
    a_group_at(last_year, noon, late, facilitators=[bas])
    assert rules.led_soon(bas.id, edition) == mine.meetings
    assert rules.led_soon(a_member().id, edition) == []


def test_who_signs_up_again_reads_where_they_stand():
    edition = an_edition(Phase.SIGNUP)
    group = a_group(edition, places=2)
    seated, offered, waits = a_member(), a_member(), a_member()
    a_signup(seated, group)
    an_offer(offered, group)
    a_wait(waits, group)
    for member, said in ((seated, "in this group already"), (offered, "kept for you already"),
                         (waits, "on the waiting list already")):  # fmt: skip
        assert said in rules.why_not_sign_up(member, group)
    assert rules.why_not_sign_up(a_member(), group) is None


def test_of_other_groups_those_are_offered_in_which_one_is_not():
    edition = an_edition(Phase.SIGNUP)
    group = a_group(edition)
    ada, bas = a_member(), a_facilitator()
    joined, left, led, free = (
        a_group(edition, group.theme, city, days=100 * n, facilitators=[bas] if n == 3 else [])
        for n, city in enumerate(("brussel", "luik", "lille", "brussel"), start=1)
    )
    a_signup(ada, joined)
    rules.withdraw(a_signup(ada, left))
    assert rules.alternatives(ada, group, ()) == [left, led, free]
    assert rules.alternatives(bas, group, ()) == [joined, left, free]
    assert rules.alternatives(None, group, ()) == [joined, left, led, free]
