"""The minutes: what happened, in the words of the chosen language, and no result before it is published."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote import documents
from sipvote.assembly import presence, quorum
from sipvote.assembly import rules as assemblies
from sipvote.assembly.models import Incident, Mailing, Quorum, Way
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.documents import Codes, Heading, Table, texts
from sipvote.editions.models import Edition, Phase
from sipvote.i18n import dated, in_language
from sipvote.mail import Letter
from sipvote.voting import box, counting, freezing, hours, keys, minutes, minutes_text, paper_ballots, papers, result
from sipvote.voting import rules as voting
from sipvote.voting.day import Announcement
from sipvote.voting.models import Custody, Elector, Envelope
from tests.factories import (
    a_board_member,
    a_counted_election,
    a_member,
    a_paper,
    a_presence,
    a_proxy,
    a_scrutineer,
    a_theme,
    a_worked_on_theme,
    an_assembly,
    an_edition,
    an_election,
    an_organiser,
    kept,
    some_questions,
)
from tests.queries import counted
from tests.reading import bare, docx_text, html_text, pdf_text

pytestmark = pytest.mark.usefixtures("database")
FORMATS = {"pdf": pdf_text, "docx": docx_text, "html": html_text}


@pytest.fixture
def in_english(app, database):
    with app.test_request_context(), in_language("en"):
        yield


def the_minutes(assembly, with_annex=False):
    return minutes_text.document(minutes.facts_of(assembly), with_annex)


def said(assembly, with_annex=False):
    return "\n".join(texts(the_minutes(assembly, with_annex)))


def table(assembly, caption, **more):
    """The rows of a table, by its caption."""
    found = [b for b in the_minutes(assembly, **more).blocks if isinstance(b, Table) and caption in b.caption]
    return [row for each in found for row in each.rows]


def opened(assembly):
    standing = quorum.standing(assembly)
    assemblies.open_(assembly, None, standing.counted, **standing.parts)


def closed(assembly):
    standing = quorum.standing(assembly)
    assemblies.close(assembly, None, standing.counted, **standing.parts)


def published(*ballots, **settings):
    """A published election, and its assembly, over."""
    election = a_counted_election(*ballots, **settings)
    assembly = an_assembly(election.edition, starts_in=-1)
    result.publish(election, None)
    db.session.commit()
    opened(assembly)
    closed(assembly)
    return election, assembly


# --- No result before it is published ----------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_before_publication_no_format_tells_the_result(browser_of, kind):
    ballots = [(0,)] * 7 + [(1,)] * 5
    election = a_counted_election(*ballots, seats=1)
    an_assembly(election.edition)
    dre = browser_of(an_organiser())
    before = FORMATS[kind](dre.get(f"/en/2026/minutes.{kind}").data)
    assert "Draft." in before and bare("The result of the vote has not been published") in before
    assert bare("Question") not in before and bare("12 of them have voted") in before
    assert not re.search("Elected|Votesforeachtheme|blank|spoilt", before)
    result.publish(db.session.merge(election), None)
    after = FORMATS[kind](dre.get(f"/en/2026/minutes.{kind}").data)
    assert bare("Elected: Theme 0.") in after and bare("12 ballots were counted") in after


@pytest.mark.usefixtures("in_english")
def test_minutes_are_a_draft_until_the_assembly_is_closed_and_the_result_is_out():
    _election, assembly = published((0,), (1,), seats=1)
    assert "Draft" not in said(assembly)
    assembly.closed_at = None
    assert "Draft. The assembly has not been closed." in said(assembly)


@pytest.mark.usefixtures("in_english")
def test_a_rehearsal_is_no_vote_of_the_assembly():
    election, assembly = published((0,), (1,))
    election.is_rehearsal = True
    assert "The vote" not in [b.text for b in the_minutes(assembly).blocks if isinstance(b, Heading)]


# --- Numbers ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_english")
def test_every_number_of_the_vote_is_the_databases():
    election, assembly = published(*[(0,)] * 6, *[(0, 1)] * 4, (2,), (), seats=2, options=4)
    report = counting.reports_of(election)[0]
    approvals = {f"Theme {n}": str(votes) for n, votes in enumerate(report.approvals)}
    assert {row[0]: row[1] for row in table(assembly, "Votes for each theme")} == approvals
    assert [row[0] for row in table(assembly, "Votes for each") if row[2] == "elected"] == ["Theme 0", "Theme 1"]
    told = said(assembly)
    roll = db.session.scalar(select(func.count()).select_from(Elector))
    envelopes = db.session.scalar(select(func.count()).select_from(Envelope))
    assert f"{roll} members stand on the electoral roll. {envelopes} of them have voted" in told
    assert f"{report.ballots} ballots were counted. {report.blank} of them was blank." in told
    assert "No ballot was spoilt." in told
    for proof in (
        election.roll_hash,
        election.ballot_hash,
        counting.final_checkpoint(election),
        election.public_key.hex(),
    ):
        assert proof in told
    assert keys.public_signing_key() in told


@pytest.mark.usefixtures("in_english")
def test_turnout_is_told_by_channel():
    voters = [a_member(f"Voter {n}") for n in range(12)]
    edition = an_edition(Phase.VOTE)
    assembly = an_assembly(edition, starts_in=-1)
    proxy = a_proxy(voters[0], voters[1])
    election = an_election(*voters, edition=edition)
    paper, ids, how = papers.of(election), [v.id for v in voters], (proxy.id, proxy.holder_id)
    db.session.rollback()
    voting.cast(paper, ids[0], ((0,),), box.Cast(False, *how))
    for n in range(1, 6):
        voting.cast(paper, ids[n], ((1,),), box.Cast(in_hall=True))
    for n in range(6, 10):
        voting.cast(paper, ids[n], ((1,),))
    a_paper(election, voters[10], voters[11])
    hours.close(election, None)
    read_twice(election, 2)
    told = {row[0]: row[1] for row in table(assembly, "How members voted")}
    assert told == {
        "From elsewhere": "4", "In the hall, with a voting card": "5", "Under a proxy": "1", "On paper": "2",
        "Together": "12",
    }  # fmt: skip
    assert minutes.turnout(election).total == box.turnout(election.id) + 2


def read_twice(election, count):
    pile = paper_ballots.make_pile(election, "A", count, None, None)
    for name in ("Eva", "Eva too"):
        eva = a_scrutineer(email=f"{name}@example.org".replace(" ", "."))
        paper_ballots.add(election, pile, count, ((0,),), eva.id)
        paper_ballots.finish(election, pile, eva.id)
    db.session.commit()


@pytest.mark.usefixtures("in_english")
def test_below_ten_ballots_neither_votes_nor_ways_are_told():
    _election, assembly = published(*[(0,)] * 6, (1,), (1,), (), seats=1)
    told = said(assembly)
    assert "Fewer than 10 ballots were cast" in told and "Elected: Theme 0." in told
    assert not table(assembly, "Votes for each theme") and not table(assembly, "How members voted")
    assert "blank" not in told


@pytest.mark.usefixtures("in_english")
def test_a_tie_is_told_with_its_outcomes_its_lot_and_how_to_work_it_out():
    election = a_counted_election(*[(0, 1)] * 6, *[(0, 2)] * 6, seats=2)
    assembly = an_assembly(election.edition, starts_in=-1)
    result.publish(election, None)
    told = said(assembly)
    assert "These themes came out equal, and 1 place is left: Theme 1 and Theme 2." in told
    assert "These outcomes were possible:" in told and "The lot has not been drawn yet." in told
    counting.settle(election, 0, "416 225", "Six *dice*, thrown by Eva.", None)
    told = said(assembly)
    assert "Drawn: 416225." in told and "Six *dice*, thrown by Eva." in told
    (outcome,) = result.outcomes(election, papers.of(election))
    codes = [value for b in the_minutes(assembly).blocks if isinstance(b, Codes) for _name, value in b.pairs]
    assert {each for text, mark, _option in outcome.marks for each in (text, mark)} <= set(codes)
    won = counting.winners(election, 0)
    assert f"Elected: {' and '.join(f'Theme {n}' for n in won)}." in told


@pytest.mark.usefixtures("in_english")
def test_yes_and_no_are_told_with_the_majority_that_was_announced():
    voters = [a_member(f"Voter {n}") for n in range(12)]
    last_year, edition = a_worked_on_theme(), an_edition(Phase.VOTE)
    assembly = an_assembly(edition, starts_in=-1)
    for number in range(4):
        a_theme(edition, f"Theme {number}", proposer=voters[0], admitted_at=now())
    election = voting.prepare(edition, Custody.SERVER, None)
    some_questions(election, last_year, country=None)
    freezing.freeze(election, None)
    hours.open_(election, None)
    db.session.commit()
    paper, ids = papers.of(election), [v.id for v in voters]
    db.session.rollback()
    for n, voter in enumerate(ids):
        voting.cast(paper, voter, ((0,), (0,) if n < 7 else (1,), (0,) if n < 8 else () if n < 10 else (1,)))
    hours.close(election, None)
    counting.count(election, [], None)
    result.publish(election, None)
    told = said(assembly)
    assert "Question 2: Shall we go on with “Sharing economy” for another year?" in told
    assert "Rule announced beforehand: majority of two thirds." in told and "It **costs** money." in told
    assert table(assembly, "Answers") == [
        *(("Yes", "7"), ("No", "5"), ("Abstained", "0")),
        *(("Yes", "8"), ("No", "2"), ("Abstained", "2")),
    ]
    assert told.count("The proposal is adopted.") == 2


# --- The assembly -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_english")
def test_presence_is_told_at_the_opening_the_highest_and_the_closing():
    assembly = an_assembly(follow_url="https://video.example.org/a", starts_in=0)
    people = [a_member(f"Member {n}") for n in range(6)]
    start = now()
    with time_machine.travel(start) as clock:
        for who in people[:3]:
            presence.check_in(assembly, who, Way.HALL, None)
        clock.shift(timedelta(minutes=1))
        opened(assembly)
        clock.shift(timedelta(minutes=1))
        presence.check_in(assembly, people[3], Way.REMOTE, None)
        presence.check_in(assembly, people[4], Way.HALL, None)
        clock.shift(timedelta(minutes=1))
        for who in people[:2]:
            presence.leave(assembly, who)
        clock.shift(timedelta(minutes=1))
        presence.check_in(assembly, people[0], Way.HALL, None)  # comes back
        clock.shift(timedelta(minutes=1))
        closed(assembly)
        rows = table(assembly, "Members who took part")
    assert [row[1:] for row in rows] == [("3", "0", "3"), ("3", "1", "4"), ("3", "1", "4")]


@pytest.mark.usefixtures("in_english")
def test_the_quorum_is_told_as_it_was_counted_at_the_opening():
    ada, bas = a_member("Ada"), a_member("Bas")
    assembly = an_assembly(quorum=Quorum.SHARE, quorum_value=50, starts_in=0)
    a_presence(assembly, ada)
    a_proxy(bas, ada)
    opened(assembly)
    before = said(assembly)
    presence.leave(assembly, ada)
    presence.check_in(assembly, ada, Way.HALL, None)  # now the list says: there since after the opening
    a_member("Cas"), a_member("Dan")
    assert [row[1] for row in table(assembly, "At the opening")] == ["1", "0", "1", "0"]
    assert (
        "2 members counted. The quorum was reached." in before
        and "2 members counted. The quorum was reached." in said(assembly)
    )


@pytest.mark.usefixtures("in_english")
def test_a_quorum_that_was_not_reached_is_told():
    a_member(), a_member()
    assembly = an_assembly(quorum=Quorum.NUMBER, quorum_value=2, starts_in=0)
    assert "established at the opening" in said(assembly)
    opened(assembly)
    assert "0 members counted. The quorum was not reached." in said(assembly)
    facts = db.session.scalar(select(Entry.facts).where(Entry.act == "open assembly"))
    assert (facts["needed"], facts["present"]) == (2, 0)


@pytest.mark.usefixtures("in_english")
def test_proxies_are_told_by_what_became_of_them():
    people = [a_member(f"Member {n}") for n in range(6)]
    assembly = an_assembly()
    a_proxy(people[1], people[0])
    a_proxy(people[2], people[0])
    a_proxy(people[3], people[4])
    a_proxy(people[5], people[4], accepted=False)
    rows = dict(table(assembly, "What became of the proxies"))
    assert (rows["Given"], rows["Accepted"], rows["Ballots cast under a proxy"]) == ("4", "3", "0")
    assert table(assembly, "by holder") == [("1", "1"), ("2", "1")]


@pytest.mark.usefixtures("in_english")
def test_the_convocation_is_told_with_what_left_and_what_came_back():
    assembly = an_assembly()
    assert "No convocation was sent with this software." in said(assembly)
    mailing = kept(Mailing(
        edition=assembly.edition, kind="convocation", texts={}, facts={"without_address": 1}, begun_at=now(),
    ))  # fmt: skip
    for n, moment in enumerate(("sent_at", "sent_at", "failed_at")):
        member = a_member(f"Reader {n}")
        kept(Letter(
            key=f"convocation {mailing.id} {member.id}", name="mailing", member_id=member.id, address="a@example.org",
            language="nl", subject="", body="", queued_at=now(), send_at=now(), **{moment: now()},
        ))  # fmt: skip
    assert "2 letters left. 1 letter could not be delivered. 1 member has no e-mail address." in said(assembly)


@pytest.mark.usefixtures("in_english")
def test_incidents_and_announcements_are_told_in_the_words_of_who_noted_them():
    election, assembly = published((0,), (1,))
    typed = "The #sound went <b>away</b>.\nFor *four* minutes."
    began, over = now() - timedelta(minutes=9), now() - timedelta(minutes=2)
    kept(Incident(assembly_id=assembly.id, happened_at=began, until_at=over, text=typed, remedy="We #waited."))
    kept(Incident(assembly_id=assembly.id, happened_at=over, text="Dark."))
    kept(Announcement(election_id=election.id, kind="paused", at=now(), reason="No $sound"))
    first, second = table(assembly, "Incidents")
    assert first == (dated(began), dated(over), typed, "We #waited.") and second == (dated(over), "", "Dark.", "")
    assert table(assembly, "Announcements")[0][1:] == ("The vote was paused", "", "No $sound")


# --- The attendance list, languages and doors -------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_names_stand_in_the_annex_only(browser_of, kind):
    assembly, dre = an_assembly(), an_organiser()
    ada, bas = a_member("Ada Peeters"), a_member("Bas Claes")
    a_presence(assembly, ada)
    a_proxy(bas, ada)
    chloe = a_board_member()
    address = f"/en/2026/minutes.{kind}"
    for who, query, with_names in (
        (dre, "", True), (dre, "?annex=0", False), (chloe, "", False), (chloe, "?annex=1", True),
    ):  # fmt: skip
        found = FORMATS[kind](browser_of(who).get(address + query).data)
        assert ("AdaPeeters" in found, f"BasClaes({bas.number})" in found) == (with_names, with_names)


@pytest.mark.parametrize(("code", "title"), [("nl", "Notulen van"), ("fr", "Procès-verbal de"), ("en", "Minutes of")])
def test_the_minutes_have_a_language_of_their_own(browser_of, code, title):
    an_assembly(agenda={"nl": ["Een"], "fr": ["Un"], "en": ["One"]}, quorum=Quorum.SHARE, quorum_value=10)
    a_member()
    page = browser_of(an_organiser()).get(f"/en/2026/minutes?language={code}").text
    article = page.partition("<article")[2].partition("</article")[0]
    assert f'lang="{code}"' in article.partition(">")[0] and title in article
    assert "Language of the minutes" in page
    assert re.findall(r"<li>(Een|Un|One)</li>", article) == [{"nl": "Een", "fr": "Un", "en": "One"}[code]]
    assert ("has not been closed" in article) == (code == "en")


def test_no_word_of_the_pages_language_gets_into_the_minutes(browser_of):
    an_assembly(quorum=Quorum.SHARE, quorum_value=10, starts_in=0)
    opened(assemblies.of_edition(db.session.scalars(select(Edition)).one()))
    article = browser_of(an_organiser()).get("/fr/2026/minutes?language=en").text.partition("<article")[2]
    assert "and who voted without checking in" in article and "Incidents that were noted" not in article
    assert not re.search("Le quorum|La présidence|sociétaire", article.partition("</article")[0])


def test_an_unknown_language_is_the_pages_and_a_year_without_assembly_says_so(browser_of):
    dre, edition = browser_of(an_organiser()), an_edition(Phase.VOTE)
    assert "There are no minutes yet" in dre.get("/en/2026/minutes").text
    assert [dre.get(f"/en/2026/minutes.{kind}").status_code for kind in FORMATS] == [404] * 3
    an_assembly(edition)
    found = dre.get("/nl/2026/minutes.html?language=xx")
    assert found.status_code == 200 and '<html lang="nl">' in found.text
    assert found.headers["Content-Disposition"] == "attachment; filename=notulen-2026-nl.html"
    assert found.headers["Cache-Control"] == "no-store"


def test_a_file_that_cannot_be_made_is_told_and_nothing_breaks(browser_of, monkeypatch):
    an_assembly()
    dre = browser_of(an_organiser())
    monkeypatch.setattr(documents, "PRESS_TAKES_AT_MOST", 0.001)
    answer = dre.get("/en/2026/minutes.pdf")
    assert answer.status_code == 503 and "take another format" in answer.text
    assert dre.get("/en/2026/minutes.html").status_code == 200


@pytest.mark.usefixtures("in_english")
def test_a_thousand_people_take_no_query_more_than_one():
    assembly = an_assembly(starts_in=0)
    a_presence(assembly, a_member())
    opened(assembly)
    the_minutes(assembly, with_annex=True)
    with counted() as few:
        the_minutes(assembly, with_annex=True)
    people = [a_member(f"Member {n}") for n in range(30)]
    for n, who in enumerate(people):
        a_presence(assembly, who, arrived_at=now())
        a_proxy(a_member(f"Giver {n}"), who, assembly)
    db.session.flush()
    with counted() as many:
        the_minutes(assembly, with_annex=True)
    assert len(many) == len(few)
