"""Where it is measured: a database with 30,000 members and an open election, and servers on it."""

import os
import random
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import delete, func, insert, select

from bench.load import Voter
from sipvote.app import create_app
from sipvote.db import db, now
from sipvote.demo import people
from sipvote.editions.models import DATED, Edition
from sipvote.members.models import Member, SignIn
from sipvote.schema import upgrade
from sipvote.themes.models import Theme, ThemeText
from sipvote.voting import freezing, hours
from sipvote.voting import rules as voting
from sipvote.voting.models import Custody, Election, Envelope

THEMES = 12
YEAR = 2026


@dataclass
class Place:
    """A prepared database, and what a server needs in its environment to find it."""

    app: Flask
    environment: dict[str, str]
    voters: list[Voter]

    @property
    def path(self) -> str:
        """Where votes are sent to."""
        return f"/en/{YEAR}/vote/send"

    def envelopes(self) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(Envelope)) or 0

    def empty_the_box(self) -> None:
        with self.app.app_context():
            db.session.execute(delete(Envelope))
            db.session.commit()


def prepare(url: str, folder: Path, members: int) -> Place:
    """Make the members, the election and one ready request per member."""
    environment = {"SIPVOTE_MODE": "demo", "SIPVOTE_INSTANCE": str(folder), "SIPVOTE_DATABASE_URL": url}
    os.environ.update(environment)
    app = create_app()
    with app.app_context():
        upgrade()
        people.settle(members, random.Random(YEAR))
        election = _open_an_election()
        db.session.commit()
        voters = list(_voters(app, election))
    return Place(app, environment, voters)


def _open_an_election() -> Election:
    begins = {f"{p}_at": now() + timedelta(days=30 * (n - 2), minutes=-1) for n, p in enumerate(DATED)}
    edition = Edition(year=YEAR, seats=3, max_approvals=3, **begins)
    db.session.add(edition)
    for n in range(THEMES):
        theme = Theme(edition=edition, original="en", proposed_at=now(), admitted_at=now())
        words = {"question": f"What about {n}?", "why": "Because. " * 40, "change": "Much. " * 40}
        titled = {"title": f"Theme {n}", "written_at": now(), **words}
        theme.texts = [ThemeText(language=code, **titled) for code in ("nl", "fr", "en")]
        db.session.add(theme)
    db.session.flush()
    election = voting.prepare(edition, Custody.SERVER, None)
    freezing.freeze(election, None)
    hours.open_(election, None)
    return election


def _voters(app: Flask, election: Election) -> Iterator[Voter]:
    """A session, a token and a ballot for every member, made as the app makes them."""
    moment = now()
    ids = list(db.session.scalars(select(Member.id).order_by(Member.id)))
    rows = [
        {"address": f"m{i}@example.org", "browser_hash": "", "language": "en", "asked_at": moment, "mailed_at": moment,
         "used_at": moment, "seen_at": moment, "member_id": i, "tries": 0}
        for i in ids
    ]  # fmt: skip
    db.session.execute(insert(SignIn), rows)
    db.session.commit()
    name = (election.public_key or b"").hex()
    sessions = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    token = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps("ab" * 20)
    for sign_in, member in db.session.execute(select(SignIn.id, SignIn.member_id)):
        facts = {"_user_id": str(sign_in), "_permanent": True, "csrf_token": "ab" * 20, "language": "en"}
        yield Voter(f"sipvote={sessions.dumps(facts)}", f"csrf_token={token}&ballot={name}&{_choice(member)}")


def _choice(member: int) -> str:
    return "&".join(f"q0={option}" for option in {member % THEMES, member // THEMES % THEMES})


@contextmanager
def server(place: Place, factory: str, port: int) -> Iterator[dict[str, Any]]:
    """Run one of bench.apps under the production server; give how long it took to answer, and its process."""
    environment = {**os.environ, **place.environment, "PORT": str(port), "SIPVOTE_FACTORY": f"bench.apps:{factory}"}
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "bench.serve"], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            yield {"start": time.perf_counter() - began, "pid": process.pid}
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(url: str) -> None:
    for _attempt in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).read()  # noqa: S310  (our own server on this machine)
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


def resident(pid: int) -> float:
    """Memory of the largest worker under a process, in MB."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    sizes = [re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{child}/status").read_text()) for child in children]
    return max((int(size[1]) for size in sizes if size), default=0) / 1024


def cpu(pid: int) -> float:
    """Seconds of processor time that the workers under a process have used so far."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    ticks = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13] for child in children]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")
