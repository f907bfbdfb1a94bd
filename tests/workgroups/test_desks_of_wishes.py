"""The desks of dates and of the assignment, and the page on which members read why they have their group."""

import random
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.editions.models import SignUpWay
from sipvote.mail import Letter
from sipvote.workgroups import merging, offers, placing, rules, telling, ways
from sipvote.workgroups.models import Mode, Signup, Workgroup
from sipvote.workgroups.wish_models import Assignment, Coming, WishList
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_group_with_slots,
    a_member,
    a_slot,
    a_theme,
    a_wish_list,
    a_year_of_wishes,
    accepted,
    an_organiser,
)
from tests.queries import counted
from tests.reading import rows

DATES, DESK = "/en/2026/groups/dates", "/en/2026/groups/assignment"


@pytest.fixture
def edition(database):
    return a_year_of_wishes()


@pytest.fixture
def organiser(browser_of, edition):
    return browser_of(an_organiser())


def drawn(edition):
    placing.freeze(edition, True, None)
    placing.draw(edition, "314159", None)


@pytest.mark.parametrize(
    "path",
    ["dates/", "dates/{id}", "assignment/", "assignment/{id}", "assignment/tell", "assignment/outcome.csv"],
)
def test_the_desks_are_for_organisers_only(client, browser_of, edition, slots, path):
    group = a_group_with_slots(edition, slots, dates=True)
    a_wish_list(a_member(), group, slots=slots)
    drawn(edition)
    path = f"/en/2026/groups/{path.format(id=group.id)}"
    assert client.get(path).status_code == 302
    for stranger in (a_member(), a_facilitator(), a_board_member()):
        assert browser_of(stranger).get(path).status_code == 403
    assert browser_of(an_organiser()).get(path).status_code == 200


class TestDates:
    def test_the_overview_lists_every_group(self, organiser, edition, slots):
        assert "There are no workgroups yet." in organiser.get(f"{DATES}/").text
        group = a_group_with_slots(edition, slots, dates=True)
        a_wish_list(a_member(), group, slots=slots)
        a_group_with_slots(edition, slots[:1], city="luik")
        a_group_with_slots(edition, slots, city="brussel")
        page = organiser.get(f"{DATES}/").text
        assert "1 of 1" in page and "too few dates" in page and "not chosen yet" in page

    def test_it_asks_as_many_queries_for_many_groups_as_for_few(self, organiser, edition, slots):
        def asked():
            with counted() as queries:
                organiser.get(f"{DATES}/")
                organiser.get(f"{DESK}/")
            return len(queries)

        for _n in range(2):
            a_wish_list(a_member(), a_group_with_slots(edition, slots, dates=True), slots=slots)
        drawn(edition)
        few = asked()
        for n in range(5):
            group = a_group_with_slots(edition, slots, dates=True)
            a_wish_list(a_member(f"M{n}"), group, slots=slots)
            a_wish_list(a_member(f"N{n}"), group, slots=slots)
        assert asked() == few

    def test_the_best_set_its_runners_up_and_who_drops_out(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots)
        a_wish_list(a_member("Ada"), group, slots=slots)
        misses = a_member("Bob")
        a_wish_list(misses, group, slots=slots[:1])
        page = organiser.get(f"{DATES}/{group.id}").text
        assert "The best" in page and "No. 3" in page and "No. 4" not in page
        assert "1 of 2 people can come to all dates." in page and "This is the best set." in page
        assert misses.number in page and "2 people wish this group." in page

    def test_a_set_by_hand_is_compared_with_the_best_and_its_broken_rules_said(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots)
        a_wish_list(a_member("Ada"), group, slots=slots[:2], way=Coming.ON_SITE)
        page = organiser.get(f"{DATES}/{group.id}?mode=online&slot={slots[0].id}&slot={slots[2].id}").text
        assert "That is 1 fewer than with the best set." in page and "Take these dates" in page
        page = organiser.get(f"{DATES}/{group.id}?mode=on_site&slot={slots[0].id}&slot=999").text
        assert "1 date is chosen, and 2 are needed." in page and "Take these dates" not in page
        page = organiser.get(f"{DATES}/{group.id}?mode=on_site&slot={slots[0].id}&slot={slots[1].id}&apart=9").text
        assert "From " in page and "are 7 days, and there should be 9." in page and "Take these dates" in page
        assert "0 dates" in organiser.get(f"{DATES}/{group.id}?mode=hybrid").text
        for strange in ("mode=x&slot=y", "apart=-1", "apart=many", "slot=1"):
            assert organiser.get(f"{DATES}/{group.id}?{strange}").status_code == 200

    def test_taking_dates_makes_them_meetings(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots)
        a_wish_list(a_member("Ada"), group, slots=slots)
        data = {"slot": [slots[0].id, slots[1].id], "mode": "hybrid", "apart": 7}
        answer = organiser.post(f"{DATES}/{group.id}", data=data)
        assert answer.status_code == 303
        assert "1 can come to all, 0 cannot." in (page := organiser.get(answer.location).text)
        assert "The group has these dates" in page and "Take these dates" not in page
        group = db.session.get_one(Workgroup, group.id)
        assert (group.mode, len(group.meetings)) == (Mode.HYBRID, 2)

    def test_a_refusal_is_told_on_the_page(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots)
        here = {"Referer": f"http://localhost{DATES}/{group.id}"}
        for data, why in (({}, "Choose how the group meets."), ({"mode": "online"}, "0 dates are chosen")):
            organiser.post(f"{DATES}/{group.id}", data=data, headers=here)
            assert why in organiser.get(f"{DATES}/{group.id}").text

    @pytest.mark.parametrize(
        ("count", "wished", "says"),
        [
            (0, True, "has no dates to choose from yet"),
            (1, True, "has only 1 date to choose from"),
            (3, False, "Nobody wishes this group yet"),
        ],
    )
    def test_pages_without_a_plan_say_what_to_do(self, organiser, edition, slots, count, wished, says):
        group = a_group_with_slots(edition, slots[:count])
        if wished:
            a_wish_list(a_member(), group, slots=slots)
        assert says in organiser.get(f"{DATES}/{group.id}").text

    def test_no_set_possible_names_the_rule(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots[:2])
        a_wish_list(a_member(), group, slots=slots)
        assert (
            "With 8 days between meetings at most 1 meeting fits" in organiser.get(f"{DATES}/{group.id}?apart=8").text
        )


