"""Small promises about a vote, each in a sentence: how its files are named, what is logged, what is told to whom."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
import time_machine
from sqlalchemy import delete, select, update

from sipvote.access import Role
from sipvote.assembly import proxies
from sipvote.assembly import rules as assemblies
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.documents import texts
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.i18n import in_language
from sipvote.mail import Letter
from sipvote.members.models import Grant
from sipvote.themes import review
from sipvote.voting import (
    box,
    counting,
    freezing,
    hours,
    live,
    minutes,
    minutes_text,
    packing,
    paper_ballots,
    papers,
    progress,
    proxy_votes,
    questions,
    rehearsing,
    result,
    rules,
    seal,
    second_word,
    slides,
)
from sipvote.voting.day import SecondWord
from sipvote.voting.models import Custody, Election, Envelope, Kind, Question
from sipvote.voting.papers import Paper, PaperOption, PaperQuestion
from tests.factories import (
    a_card,
    a_counted_election,
    a_facilitator,
    a_member,
    a_paper,
    a_proxy,
    a_scrutineer,
    a_theme,
    a_vote,
    a_vote_for,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
    tame_the_lot,
)
from tests.voting.test_explained import counted_as
from tests.voting.test_screen import kind_of, numbers_of, page_of
from tests.written import words_of

pytestmark = pytest.mark.usefixtures("database")


def last_entry() -> Entry:
    return db.session.scalars(select(Entry).order_by(Entry.id.desc())).first()


def a_vote_with_papers(*readings, voted=0) -> Election:
    """A closed and counted vote: so many envelopes, and one pile of papers that two read as (times, choices)."""
    papers_out = sum(times for times, _choices in readings)
    people = [a_member(f"Voter {n}") for n in range(papers_out + voted)]
    scrutineers = a_scrutineer("Eva Stone"), a_scrutineer("Fred Wood")
    election = an_election(*people)
    a_paper(election, *people[:papers_out])
    for voter in people[papers_out:]:
        a_vote(election, voter, 1)
    hours.close(election, None)
    pile = paper_ballots.make_pile(election, "Urn", papers_out, None, None)
    for reader in scrutineers:
        for times, choices in readings:
            paper_ballots.add(election, pile, times, choices, reader.id)
        paper_ballots.finish(election, pile, reader.id)
    counting.count(election, [], None)
    db.session.commit()
    return election


def minutes_of(election) -> str:
    assembly = assemblies.of_edition(election.edition) or an_assembly(election.edition, starts_in=-1)
    with in_language("en"):
        return "\n".join(texts(minutes_text.document(minutes.facts_of(assembly), with_annex=False)))


def packed(election) -> dict:
    """What the scrutineers' package says of the election."""
    with zipfile.ZipFile(BytesIO(packing.scrutineers_package(election, None))) as archive:
        return json.loads(archive.read("election.json"))


