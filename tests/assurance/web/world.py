"""A world in which each thing exists: an edition for each season, each thing with its owner, and somebody of each kind.

Years tell the seasons apart, so that one database serves every route. It is made once; whoever changes it has it
put back: the database is copied over, which is quicker than making anything anew.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from sipvote import kept
from sipvote.db import db, now, reading
from sipvote.members import rules as members
from sipvote.members.models import Member, SignIn
from tests.assurance.web import seasons

# Who asks. "owner" is whose things they are: secretary of the groups, author of texts, voter; "giver" and "holder"
# have a proxy; "lead" facilitates the groups, "elsewhere" others. The last four are sessions that may do less than
# who began them: an organiser who came by a personal link, one whose second step is not done, the owner with a voting
# card on a phone and at a kiosk.
ROLES = (
    "stranger", "other", "owner", "giver", "holder", "lead", "elsewhere", "board", "scrutineer", "organiser",
    "link", "asleep", "card", "kiosk",
)  # fmt: skip
SAME = {"card": "owner", "kiosk": "owner"}


@dataclass
class World:
    """The application with everything in it; `ids` are those of the things of a year, or of no year (0)."""

    app: Flask
    path: Path
    cookies: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[int, dict[str, Any]] = field(default_factory=dict)
    _watcher: Any = None

    def browser(self, role: str, **more: Any) -> FlaskClient:
        """A browser of somebody, as it is before the first page; `more` stands in its session besides."""
        client = FlaskClient(self.app, self.app.response_class, use_cookies=True)
        with client.session_transaction() as session:
            session.update({**self.cookies[role], **more})
        return client

    @contextlib.contextmanager
    def strict_for(self, role: str) -> Iterator[None]:
        """Roles sleep only where officials are strict; for everybody else they are awake without a second step."""
        self.app.config["OFFICIALS"] = "strict" if role == "asleep" else "easy"
        yield
        self.app.config["OFFICIALS"] = "easy"

    def keep(self, name: str = "kept") -> None:
        """This is what the world is put back to from now on."""
        self._kept = self.path.with_suffix(f".{name}")
        _copy(self.path, self._kept)
        self._watch()

    def go_back(self, name: str) -> None:
        """Put the world back to what was kept under a name, and from now on to that."""
        self._kept, self._seen = self.path.with_suffix(f".{name}"), -1
        self.restore()

    def restore(self) -> bool:
        """Put the world back if anybody changed it; says whether that was so."""
        if not self.is_changed():
            return False
        _copy(self._kept, self.path)
        self._watch()
        return True

    def _watch(self) -> None:
        kept.forget_all()
        self.leave()
        self._watcher = sqlite3.connect(self.path)
        self._seen = self._version()

    def _version(self) -> int:
        return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    def is_changed(self) -> bool:
        """Whether anything was written since: SQLite counts what other connections commit."""
        return self._version() != self._seen

    def leave(self) -> None:
        if self._watcher:
            self._watcher.close()


def build(app: Flask, path: Path) -> World:
    """Make the world in an empty database."""
    world = World(app, path)
    with app.app_context(), reading():
        people = seasons.people()
        for year, ids in seasons.seasons(people):
            world.ids[year] = ids
            db.session.commit()
        world.cookies = {role: _cookie(role, people.get(SAME.get(role, role))) for role in ROLES}
        # That officials are still here is noted every five minutes; on a slow machine it would count as a change.
        db.session.execute(update(SignIn).values(seen_at=now() + timedelta(hours=1)))
        db.session.commit()
        db.session.remove()
    world.keep()
    return world


def _copy(source: Path, target: Path) -> None:
    """Let SQLite copy: it asks for the locks, so that whoever has the target open sees the new pages."""
    with contextlib.closing(sqlite3.connect(source)) as here, contextlib.closing(sqlite3.connect(target)) as there:
        here.backup(there)


def _cookie(role: str, member: Member | None) -> dict[str, Any]:
    if member is None:
        return {}
    via = role if role in ("link", "card", "kiosk") else "mail"
    visitor = members.begin_session(member, via)
    kiosk = {"kiosk": seasons.VOTE} if role == "kiosk" else {}
    return {"_user_id": visitor.get_id(), "_fresh": True, **kiosk}
