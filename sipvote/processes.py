"""Processes that we start: they end with us, in good order when there is time, and at once when there is none."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any

from .boot import ROOT

STOPS_WITHIN = 20  # seconds
PR_SET_PDEATHSIG = 1
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """For `preexec_fn`: on Linux, even when we are killed without a word, the child is told to stop."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def leave_no_cores() -> None:
    """When this process or its children crash, nothing of their memory is written to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let Ctrl-C, and what is handled like it, wait until the block has ended.

    Interrupted inside `Popen` itself, we would not know the child that has begun, and could not stop it.
    """
    if threading.current_thread() is not threading.main_thread():  # only the main thread is interrupted
        yield
        return
    asked: list[int] = []
    kept = {each: handler for each in ENDS if callable(handler := signal.getsignal(each))}
    for each in kept:
        signal.signal(each, lambda number, _frame: asked.append(number))
    try:
        yield
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
        if asked:
            signal.raise_signal(asked[0])


@contextlib.contextmanager
def running(
    *words: str, notes: IO[bytes], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m words…` for as long as the block lasts, with whatever it starts."""
    # A group of its own: Ctrl-C reaches us first, and we stop it in order.
    child: subprocess.Popen[bytes] | None = None
    try:
        with held():
            child = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=environment, stdout=notes, stderr=notes,
                stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent,
            )  # fmt: skip
        yield child
    finally:
        if child is not None:
            stop(child)


def stop(child: subprocess.Popen[Any]) -> None:
    """Stop a child and whatever is left of its group."""
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=STOPS_WITHIN)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
