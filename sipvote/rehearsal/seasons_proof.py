"""After the fifth meeting: sheets, figures, reminders, calendars and letters are held against the play's own book."""

from collections import Counter
from collections.abc import Sequence

from .lists import Table, read_csv, read_xlsx
from .record import Minutes
from .seasons_cast import MEETINGS, Circle, Company
from .seasons_letters import all_of

SMALL = 10  # fewer people are not shown in figures of attendance
CAME = {True: "came", False: "did not come"}
ON_SHEET = {True: "here", False: "not here"}


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
            rows = Minutes(sheet).tables[0][1]
            if {row[1]: row[2].lower() for row in rows if row[2]} != {n: ON_SHEET[c] for n, c in told.items()}:
                wrong.append(f"{circle.name}, sheet {number + 1}: {rows[:3]}")
            sheets += 1
        circle.leader.leave()
    taps = sum(len(taps) for circle in company.held for taps in circle.tapped.values())
    text = f"after the fifth meeting {sheets} sheets, and the lists as CSV and XLSX, say what was tapped ({taps} taps)"
    company.report.promise(text, not wrong, wrong)
    company.report.figure(f"attendance sheets in {company.year}", sheets)


def _told(circle: Circle, number: int) -> dict[str, bool]:
    """What was tapped of those who are in the group still, by their number."""
    return {p.person.number: came for p, came in circle.tapped[number].items() if p in circle.seated}


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
    page = Minutes(company.board.go(f"/{company.year}/figures/"))
    shown = next((rows for caption, rows in page.tables if caption.startswith("Attendance")), [])
    came = ", ".join(f"{row[2]} of {row[1]}" for row in expected)
    text = f"the board's attendance by meeting is the sum of the taps: {came}"
    company.report.promise(text, told == expected and expected, f"{told} instead of {expected}")
    seen = [[cell for cell in row if cell] for row in shown]
    on_page = len(seen) == len(expected) and all(
        {str(row[1]), str(row[2])} <= set(" ".join(cells).replace("%", " ").split())
        for row, cells in zip(expected, seen, strict=False)
    )
    company.report.promise("and so says the page", on_page, f"{shown} instead of {expected}")
    _check_themes(company)
    company.report.figure(f"who came, meeting by meeting, in {company.year}", came)


def _sums(circles: Sequence[Circle], number: int) -> list[int]:
    """Meeting, with a place, came, excused, absent."""
    taps = [
        (came, (p, number) in circle.excused) for circle in circles for p, came in circle.tapped[number].items()
    ]  # fmt: skip
    came = sum(came for came, _excused in taps)
    excused = sum(excused for came, excused in taps if not came)
    return [number + 1, len(taps), came, excused, len(taps) - came - excused]


def _numbers(rows: Table) -> list[list[int]]:
    """The same columns of a table; nobody is left unmarked."""
    return [[int(row[n]) for n in (0, 1, 2, 4, 5)] for row in rows if row[6] == "0"]


def _check_themes(company: Company) -> None:
    answer = company.board.go(f"/{company.year}/figures/attendance-themes.csv").content
    wrong, small = [], []
    for theme, *row in read_csv(answer)[1:]:
        circles = [circle for circle in company.held if circle.title == theme]
        sums = _sums(circles, int(row[0]) - 1)
        wrong += [] if _numbers([row]) == [sums] else [f"{theme}: {row} instead of {sums}"]
        small += [f"{theme}: {row}"] if sums[1] < SMALL else []
    text = "the figures per theme are sums of taps as well, and none of fewer than ten people is shown"
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
    """Who confirmed got every date to come; the file of the group has all five."""
    wrong = [f"{p.name}: {had} of {wanted}" for p in company.players for had, wanted in p.calendars if had != wanted]
    sizes = Counter(had for p in company.players for had, _wanted in p.calendars)
    text = f"{sizes[MEETINGS]} calendars with five dates came with a place, and {sizes.total() - sizes[MEETINGS]} later"
    company.report.promise(text, sizes[MEETINGS] and not wrong, wrong)
    wrong = []
    for circle in company.held:
        for player in circle.seated[:1]:
            player.person.arrive(f"/{company.year}/groups/wishes/")
            text = player.person.go(f"{circle.at}/calendar.ics").content.decode()
            wrong += [] if text.count("BEGIN:VEVENT") == MEETINGS else [circle.name]
            player.person.leave()
    company.report.promise("the calendar file of each group has its five meetings", not wrong, wrong)
