"""Ballots on paper: whoever takes one votes in no other way; two scrutineers read each pile, and must agree."""

import threading

import pytest
from sqlalchemy import func, select

from sipvote.access import Role
from sipvote.assembly.models import Proxy
from sipvote.db import by_driver, db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.members.models import Member
from sipvote.voting import box, counting, freezing, hours, paper_ballots, papers, questions, rules, seal
from sipvote.voting.day import PaperBatch, PaperEntry
from sipvote.voting.models import Custody, Election, Elector, Envelope
from tests.factories import (
    a_facilitator,
    a_frozen_election,
    a_member,
    a_paper,
    a_scrutineer,
    a_theme,
    a_vote,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
    kept,
)
from tests.voting.test_casting import in_threads
from tests.written import words_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


@pytest.fixture
def vote(ada):
    return an_election(ada)


def envelopes():
    return db.session.scalar(select(func.count()).select_from(Envelope))


class TestHandingOut:
    def test_who_takes_a_paper_votes_in_no_other_way(self, vote, ada):
        a_paper(vote, ada)
        with pytest.raises(Refused, match="ballot on paper"):
            a_vote(vote, ada, 0)
        assert envelopes() == 0 and paper_ballots.handed_out(vote) == 1

    def test_a_vote_in_the_box_is_taken_out_and_its_trackers_stay_on_the_board(self, vote, ada):
        trackers = [a_vote(vote, ada, n) for n in range(2)]
        a_paper(vote, ada)
        assert envelopes() == 0 and box.turnout(vote.id) == 0
        assert box.replaced(vote.id) == sorted(trackers)
        assert box.look_up(vote.id, seal.code(trackers[1])) == (seal.code(trackers[1]), "replaced")

    def test_nobody_gets_two_papers(self, vote, ada):
        a_paper(vote, ada)
        with pytest.raises(Refused, match="on paper already"):
            paper_ballots.hand(vote, ada, None)

    def test_who_is_not_on_the_roll_gets_none(self, vote):
        with pytest.raises(Refused, match="not on the electoral roll"):
            paper_ballots.hand(vote, a_member("Newcomer"), None)

    def test_from_freezing_to_closing(self, ada):
        assert "not frozen" in paper_ballots.why_not_hand(None, ada, box.Standing())
        election, _lists = a_frozen_election(ada)
        a_paper(election, ada)
        election.opened_at = now()
        hours.close(election, None)
        other = db.session.scalar(select(Member).where(Member.id != ada.id)) or a_member()
        with pytest.raises(Refused, match="closed"):
            paper_ballots.hand(election, other, None)
        with pytest.raises(Refused, match="closed"):
            paper_ballots.take_back(election, ada, None)

    def test_a_proxy_that_the_member_gave_is_over(self, vote, ada):
        holder = a_member("Hugo")
        assembly = an_assembly(vote.edition)
        given = kept(Proxy(assembly=assembly, giver=ada, holder=holder, given_at=now(), accepted_at=now(), place=1))
        a_paper(vote, ada)
        db.session.refresh(given)
        assert given.ended_at is not None and given.ended_why == "voted"

    def test_handed_back_unused_one_votes_again(self, vote, ada):
        first = a_vote(vote, ada, 0)
        a_paper(vote, ada)
        paper_ballots.take_back(vote, ada, None)
        assert paper_ballots.handed_out(vote) == 0
        second = a_vote(vote, ada, 1)
        a_paper(vote, ada)
        assert box.replaced(vote.id) == sorted([first, second])

    def test_while_papers_are_out_their_ballot_stays_as_it_is(self, ada):
        election, _lists = a_frozen_election(ada)
        a_paper(election, ada)
        with pytest.raises(Refused, match="handed out"):
            freezing.unfreeze(election, None)
        paper_ballots.take_back(election, ada, None)
        freezing.unfreeze(election, None)

    def test_without_a_paper_there_is_nothing_to_take_back(self, vote, ada):
        with pytest.raises(Refused, match="no ballot on paper"):
            paper_ballots.take_back(vote, ada, None)

    def test_the_board_tells_papers_and_envelopes_apart(self, client, vote, ada):
        a_vote(vote, ada, 0)
        assert "ballot on paper" not in client.get("/en/2026/vote/board").text
        a_paper(vote, ada)
        page = client.get("/en/2026/vote/board").text
        assert "ballot on paper, without an envelope" in page and "as many members have voted on a screen" in page