class TestAssignment:
    def test_freezing_checking_drawing_and_telling(self, organiser, browser_of, edition, slots):
        ada, bob = a_member("Ada"), a_member("Bob")
        group = a_group_with_slots(edition, slots, dates=True, places=1, minimum=1)
        for member in (ada, bob):
            a_wish_list(member, group, slots=slots)
        id = edition.id
        assert "2 members pledged a list of wishes." in organiser.get(f"{DESK}/").text
        organiser.post(f"{DESK}/freeze", data={})
        frozen = db.session.get_one(Assignment, id)
        page = organiser.get(f"{DESK}/?check=1").text
        assert frozen.wishes_hash in page and "Unchanged" in page and not frozen.mixes
        assert "3. Look at the outcome" not in page and organiser.get(f"{DESK}/outcome.csv").status_code == 404
        organiser.post(f"{DESK}/draw", data={"draw": "3 1 4 1 5 9"})
        page = organiser.get(f"{DESK}/").text
        assert "1 of 2 people have a group" in page and "314159" in page
        page = organiser.get(f"{DESK}/{group.id}").text
        assert "1 person gets a place." in page and "Could come, but no place" in page
        page = organiser.get(f"{DESK}/tell").text
        seal = re.search(r'name="seal" value="(\w+)"', page)[1]
        assert "2 people get a letter." in page
        for _press in range(2):
            organiser.post(f"{DESK}/tell", data={"seal": seal})
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 2
        page = organiser.get(f"{DESK}/").text
        assert "Everybody has been told their group" in page and "Prepare to tell" not in page
        assert organiser.get(f"{DESK}/{group.id}").status_code == 409
        assert organiser.get(f"{DESK}/tell").status_code == 409

    def test_a_freezing_is_taken_back(self, organiser, edition, slots):
        a_wish_list(a_member(), a_group_with_slots(edition, slots), slots=slots)
        organiser.post(f"{DESK}/freeze", data={"mixes": "1"})
        assert "Groups are mixed" in organiser.get(f"{DESK}/").text
        organiser.post(f"{DESK}/unfreeze")
        assert "Freeze the wishes" in organiser.get(f"{DESK}/").text and not db.session.scalar(select(Assignment))

    def test_the_page_of_a_group_leads_to_closing_it_while_wishes_are_frozen(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots)
        a_wish_list(a_member(), group, slots=slots)
        address = f"/en/2026/groups/plan/{group.id}"
        assert "Yes, cancel the group" in organiser.get(address).text
        organiser.post(f"{DESK}/freeze")
        page = organiser.get(address).text
        assert "Yes, cancel the group" not in page and "that can be undone" in page and f'"{DESK}/"' in page
        assert organiser.post(f"{address}/cancel").status_code == 409
        assert "Closed or merged" not in organiser.get(f"{DESK}/").text
        organiser.post(f"{DESK}/{group.id}/close")
        page = organiser.get(f"{DESK}/").text
        assert "Closed or merged" in page and "Undo" in page and "Undo that before you take" in page
        assert "Yes, take it back" not in page
        assert organiser.post(f"{DESK}/unfreeze").status_code == 409
        assert "/reopen" in page
        edition.sign_up_way = SignUpWay.DIRECT  # whatever bars it, what would be refused is not offered
        assert "/reopen" not in organiser.get(f"{DESK}/").text

    def test_changed_wishes_are_seen(self, organiser, edition, slots):
        mine = a_wish_list(a_member(), a_group_with_slots(edition, slots), slots=slots)
        placing.freeze(edition, True, None)
        mine.withdrawn_at = now()
        assert "The wishes changed" in organiser.get(f"{DESK}/?check=1").text

    def test_small_groups_are_merged_moved_closed_and_opened_again(self, organiser, edition, slots):
        theme = a_theme(edition, elected_at=now())
        small, large = (a_group_with_slots(edition, slots, theme=theme, dates=True, city=c) for c in ("luik", "gent"))
        a_wish_list(a_member("Ada"), small, large, slots=slots)
        for n in range(2):
            a_wish_list(a_member(f"M{n}"), large, slots=slots)
        drawn(edition)
        page = organiser.get(f"{DESK}/").text
        assert (
            "Merge into Ghent (1 of 1 could come)" in page
            and "Let it meet online" in page
            and "Close it" in page
            and "too small" in page
        )
        acts = [
            ("merge", {"into": large.id}),
            ("reopen", {}),
            ("mode", {"mode": "online"}),
            ("close", {}),
            ("reopen", {}),
        ]
        says = [
            "count for Guidance (Ghent) now",
            "open again",
            "meets in another way now: Online",
            "not held",
            "open again",
        ]
        for (act, data), says_ in zip(acts, says, strict=True):
            answer = organiser.post(f"{DESK}/{small.id}/{act}", data=data)
            assert answer.status_code == 303 and says_ in organiser.get(f"{DESK}/").text
        page = organiser.get(f"{DESK}/{small.id}").text
        assert "Change to: On site" in page and "On the same dates 1 person who wishes it could come." in page
        assert organiser.post(f"{DESK}/{small.id}/merge", data={"into": 0}).status_code == 404
        assert organiser.post(f"{DESK}/{small.id}/mode", data={"mode": "x"}).status_code == 409

    @pytest.mark.parametrize(("modes", "offered"), [("on_site online", True), ("online", False)])
    def test_an_online_group_may_meet_on_site_again_when_its_dates_can(self, organiser, edition, slots, modes, offered):
        small = a_group_with_slots(edition, slots, modes=modes, dates=True, mode=Mode.ONLINE)
        a_wish_list(a_member("Ada"), small, slots=slots)
        drawn(edition)
        assert ("Let it meet on site again" in organiser.get(f"{DESK}/").text) == offered

    def test_minima_are_kept_when_asked_or_it_is_said_why_not(self, organiser, edition, slots):
        popular = a_group_with_slots(edition, slots, dates=True, places=5, minimum=0)
        small = a_group_with_slots(edition, slots, dates=True, minimum=2, city="luik")
        for n in range(4):
            a_wish_list(a_member(f"M{n}"), popular, small, slots=slots)
        drawn(edition)
        assert "Keep the minimum of every group" in organiser.get(f"{DESK}/").text
        page = organiser.get(f"{DESK}/?keep=1").text
        assert "Every group reaches its minimum." in page and "Let groups miss" in page
        found = rows(organiser.get(f"{DESK}/outcome.csv?keep=1"))
        assert [row[8] for row in found[1:]].count("2") == 2
        db.session.get_one(Workgroup, small.id).minimum = 5
        page = organiser.get(f"{DESK}/?keep=1").text
        assert "The minima cannot all be kept" in page and "needs 5 people, but only 4 could come." in page

    def test_the_outcome_is_a_file_before_and_after_telling(self, organiser, edition, slots):
        group = a_group_with_slots(edition, slots, dates=True, places=1, minimum=1)
        for name in ("Ada", "Bob"):
            a_wish_list(a_member(name), group, slots=slots)
        drawn(edition)
        before = rows(organiser.get(f"{DESK}/outcome.csv"))
        telling.tell(edition, placing.outcome(edition).seal, False, None)
        after = rows(organiser.get(f"{DESK}/outcome.csv"))
        assert before == after and [row[7] for row in after[1:]].count("Guidance (Ghent)") == 1
        assert any("No place was left for you" in row[9] for row in after[1:])
        assert organiser.get(f"{DESK}/outcome.xlsx").data[:2] == b"PK"


