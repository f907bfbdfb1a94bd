"""The soak: hours of mixed load at a fifth of what the machine can do; memory and open files must not grow.

Members vote, readers read, others ask for codes, which the worker writes to. Every so often a line tells what the
processes hold.
"""

import argparse
import contextlib
import random
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import phones
from bench.day import Site, open_site
from bench.place import YEAR

PART = 0.2  # of what was measured
TRIAL = 20  # seconds to measure it
WARM_UP = 0.25  # of the time; caches fill, every page has been asked for
SAMPLES = 60
MOST_GROWTH = 0.05
READ = [
    "/en/",
    f"/nl/{YEAR}/themes",
    f"/fr/{YEAR}/vote",
    f"/en/{YEAR}/vote/board",
    "/en/search?q=what",
    f"/{YEAR}/screen.json",
]


@dataclass
class Held:
    """What a process held at each moment: memory in MB, open files."""

    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def growth(self) -> float:
        """By how much the memory grew from the end of the warm-up to the end, as a part."""
        after, few = self.memory[int(len(self.memory) * WARM_UP) :], max(1, len(self.memory) // 10)
        return statistics.median(after[-few:]) / statistics.median(after[:few]) - 1

    def leak(self) -> int:
        """How many more files are open at the quietest moment of the last third than of the first one after warm-up."""
        after = self.files[int(len(self.files) * WARM_UP) :]
        third = max(1, len(after) // 3)
        return min(after[-third:]) - min(after[:third])


def soak(database_url: str | None, options: argparse.Namespace) -> int:
    """Run it; gives the number of targets missed."""
    with open_site(database_url, options.members) as site:
        rate = options.rate or PART * _measure(site)
        seconds = options.hours * 3600
        print(f"{rate:.1f} visits a second for {options.hours:g} h …", file=sys.stderr, flush=True)
        held: dict[str, Held] = {}
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(site, held, seconds / SAMPLES, over))
        watch.start()
        notes = phones.Notes()
        try:
            phones.crowd(
                notes, [n / rate for n in range(int(rate * seconds))], _visit(site, notes, random.Random(YEAR))
            )
        finally:
            over.set()
            watch.join()
        return _report(notes, held)


def _visit(site: Site, notes: phones.Notes, chance: random.Random) -> object:
    """What one visitor does: half vote, of the others most read."""

    async def come(n: int, due: float) -> None:
        phone, kind = phones.Phone(site.port, notes, keeps=n % 2 == 0), chance.random()
        member = chance.randrange(len(site.tokens))
        try:
            if kind < 0.5:
                await phones.come_in(phone, site.tokens[member], due)
                await phones.vote(phone, n)
            elif kind < 0.9:
                await phones.look_around(phone, chance.sample(READ, 3))
            else:
                await phones.ask_for_a_code(phone, f"soak{n}@example.org")
        finally:
            phone.hang_up()

    return come


def _measure(site: Site) -> float:
    """Visits a second when they come without rest."""
    notes, chance = phones.Notes(), random.Random(1)
    visit = _visit(site, notes, chance)
    until = time.perf_counter() + TRIAL

    async def without_rest(n: int, due: float) -> None:
        while time.perf_counter() < until:
            with contextlib.suppress(phones.Gone):
                await visit(1_000_000 + notes.requests, time.perf_counter())
                notes.done += 1

    lasted = phones.crowd(notes, [0.0] * 24, without_rest)
    print(
        f"{notes.done / lasted:.1f} visits a second without rest ({notes.requests / lasted:.0f} requests)", flush=True
    )
    return notes.done / lasted


def _watch(site: Site, held: dict[str, Held], every: float, over: threading.Event) -> None:
    """Note at intervals what each process holds."""
    began = time.monotonic()
    while not over.wait(every):
        line = []
        for name, pid in _processes(site).items():
            with contextlib.suppress(OSError):
                each = held.setdefault(name, Held())
                each.memory.append(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1024**2)
                each.files.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))
                line.append(f"{name} {each.memory[-1]:.1f} MB, {each.files[-1]} files")
        print(f"  {(time.monotonic() - began) / 60:6.1f} min: {' · '.join(line)}", flush=True)


def _processes(site: Site) -> dict[str, int]:
    """Each web process and the worker, by name."""
    found = subprocess.run(
        ["pgrep", "-P", str(site.stage.pids["serve"])], capture_output=True, text=True
    ).stdout.split()
    web = {f"web {pid}": int(pid) for pid in found}
    return {**web, "worker": site.stage.pids["work"]}


def _report(notes: phones.Notes, held: dict[str, Held]) -> int:
    missed = 0
    for name, each in held.items():
        growth, leak = each.growth(), each.leak()
        fine = growth < MOST_GROWTH and leak <= 0
        missed += not fine
        told = f"memory {growth:+.1%} (< {MOST_GROWTH:.0%}), open files {leak:+d} (<= 0)"
        print(f"  {name:<16}{told}  {'reached' if fine else 'MISSED'}")
    print(f"  {notes.done:,} visits, {notes.requests:,} requests; p99 {notes.at(0.99):.3f} s")
    for (step, status), count in notes.faults.most_common():
        print(f"    ✗ {step}: {status}, {count} times")
    return missed + bool(notes.faults)
