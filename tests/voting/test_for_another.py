"""The second ballot: a holder votes for a giver, in the same box, and never in place of the giver's own vote."""

import re
import threading

import pytest
import time_machine
from sqlalchemy import select

from sipvote.assembly import presence, proxies
from sipvote.assembly.models import Way
from sipvote.assembly.proxies import Vote
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import rules as members
from sipvote.voting import box, counting, hours, papers, proxy_votes, rules, seal
from sipvote.voting.models import Elector, Envelope
from tests.factories import (
    a_frozen_election,
    a_member,
    a_proxy,
    a_vote,
    a_vote_for,
    an_assembly,
    an_edition,
    an_election,
)
from tests.queries import counted as counted_queries

OPEN = Vote()


@pytest.fixture
def ada(database):
    """Gives her proxy."""
    return a_member()


@pytest.fixture
def bas(database):
    """Holds it."""
    return a_member("Bas Claes")


@pytest.fixture
def vote(ada, bas):
    edition = an_edition(Phase.VOTE)
    an_assembly(edition)
    return an_election(ada, bas, edition=edition)


@pytest.fixture
def proxy(vote, ada, bas):
    return a_proxy(ada, bas)


def mandate_of(proxy):
    """What a ballot needs of a proxy; commits, because it is read as from another request."""
    db.session.commit()
    found = proxy_votes.mandate(2026, proxy.id, proxy.holder_id)
    db.session.rollback()
    return found


def counted(election):
    hours.close(election, None)
    counting.count(election, [], None)
    return counting.opened(election)


