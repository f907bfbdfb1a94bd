"""The word `scan`: known scanners against a running demonstration, signed in as everybody of its cast.

The scanners are no libraries of ours. Give them an environment of their own, outside the project, and say where it is:

    python3 -m venv /tmp/scanners && /tmp/scanners/bin/pip install wapiti3==3.2.3 sqlmap==1.10.10 bandit==1.9.4
    python3 -m sipvote scan --tools /tmp/scanners/bin --into /tmp/scans

They talk to 127.0.0.1 and to nothing else. Their reports stay where --into says; figures go to standard output.
"""

import argparse
import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from sipvote import processes
from sipvote.boot import ROOT, Trouble, say

# Without those that ask other hosts (cms, htp, log4shell, ssrf, xxe, wapp …) or only try words (buster, brute …).
MODULES = (
    "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,sql,timesql,"
    "upload,xss"
)
ROLES = ("stranger", "ada", "bas", "chloe", "dre", "eva")
KEPT_OUT = ("/demo/", "/sign-out", "/static/", "/nl/", "/fr/")  # the time machine, the way out, and what is the same
MEDIUM = 2  # wapiti's levels: 1 low, 2 medium, 3 high, 4 critical
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
STARTS_WITHIN = 300  # seconds
# wapiti reads its own database while it writes it, and breaks off when SQLite says "locked". With a write-ahead log
# readers hold up nobody. Python runs this file before the scanner.
CALM = """import sqlite3
bare = sqlite3.connect
def connect(*args, **kwargs):
    made = bare(*args, **{**kwargs, "timeout": 300})
    made.execute("PRAGMA journal_mode = WAL")
    return made
sqlite3.connect = connect
"""


def main(args: list[str]) -> int:
    """Scan and print the figures; exit code 1 when something of medium level or above was found."""
    parser = argparse.ArgumentParser(prog="python3 -m sipvote scan", description=__doc__.partition("\n")[0])
    parser.add_argument("--tools", type=Path, default=None, help="the folder with wapiti, sqlmap and bandit")
    parser.add_argument("--into", type=Path, default=None, help="where the reports go; never inside the project")
    parser.add_argument("--minutes", type=float, default=4, help="of wapiti, and of sqlmap, for each role")
    parser.add_argument("--stop", default="vote", help="where in the year: themes, vote, signup, decisions …")
    parser.add_argument("--roles", nargs="*", default=ROLES, choices=ROLES, help="who scans")
    parser.add_argument("--only", default="", help="wapiti, sqlmap or bandit")
    options = parser.parse_args(args)
    into = (options.into or Path(tempfile.mkdtemp(prefix="sipvote-scan-"))).resolve()
    if into.is_relative_to(ROOT):
        raise Trouble("reports do not belong into the project; choose another folder for --into.")
    into.mkdir(parents=True, exist_ok=True)
    tools = {name: _tool(name, options.tools) for name in (options.only,) if name} or {
        name: _tool(name, options.tools) for name in ("bandit", "wapiti", "sqlmap")
    }
    found = _bandit(tools["bandit"], into) if "bandit" in tools else 0
    if {"wapiti", "sqlmap"} & tools.keys():
        with _demo(into) as site:
            browsers = {role: _signed_in(site, role, options.stop) for role in ("stranger", *options.roles)}
            for role in options.roles if "wapiti" in tools else ():
                found += _wapiti(tools["wapiti"], site, role, browsers[role], into, options.minutes * 60)
            for role in options.roles if "sqlmap" in tools else ():
                found += _sqlmap(tools["sqlmap"], site, role, browsers[role], into, options.minutes * 60)
    print(f"{found} of medium level or above; reports in {into}")
    return 1 if found else 0


def _tool(name: str, folder: Path | None) -> str:
    path = shutil.which(name, path=str(folder) if folder else None)
    if path is None:
        raise Trouble(f"{name} is not there. {__doc__.split('say where it is:')[1].split('They talk')[0].strip()}")
    return path


# --- The site ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _demo(into: Path) -> Iterator[str]:
    """A small demonstration of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="sipvote-scanned-")
    told = {"PORT": str(port), "SIPVOTE_INSTANCE": folder, "SIPVOTE_DEMO_MEMBERS": "300"}
    bare = {k: v for k, v in os.environ.items() if not k.startswith("SIPVOTE_") or k == "SIPVOTE_NO_VENV"}
    with (into / "demo.log").open("wb") as notes, processes.running("sipvote", "demo", notes=notes,
                                                                    environment={**bare, **told}):  # fmt: skip
        site, until = f"http://127.0.0.1:{port}", time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{site}/health", timeout=5):  # noqa: S310
                break
            time.sleep(0.5)
        else:
            raise Trouble(f"the demonstration did not start; see {into / 'demo.log'}")
        try:
            yield site
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _signed_in(site: str, role: str, stop: str) -> str:
    """Travel to the stop once, become somebody of the cast; gives the cookie."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def post(path: str, **fields: str) -> None:
        token = TOKEN.search(opener.open(f"{site}/en/").read().decode())
        sent = urllib.parse.urlencode({**fields, "csrf_token": token[1] if token else ""})
        opener.open(f"{site}{path}", sent.encode())

    if role == "stranger":
        post("/en/demo/year", phase=stop)
    else:
        post("/en/demo/sign-in", person=role)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