class TestRaces:
    def test_a_vote_on_its_way_is_waited_for_and_taken_out(self, app, vote, ada):
        paper, ada_id, election_id = papers.of(vote), ada.id, vote.id
        db.session.rollback()
        inside, go_on = threading.Event(), threading.Event()

        def work(n):
            if n == 0:
                with by_driver(alone=False) as driver:
                    envelope = seal.seal(seal.write(((1,),), paper.shape), paper.public_key)
                    tracker = box.put(driver, box.Sealed(paper, ada_id, envelope))
                    inside.set()
                    go_on.wait(5)
                return tracker
            inside.wait(5)
            threading.Timer(0.3, go_on.set).start()
            with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                paper_ballots.hand(db.session.get(Election, election_id), db.session.get(Member, ada_id), None)
                db.session.commit()
            return go_on.is_set()

        tracker, waited = in_threads(app, 2, work)
        assert waited and tracker is not None
        assert envelopes() == 0 and box.replaced(election_id) == [tracker]

    def test_a_vote_that_comes_while_a_paper_is_handed_out_is_refused(self, app, vote, ada):
        paper, ada_id, election_id = papers.of(vote), ada.id, vote.id
        db.session.rollback()
        handed = threading.Event()

        def work(n):
            if n == 0:
                with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                    paper_ballots.hand(db.session.get(Election, election_id), db.session.get(Member, ada_id), None)
                    handed.set()
                    threading.Event().wait(0.3)  # the vote arrives before the commit
                    db.session.commit()
                return None
            handed.wait(5)
            try:
                return rules.cast(paper, ada_id, ((1,),))
            except Refused as refused:
                return refused.why

        _none, why = in_threads(app, 2, work)
        assert "ballot on paper" in why and envelopes() == 0

    def test_of_twenty_members_who_vote_and_take_a_paper_at_once_none_has_both(self, app):
        election = an_election(*(a_member(f"M{n}") for n in range(20)))
        paper, election_id = papers.of(election), election.id
        people = list(db.session.scalars(select(Elector.member_id)))
        db.session.rollback()

        def work(n):
            for member_id in people:
                if n:
                    try:
                        rules.cast(paper, member_id, ((n,),))
                    except Refused:
                        db.session.rollback()
                    continue
                with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                    member = db.session.get(Member, member_id)
                    paper_ballots.hand(db.session.get(Election, election_id), member, None)
                    db.session.commit()

        in_threads(app, 4, work)
        assert envelopes() == 0 and paper_ballots.handed_out(db.session.get(Election, election_id)) == 20

    def test_two_who_finish_at_once_are_compared_once(self, app):
        election, pile, (eva, fay) = a_pile(2)
        for who in (eva, fay):
            paper_ballots.add(election, pile, 2, ((0,),), who.id)
        ids = (eva.id, fay.id)
        election_id, pile_id = election.id, pile.id
        db.session.commit()
        db.session.rollback()

        def work(n):
            with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                found = db.session.get(Election, election_id), db.session.get(PaperBatch, pile_id)
                agreed = paper_ballots.finish(*found, ids[n])
                db.session.commit()
                return agreed

        assert sorted(in_threads(app, 2, work)) == [False, True]

    def test_of_three_who_begin_at_once_two_enter(self, app):
        election, pile, (eva, fay) = a_pile(2)
        gus = a_member("Gus", "gent", Role.SCRUTINEER)
        ids, election_id, pile_id = (eva.id, fay.id, gus.id), election.id, pile.id
        db.session.commit()
        db.session.rollback()

        def work(n):
            with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
                found = db.session.get(Election, election_id), db.session.get(PaperBatch, pile_id)
                try:
                    paper_ballots.add(*found, 1, ((0,),), ids[n])
                    db.session.commit()
                    return "entered"
                except Refused as refused:
                    db.session.rollback()
                    return refused.why

        answers = in_threads(app, 3, work)
        assert answers.count("entered") == 2 and "Two other scrutineers enter this pile." in answers


