"""Scrutineers of one election: named by organisers, they accept; then they alone do a scrutineer's acts of it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.members import rules as members
from sipvote.members.models import Member
from sipvote.retention import erasing, own_data
from sipvote.voting import (
    ceremony,
    checklist,
    counting,
    freezing,
    hours,
    minutes,
    naming,
    paper_ballots,
    rehearsing,
    rules,
    scrutineers,
    seal,
)
from sipvote.voting.day import ElectionScrutineer
from sipvote.voting.models import Custody, Election
from tests.factories import (
    a_board_member,
    a_member,
    a_paper,
    a_scrutineer,
    a_theme,
    a_vote,
    an_assembly,
    an_edition,
    an_organiser,
    some_scrutineers,
)
from tests.voting.test_casting import in_threads

pytestmark = pytest.mark.usefixtures("database")


def a_draft(custody=Custody.SCRUTINEERS, **how):
    """A draft that lacks nothing but its scrutineers."""
    edition = an_edition(Phase.VOTE)
    for number in range(4):
        a_theme(edition, f"Theme {number}", admitted_at=now())
    election = rules.prepare(edition, custody, None, **how)
    db.session.commit()
    return election


def a_watched_vote():
    """A frozen election with three scrutineers, who have proved their lists; gives it, them and the lists."""
    election = a_draft()
    people = some_scrutineers(election)
    lists = freezing.freeze(election, None)
    for member, words in zip(people, lists, strict=True):
        ceremony.prove_list(election, words, member.id)
    db.session.commit()
    return election, people, lists


def a_closed_vote():
    election, people, lists = a_watched_vote()
    voter = db.session.scalars(select(Member).order_by(Member.id)).first()
    hours.open_(election, None)
    a_vote(election, voter, 1)
    a_paper(election, people[0])
    hours.close(election, None)
    db.session.commit()
    return election, people, lists


def states(election):
    return [(row.member.name, bool(row.accepted_at), bool(row.declined_at)) for row in scrutineers.of(election)]


class TestNaming:
    def test_who_is_asked_hears_of_it_in_their_language_and_answers(self):
        election, dre = a_draft(), an_organiser()
        eva, luc = a_scrutineer(), a_scrutineer(name="Luc", language="fr")
        naming.name(election, eva, dre.id)
        naming.name(election, luc, dre.id)
        letters = {
            letter.member_id: letter.subject
            for letter in db.session.scalars(select(Letter).where(Letter.name == "scrutineer"))
        }
        assert letters.keys() == {eva.id, luc.id} and "scrutateur" in letters[luc.id]
        naming.answer(election, eva, True)
        naming.answer(election, luc, False)
        assert states(election) == [("Eva Stone", True, False), ("Luc", False, True)]
        assert scrutineers.accepted(election) == [eva]
        acts = select(Entry.act, Entry.actor).where(Entry.act.like("%scrutineer")).order_by(Entry.id)
        assert db.session.execute(acts).all() == [
            ("name scrutineer", dre.number), ("name scrutineer", dre.number),
            ("accept scrutineer", eva.number), ("decline scrutineer", luc.number),
        ]  # fmt: skip

    @pytest.mark.parametrize(("roles", "why"), [
        ((), "does not have the role"),
        ((Role.FACILITATOR,), "does not have the role"),
        ((Role.SCRUTINEER, Role.ORGANISER), "does not watch over it too"),
        ((Role.SCRUTINEER, Role.BOARD), "does not watch over it too"),
    ])  # fmt: skip
    def test_who_runs_the_vote_or_lacks_the_role_is_not_named(self, roles, why):
        election, person = a_draft(), a_member("Noor", "gent", *roles)
        with pytest.raises(Refused, match=why):
            naming.name(election, person, None)
        assert person not in naming.candidates(election) and not scrutineers.of(election)

    def test_who_has_left_is_not_named(self):
        election, gone = a_draft(), a_scrutineer(left=now().date())
        with pytest.raises(Refused, match="no longer a member"):
            naming.name(election, gone, None)
        assert naming.candidates(election) == []

    def test_nobody_is_asked_twice_unless_they_declined(self):
        election, eva = a_draft(), a_scrutineer()
        naming.name(election, eva, None)
        with pytest.raises(Refused, match="asked already"):
            naming.name(election, eva, None)
        naming.answer(election, eva, False)
        assert naming.candidates(election) == [eva]
        naming.name(election, eva, None)
        assert states(election) == [("Eva Stone", False, False)]
        assert db.session.scalar(select(func.count()).where(Letter.name == "scrutineer")) == 2

    def test_of_two_who_ask_the_same_person_at_once_one_does(self, app):
        election, eva = a_draft(), a_scrutineer()
        ids = election.id, eva.id
        db.session.commit()
        db.session.rollback()

        def work(_n):
            try:
                naming.name(db.session.get(Election, ids[0]), db.session.get(Member, ids[1]), None)
                db.session.commit()
            except Refused:
                db.session.rollback()
                return "refused"
            return "asked"

        assert sorted(in_threads(app, 2, work)) == ["asked", "refused"]

    def test_who_is_replaced_hears_of_it_and_who_declined_does_not(self):
        election = a_draft()
        eva, luc = a_scrutineer(), a_scrutineer(name="Luc")
        for person in (eva, luc):
            naming.name(election, person, None)
        naming.answer(election, eva, True)
        naming.answer(election, luc, False)
        for person in (eva, luc, luc):
            naming.drop(election, person, None)
        told = db.session.scalars(select(Letter.member_id).where(Letter.name == "scrutineer_dropped")).all()
        assert (states(election), told) == ([], [eva.id])

    def test_one_thinks_better_of_it_until_the_key_is_made(self):
        election = a_draft()
        people = some_scrutineers(election)
        naming.answer(election, people[0], False)
        naming.answer(election, people[0], True)
        freezing.freeze(election, None)
        for says in (True, False):
            with pytest.raises(Refused, match="key of this vote is made"):
                naming.answer(election, people[0], says)

    def test_who_was_not_asked_does_not_answer(self):
        election, eva = a_draft(), a_scrutineer()
        with pytest.raises(Refused, match="not asked"):
            naming.answer(election, eva, True)

    def test_who_became_an_organiser_meanwhile_does_not_accept_but_may_decline(self):
        election, eva = a_draft(), a_scrutineer()
        naming.name(election, eva, None)
        members.grant(eva, Role.ORGANISER, None, None)
        with pytest.raises(Refused, match="does not watch over it too"):
            naming.answer(election, eva, True)
        naming.answer(election, eva, False)
        assert states(election) == [("Eva Stone", False, True)]

    def test_a_button_pressed_twice_answers_once(self):
        election, eva = a_draft(), a_scrutineer()
        naming.name(election, eva, None)
        for says in (True, True, False, False):
            naming.answer(election, eva, says)
        acts = select(Entry.act).where(Entry.act.in_(("accept scrutineer", "decline scrutineer"))).order_by(Entry.id)
        assert db.session.scalars(acts).all() == ["accept scrutineer", "decline scrutineer"]

    def test_nobody_has_accepted_and_declined(self):
        election = a_draft()
        some_scrutineers(election)
        with pytest.raises(IntegrityError, match="one_answer"):
            db.session.execute(update(ElectionScrutineer).values(declined_at=now()))
        db.session.rollback()

    def test_after_the_freezing_names_stay_until_it_is_undone(self):
        election = a_draft()
        people, sub = some_scrutineers(election), a_scrutineer(name="Substitute")
        freezing.freeze(election, None)
        for act in (lambda: naming.name(election, sub, None), lambda: naming.drop(election, people[0], None)):
            with pytest.raises(Refused, match="Unfreeze the ballot first"):
                act()
        freezing.unfreeze(election, None)
        naming.drop(election, people[0], None)
        naming.name(election, sub, None)
        naming.answer(election, sub, True)
        assert sub in scrutineers.accepted(election) and people[0] not in scrutineers.accepted(election)

    def test_once_the_vote_was_opened_who_falls_away_is_an_incident(self):
        election, people, lists = a_watched_vote()
        hours.open_(election, None)
        with pytest.raises(Refused, match="Note as an incident"):
            naming.drop(election, people[0], None)
        hours.close(election, None)
        counting.count(election, lists[1:], people[1].id)
        assert election.counted_at

    @pytest.mark.parametrize("is_rehearsal", [True, False])
    def test_who_was_asked_for_a_rehearsal_is_asked_anew_for_the_vote(self, is_rehearsal):
        election, eva = a_draft(is_rehearsal=is_rehearsal), a_scrutineer()
        naming.name(election, eva, None)
        turn = lambda: rules.prepare(election.edition, Custody.SCRUTINEERS, None, is_rehearsal=not is_rehearsal)  # noqa: E731
        with pytest.raises(Refused, match="Take them from the list"):
            turn()
        assert rules.prepare(election.edition, Custody.SERVER, None, is_rehearsal=is_rehearsal) is election
        naming.answer(election, eva, False)
        assert turn().is_rehearsal is not is_rehearsal

    def test_those_of_a_rehearsal_go_with_it(self):
        election = a_draft(is_rehearsal=True)
        some_scrutineers(election)
        rehearsing.sweep(election, None)
        assert db.session.scalars(select(ElectionScrutineer)).all() == []


class TestTheKey:
    def test_strictly_it_waits_for_three_who_accepted(self, strict):
        election = a_draft()
        people = [a_scrutineer(name=f"S{n}") for n in range(3)]
        for said in ("0 scrutineers have accepted", "1 scrutineer has accepted", "2 scrutineers have accepted"):
            assert said in freezing.why_not_freeze(election)
            with pytest.raises(Refused, match="Three are needed"):
                freezing.freeze(election, None)
            member = people.pop()
            naming.name(election, member, None)
            assert f"No answer yet from {member.name}." in freezing.why_not_freeze(election)
            naming.answer(election, member, True)
        assert freezing.why_not_freeze(election) is None
        assert "Scrutineers: S0, S1, and S2." in [check.text for check in checklist.checklist(election)]
        assert len(freezing.freeze(election, None)) == 3

    def test_who_can_no_longer_be_one_does_not_count(self, strict):
        election = a_draft()
        people = some_scrutineers(election)
        on_the_board = members.grant(people[0], Role.BOARD, None, None)
        assert "2 scrutineers have accepted" in freezing.why_not_freeze(election)
        members.revoke(on_the_board, None)
        db.session.expire_all()
        people[1].left = now().date()
        assert "2 scrutineers have accepted" in freezing.why_not_freeze(election)

    def test_easily_it_waits_only_once_somebody_is_named(self):
        election, eva = a_draft(), a_scrutineer()
        assert freezing.why_not_freeze(election) is None
        naming.name(election, eva, None)
        assert "0 scrutineers have accepted" in freezing.why_not_freeze(election)
        naming.answer(election, eva, False)
        assert freezing.why_not_freeze(election) is None

    def test_a_key_that_the_server_keeps_waits_for_nobody(self, strict):
        assert freezing.why_not_freeze(a_draft(Custody.SERVER)) is None

    def test_of_freezing_and_declining_at_once_one_comes_too_late(self, app):
        election = a_draft()
        people = some_scrutineers(election)
        ids = election.id, people[0].id
        db.session.rollback()

        def work(n):
            mine = db.session.get(Election, ids[0])
            try:
                if n:
                    freezing.freeze(mine, None)
                else:
                    naming.answer(mine, db.session.get(Member, ids[1]), False)
                db.session.commit()
            except Refused:
                db.session.rollback()
                return "refused"
            return "done"

        assert sorted(in_threads(app, 2, work)) == ["done", "refused"]
        db.session.expire_all()
        election = db.session.get(Election, ids[0])
        assert bool(election.frozen_at) == (len(scrutineers.ready(election)) == 3)

    def test_a_draft_that_is_frozen_at_the_same_moment_keeps_its_key(self, app):
        election = a_draft()
        id_ = election.id
        db.session.rollback()

        def work(n):
            mine = db.session.get(Election, id_)
            try:
                if n:
                    freezing.freeze(mine, None)
                else:
                    rules.prepare(mine.edition, Custody.SERVER, None)
                db.session.commit()
            except Refused:
                db.session.rollback()

        in_threads(app, 2, work)
        db.session.expire_all()
        election = db.session.get(Election, id_)
        assert election.frozen_at
        assert bool(election.kept_seed) == (election.custody == Custody.SERVER) == (not ceremony.key_lists(election))


class TestTheirActs:
    def test_each_proves_one_list_and_others_none(self):
        election = a_draft()
        people, other, dre = some_scrutineers(election), a_scrutineer(name="Other"), an_organiser()
        lists = freezing.freeze(election, None)
        for stranger in (other, dre):
            with pytest.raises(Refused, match="Only the scrutineers who were named"):
                ceremony.prove_list(election, lists[0], stranger.id)
        ceremony.prove_list(election, lists[0], people[0].id)
        ceremony.prove_list(election, lists[0], people[0].id)
        with pytest.raises(Refused, match="proved list 1 already"):
            ceremony.prove_list(election, lists[1], people[0].id)
        for number in (1, 2):
            ceremony.prove_list(election, lists[number], people[number].id)
        assert election.proved_at

    def test_nobody_takes_over_the_list_of_another(self):
        election = a_draft()
        people = some_scrutineers(election)
        lists = freezing.freeze(election, None)
        ceremony.prove_list(election, lists[0], people[0].id)
        with pytest.raises(Refused, match="Watcher 0 has proved list 1 already"):
            ceremony.prove_list(election, lists[0], people[1].id)
        assert ceremony.prove_list(election, lists[1], people[1].id).proved_by_id == people[1].id

    def test_only_they_open_the_box(self):
        election, people, lists = a_closed_vote()
        for stranger in (a_scrutineer(name="Other"), an_organiser()):
            with pytest.raises(Refused, match="Only the scrutineers who were named"):
                counting.count(election, lists[:2], stranger.id)
        counting.count(election, lists[:2], people[2].id)
        assert election.counted_at

    def test_who_became_an_organiser_opens_nothing_any_more(self):
        election, people, lists = a_closed_vote()
        members.grant(people[0], Role.ORGANISER, None, None)
        with pytest.raises(Refused, match="does not watch over it too"):
            counting.count(election, lists[:2], people[0].id)

    def test_whoever_is_asked_and_silent_may_nothing(self):
        election = a_draft()
        some_scrutineers(election)
        silent = a_scrutineer(name="Silent")
        naming.name(election, silent, None)
        lists = freezing.freeze(election, None)
        with pytest.raises(Refused, match="have accepted"):
            ceremony.prove_list(election, lists[0], silent.id)

    def test_the_desks_let_in_who_was_named(self, browser_of):
        election, people, lists = a_closed_vote()
        eva, other, dre = browser_of(people[0]), browser_of(a_scrutineer(name="Other")), browser_of(an_organiser())
        pile = paper_ballots.make_pile(election, "A", 1, None, None).id
        for path in ("vote/papers/", f"vote/papers/{pile}", "election/progress.json"):
            assert (eva.get(f"/en/2026/{path}").status_code, other.get(f"/en/2026/{path}").status_code) == (200, 403)
        for act in ("add", "finish", "remove", "lines/0/remove"):
            assert other.post(f"/en/2026/vote/papers/{pile}/{act}", data={"times": 1}).status_code == 403
        paper_ballots.remove_pile(election, paper_ballots.piles(election)[0], None)
        words = {"first": lists[0], "second": lists[1]}
        for browser in (other, dre):
            page = browser.get("/en/2026/election/count", follow_redirects=True).text
            assert "Only the scrutineers who were named" in page
            assert browser.post("/en/2026/election/count", data=words).status_code == 303
        assert election.counted_at is None
        assert "are counted" in eva.post("/en/2026/election/count", data=words, follow_redirects=True).text
        for browser, code in ((eva, 200), (dre, 200), (other, 403)):
            assert browser.get("/en/2026/election/review").status_code == code
            assert browser.post("/en/2026/election/package").status_code == code

    def test_where_the_server_keeps_the_key_organisers_open_the_box(self):
        election, dre = a_draft(Custody.SERVER), an_organiser()
        some_scrutineers(election)
        freezing.freeze(election, None)
        hours.open_(election, None)
        hours.close(election, None)
        counting.count(election, [], dre.id)
        assert election.counted_at

    def test_only_they_get_the_seals_and_stand_in_the_minutes(self):
        a_scrutineer(name="Other")
        election, people, _lists = a_closed_vote()
        told = set(db.session.scalars(select(Letter.member_id).where(Letter.name == "checkpoint")))
        assert told == {member.id for member in people}
        facts = minutes.facts_of(an_assembly(election.edition))
        assert facts.scrutineers == tuple(member.name for member in people)

    def test_where_nobody_is_named_the_role_is_enough(self):
        election, other = a_draft(), a_scrutineer(name="Other")
        lists = freezing.freeze(election, None)
        for words in lists:
            ceremony.prove_list(election, words, other.id)
        assert election.proved_at and scrutineers.watching(election) == [other]


class TestPages:
    def test_an_organiser_asks_at_the_desk_and_takes_back(self, browser_of):
        election, eva = a_draft(), a_scrutineer()
        dre = browser_of(an_organiser())
        assert f"/election/scrutineers/{eva.id}/name" in dre.get("/en/2026/election/").text
        page = dre.post(f"/en/2026/election/scrutineers/{eva.id}/name", follow_redirects=True).text
        assert "no answer yet" in page and "Eva Stone is asked by mail" in page
        page = dre.post(f"/en/2026/election/scrutineers/{eva.id}/drop", follow_redirects=True).text
        assert "Eva Stone is no longer asked" in page and states(election) == []
        assert dre.post("/en/2026/election/scrutineers/99999/name").status_code == 404

    def test_strictly_who_is_asked_does_the_second_step_and_answers(self, strict, browser_of, proved):
        election, eva = a_draft(), a_scrutineer()
        naming.name(election, eva, None)
        db.session.commit()
        asleep = browser_of(eva).get("/en/2026/election/scrutineer")
        assert asleep.status_code in (302, 303) and "second-step" in asleep.headers["Location"]
        awake = proved(eva)
        assert "Will you be a scrutineer?" in awake.get("/en/").text
        page = awake.get("/en/2026/election/scrutineer").text
        assert "my name may be public" in page and "where everybody can read it" in page
        assert "you are a scrutineer" in awake.post("/en/2026/election/scrutineer/accept", follow_redirects=True).text
        assert "Will you be a scrutineer?" not in awake.get("/en/").text
        assert "You have declined" in awake.post("/en/2026/election/scrutineer/decline", follow_redirects=True).text
        assert states(election) == [("Eva Stone", False, True)]

    def test_who_was_not_asked_reads_that(self, browser_of):
        a_draft()
        browser = browser_of(a_scrutineer())
        assert "You were not asked" in browser.get("/en/2026/election/scrutineer").text
        assert browser.post("/en/2026/election/scrutineer/accept").status_code == 409
        for member in (a_member(), an_organiser(), a_board_member()):
            assert browser_of(member).get("/en/2026/election/scrutineer").status_code == 403

    def test_who_became_an_organiser_reads_why_and_can_only_decline(self, browser_of):
        election, eva = a_draft(), a_scrutineer()
        naming.name(election, eva, None)
        members.grant(eva, Role.ORGANISER, None, None)
        db.session.commit()
        browser = browser_of(eva)
        page = browser.get("/en/2026/election/scrutineer").text
        assert "does not watch over it too" in page and "/scrutineer/decline" in page
        assert "/scrutineer/accept" not in page
        assert "You have declined" in browser.post("/en/2026/election/scrutineer/decline", follow_redirects=True).text

    def test_who_was_erased_is_a_former_member(self, client):
        election, people, _lists = a_watched_vote()
        people[0].left = now().date() - timedelta(days=1)
        erasing.erase(people[0], an_organiser().id)
        db.session.commit()
        assert "Scrutineers: Watcher 1, Watcher 2, and a former member" in client.get("/en/2026/vote").text
        told = minutes.facts_of(an_assembly(election.edition)).scrutineers
        assert told == ("Watcher 1", "Watcher 2", "a former member")

    def test_their_names_are_public_once_they_accepted(self, client, browser_of):
        election, silent = a_draft(), a_scrutineer(name="Silent Sam")
        naming.name(election, silent, None)
        some_scrutineers(election, a_scrutineer(), a_scrutineer(name="Luc"), a_scrutineer(name="Ann"))
        said = "Scrutineers: Ann, Eva Stone, and Luc"
        assert said in client.get("/en/2026/vote").text
        dre = browser_of(an_organiser())
        assert said in dre.post("/en/2026/election/freeze").text
        page = client.get("/en/2026/vote").text
        assert said in page and "Silent" not in page

    def test_those_of_a_rehearsal_are_for_who_sees_it(self, client):
        election = a_draft(is_rehearsal=True)
        some_scrutineers(election, a_scrutineer())
        assert "Eva Stone" not in client.get("/en/2026/vote").text

    @pytest.mark.parametrize("code", ["nl", "fr", "en"])
    def test_the_pages_stand_in_each_language(self, browser_of, code):
        election, people, _lists = a_watched_vote()
        assert election
        assert browser_of(people[0]).get(f"/{code}/2026/election/scrutineer").status_code == 200
        assert people[1].name in browser_of(an_organiser()).get(f"/{code}/2026/election/").text

    def test_their_own_data_tell_it(self):
        election = a_draft()
        (eva,) = some_scrutineers(election, a_scrutineer())
        (told,) = own_data.of(eva)["scrutineer of"]
        assert told["accepted"] and not told["declined"]


def test_there_are_as_many_as_there_are_lists():
    assert seal.LISTS == 3  # "Three are needed", say the pages
