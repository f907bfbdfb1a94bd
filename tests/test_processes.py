"""Processes that we start: Ctrl-C at the worst moment leaves none behind."""

import os
import signal
import subprocess
import sys

import pytest

from sipvote import processes
from sipvote.boot import ROOT
from sipvote.rehearsal import stage

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def begun(monkeypatch):
    """The children that begin; Ctrl-C is pressed as soon as one has, before anybody could have noted it."""
    children = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    class Interrupted(subprocess.Popen):
        def __init__(self, *words, **settings):
            super().__init__(*words, **settings)
            children.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    yield children
    signal.signal(signal.SIGINT, before)
    for child in children:
        child.kill()
        child.wait()


def test_a_command_that_is_interrupted_as_it_begins_is_stopped(begun):
    with pytest.raises(KeyboardInterrupt):
        stage.run(SLEEPS, ROOT, dict(os.environ))
    assert [child.poll() for child in begun] == [-signal.SIGKILL]


def test_a_server_that_is_interrupted_as_it_begins_is_stopped(begun, tmp_path):
    with (tmp_path / "notes").open("wb") as notes, pytest.raises(KeyboardInterrupt):
        processes.running("http.server", "0", notes=notes).__enter__()
    assert begun[0].poll() is not None


def test_an_ending_that_is_held_comes_once_the_block_is_over(begun):
    reached = []

    def asked_within() -> None:
        with processes.held():
            signal.raise_signal(signal.SIGINT)
            reached.append("the end of the block")
        reached.append("too far")

    with pytest.raises(KeyboardInterrupt):
        asked_within()
    assert reached == ["the end of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
