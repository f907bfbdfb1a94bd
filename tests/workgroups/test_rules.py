"""Signing up: a promise for every date, no two groups at one hour, places that are never oversold."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from sipvote import worker
from sipvote.audit import Entry, first_fault
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.workgroups import leavers, reminding, rules
from sipvote.workgroups.models import Attendance, Meeting, Signup
from tests.factories import a_facilitator, a_group, a_member, a_signup, a_theme, an_edition, in_phase
from tests.reading import letters

pytestmark = pytest.mark.usefixtures("database")


class TestSigningUp:
    def test_a_sign_up_takes_the_lowest_free_place_and_promises_every_date(self, edition):
        group, ada = a_group(edition), a_member()
        signup = a_signup(ada, group)
        assert (signup.seat, signup.is_waiting) == (1, False)
        promised = db.session.scalars(select(Attendance.meeting_id)).all()
        assert sorted(promised) == sorted(m.id for m in group.meetings)
        assert [letter.calendar_method for letter in letters("signed_up")] == ["REQUEST"]

    def test_taking_part_now_and_then_is_not_possible(self, edition):
        group, ada = a_group(edition), a_member()
        with pytest.raises(Refused, match="every date"):
            rules.sign_up(ada, group, {m.key for m in group.meetings[:4]})
        assert rules.missing(group, {m.key for m in group.meetings[:4]}) == [group.meetings[4]]
        assert rules.signup_of(ada.id, group) is None

    def test_a_date_that_was_moved_meanwhile_was_not_confirmed(self, edition):
        group = a_group(edition)
        confirmed = {m.key for m in group.meetings}
        group.meetings[2].sequence += 1
        assert rules.missing(group, confirmed) == [group.meetings[2]]

    def test_nobody_signs_up_twice(self, edition):
        group, ada = a_group(edition), a_member()
        assert a_signup(ada, group) is a_signup(ada, group)
        assert len(letters()) == 1
        assert "already" in rules.why_not_sign_up(ada, group)
        db.session.add(Signup(workgroup=group, member=ada, signed_up_at=now()))
        with pytest.raises(IntegrityError):
            db.session.flush()

    def test_sign_up_is_open_in_its_phases_only(self):
        edition = an_edition(Phase.COUNT)
        group, ada = a_group(edition), a_member()
        assert "possible from" in rules.why_not_sign_up(ada, group)
        in_phase(edition, Phase.SIGNUP)
        assert rules.why_not_sign_up(ada, group) is None
        in_phase(edition, Phase.GROUPS)
        assert rules.why_not_sign_up(ada, group) is None
        in_phase(edition, Phase.RECOMMENDATIONS)
        assert "possible until" in rules.why_not_sign_up(ada, group)

    def test_nobody_comes_in_after_the_first_meeting_has_begun(self):
        edition, ada = an_edition(Phase.GROUPS), a_member()
        begun = a_group(edition, begins=-3)
        assert "has begun" in rules.why_not_sign_up(ada, begun)
        with pytest.raises(Refused, match="has begun"):
            a_signup(ada, begun)

    def test_a_cancelled_group_takes_nobody(self, edition):
        group = a_group(edition, cancelled_at=now())
        assert "cancelled" in rules.why_not_sign_up(a_member(), group)

    def test_a_theme_prolonged_in_france_is_for_members_in_france(self, edition):
        old = a_theme(an_edition(Phase.STOCKTAKE, year=2025), elected_at=now())
        theme = a_theme(edition, prolonged_from=old, prolonged_country="FR")
        group = a_group(edition, theme, "lille")
        assert "France only" in rules.why_not_sign_up(a_member("Ada", "gent"), group)
        assert rules.why_not_sign_up(a_member("Zoé", "lille"), group) is None

    def test_who_leads_a_group_does_not_sign_up_for_it(self, edition):
        bas = a_facilitator()
        assert "You lead" in rules.why_not_sign_up(bas, a_group(edition, facilitators=[bas]))


class TestClashes:
    def test_a_clash_is_refused_and_names_both_meetings(self, edition):
        ada = a_member()
        first = a_group(edition, a_theme(edition, "Guidance", elected_at=now()))
        second = a_group(edition, a_theme(edition, "Equality", elected_at=now()), city=None)
        a_signup(ada, first)
        why = rules.why_not_sign_up(ada, second)
        assert "Guidance (Ghent)" in why and "Equality (Online)" in why and "4 more dates" in why
        assert [(m, e.starts_at, e.workgroup) for m, e in rules.clashes(ada, second)] == [
            (m, m.starts_at, first) for m in second.meetings
        ]
        with pytest.raises(Refused, match="two places at once"):
            a_signup(ada, second)

    @pytest.mark.parametrize("how", ["waits", "leads"])
    def test_waiting_and_leading_count_as_being_there(self, edition, how):
        bas = a_facilitator()
        first = a_group(edition, places=1, facilitators=[bas] if how == "leads" else [])
        if how == "waits":
            a_signup(a_member(), first)
            assert a_signup(bas, first).is_waiting
        assert "two places" in rules.why_not_sign_up(bas, a_group(edition))

    def test_groups_at_other_hours_withdrawn_and_cancelled_do_not_clash(self, edition):
        ada, first, second = a_member(), a_group(edition), a_group(edition)
        third = a_group(edition, days=1)
        rules.withdraw(a_signup(ada, first))
        a_signup(ada, second)
        second.cancelled_at = now()
        a_signup(ada, third)
        assert rules.why_not_sign_up(ada, first) is None

    def test_meetings_that_touch_do_not_overlap(self):
        at = now()
        one, two, three = at, at + timedelta(hours=3), at + timedelta(hours=6)
        assert not Meeting(starts_at=one, ends_at=two).overlaps(Meeting(starts_at=two, ends_at=three))
        assert Meeting(starts_at=one, ends_at=three).overlaps(Meeting(starts_at=two, ends_at=three))


class TestWaitingList:
    def test_a_full_group_has_a_waiting_list_in_order(self, edition):
        group = a_group(edition, places=2)
        signups = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem", "Dia")]
        assert [s.seat for s in signups] == [1, 2, None, None]
        assert rules.waiting_list(group) == signups[2:]
        assert [rules.position(s) for s in signups] == [None, None, 1, 2]
        assert [letter.subject[:17] for letter in letters("waiting_listed")] == [
            "You are number 1 ",
            "You are number 2 ",
        ]

    def test_the_next_person_is_offered_a_freed_place_at_once_and_is_told(self, edition):
        group = a_group(edition, places=2)
        ada, bo, cem, dia = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem", "Dia")]
        rules.withdraw(ada)
        assert (cem.seat, cem.is_offered, dia.seat, rules.position(dia)) == (1, True, None, 1)
        assert [letter.member_id for letter in letters("place_offered")] == [cem.member_id]
        assert [letter.calendar_method for letter in letters("withdrawn")] == ["CANCEL"]
        rules.withdraw(dia)
        assert letters("withdrawn")[-1].calendar is None
        assert bo.seat == 2

    def test_who_comes_back_stands_at_the_end(self, edition):
        group = a_group(edition, places=1)
        ada, bo, cem = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem")]
        rules.withdraw(ada)
        assert a_signup(ada.member, group) is ada
        assert [bo.seat, cem.seat, ada.seat] == [1, None, None]
        assert rules.waiting_list(group) == [cem, ada]
        assert len(ada.attendances) == 5

    def test_withdrawing_twice_is_refused_and_frees_one_place(self, edition):
        group = a_group(edition)
        ada = a_signup(a_member(), group)
        rules.withdraw(ada)
        with pytest.raises(Refused, match="already"):
            rules.withdraw(ada)
        assert rules.free_seats(group) == list(range(1, 13))

    def test_the_list_moves_between_the_first_and_the_second_meeting(self, edition):
        group = a_group(edition, places=1, begins=5)
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        with time_machine.travel(group.meetings[1].starts_at - timedelta(hours=1)):
            rules.withdraw(ada)
            assert bo.is_offered and bo.confirm_by == group.meetings[1].starts_at

    def test_nobody_is_offered_a_place_once_the_second_meeting_has_begun(self, edition):
        group = a_group(edition, places=1, begins=5)
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        with time_machine.travel(group.meetings[1].starts_at + timedelta(hours=1)):
            rules.withdraw(ada)
        assert bo.is_waiting and not letters("place_offered")

    def test_nobody_withdraws_from_a_group_that_is_over(self, edition):
        group = a_group(edition)
        ada = a_signup(a_member(), group)
        with time_machine.travel(group.meetings[-1].ends_at):
            assert "last meeting" in rules.why_not_withdraw(ada)

    def test_the_database_itself_sells_no_seat_twice(self, edition):
        group = a_group(edition)
        a_signup(a_member(), group)
        db.session.add(Signup(workgroup=group, member=a_member("Bo"), signed_up_at=now(), seat=1))
        with pytest.raises(IntegrityError):
            db.session.flush()


def the_worker_comes_by(app) -> None:
    db.session.commit()
    worker.do(app, "leavers")
    db.session.expire_all()


class TestLeavers:
    """Whoever leaves the cooperative leaves their groups, and the worker gives the place to the next."""

    def test_the_place_of_a_leaver_is_offered_to_the_next_who_is_told(self, app, edition):
        group = a_group(edition, places=2)
        ada, bo, cem = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem")]
        ada.member.left, ada.member.email = now().date(), None  # as an imported roll leaves them
        the_worker_comes_by(app)
        assert (ada.seat, bo.seat, cem.seat) == (None, 2, 1) and ada.withdrawn_at and not ada.attendances
        assert [letter.member_id for letter in letters("place_offered")] == [cem.member_id]
        assert not letters("withdrawn") and not letters("left_group")

    def test_the_audit_log_tells_it_once(self, app, edition):
        group = a_group(edition)
        ada = a_signup(a_member(), group)
        ada.member.left = now().date()
        the_worker_comes_by(app)
        the_worker_comes_by(app)
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.act, entry.subject, entry.member_id) == ("free seat of leaver", f"workgroup {group.id}", None)
        assert entry.facts == {"member": ada.member.number, "had_place": True}
        assert first_fault() is None

    def test_a_leaver_on_the_waiting_list_gets_no_place_first(self, app, edition):
        group = a_group(edition, places=1)
        ada, bo, cem = [a_signup(a_member(name), group) for name in ("Ada", "Bo", "Cem")]
        ada.member.left = bo.member.left = now().date()
        the_worker_comes_by(app)
        assert (bo.seat, cem.seat) == (None, 1)
        assert [letter.member_id for letter in letters("place_offered")] == [cem.member_id]
        assert {letter.member_id: letter.calendar_method for letter in letters("left_group")} == {
            ada.member_id: "CANCEL",
            bo.member_id: None,
        }

    def test_who_leaves_later_or_whose_groups_are_done_stays_as_they_are(self, app, edition):
        later, past, off = a_group(edition), a_group(edition, days=1, begins=-400), a_group(edition, days=2)
        ada = a_signup(a_member(left=now().date() + timedelta(days=1)), later)
        gone = [a_member(left=now().date()), a_member(left=now().date())]
        done = [
            Signup(workgroup=group, member=member, signed_up_at=now(), seat=1)
            for group, member in zip((past, off), gone, strict=True)
        ]
        db.session.add_all(done)
        off.cancelled_at = now()
        the_worker_comes_by(app)
        assert ada.seat == 1 and [s.seat for s in done] == [1, 1]
        with time_machine.travel(now() + timedelta(days=1)):
            assert leavers.signups_of_leavers() == [ada]

    def test_the_place_stays_empty_once_the_second_meeting_has_begun(self, app, edition):
        group = a_group(edition, places=1, begins=5)
        ada, bo = a_signup(a_member(), group), a_signup(a_member("Bo"), group)
        ada.member.left = now().date()
        with time_machine.travel(group.meetings[1].starts_at + timedelta(hours=1)):
            the_worker_comes_by(app)
        assert ada.seat is None and bo.is_waiting and not letters("place_offered")

    def test_who_withdrew_meanwhile_is_left_alone(self, edition):
        ada = a_signup(a_member(left=now().date()), a_group(edition))
        rules.withdraw(ada)
        leavers.free_seat_of_leaver(ada)
        assert len(letters("withdrawn")) == 1 and not letters("left_group")
        assert not db.session.scalars(select(Entry)).all()


class TestOtherGroups:
    def test_alternatives_are_groups_of_the_theme_and_online_ones_on_other_dates(self, edition):
        theme, other = a_theme(edition, elected_at=now()), a_theme(edition, "Equality", elected_at=now())
        group = a_group(edition, theme)
        brussels = a_group(edition, theme, "brussel", days=1)
        online = a_group(edition, other, city=None, days=2)
        a_group(edition, theme, "luik")  # at the same hours
        a_group(edition, other, "gent", days=3)  # another theme, elsewhere
        a_group(edition, theme, "gent", days=1, cancelled_at=now())
        a_group(edition, theme, "gent", begins=-1)
        assert rules.alternatives(a_member(), group, group.meetings[1:2]) == [brussels, online]

    def test_my_groups_come_with_their_next_meeting(self, edition):
        ada, group = a_member(), a_group(edition)
        signup = a_signup(ada, group)
        rules.withdraw(a_signup(ada, a_group(edition, days=1)))
        assert rules.groups_of(ada.id) == [(signup, group.meetings[0])]
        with time_machine.travel(group.meetings[1].starts_at):
            assert rules.groups_of(ada.id) == [(signup, group.meetings[1])]


class TestReminders:
    def test_everybody_with_a_place_is_reminded_once_a_day_before(self, edition):
        group = a_group(edition, places=1, begins=5)
        ada = a_signup(a_member(), group)
        a_signup(a_member("Bo"), group)
        first = group.meetings[0].starts_at
        db.session.commit()
        with time_machine.travel(first - timedelta(hours=25)):
            assert reminding.remind() == 0
        with time_machine.travel(first - timedelta(hours=23)):
            worker.remind()
            worker.remind()
        with time_machine.travel(first + timedelta(hours=1)):
            assert reminding.remind() == 0
        assert [letter.member_id for letter in letters("meeting_reminder")] == [ada.member_id]
        with time_machine.travel(group.meetings[1].starts_at - timedelta(hours=1)):
            assert reminding.remind() == 1

    def test_a_moved_meeting_is_reminded_of_again_and_a_cancelled_group_is_not(self, edition):
        group = a_group(edition, begins=5)
        a_signup(a_member(), group)
        with time_machine.travel(group.meetings[0].starts_at - timedelta(hours=2)):
            assert reminding.remind() == 1
            group.meetings[0].sequence += 1
            assert reminding.remind() == 1
            group.meetings[0].sequence += 1
            group.cancelled_at = now()
            assert reminding.remind() == 0

    def test_the_worker_reminds_by_itself(self):
        assert worker.REGULAR["reminders"] is worker.remind
