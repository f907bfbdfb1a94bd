"""Several questions on one ballot: themes, a theme that goes on in one country, an action of the board."""

import json
import subprocess
import sys
import zipfile

import pytest
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.themes import review
from sipvote.themes.models import Theme
from sipvote.voting import (
    box,
    checkpoints,
    counting,
    forms,
    freezing,
    hours,
    keys,
    packing,
    paper_ballots,
    papers,
    questions,
    result,
    rules,
)
from sipvote.voting.checklist import checklist
from sipvote.voting.models import Custody, Election, Question
from tests.factories import (
    a_counted_election,
    a_member,
    a_paper,
    a_scrutineer,
    a_theme,
    a_worked_on_theme,
    an_edition,
    an_organiser,
    some_questions,
)

pytestmark = pytest.mark.usefixtures("database")
THEMES, PROLONG, ACTION = 0, 1, 2
YES, NO, ABSTAIN = (0,), (1,), ()


def a_draft(**settings) -> tuple[Election, Theme]:
    """The draft of an election over four themes, two of which are elected, and a theme that may go on."""
    theme = a_worked_on_theme()
    edition = an_edition(Phase.VOTE, year=2026, seats=2, max_approvals=3)
    for n in range(4):
        a_theme(edition, f"Theme {n}", admitted_at=now())
    return rules.prepare(edition, Custody.SERVER, None, **settings), theme


def opened(election: Election) -> papers.Paper:
    freezing.freeze(election, None)
    hours.open_(election, None)
    db.session.commit()
    return papers.of(election)


def cast(paper, member, *answers):
    member_id = member.id
    db.session.rollback()
    return rules.cast(paper, member_id, answers)


def counted(election: Election) -> list:
    hours.close(election, None)
    counting.count(election, [], None)
    db.session.commit()
    return counting.reports_of(election)


def a_full_vote(**settings) -> tuple[Election, Theme]:
    """Nine Belgians and six French members have voted: France goes on with the theme, the action fails."""
    belgians = [a_member(f"Bart {n}", "gent") for n in range(9)]
    french = [a_member(f"Fanny {n}", "lille") for n in range(6)]
    election, theme = a_draft(**settings)
    some_questions(election, theme)
    paper = opened(election)
    for n, member in enumerate(belgians):
        cast(paper, member, (0, 1) if n < 5 else (2,), ABSTAIN, YES if n < 4 else NO)
    for n, member in enumerate(french):
        cast(paper, member, (0,), (YES, YES, YES, NO, NO, ABSTAIN)[n], YES if n < 4 else ABSTAIN)
    return election, theme


