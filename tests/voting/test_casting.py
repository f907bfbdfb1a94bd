"""Casting a vote: one member, one vote; the last one counts; nothing acknowledged is lost, nothing comes too late."""

import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from sipvote.audit import Entry
from sipvote.db import by_driver, db, now
from sipvote.errors import Refused
from sipvote.members.models import Member
from sipvote.voting import box, ceremony, checkpoints, freezing, hours, papers, rules, seal
from sipvote.voting.models import Election, Elector, Envelope
from tests.factories import a_frozen_election, a_member, a_vote, an_election

pytestmark = pytest.mark.usefixtures("database")


def envelopes():
    return db.session.scalar(select(func.count()).select_from(Envelope))


def test_a_vote_lies_sealed_in_the_box():
    ada = a_member()
    election = an_election(ada)
    tracker = a_vote(election, ada, 0, 2)
    sealed = db.session.scalar(select(Envelope.sealed))
    assert seal.tracker(sealed) == tracker == box.trackers(election.id)[0]
    standing = box.standing(election.id, ada.id)
    assert standing.on_roll and standing.tracker == tracker and now() - standing.cast_at < timedelta(minutes=1)


def test_nobody_votes_twice_and_the_last_vote_counts():
    ada = a_member()
    election = an_election(ada)
    trackers = [a_vote(election, ada, n) for n in range(3)]
    assert envelopes() == 1 and box.trackers(election.id) == trackers[-1:]
    assert box.replaced(election.id) == sorted(trackers[:-1])
    assert box.standing(election.id, ada.id).changes == 2


def test_a_double_click_leaves_one_vote():
    ada = a_member()
    election = an_election(ada)
    first, second = a_vote(election, ada, 1), a_vote(election, ada, 1)
    assert first != second and box.trackers(election.id) == [second]


def test_a_vote_may_be_changed_a_hundred_times():
    ada = a_member()
    election = an_election(ada)
    for _time in range(box.CHANGES_AT_MOST + 1):
        last = a_vote(election, ada, 0)
    with pytest.raises(Refused, match="100 times"):
        a_vote(election, ada, 1)
    assert box.trackers(election.id) == [last]


def test_who_is_not_on_the_roll_does_not_vote():
    election = an_election()
    newcomer = a_member("Newcomer")
    with pytest.raises(Refused, match="electoral roll"):
        a_vote(election, newcomer, 0)
    assert envelopes() == 0


def test_who_left_before_the_roll_was_drawn_up_does_not_vote():
    gone = a_member("Gone", left=now().date())
    election = an_election()
    with pytest.raises(Refused, match="electoral roll"):
        a_vote(election, gone, 0)


def test_before_opening_and_after_closing_nobody_votes():
    ada = a_member()
    election, _lists = a_frozen_election(ada)
    with pytest.raises(Refused, match="not begun"):
        a_vote(election, ada, 0)
    election.opened_at = now()
    a_vote(election, ada, 0)
    hours.close(election, None)
    with pytest.raises(Refused, match="closed since"):
        a_vote(election, ada, 1)
    assert box.standing(election.id, ada.id).changes == 0


def test_at_the_announced_moment_it_is_over_even_if_nobody_closes():
    ada = a_member()
    election = an_election(ada)
    with time_machine.travel(election.closes_at, tick=False), pytest.raises(Refused, match="closed since"):
        a_vote(election, ada, 0)
    with time_machine.travel(election.closes_at - timedelta(seconds=1), tick=False):
        a_vote(election, ada, 0)


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        (((0, 1, 2, 3),), "at most 3 themes. You chose 4"),
        (((0, 4),), "not on this ballot"),
        (((-1,),), "not on this ballot"),
        ((), "not the ballot"),
        (((0,), (1,)), "not the ballot"),
    ],
)
def test_what_does_not_fit_the_ballot_is_told_and_not_cast(choices, why):
    ada = a_member()
    election = an_election(ada)
    with pytest.raises(Refused, match=why):
        rules.cast(papers.of(election), ada.id, choices)
    assert envelopes() == 0


def test_a_blank_vote_is_a_vote():
    ada = a_member()
    election = an_election(ada)
    assert a_vote(election, ada) in box.trackers(election.id)


def test_without_a_limit_one_may_choose_all():
    ada = a_member()
    election = an_election(ada, max_approvals=None)
    a_vote(election, ada, 0, 1, 2, 3)


def test_a_ballot_of_another_key_is_not_taken():
    """Sealed for a key that was unfrozen since, a vote could never be opened."""
    ada = a_member()
    election, _lists = a_frozen_election(ada)
    old = papers.of(election)
    freezing.unfreeze(election, None)
    lists = freezing.freeze(election, None)
    ceremony.prove(election, lists, None)
    hours.open_(election, None)
    ada_id = ada.id
    db.session.commit()
    assert papers.of(election) != old
    db.session.rollback()
    with pytest.raises(Refused, match="has changed"):
        rules.cast(old, ada_id, ((0,),))


def test_each_member_has_an_order_of_their_own_that_stays():
    members = [a_member(f"M{n}") for n in range(12)]
    paper = papers.of(an_election(*members, options=6))
    orders = [[o.number for o in paper.in_order_for(m.id)[0]] for m in members]
    assert orders == [[o.number for o in paper.in_order_for(m.id)[0]] for m in members]
    assert len({tuple(order) for order in orders}) > 6 and all(sorted(order) == list(range(6)) for order in orders)


