"""Every migration runs up and down on data, on both databases, and leaves the data as it was."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import insert, inspect, select, text

from sipvote import audit
from sipvote.app import create_app
from sipvote.db import db, now
from sipvote.members.models import Member
from sipvote.schema import downgrade, is_ours, upgrade
from sipvote.voting.models import Elector, Envelope
from tests import factories, postgres
from tests.endings import let_go

REVISIONS = [r.revision for r in ScriptDirectory("migrations").walk_revisions()][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app on an empty database of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'migrations.db'}"
    else:
        url = postgres.fresh_database(request.getfixturevalue("postgres_url"), f"sipvote_migrations_{os.getpid()}")
    app = create_app(SQLALCHEMY_DATABASE_URI=url)
    with app.app_context():
        yield app
    let_go(app)


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_up_and_down_again_leaves_nothing_behind(fresh):
    upgrade()
    assert "envelope" in tables()
    downgrade(revision="base")
    assert tables() == set()


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_goes_up_and_down_with_data(fresh, revision):
    upgrade()
    ada = factories.a_member()
    edition = factories.an_edition()
    factories.a_theme(edition, proposer=ada)
    db.session.commit()
    db.session.remove()
    before = REVISIONS.index(revision) - 1
    downgrade(revision=REVISIONS[before] if before >= 0 else "base")
    upgrade()
    with db.engine.connect() as connection:
        kept = connection.execute(text("select count(*) from theme_text")).scalar()
    # Below the first revision there are no tables; above it nothing may be lost.
    assert kept == (1 if before >= 0 else 0)


# Test 36: every revision, with a whole roll, an election and the log; `rows` of them.
ROLL = 30_000


def a_whole_roll(rows: int = ROLL) -> None:
    """A roll of this size, which an election has frozen and many have voted in, and letters to all."""
    city = factories.a_city()
    people = [
        {"number": f"R{n}", "name": f"Member {n}", "email": f"r{n}@example.org", "language": "nl", "country": "BE",
         "city_id": city.id, "profile": "user", "joined": date(2019, 1, 1)}
        for n in range(rows)
    ]  # fmt: skip
    db.session.execute(insert(Member), people)
    election, _lists = factories.a_frozen_election()  # which the log has a line of
    voted = db.session.execute(select(Elector.member_id).where(Elector.election_id == election.id)).scalars().all()
    db.session.execute(
        insert(Envelope),
        [{"election_id": election.id, "member_id": who, "sealed": b"x" * 90, "tracker": f"{who:064x}", "cast_at": now(),
          "former": "", "in_hall": False, "by_proxy": False} for who in voted],
    )  # fmt: skip
    db.session.commit()
    db.session.remove()


def counted() -> dict[str, int]:
    """How many rows each table holds that the first revision made already."""
    with db.engine.connect() as connection:
        return {
            name: connection.execute(text(f"select count(*) from {name}")).scalar_one()  # noqa: S608
            for name in ("member", "elector", "envelope", "audit_entry", "theme", "election")
        }


def test_a_whole_roll_goes_up_and_down_through_every_revision(fresh):
    upgrade()
    a_whole_roll()
    before = counted()
    assert before["envelope"] == before["elector"] >= ROLL
    for revision in REVISIONS[-2::-1]:  # to the first one, where the tables are; below there are none
        downgrade(revision=revision)
        assert counted() == before, revision
    for revision in REVISIONS[1:]:
        upgrade(revision)
        assert counted() == before, revision
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        assert compare_metadata(context, db.metadata) == []


def log() -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM audit_entry ORDER BY id"))]


def test_the_lines_of_the_audit_log_are_taken_into_the_chain_and_back(fresh):
    upgrade()
    ada = factories.a_member()
    audit.record("grant", "member 7", ada.id, role="board", city=None)
    audit.record("write theme text", "theme 3", None, title="L’été « à Liège »", changed=["nl", "fr"])
    audit.record("revoke", "member 7", ada.id, role="board")
    db.session.commit()
    chained, number = log(), ada.number
    db.session.remove()
    downgrade(revision="0005")
    with db.engine.connect() as connection:
        old = connection.execute(text("SELECT id, member_id, act, previous, hash FROM audit_entry ORDER BY id")).all()
    assert [(row.id, row.act) for row in old] == [(1, "grant"), (2, "write theme text"), (3, "revoke")]
    assert old[0].member_id and old[1].member_id is None and old[2].previous == old[1].hash
    upgrade()
    assert log() == chained and chained[0][2] == number
    assert audit.first_fault() is None
    db.session.rollback()
    audit.record("grant", "member 8", None)
    assert audit.first_fault() is None
    db.session.rollback()