class TestTheMinutes:
    def test_a_vote_under_a_proxy_is_one_wherever_it_was_cast(self):
        givers, holder = [a_member("Ada"), a_member("Bas"), a_member("Cas")], a_member("Hugo")
        assembly = an_assembly(an_edition(Phase.VOTE), proxies_per_holder=3)
        given = [a_proxy(giver, holder) for giver in givers]
        election = an_election(edition=assembly.edition)
        for proxy in given:
            a_vote_for(election, proxy, 0)
        election = db.session.merge(election)
        db.session.execute(update(Envelope).where(Envelope.member_id == givers[0].id).values(in_hall=True))
        told = minutes.turnout(election)
        assert told == minutes.Turnout(remote=0, hall=0, proxy=3, paper=0) and told.total == 3

    def test_no_browser_keeps_them(self, browser_of):
        an_assembly(an_election().edition)
        dre = browser_of(an_organiser())
        for page in ("minutes", "minutes.html"):
            assert dre.get(f"/en/2026/{page}").headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(("themes", "seats", "more"), [(8, 2, "and 8 more"), (6, 3, None)])
    def test_twenty_ways_for_a_lot_to_fall_are_listed_and_how_many_more_there_are(
        self, app, monkeypatch, themes, seats, more
    ):
        ballots = [(5, (n,)) for n in range(themes)]
        election = counted_as(monkeypatch, ballots, rule="approval", options=themes, seats=seats)
        with app.test_request_context():
            ways = minutes_of(election).partition("These outcomes were possible:\n")[2].splitlines()
        assert all(way.count("Theme") == seats for way in ways[:20]) and (ways[20] == more) is bool(more)
        assert ways[21 if more else 20] == "The lot has not been drawn yet."

    def test_two_questions_are_numbered_and_a_single_one_is_not(self, app):
        edition, words = an_edition(Phase.VOTE), {"en": {"title": "Shall we?", "text": ""}}
        for n in range(3):
            a_theme(edition, f"Theme {n}", admitted_at=now())
        election = rules.prepare(edition, Custody.SERVER, None)
        for asked, told in ((1, "Which themes shall we work on?"), (2, "Question 2: Shall we?")):
            if asked == 2:
                questions.ask(election, questions.Asked("simple", texts=words), None)
            freezing.freeze(election, None)
            db.session.commit()
            with app.test_request_context():
                lines = minutes_of(election).splitlines()
            assert told in lines and ("Question 1: Which themes shall we work on?" in lines) is (asked == 2)
            freezing.unfreeze(election, None)

    def test_once_the_roll_is_destroyed_there_are_none_and_the_day_is_told(self, browser_of):
        election = an_election()
        an_assembly(election.edition)
        election.destroyed_at = datetime(2026, 6, 15, 12, tzinfo=UTC)
        dre = browser_of(an_organiser())
        for page in ("minutes", "minutes.html"):
            answer = dre.get(f"/en/2026/{page}")
            assert answer.status_code == 409 and "destroyed on Monday 15 June 2026." in answer.text

    def test_spoilt_papers_are_spoilt_ballots(self, app):
        election = a_vote_with_papers((1, ((0,),)), (1, None))
        with app.test_request_context():
            assert "spoilt" not in minutes_of(election)
        result.publish(election, None)
        with app.test_request_context():
            assert "1 ballot was spoilt." in minutes_of(election)

    def test_where_a_lot_falls_between_groups_they_are_told_as_groups(self, app, monkeypatch):
        camps = [(10, tuple(range(20))), (10, tuple(range(20, 40)))]
        election = counted_as(monkeypatch, camps, rule="phragmen", options=40, seats=19, max_approvals=None)
        with app.test_request_context():
            told = minutes_of(election)
        assert "9 of these: Theme 0, " in told and "; 10 of these: Theme 20, " in told


class TestFiles:
    @pytest.mark.parametrize(
        ("path", "kind", "name"),
        [
            ("/en/2026/vote/trackers.txt", "text/plain; charset=utf-8", "trackers-2026.txt"),
            ("/en/2026/vote/checkpoints.jsonl", "application/jsonl; charset=utf-8", "checkpoints-2026.jsonl"),
            ("/verify.py", "text/x-python; charset=utf-8", "verify.py"),
        ],
    )
    def test_each_has_its_kind_and_its_name(self, client, path, kind, name):
        an_election()
        answer = client.get(path)
        assert answer.content_type == kind
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"

    def test_papers_and_spoilt_ones_stand_in_the_result(self, client):
        election = a_vote_with_papers((2, ((0,),)), (1, None), voted=2)
        result.publish(election, None)
        facts = client.get("/en/2026/vote/results.json").json
        assert (facts["on_paper"], facts["spoilt"], facts["voted"]) == (3, 1, 5)

    def test_a_theme_that_goes_on_without_a_vote_stands_in_the_package(self):
        theme, edition = a_worked_on_theme(), an_edition(Phase.VOTE)
        review.prolong_as_voted(edition, theme, None, None)
        election = a_counted_election((0,), (1,), edition=edition)
        told = packed(election)
        assert told["goes_on"] == 1
        asked = [option.theme_id for option in election.questions[0].options]
        assert [option["theme"] for option in told["questions"][0]["options"]] == asked and None not in asked

    def test_a_vote_that_was_counted_before_there_were_papers_has_none(self, app, client):
        election = a_counted_election((0,), (1,), (0,))
        result.publish(election, None)
        late = ("papers", "spoilt_papers", "goes_on")
        election.report = {name: told for name, told in election.report.items() if name not in late}
        facts = client.get("/en/2026/vote/results.json").json
        assert (facts["on_paper"], facts["spoilt"], facts["voted"]) == (0, 0, 3)
        assert (packed(election)["spoilt_papers"], packed(election)["goes_on"]) == (0, 0)
        with app.test_request_context():
            assert "No ballot was spoilt." in minutes_of(election)

    def test_ten_ballots_are_enough_for_numbers(self, client):
        result.publish(a_counted_election(*[(0,)] * 6, *[(1,)] * 4, seats=1), None)
        (asked,) = client.get("/en/2026/vote/results.json").json["questions"]
        assert [each["approvals"] for each in asked["options"]] == [6, 4, 0, 0] and asked["blank"] == 0

    def test_of_a_code_that_somebody_looks_for_a_hundred_signs_are_read(self, client):
        an_election()
        page = words_of(client.get(f"/en/2026/vote/board?code={'X' * 101}").text)
        assert "X" * 100 in page and "X" * 101 not in page


