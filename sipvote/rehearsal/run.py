"""The word `rehearsal`: the years, the seasons of the groups and what came of them, on each database in turn."""

import argparse
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

from ..boot import Trouble
from . import outcomes, outcomes_cast, scenes, seasons, seasons_cast
from .browser import Broken
from .play import FULL, QUICK, Play, Size, read_profile
from .report import Report, say
from .stage import stage
from .travel import Season, season

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
            everything = not (asked.year or asked.groups or asked.outcomes)
            if asked.year or everything:
                reports.append(play(database, size, asked.keep))
            if asked.groups or everything:
                reports.append(play_groups(database, asked.quick, asked.keep))
            if asked.outcomes or everything:
                reports.append(play_outcomes(database, asked.quick, asked.keep))
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
    only.add_argument(
        "--outcomes", action="store_true", help="only what came of it, from a first draft to the stocktake"
    )
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
        built = stack.enter_context(stage(url, keep, "strict"))
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
    size = seasons_cast.QUICK if is_quick else seasons_cast.FULL
    begin = partial(season, keep=keep, begins=seasons.BEGINS)
    return _travel(database, "groups", begin, partial(seasons.all_of, size=size))


def play_outcomes(database: str, is_quick: bool, keep: bool) -> Report:
    """What came of two editions, from the first draft to a published stocktake; then the list of the years before."""
    size = outcomes_cast.QUICK if is_quick else outcomes_cast.FULL
    begin = partial(season, keep=keep, begins=outcomes.BEGINS)
    return _travel(database, "outcomes", begin, partial(outcomes.all_of, size=size))


def _travel(
    database: str, name: str, begin: Callable[[str | None], AbstractContextManager[Season]],
    act: Callable[[Season, Report], None],
) -> Report:  # fmt: skip
    """One play on the stage on which months pass."""
    report = Report(f"{NAMES[database]}, {name}")
    say(f"\n=== {report.play} ===")
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        url = _postgresql(stack) if database == "postgresql" else None
        try:
            act(stack.enter_context(begin(url)), report)
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
