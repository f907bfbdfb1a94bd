"""How long the check of a package takes: 30,000 envelopes, opened again with the seed, in processor time."""

import contextlib
import io
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sipvote.voting import seal, tally, verify
from sipvote.voting.package import package
from tests.voting import closed

BALLOTS = 30_000
TARGET = 600  # seconds of processor time


def measure() -> int:
    """Print the time; give the number of targets missed."""
    chance = random.Random(2026)
    cast = [(tuple(sorted(chance.sample(range(4), chance.randint(0, 2)))), ()) for _ballot in range(BALLOTS)]
    envelopes = [closed.sealed(choices) for choices in cast]
    lists = [sorted(seal.tracker(envelope) for envelope in envelopes)] * 2
    box, spoilt = seal.open_box(envelopes, seal.private_key(closed.SEED), closed.SHAPE, closed.LIMITS)
    reports = [
        tally.approval(tally.question(box, n), len(question.options), question.seats)
        for n, question in enumerate(closed.QUESTIONS)
    ]
    contents = replace(
        closed.a_closed_election(), roll_size=BALLOTS, checkpoints=closed.chain(lists), lists=lists, replaced=[],
        envelopes=envelopes, ballots=box, spoilt=spoilt, reports=reports,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        path.write_bytes(package(contents, closed.KEY))
        began, printed = time.process_time(), io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = verify.main([str(path), "--seed", closed.SEED.hex()])
        took = time.process_time() - began
    print(f"\nverifying {BALLOTS:,} ballots: {took:.1f} s of processor time (at most {TARGET}), status {status}")
    return int(took > TARGET or status != 0)