class TestTheReceipt:
    @pytest.mark.parametrize("address", ["ada@example.org", None])
    def test_who_votes_in_the_hall_can_have_it_mailed_when_they_have_an_address(self, client, address):
        ada = a_member("Ada", email=address)
        election = an_election(ada)
        a_vote(election, ada, 0)
        assert client.post("/en/2026/vote/card", data={"code": a_card(election, ada)}).status_code == 303
        page = client.get("/en/2026/vote/receipt").text
        assert seal.code(box.standing(election.id, ada.id).tracker) in page
        assert ("/en/2026/vote/receipt/mail" in page) is (address is not None)
        said = words_of(client.post("/en/2026/vote/receipt/mail", follow_redirects=True).text)
        told = f"on its way to {address}." if address else "We have no e-mail address of yours."
        assert f"[notice {'ok' if address else 'warn'}]" in said and told in said


class TestTheLog:
    def test_a_pile_that_is_removed_is_named(self):
        people, eva = [a_member("Ada"), a_member("Bas")], a_scrutineer()
        election = an_election(*people)
        a_paper(election, *people)
        hours.close(election, None)
        pile = paper_ballots.make_pile(election, "Urn", 2, None, eva.id)
        assert last_entry().facts == {"pile": "Urn", "papers": 2, "country": None}
        paper_ballots.remove_pile(election, pile, eva.id)
        entry = last_entry()
        assert (entry.act, entry.subject, entry.actor) == ("remove pile", "vote 2026", eva.number)
        assert entry.facts == {"pile": "Urn", "papers": 2} and paper_ballots.piles(election) == []

    @pytest.mark.parametrize(
        ("ballots", "is_drawn", "elected", "waits"),
        [
            (((0,), (0,), (1,)), False, 1, False),
            (((0,), (1,)), False, 0, True),
            (((0,), (1,)), True, 1, False),
        ],
    )
    def test_who_publishes_leaves_a_note_whether_a_lot_is_waited_for(
        self, monkeypatch, ballots, is_drawn, elected, waits
    ):
        election = a_counted_election(*ballots, seats=1)
        if is_drawn:
            tame_the_lot(monkeypatch)
            counting.settle(election, 0, "416225", "Six dice.", None)
        result.publish(election, None)
        facts = last_entry().facts
        assert (len(facts["elected"]), facts["waits_for_a_lot"]) == (elected, waits)


class TestOpeningTheBox:
    def test_how_far_it_is_gets_noted_four_times_a_second_at_most(self, monkeypatch):
        voters = [a_member("Ada"), a_member("Bas")]
        election = an_election(*voters)
        for voter in voters:
            a_vote(election, voter, 0)
        hours.close(election, None)
        db.session.commit()
        locked = counting.unlock(election, [])
        db.session.rollback()
        clock, seen = SimpleNamespace(at=1000.0), []
        monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock.at))

        def slowly(_locked, envelopes, tell):
            assert len(envelopes) == 2
            for opened, after in enumerate((0, 0.125, 0.25, 0.375, 0.5), start=1):
                clock.at = 1000 + after
                tell(opened)
                seen.append(progress.of(locked.election_id))
                db.session.rollback()
            return "what was in it"

        monkeypatch.setattr(counting, "open_box", slowly)
        assert progress.of(locked.election_id) is None
        db.session.rollback()
        assert progress.open_box(locked) == "what was in it"
        assert [note.opened for note in seen] == [1, 1, 3, 3, 5] and {note.envelopes for note in seen} == {2}
        assert progress.of(locked.election_id) == (2, 2)


