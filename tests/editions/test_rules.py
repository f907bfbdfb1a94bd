"""The year: its phases follow from its dates, and one table says what each allows."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from sipvote import audit
from sipvote.db import db, now
from sipvote.editions import rules
from sipvote.editions.models import DATED, Edition, Phase, SignUpWay, WaitingOrder
from sipvote.errors import Refused
from sipvote.i18n import ZONE
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


class TestSignUpByWishes:
    """The deadline, and what goes with it; what may no longer change, tests/workgroups/test_wishing.py asks."""

    def fault(self, **settings):
        dates = {p: phase_dates(Phase.SIGNUP)[f"{p}_at"] for p in DATED}
        found = rules.why_not_settings(None, dates, {"sign_up_way": SignUpWay.WISHES, **settings})
        return found and ": ".join(found)

    def test_wishes_need_a_deadline_between_sign_up_and_the_groups(self):
        dates = phase_dates(Phase.SIGNUP)
        assert "wishes_until: Sign-up by wishes needs a deadline" in self.fault()
        for wrong in (dates["vote_at"], dates["recommendations_at"], dates["stocktake_at"]):
            assert "wishes_until: The deadline of wishes lies between" in self.fault(wishes_until=wrong)
        assert self.fault(wishes_until=dates["groups_at"] - timedelta(days=9)) is None
        assert self.fault(sign_up_way=SignUpWay.DIRECT) is None

    def test_without_wishes_no_lot_is_drawn(self):
        assert "waiting_order: A lot" in self.fault(sign_up_way=SignUpWay.DIRECT, waiting_order=WaitingOrder.LOT)
        until = phase_dates(Phase.SIGNUP)["groups_at"] - timedelta(days=9)
        assert self.fault(wishes_until=until, waiting_order=WaitingOrder.LOT) is None

    def test_the_rule_refuses_what_the_page_tells(self):
        dates = {p: phase_dates(Phase.VOTE)[f"{p}_at"] for p in DATED}
        with pytest.raises(Refused, match="needs a deadline"):
            rules.plan(None, 2026, dates, {"sign_up_way": SignUpWay.WISHES}, None)

    def sent(self, edition, **values):
        """What the form of an edition sends."""
        names = [f"{p}_at" for p in DATED]
        dates = {name: f"{getattr(edition, name).astimezone(ZONE):%Y-%m-%dT%H:%M}" for name in names}
        kept = {"seats": 2, "supporters_needed": 10, "max_approvals": "", "meetings": 5, "meeting_hours": 3}
        return {"year": edition.year, **dates, **kept, **values}

    def test_an_organiser_chooses_the_way_and_a_year_later_it_is_copied(self, browser_of):
        edition, browser = an_edition(Phase.VOTE), browser_of(an_organiser())
        wishes = {
            "sign_up_way": "wishes",
            "days_apart": 10,
            "confirm_days": 5,
            "accept_days": 2,
            "waiting_order": "lot",
        }
        page = browser.post("/en/2026/settings", data=self.sent(edition, **wishes)).text
        assert "needs a deadline" in page and 'href="#wishes_until"' in page
        until = edition.groups_at - timedelta(days=14)
        wishes["wishes_until"] = f"{until.astimezone(ZONE):%Y-%m-%dT12:00}"
        assert browser.post("/en/2026/settings", data=self.sent(edition, **wishes)).status_code == 303
        db.session.expire_all()
        assert (edition.sign_up_way, edition.waiting_order, edition.days_apart) == ("wishes", "lot", 10)
        assert (edition.confirm_days, edition.accept_days) == (5, 2)
        assert f"{edition.wishes_until.astimezone(ZONE):%Y-%m-%dT%H:%M}" == wishes["wishes_until"]
        facts = db.session.scalars(select(audit.Entry)).one().facts
        assert facts["sign_up_way"] == "wishes" and facts["wishes_until"].endswith(("+01:00", "+02:00"))
        assert audit.first_fault() is None
        page = browser.get("/en/editions/new").text
        later = (edition.wishes_until.astimezone(ZONE) + timedelta(weeks=52)).strftime("%Y-%m-%dT12:00")
        assert f'value="{later}"' in page and re.search(r'checked[^>]*value="(wishes|lot)"', page)

    def test_what_an_older_page_does_not_send_stays_as_it_is(self, browser_of):
        edition = an_edition(Phase.VOTE, accept_days=9)
        assert browser_of(an_organiser()).post("/en/2026/settings", data=self.sent(edition)).status_code == 303
        db.session.expire_all()
        assert (edition.accept_days, edition.sign_up_way, edition.wishes_until) == (9, "direct", None)

    def test_numbers_that_are_none_are_told(self, browser_of):
        edition = an_edition(Phase.VOTE)
        page = browser_of(an_organiser()).post(
            "/en/2026/settings", data=self.sent(edition, confirm_days="soon", accept_days=0)
        )
        assert "Give a whole number." in page.text and "from 1 to 30" in page.text
