"""Places are never oversold, whatever the race: real threads, each with its own context and session."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.editions.models import Edition
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members.models import Member
from sipvote.workgroups import feed, offers, rules, slots, wishing
from sipvote.workgroups.models import Mode, Signup, Workgroup
from sipvote.workgroups.wish_models import Candidate, Coming, WishList
from tests.factories import (
    a_group,
    a_group_to_wish,
    a_member,
    a_signup,
    a_wishing_edition,
    accepted,
    an_offer,
)

pytestmark = pytest.mark.usefixtures("database")


def at_once(app: Any, acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do all acts at the same moment; give what each gave, or the exception that it raised."""
    db.session.commit()  # let go of every lock, so that the threads only meet each other
    acts = list(acts)
    barrier, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                outcomes[index] = act()
                db.session.commit()
            except Exception as fault:  # noqa: BLE001  (the test looks at it)
                db.session.rollback()
                outcomes[index] = fault

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    db.session.expire_all()
    return outcomes


def signs_up(member_id: int, group_id: int) -> Callable[[], None]:
    def act() -> None:
        a_signup(db.session.get_one(Member, member_id), db.session.get_one(Workgroup, group_id))

    return act


def withdraws(signup_id: int) -> Callable[[], None]:
    return lambda: rules.withdraw(db.session.get_one(Signup, signup_id))


def accepts(signup_id: int) -> Callable[[], None]:
    return lambda: accepted(db.session.get_one(Signup, signup_id)) and None


def declines(signup_id: int) -> Callable[[], None]:
    return lambda: offers.decline(db.session.get_one(Signup, signup_id))


def lapses(signup_id: int) -> Callable[[], None]:
    return lambda: offers.lapse(db.session.get_one(Signup, signup_id))


def crowd(count: int) -> list[int]:
    return [a_member(f"Member {n}").id for n in range(count)]


def seats(group_id: int) -> list[int | None]:
    standing = select(Signup.seat).where(Signup.workgroup_id == group_id, Signup.withdrawn_at.is_(None))
    return list(db.session.scalars(standing))


def test_forty_people_for_twelve_places(app, edition):
    group = a_group(edition, places=12).id
    people = crowd(40)
    outcomes = at_once(app, [signs_up(person, group) for person in people])
    assert outcomes == [None] * 40
    taken = [seat for seat in seats(group) if seat]
    assert sorted(taken) == list(range(1, 13))
    assert len(seats(group)) == 40
    waiting = rules.waiting_list(db.session.get_one(Workgroup, group))
    assert [rules.position(s) for s in waiting] == list(range(1, 29))


def test_people_leave_and_come_at_the_same_moment(app, edition):
    group = a_group(edition, places=12)
    signups = [a_signup(db.session.get_one(Member, person), group) for person in crowd(20)]
    leaving = [s.id for s in signups[:6]]
    queue = [s.id for s in signups[12:]]
    acts = [withdraws(s) for s in leaving] + [signs_up(person, group.id) for person in crowd(20)]
    group_id = group.id
    assert at_once(app, acts) == [None] * 26
    taken = [seat for seat in seats(group_id) if seat]
    assert sorted(taken) == list(range(1, 13))
    assert len(seats(group_id)) == 20 - 6 + 20
    # The freed places are kept for the first six who waited, not for those who came just now.
    assert [db.session.get_one(Signup, id).is_offered for id in queue] == [True] * 6 + [False] * 2


def test_one_member_in_two_clashing_groups_at_the_same_moment(app, edition):
    ada = a_member().id
    groups = [a_group(edition).id for _n in range(4)]
    outcomes = at_once(app, [signs_up(ada, group) for group in groups])
    refused = [o for o in outcomes if isinstance(o, Refused)]
    assert (outcomes.count(None), len(refused)) == (1, 3)
    assert all("two places at once" in r.why for r in refused)
    assert db.session.scalar(select(func.count()).select_from(Signup)) == 1


def test_one_member_presses_ten_times(app, edition):
    ada, group = a_member().id, a_group(edition).id
    assert at_once(app, [signs_up(ada, group)] * 10) == [None] * 10
    assert seats(group) == [1]


def test_the_same_withdrawal_twice_offers_one_place(app, edition):
    group = a_group(edition, places=1)
    first, second, third = [a_signup(a_member(f"M{n}"), group) for n in range(3)]
    ids = first.id, second.id, third.id
    outcomes = at_once(app, [withdraws(ids[0])] * 4)
    assert outcomes.count(None) == 1 and sum(isinstance(o, Refused) for o in outcomes) == 3
    assert [db.session.get_one(Signup, id).seat for id in ids] == [None, 1, None]
    assert first.withdrawn_at <= now()


def test_a_calendar_address_is_made_in_six_tabs_at_once(app, edition):
    ada = a_member().id
    outcomes = at_once(app, [lambda: feed.make(ada).key] * 6)
    assert len(set(outcomes)) == 6 and feed.of(ada).key in outcomes


def state(signup: Signup) -> str:
    """What a sign-up is; whoever is none of these is lost."""
    found = {
        "seated": signup.has_place, "offered": signup.is_offered, "waiting": signup.is_waiting,
        "withdrawn": signup.withdrawn_at is not None and signup.seat is None,
    }  # fmt: skip
    (word,) = [word for word, is_it in found.items() if is_it]
    return word


