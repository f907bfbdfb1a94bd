"""The word `bench`: counting, planning, assigning; casting a vote, as ratios to floors of the same run."""

import argparse
import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import assignment, counting, day, floors, load, pages, planning, soak, strangers, verifying
from bench.place import YEAR, Place, cpu, prepare, resident, server
from sipvote.db import db
from tests import postgres

# (what, the sign, SQLite's target, PostgreSQL's): the ratios and times to reach.
TARGETS = {
    "cast ÷ F2": (">=", 0.5, 0.5),
    "F2 ÷ F1": (">=", 0.15, 0.15),
    "p99 at 64 connections, s": ("<=", 0.15, 0.2),
    "p99 at 256 connections, s": ("<=", 0.5, 0.8),
    "errors": ("<=", 0, 0),
    "votes lost or doubled": ("<=", 0, 0),
    "p99 at 150 a second, s": ("<=", 0.025, 0.025),
    "p99 at 600 a second, s": ("<=", 0.05, 0.05),
    "p99 of 400 phones a second, s": ("<=", 0.05, 0.05),
    "memory of a worker, MB": ("<=", 100, 100),
    "start-up, s": ("<=", 1.5, 1.5),
}
PORTS = {"bare": 8801, "uncommitted": 8802, "casting": 8803}


def main(args: list[str]) -> int:
    """Measure and print; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python3 -m sipvote bench", description=__doc__)
    parser.add_argument("--members", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians are printed")
    parser.add_argument("--seconds", type=int, default=4, help="of each round")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--counting", action="store_true", help="only how long counting takes")
    parser.add_argument("--verifying", action="store_true", help="only how long checking a package takes")
    parser.add_argument("--planning", action="store_true", help="only how long planning takes")
    parser.add_argument("--assignment", action="store_true", help="only how long assignment takes")
    parser.add_argument("--pages", action="store_true", help="only how long every page takes")
    parser.add_argument("--only", default="", help="with --pages: only addresses that hold this")
    parser.add_argument(
        "--day", action="store_true", help="everybody votes in ten minutes, from the link to the receipt"
    )
    parser.add_argument("--minutes", type=float, default=10, help="with --day: how long they take")
    parser.add_argument("--hall", action="store_true", help="500 phones behind one address, for a minute")
    parser.add_argument("--strangers", action="store_true", help="whether times tell who is a member")
    parser.add_argument("--soak", action="store_true", help="hours of mixed load; memory and files must not grow")
    parser.add_argument("--hours", type=float, default=2, help="with --soak")
    parser.add_argument("--rate", type=float, default=0, help="with --soak: visits a second; else a fifth of what goes")
    options = parser.parse_args(args)
    whole = {
        day.day: options.day,
        day.hall: options.hall,
        soak.soak: options.soak,
        strangers.strangers: options.strangers,
    }
    if any(whole.values()):
        return 1 if sum(_site(run, options) for run, wanted in whole.items() if wanted) else 0
    if options.pages:
        return 1 if _pages(options) else 0
    parts = {
        counting: options.counting, planning: options.planning, assignment: options.assignment,
        verifying: options.verifying,
    }  # fmt: skip
    if any(parts.values()):
        return 1 if sum(part.measure() for part, wanted in parts.items() if wanted) else 0
    if not _has_wrk():
        print("bench needs wrk: sudo apt install wrk", file=sys.stderr)
        return 1
    missed = sum(part.measure() for part in parts)
    for name in ("sqlite", "postgresql"):
        if options.database in (name, "both"):
            with _database(name) as (url, folder):
                missed += _report(name, measure(url, folder, options))
    return 1 if missed else 0


def _pages(options: argparse.Namespace) -> int:
    missed = 0
    for name in ("sqlite", "postgresql"):
        if options.database in (name, "both"):
            with _database(name) as (url, folder):
                print(f"\n{name}")
                missed += pages.measure(url, folder, options.rounds, options.members, options.only)
    return missed


def _site(run: Callable[[str | None, argparse.Namespace], int], options: argparse.Namespace) -> int:
    """What needs a whole installation, on each database."""
    missed = 0
    for name in ("sqlite", "postgresql"):
        if options.database in (name, "both"):
            with _database(name) as (url, _folder):
                print(f"\n{name}", flush=True)
                missed += run(None if name == "sqlite" else url, options)
    return missed


def _has_wrk() -> bool:
    if not shutil.which("wrk") and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], capture_output=True)
    return shutil.which("wrk") is not None


@contextlib.contextmanager
def _database(name: str) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="sipvote-bench-") as folder, contextlib.ExitStack() as stack:
        if name == "sqlite":
            yield f"sqlite:///{folder}/bench.db", Path(folder)
        else:
            server_url = stack.enter_context(postgres.start())
            yield postgres.fresh_database(server_url, "sipvote_bench"), Path(folder)


def measure(url: str, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Everything about one database; names are those of TARGETS, and the floors themselves."""
    print(f"Preparing {options.members} members …", file=sys.stderr, flush=True)
    place = prepare(url, folder, options.members)
    file = load.write_voters(place.voters, folder / "voters.txt")
    with place.app.app_context():
        found = {"F3, 1 connection, /s": floors.durable_commits(1), "F3, 4 connections, /s": floors.durable_commits(4)}
        db.engine.dispose()
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(server(place, name, port)) for name, port in PORTS.items()}
        found["start-up, s"] = running["casting"]["start"]
        found |= _ratios(place, file, options)
        found |= _crowds(place, file, options)
        found |= _once_each(place)
        found |= _arrivals(place)
        found |= _phones(running["casting"]["pid"])
        found["memory of a worker, MB"] = resident(running["casting"]["pid"])
    found["errors"] = sum(found.pop(name) for name in [name for name in found if name.startswith("errors ")])
    return found


