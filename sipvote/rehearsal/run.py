"""The word `rehearsal`: the years and the seasons of the groups, on each database, one after the other."""

import argparse
import contextlib
import os
import signal
import time
from collections.abc import Iterator

from ..boot import Trouble
from . import scenes, seasons, seasons_cast
from .browser import Broken
from .play import FULL, QUICK, Play, Size, read_profile
from .report import Report, say
from .stage import stage
from .travel import season

DATABASES = ("sqlite", "postgresql")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
FEWEST = {FULL: 10_000, QUICK: 300}


def main(args: list[str]) -> int:
    """Play on the databases that are asked for; 1 when a promise is broken."""
    asked = _arguments(args)
    size = QUICK if asked.quick else FULL
    if asked.members is not None:
        if asked.members < FEWEST[size]:
            raise Trouble(f"the play needs at least {FEWEST[size]:,} members.")
        size = Size(**{**vars(size), "members": asked.members})
    reports = []
    with _stoppable():
        for database in DATABASES if asked.database == "both" else [asked.database]:
            if not asked.groups:
                reports.append(play(database, size, asked.keep))
            if not asked.year:
                reports.append(play_groups(database, asked.quick, asked.keep))
    say()
    for report in reports:
        say(f"{'✗' if report.broken else '✓'} {report.play}: {report.kept} promises kept, {len(report.broken)} broken")
    return 1 if any(report.broken for report in reports) else 0


def _arguments(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m sipvote rehearsal",
        description="Whole years and an assembly, played by machines over real HTTP and real mail.",
    )
    parser.add_argument("--database", choices=("both", *DATABASES), default="both")
    parser.add_argument("--members", type=int, help="how many members the roll has (30,000)")
    parser.add_argument("--quick", action="store_true", help="a small play: 300 members, 60 ballots; 90 in groups")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--year", action="store_true", help="only the years and the assembly")
    only.add_argument("--groups", action="store_true", help="only the groups, from wishes to the fifth sheet")
    parser.add_argument("--keep", action="store_true", help="keep the folder with database and logs")
    return parser.parse_args(args)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the play in good order, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def play(database: str, size: Size, keep: bool) -> Report:
    """One play, from an empty database to the last proof; the report tells how it went."""
    report = Report(NAMES[database])
    say(f"\n=== {report.play} ===")
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        url = _postgresql(stack) if database == "postgresql" else None
        built = stack.enter_context(stage(url, keep))
        try:
            scenes.all_of(Play(built, report, size, read_profile(size.ballots)))
        except Broken as fault:
            report.promise("the play goes on to its end", False, fault)
            say(built.tails())
        except BaseException:
            say(built.tails())
            raise
    report.figure("seconds in all, with setting up and taking down", round(time.monotonic() - began))
    report.tell()
    return report


def play_groups(database: str, is_quick: bool, keep: bool) -> Report:
    """The seasons of the groups, from wishes to the fifth attendance sheet of two editions."""
    report = Report(f"{NAMES[database]}, groups")
    say(f"\n=== {report.play} ===")
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        url = _postgresql(stack) if database == "postgresql" else None
        try:
            on = stack.enter_context(season(url, keep, seasons.BEGINS))
            seasons.all_of(on, report, seasons_cast.QUICK if is_quick else seasons_cast.FULL)
        except Broken as fault:
            report.promise("the play goes on to its end", False, fault)
    report.figure("seconds in all, with setting up and taking down", round(time.monotonic() - began))
    report.tell()
    return report


def _postgresql(stack: contextlib.ExitStack) -> str:
    """A server of our own, or the one that SIPVOTE_TEST_DATABASE_URL names, with an empty database."""
    from tests import postgres

    server = stack.enter_context(postgres.start())
    name = f"sipvote_rehearsal_{os.getpid()}"
    stack.callback(postgres.drop_database, server, name)
    return postgres.fresh_database(server, name)
