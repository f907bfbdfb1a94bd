"""The stage: a fresh installation as in production, with its server and worker, and everything gone afterwards.

Only what a real host would add is played: the proxy that speaks TLS (the browsers say so themselves) and
the mail server, which is a letterbox in this process.
"""

import contextlib
import json
import os
import resource
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .. import processes
from ..boot import ROOT
from .browser import Broken
from .letterbox import Letterbox
from .report import say

STARTS_WITHIN = 60  # seconds
LINES_SHOWN = 30


@dataclass(frozen=True)
class Done:
    """A command that has ended: its exit code, what it said, and the seconds of CPU that it took."""

    code: int
    said: str
    cpu: float


@dataclass
class Stage:
    """Where it is played: a folder, the settings, the letterbox."""

    folder: Path
    environment: dict[str, str]
    letters: Letterbox
    logs: dict[str, Path] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)  # seconds that server and worker took, once they have ended
    pids: dict[str, int] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return self.environment["SIPVOTE_BASE_URL"]

    @property
    def database_url(self) -> str:
        """Where the data are: what the settings say, or the file that is made without saying."""
        return self.environment.get("SIPVOTE_DATABASE_URL", f"sqlite:///{self.folder / 'instance' / 'sipvote.db'}")

    def word(self, *words: str) -> Done:
        """Run a word of sipvote on the command line, as an organiser on the host would."""
        return run([sys.executable, "-m", "sipvote", *words], ROOT, self.environment)

    def cpu_until_now(self, word: str) -> float:
        """The seconds of CPU that the running server or worker took until now; 0 where only the end tells."""
        try:
            told = Path(f"/proc/{self.pids[word]}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0.0
        user, system = told.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def tails(self) -> str:
        """The last lines that the server and the worker wrote."""
        told = []
        for word, log in self.logs.items():
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_SHOWN:]
            told += [f"The last lines of “{word}”:", *(f"    {line}" for line in lines)]
        return "\n".join(told)


def run(command: list[str], folder: Path, environment: dict[str, str]) -> Done:
    """Run a command to its end."""
    with tempfile.TemporaryFile() as output:
        process: subprocess.Popen[bytes] | None = None
        try:
            with processes.held():
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            _pid, status, used = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: it would go on alone, and make the folder anew that is swept away
            if process is not None:
                process.kill()
                process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Done(process.returncode, output.read().decode(errors="replace"), used.ru_utime + used.ru_stime)


@contextlib.contextmanager
def stage(database_url: str | None, keep: bool, officials: str = "easy") -> Iterator[Stage]:
    """Set everything up with an empty, migrated database (None: a new SQLite file); server and worker come later."""
    folder = Path(tempfile.mkdtemp(prefix="sipvote-rehearsal-"))
    try:
        web, post = _free_port(), _free_port()
        with Letterbox(post) as letters:
            made = Stage(folder, _settings(folder, database_url, web, post, officials), letters)
            done = made.word("migrate")
            if done.code:
                raise Broken(f"the database could not be made: {done.said}")
            yield made
    finally:
        if keep:
            say(f"  Everything is kept in {folder}")
        else:
            _sweep(folder)


def _sweep(folder: Path) -> None:
    """Delete a folder; a process that was killed a moment ago may still be writing its last file there."""
    for _attempt in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.25)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(folder: Path, database_url: str | None, web: int, post: int, officials: str = "easy") -> dict[str, str]:
    """The environment of a production installation."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SIPVOTE_")}
    return plain | {
        "HOST": "127.0.0.1",
        "PORT": str(web),
        "SIPVOTE_NO_VENV": "1",  # we are in the right one
        "SIPVOTE_MODE": "production",
        "SIPVOTE_READINESS": "warn",  # nobody backs a stage up
        "SIPVOTE_INSTANCE": str(folder / "instance"),
        "SIPVOTE_SECRET_KEY": secrets.token_hex(32),
        "SIPVOTE_SIGNING_KEY": secrets.token_hex(32),
        "SIPVOTE_FACTOR_KEY": secrets.token_hex(32),
        "SIPVOTE_OFFICIALS": officials,
        "SIPVOTE_BASE_URL": f"https://127.0.0.1:{web}",
        "SIPVOTE_TRUSTED_HOSTS": "127.0.0.1",
        "SIPVOTE_PROXIES": "1",
        "SIPVOTE_MAIL_SERVER": "127.0.0.1",
        "SIPVOTE_MAIL_PORT": str(post),
        "SIPVOTE_MAIL_TLS": "no",
        "SIPVOTE_MAIL_FROM": "smartinprogress@example.org",
        "SIPVOTE_CONTACT": "smartinprogress@example.org",
        **({"SIPVOTE_DATABASE_URL": database_url} if database_url else {}),
    }


# --- Server and worker ------------------------------------------------------------------------------


@contextlib.contextmanager
def running(stage: Stage) -> Iterator[float]:
    """Run the production server and the worker; gives the seconds until the server answered."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_child(stage, word)) for word in ("serve", "work")]
        _wait_for(stage, children)
        yield time.monotonic() - began
        if any(child.poll() is not None for child in children):
            raise Broken("the server or the worker ended by itself")


@contextlib.contextmanager
def _child(stage: Stage, word: str) -> Iterator[subprocess.Popen[bytes]]:
    stage.logs[word] = stage.folder / f"{word}.log"
    before = 0.0
    with stage.logs[word].open("wb") as log:
        with processes.running("sipvote", word, notes=log, environment=stage.environment) as child:
            stage.pids[word] = child.pid
            yield child
            before = _cpu_of_children()
        stage.cpu[word] = _cpu_of_children() - before


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for(stage: Stage, children: list[subprocess.Popen[bytes]]) -> None:
    url = f"http://127.0.0.1:{stage.environment['PORT']}/health"
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and all(child.poll() is None for child in children):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if json.load(answer)["mode"] != "production":
                raise Broken("the server does not run as in production")
            return
        time.sleep(0.05)
    raise Broken("the server did not start")
