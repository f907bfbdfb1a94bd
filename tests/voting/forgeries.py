"""How a package can be forged: by one who changes files, and by one who can sign them anew as well."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

from nacl.signing import SigningKey

from sipvote.voting import board, seal, tally
from sipvote.voting.package import package
from tests.voting.closed import KEY, QUESTIONS, a_closed_election, sealed, texts

HONEST = a_closed_election()
PACKAGE = package(HONEST, KEY)
Files = dict[str, bytes]


def unpacked(data: bytes = PACKAGE) -> Files:
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Files) -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as zipped:
        for name in files:
            zipped.writestr(ZipInfo(name), files[name])
    return archive.getvalue()


def resigned(files: Files, key: SigningKey = KEY) -> bytes:
    """The files with a fresh manifest, signed by a forger who has the service's key."""
    manifest = json.loads(files["manifest.json"])
    manifest = {"kind": manifest["kind"], "election": manifest["election"]}
    manifest["files"] = {n: sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"}
    manifest["signature"] = board.sign(manifest, key)
    return packed({**files, "manifest.json": json.dumps(manifest).encode()})


def edit(files: Files, name: str, change: Callable[[Any], Any]) -> None:
    """Change what a JSON file holds; `change` alters it, or returns something in its place."""
    found = json.loads(files[name])
    files[name] = json.dumps(change(found) or found).encode()


def relines(files: Files, name: str, change: Callable[[list[str]], Any]) -> None:
    lines = files[name].decode().splitlines()
    files[name] = "".join(f"{line}\n" for line in change(lines) or lines).encode()


def recount(files: Files, ballots: Sequence[Any], spoilt: int = 1) -> None:
    """Other ballots, with a report that follows from them."""
    ballots = sorted(ballots, key=lambda row: row[1])
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in ballots)
    reports = [
        tally.approval(tally.question(ballots, n), len(q.options), q.seats).as_dict() for n, q in enumerate(QUESTIONS)
    ]
    files["ballots.json"] = f"[\n{rows}\n]\n".encode()
    files["report.json"] = json.dumps({"spoilt": spoilt, "questions": reports}).encode()


def stuff(files: Files, envelope: bytes) -> None:
    """One envelope more, in the files of the final board."""
    both = [line.encode() for line in files["envelopes.txt"].decode().splitlines()] + [b64encode(envelope)]
    pairs = sorted((seal.tracker(b64decode(line)), line.decode()) for line in both)
    files["trackers.txt"] = "".join(f"{tracker}\n" for tracker, _line in pairs).encode()
    files["envelopes.txt"] = "".join(f"{line}\n" for _tracker, line in pairs).encode()


# What a forger who has the key can try


def drop_envelope(files: Files) -> None:
    relines(files, "trackers.txt", lambda lines: lines[1:])
    relines(files, "envelopes.txt", lambda lines: lines[1:])
    recount(files, HONEST.ballots[1:])


def late_envelope(files: Files) -> None:
    stuff(files, sealed(((3,), ())))
    recount(files, [*HONEST.ballots, (1, ((3,), ()))])


def swap_envelope(files: Files) -> None:
    relines(files, "envelopes.txt", lambda lines: [b64encode(sealed(((3,), ()))).decode(), *lines[1:]])


def change_ballot(files: Files) -> None:
    files["ballots.json"] = files["ballots.json"].replace(b"[1,[[2],[]]]", b"[1,[[2],[0]]]")


def split_ballot(files: Files) -> None:
    files["ballots.json"] = files["ballots.json"].replace(b"[2,[[],[]]]", b"[1,[[],[]]],\n[1,[[],[]]]")


def unsort_ballots(files: Files) -> None:
    relines(files, "ballots.json", lambda lines: ["[", lines[2], lines[1], *lines[3:]])


def replaced_by_nobody(files: Files) -> None:
    files["replaced.txt"] = b""


def replaced_and_there(files: Files) -> None:
    relines(files, "replaced.txt", lambda lines: sorted([*lines, files["trackers.txt"].decode()[:64]]))


def point(which: int, **changes: Any) -> Callable[[Files], None]:
    """A checkpoint with other facts, signed anew; the ones after it are not."""

    def change(lines: list[str]) -> None:
        facts = {**json.loads(lines[which - 1]), **changes}
        del facts["signature"]
        facts["signature"] = board.sign(facts, KEY)
        lines[which - 1] = board.canonical(facts).decode()

    return lambda files: relines(files, "checkpoints.jsonl", change)


def went_from_nowhere(files: Files) -> None:
    relines(files, "changes/0002.txt", lambda lines: [*lines, "-" + "f" * 64])
    relines(files, "replaced.txt", lambda lines: [*lines, "f" * 64])


def drop_point(files: Files, number: int) -> None:
    relines(files, "checkpoints.jsonl", lambda lines: lines.pop(number - 1) and None)
    del files["changes/0003.txt"]


