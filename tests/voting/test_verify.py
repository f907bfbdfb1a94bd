"""The recount: an honest package is accepted, a forged one is not, whoever forged it."""

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from sipvote.voting import seal, tally, verify
from sipvote.voting.decisions import Decision, decide
from sipvote.voting.package import Contents, Question, package
from tests.voting.closed import CLOSED, KEY, QUESTIONS, SEED, chain, sealed, texts
from tests.voting.forgeries import FORGERIES, HONEST, PACKAGE, edit, packed, recount, resigned, unpacked
from tests.voting.test_tally import BLANK_HEAVY, votes

PUBLIC = bytes(KEY.verify_key).hex()


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Verify the bytes of a package: the exit status and what was printed."""

    def run(data: bytes, *options: str) -> tuple[int, str]:
        path = tmp_path / "package.zip"
        path.write_bytes(data)
        status = verify.main([str(path), *options])
        return status, capsys.readouterr().out

    return run


# The honest package


def test_an_honest_package_is_verified(check: Any) -> None:
    options = ["--key", PUBLIC, "--seed", SEED.hex()]
    for point in HONEST.checkpoints:
        options += ["--checkpoint", point.hash()]
    status, printed = check(PACKAGE, *options)
    assert status == 0, printed
    assert printed.splitlines()[-1] == "verified"
    assert [line[:3] for line in printed.splitlines()[:-1]] == ["ok "] * 7


def test_without_the_key_the_reader_is_told_to_compare_it(check: Any) -> None:
    status, printed = check(PACKAGE)
    assert status == 0
    assert f"Signed with the key {PUBLIC}: is it the one that was published?" in printed


def test_the_seed_can_be_asked_for(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify.getpass, "getpass", lambda _prompt: SEED.hex())
    status, printed = check(PACKAGE, "--ask-seed")
    assert status == 0
    assert "opened again with the seed" in printed


def test_an_election_in_which_nobody_voted_is_verified(check: Any) -> None:
    reports = [tally.approval([], len(q.options), q.seats) for q in QUESTIONS]
    points = chain([[], []])
    none: dict[str, Any] = {"lists": [[], []], "replaced": [], "envelopes": [], "ballots": [], "spoilt": 0}
    contents = replace(HONEST, checkpoints=points, reports=reports, **none)
    assert check(package(contents, KEY), "--seed", SEED.hex())[0] == 0


def test_an_election_in_which_everybody_voted_is_verified(check: Any) -> None:
    assert check(package(replace(HONEST, roll_size=len(HONEST.envelopes)), KEY))[0] == 0


def test_the_last_checkpoint_may_be_of_the_second_of_closing(check: Any) -> None:
    assert check(package(replace(HONEST, closed_at=CLOSED + timedelta(minutes=1)), KEY))[0] == 0
    assert check(package(replace(HONEST, closed_at=CLOSED + timedelta(minutes=2)), KEY))[0] == 1


def test_ballots_that_break_the_rules_are_spoilt_for_the_recount_too(check: Any) -> None:
    """Sealed by somebody who went round the software: too many approvals, and a mark made with a space."""
    key = seal.public_key(SEED)
    marked = seal.write(((1,), ()), (4, 3)).replace(b',"q"', b', "q"')[:-1]
    envelopes = [*HONEST.envelopes, sealed(((0, 1, 2), ())), seal.seal(marked, key)]
    lists = [*HONEST.lists[:2], [seal.tracker(envelope) for envelope in envelopes]]
    box, spoilt = seal.open_box(envelopes, seal.private_key(SEED), (4, 3), (2, None))
    assert (box, spoilt) == (HONEST.ballots, 3)
    contents = replace(HONEST, envelopes=envelopes, lists=lists, checkpoints=chain(lists), spoilt=3)
    assert check(package(contents, KEY), "--seed", SEED.hex())[0] == 0


def test_files_that_were_only_packed_again_are_verified(check: Any) -> None:
    assert check(packed(unpacked()))[0] == 0
    assert check(resigned(unpacked()))[0] == 0  # so that what follows is refused for its forgery


# Yes and no, ballots on paper, a limit to the themes

ONLINE = [((0, 1), (0,), (1,)), ((0,), (0,), ()), ((0, 2), (1,), (0,)), ((1,), (0,), (1,)), ((), (), (1,))]
PAPERS = [(1, ((0, 1), (0,), (1,))), (1, ((3,), (), (0,)))]


def a_full_election() -> Contents:
    """Two themes at most: one goes on, because members in Belgium say so, and one of two places is left."""
    answers = [texts("Yes"), texts("No")]
    questions = (
        Question(texts("Themes"), "approval", 2, 2, [texts(f"Theme {n}") for n in range(4)]),
        Question(texts("On?"), "majority", 1, 1, answers, "prolong", "simple", "BE", voters=6),
        Question(texts("Office?"), "majority", 1, 1, answers, "action", "two_thirds"),
    )
    envelopes = [seal.seal(seal.write(choices, (4, 2, 2)), seal.public_key(SEED)) for choices in ONLINE]
    lists = [[seal.tracker(envelope) for envelope in envelopes]]
    ballots = sorted(Counter([*ONLINE, *(choices for _once, choices in PAPERS)]).items())
    box = [(times, choices) for choices, times in ballots]
    counted = [tally.question(box, number) for number in range(3)]
    reports = [tally.approval(counted[0], 4, 1), decide(counted[1], "simple", 6), decide(counted[2], "two_thirds")]
    return replace(
        HONEST, questions=questions, envelopes=envelopes, lists=lists, checkpoints=chain(lists), replaced=[],
        ballots=box, papers=PAPERS, spoilt=0, spoilt_papers=1, reports=reports, most_themes=2, roll_size=8,
    )  # fmt: skip


FULL = a_full_election()


def test_yes_and_no_and_ballots_on_paper_are_recounted(check: Any) -> None:
    status, printed = check(package(FULL, KEY), "--seed", SEED.hex())
    assert status == 0, printed
    adopted = [report.is_adopted for report in FULL.reports if isinstance(report, Decision)]
    assert adopted == [True, False], "so that one place is left of two"


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        ({"most_themes": None}, "The report on question 1 does not follow"),
        ({"goes_on": 1}, "The report on question 1 does not follow"),
        ({"roll_size": 7}, "more envelopes and papers than electors"),
        ({"spoilt_papers": 2}, "more envelopes and papers than electors"),
        ({"spoilt_papers": -1}, "A number in election.json is not right."),
        ({"papers": [(1, ((1,), (), ())), PAPERS[1]]}, "is not among those that were counted"),
        ({"papers": PAPERS[:1]}, "5 envelopes, but 6 ballots"),
    ],
    ids=str,
)
def test_a_signed_package_that_contradicts_itself_is_refused(check: Any, forged: dict[str, Any], why: str) -> None:
    status, printed = check(package(replace(FULL, **forged), KEY))
    assert status == 1 and why in printed


@pytest.mark.parametrize(
    ("number", "forged", "why"),
    [
        (1, {"kind": "action"}, "The report on question 1 does not follow"),
        (1, {"voters": 4}, "more answers than voters"),
        (1, {"voters": 8}, "more answers than voters"),
        (1, {"voters": 7}, "The report on question 2 does not follow"),
        (1, {"country": None}, "The report on question 2 does not follow"),
        (2, {"majority": "absolute"}, "The report on question 3 does not follow"),
        (2, {"majority": "most"}, "A question of yes or no is not one."),
        (2, {"max_approvals": 2}, "A question of yes or no is not one."),
        (2, {"options": [texts("Yes"), texts("No"), texts("Perhaps")]}, "A question of yes or no is not one."),
        (2, {"seats": 0}, "A number of places is not right."),
    ],
    ids=str,
)
def test_a_question_that_is_not_the_one_that_was_counted_is_refused(
    check: Any, number: int, forged: dict[str, Any], why: str
) -> None:
    questions = list(FULL.questions)
    questions[number] = replace(questions[number], **forged)
    status, printed = check(package(replace(FULL, questions=questions), KEY))
    assert status != 0 and why in printed


def test_where_more_can_happen_than_can_be_followed_it_counts_until_the_first_tie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ballots = [(5, [0]), (2, [1, 4]), (2, [2]), (1, [3])]
    monkeypatch.setattr(verify, "MOST_STATES", 0)
    found = verify.phragmen(ballots, 6, 4)
    assert (found["elected"], found["tied"], found["in_turn"]) == ([0], [1, 2, 3, 4], True)
    assert verify.phragmen([(5, [0]), (3, [1]), (2, [2]), (2, [3])], 4, 3)["elected"] == [0, 1]


def test_the_package_is_the_same_on_every_machine(check: Any) -> None:
    made = package(HONEST, KEY)
    assert made == PACKAGE
    with ZipFile(BytesIO(made)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(unpacked())
    assert {(e.date_time, e.create_system, e.external_attr, e.compress_type) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), 3, 0o644 << 16, 0)
    }
    written = unpacked(made)["election.json"].decode()
    assert written == json.dumps(json.loads(written), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert json.loads(unpacked(package(FULL, KEY))["election.json"]) == {
        "id": "election 3", "title": texts("Vote of 2027"), "custody": "scrutineers", "most_themes": 2, "goes_on": 0,
        "spoilt_papers": 1, "roll_size": 8, "roll_hash": "a" * 64, "opened_at": "2027-06-01T08:00:00Z",
        "closed_at": "2027-06-15T18:00:00Z", "public_key": seal.public_key(SEED).hex(), "signing_key": PUBLIC,
        "questions": [asdict(question) for question in FULL.questions],
    }  # fmt: skip


# Forgers without the key


@pytest.mark.parametrize("name", sorted(set(unpacked()) - {"manifest.json"}))
def test_no_file_can_be_changed_without_the_key(check: Any, name: str) -> None:
    files = unpacked()
    files[name] = files[name] + b"\n"
    status, printed = check(packed(files))
    assert status == 1
    assert f"{name!r} is not as the manifest says." in printed


@pytest.mark.parametrize("name", sorted(unpacked()))
def test_no_file_can_be_left_out(check: Any, name: str) -> None:
    files = unpacked()
    del files[name]
    assert check(packed(files))[0] == 1
    if name != "manifest.json":
        assert check(resigned(files))[0] == 1


def test_no_file_can_be_added(check: Any) -> None:
    files = {**unpacked(), "names.txt": b"Ada\n"}
    assert check(packed(files))[0] == 1
    assert "one too many" in check(resigned(files))[1]


def test_the_manifest_needs_the_signature_of_the_key(check: Any) -> None:
    status, printed = check(resigned(unpacked(), SigningKey.generate()))
    assert status == 1
    assert "The signature under the manifest is not right." in printed


def test_the_manifest_of_another_election_is_refused(check: Any) -> None:
    files = unpacked()
    edit(files, "manifest.json", lambda manifest: manifest.update(election="election 4"))
    assert "that of another election" in check(resigned(files))[1]
    edit(files, "manifest.json", lambda manifest: manifest.update(election="election 3", kind="receipt"))
    assert check(resigned(files))[0] == 1


def test_a_package_made_with_another_key_is_refused_by_who_knows_the_right_one(check: Any) -> None:
    other = SigningKey.generate()
    lists = [list(listed) for listed in HONEST.lists]
    data = package(replace(HONEST, checkpoints=chain(lists, other)), other)
    assert check(data)[0] == 0
    status, printed = check(data, "--key", PUBLIC)
    assert status == 1
    assert "signed with another key" in printed


def test_tricks_with_signatures_are_refused(check: Any) -> None:
    """A scalar beyond the order of the group (RFC 8032, 5.1.7), and a key of small order, which fits all."""
    order = 2**252 + 27742317777372353535851937790883648493
    files = unpacked(resigned(unpacked()))
    manifest = json.loads(files["manifest.json"])
    half, scalar = (
        manifest["signature"][:64],
        int.from_bytes(bytes.fromhex(manifest["signature"][64:]), "little"),
    )
    manifest["signature"] = half + (scalar + order).to_bytes(32, "little").hex()
    assert check(packed({**files, "manifest.json": json.dumps(manifest).encode()}))[0] == 1

    neutral = "01" + "00" * 31
    edit(files, "election.json", lambda election: election.update(signing_key=neutral))
    manifest["files"]["election.json"] = sha256(files["election.json"]).hexdigest()
    manifest["signature"] = neutral + "00" * 32
    assert check(packed({**files, "manifest.json": json.dumps(manifest).encode()}))[0] == 1


# Forgers who have the key


@pytest.mark.parametrize("forgery", FORGERIES)
def test_not_even_the_owner_of_the_key_gets_a_forgery_through(check: Any, forgery: str) -> None:
    forge, reason = FORGERIES[forgery]
    files = unpacked()
    forge(files)
    assert files != unpacked()
    status, printed = check(resigned(files))
    assert status == 1
    assert reason in printed
    assert "WRONG" in printed
    assert "verified" not in printed
    assert printed.splitlines()[-1].startswith("NOT VERIFIED: ")
    assert "The signature under the manifest" not in printed


# What only the seed, or a kept checkpoint, brings to light


def test_ballots_that_are_not_those_in_the_envelopes_are_found_with_the_seed(check: Any) -> None:
    files = unpacked()
    ballots = [[times, choices] for times, choices in HONEST.ballots if choices != ((2,), ())]
    recount(files, [*ballots, [1, ((3,), ())]])  # one vote taken from option 2 and given to option 3
    assert check(resigned(files))[0] == 0
    status, printed = check(resigned(files), "--seed", SEED.hex())
    assert status == 1
    assert "The ballots that were counted are not those in the envelopes." in printed


def test_a_ballot_passed_off_as_spoilt_is_found_with_the_seed(check: Any) -> None:
    files = unpacked()
    ballots = [[times, choices] for times, choices in HONEST.ballots if choices != ((2,), ())]
    recount(files, ballots, spoilt=2)
    assert check(resigned(files))[0] == 0
    status, printed = check(resigned(files), "--seed", SEED.hex())
    assert status == 1
    assert "1 envelopes are spoilt; the report says otherwise." in printed


def test_the_seed_of_another_election_opens_nothing(check: Any) -> None:
    status, printed = check(PACKAGE, "--seed", "00" * 16)
    assert status == 1
    assert "The seed is not that of this vote." in printed


def remade(without: int) -> Contents:
    """The honest election made again, by one who has all keys, as if one member had never voted."""
    envelopes = [envelope for number, envelope in enumerate(HONEST.envelopes) if number != without]
    kept = {seal.tracker(envelope) for envelope in envelopes} | set(HONEST.replaced)
    lists = [[tracker for tracker in listed if tracker in kept] for listed in HONEST.lists]
    box, spoilt = seal.open_box(envelopes, seal.private_key(SEED), (4, 3), (2, None))
    reports = [tally.approval(tally.question(box, n), len(q.options), q.seats) for n, q in enumerate(QUESTIONS)]
    return replace(
        HONEST,
        envelopes=envelopes,
        checkpoints=chain(lists),
        lists=lists,
        ballots=box,
        spoilt=spoilt,
        reports=reports,
    )


def test_a_history_made_anew_is_found_by_who_kept_a_checkpoint(check: Any) -> None:
    data = package(remade(without=3), KEY)
    assert check(data, "--seed", SEED.hex())[0] == 0
    for kept in HONEST.checkpoints[1:]:
        status, printed = check(data, "--checkpoint", kept.hash())
        assert status == 1
        assert "A checkpoint that you kept is not among them." in printed


# Files that are traps, or nothing at all


def zipped(name: str, content: bytes, **settings: Any) -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w", **settings) as file:
        file.writestr(name, content)
    return archive.getvalue()


def test_traps_are_not_read(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = BytesIO(PACKAGE)
    with ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(ZipInfo("report.json"), b"{}")
    bomb = zipped("report.json", b"0" * 50_000_000, compression=ZIP_DEFLATED)
    assert len(bomb) < 100_000
    traps = {
        "a bomb": bomb,
        "a path upwards": zipped("../report.json", b""),
        "a path from the root": zipped("/etc/report.json", b""),
        "a path of Windows": zipped("C:\\report.json", b""),
        "a folder": zipped("changes/", b""),
        "a file twice": twice.getvalue(),
        "something in front": b"#!/bin/sh\n" + PACKAGE,
        "something behind": PACKAGE + b"\0" * 8,
        "half a package": PACKAGE[: len(PACKAGE) // 2],
        "a locked file": PACKAGE.replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"),
        "a damaged file": PACKAGE.replace(b"SCRUTINEERS", b"scrutineers"),
        "no ZIP": b"%PDF-1.7",
        "nothing": b"",
    }
    for trap, data in traps.items():
        assert data != PACKAGE, trap
        status, printed = check(data)
        assert status == 2, trap
        assert len(printed.splitlines()) == 1, trap
    assert "compressed or locked" in check(bomb)[1]
    monkeypatch.setattr(verify, "MOST_FILES", 13)
    assert check(PACKAGE) == (2, "The file is too large to be a package.\n")
    monkeypatch.setattr(verify, "MOST_FILES", 14)
    assert check(PACKAGE)[0] == 0
    monkeypatch.setattr(verify, "MOST_BYTES", len(PACKAGE) - 1)
    assert check(PACKAGE) == (2, "The file is too large to be a package.\n")


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(tmp_path / "none.zip")]) == 2
    assert verify.main([str(tmp_path)]) == 2
    assert capsys.readouterr().out == (
        "The file cannot be opened: No such file or directory.\nThe file cannot be opened: Is a directory.\n"
    )


@pytest.mark.parametrize("seed", ["", "00", "zz" * 16, "00" * 17])
def test_a_seed_that_is_none_is_refused(seed: str, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify.getpass, "getpass", lambda _prompt: seed)
    for options in (["--seed", seed], ["--ask-seed"]):
        with pytest.raises(SystemExit) as stop:
            check(PACKAGE, *options)
        assert stop.value.code == 2


@given(st.integers(0, len(PACKAGE) - 1), st.integers(1, 255))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_byte_is_changed_the_files_are_the_same_or_refused(check: Any, at: int, by: int) -> None:
    data = PACKAGE[:at] + bytes([PACKAGE[at] ^ by]) + PACKAGE[at + 1 :]
    status, _printed = check(data)
    assert status in (1, 2) or unpacked(data) == unpacked()


# The program itself


def test_the_program_needs_nothing_of_the_software_that_it_checks(tmp_path: Path) -> None:
    source = unpacked()["verify.py"]
    for node in ast.walk(ast.parse(source, feature_version=(3, 9))):
        if isinstance(node, ast.ImportFrom | ast.Import):
            assert not getattr(node, "level", 0)
            modules = [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            assert {str(module).split(".")[0] for module in modules} <= sys.stdlib_module_names | {"nacl"}
    (tmp_path / "verify.py").write_bytes(source)
    (tmp_path / "package.zip").write_bytes(PACKAGE)
    command = [sys.executable, "-I", "verify.py", "package.zip", "--seed", SEED.hex()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("verified\n")


def test_without_pynacl_the_program_says_how_to_install_it() -> None:
    # -S leaves out all installed packages.
    command = [sys.executable, "-I", "-S", str(verify.__file__), "package.zip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("This program needs the package PyNaCl. Install it with:")


@given(
    st.lists(st.lists(st.integers(0, 4), unique=True).map(sorted), max_size=12),
    st.integers(1, 5),
)
def test_the_two_counts_agree_on_every_vote(ballots: list[list[int]], seats: int) -> None:
    profile = [(2, ballot) for ballot in ballots]
    assert verify.approval(profile, 5, seats) == tally.approval(profile, 5, seats).as_dict()


# Counting by other code


@pytest.mark.parametrize("rule", tally.RULES)
@given(vote=votes())
@settings(max_examples=60)
def test_both_programs_count_alike(rule: str, vote: Any) -> None:
    ballots, options, seats = vote
    found = verify.RULES[rule]([(times, list(chosen)) for times, chosen in ballots], options, seats)
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(tally.RULES[rule](*vote).as_dict()))


@pytest.mark.parametrize("rule", tally.RULES)
@pytest.mark.parametrize("name", BLANK_HEAVY)
def test_both_programs_agree_on_what_is_too_much_to_list(name: str, rule: str) -> None:
    for options, seats in ((50, 25), (50, 50), (50, 0)):
        report = tally.RULES[rule](BLANK_HEAVY[name], options, seats)
        found = verify.RULES[rule]([(n, list(ballot)) for n, ballot in BLANK_HEAVY[name]], options, seats)
        assert json.loads(json.dumps(found)) == json.loads(json.dumps(report.as_dict()))


@given(vote=votes(), most=st.integers(1, 12))
@settings(max_examples=60)
def test_both_programs_give_up_listing_at_the_same_point(vote: Any, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for program in (tally, verify):
            patch.setattr(program, "MOST_OUTCOMES", most)
            patch.setattr(program, "MOST_STATES", most)
        for rule in ("phragmen", "pav"):
            found = verify.RULES[rule]([(n, list(ballot)) for n, ballot in vote[0]], *vote[1:])
            assert json.loads(json.dumps(found)) == json.loads(json.dumps(tally.RULES[rule](*vote).as_dict()))


def test_the_verifier_knows_every_rule() -> None:
    assert verify.RULES.keys() == tally.RULES.keys()


@pytest.mark.parametrize("camp", [2, 3, 4])
@pytest.mark.parametrize("more", [True, False])
def test_for_both_programs_the_nth_winner_of_a_ballot_is_worth_one_nth(camp: int, more: bool) -> None:
    """A camp of 60 has all its options elected, unless who wants another one is more than an nth of it."""
    alone = 60 // camp + (3 if more else -3)
    ballots = [(60, tuple(range(camp))), (alone, (camp,)), *[(1 + n, (n,)) for n in range(camp)]]
    fewest = 0  # of the camp, the option that fewest want besides
    expected = [*(set(range(camp)) - {fewest}), camp] if more else [*range(camp)]
    for options in (camp + 1, camp + 2):
        for rule in ("pav", "phragmen"):
            counted = tally.RULES[rule](ballots, options, camp)
            found = verify.RULES[rule]([(n, list(ballot)) for n, ballot in ballots], options, camp)
            assert json.loads(json.dumps(found)) == json.loads(json.dumps(counted.as_dict()))
            assert rule == "phragmen" or found["elected"] == sorted(expected)
