"""Groups by wishes in the demonstration: what members wish, what they are given, and how all that is undone."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote import audit
from sipvote.db import db, now
from sipvote.demo import assigning, year
from sipvote.demo.people import ADA, DRE, member_of
from sipvote.demo.stops import Stop
from sipvote.editions.models import Edition, Phase, SignUpWay
from sipvote.errors import Refused
from sipvote.i18n import ZONE
from sipvote.mail import Letter
from sipvote.workgroups import choosing, merging, offers, placing, rules, slots, telling, wished, wishing
from sipvote.workgroups.life_models import Minutes
from sipvote.workgroups.models import Attendance, Meeting, Signup, Workgroup
from sipvote.workgroups.wish_models import Assignment, Availability, Candidate, Coming, Slot, Wish, WishList
from tests.demo.conftest import Be, travel

DAY = timedelta(days=1)


def groups_of(edition: Edition) -> Sequence[Workgroup]:
    held = Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None)
    return db.session.scalars(select(Workgroup).where(*held).order_by(Workgroup.id)).all()


def lists_of(edition: Edition) -> Sequence[WishList]:
    return db.session.scalars(select(WishList).where(WishList.edition_id == edition.id)).all()


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def in_ghent(edition: Edition) -> Workgroup:
    return next(g for g in groups_of(edition) if [c.slug for c in g.cities] == ["gent"])


def ada_wishes(edition: Edition) -> WishList:
    """Ada wishes the group in Ghent, and can always come."""
    ada, group = member_of(ADA), in_ghent(edition)
    wishing.choose(ada, edition, [group.id])
    wishing.tick(ada, edition, {c.slot_id: Coming.EITHER for c in slots.candidates_of([group])})
    mine = wishing.pledge(ada, edition)
    db.session.commit()
    return mine


# --- Sign-up ----------------------------------------------------------------------------------------


def test_groups_have_no_dates_yet_but_times_to_choose_from(demo: None) -> None:
    edition = travel(Stop.SIGNUP)
    counts = slots.counts_of(groups_of(edition))
    assert len(counts) >= 9 and all(12 <= n <= 20 for n in counts.values())
    for slot in db.session.scalars(select(Slot)):
        day = slot.starts_at.astimezone(ZONE)
        assert not ((day.month, day.day) >= (12, 21) or (day.month, day.day) <= (1, 3))
        assert edition.groups_at <= slot.starts_at and slot.ends_at <= edition.recommendations_at


def test_members_wish_and_there_are_some_days_left(demo: None) -> None:
    edition = travel(Stop.SIGNUP)
    assert edition.wishes_until and 2 * DAY < edition.wishes_until - now() < 11 * DAY
    lists = lists_of(edition)
    sent = [each for each in lists if each.counts]
    assert 100 <= len(sent) < len(lists) and all(edition.signup_at <= each.begun_at <= now() for each in lists)
    assert all(wishing.why_not_pledge(each) is None for each in sent[::10])
    for wish in db.session.scalars(select(Wish)):
        assert wish.wish_list.member.language in wish.workgroup.spoken
    near = [w for w in db.session.scalars(select(Wish).where(Wish.rank == 1)) if w.workgroup.cities]
    assert sum(w.wish_list.member.city in w.workgroup.cities for w in near) > 0.7 * len(near)
    ways = Counter(db.session.scalars(select(Availability.way)))
    assert all(ways[way] for way in Coming)


def test_one_group_is_wished_by_too_many_and_one_by_too_few(demo: None) -> None:
    edition = travel(Stop.SIGNUP)
    wishing_it = {g.id: slots.wishers(g) for g in groups_of(edition)}
    ghent = in_ghent(edition)
    assert wishing_it[ghent.id] > 1.5 * ghent.places
    assert sum(wishing_it[g.id] < g.minimum for g in groups_of(edition)) == 1


def test_ada_wishes_a_group_and_dre_sees_it_come_in(be: Be) -> None:
    edition = travel(Stop.SIGNUP)
    ada, page = be("ada"), f"/en/{edition.year}/groups/wishes/groups"
    assert ada.get(page).text.count('type="radio"') or "select" in ada.get(page).text
    before = slots.wishers(in_ghent(edition))
    ada_wishes(edition)
    assert slots.wishers(in_ghent(edition)) == before + 1
    assert be("dre").get(f"/en/{edition.year}/groups/dates/").status_code == 200


# --- The stop after the deadline --------------------------------------------------------------------


def test_after_the_deadline_nothing_is_chosen_for_dre(be: Be) -> None:
    travel(Stop.SIGNUP)
    edition = travel(Stop.ASSIGNMENT)
    assert edition.phase == Phase.SIGNUP and year.here(edition) == Stop.ASSIGNMENT
    assert edition.wishes_until and DAY / 24 <= now() - edition.wishes_until < 8 * DAY
    assert not any(g.meetings for g in groups_of(edition)) and count(Assignment) == 0
    assert placing.why_not_freeze(edition) is None
    assert all(choosing.why_not_choose(g) is None for g in groups_of(edition))
    assert wishing.why_not_wish(member_of(ADA), edition)
    page = be("dre").get("/en/").text
    assert 'value="assignment" aria-current="true"' in page and 'value="signup" aria-current' not in page


def test_there_is_no_such_stop_where_members_sign_up_directly(be: Be) -> None:
    edition = year.the_edition()
    assert edition
    edition.sign_up_way = SignUpWay.DIRECT
    db.session.commit()
    edition = travel(Stop.SIGNUP)
    assert 'value="assignment"' not in be("dre").get("/en/").text
    with pytest.raises(Refused):
        travel(Stop.ASSIGNMENT)
    assert year.here(travel(Stop.GROUPS)) == Stop.GROUPS and count(WishList) == 0


# --- On the way to the workgroups -------------------------------------------------------------------


def test_everybody_is_told_and_most_confirm(demo: None) -> None:
    travel(Stop.SIGNUP)
    edition = travel(Stop.GROUPS)
    told = [each for each in lists_of(edition) if each.why]
    assert len(told) == sum(each.counts for each in lists_of(edition))
    given = [each for each in told if each.given_id]
    assert len(given) > 0.7 * len(told)
    signups = [s for g in groups_of(edition) for s in g.signups]
    assert 0.8 * len(given) < sum(s.has_place for s in signups) < len(given) + 10
    assert any(s.withdrawn_at for s in signups)
    for signup in (s for s in signups if s.has_place):
        assert {a.meeting for a in signup.attendances} == set(signup.workgroup.meetings)
    # Somebody waited there; how many still wait elsewhere is drawn.
    assert [s.workgroup for s in signups if s.is_offered] == [in_ghent(edition)]
    assert offers.lapsed() == []
    written = Counter(db.session.scalars(select(Letter.name)))
    assert written["group_given"] and written["no_group_yet"] and audit.first_fault() is None


def test_the_group_with_too_few_is_not_held(demo: None) -> None:
    edition = travel(Stop.SIGNUP)
    small = next(g.id for g in groups_of(edition) if slots.wishers(g) < g.minimum)
    edition = travel(Stop.GROUPS)
    assert small not in {g.id for g in groups_of(edition)}
    assert all(sum(s.seat is not None for s in g.signups) >= g.minimum - 3 for g in groups_of(edition))


def test_ada_signs_up_where_a_group_begins_later(demo: None) -> None:
    edition = travel(Stop.GROUPS)
    ada = member_of(ADA)
    free = [g for g in groups_of(edition) if not g.has_begun and rules.free_seats(g)]
    assert len(free) >= 2 and all(rules.why_not_sign_up(ada, g) is None for g in free)
    assert rules.sign_up(ada, free[0], [m.key for m in free[0].meetings]).has_place


def test_ada_keeps_the_place_that_her_wishes_gave_her(demo: None) -> None:
    edition = travel(Stop.SIGNUP)
    ada_wishes(edition)
    edition = travel(Stop.GROUPS)
    mine = wished.list_of(member_of(ADA).id, edition)
    assert mine and mine.why
    signup = rules.signup_of(member_of(ADA).id, in_ghent(edition))
    # Whom the lot passes over waits, or has by now a place that somebody gave back.
    assert signup and (signup.has_place or (mine.given_id is None and signup.withdrawn_at is None))


# --- What a visitor did by hand ---------------------------------------------------------------------


def _one_date(edition: Edition) -> None:
    group = in_ghent(edition)
    found = choosing.choice(group)
    plan = choosing.planning.ranking(found.problem, 3)[-1]
    choosing.take(group, [found.candidates[n].slot_id for n in plan.slots], plan.mode, member_of(DRE).id)


def _frozen(edition: Edition) -> None:
    placing.freeze(edition, False, member_of(DRE).id)


def _drawn(edition: Edition) -> None:
    _frozen(edition)
    placing.draw(edition, "424242", member_of(DRE).id)


def _closed(edition: Edition) -> None:
    _drawn(edition)
    merging.close(in_ghent(edition), member_of(DRE).id)


def _told(edition: Edition) -> None:
    assigning.choose_dates(edition)
    _drawn(edition)
    telling.tell(edition, placing.outcome(edition).seal, False, member_of(DRE).id)


def _signed_up(edition: Edition) -> None:
    _told(edition)
    ada = member_of(ADA)
    group = next(g for g in groups_of(edition) if rules.free_seats(g) and rules.why_not_sign_up(ada, g) is None)
    rules.sign_up(ada, group, [m.key for m in group.meetings])


def _frozen_and_changed(edition: Edition) -> None:
    _frozen(edition)
    mine = db.session.get_one(Assignment, edition.id)
    mine.wishes_hash = "0" * 64


BY_HAND = (_one_date, _frozen, _drawn, _closed, _told, _signed_up, _frozen_and_changed)


@pytest.mark.parametrize("do", BY_HAND, ids=lambda do: do.__name__.strip("_"))
def test_what_dre_did_by_hand_stays_and_the_rest_is_done(demo: None, do: Callable[[Edition], None]) -> None:
    edition = travel(Stop.ASSIGNMENT)
    do(edition)
    db.session.commit()
    ghent = db.session.get_one(Workgroup, in_ghent(edition).id) if do is not _closed else None
    slots_by_hand = list(choosing.Book(edition).slots(ghent)) if do is _one_date and ghent else []
    edition = travel(Stop.GROUPS)
    assert year.here(edition) == Stop.GROUPS
    assignment = db.session.get_one(Assignment, edition.id)
    assert assignment.told_at and (assignment.draw == "424242") is (do in (_drawn, _closed, _told, _signed_up))
    assert (ghent is None) is not any(g.cities and g.cities[0].slug == "gent" for g in groups_of(edition))
    if slots_by_hand and ghent:
        assert choosing.Book(edition).slots(ghent) == slots_by_hand
    if do is _signed_up:
        assert any(s.has_place for s, _next in rules.groups_of(member_of(ADA).id))
    assert year.here(travel(Stop.STOCKTAKE)) == Stop.STOCKTAKE and audit.first_fault() is None


def test_without_any_list_the_year_goes_on(demo: None) -> None:
    edition = travel(Stop.SIGNUP)
    for each in lists_of(edition):
        db.session.delete(each)
    db.session.commit()
    assert year.here(travel(Stop.GROUPS)) == Stop.GROUPS and count(Assignment) == 0


def test_a_deadline_that_dre_moved_is_kept_to(demo: None) -> None:
    edition = travel(Stop.COUNT)
    edition.wishes_until = edition.signup_at + 2 * DAY
    db.session.commit()
    edition = travel(Stop.SIGNUP)
    assert year.here(edition) == Stop.SIGNUP and edition.wishes_until
    assert edition.wishes_until - edition.signup_at == 2 * DAY and lists_of(edition)
    edition.wishes_until = edition.groups_at - DAY
    db.session.commit()
    assert year.here(travel(Stop.ASSIGNMENT)) == Stop.ASSIGNMENT
    assert year.here(travel(Stop.GROUPS)) == Stop.GROUPS and count(Assignment) == 1


# --- Going back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [Stop.SIGNUP, Stop.ASSIGNMENT])
def test_going_back_to_the_wishes_undoes_what_was_given(be: Be, stop: Stop) -> None:
    edition = travel(Stop.SIGNUP)
    ada_wishes(edition)
    groups, lists, ticked = groups_of(edition), len(lists_of(edition)), count(Availability)
    travel(Stop.GROUPS)
    dre = be("dre")
    asked = dre.post("/en/demo/year", data={"phase": stop})
    assert asked.status_code == 200 and "wishes stay" in asked.text
    assert dre.post("/en/demo/year", data={"phase": stop, "sure": "yes"}).status_code == 303
    db.session.expire_all()
    edition = year.the_edition() or edition
    assert year.here(edition) == stop
    mine = select(Meeting.id).join(Meeting.workgroup).where(Workgroup.edition_id == edition.id)
    assert list(groups_of(edition)) == list(groups) and db.session.scalar(mine) is None
    assert (len(lists_of(edition)), count(Availability)) == (lists, ticked)
    assert count(Assignment) == count(Minutes) == 0
    signups = select(Signup).join(Signup.workgroup).where(Workgroup.edition_id == edition.id)
    assert db.session.scalar(signups) is None
    assert not any(each.given_id or each.why for each in lists_of(edition))
    for slot in db.session.scalars(select(Slot)):
        assert edition.groups_at <= slot.starts_at and slot.ends_at <= edition.recommendations_at
    past = db.session.scalar(select(func.count()).select_from(Attendance))
    edition = travel(Stop.GROUPS)
    assert count(Assignment) == 1 and count(Attendance) > (past or 0)


def test_nothing_is_asked_when_nothing_was_given_yet(demo: None) -> None:
    edition = travel(Stop.ASSIGNMENT)
    assert year.loses(edition, Stop.SIGNUP) == []
    _one_date(edition)
    assert year.loses(edition, Stop.SIGNUP)
    edition = travel(Stop.SIGNUP)
    assert not any(g.meetings for g in groups_of(edition)) and year.here(edition) == Stop.SIGNUP


def test_going_back_before_the_vote_takes_wishes_and_slots_along(demo: None) -> None:
    travel(Stop.GROUPS)
    assert count(Slot) and count(Candidate)
    travel(Stop.THEMES)
    assert not any(map(count, (Slot, Candidate, WishList, Wish, Availability, Assignment)))