class TestUntilEverybodyIsTold:
    def test_dates_are_shown_as_not_certain_and_no_place_as_free(self, client, browser_of, edition, slots):
        group = a_group_with_slots(edition, slots, dates=True)
        online = a_group_with_slots(edition, [a_slot(edition, day) for day in (2, 9)], dates=True, city=None)
        a_wish_list(a_member(), group, online, slots=slots)
        path = f"/en/2026/groups/{group.id}"
        page = browser_of(a_member()).get(path).text
        assert "can still change until everybody knows" in page and "12 places" in page
        assert "free places<" not in page and "places taken" not in page and "meet on other dates" not in page
        assert "Places are given by wishes" in page and "cannot sign up" not in page
        assert "free places<" not in client.get("/en/2026/groups/").text
        drawn(edition)
        telling.tell(edition, placing.outcome(edition).seal, False, None)
        page = browser_of(a_member()).get(path).text
        assert "can still change" not in page and "places taken" in page

    def test_today_leads_organisers_from_wishes_to_groups(self, organiser, edition, slots):
        a_wish_list(a_member(), a_group_with_slots(edition, slots, dates=True), slots=slots)
        assert "From wishes to groups" in organiser.get("/en/").text
        drawn(edition)
        telling.tell(edition, placing.outcome(edition).seal, False, None)
        page = organiser.get("/en/").text
        assert "From wishes to groups" not in page and "Plan the workgroups" in page


