"""Everybody is given a group: the wishes are frozen, the lot is drawn, groups are mended, everybody is told once."""

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import delete, func, select

from sipvote import mail
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Edition, SignUpWay
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.workgroups import forming, merging, placing, pledges, reasons, rules, telling, ways
from sipvote.workgroups.assignment import TooFew, Why
from sipvote.workgroups.models import Mode, Signup, Workgroup
from sipvote.workgroups.placing import Bar
from sipvote.workgroups.pledges import Book
from sipvote.workgroups.wish_models import Assignment, Availability, Coming, Wish, WishList
from tests.factories import (
    a_facilitator,
    a_group_with_slots,
    a_member,
    a_slot,
    a_theme,
    a_wish_list,
    a_year_of_wishes,
)
from tests.queries import counted
from tests.workgroups.test_race import at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def edition():
    return a_year_of_wishes()


@pytest.fixture
def theme(edition):
    return a_theme(edition, elected_at=now())


def drawn(edition, mixes=False):
    """Freeze the wishes and draw the lot."""
    placing.freeze(edition, mixes, None)
    placing.draw(edition, "31 4159", None)
    return ways.assignment_of(edition)


def tell(edition, keep=False):
    found = telling.tell(edition, placing.outcome(edition, keep).seal, keep, None)
    db.session.flush()
    db.session.expire_all()
    return found


