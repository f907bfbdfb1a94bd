"""The word `test`: everything by two at once, a few tests by one; where all is required, a skip fails."""

import os
import subprocess
import sys

import pytest

from sipvote import checks

A_SKIP = "import pytest\n\ndef test_one(): pass\n\ndef test_two(): pytest.skip('nothing to try it with')\n"


@pytest.fixture
def asked(monkeypatch):
    """What pytest is asked to do."""
    commands: list[list[str]] = []
    monkeypatch.setattr(checks, "_module", lambda command: commands.append(command) or 0)
    monkeypatch.setattr(checks, "_see_to_chromium", lambda may_install: None)
    monkeypatch.setenv("CI", "")
    return commands


def test_everything_is_run_by_two_and_words_go_to_pytest_as_they_are(asked):
    assert checks.test([]) == 0 and checks.test(["-k", "tally", "-x"]) == 0
    assert asked == [["pytest", "-n", "2", "--dist", "worksteal"], ["pytest", "-k", "tally", "-x"]]


@pytest.mark.parametrize("workers", [[], checks.BY_TWO])
@pytest.mark.parametrize(("required", "code"), [("browser,postgres", 1), ("", 0)])
def test_a_skip_fails_only_where_everything_is_required(tmp_path, workers, required, code):
    (tmp_path / "test_it.py").write_text(A_SKIP, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(checks.ROOT), "SIPVOTE_REQUIRE": required}
    command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", *workers, "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    closing = done.stdout.strip().splitlines()[-1]
    assert (done.returncode, "1 passed, 1 skipped" in closing) == (code, True), done.stdout + done.stderr


def test_the_tests_of_one_database_can_be_left_out():
    words = ["--collect-only", "-q", "-m", checks.UNIT_TESTS[1], "tests/editions", "tests/browser/test_screen.py"]
    done = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=checks.ROOT, capture_output=True, text=True)
    assert "[sqlite" in done.stdout and "[postgresql" not in done.stdout and "browser" not in done.stdout, done.stdout
