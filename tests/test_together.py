"""Group commit: whoever waits is written by whoever leads, and one that fails takes nobody with it."""

import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from sipvote import together as module
from sipvote.db import by_driver, look
from sipvote.together import Together

INSERT = "insert into city (slug, name_nl, name_fr, name_en, country) values ('{}', 'x', 'x', 'x', {})"


def write(driver, item):
    driver.execute(INSERT.format(item, "null" if item == "bad" else "'BE'"))  # a city lies in a country
    return item.upper()


def put_in_threads(app, items):
    """Put every item from a thread of its own while another one leads; give what each got."""
    got = {}

    def hold_up(driver, item):
        while item == "first" and len(together._waiting) < len(items):
            time.sleep(0.001)
        return write(driver, item)

    together = Together(hold_up)

    def put(item):
        with app.app_context():
            try:
                got[item] = together.put(item)
            except OperationalError:
                got[item] = "refused"

    threads = [threading.Thread(target=put, args=(item,)) for item in ["first", *items]]
    for thread in threads:
        thread.start()
        while not together._is_led:  # the first one leads
            time.sleep(0.001)
    for thread in threads:
        thread.join(20)
    assert got.pop("first") == "FIRST"
    return got


def cities():
    with look() as connection:
        return set(connection.execute(text("select slug from city")).scalars()) - {"first"}


def test_one_commit_serves_all_who_wait(app, database, monkeypatch):
    items, commits = [f"c{n}" for n in range(12)], []
    monkeypatch.setattr(module, "by_driver", lambda alone: commits.append(alone) or by_driver(alone))
    assert put_in_threads(app, items) == {item: item.upper() for item in items}
    assert cities() == set(items) and commits == [False, False]  # the first one's, and that of all others


def test_one_that_fails_takes_nobody_with_it(app, database):
    got = put_in_threads(app, ["c1", "bad", "c2"])
    assert got == {"c1": "C1", "bad": "refused", "c2": "C2"}
    assert cities() == {"c1", "c2"}


def test_what_writing_raises_reaches_who_put_it(app, database):
    together = Together(write)
    with pytest.raises(OperationalError):
        together.put("bad")
    assert together.put("c3") == "C3" and cities() == {"c3"}


def test_nobody_is_left_waiting_however_many_come(app, database):
    together, threads = Together(write), []

    def put_ten(who):
        with app.app_context():
            for n in range(10):
                together.put(f"{who}-{n}")

    for who in range(16):
        threads.append(threading.Thread(target=put_ten, args=(who,)))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    assert len(cities()) == 160 and not together._waiting and not together._is_led