class TestTwoOfficials:
    def test_what_was_confirmed_is_asked_no_more_and_can_be_asked_again(self):
        dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
        election = an_election()
        for hour in (1, 2):
            until = election.closes_at + timedelta(minutes=hour)
            word = second_word.ask(election, "extend", dre.id, "The hall is full.", until)
            second_word.confirm(election, "extend", second_word.stamp(word), fien.id)
            assert election.closes_at == until
            assert db.session.scalars(select(SecondWord)).all() == []

    @pytest.mark.parametrize("is_rehearsal", [True, False])
    def test_the_letter_of_a_rehearsal_says_so(self, is_rehearsal):
        dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
        election = an_election()
        election.is_rehearsal = is_rehearsal
        second_word.ask(election, "close", dre.id, "All have voted.")
        db.session.flush()
        (letter,) = db.session.scalars(select(Letter).where(Letter.name == "second_word"))
        assert letter.address == fien.email and letter.subject.startswith("Rehearsal: ") is is_rehearsal

    def test_what_was_asked_by_who_is_no_organiser_any_more_is_not_confirmed(self):
        dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
        election = an_election()
        word = second_word.ask(election, "close", dre.id, "All have voted.")
        assert second_word.why_not_confirm(word, fien.id) is None
        assert second_word.why_not_confirm(word, dre.id).startswith("You asked for this yourself.")
        db.session.execute(delete(Grant).where(Grant.member_id == dre.id))
        assert second_word.why_not_confirm(word, fien.id).startswith("Who asked for this may no longer do it.")
        with pytest.raises(Refused, match="may no longer do it"):
            second_word.confirm(election, "close", second_word.stamp(word), fien.id)

    def test_what_lapsed_can_be_asked_again_by_somebody_else(self):
        dre, fien = an_organiser(), a_member("Fien Smet", "gent", Role.ORGANISER)
        election = an_election()
        second_word.ask(election, "close", dre.id, "All have voted.")
        db.session.commit()
        with time_machine.travel(now() + second_word.LIVES + timedelta(seconds=1)):
            second_word.ask(election, "close", fien.id, "Everybody has gone.")
            db.session.commit()
            (word,) = second_word.standing(election)
        assert (word.asked_by_id, word.reason) == (fien.id, "Everybody has gone.")


class TestQuestions:
    @pytest.fixture
    def dre(self, browser_of):
        rules.prepare(an_edition(Phase.VOTE), Custody.SERVER, None)
        return browser_of(an_organiser())

    @pytest.mark.parametrize(("country", "majority"), [("FR", "two_thirds"), ("", "absolute")])
    def test_who_answers_and_what_it_takes_are_kept_and_stand_in_the_form_again(self, dre, country, majority):
        words = {"original": "fr", "title_fr": "Un bureau ?", "text_fr": "Cher.", "title_en": "", "text_en": "Dear."}
        typed = {**words, "country": country, "majority": majority}
        assert dre.post("/en/2026/election/questions/action", data=typed).status_code == 303
        question = db.session.scalars(select(Question).where(Question.majority == majority)).one()
        assert (question.country, question.original) == (country or None, "fr")
        assert (question.rule, question.seats, question.max_approvals) == ("majority", 1, 1)
        assert question.texts == {"fr": {"title": "Un bureau ?", "text": "Cher."}}
        form = words_of(dre.get(f"/en/2026/election/questions/{question.id}").text)
        chosen = [line for line in form.splitlines() if " checked>" in line or " selected>" in line]
        told = " ".join(chosen)
        assert f"value={majority} checked" in told and "value=fr selected" in told and "Un bureau ?" in form
        assert told.count("checked") == 2 and ("value=FR checked" in told) is bool(country)
        entry = db.session.scalars(select(Entry).where(Entry.act == "ask question")).one()
        assert entry.facts["title"] == "Un bureau ?"
        dre.post(f"/en/2026/election/questions/{question.id}", data={**typed, "title_fr": "Deux ?"})
        entry = db.session.scalars(select(Entry).where(Entry.act == "change question")).one()
        assert entry.facts == {"question": question.position, "title": "Deux ?"}

    def test_what_is_refused_leaves_the_draft_as_it_was(self, dre):
        election = db.session.scalars(select(Election)).one()
        words = {"en": {"title": "Shall we?", "text": ""}}
        question = questions.ask(election, questions.Asked("simple", texts=words), None)
        db.session.commit()
        typed = {"original": "nl", "title_nl": " ", "country": "FR", "majority": "absolute"}
        page = dre.post(f"/en/2026/election/questions/{question.id}", data=typed)
        assert page.status_code == 200 and "Write the question in its own language" in page.text
        db.session.commit()
        db.session.refresh(question)
        assert (question.majority, question.country, question.original) == ("simple", None, "en")


