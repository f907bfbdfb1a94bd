"""From a bare Python to a place where sipvote runs: `.venv` beside the code, filled from a lock.

Only the standard library, and only syntax that older Pythons can read too, so that they can be
refused with a sentence. Everything said here goes to stderr: stdout belongs to the word.
"""

import contextlib
import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {"runtime": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
DEV_WORDS = {
    "test", "check", "rehearsal", "faults", "redteam", "bench", "prove", "mutate", "translate", "try-deployment",
}  # fmt: skip
OLDEST = (3, 11)
HALF_MADE = "half-made"

# What pip and uv write when it goes wrong, and what a person can do about it.
CAUSES = (
    ("No space left", "the disk is full."),
    ("Read-only file system", "the disk can only be read."),
    ("Permission denied", f"no permission to write in {VENV.name}."),
    ("do not match the hashes", "a downloaded library is not the one the lock names; nothing was installed."),
    ("Hash mismatch", "a downloaded library is not the one the lock names; nothing was installed."),
    ("onnection", "the package registry cannot be reached; is there a network?"),
    ("error sending request", "the package registry cannot be reached; is there a network?"),
    ("name resolution", "the package registry cannot be reached; is there a network?"),
)


class Trouble(Exception):
    """Something foreseeable is in the way; the text is the sentence to show."""


def say(line):
    """Tell the person what takes long."""
    print(line, file=sys.stderr, flush=True)


def enter(words):
    """Return only inside an environment that has what this word needs, with the catalogues compiled."""
    if sys.version_info < OLDEST:
        raise Trouble(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    try:
        _find_a_place(words)
        from sipvote import catalogs

        catalogs.compile_all()
    except OSError as error:
        raise Trouble(f"cannot prepare {error.filename or ROOT}: {error.strerror or error}.") from error


def _find_a_place(words):
    """Stay where we are when all is here; else fill `.venv` and start again inside it."""
    kind = "dev" if words[0] in DEV_WORDS and "--deploy" not in words else "runtime"
    installed_as_package = not LOCKS["runtime"].exists()
    if os.environ.get("SIPVOTE_NO_VENV") == "1" or installed_as_package:
        return
    inside_ours = Path(sys.prefix) == VENV
    if not inside_ours and sys.prefix != sys.base_prefix and has_everything(kind):
        return
    provide(VENV, kind)
    if inside_ours:
        importlib.invalidate_caches()
        return
    python = python_of(VENV)
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", "sipvote", *words])  # noqa: S606


def has_everything(kind):
    """Say whether the running Python has each library of the lock, in the locked version."""
    from importlib.metadata import PackageNotFoundError, version

    lines = LOCKS[kind].read_text(encoding="utf-8").splitlines()
    # Lines with a condition (`; sys_platform == …`) may rightly be absent here.
    pins = [line.split(" ")[0].split("==") for line in lines if "==" in line and ";" not in line]
    try:
        return all(version(name) == pin for name, pin in pins)
    except PackageNotFoundError:
        return False


def python_of(venv):
    """Where a virtual environment keeps its Python."""
    return venv / "bin" / "python"


def provide(venv, kind, python=sys.executable):
    """Make sure `venv` holds the runtime or dev lock; several starts at once wait for each other."""
    if is_ready(venv, kind):
        return
    import fcntl  # here, so that the words can be listed where it does not exist

    with open(venv.parent / f"{venv.name}.lock", "w") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another start to finish {venv.name} …")
            fcntl.flock(gate, fcntl.LOCK_EX)
        if not is_ready(venv, kind):
            _fill(venv, kind, python)


def is_ready(venv, kind):
    """Say whether the environment works and holds today's lock; a dev environment can do everything."""
    state = _state(venv)
    return python_of(venv).exists() and state in {_mark("dev"), _mark(kind)}


def _mark(kind):
    return f"{kind} {hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()}"


def _state(venv):
    """What the last start left in the environment: a mark, HALF_MADE, or nothing."""
    try:
        return (venv / ".sipvote").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _fill(venv, kind, python):
    """Make the environment if need be and install the lock into it."""
    if _state(venv).startswith("dev"):
        kind = "dev"
    uv = shutil.which("uv")
    if _state(venv) == HALF_MADE or not _works(venv, with_pip=not uv):
        _make(venv, python, with_pip=not uv)
    (venv / ".sipvote").write_text(HALF_MADE, encoding="utf-8")
    say(f"Installing the libraries in {venv.name} (once, about half a minute) …")
    into = str(python_of(venv))
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", into]
    else:
        command = [into, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    _quietly([*command, "--require-hashes", "-r", str(LOCKS[kind])], "The libraries could not be installed")
    (venv / ".sipvote").write_text(_mark(kind), encoding="utf-8")


def _works(venv, with_pip):
    """Say whether the environment's Python starts (its base may be gone) and can install."""
    wanted = "import pip" if with_pip else "pass"
    with contextlib.suppress(OSError):
        return subprocess.run([python_of(venv), "-c", wanted], capture_output=True).returncode == 0
    return False


def _make(venv, python, with_pip):
    """Make an empty environment."""
    if with_pip and not importlib.util.find_spec("ensurepip"):
        raise Trouble("this Python cannot make an environment yet: sudo apt install python3-venv")
    version = "" if python == sys.executable else f" with {Path(python).name}"
    say(f"Making {venv.name}{version} …")
    options = ["--clear"] if with_pip else ["--clear", "--without-pip"]
    _quietly([python, "-m", "venv", *options, str(venv)], f"{venv.name} could not be made")


def _quietly(command, failure):
    """Run a command without its noise; when it fails, give the cause in one sentence."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return
    noise = done.stdout + done.stderr
    for sign, sentence in CAUSES:
        if sign in noise:
            raise Trouble(f"{failure}: {sentence}")
    last = next((line for line in reversed(noise.splitlines()) if line.strip()), "no reason given")
    raise Trouble(f"{failure}: {last.strip()}")
