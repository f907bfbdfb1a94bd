"""Who may do what: roles are given, taken back, and limited to a city for facilitators only."""

import pytest

from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db
from sipvote.errors import Refused
from sipvote.members import rules
from tests.factories import a_city, a_facilitator, a_member, an_organiser


@pytest.mark.usefixtures("database")
class TestRoles:
    def test_a_role_is_given_once(self):
        ada = a_member()
        rules.grant(ada, Role.BOARD, None, None)
        with pytest.raises(Refused):
            rules.grant(ada, Role.BOARD, None, None)

    def test_only_facilitators_belong_to_a_city(self):
        with pytest.raises(Refused):
            rules.grant(a_member(), Role.BOARD, a_city(), None)

    def test_a_facilitator_may_have_several_cities(self):
        bas = a_member("Bas")
        for city in ("gent", "lille"):
            rules.grant(bas, Role.FACILITATOR, a_city(city), None)
        assert rules.visitor_of(1, bas).cities == {a_city("gent").id, a_city("lille").id}

    def test_a_facilitator_of_everywhere_is_not_limited(self):
        bas = a_member("Bas")
        for city in (a_city("gent"), None):
            rules.grant(bas, Role.FACILITATOR, city, None)
        assert rules.visitor_of(1, bas).cities == frozenset()

    def test_an_organiser_cannot_lock_everybody_out(self):
        dre = an_organiser()
        with pytest.raises(Refused):
            rules.revoke(dre.grants[0], dre.id)

    def test_giving_and_taking_stand_in_the_audit_log(self):
        dre, ada = an_organiser(), a_member()
        given = rules.grant(ada, Role.SCRUTINEER, None, dre.id)
        rules.revoke(given, dre.id)
        assert [e.act for e in db.session.query(Entry).order_by(Entry.id)] == ["grant", "revoke"]


def test_an_organiser_gives_a_role_on_the_page(client, browser_of):
    ada = a_member()
    browser = browser_of(an_organiser())
    page = browser.post(f"/en/members/{ada.id}", data={"role": "board", "city": 0}, follow_redirects=True)
    assert "now has this role" in page.text
    assert browser.post(f"/en/members/{ada.id}", data={"role": "emperor", "city": 0}).status_code == 200
    assert [g.role for g in ada.grants] == [Role.BOARD]


def test_a_second_click_takes_nothing_more_back(browser_of):
    organiser, bas = an_organiser(), a_facilitator()
    browser = browser_of(organiser)
    address = f"/en/members/{bas.id}/roles/{bas.grants[0].id}/revoke"
    for _click in range(2):
        assert "The role was taken back." in browser.post(address, follow_redirects=True).text
    assert [e.act for e in db.session.query(Entry).order_by(Entry.id)] == ["grant", "revoke"]


def test_a_role_is_taken_back_on_the_page_of_its_member_only(browser_of):
    organiser, bas = an_organiser(), a_facilitator()
    address = f"/en/members/{organiser.id}/roles/{bas.grants[0].id}/revoke"
    assert browser_of(organiser).post(address).status_code == 404
