"""After closing: the public board, the opening of the box, the result, and the recount on another machine."""

import importlib.util
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

from shamir_mnemonic import combine_mnemonics

from ..editions.models import Phase
from . import year as years
from .ballots import Voter
from .browser import words_of
from .lists import read_csv
from .play import SEATS, Ballot, Play, Profile
from .stage import Done, run
from .themes import Proposal
from .vote import act, publish, type_lists

LOOKED_UP = 40
# What verify.py needs beside the standard library: PyNaCl, and what PyNaCl needs.
NACL = ("nacl", "_cffi_backend", "cffi", "pycparser")


# --- The board --------------------------------------------------------------------------------------


def check_board(play: Play, year: int, voters: Sequence[Voter]) -> None:
    """Every receipt stands on the public board, and nothing else does."""
    codes, pages = [], 0
    page = play.organiser.go(f"/{year}/vote/board")
    while True:
        pages += 1
        listed = re.search(r'<ul class="codes">(.*?)</ul>', page.html, re.S)
        codes += [
            words_of(c).replace(" ", "") for c in re.findall(r"<li>(.*?)</li>", listed[1] if listed else "", re.S)
        ]
        following = page.links(rf"\?page={pages + 1}")
        if not following:
            break
        page = play.organiser.browser.get(next(iter(following)))
    receipts = Counter(voter.code for voter in voters)
    lost, strange = receipts - Counter(codes), Counter(codes) - receipts
    play.report.promise(
        f"all {len(voters):,} receipts stand on the public board ({pages} pages), and nothing else does",
        not lost and not strange, f"{sum(lost.values())} lost, {sum(strange.values())} strange",
    )  # fmt: skip
    _look_up(play, year, voters)