# --- Piles ------------------------------------------------------------------------------------------


def a_closed_vote(on_paper=3, **settings):
    """A closed vote for which so many members took a paper."""
    people = [a_member(f"Paper {n}") for n in range(on_paper)]
    election = an_election(*people, **settings)
    a_paper(election, *people)
    hours.close(election, None)
    db.session.commit()
    return election


def a_pile(size=3, **settings):
    """A closed vote with one pile of all its papers, and two scrutineers."""
    eva, fay = a_scrutineer(), a_member("Fay", "gent", Role.SCRUTINEER)
    election = a_closed_vote(size, **settings)
    pile = paper_ballots.make_pile(election, "Urn 1", size, None, eva.id)
    return election, pile, (eva, fay)


def enter(election, pile, who, *lines):
    """Somebody enters these lines of (times, choices), and finishes."""
    for times, choices in lines:
        paper_ballots.add(election, pile, times, choices, who.id)
    return paper_ballots.finish(election, pile, who.id)


class TestPiles:
    def test_before_the_closing_there_are_no_piles(self, vote, ada):
        a_paper(vote, ada)
        with pytest.raises(Refused, match="closed first"):
            paper_ballots.make_pile(vote, "Urn 1", 1, None, None)

    def test_piles_never_hold_more_papers_than_were_handed_out(self):
        election = a_closed_vote(3)
        paper_ballots.make_pile(election, "Urn 1", 2, None, None)
        with pytest.raises(Refused, match="3 papers were handed out, and 2 lie in piles already"):
            paper_ballots.make_pile(election, "Urn 2", 2, None, None)
        paper_ballots.make_pile(election, "Urn 2", 1, None, None)

    def test_piles_of_a_country_never_hold_more_than_were_handed_out_there(self):
        election = a_closed_vote(2)
        with pytest.raises(Refused, match="members in France 0 papers"):
            paper_ballots.make_pile(election, "Urn 1", 1, "FR", None)
        paper_ballots.make_pile(election, "Urn 1", 2, "BE", None)

    def test_no_two_piles_have_one_name(self):
        election = a_closed_vote(2)
        paper_ballots.make_pile(election, "Urn 1", 1, None, None)
        with pytest.raises(Refused, match="this name already"):
            paper_ballots.make_pile(election, "Urn 1", 1, None, None)

    def test_a_pile_is_removed_until_two_agree_on_it(self):
        election, pile, (eva, fay) = a_pile(1)
        paper_ballots.add(election, pile, 1, ((0,),), eva.id)
        paper_ballots.remove_pile(election, pile, eva.id)
        assert db.session.scalar(select(func.count()).select_from(PaperEntry)) == 0
        again = paper_ballots.make_pile(election, "Urn 1", 1, None, eva.id)
        enter(election, again, eva, (1, ((0,),)))
        assert enter(election, again, fay, (1, ((0,),)))
        with pytest.raises(Refused, match="agree on this pile"):
            paper_ballots.remove_pile(election, again, eva.id)


