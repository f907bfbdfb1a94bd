"""The words of the command line: count, import-members, grant, audit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from sipvote import audit, cli, searching
from sipvote.access import Role
from sipvote.db import db
from sipvote.members.models import Member
from sipvote.searching import SearchText
from tests.factories import a_city, a_member
from tests.outcomes import an_old_recommendation

CASES = sorted((Path(__file__).parent / "cases" / "approval").glob("*.json"))
ROLL = "number;name;email;language;country;city;profile;joined;left\n"


@pytest.fixture
def run(capfd):
    """Run a word as __main__ does; give the exit code, stdout and stderr."""

    def go(*words: str) -> tuple[int, str, str]:
        code = cli.main(list(words))
        told = capfd.readouterr()
        return code, told.out, told.err

    return go


@pytest.fixture
def here(app, database, monkeypatch):
    """The words work on the database of the tests."""
    monkeypatch.setattr(cli, "_app", lambda: app)
    monkeypatch.setattr(cli.cli, "create_app", lambda: app)


def profiles():
    for path in CASES:
        found = json.loads(path.read_text())
        for number, profile in enumerate(found if isinstance(found, list) else [found]):
            for rule, name in (("approval", "av"), ("phragmen", "seqphragmen"), ("pav", "pav")):
                for seats, committees in profile["expected"].get(name, {}).items():
                    yield pytest.param(profile, rule, int(seats), committees, id=f"{path.stem}-{number}-{rule}-{seats}")


@pytest.mark.parametrize(("profile", "rule", "seats", "committees"), list(profiles()))
def test_the_command_counts_every_real_and_small_election(run, tmp_path, profile, rule, seats, committees):
    file = tmp_path / "profile.json"
    file.write_text(json.dumps({k: v for k, v in profile.items() if k != "expected"}))
    code, out, _err = run("count", str(file), "--rule", rule, "--seats", str(seats))
    winners = committees[0] if len(committees) == 1 else None
    assert code == 0
    assert json.loads(out) == {"winners": winners, "outcomes": sorted(committees)}


def test_the_command_explains_a_count_with_exact_fractions(run, tmp_path):
    file, told = tmp_path / "profile.json", {}
    file.write_text('{"options": ["A", "B", "C"], "ballots": [[40, [0]], [12, [0, 1]], [7, [2]]]}')
    for rule in ("approval", "phragmen", "pav"):
        code, out, _err = run("count", str(file), "--rule", rule, "--seats", "2", "--explain")
        told[rule] = json.loads(out)["explanation"]
        assert code == 0 and told[rule]["approvals"] == [52, 12, 7]
        assert {other["rule"] for other in told[rule]["others"]} == {"approval", "phragmen", "pav"} - {rule}
    # By hand: (1 + 12/52) shared by 12 is 4/39, less than 1/7.
    second = {"elected": 1, "costs": [None, "4/39", "1/7"], "served": 12, "represented": 52}
    assert told["phragmen"]["rounds"][1] == second
    assert told["pav"]["had"] == [0, 59, 0] and told["pav"]["best"][:2] == [
        {"options": [0, 2], "worth": "59"},
        {"options": [0, 1], "worth": "58"},
    ]


def test_of_tied_rounds_the_command_tells_what_is_certain(run, tmp_path):
    file = tmp_path / "profile.json"
    file.write_text('{"options": ["A", "B", "C"], "ballots": [[40, [0]], [12, [1]], [12, [2]]]}')
    told = json.loads(run("count", str(file), "--rule", "phragmen", "--seats", "2", "--explain")[1])
    assert told["winners"] is None and [r["elected"] for r in told["explanation"]["rounds"]] == [0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"options": ["A"], "max_approvals": null, "ballots": [[1, [7]]]}',
        '{"options": ["A", "B"], "max_approvals": 1, "ballots": [[1, [0, 1]]]}',
        '{"options": ["A", "B"], "max_approvals": null, "ballots": [[-1, [0]]]}',
        '{"options": ["A", "B"], "max_approvals": null, "ballots": [[1, [0, 0]]]}',
        "[" * 100_000,
    ],
)
def test_a_bad_profile_gets_one_sentence_and_exit_code_2(run, tmp_path, content):
    file = tmp_path / "profile.json"
    file.write_text(content)
    code, out, err = run("count", str(file), "--rule", "approval", "--seats", "1")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1 and err.strip().endswith(".")


@pytest.mark.parametrize("seats", ["0", "3", "-1"])
def test_seats_that_cannot_be_filled_are_refused(run, tmp_path, seats):
    file = tmp_path / "profile.json"
    file.write_text('{"options": ["A", "B"], "max_approvals": null, "ballots": [[1, [0]]]}')
    assert run("count", str(file), "--seats", seats)[0] == 2


def test_counting_needs_no_settings_and_prints_json_alone(tmp_path):
    """As a process of its own, in production mode without any setting."""
    command = [sys.executable, "-m", "sipvote", "count", str(CASES[0]), "--rule", "approval", "--seats", "2"]
    environment = {"PATH": "", "SIPVOTE_NO_VENV": "1", "SIPVOTE_INSTANCE": str(tmp_path)}
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"winners", "outcomes"}


@pytest.mark.parametrize("case", json.loads((CASES[0].parents[1] / "assignment.json").read_text()), ids=range(12))
def test_the_command_assigns_every_given_instance(run, tmp_path, case):
    file = tmp_path / "wishes.json"
    file.write_text(json.dumps(case))
    code, out, _err = run("assign", str(file))
    told = json.loads(out)
    assert code == 0 and set(told) == {"groups", "placed", "total_rank"}
    assert {key: told[key] for key in ("placed", "total_rank")} == case["expected"]


def test_assigning_says_which_groups_miss_their_minimum_or_keeps_it(run, tmp_path):
    file = tmp_path / "wishes.json"
    file.write_text('{"groups": [{"places": 2}, {"places": 2, "minimum": 1}], "wishes": [[0, 1], [0]]}')
    told = {"groups": [0, 0], "placed": 2, "total_rank": 0, "below": [1]}
    assert json.loads(run("assign", str(file))[1]) == told
    told = {"groups": [1, 0], "placed": 2, "total_rank": 1}
    assert json.loads(run("assign", str(file), "--keep")[1]) == told
    file.write_text('{"groups": [{"places": 2, "minimum": 1}], "wishes": []}')
    assert run("assign", str(file), "--keep") == (2, "", "Group 0 needs at least 1 to join, but 0 wish it.\n")


@pytest.mark.parametrize("content", ["", "[]", '{"groups": [{"places": 1}], "wishes": [[0, 0]]}'])
def test_wishes_that_make_no_sense_get_one_sentence_and_exit_code_2(run, tmp_path, content):
    file = tmp_path / "wishes.json"
    file.write_text(content)
    code, out, err = run("assign", str(file))
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1 and err.strip().endswith(".")


def test_a_word_that_needs_settings_says_which_are_missing(tmp_path):
    command = [sys.executable, "-m", "sipvote", "audit"]
    environment = {"PATH": "", "SIPVOTE_NO_VENV": "1", "SIPVOTE_INSTANCE": str(tmp_path)}
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "SIPVOTE_SECRET_KEY" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.usefixtures("here")
class TestMembers:
    def write(self, tmp_path: Path, *lines: str) -> str:
        a_city("gent")
        db.session.commit()
        file = tmp_path / "roll.csv"
        file.write_text(ROLL + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(file)

    def test_a_roll_is_imported(self, run, tmp_path):
        code, out, _err = run(
            "import-members", self.write(tmp_path, "7;Ada;ada@example.org;nl;BE;Gent;user;2020-01-01;")
        )
        assert code == 0 and out.startswith("1 are new")
        assert db.session.scalar(select(Member.name).where(Member.number == "7")) == "Ada"

    def test_a_dry_run_changes_nothing(self, run, tmp_path):
        file = self.write(tmp_path, "7;Ada;ada@example.org;nl;BE;Gent;user;2020-01-01;")
        assert run("import-members", file, "--dry-run")[0] == 0
        assert db.session.scalar(select(Member.name).where(Member.number == "7")) is None

    def test_faults_are_told_with_their_line_and_nothing_changes(self, run, tmp_path):
        code, _out, err = run("import-members", self.write(tmp_path, "7;Ada;x;nl;BE;Nowhere;user;2020-01-01;"))
        assert code == 1 and "line 2:" in err and "nothing was changed" in err
        assert db.session.scalar(select(Member.id)) is None

    def test_a_file_that_is_not_there_is_told(self, run):
        code, _out, err = run("import-members", "/nowhere/roll.csv")
        assert code == 1 and "cannot be read" in err

    def test_the_first_organiser_is_made(self, run):
        ada = a_member()
        db.session.commit()
        assert run("grant", ada.number, "organiser")[0] == 0
        db.session.expire_all()
        assert [g.role for g in ada.grants] == [Role.ORGANISER]
        assert run("grant", "nobody", "organiser")[0] == 1

    def test_the_audit_log_is_checked_exported_and_its_head_told(self, run, tmp_path):
        audit.record("grant", "member 7", None, role="board")
        audit.record("revoke", "member 7", None, role="board")
        db.session.commit()
        last = db.session.scalar(select(audit.Entry.hash).order_by(audit.Entry.id.desc()))
        db.session.commit()
        assert run("audit") == run("audit", "verify") == (0, f"The audit log is whole. Lines: 2. Head: {last}\n", "")
        file = tmp_path / "audit.jsonl"
        file.write_text(run("audit", "export")[1], encoding="utf-8")
        assert run("audit", "verify", str(file), "--head", last)[0] == 0
        assert run("audit", "head")[1] == f"Line 2: {last}\n"
        file.write_text(file.read_text(encoding="utf-8").replace("board", "organiser", 1), encoding="utf-8")
        code, _out, err = run("audit", "verify", str(file))
        assert code == 1 and "Line 1: its content does not give its hash" in err
        assert run("audit", "verify", "--head", "0" * 64)[0] == 1
        assert run("audit", "verify", str(tmp_path / "nowhere"))[0] == 1


def test_the_index_for_searching_is_made_anew(run, here):
    an_old_recommendation(title="Fair fees")
    db.session.commit()
    with db.engine.begin() as past_the_session:
        past_the_session.execute(delete(SearchText.__table__))
    assert searching.search("fees").total == 0
    assert run("search-index") == (0, "1 texts can be found.\n", "")
    assert searching.search("fees").total == 1
