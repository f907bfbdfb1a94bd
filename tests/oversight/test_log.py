"""The log as it is read: sentences in everybody's language, looked through by person, act and day; and as files."""

from datetime import timedelta
from functools import cached_property

import pytest
import time_machine

from sipvote import audit, chain
from sipvote.db import db, now
from sipvote.i18n import ZONE
from tests.factories import a_board_member, a_facilitator, a_member, a_scrutineer, an_organiser

pytestmark = pytest.mark.usefixtures("database")


class Chloe:
    """A board member who signs in when she first reads something."""

    def __init__(self, browser_of):
        self.browser_of = browser_of

    @cached_property
    def get(self):
        return self.browser_of(a_board_member()).get


@pytest.fixture
def chloe(browser_of):
    return Chloe(browser_of)


@pytest.fixture
def dre():
    return an_organiser()


def test_who_watches_reads_it_and_others_do_not(browser_of):
    audit.record("open vote", "vote 2026", None)
    for reader in (a_board_member(), an_organiser(), a_scrutineer()):
        assert "Vote opened: election 2026, by the service itself." in browser_of(reader).get("/en/audit").text
    for other in (a_member(), a_facilitator()):
        for page in ("audit", "audit/log.csv", "audit/log.jsonl"):
            assert browser_of(other).get(f"/en/{page}").status_code == 403


def test_a_line_is_a_sentence_in_the_readers_language(chloe, dre):
    ada = a_member("Ada Peeters")
    audit.record("grant", f"member {ada.number}", dre.id, role="board", city=None, places=[3, 4])
    sentence = f"Role given: member {ada.number} (Ada Peeters), by Dré Maes ({dre.number})."
    page = chloe.get("/en/audit").text
    assert sentence in page and "role: Board member" in page and "city" not in page and "places: 3, 4" in page
    assert (
        f"Rol gegeven: vennoot {ada.number} (Ada Peeters), door Dré Maes ({dre.number})." in chloe.get("/nl/audit").text
    )
    assert "rôle\N{NO-BREAK SPACE}: Membre du conseil d’administration" in chloe.get("/fr/audit").text


def test_of_who_is_gone_the_number_is_left(chloe):
    bas = a_member("Bas")
    audit.record("open vote", "vote 2026", bas.id)
    db.session.delete(bas)
    assert f"by member {bas.number}." in chloe.get("/en/audit").text


def test_lines_are_found_by_person_act_and_day(chloe, dre):
    ada = a_member("Ada Peeters")
    with time_machine.travel(now() - timedelta(days=3)):
        long_ago = now().astimezone(ZONE).date()
        audit.record("plan edition", "edition 2026", None)
    audit.record("grant", f"member {ada.number}", dre.id, role="board")
    audit.record("revoke", f"member {ada.number}", None, role="board")

    def found(**asked):
        page = chloe.get("/en/audit", query_string=asked).text
        return [name for name in ("Edition planned", "Role given: ", "Role taken back: ") if f"<strong>{name}" in page]

    assert len(found()) == 3 and found(who="nobody") == []
    assert found(who="Dré") == found(who=dre.number) == ["Role given: "]
    assert found(who="ada pe") == found(who=ada.number) == ["Role given: ", "Role taken back: "]
    assert found(act="revoke") == ["Role taken back: "] and found(act="revoke", who=dre.number) == []
    assert found(day=long_ago.isoformat()) == ["Edition planned"]
    assert len(found(day="yesterday", act="anything")) == 3  # what makes no sense asks for nothing


def test_a_long_log_has_pages_that_keep_what_was_asked(chloe):
    for year in range(60):
        audit.record("plan edition", f"edition {year}", None)
    audit.record("revoke", "member 1", None)
    page = chloe.get("/en/audit?act=plan+edition").text
    assert (
        "60 lines" in page
        and "edition 59," in page
        and "edition 9," not in page
        and "act=plan+edition&amp;page=2" in page
    )
    assert "edition 9," in chloe.get("/en/audit?act=plan+edition&page=2").text


def test_the_whole_chain_is_given_out_and_checks(chloe, dre):
    audit.record("grant", "member 7", dre.id, reason="Élection « à Liège »\nIn two lines", role="board")
    audit.record("revoke", "member 7", dre.id)
    answer = chloe.get("/en/audit/log.jsonl?act=revoke")  # the whole of it, whatever was looked for
    lines = answer.get_data(as_text=True).splitlines()
    assert chain.check(lines).fault is None and chain.check(lines).lines == 2
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.jsonl"
    assert "Dré" not in answer.text


def test_what_was_looked_for_is_given_out_for_a_spreadsheet(chloe, dre):
    audit.record("grant", "member 7", dre.id, role="board")
    audit.record("revoke", "member 7", dre.id)
    rows = chloe.get("/en/audit/log.csv?act=grant").text.splitlines()
    assert rows[0] == "\ufeffLine;When;Number;What;Details;Hash" and len(rows) == 2
    assert f";{dre.number};Role given: member 7, by Dré Maes ({dre.number}).;role: Board member;" in rows[1]
