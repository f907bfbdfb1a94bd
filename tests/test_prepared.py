"""Questions handed to the driver: the same answers as by SQLAlchemy, and a restarted database is asked again."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.exc import OperationalError

from sipvote.access import Role
from sipvote.db import by_driver, db
from sipvote.members.models import Grant, Member, SignIn
from sipvote.prepared import Prepared
from tests.factories import an_organiser


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


def test_a_database_that_was_restarted_is_asked_again(database):
    if db.engine.dialect.name != "postgresql":
        return  # SQLite has no connection that could be cut
    who = Prepared(select(func.pg_backend_pid()))
    db.engine.dispose()  # so that the one that is cut is the only one that can be taken
    with by_driver(alone=True) as other:
        [(before,)] = who.rows({})
        other.execute("select pg_terminate_backend(%s)", [before])
        [(after,)] = who.rows({})
        other.close()  # its pool was given up with the one that was cut
    assert after != before


def test_what_the_database_refuses_is_raised_at_once(database):
    with pytest.raises(OperationalError) as caught:
        Prepared(select(literal_column("nothing_like_it"))).rows({})
    assert not caught.value.connection_invalidated
