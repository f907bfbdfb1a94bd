"""What takes two officials: one asks, another one confirms; never the same, never late, never twice."""

import re
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, insert, select
from sqlalchemy.orm.attributes import set_committed_value

from sipvote import worker
from sipvote.access import Role
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.i18n import ZONE
from sipvote.mail import Letter
from sipvote.members.models import Member, SignIn
from sipvote.voting import announcements, box, checklist, freezing, hours, papers, rules, second_word
from sipvote.voting.day import Announcement, SecondWord
from sipvote.voting.models import Custody, Election
from tests.factories import (
    a_frozen_election,
    a_member,
    a_theme,
    a_vote,
    an_edition,
    an_election,
    an_organiser,
)
from tests.queries import explained, reads_all_of
from tests.voting.test_casting import in_threads

pytestmark = pytest.mark.usefixtures("database")
WHY = "The wifi in the hall went down."


@pytest.fixture
def dre():
    return an_organiser()


@pytest.fixture
def fien():
    return a_member("Fien Smet", "gent", Role.ORGANISER)


def asked(election, act, by, reason="", until=None):
    """Ask, and give what names the asking."""
    word = second_word.ask(election, act, by.id, reason, until)
    db.session.commit()
    return second_word.stamp(word)


def in_half_an_hour(election):
    return election.closes_at + timedelta(minutes=30)


