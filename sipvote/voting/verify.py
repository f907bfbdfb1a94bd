#!/usr/bin/env python3
"""Check a vote again from its package, on your own computer.

    python3 verify.py PACKAGE.zip [--key HEX] [--checkpoint HASH]... [--seed HEX | --ask-seed]

One file, which needs Python 3.9 and PyNaCl and nothing of the software that ran the vote: whatever was
counted, hashed or signed there is worked out a second time here, by other code. The exit status is
0 when everything is verified, 1 when something is wrong, 2 when the file cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import io
import itertools
import json
import math
import re
import sys
import zipfile
from collections import Counter
from fractions import Fraction
from functools import cached_property
from typing import Any

try:
    from nacl.public import PrivateKey, SealedBox
    from nacl.signing import VerifyKey
except ImportError:
    print("This program needs the package PyNaCl. Install it with:  python3 -m pip install pynacl")
    raise SystemExit(2) from None

MOST_BYTES, MOST_FILES, MOST_OPTIONS, MOST_OUTCOMES = 300_000_000, 5_000, 1_000, 20_000
MOST_STATES = 5_000
NAMES = (
    "README.txt ballots.json checkpoints.jsonl election.json envelopes.txt "
    "manifest.json papers.json replaced.txt report.json trackers.txt verify.py"
)
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
HASH = r"[0-9a-f]{64}"


class Unreadable(Exception):
    """The file is no package at all, or a trap."""


class Wrong(Exception):
    """A check failed; the message says what is wrong."""


def need(right: object, otherwise: str) -> None:
    """Stop the check at hand unless this is right."""
    if not right:
        raise Wrong(otherwise)


def whole(found: object, least: int, most: float = float("inf")) -> bool:
    """Say whether this is a whole number within bounds (true and false are none)."""
    return isinstance(found, int) and not isinstance(found, bool) and least <= found <= most


def matches(found: object, pattern: str) -> bool:
    """Say whether this is a text of exactly this form."""
    return isinstance(found, str) and re.fullmatch(pattern, found) is not None


# Reading


def load(path: str) -> dict[str, bytes]:
    """Give all files of the package as name: content, without writing anything to disk."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            refuse_traps(archive.infolist(), len(data))
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except Unreadable:
        raise
    except OSError as fault:
        raise Unreadable(f"The file cannot be opened: {fault.strerror or 'it is damaged'}.") from None
    except Exception:  # noqa: BLE001, a broken ZIP makes the library fail in many ways
        raise Unreadable("The file is not a ZIP file, or it is damaged.") from None


