"""The word `prove`: the state machines and the properties of every count, as long as the catalogue asks for."""

import os
import subprocess
import sys
from pathlib import Path

from tests.assurance.machines import EXAMPLES, STEPS

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ["edition", "election", "seats"]
EACH = 7_000  # steps of each machine: more than 20,000 in total
COUNTS = ["tests/voting/test_tally.py", "tests/voting/test_count_properties.py"]


def main(args: list[str]) -> int:
    """Run what was asked for (`machines`, `counts` or both); further words go to pytest."""
    asked = [word for word in args if word in ("machines", "counts")] or ["machines", "counts"]
    further = [word for word in args if word not in ("machines", "counts")]
    files = {"machines": [f"tests/assurance/test_{name}_machine.py" for name in MACHINES], "counts": COUNTS}
    chosen = [file for word in asked for file in files[word]]
    long = {**os.environ, STEPS: str(EACH), EXAMPLES: "10000"}
    options = ["-k", "not postgresql", "-p", "no:randomly", "--durations=0", "--durations-min=1", *further]
    command = [sys.executable, "-m", "pytest", *chosen, *options]
    return subprocess.run(command, cwd=ROOT, env=long, check=False).returncode
