"""How long every page takes with 10,000 recommendations and 30,000 members, beside its budget and a bare page.

Processor time of this process, so that other work on the machine does not count; what PostgreSQL works comes on top.
Every address of the app is asked that a visitor or an official may read: its numbers are filled in, tokens and files
are left out. What changes a status comes before one page, so that what is kept of the list is made anew there.
"""

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update

from bench.place import YEAR, _open_an_election
from sipvote import finds
from sipvote.access import Role
from sipvote.app import create_app
from sipvote.db import db, now
from sipvote.decisions.models import Decision
from sipvote.demo import people
from sipvote.members.models import Grant, Member, SignIn
from sipvote.recommendations.models import Draft, Recommendation
from sipvote.schema import upgrade
from sipvote.stocktake.models import Status, StatusChange
from sipvote.themes.models import Theme
from sipvote.workgroups.models import Workgroup
from tests.factories import a_group
from tests.outcomes import a_draft, a_recommendation, many_recommendations
from tests.routes import ROUTES

MEDIAN, P99 = 0.050, 0.150  # seconds; /health is the bare page
RECOMMENDATIONS, BUNDLED, DRAFTED = 10_000, 64, 2_000
LIST = "/recommendations"
MORE = (
    f"{LIST}?status=done&year=2017", f"{LIST}?page=200", f"{LIST}?theme=Theme+3&sort=changed", f"{LIST}?q=texte",
    "/search?q=texte", "/search?q=titre+1234", "/search?q=parce+que&page=3", "/stocktake?day=2021-01-01",
    "/board/decided?q=assez",
)  # fmt: skip
# What is no page: files that are made whole, what follows a link of one's own, what only redirects.
LEFT_OUT = (".csv", ".xlsx", ".pdf", ".docx", ".zip", ".ics", "<token>", "report", "papers", "<kind>", ":kind>", "feed")