class TestProxies:
    @pytest.fixture
    def assembly(self, database):
        return an_assembly(an_edition(Phase.VOTE), proxies_per_holder=1)

    def test_the_list_says_what_became_of_each(self, browser_of, assembly):
        for n, name in enumerate(("offered", "stands", "declined", "withdrawn", "desk")):
            given = a_proxy(a_member(f"Giver {n} {name}"), a_member(f"Holder {n}"), accepted=name != "offered")
            if name == "declined":
                proxies.decline(given, proxies.Vote())
            elif name == "withdrawn":
                proxies.take_back(given, proxies.Vote())
            elif name == "desk":
                proxies.end_at_desk(given, "Not signed", proxies.Vote(), None)
        db.session.commit()
        listed = browser_of(a_facilitator()).get("/en/2026/assembly/proxies/list.csv").text
        states = [line.split(";")[4] for line in listed.splitlines()[1:]]
        assert states == [
            "not accepted yet", "stands", "given back by the holder", "taken back by the giver", "ended at the desk",
        ]  # fmt: skip

    def test_where_each_may_hold_one_a_member_sees_it_and_without_an_assembly_nothing(self, assembly):
        ada, bas = a_member("Ada"), a_member("Bas")
        given = a_proxy(ada, bas)
        mine = proxy_votes.mine(assembly.edition, None, ada.id, box.Standing(), box.Cast())
        assert mine.may_exist and mine.given is given and mine.live is given
        assert [b.proxy.giver for b in proxy_votes.ballots(None, assembly.edition, bas.id, box.Cast())] == ["Ada"]
        assembly.proxies_per_holder = 0
        for there in (assembly.edition, an_edition(Phase.VOTE, year=2027)):
            assert not proxy_votes.mine(there, None, ada.id, box.Standing(), box.Cast()).may_exist

    def test_a_ballot_for_another_can_be_changed_and_says_when_it_was_cast(self, assembly):
        ada, bas = a_member("Ada"), a_member("Bas")
        proxy = a_proxy(ada, bas)
        election = an_election(ada, bas, edition=assembly.edition)
        for option in range(3):
            a_vote_for(election, proxy, option)
        (ballot,) = proxy_votes.ballots(election, assembly.edition, bas.id, box.Cast())
        assert ballot.why_not is None and ballot.cast_at is not None and not ballot.is_waiting
        assert proxy_votes.waiting(election, bas.id, box.Cast()) == []

    def test_who_has_voted_themselves_needs_no_proxy_and_who_has_not_may_give_one(self, assembly):
        ada, bas, cas, dan = (a_member(name) for name in ("Ada", "Bas", "Cas", "Dan"))
        proxy = a_proxy(ada, bas)
        election = an_election(edition=assembly.edition)
        a_vote_for(election, proxy, 0)
        a_vote(election, bas, 0)
        a_paper(election, cas)
        voted = {m.name: proxy_votes.vote_of(assembly.edition, m.id).has_voted for m in (ada, bas, cas, dan)}
        assert voted == {"Ada": False, "Bas": True, "Cas": True, "Dan": False}