class TestTheBox:
    def test_a_proxy_is_a_second_ballot_beside_ones_own(self, vote, bas, proxy):
        own, other = a_vote(vote, bas, 0), a_vote_for(vote, proxy, 1)
        assert sorted(box.trackers(vote.id)) == sorted([own, other])
        assert counted(vote) == [(1, ((0,),)), (1, ((1,),))]

    def test_the_holder_may_vote_anew_for_the_giver(self, vote, ada, proxy):
        first, second = a_vote_for(vote, proxy, 0), a_vote_for(vote, proxy, 1)
        assert box.trackers(vote.id) == [second] and box.replaced(vote.id) == [first]
        assert box.standing(vote.id, ada.id).by_proxy

    def test_the_givers_own_vote_replaces_the_holders(self, vote, ada, proxy):
        first, own = a_vote_for(vote, proxy, 0), a_vote(vote, ada, 1)
        assert box.trackers(vote.id) == [own] and box.replaced(vote.id) == [first]
        assert not box.standing(vote.id, ada.id).by_proxy

    def test_the_holders_never_replaces_the_givers_own(self, vote, ada, proxy):
        own = a_vote(vote, ada, 1)
        with pytest.raises(Refused, match="Ada Peeters has voted"):
            a_vote_for(vote, proxy, 0)
        assert box.trackers(vote.id) == [own] and box.standing(vote.id, ada.id).changes == 0

    def test_the_givers_own_vote_replaces_also_one_that_the_holder_cast_in_the_hall(self, vote, ada, proxy):
        paper, mandate = papers.of(vote), mandate_of(proxy)
        how = box.Cast(in_hall=True, proxy_id=mandate.proxy_id, holder_id=mandate.holder_id)
        proxy_votes.cast(paper, mandate, ((0,),), how)
        own = a_vote(vote, ada, 1)
        assert box.trackers(vote.id) == [own]

    def test_a_vote_in_the_hall_by_the_giver_is_not_touched(self, vote, ada, proxy):
        paper, ada_id = papers.of(vote), ada.id
        db.session.commit()
        rules.cast(paper, ada_id, ((2,),), box.Cast(in_hall=True))
        with pytest.raises(Refused, match="has voted"):
            a_vote_for(vote, proxy, 0)
        assert counted(vote) == [(1, ((2,),))]

    def test_who_took_a_ballot_on_paper_is_not_voted_for(self, vote, ada, proxy):
        db.session.get(Elector, (vote.id, ada.id)).paper_at = now()
        with pytest.raises(Refused, match="took a ballot on paper"):
            a_vote_for(vote, proxy, 0)
        assert box.turnout(vote.id) == 0

    def test_a_proxy_that_is_not_accepted_casts_nothing(self, vote, ada, bas):
        with pytest.raises(Refused, match="Accept the proxy of Ada Peeters first"):
            a_vote_for(vote, a_proxy(ada, bas, accepted=False), 0)
        assert box.turnout(vote.id) == 0

    @pytest.mark.parametrize(
        ("end", "why"),
        [
            (lambda p: proxies.take_back(p, OPEN), "Ada Peeters took the proxy back"),
            (lambda p: proxies.decline(p, OPEN), "has ended"),
            (lambda p: proxies.end_for(p.assembly, p.giver_id), "is at the assembly and votes there"),
        ],
    )
    def test_a_proxy_that_has_ended_casts_nothing_and_what_was_cast_stays(self, vote, ada, proxy, end, why):
        stays = a_vote_for(vote, proxy, 0)
        end(proxy)
        with pytest.raises(Refused, match=why):
            a_vote_for(vote, proxy, 1)
        assert box.trackers(vote.id) == [stays]
        assert box.trackers(vote.id) != [a_vote(vote, ada, 2)] and box.turnout(vote.id) == 1

    def test_the_next_holder_replaces_what_the_last_one_cast(self, vote, ada, proxy):
        a_vote_for(vote, proxy, 0)
        proxies.take_back(proxy, OPEN)
        last = a_vote_for(vote, a_proxy(ada, a_member("Cleo")), 1)
        assert box.trackers(vote.id) == [last]

    def test_a_proxy_serves_only_its_holder_and_only_its_giver(self, vote, ada, bas, proxy):
        paper, people = papers.of(vote), (ada.id, bas.id, a_member("Mallory").id)
        proxy_id = proxy.id
        db.session.commit()
        ada_id, bas_id, mallory_id = people
        assert box.cast(paper, ada_id, ((0,),), box.Cast(proxy_id=proxy_id, holder_id=mallory_id)) is None
        assert box.cast(paper, bas_id, ((0,),), box.Cast(proxy_id=proxy_id, holder_id=bas_id)) is None
        assert box.cast(paper, ada_id, ((0,),), box.Cast(proxy_id=proxy_id + 1, holder_id=bas_id)) is None
        assert box.turnout(vote.id) == 0

    def test_who_is_not_on_the_roll_is_not_voted_for(self, vote, bas):
        with pytest.raises(Refused, match="Newcomer is not on the electoral roll"):
            a_vote_for(vote, a_proxy(a_member("Newcomer"), bas), 0)

    def test_before_opening_and_after_closing_nobody_votes_for_anybody(self, ada, bas):
        edition = an_edition(Phase.VOTE)
        an_assembly(edition)
        election, _lists = a_frozen_election(ada, bas, edition=edition)
        proxy = a_proxy(ada, bas)
        with pytest.raises(Refused, match="not begun"):
            a_vote_for(election, proxy, 0)
        election.opened_at = now()
        a_vote_for(election, proxy, 0)
        with time_machine.travel(election.closes_at, tick=False), pytest.raises(Refused, match="closed since"):
            a_vote_for(election, proxy, 1)
        hours.close(election, None)
        with pytest.raises(Refused, match="closed since"):
            a_vote_for(election, proxy, 1)
        assert box.standing(election.id, ada.id).changes == 0

    def test_changes_have_one_limit_for_giver_and_holder_together(self, vote, ada, proxy):
        a_vote_for(vote, proxy, 0)
        db.session.get(Envelope, (vote.id, ada.id)).former = "0" * box.HASH_DIGITS * box.CHANGES_AT_MOST
        with pytest.raises(Refused, match="was changed 100 times"):
            a_vote_for(vote, proxy, 1)

    def test_where_one_votes_in_the_hall_only_the_holder_must_be_there(self, ada, bas):
        edition = an_edition(Phase.VOTE)
        assembly = an_assembly(edition, remote_vote=False)
        election = an_election(ada, bas, edition=edition)
        proxy = a_proxy(ada, bas)
        with pytest.raises(Refused, match="in the hall only"):
            a_vote_for(election, proxy, 0)
        (ballot,) = proxy_votes.ballots(election, edition, bas.id, box.Cast())
        assert "in the hall only" in ballot.why_not
        presence.check_in(assembly, bas, Way.HALL, None)
        assert a_vote_for(election, proxy, 0) in box.trackers(election.id)

    def test_what_does_not_fit_the_ballot_is_told(self, vote, proxy):
        with pytest.raises(Refused, match="at most 3 themes"):
            a_vote_for(vote, proxy, 0, 1, 2, 3)