def _look_up(play: Play, year: int, voters: Sequence[Voter]) -> None:
    """Some look their code up themselves: it is in the box, or replaced, or was never there."""
    changed = [code for voter in voters for code in voter.replaced]
    cases = [(v.code, "It is in the box.") for v in voters[:: max(1, len(voters) // LOOKED_UP)]]
    cases += [(code, "It was replaced by a later vote.") for code in changed[:LOOKED_UP]]
    cases += [("0" * 12, "It is not here.")]
    wrong = []
    for code, answer in cases:
        page = play.organiser.go(f"/{year}/vote/board")
        page = play.organiser.browser.submit(
            page.form("/vote/board"), {"code": f"{code[:4]} {code[4:8]} {code[8:].lower()}"}
        )
        if answer not in page.text:
            wrong.append(code)
    text = f"{len(cases)} codes looked up: in the box, replaced, or not there, as they are"
    play.report.promise(text, not wrong, wrong)


def check_mails(play: Play, year: int) -> tuple[str, str]:
    """The scrutineers have the last seal of the board by mail; gives its hash and the key that signed it."""
    page = play.organiser.go(f"/{year}/vote/board")
    hashes = re.findall(r"<code>([0-9a-f]{64})</code>", page.html)
    points = [json.loads(line) for line in play.organiser.go(f"/{year}/vote/checkpoints.jsonl").html.splitlines()]
    seal, key = hashes[0], hashes[len(points)]  # the newest checkpoint stands first, then the key that signs
    letters = [person.await_letter(seal) for person in play.scrutineers]
    right = all(key in letter.text and points[-1]["root"] in letter.text for letter in letters)
    play.report.promise("the three scrutineers get the last seal of the board by mail", right, letters[0].text)
    return seal, key


# --- Count and result -------------------------------------------------------------------------------


def open_box(play: Play, year: int, lists: Sequence[str]) -> None:
    """Two scrutineers open the box with their word lists; an organiser publishes."""
    years.move(play, year, Phase.COUNT)
    page = type_lists(play.scrutineers[1], year, "count", [lists[2], lists[2]])
    play.report.promise("one word list, given twice, does not open the box", "given twice" in page.text, page.text)
    page = type_lists(play.scrutineers[1], year, "count", [lists[2], lists[0]])
    play.report.promise(
        "two other word lists open the box, and the ballots are counted", "are counted" in page.text, page.text
    )
    hidden = play.person(play.rows[0]).go(f"/{year}/vote/results.json", expect=404)
    play.report.promise("nobody sees the result before it is published", hidden.status == 404)
    publish(play, year)


def check_result(play: Play, year: int, options: Sequence[Proposal], profile: Profile) -> None:
    """The published numbers are exactly those of the profile."""
    result = json.loads(play.organiser.go(f"/{year}/vote/results.json").html)
    question = result["questions"][0]
    found = {title: o for o in question["options"] for title in o["title"].values()}
    approvals = [found[o.title(o.original)]["approvals"] for o in options]
    elected = [n for n, o in enumerate(options) if found[o.title(o.original)]["elected"]]
    n = len(profile.ballots)
    totals = (result["voted"], question["ballots"], result["spoilt"])
    play.report.promise(f"{n:,} votes are counted, none is spoilt", totals == (n, n, 0), totals)
    play.report.promise(
        f"the {len(options)} published totals equal those of the profile ({sum(approvals):,} approvals)",
        approvals == profile.approvals, f"{approvals} instead of {profile.approvals}",
    )  # fmt: skip
    names = " and ".join(f"“{options[option].title('en')}”" for option in elected)
    play.report.promise(f"elected: {names}", elected == profile.winners and len(elected) == SEATS, elected)
    _check_csv(play, year, options, profile)
    play.report.figure("turnout", f"{n / result['roll']['members']:.1%}")


def _check_csv(play: Play, year: int, options: Sequence[Proposal], profile: Profile) -> None:
    rows = {row[1]: row[2] for row in read_csv(play.organiser.go(f"/{year}/vote/results.csv").content)}
    told = [rows.get(o.title("en")) for o in options]
    play.report.promise("the CSV file of the result says the same", told == [str(n) for n in profile.approvals], told)


# --- The recount ------------------------------------------------------------------------------------


def recount(
    play: Play, year: int, lists: Sequence[str], seal: tuple[str, str], options: Sequence[Proposal], profile: Profile
) -> None:
    """A scrutineer takes the package home and checks it there with the public program and nothing else of ours."""
    home = play.folder / "at home"
    home.mkdir()
    package = act(play.scrutineers[2], year, "package")
    (home / "package.zip").write_bytes(package.content)
    (home / "verify.py").write_bytes(play.scrutineers[2].go("/verify.py").content)
    python = bare_python(home)
    seed = combine_mnemonics([lists[1], lists[2]]).hex()
    point, key = seal
    command = [str(python), "-I", "verify.py", "package.zip", "--key", key, "--checkpoint", point, "--seed", seed]
    done = run(command, home, {"PATH": "/usr/bin:/bin"})
    right = done.code == 0 and done.said.rstrip().endswith("verified")
    play.report.promise(
        "the stand-alone program verifies the package on its own, envelopes opened again", right, done.said
    )
    play.report.promise("a package with one ballot more is not verified", _forged(home, python).code != 0)
    counted = _ballots_in(home / "package.zip", options)
    lost, strange = Counter(profile.ballots) - counted, counted - Counter(profile.ballots)
    play.report.promise(
        f"the box held exactly the {len(profile.ballots):,} ballots of the profile: none lost, doubled or changed",
        not lost and not strange, f"{sum(lost.values())} lost, {sum(strange.values())} strange",
    )  # fmt: skip


def _ballots_in(package: Path, options: Sequence[Proposal]) -> Counter[Ballot]:
    """What was in the box, with the options numbered as in the profile and not as on the ballot."""
    with ZipFile(package) as files:
        printed = json.loads(files.read("election.json"))["questions"][0]["options"]
        found = json.loads(files.read("ballots.json"))
    number_of = {proposal.title(proposal.original): number for number, proposal in enumerate(options)}
    numbers = [number_of[option[option["original"]]["title"]] for option in printed]
    return Counter({tuple(sorted(numbers[mark] for mark in choices[0])): times for times, choices in found})


def bare_python(home: Path) -> Path:
    """A Python of its own, with PyNaCl and nothing else beside the standard library; made the first time."""
    python = home / "bare" / "bin" / "python"
    if python.exists():
        return python
    run([sys.executable, "-m", "venv", "--without-pip", "--copies", str(home / "bare")], home, {})
    site = next((home / "bare" / "lib").glob("python*/site-packages"))
    for name in NACL:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue  # not every version needs all of them
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, site / name)
        else:
            shutil.copy(origin, site)
    return python


def _forged(home: Path, python: Path) -> Done:
    """The same package with a ballot more, as somebody might try who can write to the file."""
    with ZipFile(home / "package.zip") as good, ZipFile(home / "forged.zip", "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name == "ballots.json":
                (times, choices), *others = json.loads(content)
                content = json.dumps([[times + 1, choices], *others]).encode()
            bad.writestr(name, content)
    return run([str(python), "-I", "verify.py", "forged.zip"], home, {"PATH": "/usr/bin:/bin"})
