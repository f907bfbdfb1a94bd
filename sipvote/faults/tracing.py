"""What the web processes really ask of the system while somebody votes, as strace tells it."""

import asyncio
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from .crowd import Crowd
from .host import Host

CALLS = "pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync"
LOG = re.compile(r"\b(pwrite64|fdatasync|fsync)\(\d+<[^>]*-wal>")
TAKEN = re.compile(r'"HTTP/1\.1 303 See Other')


def flushes(host: Host, crowd: Crowd, voters: Sequence[int]) -> tuple[int, int]:
    """Trace some casts: for how many answers the log had been flushed, and how many there were."""
    if not shutil.which("strace"):
        return 0, 0
    traces = [crowd.site.stage.folder / f"trace.{pid}" for pid in host.below("serve")]
    command = ["strace", "-f", "-y", "-s", "40", "-e", f"trace={CALLS}"]
    tracers = [
        subprocess.Popen([*command, "-o", str(trace), "-p", trace.suffix[1:]], stderr=subprocess.DEVNULL)
        for trace in traces
    ]
    try:
        time.sleep(2)  # until they have taken hold
        for member in voters:
            asyncio.run(crowd.cast(member))
    finally:
        for tracer in tracers:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
    told = [count_flushed(_lines(trace)) for trace in traces]
    return sum(flushed for flushed, _all in told), sum(answers for _flushed, answers in told)


def _lines(trace: Path) -> list[str]:
    return trace.read_text(encoding="utf-8", errors="replace").splitlines() if trace.exists() else []


def count_flushed(lines: Iterable[str]) -> tuple[int, int]:
    """Of the answers that took a vote: before how many the log was written and flushed, in this order; and how many."""
    flushed = answers = 0
    is_written = is_flushed = False
    for line in lines:
        if call := LOG.search(line):
            is_written, is_flushed = (True, False) if call[1] == "pwrite64" else (is_written, is_written)
        elif TAKEN.search(line):
            answers += 1
            flushed += is_written and is_flushed
            is_written = is_flushed = False
    return flushed, answers
