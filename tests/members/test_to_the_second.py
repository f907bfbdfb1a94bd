"""How long a session, a code, a fresh signing-in and an asked act last: on which side of the limit the second lies."""

from datetime import timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import func, select

from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.members import factors, four_eyes, recovery, rules, sessions
from sipvote.members.models import SESSION_LIVES, SignIn
from tests.factories import a_board_member, a_member, an_organiser
from tests.reading import letters

pytestmark = pytest.mark.usefixtures("database")
SECOND = timedelta(seconds=1)
ROLES = frozenset({Role.ORGANISER})


@pytest.fixture
def clock():
    with time_machine.travel(now().replace(microsecond=0), tick=False) as clock:
        yield clock


@pytest.mark.parametrize("via", ["mail", "link", "card", "kiosk"])
def test_a_session_lasts_so_long_and_not_a_second_more(clock, via):
    ada, begun = a_member(), now()
    visitor = rules.begin_session(ada, via)
    db.session.commit()
    for moment, runs in ((begun + rules.lives(via) - SECOND, True), (begun + rules.lives(via), False)):
        clock.move_to(moment)
        assert (rules.session_of(visitor.sign_in_id) is not None) is runs
        assert [each.id for each in sessions.running(ada.id)] == [visitor.sign_in_id] * runs


def test_a_session_that_was_ended_runs_no_more_and_nobody_ends_another_ones(clock):
    ada, bert = a_member(), a_member("Bert Maes")
    mine, other = rules.begin_session(ada).sign_in_id, rules.begin_session(bert).sign_in_id
    assert not sessions.end(ada.id, other) and sessions.running(bert.id)
    assert sessions.end(ada.id, mine) and not sessions.running(ada.id)
    assert not sessions.end(ada.id, mine)


def test_signing_in_is_fresh_for_so_long(clock):
    begun, visitor = now(), rules.begin_session(a_member())
    for moment, is_fresh in ((begun, True), (begun + rules.FRESH - SECOND, True), (begun + rules.FRESH, False)):
        clock.move_to(moment)
        assert rules.is_fresh(visitor.sign_in_id) is is_fresh
    assert not rules.is_fresh(visitor.sign_in_id + 99)


def test_an_official_who_rests_so_long_is_signed_out(clock):
    begun, visitor = now(), rules.begin_session(an_organiser())
    db.session.commit()
    for moment, runs in ((begun + rules.OFFICIALS_IDLE, True), (begun + rules.OFFICIALS_IDLE + SECOND, False)):
        clock.move_to(moment)
        assert (rules.session_of(visitor.sign_in_id) is not None) is runs


def test_a_reason_for_refusing_is_kept_up_to_a_thousand_letters():
    dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
    asked = four_eyes.ask("grant", "member 1", dre.id, member="1", role="board", city=None)
    four_eyes.refuse(asked, fien.id, ROLES, "a" * 1001)
    assert asked.why == "a" * 1000


def test_what_is_over_is_forgotten_and_nothing_else(clock):
    begun, ada = now(), a_member()
    rules.begin_session(ada)
    db.session.add(SignIn(address="a@example.org", browser_hash="", language="en", asked_at=begun, tries=0))
    db.session.commit()
    for moment, forgotten in (
        (begun + SESSION_LIVES, 0), (begun + SESSION_LIVES + SECOND, 1),
        (begun + rules.SIGN_INS_KEPT, 0), (begun + rules.SIGN_INS_KEPT + SECOND, 1),
    ):  # fmt: skip
        clock.move_to(moment)
        assert rules.forget_old_sign_ins() == forgotten, moment - begun
    assert db.session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_an_address_that_lost_its_member_meanwhile_signs_nobody_in(clock):
    ada = a_member(email="ada@example.org")
    asked = SignIn(address="ada@example.org", browser_hash="", language="en", asked_at=now(), tries=0)
    db.session.add(asked)
    ada.email = "other@example.org"
    db.session.flush()
    with pytest.raises(Refused, match="no longer belongs to a member"):
        rules._begin(asked)