def in_threads(app, works):
    """Run each work in a thread with a session of its own; give what each gave, or None when it was refused."""
    results, barrier = [None] * len(works), threading.Barrier(len(works))

    def run(n, work):
        with app.app_context():
            barrier.wait()
            try:
                results[n] = work()
            except Refused:
                results[n] = None
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_forty_proxies_at_once_are_forty_envelopes(app, database):
    edition = an_edition(Phase.VOTE)
    an_assembly(edition, proxies_per_holder=5)
    givers, holders = [a_member(f"G{n}") for n in range(40)], [a_member(f"H{n}") for n in range(8)]
    election = an_election(*givers, *holders, edition=edition)
    held = [a_proxy(giver, holders[n % 8]) for n, giver in enumerate(givers)]
    paper, mandates = papers.of(election), [mandate_of(proxy) for proxy in held]

    def casting(m):
        return lambda: proxy_votes.cast(paper, m, ((1,),), box.Cast(proxy_id=m.proxy_id, holder_id=m.holder_id))

    trackers = in_threads(app, [casting(m) for m in mandates])
    assert sorted(trackers) == box.trackers(election.id) and len(set(trackers)) == 40
    by_proxy = db.session.scalars(select(Envelope.by_proxy)).all()
    assert by_proxy == [True] * 40


def test_giver_and_holder_at_once_leave_the_givers_own(app, vote, ada, proxy):
    paper, ada_id, mandate = papers.of(vote), ada.id, mandate_of(proxy)
    how = box.Cast(proxy_id=mandate.proxy_id, holder_id=mandate.holder_id)
    for _round in range(10):
        trackers = in_threads(
            app,
            [
                lambda: proxy_votes.cast(paper, mandate, ((0,),), how),
                lambda: rules.cast(paper, ada_id, ((1,),)),
                lambda: proxy_votes.cast(paper, mandate, ((2,),), how),
            ],
        )
        assert box.trackers(vote.id) == [trackers[1]]
        db.session.rollback()


# --- In the browser -----------------------------------------------------------------------------------


def ballot_of(election, *chosen):
    return {"ballot": papers.of(election).name, "q0": [str(c) for c in chosen]}


