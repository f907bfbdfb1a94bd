"""Profile files: what can be counted, and one clear sentence for everything that cannot."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipvote import jsonfile
from sipvote.jsonfile import BadFile
from sipvote.voting import profiles

GOOD: dict[str, Any] = {
    "options": ["A", "B", "C"],
    "max_approvals": 2,
    "ballots": [[3, [0, 2]], [2, [1]], [1, []]],
}
RANGE = ", but there are 3 options (0 to 2)."
TIMES = " must be there a whole number of times, from 1 to 1,000,000,000."


@pytest.fixture
def profile(tmp_path: Path) -> Any:
    """Write a profile file: the good one with some keys changed, or any bytes."""

    def write(content: bytes | None = None, **changes: Any) -> Path:
        path = tmp_path / "profile.json"
        path.write_bytes(json.dumps({**GOOD, **changes}).encode() if content is None else content)
        return path

    return write


def refusal(path: Path, rule: str = "approval", seats: Any = 1) -> str:
    with pytest.raises(BadFile) as fault:
        profiles.count_file(path, rule, seats)
    return str(fault.value)


def test_a_profile_is_read_and_counted(profile: Any) -> None:
    path = profile()
    assert profiles.read(path) == profiles.Profile(3, 2, ((3, (0, 2)), (2, (1,)), (1, ())))
    assert profiles.count_file(path, "approval", 2) == {"winners": [0, 2], "outcomes": [[0, 2]]}


def test_a_tie_has_no_winners_and_shows_all_outcomes(profile: Any) -> None:
    path = profile(ballots=[[2, [2, 0]], [2, [1]]])
    assert profiles.count_file(path, "approval", 1) == {"winners": None, "outcomes": [[0], [1], [2]]}


def test_without_ballots_all_options_are_tied(profile: Any) -> None:
    path = profile(ballots=[])
    assert profiles.count_file(path, "approval", 2) == {"winners": None, "outcomes": [[0, 1], [0, 2], [1, 2]]}
    assert profiles.count_file(path, "approval", 3) == {"winners": [0, 1, 2], "outcomes": [[0, 1, 2]]}


@pytest.mark.parametrize("limit", [None, 3])
def test_a_limit_may_be_null_or_left_out(profile: Any, limit: int | None) -> None:
    assert profiles.read(profile(max_approvals=limit)).max_approvals == limit
    assert profiles.read(profile(b'{"options": ["A"], "ballots": [[1, [0]]]}')).max_approvals is None


def test_a_byte_order_mark_does_no_harm(profile: Any) -> None:
    assert profiles.read(profile(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())).options == 3


def test_an_option_out_of_range_is_named_with_its_ballot(profile: Any) -> None:
    path = profile(options=[str(n) for n in range(10)], ballots=[[1, [0]], [1, [1]], [1, [12]]])
    assert refusal(path) == "Ballot 3 names option 12, but there are 10 options (0 to 9)."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"options": "ABC"}, 'The key "options" must be there and be a list.'),
        ({"ballots": None}, 'The key "ballots" must be there and be a list.'),
        ({"options": []}, "There must be from 1 to 1,000 options, not 0."),
        ({"options": ["A"] * 1001}, "There must be from 1 to 1,000 options, not 1,001."),
        ({"options": ["A", 2]}, "Option 1 must be a text."),
        ({"max_approvals": 0}, '"max_approvals" must be null or a whole number of at least 1.'),
        ({"max_approvals": True}, '"max_approvals" must be null or a whole number of at least 1.'),
        ({"max_approvals": "2"}, '"max_approvals" must be null or a whole number of at least 1.'),
        ({"max_approvals": 2.0}, '"max_approvals" must be null or a whole number of at least 1.'),
        ({"ballots": [7]}, "Ballot 1 must be a pair: how many times, and a list of options."),
        ({"ballots": [[1]]}, "Ballot 1 must be a pair: how many times, and a list of options."),
        ({"ballots": [[1, [], 1]]}, "Ballot 1 must be a pair: how many times, and a list of options."),
        ({"ballots": [[1, 0]]}, "Ballot 1 must be a pair: how many times, and a list of options."),
        ({"ballots": [[1, []], [0, []]]}, "Ballot 2" + TIMES),
        ({"ballots": [[-1, []]]}, "Ballot 1" + TIMES),
        ({"ballots": [[1.0, []]]}, "Ballot 1" + TIMES),
        ({"ballots": [[True, []]]}, "Ballot 1" + TIMES),
        ({"ballots": [[10**9 + 1, []]]}, "Ballot 1" + TIMES),
        ({"ballots": [[1, ["0"]]]}, "Ballot 1 names an option that is not a whole number."),
        ({"ballots": [[1, [False]]]}, "Ballot 1 names an option that is not a whole number."),
        ({"ballots": [[1, [0.0]]]}, "Ballot 1 names an option that is not a whole number."),
        ({"ballots": [[1, [-1]]]}, "Ballot 1 names option -1" + RANGE),
        ({"ballots": [[1, [3]]]}, "Ballot 1 names option 3" + RANGE),
        ({"ballots": [[1, [10**40]]]}, "Ballot 1 names option about 10^40" + RANGE),
        ({"ballots": [[1, [1, 1]]]}, "Ballot 1 names option 1 twice."),
        ({"ballots": [[1, [0, 1, 2]]]}, "Ballot 1 names 3 options, but at most 2 are allowed."),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(profile: Any, changes: dict[str, Any], sentence: str) -> None:
    assert refusal(profile(**changes)) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is not JSON: line 1, column 1: Expecting value."),
        (b"{", "The file is not JSON: line 1, column 2: Expecting property name enclosed in double quotes."),
        (b"[]", 'The file must hold one JSON object, with "options" and "ballots".'),
        (b'{"ballots": []}', 'The key "options" must be there and be a list.'),
        (b'{"options": ["A"]}', 'The key "ballots" must be there and be a list.'),
        (b'{"options": ["A"], "options": ["B"]}', "The key 'options' stands twice in one object."),
        (b"\xff\xfe{\x00}\x00", "The file is not UTF-8 text: byte 1 does not fit."),
        (b"[NaN]", "The file is not JSON: NaN is not a number."),
        (b"[-Infinity]", "The file is not JSON: -Infinity is not a number."),
        (b"[" * 100_000, "The lists in the file are nested too deeply."),
        (b"[" + b"9" * 5000 + b"]", "The file holds a number with too many digits."),
    ],
)
def test_what_is_no_profile_is_refused(profile: Any, content: bytes, sentence: str) -> None:
    assert refusal(profile(content)) == sentence


def test_a_file_must_be_there_and_be_readable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.json") == f"There is no file '{tmp_path}/none.json'."
    assert refusal(tmp_path) == f"The file '{tmp_path}' cannot be read: Is a directory."
    assert refusal(Path("a\0b")) == "No file can have the name 'a\\x00b'."


def test_a_file_larger_than_any_vote_is_not_read(profile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonfile, "MOST_BYTES", 100)
    assert refusal(profile(b" " * 101)) == "The file is larger than 100 bytes."
    assert refusal(profile(b" " * 100)).startswith("The file is not JSON")


@pytest.mark.parametrize("seats", [0, -1, 4, True, "1", 10**30])
def test_the_number_of_places_is_checked(profile: Any, seats: Any) -> None:
    sentence = "The number of places must be from 1 to 3, the number of options."
    assert refusal(profile(), seats=seats) == sentence


def test_an_unknown_rule_is_refused(profile: Any) -> None:
    assert refusal(profile(), rule="borda").startswith("There is no rule 'borda'; there is approval")


def test_more_outcomes_than_can_be_listed_are_told_in_number(profile: Any) -> None:
    names = [f"Option {n}" for n in range(1, 101)]
    assert refusal(profile(options=names, ballots=[]), seats=4) == (
        "There are 3,921,225 tied outcomes, too many to list."
    )
    assert refusal(profile(options=names, ballots=[]), seats=50) == (
        "There are about 10^29 tied outcomes, too many to list."
    )


@pytest.mark.parametrize(("limit", "most"), [("MOST_OUTCOMES", 3), ("MOST_NUMBERS", 6)])
def test_as_many_outcomes_as_the_limit_are_listed(
    profile: Any, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(profiles, limit, most)
    assert len(profiles.count_file(profile(ballots=[]), "approval", 2)["outcomes"]) == 3
    monkeypatch.setattr(profiles, limit, most - 1)
    assert refusal(profile(ballots=[]), seats=2) == "There are 3 tied outcomes, too many to list."


def test_a_vote_as_large_as_is_allowed_is_counted(profile: Any) -> None:
    path = profile(options=["A"] * 1000, max_approvals=1, ballots=[[10**9, [999]]])
    assert profiles.count_file(path, "approval", 1) == {"winners": [999], "outcomes": [[999]]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 4) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["options", "ballots", "max_approvals"]), inner)
    ),
    max_leaves=20,
)


@given(content=JSON | st.fixed_dictionaries({"options": JSON, "ballots": JSON, "max_approvals": JSON}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_file_holds_it_is_counted_or_refused(profile: Any, content: Any) -> None:
    try:
        sentence, outcomes = None, profiles.count_file(profile(json.dumps(content).encode()), "approval", 1)
    except BadFile as fault:
        sentence, outcomes = str(fault), None
    assert (outcomes and outcomes["outcomes"]) or (sentence and sentence.endswith("."))