def unsign_point(files: Files) -> None:
    def change(lines: list[str]) -> None:
        facts = json.loads(lines[1])
        lines[1] = board.canonical({**facts, "signature": board.sign(facts, SigningKey.generate())}).decode()

    relines(files, "checkpoints.jsonl", change)


def facts(name: str, **changes: Any) -> Callable[[Files], None]:
    return lambda files: edit(files, name, lambda found: found.update(changes))


def in_question(**changes: Any) -> Callable[[Files], None]:
    return lambda files: edit(files, "election.json", lambda found: found["questions"][0].update(changes))


def in_report(**changes: Any) -> Callable[[Files], None]:
    return lambda files: edit(files, "report.json", lambda found: found["questions"][0].update(changes))


def with_ballot(row: Any) -> Callable[[Files], None]:
    """The honest ballots, with one row in the place of two blank ones."""

    def change(files: Files) -> None:
        text = json.dumps(row, separators=(",", ":")).encode()
        files["ballots.json"] = files["ballots.json"].replace(b"[2,[[],[]]]", text)

    return change


BOARD = "The final board is not the one of the last checkpoint."
ENVELOPES = "The envelopes are not those of the trackers."
FORM = "ballots.json is not written in the one way that is allowed."
COUNT = "The report on question 1 does not follow from the ballots."