# --- The scanners -----------------------------------------------------------------------------------


def _bandit(tool: str, into: Path) -> int:
    report = into / "bandit.json"
    subprocess.run([tool, "-q", "-r", "sipvote", "config.py", "-f", "json", "-o", report], cwd=ROOT)
    levels = [each["issue_severity"] for each in json.loads(report.read_text())["results"]]
    print(
        f"bandit: {levels.count('LOW')} low, {levels.count('MEDIUM')} medium, {levels.count('HIGH')} high", flush=True
    )
    return len(levels) - levels.count("LOW")


def _wapiti(tool: str, site: str, role: str, cookie: str, into: Path, seconds: float) -> int:
    """All of one role; gives how much of medium level or above was found."""
    say(f"wapiti as {role} …")
    report = into / f"wapiti-{role}.json"
    report.unlink(missing_ok=True)
    each = str(seconds / 2 / len(MODULES.split(",")))
    command = [tool, "-u", f"{site}/en/", "-s", f"{site}/en/", "--scope", "folder", "-m", MODULES, "-f", "json",
               "-o", report, "--max-scan-time", str(seconds / 2), "--max-attack-time", each, "-v", "0",
               "--flush-session", "--store-session", into / "sessions", "--no-bugreport", "--drop-set-cookie",
               "-H", f"Cookie: {cookie}", "--max-links-per-page", "60", "-t", "20"]  # fmt: skip
    for path in KEPT_OUT:
        command += ["-x", f"{site}*{path}*"]
    (into / "sitecustomize.py").write_text(CALM)
    with (into / f"wapiti-{role}.log").open("wb") as notes:
        subprocess.run(command, stdout=notes, stderr=notes, timeout=seconds * 4,
                       env={**os.environ, "PYTHONPATH": str(into)})  # fmt: skip
    if not report.exists():
        print(f"wapiti as {role}: NOT SCANNED, it broke off; see {notes.name}", flush=True)
        return 1
    told = json.loads(report.read_text())
    every = [
        (kind, each) for part in ("vulnerabilities", "anomalies") for kind, all_ in told[part].items() for each in all_
    ]
    grave = [(kind, each) for kind, each in every if each["level"] >= MEDIUM]
    print(f"wapiti as {role}: {told['infos']['crawled_pages_nbr']} pages, {len(every)} remarks, "
          f"{len(grave)} of medium level or above", flush=True)  # fmt: skip
    for kind, each in grave[:20]:
        print(f"    {kind}: {each['method']} {each['path']} {each['parameter'] or ''} {each['info'][:160]}")
    return len(grave)


def _sqlmap(tool: str, site: str, role: str, cookie: str, into: Path, seconds: float) -> int:
    """Every input that links and forms lead to, of one role: level 3, risk 2, and the cookie."""
    say(f"sqlmap as {role} …")
    folder, log = into / f"sqlmap-{role}", into / f"sqlmap-{role}.log"
    command = [tool, "-u", f"{site}/en/?q=1", "--batch", "--level", "3", "--risk", "2", "--crawl", "2", "--forms",
               "--cookie", cookie, "--csrf-token", "csrf_token", "--crawl-exclude", "demo|sign-out|static|/nl/|/fr/",
               "--smart", "--flush-session", "--output-dir", folder, "--time-limit",
               str(int(seconds)), "--answers", "crawling=N,blank=Y,test this form=Y,sitemap=N,normalize=Y"]  # fmt: skip
    with log.open("wb") as notes, contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, stdout=notes, stderr=notes, timeout=seconds + 60, stdin=subprocess.DEVNULL)
    told = log.read_text(errors="replace")
    tried = len(re.findall(r"testing URL|testing form|testing connection to the target URL", told))
    grave = len(re.findall(r"is vulnerable|appears to be .* injectable", told))
    if not tried:
        raise Trouble(f"sqlmap tried nothing; see {log}")
    print(f"sqlmap as {role}: {tried} addresses and forms, {grave} parameters injectable", flush=True)
    return grave