class TestFreezing:
    def test_the_hash_is_the_same_in_whatever_order_rows_stand(self, edition, slots):
        group, other = (a_group_with_slots(edition, slots) for _n in range(2))
        lists = [a_wish_list(a_member(f"M{n}"), group, other, slots=slots) for n in range(3)]
        before = pledges.fingerprint(edition)
        members = [w.member for w in lists]
        db.session.execute(delete(WishList))
        db.session.expire_all()
        for member in reversed(members):
            a_wish_list(member, group, other, slots=slots[::-1])
        assert pledges.fingerprint(edition) == before
        assert before == sha256(pledges.canonical(edition).encode()).hexdigest()

    def test_the_text_that_is_hashed_is_what_its_docstring_says(self, edition):
        slot = a_slot(edition, 1)
        group = a_group_with_slots(edition, [slot])
        ada = a_member()
        a_wish_list(ada, group, slots=[slot], way=Coming.ONLINE)
        begins, ends = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (slot.starts_at, slot.ends_at))
        assert pledges.canonical(edition) == (
            f'{{"edition":2026,"lists":[[{ada.id},[{group.id}],[[{slot.id},"online"]]]],'
            f'"slots":[[{slot.id},"{begins}","{ends}"]]}}'
        )

    @pytest.mark.parametrize("change", ["rank", "way", "tick", "withdrawn", "slot"])
    def test_any_change_of_a_list_changes_the_hash(self, edition, slots, change):
        group, other = (a_group_with_slots(edition, slots) for _n in range(2))
        mine = a_wish_list(a_member(), group, other, slots=slots)
        a_wish_list(a_member(), group, slots=slots)
        placing.freeze(edition, True, None)
        assert placing.is_unchanged(edition)
        if change == "rank":
            db.session.execute(delete(Wish).where(Wish.wish_list_id == mine.id, Wish.rank == 1))
        if change == "way":
            mine.availability[0].way = Coming.ONLINE
        if change == "tick":
            db.session.execute(delete(Availability).where(Availability.slot_id == slots[0].id))
        if change == "withdrawn":
            mine.withdrawn_at = now()
        if change == "slot":
            slots[0].ends_at += timedelta(hours=1)
        db.session.flush()
        assert not placing.is_unchanged(edition)
        with pytest.raises(Refused, match="not the ones that were frozen"):
            placing.draw(edition, "123456", None)

    def test_who_leaves_the_cooperative_does_not_change_the_hash_but_gets_no_place(self, edition, slots):
        group = a_group_with_slots(edition, slots, dates=True)
        ada, bob = a_member("Ada"), a_member("Bob")
        a_wish_list(ada, group, slots=slots)
        a_wish_list(bob, group, slots=slots)
        drawn(edition)
        ada.left = now().date()
        db.session.flush()
        assert placing.is_unchanged(edition)
        tell(edition)
        assert db.session.scalars(select(Signup.member_id)).all() == [bob.id]
        assert telling.lists_of(edition, ada.id)[0].why is None

    def test_wishes_are_frozen_once_and_not_before_the_deadline(self, edition, slots):
        assert "Nobody has pledged" in placing.why_not_freeze(edition)
        a_wish_list(a_member(), a_group_with_slots(edition, slots), slots=slots)
        edition.wishes_until = now() + timedelta(days=1)
        assert "Members can change their wishes until" in placing.why_not_freeze(edition)
        edition.wishes_until = now() - timedelta(days=1)
        placing.freeze(edition, True, None)
        with pytest.raises(Refused, match="frozen already"):
            placing.freeze(edition, True, None)
        edition.sign_up_way = SignUpWay.DIRECT
        assert "sign up directly" in placing.why_not_freeze(edition)

    def test_freezing_is_taken_back_only_before_the_draw(self, edition, slots):
        a_wish_list(a_member(), a_group_with_slots(edition, slots), slots=slots)
        placing.freeze(edition, True, None)
        placing.unfreeze(edition, None)
        assert ways.assignment_of(edition) is None
        drawn(edition)
        with pytest.raises(Refused, match="stay frozen"):
            placing.unfreeze(edition, None)

    def test_freezing_is_not_taken_back_while_a_group_is_closed_that_nobody_could_open_then(self, edition, slots):
        group = a_group_with_slots(edition, slots)
        a_wish_list(a_member(), group, slots=slots)
        placing.freeze(edition, True, None)
        merging.close(group, None)
        with pytest.raises(Refused, match="closed or merged since"):
            placing.unfreeze(edition, None)
        merging.reopen(group, None)
        placing.unfreeze(edition, None)
        assert ways.assignment_of(edition) is None

    def test_while_wishes_are_frozen_a_group_is_closed_without_letters_that_nothing_could_undo(self, edition, slots):
        group, other = (a_group_with_slots(edition, slots, facilitators=[a_facilitator()]) for _n in range(2))
        a_wish_list(a_member(), group, other, slots=slots)
        drawn(edition)
        with pytest.raises(Refused, match="Close this group where everybody is given a group"):
            forming.cancel(group, None)
        assert group.cancelled_at is None and not db.session.scalar(select(func.count()).select_from(Letter))
        tell(edition)
        forming.cancel(group, None)
        assert group.cancelled_at

    def test_two_organisers_freeze_at_the_same_moment(self, app, edition, slots):
        a_wish_list(a_member(), a_group_with_slots(edition, slots), slots=slots)
        id = edition.id
        freeze = lambda: placing.freeze(db.session.get_one(Edition, id), True, None) and None  # noqa: E731
        outcomes = at_once(app, [freeze] * 4)
        assert outcomes.count(None) == 1 and sum(isinstance(o, Refused) for o in outcomes) == 3