class TestAskedActs:
    @pytest.fixture
    def asked(self, clock):
        dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
        facts = {"member": a_member("Cas Stone", number="4711").number, "role": "board", "city": None}
        return four_eyes.ask("grant", "member 4711", dre.id, **facts), dre, fien

    def test_it_stands_for_so_long_and_not_a_second_more(self, clock, asked):
        act, _dre, fien = asked
        roles, begun = frozenset({Role.ORGANISER}), act.asked_at
        assert four_eyes.lapses(act) == begun + four_eyes.LIVES > begun
        for moment, stands in ((four_eyes.lapses(act) - SECOND, True), (four_eyes.lapses(act), False)):
            clock.move_to(moment)
            assert [each.id for each in four_eyes.standing(roles)] == [act.id] * stands
        with pytest.raises(Refused, match="no longer asked"):
            four_eyes.confirm(act, fien.id, roles)

    def test_it_is_asked_again_once_it_has_lapsed_and_not_before(self, clock, asked):
        act, dre, _fien = asked
        facts = dict(act.facts)
        clock.move_to(four_eyes.lapses(act) - SECOND)
        with pytest.raises(Refused, match="asked already"):
            four_eyes.ask("grant", "member 4711", dre.id, **facts)
        clock.move_to(four_eyes.lapses(act))
        again = four_eyes.ask("grant", "member 4711", dre.id, **facts)
        db.session.refresh(act)
        assert (act.outcome, act.ended_at) == ("lapsed", now()) and again.id != act.id

    def test_who_may_confirm_sees_it_and_who_may_not_does_not(self, asked):
        act, _dre, _fien = asked
        assert [each.id for each in four_eyes.standing(frozenset({Role.ORGANISER, Role.FACILITATOR}))] == [act.id]
        assert four_eyes.standing(frozenset({Role.SCRUTINEER})) == [] == four_eyes.standing(frozenset())

    def test_a_lone_official_cannot_ask(self, clock):
        dre = an_organiser()
        a_board_member()
        with pytest.raises(Refused, match="nobody else with your role"):
            four_eyes.ask("grant", "member 1", dre.id, member="1", role="board", city=None)

    def test_whoever_confirms_refuses_or_withdraws_stands_in_the_log_with_who_asked(self, clock, asked):
        act, dre, fien = asked
        roles = frozenset({Role.ORGANISER})
        with pytest.raises(Refused, match="Give a reason"):
            four_eyes.refuse(act, fien.id, roles, "  ")
        four_eyes.refuse(act, fien.id, roles, "Not now.")
        (letter,) = letters("refused_act")
        assert "Cas Stone" in letter.body and "Not now." in letter.body and "Fien Smet" in letter.body
        second = four_eyes.ask("grant", "member 4711", dre.id, **act.facts)
        four_eyes.refuse(second, dre.id, roles, "")
        third = four_eyes.ask("grant", "member 4711", dre.id, **act.facts)
        four_eyes.confirm(third, fien.id, roles)
        lines = db.session.execute(select(Entry.act, Entry.actor, Entry.subject, Entry.facts).order_by(Entry.id)).all()
        told = [(line[0], line[1], line[2]) for line in lines]
        assert told == [
            ("ask for act", dre.number, "member 4711"), ("refuse act", fien.number, "member 4711"),
            ("ask for act", dre.number, "member 4711"), ("withdraw act", dre.number, "member 4711"),
            ("ask for act", dre.number, "member 4711"), ("confirm act", fien.number, "member 4711"),
            ("grant", fien.number, "member 4711"),
        ]  # fmt: skip
        facts = [line[3] for line in lines]
        assert facts[1] == {"what": "grant", "asked_by": dre.number, "reason": "Not now."}
        assert facts[5] == {"what": "grant", "asked_by": dre.number}
        assert [each.outcome for each in (act, second, third)] == ["refused", "withdrawn", "done"]
        assert act.ended_by_id == fien.id and act.why == "Not now."


def told_since(line: int) -> list[tuple]:
    """What the log says from a line on: act, who, on whom, facts."""
    rows = select(Entry.act, Entry.actor, Entry.subject, Entry.facts).where(Entry.id > line).order_by(Entry.id)
    return [tuple(row) for row in db.session.execute(rows)]


class TestSecondSteps:
    def test_every_change_stands_in_the_log_and_its_owner_reads_of_it(self, clock):
        dre = an_organiser(number="3001")
        for name in ("Old phone", "New phone"):
            begun = factors.begin_app(dre.id)
            begun.name = name
            factors.finish_app(dre, pyotp.TOTP(factors.secret_of(begun)).at(now()))
            clock.shift(timedelta(minutes=1))
        old, new = factors.of_member(dre.id)
        factors.rename(new, dre, "Blue phone")
        factors.drop(old, dre)
        who = ("3001", "member 3001", {"kind": "app"})
        assert told_since(0) == [
            ("add factor", *who), ("add factor", *who), ("rename factor", *who), ("drop factor", *who)
        ]  # fmt: skip
        added, again, dropped = letters("factor")
        assert "set up for you" in added.subject == again.subject and "New phone" in again.body
        assert "taken away" in dropped.subject and "Old phone" in dropped.body
        with pytest.raises(Refused, match="only second step"):
            factors.drop(new, dre)

    def test_what_an_app_reads_names_the_member_by_mail_address_or_number(self):
        for member, name in ((an_organiser(email="dre@example.org"), "dre%40example.org"),
                             (an_organiser(email=None, number="3001"), "3001")):  # fmt: skip
            begun = factors.begin_app(member.id)
            assert f":{name}?secret={factors.secret_of(begun)}&" in factors.uri(begun, member)


