"""Proxies: given, accepted, ended; no chains, never too many, nobody's name for a number."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from sipvote import audit
from sipvote.assembly import presence, proxies
from sipvote.assembly.models import Assembly, Presence, Proxy, Way
from sipvote.assembly.proxies import Vote
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members.models import Member
from tests.factories import a_member, a_proxy, an_assembly, an_organiser, kept

pytestmark = pytest.mark.usefixtures("database")
OPEN = Vote()


@pytest.fixture
def ada(database):
    return a_member()


@pytest.fixture
def bas(database):
    return a_member("Bas Claes")


@pytest.fixture
def assembly(database):
    return an_assembly()


def letters():
    return {(letter.name, letter.address) for letter in db.session.scalars(select(Letter))}


def is_there(assembly, member, **values):
    facts = {"way": Way.HALL, "arrived_at": now(), **values}
    return kept(Presence(assembly_id=assembly.id, member_id=member.id, **facts))


class TestGiving:
    def test_the_holder_is_asked_by_mail_and_has_no_ballot_yet(self, assembly, ada, bas):
        proxy = proxies.give(assembly, ada, bas, OPEN)
        assert proxy.accepted_at is None and proxy.place is None
        assert letters() == {("proxy_offered", bas.email)}

    def test_it_stands_once_it_is_accepted_and_the_giver_hears_of_it(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        assert proxy.accepted_at and proxy.place == 1
        assert ("proxy_accepted", ada.email) in letters()

    def test_nobody_gives_two(self, assembly, ada, bas):
        a_proxy(ada, bas, accepted=False)
        with pytest.raises(Refused, match="already given a proxy to Bas Claes"):
            proxies.give(assembly, ada, a_member("Cleo"), OPEN)

    def test_nobody_gives_one_to_oneself(self, assembly, ada):
        with pytest.raises(Refused, match="somebody else"):
            proxies.give(assembly, ada, ada, OPEN)

    def test_without_an_assembly_or_where_statutes_allow_none_nobody_gives_one(self, ada, bas):
        with pytest.raises(Refused, match="nobody can vote for somebody else"):
            proxies.give(None, ada, bas, OPEN)
        with pytest.raises(Refused, match="nobody can vote for somebody else"):
            proxies.give(an_assembly(proxies_per_holder=0), ada, bas, OPEN)

    def test_after_the_vote_no_proxy_changes(self, assembly, ada, bas):
        proxy, closed = a_proxy(ada, bas), Vote(closed_at=now())
        offered = a_proxy(a_member("Cleo"), bas, accepted=False)
        for act in (
            lambda: proxies.give(assembly, a_member("Dora"), bas, closed),
            lambda: proxies.accept(offered, closed),
            lambda: proxies.decline(offered, closed),
            lambda: proxies.take_back(proxy, closed),
            lambda: proxies.end_at_desk(proxy, "Wrong paper", closed, bas.id),
        ):
            with pytest.raises(Refused, match="closed since"):
                act()
        assembly.opened_at = assembly.closed_at = now()
        with pytest.raises(Refused, match="closed since"):
            proxies.take_back(proxy, OPEN)

    def test_only_members_on_that_day_give_and_hold(self, assembly, ada, bas):
        gone = a_member("Gone", left=assembly.starts_at.date())
        later = a_member("Later", joined=assembly.starts_at.date() + timedelta(days=3))
        with pytest.raises(Refused, match="Gone is not a member on the day"):
            proxies.give(assembly, ada, gone, OPEN)
        with pytest.raises(Refused, match="You are not a member on the day"):
            proxies.give(assembly, later, bas, OPEN)

    def test_who_has_voted_or_is_there_needs_no_proxy(self, assembly, ada, bas):
        with pytest.raises(Refused, match="You have voted"):
            proxies.give(assembly, ada, bas, Vote(has_voted=True))
        here = is_there(assembly, ada)
        with pytest.raises(Refused, match="You are checked in"):
            proxies.give(assembly, ada, bas, OPEN)
        here.left_at = now()
        assert proxies.give(assembly, ada, bas, OPEN)


class TestNoChains:
    def test_who_gave_their_own_away_holds_none(self, assembly, ada, bas):
        a_proxy(ada, bas)
        cleo = a_member("Cleo")
        with pytest.raises(Refused, match="Ada Peeters has given their own vote away"):
            proxies.give(assembly, cleo, ada, OPEN)

    def test_who_holds_one_gives_none(self, assembly, ada, bas):
        a_proxy(ada, bas)
        with pytest.raises(Refused, match="You vote for somebody else"):
            proxies.give(assembly, bas, a_member("Cleo"), OPEN)

    def test_who_was_offered_one_and_gave_their_own_cannot_accept(self, assembly, ada, bas):
        offered = a_proxy(ada, bas, accepted=False)
        a_proxy(bas, a_member("Cleo"), accepted=False)
        with pytest.raises(Refused, match="You have given your own vote away"):
            proxies.accept(offered, OPEN)

    def test_a_giver_who_took_one_on_meanwhile_is_not_voted_for(self, assembly, ada, bas):
        offered, others = a_proxy(ada, bas, accepted=False), a_member("Cleo")
        kept(Proxy(assembly=assembly, giver=others, holder=ada, given_at=now(), accepted_at=now(), place=1))
        with pytest.raises(Refused, match="Ada Peeters votes for somebody else"):
            proxies.accept(offered, OPEN)


class TestTheCap:
    def test_nobody_holds_more_than_the_statutes_allow(self, assembly, bas):
        offers = [a_proxy(a_member(f"M{n}"), bas, accepted=False) for n in range(3)]
        for offer in offers[:2]:
            proxies.accept(offer, OPEN)
        with pytest.raises(Refused, match="You hold 2 proxies"):
            proxies.accept(offers[2], OPEN)
        with pytest.raises(Refused, match="Bas Claes holds 2 proxies already"):
            proxies.give(assembly, a_member("Late"), bas, OPEN)

    def test_a_place_that_was_given_back_is_free_again(self, assembly, bas):
        first, second, third = (a_proxy(a_member(f"M{n}"), bas, accepted=False) for n in range(3))
        proxies.accept(first, OPEN)
        proxies.accept(second, OPEN)
        proxies.decline(first, OPEN)
        proxies.accept(third, OPEN)
        assert (second.place, third.place) == (2, 1)


class TestEnding:
    def test_the_giver_takes_it_back_and_the_holder_hears_of_it(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        proxies.take_back(proxy, OPEN)
        assert proxy.ended_why == "withdrawn" and ("proxy_ended", bas.email) in letters()
        assert proxies.give(assembly, ada, a_member("Cleo"), OPEN)

    def test_the_holder_declines_or_gives_it_back(self, assembly, ada, bas):
        declined = a_proxy(ada, bas, accepted=False)
        proxies.decline(declined, OPEN)
        returned = a_proxy(ada, bas)
        proxies.decline(returned, OPEN)
        assert (declined.ended_why, returned.ended_why) == ("declined", "returned")
        assert {("proxy_declined", ada.email), ("proxy_ended", ada.email)} <= letters()

    def test_what_has_ended_does_not_end_again_and_is_not_accepted(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas, accepted=False)
        proxies.take_back(proxy, OPEN)
        for act in (proxies.accept, proxies.decline, proxies.take_back):
            with pytest.raises(Refused, match="has ended"):
                act(proxy, OPEN)
        assert proxy.ended_why == "withdrawn"

    def test_nobody_accepts_twice(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        with pytest.raises(Refused, match="accepted this proxy already"):
            proxies.accept(proxy, OPEN)

    def test_an_offer_of_somebody_who_has_voted_cannot_be_accepted(self, assembly, ada, bas):
        with pytest.raises(Refused, match="Ada Peeters has voted"):
            proxies.accept(a_proxy(ada, bas, accepted=False), Vote(has_voted=True))

    def test_who_checks_in_votes_themselves(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        assert proxies.end_for(assembly, ada.id) is proxy
        assert proxy.ended_why == "present" and ("proxy_ended", bas.email) in letters()
        assert proxies.end_for(assembly, ada.id) is None

    def test_checking_in_ends_what_one_gave_not_what_one_holds(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        assert proxies.end_for(assembly, bas.id) is None and proxy.ended_at is None

    def test_every_way_of_checking_in_does_so(self, ada, bas):
        assembly = an_assembly(follow_url="https://example.org/live")
        for way, by in ((Way.HALL, bas.id), (Way.REMOTE, None)):
            proxy = a_proxy(ada, bas)
            arrival = presence.check_in(assembly, ada, way, by)
            assert arrival.ended is proxy and proxy.ended_why == "present"
            assert presence.check_in(assembly, ada, way, by).ended is None
            presence.leave(assembly, ada)
        presence.check_in(assembly, bas, Way.HALL, None)
        with pytest.raises(Refused, match="You are checked in"):
            proxies.give(assembly, bas, ada, OPEN)


class TestOnPaper:
    def test_a_proxy_on_paper_stands_at_once_and_both_hear_of_it(self, assembly, ada, bas):
        dre = an_organiser()
        proxy = proxies.enter(assembly, ada, bas, OPEN, dre.id)
        assert proxy.accepted_at and proxy.place == 1 and proxy.entered_by_id == dre.id
        assert letters() == {("proxy_entered", ada.email), ("proxy_entered", bas.email)}
        entry = db.session.scalars(select(audit.Entry)).one()
        assert (entry.act, entry.facts) == ("enter proxy", {"giver": ada.number, "holder": bas.number})

    def test_paper_has_the_same_limits_and_the_desk_reads_whom_they_are_about(self, assembly, ada, bas):
        with pytest.raises(Refused, match="Ada Peeters has voted"):
            proxies.enter(assembly, ada, bas, Vote(has_voted=True), ada.id)
        for n in range(2):
            a_proxy(a_member(f"M{n}"), bas)
        with pytest.raises(Refused, match="Bas Claes holds 2 proxies already"):
            proxies.enter(assembly, ada, bas, OPEN, ada.id)
        with pytest.raises(Refused, match="Bas Claes votes for somebody else"):
            proxies.enter(assembly, bas, ada, OPEN, ada.id)

    def test_the_desk_ends_one_with_a_reason_that_both_read(self, assembly, ada, bas):
        proxy = a_proxy(ada, bas)
        proxies.end_at_desk(proxy, "The signature is not Ada’s.", OPEN, bas.id)
        ended = db.session.scalars(select(Letter).where(Letter.name == "proxy_ended")).all()
        assert {letter.address for letter in ended} == {ada.email, bas.email}
        assert all("The signature is not Ada’s." in letter.body for letter in ended)
        assert db.session.scalars(select(audit.Entry)).one().facts["reason"] == "The signature is not Ada’s."


class TestNumberAndName:
    @pytest.mark.parametrize("name", ["Chloé Dubois", "chloe dubois", " DUBOIS  Chloé ", "Dubois Chloe"])
    def test_a_member_is_found_by_both(self, name):
        chloe = a_member("Chloé Dubois")
        assert proxies.member_of(f" {chloe.number} ", name) is chloe

    @pytest.mark.parametrize("name", ["", "Chloé", "Dubois", "Chloé Dubois Maes", "Somebody Else", "%"])
    def test_a_number_alone_gives_no_name_away(self, name):
        chloe = a_member("Chloé Dubois")
        with pytest.raises(Refused) as unknown:
            proxies.member_of("99999", name)
        with pytest.raises(Refused) as wrong:
            proxies.member_of(chloe.number, name)
        assert wrong.value.why == unknown.value.why and "Dubois" not in wrong.value.why


# --- Races ------------------------------------------------------------------------------------------


def at_once(app, works):
    """Run each work in a thread and a transaction of its own, as requests that write; give what was refused."""
    refused, faults, barrier = [], [], threading.Barrier(len(works))

    def run(work):
        with app.app_context():
            barrier.wait()
            try:
                work()
                db.session.commit()
            except Refused as why:
                refused.append(why.why)
            except Exception as fault:  # noqa: BLE001  (told below)
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    return refused


def accepting(proxy_id):
    return lambda: proxies.accept(db.session.get(Proxy, proxy_id), OPEN)


def test_forty_at_once_and_no_holder_has_more_than_allowed(app, assembly):
    """Forty offers to eight holders of two places each: sixteen stand, and the others are told why not."""
    holders = [a_member(f"H{n}") for n in range(8)]
    offers = [a_proxy(a_member(f"G{n}"), holders[n % 8], accepted=False).id for n in range(40)]
    db.session.commit()
    refused = at_once(app, [accepting(proxy_id) for proxy_id in offers])
    assert len(refused) == 24 and all("You hold 2 proxies" in why for why in refused)
    held = db.session.execute(select(Proxy.holder_id, Proxy.place).where(Proxy.accepted_at.is_not(None))).all()
    assert sorted(held) == sorted((holder.id, place) for holder in holders for place in (1, 2))


def test_no_chain_comes_about_in_a_race(app, assembly, ada, bas):
    """While Bas accepts Ada's proxy, Bas offers his own to Cleo: one of the two comes too late, every time."""
    assembly_id, ada_id, bas_id, cleo_id = assembly.id, ada.id, bas.id, a_member("Cleo").id
    for _round in range(5):
        offer = a_proxy(db.session.get(Member, ada_id), db.session.get(Member, bas_id), accepted=False).id
        db.session.commit()

        def give():
            giver, holder = db.session.get(Member, bas_id), db.session.get(Member, cleo_id)
            proxies.give(db.session.get(Assembly, assembly_id), giver, holder, OPEN)

        assert len(at_once(app, [accepting(offer), give])) == 1
        for proxy in db.session.scalars(select(Proxy).where(Proxy.ended_at.is_(None))).all():
            proxies.take_back(proxy, OPEN)
        db.session.commit()