class TestTwoReadings:
    def test_two_who_read_the_same_agree_whatever_the_order(self):
        election, pile, (eva, fay) = a_pile(4)
        assert not enter(election, pile, eva, (1, ((0,),)), (2, ((),)), (1, None))
        assert enter(election, pile, fay, (1, None), (1, ((),)), (1, ((0,),)), (1, ((),)))
        assert paper_ballots.counted(election) == ([(2, ((),)), (1, ((0,),))], 1)
        assert paper_ballots.papers_by_country(election) == {None: 3}

    def test_what_is_kept_knows_no_order_of_papers(self):
        election, pile, (eva, fay) = a_pile(4)
        for times, choices in [(1, ((2,),)), (1, None), (1, ((0, 1),)), (1, ((2,),))]:
            paper_ballots.add(election, pile, times, choices, eva.id)
        for times, choices in [(2, ((2,),)), (1, ((0, 1),)), (1, None)]:
            paper_ballots.add(election, pile, times, choices, fay.id)
        db.session.expire_all()
        mine, others = pile.entries
        assert mine.ballots == others.ballots == [[1, [[0, 1]]], [2, [[2]]], [1, None]]

    def test_nobody_agrees_with_themselves(self):
        election, pile, (eva, _fay) = a_pile(1)
        enter(election, pile, eva, (1, ((0,),)))
        with pytest.raises(Refused, match="the other scrutineer"):
            paper_ballots.add(election, pile, 1, ((0,),), eva.id)
        assert pile.agreed_at is None

    def test_two_who_differ_see_where_and_enter_again(self):
        election, pile, (eva, fay) = a_pile(3)
        enter(election, pile, eva, (2, ((0,),)), (1, ((1,),)))
        assert not enter(election, pile, fay, (1, ((0,),)), (1, ((1,),)), (1, None))
        assert pile.agreed_at is None
        # Each sees the choices on which they differ, and what they themselves read; not what the other read.
        assert paper_ballots.differences(pile, eva.id) == [(2, ((0,),)), (0, None)]
        assert paper_ballots.differences(pile, fay.id) == [(1, ((0,),)), (1, None)]
        paper_ballots.remove(election, pile, 2, fay.id)
        paper_ballots.add(election, pile, 1, ((0,),), fay.id)
        # What one mends meanwhile tells nothing more about the other's reading.
        assert [choices for _n, choices in paper_ballots.differences(pile, fay.id)] == [((0,),), None]
        assert not paper_ballots.finish(election, pile, fay.id)
        assert paper_ballots.finish(election, pile, eva.id) and pile.differ is None

    def test_where_they_differ_stands_in_the_order_of_the_ballot_and_spoilt_ones_last(self):
        election, pile, (eva, fay) = a_pile(5)
        enter(election, pile, eva, (2, ((2,),)), (1, ((0, 1),)), (1, ((0,),)), (1, ((),)))
        enter(election, pile, fay, (1, None), (2, ((1,),)), (1, ((0,),)), (1, ((2,),)))
        differ = [((),), ((0, 1),), ((1,),), ((2,),), None]
        assert [choices for _n, choices in paper_ballots.differences(pile, eva.id)] == differ
        assert [n for n, _choices in paper_ballots.differences(pile, fay.id)] == [0, 0, 2, 1, 1]

    def test_a_third_scrutineer_does_not_enter_and_the_place_of_one_who_left_is_free(self):
        election, pile, (eva, fay) = a_pile(2)
        gus = a_member("Gus", "gent", Role.SCRUTINEER)
        for who in (eva, fay):
            paper_ballots.add(election, pile, 1, ((0,),), who.id)
        for act in (lambda: paper_ballots.add(election, pile, 1, ((0,),), gus.id),
                    lambda: paper_ballots.finish(election, pile, gus.id)):  # fmt: skip
            with pytest.raises(Refused, match=r"^Two other scrutineers enter this pile\.$"):
                act()
        db.session.delete(paper_ballots.entry_of(pile, eva.id))
        db.session.flush()
        db.session.refresh(pile)
        paper_ballots.add(election, pile, 1, ((0,),), gus.id)
        assert sorted(entry.number for entry in pile.entries) == [1, 2]

    def test_a_line_that_is_not_there_is_not_taken_out(self):
        election, pile, (eva, fay) = a_pile(3)
        paper_ballots.add(election, pile, 1, ((0,),), eva.id)
        paper_ballots.add(election, pile, 1, ((1,),), eva.id)
        for line in (-1, 2):
            paper_ballots.remove(election, pile, line, eva.id)
        paper_ballots.remove(election, pile, 0, fay.id)
        assert paper_ballots.read_of(paper_ballots.entry_of(pile, eva.id)) == [(1, ((0,),)), (1, ((1,),))]
        paper_ballots.remove(election, pile, 1, eva.id)
        assert paper_ballots.read_of(paper_ballots.entry_of(pile, eva.id)) == [(1, ((0,),))]

    def test_nothing_is_finished_before_every_paper_is_entered(self):
        election, pile, (eva, _fay) = a_pile(3)
        with pytest.raises(Refused, match="3 papers are left"):
            paper_ballots.finish(election, pile, eva.id)
        paper_ballots.add(election, pile, 2, ((0,),), eva.id)
        with pytest.raises(Refused, match="1 paper is left"):
            paper_ballots.finish(election, pile, eva.id)

    def test_nobody_enters_more_papers_than_the_pile_holds(self):
        election, pile, (eva, _fay) = a_pile(3)
        paper_ballots.add(election, pile, 2, ((0,),), eva.id)
        with pytest.raises(Refused, match="more than the pile holds"):
            paper_ballots.add(election, pile, 2, ((0,),), eva.id)

    def test_a_line_is_taken_out_and_a_second_click_takes_nothing_more(self):
        election, pile, (eva, _fay) = a_pile(3)
        paper_ballots.add(election, pile, 2, ((0,),), eva.id)
        for _click in range(2):
            paper_ballots.remove(election, pile, 0, eva.id)
        assert paper_ballots.entered(paper_ballots.entry_of(pile, eva.id)) == 0

    def test_the_box_waits_for_every_pile(self):
        election, pile, (eva, fay) = a_pile(1)
        assert "Urn 1" in counting.why_not_count(election)
        with pytest.raises(Refused, match="Urn 1"):
            counting.count(election, [], None)
        enter(election, pile, eva, (1, ((0,),)))
        enter(election, pile, fay, (1, ((0,),)))
        assert counting.why_not_count(election) is None
        counting.count(election, [], None)
        with pytest.raises(Refused, match="counted already"):
            paper_ballots.make_pile(election, "Urn 2", 1, None, None)