class TestRecovery:
    @pytest.fixture
    def lost(self, clock):
        """An organiser who has lost their second step, and the two who may help."""
        ada = an_organiser(number="3001")
        factors.begin_app(ada.id).proved_at = now()
        fien = a_member("Fien Smet", "gent", Role.ORGANISER, number="3002")
        return ada, fien, a_board_member(number="3003")

    def test_it_is_asked_three_times_a_day_each_for_oneself(self, clock, lost):
        ada, fien, _board = lost
        for _ask in range(recovery.ASKS_A_DAY):
            recovery.ask(ada, ROLES)
            recovery.withdraw(ada)
        with pytest.raises(Refused, match="three times today"):
            recovery.ask(ada, ROLES)
        factors.begin_app(fien.id).proved_at = now()
        assert recovery.ask(fien, ROLES)
        clock.shift(timedelta(days=1))
        assert recovery.ask(ada, ROLES)

    def test_two_confirm_and_then_a_day_is_left_to_set_up_a_new_one(self, clock, lost):
        ada, fien, chloe = lost
        asked = recovery.ask(ada, ROLES)
        clock.shift(recovery.LIVES - SECOND)
        assert recovery.confirm(asked, fien.id) is False
        assert recovery.confirm(asked, chloe.id) is True
        assert recovery.set_up_until(ada.id) == now() + recovery.SET_UP
        assert told_since(1) == [
            ("confirm recovery", "3002", "member 3001", {}), ("confirm recovery", "3003", "member 3001", {}),
            ("reset factors", "3003", "member 3001", {"way": "two others"}),
        ]  # fmt: skip

    def test_after_its_days_nobody_confirms_it(self, clock, lost):
        ada, fien, _chloe = lost
        asked = recovery.ask(ada, ROLES)
        clock.shift(recovery.LIVES)
        with pytest.raises(Refused, match="no longer asked"):
            recovery.confirm(asked, fien.id)

    def test_other_lines_of_the_log_are_no_askings(self, lost):
        ada, *_others = lost
        for name in ("One", "Two", "Three"):
            factors.rename(factors.of_member(ada.id)[0], ada, name)
        asked = recovery.ask(ada, ROLES)
        assert recovery.lapses(asked) == asked.asked_at + recovery.LIVES

    def test_a_reason_is_kept_up_to_a_thousand_letters(self, lost):
        ada, fien, _chloe = lost
        recovery.refuse(recovery.ask(ada, ROLES), fien.id, "a" * 1001)
        assert told_since(1) == [("refuse recovery", "3002", "member 3001", {"reason": "a" * 1000})]

    def test_the_day_to_set_up_a_new_one_ends_to_the_second(self, clock, lost):
        ada, fien, chloe = lost
        asked = recovery.ask(ada, ROLES)
        recovery.confirm(asked, fien.id), recovery.confirm(asked, chloe.id)
        until = now() + recovery.SET_UP
        for moment, may in ((until - SECOND, True), (until + SECOND, False)):
            clock.move_to(moment)
            assert (recovery.why_not_set_up(ada.id) is None) is may

    def test_who_asked_withdraws_once(self, lost):
        ada, *_others = lost
        recovery.withdraw(ada)
        assert told_since(0) == []
        recovery.ask(ada, ROLES)
        for _click in range(2):
            recovery.withdraw(ada)
        assert [line[:3] for line in told_since(1)] == [("withdraw recovery", "3001", "member 3001")]


class TestAskingForACode:
    def test_a_letter_leaves_for_each_who_asked_in_time_and_is_known(self, clock):
        a_member(email="ada@example.org"), a_member(email="bas@example.org")
        for address in ("ada@example.org", "bas@example.org", "nobody@example.org"):
            rules.ask_sign_in(address, "browser", "en", None)
        assert rules.mail_sign_ins() == 2 and rules.mail_sign_ins() == 0
        rules.ask_sign_in("ada@example.org", "browser", "en", None)
        clock.shift(rules.SIGN_IN_LIVES)
        assert rules.mail_sign_ins() == 0

    def test_three_are_asked_for_in_a_quarter_of_an_hour(self, clock):
        begun = now()
        for _ask in range(rules.MAILS_AT_MOST):
            rules.ask_sign_in("ada@example.org", "browser", "en", None)
        for moment, may in ((begun + rules.MAILS_WITHIN - SECOND, False), (begun + rules.MAILS_WITHIN, True)):
            clock.move_to(moment)
            if may:
                assert rules.ask_sign_in("ada@example.org", "browser", "en", None)
            else:
                with pytest.raises(Refused, match="asked for several codes"):
                    rules.ask_sign_in("ada@example.org", "browser", "en", None)

    def test_only_what_was_asked_for_since_a_moment_ends_when_a_clock_is_set_back(self, clock):
        first = rules.ask_sign_in("ada@example.org", "browser", "en", None)
        clock.shift(timedelta(minutes=1))
        second = rules.ask_sign_in("bas@example.org", "browser", "en", None)
        rules.end_sign_ins(first.asked_at)
        db.session.expire_all()
        assert first.ended_at is None and second.ended_at is not None
        rules.end_sign_ins()
        db.session.expire_all()
        assert first.ended_at is not None
