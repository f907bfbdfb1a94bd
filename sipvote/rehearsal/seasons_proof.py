"""After the fifth meeting: sheets, figures, reminders, calendars and letters are held against the play's own book."""

from collections import Counter
from collections.abc import Sequence

from .browser import Page
from .lists import Table, read_csv, read_xlsx
from .record import Minutes
from .seasons_cast import MEETINGS, Circle, Company
from .seasons_letters import all_of, dates_in

SMALL = 10  # fewer people are not shown in figures of attendance
CAME = {True: "came", False: "did not come"}


def check(company: Company) -> None:
    """Everything that must be true at the end of a season."""
    _check_sheets(company)
    _check_figures(company)
    _check_reminders(company)
    _check_silence(company)
    _check_calendars(company)


def _check_sheets(company: Company) -> None:
    """The sheet of each meeting, and the lists of each group, say what was tapped."""
    wrong, sheets = [], 0
    for circle in company.held:
        page = circle.leader.arrive(f"{circle.desk}.csv")
        table = read_csv(page.content)
        if _without_times(table) != _without_times(read_xlsx(circle.leader.go(f"{circle.desk}.xlsx").content)):
            wrong.append(f"{circle.name}: CSV and XLSX differ")
        for number, meeting in enumerate(circle.meetings):
            told = _told(circle, number)
            if (listed := _column(table, f"Meeting {number + 1}")) != {n: CAME[came] for n, came in told.items()}:
                wrong.append(f"{circle.name}, list, meeting {number + 1}: {listed}")
            sheet = circle.leader.go(f"{circle.desk}/meetings/{meeting}/sheet")
            rows = {row[1]: row[2] for row in Minutes(sheet).tables[0][1] if row[2] != "not marked"}
            if rows != _on_sheet(circle, number):
                wrong.append(f"{circle.name}, sheet {number + 1}: {rows}")
            sheets += 1
        circle.leader.leave()
    taps = sum(len(taps) for circle in company.held for taps in circle.tapped.values())
    text = f"after the fifth meeting {sheets} sheets, and the lists as CSV and XLSX, say what was tapped ({taps} taps)"
    company.report.promise(text, not wrong, wrong)
    company.report.figure(f"attendance sheets in {company.year}", sheets)


def _told(circle: Circle, number: int) -> dict[str, bool]:
    """What was tapped of those who are in the group still, by their number."""
    return {p.person.number: came for p, came in circle.tapped[number].items() if p in circle.seated}


def _on_sheet(circle: Circle, number: int) -> dict[str, str]:
    """The same in the words of the sheet, on which it stands who had said that they could not come."""
    told = {p.person.number for p, n in circle.excused if n == number}
    absent = {True: "not here, had told us", False: "not here"}
    return {n: "here" if came else absent[n in told] for n, came in _told(circle, number).items()}


def _column(table: Table, heading: str) -> dict[str, str]:
    """What a list says at a meeting, by the member's number; nothing is left out."""
    number, at = table[0].index("Number"), table[0].index(heading)
    return {row[number]: row[at] for row in table[1:] if row[at] in CAME.values()}


def _without_times(table: Table) -> Table:
    """A list without the column that a spreadsheet keeps as a number."""
    at = table[0].index("Signed up")
    return [[cell for n, cell in enumerate(row) if n != at] for row in table]


# --- Figures ----------------------------------------------------------------------------------------


def _check_figures(company: Company) -> None:
    """Attendance by the number of the meeting, over all groups and by theme; small numbers are hidden."""
    company.board.arrive(f"/{company.year}/figures/")
    expected = [row for n in range(MEETINGS) if (row := _sums(company.held, n))[1] >= SMALL]
    told = _numbers(read_csv(company.board.go(f"/{company.year}/figures/attendance.csv").content)[1:])
    page = company.board.go(f"/{company.year}/figures/")
    came = ", ".join(f"{row[2]} of {row[1]}" for row in expected)
    text = f"the board's attendance by meeting is the sum of the taps: {came}"
    company.report.promise(text, told == expected and expected, f"{told} instead of {expected}")
    missing = [row for row in expected if _sentence(row) not in page.text]
    company.report.promise("and so says the page", not missing, (missing, page.text[-600:]))
    _check_themes(company, page)
    company.report.figure(f"who came, meeting by meeting, in {company.year}", came)