def test_two_tabs_give_one_proxy(app, assembly, ada):
    assembly_id, ada_id, holders = assembly.id, ada.id, [a_member(f"H{n}").id for n in range(4)]
    db.session.commit()

    def giving(holder_id):
        def give():
            people = (db.session.get(Member, each) for each in (ada_id, holder_id))
            proxies.give(db.session.get(Assembly, assembly_id), *people, OPEN)

        return give

    assert len(at_once(app, [giving(holder_id) for holder_id in holders])) == 3
    assert len(db.session.scalars(select(Proxy)).all()) == 1


def test_accepting_and_taking_back_at_once_leaves_no_standing_proxy(app, assembly, ada, bas):
    for _round in range(5):
        offer = a_proxy(db.session.merge(ada), db.session.merge(bas), accepted=False).id
        db.session.commit()
        at_once(app, [accepting(offer), lambda offer=offer: proxies.take_back(db.session.get(Proxy, offer), OPEN)])
        ended = db.session.get(Proxy, offer)
        db.session.refresh(ended)
        assert ended.ended_why == "withdrawn"
        db.session.commit()


def test_who_checks_in_while_giving_has_no_standing_proxy(app, assembly, ada, bas):
    assembly_id, ada_id, bas_id = assembly.id, ada.id, bas.id
    for _round in range(5):

        def give():
            people = (db.session.get(Member, each) for each in (ada_id, bas_id))
            proxies.give(db.session.get(Assembly, assembly_id), *people, OPEN)

        def come():
            presence.check_in(db.session.get(Assembly, assembly_id), db.session.get(Member, ada_id), Way.HALL, None)

        db.session.commit()
        at_once(app, [give, come])
        assert db.session.scalars(select(Proxy).where(Proxy.ended_at.is_(None))).all() == []
        db.session.execute(delete(Presence))
