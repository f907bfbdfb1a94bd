"""The day of the vote: all members within minutes, and a hall behind one address.

Server and worker run as in production, on a database of their own. Members come by the personal link of their
letter and go the whole way: link, button, ballot, check, send, receipt.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, make_url, select

from bench import phones, place
from sipvote.app import create_app
from sipvote.assembly import links
from sipvote.db import db
from sipvote.demo import people
from sipvote.members.models import Member
from sipvote.rehearsal import stage as staging
from sipvote.voting.models import Envelope
from tests.factories import an_assembly

ALIKE = 10  # of ten parts of the time, the first has thrice as many members as the mean
HALL, HALL_SECONDS = 500, 60
ONE_ADDRESS = "198.51.100.7"
# name: (most, per what)
TARGETS = {
    "faults": 0.0, "ballots missing or too many": 0.0, "p95, s": 1.0, "p99, s": 3.0, "CPU per vote, ms": 20.0,
    "answered 429": 0.0,
}  # fmt: skip


@dataclass
class Site:
    """A running installation: its port, its processes, and every member's link."""

    port: int
    stage: staging.Stage
    tokens: list[str]
    database_pid: int | None = None

    def cpu(self) -> float:
        """Seconds of processor time that the web processes, and PostgreSQL's, have used so far."""
        return place.cpu(self.stage.pids["serve"]) + (place.cpu(self.database_pid) if self.database_pid else 0)

    def ballots(self) -> int:
        with create_app().app_context():
            count = db.session.scalar(select(func.count()).select_from(Envelope)) or 0
            db.engine.dispose()
            return count


@contextlib.contextmanager
def open_site(database_url: str | None, members: int) -> Iterator[Site]:
    """An installation as in production, with an open vote and an assembly, and its server and worker."""
    print(f"Preparing {members} members …", file=sys.stderr, flush=True)
    with staging.stage(database_url, keep=False) as stage, _settings(stage.environment):
        app = create_app()
        with app.app_context():
            people.settle(members, random.Random(place.YEAR))
            assembly = an_assembly(place._open_an_election().edition)
            db.session.commit()
            ids = db.session.scalars(select(Member.id).order_by(Member.id).limit(members))
            tokens = [links.token(assembly.id, member) for member in ids]
            db.session.remove()
            db.engine.dispose()
        with staging.running(stage):
            yield Site(int(stage.environment["PORT"]), stage, tokens, _postmaster(database_url))


@contextlib.contextmanager
def _settings(environment: dict[str, str]) -> Iterator[None]:
    """Our own process makes the app with the settings of the site."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _postmaster(database_url: str | None) -> int | None:
    """The process of the PostgreSQL that we have started ourselves, if it is one."""
    folder = make_url(database_url).query.get("host", "") if database_url else ""
    notes = Path(str(folder)) / "data" / "postmaster.pid"
    with contextlib.suppress(OSError):
        return int(notes.read_text(encoding="ascii").split()[0])
    return None


# --- All members within minutes -----------------------------------------------------------------------


def day(database_url: str | None, options: argparse.Namespace) -> int:
    """Everybody votes once; gives the number of targets missed."""
    with open_site(database_url, options.members) as site:
        moments, mean = arrivals(len(site.tokens), options.minutes * 60), len(site.tokens) / options.minutes / 60
        rates = f"{3 * mean:.0f} a second at first, {mean:.0f} on average"
        print(f"{len(moments)} members vote in {options.minutes:g} min, {rates} …", file=sys.stderr, flush=True)
        notes, before, ours = phones.Notes(), site.cpu(), time.process_time()

        async def come(n: int, due: float) -> None:
            phone = phones.Phone(site.port, notes, keeps=n % 2 == 0, address=f"203.0.113.{n % 250}")
            try:
                await phones.come_in(phone, site.tokens[n], due)
                await phones.vote(phone, n)
            finally:
                phone.hang_up()

        lasted = phones.crowd(notes, moments, come)
        used, ours = site.cpu() - before, time.process_time() - ours
        return report(notes, {
            "members": len(moments), "minutes": lasted / 60, "requests": notes.requests,
            "faults": notes.faults.total(), "ballots missing or too many": abs(site.ballots() - len(moments)),
            "p95, s": notes.at(0.95), "p99, s": notes.at(0.99), "CPU per vote, ms": 1e3 * used / len(moments),
            # The floor: the same work in every run, so it tells a slow machine from a slow service.
            "CPU of a phone, ms": 1e3 * ours / len(moments), "CPU per vote ÷ a phone's": used / ours,
            "slowness, × the fastest tenth": notes.pace.slowness(),
            "CPU per vote at that pace, ms": 1e3 * used / len(moments) / notes.pace.slowness(),
        })  # fmt: skip


def arrivals(members: int, seconds: float) -> list[float]:
    """When each comes: in the first tenth of the time thrice as many as on average, then evenly."""
    first = members * 3 // ALIKE
    early = [seconds / ALIKE * n / first for n in range(first)]
    rest = members - first
    return early + [seconds / ALIKE + seconds * (1 - 1 / ALIKE) * n / rest for n in range(rest)]


# --- A hall behind one address --------------------------------------------------------------------------


def hall(database_url: str | None, options: argparse.Namespace) -> int:
    """500 phones behind one address ask for codes, come in, and change their votes without rest for a minute."""
    with open_site(database_url, HALL) as site:
        print(f"{HALL} phones behind one address …", file=sys.stderr, flush=True)
        notes, until = phones.Notes(), time.perf_counter() + HALL_SECONDS

        async def come(n: int, due: float) -> None:
            phone = phones.Phone(site.port, notes, keeps=n % 2 == 0, address=ONE_ADDRESS)
            pause = random.Random(n)
            try:
                await phones.ask_for_a_code(phone, f"hall{n}@example.org")
                await phones.come_in(phone, site.tokens[n])
                while True:
                    code = await phones.vote(phone, n)
                    await phones.look_around(
                        phone, [f"/{place.YEAR}/screen.json", f"/en/{place.YEAR}/vote/board?code={code}"]
                    )
                    if time.perf_counter() > until:  # everybody has voted once at least
                        return
                    await asyncio.sleep(2 * pause.random())
            finally:
                phone.hang_up()

        lasted = phones.crowd(notes, [n / 100 for n in range(HALL)], come)
        return report(notes, {
            "phones": HALL, "seconds": lasted, "requests": notes.requests, "votes sent": len(notes.took["send"]),
            "answered 429": sum(count for (_step, status), count in notes.faults.items() if status == "429"),
            "faults": notes.faults.total(), "ballots missing or too many": abs(site.ballots() - HALL),
            "p95 of a hall without rest, s": notes.at(0.95),
        })  # fmt: skip


def report(notes: phones.Notes, found: dict[str, float]) -> int:
    """Print the figures, each step, and what went wrong; give the number of targets missed."""
    missed = 0
    for what, figure in found.items():
        most = TARGETS.get(what)
        fine = most is None or figure <= most
        missed += not fine
        goal = f"  {'reached' if fine else 'MISSED'} (<= {most:g})" if most is not None else ""
        print(f"  {what:<32}{figure:>12,.3f}{goal}")
    for step, took in notes.took.items():
        median, p99 = 1e3 * notes.at(0.5, step), 1e3 * notes.at(0.99, step)
        print(f"    {step:<30}{len(took):>12,}   median {median:.0f} ms, p99 {p99:.0f} ms")
    for (step, status), count in notes.faults.most_common():
        print(f"    ✗ {step}: {status}, {count} times")
    sys.stdout.flush()
    return missed
