"""The public board: what a checkpoint holds fast, what a receipt promises, what goes into the package."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from nacl.signing import SigningKey

from sipvote.voting import board
from sipvote.voting.board import START, Checkpoint, next_checkpoint
from sipvote.voting.package import package
from tests.voting.closed import CLOSED, ELECTION, KEY, OPENED, a_closed_election

PUBLIC = bytes(KEY.verify_key)
TRACKERS = [sha256(bytes([n])).hexdigest() for n in range(5)]


def first() -> Checkpoint:
    return next_checkpoint(None, election=ELECTION, trackers=TRACKERS[:3], at=OPENED, key=KEY)


def second(at: datetime = CLOSED) -> Checkpoint:
    return next_checkpoint(first(), election=ELECTION, trackers=TRACKERS, at=at, key=KEY)


# Checkpoints


def test_the_root_does_not_tell_the_order() -> None:
    assert board.root(TRACKERS) == board.root(reversed(TRACKERS)) == board.root(sorted(TRACKERS))
    assert board.root(TRACKERS) == sha256(bytes.fromhex("".join(sorted(TRACKERS)))).hexdigest()
    assert board.root([]) == sha256(b"").hexdigest()


def test_the_root_changes_with_every_tracker() -> None:
    roots = {board.root(TRACKERS[:n] + TRACKERS[n + 1 :]) for n in range(5)}
    assert len(roots | {board.root(TRACKERS), board.root(TRACKERS + TRACKERS[:1])}) == 7


def test_each_checkpoint_holds_on_to_the_one_before() -> None:
    assert (first().number, first().previous, first().trackers) == (1, START, 3)
    assert (second().number, second().previous, second().trackers) == (2, first().hash(), 5)
    assert second().at == "2027-06-15T18:00:00Z"


def test_a_statement_is_written_in_one_way() -> None:
    assert first().statement() == (
        b'{"at":"2027-06-01T08:00:00Z","election":"election 3","kind":"checkpoint","number":1,'
        b'"previous":"%s","root":"%s","trackers":3}' % (START.encode(), board.root(TRACKERS[:3]).encode())
    )
    assert first().hash() == sha256(first().statement()).hexdigest()
    assert json.loads(first().line()) == {**json.loads(first().statement()), "signature": first().signature}


@pytest.mark.parametrize(
    "change",
    [
        {"election": "election 4"},
        {"number": 3},
        {"at": "2027-06-15T18:00:01Z"},
        {"trackers": 4},
        {"root": "0" * 64},
        {"previous": START},
        {"signature": "0" * 128},
        {"signature": ""},
        {"signature": "no signature"},
    ],
)
def test_a_checkpoint_that_was_touched_is_not_signed(change: dict[str, Any]) -> None:
    assert second().verify(PUBLIC)
    assert not replace(second(), **change).verify(PUBLIC)


def test_a_checkpoint_signed_with_another_key_is_not_signed() -> None:
    assert not second().sign(SigningKey.generate()).verify(PUBLIC)
    assert not second().verify(b"too short")


def test_the_board_never_goes_back_in_time() -> None:
    assert second(at=OPENED - timedelta(hours=1)).at == first().at


def test_a_checkpoint_follows_one_of_its_own_election() -> None:
    with pytest.raises(ValueError, match="of its own election"):
        next_checkpoint(first(), election="election 4", trackers=[], at=CLOSED, key=KEY)


def test_moments_are_written_in_utc_to_the_second() -> None:
    moment = datetime(2027, 6, 15, 20, 0, 0, 999999, timezone(timedelta(hours=2)))
    assert board.stamp(moment) == board.stamp(moment.astimezone(UTC)) == "2027-06-15T18:00:00Z"


# Receipts


def test_a_receipt_promises_that_the_envelope_is_in_the_box() -> None:
    receipt = board.receipt(ELECTION, TRACKERS[0], KEY)
    assert board.is_receipt(json.loads(json.dumps(receipt)), PUBLIC)
    assert set(receipt) == {"kind", "election", "tracker", "signature"}


@pytest.mark.parametrize(
    "change",
    [
        {"election": "election 4"},
        {"tracker": TRACKERS[1]},
        {"tracker": 1},
        {"kind": "checkpoint"},
        {"signature": "00"},
        {"more": "x"},
    ],
)
def test_a_receipt_that_was_touched_is_none(change: dict[str, Any]) -> None:
    assert not board.is_receipt({**board.receipt(ELECTION, TRACKERS[0], KEY), **change}, PUBLIC)


@pytest.mark.parametrize("found", [None, [], "receipt", {}, 7])
def test_something_else_is_no_receipt(found: Any) -> None:
    assert not board.is_receipt(found, PUBLIC)


def test_a_receipt_of_another_key_is_none() -> None:
    assert not board.is_receipt(board.receipt(ELECTION, TRACKERS[0], SigningKey.generate()), PUBLIC)


def test_a_signature_of_one_kind_is_none_of_another() -> None:
    statement = {"kind": "package", "election": ELECTION, "tracker": TRACKERS[0]}
    assert not board.is_receipt({**statement, "signature": board.sign(statement, KEY)}, PUBLIC)


# The package


def names_in(data: bytes) -> list[str]:
    return ZipFile(BytesIO(data)).namelist()


def content(data: bytes, name: str) -> str:
    return ZipFile(BytesIO(data)).read(name).decode()


def test_the_package_holds_what_a_recount_needs() -> None:
    assert names_in(package(a_closed_election(), KEY)) == [
        "README.txt",
        "ballots.json",
        "changes/0001.txt",
        "changes/0002.txt",
        "changes/0003.txt",
        "checkpoints.jsonl",
        "election.json",
        "envelopes.txt",
        "manifest.json",
        "papers.json",
        "replaced.txt",
        "report.json",
        "trackers.txt",
        "verify.py",
    ]


def test_the_package_is_the_same_to_the_byte_in_whatever_order_things_came() -> None:
    contents = a_closed_election()
    other = replace(
        contents,
        envelopes=random.sample(list(contents.envelopes), len(contents.envelopes)),
        ballots=random.sample(contents.ballots, len(contents.ballots)),
        lists=[random.sample(list(listed), len(listed)) for listed in contents.lists],
        opened_at=contents.opened_at.astimezone(timezone(timedelta(hours=2))),
    )
    assert package(other, KEY) == package(contents, KEY)


def test_the_package_knows_no_date_and_no_machine() -> None:
    for entry in ZipFile(BytesIO(package(a_closed_election(), KEY))).infolist():
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert (entry.create_system, entry.external_attr >> 16, entry.compress_type) == (3, 0o644, 0)


def test_the_package_tells_the_election_as_it_was_announced() -> None:
    election = json.loads(content(package(a_closed_election(), KEY), "election.json"))
    assert election["questions"][0]["max_approvals"] == 2
    assert election["questions"][1]["options"][2]["fr"] == "Theme 2 (fr) é"
    assert (election["opened_at"], election["roll_size"]) == ("2027-06-01T08:00:00Z", 15)
    assert election["signing_key"] == PUBLIC.hex()


def test_the_package_lists_envelopes_by_tracker_and_ballots_by_content() -> None:
    data = package(a_closed_election(), KEY)
    trackers = content(data, "trackers.txt").splitlines()
    assert len(trackers) == 12
    assert trackers == sorted(trackers)
    assert content(data, "ballots.json").splitlines()[:3] == ["[", "[2,[[],[]]],", "[1,[[0],[0,1]]],"]
    assert json.loads(content(data, "report.json"))["spoilt"] == 1


def test_the_readme_speaks_three_languages() -> None:
    readme = content(package(a_closed_election(), KEY), "README.txt")
    assert all(word in readme for word in ("English", "Nederlands", "Français", "verify.py"))
