"""The seasons of the groups: two editions from wishes to the fifth sheet, on a stage on which months pass."""

from datetime import datetime, timedelta

from . import seasons_meetings as meetings
from . import seasons_places as places
from . import seasons_proof as proof
from . import seasons_setting as setting
from . import seasons_wishes as wishes
from .real_groups import told_of
from .report import Report, say
from .seasons_cast import Company, Measure
from .travel import Season

BEGINS = datetime.fromisoformat("2019-09-02T09:00")
YEARS = (2019, 2020)


def all_of(season: Season, report: Report, size: Measure) -> None:
    """Play both editions."""
    company = Company(season, report, size)
    with report.scene("The roll and the roles"):
        say(f"  It is {season.now:%-d %B %Y} on {season.stage.base_url}; months will pass")
        setting.enrol(company)
    for year in YEARS:
        _edition(company, year)
    report.figure("people who wished groups, some of them twice", len(company.known))
    report.figure("letters that arrived", sum(season.stage.letters.counts().values()))


def _edition(company: Company, year: int) -> None:
    label = f"{year}–{(year + 1) % 100}"
    told = told_of(year)
    until = datetime.fromisoformat(setting.SETTINGS[year]["wishes_until"])
    with company.report.scene(f"{label}: groups without dates"):
        company.season.until(told["signup"] - timedelta(days=5), step=timedelta(days=7))
        setting.plan_edition(company, year)
        setting.form_groups(company, year)
        setting.propose_dates(company)
        company.invite([circle.real for circle in company.circles], list(company.known.values()))
    with company.report.scene(f"{label}: wishes"):
        wishes.hold(company, told["signup"], until)
    with company.report.scene(f"{label}: dates and places"):
        places.choose_dates(company)
        places.draw(company)
        places.mend(company)
        places.tell(company)
        meetings.find_meetings(company)
    with company.report.scene(f"{label}: confirmed, declined, passed on"):
        places.settle(company, 14 if year == 2019 else 10)
        meetings.move_away(company)
        places.check_places(company)
    with company.report.scene(f"{label}: five meetings"):
        meetings.hold(company)
        places.check_places(company)
    with company.report.scene(f"{label}: the sheets, the figures, the letters"):
        proof.check(company)
    company.begin()
