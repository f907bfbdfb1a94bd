"""The words `test` (everything CI runs), `check` (the quick look before a commit) and `lock`.

A run that is asked for everything (CI, or --require) does not forgive a skipped test: what was not
tried is not known to work.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sipvote import boot

ROOT = boot.ROOT
PYTHONS = ("3.11", "3.12", "3.13")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
UNIT_TESTS = ["-m", "not browser and not postgres and not long"]
# Everything is run by two, each with databases and ports of its own; a few tests are begun sooner by one.
BY_TWO = ["-n", "2", "--dist", "worksteal"]

CHECKS = (
    ("style", ["ruff", "check", "."]),
    ("layout", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("templates", ["djlint", "--lint", "--quiet", "templates"]),
    ("translations", ["sipvote.catalogs"]),
    ("house rules", ["pytest", "-q", "-p", "no:cacheprovider", "tests/test_house.py"]),
    ("dead code", ["vulture"]),
    ("libraries", ["deptry", "."]),
)


# --- test ---------------------------------------------------------------------------------------


def test(words: list[str]) -> int:
    """Run the tests; alone on the line it means all of them, on two cores, and on every Python when CI asks."""
    ci = os.environ.get("CI", "").lower() not in ("", "0", "false", "no")
    ours = {"--require", "--every-python"}
    extra = [word for word in words if word not in ours]
    if ci or "--require" in words:
        os.environ["SIPVOTE_REQUIRE"] = "browser,postgres"
    _see_to_chromium(may_install=not extra)
    result = _module(["pytest", *(extra or BY_TWO)])
    if not extra and (ci or "--every-python" in words):
        result = _on_every_other_python() or result
    return result


def chromium() -> str | None:
    """The path of a Chromium for the browser tests, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _see_to_chromium(may_install: bool) -> None:
    """Install Debian's Chromium where we may; else say how, and let those tests skip."""
    if chromium():
        return
    if not (may_install and os.geteuid() == 0 and shutil.which("apt-get")):
        boot.say("No Chromium, so no browser tests. To have them: sudo apt install chromium")
        return
    boot.say("Installing Chromium for the browser tests (once, some minutes) …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # The fonts are only recommended by the package, but a page without letters proves little.
    packages = ["--no-install-recommends", "chromium", "fonts-liberation"]
    for step in (["update"], ["install", "-y", *packages]):
        done = subprocess.run(["apt-get", "-q", *step], env=quiet, capture_output=True, text=True)
    if done.returncode or not chromium():
        boot.say(f"Chromium could not be installed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")


def _on_every_other_python() -> int:
    """Run the unit tests on each other Python that is here, one after the other; 1 when one of them fails."""
    others = [version for version in PYTHONS if version != _running_version()]
    results = {version: _on_python(version, _venv_of(version)) for version in others}
    for version, result in results.items():
        boot.say(f"Python {version}: {result}")
    return int("failed" in results.values())


def _running_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _venv_of(version: str) -> Path | None:
    """An environment of its own for a Python; None when the machine has no such Python."""
    python = _find_python(version)
    if python is None:
        return None
    venv = ROOT / f".venv-{version}"
    boot.provide(venv, "dev", python)
    boot.say(f"The unit tests on Python {version} …")
    return venv


def _on_python(version: str, venv: Path | None) -> str:
    """Run the unit tests on one Python."""
    if venv is None:
        return "not found, so not tried"
    return "failed" if _module(["pytest", "-q", *UNIT_TESTS, *BY_TWO], boot.python_of(venv)) else "passed"


def _find_python(version: str) -> str | None:
    """A Python of this version that really starts: on the PATH, or installed beside the running one."""
    named = shutil.which(f"python{version}")
    beside = sorted(Path(sys.base_prefix).parent.glob(f"{version}*/bin/python{version}"))
    question = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, [named, *map(str, beside)]):
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True)
        if answer.stdout.strip() == version:
            return candidate
    return None


def _module(command: list[str], python: Path | str = sys.executable) -> int:
    """Run a Python module from the root of the project and give its exit code."""
    sys.stdout.flush()
    return subprocess.run([python, "-m", *command], cwd=ROOT).returncode


