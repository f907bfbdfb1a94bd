"""Group commit: whoever waits is written by whoever leads, and one that fails takes nobody with it."""

import threading
import time

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from sipvote.db import db, look
from sipvote.together import Together

INSERT = text("insert into city (slug, name_nl, name_fr, name_en, country) values (:slug, 'x', 'x', 'x', :country)")


def write(connection, item):
    connection.execute(INSERT, {"slug": item, "country": None if item == "bad" else "BE"})
    return item.upper()


def put_in_threads(app, together, items):
    """Put every item from a thread of its own, all of them while the first one leads; give what each got."""
    got = {}

    def put(item):
        with app.app_context():
            try:
                got[item] = together.put(item)
            except IntegrityError as fault:
                got[item] = type(fault)

    threads = [threading.Thread(target=put, args=(item,)) for item in items]
    with together._lead:  # so that nobody leads before all are waiting
        for thread in threads:
            thread.start()
        while len(together._waiting) < len(items):
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    return got


def slugs():
    with look() as connection:
        return set(connection.execute(text("select slug from city")).scalars())


def test_one_commit_serves_all_who_wait(app, database):
    items = [f"c{n}" for n in range(12)]
    commits = []
    note = commits.append
    event.listen(db.engine, "commit", note)
    try:
        got = put_in_threads(app, Together(write), items)
    finally:
        event.remove(db.engine, "commit", note)
    assert got == {item: item.upper() for item in items}
    assert slugs() == set(items) and len(commits) == 1


def test_one_that_fails_takes_nobody_with_it(app, database):
    got = put_in_threads(app, Together(write), ["c1", "bad", "c2"])
    assert got == {"c1": "C1", "bad": IntegrityError, "c2": "C2"}
    assert slugs() == {"c1", "c2"}


def test_what_writing_raises_reaches_who_put_it(app, database):
    together = Together(write)
    with pytest.raises(IntegrityError):
        together.put("bad")
    assert together.put("c3") == "C3" and slugs() == {"c3"}
