"""The way of a vote, from the letter to the receipt: 30,000 members go it within minutes, so it asks little."""

import re

from sipvote.assembly import links
from sipvote.db import db
from tests.factories import a_member, an_assembly, an_election
from tests.queries import counted

BALLOT = re.compile(r'name="ballot" value="(\w+)"')


def go(app, link):
    """Go the whole way; gives what was asked of the database for each page."""
    browser, asked, form = app.test_client(), [], {}
    steps = (
        ("GET", link, 200),
        ("POST", link, 303),
        ("GET", "/en/2026/vote/ballot", 200),
        ("POST", "/en/2026/vote/check", 200),
        ("POST", "/en/2026/vote/send", 303),
        ("GET", "/en/2026/vote/receipt", 200),
    )
    for method, address, status in steps:
        db.session.expunge_all()
        with counted() as seen:
            page = browser.open(address, method=method, data=form if "/vote/" in address else None)
        assert page.status_code == status, address
        if found := BALLOT.search(page.text):
            form = {"ballot": found[1], "q0": "0"}
        asked.append([statement for statement in seen if statement.partition(" ")[0] in ("SELECT", "INSERT", "UPDATE")])
    return asked


def test_each_page_asks_little_and_nothing_twice(app, database):
    ada, bert = a_member("Ada Peeters"), a_member("Bert Maes")
    assembly = an_assembly()
    an_election(ada, bert, edition=assembly.edition)
    ways = [f"/en/2026/assembly/link/{links.token(assembly.id, member.id)}" for member in (ada, bert)]
    go(app, ways[0])  # the paper is read once
    asked = go(app, ways[1])
    # Beside what every page asks of the session; on PostgreSQL that a vote is begun is noted the same way.
    assert all(len(page) <= most for page, most in zip(asked, [2, 6, 1, 2, 0, 2], strict=True)), asked
    assert all(len(set(page)) == len(page) for page in asked)


def test_the_cookie_keeps_nothing_of_address_or_browser(app, database):
    ada, assembly = a_member(), an_assembly()
    browser = app.test_client()
    browser.post(f"/en/2026/assembly/link/{links.token(assembly.id, ada.id)}")
    with browser.session_transaction() as session:
        assert session["_user_id"] and not {"_id", "_remember"} & set(session)
