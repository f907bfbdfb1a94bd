"""The word `redteam`: one vote on each database, attacked while it is open, closed and counted."""

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from ..faults.crowd import Crowd
from ..faults.host import Host
from ..faults.place import Place, place
from ..faults.site import Site, Vote, roll_of
from ..rehearsal.browser import Broken
from ..rehearsal.report import Report, say
from ..rehearsal.run import DATABASES, NAMES
from . import attacks, naive, traces
from .links import Choices

SEED = 20261121
VOTERS, FEW = 3000, 100


@dataclass
class Target:
    """A vote that is attacked. `cast` is what the tester alone knows: who chose what, in the order of casting."""

    place: Place
    site: Site
    vote: Vote
    report: Report
    chance: random.Random
    cast: list[tuple[int, Choices]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.site.stage.database_url

    @property
    def folders(self) -> list[Path]:
        """Everything on the machine that the service writes to."""
        return [self.site.stage.folder, *([self.place.cluster.folder] if self.place.cluster else [])]

    @property
    def order(self) -> list[Choices]:
        return [choices for _member, choices in self.cast]

    def engine(self) -> sa.Engine:
        return sa.create_engine(self.url, poolclass=sa.NullPool, execution_options={"alone": True})


def main(args: list[str]) -> int:
    """Attack on the databases that are asked for; 1 when an attack succeeds, or a control fails."""
    parser = argparse.ArgumentParser(prog="python3 -m sipvote redteam", description=__doc__)
    parser.add_argument("--voters", type=int, default=VOTERS)
    parser.add_argument("--database", choices=("both", *DATABASES), default="both")
    parser.add_argument("--quick", action="store_true", help=f"{FEW} voters, as the tests do")
    asked = parser.parse_args(args)
    voters = FEW if asked.quick else asked.voters
    reports = [attack(each, voters) for each in (DATABASES if asked.database == "both" else [asked.database])]
    say()
    for report in reports:
        say(f"{'✗' if report.broken else '✓'} {report.play}: {report.kept} promises kept, {len(report.broken)} broken")
    return 1 if any(report.broken for report in reports) else 0


def attack(database: str, voters: int) -> Report:
    """One vote, from the first ballot to the count, and every attack on it."""
    report, chance = Report(f"{NAMES[database]}, red team"), random.Random(SEED)
    say(f"\n=== {report.play} ===")
    began = time.monotonic()
    with place(database) as here, here.site(voters + 60, chance) as site:
        target = Target(here, site, site.vote(2101), report, chance)
        try:
            play(target, voters)
        except Broken as fault:
            report.promise("the play goes on to its end", False, fault)
    report.figure("seconds in all", round(time.monotonic() - began))
    report.tell()
    return report


def play(target: Target, voters: int) -> None:
    """Vote over HTTP, and attack at each stage; naive votes are planted for the controls."""
    with Host(target.site.stage) as host:
        replay = attacks.Replay(target) if target.place.cluster is None else None
        asyncio.run(_vote(target, voters))
        if replay:
            replay.on_votes()
        attacks.backup(target)
        attacks.files(target, "open")
        _memory(target, host)
    attacks.envelopes(target)
    naive.plant(target.url, target.cast)
    target.site.close(target.vote)
    attacks.files(target, "closed")
    target.site.count(target.vote)
    attacks.files(target, "counted")
    attacks.orders(target)
    attacks.transactions(target)


async def _vote(target: Target, voters: int) -> None:
    """Members vote one after the other, so that the order of casting is known; some lines at once would blur it."""
    members = list(roll_of(target.site, target.vote))[:voters]
    target.chance.shuffle(members)
    crowd = Crowd(target.site, target.vote, target.chance)
    for member in members:
        choices = crowd.choose()
        if not await crowd.try_once(member, choices):
            raise Broken(f"a vote was not taken: {crowd.odd[:1]}")
        target.cast.append((member, choices))
    target.report.figure("votes cast over HTTP", len(target.cast))


def _memory(target: Target, host: Host) -> None:
    """What is left in the memory of the processes after the vote: told as it is. Only keys must never be there."""
    if os.geteuid() != 0:
        say("  Only root reads the memory of others: not looked at.")
        return
    ballots, keys = attacks.ballot_needles(target), attacks.key_needles(target)
    own = keys.hits(traces.in_memory(os.getpid()))
    target.report.promise("keys are found in the memory of who knows them (control)", own, "they were not")
    left: Counter[str] = Counter()
    for pid in {host.pid("serve"), host.pid("work"), *host.below("serve")}:
        for name in ballots.hits(traces.in_memory(pid)):
            left[name] += 1
        found = keys.hits(traces.in_memory(pid))
        target.report.promise(f"no seed, key or word in the memory of process {pid}", not found, found)
    target.report.figure("different ballots in plain text left in the memory of server and worker", len(left))