class TestTheLot:
    def test_it_takes_six_to_forty_digits_and_is_drawn_once(self, edition, slots):
        with pytest.raises(Refused, match="Freeze the wishes first"):
            placing.draw(edition, "123456", None)
        a_wish_list(a_member(), a_group_with_slots(edition, slots), slots=slots)
        placing.freeze(edition, True, None)
        for wrong in ("12345", "1" * 41, "six dice", ""):
            with pytest.raises(Refused, match="6 to 40 digits"):
                placing.draw(edition, wrong, None)
        placing.draw(edition, "3, 1, 4, 1, 5, 9", None)
        assert ways.assignment_of(edition).draw == "314159"
        with pytest.raises(Refused, match="drawn already"):
            placing.draw(edition, "271828", None)

    def test_nothing_depends_on_it_before_it_is_drawn(self, edition, slots):
        a_wish_list(a_member(), a_group_with_slots(edition, slots, dates=True), slots=slots)
        frozen = placing.freeze(edition, True, None)
        for ask in (lambda: placing.outcome(edition), lambda: placing.mark(frozen, 1)):
            with pytest.raises(Refused, match="not drawn yet"):
                ask()

    def test_its_mark_can_be_worked_out_and_decides_between_equals(self, edition, slots):
        group = a_group_with_slots(edition, slots, dates=True, places=1, minimum=1)
        people = [a_member(f"M{n}") for n in range(4)]
        for member in people:
            a_wish_list(member, group, slots=slots)
        frozen = drawn(edition)
        marks = {m.id: sha256(f"{frozen.wishes_hash}:314159:{m.id}".encode()).hexdigest() for m in people}
        first = min(marks, key=marks.get)
        found = placing.outcome(edition)
        assert [p.pledge.member_id for p in found.given(group)] == [first]
        assert {p.why for p in found.left_out(group)} == {Why.LOT}
        assert placing.turn(frozen, first) == (1, 4)
        assert sorted(placing.turn(frozen, m.id)[0] for m in people) == [1, 2, 3, 4]


class TestTheOutcome:
    def test_lists_are_restricted_to_groups_that_one_could_come_to(self, edition, slots):
        suits, elsewhere, closed = (a_group_with_slots(edition, slots, dates=True) for _n in range(3))
        undated = a_group_with_slots(edition, slots)
        own = a_group_with_slots(edition, [a_slot(edition, day) for day in (3, 10)], dates=True)
        elsewhere.mode, closed.cancelled_at = Mode.ONLINE, now()
        ada, bob = a_facilitator(), a_member("Bob")
        own.facilitators = [ada]
        a_wish_list(ada, elsewhere, own, undated, slots=slots[:2], way=Coming.ON_SITE)
        a_wish_list(bob, closed, elsewhere, suits, slots=slots[:2], way=Coming.ON_SITE)
        book = Book(edition)
        bars = [[w.bar for w in placing.wishes_of(book, p)] for p in book.pledges]
        assert bars == [[Bar.DATES, Bar.LEADS, Bar.NO_DATES], [Bar.CLOSED, Bar.DATES, None]]
        drawn(edition)
        found = placing.outcome(edition)
        assert [(p.group_id, p.rank) for p in found.people] == [(None, None), (suits.id, 3)]
        assert found.people[0].obstacle == "dates"
        assert (found.placed, found.with_rank(3), found.without("dates"), found.without("full")) == (1, 1, 1, 0)

    def test_nobody_is_given_a_group_at_the_hour_of_one_that_they_lead(self, edition, slots):
        bas = a_facilitator()
        a_group_with_slots(edition, slots, dates=True, facilitators=[bas])
        wished = a_group_with_slots(edition, slots, dates=True)
        a_wish_list(bas, wished, slots=slots)
        drawn(edition)
        assert placing.outcome(edition).placed == 0

    def test_missing_one_date_is_enough_not_to_fit(self, edition, slots):
        group = a_group_with_slots(edition, slots, dates=True)
        a_wish_list(a_member(), group, slots=slots[:1])
        a_wish_list(a_member(), group, slots=slots[:2])
        drawn(edition)
        assert [p.group_id for p in placing.outcome(edition).people] == [None, group.id]

    def test_minima_are_reported_kept_or_proved_impossible(self, edition, slots):
        popular = a_group_with_slots(edition, slots, dates=True, places=5)
        small = a_group_with_slots(edition, slots, dates=True, minimum=2, city="luik")
        for n in range(4):
            a_wish_list(a_member(f"M{n}"), popular, small, slots=slots)
        drawn(edition)
        assert placing.outcome(edition).below == [small]
        kept = placing.outcome(edition, keep=True)
        assert [len(kept.given(g)) for g in (popular, small)] == [2, 2] and kept.below == []
        small.minimum = popular.minimum = 3
        db.session.flush()
        with pytest.raises(TooFew) as fault:
            placing.outcome(edition, keep=True)
        assert placing.too_few(Book(edition), fault.value) == [
            "Guidance (Ghent) and Guidance (Liège) need 6 people together, but only 4 could come."
        ]


