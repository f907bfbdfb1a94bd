"""Reminders: who answers for it hears of it, not too often; what nobody answers for, the organisers see."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from sipvote import audit, kept, worker
from sipvote.db import db, now
from sipvote.decisions.models import Outcome
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.recommendations.models import Recommendation
from sipvote.stocktake import answering, reminding
from sipvote.stocktake.models import Status, StocktakeSettings
from tests.factories import a_member, an_organiser
from tests.outcomes import a_decision, a_status, an_old_recommendation
from tests.queries import counted


def long_ago():
    return now() - timedelta(days=400)


@pytest.fixture
def ada(database):
    return a_member()


_numbers = iter(range(1, 10_000))


def one(owner=None, status=Status.ONGOING, noted=None, title="A guide", **values):
    """A recommendation that a member answers for, whose last status was noted long ago."""
    noted = noted or long_ago()
    made = an_old_recommendation(2017, next(_numbers), title, created_at=long_ago())
    name = values.pop("owner_name", "")
    a_decision(made, owner=owner, owner_name=name, decided_on=noted.date() - timedelta(days=1))
    if status:
        a_status(made, status, noted.date(), noted_at=noted, **values)
    return made


def letters(name=reminding.OWNERS):
    return db.session.scalars(select(Letter).where(Letter.name == name).order_by(Letter.id)).all()


def days_pass(days: int):
    """All letters were written so many days earlier."""
    for letter in db.session.scalars(select(Letter)):
        letter.queued_at -= timedelta(days=days)
        letter.key = f"{letter.key} before"
    db.session.flush()


# --- Who answers for it -----------------------------------------------------------------------------


def test_who_answers_for_several_gets_one_letter_with_all_of_them(ada):
    first, second = one(ada, title="A guide"), one(ada, title="A map")
    assert reminding.remind() == 1
    letter = letters()[0]
    assert letter.member_id == ada.id and letter.subject.startswith("How far is it? 2 ") is (ada.language == "en")
    assert "/recommendations/mine" in letter.body
    for each in (first, second):
        assert each.label in letter.body and f"/recommendations/{each.id}" in letter.body
    assert "A guide" in letter.body and "A map" in letter.body


def test_nobody_is_reminded_twice_in_thirty_days(ada):
    one(ada)
    assert [reminding.remind(), reminding.remind()] == [1, 0]
    days_pass(29)
    one(ada)
    assert reminding.remind() == 0
    days_pass(2)
    assert reminding.remind() == 1


def test_what_was_looked_at_lately_is_not_late(ada):
    made = one(ada)
    a_status(made, Status.ONGOING)
    assert reminding.remind() == 0


def test_a_correction_of_an_old_status_shows_that_somebody_looked(ada):
    made = one(ada)
    a_status(made, Status.ONGOING, long_ago().date(), noted_at=now())
    assert reminding.remind() == 0


@pytest.mark.parametrize("status", [Status.DONE, Status.REJECTED])
def test_what_is_done_or_rejected_is_over(ada, status):
    one(ada, status)
    assert reminding.remind() == 0 and answering.opened().all == []


@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.ONGOING, Status.NOT_DONE, None])
def test_everything_else_is_not(ada, status):
    one(ada, status)
    assert reminding.remind() == 1


def test_what_the_board_rejected_since_is_over(ada):
    made = one(ada)
    a_decision(made, Outcome.REJECTED, owner=ada)
    assert reminding.remind() == 0


def test_what_is_postponed_rests_until_its_day_and_is_late_from_then_on(ada):
    made = one(ada, Status.POSTPONED, postponed_until=now().date() + timedelta(days=5))
    assert reminding.remind() == 0
    a_status(made, Status.POSTPONED, postponed_until=now().date() - timedelta(days=1))
    assert reminding.remind() == 1


def test_the_last_published_decision_says_who_answers(ada):
    made = one(ada)
    bas = a_member("Bas Claes")
    a_decision(made, owner=bas, decided_on=long_ago().date() + timedelta(days=10))
    a_decision(made, owner=ada, published=False)
    assert reminding.remind() == 1
    assert [letter.member_id for letter in letters()] == [bas.id]


def test_who_left_or_has_no_address_is_not_written_to(database):
    gone, silent = a_member("Bas Claes", left=date(2020, 1, 1)), a_member("Bo Wit", email=None)
    for owner in (gone, silent, None):
        one(owner)
    one(None, owner_name="The IT department")
    assert reminding.remind() == 0
    opened = answering.opened()
    assert [each.says for each in opened.of(opened.of_nobody)] == [
        "Bas Claes", "Bo Wit", "", "The IT department"
    ]  # fmt: skip


def test_letters_speak_the_language_of_who_reads_them(database):
    for code in ("nl", "fr", "en"):
        one(a_member(f"Ada {code}", language=code))
        an_organiser(language=code)
    one(None)
    assert (reminding.remind(), reminding.tell_organisers()) == (3, 3)
    for name in (reminding.OWNERS, reminding.ORGANISERS):
        assert {letter.language for letter in letters(name)} == {"nl", "fr", "en"}
        for letter in letters(name):
            assert f"/{letter.language}/recommendations/" in letter.body
            assert "{" not in letter.body and "\n\n\n" not in letter.body
            said = {"nl": "lopende", "fr": "en cours", "en": "ongoing"}[letter.language]
            assert said in letter.body


# --- The organisers ---------------------------------------------------------------------------------


def test_organisers_hear_once_a_month_what_nobody_answers_for(ada):
    dre = an_organiser(language="en")
    one(ada)
    assert reminding.tell_organisers() == 0
    one(None, title="An orphan")
    assert [reminding.tell_organisers(), reminding.tell_organisers()] == [1, 0]
    letter = letters(reminding.ORGANISERS)[0]
    assert letter.member_id == dre.id and "An orphan" in letter.body and "A guide" not in letter.body
    days_pass(31)
    assert reminding.tell_organisers() == 1


def test_a_long_letter_names_the_oldest_and_says_how_many_more(database):
    an_organiser(language="en")
    for n in range(reminding.LONGEST_LIST + 3):
        one(None, noted=long_ago() - timedelta(days=n), title=f"Orphan {n}.")
    reminding.tell_organisers()
    body = letters(reminding.ORGANISERS)[0].body
    assert "And 3 more." in body and "Orphan 22." in body and "Orphan 0." not in body


# --- The worker -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime(2026, 11, 23, 7, 30, tzinfo=UTC), True),  # Monday, 8:30 in Brussels
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 7, 30, tzinfo=UTC), False),  # Sunday
        (datetime(2026, 7, 6, 6, 30, tzinfo=UTC), True),  # in summer
    ],
)
def test_the_worker_writes_on_the_mornings_of_working_days(moment, due):
    assert reminding.is_due(moment) is due


def test_the_worker_writes_to_both(app, ada, monkeypatch):
    an_organiser()
    one(ada), one(None)
    db.session.commit()
    monkeypatch.setattr(reminding, "is_due", lambda _moment: False)
    worker.do(app, "statuses")
    assert not letters() and not letters(reminding.ORGANISERS)
    monkeypatch.setattr(reminding, "is_due", lambda _moment: True)
    db.session.commit()
    worker.do(app, "statuses")
    worker.do(app, "statuses")
    assert (len(letters()), len(letters(reminding.ORGANISERS))) == (1, 1)


def test_a_longer_list_asks_no_more(ada):
    one(ada)
    kept.forget_all()
    with counted() as few:
        answering.opened()
    for _n in range(10):
        one(a_member(f"Bo {_n}"))
    kept.forget_all()
    with counted() as many:
        answering.opened()
    assert len(many) == len(few)


# --- Pages ------------------------------------------------------------------------------------------


def test_organisers_set_after_how_many_days(browser_of, database):
    dre = browser_of(an_organiser())
    assert 'value="180"' in dre.get("/en/stocktake/reminders").text
    for wrong in ("6", "731", "soon", ""):
        answer = dre.post("/en/stocktake/reminders", data={"days": wrong})
        assert answer.status_code == 200 and 'id="days-error"' in answer.text
    assert dre.post("/en/stocktake/reminders", data={"days": "500"}).status_code == 303
    assert answering.settings().remind_after_days == 500
    entry = db.session.scalars(select(audit.Entry).where(audit.Entry.act == "set status reminders")).one()
    assert entry.facts == {"days": 500, "before": 180}


def test_what_is_set_counts(ada):
    one(ada)
    reminding.set_days(500, an_organiser().id)
    assert reminding.remind() == 0
    reminding.set_days(399, an_organiser().id)
    assert reminding.remind() == 1
    assert len(db.session.scalars(select(StocktakeSettings)).all()) == 1
    with pytest.raises(Refused):
        reminding.set_days(0, ada.id)


def test_nothing_rots_unseen(browser_of, ada):
    one(ada, title="The younger", noted=now() - timedelta(days=300))
    one(None, title="The orphan", noted=now() - timedelta(days=10))
    one(ada, title="The oldest")
    one(ada, Status.DONE, title="The done one")
    dre = browser_of(an_organiser())
    page = dre.get("/en/stocktake/unseen").text
    assert page.index("The oldest") < page.index("The younger") < page.index("The orphan")
    assert "The done one" not in page
    assert "The orphan" not in dre.get("/en/stocktake/unseen?show=late").text
    nobody = dre.get("/en/stocktake/unseen?show=nobody").text
    assert "The orphan" in nobody and "The oldest" not in nobody
    assert "The orphan" in dre.get("/en/stocktake/unseen.csv?show=nobody").text
    assert dre.get("/en/stocktake/unseen.xlsx").data.startswith(b"PK")
    assert dre.get("/en/stocktake/unseen?page=99999999").status_code == 404


def test_when_nothing_is_open_the_page_says_so(browser_of, database):
    assert "There is nothing here." in browser_of(an_organiser()).get("/en/stocktake/unseen").text


def test_a_long_list_comes_in_pages(browser_of, database):
    for n in range(52):
        one(None, title=f"Orphan {n}.", noted=long_ago() - timedelta(days=n))
    page = browser_of(an_organiser()).get("/en/stocktake/unseen?page=2").text
    assert "Orphan 0." in page and "Orphan 51." not in page


def test_what_is_kept_follows_what_changes(ada):
    """Who answers for it, that it was looked at, and that its owner left, are seen at once."""
    first, second = one(ada), one(a_member("Bas Claes"))
    assert len(answering.opened().of_nobody) == 0
    ada.left = date(2020, 1, 1)
    db.session.commit()
    assert [row.id for row in answering.opened().of_nobody] == [first.id]
    before = [row.id for row in answering.opened().all]
    a_status(db.session.get_one(Recommendation, before[0]), Status.ONGOING, now().date())
    db.session.commit()
    assert [row.id for row in answering.opened().all] == [before[1], before[0]]
    a_status(second, Status.DONE, now().date())
    db.session.commit()
    assert [row.id for row in answering.opened().all] == [first.id]
