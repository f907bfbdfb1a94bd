"""The word `prove`: the state machines and the properties of every count, as long as the catalogue asks for."""

import argparse
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
    """Run what was asked for (`machines`, `counts` or both)."""
    parser = argparse.ArgumentParser(prog="python3 -m sipvote prove", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="{machines,counts}", help="only these; else both")
    asked = parser.parse_args(args).what or ["machines", "counts"]
    if unknown := set(asked) - {"machines", "counts"}:
        parser.error(f"{', '.join(sorted(unknown))}: machines or counts?")
    files = {"machines": [f"tests/assurance/test_{name}_machine.py" for name in MACHINES], "counts": COUNTS}
    chosen = [file for word in asked for file in files[word]]
    long = {**os.environ, STEPS: str(EACH), EXAMPLES: "10000"}
    way = ["-k", "not postgresql", "-p", "no:randomly", "--durations=0", "--durations-min=1"]
    command = [sys.executable, "-m", "pytest", *chosen, *way]
    return subprocess.run(command, cwd=ROOT, env=long, check=False).returncode