class TestAsking:
    def test_one_asks_and_another_opens(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        stamp = asked(election, "open", dre)
        assert election.opened_at is None
        second_word.confirm(election, "open", stamp, fien.id)
        entry = db.session.scalars(select(Entry).where(Entry.act == "open vote")).one()
        assert election.is_open and (entry.member_id, entry.facts["asked_by"]) == (fien.id, dre.number)

    def test_nobody_confirms_what_they_asked_themselves(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        stamp = asked(election, "open", dre)
        with pytest.raises(Refused, match="asked for this yourself"):
            second_word.confirm(election, "open", stamp, dre.id)
        assert election.opened_at is None

    def test_one_alone_cannot_even_ask(self, dre):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        with pytest.raises(Refused, match="takes two organisers"):
            second_word.ask(election, "open", dre.id)

    def test_the_organisers_are_found_by_their_roles_not_among_all_members(self, dre, fien):
        city = {"city_id": fien.city_id, "country": "BE", "language": "nl", "profile": "user", "joined": fien.joined}
        many = [{"number": f"m{n}", "name": f"Member {n}", **city} for n in range(3000)]
        db.session.execute(insert(Member), many)
        election = an_election(custody=Custody.SERVER)
        with explained("member", "role_grant") as plans:
            assert second_word._others(dre.id) == [fien]
            assert checklist._holders(Role.ORGANISER) == 2
        assert len(plans) >= 2 and not reads_all_of("member", plans)
        election.is_rehearsal = True
        with explained("member", "role_grant") as plans:
            assert db.session.scalar(checklist.on_roll(election, select(func.count()).select_from(Member))) == 2
        assert plans and not reads_all_of("member", plans)

    def test_what_is_asked_is_not_asked_again(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        asked(election, "open", dre)
        with pytest.raises(Refused, match="Dré Maes has asked for this already"):
            second_word.ask(election, "open", fien.id)

    def test_it_lapses_and_can_be_asked_anew(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        stamp = asked(election, "open", dre)
        with time_machine.travel(now() + second_word.LIVES):
            assert second_word.standing(election) == []
            with pytest.raises(Refused, match="no longer asked"):
                second_word.confirm(election, "open", stamp, fien.id)
            second_word.confirm(election, "open", asked(election, "open", fien), dre.id)
        assert election.opened_at is not None

    def test_who_confirms_has_read_what_is_asked_now(self, dre, fien):
        """Withdrawn and asked anew, with another end, between the page and the click."""
        election = an_election()
        old = asked(election, "extend", dre, WHY, in_half_an_hour(election))
        second_word.withdraw(election, "extend", old, dre.id)
        new = asked(election, "extend", dre, WHY, in_half_an_hour(election) + timedelta(days=1))
        for stamp in (old, "", "nonsense"):
            with pytest.raises(Refused, match="no longer asked"):
                second_word.confirm(election, "extend", stamp, fien.id)
        second_word.confirm(election, "extend", new, fien.id)

    def test_the_other_one_may_disagree(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        stamp = asked(election, "open", dre)
        second_word.withdraw(election, "open", stamp, fien.id)
        with pytest.raises(Refused, match="no longer asked"):
            second_word.confirm(election, "open", stamp, fien.id)

    def test_what_was_asked_before_unfreezing_is_not_asked_after_it(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        stamp = asked(election, "open", dre)
        freezing.unfreeze(election, None)
        freezing.freeze(election, None)
        with pytest.raises(Refused, match="no longer asked"):
            second_word.confirm(election, "open", stamp, fien.id)

    def test_the_other_organisers_hear_of_it_in_their_language(self, dre, fien):
        a_member("Luc", "luik", Role.ORGANISER, language="fr")
        a_member("Gone", "gent", Role.ORGANISER, left=now().date())
        election = an_election()
        asked(election, "close", dre, WHY)
        letters = db.session.scalars(select(Letter).where(Letter.name == "second_word").order_by(Letter.id)).all()
        assert [letter.language for letter in letters] == ["en", "fr"]
        assert all(WHY in letter.body and "/election/" in letter.body for letter in letters)
        assert "de clore le scrutin" in letters[1].subject

    @pytest.mark.parametrize(("act", "told"), [("open", "opened already"), ("close", "Say why"), ("extend", "Say why")])
    def test_what_is_not_possible_or_has_no_reason_cannot_be_asked(self, dre, fien, act, told):
        election = an_election()
        for reason in ("", "  \n "):
            with pytest.raises(Refused, match=told):
                second_word.ask(election, act, dre.id, reason, in_half_an_hour(election))
        if act != "open":
            with pytest.raises(Refused, match="at most 500"):
                second_word.ask(election, act, dre.id, "x" * 501, in_half_an_hour(election))
        assert db.session.scalar(select(func.count()).select_from(SecondWord)) == 0

    def test_two_who_confirm_at_once_do_it_once(self, app, dre, fien):
        third = a_member("Gust", "gent", Role.ORGANISER)
        election = an_election()
        stamp = asked(election, "close", dre, WHY)
        election_id, others = election.id, [fien.id, third.id]
        db.session.rollback()

        def work(n):
            try:
                second_word.confirm(db.session.get(Election, election_id), "close", stamp, others[n])
                db.session.commit()
            except Refused as refused:
                db.session.rollback()
                return refused.why
            return None

        told = in_threads(app, 2, work)
        assert told.count(None) == 1 and "no longer asked" in "".join(filter(None, told))
        assert db.session.scalar(select(func.count()).where(Entry.act == "close vote")) == 1

    def test_two_who_ask_at_once_ask_once(self, app, dre, fien):
        election = an_election()
        election_id, people = election.id, [dre.id, fien.id]
        db.session.rollback()

        def work(n):
            try:
                second_word.ask(db.session.get(Election, election_id), "close", people[n], WHY)
                db.session.commit()
            except Refused as refused:
                db.session.rollback()
                return refused.why
            return None

        told = in_threads(app, 2, work)
        assert told.count(None) == 1 and "asked for this already" in "".join(filter(None, told))


class TestByHand:
    def test_the_worker_leaves_the_opening_to_the_officials_and_closes_at_the_announced_end(self):
        edition = an_edition(Phase.VOTE)
        for number in range(4):
            a_theme(edition, f"Theme {number}", admitted_at=now())
        an_organiser(), an_organiser()
        election = rules.prepare(edition, Custody.SERVER, None, by_hand=True)
        freezing.freeze(election, None)
        db.session.commit()
        worker.elections()
        assert election.opened_at is None
        hours.open_(election, None)
        db.session.commit()
        with time_machine.travel(election.closes_at + timedelta(seconds=1)):
            worker.elections()
        assert election.state == "closed"

    def test_it_is_not_frozen_where_nobody_could_confirm_its_opening(self, dre):
        edition = an_edition(Phase.VOTE)
        for number in range(4):
            a_theme(edition, f"Theme {number}", admitted_at=now())
        election = rules.prepare(edition, Custody.SERVER, None, by_hand=True)
        assert "name another organiser" in freezing.why_not_freeze(election)
        rules.prepare(edition, Custody.SERVER, None)
        kinds = [check.kind for check in checklist.checklist(election) if "organiser" in check.text]
        assert freezing.why_not_freeze(election) is None and kinds == ["warn"]

    def test_nobody_opens_before_the_announced_moment(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        with (
            time_machine.travel(election.opens_at - timedelta(minutes=1)),
            pytest.raises(Refused, match="possible from"),
        ):
            second_word.ask(election, "open", dre.id)


class TestClosingEarly:
    def test_everybody_is_told_why(self, dre, fien, client):
        election = an_election()
        second_word.confirm(election, "close", asked(election, "close", dre, WHY), fien.id)
        assert election.state == "closed"
        page = client.get("/en/2026/vote").text
        assert WHY in page and "closed before its announced end" in page

    def test_at_the_announced_end_no_reason_is_needed(self, dre, fien):
        election = an_election()
        with time_machine.travel(election.closes_at + timedelta(seconds=1)):
            second_word.confirm(election, "close", asked(election, "close", dre), fien.id)
        assert election.state == "closed" and announcements.announced(election) == []


class TestExtending:
    def test_the_vote_and_its_phase_last_longer(self, dre, fien, client, browser_of):
        ada = a_member()
        election = an_election(ada)
        until = in_half_an_hour(election)
        second_word.confirm(election, "extend", asked(election, "extend", dre, WHY, until), fien.id)
        assert election.closes_at == until == election.edition.count_at
        with time_machine.travel(until - timedelta(minutes=1)):
            worker.elections()
            assert election.is_open and a_vote(election, ada, 1)
        told = browser_of(ada)
        for page in ("/en/", "/en/2026/vote", "/en/2026/vote/ballot", "/en/2026/vote/board"):
            assert WHY in told.get(page).text

    def test_it_can_be_done_again_and_only_forward(self, dre, fien):
        election = an_election()
        first = in_half_an_hour(election)
        hours.extend(election, first, WHY, dre.id, fien.id)
        for too_early in (first, first - timedelta(minutes=10)):
            with pytest.raises(Refused, match="later moment"):
                second_word.ask(election, "extend", dre.id, WHY, too_early)
        hours.extend(election, first + timedelta(hours=1), WHY, dre.id, fien.id)
        assert [a.kind for a in announcements.announced(election)] == ["extended", "extended"]

    def test_it_does_not_run_into_the_sign_up(self, dre, fien):
        election = an_election()
        with pytest.raises(Refused, match="Sign-up for workgroups begins"):
            second_word.ask(election, "extend", dre.id, WHY, election.edition.signup_at)

    def test_what_is_closed_or_not_yet_open_is_not_extended(self, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        with pytest.raises(Refused, match="not been opened"):
            second_word.ask(election, "extend", dre.id, WHY, in_half_an_hour(election))
        hours.open_(election, None)
        with time_machine.travel(election.closes_at), pytest.raises(Refused, match="no longer be extended"):
            second_word.ask(election, "extend", dre.id, WHY, in_half_an_hour(election))

    def test_a_later_phase_that_was_planned_already_stays(self, dre, fien):
        election = an_election()
        planned = election.edition.count_at = election.edition.count_at + timedelta(days=3)
        hours.extend(election, in_half_an_hour(election), WHY, dre.id)
        assert election.edition.count_at == planned

    def test_the_worker_does_not_close_what_was_extended_in_the_last_instant(self, app):
        """It saw that the time was over; before it held the election, somebody had extended the vote."""
        election_id = an_election().id
        db.session.rollback()
        seen, extended = threading.Event(), threading.Event()

        def work(n):
            election = db.session.get(Election, election_id)
            if n == 0:
                db.session.rollback()
                seen.wait(5)
                hours.extend(election, in_half_an_hour(election), WHY, None)
                db.session.commit()
                return extended.set()
            closes_at = election.closes_at
            db.session.rollback()
            seen.set()
            extended.wait(5)
            with time_machine.travel(closes_at + timedelta(seconds=1)):
                set_committed_value(election, "closes_at", closes_at)
                hours._close_in_time(election)
                db.session.commit()
            return None

        in_threads(app, 2, work)
        assert db.session.get(Election, election_id).closed_at is None


class TestPausing:
    def test_no_vote_is_taken_and_nothing_is_lost(self, browser_of):
        ada = a_member()
        election = an_election(ada)
        browser = browser_of(ada)
        ballot = re.search(r'name="ballot" value="(\w+)"', browser.get("/en/2026/vote/ballot").text)[1]
        hours.pause(election, WHY, None)
        for act in ("check", "send"):
            page = browser.post(f"/en/2026/vote/{act}", data={"ballot": ballot, "q0": "2"})
            assert WHY in page.text and "Your choice is not sent" in page.text
            assert re.search(r'value="2"[^>]*checked|checked[^>]*value="2"', page.text)
        assert browser.get("/en/2026/vote/ballot").status_code == 409
        assert all(WHY in browser.get(page).text for page in ("/en/", "/en/2026/vote", "/en/2026/vote/board"))
        hours.resume(election, None)
        answer = browser.post("/en/2026/vote/send", data={"ballot": ballot, "q0": "2"})
        assert answer.headers["Location"].endswith("/receipt")

    def test_it_is_paused_and_resumed_once(self):
        election = an_election()
        with pytest.raises(Refused, match="not paused"):
            hours.resume(election, None)
        hours.pause(election, WHY, None)
        with pytest.raises(Refused, match="paused already"):
            hours.pause(election, WHY, None)
        hours.resume(election, None)
        assert [a.kind for a in announcements.announced(election)] == ["paused", "resumed"]

    def test_a_pause_has_a_reason(self):
        with pytest.raises(Refused, match="Say why"):
            hours.pause(an_election(), " ", None)

    def test_the_lost_time_is_told_and_offered(self, browser_of, dre, fien):
        election = an_election()
        hours.pause(election, WHY, dre.id)
        with time_machine.travel(now() + timedelta(minutes=12)):
            hours.resume(election, dre.id)
        organiser = browser_of(dre)
        assert re.search(r"stood still for 1[23] minutes", organiser.get("/en/2026/election/").text)
        assert announcements.stood_still(election) >= timedelta(minutes=12)
        page = organiser.get("/en/2026/election/extend").text
        later = [(election.closes_at + timedelta(minutes=n)).astimezone(ZONE) for n in (12, 13)]
        assert any(f'value="{until:%Y-%m-%dT%H:%M}"' in page for until in later)

    def test_a_paused_vote_ends_in_its_time_and_can_be_extended(self, dre, fien):
        election = an_election()
        hours.pause(election, WHY, None)
        second_word.confirm(election, "extend", asked(election, "extend", dre, WHY, in_half_an_hour(election)), fien.id)
        with time_machine.travel(election.closes_at + timedelta(seconds=1)):
            worker.elections()
        assert election.state == "closed" and not election.is_paused
        assert "closed since" in rules.why_not_vote(election, box.Standing(on_roll=True))

    def test_every_vote_that_was_acknowledged_is_before_the_pause(self, app):
        members = [a_member(f"M{n}") for n in range(60)]
        election = an_election(*members)
        paper, election_id, ids = papers.of(election), election.id, [m.id for m in members]
        db.session.rollback()
        taken, refused = [], []

        def work(n):
            if n == 0:
                while len(taken) < 10:
                    time.sleep(0.002)
                hours.pause(db.session.get(Election, election_id), WHY, None)
                db.session.commit()
                return box.turnout(election_id)
            for member_id in ids[n - 1 :: 3]:
                try:
                    taken.append(rules.cast(paper, member_id, ((1,),)))
                except Refused:
                    refused.append(member_id)
                    db.session.rollback()
            return None

        at_pause = in_threads(app, 4, work)[0]
        assert at_pause == len(taken) and len(taken) + len(refused) == 60


class TestAtTheDesk:
    def test_who_signed_in_long_ago_signs_in_again_before_confirming(self, browser_of, dre, fien):
        election, _lists = a_frozen_election(custody=Custody.SERVER)
        stamp = asked(election, "open", dre)
        browser = browser_of(fien)
        session = db.session.scalars(select(SignIn).where(SignIn.member_id == fien.id)).one()
        session.used_at = now() - timedelta(minutes=31)
        answer = browser.post("/en/2026/election/confirm/open", data={"asked": stamp})
        assert "/sign-in?" in answer.headers["Location"] and election.opened_at is None
        page = browser.get(answer.headers["Location"]).text
        assert "Sign in again, then confirm" in page and 'name="email"' in page
        browser.post(answer.headers["Location"], data={"email": fien.email})
        assert db.session.scalars(select(SignIn.next_path).order_by(SignIn.id.desc())).first() == "/en/2026/election/"
        session.used_at = now()
        browser.post("/en/2026/election/confirm/open", data={"asked": stamp})
        assert election.is_open

    def test_one_sees_what_was_asked_and_by_whom(self, browser_of, dre, fien):
        election = an_election()
        asked(election, "extend", dre, WHY, in_half_an_hour(election))
        own, others = (browser_of(m).get("/en/2026/election/").text for m in (dre, fien))
        assert "Asked by Dré Maes" in own and WHY in own and "/confirm/extend" not in own and "No longer ask" in own
        assert "/confirm/extend" in others and "I do not agree" in others

    def test_a_moment_that_cannot_be_is_told_beside_it(self, browser_of, dre, fien):
        election = an_election()
        browser = browser_of(dre)
        page = browser.get("/en/2026/election/extend").text
        assert 'name="until"' in page and "value=" in page
        early = (election.closes_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        for until, told in (("", "Fill in the day"), ("soon", "Not a valid"), (early, "later moment")):
            page = browser.post("/en/2026/election/extend", data={"until": until, "reason": WHY}).text
            assert told in page and WHY in page
        assert db.session.scalar(select(func.count()).select_from(SecondWord)) == 0

    @pytest.mark.parametrize("code", ["nl", "fr", "en"])
    def test_its_pages_stand_in_each_language(self, browser_of, dre, fien, code):
        election = an_election()
        browser = browser_of(dre)
        for page in ("close", "extend", "pause"):
            assert browser.get(f"/{code}/2026/election/{page}").status_code == 200
        asked(election, "extend", dre, WHY, in_half_an_hour(election))
        hours.pause(election, WHY, dre.id)
        assert WHY in browser.get(f"/{code}/2026/election/").text
        assert browser.get(f"/{code}/2026/election/pause").status_code == 303

    def test_a_scrutineer_sees_what_is_asked_and_confirms_nothing(self, browser_of, dre, fien):
        election = an_election()
        asked(election, "close", dre, WHY)
        eva = browser_of(a_member("Eva", "gent", Role.SCRUTINEER))
        page = eva.get("/en/2026/election/").text
        assert "Asked by Dré Maes" in page and "/confirm/" not in page

    def test_pausing_at_the_desk(self, browser_of, dre):
        election = an_election()
        browser = browser_of(dre)
        assert "Say why" in browser.post("/en/2026/election/pause", data={"reason": ""}).text
        browser.post("/en/2026/election/pause", data={"reason": WHY})
        assert election.is_paused and db.session.scalars(select(Announcement.reason)).one() == WHY
        browser.post("/en/2026/election/resume")
        assert election.is_open
