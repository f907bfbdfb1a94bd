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
STUCK = 5.0  # seconds, and what people wait on this machine anyhow: no request may take longer
CALM = 3.0  # seconds before the first fault, in which is seen how long that is


def play(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Restart and cut, in turn."""
    if here.cluster is None:
        say("  SQLite has no server that could restart, and no connection that could be cut: see 3, 4 and 5.")
        return
    with here.site(60 if quick else 300, chance) as site:
        crowd = Crowd(site, site.vote(YEAR), chance)
        with Host(site.stage):
            calm, times = asyncio.run(_play(crowd, here.cluster, 2 if quick else 10, 6 if quick else 20))
        most = STUCK + 3 * calm
        report.figure("restarts (immediate), and as many cuts of all connections", 2 if quick else 10)
        report.figure("longest time from the database's first answer to the next vote, seconds", round(max(times), 2))
        report.figure("the longest wait before the first fault, seconds", round(calm, 2))
        report.promise("once the database answers, votes are taken within that time", max(times) <= most, times)
        report.promise(
            f"nobody is stuck: no request took longer than {most:.1f} s", crowd.longest <= most, crowd.longest
        )
        proof.answers(report, crowd)
        proof.check(report, site, crowd)


async def _play(crowd: Crowd, cluster: Any, rounds: int, tasks: int) -> tuple[float, list[float]]:
    done, members = asyncio.Event(), roll_of(crowd.site, crowd.vote)
    voting = [asyncio.create_task(crowd.keep_voting(members[n::tasks], done)) for n in range(tasks)]
    await asyncio.sleep(CALM)
    calm, took = crowd.longest, []
    for _round in range(rounds):
        for fault in (lambda: _restart(cluster), lambda: cut(crowd.site)):
            await asyncio.sleep(crowd.chance.uniform(0.5, 1.5))
            await away(fault)
            took.append(await next_vote(crowd))
    done.set()
    await crowd.end(voting)
    return calm, took


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