# --- In the browser ---------------------------------------------------------------------------------


class TestTheDesk:
    def test_a_facilitator_hands_one_out_and_takes_it_back(self, browser_of, vote, ada):
        desk, url = browser_of(a_facilitator()), f"/en/2026/vote/desk/{ada.id}"
        assert "Give a ballot on paper" in desk.get(url).text
        page = desk.post(f"{url}/paper", follow_redirects=True).text
        assert "their only vote" in page and "It comes back unused" in page
        assert "<div><strong>1</strong> <span>ballots on paper handed out" in desk.get("/en/2026/vote/desk/").text
        assert "can vote again" in desk.post(f"{url}/paper/back", follow_redirects=True).text
        assert paper_ballots.handed_out(vote) == 0

    def test_the_desk_says_which_paper_where_each_country_has_its_own(self, browser_of):
        ada, lea = a_member("Ada Peeters"), a_member("Léa Martin", "lille")
        edition, last = an_edition(Phase.VOTE), a_worked_on_theme()
        for number in range(3):
            a_theme(edition, f"Theme {number}", proposer=ada, admitted_at=now())
        election = rules.prepare(edition, Custody.SERVER, None)
        questions.ask(election, questions.Asked("simple", "FR", theme=last), None)
        freezing.freeze(election, None)
        hours.open_(election, None)
        db.session.commit()
        an_assembly(edition, starts_in=-1)
        desk = browser_of(a_facilitator())
        for member, country in ((ada, "Belgium"), (lea, "France")):
            page = desk.post(f"/en/2026/vote/desk/{member.id}/paper", follow_redirects=True).text
            assert f"Take the one for {country}" in page

    def test_what_was_ticked_stays_after_a_refusal_and_is_gone_after_the_line_is_entered(self, browser_of):
        _election, pile, (eva, _fay) = a_pile(2)
        db.session.commit()
        browser, url = browser_of(eva), f"/en/2026/vote/papers/{pile.id}"

        def ticked(page):
            return [line.split("name=")[1].split(" ")[0] for line in words_of(page).splitlines() if " checked>" in line]

        assert ticked(browser.get(url).text) == []
        page = browser.post(f"{url}/add", data={"spoilt": "1", "q0": ["0", "2"], "times": "1"}).text
        assert "“spoilt” as well" in page and ticked(page) == ["q0", "q0", "spoilt"]
        page = browser.post(f"{url}/add", data={"q0": ["0", "2"], "times": "3"}).text
        assert "more than the pile holds" in page and ticked(page) == ["q0", "q0"]
        page = browser.post(f"{url}/add", data={"spoilt": "1", "times": "2"}, follow_redirects=True).text
        assert "2 of 2 papers entered" in page and ticked(page) == []
        answer = browser.get(f"/fr/2026/vote/papers/{pile.id}/add")
        assert answer.location == f"/fr/2026/vote/papers/{pile.id}"

    def test_the_desk_counts_the_papers_too(self, browser_of, vote, ada):
        a_paper(vote, ada)
        page = browser_of(an_organiser()).get("/en/2026/election/").text
        assert "<div><strong>1</strong> <span>members have voted" in page

    def test_the_member_reads_that_they_vote_on_paper(self, browser_of, vote, ada):
        a_paper(vote, ada)
        browser = browser_of(ada)
        assert "You vote on paper" in browser.get("/en/2026/vote").text
        assert browser.get("/en/2026/vote/ballot").status_code == 409

    def test_the_paper_to_print_holds_every_option_and_no_name(self, browser_of, vote, ada):
        page = browser_of(an_organiser()).get("/en/2026/vote/desk/paper")
        body = page.text.partition('<article class="paper">')[2]
        assert body.count('class="square"') == 5 and "Theme 3" in body and "Dré" not in body

    def test_before_the_roll_there_is_nothing_to_print(self, browser_of):
        rules.prepare(an_edition(Phase.REVIEW, year=2026), "server", None)
        assert browser_of(an_organiser()).get("/en/2026/vote/desk/paper").status_code == 409