@dataclass
class Page:
    """An address, how it is asked for, and the seconds each answer took."""

    path: str
    client: FlaskClient
    before: Callable[[], None] | None = None
    name: str = ""
    took: list[float] = field(default_factory=list)

    def ask(self) -> int:
        if self.before:
            self.before()
        began = time.process_time()
        answer = self.client.get(self.path)
        answer.get_data()
        self.took.append(time.process_time() - began)
        return answer.status_code

    @property
    def median(self) -> float:
        return statistics.median(self.took)

    @property
    def p99(self) -> float:
        return sorted(self.took)[-1 - len(self.took) // 100]


def measure(url: str, folder: Path, rounds: int, members: int, only: str = "") -> int:
    """Print every page; give the number of those over their budget."""
    app = _prepare(url, folder, members)
    bare, *found = [page for page in _pages(app) if page.name == "bare" or only in page.path]
    asked = [page for page in found if page.ask() == 200]
    print(f"\n{len(asked)} pages, {RECOMMENDATIONS:,} recommendations, {members:,} members; CPU in ms")
    print(f"  {'page':<66}{'first':>8}{'median':>8}{'p99':>8}{'÷ bare':>8}   (<= {1e3 * MEDIAN:.0f}, {1e3 * P99:.0f})")
    first = {page.path + page.name: page.took.pop() for page in asked}
    gc.collect()
    gc.freeze()  # as the server does before it answers
    for _round in range(rounds):  # interleaved, so that a noisy minute strikes all alike
        for page in (bare, *asked):
            if not page.before:
                page.ask()
    for page in asked * rounds:  # after the others, whom a change would slow down
        if page.before:
            page.ask()
    missed = 0
    for page in sorted(asked, key=lambda page: -page.median):
        fine = page.median <= MEDIAN and page.p99 <= P99
        missed += not fine
        figures = (first[page.path + page.name], page.median, page.p99)
        shown = "".join(f"{1e3 * figure:>8.1f}" for figure in figures)
        line = f"  {page.path + ' ' + page.name:<66}{shown}{page.median / bare.median:>8.0f}"
        print(line + ("" if fine else "   MISSED"), flush=True)
    return missed


def _prepare(url: str, folder: Path, members: int) -> Flask:
    """Members, an election, the groups of last year with an adopted bundle, and the years before."""
    os.environ.update(SIPVOTE_MODE="demo", SIPVOTE_INSTANCE=str(folder), SIPVOTE_DATABASE_URL=url)
    app = create_app()
    with app.app_context():
        upgrade()
        people.settle(members, random.Random(YEAR))
        election = _open_an_election()
        many_recommendations(RECOMMENDATIONS)
        if db.engine.dialect.name == "postgresql":  # ids were given, and the sequence does not know of it
            for table in ("recommendation", "decision"):
                db.session.execute(select(func.setval(f"{table}_id_seq", RECOMMENDATIONS)))
        _bundle(election.edition)
        _drafts()
        finds.rebuild()
        db.session.commit()
        if db.engine.dialect.name == "postgresql":
            db.session.execute(db.text("ANALYZE"))
            db.session.commit()
    return app


def _bundle(edition: Any) -> None:
    """A group of this year with an adopted draft."""
    group = a_group(edition, theme=db.session.scalars(select(Theme)).first())
    draft = a_draft(group, adopted=True)
    for n in range(1, BUNDLED + 1):
        a_recommendation(draft, f"Recommendation {n}", text="A text that is long enough. " * 20, number=n)


def _drafts() -> None:
    """Some of the decisions are drafts again; half of them complete."""
    mine = select(Decision.id).order_by(Decision.id.desc()).limit(DRAFTED)
    said = {"published_at": None, "decided_on": None, "owner_name": "The board", "due": now() + timedelta(days=300)}
    db.session.execute(update(Decision).where(Decision.id.in_(mine)).values(said))


def _pages(app: Flask) -> Iterator[Page]:
    visitor, official = app.test_client(), app.test_client()
    with app.app_context():
        _sign_in(official)
        known = _known()
    yield Page("/health", visitor, name="bare")
    for rule, door in ROUTES.items():
        methods, path = rule.split(" ", 1)
        if "GET" not in methods or any(sign in path for sign in LEFT_OUT) or path == "/health":
            continue
        for placeholder, value in known.items():
            path = path.replace(placeholder, str(value))
        if "<" not in path:
            yield Page(path, visitor if door == "public" else official)
    for path in MORE:
        yield Page(path, official if path.startswith("/board") else visitor)
    for path in (LIST, "/stocktake"):
        yield Page(path, visitor, lambda: _change(app), "after a change")


def _known() -> dict[str, Any]:
    """What stands for the parts of an address."""
    draft, theme = db.session.scalar(select(Draft.id)), db.session.scalar(select(Theme.id))
    group = db.session.scalar(select(Workgroup.id))
    own = db.session.scalar(select(Recommendation.id).where(Recommendation.draft_id == draft))
    return {
        "/drafts/<int:draft_id>/<int:recommendation_id>": f"/drafts/{draft}/{own}", "<int:draft_id>": draft,
        "<int:recommendation_id>": RECOMMENDATIONS // 2, "<int:theme_id>": theme, "<int:year>": YEAR,
        "<int:group_id>": group, "<int:workgroup_id>": group, "<int:member_id>": 1,
    }  # fmt: skip


def _sign_in(client: FlaskClient) -> None:
    """As a member with every office."""
    member = db.session.scalars(select(Member).order_by(Member.id).limit(1)).one()
    held = set(db.session.scalars(select(Grant.role).where(Grant.member_id == member.id, Grant.city_id.is_(None))))
    db.session.add_all(Grant(member=member, role=role, granted_at=now()) for role in Role if role not in held)
    moment = now()
    row = {"address": "official@example.org", "browser_hash": "", "language": "en", "asked_at": moment, "tries": 0,
           "mailed_at": moment, "used_at": moment, "seen_at": moment, "member_id": member.id}  # fmt: skip
    db.session.execute(insert(SignIn), [row])
    sign_in = db.session.scalar(select(func.max(SignIn.id)))
    db.session.commit()
    with client.session_transaction() as session:
        session.update({"_user_id": str(sign_in), "_permanent": True, "language": "en"})


def _change(app: Flask) -> None:
    """Somebody says how far a recommendation is."""
    with app.app_context():
        db.session.add(
            StatusChange(recommendation_id=random.randrange(1, RECOMMENDATIONS), status=random.choice(list(Status)[:4]),
                         since=(now() - timedelta(days=1)).date(), language="fr", reason="Voilà.", noted_at=now())
        )  # fmt: skip
        db.session.commit()
