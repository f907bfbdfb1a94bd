"""Log lint (catalogue, 32): the whole life of an election, with everything logged looked through for what is secret.

Signing in, word lists, ballots, receipts, count and result, faults on the way, and the worker beside it.
"""

import io
import logging
import re

import pytest
from sqlalchemy import select, text

from sipvote import logs, worker
from sipvote.access import Role
from sipvote.app import create_app
from sipvote.db import db
from sipvote.members.models import Member
from sipvote.voting import box, hours, keys, papers, seal
from tests.endings import let_go
from tests.factories import a_frozen_election, a_member, a_scrutineer

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def service(app, database_url, tmp_path):
    """The service as it runs for real: faults get pages, and are logged."""
    made = create_app(
        SQLALCHEMY_DATABASE_URI=database_url, TESTING=False, INSTANCE=tmp_path, JOBS_URL="sqlite://",
        WTF_CSRF_ENABLED=False,
    )  # fmt: skip
    made.test_client_class = app.test_client_class
    made.add_url_rule("/broken", "broken", broken, methods=["POST"])
    with made.app_context():
        yield made
    let_go(made)


def broken():
    """A page with two faults that carry what was sent in their words and in the values of a statement."""
    from flask import request

    sent = " ".join(f"{name}={value}" for name, value in request.form.items(multi=True))
    try:
        db.session.execute(text("INSERT INTO nowhere VALUES (:sent)"), {"sent": sent})
    except Exception as fault:
        db.session.rollback()  # the tests have one session for all requests
        raise RuntimeError(f"could not keep {sent}") from fault


broken.is_public = True  # type: ignore[attr-defined]


@pytest.fixture
def logged(caplog):
    """All that is logged, as text and as JSON, at the level of real life."""
    caplog.set_level(logging.INFO)
    stream = io.StringIO()
    handlers = [logs.handler(kind, stream) for kind in ("text", "json")]
    for handler in handlers:
        logging.getLogger().addHandler(handler)
    yield stream
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


class Secrets(set[str]):
    """Everything that may stand in no log, gathered while it is used."""

    def found_in(self, told: str) -> list[str]:
        return sorted(secret for secret in self if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", told))


def enter(service, member, secrets):
    """Sign in by the link in the mail; a browser."""
    browser = service.test_client()
    browser.post("/en/sign-in", data={"email": member.email})
    worker.send_mail()
    sent = service.extensions["mailman"].outbox[-1].body
    (token,), (code,) = re.findall(r"/sign-in/link/([\w-]+)", sent), re.findall(r"^\s*(\d{6})\s*$|(\d{6})", sent)[:1]
    secrets |= {token, next(filter(None, code)), member.email, member.email.partition("@")[0]}
    assert browser.get(f"/en/sign-in/link/{token}").status_code == 200
    assert browser.post(f"/en/sign-in/link/{token}").status_code == 303
    cookie = browser.get_cookie("sipvote")
    secrets.add(cookie.value)
    service.test_client().get(f"/en/sign-in/link/{token}")  # dead by now
    return browser


def vote(browser, paper, member, election, secrets, *options):
    ballot = {"ballot": paper.name, "q0": [str(option) for option in options]}
    assert browser.post("/en/2026/vote/check", data=ballot).status_code == 200
    assert browser.post("/en/2026/vote/send", data=ballot).status_code == 303
    receipt = browser.get("/en/2026/vote/receipt")
    browser.post("/en/2026/vote/receipt/mail")
    tracker = box.standing(election.id, member.id).tracker
    secrets |= {tracker, seal.code(tracker), seal.code(tracker).replace("-", " "), seal.code(tracker).replace("-", "")}
    browser.get("/en/2026/board", query_string={"code": seal.code(tracker)})
    return receipt, browser.post("/en/broken", data=ballot | {"tracker": tracker, "email": member.email})


def the_life_of_an_election(service, secrets):
    """From the frozen ballot to the published result; gives the error pages met on the way."""
    voters = [a_member(name) for name in ("Ada", "Bas", "Chloé")]
    dre, eva = a_member("Dré Maes", "brussel", Role.ORGANISER), a_scrutineer()
    election, lists = a_frozen_election(*voters)
    secrets |= {" ".join(words.split()[at : at + 2]) for words in lists for at in range(19)} | set(lists)
    secrets |= {service.config["SECRET_KEY"], service.config["SIGNING_KEY"], keys.signing_key().encode().hex()}
    people = {member.id: enter(service, member, secrets) for member in (*voters, dre, eva)}
    desk = "/en/2026/election"
    for words in ("x" * 50, *lists):
        people[eva.id].post(f"{desk}/prove", data={"words": words})
    pages = [people[eva.id].post("/en/broken", data={"words": lists[0]})]
    hours.open_(election, None)
    db.session.commit()
    paper = papers.of(election)
    for number, member in enumerate(voters):
        secrets |= {f"q0={number}", "q0"}
        pages += vote(people[member.id], paper, member, election, secrets, number, 3)[1:]
    worker.do(service, "regular")
    hours.close(election, None)
    db.session.commit()
    people[eva.id].post(f"{desk}/count", data={"first": lists[0], "second": lists[2]})
    assert people[dre.id].post(f"{desk}/publish").status_code == 303
    worker.do(service, "regular")
    db.session.refresh(election)
    assert election.counted_at and election.published_at
    return pages


def test_no_log_and_no_error_page_tells_a_secret(service, logged, monkeypatch):
    secrets = Secrets()

    def failing():
        member = db.session.scalars(select(Member)).first()
        raise RuntimeError(f"no mail for {member.email}: {' '.join(sorted(secrets))}")

    monkeypatch.setitem(worker.REGULAR, "failing", failing)
    pages = the_life_of_an_election(service, secrets)
    told = logged.getvalue()
    assert len(secrets) > 80 and "voting.check" in told and "job failing" in told and told.count('"trace"') >= 5
    assert secrets.found_in(told) == []
    assert [page.status_code for page in pages] == [500] * len(pages)
    assert [secrets.found_in(page.text) for page in pages] == [[]] * len(pages)
    planted = sorted(secrets)
    for secret in planted:  # the lint can fail: each of them is found wherever somebody logs it
        logging.getLogger("planted").warning("somebody logged <%s>, carelessly", secret)
    assert secrets.found_in(logged.getvalue()) == planted
