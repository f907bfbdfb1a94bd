"""Answers that many ask for at once are made once."""

import threading
import time

import pytest

from sipvote.kept import MOST, Kept


def test_an_answer_is_made_once_for_all_who_ask_within_its_time():
    made = []
    kept = Kept(60)
    assert [kept.get("x", lambda: made.append(1) or "answer") for _asker in range(50)] == ["answer"] * 50
    assert made == [1]


def test_it_is_made_anew_when_its_time_is_over():
    kept = Kept(0)  # answers of no age at all
    assert [kept.get("x", lambda n=n: n) for n in range(3)] == [0, 1, 2]


def test_who_asks_meanwhile_waits_for_it():
    kept, made, started = Kept(60), [], threading.Barrier(8)

    def make():
        time.sleep(0.05)
        made.append(1)
        return "answer"

    def ask():
        started.wait()
        assert kept.get("x", make) == "answer"

    askers = [threading.Thread(target=ask) for _n in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert made == [1]


def test_who_asks_while_it_is_made_anew_gets_the_old_one_at_once(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("sipvote.kept.monotonic", lambda: clock[0])
    kept, may_end = Kept(10), threading.Event()
    kept.get("x", lambda: "old")
    clock[0] = 11
    maker = threading.Thread(target=kept.get, args=("x", lambda: may_end.wait(60) and "new"))
    maker.start()
    while not kept._making.locked():
        time.sleep(0.001)
    assert kept.get("x", lambda: "never made") == "old"
    may_end.set()
    maker.join()
    assert kept.get("x", lambda: "never made") == "new"


def test_what_goes_wrong_is_not_kept():
    kept = Kept(60)
    with pytest.raises(ZeroDivisionError):
        kept.get("x", lambda: 1 / 0)
    assert kept.get("x", lambda: "well") == "well"


def test_it_never_holds_more_than_so_many_answers():
    kept = Kept(60)
    for n in range(MOST + 3):
        kept.get(n, lambda n=n: n)
    assert len(kept._answers) <= MOST
