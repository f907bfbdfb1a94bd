"""A real vote opens only on an installation that is ready; a rehearsal, and a machine that plays, opens anyway."""

from datetime import timedelta

import pytest

from sipvote import kept, mail, readiness
from sipvote.access import Role
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.i18n import in_language
from sipvote.readiness import Finding
from sipvote.voting import checklist, hours, rules
from sipvote.voting.models import Custody
from tests.factories import a_frozen_election, a_member, an_edition, an_election, an_organiser, in_phase

pytestmark = pytest.mark.usefixtures("database")
NO_BACKUP = "There is no backup of the last day"


@pytest.fixture
def in_production(app, monkeypatch):
    monkeypatch.setitem(app.config, "MODE", "production")
    kept.forget_all()


@pytest.fixture
def election():
    return a_frozen_election(custody=Custody.SERVER)[0]


def test_tests_and_demonstrations_ask_for_nothing(election):
    assert readiness.why_not_open() is None and hours.why_not_open(election) is None


@pytest.mark.usefixtures("in_production")
def test_a_real_vote_does_not_open_and_the_sentences_say_why(election):
    why = hours.why_not_open(election)
    assert why.startswith("This installation would break a promise") and NO_BACKUP in why
    with pytest.raises(Refused, match=NO_BACKUP):
        hours.open_(election, None)
    assert election.opened_at is None


@pytest.mark.usefixtures("in_production")
def test_every_organiser_hears_once_that_an_announced_vote_did_not_open(election, outbox):
    dre = an_organiser(language="fr")
    for _minute in range(3):
        hours.keep_time(election)
        db.session.commit()
    mail.deliver()
    assert [letter.to for letter in outbox] == [[dre.email]]
    assert "ne s’est pas ouvert" in outbox[0].subject and "pas de sauvegarde" in outbox[0].body


@pytest.mark.usefixtures("in_production")
def test_before_its_moment_nobody_is_written_to(election, outbox):
    an_organiser()
    election.opens_at = now() + timedelta(hours=1)
    hours.keep_time(election)
    db.session.commit()
    assert mail.deliver() == 0


@pytest.mark.usefixtures("in_production")
def test_the_clock_does_not_open_it_either_until_it_is_mended(election, monkeypatch):
    hours.keep_time(election)
    assert election.opened_at is None
    monkeypatch.setattr(readiness, "findings", lambda: [Finding("warn", "Look at this.")])
    hours.keep_time(election)
    assert election.opened_at is not None


def test_what_is_open_closes_whatever_is_wrong(app, monkeypatch):
    election = an_election(a_member())
    monkeypatch.setitem(app.config, "MODE", "production")
    assert hours.why_not_close(election) is None
    hours.close(election, None)
    assert election.closed_at


@pytest.mark.usefixtures("in_production")
def test_a_rehearsal_opens_and_its_desk_warns(browser_of, app):
    election, _lists = a_frozen_election(custody=Custody.SERVER)
    election.is_rehearsal = True
    dre = an_organiser()
    db.session.commit()
    assert hours.why_not_open(election) is None
    page = browser_of(dre).get(f"/en/{election.edition.year}/election/").text
    assert "A real vote would not open now" in page and NO_BACKUP in page


@pytest.mark.usefixtures("in_production")
def test_machines_that_play_open_anyway(app, election, monkeypatch):
    monkeypatch.setitem(app.config, "READINESS", "warn")
    assert hours.why_not_open(election) is None


@pytest.mark.usefixtures("in_production")
def test_the_checklist_warns_before_freezing():
    draft = rules.prepare(in_phase(an_edition(), Phase.REVIEW), Custody.SERVER, None)
    assert [check.kind for check in checklist.checklist(draft) if NO_BACKUP in check.text] == ["warn"]


@pytest.mark.usefixtures("in_production")
@pytest.mark.parametrize(("code", "says"), [("nl", "geen back-up"), ("fr", "pas de sauvegarde"), ("en", "no backup")])
def test_it_is_told_in_three_languages(code, says):
    with in_language(code):
        assert says in (readiness.why_not_open() or "")


class TestTheHealthPage:
    def test_organisers_see_what_is_to_be_mended(self, browser_of):
        page = browser_of(an_organiser()).get("/en/health/service")
        assert page.status_code == 200 and "No real vote can open" in page.text and NO_BACKUP in page.text

    def test_members_and_the_board_do_not(self, browser_of):
        assert browser_of(a_member()).get("/en/health/service").status_code == 403
        assert browser_of(a_member("Chloé", "luik", Role.BOARD)).get("/en/health/service").status_code == 403

    def test_the_public_page_says_no_more_than_before(self, client):
        assert client.get("/health").json == {"ok": True, "mode": "test"}

    def test_it_is_kept_for_some_seconds(self, browser_of, monkeypatch):
        looked = []
        monkeypatch.setattr(readiness, "look", lambda facts: looked.append(facts) or [])
        browser = browser_of(an_organiser())
        pages = [browser.get("/en/health/service").text for _ in range(3)]
        assert len(looked) == 1 and all("A vote may open here" in page for page in pages)