class TestThreeScreens:
    def test_each_says_whose_ballot_it_is(self, browser_of, vote, bas, proxy):
        browser, ballot, base = browser_of(bas), ballot_of(vote, 0, 2), f"/en/2026/vote/for/{proxy.id}"
        page = browser.get(f"{base}/ballot").text
        assert "<h1>Ballot for Ada Peeters</h1>" in page and "This is not your own ballot" in page
        assert f'action="{base}/check"' in page
        check = browser.post(f"{base}/check", data=ballot).text
        assert "Check your choice for Ada Peeters" in check and "You choose 2 themes" in check
        assert "Send the vote for Ada Peeters" in check and "Send my vote" not in check
        assert f'action="{base}/send"' in check and f'formaction="{base}/ballot"' in check
        done = browser.post(f"{base}/send", data=ballot, follow_redirects=True)
        assert done.request.path == f"{base}/receipt" and "You have voted for Ada Peeters" in done.text
        (tracker,) = box.trackers(vote.id)
        groups = re.findall(r"<span>(\w{4})</span>", done.text)
        assert "-".join(groups[:3]) == seal.code(tracker)
        assert box.standing(vote.id, bas.id).tracker is None

    def test_a_ballot_filled_in_wrongly_comes_back_as_that_of_the_giver(self, browser_of, vote, bas, proxy):
        for step in ("check", "send"):
            page = browser_of(bas).post(f"/en/2026/vote/for/{proxy.id}/{step}", data=ballot_of(vote, 0, 1, 2, 3)).text
            assert "You chose 4" in page and "Ballot for Ada Peeters" in page and page.count(" checked") == 4
        assert box.turnout(vote.id) == 0

    @pytest.mark.parametrize("step", ["check", "send"])
    def test_the_language_switch_leads_back_to_this_ballot(self, browser_of, bas, proxy, step):
        page = browser_of(bas).get(f"/fr/2026/vote/for/{proxy.id}/{step}", follow_redirects=True)
        assert page.request.path == f"/fr/2026/vote/for/{proxy.id}/ballot" and page.status_code == 200

    def test_the_receipt_is_the_holders_and_says_whose_vote_it_is(self, browser_of, vote, ada, bas, proxy):
        tracker, base = a_vote_for(vote, proxy, 0), f"/en/2026/vote/for/{proxy.id}"
        file = browser_of(bas).get(f"{base}/receipt.txt")
        assert "This vote was cast for Ada Peeters, by proxy." in file.text and tracker in file.text
        for _click in range(2):
            browser_of(bas).post(f"{base}/receipt/mail")
        letter = db.session.scalars(select(Letter).where(Letter.name == "receipt")).one()
        assert letter.address == bas.email and "for Ada Peeters" in letter.body and "Theme" not in letter.body
        # The giver is told that there is a vote, and gets no receipt of what somebody else chose.
        assert browser_of(ada).get("/en/2026/vote/receipt").headers["Location"] == "/en/2026/vote"

    def test_what_was_cast_under_an_ended_proxy_keeps_its_receipt_until_the_giver_votes(
        self, browser_of, vote, ada, bas, proxy
    ):
        a_vote_for(vote, proxy, 0)
        proxies.take_back(proxy, OPEN)
        receipt = f"/en/2026/vote/for/{proxy.id}/receipt"
        assert browser_of(bas).get(receipt).status_code == 200
        a_vote(vote, ada, 1)
        assert browser_of(bas).get(receipt).status_code == 302

    def test_the_next_holder_does_not_see_the_last_ones_receipt(self, browser_of, vote, ada, proxy):
        a_vote_for(vote, proxy, 0)
        proxies.take_back(proxy, OPEN)
        cleo = a_member("Cleo")
        following = a_proxy(ada, cleo)
        assert browser_of(cleo).get(f"/en/2026/vote/for/{following.id}/receipt").status_code == 302
        assert "not sent yet" in browser_of(cleo).get("/en/2026/vote").text

    def test_ones_own_receipt_leads_on_to_the_ballots_for_others(self, browser_of, vote, bas, proxy):
        a_vote(vote, bas, 0)
        assert "Now vote for Ada Peeters" in browser_of(bas).get("/en/2026/vote/receipt").text
        a_vote_for(vote, proxy, 0)
        assert "Now vote for" not in browser_of(bas).get("/en/2026/vote/receipt").text


class TestClosedDoors:
    @pytest.mark.parametrize("path", ["ballot", "check", "send", "receipt", "receipt.txt"])
    def test_only_the_holder_has_this_ballot(self, client, browser_of, ada, proxy, path):
        address = f"/en/2026/vote/for/{proxy.id}/{path}"
        assert "/sign-in" in client.get(address).headers["Location"]
        for who in (ada, a_member("Mallory")):
            assert browser_of(who).get(address).status_code == 404

    def test_nobody_else_casts_it(self, browser_of, vote, ada, proxy):
        data = ballot_of(vote, 0)
        for who in (ada, a_member("Mallory")):
            assert browser_of(who).post(f"/en/2026/vote/for/{proxy.id}/send", data=data).status_code == 404
        assert box.turnout(vote.id) == 0

    @pytest.mark.parametrize("address", ["/en/2025/vote/for/{}/ballot", "/en/2026/vote/for/{}999/ballot"])
    def test_a_proxy_that_is_not_there(self, browser_of, bas, proxy, address):
        an_edition(Phase.STOCKTAKE, year=2025)
        assert browser_of(bas).get(address.format(proxy.id)).status_code == 404

    def test_why_there_is_no_ballot_is_told_on_every_screen(self, browser_of, vote, ada, bas, proxy):
        a_vote(vote, ada, 1)
        browser, ballot, base = browser_of(bas), ballot_of(vote, 0), f"/en/2026/vote/for/{proxy.id}"
        for answer in (
            browser.get(f"{base}/ballot"),
            browser.post(f"{base}/check", data=ballot),
            browser.post(f"{base}/send", data=ballot),
        ):
            assert answer.status_code == 409 and "Ada Peeters has voted. That vote counts" in answer.text
            assert "You cannot vote for Ada Peeters now" in answer.text and "receipt" not in answer.text

    def test_who_came_with_a_card_votes_for_the_giver_in_the_hall(self, app, vote, ada, bas, proxy):
        visitor = members.begin_session(bas, "card")
        db.session.commit()
        browser = app.test_client()
        with browser.session_transaction() as session:
            session["_user_id"] = visitor.get_id()
        address, data = f"/en/2026/vote/for/{proxy.id}/send", ballot_of(vote, 0)
        assert browser.post(address, data=data).status_code == 303
        standing = box.standing(vote.id, ada.id)
        assert standing.in_hall and standing.by_proxy
        assert browser.get("/en/2026/assembly/proxy").status_code == 403


