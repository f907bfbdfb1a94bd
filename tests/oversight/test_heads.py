"""The heads of the log: one a day, each naming the one before, public, and mailed to whoever watches."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from sipvote import audit, chain, mail, worker
from sipvote.access import Role
from sipvote.db import db
from sipvote.i18n import ZONE
from sipvote.mail import Letter
from sipvote.oversight import heads
from tests.factories import a_board_member, a_member, a_scrutineer, an_organiser
from tests.tampering import past_triggers

pytestmark = pytest.mark.usefixtures("database")
MONDAY = datetime(2026, 6, 1, 15, 0, tzinfo=ZONE)


def on(days, hour=15):
    return time_machine.travel(MONDAY.replace(hour=hour) + timedelta(days=days), tick=False)


def acts(day, *subjects):
    with on(day):
        for subject in subjects:
            audit.record("open", subject, None)
        db.session.commit()


def published(day):
    with on(day, hour=1):
        made = heads.publish()
        db.session.commit()
        return [(head.day.day, head.line) for head in made]


def test_each_day_has_a_head_once_it_is_over():
    acts(0, "election 1", "election 2")
    assert published(0) == []  # the day is not over
    assert published(1) == [(1, 2)] and published(1) == []
    acts(1, "election 3")
    assert published(2) == [(2, 3)]
    first, second = heads.published()
    assert (first.previous, second.previous) == (chain.START, first.head)
    assert second.hash == db.session.get(audit.Entry, 3).hash


def test_days_that_were_missed_are_caught_up():
    acts(0, "election 1")
    acts(2, "election 2")
    assert published(5) == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 2)]
    assert heads.check().fault is None


def test_before_the_first_line_nothing_is_published():
    assert published(3) == [] and heads.last() is None


def test_a_worker_that_was_away_for_years_begins_with_the_last_days():
    acts(0, "election 1")
    made = published(900)
    assert len(made) == heads.DAYS_AT_MOST and {line for _day, line in made} == {1}


def test_a_clock_that_goes_back_takes_no_head_back():
    acts(2, "election 1")
    acts(0, "election 2")  # an hour of the wrong day
    assert published(1) == [(1, 2)]  # the furthest line that was written on the day, or before
    assert published(3) == [(2, 2), (3, 2)]
    acts(1, "election 3")
    assert published(2) == [] and published(4) == [(4, 3)] and heads.check().fault is None


def test_whoever_watches_gets_each_head_in_a_mail_of_their_language(outbox):
    chloe, eva, dre = a_board_member(language="fr"), a_scrutineer(language="nl"), an_organiser()
    a_member("Ada", "gent", Role.SCRUTINEER, left=date(2026, 1, 1))
    acts(0, "election 1")
    published(1)
    assert published(2) == [(2, 1)]  # nothing was done: the head is there, and no second letter
    letters = {letter.member_id: letter for letter in db.session.scalars(select(Letter))}
    assert set(letters) == {chloe.id, eva.id} and dre.id not in letters
    head = heads.published()[0]
    assert letters[eva.id].subject == "Kop van het logboek van 1 juni 2026"
    for letter in letters.values():
        assert head.hash in letter.body and head.head in letter.body and "/audit/heads" in letter.body
    assert mail.deliver() == 2 and len(outbox) == 2


def test_the_worker_publishes(app):
    acts(0, "election 1")
    with on(1):
        worker.do(app, "heads")
    assert heads.last().line == 1


def test_everybody_sees_the_heads_and_can_keep_them(client):
    assert "Nothing was published yet." in client.get("/en/audit/heads").text
    acts(0, "election 1")
    published(1)
    page, file = client.get("/nl/audit/heads"), client.get("/en/audit/heads.jsonl")
    head = heads.last()
    assert head.hash in page.text and "1 juni 2026" in page.text and file.text == head.exported() + "\n"
    assert chain.check(audit.lines(), file.text.splitlines()).fault is None


@pytest.mark.parametrize("change", [{"line": 2}, {"hash": "0" * 64}, {"day": date(2026, 6, 9)}])
def test_a_head_that_was_changed_is_told(change):
    acts(0, "election 1", "election 2", "election 3")
    acts(1, "election 4")
    published(2)
    told = [chain.canonical(head.content() | {"head": head.head}) for head in heads.published()]
    assert chain.check(audit.lines(), told).fault is None
    first = heads.published()[0]
    forged = first.content() | {name: str(v) if name == "day" else v for name, v in change.items()}
    assert chain.check(audit.lines(), [chain.canonical(forged | {"head": first.head}), told[1]]).fault is not None


def test_a_log_cut_off_in_the_database_is_found_by_its_heads():
    acts(0, "election 1", "election 2", "election 3")
    published(1)
    db.session.rollback()
    with db.engine.begin() as connection, past_triggers(connection):
        connection.execute(delete(audit.Entry).where(audit.Entry.id > 1))
    assert audit.first_fault() is None  # the chain alone cannot know
    assert heads.check().fault.line == 2
