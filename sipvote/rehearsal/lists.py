"""What facilitators and the board see of the groups: the lists to download, and the figures."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from zipfile import ZipFile

from ..members.offices import OFFICES
from .browser import words_of
from .groups import Group
from .person import Person
from .play import YEAR, Play

Row = list[str]
Table = list[Row]


class Line(NamedTuple):
    """What a list says of somebody: their number, and whether they have a place."""

    number: str
    has_place: bool


def check_lists(play: Play, groups: Sequence[Group]) -> None:
    """The facilitators' lists, as CSV and as XLSX, hold exactly who signed up, and the waiting list in its order."""
    wrong, oversold, people = [], [], 0
    for leader in {group.leader.number: group.leader for group in groups}.values():
        leader.sign_in(f"/{YEAR}/facilitate/")
    for group in groups:
        here = f"/{YEAR}/facilitate/{group.id}"
        lines = _lines(read_csv(group.leader.go(f"{here}.csv").content))
        if lines != _lines(read_xlsx(group.leader.go(f"{here}.xlsx").content)):
            wrong.append(f"{group.name}: CSV and XLSX differ")
        seated = {line.number for line in lines if line.has_place}
        waiting = [line.number for line in lines if not line.has_place]
        if seated != {p.number for p in group.seated} or waiting != [p.number for p in group.waiting]:
            wrong.append(f"{group.name}: {len(seated)} with a place, {len(waiting)} waiting")
        if len(seated) > group.places or len(lines) != len({line.number for line in lines}):
            oversold.append(group.name)
        people += len(lines)
    text = f"the facilitators' CSV and XLSX lists of {len(groups)} groups hold the {people} who signed up, in order"
    play.report.promise(text, not wrong, wrong)
    play.report.promise("no place is oversold, nobody stands in a list twice", not oversold, oversold)


def read_csv(content: bytes) -> Table:
    """A CSV file of ours: semicolons, UTF-8 with its mark."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def read_xlsx(content: bytes) -> Table:
    """The first sheet of an Excel file, as text."""
    with ZipFile(io.BytesIO(content)) as book:
        strings = book.read("xl/sharedStrings.xml").decode()
        shared = [words_of(each) for each in re.findall(r"<si>(.*?)</si>", strings, re.S)]
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    table: Table = []
    for row in re.findall(r"<row\b[^>]*>(.*?)</row>", sheet, re.S):
        cells = re.findall(r'<c r="([A-Z]+)\d+"([^>]*)>.*?<v>([^<]*)</v>', row)
        line: Row = []
        for column, kind, value in cells:
            line += [""] * (_column(column) - len(line))  # empty cells are not written
            line.append(shared[int(value)] if 't="s"' in kind else value)
        table.append(line + [""] * (len(table[0]) - len(line) if table else 0))
    return table


def _column(letters: str) -> int:
    """The number of a column, from 0: A, B … Z, AA."""
    found = 0
    for letter in letters:
        found = 26 * found + ord(letter) - ord("A") + 1
    return found - 1


def _lines(table: Table) -> list[Line]:
    headings = table[0]
    number, place = headings.index("Number"), headings.index("Place or waiting list")
    return [Line(row[number], row[place] == "has a place") for row in table[1:]]


def check_figures(play: Play, groups: Sequence[Group]) -> None:
    """The board's figures are the sums of what happened, without a name."""
    page = play.board.sign_in(f"/{YEAR}/figures/")
    everybody = [person for group in groups for person in [*group.seated, *group.waiting]]
    named = [p.name for p in everybody if p.name in page.text or p.email in page.html]
    play.report.promise("the board's figures hold no names", not named, named)
    wrong = []
    for what, sums in (("themes", _by_theme(groups)), ("cities", _by_city(groups))):
        told = {
            row[0]: _with_offered(*map(int, row[1:]))
            for row in read_csv(play.board.go(f"/{YEAR}/figures/{what}.csv").content)[1:]
        }
        wrong += [] if told == sums else [f"{what}: {told} instead of {sums}"]
    play.report.promise("the board's figures per theme and city are the sums of the groups", not wrong, wrong)
    _check_countries(play, everybody)
    total = sum(len(group.seated) for group in groups)
    play.report.figure("places taken in workgroups", f"{total} of {sum(group.places for group in groups)}")
    play.report.figure("people on waiting lists", len(everybody) - total)


def _check_countries(play: Play, everybody: Sequence[Person]) -> None:
    table = read_csv(play.board.go(f"/{YEAR}/figures/countries.csv").content)
    told = {row[0]: row[table[0].index("Members who signed up")] for row in table[1:]}
    counts = Counter({"BE": "Belgium", "FR": "France"}[person.country] for person in everybody)
    shown = {name: told.get(name) for name in counts}
    # A small count is not shown, nor one that would tell how few have no place.
    right = all(shown[name] in (str(n), "not shown") for name, n in counts.items())
    play.report.promise("and so are those per country", right, shown)


def _numbers(groups: Sequence[Group]) -> list[int]:
    """Groups, places, places taken, free places, waiting."""
    places, taken = sum(g.places for g in groups), sum(len(g.seated) for g in groups)
    return [len(groups), places, taken, places - taken, sum(len(g.waiting) for g in groups)]


def _with_offered(groups: int, places: int, taken: int, offered: int, free: int, waiting: int) -> list[int]:
    """A line of the figures as _numbers counts: a place that is offered is not free."""
    return [groups, places, taken + offered, free, waiting]


def _by_theme(groups: Sequence[Group]) -> dict[str, list[int]]:
    titles = {group.theme.title("en") for group in groups}
    return {title: _numbers([g for g in groups if g.theme.title("en") == title]) for title in titles}


def _by_city(groups: Sequence[Group]) -> dict[str, list[int]]:
    """A group that cities share counts in each of them."""
    slugs = {slug for group in groups for slug in group.cities}
    sums = {OFFICES[slug].en: _numbers([g for g in groups if slug in g.cities]) for slug in slugs}
    online = [group for group in groups if not group.cities]
    return sums | ({"Online": _numbers(online)} if online else {})
