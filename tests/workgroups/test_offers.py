"""A place that is kept: confirmed date by date, declined, or passed on; and who is next on a waiting list."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from sipvote import worker
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase, SignUpWay, WaitingOrder
from sipvote.errors import Refused
from sipvote.voting import lot
from sipvote.workgroups import coming, counts, late, offers, rules, waiting
from sipvote.workgroups.models import Attendance
from sipvote.workgroups.wish_models import Assignment, WishList
from tests.factories import (
    a_facilitator,
    a_group,
    a_member,
    a_signup,
    a_theme,
    a_wait,
    accepted,
    an_assembly,
    an_edition,
    an_offer,
)
from tests.queries import counted
from tests.reading import letters

pytestmark = pytest.mark.usefixtures("database")


def keys(group, count=5):
    return {m.key for m in group.meetings[:count]}


def the_worker_comes_by(app, word: str) -> None:
    db.session.commit()
    worker.do(app, word)
    db.session.expire_all()


def a_full_group(edition, *names: str, **values):
    """A group for one, and the sign-ups of these people: the first has the place, the others wait."""
    group = a_group(edition, places=1, **values)
    return group, [a_signup(a_member(name), group) for name in names]


class TestAccepting:
    def test_a_place_is_the_members_once_every_date_is_confirmed(self, edition):
        group, (ada, bo) = a_full_group(edition, "Ada", "Bo")
        rules.withdraw(ada)
        assert bo.is_offered and not bo.has_place and bo.confirm_by > now() + timedelta(days=2)
        with pytest.raises(Refused, match="every date"):
            offers.accept(bo, keys(group, 4))
        accepted(bo)
        assert bo.has_place and bo.seat == 1
        assert {a.meeting_id for a in bo.attendances if a.confirmed_at} == {m.id for m in group.meetings}
        (letter,) = [each for each in letters("signed_up") if each.member_id == bo.member_id]
        assert letter.calendar.count("BEGIN:VEVENT") == 5 and letter.calendar_method == "REQUEST"

    def test_a_date_that_moved_meanwhile_was_not_confirmed(self, edition):
        group = a_group(edition)
        confirmed = keys(group)
        group.meetings[2].sequence += 1
        assert offers.missing(group, confirmed) == [group.meetings[2]]

    def test_confirming_twice_changes_nothing(self, edition):
        ada = accepted(an_offer(a_member(), a_group(edition)))
        assert offers.accept(ada, set()) == [] and len(letters("signed_up")) == 1
        assert "already" in offers.why_not_accept(ada)

    def test_nothing_is_accepted_after_the_deadline(self, edition):
        ada = an_offer(a_member(), a_group(edition), confirm_by=now() - timedelta(seconds=1))
        with pytest.raises(Refused, match="passes on"):
            accepted(ada)

    def test_who_waits_or_withdrew_has_nothing_to_accept(self, edition):
        _group, (ada, bo) = a_full_group(edition, "Ada", "Bo")
        assert "No place is kept" in offers.why_not_accept(bo)
        rules.withdraw(ada)
        assert "No place is kept" in offers.why_not_accept(ada)

    def test_a_cancelled_group_is_not_accepted(self, edition):
        group = a_group(edition)
        ada = an_offer(a_member(), group)
        group.cancelled_at = now()
        assert "cancelled" in offers.why_not_accept(ada)

    def test_a_place_elsewhere_at_the_same_hours_must_go_first(self, edition):
        ada, first, second = a_member(), a_group(edition), a_group(edition)
        a_signup(ada, first)
        kept = an_offer(ada, second)
        assert "two places at once" in offers.why_not_accept(kept) and len(offers.clashes(kept)) == 5
        rules.withdraw(rules.signup_of(ada.id, first))
        assert offers.why_not_accept(kept) is None

    def test_who_leads_at_the_same_hours_cannot_accept(self, edition):
        bas = a_facilitator()
        a_group(edition, facilitators=[bas])
        assert "the group that you lead" in offers.why_not_accept(an_offer(bas, a_group(edition)))

    def test_the_assembly_is_named_and_does_not_bar(self, edition):
        group = a_group(edition)
        an_assembly(edition, starts_at=group.meetings[1].starts_at, ends_at=group.meetings[1].ends_at)
        kept = an_offer(a_member(), group)
        assert [(m, e.label) for m, e in offers.clashes(kept)] == [(group.meetings[1], "the general assembly")]
        assert offers.why_not_accept(kept) is None
        assert a_signup(a_member(), group).has_place

    def test_having_a_place_ends_waiting_at_the_same_hours_and_the_letter_says_so(self, edition):
        ada, bo = a_member("Ada"), a_member("Bo")
        equality = a_theme(edition, "Equality", elected_at=now())
        here, same, kept_too = a_group(edition), a_group(edition, equality, places=1), a_group(edition, places=1)
        later, (_one, _two) = a_full_group(edition, "X", "Y", days=1)
        a_signup(bo, same)
        here_is = an_offer(ada, here)
        waits = a_wait(ada, same)
        offered_too = an_offer(ada, kept_too)
        next_one = a_wait(bo, kept_too)
        other_day = a_wait(ada, later)
        accepted(here_is)
        assert waits.withdrawn_at and offered_too.withdrawn_at and other_day.is_waiting
        assert next_one.is_offered
        (letter,) = [each for each in letters("signed_up") if each.member_id == ada.id]
        assert "no longer wait" in letter.body and "Equality (Ghent)" in letter.body

    def test_another_edition_is_left_alone(self, edition):
        ada, group = a_member(), a_group(edition)
        other = a_group(an_edition(Phase.SIGNUP, year=2031))
        waits = a_wait(ada, other)
        accepted(an_offer(ada, group))
        assert waits.is_waiting


class TestDecliningAndSilence:
    def test_a_no_passes_the_place_on_at_once(self, edition):
        group, (ada, bo, cem) = a_full_group(edition, "Ada", "Bo", "Cem")
        rules.withdraw(ada)
        offers.decline(bo)
        assert bo.withdrawn_at and not bo.attendances and cem.is_offered
        assert [letter.member_id for letter in letters("place_offered")] == [bo.member_id, cem.member_id]
        with pytest.raises(Refused, match="No place is kept"):
            offers.decline(bo)
        assert rules.free_seats(group) == []

    def test_silence_passes_it_on_and_says_how_to_come_back(self, app, edition):
        _group, (ada, bo, cem) = a_full_group(edition, "Ada", "Bo", "Cem")
        rules.withdraw(ada)
        with time_machine.travel(bo.confirm_by - timedelta(minutes=1)):
            the_worker_comes_by(app, "offers")
            assert bo.is_offered
        with time_machine.travel(bo.confirm_by + timedelta(minutes=1)):
            the_worker_comes_by(app, "offers")
            the_worker_comes_by(app, "offers")
            assert bo.withdrawn_at and cem.is_offered
            (letter,) = letters("place_lapsed")
            assert letter.member_id == bo.member_id and "Sign up again" in letter.body
            assert a_signup(bo.member, cem.workgroup).is_waiting

    def test_what_was_answered_at_the_last_moment_does_not_lapse(self, edition):
        ada = accepted(an_offer(a_member(), a_group(edition)))
        offers.lapse(ada)
        assert ada.has_place and not letters("place_lapsed")

    def test_a_reminder_comes_once_a_day_before(self, app, edition):
        ada = an_offer(a_member(), a_group(edition))
        an_offer(a_member("Bo"), ada.workgroup, confirm_by=now() + timedelta(hours=30))
        short, until = a_full_group(edition, "X")[0], ada.confirm_by
        an_offer(a_member("Cem"), a_group(edition, days=1), confirm_by=now() + timedelta(hours=20))
        assert short.places == 1
        with time_machine.travel(until - timedelta(hours=25)):
            assert offers.remind() == 0
        with time_machine.travel(until - timedelta(hours=23)):
            the_worker_comes_by(app, "reminders")
            the_worker_comes_by(app, "reminders")
            assert [letter.member_id for letter in letters("confirm_reminder")] == [ada.member_id]

    def test_the_worker_does_it_by_itself(self):
        assert worker.REGULAR["offers"] is worker.lapse_offers


class TestOffering:
    def test_a_place_is_never_kept_beyond_the_next_meeting(self, edition):
        group, (ada, bo) = a_full_group(edition, "Ada", "Bo", begins=2)
        with time_machine.travel(group.meetings[0].starts_at - timedelta(hours=5)):
            rules.withdraw(ada)
        assert bo.confirm_by == group.meetings[0].starts_at

    def test_whoever_waits_comes_before_whoever_comes_now(self, edition):
        group, (_ada, bo) = a_full_group(edition, "Ada", "Bo")
        group.places = 2
        cem = a_signup(a_member("Cem"), group)
        assert bo.is_offered and cem.is_waiting

    def test_a_free_place_is_given_at_once_when_nobody_waits(self, edition):
        group = a_group(edition, places=2)
        an_offer(a_member(), group)
        assert a_signup(a_member("Bo"), group).has_place
        assert a_signup(a_member("Cem"), group).is_waiting

    def test_a_place_that_is_kept_counts_as_taken(self, edition):
        group = a_group(edition, places=2)
        an_offer(a_member(), group)
        numbers = counts.numbers_of([group])[group.id]
        assert (numbers.taken, numbers.offered, numbers.free) == (1, 1, 1)
        assert counts.total([numbers, numbers]).offered == 2

    def test_who_was_given_the_group_by_wishes_is_told_so(self, edition):
        ada, group = a_member(), a_group(edition)
        kept = an_offer(ada, group)
        assert not offers.was_given(kept)
        db.session.add(WishList(edition=edition, member=ada, begun_at=now(), changed_at=now(), given=group))
        db.session.flush()
        assert offers.was_given(kept)


class TestLateJoiners:
    @pytest.fixture
    def begun(self, edition):
        """A group with one member, one who waits, and a second meeting behind it."""
        group, (ada, bo) = a_full_group(edition, "Ada", "Bo", begins=5)
        with time_machine.travel(group.meetings[1].starts_at + timedelta(hours=1)):
            yield group, ada, bo

    def test_a_facilitator_opens_it_and_the_list_moves(self, begun):
        group, ada, bo = begun
        rules.withdraw(ada)
        assert bo.is_waiting
        late.open_(group, None)
        assert bo.is_offered and bo.confirm_by <= group.meetings[2].starts_at
        accepted(bo)
        promised = db.session.scalars(select(Attendance.meeting_id).where(Attendance.signup_id == bo.id)).all()
        assert sorted(promised) == [m.id for m in group.meetings[2:]]  # not those at which Bo was still waiting
        assert letters("signed_up")[-1].calendar.count("BEGIN:VEVENT") == 3

    def test_new_people_join_only_when_it_is_open(self, begun):
        group, ada, bo = begun
        rules.withdraw(bo)
        rules.withdraw(ada)
        cem = a_member("Cem")
        assert "has begun" in rules.why_not_sign_up(cem, group)
        late.open_(group, None)
        assert rules.sign_up(cem, group, {m.key for m in group.meetings[2:]}).has_place
        late.close(group, None)
        assert "has begun" in rules.why_not_sign_up(a_member(), group)

    def test_it_is_opened_and_closed_once_and_written_down(self, begun):
        group, _ada, _bo = begun
        with pytest.raises(Refused, match="not open"):
            late.close(group, None)
        late.open_(group, None)
        with pytest.raises(Refused, match="already"):
            late.open_(group, None)
        late.close(group, None)
        assert [e.act for e in db.session.scalars(select(Entry))] == ["open group late", "close group late"]

    def test_there_must_be_something_to_join(self, edition):
        group = a_group(edition, begins=5)
        assert "has not begun" in late.why_not_open(group)
        with time_machine.travel(group.meetings[-1].starts_at):
            assert "no meeting to come" in late.why_not_open(group)
            group.late_opened_at = now()
            assert "has begun" in rules.why_not_open(group)
        group.cancelled_at = now()
        assert "cancelled" in late.why_not_open(group) and not waiting.moves(group)

    def test_between_the_first_two_meetings_only_the_list_moves(self, edition):
        group, (ada, bo) = a_full_group(edition, "Ada", "Bo", begins=5)
        with time_machine.travel(group.meetings[0].ends_at):
            assert "has begun" in rules.why_not_sign_up(a_member(), group)
            rules.withdraw(ada)
            accepted(bo)
        assert bo.has_place and len(bo.attendances) == 4


class TestOrder:
    def wait(self, edition, *names):
        group, signups = a_full_group(edition, "First", *names)
        return group, signups[1:]

    def test_by_time(self, edition):
        group, people = self.wait(edition, "Ada", "Bo", "Cem")
        assert rules.waiting_list(group) == people
        assert waiting.explain(edition) == "Who signed up first goes first."
        edition.sign_up_way, edition.wishes_until = SignUpWay.WISHES, edition.signup_at + timedelta(days=1)
        assert waiting.explain(edition).startswith("The public lot of the groups decides")
        edition.waiting_order = WaitingOrder.WITHOUT_GROUP
        assert waiting.explain(edition).startswith("Who has no group yet goes first. The public lot")

    def test_who_has_no_group_goes_first(self, edition):
        edition.waiting_order = WaitingOrder.WITHOUT_GROUP
        group, (ada, bo, cem) = self.wait(edition, "Ada", "Bo", "Cem")
        a_signup(ada.member, a_group(edition, days=1))
        an_offer(bo.member, a_group(edition, days=2))  # an offer is no place yet
        a_signup(cem.member, a_group(an_edition(Phase.SIGNUP, year=2031), days=3))
        assert rules.waiting_list(group) == [bo, cem, ada]
        assert [rules.position(s) for s in (ada, bo, cem)] == [3, 1, 2]
        (first,) = (s for s in group.signups if s.has_place)
        rules.withdraw(first)
        assert bo.is_offered

    def test_by_the_public_lot_and_who_came_later_by_time(self, edition):
        edition.waiting_order = WaitingOrder.LOT
        group, people = self.wait(edition, *(f"M{n}" for n in range(6)))
        drawn = Assignment(edition=edition, frozen_at=now(), wishes_hash="f" * 64, draw="314159", drawn_at=now())
        drawn.told_at = now()
        db.session.add(drawn)
        with time_machine.travel(now() + timedelta(hours=1)):
            late_ones = [a_signup(a_member(name), group) for name in ("X", "Y")]
        by_lot = sorted(people, key=lambda s: lot.mark("f" * 64, "314159", s.member_id))
        assert by_lot != people and rules.waiting_list(group) == [*by_lot, *late_ones]
        assert "public lot" in waiting.explain(edition)

    @pytest.mark.parametrize("order", list(WaitingOrder))
    def test_the_queries_are_as_many_whatever_the_length(self, edition, order):
        edition.waiting_order = order
        group, last = a_full_group(edition, "First")[0], None
        seen = []
        for _round in range(2):
            for n in range(6):
                last = a_signup(a_member(f"M{n}"), group)
            db.session.flush()
            with counted() as queries:
                rules.position(last)
                waiting.queues([group, a_group(edition, days=n)])
            seen.append(len(queries))
        assert seen[0] == seen[1]

    def test_who_is_seen_as_not_confirmed(self, edition):
        group = a_group(edition)
        ada = an_offer(a_member(), group)
        a_signup(a_member("Bo"), group)
        assert coming.offered(group) == [ada]
