"""Publishing: together, what was looked at, and once, also when two people press at the same moment."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.decisions import finding, publishing, rules, telling
from sipvote.decisions.models import Decision, Outcome
from sipvote.decisions.rules import Drafted, Overtaken
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.recommendations.models import Recommendation
from sipvote.workgroups.models import Signup
from tests.decisions.test_rules import drafted, soon
from tests.factories import a_board_member, a_group, a_member, a_support, a_theme, an_edition
from tests.outcomes import a_decision, a_draft, a_recommendation, some_recommendations
from tests.queries import counted


def publish(on=None, chosen=None, seal=None, by=None):
    found = publishing.preview()
    ids = [d.id for d in found.ready] if chosen is None else chosen
    return publishing.publish(ids, seal or found.seal, on or finding.today(), by)


def letters():
    return db.session.scalars(select(Letter).where(Letter.name == "decided").order_by(Letter.id)).all()


def test_all_that_is_complete_is_published_together_on_the_day_of_the_meeting(year):
    for asked in year.all:
        drafted(asked)
    done = publish(on=finding.today() - timedelta(days=2))
    assert [d.recommendation for d in done] == year.all
    assert {d.decided_on for d in done} == {finding.today() - timedelta(days=2)}
    assert len({d.published_at for d in done}) == 1
    entry = db.session.scalars(select(Entry).where(Entry.act == "publish decisions")).one()
    assert (entry.facts["numbers"], entry.facts["accepted"]) == (["2026/1", "2026/2", "2026/3"], 3)


def test_what_is_not_complete_stays_a_draft_and_says_why(year):
    drafted(year.one)
    half = drafted(year.two, reasons="")
    found = publishing.preview()
    assert [w.missing for w in found.incomplete] == [["The reasons are missing."]]
    with pytest.raises(Refused, match="not complete"):
        publish(chosen=[half.id])
    publish()
    assert rules.draft_of(year.two) == half


def test_only_what_is_chosen_is_published(year):
    first, second = drafted(year.one), drafted(year.two)
    with pytest.raises(Refused, match="at least one"):
        publish(chosen=[])
    publish(chosen=[first.id])
    assert second.published_at is None


def test_nothing_is_published_that_was_not_looked_at(year):
    drafted(year.one)
    seal = publishing.preview().seal
    drafted(year.one, seen=rules.seen_of(rules.draft_of(year.one)), reasons="Other reasons.")
    with pytest.raises(Refused, match="Something changed"):
        publish(seal=seal)
    seal = publishing.preview().seal
    rules.translate(rules.draft_of(year.one), "fr", ("Autre.", ""), "", None)
    with pytest.raises(Refused, match="Something changed"):
        publish(seal=seal)


def test_the_board_met_before_it_publishes_and_after_it_met_last(year):
    today = finding.today()
    a_decision(year.one, Outcome.POSTPONED, postponed_until=today, decided_on=today - timedelta(days=5))
    drafted(year.one)
    with pytest.raises(Refused, match="before it publishes"):
        publish(on=today + timedelta(days=1))
    with pytest.raises(Refused, match="already"):
        publish(on=today - timedelta(days=6))


def test_what_is_postponed_comes_back_after_the_meeting(year):
    rules.draft(year.one, Drafted(Outcome.POSTPONED, "en", "Wait.", "", finding.today(), None, "IT"), "", None)
    with pytest.raises(Refused, match="postponed until"):
        publish()


def test_what_is_accepted_is_due_after_the_meeting(year):
    drafted(year.one, due=finding.today() - timedelta(days=1))
    with pytest.raises(Refused, match="due date"):
        publish()


def test_two_who_publish_at_once_publish_once(app, year):
    for asked in year.all:
        drafted(asked)
    found = publishing.preview()
    ids, seal = [d.id for d in found.ready], found.seal
    db.session.commit()
    barrier, outcomes = threading.Barrier(2), []

    def press():
        with app.app_context():
            barrier.wait()
            try:
                outcomes.append(len(publishing.publish(ids, seal, finding.today(), None)))
                db.session.commit()
            except Refused as refused:
                db.session.rollback()
                outcomes.append(refused.why)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(str, outcomes)) == [
        "3",
        "Something changed since you looked: somebody wrote, or published. Look at it again.",
    ]
    db.session.expire_all()
    assert len(letters()) == len({letter.member_id for letter in letters()}) == 4
    assert len(db.session.scalars(select(Entry).where(Entry.act == "publish decisions")).all()) == 1


def test_two_who_begin_a_draft_at_once_begin_one(app, year):
    asked, outcomes, barrier = year.one.id, [], threading.Barrier(2)
    db.session.commit()

    def write(words):
        with app.app_context():
            barrier.wait()
            try:
                drafted(db.session.get_one(Recommendation, asked), reasons=words)
                db.session.commit()
                outcomes.append("kept")
            except Overtaken:
                db.session.rollback()
                outcomes.append("told")

    threads = [threading.Thread(target=write, args=[words]) for words in ("One.", "Two.")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["kept", "told"]


# --- Telling ------------------------------------------------------------------------------------------


def test_the_group_the_proposer_and_the_supporters_are_told_each_once(year):
    stranger = a_member("Stranger")
    for asked in year.all:
        drafted(asked, owner=year.chloe.number)
    publish()
    told = {letter.member_id: letter.body for letter in letters()}
    assert set(told) == {m.id for m in (year.ada, year.bas, year.lea, year.eve, year.chloe)}
    assert stranger.id not in told
    assert "You were in one of these workgroups." in told[year.ada.id]
    assert "You proposed this theme." in told[year.lea.id]  # she supports it too
    assert "You supported this theme." in told[year.eve.id]
    assert "You answer for at least one" in told[year.chloe.id]
    assert told[year.ada.id].startswith("Hello Ada Peeters,")
    assert "2026/1 Recommendation 1: Accepted" in told[year.ada.id]
    assert "/en/2026/decisions" in told[year.ada.id]


def test_telling_twice_tells_once(year):
    drafted(year.one)
    done = publish()
    assert len(letters()) == 4
    telling.tell(done)
    assert len(letters()) == 4


def test_what_is_published_later_is_told_again(year):
    drafted(year.one)
    publish()
    drafted(year.two)
    publish()
    mine = [letter.body for letter in letters() if letter.member_id == year.ada.id]
    assert ["Recommendation 1" in body for body in mine] == [True, False]


def test_there_is_one_mail_for_each_theme(year):
    other = a_theme(year.edition, "Fair fees", proposer=year.lea)
    asked = a_recommendation(a_draft(a_group(year.edition, other), adopted=True), "Pay in time", number=4)
    drafted(year.one)
    drafted(asked)
    publish()
    mine = [letter.subject for letter in letters() if letter.member_id == year.lea.id]
    assert sorted(mine) == [
        "The board decided on the recommendations about Fair fees",
        "The board decided on the recommendations about Guidance",
    ]


def test_each_is_told_in_their_language_as_one_of_a_batch(year):
    year.ada.language, year.eve.language = "nl", "fr"
    drafted(year.one)
    publish()
    of = {letter.member_id: letter for letter in letters()}
    assert "Dag Ada Peeters," in of[year.ada.id].body
    assert "/nl/2026/decisions" in of[year.ada.id].body
    assert "Bonjour Eve Mertens," in of[year.eve.id].body
    assert all(letter.batch for letter in letters())
    assert not any("\n\n\n" in letter.body for letter in letters())


def test_a_theme_that_goes_on_keeps_its_proposer_and_supporters(year):
    edition = an_edition(year=2027)
    theme = a_theme(edition, "Guidance again", prolonged_from=year.theme, proposer=a_board_member())
    theme.proposer = None
    asked = some_recommendations(a_group(edition, theme), 1)[0]
    drafted(asked)
    publish()
    assert {letter.member_id for letter in letters()} == {year.lea.id, year.eve.id}


def test_who_left_or_has_no_address_gets_no_mail_and_is_counted(year):
    year.eve.left = finding.today() - timedelta(days=1)
    year.ada.email = None
    drafted(year.one)
    [count] = telling.counts(publishing.preview().ready)
    assert (count.mails, count.without) == (2, 1)
    publish()
    assert {letter.member_id for letter in letters()} == {year.lea.id, year.bas.id}


def test_who_only_waited_or_was_offered_a_place_is_not_of_the_group(year):
    waiting, offered = a_member("Waiting"), a_member("Offered")
    since = {"workgroup": year.group, "signed_up_at": now()}
    db.session.add(Signup(member=waiting, **since))
    db.session.add(Signup(member=offered, seat=5, seated_at=now(), confirm_by=now() + timedelta(days=1), **since))
    drafted(year.one)
    publish()
    assert {letter.member_id for letter in letters()}.isdisjoint({waiting.id, offered.id})


def test_thousands_are_told_over_several_minutes_in_few_queries(year):
    for n in range(telling.PER_MINUTE + 10):
        a_support(year.theme, a_member(f"Supporter {n}"))
    drafted(year.one)
    with counted() as few:
        publish()
    moments = {letter.send_at for letter in letters()}
    assert len(moments) == 2
    assert len(few) < 60


def test_decisions_are_drafts_until_they_are_published(year):
    drafted(year.one, due=soon())
    assert db.session.scalars(select(Decision.published_at)).all() == [None]
    assert finding.of_year(2026)[0].draft is None


def test_more_than_are_published_at_once_are_counted_and_follow(year, monkeypatch):
    for asked in year.all:
        drafted(asked)
    before = publishing.how_many()
    assert before.ready > 1 and before == (len(publishing.preview().ready), len(publishing.preview().incomplete))
    monkeypatch.setattr(publishing, "AT_ONCE", 1)
    found = publishing.preview()
    assert len(found.ready) == 1 and found.how_many == before
