"""`python3 -m sipvote demo`: data, server and worker, in one command, until Ctrl-C.

The data stand in a file of their own, demo.db in the instance folder, so that they never mix with
real data. It is built beside and renamed when it is complete: a start that was broken off leaves
nothing half-made. Server and worker run as children that end with us.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import processes
from ..boot import ROOT, Trouble, say

HELP = """python3 -m sipvote demo [--reset]

Starts everything on this machine, with 30,000 invented members and no real mail: the web server on
http://127.0.0.1:8000, and the worker. A second start keeps what was done; --reset begins anew.

  PORT=8001               another port
  SIPVOTE_INSTANCE=/path  another folder for the data (instance/ beside the code)
  SIPVOTE_DEMO_MEMBERS=n  fewer members, for a slow machine"""
STARTS_WITHIN = 60  # seconds


class _Stopped(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


def main(args: list[str]) -> int:
    """Run the demonstration until it is stopped; raises Trouble with a sentence."""
    if "-h" in args or "--help" in args:
        print(HELP)
        return 0
    if unknown := [arg for arg in args if arg != "--reset"]:
        raise Trouble(f"demo does not know “{unknown[0]}”; it knows --reset.")
    port = _port(os.environ)
    folder = _folder(os.environ)
    _claim(port)
    try:
        with _stoppable(), _alone(folder):
            data = _data(folder, port, "--reset" in args)
            _settings(folder, data, port)
            _bring_up_to_date(data)
            return _serve(folder, port)
    except _Stopped:
        say("Stopped. What you did is kept for the next time.")
        return 0


# --- What the environment says ----------------------------------------------------------------------


def _port(environ: Mapping[str, str]) -> int:
    told = environ.get("PORT", "8000")
    if not (told.isdigit() and 0 < int(told) < 65536):
        raise Trouble(f"PORT is “{told}”; it must be a number such as 8000.")
    return int(told)


def _members(environ: Mapping[str, str]) -> int:
    told = environ.get("SIPVOTE_DEMO_MEMBERS", "30000")
    if not (told.isdigit() and 100 <= int(told) <= 100_000):
        raise Trouble(f"SIPVOTE_DEMO_MEMBERS is “{told}”; it must be a number from 100 to 100000.")
    return int(told)


def _folder(environ: Mapping[str, str]) -> Path:
    """The instance folder; refuses where real data might be meant."""
    if environ.get("SIPVOTE_MODE", "demo") not in ("demo", ""):
        raise Trouble(f"SIPVOTE_MODE is {environ['SIPVOTE_MODE']}: the demonstration never runs there. Unset it first.")
    if environ.get("SIPVOTE_DATABASE_URL"):
        raise Trouble("SIPVOTE_DATABASE_URL is set, but the demonstration only uses a file of its own. Unset it first.")
    folder = Path(environ.get("SIPVOTE_INSTANCE") or ROOT / "instance").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _claim(port: int) -> None:
    """Refuse early when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Trouble(f"port {port} is in use; choose another: PORT={port + 1} python3 -m sipvote demo") from None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the data while the block lasts: nobody else may use or reset them meanwhile."""
    with (folder / "demo.lock").open("w") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble("the demonstration runs already with these data; stop it first, with Ctrl-C.") from None
        yield


def _settings(folder: Path, data: Path, port: int) -> None:
    """Everything that the server and the worker are told, by way of the environment."""
    os.environ |= {
        "SIPVOTE_MODE": "demo",
        "SIPVOTE_INSTANCE": str(folder),
        "SIPVOTE_DATABASE_URL": f"sqlite:///{data}",
        "SIPVOTE_BASE_URL": f"http://127.0.0.1:{port}",
        "SIPVOTE_WORKERS": "2",
        "SIPVOTE_TRUSTED_HOSTS": "127.0.0.1,localhost",
        "SIPVOTE_PROXIES": "0",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


# --- The data ---------------------------------------------------------------------------------------


def _data(folder: Path, port: int, reset: bool) -> Path:
    """The database, made when there is none; only a complete one bears this name."""
    members = _members(os.environ)
    data, draft = folder / "demo.db", folder / "demo.db.making"
    if reset:
        _remove(data)
    if not data.exists():
        say(f"Inventing {members:,} members and four editions (once, some seconds) …")
        _remove(draft)
        _settings(folder, draft, port)
        _make(members)
        draft.rename(data)
        _remove(draft)
    return data


def _remove(data: Path) -> None:
    """Delete a database with the files that SQLite and db.py put beside it."""
    for ending in ("", "-wal", "-shm", ".lock"):
        data.with_name(data.name + ending).unlink(missing_ok=True)


def _make(members: int) -> None:
    """Lay out the tables and fill them, in the file that the environment names now."""
    from sqlalchemy import text

    from ..app import create_app
    from ..db import db
    from ..schema import upgrade
    from . import seed

    app = create_app()
    with app.app_context():
        upgrade()
        seed.seed(members)
        db.session.commit()
        with db.engine.connect() as connection:
            connection.execute(text(f"PRAGMA user_version = {seed.VERSION}"))
            connection.commit()
        db.session.remove()
        db.engine.dispose()  # the last connection that closes writes all into the one file


def _bring_up_to_date(data: Path) -> None:
    """Migrate data of an older demonstration; say so when they cannot be used."""
    too_old = Trouble(
        "the data are of another version of the demonstration; begin anew: python3 -m sipvote demo --reset"
    )
    with contextlib.closing(sqlite3.connect(data)) as connection:
        try:
            (made_by,) = connection.execute("PRAGMA user_version").fetchone()
            (stands_at,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except (sqlite3.Error, TypeError):
            raise too_old from None
    from .seed import VERSION

    if made_by != VERSION:
        raise too_old
    if stands_at == _newest_migration():
        return
    say("Bringing the data up to date …")
    from ..app import create_app
    from ..schema import upgrade

    try:
        with create_app().app_context():
            upgrade()
    except (Exception, SystemExit):  # noqa: BLE001  (whatever a migration trips over, the way out is the same)
        raise too_old from None


def _newest_migration() -> str | None:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()


# --- Server and worker ------------------------------------------------------------------------------


def _serve(folder: Path, port: int) -> int:
    """Start both, tell the address, and wait until we are stopped or one of them ends."""
    log = folder / "demo.log"
    with log.open("wb") as notes, contextlib.ExitStack() as stack:
        running = {
            word: stack.enter_context(processes.running("sipvote", word, notes=notes)) for word in ("serve", "work")
        }
        if not _answers(port, running):
            raise Trouble(f"the server did not start; see {log}")
        _welcome(port)
        while all(child.poll() is None for child in running.values()):
            time.sleep(0.3)
        ended = next(word for word, child in running.items() if child.poll() is not None)
    raise Trouble(f"“{ended}” ended by itself, so everything was stopped; see {log}")


def _answers(port: int, running: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    """Wait until the server can do its work; False when it ended or takes too long."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and all(child.poll() is None for child in running.values()):
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        time.sleep(0.1)
    return False


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Within this block Ctrl-C, SIGTERM and a closed terminal end the demonstration in good order."""

    def stop(_number: int, _frame: object) -> None:
        for each in kept:  # once is enough: nothing may interrupt the stopping
            signal.signal(each, signal.SIG_IGN)
        say("Stopping …")
        raise _Stopped

    kept = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, before in kept.items():
            signal.signal(each, before)


def _welcome(port: int) -> None:
    """The address, and who one can be."""
    from .people import CAST

    print(f"\n  http://127.0.0.1:{port}\n", flush=True)
    print("  With one click on the page you are:")
    for person in CAST:
        print(f"    {person.name:<14} {person.title!s:<18} {person.what}")
    print("\n  The time machine on the page goes through the year. Nobody here is real, and no mail leaves.")
    print("  Ctrl-C stops; your changes are kept.", flush=True)