class TestMending:
    @pytest.fixture
    def groups(self, edition, slots, theme):
        """A small group and a large one of a theme, on other dates, with the lot drawn."""
        small = a_group_with_slots(edition, slots[:2], theme=theme, dates=True, city="luik")
        large = a_group_with_slots(edition, slots[1:], theme=theme, dates=True)
        a_wish_list(a_member("Ada"), small, large, slots=slots)
        for n in range(2):
            a_wish_list(a_member(f"M{n}"), large, slots=slots)
        a_wish_list(a_member("Eve"), small, slots=slots[:2], way=Coming.ONLINE)
        drawn(edition)
        return small, large

    def test_three_proposals_say_whom_they_would_serve(self, edition, groups):
        small, large = groups
        found = placing.outcome(edition)
        [proposal] = merging.proposals(Book(edition), found)
        assert (proposal.group, proposal.wishing, proposal.could_come, proposal.given) == (small, 2, 1, 1)
        assert [(t.group, t.could_come) for t in proposal.targets] == [(large, 1)]
        assert proposal.more_online == 1
        assert [p.given for p in merging.proposals(Book(edition), None)] == [None]

    def test_merging_lets_wishes_count_for_the_other_and_is_undone(self, edition, groups):
        small, large = groups
        merging.merge(small, large, None)
        found = placing.outcome(edition)
        assert [p.rank for p in found.given(large)] == [1, 1, 1]
        assert [[(w.rank, w.group_id, w.bar) for w in p.wishes] for p in found.people if p.group_id is None] == [
            [(1, large.id, Bar.DATES)]
        ]
        assert merging.closed(Book(edition)) == [small]
        merging.reopen(small, None)
        assert (small.cancelled_at, small.merged_into_id) == (None, None)
        assert len(placing.outcome(edition).given(small)) == 1
        assert placing.is_unchanged(edition)

    def test_a_group_is_merged_only_into_one_of_its_theme_that_meets(self, edition, groups, slots, theme):
        small, large = groups
        stranger, undated = a_group_with_slots(edition, slots, dates=True), a_group_with_slots(edition, [], theme=theme)
        for target, why in ((stranger, "same theme"), (small, "same theme"), (undated, "no dates yet")):
            with pytest.raises(Refused, match=why):
                merging.merge(small, target, None)
        merging.close(large, None)
        with pytest.raises(Refused, match="was cancelled"):
            merging.merge(small, large, None)

    def test_a_chain_of_mergers_counts_for_its_end(self, edition, groups, slots, theme):
        small, large = groups
        third = a_group_with_slots(edition, slots, theme=theme, dates=True, city="brussel")
        merging.merge(small, large, None)
        merging.merge(large, third, None)
        assert set(Book(edition).into.values()) == {third.id}
        with pytest.raises(Refused, match="was cancelled"):
            merging.merge(third, small, None)

    def test_meeting_online_lets_others_come_and_is_undone(self, edition, groups):
        small, _large = groups
        merging.meet(small, Mode.ONLINE, None)
        assert len(placing.outcome(edition).given(small)) == 2
        merging.meet(small, Mode.ON_SITE, None)
        assert len(placing.outcome(edition).given(small)) == 1
        for candidate in db.session.scalars(select(merging.Candidate)):
            candidate.modes = "on_site"
        db.session.flush()
        with pytest.raises(Refused, match="Not all dates"):
            merging.meet(small, Mode.ONLINE, None)

    def test_closing_lets_the_other_wishes_count_and_is_undone(self, edition, groups):
        small, large = groups
        merging.close(small, None)
        found = placing.outcome(edition)
        assert len(found.given(large)) == 3 and found.without("closed") == 1
        with pytest.raises(Refused, match="cancelled"):
            merging.close(small, None)
        merging.reopen(small, None)
        with pytest.raises(Refused, match="is open"):
            merging.reopen(small, None)

    def test_nothing_is_mended_before_freezing_or_after_telling(self, edition, groups):
        small, large = groups
        tell(edition)
        acts = (
            lambda: merging.merge(small, large, None), lambda: merging.close(small, None),
            lambda: merging.meet(small, Mode.ONLINE, None),
        )  # fmt: skip
        for act in acts:
            with pytest.raises(Refused, match="has been told"):
                act()
        db.session.execute(delete(Assignment))
        with pytest.raises(Refused, match="Freeze the wishes first"):
            merging.close(small, None)


