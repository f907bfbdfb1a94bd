"""The files in deploy/: they name only settings and words that there are, and nginx takes them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import config
from sipvote import __main__ as program
from sipvote import checks
from sipvote.cli import cli
from sipvote.readiness import database
from sipvote.trial import front

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("openssl") and shutil.which("nginx")
DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs" / "deployment.md"
TEXTS = [*sorted(path for path in DEPLOY.iterdir() if path.is_file()), GUIDE]
# Read by what starts before the settings are; or by the helper of another part of the service.
OTHERS = {"SIPVOTE_NO_VENV"}


class Asked(dict):
    """An environment that notes what is asked of it."""

    def __init__(self):
        super().__init__({"SIPVOTE_MODE": "test"})
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


def known_settings():
    environment = Asked()
    config.load(environment)
    return environment.names | OTHERS


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_only_settings_that_there_are_are_named(path):
    named = set(re.findall(r"\bSIPVOTE_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named - known_settings() == set()


def test_the_settings_of_the_example_are_enough_to_start():
    """With the empty ones filled in."""
    lines = [line for line in (DEPLOY / "sipvote.env").read_text().splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    keys = ("SIPVOTE_SECRET_KEY", "SIPVOTE_SIGNING_KEY", "SIPVOTE_FACTOR_KEY")
    filled = {**given, **{key: f"{number}123456789abcdef" * 4 for number, key in enumerate(keys)}}
    settings = config.load(filled)
    assert settings["MODE"] == "production" and settings["PROXIES"] == 1


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_only_words_that_there_are_are_named(path):
    named = set(re.findall(r"(?:python3 -m sipvote|as_sipvote) ([a-z][a-z-]*)", path.read_text(encoding="utf-8")))
    there = {*program.WORDS, *cli.commands, "help", "commands"}
    assert named - there - {"backup"} == set()  # backup is a word of backups/


def test_every_file_in_deploy_is_in_the_guide():
    told = GUIDE.read_text(encoding="utf-8")
    names = {path.name for path in DEPLOY.iterdir()}
    units = {name for name in names if re.fullmatch(r"sipvote-\S+\.(service|timer)", name)}
    assert units and {name for name in names - units if name not in told} == set()


def test_the_servers_settings_are_what_the_check_wants():
    """Whoever uses deploy/postgresql.conf passes `check --deploy`."""
    lines = (DEPLOY / "postgresql.conf").read_text(encoding="utf-8").splitlines()
    given = dict(re.split(r"\s*=\s*", line.split("#")[0].strip(), maxsplit=1) for line in lines if "=" in line)
    for name, right in {**database.SILENT, **database.SURE}.items():
        assert given.get(name, right[0]) in right, name
    assert given["synchronous_standby_names"].strip("'")


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.name)
def test_no_unit_leaves_memory_or_files_to_others(unit):
    text = unit.read_text(encoding="utf-8")
    for line in ("LimitCORE=0", "UMask=0077", "NoNewPrivileges=yes", "User=sipvote"):
        assert line in text.splitlines()


if NGINX:  # where there is none, `try-deployment` asks for it; installing it would start it on port 80

    def test_nginx_takes_the_configuration(tmp_path):
        front.certificate(tmp_path)
        (tmp_path / "nginx.conf").write_text(front.settings(tmp_path, 8443, (8000, 8001)), encoding="utf-8")
        done = subprocess.run([NGINX, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True)
        assert done.returncode == 0 and "[warn]" not in done.stderr, done.stderr


def test_nginx_logs_neither_addresses_nor_pages():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (form,) = re.findall(r"log_format \w+ '(.*)';", text)
    assert set(re.findall(r"\$\w+", form)).isdisjoint({"$remote_addr", "$request", "$request_uri", "$uri", "$args"})
    assert re.findall(r"access_log (\S+)( \w+)?;", text) == [("/var/log/nginx/sipvote.log", " sipvote"), ("off", "")]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_library_of_a_lock_is_pinned_with_its_hashes(lock):
    """Catalogue 41: what is installed is what was looked at."""
    assert checks.unpinned((ROOT / lock).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("lock", "name"),
    [
        ("good==1.0 \\\n    --hash=sha256:" + "a" * 64 + "\nbare==2.0\n", "bare==2.0"),
        ("loose>=1.0 \\\n    --hash=sha256:" + "a" * 64 + "\n", "loose>=1.0"),
        ("weak==1.0 \\\n    --hash=md5:" + "a" * 32 + "\n", "weak==1.0"),
        ("git+https://example.org/x.git\n", "git+https://example.org/x.git"),
    ],
)
def test_a_library_without_a_version_or_a_hash_is_found(lock, name):
    assert checks.unpinned(lock) == [name]


def test_the_word_check_deploy_tells_what_is_missing_without_the_development_libraries(tmp_path):
    environment = {"PATH": "", "SIPVOTE_NO_VENV": "1", "SIPVOTE_INSTANCE": str(tmp_path)}
    command = [sys.executable, "-m", "sipvote", "check", "--deploy", "--no-mail"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "✗ SIPVOTE_SECRET_KEY" in done.stdout and "Traceback" not in done.stderr
