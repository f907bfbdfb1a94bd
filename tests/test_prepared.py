"""Questions handed to the driver: the same answers as by SQLAlchemy, and a restarted database is asked again."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, event, literal_column, select
from sqlalchemy.exc import OperationalError

from sipvote.access import Role
from sipvote.db import by_driver, db
from sipvote.members.models import Grant, Member, SignIn
from sipvote.prepared import Prepared
from tests.factories import a_member, an_organiser


def test_values_go_in_and_come_out_as_by_sqlalchemy(database):
    dre, moment = an_organiser(), datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
    db.session.add(SignIn(address="dre@example.org", browser_hash="", language="en", asked_at=moment, tries=0))
    db.session.commit()
    statement = (
        select(SignIn.asked_at, SignIn.used_at, Grant.role, Member.name)
        .select_from(SignIn)
        .join(Grant, Grant.role == bindparam("role"))
        .join(Member, Member.id == Grant.member_id)
        .where(SignIn.asked_at >= bindparam("since"))
    )
    facts = {"role": Role.ORGANISER, "since": moment}
    answer = Prepared(statement).rows(facts)
    assert answer == [(moment, None, Role.ORGANISER, dre.name)]
    assert answer == [tuple(row) for row in db.session.execute(statement, facts)]


def test_a_connection_that_was_cut_is_replaced_and_asked_again(database):
    who = Prepared(select(literal_column("1")))
    db.engine.dispose()  # so that the one that is cut is the next one to be taken
    with by_driver(alone=True) as driver:
        pass
    driver.close()
    assert who.rows({}) == [(1,)]


def test_a_database_that_does_not_answer_gives_the_page_that_says_so(database, browser_of):
    browser = browser_of(a_member())
    assert browser.get("/en/me").status_code == 200
    unreachable = db.engine.dialect.loaded_dbapi.OperationalError("no such host")

    def refuse(*_how):
        raise unreachable

    db.session.rollback()
    db.engine.dispose()
    event.listen(db.engine, "do_connect", refuse)
    try:
        answer = browser.get("/en/me")
    finally:
        event.remove(db.engine, "do_connect", refuse)
    assert answer.status_code == 503 and "One moment, please" in answer.text


def test_what_the_database_refuses_is_raised_at_once(database):
    with pytest.raises(OperationalError) as caught:
        Prepared(select(literal_column("nothing_like_it"))).rows({})
    assert not caught.value.connection_invalidated