class TestTelling:
    def test_all_letters_are_one_statement_and_the_worker_is_woken(self, edition, slots, monkeypatch):
        group = a_group_with_slots(edition, slots, dates=True, places=2)
        people = [a_member(f"M{n}", email=None if n == 0 else f"m{n}@example.org") for n in range(5)]
        for member in people:
            a_wish_list(member, group, slots=slots)
        drawn(edition)
        db.session.commit()
        woken = []
        monkeypatch.setattr(mail, "wake", [lambda: woken.append(True)])
        with counted() as seen:
            tell(edition)
        assert sum("INSERT INTO letter" in statement for statement in seen) == 1
        db.session.commit()
        told = db.session.scalars(select(Letter)).all()
        assert {letter.member_id for letter in told} == {m.id for m in people[1:]} and woken == [True]
        assert {letter.name for letter in told} == {"group_given", "no_group_yet"}

    @pytest.fixture
    def groups(self, edition, slots):
        """Two places and three people who want them; one of them has a second wish."""
        full = a_group_with_slots(edition, slots, dates=True, places=2)
        other = a_group_with_slots(edition, slots, dates=True, city="luik", venue="Rue Neuve 1")
        other.mode = Mode.ONLINE
        for name in ("Ada", "Bob", "Cas"):
            a_wish_list(a_member(name), full, slots=slots, access_needs=f"{name} needs a ramp")
        a_wish_list(a_member("Dan"), full, other, slots=slots)
        a_wish_list(a_member("Eve"), other, slots=[])
        drawn(edition)
        return full, other

    def test_places_waiting_lists_reasons_and_letters(self, edition, groups):
        full, other = groups
        tell(edition)
        seated = {s.member.name: s for s in full.signups if s.seat}
        assert sorted(s.seat for s in seated.values()) == [1, 2] and all(s.is_offered for s in seated.values())
        assert all(abs(s.confirm_by - now() - timedelta(days=7)) < timedelta(minutes=1) for s in seated.values())
        assert all(s.access_needs == f"{name} needs a ramp" for name, s in seated.items())
        [waiting] = rules.waiting_list(full)
        assert waiting.seat is None and waiting.member.name in {"Ada", "Bob", "Cas"} - set(seated)
        assert [s.member.name for s in other.signups] == ["Dan"]
        lists = {w.member.name: w for w in db.session.scalars(select(WishList))}
        assert (lists["Dan"].given, lists["Dan"].why) == (other, "full:--")
        assert (lists["Eve"].given, lists["Eve"].why) == (None, "no wish:d")
        assert (other.venue, full.venue) == ("", "")
        names = sorted(db.session.scalars(select(Letter.name)))
        assert names == ["group_given"] * 3 + ["no_group_yet"] * 2

    def test_letters_say_why_in_plain_words(self, edition, groups):
        tell(edition)
        bodies = {letter.body.split("\n")[0]: letter.body for letter in db.session.scalars(select(Letter))}
        dan, eve = bodies["Hello Dan,"], bodies["Hello Eve,"]
        assert "your wish number 2" in dan and "No place was left for you" in dan and "Please confirm all dates" in dan
        assert dan.count("–") >= 2 and "/2026/groups/wishes/why" in dan
        assert "You could not come to all its dates" in eve and "waiting list" not in eve

    def test_everybody_is_told_once(self, edition, groups):
        seal = placing.outcome(edition).seal
        telling.tell(edition, seal, False, None)
        with pytest.raises(Refused, match="has been told"):
            telling.tell(edition, seal, False, None)

    def test_two_organisers_press_at_the_same_moment(self, app, edition, groups):
        seal, id = placing.outcome(edition).seal, edition.id
        press = lambda: telling.tell(db.session.get_one(Edition, id), seal, False, None) and None  # noqa: E731
        outcomes = at_once(app, [press] * 5)
        assert [o for o in outcomes if o is not None and not isinstance(o, Refused)] == []
        assert outcomes.count(None) == 1
        assert db.session.scalar(select(func.count()).select_from(Signup)) == 4
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 5

    def test_what_is_told_is_what_was_looked_at(self, edition, groups):
        seal = placing.outcome(edition).seal
        merging.close(groups[1], None)
        with pytest.raises(Refused, match="changed since you looked"):
            telling.tell(edition, seal, False, None)

    def test_nobody_is_told_before_the_draw_or_from_changed_wishes(self, edition, slots):
        a_wish_list(a_member(), a_group_with_slots(edition, slots, dates=True), slots=slots)
        for step in (lambda: None, lambda: placing.freeze(edition, True, None)):
            step()
            with pytest.raises(Refused, match="Draw the lot first"):
                telling.tell(edition, "", False, None)
        placing.draw(edition, "123456", None)
        seal = placing.outcome(edition).seal
        db.session.execute(delete(Availability).where(Availability.slot_id == slots[2].id))
        with pytest.raises(Refused, match="not the ones that were frozen"):
            telling.tell(edition, seal, False, None)

    def test_a_sign_up_that_was_withdrawn_comes_to_life_and_one_that_stands_stays(self, edition, groups):
        _full, other = groups
        dan = db.session.scalar(select(WishList).where(WishList.why.is_(None), WishList.wishes.any(rank=2))).member
        gone = Signup(workgroup=other, member=dan, signed_up_at=now(), withdrawn_at=now())
        db.session.add(gone)
        tell(edition)
        assert gone.withdrawn_at is None and gone.is_offered

    def test_facilitators_of_a_closed_group_hear_of_it_when_everybody_does(self, edition, groups):
        bas = a_facilitator()
        groups[1].facilitators = [bas]
        merging.close(groups[1], None)
        count = select(func.count()).where(Letter.member_id == bas.id)
        assert db.session.scalar(count) == 0
        tell(edition)
        assert db.session.scalar(count) == 1

    def test_the_audit_log_keeps_what_was_done(self, edition, groups):
        tell(edition)
        acts = list(db.session.scalars(select(Entry.act).order_by(Entry.id)))
        assert acts == ["freeze wishes", "draw lot of groups", "tell groups"]


def test_what_came_of_wishes_is_readable_after_dates_moved(edition, slots, theme):
    first, second, third = (a_group_with_slots(edition, slots, theme=theme, dates=True) for _n in range(3))
    ada = a_member()
    a_wish_list(ada, first, second, third, slots=slots[:2], way=Coming.ON_SITE)
    first.mode, second.merged_into, second.cancelled_at = Mode.ONLINE, third, now()
    drawn(edition)
    tell(edition)
    first.mode = Mode.ON_SITE
    db.session.flush()
    [mine] = telling.lists_of(edition, ada.id)
    came = telling.came_of(mine)
    assert [(c.rank, c.group, c.into, c.what) for c in came] == [(1, first, None, "dates"), (2, second, third, "given")]
    assert reasons.why_none(came, mine.why) is None
    assert db.session.get_one(Workgroup, third.id) == mine.given
