"""Drafting: who answers, what is missing, what several people write at the same time."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy import insert, select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.decisions import finding, owners, rules
from sipvote.decisions.models import Decision, DecisionText, Outcome
from sipvote.decisions.rules import Drafted, Overtaken, Wrong
from sipvote.errors import Refused
from sipvote.members.models import Member
from sipvote.recommendations.models import Recommendation
from tests.factories import a_member
from tests.outcomes import a_decision, a_recommendation, an_old_recommendation


def soon():
    return finding.today() + timedelta(days=90)


def accepted(**values):
    facts = {"outcome": Outcome.ACCEPTED, "language": "en", "reasons": "It helps.", "due": soon(), "owner": "The board"}
    return Drafted(**{**facts, **values})


def drafted(recommendation, by=None, seen="", **values):
    return rules.draft(recommendation, accepted(**values), seen, by)


def test_the_board_drafts_on_what_it_received_only(year):
    unbundled = a_recommendation(year.one.draft, "Later")
    with pytest.raises(Refused, match="has not received"):
        drafted(unbundled)
    year.one.withdrawn_at = now()
    with pytest.raises(Refused, match="withdrawn"):
        drafted(year.one)


def test_a_draft_says_what_is_still_missing(year):
    bare = rules.draft(year.one, Drafted(Outcome.ACCEPTED, "en"), "", None)
    assert rules.missing(bare) == [
        "The reasons are missing.", "It does not say who answers for it.", "The due date is missing.",
    ]  # fmt: skip
    amended = rules.draft(year.two, Drafted(Outcome.AMENDED, "en", "Yes.", owner="IT", due=soon()), "", None)
    assert rules.missing(amended) == ["The text as the board accepts it is missing."]
    postponed = rules.draft(year.three, Drafted(Outcome.POSTPONED, "en", "Wait.", owner="IT"), "", None)
    assert rules.missing(postponed) == ["The day until which it is postponed is missing."]


def test_what_is_rejected_needs_reasons_and_nothing_else(year):
    rejected = rules.draft(year.one, Drafted(Outcome.REJECTED, "en", "The law forbids it."), "", None)
    assert rules.missing(rejected) == []


def every_draft(owner: Member) -> Iterator[Decision]:
    """A draft of every kind that the tables allow; blank words are words."""
    words = (None, ("", ""), ("Why.", ""), ("", "Amended."), ("Why.", "Amended."), (" ", " "))
    owners = ((None, ""), (None, "IT"), (owner, ""), (owner, "IT"))
    kinds = product(Outcome, words, (None, ("Parce que.", "Mieux.")), (None, soon()), (None, soon()), owners)
    for outcome, first, other, until, due, (who, name) in kinds:
        if until is None or outcome == Outcome.POSTPONED:
            texts = [DecisionText(language=code, reasons=said[0], amended=said[1], written_at=now())
                     for code, said in (("en", first), ("fr", other)) if said]  # fmt: skip
            yield Decision(outcome=outcome, original="en", postponed_until=until, due=due, drafted_at=now(),
                           owner=who, owner_name=name, texts=texts)  # fmt: skip


def test_the_database_holds_complete_exactly_what_lacks_nothing(database):
    drafts = list(every_draft(a_member()))
    asked = {"year": 2015, "theme_name": "", "group_name": "", "original": "en", "created_at": now()}
    db.session.execute(insert(Recommendation), [{"id": n, "number": n, **asked} for n, _ in enumerate(drafts, 1)])
    for number, draft in enumerate(drafts, start=1):
        draft.recommendation_id = number
    db.session.add_all(drafts)
    db.session.flush()
    complete = {d.recommendation_id for d in drafts if not rules.missing(d)}
    assert set(db.session.scalars(select(Decision.recommendation_id).where(rules.is_complete()))) == complete
    assert set(db.session.scalars(select(Decision.recommendation_id).where(~rules.is_complete()))) == (
        {*range(1, len(drafts) + 1)} - complete
    )
    assert {draft.outcome for draft in drafts if not rules.missing(draft)} == set(Outcome)


@pytest.mark.parametrize(
    ("outcome", "field", "facts"),
    [
        (Outcome.ACCEPTED, "postponed_until", {"postponed_until": date(2099, 1, 1)}),
        (Outcome.REJECTED, "due", {"due": date(2099, 1, 1)}),
        (Outcome.REJECTED, "amended", {"amended": "Other words."}),
    ],
)
def test_what_does_not_fit_an_outcome_is_refused_beside_its_field(year, outcome, field, facts):
    with pytest.raises(Wrong) as refused:
        rules.draft(year.one, Drafted(outcome, "en", **facts), "", None)
    assert refused.value.field == field


def test_whoever_saves_over_words_they_have_not_seen_is_stopped(year):
    first = drafted(year.one, by=year.chloe.id)
    seen = rules.seen_of(first)
    drafted(year.one, seen=seen, reasons="Better reasons.")
    with pytest.raises(Overtaken):
        drafted(year.one, seen=seen, reasons="My reasons.")
    assert rules.draft_of(year.one).text.reasons == "Better reasons."
    drafted(year.one, seen=rules.seen_of(rules.draft_of(year.one)), reasons="My reasons.")
    assert rules.draft_of(year.one).text.reasons == "My reasons."


def test_two_who_begin_a_draft_do_not_lose_the_first(year):
    drafted(year.one, by=year.chloe.id)
    with pytest.raises(Overtaken, match="Chloé Dubois changed"):
        drafted(year.one, reasons="Mine.")


def test_the_same_words_again_change_nothing(year):
    moment = drafted(year.one).drafted_at
    assert drafted(year.one).drafted_at == moment
    assert len(db.session.scalars(select(Entry).where(Entry.act == "draft decision")).all()) == 1


def test_a_draft_moves_to_another_language_unless_there_is_a_text(year):
    decision = drafted(year.one)
    decision = drafted(year.one, seen=rules.seen_of(decision), language="fr")
    assert (decision.original, [t.language for t in decision.texts]) == ("fr", ["fr"])
    rules.translate(decision, "nl", ("Het helpt.", ""), "", None)
    with pytest.raises(Wrong, match="already"):
        drafted(year.one, seen=rules.seen_of(rules.draft_of(year.one)), language="nl")


def test_a_translation_is_not_written_over_unseen(year):
    decision = drafted(year.one)
    rules.translate(decision, "fr", ("Cela aide.", ""), "", None)
    with pytest.raises(Overtaken):
        rules.translate(decision, "fr", ("Autre chose.", ""), "", None)
    rules.translate(decision, "fr", ("Cela aide.", ""), "", None)  # the same words: nothing to lose
    assert decision.text_in("fr").reasons == "Cela aide."


def test_the_original_of_a_decision_is_not_a_translation(year):
    decision = a_decision(year.one)
    with pytest.raises(Refused, match="language in which the board decided"):
        rules.translate(decision, "en", ("No.", ""), decision.text.written_at.isoformat(), None)
    rules.translate(decision, "fr", ("Cela vaut la peine.", ""), "", None)
    assert decision.missing_languages == ["nl"]


def test_a_draft_is_thrown_away_once_and_not_unseen(year):
    decision = drafted(year.one)
    with pytest.raises(Overtaken):
        rules.drop(year.one, "", None)
    rules.drop(year.one, rules.seen_of(decision), None)
    rules.drop(year.one, "", None)
    assert rules.draft_of(year.one) is None


def test_a_published_decision_stays_when_the_board_decides_again(year):
    first = a_decision(year.one, Outcome.POSTPONED, postponed_until=soon())
    again = drafted(year.one)
    assert again.id != first.id
    rules.drop(year.one, rules.seen_of(again), None)
    assert db.session.scalars(select(Decision)).all() == [first]


# --- Who answers --------------------------------------------------------------------------------------


def test_a_member_is_found_by_number_address_or_name(year):
    ada = year.ada
    for said in (ada.number, ada.email.upper(), "ada  peeters", f"Ada Peeters ({ada.number})"):
        assert owners.find(said) == (ada.id, "")
    assert owners.find(owners.typed(ada, "")) == (ada.id, "")


def test_whoever_is_no_member_stands_with_their_name(year):
    assert owners.find("  IT   department ") == (None, "IT department")
    assert owners.find("") == (None, "")


@pytest.mark.parametrize("said", ["99999", "nobody@example.org", "Somebody (99999)"])
def test_a_number_or_address_that_nobody_has_is_refused(year, said):
    with pytest.raises(owners.NotFound, match="No member has"):
        owners.find(said)


def test_of_two_members_of_one_name_the_number_is_asked(year):
    a_member("Ada Peeters")
    with pytest.raises(owners.NotFound, match="Several members"):
        owners.find("Ada Peeters")


def test_who_has_left_answers_for_nothing_new(year):
    year.ada.left = finding.today() - timedelta(days=1)
    with pytest.raises(owners.NotFound):
        owners.find(year.ada.number)


# --- What waits, what is late -----------------------------------------------------------------------


def test_what_the_board_never_decided_waits_and_old_lists_do_not(year):
    an_old_recommendation(year=2026, number=9)
    a_decision(year.one)
    drafted(year.two)
    found = finding.of_year(2026, drafts=True)
    assert [(m.recommendation.number, m.waits, m.draft is not None) for m in found] == [
        (1, False, False), (2, True, True), (3, True, False),
    ]  # fmt: skip
    assert finding.progress() == [finding.Progress(2026, 3, 2, 1)]


def test_what_is_postponed_comes_back_when_its_day_is_near(year):
    near, far = finding.today() + timedelta(days=30), finding.today() + timedelta(days=200)
    a_decision(year.one, Outcome.POSTPONED, postponed_until=near)
    a_decision(year.two, Outcome.POSTPONED, postponed_until=far)
    a_decision(year.three)
    assert [m.recommendation for m in finding.coming_back()] == [year.one]
    assert finding.progress() == [finding.Progress(2026, 3, 1, 0)]
    a_decision(year.one)  # decided again: it comes back no more
    assert finding.coming_back() == []


def test_what_was_accepted_is_late_after_its_due_date(year):
    yesterday = finding.today() - timedelta(days=1)
    late = a_decision(year.one, due=yesterday)
    a_decision(year.two, due=finding.today())
    a_decision(year.three, published=False, due=yesterday)
    assert list(finding.late(9)) == [late]
    a_decision(year.one, due=soon())  # the last one counts
    assert finding.how_many_late() == 0


def test_what_the_stocktake_knows_to_be_done_is_not_late(year):
    a_decision(year.one, due=finding.today() - timedelta(days=1))
    a_decision(year.two, due=finding.today() - timedelta(days=1))
    finding.done.append(lambda: select(Decision.recommendation_id).where(Decision.recommendation_id == year.one.id))
    try:
        assert [d.recommendation for d in finding.late(9)] == [year.two]
    finally:
        finding.done.pop()