class TestLookingUp:
    def test_a_code_is_in_the_box_replaced_or_missing(self):
        ada = a_member()
        election = an_election(ada)
        old, new = a_vote(election, ada, 0), a_vote(election, ada, 1)
        assert box.look_up(election.id, seal.code(new)) == (seal.code(new), "in")
        assert box.look_up(election.id, seal.code(old).lower().replace("-", " ")) == (seal.code(old), "replaced")
        assert box.look_up(election.id, "0000 0000 0000") == ("0000-0000-0000", "missing")

    def test_a_whole_tracker_can_be_looked_up_too(self):
        ada = a_member()
        election = an_election(ada)
        tracker = a_vote(election, ada, 0)
        assert box.look_up(election.id, f" {tracker.upper()}\n") == (seal.code(tracker), "in")
        other = tracker[:-1] + ("0" if tracker[-1] != "0" else "1")
        assert box.look_up(election.id, other)[1] == "missing"

    @pytest.mark.parametrize("typed", ["hello", "7F3K", "%", "7F3K-92QA-M4T!", "é" * 100, "0" * 63])
    def test_what_is_no_code_is_not_looked_up(self, typed):
        assert box.look_up(an_election().id, typed) is None

    def test_the_middle_of_a_former_tracker_is_no_code(self):
        ada = a_member()
        election = an_election(ada)
        old = a_vote(election, ada, 0)
        a_vote(election, ada, 1)
        assert box.look_up(election.id, seal.code(old[1:] + "0"))[1] == "missing"


# --- Races ------------------------------------------------------------------------------------------


def in_threads(app, count, work):
    """Run work(n) in as many threads, each with a session of its own; give the results in order."""
    results, barrier = [None] * count, threading.Barrier(count)

    def run(n):
        with app.app_context():
            barrier.wait()
            try:
                results[n] = work(n)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_devices_at_once_leave_one_envelope(app):
    ada = a_member()
    election = an_election(ada)
    paper, ada_id = papers.of(election), ada.id
    db.session.rollback()
    for _round in range(10):
        trackers = in_threads(app, 4, lambda n: rules.cast(paper, ada_id, ((n,),)))
        (kept,) = box.trackers(election.id)
        db.session.rollback()
        assert kept in trackers
    assert envelopes() == 1 and box.standing(election.id, ada_id).changes == 39


@pytest.mark.parametrize("_round", range(3))
def test_every_acknowledged_vote_is_before_the_closing_and_none_after(app, _round):
    """200 members vote from eight threads; when 40 have their answer, the vote is closed meanwhile."""
    election = an_election(*(a_member(f"M{n}") for n in range(200)))
    paper, election_id = papers.of(election), election.id
    voters = list(db.session.scalars(select(Elector.member_id)))
    db.session.rollback()
    acknowledged, refused, closing = [], [], threading.Event()

    def vote(n):
        if n == 0:
            closing.wait(20)
            hours.close(db.session.get(Election, election_id), None)
            db.session.commit()
            return
        for member_id in voters[n - 1 :: 8]:
            try:
                acknowledged.append(rules.cast(paper, member_id, ((n % 4,),)))
            except Refused:
                refused.append(member_id)
                db.session.rollback()
            if len(acknowledged) >= 40:
                closing.set()

    in_threads(app, 9, vote)
    election = db.session.get(Election, election_id)
    final = checkpoints.checkpoints(election)[-1]
    listed = {final.listed[at : at + 32].hex() for at in range(0, len(final.listed), 32)}
    assert set(acknowledged) == listed == set(box.trackers(election_id))
    assert len(acknowledged) >= 40 and len(acknowledged) + len(refused) == 200
    line = db.session.scalars(select(Entry).where(Entry.act == "close vote")).one()
    assert line.facts["envelopes"] == len(acknowledged)
    assert line.facts["checkpoint"] == checkpoints.point_of(election, final).hash()
    assert max(db.session.scalars(select(Envelope.cast_at))) <= election.closed_at <= line.at
    db.session.rollback()
    with pytest.raises(Refused, match="closed since"):
        rules.cast(paper, voters[0], ((0,),))


def test_closing_waits_for_a_vote_that_is_on_its_way(app):
    """A vote that has passed the door is in the final checkpoint, however slow its commit."""
    ada = a_member()
    election = an_election(ada)
    paper, ada_id, election_id = papers.of(election), ada.id, election.id
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
        closed = db.session.get(Election, election_id)
        hours.close(closed, None)
        db.session.commit()
        return go_on.is_set()

    tracker, closed_after = in_threads(app, 2, work)
    assert closed_after and box.trackers(election_id) == [tracker]
    assert checkpoints.checkpoints(db.session.get(Election, election_id))[-1].trackers == 1


def test_a_lost_connection_is_told_as_one(app):
    """Then the answer is "one moment, please" (errors.py), and the next try gets a new connection."""
    ada = a_member()
    paper = papers.of(an_election(ada))
    db.session.rollback()
    envelope = seal.seal(seal.write(((1,),), paper.shape), paper.public_key)

    def cast_on_a_closed_one():
        with by_driver(alone=True) as driver:
            driver.close()
            box.put(driver, box.Sealed(paper, ada.id, envelope))

    with pytest.raises(OperationalError):
        cast_on_a_closed_one()
    assert rules.cast(paper, ada.id, ((1,),))


def test_the_roll_keeps_who_left_afterwards():
    """Leaving during the vote ends the session (nobody signs in any more); the roll stays as it was drawn up."""
    ada = a_member()
    election = an_election(ada)
    a_vote(election, ada, 0)
    db.session.execute(update(Member).values(left=now().date()))
    db.session.commit()
    assert election.roll_size == 1 and box.turnout(election.id) == 1
