"""The word `try-deployment`: everything set up, a vote held, a web process and the database killed meanwhile."""

import argparse
import contextlib
import importlib
import os
import re
import resource
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread

import requests

from .. import processes
from ..editions.models import Phase
from ..rehearsal import count, roll, themes, vote
from ..rehearsal import stage as stages
from ..rehearsal import year as years
from ..rehearsal.ballots import Voter, Way
from ..rehearsal.ballots import vote as cast
from ..rehearsal.browser import Broken
from ..rehearsal.letterbox import Letterbox
from ..rehearsal.person import together
from ..rehearsal.play import QUICK, YEAR, read_profile
from ..rehearsal.report import Report, say
from ..rehearsal.themes import Proposal
from . import cluster, front, slow
from .patient import PatientBrowser, PatientPlay

VOTERS = 60
AT_ONCE = 6
STRIKES_WITHIN = 30.0  # seconds
TOKEN = secrets.token_hex(16)
SLOW, SLOW_FOR, OTHERS_AT_MOST = 1000, 30.0, 2.0
ALONE_FOR = 10.0  # seconds
FILES = 8192
Web = subprocess.Popen[bytes]


def main(args: list[str]) -> int:
    """Try it; 1 when something that must hold does not."""
    asked = _arguments(args)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard) if hard > 0 else FILES, hard))
    report = Report("Several machines")
    try:
        with contextlib.ExitStack() as stack:
            _try(stack, report, asked.slow)
    except Broken as fault:
        report.promise("the trial goes on to its end", False, fault)
    report.tell()
    return 1 if report.broken else 0


def _arguments(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m sipvote try-deployment",
        description="The layout with several machines, tried with processes on this one.",
    )
    parser.add_argument("--slow", type=int, default=SLOW, help=f"how many slow connections ({SLOW})")
    return parser.parse_args(args)


def _try(stack: contextlib.ExitStack, report: Report, slow_ones: int) -> None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sipvote-try-", ignore_cleanup_errors=True)))
    folder.chmod(0o711)  # PostgreSQL, as another user, finds its own folder in it
    ports = [stages._free_port() for _ in range(7)]
    with report.scene("PostgreSQL with its standby, Valkey, nginx, two web processes, a worker"):
        database = stack.enter_context(cluster.running(folder / "postgresql", (ports[0], ports[1])))
        limits = stack.enter_context(front.valkey(folder, ports[2]))
        stack.enter_context(front.nginx(folder, ports[5], (ports[3], ports[4])))
        letters = stack.enter_context(Letterbox(ports[6]))
        play = _play(folder, database, letters, report, {"SIPVOTE_LIMITS_URL": limits}, (ports[5], ports[6]))
        play.web = ports[3]
        done = play.stage.word("migrate")
        report.promise("the tables are made through the address of both servers", done.code == 0, done.said)
        roll.import_roll(play)
        webs = [stack.enter_context(_web(play, port)) for port in (ports[3], ports[4])]
        stack.enter_context(_worker(play))
        _wait(play)
    try:
        _story(play, database, webs)
        with report.scene(f"{slow_ones} slow connections"):
            _hang_on(report, ports[5], play.certificate, slow_ones)
    except BaseException:
        say(play.stage.tails())
        raise


def _play(
    folder: Path, database: cluster.Cluster, letters: Letterbox, report: Report, more: dict[str, str],
    ports: tuple[int, int],
) -> PatientPlay:  # fmt: skip
    environment = stages._settings(folder, database.url, *ports, officials="strict")
    environment |= {"SIPVOTE_WORKERS": "1", "SIPVOTE_METRICS_TOKEN": TOKEN, **more}
    play = PatientPlay(stages.Stage(folder, environment, letters), report, QUICK, read_profile(VOTERS))
    play.certificate = folder / "certificate.pem"
    return play


@contextlib.contextmanager
def _web(play: PatientPlay, port: int) -> Iterator[Web]:
    play.stage.logs[f"serve {port}"] = log = play.stage.folder / f"serve-{port}.log"
    environment = play.stage.environment | {"PORT": str(port)}
    with log.open("wb") as notes, processes.running("sipvote", "serve", notes=notes, environment=environment) as child:
        yield child


@contextlib.contextmanager
def _worker(play: PatientPlay) -> Iterator[Web]:
    play.stage.logs["work"] = log = play.stage.folder / "work.log"
    environment = play.stage.environment
    with log.open("wb") as notes, processes.running("sipvote", "work", notes=notes, environment=environment) as child:
        yield child


def _wait(play: PatientPlay) -> None:
    """Until the first page comes through nginx."""
    until = time.monotonic() + stages.STARTS_WITHIN
    while True:
        try:
            PatientBrowser(play.stage.base_url, play.certificate).get("/health")
        except Broken:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
        else:
            play.report.promise("nginx answers over TLS", True)
            return


# --- The story --------------------------------------------------------------------------------------


