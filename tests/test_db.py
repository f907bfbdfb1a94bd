"""How the database is driven: moments keep their zone, and on SQLite writers queue and nobody waits for themselves."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, StatementError

from sipvote.db import at_once, db, learn_sizes, look
from sipvote.editions.models import Edition
from tests.factories import a_city, a_member, an_edition


def test_a_moment_comes_back_with_its_zone(database):
    edition = an_edition()
    db.session.commit()
    assert db.session.get(Edition, edition.id).vote_at.tzinfo is not None


def test_a_moment_without_a_zone_is_refused(database):
    edition = an_edition()
    edition.vote_at = datetime(2026, 6, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="time zone"):
        db.session.flush()


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


WRITE = text("update city set name_en = name_en || 'x'")


def test_writers_queue_and_none_is_lost(app, database):
    a_city()
    db.session.commit()

    def write() -> None:
        with app.app_context():
            for _time in range(6):
                with db.engine.begin() as connection:
                    connection.execute(WRITE)

    threads = [threading.Thread(target=write) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with look() as connection:
        name = connection.execute(text("select name_en from city")).scalar()
    assert name == "Ghent" + "x" * 48


def test_after_an_import_the_database_knows_how_many_rows_there_are(database):
    for n in range(40):
        a_member(f"Member {n}")
    db.session.commit()
    learn_sizes()
    if not is_sqlite():
        assert db.session.scalar(text("select reltuples from pg_class where relname = 'member'")) >= 40


def test_a_reader_does_not_wait_for_a_writer(app, database):
    a_city()
    db.session.commit()
    with app.test_request_context(method="POST"), db.engine.begin() as writer:
        writer.execute(WRITE)
        with look() as reader:
            assert reader.execute(text("select name_en from city")).scalar() == "Ghent"


def test_a_statement_at_once_stands_and_lets_the_next_writer_in(app, database):
    a_city()
    db.session.commit()
    with app.test_request_context(method="POST"):
        with at_once() as connection:
            connection.execute(WRITE)
            with look() as other:
                assert other.execute(text("select name_en from city")).scalar() == "Ghentx"
        with db.engine.begin() as connection:
            connection.execute(WRITE)
    with look() as connection:
        assert connection.execute(text("select name_en from city")).scalar() == "Ghentxx"


def test_one_connection_writes_two_transactions(app, database):
    a_city()
    db.session.commit()
    with app.test_request_context(method="POST"), db.engine.connect() as connection:
        for _time in range(2):
            with connection.begin():
                connection.execute(WRITE)
    with look() as connection:
        assert connection.execute(text("select name_en from city")).scalar() == "Ghentxx"


def test_who_writes_twice_at_once_is_stopped_instead_of_waiting_for_ever(app, database):
    a_city()
    db.session.commit()
    with app.test_request_context(method="POST"), db.engine.begin() as first:
        first.execute(text("select 1"))
        if is_sqlite():
            with pytest.raises(RuntimeError, match="writes already"), db.engine.begin() as second:
                second.execute(text("select 1"))
    with app.test_request_context(method="POST"), db.engine.begin() as after:
        assert after.execute(text("select 1")).scalar() == 1


def test_what_was_not_committed_is_gone_when_it_is_rolled_back(database):
    a_city()
    db.session.commit()
    db.session.execute(WRITE)
    db.session.rollback()
    assert db.session.scalar(text("select name_en from city")) == "Ghent"


def test_what_pages_read_again_and_again_is_planned_once(database):
    if is_sqlite():
        return  # keeps its statements by itself
    for _page in range(8):
        db.session.execute(text("select name_nl from city"))
        db.session.rollback()
    kept = db.session.scalars(text("select statement from pg_prepared_statements")).all()
    assert "select name_nl from city" in kept


def test_a_connection_that_was_cut_is_left_and_another_one_taken(database):
    if is_sqlite():
        return
    mine = db.session.scalar(text("select pg_backend_pid()"))
    with look() as other:
        other.execute(text("select pg_terminate_backend(:pid)"), {"pid": mine})
    with pytest.raises(OperationalError):  # of SQLAlchemy, which every caller knows
        db.session.rollback()
    assert db.session.scalar(text("select 1")) == 1


def test_a_connection_that_was_cut_while_it_rested_is_told_at_once_and_left(database):
    if is_sqlite():
        return
    with db.engine.connect() as mine, db.engine.connect() as other:
        pid = mine.scalar(text("select pg_backend_pid()"))
        mine.rollback()
        other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(OperationalError) as told:
            mine.execute(text("select 1"))
    assert told.value.connection_invalidated
    assert db.session.scalar(text("select 1")) == 1