# --- check --------------------------------------------------------------------------------------


def check(words: list[str]) -> int:
    """Run each check, or only those named; a line for each, and the words of those that fail.

    With --deploy the checks are those of the installation, not of the code.
    """
    if "--deploy" in words:
        from .ready import main

        return main(words)
    chosen = [(name, command) for name, command in CHECKS if not words or name in words]
    if not chosen:
        print(f"The checks are: {', '.join(name for name, _ in CHECKS)}.")
        return 1
    # Two at a time: most of them wait for one core.
    with ThreadPoolExecutor(max_workers=2) as two:
        outcomes = [_report(*outcome) for outcome in two.map(_try_one, chosen)]
    return 0 if all(outcomes) else 1


def _try_one(named: tuple[str, list[str]]) -> tuple[str, int, str]:
    name, command = named
    plain = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", *command]
    done = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True)
    return name, done.returncode, (done.stdout + done.stderr).strip()


def _report(name: str, code: int, output: str) -> bool:
    print(f"{'✗' if code else '✓'} {name}", flush=True)
    if code:
        print(*(f"    {line}" for line in output.splitlines()), sep="\n")
    return code == 0


# --- lock ---------------------------------------------------------------------------------------


def lock(words: list[str]) -> int:
    """Choose the newest versions that pyproject.toml allows, and write both lock files; --verify only looks at them."""
    if "--verify" in words:
        return _verify()
    uv = shutil.which("uv")
    if not uv:
        raise boot.Trouble("the word lock needs uv on the PATH (for one: pip install uv).")
    for kind, purpose in (("runtime", "runs on"), ("dev", "runs and is tested on")):
        # The second is held to the versions of the first: one program, one set of libraries.
        options = [] if kind == "runtime" else ["--extra", "dev", "--constraint", boot.LOCKS["runtime"].name]
        pins = _resolve(uv, options)
        heading = (
            f"# The exact versions sipvote {purpose}, with their hashes, for Python 3.11 and newer.\n"
            "# Made from pyproject.toml by: python3 -m sipvote lock\n"
        )
        boot.LOCKS[kind].write_text(heading + pins, encoding="utf-8")
        print(f"{boot.LOCKS[kind].name} is written.")
    return 0


def _verify() -> int:
    """Whether the locks hold each library by its version and hashes; and what is known against those that we run on."""
    loose = [line for lock in boot.LOCKS.values() for line in unpinned(lock.read_text(encoding="utf-8"))]
    print(*(f"✗ {line} has no version or no hash" for line in loose), sep="\n", end="\n" if loose else "")
    if not loose:
        print("✓ every library of both locks is pinned, with its hashes")
    program = shutil.which("pip-audit")
    if program is None:
        print("! pip-audit is not here, so nobody looked for known weaknesses: pip install pip-audit")
        return 1
    # --strict: what the database of weaknesses does not tell of must not pass for sound.
    command = [program, "--strict", "--require-hashes", "--disable-pip", "-r", str(boot.LOCKS["runtime"])]
    done = subprocess.run(command, capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip().splitlines() or ["it said nothing"]
    print("✓ nothing is known against them" if done.returncode == 0 else f"✗ pip-audit: {said[-1]}")
    return 1 if loose or done.returncode else 0


def unpinned(lock: str) -> list[str]:
    """The requirements of a lock that are not one version with a SHA-256 of its files."""
    entries = [entry for entry in re.sub(r"\\\n", " ", lock).splitlines() if entry.strip() and entry[0] != "#"]
    fixed = re.compile(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}")
    return [entry.split(" ")[0].strip() for entry in entries if not fixed.match(entry)]


def _resolve(uv: str, options: list[str]) -> str:
    """Let uv choose, for every system and Python at once, and name no machine and no address."""
    bare = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    with tempfile.NamedTemporaryFile(suffix=".txt") as result:
        common = ["--universal", "--python-version", PYTHONS[0], "--generate-hashes", "--quiet"]
        command = [uv, "pip", "compile", "pyproject.toml", *common, *bare, *options, "-o", result.name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise boot.Trouble(f"no set of versions fits: {done.stderr.strip()}")
        return Path(result.name).read_text(encoding="utf-8")
