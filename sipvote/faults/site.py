"""A fresh installation as in production, with members who are signed in, and as many votes as are wanted.

Its pages are served by processes of their own (host.py); here stands what the tester knows besides: the words that
open each ballot box, and what really is in it.
"""

import contextlib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from nacl.public import PrivateKey
from sqlalchemy import insert, select

from ..app import create_app
from ..db import db, now
from ..demo import people
from ..editions.models import Phase
from ..members.models import Member, SignIn
from ..rehearsal.stage import Stage, stage
from ..voting import ceremony, counting, hours, seal
from ..voting.box import FORMER
from ..voting.models import BoardCheckpoint, Election, Elector, Envelope

THEMES = 12
MARKS = 3
TOKEN = "ab" * 20


@dataclass(frozen=True)
class Vote:
    """An open vote: where it is, how forms name its ballot, and what opens its box."""

    year: int
    election_id: int
    name: str
    shape: seal.Shape
    lists: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"/en/{self.year}/vote"

    @property
    def key(self) -> PrivateKey:
        return seal.private_key(seal.join(self.lists[: seal.NEEDED]))


@dataclass(frozen=True)
class InBox:
    """One row of the ballot box, opened by the tester; `choices` is None when it does not open."""

    tracker: str
    choices: tuple[int, ...] | None
    former: frozenset[str]
    is_sound: bool  # the tracker is that of the envelope


@dataclass
class Site:
    """The installation; `cookies` are the sessions of its members, by member."""

    stage: Stage
    app: Flask
    cookies: dict[int, str]
    token: str

    @property
    def port(self) -> int:
        return int(self.stage.environment["PORT"])

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """The application's own rules, on the same database; afterwards no connection stays open."""
        with self.app.app_context():
            try:
                yield
            finally:
                db.session.rollback()
                db.session.remove()
                db.engine.dispose()

    def vote(self, year: int) -> Vote:
        """Freeze and open a vote whose key is kept by scrutineers; everybody is on its roll."""
        from tests import factories

        with self.inside():
            edition = factories.an_edition(Phase.VOTE, year=year, max_approvals=MARKS)
            election, lists = factories.a_frozen_election(someone(), options=THEMES, edition=edition)
            ceremony.prove(election, lists, None)
            hours.open_(election, None)
            db.session.commit()
            name = (election.public_key or b"").hex()
            return Vote(year, election.id, name, election.shape, tuple(lists))

    def box(self, vote: Vote) -> dict[int, InBox]:
        """What is in the box, by member."""
        key = vote.key
        rows = select(Envelope.member_id, Envelope.sealed, Envelope.tracker, Envelope.former)
        with self.inside():
            found = db.session.execute(rows.where(Envelope.election_id == vote.election_id)).all()
        return {row[0]: look_in(vote, key, row[1], row[2], row[3]) for row in found}

    def close(self, vote: Vote) -> set[str]:
        """Close the vote, as two officials would; gives the trackers on the final board, and of those replaced."""
        with self.inside():
            hours.close(db.session.get_one(Election, vote.election_id), None)
            db.session.commit()
            points = select(BoardCheckpoint.listed).where(BoardCheckpoint.election_id == vote.election_id)
            last = db.session.scalars(points.order_by(BoardCheckpoint.number.desc())).first() or b""
            formers = db.session.scalars(select(Envelope.former).where(Envelope.election_id == vote.election_id))
            replaced = {found for former in formers for found in FORMER.findall(former)}
        return {last[at : at + 32].hex() for at in range(0, len(last), 32)} | replaced

    def count(self, vote: Vote) -> list[tuple[int, seal.Choices]]:
        """Open the box with two lists of words and count; gives what was in it."""
        with self.inside():
            counting.count(db.session.get_one(Election, vote.election_id), list(vote.lists[:2]), None)
            db.session.commit()
            return counting.opened(db.session.get_one(Election, vote.election_id))


def someone() -> Member:
    """A member, where it does not matter who."""
    return db.session.scalars(select(Member).order_by(Member.id).limit(1)).one()


def look_in(vote: Vote, key: PrivateKey, sealed: bytes, tracker: str, former: str) -> InBox:
    """Open one envelope of the box."""
    try:
        choices = seal.read(seal.open_envelope(sealed, key), vote.shape)[0]
    except seal.SpoiltBallot:
        choices = None
    return InBox(tracker, choices, frozenset(FORMER.findall(former)), seal.tracker(sealed) == tracker)


@contextlib.contextmanager
def site(database_url: str | None, members: int, chance: random.Random, **settings: str) -> Iterator[Site]:
    """Set it up on an empty database (None: a new SQLite file), with everybody signed in."""
    with stage(database_url, keep=False) as built:
        built.environment.update(settings)
        with mock.patch.dict(os.environ, built.environment):
            app = create_app()
            made = Site(built, app, {}, "")
            with made.inside():
                people.settle(members, chance)
                db.session.commit()
                made.cookies, made.token = _signed_in(app)
            yield made


def _signed_in(app: Flask) -> tuple[dict[int, str], str]:
    """A session for every member, and the token that all their forms carry, made as the app makes them."""
    ids, moment = list(db.session.scalars(select(Member.id).order_by(Member.id))), now()
    rows = [
        {"address": f"m{i}@example.org", "browser_hash": "", "language": "en", "asked_at": moment, "mailed_at": moment,
         "used_at": moment, "seen_at": moment, "member_id": i, "tries": 0}
        for i in ids
    ]  # fmt: skip
    db.session.execute(insert(SignIn), rows)
    db.session.commit()
    writer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    name = app.config["SESSION_COOKIE_NAME"]
    cookies = {
        member: f"{name}={writer.dumps({'_user_id': str(sign_in), '_permanent': True, 'csrf_token': TOKEN})}"
        for sign_in, member in db.session.execute(select(SignIn.id, SignIn.member_id))
        if member is not None
    }
    return cookies, URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(TOKEN)


def roll_of(made: Site, vote: Vote) -> Sequence[int]:
    """The members who may vote, in order."""
    with made.inside():
        rows = select(Elector.member_id).where(Elector.election_id == vote.election_id).order_by(Elector.member_id)
        return db.session.scalars(rows).all()
