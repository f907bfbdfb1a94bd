"""The faults: a quick play of each on each database; and what they would find, they find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sipvote.faults import proof
from sipvote.faults.crowd import Ack, read
from sipvote.faults.site import InBox
from sipvote.faults.tracing import count_flushed

ROOT = Path(__file__).parent.parent
PATIENCE = 900  # seconds; a busy machine may need many minutes


def quick(word: str, database: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a word of the program on one database."""
    command = [sys.executable, "-m", "sipvote", word, "--quick", "--database", database, *more]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SIPVOTE_")}
    return subprocess.run(
        command, cwd=ROOT, env={**plain, "SIPVOTE_NO_VENV": "1"}, capture_output=True, text=True, timeout=PATIENCE
    )


@pytest.mark.long
@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", ["kills", "power", "disk", "restarts", "devices", "closing"])
def test_nothing_acknowledged_is_lost_when(name, on):
    done = quick("faults", on, "--only", name)
    assert done.returncode == 0, done.stdout + done.stderr


TOLD = {7: [Ack((1,), "a" * 64, 0, 0), Ack((2, 3), "b" * 64, 0, 0)]}
RIGHT = InBox("b" * 64, (2, 3), frozenset({"a" * 64}), is_sound=True)


def test_a_box_that_holds_what_was_acknowledged_is_right():
    box = {7: RIGHT}
    assert proof.lost(box, TOLD) == proof.altered(box, TOLD) == proof.doubled(box, 1) == []


def test_a_lost_vote_is_found_out():
    assert proof.lost({}, TOLD) == ["member 7 is not in the box"]
    forgotten = InBox("b" * 64, (2, 3), frozenset(), is_sound=True)
    assert proof.lost({7: forgotten}, TOLD) == ["a receipt of member 7 is unknown"]


def test_an_older_choice_a_foreign_envelope_and_a_doubled_vote_are_found_out():
    older = InBox("b" * 64, (1,), frozenset({"a" * 64}), is_sound=True)
    assert proof.altered({7: older}, TOLD) == ["member 7 chose (2, 3), and (1,) is in the box"]
    assert proof.altered({7: InBox("b" * 64, None, frozenset(), is_sound=True)}, TOLD)
    assert len(proof.doubled({7: RIGHT, 8: RIGHT}, 1)) == 2


WRITE = '12 pwrite64(9</x/sipvote.db-wal>, "..."'
FLUSH = "12 fdatasync(9</x/sipvote.db-wal>) = 0"
ANSWER = '13 writev(30<socket>, "HTTP/1.1 303 See Other"'


def test_an_answer_before_the_flush_is_found_out():
    assert count_flushed([WRITE, WRITE, FLUSH, ANSWER, WRITE, FLUSH, ANSWER]) == (2, 2)
    assert count_flushed([WRITE, FLUSH, ANSWER, WRITE, ANSWER, FLUSH]) == (1, 2)
    assert count_flushed([FLUSH, ANSWER]) == (0, 1)


def test_an_answer_that_was_cut_off_is_none():
    whole = b"HTTP/1.1 303 See Other\r\ncontent-length: 4\r\n\r\ndone"
    assert read(whole).status == 303
    assert read(whole[:-1]).status == read(whole[:20]).status == read(b"").status == 0
