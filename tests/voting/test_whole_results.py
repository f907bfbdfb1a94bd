"""The result in files, word by word: every rule, few ballots and many, a tie before and after its lot, yes and no."""

import json
from typing import Any

import pytest

from sipvote.db import db
from sipvote.voting import counting, hours, result, seal
from tests.factories import a_counted_election, a_member, an_election, tame_the_lot

pytestmark = pytest.mark.usefixtures("database")
MOMENTS = ("opened_at", "closed_at", "published_at")
FILES = ("results.json", "results.csv", "explanation.csv")
CAMPS = [(30, (0, 1)), (25, (0, 1, 2)), (20, (3,)), (15, (3, 4)), (10, (4,)), (12, ())]


def files(client, code: str = "en") -> str:
    """Everything that is downloaded, one after the other; what differs from run to run is left out."""
    told = []
    for name in FILES:
        answer = client.get(f"/{code}/2026/vote/{name}")
        assert answer.status_code == 200
        told += [f"--- {answer.headers.get('Content-Disposition', '')}", _text(answer)]
    return "\n".join(told) + "\n"


def _text(answer) -> str:
    if not answer.is_json:
        return answer.get_data(as_text=True).replace("\r\n", "\n")
    facts = answer.json
    assert all(facts.pop(name).startswith("20") for name in MOMENTS)
    themes: dict[Any, str] = {}
    for question in facts["questions"]:
        for each in (question, *question.get("options", ())):
            if each.get("theme"):
                each["theme"] = themes.setdefault(each["theme"], f"theme {len(themes) + 1}")
    return json.dumps(facts, indent=1, ensure_ascii=False)


def counted_as(monkeypatch, ballots, **settings):
    """An election in whose box these ballots were, as many times as they say; published."""
    election = an_election(a_member(number="2001"), **settings)
    hours.close(election, None)
    monkeypatch.setattr(seal, "open_box", lambda *_given: ([(n, (ballot,)) for n, ballot in ballots], 0))
    counting.count(election, [], None)
    result.publish(election, None)
    db.session.commit()
    return election


@pytest.mark.parametrize("rule", ["approval", "phragmen", "pav"])
def test_each_rule_is_told_whole(client, written, monkeypatch, rule):
    counted_as(monkeypatch, CAMPS, rule=rule, options=5, seats=3)
    assert written.is_same(f"result-{rule}.txt", files(client))


@pytest.mark.parametrize("rule", ["approval", "phragmen", "pav"])
def test_of_few_ballots_no_numbers_are_told(client, written, rule):
    election = a_counted_election((0, 1), (0, 1), (2,), (2, 3), (), rule=rule, seats=2)
    result.publish(election, None)
    assert written.is_same(f"result-few-{rule}.txt", files(client))


@pytest.mark.parametrize("rule", ["approval", "phragmen", "pav"])
def test_a_tie_is_told_before_and_after_its_lot(client, written, monkeypatch, rule):
    election = counted_as(monkeypatch, [(20, (0, 1)), (20, (0, 2)), (5, (3,))], rule=rule, seats=2)
    assert written.is_same(f"result-tied-{rule}.txt", files(client))
    tame_the_lot(monkeypatch)
    counting.settle(db.session.merge(election), 0, "416 225", "Six dice, thrown by Eva.", None)
    assert written.is_same(f"result-drawn-{rule}.txt", files(client))