class TestTheScreen:
    def test_the_numbers_are_asked_again_and_sent_again_only_when_they_must(self, client):
        election = an_election(a_member())
        with time_machine.travel(election.closes_at - timedelta(seconds=live.RESYNC * 10 - 1), tick=False) as clock:
            first = numbers_of(client)
            assert first.headers["Cache-Control"] == "no-cache" and first.content_type == "application/json"
            assert first.headers["ETag"].startswith('W/"')
            mark = {"If-None-Match": first.headers["ETag"]}
            clock.shift(timedelta(seconds=live.RESYNC - 1))
            assert numbers_of(client, headers=mark).status_code == 304
            clock.shift(timedelta(seconds=1))
            assert numbers_of(client, headers=mark).status_code == 200

    def test_without_scripts_it_reads_itself_again_until_the_result_is_told(self, client):
        again = '<meta http-equiv="refresh"'
        election = a_counted_election((0,), (1,), (0,))
        an_assembly(election.edition)
        assert all(again in page_of(client, name).text for name in ("welcome", "check-in", "vote", "count"))
        result.publish(election, None)
        assert again in page_of(client, "vote").text and again not in page_of(client, "turnout").text

    def test_its_address_is_told_without_what_a_browser_adds(self, app, client, monkeypatch):
        an_election(a_member())
        monkeypatch.setitem(app.config, "BASE_URL", "https://stem.example.org/")
        page = words_of(page_of(client, "vote").text)
        assert "stem.example.org" in page and "stem.example.org/" not in page

    def test_where_the_slide_of_this_moment_is_not_there_it_welcomes(self, client):
        """The numbers are up to two seconds old: by now the vote is gone."""
        an_election(a_member())
        assert numbers_of(client).json["state"] == "open"
        db.session.execute(delete(Election))
        db.session.commit()
        assert kind_of(client.get("/en/2026/screen")) == "welcome"


def lines(*told: tuple[int, str]) -> list[result.Line]:
    return [result.Line(number, votes, "e" in how, "t" in how) for number, (votes, how) in enumerate(told)]


class TestSlides:
    @pytest.mark.parametrize(
        ("told", "steps", "places"),
        [
            ([(5, "e"), (4, ""), (3, "")], [1, 2, 3], [1, 2, 3]),
            ([(5, "e"), (4, "t"), (4, "t"), (1, "")], [1, 3, 4], [1, 2, 2, 4]),
            ([(4, "t"), (4, "t"), (1, "")], [1, 3], [1, 1, 3]),
            ([(4, "t"), (4, "t"), (4, "t")], [3], [1, 1, 1]),
            ([(4, "")] * 8, [1, 2, 3, 4, 5, 6, 7, 8], [1] * 8),
            ([(4, "")] * 9, [2, 3, 4, 5, 6, 7, 8, 9], [1] * 9),
        ],
    )
    def test_lines_appear_from_the_last_place_on_and_who_is_tied_together(self, told, steps, places):
        shown = lines(*told)
        assert slides.reveals(shown) == steps and slides.places(shown) == places
        alone = [step for before, step in zip([0, *steps], steps, strict=False) if step == before + 1]
        assert [slides.fresh(shown, step) for step in steps] == [
            shown[-step] if step in alone else None for step in steps
        ]

    def test_sixteen_lines_have_room_and_behind_them_whoever_is_elected_or_tied(self):
        told = [(9, "")] * 16 + [(8, ""), (7, "e"), (6, ""), (5, "t")]
        outcome = SimpleNamespace(lines=lines(*told))
        assert [line.option for line in slides.lines_of(outcome)] == [*range(16), 17, 19]


def test_of_a_rehearsal_that_was_swept_away_nothing_is_left_at_hand():
    edition = an_edition(Phase.VOTE)
    election = rules.prepare(edition, Custody.SERVER, None, is_rehearsal=True)
    assert rehearsing.of_edition(edition) is election
    words = {"en": {"title": "Shall we?", "text": ""}}
    questions.ask(election, questions.Asked("simple", texts=words), None)
    question_id = questions.drafted(election)[0].id
    rehearsing.sweep(election, None)
    assert rehearsing.of_edition(edition) is None and db.session.get(Question, question_id) is None


def test_a_real_vote_is_no_rehearsal():
    assert rehearsing.of_edition(an_election().edition) is None


ANY_NUMBER = "You may choose as many themes as you like."
STRANGE = "You chose something that is not on this ballot. Open the ballot again."


