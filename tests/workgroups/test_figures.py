"""The figures for board and organisers: four questions, answered without telling of anybody."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sipvote.db import db, now
from sipvote.editions.models import Phase, SignUpWay
from sipvote.members.models import Profile
from sipvote.workgroups import counts, fullness, turnout, years
from sipvote.workgroups.balance import balance, kinds_of
from sipvote.workgroups.commitment import Turnout
from sipvote.workgroups.ways import takes_wishes
from sipvote.workgroups.wish_figures import wished
from sipvote.workgroups.wish_models import Assignment
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_group,
    a_member,
    a_signup,
    a_theme,
    a_wish_list,
    an_attended_group,
    an_edition,
    an_offer,
    an_organiser,
    in_phase,
    kept,
)
from tests.queries import counted
from tests.reading import rows


@pytest.fixture
def edition(database):
    return an_edition(Phase.GROUPS)


@pytest.fixture
def board(browser_of, database):
    return browser_of(a_board_member())


def main(page):
    return " ".join(page.text.partition("<main")[2].partition("</main>")[0].split())


# --- Who may see them -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "themes.csv", "all.xlsx"])
def test_board_and_organisers_see_figures_and_nobody_else(client, browser_of, edition, path):
    a_group(edition)
    address = f"/en/2026/figures/{path}"
    assert client.get(address).status_code == 302
    for who in (a_member(), a_facilitator("gent")):
        assert browser_of(who).get(address).status_code == 403
    for who in (a_board_member(), an_organiser()):
        assert browser_of(who).get(address).status_code == 200


def test_what_is_not_there_is_not_found(board, edition):
    a_group(edition)
    for path in ("2026/figures/attendance.csv", "2026/figures/wishes-groups.csv", "2026/figures/names.csv"):
        assert board.get(f"/en/{path}").status_code == 404
    assert board.get("/en/2031/figures/").status_code == board.get("/en/2031/figures/all.xlsx").status_code == 404


# --- How full ---------------------------------------------------------------------------------------


def test_an_offered_place_is_neither_taken_nor_free(board, edition):
    theme = a_theme(edition, "Guidance", elected_at=now())
    group = an_attended_group(edition, "cccc", theme=theme, places=6)
    group.signups[0].confirm_by = now() + timedelta(days=2)
    db.session.flush()
    found = counts.numbers_of([group])[group.id]
    assert (found.taken, found.offered, found.confirmed, found.free) == (4, 1, 3, 2)
    page = main(board.get("/en/2026/figures/"))
    assert "Members have 3 of 6 places (50%); 2 are free." in page and "not confirmed yet: 1" in page
    assert rows(board.get("/en/2026/figures/themes.csv"))[1] == ["Guidance", "1", "6", "3", "1", "2", "0"]


def at(*when):
    return datetime(*when, 12, tzinfo=UTC)


def test_sign_ups_are_told_week_by_week_with_those_who_left():
    weeks = fullness.weeks_of([
        (at(2026, 10, 12), None), (at(2026, 10, 18), at(2026, 10, 27)), (at(2026, 10, 28), None),
    ])  # fmt: skip
    assert [(f"{w.monday:%d.%m}", w.came, w.went, w.standing) for w in weeks] == [
        ("12.10", 2, 0, 2), ("26.10", 1, 1, 2),
    ]  # fmt: skip


def test_a_long_time_is_told_in_longer_steps_that_lose_nobody():
    moments = [(at(2026, 1, 5) + timedelta(days=9 * n), None) for n in range(40)]
    weeks = fullness.weeks_of(moments)
    assert len(weeks) <= fullness.MOST_WEEKS and weeks[-1].standing == sum(w.came for w in weeks) == 40
    assert {(b.monday - a.monday).days for a, b in pairwise(weeks)} == {56}
    assert fullness.weeks_of([]) == []


# --- How balanced -----------------------------------------------------------------------------------


def test_shares_are_compared_with_all_members(edition):
    for n in range(10):
        a_member(f"Elsewhere {n}", "lille", language="fr")
    an_attended_group(edition, "c" * 10, people=[a_member(f"N{n}", language="nl") for n in range(10)])
    a_member("Left", language="nl", left=now().date() - timedelta(days=30))
    found = balance(edition)
    assert (found.members, found.signed_up, found.placed) == (21, 10, 10)  # with who proposed the theme
    dutch = next(kind for kind in found.kinds["languages"] if kind.label == "Nederlands")
    assert (dutch.members.people, dutch.signed_up.people, dutch.placed.share) == (10, 10, 1)
    assert round(dutch.difference, 2) == 0.52
    assert [kind.label for kind in found.kinds["cities"]] == ["Ghent", "Lille"]


def test_who_is_in_two_groups_counts_once(edition):
    people = [a_member(f"N{n}") for n in range(6)]
    for days in (0, 1):
        an_attended_group(edition, "c" * 6, people=people, begins=-20 + days)
    assert balance(edition).signed_up == balance(edition).placed == 6


def test_neither_small_counts_nor_small_differences_are_told():
    names = {"nl": "Nederlands", "fr": "Français", "en": "English"}
    kinds = kinds_of({"nl": (900, 60, 58), "fr": (800, 40, 30), "en": (90, 3, 3)}, names, (1790, 103, 91))
    told = {k.label: (k.signed_up and k.signed_up.people, k.placed and k.placed.people) for k in kinds}
    assert told == {"Nederlands": (None, 58), "Français": (None, None), "English": (None, None)}
    kinds = kinds_of({"nl": (900, 60, 58), "fr": (800, 40, 30), "en": (90, 9, 8)}, names, (1790, 109, 96))
    told = {k.label: (k.signed_up and k.signed_up.people, k.placed and k.placed.people) for k in kinds}
    assert told == {"Nederlands": (None, 58), "Français": (None, 30), "English": (None, 8)}


def test_no_small_count_stands_on_the_page_or_in_a_file(board, edition):
    an_attended_group(edition, "c" * 9, people=[a_member(f"N{n}") for n in range(9)], places=40)
    an_attended_group(edition, "ccc", people=[a_member(f"P{n}", profile=Profile.PARTNER) for n in range(3)], begins=-19)
    table = {row[0]: row[3:] for row in rows(board.get("/en/2026/figures/profiles.csv"))}
    assert table["Partner"] == table["Freelancer"] == ["not shown"] * 4
    assert table["Client"] == ["0"] * 4
    profiles = main(board.get("/en/2026/figures/")).partition("<h3>Profile</h3>")[2].partition("<h3>")[0]
    assert profiles.count("not shown") == 4 and "The largest difference" not in profiles


# --- Do people keep coming --------------------------------------------------------------------------


def test_attendance_is_told_by_the_number_of_the_meeting(board, edition):
    an_attended_group(edition, "c" * 12, "c" * 8 + "eeau", places=12)
    page = main(board.get("/en/2026/figures/"))
    assert "To meeting 1 came 12 of 12 people with a place. To meeting 2 came 8 of 12 people with a place. Who" in page
    table = rows(board.get("/en/2026/figures/attendance.csv"))
    assert table[1:3] == [["1", "12", "12", "100", "0", "0", "0"], ["2", "12", "8", "67", "2", "1", "1"]]
    assert len(table) == 3  # of the three others nobody made a list
    assert "lists of 2 of 5 meetings" in page


def test_before_anybody_noted_who_came_the_page_says_so(board, edition):
    a_signup(a_member(), a_group(edition))
    assert "No meeting is over yet." in main(board.get("/en/2026/figures/"))
    an_attended_group(edition, "u" * 12)
    assert "nobody noted yet who came" in main(board.get("/en/2026/figures/"))


def test_who_got_a_place_later_counts_from_then_on(edition):
    group = an_attended_group(edition, "c" * 11, "c" * 11, "c" * 11)
    late = group.signups[0]
    late.seated_at, late.attendances = group.meetings[1].starts_at + timedelta(days=1), []
    db.session.flush()
    db.session.expire_all()
    found = turnout.kept([group], turnout.rows_of([edition.id])[edition.id])
    assert [t.people for t in found.numbers] == [10, 10, 11]


def test_who_withdrew_counts_where_they_had_come(edition):
    group = an_attended_group(edition, "c" * 11, "c" * 11, "u" + "c" * 10)
    gone = group.signups[0]
    gone.seat, gone.seated_at, gone.withdrawn_at = None, None, now()
    db.session.flush()
    found = turnout.kept([group], turnout.rows_of([edition.id])[edition.id])
    assert [(t.people, t.came) for t in found.numbers] == [(11, 11), (11, 11), (10, 10)]


def test_waiting_people_offers_meetings_ahead_and_cancelled_groups_do_not_count(edition):
    group = an_attended_group(edition, *["c" * 12] * 5)
    group.signups[0].seat = None
    group.signups[0].attendances = []
    group.signups[1].confirm_by = now()
    group.signups[1].attendances = []
    group.meetings[4].ends_at = now() + timedelta(hours=1)
    an_attended_group(edition, "c" * 12, begins=-19).cancelled_at = now()
    db.session.flush()
    db.session.expire_all()
    found = turnout.kept([group], turnout.rows_of([edition.id])[edition.id])
    assert found.numbers[0] == Turnout(1, 10, 10, 0, 0) and len(found.numbers) == 4


def test_of_a_group_of_nine_no_attendance_is_told(board, edition):
    an_attended_group(edition, "c" * 8 + "a")
    assert "Fewer than 10 people had a place" in main(board.get("/en/2026/figures/"))
    assert board.get("/en/2026/figures/attendance.csv").status_code == 404


def test_a_city_of_which_nothing_may_be_told_has_no_line(board, edition):
    for n, (city, people) in enumerate((("gent", 12), ("luik", 12), ("lille", 4), ("brussel", 7))):
        an_attended_group(edition, "c" * people, city=city, begins=-20 + n)
    table = rows(board.get("/en/2026/figures/attendance-cities.csv"))
    assert [row[:3] for row in table[1:]] == [["Ghent", "1", "12"], ["Liège", "1", "12"]]
    shown = main(board.get("/en/2026/figures/")).partition("<caption>Attendance per city</caption>")[2]
    assert "Liège" in shown.partition("</table>")[0] and "Lille" not in shown.partition("</table>")[0]


def test_groups_that_lost_more_than_a_third_are_named_and_nobody_in_them(board, edition):
    theme = a_theme(edition, "Guidance", elected_at=now())
    an_attended_group(edition, "c" * 12, "c" * 7 + "a" * 5, theme=theme)
    an_attended_group(edition, "c" * 12, "c" * 12, theme=theme, city="lille", begins=-19)
    page = board.get("/en/2026/figures/")
    assert rows(board.get("/en/2026/figures/losses.csv"))[1:] == [["Guidance (Ghent)", "12", "7"]]
    assert "Person" not in main(page) and "Guidance (Lille)" not in main(page)


def test_how_many_stayed_to_the_end_is_told_once_groups_are_over(board, edition):
    an_attended_group(edition, "c" * 12, "c" * 12, "c" * 12, "c" * 12, "c" * 6 + "a" * 6, begins=-30)
    assert rows(board.get("/en/2026/figures/stayed.csv"))[1:] == [
        ["Every meeting", "6"], ["All but one", "6"], ["Fewer", "0"],
    ]  # fmt: skip


# --- Compared with past editions --------------------------------------------------------------------


def test_the_last_five_editions_with_groups_stand_side_by_side(board, database):
    for year in range(2018, 2027):
        edition = an_edition(Phase.STOCKTAKE, year=year)
        if year != 2024:
            an_attended_group(edition, "c" * 12, "c" * 9 + "a" * 3, begins=-60, places=16)
    table = rows(board.get("/en/2025/figures/editions.csv"))
    assert [row[0] for row in table[1:]] == ["2020–21", "2021–22", "2022–23", "2023–24", "2025–26"]
    assert table[1] == ["2020–21", "1", "16", "12", "75", "12", "12", "0", "100", "2", "75"]
    assert "In 2025–26 members have 75% of the places." in main(board.get("/en/2025/figures/"))


def test_the_first_edition_is_compared_with_none(board, edition):
    a_group(edition)
    assert "No edition before this one" in main(board.get("/en/2026/figures/"))
    found, own = years.compared(edition)
    assert [(y.places, y.taken, y.first, y.last) for y in found] == [(12, 0, None, None)] and own == []


# --- What members wish ------------------------------------------------------------------------------


@pytest.fixture
def wishing(database):
    edition = an_edition(Phase.SIGNUP)
    edition.sign_up_way, edition.wishes_until = SignUpWay.WISHES, edition.groups_at - timedelta(days=5)
    db.session.flush()
    return edition


def test_wishes_are_counted_by_rank_for_groups_and_themes(board, wishing):
    guidance, equality = (a_theme(wishing, title, elected_at=now()) for title in ("Guidance", "Equality"))
    one, two = a_group(wishing, guidance), a_group(wishing, guidance, "lille")
    three = a_group(wishing, equality, days=1)
    for n in range(6):
        a_wish_list(a_member(f"A{n}"), one, two)
        a_wish_list(a_member(f"B{n}"), two)
        a_wish_list(a_member(f"C{n}"), three, one)
    a_wish_list(a_member(), one, pledged=False)
    a_wish_list(a_member(), one, withdrawn_at=now())
    page = main(board.get("/en/2026/figures/"))
    assert "begun: 19; with the pledge to come to every meeting: 18; taken back: 1" in page
    assert sorted(rows(board.get("/en/2026/figures/wishes-groups.csv"))[1:]) == [
        ["Equality", "Ghent", "12", "6", "6", "0", "0"], ["Guidance", "Ghent", "12", "6", "6", "6", "0"],
        ["Guidance", "Lille", "12", "6", "6", "6", "0"],
    ]  # fmt: skip
    found = wished(wishing, [one, two, three])
    assert found.groups == {
        one.id: {1: 6, 2: 6, 3: 0}, two.id: {1: 6, 2: 6, 3: 0}, three.id: {1: 6, 2: 0, 3: 0},
    }  # fmt: skip
    assert found.themes[guidance.id] == {1: 12, 2: 12, 3: 0}


def test_few_wishes_are_not_told_of_a_group_nor_by_its_theme(wishing):
    guidance, equality = (a_theme(wishing, title, elected_at=now()) for title in ("Guidance", "Equality"))
    one, two, three = a_group(wishing, guidance), a_group(wishing, guidance, "lille"), a_group(wishing, equality)
    for n in range(9):
        a_wish_list(a_member(f"A{n}"), (one, three)[n < 6])
    found = wished(wishing, [one, two, three])
    assert found.groups[one.id][1] is found.groups[three.id][1] is found.themes[guidance.id][1] is None


def test_once_members_are_told_their_groups_wishes_are_told_no_more(board, wishing):
    a_wish_list(a_member(), a_group(wishing))
    assert takes_wishes(wishing)
    drawn = {"frozen_at": now(), "wishes_hash": "0" * 64, "draw": "123", "drawn_at": now()}
    assignment = kept(Assignment(edition=wishing, **drawn))
    assert takes_wishes(wishing)
    assignment.told_at = now()
    db.session.flush()
    assert not takes_wishes(wishing)
    assert "What do members wish?" not in main(board.get("/en/2026/figures/"))


def test_who_wished_with_a_pledge_has_signed_up(wishing):
    group, ada = a_group(wishing), a_member()
    a_wish_list(ada, group)
    a_wish_list(a_member(), group, pledged=False)
    assert balance(wishing).signed_up == 1
    an_offer(ada, group, confirm_by=None)
    assert (balance(wishing).signed_up, balance(wishing).placed) == (1, 1)


def test_where_one_signs_up_directly_there_are_no_wishes(edition):
    assert not takes_wishes(edition)


# --- As files, and how much it asks -----------------------------------------------------------------


def test_the_workbook_has_every_table_on_a_sheet_of_its_own(board, edition):
    an_attended_group(edition, "c" * 12, "c" * 12)
    book = zipfile.ZipFile(io.BytesIO(board.get("/nl/2026/figures/all.xlsx").data))
    names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(names) == book.read("xl/workbook.xml").decode().count("<sheet ") >= 10


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_the_page_reads_in_every_language(board, edition, language):
    an_attended_group(edition, "c" * 12, "c" * 7 + "a" * 5)
    page = board.get(f"/{language}/2026/figures/")
    assert page.status_code == 200 and "%(" not in page.text


def test_tables_have_captions_and_headings(board, edition):
    an_attended_group(edition, "c" * 12, "c" * 7 + "a" * 5)
    page = board.get("/en/2026/figures/").text
    tables = page.split("<table")[1:]
    assert len(tables) > 8
    assert all("<caption>" in table and 'scope="col"' in table and 'scope="row"' in table for table in tables)


def test_the_number_of_queries_does_not_grow_with_people_groups_or_editions(board, database):
    numbers = []
    for year in (2026, 2025):
        before = an_edition(Phase.STOCKTAKE, year=year)
        if year == 2026:
            edition = in_phase(before, Phase.GROUPS)
        for n, city in enumerate(("gent", "luik", "lille")):
            an_attended_group(before, "c" * 6, "c" * 6, city=city, begins=-60 + n)
        for n in range(2):
            an_attended_group(edition, "c" * 5, "c" * 5, begins=-40 + n)
        board.get("/en/2026/figures/")
        db.session.expire_all()
        with counted() as seen:
            board.get("/en/2026/figures/")
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] < 45
