"""A skipped test proves nothing: with SIPVOTE_REQUIRE set (as in CI), one skip fails the run.

On a laptop without Chromium or PostgreSQL those tests skip, kindly. Where everything is meant to
be present, a skip would be a gap that nobody sees. conftest.py loads this as a pytest plugin.
"""

import os

import pytest


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a run that would pass with skips into one that fails."""
    passed = session.exitstatus == pytest.ExitCode.OK
    if os.environ.get("SIPVOTE_REQUIRE") and passed and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Say why the run failed although every test that ran has passed."""
    needed = os.environ.get("SIPVOTE_REQUIRE")
    if needed and (count := _skipped(config)):
        terminalreporter.section("skipped tests fail this run", red=True)
        terminalreporter.line(f"{count} skipped, but SIPVOTE_REQUIRE={needed} wants all of them (-rs says why).")
