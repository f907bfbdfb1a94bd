"""Catalogue 4: the power is cut. What the disk may then hold is laid out, opened, and held against the receipts.

SQLite: the write-ahead log cut at every frame, and within frames, with nothing or rubbish after it; and pages of the
database half written back. PostgreSQL: the plug of the whole server is pulled while people vote; and its log is cut
exactly where it had been flushed when a vote was acknowledged.
"""

import asyncio
import contextlib
import random
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from ..rehearsal.report import Report
from . import proof, tracing
from .crowd import Crowd
from .host import Host
from .place import Place, away
from .restarts import next_vote
from .site import roll_of

YEAR = 2101
HEADER, FRAME_HEADER = 32, 24  # of SQLite's write-ahead log, in bytes (sqlite.org/fileformat2.html)


class Cut(NamedTuple):
    """A place in the log, and what had been acknowledged when the log was so long.

    SQLite: bytes, and trackers. PostgreSQL: segment and offset, and how many votes of each member.
    """

    at: Any
    acknowledged: frozenset[Any]


def play(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Cast votes one by one, noting how long the log is at each acknowledgement; then cut it."""
    with here.site(60 if quick else 150, chance) as site:
        crowd = Crowd(site, site.vote(YEAR), chance)
        if here.cluster:
            _postgresql(report, here.cluster, crowd, quick)
        else:
            _sqlite(report, crowd, quick)


def told(crowd: Crowd) -> frozenset[str]:
    return frozenset(ack.tracker for acks in crowd.acks.values() for ack in acks)


# --- SQLite -----------------------------------------------------------------------------------------


def _sqlite(report: Report, crowd: Crowd, quick: bool) -> None:
    site = crowd.site
    file = site.stage.folder / "instance" / "sipvote.db"
    wal = file.with_name("sipvote.db-wal")
    with Host(site.stage) as host:
        with sqlite3.connect(file, isolation_level=None) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = file.read_bytes()
        voters = roll_of(site, crowd.vote)[: 12 if quick else 120]
        cuts = asyncio.run(_one_by_one(crowd, voters, wal))
        log = wal.read_bytes()
        if file.read_bytes() != before:
            raise RuntimeError("The database was written back meanwhile: the states would not be those of one log.")
        flushed, answers = tracing.flushes(host, crowd, voters[:3])
    report.promise(
        f"the log is flushed before the answer leaves ({answers} answers traced)", flushed == answers, flushed
    )
    states = list(_states(before, log, crowd.chance, 8 if quick else 1))
    folder = site.stage.folder / "states"
    wrong = []
    for length, data, cut in states:
        wrong += _faults(folder, data, cut, _known(cuts, length), crowd.vote.election_id)
    report.figure("frames in the log", (len(log) - HEADER) // _frame(log))
    report.promise(f"{len(states):,} states after a power cut: none lacks a vote acknowledged before", not wrong, wrong)
    # So that this can fail: a log that lost one frame more than was flushed.
    short = cuts[-1].at - 1
    control = _faults(folder, before, log[:short], cuts[-1].acknowledged, crowd.vote.election_id)
    report.promise("a state that lacks flushed bytes is found out (control)", control, "it was not")


async def _one_by_one(crowd: Crowd, voters: Any, wal: Path) -> list[Cut]:
    cuts = [Cut(0, frozenset())]
    for member in voters:
        await crowd.cast(member)
        cuts.append(Cut(wal.stat().st_size, told(crowd)))
    return cuts


def _frame(log: bytes) -> int:
    return FRAME_HEADER + int.from_bytes(log[8:12], "big")


def _known(cuts: list[Cut], length: int) -> frozenset[str]:
    """What had been acknowledged when the log was at most so long."""
    return max((cut for cut in cuts if cut.at <= length), key=lambda cut: cut.at).acknowledged


def _states(before: bytes, log: bytes, chance: random.Random, every: int) -> Iterator[tuple[int, bytes, bytes]]:
    """What the disk may hold: how much of the log is sure, the database, the log."""
    frame = _frame(log)
    for end in range(HEADER, len(log) + 1, frame * every):
        yield end, before, log[:end]
        torn = end + chance.randrange(1, frame)
        if torn < len(log):
            yield end, before, log[:torn]
            yield end, before, log[:torn].ljust(end + frame, b"\0")
            yield end, before, log[:torn] + chance.randbytes(end + frame - torn)
    # While the log is written back: any pages are new, old or half; the log is whole.
    size = int.from_bytes(log[8:12], "big")
    newest = {}
    for start in range(HEADER, len(log), frame):
        newest[int.from_bytes(log[start : start + 4], "big")] = log[start + FRAME_HEADER : start + frame]
    for _state in range(4 if every > 1 else 60):
        pages = bytearray(before)
        for number, page in newest.items():
            kept = chance.choice((0, size, chance.randrange(size)))
            pages = pages.ljust(number * size, b"\0")
            pages[(number - 1) * size : (number - 1) * size + kept] = page[:kept]
        yield len(log), bytes(pages), log


def _faults(folder: Path, db_bytes: bytes, log: bytes, acknowledged: frozenset[str], election: int) -> list[str]:
    """Open a state as after the power came back, and look at roll, box and receipts."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "sipvote.db").write_bytes(db_bytes)
    (folder / "sipvote.db-wal").write_bytes(log)
    with contextlib.closing(sqlite3.connect(folder / "sipvote.db")) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        rows = connection.execute(
            "SELECT sealed, tracker, former FROM envelope WHERE election_id = ?", [election]
        ).fetchall()
    known = {tracker for _sealed, tracker, _former in rows}
    known |= {former[at : at + 64] for _s, _t, former in rows for at in range(0, len(former), 64)}
    wrong = [] if whole and not orphans else ["the database is not whole"]
    wrong += ["an envelope is not that of its tracker" for sealed, t, _f in rows if sha256(sealed).hexdigest() != t]
    return wrong + [f"{tracker[:12]} is lost" for tracker in acknowledged - known]


# --- PostgreSQL -------------------------------------------------------------------------------------


def _postgresql(report: Report, cluster: Any, crowd: Crowd, quick: bool) -> None:
    engine = sa.create_engine(crowd.site.stage.database_url, poolclass=sa.NullPool, execution_options={"alone": True})
    # Between two checkpoints no page is written back: the data on disk are those that the log begins with.
    _tell(engine, "ALTER SYSTEM SET bgwriter_lru_maxpages = 0", "ALTER SYSTEM SET wal_writer_delay = '10s'")
    _tell(engine, "SELECT pg_reload_conf()", "CHECKPOINT")
    with Host(crowd.site.stage):
        cuts = asyncio.run(_waves(crowd, engine, 2 if quick else 10))
        # So that this can fail: the same, with a server that acknowledges before it has written.
        _tell(engine, "ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
        control = asyncio.run(_waves(crowd, engine, 1))[-1]
        cluster.stop(signal.SIGKILL)
    copy = cluster.folder / "cut"
    lost = [len(_lost(cluster, copy, cut, crowd)) for cut in cuts]
    report.promise(f"log cut at {len(cuts)} flushes: none lacks a vote acknowledged before", not any(lost), lost)
    found = _lost(cluster, copy, control, crowd)
    report.promise("votes acknowledged before they were flushed are found out (control)", found, "they were not")
    cluster.start()
    _tell(engine, "ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")
    crowd.acks.clear()  # the control lost what it acknowledged
    crowd.vote = crowd.site.vote(YEAR + 1)
    with Host(crowd.site.stage):
        plugs = asyncio.run(_pull_plugs(crowd, cluster, 2 if quick else 10))
    report.promise(f"the plug was pulled {plugs} times while {crowd.acknowledged:,} votes were acknowledged", plugs)
    proof.answers(report, crowd)
    proof.check(report, crowd.site, crowd)


def _tell(engine: sa.Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


async def _waves(crowd: Crowd, engine: sa.Engine, waves: int) -> list[Cut]:
    """Votes, and where the log had been flushed to once they were acknowledged."""
    members, cuts = roll_of(crowd.site, crowd.vote), []
    for _wave in range(waves):
        some = crowd.chance.sample(list(members), 8)
        await asyncio.gather(*(crowd.try_once(member, crowd.choose()) for member in some))
        known = {member: len(told) for member, told in crowd.acks.items()}
        with engine.connect() as connection:
            place = connection.exec_driver_sql("SELECT * FROM pg_walfile_name_offset(pg_current_wal_flush_lsn())").one()
        cuts.append(Cut(tuple(place), frozenset(known.items())))
    return cuts


def _lost(cluster: Any, copy: Path, cut: Cut, crowd: Crowd) -> list[int]:
    """Members of whom fewer votes stand in a server whose log ends there than had been acknowledged."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(cluster.data, copy, symlinks=True, ignore=shutil.ignore_patterns("postmaster.pid"))
    owner = cluster.data.stat()
    for path in (copy, *copy.rglob("*")):
        shutil.chown(path, owner.st_uid, owner.st_gid)
    (segment, offset), acknowledged = cut
    for file in (copy / "pg_wal").iterdir():
        if file.is_file() and file.name >= segment:
            begins = offset if file.name == segment else 0
            with file.open("r+b") as log:
                log.seek(begins)
                log.write(b"\0" * (file.stat().st_size - begins))
    cluster.start(copy)
    try:
        box = crowd.site.box(crowd.vote)
    finally:
        cluster.stop()
    stand = {member: 1 + len(row.former) for member, row in box.items()}
    return [member for member, times in acknowledged if stand.get(member, 0) < times]


async def _pull_plugs(crowd: Crowd, cluster: Any, times: int) -> int:
    """kill -9 of every process of the server, while people vote."""
    done, members = asyncio.Event(), roll_of(crowd.site, crowd.vote)
    voting = [asyncio.create_task(crowd.keep_voting(members[n::10], done)) for n in range(10)]
    for _time in range(times):
        await asyncio.sleep(crowd.chance.uniform(0.5, 1.5))
        await away(cluster.stop, signal.SIGKILL)
        await away(cluster.start)
        await next_vote(crowd)
    done.set()
    await crowd.end(voting)
    return times