def _story(play: PatientPlay, database: cluster.Cluster, webs: Sequence[Web]) -> None:
    report = play.report
    with report.scene("An edition, its themes, its election"):
        _check(play)
        options = _prepare(play)
    with report.scene(f"{VOTERS} members vote"):
        voters = _voters(play)
        third = len(voters) // 3
        _vote(play, voters[:third], options)
        report.promise(f"{third} voted through nginx", all(voter.code for voter in voters[:third]))
        done = _meanwhile(play, voters[third : 2 * third], options, lambda: _kill(webs[1]))
        report.promise(f"one web process was killed when {done} more had voted, and all went on", done < third, done)
        began, before = time.monotonic(), PatientBrowser.busy
        done = _meanwhile(play, voters[2 * third :], options, database.fail_over)
        report.promise(f"the standby took over when {done} more had voted, and all went on", done < third, done)
        report.figure("times that somebody was told to wait then", PatientBrowser.busy - before)
        report.figure("seconds for the last third, with the change", round(time.monotonic() - began, 1))
        _numbers(play)
    with report.scene("Closing, and every receipt"):
        vote.close(play, YEAR)
        count.check_board(play, YEAR, voters)
        there = database.ask(1, "SELECT count(*) FROM envelope")
        report.promise(f"{VOTERS} acknowledged votes, as many in the box", there == str(VOTERS), there)


def _check(play: PatientPlay) -> None:
    """What `check --deploy` says of this installation, and of one whose database tells."""
    (play.stage.folder / "instance" / "last-backup").touch()
    stage = play.stage
    strict = stage.environment | {"SIPVOTE_READINESS": "strict"}
    said = stages.Stage(stage.folder, strict, stage.letters).word("check", "--deploy")
    play.report.promise("check --deploy finds nothing that breaks a promise", said.code == 0, said.said)


def _prepare(play: PatientPlay) -> list[Proposal]:
    """Roles, an edition, the themes of the profile, and an open vote whose key the server keeps."""
    roll.give_roles(play)
    ballot, _declined, _lost = themes.invented()
    options = [themes.real("guidance"), themes.real("new-prospects"), *ballot]
    limits = {
        "seats": "2",
        "max_approvals": str(play.profile.max_approvals),
        "supporters_needed": "1",
        "meetings": "5",
        "meeting_hours": "3",
    }
    years.plan(play, YEAR, **limits)
    themes.propose(play, YEAR, options)
    themes.translate(play, YEAR, options)
    years.move(play, YEAR, Phase.REVIEW)
    themes.admit(play, YEAR, options)
    vote.freeze(play, YEAR, "server")
    vote.open_(play, YEAR)
    return options


def _voters(play: PatientPlay) -> list[Voter]:
    people = play.some(VOTERS)
    ballots = play.profile.ballots[:VOTERS]
    return [Voter(person, ballot, Way.STRAIGHT) for person, ballot in zip(people, ballots, strict=True)]


def _vote(play: PatientPlay, voters: Sequence[Voter], options: Sequence[Proposal]) -> None:
    def go(voter: Voter) -> None:
        try:
            cast(voter, YEAR, options)
        except Broken as fault:  # interrupted in the midst of signing in: from the start, once
            say(f"    {voter.person.name} begins again: {str(fault)[:200]}")
            voter.person.browser = PatientBrowser(play.stage.base_url, play.certificate)
            cast(voter, YEAR, options)

    together(go, list(voters), AT_ONCE)


def _meanwhile(
    play: PatientPlay, voters: Sequence[Voter], options: Sequence[Proposal], strike: Callable[[], None]
) -> int:
    """Let them vote, and strike once the first two have; gives how many had when it was over."""
    done: list[int] = []

    def wait_and_strike() -> None:
        until = time.monotonic() + STRIKES_WITHIN
        while sum(bool(voter.code) for voter in voters) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        strike()
        done.append(sum(bool(voter.code) for voter in voters))

    striking = Thread(target=wait_and_strike)
    striking.start()
    _vote(play, voters, options)
    striking.join()
    return done[0]


def _numbers(play: PatientPlay) -> None:
    """What Prometheus reads past nginx, and nobody through it; and that networks are counted in Valkey."""
    ask = {"Authorization": f"Bearer {TOKEN}"}
    read = requests.get(f"http://127.0.0.1:{play.web}/metrics", headers=ask, timeout=10).text
    counted = re.search(r"^sipvote_votes_acknowledged_total (\d+)", read, re.M)
    told = counted is not None and 0 < int(counted[1]) <= VOTERS
    play.report.promise("the web process that lived tells how many votes it acknowledged", told, read[-300:])
    page = requests.get(f"{play.stage.base_url}/metrics", headers=ask, timeout=10, verify=str(play.certificate))
    play.report.promise("nginx shows these numbers to nobody", page.status_code == 403, page.status_code)
    kept = importlib.import_module("valkey").Valkey.from_url(play.stage.environment["SIPVOTE_LIMITS_URL"])
    names = [name.decode() for name in kept.keys("*sign-in*")]
    hidden = len(names) == 1 and "127.0.0.1" not in names[0]
    play.report.promise("Valkey counts one network, and does not know its address", hidden, names)


def _kill(web: Web) -> None:
    """Kill a web process with all of its children, in the midst of whatever they do."""
    os.killpg(web.pid, signal.SIGKILL)


def _hang_on(report: Report, port: int, certificate: Path, slow_ones: int) -> None:
    alone = slow.hang_on(port, certificate, 0, ALONE_FOR)
    report.figure("seconds that 95 % waited at most without slow connections", round(alone.p95(), 2))
    seen = slow.hang_on(port, certificate, slow_ones, SLOW_FOR)
    report.figure("slow connections at once", seen.at_once)
    report.figure("pages that others asked for meanwhile", len(seen.waited))
    report.figure("seconds that 95 % of the others waited at most", round(seen.p95(), 2))
    held = seen.p95() < OTHERS_AT_MOST and not seen.failed
    text = f"with {seen.at_once} slow connections, 95 % of the others wait less than {OTHERS_AT_MOST:.0f} s"
    report.promise(text, held and seen.at_once >= slow_ones * 0.9, f"{seen.p95():.2f} s, {seen.failed} failed")
