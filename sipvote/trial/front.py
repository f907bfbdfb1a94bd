"""What stands before the application: nginx from deploy/nginx.conf with a certificate of its own, and Valkey."""

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import processes
from ..boot import ROOT, Trouble
from ..rehearsal.browser import Broken

HOST = "vote.example.org"


def needed(*names: str) -> str:
    """The path of the first of these programs that there is; else a sentence."""
    found = next(filter(None, (shutil.which(name) for name in names)), None)
    if found is None:
        raise Trouble(f"{' or '.join(names)} is needed here: sudo apt install {names[-1].removesuffix('-server')}")
    return found


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but this trial believes, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = [needed("openssl"), "req", *kind, *names, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


def settings(folder: Path, port: int, upstream: tuple[int, int]) -> str:
    """deploy/nginx-main.conf and deploy/nginx.conf, with the names of this trial in the place of the examples."""
    main = (ROOT / "deploy" / "nginx-main.conf").read_text(encoding="utf-8")
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    changed = {
        r"listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        r"\$host;": f"$host:{port};",  # the real one listens on 443, which no address names
        r"server 127\.0\.0\.1:8000": f"server 127.0.0.1:{upstream[0]}",
        r"server 127\.0\.0\.1:8001": f"server 127.0.0.1:{upstream[1]}",
        r"/etc/letsencrypt/live/[^/]+/fullchain\.pem": str(folder / "certificate.pem"),
        r"/etc/letsencrypt/live/[^/]+/privkey\.pem": str(folder / "key.pem"),
        r"/var/log/nginx/": f"{folder}/",
        re.escape(HOST): "127.0.0.1",
    }
    for pattern, text in changed.items():
        site, times = re.subn(pattern, text, site)
        if not times:
            raise Broken(f"deploy/nginx.conf has no {pattern}")
    # The second server only leads from port 80 to the first.
    site = site[: site.rindex("server {")]
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"{main}\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nhttp {{\n{places}{site}\n}}\n"


@contextlib.contextmanager
def nginx(folder: Path, port: int, upstream: tuple[int, int]) -> Iterator[None]:
    """Run nginx for as long as the block lasts."""
    program, where = needed("nginx"), folder / "nginx.conf"
    certificate(folder)
    where.write_text(settings(folder, port, upstream), encoding="utf-8")
    tried = subprocess.run([program, "-t", "-q", "-c", str(where)], capture_output=True, text=True)
    if tried.returncode:
        raise Broken(f"nginx does not take deploy/nginx.conf: {tried.stderr}")
    with _child([program, "-c", str(where), "-g", "daemon off;"], folder / "nginx.said"):
        yield


@contextlib.contextmanager
def valkey(folder: Path, port: int) -> Iterator[str]:
    """Run Valkey, or Redis before it changed its name, with deploy/valkey.conf; gives its address."""
    program = needed("valkey-server", "redis-server")
    text = (ROOT / "deploy" / "valkey.conf").read_text(encoding="utf-8")
    where = folder / "valkey.conf"
    where.write_text(re.sub(r"^port \d+", f"port {port}\ndir {folder}", text, flags=re.M), encoding="utf-8")
    with _child([program, str(where)], folder / "valkey.said"):
        yield f"valkey://127.0.0.1:{port}/0"


@contextlib.contextmanager
def _child(command: list[str], notes: Path) -> Iterator[None]:
    child: subprocess.Popen[Any] | None = None
    try:
        with processes.held(), notes.open("wb") as said:
            child = subprocess.Popen(
                command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, start_new_session=True,
                preexec_fn=processes.end_with_parent,
            )  # fmt: skip
        time.sleep(0.5)
        if child.poll() is not None:
            raise Broken(f"{command[0]} ended by itself: {notes.read_text(encoding='utf-8')[-400:]}")
        yield
    finally:
        if child is not None:
            processes.stop(child)