def _sums(circles: Sequence[Circle], number: int) -> list[int]:
    """Meeting, with a place, came, excused, absent."""
    taps = [
        (came, (p, number) in circle.excused) for circle in circles for p, came in circle.tapped[number].items()
    ]  # fmt: skip
    came = sum(came for came, _excused in taps)
    excused = sum(excused for came, excused in taps if not came)
    return [number + 1, len(taps), came, excused, len(taps) - came - excused]


def _sentence(row: Sequence[int]) -> str:
    """These numbers as the page has them."""
    return "{2} of {1} came. Excused: {3}, absent: {4}, not marked: 0.".format(*row)


def _numbers(rows: Table) -> list[list[int]]:
    """The same columns of a table; nobody is left unmarked."""
    return [[int(row[n]) for n in (0, 1, 2, 4, 5)] for row in rows if row[6] == "0"]


def _check_themes(company: Company, page: Page) -> None:
    """By theme; where a theme is too small the table may not be there at all."""
    themes = {circle.title: [c for c in company.held if c.title == circle.title] for circle in company.held}
    wrong, small = [], []
    rows: Table = []
    if page.links("/attendance-themes.csv"):
        rows = read_csv(company.board.go(f"/{company.year}/figures/attendance-themes.csv").content)[1:]
    elif all(_sums(circles, n)[1] >= SMALL for circles in themes.values() for n in range(MEETINGS)):
        wrong.append("there is no table, although every theme is large enough")
    for theme, *row in rows:
        sums = _sums(themes[theme], int(row[0]) - 1)
        wrong += [] if _numbers([row]) == [sums] else [f"{theme}: {row} instead of {sums}"]
        small += [f"{theme}: {row}"] if sums[1] < SMALL else []
    text = f"the figures per theme ({len(rows)} shown) are sums of taps as well, none of them of fewer than ten people"
    company.report.promise(text, not wrong and not small, wrong or small)


# --- Letters ----------------------------------------------------------------------------------------


def _check_reminders(company: Company) -> None:
    """Each reminder reached just those who had a place and had not excused themselves, once."""
    wrong, sent = [], 0
    for player in company.players:
        sent += player.reminded.total()
        if player.reminded != player.reminders:
            differing = (player.reminded - player.reminders) + (player.reminders - player.reminded)
            wrong.append(f"{player.name}: {dict(differing)}")
    text = f"{sent} reminders, a week and a day before, reached just those expected at a meeting, each once"
    company.report.promise(text, sent and not wrong, wrong)
    company.report.figure(f"reminders in {company.year}", sent)


def _check_silence(company: Company) -> None:
    """Who withdrew, said no or let a place lapse hears no more of that group."""
    wrong = []
    for player in company.players:
        for circle, until in player.gone.items():
            later = [letter for letter in all_of(player, company.year) if letter.leads_to(circle)]
            known = player.person.letters()[:until]
            wrong += [f"{player.name}: {each.letter.subject}" for each in later if each.letter not in known]
    gone = sum(len(player.gone) for player in company.players)
    text = f"{gone} times somebody left, said no or said nothing: no letter of that group reached them later"
    company.report.promise(text, gone and not wrong, wrong)


def _check_calendars(company: Company) -> None:
    """Who confirmed got every date to come, by mail; the file of the group has all five, as they were moved."""
    wrong = [f"{p.name}: {had} of {wanted}" for p in company.players for had, wanted in p.calendars if had != wanted]
    sizes = Counter(len(had) for p in company.players for had, _wanted in p.calendars)
    others = sizes.total() - sizes[MEETINGS]
    text = f"{sizes[MEETINGS]} calendars came with the group's five dates, {others} with those to come or moved"
    company.report.promise(text, sizes[MEETINGS] and not wrong, wrong)
    wrong = []
    for circle in company.held:
        for player in circle.seated[:1]:
            player.person.arrive(f"/{company.year}/groups/wishes/")
            file = player.person.go(f"{circle.at}/calendar.ics").content.decode()
            wrong += [] if dates_in(file) == circle.dates else [f"{circle.name}: {dates_in(file)}"]
            wrong += [] if circle.real.first in (None, circle.dates[0]) else [f"{circle.name}: {circle.dates[0]}"]
            player.person.leave()
    company.report.promise("the calendar file of each group has its five meetings, a known one first", not wrong, wrong)