class TestThePaper:
    OPTIONS = tuple(PaperOption(n, None, "en", {"en": {"title": f"Theme {n}", "question": ""}}) for n in range(3))

    def question(self, **facts) -> PaperQuestion:
        return PaperQuestion(**{"seats": 1, "max_approvals": 1, "options": self.OPTIONS[:2], **facts})

    def action(self, **facts) -> PaperQuestion:
        texts = {"en": {"title": "Shall we?", "text": " "}}
        return self.question(
            **{"kind": Kind.ACTION, "counted_by": "majority", "majority": "simple", "original": "en", "texts": texts}
            | facts
        )

    @pytest.mark.parametrize(
        ("facts", "rule"),
        [
            ({"country": "FR"}, "Only for members in France. It is adopted when more members say yes than no."),
            ({}, "It is adopted when more members say yes than no."),
        ],
    )
    def test_the_rule_of_yes_and_no_says_who_answers(self, app, facts, rule):
        with app.test_request_context(), in_language("en"):
            assert self.action(**facts).rule == rule

    @pytest.mark.parametrize(
        ("limit", "seats", "counted_by", "rule"),
        [
            (None, 1, "approval", ANY_NUMBER + " The theme with the most votes is elected."),
            (3, 2, "approval", ANY_NUMBER + " The 2 themes with the most votes are elected."),
            (2, 1, "pav", "You may choose up to 2 themes. The theme with the most votes is elected."),
            (
                1, 2, "pav",
                "You may choose 1 theme. 2 themes are elected so that as many members as possible find a theme of "
                "theirs among them. The count is by Thiele’s rule (PAV).",
            ),
        ],
    )  # fmt: skip
    def test_the_rule_of_themes_says_how_many_one_chooses_and_who_is_elected(self, app, limit, seats, counted_by, rule):
        with app.test_request_context(), in_language("en"):
            asked = self.question(options=self.OPTIONS, max_approvals=limit, seats=seats, counted_by=counted_by)
            assert asked.rule == rule

    def test_a_question_without_words_of_its_own_says_nothing_more(self, app):
        with app.test_request_context(), in_language("nl"):
            assert self.action().html is None and self.action().language == "en"
            assert self.question().html is None and self.question().language == "nl"
            assert self.action().heading == "Shall we?"

    def test_a_choice_is_refused_with_what_is_wrong_with_it(self, app):
        paper = Paper(1, 2026, Custody.SERVER, b"k" * 32, (
            self.question(options=self.OPTIONS, max_approvals=2), self.action(country="FR"), self.action(country="BE"),
        ))  # fmt: skip
        with app.test_request_context(), in_language("en"):
            for choices, why in (
                (((0,), (0,), ()), None),
                (((), (), ()), None),
                (((0, 1), (), ()), None),
                (((0, 0, 1), (), ()), None),
                (((2,), (1,), ()), None),
                (((0,), (0,)), "This is not the ballot of this vote. Open the ballot again."),
                (((0, 1, 2), (), ()), "Question 1: Choose at most 2 themes. You chose 3."),
                (((0,), (0, 1), ()), "Question 2: Choose yes or no, not both."),
                (((0,), (), (2,)), f"Question 3: {STRANGE}"),
                (((-1,), (), ()), f"Question 1: {STRANGE}"),
                (((3,), (), ()), f"Question 1: {STRANGE}"),
            ):  # fmt: skip
                assert paper.why_not(choices) == why, choices
            assert paper.about(1, "Why.", "FR") == "Question 2: Why." and paper.about(2, "Why.", "FR") == "Why."
            assert paper.about(2, "Why.", "BE") == "Question 2: Why."
        assert paper.country_of(((0,), (), ())) == "%" and paper.country_of(((), (0,), ())) == "FR"
        assert paper.country_of(((), (), (1,))) == "BE" and paper.country_of(((), (0,), (1,))) == "BEFR"
        asked = paper.asked(7, "BE", [["1"], [], ["0"]])
        assert [(part.place, part.number, part.marked) for part in asked] == [(1, 0, ["1"]), (2, 2, ["0"])]
        assert [part.marked for part in paper.asked(7, "FR")] == [(), ()] and paper.count_in("BE") == 2

    def test_a_paper_is_found_by_its_name_and_by_no_other(self):
        election = an_election()
        paper = papers.of(election)
        assert papers.named(paper.name) is paper and papers.of_key(election.public_key) is paper
        for name in ("", "00" * 32, paper.name[:-2], paper.name + "00", "zz" * 32):
            assert papers.named(name) is None
        assert papers.of(Election()) is None
