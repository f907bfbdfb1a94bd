"""The word `faults`: each fault strikes a fresh installation while people vote, on each database in turn."""

import argparse
import random
import time
from collections.abc import Callable

from ..rehearsal.browser import Broken
from ..rehearsal.report import Report, say
from ..rehearsal.run import DATABASES, NAMES
from . import clock, disk, kills, power, races, restarts
from .place import Place, place

SEED = 20261121
# By name: the number in the catalogue of docs/faults.md, what it is called, and who plays it.
FAULTS: dict[str, tuple[int, str, Callable[[Report, Place, random.Random, bool], None]]] = {
    "kills": (3, "kill -9 of masters and workers", kills.play),
    "power": (4, "the power is cut", power.play),
    "disk": (5, "the disk is full", disk.play),
    "restarts": (6, "the database restarts, connections are cut", restarts.play),
    "clock": (7, "the clock jumps", clock.play),
    "devices": (8, "two devices race", races.devices),
    "closing": (9, "votes while it is closed", races.closing),
}


def main(args: list[str]) -> int:
    """Let the faults strike that are asked for; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python3 -m sipvote faults", description=__doc__)
    parser.add_argument("--only", choices=sorted(FAULTS), action="append", help="only this fault (may be repeated)")
    parser.add_argument("--database", choices=("both", *DATABASES), default="both")
    parser.add_argument("--quick", action="store_true", help="a few seconds of each, as the tests do")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args(args)
    reports = [
        strike(database, name, asked.quick, asked.seed)
        for database in (DATABASES if asked.database == "both" else [asked.database])
        for name in FAULTS
        if not asked.only or name in asked.only
    ]
    say()
    for report in reports:
        say(f"{'✗' if report.broken else '✓'} {report.play}: {report.kept} promises kept, {len(report.broken)} broken")
    return 1 if any(report.broken for report in reports) else 0


def strike(database: str, name: str, quick: bool, seed: int) -> Report:
    """One fault on one database; the report tells how it went."""
    number, title, play = FAULTS[name]
    report = Report(f"{NAMES[database]}, {number}: {title}")
    say(f"\n=== {report.play} ===")
    began = time.monotonic()
    with place(database) as here:
        try:
            play(report, here, random.Random(seed), quick)
        except Broken as fault:
            report.promise("the play goes on to its end", False, fault)
    report.figure("seconds in all", round(time.monotonic() - began))
    report.tell()
    return report