def verified(election: Election, folder, *words: str) -> bool:
    """Whether the stand-alone program verifies the package of an election, every envelope opened again."""
    (folder / "package.zip").write_bytes(packing.scrutineers_package(election, None))
    program = packing.package.HERE / "verify.py"
    command = [sys.executable, "-I", str(program), str(folder / "package.zip"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.count("ok ") == 7


class TestDrafting:
    def test_questions_stand_behind_that_of_the_themes(self):
        election, theme = a_draft()
        some_questions(election, theme)
        paper = opened(election)
        assert [question.heading for question in paper.questions] == [
            "Which themes shall we work on?",
            "Shall we go on with “Sharing economy” for another year?",
            "Shall the board open an office in Namur?",
        ]
        assert paper.questions[PROLONG].rule.startswith("Only for members in France. It is adopted when more")
        assert "<strong>costs</strong>" in paper.questions[ACTION].html
        assert [option.title for option in paper.questions[ACTION].options] == ["Yes", "No"]
        assert paper.shape == (4, 2, 2)

    def test_a_theme_is_asked_about_once_and_only_if_the_last_edition_worked_on_it(self):
        election, theme = a_draft()
        questions.ask(election, questions.Asked("simple", theme=theme), None)
        with pytest.raises(Refused, match="on the ballot already"):
            questions.ask(election, questions.Asked("simple", theme=theme), None)
        with pytest.raises(Refused, match="last edition worked on"):
            questions.ask(election, questions.Asked("simple", theme=a_theme(election.edition, "New")), None)
        with pytest.raises(Refused, match="Choose which majority"):
            questions.ask(election, questions.Asked("by acclamation", theme=theme), None)

    def test_a_question_needs_words_in_its_own_language(self):
        election, _theme = a_draft()
        words = {"nl": {"title": "Een vraag?", "text": ""}, "fr": {"title": " ", "text": "Rien."}}
        with pytest.raises(Refused, match="its own language"):
            questions.ask(election, questions.Asked("simple", original="fr", texts=words), None)
        asked = questions.ask(election, questions.Asked("simple", original="nl", texts=words), None)
        assert set(asked.texts) == {"nl"}

    def test_questions_are_changed_and_dropped_until_the_ballot_is_frozen(self):
        election, theme = a_draft()
        some_questions(election, theme)
        prolong, action = questions.drafted(election)
        questions.change(election, prolong, questions.Asked("absolute", None, theme=theme), None)
        questions.drop(election, action, None)
        assert [q.majority for q in questions.drafted(election)] == ["absolute"]
        freezing.freeze(election, None)
        for act in (lambda: questions.drop(election, prolong, None), lambda: some_questions(election, theme)):
            with pytest.raises(Refused, match="frozen already"):
                act()

    def test_unfreezing_keeps_the_questions_and_freezing_again_takes_the_words_of_then(self):
        election, theme = a_draft()
        some_questions(election, theme)
        freezing.freeze(election, None)
        before = election.ballot_hash
        freezing.unfreeze(election, None)
        assert [question.kind for question in questions.drafted(election)] == ["prolong", "action"]
        theme.texts[0].title = "Shared economy"
        freezing.freeze(election, None)
        assert len(db.session.scalars(select(Question)).all()) == 3 and election.ballot_hash != before
        db.session.commit()
        assert "Shared economy" in papers.of(election).questions[PROLONG].heading

    def test_the_checklist_wants_room_for_an_elected_theme(self):
        election, theme = a_draft(most_themes=1)
        some_questions(election, theme)
        assert any("none could be elected" in check.text for check in checklist(election) if check.kind == "bad")
        rules.prepare(election.edition, Custody.SERVER, None, most_themes=2)
        assert not any(check.kind == "bad" for check in checklist(election))

    def test_the_checklist_finds_a_theme_that_was_prolonged_meanwhile(self):
        election, theme = a_draft()
        some_questions(election, theme)
        review.prolong_as_voted(election.edition, theme, None, None)
        assert any("goes on already" in check.text for check in checklist(election) if check.kind == "bad")


class TestVoting:
    def test_a_question_for_one_country_takes_no_answer_from_another(self):
        ada, fleur = a_member("Ada", "gent"), a_member("Fleur", "lille")
        election, theme = a_draft()
        some_questions(election, theme)
        paper = opened(election)
        with pytest.raises(Refused):
            cast(paper, ada, (0,), YES, NO)
        assert cast(paper, ada, (0,), ABSTAIN, NO) and cast(paper, fleur, (0,), YES, NO)
        assert box.turnout(election.id, "FR") == 1 and box.turnout(election.id) == 2

    def test_all_ballots_are_sealed_to_one_length(self):
        election, _theme = a_full_vote()
        assert len({len(envelope) for envelope in box.envelopes(election.id)}) == 1

    def test_every_question_wants_an_answer_and_says_which(self, app):
        election, theme = a_draft()
        some_questions(election, theme)
        paper = opened(election)
        from werkzeug.datastructures import MultiDict

        def read(country, **ticked):
            return forms.read_ballot(MultiDict(ticked), paper, country)

        assert read("BE", q0="1", q2="0") == ((1,), (), (0,))
        assert read("FR", q0="blank", q1="blank", q2="1") == ((), (), (1,))
        for country, ticked, why in (
            ("FR", {"q0": "1", "q2": "0"}, "Question 2: Choose yes or no, or “I abstain”"),
            ("BE", {"q0": "1"}, "Question 2: Choose yes or no"),  # the second one that Belgians are asked
            ("BE", {"q2": "1"}, "Question 1: Choose at least one theme"),
            ("BE", {"q0": "1", "q1": "0", "q2": "1"}, "^Only for members in France"),
            ("FR", {"q0": "1", "q1": ["0", "1"], "q2": "1"}, "Question 2: Choose yes or no, not both"),
            ("FR", {"q0": "1", "q1": ["0", "blank"], "q2": "1"}, "Question 2: Choose yes or no, not both"),
            ("FR", {"q0": "1", "q1": "2", "q2": "1"}, "Question 2: You chose something that is not"),
        ):
            with pytest.raises(Refused, match=why):
                read(country, **ticked)
        with pytest.raises(forms.Misfilled) as all_of_them:
            read("FR", q1="0")
        assert list(all_of_them.value.faults) == [THEMES, ACTION]


class TestCounting:
    def test_each_question_is_counted_by_its_rule(self):
        election, _theme = a_full_vote()
        themes, prolong, action = counted(election)
        assert themes.approvals == (11, 5, 4, 0) and themes.winners == (0, 1)
        assert (prolong.ballots, prolong.yes, prolong.no, prolong.blank) == (6, 3, 2, 1) and prolong.is_adopted
        assert (action.ballots, action.yes, action.no, action.blank) == (15, 8, 5, 2) and not action.is_adopted

    def test_prolonged_and_elected_together_stay_below_the_most(self):
        election, _theme = a_full_vote(most_themes=2)
        themes, prolong, _action = counted(election)
        assert prolong.is_adopted and themes.seats == 1 and themes.winners == (0,)

    def test_a_theme_goes_on_where_it_was_adopted_once_it_is_published(self):
        election, theme = a_full_vote()
        counted(election)
        assert questions.to_prolong(election) == [theme]
        result.publish(election, None)
        (gone_on,) = db.session.scalars(select(Theme).where(Theme.prolonged_from_id == theme.id))
        assert gone_on.edition_id == election.edition_id and gone_on.prolonged_country == "FR" and gone_on.has_groups

    def test_the_package_is_verified_by_other_code_with_the_seed(self, tmp_path):
        election, _theme = a_full_vote(most_themes=2)
        seed = keys.unlock(election.kept_seed).hex()
        counted(election)
        result.publish(election, None)
        assert verified(election, tmp_path, "--seed", seed)


class TestOnPaper:
    def test_papers_are_counted_with_the_box_and_verified(self, tmp_path):
        bart, fanny = [a_member(f"Bart {n}", "gent") for n in range(8)], [a_member(f"Fanny {n}", "lille") for n in "12"]
        eva, felix = a_scrutineer(), a_scrutineer()
        election, theme = a_draft()
        some_questions(election, theme)
        paper = opened(election)
        for member in bart[:6]:
            cast(paper, member, (0,), ABSTAIN, YES)
        a_paper(election, bart[0], bart[6], bart[7], *fanny)  # the first had voted before
        hours.close(election, None)
        belgian = paper_ballots.make_pile(election, "BE", 3, "BE", eva.id)
        french = paper_ballots.make_pile(election, "FR", 2, "FR", eva.id)
        for scrutineer in (eva, felix):
            paper_ballots.add(election, belgian, 2, ((1,), ABSTAIN, NO), scrutineer.id)
            paper_ballots.add(election, belgian, 1, None, scrutineer.id)
            paper_ballots.add(election, french, 1, ((0, 1), YES, YES), scrutineer.id)
            paper_ballots.add(election, french, 1, ((), ABSTAIN, ABSTAIN), scrutineer.id)
            for pile in (belgian, french):
                paper_ballots.finish(election, pile, scrutineer.id)
        seed = keys.unlock(election.kept_seed).hex()
        counting.count(election, [], None)
        themes, prolong, action = counting.reports_of(election)
        assert themes.approvals[:2] == (6, 3) and themes.ballots == 9 and themes.blank == 1
        assert (prolong.ballots, prolong.yes, prolong.no) == (2, 1, 0)
        assert (action.ballots, action.yes, action.no) == (9, 6, 2)
        assert election.voted == 10 and election.report["spoilt_papers"] == 1
        result.publish(election, None)
        assert verified(election, tmp_path, "--seed", seed)
        with zipfile.ZipFile(tmp_path / "package.zip") as archive:
            packed = json.loads(archive.read("election.json"))
            assert json.loads(archive.read("report.json"))["spoilt"] == 0
            assert len(archive.read("papers.json").splitlines()) == 2 + 3
        assert (packed["spoilt_papers"], packed["goes_on"], packed["custody"]) == (1, 0, "server")
        assert packed["roll_hash"] == election.roll_hash and packed["roll_size"] == election.roll_size
        assert packed["title"]["nl"].startswith("Stemming") and "2026" in packed["title"]["en"]
        asked = [(q["kind"], q["country"], q["voters"], q["majority"]) for q in packed["questions"]]
        assert asked == [
            ("themes", None, None, None),
            ("prolong", "FR", 2, "simple"),
            ("action", None, None, "two_thirds"),
        ]
        assert [o["original"] for o in packed["questions"][0]["options"]] == ["en"] * 4

    def test_taking_the_package_is_recorded(self):
        eva = a_scrutineer()
        election = a_counted_election((0,), (1,))
        packing.scrutineers_package(election, eva.id)
        last = db.session.scalars(select(Entry).order_by(Entry.id.desc())).first()
        assert (last.act, last.subject, last.actor) == ("download package", checkpoints.name_of(election), eva.number)

    def test_the_package_says_when_it_is_of_a_rehearsal_and_is_none_without_envelopes(self):
        election = a_counted_election((0,), (1,))
        assert packing._title(election) == f"Vote of the edition {election.edition.label}"
        election.is_rehearsal = True
        assert packing._title(election).startswith("Rehearsal of the edition") and "does not count" in packing._title(
            election
        )
        election.destroyed_at = now()
        assert packing.why_not_package(election).startswith("The envelopes were destroyed on")
        with pytest.raises(Refused, match="The envelopes were destroyed on"):
            packing.scrutineers_package(election, None)


class TestPages:
    def test_a_member_sees_the_questions_of_their_country_only(self, browser_of):
        ada, fleur = a_member("Ada", "gent"), a_member("Fleur", "lille")
        election, theme = a_draft()
        some_questions(election, theme)
        opened(election)
        belgian = browser_of(ada).get("/en/2026/vote/ballot").text
        french = browser_of(fleur).get("/en/2026/vote/ballot").text
        assert "2 questions" in belgian and "Sharing economy" not in belgian and 'name="q1"' not in belgian
        assert "3 questions" in french and "Sharing economy" in french and "0 of 3 questions answered" in french

    def test_each_reads_beforehand_how_many_questions_are_theirs(self, browser_of, client):
        ada, lea = a_member("Ada Peeters"), a_member("Léa Martin", "lille")
        election, theme = a_draft()
        some_questions(election, theme)
        opened(election)
        for member, mine in ((ada, 2), (lea, 3)):
            browser = browser_of(member)
            assert f"There are {mine} questions on your ballot." in browser.get("/en/2026/vote").text
            assert f"Vote on {mine} questions" in browser.get("/en/").text
        page = client.get("/en/2026/vote").text
        assert "There are 3 questions on the ballot." in page and "What shall we decide?" in page

    def test_a_ballot_goes_from_ballot_to_receipt(self, browser_of):
        fleur = a_member("Fleur", "lille")
        election, theme = a_draft()
        some_questions(election, theme)
        paper = opened(election)
        browser = browser_of(fleur)
        answers = {"ballot": paper.name, "q0": ["1", "2"], "q1": "0", "q2": "blank"}
        missing = browser.post("/en/2026/vote/check", data={**answers, "q1": []}).text
        assert "Question 2: Choose yes or no" in missing and 'value="2" ' in missing
        check = browser.post("/en/2026/vote/check", data=answers).text
        assert "You choose 2 themes" in check and "I abstain" in check and "Question 3 of 3" in check
        assert browser.post("/en/2026/vote/send", data=answers).status_code == 303
        counted(db.session.get(Election, election.id))
        assert counting.opened(db.session.get(Election, election.id)) == [(1, ((1, 2), (0,), ()))]

    def test_everybody_sees_what_was_decided(self, client):
        election, theme = a_full_vote()
        counted(election)
        result.publish(election, None)
        page = client.get("/en/2026/vote/results").text
        assert "Shall the board open an office" in page and "not adopted" in page and ">adopted<" in page
        # Six French members voted: too few for numbers.
        facts = client.get("/en/2026/vote/results.json").json["questions"]
        assert facts[PROLONG]["adopted"] and facts[PROLONG]["yes"] is None
        assert facts[PROLONG] == {
            "kind": "prolong", "question": facts[PROLONG]["question"], "rule": "majority", "majority": "simple",
            "country": "FR", "theme": theme.id, "ballots": 6, "yes": None, "no": None, "blank": None, "adopted": True,
        }  # fmt: skip
        assert set(facts[PROLONG]["question"]) == {"nl", "fr", "en"}
        assert [facts[ACTION][name] for name in ("yes", "no", "blank", "adopted")] == [8, 5, 2, False]
        table = client.get("/en/2026/vote/results.csv").data.decode("utf-8-sig").splitlines()
        assert [line.split(";", 1)[1] for line in table if "office in Namur" in line] == [
            "Yes;8;not adopted", "No;5;", "Abstained;2;",
        ]  # fmt: skip
        assert json.dumps(facts)

    def test_organisers_draft_change_and_drop_questions(self, browser_of):
        _election, theme = a_draft()
        dre = browser_of(an_organiser())
        form = {"theme": theme.id, "country": "FR", "majority": "simple"}
        assert dre.post("/en/2026/election/questions/prolong", data=form).status_code == 303
        page = dre.get("/en/2026/election/").text
        assert "Shall we go on with “Sharing economy”" in page and "Only for members in France." in page
        action = {"original": "nl", "title_nl": "Een kantoor in Namen?", "country": "", "majority": "two_thirds"}
        assert dre.post("/en/2026/election/questions/action", data=action).status_code == 303
        prolong, office = questions.drafted(db.session.scalar(select(Election)))
        change = f"/en/2026/election/questions/{office.id}"
        assert 'value="Een kantoor in Namen?"' in dre.get(change).text
        assert "Write the question in its own language" in dre.post(change, data={**action, "title_nl": " "}).text
        drop = f"/en/2026/election/questions/{prolong.id}/drop"
        assert dre.post(drop).status_code == 303
        assert dre.post(drop).status_code == 404 and dre.get("/en/2026/election/questions/9").status_code == 404
        assert [q.id for q in questions.drafted(db.session.scalar(select(Election)))] == [office.id]
