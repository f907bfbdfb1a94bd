"""The red team: a small attack on each database; and its measures know an order and a leak when they see one."""

import os
import random
from pathlib import Path

import pytest

from sipvote.redteam import links, naive, traces
from tests.test_faults import quick


@pytest.mark.long
@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_nobody_reads_or_links_a_ballot(on):
    done = quick("redteam", on)
    assert done.returncode == 0, done.stdout + done.stderr


def some_ballots(n: int = 400) -> list[tuple[int, ...]]:
    chance = random.Random(7)
    return [tuple(sorted(chance.sample(range(12), 3))) for _ballot in range(n)]


def test_an_order_of_casting_that_is_kept_shows():
    cast = some_ballots()
    assert links.right(cast, cast) == 400 > links.by_chance(cast)
    assert links.tau(cast, cast, random.Random(1)) > links.most_tau(400)
    assert links.tau(cast, cast, None) == 1
    assert links.tau(cast, cast[::-1], random.Random(1)) < -links.most_tau(400)


def test_a_part_of_the_order_shows_too():
    cast = some_ballots()
    stored = cast.copy()
    random.Random(2).shuffle(stored)
    half = [mine if place % 2 else other for place, (mine, other) in enumerate(zip(cast, stored, strict=True))]
    assert links.right(cast, half) > links.by_chance(cast)


def test_ballots_sorted_by_content_tell_no_order():
    cast = some_ballots()
    assert links.right(cast, sorted(cast)) <= links.by_chance(cast)
    assert abs(links.tau(cast, sorted(cast), random.Random(1))) < links.most_tau(400)


def test_the_bound_of_tau_is_that_of_the_catalogue():
    assert links.most_tau(3000) == pytest.approx(4.4 * 0.0122, rel=0.01)
    assert links.inversions([3, 1, 2])[0] == 2


def test_what_lies_across_two_pieces_of_a_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traces, "PIECE", 10)
    (tmp_path / "file").write_bytes(b"12345678secret90")
    needles = traces.Needles({"it": [b"secret"]})
    assert needles.hits(traces.in_folder(tmp_path))["it"] >= 1
    (tmp_path / "file").write_bytes(b"12345678secre 90")
    assert needles.hits(traces.in_folder(tmp_path)) == {}


def test_what_a_process_holds_in_memory_is_found():
    held = bytearray(b"only-in-memory-" + str(os.getpid()).encode() * 3)
    assert traces.Needles({"it": [bytes(held)]}).hits(traces.in_memory(os.getpid()))


def test_naive_ballots_are_written_plainly():
    assert naive.text((0, 3)) == "0,3"