class TestWhy:
    def test_nobody_reads_anything_before_everybody_is_told(self, browser_of, edition, slots):
        ada = a_member()
        a_wish_list(ada, a_group_with_slots(edition, slots, dates=True), slots=slots)
        drawn(edition)
        page = browser_of(ada).get("/en/2026/groups/wishes/why").text
        assert "Nobody has been told their group yet." in page and "314159" not in page

    def test_each_wish_its_fate_and_the_lot(self, browser_of, edition, slots):
        ada, bob = a_member("Ada"), a_member("Bob")
        full = a_group_with_slots(edition, slots, dates=True, places=1, minimum=1)
        online = a_group_with_slots(edition, slots, dates=True, city=None)
        other = a_group_with_slots(edition, slots, dates=True, city="luik")
        a_wish_list(bob, full, slots=slots, way=Coming.ON_SITE)
        a_wish_list(ada, online, full, other, slots=slots, way=Coming.ON_SITE)
        drawn(edition)
        telling.tell(edition, placing.outcome(edition).seal, False, None)
        db.session.expire_all()
        frozen = ways.assignment_of(edition)
        page = browser_of(ada).get("/en/2026/groups/wishes/why").text
        assert "Your group: Guidance (Liège)" in page and "Confirm all its dates until" in page
        assert "not in the way in which it meets" in page and "No place was left for you" in page
        assert "2 people wished it, 1 as first wish. 1 person was given a place." in page
        assert "would have cost somebody else a place" in page
        assert f"{frozen.wishes_hash}:314159:{ada.id}" in page and placing.mark(frozen, ada.id) in page
        assert "of 2 in the lot" in page
        assert "Your group: Guidance (Ghent)" in browser_of(bob).get("/en/2026/groups/wishes/why").text

    def test_who_has_no_group_reads_where_they_wait(self, browser_of, edition, slots):
        people = [a_member(name) for name in ("Ada", "Bob")]
        group = a_group_with_slots(edition, slots, dates=True, places=1, minimum=1)
        for member in people:
            a_wish_list(member, group, slots=slots)
        drawn(edition)
        telling.tell(edition, placing.outcome(edition).seal, False, None)
        db.session.expire_all()
        [none] = [w.member for w in db.session.scalars(select(WishList).where(WishList.given_id.is_(None)))]
        page = browser_of(none).get("/en/2026/groups/wishes/why").text
        assert "You are on the waiting list of: Guidance (Ghent)." in page and "The lot that was drawn" in page
        assert "The public lot of the groups decides" in browser_of(none).get(f"/en/2026/groups/{group.id}").text
        (seated,) = db.session.scalars(select(Signup).where(Signup.seat.is_not(None)))
        offers.decline(seated)
        db.session.expire_all()
        page = browser_of(seated.member).get("/en/2026/groups/wishes/why").text
        assert "You were given this group: Guidance (Ghent)" in page and "You have this place no longer" in page
        assert "Your group" not in page and "your group<" not in page
        page = browser_of(none).get("/en/2026/groups/wishes/why").text
        assert "Your group: Guidance (Ghent)" in page and "A place became free. Confirm all its dates" in page
        assert "waiting list of" not in page and "You have no group yet" not in page
        accepted(rules.signup_of(none.id, group))
        page = browser_of(none).get("/en/2026/groups/wishes/why").text
        assert "Your group: Guidance (Ghent)" in page and "You confirmed your place" in page

    def test_who_wished_nothing_is_told_what_is_open(self, client, browser_of, edition, slots):
        assert client.get("/en/2026/groups/wishes/why").status_code == 302
        a_wish_list(a_member(), a_group_with_slots(edition, slots, dates=True), slots=slots)
        drawn(edition)
        telling.tell(edition, placing.outcome(edition).seal, False, None)
        assert "You gave no wishes" in browser_of(a_member()).get("/en/2026/groups/wishes/why").text


