"""What came of it: two editions from a group's first recommendation to a published stocktake, then a legacy list."""

from datetime import datetime, timedelta

from . import outcomes_board as board
from . import outcomes_hearing as hearing
from . import outcomes_list as legacy
from . import outcomes_writing as writing
from . import seasons_setting as setting
from .outcomes_cast import Measure, Troupe, plant
from .real_groups import told_of
from .report import Report, say
from .seasons_cast import Company
from .travel import Season

BEGINS = datetime.fromisoformat("2019-09-02T09:00")
YEARS = (2019, 2020)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def all_of(season: Season, report: Report, size: Measure) -> None:
    """Play both editions, then the list of the years before."""
    company = Company(season, report, size)
    with report.scene("The roll and the roles"):
        say(f"  It is {season.now:%-d %B %Y} on {season.stage.base_url}; years will pass")
        setting.enrol(company)
        troupe = Troupe(company, [company.official("brussel") for _ in range(2)])
    for year in YEARS:
        _edition(troupe, year)
    legacy.all_of(company)
    report.figure("letters that arrived", sum(season.stage.letters.counts().values()))


def _edition(troupe: Troupe, year: int) -> None:
    season, report, told = troupe.company.season, troupe.company.report, told_of(year)
    label = f"{year}–{(year + 1) % 100}"
    for book in (troupe.numbers, troupe.outcomes, troupe.owned):
        book.clear()
    season.until(told["recommendations"] - 10 * DAY, step=4 * WEEK)
    with report.scene(f"{label}: groups write"):
        plant(troupe, year)
        writing.write(troupe)
        writing.publish(troupe)
    with report.scene(f"{label}: remarks and answers"):
        season.until(season.now + 3 * DAY, step=WEEK)
        hearing.remark(troupe)
        season.until(season.now + DAY, step=WEEK)
        hearing.answer(troupe)
    with report.scene(f"{label}: adoption"):
        season.until(season.now + 3 * WEEK, step=WEEK)
        hearing.adopt(troupe)
    with report.scene(f"{label}: the board"):
        season.until(told["decisions"] + DAY, step=WEEK)
        board.submit(troupe)
        season.until(season.now + WEEK, step=WEEK)
        board.draft(troupe)
        season.until(season.now + 2 * WEEK, step=WEEK)
        board.publish(troupe)
    with report.scene(f"{label}: what was done"):
        season.until(told["stocktake"] + DAY, step=4 * WEEK)
        board.report_back(troupe)
        board.publish_stocktake(troupe)
        board.read_threads(troupe)
    report.figure(f"recommendations decided in {year}", len(troupe.numbers))
