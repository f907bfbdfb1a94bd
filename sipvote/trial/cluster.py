"""PostgreSQL as deploy/postgresql.conf has it: a primary, and a standby that takes its place."""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..boot import ROOT, Trouble
from ..rehearsal.browser import Broken

STARTS_WITHIN = 60  # seconds
STANDBY = "standby"  # the name in synchronous_standby_names


class Cluster:
    """Two servers on two ports of 127.0.0.1."""

    def __init__(self, folder: Path, ports: tuple[int, int]) -> None:
        self.folder, self.ports = folder, ports
        self.password = secrets.token_hex(12)
        self.programs = _programs()

    @property
    def url(self) -> str:
        """Both, as docs/deployment.md has it: whichever can be written to is used."""
        hosts, ports = "127.0.0.1,127.0.0.1", ",".join(map(str, self.ports))
        options = f"host={hosts}&port={ports}&target_session_attrs=read-write&connect_timeout=3"
        return f"postgresql+psycopg://sipvote:{self.password}@/sipvote?{options}"

    def make(self) -> None:
        """Lay out the primary, start it, copy it, and start the copy as its standby."""
        primary, standby = self.folder / "primary", self.folder / STANDBY
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="ascii")
        shutil.chown(secret, *_user())
        self._run("initdb", "-D", primary, "-U", "sipvote", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8")
        (primary / "postgresql.conf").open("a", encoding="utf-8").write(self._settings())
        with (primary / "pg_hba.conf").open("a", encoding="utf-8") as access:
            access.write("host replication sipvote 127.0.0.1/32 scram-sha-256\n")
        self._start(primary, self.ports[0], "-c", "synchronous_standby_names=")
        self._run("createdb", *self._to(self.ports[0]), "sipvote")
        whom = f"host=127.0.0.1 port={self.ports[0]} user=sipvote application_name={STANDBY}"
        self._run("pg_basebackup", "-d", whom, "-D", standby, "-R", "-X", "stream", "--checkpoint=fast")
        self.stop(primary)
        self._start(primary, self.ports[0])
        self._start(standby, self.ports[1])
        until = time.monotonic() + STARTS_WITHIN
        while self.ask(0, "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") != "1":
            if time.monotonic() > until:
                raise Broken("the standby does not follow")
            time.sleep(0.2)

    def _settings(self) -> str:
        ours = (ROOT / "deploy" / "postgresql.conf").read_text(encoding="utf-8")
        return f"\n{ours}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nshared_buffers = 64MB\n"

    def ask(self, which: int, statement: str) -> str:
        """What one of the two answers to a statement of the administrator."""
        return self._run("psql", *self._to(self.ports[which]), "-d", "sipvote", "-Atc", statement).strip()

    def fail_over(self) -> None:
        """The primary dies at once; the standby takes its place, and waits for no standby of its own."""
        self.stop(self.folder / "primary", "immediate")
        self._run("pg_ctl", "promote", "-w", "-D", self.folder / STANDBY)
        self.ask(1, "ALTER SYSTEM SET synchronous_standby_names = ''")
        self.ask(1, "SELECT pg_reload_conf()")

    def _to(self, port: int) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(port), "-U", "sipvote"]

    def _start(self, data: Path, port: int, *settings: str) -> None:
        options = " ".join(["-p", str(port), *settings])
        self._run("pg_ctl", "start", "-w", "-D", data, "-l", data.with_suffix(".log"), "-o", options)

    def stop(self, data: Path, how: str = "fast") -> None:
        """Stop a server, if it runs."""
        with contextlib.suppress(Broken):
            self._run("pg_ctl", "stop", "-w", "-D", data, "-m", how)

    def _run(self, program: str, *words: Any) -> str:
        command = [str(self.programs / program), *map(str, words)]
        given = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": self.password, "LC_ALL": "C.UTF-8"}
        someone: dict[str, Any] = dict(zip(("user", "group"), _user(), strict=True)) if os.geteuid() == 0 else {}
        with (self.folder / "postgresql.said").open("w+", encoding="utf-8") as said:  # a pipe would stay open
            done = subprocess.run(
                command, cwd=self.folder, env=given, stdout=said, stderr=said, stdin=subprocess.DEVNULL, timeout=120,
                **someone,
            )  # fmt: skip
            said.seek(0)
            told = said.read()
        if done.returncode:
            raise Broken(f"{program} failed: {told[-600:]}")
        return told


def _user() -> tuple[str, int]:
    """As whom PostgreSQL runs: it refuses to be root."""
    who = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return who.pw_name, who.pw_gid


def _programs() -> Path:
    """The newest server programs of the system."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup"), key=lambda path: int(path.parts[4]))
    if not found:
        raise Trouble("PostgreSQL's own programs are needed here: sudo apt install postgresql")
    return found[-1].parent


@contextlib.contextmanager
def running(folder: Path, ports: tuple[int, int]) -> Iterator[Cluster]:
    """Run both servers for as long as the block lasts."""
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, *_user())
    cluster = Cluster(folder, ports)
    try:
        cluster.make()
        yield cluster
    finally:
        for data in (folder / STANDBY, folder / "primary"):
            cluster.stop(data, "immediate")
