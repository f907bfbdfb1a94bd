"""Catalogue 5: the disk is full. Root may mount a small one in memory, so it is really full, for the whole service."""

import asyncio
import contextlib
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..rehearsal.report import Report, say
from . import proof
from .crowd import Crowd
from .host import Host
from .place import Place, away
from .site import roll_of

YEAR = 2101
# MB that are free before the disk is filled. SQLite's log takes 4 before it begins again: with less it would be
# votes that fill the disk, and no ballast to take away. PostgreSQL begins with a piece of its log, of 16 MB.
SPARE = 8
FULL_FOR = (4, 15)  # seconds, quick or not


def play(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Vote; fill the disk and go on voting; make room, and vote again, with nothing restarted by us."""
    if os.geteuid() != 0:
        say("  Only root can mount a small disk: not played.")
        return
    with here.site(60 if quick else 200, chance) as site:
        crowd = Crowd(site, site.vote(YEAR), chance)
        folder = here.cluster.data if here.cluster else site.stage.folder / "instance"
        if here.cluster:
            here.cluster.stop()
        with small_disk(folder, SPARE + (24 if here.cluster else 0)):
            if here.cluster:
                here.cluster.start()
            with Host(site.stage) as host:
                refused, full = asyncio.run(_play(crowd, here, folder, FULL_FOR[0 if quick else 1]))
                report.promise("server and worker ran on: nothing was started again", host.starts == 2, host.starts)
            report.figure("clear 503s while the disk was full", refused)
            report.figure("votes acknowledged while it was full", full)
            report.promise("the disk was full, and people read so", refused, refused)
            proof.answers(report, crowd)
            proof.check(report, site, crowd)
            if here.cluster:
                here.cluster.stop()
        if here.cluster:
            here.cluster.start()  # on the data of before, for who takes the stage down


@contextlib.contextmanager
def small_disk(folder: Path, spare: int) -> Iterator[None]:
    """Lay a disk of a few spare MB over a folder; what was in it is on the disk."""
    owner = folder.stat()
    with tempfile.TemporaryDirectory() as beside:
        shutil.copytree(folder, Path(beside) / "all")
        used = sum(path.stat().st_blocks * 512 for path in folder.rglob("*")) // 2**20
        options = f"size={used + spare}m,mode=700,uid={owner.st_uid},gid={owner.st_gid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
        try:
            subprocess.run(["cp", "-a", f"{beside}/all/.", str(folder)], check=True)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid)
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


async def _play(crowd: Crowd, here: Place, folder: Path, seconds: float) -> tuple[int, int]:
    """Before, during and after; gives the 503s and the votes while it was full."""
    done, members = asyncio.Event(), roll_of(crowd.site, crowd.vote)
    voting = [asyncio.create_task(crowd.keep_voting(members[n::10], done)) for n in range(10)]
    await asyncio.sleep(1.5)
    before, votes = crowd.answers[503], crowd.acknowledged
    ballast = folder / "ballast"
    filling = asyncio.create_task(_fill(ballast))
    while crowd.answers[503] == before and crowd.longest < 60:  # until somebody reads it
        await asyncio.sleep(0.1)
    await asyncio.sleep(seconds)
    filling.cancel()
    refused, full = crowd.answers[503] - before, crowd.acknowledged - votes
    ballast.unlink()
    if here.cluster and not here.cluster.is_running:
        say("  PostgreSQL had stopped itself for want of room; its own supervisor starts it again.")
        await away(here.cluster.start)
    done.set()
    await crowd.end(voting)
    return refused, full


async def _fill(ballast: Path) -> None:
    """Take every block that is free, also those that become free meanwhile."""
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                await asyncio.sleep(0.02)
