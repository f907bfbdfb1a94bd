"""What the checks look at, read all at once: nothing here judges."""

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from flask import current_app, has_request_context, request
from flask_babel import gettext as _
from sqlalchemy import func, select, text

from .. import jobs
from ..backups import last_backup
from ..db import clock_skew, db, look, now
from ..mail import DUE, Letter

Found = TypeVar("Found")
PRAGMAS = ("journal_mode", "synchronous", "secure_delete")


@dataclass
class Facts:
    """How the installation stands. What could not be read has its sentence in `unread`."""

    config: Mapping[str, Any]
    dialect: str = "sqlite"
    moment: datetime = field(default_factory=now)
    settings: Mapping[str, str] = field(default_factory=dict)  # of the database, as it names them
    standbys: int = 0
    revisions: tuple[str, str] = ("", "")  # of the database, and the newest that there is
    skew: float = 0.0  # seconds that our clock is ahead of the database's
    readable: list[str] = field(default_factory=list)  # files that other users of the machine can read
    free: int = 1 << 40  # bytes
    swaps: list[str] = field(default_factory=list)
    leaves_cores: bool = False
    ntp: bool | None = None
    beats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    backup: datetime | None = None
    oldest_letter: datetime | None = None
    refused_lately: int = 0
    came_by_tls: bool | None = None  # as the proxy says, when somebody asks over the web
    unread: list[str] = field(default_factory=list)


def gather() -> Facts:
    """Read everything. On connections of their own: whoever asks may be in the midst of a transaction."""
    facts = Facts(current_app.config, db.engine.dialect.name)

    def read(name: str, reader: Callable[[], Any], otherwise: Found) -> Found:
        try:
            found: Found = reader()
        except Exception as fault:  # noqa: BLE001  (whatever it is, it is told)
            why = type(fault).__name__
            facts.unread.append(_("This could not be read: %(what)s (%(why)s). Mend that first.", what=name, why=why))
            return otherwise
        return found

    on_postgresql = facts.dialect == "postgresql"
    facts.settings = read("database settings", _of_postgresql if on_postgresql else _of_sqlite, {})
    facts.standbys = read("pg_stat_replication", _standbys, 0) if on_postgresql else 0
    facts.revisions = read("alembic_version", lambda: (_revision(), newest_revision()), ("", ""))
    facts.skew = read("database clock", clock_skew, 0.0)
    facts.readable = read("SIPVOTE_INSTANCE", lambda: [*_readable(current_app.config["INSTANCE"])], [])
    facts.free = read("disk", lambda: shutil.disk_usage(current_app.config["INSTANCE"]).free, 0)
    facts.swaps, facts.leaves_cores, facts.ntp = _swaps(), resource.getrlimit(resource.RLIMIT_CORE)[0] != 0, _ntp()
    facts.beats = read("job queue", jobs.beats, {})
    facts.backup = read("backup", lambda: _newest(last_backup(), facts.beats), None)
    facts.oldest_letter, facts.refused_lately = read("outbox", _outbox, (None, 0))
    facts.came_by_tls = request.is_secure if has_request_context() else None
    return facts


def _of_postgresql() -> dict[str, str]:
    with look() as connection:
        # The few that the checks know are among some 350.
        rows = connection.execute(text("SELECT name, setting FROM pg_settings"))
        return {row.name: row.setting for row in rows}


def _of_sqlite() -> dict[str, str]:
    with look() as connection:
        return {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in PRAGMAS}


def _standbys() -> int:
    with look() as connection:
        return int(connection.execute(text("SELECT count(*) FROM pg_stat_replication")).scalar() or 0)


def _revision() -> str:
    with look() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


@lru_cache(maxsize=1)
def newest_revision() -> str:
    """The migration that no other one follows; read from the files, because Alembic is heavy for a web process."""
    inside = Path(__file__).parent.parent / "migrations"
    folder = inside if inside.is_dir() else Path(__file__).parent.parent.parent / "migrations"
    texts = [path.read_text(encoding="utf-8") for path in (folder / "versions").glob("*.py")]
    made = {found for each in texts for found in re.findall(r"^revision = ['\"](\w+)", each, re.M)}
    followed = {found for each in texts for found in re.findall(r"^down_revision = ['\"](\w+)", each, re.M)}
    return " ".join(sorted(made - followed))


def _readable(folder: Path) -> Iterator[str]:
    """The files of the data that other users may read; none, where they may not even enter the folder."""
    if folder.stat().st_mode & 0o077 == 0:
        return
    for path in sorted(folder.glob("*.db*")):
        if path.stat().st_mode & 0o077:
            yield path.name


def _swaps() -> list[str]:
    """Where memory may be written out to in clear: neither zram nor what goes through the device mapper."""
    try:
        lines = Path("/proc/swaps").read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return []
    return [name for line in lines if not (name := line.split()[0]).startswith(("/dev/zram", "/dev/dm-"))]


def _ntp() -> bool | None:
    """Whether the machine's clock follows others; None where nobody knows."""
    program = shutil.which("timedatectl")
    if program is None or not os.path.isdir("/run/systemd/system"):
        return None
    done = subprocess.run([program, "show", "-p", "NTPSynchronized", "--value"], capture_output=True, text=True)
    return {"yes": True, "no": False}.get(done.stdout.strip())


def _newest(here: datetime | None, beats: Mapping[str, Mapping[str, Any]]) -> datetime | None:
    """The last backup that this machine or a worker knows of."""
    known = [here, *(said.get("backup") for said in beats.values())]
    return max(filter(None, known), default=None)


def _outbox() -> tuple[datetime | None, int]:
    """Since when the oldest due letter waits that is none of many, and how many were tried lately without success."""
    waits = select(func.min(Letter.send_at)).where(DUE, Letter.batch.is_(None))
    tried = select(func.count()).where(DUE, Letter.tries > 0)
    with look() as connection:
        return connection.execute(waits).scalar(), int(connection.execute(tried).scalar() or 0)
