"""Erasing a former member: every table that points at members has its fate, no roll loses its hash, no byte stays."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from sipvote import audit, mail, worker
from sipvote.db import Base, db, look, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.members import rules as members
from sipvote.members.models import Member, SignIn
from sipvote.retention import erasing, own_data, rules
from sipvote.retention.headings import HEADINGS
from sipvote.retention.models import Certificate
from sipvote.themes.models import Theme
from sipvote.voting import board, freezing
from sipvote.voting.models import Elector, Envelope
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_group,
    a_member,
    a_signup,
    a_theme,
    a_vote,
    an_edition,
    an_election,
    an_organiser,
)

pytestmark = pytest.mark.usefixtures("database")


def pointing() -> set[str]:
    """Every column that points at a member, also by way of the roll."""
    found = set()
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.target_fullname in ("member.id", "elector.member_id"):
                found.add(f"{table.name}.{key.parent.name}")
    return found


def gone(member: Member) -> Member:
    member.left, member.email = now().date() - timedelta(days=1), None
    db.session.flush()
    return member


# --- The tables of the house ------------------------------------------------------------------------


def test_every_column_that_points_at_a_member_has_one_fate_when_they_are_erased():
    named = [name for part in erasing.PARTS for name in part.columns]
    assert sorted(named) == sorted(pointing())


def test_every_column_that_points_at_a_member_is_in_the_download_or_has_a_reason(browser_of):
    assert set(own_data.TOLD) & set(own_data.UNTOLD) == set()
    assert set(own_data.TOLD) | set(own_data.UNTOLD) == pointing()
    assert set(own_data.TOLD.values()) <= set(browser_of(a_member()).get("/en/me/data.json").json)


def test_what_loses_its_author_may_be_without_one():
    for part in erasing.PARTS:
        for name in part.columns:
            table, _dot, column = name.partition(".")
            if part.fate is erasing.Fate.NAMELESS:
                assert Base.metadata.tables[table].c[column].nullable, name


# --- Who may be erased ------------------------------------------------------------------------------


def test_a_member_is_told_why_not():
    ada = a_member()
    assert "stands on the roll" in erasing.why_not_erase(ada)
    ada.left = date.today() + timedelta(days=30)  # noqa: DTZ011
    assert "stands on the roll" in erasing.why_not_erase(ada)
    with pytest.raises(Refused):
        erasing.erase(ada, an_organiser().id)
    assert ada.name == "Ada Peeters"


def test_nobody_is_erased_twice():
    ada, dre = gone(a_member()), an_organiser()
    erasing.erase(ada, dre.id)
    assert "was erased on" in erasing.why_not_erase(ada)


# --- What happens -----------------------------------------------------------------------------------


def test_the_name_goes_and_what_others_answered_stays():
    edition, dre = an_edition(), an_organiser()
    ada = a_facilitator()
    theme = a_theme(edition, proposer=ada)
    mail.queue("theme_admitted", ada, theme=theme)
    members.begin_session(ada)
    gone(ada)
    certificate = erasing.erase(ada, dre.id)
    db.session.refresh(theme)
    assert (ada.name, ada.number, ada.email, ada.grants) == ("–", f"erased {ada.id}", None, [])
    assert ada.erased_at and theme.proposer_id is None and theme.texts
    assert not db.session.scalars(select(mail.Letter)).all() and not db.session.scalars(select(SignIn)).all()
    assert dict(certificate.lines)["texts"] == 1 and certificate.by_id == dre.id
    last = db.session.scalars(select(audit.Entry).order_by(audit.Entry.id.desc())).first()
    assert (last.act, last.actor) == ("erase member", dre.number) and audit.first_fault() is None


def test_a_roll_keeps_its_hash_until_the_vote_cannot_be_contested():
    ada, ben, dre = a_member("Ada Vanishing"), a_member("Ben"), an_organiser()
    election = an_election(ada, ben)
    a_vote(election, ada, 1)
    numbers = {r.number for r in db.session.scalars(select(Elector))}
    gone(ada)
    erasing.erase(ada, dre.id)
    db.session.commit()
    rolled = db.session.scalars(select(Elector).where(Elector.election_id == election.id)).all()
    assert {r.number for r in rolled} == numbers
    assert freezing.roll_hash([r.number for r in rolled]) == election.roll_hash
    assert db.session.scalars(select(Envelope.member_id)).all() == [ada.id]
    assert board.root(db.session.scalars(select(Envelope.tracker)))


def test_a_seat_is_counted_still_and_what_was_said_of_access_is_not():
    edition, ada = an_edition(Phase.SIGNUP), a_member("Ada Vanishing")
    signup = a_signup(ada, a_group(edition))
    signup.access_needs = "A ramp"
    gone(ada)
    erasing.erase(ada, an_organiser().id)
    db.session.refresh(signup)
    assert signup.access_needs == "" and signup.member.name == "–"


def test_no_byte_of_the_name_stays_in_the_file():
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL's own VACUUM clears its pages: docs/retention.md
    dre = an_organiser()
    names = {}
    for n in range(300):
        a_member(f"Somebody {n}")
    ada = a_member("Quetzalcoatl Vanishing", number="XQ-4711", email="quetzal@vanishing.example")
    edition = an_edition()
    a_theme(edition, proposer=ada)
    mail.queue("sign_in", ada, token="t", code="1", minutes=10)
    members.ask_sign_in("quetzal@vanishing.example", "b", "en", None)
    members.begin_session(ada)
    db.session.commit()
    rules.settle()
    path = Path(db.engine.url.database)
    names = [b"Quetzalcoatl", b"XQ-4711", b"quetzal@vanishing"]
    assert all(name in path.read_bytes() for name in names)
    gone(ada)
    erasing.erase(ada, dre.id)
    db.session.execute(text("DELETE FROM sign_in"))  # asked for by address: gone within a day
    db.session.commit()
    rules.settle()
    files = [each for each in (path, path.with_name(path.name + "-wal")) if each.exists()]
    assert [name for name in names if any(name in each.read_bytes() for each in files)] == []


def test_who_reads_for_long_holds_the_log_up_but_not_the_service(monkeypatch):
    if db.engine.dialect.name != "sqlite":
        assert rules.settle()
        return
    monkeypatch.setattr(rules, "PATIENCE", 20)
    log = Path(f"{db.engine.url.database}-wal")
    with look() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM member").scalar()
        a_member()
        db.session.commit()
        assert not rules.settle() and log.stat().st_size
        with look() as another:
            assert another.exec_driver_sql("PRAGMA busy_timeout").scalar() > 1000, "patient as before"
        reader.exec_driver_sql("ROLLBACK")
    assert rules.settle() and not log.stat().st_size


def test_what_was_not_settled_is_settled_at_the_next_round(monkeypatch):
    answers = [False, True]
    monkeypatch.setattr(worker, "_retained", {})
    monkeypatch.setattr(worker.retention, "settle", lambda: answers.pop(0))
    for _round in range(3):
        worker.retain()
    assert answers == []


def test_the_database_stays_whole():
    ada = gone(a_member())
    erasing.erase(ada, an_organiser().id)
    db.session.commit()
    if db.engine.dialect.name == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_key_check")).first() is None
    assert inspect(db.engine).has_table("certificate") and db.session.scalars(select(Certificate)).one().lines == []
    assert db.session.scalars(select(Theme)).all() == []


# --- The page ---------------------------------------------------------------------------------------


def test_an_organiser_sees_beforehand_what_goes_and_confirms(browser_of):
    dre, ada = an_organiser(), a_member("Ada Vanishing")
    theme = a_theme(an_edition(), proposer=ada)
    gone(ada)
    browser, here = browser_of(dre), f"/en/members/{ada.id}/erase"
    assert here in browser.get(f"/en/members/{ada.id}").text
    page = browser.get(here).text
    assert "Stays, without a name." in page and "published hash covers it" in page
    done = browser.post(here)
    assert done.status_code == 303 and "/retention/certificates/" in done.headers["Location"]
    certificate = browser.get(done.headers["Location"]).text
    assert "Certificate of destruction" in certificate and "Vanishing" not in certificate and dre.name in certificate
    db.session.expire_all()
    assert "a former member" in browser.get(f"/en/2026/themes/{theme.id}").text
    assert "was erased on" in browser.get(here).text


def test_a_member_cannot_be_erased_on_the_page(browser_of):
    ada, browser = a_member(), browser_of(an_organiser())
    here = f"/en/members/{ada.id}/erase"
    page = browser.get(here).text
    assert "stands on the roll" in page and "Yes, erase" not in page
    assert browser.post(here).status_code == 409
    assert db.session.get(Member, ada.id).name == "Ada Peeters"


def test_the_board_reads_certificates_and_erases_nobody(browser_of):
    ada, board_member = gone(a_member()), a_board_member()
    browser = browser_of(board_member)
    assert browser.get("/en/retention").status_code == 200
    assert browser.post(f"/en/members/{ada.id}/erase").status_code == 403


def test_who_signed_in_long_ago_signs_in_again_first(browser_of):
    ada, dre = gone(a_member()), an_organiser()
    browser = browser_of(dre)
    for sign_in in db.session.scalars(select(SignIn)):
        sign_in.used_at = now() - timedelta(minutes=31)
    sent = browser.post(f"/en/members/{ada.id}/erase")
    assert "/sign-in" in sent.headers["Location"]
    assert db.session.get(Member, ada.id).erased_at is None


# --- One's own data ---------------------------------------------------------------------------------


def test_the_page_tells_in_words_what_the_file_tells(browser_of):
    dre = an_organiser()
    browser = browser_of(dre)
    audit.record("grant", "member 1", dre.id)
    page, file = browser.get("/en/me/data").text, browser.get("/en/me/data.json").json
    assert page.count("<h2>") == len(file) and "Acts as an official" in page and dre.email in page
    assert file["acts as an official"][0]["act"] == "grant"
    assert "Handelingen als verantwoordelijke" in browser.get("/nl/me/data").text
    assert "Actes comme responsable" in browser.get("/fr/me/data").text


def test_every_heading_of_the_file_has_words_in_every_language(browser_of):
    def names(value):
        if isinstance(value, dict):
            return set(value) | set().union(*map(names, value.values()), set())
        return set().union(*map(names, value), set()) if isinstance(value, list) else set()

    ada = a_member()
    election = an_election(ada)
    a_vote(election, ada, 0)
    assert names(browser_of(ada).get("/en/me/data.json").json) <= set(HEADINGS)


def test_nobody_reads_the_data_of_another(browser_of):
    ada, ben = a_member("Ada Peeters"), a_member("Ben Claes")
    assert ben.email not in browser_of(ada).get("/en/me/data").text
