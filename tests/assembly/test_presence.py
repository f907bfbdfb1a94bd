"""Checking in: once each, at the desk, by the code of the hall, or from elsewhere; undone without a trace but one."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote.assembly import finding, presence, rules
from sipvote.assembly.models import Assembly, HallTry, Presence, Way
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.members.models import Member
from tests.factories import a_facilitator, a_member, an_assembly, an_edition
from tests.workgroups.test_race import at_once

pytestmark = pytest.mark.usefixtures("database")
FOLLOWED = {"follow_url": "https://video.example.org/a"}


def there():
    return db.session.scalar(select(func.count()).select_from(Presence))


# --- Once each --------------------------------------------------------------------------------------


def test_nobody_is_checked_in_twice_and_who_was_first_is_known():
    ada, bas, assembly = a_member(), a_facilitator(), an_assembly()
    first = presence.check_in(assembly, ada, Way.HALL, bas.id)
    again = presence.check_in(assembly, ada, Way.HALL, a_facilitator().id)
    assert (first.was_there, again.was_there, there()) == (False, True, 1)
    assert again.presence.checked_in_by_id == bas.id


def test_ten_desks_at_once_check_a_member_in_once(app):
    ada, assembly = a_member().id, an_assembly().id

    def act():
        member, meeting = db.session.get_one(Member, ada), db.session.get_one(Assembly, assembly)
        return presence.check_in(meeting, member, Way.HALL, None).was_there

    outcomes = at_once(app, [act] * 10)
    assert (outcomes.count(False), outcomes.count(True), there()) == (1, 9, 1)


def test_who_follows_from_elsewhere_and_comes_to_the_hall_is_in_the_hall():
    ada, bas, assembly = a_member(), a_facilitator(), an_assembly(**FOLLOWED, starts_in=0)
    presence.check_in(assembly, ada, Way.REMOTE, None)
    moved = presence.check_in(assembly, ada, Way.HALL, bas.id)
    assert (moved.was_there, moved.presence.way, moved.presence.checked_in_by_id) == (False, Way.HALL, bas.id)
    stays = presence.check_in(assembly, ada, Way.REMOTE, None)
    assert (stays.was_there, stays.presence.way, there()) == (True, Way.HALL, 1)


def test_who_left_and_comes_back_is_there_again():
    ada, assembly = a_member(), an_assembly()
    presence.check_in(assembly, ada, Way.HALL, None)
    presence.leave(assembly, ada)
    left_at = presence.of_member(assembly, ada.id).left_at
    presence.leave(assembly, ada)
    assert left_at and presence.of_member(assembly, ada.id).left_at == left_at
    assert not presence.check_in(assembly, ada, Way.HALL, None).was_there
    assert presence.of_member(assembly, ada.id).left_at is None


def test_a_check_in_that_is_taken_back_leaves_one_line_in_the_audit_log():
    ada, bas, assembly = a_member(), a_facilitator(), an_assembly()
    presence.check_in(assembly, ada, Way.HALL, bas.id)
    assert presence.take_back(assembly, ada, bas.id)
    assert not presence.take_back(assembly, ada, bas.id)
    assert there() == 0
    entries = [e for e in db.session.scalars(select(Entry)) if e.act == "take back presence"]
    assert [(e.subject, e.member_id) for e in entries] == [(f"member {ada.number}", bas.id)]


# --- When, and who ----------------------------------------------------------------------------------


def test_only_members_of_today_check_in():
    gone, assembly = a_member("Gone", left=now().date()), an_assembly()
    with pytest.raises(Refused, match="not a member today"):
        presence.check_in(assembly, gone, Way.HALL, None)


def test_the_doors_open_four_hours_before_and_close_with_the_assembly():
    ada, assembly = a_member(), an_assembly(starts_in=5)
    with pytest.raises(Refused, match="can be checked in from"):
        presence.check_in(assembly, ada, Way.HALL, None)
    with time_machine.travel(now() + timedelta(hours=2), tick=False):
        presence.check_in(assembly, ada, Way.HALL, None)
    with time_machine.travel(assembly.starts_at, tick=False):
        rules.open_(assembly, None, 1)
        rules.close(assembly, None, 1)
        for act in (
            lambda: presence.check_in(assembly, a_member(), Way.HALL, None),
            lambda: presence.leave(assembly, ada),
            lambda: presence.take_back(assembly, ada, None),
        ):
            with pytest.raises(Refused, match="was closed"):
                act()
    assert there() == 1


def test_an_assembly_that_nobody_closed_is_over_the_next_day():
    ada, assembly = a_member(), an_assembly()
    with time_machine.travel(assembly.ends_at + timedelta(hours=12), tick=False), pytest.raises(Refused, match="over"):
        presence.check_in(assembly, ada, Way.HALL, None)


def test_from_elsewhere_one_checks_in_an_hour_before_where_it_can_be_followed():
    ada, assembly = a_member(), an_assembly(**FOLLOWED, starts_in=2)
    with pytest.raises(Refused, match="from elsewhere from"):
        presence.check_in(assembly, ada, Way.REMOTE, None)
    assembly.starts_at = now() + timedelta(minutes=59)
    db.session.flush()
    presence.check_in(assembly, ada, Way.REMOTE, None)
    with pytest.raises(Refused, match="cannot be followed"):
        presence.check_in(an_assembly(an_edition(year=2027)), a_member(), Way.REMOTE, None)


# --- The code in the hall ---------------------------------------------------------------------------


def test_the_code_changes_every_five_minutes_and_the_one_before_still_counts():
    assembly, noon = an_assembly(), datetime(2026, 6, 20, 12, 0, tzinfo=UTC)
    codes = [presence.hall_code(assembly, noon + timedelta(minutes=m)) for m in (0, 4, 5, 10)]
    assert codes[0] == codes[1] and len(set(codes)) == 3
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    with time_machine.travel(noon + timedelta(minutes=9), tick=False):
        assert presence.is_hall_code(assembly, f" {codes[0][:3]} {codes[0][3:]} ")
        assert presence.is_hall_code(assembly, codes[2])
    with time_machine.travel(noon + timedelta(minutes=10), tick=False):
        assert not presence.is_hall_code(assembly, codes[0])
    assert not presence.is_hall_code(assembly, "") and not presence.is_hall_code(assembly, "١٢٣٤٥٦")


def test_codes_of_two_assemblies_differ():
    other = an_assembly(an_edition(year=2027), hall_secret=b"o" * 32)
    moments = [now() + timedelta(minutes=5 * n) for n in range(20)]
    mine = an_assembly()
    assert [presence.hall_code(mine, m) for m in moments] != [presence.hall_code(other, m) for m in moments]


def wrong_code(assembly):
    right = {presence.hall_code(assembly, now() - timedelta(minutes=5 * n)) for n in (0, 1)}
    return next(code for code in ("000000", "000001", "000002") if code not in right)


def test_ten_wrong_codes_within_ten_minutes_are_enough():
    ada, lea, assembly = a_member("Ada"), a_member("Lea"), an_assembly()
    noon = now()
    with time_machine.travel(noon, tick=False):
        for _try in range(10):
            with pytest.raises(Refused, match="not the code"):
                presence.check_in_by_code(assembly, ada, wrong_code(assembly))
        with pytest.raises(Refused, match="ten codes"):
            presence.check_in_by_code(assembly, ada, presence.hall_code(assembly, now()))
        presence.check_in_by_code(assembly, lea, presence.hall_code(assembly, now()))
    with time_machine.travel(noon + timedelta(minutes=10), tick=False):
        arrival = presence.check_in_by_code(assembly, ada, presence.hall_code(assembly, now()))
    assert arrival.presence.way == Way.HALL and arrival.presence.checked_in_by_id is None
    assert db.session.scalar(select(func.count()).select_from(HallTry)) == 0


def test_of_thirty_guesses_at_once_ten_are_looked_at(app):
    ada, assembly = a_member().id, an_assembly().id
    wrong = wrong_code(db.session.get_one(Assembly, assembly))

    def act():
        member, meeting = db.session.get_one(Member, ada), db.session.get_one(Assembly, assembly)
        try:
            presence.check_in_by_code(meeting, member, wrong)
        except Refused as refused:
            return refused.why

    outcomes = at_once(app, [act] * 30)
    assert sum("not the code" in why for why in outcomes) == 10
    assert sum("ten codes" in why for why in outcomes) == 20


# --- A member's own code, and finding people --------------------------------------------------------


def test_a_members_code_is_signed_holds_the_number_and_is_of_one_assembly():
    ada, assembly, other = a_member(), an_assembly(), an_assembly(an_edition(year=2027))
    token = presence.token_of(assembly, ada)
    assert presence.member_of(assembly, token) == ada
    assert presence.member_of(other, token) is None
    for forged in ("", "x", token[:-1], token.replace(token[0], "Z", 1), f"{token}.{token}"):
        assert presence.member_of(assembly, forged) is None


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("chloe", ["Chloé Dubois"]),
        ("DUBOIS chlo", ["Chloé Dubois"]),
        ("d'hondt", ["An D’Hondt"]),
        ("jean paul", ["Jean-Paul Muñoz"]),
        ("munoz", ["Jean-Paul Muñoz"]),
        ("777", ["Number Seven"]),
        ("%", []),
        ("_", []),
        ("u", []),
        ("gone", []),
        ("nobody here", []),
    ],
)
def test_people_are_found_by_parts_of_their_name_without_accents_or_by_number(typed, names):
    a_member("Chloé Dubois")
    a_member("An D’Hondt")
    a_member("Jean-Paul Muñoz")
    a_member("Number Seven", number="777")
    a_member("Other Seven", number="7771")
    a_member("Gone", left=now().date())
    assert [m.name for m in finding.members_for(an_assembly(), typed)] == names


def test_what_a_hand_scanner_types_finds_the_member():
    ada, assembly = a_member(), an_assembly()
    address = presence.address_of(assembly, ada)
    assert f"/{assembly.edition.year}/assembly/check-in/m/" in address
    for typed in (address, presence.token_of(assembly, ada)):
        assert finding.members_for(assembly, typed) == [ada]


def test_a_long_list_is_cut_and_known_to_be_longer():
    for n in range(30):
        a_member(f"Peeters {n}")
    assert len(finding.members_for(an_assembly(), "peeters")) == finding.SHOWN + 1