def _ratios(place: Place, file: Path, options: argparse.Namespace) -> dict[str, float]:
    """Interleaved rounds, so that a noisy minute strikes all three alike."""
    rates: dict[str, list[float]] = {name: [] for name in PORTS}
    errors = 0
    for turn in range(options.rounds):
        print(f"Round {turn + 1} of {options.rounds} …", file=sys.stderr, flush=True)
        for name, port in PORTS.items():
            done = load.restless(port, place.path, file, 64, options.seconds)
            rates[name].append(done.rate)
            errors += done.errors
    bare, uncommitted, casting = (statistics.median(rates[name]) for name in ("bare", "uncommitted", "casting"))
    return {
        "F1, bare Flask POST, /s": bare,
        "F2, cast without commit, /s": uncommitted,
        "cast, /s": casting,
        "cast ÷ F2": casting / uncommitted,
        "F2 ÷ F1": uncommitted / bare,
        "errors in ratios": errors,
    }


def _crowds(place: Place, file: Path, options: argparse.Namespace) -> dict[str, float]:
    found, errors = {}, 0
    for connections in (64, 256):
        rounds = [load.restless(PORTS["casting"], place.path, file, connections, options.seconds) for _ in range(3)]
        found[f"p99 at {connections} connections, s"] = statistics.median(r.p99 for r in rounds)
        errors += sum(r.errors for r in rounds)
    return {**found, "errors in crowds": errors}


def _once_each(place: Place) -> dict[str, float]:
    """Every member votes once, as fast as they go."""
    print(f"{len(place.voters)} members vote …", file=sys.stderr, flush=True)
    place.empty_the_box()
    done = load.as_fast_as_they_go(PORTS["casting"], place.path, place.voters, 64)
    lost = abs(len(place.voters) - place.envelopes())
    return {"all members, votes/s": done.rate, "errors once each": done.errors, "votes lost or doubled": lost}


def _arrivals(place: Place) -> dict[str, float]:
    found = {}
    for rate in (150, 600):
        print(f"{rate} members a second …", file=sys.stderr, flush=True)
        rounds = [load.arriving(PORTS["casting"], place.path, place.voters[: rate * 10], rate, 64) for _ in range(3)]
        found[f"p99 at {rate} a second, s"] = statistics.median(r.p99 for r in rounds)
    return found


def _phones(pid: int) -> dict[str, float]:
    """Two thousand phones follow the screen in the hall, each asking every five seconds."""
    print("2,000 phones follow …", file=sys.stderr, flush=True)
    used, seconds = cpu(pid), 10
    done = load.asking(PORTS["casting"], f"/{YEAR}/screen.json", 400, seconds, 64)
    return {
        "p99 of 400 phones a second, s": done.p99,
        "processors used by 400 phones a second": (cpu(pid) - used) / seconds,
        "errors of phones": done.errors,
    }


def _report(name: str, found: dict[str, float]) -> int:
    """Print one database's figures; give the number of targets missed."""
    missed = 0
    column = 1 if name == "sqlite" else 2
    compare: dict[str, Callable[[float, float], bool]] = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b}
    print(f"\n{name}")
    for what, figure in found.items():
        target = TARGETS.get(what)
        fine = target is None or compare[target[0]](figure, float(target[column]))
        missed += not fine
        goal = f"  {'reached' if fine else 'MISSED'} ({target[0]} {target[column]})" if target else ""
        print(f"  {what:<32}{figure:>12,.3f}{goal}")
    return missed