def refuse_traps(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Packages are not compressed: their size follows from the files, and leaves nothing to hide in."""
    names = {entry.filename for entry in entries}
    if size > MOST_BYTES or len(entries) > MOST_FILES:
        raise Unreadable("The file is too large to be a package.")
    if len(names) < len(entries) or not all(matches(name, r"(\w+/)?\w+\.\w+") for name in names):
        raise Unreadable("The package holds a file whose name does not belong in it, or stands there twice.")
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
        raise Unreadable("The package is compressed or locked. Use it as you got it, not packed again.")
    # 76 bytes and twice the name go with each file, and 22 end a ZIP.
    if size != 22 + sum(76 + 2 * len(entry.filename) + entry.file_size for entry in entries):
        raise Unreadable("The package holds something besides its files, or less than it claims.")


def strict_json(content: str | bytes, name: str) -> Any:
    """Read JSON that has one meaning only: no key twice, no NaN."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), f"{name} holds a key twice.")
        return dict(pairs)

    def refuse(word: str) -> None:
        raise Wrong(f"{name} holds {word}, which is no number.")

    try:
        return json.loads(content, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Wrong(f"{name} is not JSON.") from None


def canonical(facts: Any) -> str:
    """The form in which statements are hashed, signed and compared."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def unsigned(statement: dict[str, Any]) -> bytes:
    """What the signature on a statement is under: all the rest of it."""
    return canonical({name: fact for name, fact in statement.items() if name != "signature"}).encode()


def brackets(ballot: Any) -> str:
    """Write a ballot in the one way that is allowed: [[0,3],[]]."""
    return "[" + ",".join("[" + ",".join(map(str, chosen)) + "]" for chosen in ballot) + "]"


class Package:
    """The files of a package, read as what they should be; `Wrong` where they are not."""

    def __init__(self, files: dict[str, bytes], given: argparse.Namespace) -> None:
        self.files, self.given = files, given

    def json(self, name: str) -> Any:
        need(name in self.files, f"{name} is missing.")
        return strict_json(self.files[name], name)

    def lines(self, name: str, pattern: str) -> list[str]:
        """The lines of a text file, all of one form."""
        need(name in self.files, f"{name} is missing.")
        lines = self.files[name].decode("ascii", "replace").split("\n")
        need(lines.pop() == "", f"{name} breaks off in the middle of a line.")
        for number, line in enumerate(lines, start=1):
            need(matches(line, pattern), f"Line {number} of {name} is not of the right form.")
        return lines

    def trackers(self, name: str) -> list[str]:
        """A list of trackers, sorted, and none twice."""
        found = self.lines(name, HASH)
        need(found == sorted(set(found)), f"{name} is not sorted, or holds a tracker twice.")
        return found

    @cached_property
    def envelopes(self) -> list[bytes]:
        return [base64.b64decode(line) for line in self.lines("envelopes.txt", "[A-Za-z0-9+/]+={0,2}")]

    @cached_property
    def election(self) -> dict[str, Any]:
        """The election as announced, of the right types and within bounds."""
        found = self.json("election.json")
        for key in ("public_key", "signing_key"):
            need(matches(found[key], HASH), "A key in election.json is not right.")
        for key in ("opened_at", "closed_at"):
            need(matches(found[key], MOMENT), "A moment in election.json is not right.")
        need(found["opened_at"] <= found["closed_at"], "The vote closed before it opened.")
        need(whole(found["roll_size"], 0), "The size of the electoral roll is not right.")
        for question in found["questions"]:
            limit, rule, options = question["max_approvals"], question["rule"], len(question["options"])
            need(limit is None or whole(limit, 1), "A limit in election.json is not right.")
            need(whole(question["seats"], 1, min(options, MOST_OPTIONS)), "A number of places is not right.")
            need(
                rule in RULES or rule == "majority", "This program does not know the rule that the vote was counted by."
            )
            if rule == "majority":
                need(
                    question["majority"] in MAJORITIES and options == 2 and limit == 1,
                    "A question of yes or no is not one.",
                )
        for key in ("goes_on", "spoilt_papers"):
            need(whole(found[key], 0), "A number in election.json is not right.")
        need(found["most_themes"] is None or whole(found["most_themes"], 1), "A number in election.json is not right.")
        return found

    @cached_property
    def checkpoints(self) -> list[dict[str, Any]]:
        return [strict_json(line, "checkpoints.jsonl") for line in self.lines("checkpoints.jsonl", ".+")]

    @cached_property
    def ballots(self) -> Counter[str]:
        """The opened box, and the ballots on paper: how many times each ballot was there."""
        return self.ballots_in("ballots.json")

    @cached_property
    def papers(self) -> Counter[str]:
        """The ballots on paper alone."""
        return self.ballots_in("papers.json")

    def ballots_in(self, name: str) -> Counter[str]:
        """How many times each ballot is in a file. To the byte, the one way to write it."""
        rows = self.json(name)
        for times, ballot in rows:
            need(whole(times, 1), f"A ballot in {name} is there less than once.")
            self.check_ballot(ballot)
        rows.sort(key=lambda row: row[1])
        box = Counter({brackets(ballot): times for times, ballot in rows})
        text = ",\n".join(f"[{times},{brackets(ballot)}]" for times, ballot in rows)
        once = len(box) == len(rows) and self.files[name] == f"[\n{text}\n]\n".encode()
        need(once, f"{name} is not written in the one way that is allowed.")
        return box

    def check_ballot(self, ballot: Any) -> None:
        """For each question a list of options: in order, none twice, and no more than allowed."""
        questions = self.election["questions"]
        need(isinstance(ballot, list) and len(ballot) == len(questions), "A ballot fits no questions.")
        for number, chosen in enumerate(ballot):
            options, limit = len(questions[number]["options"]), questions[number]["max_approvals"]
            need(all(whole(one, 0, options - 1) for one in chosen), "A ballot names an unknown option.")
            need(chosen == sorted(set(chosen)), "A ballot names options twice or out of order.")
            need(limit is None or len(chosen) <= limit, "A ballot approves of more options than allowed.")

    @cached_property
    def report(self) -> dict[str, Any]:
        found = self.json("report.json")
        need(set(found) == {"spoilt", "questions"} and whole(found["spoilt"], 0), "report.json is no report.")
        return found


# Checking. The first line of each check is what the reader sees.


def files(package: Package) -> None:
    """Every file is as the signed manifest says, and there is none besides."""
    manifest = package.json("manifest.json")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in package.files.items()}
    del hashes["manifest.json"]
    for name in sorted(set(hashes) | set(manifest["files"])):
        need(hashes.get(name) == manifest["files"].get(name), f"{name!a} is not as the manifest says.")
    changes = {f"changes/{number:04}.txt" for number, _point in enumerate(package.checkpoints, start=1)}
    need(set(package.files) == changes.union(NAMES.split()), "A file is missing, or there is one too many.")
    need(manifest["kind"] == "package", "The manifest is not one.")
    need(manifest["election"] == package.election["id"], "The manifest is that of another election.")
    key = package.election["signing_key"]
    need(package.given.key in (None, key), "The package was signed with another key than the one you gave.")
    need(signed(manifest, key), "The signature under the manifest is not right.")


def signed(statement: dict[str, Any], key: str) -> bool:
    """Say whether a statement carries the signature of this key."""
    try:
        VerifyKey(bytes.fromhex(key)).verify(unsigned(statement), bytes.fromhex(statement["signature"]))
    except Exception:  # noqa: BLE001, of the wrong form, or of another key: either way it is no signature
        return False
    return True


def checkpoints(package: Package) -> None:
    """The checkpoints of the public board are signed, and each holds on to the one before."""
    before, at, hashes = "0" * 64, package.election["opened_at"], set()
    for number, point in enumerate(package.checkpoints, start=1):
        this = f"Checkpoint {number}"
        need(point["kind"] == "checkpoint" and whole(point["number"], 1), f"{this} is not one.")
        need(point["election"] == package.election["id"], f"{this} is that of another election.")
        need((point["number"], point["previous"]) == (number, before), f"{this} does not follow.")
        need(matches(point["at"], MOMENT) and point["at"] >= at, f"{this} is from before the one before it.")
        need(signed(point, package.election["signing_key"]), f"The signature under {this} is not right.")
        before, at = hashlib.sha256(unsigned(point)).hexdigest(), point["at"]
        hashes.add(before)
    need(hashes and at >= package.election["closed_at"], "There is no checkpoint from after the closing.")
    need(hashes.issuperset(package.given.checkpoint), "A checkpoint that you kept is not among them.")


def board(package: Package) -> None:
    """Nothing vanished from the board between checkpoints, unless a later vote replaced it."""
    final, replaced = set(package.trackers("trackers.txt")), set(package.trackers("replaced.txt"))
    need(not final & replaced, "A tracker is on the final board and said to be replaced as well.")
    listed: set[str] = set()
    for number, point in enumerate(package.checkpoints, start=1):
        lines = package.lines(f"changes/{number:04}.txt", "[+-]" + HASH)
        need(lines == sorted(set(lines)), f"The changes up to checkpoint {number} are not sorted.")
        came, went = ({line[1:] for line in lines if line[0] == sign} for sign in "+-")
        need(came.isdisjoint(listed) and went <= listed, f"The changes up to checkpoint {number} do not fit.")
        need(went <= replaced, f"A tracker vanished before checkpoint {number}, unreplaced.")
        listed = (listed | came) - went
        root = hashlib.sha256(bytes.fromhex("".join(sorted(listed)))).hexdigest()
        seals = [point["trackers"], point["root"]] == [len(listed), root]
        need(seals, f"Checkpoint {number} seals another list.")
    need(listed == final, "The final board is not the one of the last checkpoint.")


def envelopes(package: Package) -> None:
    """There is one sealed envelope for each tracker on the final board, and none besides."""
    found = [hashlib.sha256(envelope).hexdigest() for envelope in package.envelopes]
    need(found == package.trackers("trackers.txt"), "The envelopes are not those of the trackers.")


def numbers(package: Package) -> None:
    """There are as many ballots as envelopes and papers, and no more than members on the electoral roll."""
    cast, papers = len(package.trackers("trackers.txt")), sum(package.papers.values())
    voted = cast + papers + package.election["spoilt_papers"]
    need(voted <= package.election["roll_size"], "There are more envelopes and papers than electors.")
    counted = sum(package.ballots.values()) - papers + package.report["spoilt"]
    need(cast == counted, f"There are {cast} envelopes, but {counted} ballots with the spoilt ones.")
    need(not package.papers - package.ballots, "A ballot on paper is not among those that were counted.")


def count(package: Package) -> None:
    """The totals and the winners follow from the ballots."""
    questions, reports = package.election["questions"], package.report["questions"]
    need(len(reports) == len(questions), "There is not one report for each question.")
    papers = [(times, json.loads(ballot)) for ballot, times in package.ballots.items()]
    expected: dict[int, dict[str, Any]] = {}
    prolonged = package.election["goes_on"]
    # Those of yes and no first: what they prolong may leave less room for the themes that are elected.
    for number, question in sorted(enumerate(questions), key=lambda pair: pair[1]["rule"] != "majority"):
        ballots = [(times, paper[number]) for times, paper in papers]
        if question["rule"] == "majority":
            expected[number] = decision(ballots, question)
            prolonged += question["kind"] == "prolong" and expected[number]["adopted"]
        else:
            most = package.election["most_themes"]
            seats = question["seats"] if most is None else max(0, min(question["seats"], most - prolonged))
            expected[number] = RULES[question["rule"]](ballots, len(question["options"]), seats)
    for number, report in enumerate(reports):
        same = canonical(report) == canonical(expected[number])
        need(same, f"The report on question {number + 1} does not follow from the ballots.")


def decision(ballots: list[tuple[int, list[int]]], question: dict[str, Any]) -> dict[str, Any]:
    """Count yes (option 0) and no (option 1). Who could not answer a question for one country abstains, uncounted."""
    cast = sum(times for times, _chosen in ballots)
    voters = cast if question["country"] is None else question["voters"]
    yes, no = approvals(ballots, 2)
    need(whole(voters, yes + no, cast), "A question for one country has more answers than voters.")
    return {
        "rule": "majority",
        "majority": question["majority"],
        "ballots": voters,
        "yes": yes,
        "no": no,
        "blank": voters - yes - no,
        "adopted": MAJORITIES[question["majority"]](yes, no, voters),
    }


MAJORITIES = {
    "simple": lambda yes, no, voters: yes - no > 0,
    "absolute": lambda yes, no, voters: yes > voters - yes,
    "two_thirds": lambda yes, no, voters: yes >= 1 and Fraction(yes, yes + no) >= Fraction(2, 3),
}


def approval(ballots: list[tuple[int, list[int]]], options: int, seats: int) -> dict[str, Any]:
    """Count approvals. Elected is whoever at most `seats` options reach; tied, who may still get a place."""
    totals = approvals(ballots, options)
    ahead = [sum(other > total for other in totals) for total in totals]
    reach = [sum(other >= total for other in totals) for total in totals]  # each reaches itself, too
    elected = [option for option in range(options) if reach[option] <= seats]
    tied = [option for option in range(options) if ahead[option] < seats < reach[option]]
    return report("approval", ballots, options, seats, elected, tied)


def phragmen(ballots: list[tuple[int, list[int]]], options: int, seats: int) -> dict[str, Any]:
    """Sequential Phragmén: who is elected costs one, and the ballots that approve of them bear it evenly."""
    kinds, sure = alike(ballots, options), without_rivals("phragmen", ballots, options, seats)
    if sure:
        return sure
    found = {(frozenset[int](), (Fraction(0),) * len(ballots))}
    for _round in range(seats):
        before, found = found, set()
        for elected, borne in before:
            steps = cheapest(ballots, options, elected, borne)
            found.update(after for after in steps if all(elected_first(kind, after[0]) for kind in kinds))
            if len(found) > MOST_STATES:
                return in_turn(ballots, options, seats)
    return of_outcomes("phragmen", ballots, options, seats, {elected for elected, _borne in found})


def in_turn(ballots: list[tuple[int, list[int]]], options: int, seats: int) -> dict[str, Any]:
    """Where more can happen than can be followed: who wins before the first tie is elected, the others are tied."""
    elected, borne = frozenset[int](), (Fraction(0),) * len(ballots)
    while len(steps := list(cheapest(ballots, options, elected, borne))) == 1:
        elected, borne = steps[0]
    totals = approvals(ballots, options)
    tied = [option for option in range(options) if totals[option] and option not in elected]
    return {**report("phragmen", ballots, options, seats, sorted(elected), tied), "in_turn": True}


def cheapest(ballots: Any, options: int, elected: frozenset[int], borne: tuple[Fraction, ...]) -> Any:
    """Give what may come after one round: each option at the least cost elected, and what its ballots bear then."""
    costs: dict[int, Fraction | None] = {}
    for option in set(range(options)) - elected:
        mine = [(times, borne[at]) for at, (times, chosen) in enumerate(ballots) if option in chosen]
        shared = sum(times for times, _load in mine)
        costs[option] = (1 + sum(times * load for times, load in mine)) / Fraction(shared) if shared else None
    least = min((cost for cost in costs.values() if cost is not None), default=None)
    for option, cost in costs.items():
        if cost == least:
            after = tuple(cost if option in chosen else borne[at] for at, (_times, chosen) in enumerate(ballots))
            yield elected | {option}, after


def pav(ballots: list[tuple[int, list[int]]], options: int, seats: int) -> dict[str, Any]:
    """PAV: a ballot is worth 1 for the first winner that it approves of, 1/2 for the second, and so on."""
    sure = without_rivals("pav", ballots, options, seats)
    if sure:
        return sure
    worth = [sum((Fraction(1, n) for n in range(1, had + 1)), Fraction(0)) for had in range(seats + 1)]
    unit = math.lcm(*(part.denominator for part in worth))
    whole_worth = [int(part * unit) for part in worth]
    sets = [(times, sum(1 << option for option in chosen)) for times, chosen in ballots]
    best, outcomes = -1, set[frozenset[int]]()
    for some in ways(alike(ballots, options), seats):
        mask = sum(1 << option for option in some)
        total = sum(times * whole_worth[bin(chosen & mask).count("1")] for times, chosen in sets)
        if total > best:
            best, outcomes = total, set()
        if total == best:
            outcomes.add(some)
    return of_outcomes("pav", ballots, options, seats, outcomes)


def alike(ballots: list[tuple[int, list[int]]], options: int) -> list[list[int]]:
    """The options in groups that the very same ballots approve of."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for option in range(options):
        mine = tuple(at for at, (_times, chosen) in enumerate(ballots) if option in chosen)
        groups.setdefault(mine, []).append(option)
    return list(groups.values())


def elected_first(group: list[int], elected: Any) -> bool:
    """Whether the first options of a group are elected, which then stand for any of it."""
    return elected.isdisjoint(group[len(elected.intersection(group)) :])


def ways(groups: list[list[int]], seats: int) -> Any:
    """Every way to fill the places, as far as it matters: of each group only the first ones."""
    if not groups:
        yield frozenset[int]()
        return
    first, rest = groups[0], groups[1:]
    least = max(0, seats - sum(map(len, rest)))
    for number in range(least, min(len(first), seats) + 1):
        for some in ways(rest, seats - number):
            yield some.union(first[:number])


def without_rivals(rule: str, ballots: Any, options: int, seats: int) -> dict[str, Any] | None:
    """With no more options that have ballots than places, those win, and lots are drawn among the others."""
    totals = approvals(ballots, options)
    wanted = [option for option in range(options) if totals[option]]
    others = [option for option in range(options) if not totals[option]]
    left = seats - len(wanted)
    if seats == 0:
        return report(rule, ballots, options, seats, [], [])
    if left < 0:
        return None
    if left in (0, len(others)):
        return report(rule, ballots, options, seats, sorted(wanted + others[:left]), [])
    return report(rule, ballots, options, seats, wanted, others)


def approvals(ballots: list[tuple[int, list[int]]], options: int) -> list[int]:
    """How many ballots approve of each option."""
    return [sum(times for times, chosen in ballots if option in chosen) for option in range(options)]


def of_outcomes(rule: str, ballots: Any, options: int, seats: int, outcomes: set[frozenset[int]]) -> dict[str, Any]:
    """Report which options win in every outcome, and which in some; and the outcomes, where not just any may win."""
    always, some, groups, count = [], [], [], 0
    for group in alike(ballots, options):
        wins = {len(outcome.intersection(group)) for outcome in outcomes}
        if wins == {len(group)}:
            always += group
        elif wins != {0}:
            some += group
            groups += [group] if len(group) > 1 else []
    for outcome in outcomes:
        count += math.prod(math.comb(len(group), len(outcome.intersection(group))) for group in groups)
    found = report(rule, ballots, options, seats, sorted(always), sorted(some))
    if count == math.comb(len(some), seats - len(always)):
        return found
    if count > MOST_OUTCOMES:
        return {**found, "ties": sorted(map(sorted, outcomes)), "alike": sorted(groups)}
    return {**found, "ties": sorted(sorted(each) for outcome in outcomes for each in written_out(outcome, groups))}


def written_out(outcome: frozenset[int], groups: list[list[int]]) -> Any:
    """The outcome with any options of each group in the place of its first ones."""
    if not groups:
        yield outcome
        return
    for some in itertools.combinations(groups[0], len(outcome.intersection(groups[0]))):
        yield from written_out(outcome.difference(groups[0]).union(some), groups[1:])


def report(rule: str, ballots: Any, options: int, seats: int, elected: list[int], tied: list[int]) -> dict[str, Any]:
    """Write down what a count found, as the package does."""
    return {
        "rule": rule,
        "options": options,
        "seats": seats,
        "ballots": sum(times for times, _chosen in ballots),
        "blank": sum(times for times, chosen in ballots if not chosen),
        "approvals": approvals(ballots, options),
        "elected": elected,
        "tied": tied,
        "places_left": seats - len(elected),
        "winners": None if tied else elected,
    }


RULES = {"approval": approval, "phragmen": phragmen, "pav": pav}


def opening(package: Package) -> None:
    """The envelopes, opened again with the seed, hold exactly the ballots that were counted."""
    key = hashlib.blake2b(package.given.seed, digest_size=32, person=b"sipvote envelope").digest()
    secret = PrivateKey(key)
    public = bytes(secret.public_key).hex()
    need(public == package.election["public_key"], "The seed is not that of this vote.")
    found, spoilt = Counter[str](), 0
    for envelope in package.envelopes:
        try:
            found[opened(SealedBox(secret).decrypt(envelope), package)] += 1
        except Exception:  # noqa: BLE001, it does not open, or holds no ballot: either way it is spoilt
            spoilt += 1
    need(spoilt == package.report["spoilt"], f"{spoilt} envelopes are spoilt; the report says otherwise.")
    need(found + package.papers == package.ballots, "The ballots that were counted are not those in the envelopes.")


def opened(plain: bytes, package: Package) -> str:
    """Read a ballot: written in the one way that is allowed, filled up with spaces to one length."""
    ballot = strict_json(plain, "A ballot")["q"]
    package.check_ballot(ballot)
    fullest = brackets(range(len(question["options"])) for question in package.election["questions"])
    same = plain == f'{{"v":1,"q":{brackets(ballot)}}}'.ljust(len(fullest) + 12).encode()
    need(same, "A ballot is not written in the one way that is allowed.")
    return brackets(ballot)


def passes(check: Any, package: Package) -> bool:
    """Make one check, and print what came of it."""
    try:
        check(package)
    except Exception as fault:  # noqa: BLE001, what is not of the expected form at all ends up here too
        reason = str(fault) if isinstance(fault, Wrong) else "The files are not of the right form."
        print(f"WRONG  {check.__doc__}\n       {reason}")
        return False
    print(f"ok     {check.__doc__}")
    return True


def seed(text: str) -> bytes:
    """Read a seed from 32 hexadecimal digits."""
    if not matches(text.strip().lower(), "[0-9a-f]{32}"):
        raise argparse.ArgumentTypeError("a seed has 32 hexadecimal digits")
    return bytes.fromhex(text)


def command(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; ask for the seed where that is wanted."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check a vote again from its package.")
    parser.add_argument("package", help="the ZIP file")
    parser.add_argument("--key", type=str.lower, help="the signing key as it was published before the vote")
    parser.add_argument("--checkpoint", action="append", default=[], help="the hash of a checkpoint you kept")
    parser.add_argument("--seed", type=seed, help="the seed, to open the envelopes as well")
    parser.add_argument("--ask-seed", action="store_true", help="the same, typed unseen")
    given = parser.parse_args(arguments)
    if given.ask_seed:
        try:
            given.seed = seed(getpass.getpass("Seed: "))
        except (argparse.ArgumentTypeError, EOFError, KeyboardInterrupt):
            parser.error("a seed has 32 hexadecimal digits")
    return given


def main(arguments: list[str] | None = None) -> int:
    """Make all checks, print a line for each, and give the exit status."""
    given = command(arguments)
    try:
        package = Package(load(given.package), given)
    except Unreadable as fault:
        print(fault)
        return 2
    checks = [files, checkpoints, board, envelopes, numbers, count] + [opening] * (given.seed is not None)
    wrong = len(checks) - sum(passes(check, package) for check in checks)
    if wrong:
        print(f"NOT VERIFIED: {wrong} of {len(checks)} checks failed.")
        return 1
    if given.key is None:
        print(f"Signed with the key {package.election['signing_key']}: is it the one that was published?")
    print("verified")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(1)