# What is tried, how, and what the check has to say to it.
FORGERIES: dict[str, tuple[Callable[[Files], None], str]] = {
    "an envelope dropped": (drop_envelope, BOARD),
    "an envelope after closing": (late_envelope, BOARD),
    "an envelope swapped": (swap_envelope, ENVELOPES),
    "envelopes reordered": (
        lambda f: relines(f, "envelopes.txt", lambda lines: lines[::-1]),
        ENVELOPES,
    ),
    "an envelope twice": (
        lambda f: relines(f, "envelopes.txt", lambda lines: [lines[0], *lines]),
        ENVELOPES,
    ),
    "an envelope that is no base64": (
        lambda f: relines(f, "envelopes.txt", lambda lines: ["é", *lines]),
        "Line 1 of envelopes.txt is not of the right form.",
    ),
    "an envelope cut short": (
        lambda f: relines(f, "envelopes.txt", lambda lines: [lines[0][:-3], *lines[1:]]),
        "The files are not of the right form.",
    ),
    "trackers reordered": (
        lambda f: relines(f, "trackers.txt", lambda lines: lines[::-1]),
        "trackers.txt is not sorted, or holds a tracker twice.",
    ),
    "a tracker twice": (
        lambda f: relines(f, "trackers.txt", lambda lines: [lines[0], *lines]),
        "trackers.txt is not sorted, or holds a tracker twice.",
    ),
    "a tracker dropped": (
        lambda f: relines(f, "trackers.txt", lambda lines: lines[1:]),
        ENVELOPES,
    ),
    "a tracker altered": (
        lambda f: relines(f, "trackers.txt", lambda lines: ["0" * 64, *lines[1:]]),
        ENVELOPES,
    ),
    "a tracker in capitals": (
        lambda f: f.update({"trackers.txt": f["trackers.txt"].upper()}),
        "of trackers.txt is not of the right form.",
    ),
    "a list that breaks off": (
        lambda f: f.update({"trackers.txt": f["trackers.txt"][:-1]}),
        "trackers.txt breaks off in the middle of a line.",
    ),
    "a tracker that vanished": (replaced_by_nobody, "A tracker vanished before checkpoint 2, unreplaced."),
    "a tracker replaced and there": (replaced_and_there, "said to be replaced as well."),
    "a change left out": (lambda f: f.update({"changes/0002.txt": b""}), "Checkpoint 2 seals another list."),
    "a change made twice": (
        lambda f: f.update({"changes/0002.txt": f["changes/0001.txt"]}),
        "The changes up to checkpoint 2 do not fit.",
    ),
    "a tracker that went and never was": (went_from_nowhere, "The changes up to checkpoint 2 do not fit."),
    "changes out of order": (
        lambda f: relines(f, "changes/0001.txt", lambda lines: lines[::-1]),
        "The changes up to checkpoint 1 are not sorted.",
    ),
    "the first checkpoint dropped": (lambda f: drop_point(f, 1), "Checkpoint 1 does not follow."),
    "a checkpoint dropped": (lambda f: drop_point(f, 2), "Checkpoint 2 does not follow."),
    "the last checkpoint dropped": (lambda f: drop_point(f, 3), "no checkpoint from after the closing."),
    "all checkpoints dropped": (lambda f: f.update({"checkpoints.jsonl": b""}), "There is no checkpoint"),
    "a checkpoint of another key": (unsign_point, "The signature under Checkpoint 2 is not right."),
    "a checkpoint of another election": (point(3, election="election 4"), "is that of another election."),
    "a checkpoint of another kind": (point(3, kind="receipt"), "Checkpoint 3 is not one."),
    "a checkpoint with another root": (point(3, root="0" * 64), "seals another list."),
    "a checkpoint with another number of trackers": (point(3, trackers=11), "seals another list."),
    "an earlier checkpoint altered": (point(1, at="2027-06-01T09:00:00Z"), "Checkpoint 2 does not follow."),
    "a checkpoint from before": (point(3, at="2027-06-01T07:00:00Z"), "3 is from before the one before it."),
    "a checkpoint without a moment": (point(3, at="later"), "3 is from before the one before it."),
    "a checkpoint with another number": (point(3, number=4), "Checkpoint 3 does not follow."),
    "a checkpoint number that is true": (point(1, number=True), "Checkpoint 1 is not one."),
    "the end moved": (facts("election.json", closed_at="2027-06-16T18:00:00Z"), "There is no checkpoint"),
    "an end before the beginning": (
        facts("election.json", closed_at="2027-05-16T18:00:00Z"),
        "The vote closed before it opened.",
    ),
    "a ballot dropped": (
        lambda f: recount(f, HONEST.ballots[1:]),
        "There are 12 envelopes, but 10 ballots with the spoilt ones.",
    ),
    "a ballot added": (
        lambda f: recount(f, [*HONEST.ballots, (1, ((3,), ()))]),
        "There are 12 envelopes, but 13 ballots with the spoilt ones.",
    ),
    "a ballot altered": (change_ballot, "The report on question 2 does not follow"),
    "the same ballot in two rows": (split_ballot, FORM),
    "ballots out of order": (unsort_ballots, FORM),
    "ballots with a space": (
        lambda f: f.update({"ballots.json": f["ballots.json"].replace(b"[2,", b"[2, ")}),
        FORM,
    ),
    "a ballot zero times": (with_ballot([0, [[], []]]), "is there less than once."),
    "a ballot that often is true": (with_ballot([True, [[], []]]), "is there less than once."),
    "a ballot half a time": (with_ballot([2.0, [[], []]]), "is there less than once."),
    "too many approvals": (with_ballot([2, [[0, 1, 2], []]]), "approves of more options than allowed."),
    "an unknown option": (with_ballot([2, [[4], []]]), "names an unknown option."),
    "an option below zero": (with_ballot([2, [[-1], []]]), "names an unknown option."),
    "an option twice": (with_ballot([2, [[1, 1], []]]), "A ballot names options twice or out of order."),
    "options out of order": (with_ballot([2, [[1, 0], []]]), "A ballot names options twice or out of order."),
    "an option that is true": (with_ballot([2, [[True], []]]), "names an unknown option."),
    "a question too many": (with_ballot([2, [[], [], []]]), "A ballot fits no questions."),
    "ballots that are none": (with_ballot(7), "The files are not of the right form."),
    "a wrong total": (in_report(approvals=[6, 3, 4, 2]), COUNT),
    "a wrong winner": (in_report(winners=[0, 3]), COUNT),
    "a tie decided in silence": (
        in_report(elected=[0, 1], tied=[], places_left=0, winners=[0, 1]),
        COUNT,
    ),
    "a total that is no whole number": (
        in_report(ballots=11.0),
        COUNT,
    ),
    "something added to the report": (in_report(note="x"), COUNT),
    "a report for one question only": (
        lambda f: edit(f, "report.json", lambda found: found["questions"].pop() and None),
        "There is not one report for each question.",
    ),
    "another number of spoilt ballots": (facts("report.json", spoilt=2), "12 envelopes, but 13 ballots"),
    "a note beside the report": (facts("report.json", note="x"), "report.json is no report."),
    "spoilt ballots below zero": (facts("report.json", spoilt=-1), "report.json is no report."),
    "a key twice": (
        lambda f: f.update({"report.json": b'{"spoilt": 9, ' + f["report.json"][1:]}),
        "report.json holds a key twice.",
    ),
    "not a number": (facts("report.json", spoilt=float("nan")), "report.json holds NaN, which is no number."),
    "lists without end": (lambda f: f.update({"report.json": b"[" * 100_000}), "report.json is not JSON."),
    "other places": (in_question(seats=1), COUNT),
    "no places": (in_question(seats=0), "A number of places is not right."),
    "a limit of nothing": (in_question(max_approvals=0), "A limit in election.json is not right."),
    "an unknown rule": (in_question(rule="borda"), "This program does not know the rule"),
    "an option taken away": (in_question(options=[texts("Theme")] * 3), "names an unknown option."),
    "a smaller electoral roll": (facts("election.json", roll_size=11), "more envelopes and papers than electors."),
    "an electoral roll that is none": (facts("election.json", roll_size="15"), "The size of the electoral"),
    "a moment that is none": (facts("election.json", opened_at="2027"), "A moment in election.json is not right."),
    "a key that is none": (facts("election.json", public_key="x"), "A key in election.json is not right."),
}  # fmt: skip
