"""The machine that the service runs on: it starts again what has ended, as systemd does, and a fault may strike it."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from .. import processes
from ..rehearsal.browser import Broken
from ..rehearsal.stage import Stage

WORDS = ("serve", "work")
STARTS_WITHIN = 90  # seconds, on a busy machine


class Host:
    """Server and worker, each a process group."""

    def __init__(self, stage: Stage, **more: str) -> None:
        self._stage, self._environment = stage, {**stage.environment, **more}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._contexts: dict[str, contextlib.ExitStack] = {}
        self.starts = 0

    def __enter__(self) -> "Host":
        self.see_to()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        for context in self._contexts.values():
            context.close()

    def see_to(self) -> None:
        """Start what is not there. Called by the main thread: children end with the thread that made them."""
        for word in WORDS:
            child = self._children.get(word)
            if child is None or child.poll() is not None:
                self._start(word)

    def _start(self, word: str) -> None:
        if word in self._contexts:
            self._contexts[word].close()  # whatever is left of its group goes as well
        context = self._contexts[word] = contextlib.ExitStack()
        log = context.enter_context(self.log(word).open("ab"))
        self._stage.logs[word] = self.log(word)
        running = processes.running("sipvote", word, notes=log, environment=self._environment)
        self._children[word] = context.enter_context(running)
        self.starts += 1

    def log(self, word: str) -> Path:
        return self._stage.folder / f"{word}.log"

    def wait(self) -> None:
        """Until the pages are there; starts again what ends meanwhile."""
        until = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if time.monotonic() > until:
                raise Broken(f"the server did not start. {self._stage.tails()}")
            time.sleep(0.05)
            self.see_to()

    def answers(self) -> bool:
        """Whether the health page says yes."""
        url = f"http://127.0.0.1:{self._environment['PORT']}/health"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def pid(self, word: str) -> int:
        return self._children[word].pid

    def below(self, word: str) -> list[int]:
        """The web processes below a master."""
        pid = self.pid(word)
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            return [int(child) for child in children if b"tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]
        except OSError:
            return []

    def kill(self, word: str, all_of_it: bool = True) -> None:
        """kill -9: a whole process group, or only the one process."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if all_of_it else os.kill)(self.pid(word), signal.SIGKILL)
        if all_of_it:
            self._children[word].wait()

    def kill_one(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