def test_everything_at_once_is_never_oversold_and_loses_nobody(app, edition):
    group = a_group(edition, places=12)
    seated = [a_signup(db.session.get_one(Member, person), group) for person in crowd(4)]
    kept = [an_offer(db.session.get_one(Member, person), group) for person in crowd(8)]
    waiting = [a_signup(db.session.get_one(Member, person), group) for person in crowd(14)]
    late = kept[6:]
    for signup in late:
        signup.confirm_by = now() - timedelta(minutes=1)
    queue, group_id = [s.id for s in waiting], group.id
    acts = [
        *(withdraws(s.id) for s in seated[:2]), *(accepts(s.id) for s in kept[:3]),
        *(declines(s.id) for s in kept[3:6]),
        *(lapses(s.id) for s in late), *(accepts(s.id) for s in late), *(withdraws(s.id) for s in waiting[-2:]),
        *(signs_up(person, group_id) for person in crowd(10)),
    ]  # fmt: skip
    outcomes = at_once(app, acts)
    refused = [o for o in outcomes if o is not None]
    assert len(refused) == 2 and all(isinstance(o, Refused) for o in refused)  # who accepted too late
    everybody = db.session.scalars(select(Signup).where(Signup.workgroup_id == group_id)).all()
    told = Counter(state(s) for s in everybody)
    # Two gave up a place, three declined, two said nothing: seven places are kept for the first seven who waited.
    assert told == {"seated": 2 + 3, "offered": 7, "waiting": 14 - 7 - 2 + 10, "withdrawn": 2 + 3 + 2 + 2}
    taken = [s.seat for s in everybody if s.seat]
    assert sorted(taken) == list(range(1, 13)) and len(everybody) == 4 + 8 + 14 + 10
    assert [state(db.session.get_one(Signup, id)) for id in queue[:7]] == ["offered"] * 7
    positions = [rules.position(s) for s in rules.waiting_list(db.session.get_one(Workgroup, group_id))]
    assert positions == list(range(1, 16))


def test_yes_no_and_too_late_for_one_place_at_the_same_moment(app, edition):
    group = a_group(edition, places=1)
    ada = an_offer(a_member(), group).id
    bo = a_signup(a_member("Bo"), group).id
    outcomes = at_once(app, [accepts(ada), declines(ada), lapses(ada), withdraws(ada)] * 3)
    assert all(o is None or isinstance(o, Refused) for o in outcomes)
    # Either Ada has it and Bo waits, or Ada has not and it is kept for Bo; a yes may be taken back by the withdrawal.
    states = [state(db.session.get_one(Signup, id)) for id in (ada, bo)]
    assert states in (["seated", "waiting"], ["withdrawn", "offered"])


def test_members_accept_crosswise_and_have_one_place_each(app, edition):
    """Everybody is offered a place in four groups at the same hours, and says yes in all of them at once."""
    groups = [a_group(edition, places=4) for _n in range(4)]
    people = crowd(4)
    members = [db.session.get_one(Member, person) for person in people]
    kept = {person.id: [an_offer(person, group).id for group in groups] for person in members}
    acts = [accepts(id) for n, ids in enumerate(kept.values()) for id in (ids[n:] + ids[:n])]
    outcomes = at_once(app, acts)
    assert outcomes.count(None) == 4 and sum(isinstance(o, Refused) for o in outcomes) == 12
    for ids in kept.values():
        states = Counter(state(db.session.get_one(Signup, id)) for id in ids)
        assert states == {"seated": 1, "withdrawn": 3}


def test_a_place_that_is_left_for_another_passes_on_once(app, edition):
    first, second = a_group(edition, places=1), a_group(edition, places=1)
    ada, bo, cem = (a_member(name) for name in ("Ada", "Bo", "Cem"))
    here, there = an_offer(ada, first).id, an_offer(ada, second).id
    next_one, after = a_signup(bo, second).id, a_signup(cem, second).id
    outcomes = at_once(app, [accepts(here), declines(there), lapses(there)])
    assert all(o is None or isinstance(o, Refused) for o in outcomes)
    states = [state(db.session.get_one(Signup, id)) for id in (here, there, next_one, after)]
    assert states == ["seated", "withdrawn", "offered", "waiting"]


def test_two_pages_that_keep_at_once_leave_one_list(app):
    edition = a_wishing_edition()
    groups = [a_group_to_wish(edition, days=n).id for n in range(3)]
    ada, year = a_member().id, edition.id

    def wishes(*chosen):
        def act():
            member, here = db.session.get_one(Member, ada), db.session.get_one(Edition, year)
            wishing.choose(member, here, chosen)
            asked = slots.candidates_of([db.session.get_one(Workgroup, chosen[0])])
            wishing.tick(member, here, {c.slot_id: Coming.EITHER for c in asked})
            wishing.pledge(member, here)

        return act

    first, second = groups, [groups[2], groups[0]]
    outcomes = at_once(app, [wishes(*first), wishes(*second)] * 4)
    assert [o for o in outcomes if not isinstance(o, Refused)] and all(
        o is None or isinstance(o, Refused) for o in outcomes
    )
    (kept,) = db.session.scalars(select(WishList))
    assert [w.workgroup_id for w in kept.wishes] in (first, second) and kept.counts
    assert db.session.scalar(select(func.count()).where(Letter.name == "wishes_in")) == 1


def test_a_group_never_has_more_than_forty_slots(app):
    edition = a_wishing_edition()
    group, begins = a_group_to_wish(edition, dates=0).id, edition.groups_at

    def proposes(number):
        def act():
            starts = [begins + timedelta(days=2 + n, hours=number) for n in range(15)]
            spans = [(at, at + timedelta(hours=3)) for at in starts]
            slots.propose(db.session.get_one(Workgroup, group), spans, [Mode.ONLINE], None)

        return act

    outcomes = at_once(app, [proposes(number) for number in range(5)])
    assert sum(outcome is None for outcome in outcomes) == 2
    assert all(outcome is None or "at most 40" in str(outcome) for outcome in outcomes)
    assert db.session.scalar(select(func.count()).select_from(Candidate)) == 30