class TestThePageOfTheVote:
    def test_the_holder_sees_each_ballot_with_its_state(self, browser_of, vote, ada, bas, proxy):
        page = browser_of(bas).get("/en/2026/vote").text
        assert "Ballot for Ada Peeters" in page and "not sent yet" in page and "Vote for Ada Peeters" in page
        a_vote_for(vote, proxy, 0)
        page = browser_of(bas).get("/en/2026/vote").text
        assert "You voted for Ada Peeters on" in page and "Change the vote for Ada Peeters" in page
        a_vote(vote, ada, 0)
        page = browser_of(bas).get("/en/2026/vote").text
        assert "Ada Peeters has voted. That vote counts" in page and "Change the vote" not in page

    def test_the_giver_sees_who_votes_for_them_and_that_they_have(self, browser_of, vote, ada, proxy):
        browser = browser_of(ada)
        page = browser.get("/en/2026/vote").text
        assert "Bas Claes votes for you. You can still vote yourself" in page and "Go to my ballot" in page
        a_vote_for(vote, proxy, 0)
        page = browser.get("/en/2026/vote").text
        assert "Bas Claes voted for you on" in page and "Your own vote then replaces it" in page
        assert "You have voted" not in page
        assert "Somebody voted for you, by proxy" in browser.get("/en/2026/vote/ballot").text
        assert "Somebody voted for you, by proxy" in browser.get("/en/").text
        assert "somebody voted for you on" in browser.get("/en/me").text
        a_vote(vote, ada, 1)
        page = browser.get("/en/2026/vote").text
        assert "You have voted" in page and "Bas Claes" not in page

    def test_after_the_vote_both_read_what_happened(self, browser_of, vote, ada, bas, proxy):
        a_vote_for(vote, proxy, 0)
        hours.close(vote, None)
        page = browser_of(ada).get("/en/2026/vote").text
        assert "Bas Claes voted for you on" in page and "can still vote" not in page
        assert "You voted for Ada Peeters on" in browser_of(bas).get("/en/2026/vote").text

    def test_the_first_page_says_who_waits_for_an_answer_and_for_a_vote(self, browser_of, vote, ada, bas):
        proxy = a_proxy(ada, bas, accepted=False)
        page = browser_of(bas).get("/en/").text
        assert "You are asked to vote for Ada Peeters" in page
        proxies.accept(proxy, OPEN)
        page = browser_of(bas).get("/en/").text
        assert "You are asked" not in page and "Vote for Ada Peeters" in page
        a_vote_for(vote, proxy, 0)
        assert "Ada Peeters" not in browser_of(bas).get("/en/").text

    def test_without_proxies_nothing_is_said_of_them(self, browser_of, client, ada):
        an_election(ada)
        for who in (client, browser_of(ada)):
            page = who.get("/en/2026/vote").text.lower()
            assert "proxy" not in page and "proxies" not in page

    def test_that_a_holder_knows_the_vote_is_said_beside_the_secrecy(self, client, vote):
        assert "they know what they choose for you" in client.get("/en/2026/vote").text


def test_one_more_ballot_for_another_costs_no_more_queries(browser_of, vote, bas, proxy):
    browser, costs = browser_of(bas), []
    for address in ("/en/2026/vote", "/en/2026/assembly/proxy", "/en/"):
        with counted_queries() as one:
            assert browser.get(address).status_code == 200
        costs.append(len(one))
    a_proxy(a_member("Cleo"), bas)
    for address, cost in zip(("/en/2026/vote", "/en/2026/assembly/proxy", "/en/"), costs, strict=True):
        with counted_queries() as two:
            assert "Cleo" in browser.get(address).text or address == "/en/"
        assert len(two) <= cost