def test_sixty_people_from_wishes_to_letters(organiser, browser_of, edition):
    """Six groups of one theme in two cities and online: dates chosen, one too small merged, everybody told."""
    chance = random.Random(4)
    theme = a_theme(edition, elected_at=now())
    slots = [a_slot(edition, day, hour) for day in (1, 5, 9, 13, 17, 21) for hour in (10, 18)]
    cities = ["gent", "gent", "luik", "luik", "brussel", None]
    groups = [a_group_with_slots(edition, slots, theme=theme, city=c, places=12, minimum=4) for c in cities]
    people = [a_member(f"M{n}", chance.choice(["gent", "luik"])) for n in range(60)]
    for n, member in enumerate(people):
        wished = chance.sample(groups[:5] if n else groups, 3)
        could = chance.sample(slots, chance.randint(6, 12))
        a_wish_list(member, *wished, slots=could, way=chance.choice([Coming.EITHER, Coming.ON_SITE]))
    ids = [g.id for g in groups]
    for id in ids:
        page = organiser.get(f"{DATES}/{id}").text
        best = re.search(r'<form class="act" action="[^"]+" method="post">(.*?)</form>', page, re.S)
        data = {
            "slot": re.findall(r'name="slot" value="(\d+)"', best[1]),
            "mode": re.search(r'name="mode" value="(\w+)"', best[1])[1], "apart": 7,
        }  # fmt: skip
        assert organiser.post(f"{DATES}/{id}", data=data).status_code == 303
    organiser.post(f"{DESK}/freeze", data={"mixes": "1"})
    organiser.post(f"{DESK}/draw", data={"draw": "6 2 5 1 4 3"})
    page = organiser.get(f"{DESK}/").text
    assert "too small" in page
    for proposal in merging.proposals(placing.Book(edition), placing.outcome(edition)):
        into = proposal.targets[0].group.id
        organiser.post(f"{DESK}/{proposal.group.id}/merge", data={"into": into})
    expected = placing.outcome(edition)
    assert not expected.below
    seal = re.search(r'name="seal" value="(\w+)"', organiser.get(f"{DESK}/tell").text)[1]
    assert seal == expected.seal
    with counted() as queries:
        organiser.post(f"{DESK}/tell", data={"seal": seal})
    assert len(queries) < 150
    db.session.expire_all()
    signups = db.session.scalars(select(Signup)).all()
    offered = [s for s in signups if s.is_offered]
    assert len(offered) == expected.placed and len({s.member_id for s in offered}) == len(offered)
    assert all(s.confirm_by - s.seated_at == timedelta(days=7) for s in offered)
    for group in db.session.scalars(select(Workgroup)):
        seats = [s.seat for s in offered if s.workgroup_id == group.id]
        assert sorted(seats) == list(range(1, len(seats) + 1)) and len(seats) <= group.places
    letters = list(db.session.scalars(select(Letter.name)))
    assert letters.count("group_given") == expected.placed and len(letters) == 60
    for person in people[:5]:
        assert "Why this group" in browser_of(person).get("/en/2026/groups/wishes/why").text
