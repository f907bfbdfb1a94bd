"""Catalogue 6: the database restarts without a word, or cuts every connection, while people vote."""

import asyncio
import random
import signal
import time
from typing import Any

import sqlalchemy as sa

from ..rehearsal.report import Report, say
from . import proof
from .crowd import Crowd
from .host import Host
from .place import Place, away
from .site import Site, roll_of

YEAR = 2101
STUCK = 5.0  # seconds: no request may take longer, once the database answers


def play(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Restart and cut, in turn."""
    if here.cluster is None:
        say("  SQLite has no server that could restart, and no connection that could be cut: see 3, 4 and 5.")
        return
    with here.site(60 if quick else 300, chance) as site:
        crowd = Crowd(site, site.vote(YEAR), chance)
        with Host(site.stage):
            times = asyncio.run(_play(crowd, here.cluster, 10, 20))
        report.figure("restarts (immediate), and as many cuts of all connections", 2 if quick else 10)
        report.figure("longest time from the database's first answer to the next vote, seconds", round(max(times), 2))
        text = f"{STUCK:.0f} seconds after the database answers, votes are taken"
        report.promise(text, max(times) <= STUCK, times)
        report.promise(f"no request took longer than {STUCK:.0f} s", crowd.longest <= STUCK, crowd.longest)
        proof.answers(report, crowd)
        proof.check(report, site, crowd)


async def _play(crowd: Crowd, cluster: Any, rounds: int, tasks: int) -> list[float]:
    done, members = asyncio.Event(), roll_of(crowd.site, crowd.vote)
    voting = [asyncio.create_task(crowd.keep_voting(members[n::tasks], done)) for n in range(tasks)]
    took = []
    for _round in range(rounds):
        for fault in (lambda: _restart(cluster), lambda: cut(crowd.site)):
            await asyncio.sleep(crowd.chance.uniform(0.5, 1.5))
            await away(fault)
            took.append(await next_vote(crowd))
    done.set()
    await asyncio.gather(*voting)
    return took


def _restart(cluster: Any) -> None:
    """As `pg_ctl restart -m immediate`: it ends as in a crash, and recovers."""
    cluster.stop(signal.SIGQUIT)
    cluster.start()


def cut(site: Site) -> None:
    """End every connection to the database but our own."""
    engine = sa.create_engine(site.stage.database_url, poolclass=sa.NullPool, execution_options={"alone": True})
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


async def next_vote(crowd: Crowd) -> float:
    """How long it takes until somebody's vote is acknowledged."""
    began, before = time.monotonic(), crowd.acknowledged
    while crowd.acknowledged == before and time.monotonic() < began + 10 * STUCK:
        await asyncio.sleep(0.02)
    return time.monotonic() - began
