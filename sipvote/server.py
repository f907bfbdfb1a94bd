"""The production server: `python3 -m sipvote serve`, and the one that `demo` starts. Granian, for both."""

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import Interfaces

import config

from . import logs, metrics, processes

if TYPE_CHECKING:
    from flask import Flask


def main(args: list[str], factory: str = "sipvote.app:create_app") -> int:
    """Serve on HOST and PORT (127.0.0.1:8000) until stopped; the benchmark serves other applications the same way."""
    try:
        settings = config.load()
    except config.BadConfig as fault:
        print(fault, file=sys.stderr)
        return 1
    processes.leave_no_cores()
    metrics.make_room(settings, os.environ.get("PORT", "8000"))
    # Before the workers start: with a memory arena per thread, each would hold on to 20 MB more.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    os.environ["SIPVOTE_FACTORY"] = factory
    Granian(
        "sipvote.server:application",
        factory=True,
        address=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8000")),
        interface=Interfaces.WSGI,
        workers=settings["WORKERS"],
        blocking_threads=settings["THREADS"],
        backlog=2048,
        websockets=False,
        log_dictconfig=logs.for_granian(settings["LOG"]),
        log_access=False,  # access logs would pair addresses and times with ballots
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()
    return 0


def application() -> "Flask":
    """Make what a worker serves.

    All that is made at the start stays for good, so the garbage collector need not look at it: not now,
    and not later, when each look would hold up everybody for a tenth of a second.
    """
    gc.disable()
    module, name = os.environ["SIPVOTE_FACTORY"].split(":")
    made: Flask = getattr(import_module(module), name)()
    logs.configure(made.config.get("LOG", "text"))
    gc.freeze()
    gc.set_threshold(20_000)  # with Python's own 700, looking took 4 % of the time of a vote
    gc.enable()
    return made
