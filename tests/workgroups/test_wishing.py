"""Wishing: ranking groups, saying when, promising; every step kept, and only a promise counts."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.editions.models import Phase, SignUpWay
from sipvote.errors import Refused
from sipvote.i18n import in_language
from sipvote.mail import Letter
from sipvote.workgroups import forming, rules, slots, ways, wish_slots, wished, wishing
from sipvote.workgroups.models import Mode
from sipvote.workgroups.wish_models import Assignment, Coming, WishList
from tests.factories import (
    a_facilitator,
    a_group,
    a_group_to_wish,
    a_member,
    a_signup,
    a_theme,
    a_wishing_edition,
    an_edition,
    kept,
    some_wishes,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def edition(database):
    return a_wishing_edition()


def slot_ids(group):
    return [c.slot_id for c in slots.candidates_of([group])]


def told_all(edition):
    digest = "0" * 64
    kept(Assignment(edition=edition, frozen_at=now(), wishes_hash=digest, draw="1", drawn_at=now(), told_at=now()))


class TestWhen:
    def test_members_wish_in_sign_up_until_the_deadline(self, edition):
        ada = a_member()
        assert wishing.why_not_wish(ada, edition) is None
        with time_machine.travel(edition.signup_at - timedelta(minutes=1)):
            assert "can wish groups from" in wishing.why_not_wish(ada, edition)
        with time_machine.travel(edition.wishes_until):
            assert "could be given until" in wishing.why_not_wish(ada, edition)

    def test_in_the_direct_way_nobody_wishes(self):
        edition = an_edition(Phase.SIGNUP)
        group = a_group(edition)
        assert "directly" in wishing.why_not_wish(a_member(), edition)
        with pytest.raises(Refused, match="directly"):
            wishing.choose(a_member(), edition, [group.id])

    def test_who_left_the_cooperative_cannot_wish(self, edition):
        assert "Only members" in wishing.why_not_wish(a_member(left=(now() - timedelta(days=1)).date()), edition)

    def test_until_everybody_is_told_nobody_takes_a_place_directly(self, edition):
        group = a_group(edition)
        assert "given by wishes" in rules.why_not_open(group)
        with time_machine.travel(edition.wishes_until + timedelta(hours=1)):
            assert "once everybody knows" in rules.why_not_open(group)
        told_all(edition)
        assert rules.why_not_open(group) is None
        assert a_signup(a_member(), group).has_place

    def test_a_group_without_dates_is_never_open(self):
        group = a_group(an_edition(Phase.SIGNUP))
        group.meetings = []
        db.session.flush()
        assert "not chosen yet" in rules.why_not_open(group)


class TestChoosing:
    def test_groups_are_kept_in_their_order_and_may_be_exchanged(self, edition):
        ada = a_member()
        one, two, three = (a_group_to_wish(edition, city=city) for city in ("gent", "luik", None))
        wishing.choose(ada, edition, [one.id, two.id])
        wishing.choose(ada, edition, [two.id, one.id, three.id])
        found = wished.list_of(ada.id, edition)
        assert [(w.rank, w.workgroup) for w in found.wishes] == [(1, two), (2, one), (3, three)]
        assert found.pledged_at is None and not found.counts
        assert db.session.scalar(select(func.count()).select_from(WishList)) == 1

    def test_a_group_is_wished_once_and_at_most_three_are(self, edition):
        ada, groups = a_member(), [a_group_to_wish(edition, days=n) for n in range(4)]
        for wrong, says in (([], "at least one"), ([groups[0].id] * 2, "twice"), ([g.id for g in groups], "at most 3")):
            with pytest.raises(Refused, match=says):
                wishing.choose(ada, edition, wrong)

    def test_nobody_wishes_a_group_they_lead(self, edition):
        bas = a_facilitator()
        group = a_group_to_wish(edition, facilitators=[bas])
        with pytest.raises(Refused, match="You lead this group"):
            wishing.choose(bas, edition, [group.id])
        assert wishing.choose(a_member(), edition, [group.id]).wishes

    def test_a_theme_prolonged_in_france_is_wished_there(self, edition):
        old = a_theme(an_edition(Phase.STOCKTAKE, year=2025), elected_at=now())
        theme = a_theme(edition, prolonged_from=old, prolonged_country="FR")
        group = a_group_to_wish(edition, theme, "lille")
        with pytest.raises(Refused, match="in France only"):
            wishing.choose(a_member(), edition, [group.id])
        assert wishing.choose(a_member(city="lille"), edition, [group.id]).wishes

    def test_groups_without_dates_cancelled_and_of_other_years_are_not_wished(self, edition):
        ada = a_member()
        bare, gone = a_group_to_wish(edition, dates=0), a_group_to_wish(edition, days=1)
        gone.cancelled_at = now()
        other = a_group(an_edition(Phase.STOCKTAKE, year=2020))
        for group, says in (
            (bare, "No dates are proposed"),
            (gone, "not there any more"),
            (other, "not there any more"),
        ):
            with pytest.raises(Refused, match=says):
                wishing.choose(ada, edition, [group.id])


class TestTicking:
    def test_what_is_ticked_is_kept_and_what_is_not_cannot_be(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        ids = slot_ids(group)
        wishing.choose(ada, edition, [group.id])
        wishing.tick(ada, edition, {ids[0]: Coming.ON_SITE, ids[1]: Coming.ONLINE})
        found = wishing.tick(ada, edition, {ids[1]: Coming.EITHER, ids[2]: Coming.ONLINE})
        assert {a.slot_id: a.way for a in found.availability} == {ids[1]: "either", ids[2]: "online"}

    def test_a_slot_of_a_group_that_is_not_wished_is_not_kept(self, edition):
        ada, group, other = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, days=1)
        wishing.choose(ada, edition, [group.id])
        found = wishing.tick(ada, edition, {slot_ids(other)[0]: Coming.EITHER, 99999: Coming.EITHER})
        assert found.availability == []

    def test_two_groups_that_share_a_slot_ask_once(self, edition):
        ada, one, two = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, city="luik")
        found = some_wishes(ada, one, two)
        assert slot_ids(one) == slot_ids(two) and len(found.availability) == 6
        assert [fit.can for fit in wished.fits(found)] == [6, 6]


class TestFits:
    def test_a_wish_with_fewer_than_five_dates_cannot_be_kept_and_says_so(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        wishing.choose(ada, edition, [group.id])
        four = wishing.tick(ada, edition, dict.fromkeys(slot_ids(group)[:4], Coming.EITHER))
        (fit,) = wished.fits(four)
        assert (fit.dates, fit.can, fit.is_possible) == (6, 4, False)
        assert "5 times, and you could come on 4 dates" in fit.why_not and "cannot be kept" in fit.why_not
        five = wishing.tick(ada, edition, dict.fromkeys(slot_ids(group)[:5], Coming.EITHER))
        assert wished.fits(five)[0].why_not is None

    def test_the_days_between_meetings_count(self):
        edition = a_wishing_edition(days_apart=14)
        (fit,) = wished.fits(some_wishes(a_member(), a_group_to_wish(edition, dates=9), way=Coming.EITHER))
        assert (fit.can, fit.most, fit.why_not) == (9, 5, None)
        (fit,) = wished.fits(some_wishes(a_member("Bo"), a_group_to_wish(edition, dates=8, days=1), pledged=False))
        assert (fit.can, fit.most) == (8, 4) and "14 days apart" in fit.why_not

    def test_a_group_meets_in_one_way_so_on_site_and_online_are_not_added(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        ids = slot_ids(group)
        slots.change_modes(group, ids, [Mode.ON_SITE, Mode.ONLINE], None)
        wishing.choose(ada, edition, [group.id])
        mixed = {slot: Coming.ON_SITE if n % 2 else Coming.ONLINE for n, slot in enumerate(ids)}
        (fit,) = wished.fits(wishing.tick(ada, edition, mixed))
        assert (fit.can, fit.most, fit.is_possible) == (6, 3, False)
        slots.change_modes(group, ids, list(Mode), None)  # hybrid: both can come
        assert wished.fits(wished.list_of(ada.id, edition))[0].is_possible


class TestPledging:
    def test_only_a_promise_makes_a_list_count_and_it_is_confirmed_by_mail(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        draft = some_wishes(ada, group, pledged=False)
        assert not draft.counts
        assert wishing.pledge(ada, edition).counts
        (letter,) = db.session.scalars(select(Letter)).all()
        assert letter.name == "wishes_in" and "6 of 6 dates" in letter.body

    @pytest.mark.parametrize(
        ("language", "says"),
        [
            ("en", ("on none of its dates", "on 1 of 6 dates", "on its only date")),
            ("nl", ("op geen enkele datum komen", "op 1 van 6 data", "op de enige datum")),
            ("fr", ("venir à aucune date", "à 1 date sur 6", "à la seule date")),
        ],
    )
    def test_the_letter_counts_dates_as_people_say_it(self, edition, language, says):
        edition.meetings = 1
        groups = [a_group_to_wish(edition, dates=n, days=d) for d, n in enumerate((6, 6, 1))]
        ada, ids = a_member(language=language), [slot_ids(g) for g in groups]
        wishing.choose(ada, edition, [g.id for g in groups])
        wishing.tick(ada, edition, {ids[1][0]: Coming.EITHER, ids[2][0]: Coming.EITHER})
        wishing.pledge(ada, edition)
        lines = db.session.scalars(select(Letter.body)).one().splitlines()
        told = [line for line in lines if line[:2] in ("1.", "2.", "3.")]
        assert [words in line for words, line in zip(says, told, strict=True)] == [True] * 3
        with in_language("fr"):
            assert "0 date" not in (wished.fits(wished.list_of(ada.id, edition))[0].why_not or "0 date")

    def test_a_second_click_changes_nothing_and_writes_nothing(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        first = some_wishes(ada, group).pledged_at
        assert wishing.pledge(ada, edition).pledged_at == first
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 1

    def test_a_list_that_no_group_could_keep_is_not_sent(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        wishing.choose(ada, edition, [group.id])
        with pytest.raises(Refused, match="None of your wishes"):
            wishing.pledge(ada, edition)
        with pytest.raises(Refused, match="at least one group"):
            wishing.pledge(a_member("Bo"), edition)

    def test_a_change_keeps_the_promise_as_long_as_it_can_count(self, edition):
        ada, group, other = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, days=1)
        some_wishes(ada, group)
        assert wishing.choose(ada, edition, [other.id, group.id]).counts
        assert wishing.tick(ada, edition, dict.fromkeys(slot_ids(group)[:5], Coming.ONLINE)).counts
        assert not wishing.tick(ada, edition, dict.fromkeys(slot_ids(group)[:4], Coming.ONLINE)).counts

    def test_a_promise_forgets_dates_that_nobody_asks_about(self, edition):
        ada, group, other = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, days=1)
        some_wishes(ada, other, pledged=False)
        found = some_wishes(ada, group)
        assert {a.slot_id for a in found.availability} == set(slot_ids(group))

    def test_a_withdrawal_can_be_undone_until_the_deadline(self, edition):
        ada = a_member()
        found = some_wishes(ada, a_group_to_wish(edition))
        wishing.withdraw(ada, edition)
        assert not found.counts
        wishing.undo_withdrawal(ada, edition)
        assert found.counts
        wishing.withdraw(ada, edition)
        with time_machine.travel(edition.wishes_until), pytest.raises(Refused, match="could be given until"):
            wishing.undo_withdrawal(ada, edition)

    def test_who_begins_again_after_withdrawing_has_a_draft(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        some_wishes(ada, group)
        wishing.withdraw(ada, edition)
        again = wishing.choose(ada, edition, [group.id])
        assert again.withdrawn_at is None and not again.counts

    def test_after_the_deadline_nothing_changes(self, edition):
        ada, group = a_member(), a_group_to_wish(edition)
        some_wishes(ada, group, pledged=False)
        with time_machine.travel(edition.wishes_until):
            for act in (
                lambda: wishing.choose(ada, edition, [group.id]), lambda: wishing.tick(ada, edition, {}),
                lambda: wishing.pledge(ada, edition), lambda: wishing.withdraw(ada, edition),
            ):  # fmt: skip
                with pytest.raises(Refused, match="could be given until"):
                    act()


class TestReminding:
    def test_who_began_and_did_not_send_is_reminded_once_two_days_before(self, edition):
        group = a_group_to_wish(edition)
        some_wishes(a_member("Ada"), group, pledged=False)
        some_wishes(a_member("Bo"), group)
        some_wishes(a_member("Cem"), group, pledged=False).withdrawn_at = now()
        assert wishing.remind() == 0
        with time_machine.travel(edition.wishes_until - timedelta(days=2)):
            assert (wishing.remind(), wishing.remind()) == (1, 0)
        reminders = db.session.scalars(select(Letter).where(Letter.name == "wishes_reminder")).all()
        assert [r.address.startswith("ada") for r in reminders] == [True]

    def test_after_the_deadline_nobody_is_reminded(self, edition):
        some_wishes(a_member(), a_group_to_wish(edition), pledged=False)
        with time_machine.travel(edition.wishes_until):
            assert wishing.remind() == 0


def test_access_needs_are_deleted_once_the_groups_have_met(edition):
    ada, group = a_member(), a_group_to_wish(edition)
    some_wishes(ada, group, pledged=False)
    wishing.tell_needs(ada, edition, "A ramp")
    wishing.forget_needs()
    assert wished.list_of(ada.id, edition).access_needs == "A ramp"
    with time_machine.travel(edition.recommendations_at):
        wishing.forget_needs()
    db.session.expire_all()
    assert wished.list_of(ada.id, edition).access_needs == ""


class TestSettings:
    def fault(self, edition, **settings):
        found = wishing.why_not_settings(edition, {"sign_up_way": edition.sign_up_way, **settings})
        return found and ": ".join(found)

    def test_the_way_of_sign_up_stays_once_somebody_came(self, edition):
        assert self.fault(edition, sign_up_way=SignUpWay.DIRECT) is None
        group = a_group_to_wish(edition)
        assert "made for the other way" in self.fault(edition, sign_up_way=SignUpWay.DIRECT)
        wishing.choose(a_member(), edition, [group.id])
        assert "sign_up_way: Somebody signed up or wished" in self.fault(edition, sign_up_way=SignUpWay.DIRECT)
        direct = an_edition(Phase.SIGNUP, year=2030)
        a_signup(a_member("Bo"), a_group(direct))
        assert "Somebody signed up" in self.fault(direct, sign_up_way=SignUpWay.WISHES)

    def test_the_deadline_stays_once_the_wishes_are_frozen(self, edition):
        later = {"wishes_until": edition.wishes_until + timedelta(hours=1)}
        assert self.fault(edition, **later) is None
        told_all(edition)
        assert "wishes_until: The wishes are frozen" in self.fault(edition, **later)
        assert not ways.takes_wishes(edition)


class TestCancelledGroups:
    def test_who_wishes_a_group_that_is_called_off_gets_a_mail(self, edition):
        bas = a_facilitator()
        group = a_group_to_wish(edition, facilitators=[bas])
        ada, bo, cem = (a_member(name) for name in ("Ada", "Bo", "Cem"))
        some_wishes(ada, group)
        some_wishes(bo, group, pledged=False)
        some_wishes(cem, group)
        wishing.withdraw(cem, edition)
        forming.cancel(group, None)
        mails = db.session.scalars(select(Letter).where(Letter.name == "group_cancelled")).all()
        assert {m.member_id for m in mails} == {bas.id, ada.id, bo.id} and not any(m.calendar for m in mails)

    def test_a_list_lives_on_with_the_groups_that_stand(self, edition):
        ada, group, other = a_member(), a_group_to_wish(edition), a_group_to_wish(edition, days=1)
        found = some_wishes(ada, group, other)
        forming.cancel(group, None)
        assert wishing.why_not_pledge(found) is None
        assert {a.slot.id for a in wish_slots.asked_of(found)} == set(slot_ids(other))
        forming.cancel(other, None)
        assert "were cancelled" in wishing.why_not_pledge(found)


def test_a_group_without_dates_moves_house_without_a_mail(edition):
    group = a_group_to_wish(edition, facilitators=[a_facilitator()])
    plan = forming.Plan(
        group.theme, group.cities, group.mode, ["nl"], 10, group.facilitators, "Kouter 1", "", [], 0, minimum=4
    )
    assert forming.change(group, plan, None) == []
    assert (group.venue, group.minimum, db.session.scalar(select(Letter.id))) == ("Kouter 1", 4, None)
