"""Statutes of the offices: a fresh installation knows them, so that a roll can be imported."""

import re

from sqlalchemy import func, select

from sipvote.cli import cli
from sipvote.db import db
from sipvote.members import offices, roll
from sipvote.members.models import City
from tests.factories import a_city

ROW = ";".join(roll.COLUMNS) + "\n7;Ada Peeters;ada@example.org;nl;BE;{city};user;2019-03-01;\n"


def test_a_fresh_installation_can_import_a_roll(app, database):
    done = app.test_cli_runner().invoke(cli, ["migrate"])
    assert done.exit_code == 0, done.output
    faults = [roll.read(ROW.format(city=name).encode()).faults for name in ("Liège", "Luik", "liege")]
    assert faults == [[], [], []]


def test_offices_are_added_once_and_none_is_lost(app, database):
    db.session.delete(a_city("gent"))
    kept = a_city("brussel").id
    assert offices.provide()["brussel"].id == kept
    offices.provide()
    assert db.session.scalar(select(func.count()).select_from(City)) == len(offices.OFFICES)


def test_every_office_has_an_address_of_plain_letters():
    assert all(re.fullmatch(r"[a-z-]+", slug) for slug in offices.OFFICES)
