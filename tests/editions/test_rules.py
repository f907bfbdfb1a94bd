"""The year: its phases follow from its dates, and one table says what each allows."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from sipvote.db import db, now
from sipvote.editions import rules
from sipvote.editions.models import DATED, Edition, Phase
from sipvote.errors import Refused
from tests.factories import an_edition, an_organiser, phase_dates

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("phase", DATED)
def test_the_phase_follows_from_the_dates(phase):
    assert an_edition(phase).phase == phase


def test_before_its_first_date_an_edition_is_ahead():
    dates = {name: at + timedelta(days=60) for name, at in phase_dates(Phase.THEMES).items()}
    assert an_edition(**dates).phase == Phase.AHEAD


def test_a_phase_ends_when_the_next_begins():
    edition = an_edition(Phase.VOTE)
    assert edition.ends(Phase.VOTE) == edition.count_at
    assert edition.ends(Phase.STOCKTAKE) is None


def test_the_edition_of_2026_is_called_2026_27():
    assert an_edition(year=2026).label == "2026–27"
    assert an_edition(year=1999).label == "1999–00"


@pytest.mark.parametrize(("phase", "act"), [(Phase.THEMES, "propose"), (Phase.VOTE, "vote"), (Phase.SIGNUP, "sign_up")])
def test_a_phase_allows_its_act_and_others_do_not(phase, act):
    assert rules.allows(an_edition(phase), act)
    assert not rules.allows(an_edition(Phase.STOCKTAKE, year=2019), act)


def test_why_not_now_says_from_when_or_until_when():
    assert "possible from" in rules.why_not_now(an_edition(Phase.THEMES), "vote")
    assert "possible until" in rules.why_not_now(an_edition(Phase.STOCKTAKE, year=2020), "vote")
    assert rules.why_not_now(an_edition(Phase.VOTE, year=2021), "vote") is None


def test_the_current_edition_is_the_newest_that_has_begun():
    old, new = an_edition(Phase.STOCKTAKE, 2025), an_edition(Phase.VOTE, 2026)
    ahead = {name: at + timedelta(days=400) for name, at in phase_dates(Phase.THEMES).items()}
    an_edition(year=2027, **ahead)
    assert rules.current() == new
    assert rules.before(new) == old


def test_dates_out_of_order_are_refused_by_the_rule_and_by_the_database():
    dates = {p: phase_dates(Phase.VOTE)[f"{p}_at"] for p in DATED}
    dates[Phase.COUNT] = dates[Phase.VOTE]
    with pytest.raises(Refused, match=r"Count.*must begin after.*Vote"):
        rules.plan(None, 2026, dates, {}, None)
    db.session.add(Edition(year=2026, **{f"{p}_at": d for p, d in dates.items()}))
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_a_year_has_one_edition():
    an_edition(year=2026)
    dates = {p: phase_dates(Phase.VOTE)[f"{p}_at"] for p in DATED}
    with pytest.raises(Refused, match="already"):
        rules.plan(None, 2026, dates, {}, None)


@pytest.mark.parametrize(
    ("phase", "name"), [(Phase.THEMES, "Themes"), (Phase.REVIEW, "Choosing the ballot"), (Phase.COUNT, "Count")]
)
def test_the_year_line_never_says_that_what_is_over_goes_on(phase, name):
    assert [step["label"] for step in rules.year_line(an_edition(phase)) if step["state"] == "now"] == [name]


def test_the_year_line_has_one_step_that_is_now():
    for phase in DATED:
        states = [step["state"] for step in rules.year_line(an_edition(phase, year=2030 + DATED.index(phase)))]
        assert states.count("now") == 1
        assert states == sorted(states, key=["done", "now", "next"].index)


def test_an_organiser_plans_an_edition(browser_of):
    browser = browser_of(an_organiser())
    dates = {
        n: (now() + timedelta(days=30 * i)).strftime("%Y-%m-%dT09:00") for i, n in enumerate(phase_dates(Phase.THEMES))
    }
    data = {"year": 2028, "seats": 2, "supporters_needed": 10, "max_approvals": "", "meetings": 5, "meeting_hours": 3}
    assert browser.post("/en/editions/new", data={**data, **dates}).status_code == 303
    made = rules.of_year(2028)
    assert made.max_approvals is None and made.seats == 2
    wrong = browser.post("/en/2028/settings", data={**data, **dates, "count_at": dates["vote_at"], "seats": 0})
    assert 'role="alert"' in wrong.text
    page = browser.post("/en/2028/settings", data={**data, **dates, "seats": 3}, follow_redirects=True)
    assert "is saved" in page.text and 'value="3"' in page.text