class TestTheScrutineersDesk:
    @pytest.fixture
    def readers(self, browser_of, database):
        election, pile, (eva, fay) = a_pile(3)
        return election, pile, browser_of(eva), browser_of(fay)

    def test_two_enter_a_pile_line_by_line_and_agree(self, readers):
        election, pile, eva, fay = readers
        url = f"/en/2026/vote/papers/{pile.id}"
        for reader in (eva, fay):
            assert "0 of 3 papers entered" in reader.get(url).text
            reader.post(f"{url}/add", data={"q0": ["0", "1"], "times": "2"})
            page = reader.post(f"{url}/add", data={"spoilt": "1", "times": "1"}, follow_redirects=True).text
            assert "3 of 3 papers entered" in page and "Theme 0, Theme 1" in page and "Every paper is entered" in page
            page = reader.post(f"{url}/finish", follow_redirects=True).text
        assert "You agree on this pile of 3 papers." in page and "two agree" in page
        assert paper_ballots.counted(election) == ([(2, ((0, 1),))], 1)

    def test_nobody_sees_what_the_other_enters(self, readers):
        _election, pile, eva, fay = readers
        url = f"/en/2026/vote/papers/{pile.id}"
        eva.post(f"{url}/add", data={"q0": ["2"], "times": "3"})
        eva.post(f"{url}/finish")
        page = fay.get(url).text
        assert "0 of 3 papers entered" in page and "What you entered" not in page
        fay.post(f"{url}/add", data={"q0": ["1"], "times": "3"})
        page = fay.post(f"{url}/finish", follow_redirects=True).text
        assert "You two did not read the same" in page and "you read 3 papers" in page
        assert page.count("you read 0 papers") == 1
        fay.post(f"{url}/lines/0/remove")
        fay.post(f"{url}/add", data={"q0": ["2"], "times": "3"})
        page = fay.post(f"{url}/finish", follow_redirects=True).text
        assert "You two did not read the same" not in page and "the other scrutineer enters it" in page

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            ({"times": "1"}, "Choose at least one theme"),
            ({"q0": ["0", "blank"], "times": "1"}, "Keep only one of the two"),
            ({"q0": ["0", "1", "2", "3"], "times": "1"}, "Choose at most 3 themes"),
            ({"q0": ["0"], "spoilt": "1", "times": "1"}, "“spoilt” as well"),
            ({"q0": ["9"], "times": "1"}, "not on this ballot"),
            ({"q0": ["0"], "times": "4"}, "3 papers are left"),
            ({"q0": ["0"], "times": "0"}, "Give the number"),
            ({"q0": ["0"], "times": "-1"}, "Give the number"),
            ({"q0": ["0"], "times": "many"}, "Give the number"),
            ({"q0": ["0"], "times": "9" * 30}, "Give the number"),
            ({"q0": ["0"]}, "Give the number"),
        ],
    )
    def test_what_cannot_be_is_told_and_what_was_ticked_stays(self, readers, data, why):
        _election, pile, eva, _fay = readers
        page = eva.post(f"/en/2026/vote/papers/{pile.id}/add", data=data)
        assert page.status_code == 200 and why in page.text and "0 of 3 papers entered" in page.text
        if data.get("q0") == ["0"]:
            assert 'value="0" aria-labelledby="q0-0-title" checked' in page.text

    def test_a_pile_is_made_in_the_browser(self, browser_of, database):
        eva = browser_of(a_scrutineer())
        a_closed_vote(2)
        assert "Make a pile" in eva.get("/en/2026/vote/papers/").text
        for data, why in [
            ({"name": "", "papers": "1"}, "Give the pile a name"),
            ({"name": "x" * 61, "papers": "1"}, "at most 60"),
            ({"name": "Urn", "papers": "0"}, "Count the papers"),
            ({"name": "Urn", "papers": "3"}, "Count again"),
        ]:
            page = eva.post("/en/2026/vote/papers/", data=data)
            assert page.status_code == 200 and why in page.text
        page = eva.post("/en/2026/vote/papers/", data={"name": "Urn 1", "papers": "2"}, follow_redirects=True).text
        assert "0 of 2 papers entered" in page
        (pile,) = db.session.scalars(select(PaperBatch))
        page = eva.post(f"/en/2026/vote/papers/{pile.id}/remove", follow_redirects=True).text
        assert "The pile is removed" in page and "Make a pile" in page

    def test_without_an_election_the_page_says_so(self, browser_of):
        an_edition(year=2026)
        page = browser_of(a_scrutineer()).get("/en/2026/vote/papers/")
        assert page.status_code == 200 and "not frozen yet" in page.text

    def test_a_pile_of_another_year_is_not_here(self, readers):
        _election, pile, eva, _fay = readers
        an_edition(year=2027)
        assert eva.get(f"/en/2027/vote/papers/{pile.id}").status_code == 404
        assert eva.get("/en/2026/vote/papers/999").status_code == 404

    def test_a_member_and_an_organiser_enter_no_papers(self, browser_of, readers):
        _election, pile, _eva, _fay = readers
        for member in (a_member(), an_organiser()):
            answer = browser_of(member).post(f"/en/2026/vote/papers/{pile.id}/add", data={"q0": ["0"], "times": "1"})
            assert answer.status_code == 403
