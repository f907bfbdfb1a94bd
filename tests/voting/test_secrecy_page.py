"""The page that says how a vote stays secret: three languages, commands that work, each sentence with its test."""

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from tests.factories import a_counted_election, an_edition

ROOT = Path(__file__).parent.parent.parent
SENTENCES = re.findall(
    r"^\| (.+?) \| (`tests/.+`) \|$", (ROOT / "docs" / "voting.md").read_text(encoding="utf-8"), re.M
)


def commands(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r"<pre>(.+?)</pre>", page, re.S)]


@pytest.mark.parametrize(
    ("code", "title"),
    [("en", "How your vote stays secret"), ("nl", "Hoe je stem geheim blijft"), ("fr", "Comment votre vote reste")],
)
def test_everybody_reads_it_in_their_language(client, code, title):
    assert title in client.get(f"/{code}/secret-vote").text  # without an edition too
    an_edition()
    assert (
        f'href="/{code}/secret-vote"' in client.get(f"/{code}/").text
        and "verify.py" in client.get(f"/{code}/secret-vote").text
    )


def test_the_command_for_everybody_gives_the_root_of_the_last_checkpoint(client, tmp_path):
    year = a_counted_election((0,), (1,), (0, 1)).edition.year
    command = commands(client.get("/en/secret-vote").text)[0]
    name = re.search(r"trackers-\d+\.txt", command)
    assert name and name[0] in client.get(f"/{year}/vote/trackers.txt").headers["Content-Disposition"]
    (tmp_path / name[0]).write_text(client.get(f"/{year}/vote/trackers.txt").text, encoding="ascii")
    program = command.removeprefix('python3 -c "').removesuffix('"')
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    last = json.loads(client.get(f"/{year}/vote/checkpoints.jsonl").text.splitlines()[-1])
    assert done.stdout.strip() == last["root"]


def test_what_is_told_of_the_key_and_the_package_is_what_is_there(client):
    from sipvote.voting import keys, verify

    told = commands(client.get("/en/secret-vote").text)[1]
    assert f"--key {keys.public_signing_key()}" in told
    assert all(option in verify.__doc__ for option in ("--key", "--checkpoint", "--ask-seed"))


@pytest.mark.parametrize(("sentence", "tests"), SENTENCES)
def test_each_sentence_has_tests_that_exist(sentence, tests):
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(?:\w+::)?(\w+)`", tests):
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), (sentence, name)


def test_there_is_a_table_of_sentences_and_tests():
    assert len(SENTENCES) >= 20 and all("::" in tests for _sentence, tests in SENTENCES)
