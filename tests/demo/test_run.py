"""`python3 -m sipvote demo`, for real: a process, a port, a server, a worker, and nothing left behind."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sipvote.boot import ROOT, Trouble
from sipvote.demo import run
from sipvote.demo.people import CAST

PATIENCE = 90  # seconds; a busy machine with one core needs some


class Running:
    """A demonstration in a process of its own."""

    def __init__(self, folder: Path, *words: str, port: int | None = None) -> None:
        self.port = port or _free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SIPVOTE_")}
        ours = {"SIPVOTE_INSTANCE": str(folder), "SIPVOTE_DEMO_MEMBERS": "150", "SIPVOTE_NO_VENV": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sipvote", "demo", *words], cwd=ROOT, text=True,
            env={**plain, **ours, "PORT": str(self.port)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.browser = requests.Session()
        self.browser.trust_env = False

    def wait_for_the_address(self) -> str:
        """Read until everything was said; gives it."""
        said = ""
        for line in self.process.stdout or ():
            said += line
            if "Ctrl-C" in line:
                break
        assert self.site in said, said
        return said

    def children(self) -> list[int]:
        """The processes that it started, and theirs."""
        found, look_at = [], [self.process.pid]
        while look_at:
            kids = Path(f"/proc/{look_at[0]}/task/{look_at.pop(0)}/children").read_text(encoding="ascii").split()
            found += [int(kid) for kid in kids]
            look_at += [int(kid) for kid in kids]
        return found

    def post(self, path: str, **fields: str) -> requests.Response:
        """Press a button of the banner."""
        page = self.browser.get(f"{self.site}/en/demo/mails", timeout=30).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        return self.browser.post(f"{self.site}{path}", data={"csrf_token": token[1], **fields}, timeout=60)

    def phase(self) -> str:
        page = self.browser.get(f"{self.site}/en/", timeout=30).text
        found = re.search(r'name="phase" value="(\w+)" aria-current', page)
        assert found
        return found[1]

    def stop(self, with_signal: int = signal.SIGTERM) -> str:
        """Stop it; gives what it said last."""
        self.process.send_signal(with_signal)
        said, _ = self.process.communicate(timeout=PATIENCE)
        return said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _all_gone(pids: list[int]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if not any(_is_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return False


@contextlib.contextmanager
def running(folder: Path, *words: str, port: int | None = None) -> Iterator[Running]:
    demo = Running(folder, *words, port=port)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=PATIENCE)
        if demo.process.stdout:
            demo.process.stdout.close()
        demo.browser.close()


# --- For real ---------------------------------------------------------------------------------------


def test_the_demonstration_starts_keeps_its_data_and_begins_anew(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        said = demo.wait_for_the_address()
        assert "Inventing 150 members" in said and all(person.name in said for person in CAST)
        assert 'class="demo-banner"' in demo.browser.get(f"{demo.site}/en/", timeout=30).text
        for person in CAST:
            assert person.name in demo.post("/en/demo/sign-in", person=person.key, next="/en/me").text
        demo.post("/en/demo/year", phase="review")
        assert demo.phase() == "review"
        processes = demo.children()
        assert len(processes) >= 4  # granian with two workers, and the worker
        assert "is kept" in demo.stop()
        assert demo.process.returncode == 0 and _all_gone(processes)
    with running(tmp_path) as demo:
        assert "Inventing" not in demo.wait_for_the_address()
        assert demo.phase() == "review"
        assert "is kept" in demo.stop(signal.SIGINT)
    with running(tmp_path, "--reset") as demo:
        assert "Inventing" in demo.wait_for_the_address()
        assert demo.phase() == "themes"


def test_when_one_part_ends_the_others_are_stopped(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.wait_for_the_address()
        processes = demo.children()
        worker = next(pid for pid in processes if b"work" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))
        os.kill(worker, signal.SIGKILL)
        said, _ = demo.process.communicate(timeout=PATIENCE)
        assert "“work” ended by itself" in said and str(tmp_path / "demo.log") in said
        assert demo.process.returncode == 1 and _all_gone(processes)


def test_even_when_it_is_killed_nothing_is_left_running(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.wait_for_the_address()
        processes = demo.children()
        with pytest.raises(AssertionError), running(tmp_path) as second:  # nobody else may use these data meanwhile
            second.wait_for_the_address()
        demo.stop(signal.SIGKILL)
        assert _all_gone(processes)


def test_a_port_in_use_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path, port=port) as demo:
            said, _ = demo.process.communicate(timeout=PATIENCE)
    assert said.count("\n") == 1 and f"PORT={port + 1} python3 -m sipvote demo" in said
    assert demo.process.returncode == 1


def test_a_seed_that_was_broken_off_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "demo.db.making").write_bytes(b"half")
    with running(tmp_path) as demo:
        assert "Inventing" in demo.wait_for_the_address()
        assert demo.phase() == "themes"
    assert not list(tmp_path.glob("*.making*"))


# --- What the environment says ----------------------------------------------------------------------


def test_help_is_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "--reset" in said and "PORT=8001" in said and said.count("\n") < 12


def test_an_unknown_word_is_named() -> None:
    with pytest.raises(Trouble, match="“--rest”"):
        run.main(["--rest"])


@pytest.mark.parametrize("port", ["", "eighty", "0", "70000", "-1"])
def test_a_port_must_be_a_port(port: str) -> None:
    with pytest.raises(Trouble, match="PORT"):
        run._port({"PORT": port})


@pytest.mark.parametrize("members", ["", "99", "many", "1000000"])
def test_a_number_of_members_must_be_sensible(members: str) -> None:
    with pytest.raises(Trouble, match="SIPVOTE_DEMO_MEMBERS"):
        run._members({"SIPVOTE_DEMO_MEMBERS": members})


@pytest.mark.parametrize("told", [{"SIPVOTE_MODE": "production"}, {"SIPVOTE_DATABASE_URL": "postgresql://x/y"}])
def test_it_never_runs_where_real_data_might_be(tmp_path: Path, told: dict[str, str]) -> None:
    with pytest.raises(Trouble, match="Unset it"):
        run._folder({"SIPVOTE_INSTANCE": str(tmp_path), **told})


@pytest.mark.parametrize("made_by", [None, 0, 999])
def test_data_of_another_version_are_told_with_the_way_out(tmp_path: Path, made_by: int | None) -> None:
    data = tmp_path / "demo.db"
    data.write_bytes(b"" if made_by is not None else b"not a database at all, but long enough")
    if made_by is not None:
        with contextlib.closing(sqlite3.connect(data)) as connection:
            connection.execute(f"PRAGMA user_version = {made_by}")
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
            connection.execute("INSERT INTO alembic_version VALUES ('x')")
            connection.commit()
    with pytest.raises(Trouble, match="demo --reset"):
        run._bring_up_to_date(data)
