"""Adopting a text: who was present says whether they agree; the question is about one text with one hash."""

import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.recommendations import adopting, wording, writers, writing
from sipvote.recommendations.adopting import Tally
from sipvote.recommendations.hearing_models import Adoption, Bundle
from sipvote.recommendations.models import Draft
from sipvote.workgroups import attending, insiders
from sipvote.workgroups.models import Workgroup
from tests.factories import (
    a_city,
    a_facilitator,
    a_group,
    a_member,
    a_met_group,
    a_theme,
    an_edition,
    an_organiser,
    kept,
    some_presence,
)
from tests.outcomes import a_draft, a_heard_draft, a_recommendation, a_remark, a_translation
from tests.workgroups.test_race import at_once


@pytest.fixture
def bas(database):
    return a_facilitator("gent")


@pytest.fixture
def people(database):
    """Ada, Bo and Cem were there; Dan was not."""
    return [a_member(name) for name in ("Ada Peeters", "Bo Smit", "Cem Ay", "Dan Roels")]


@pytest.fixture
def group(bas, people):
    group = a_met_group(*people, edition=an_edition(Phase.RECOMMENDATIONS), facilitators=[bas])
    some_presence(group, *people[:3])
    return group


@pytest.fixture
def draft(group):
    return a_heard_draft(group)


@pytest.fixture
def asked(draft, group, bas):
    return asks(draft, group, bas)


def asks(draft, group, who):
    return adopting.open_(draft, group, group.meetings[0], who.id)


def says(asked, member, agrees=True, by=None):
    adopting.answer(asked, member.id, agrees, by.id if by else None)


def standing(draft, group=None):
    db.session.flush()
    found = adopting.standings(draft)
    return next(s for s in found if group is None or s.group.id == group.id)


def mend(recommendation, text="Write two."):
    recommendation.original_text.text = text
    db.session.flush()


def another_group(group, name="Eva Stone"):
    """A second group of the same theme, in which one person was present."""
    member, chloe = a_member(name, "luik"), a_facilitator(None)
    other = a_met_group(member, edition=group.edition, theme=group.theme, city="luik", facilitators=[chloe])
    some_presence(other, member)
    return other, member, chloe


class TestTheText:
    def test_the_digest_is_of_the_originals_in_their_order(self, draft):
        a_recommendation(draft, "Second", original="nl", text="Tekst.", why="", for_whom="")
        first = {"language": "en", "title": "A guide for starters", "text": "Write one.", "why": "It helps.",
                 "for_whom": "New members"}  # fmt: skip
        second = {"language": "nl", "title": "Second", "text": "Tekst.", "why": "", "for_whom": ""}
        said = json.dumps([first, second], sort_keys=True, separators=(",", ":"))
        assert wording.canonical(draft) == said
        assert wording.digest_of(draft) == hashlib.sha256(said.encode()).hexdigest()

    def test_another_word_order_or_number_of_them_is_another_text_and_a_translation_is_not(self, draft):
        one, two = draft.recommendations[0], a_recommendation(draft, "Second")
        seen = [wording.digest_of(draft)]
        a_translation(one, "nl", "Een gids")
        assert wording.digest_of(draft) == seen[0]
        mend(one)
        seen.append(wording.digest_of(draft))
        one.position = 3
        db.session.flush()
        seen.append(wording.digest_of(draft))
        two.withdrawn_at = now()
        db.session.flush()
        seen.append(wording.digest_of(draft))
        assert len(set(seen)) == 4


class TestAsking:
    def test_facilitators_and_the_secretary_ask_and_everybody_present_gets_a_mail(self, draft, group, people, bas):
        with pytest.raises(Refused, match="facilitators and its secretary"):
            asks(draft, group, people[0])
        insiders.name_secretary(group, people[0], bas.id)
        asked = asks(draft, group, people[0])
        letters = db.session.scalars(select(Letter.address).where(Letter.name == "asked_to_adopt"))
        assert sorted(letters) == sorted(p.email for p in people[:3])
        assert asked.digest == wording.digest_of(draft)

    def test_a_draft_is_heard_first(self, group, bas):
        draft = a_draft(group)
        a_recommendation(draft)
        with pytest.raises(Refused, match="Publish the draft"):
            asks(draft, group, bas)
        draft.published_at, draft.remarks_until = now() - timedelta(days=1), now() + timedelta(days=1)
        with pytest.raises(Refused, match="Members can send remarks until"):
            asks(draft, group, bas)

    def test_all_remarks_are_answered_first(self, draft, group, bas):
        remark = a_remark(draft, a_member())
        a_remark(draft, a_member(), to=remark)
        a_remark(draft, a_member(), withdrawn_at=now())
        with pytest.raises(Refused, match=r"^1 remark still waits"):
            asks(draft, group, bas)
        remark.answered_at, remark.answer, remark.answer_language, remark.taken_up = now(), "Yes.", "en", True
        db.session.flush()
        assert asks(draft, group, bas)

    def test_an_empty_draft_is_not_adopted(self, draft, group, bas):
        draft.recommendations[0].withdrawn_at = now()
        with pytest.raises(Refused, match="no recommendation"):
            asks(draft, group, bas)

    def test_the_meeting_is_of_today_or_before_and_had_people(self, draft, group, bas, people):
        assert adopting.meetings_for(group) == [group.meetings[0]]
        for meeting in (None, group.meetings[1], a_group(group.edition).meetings[0]):
            with pytest.raises(Refused, match="Choose a meeting"):
                adopting.open_(draft, group, meeting, bas.id)
        for signup in group.signups:
            attending.mark(group.meetings[0], signup, False, now(), bas.id)
        db.session.flush()
        assert "Take the attendance" in (adopting.why_not_open(draft, group, bas.id) or "")

    def test_a_group_asks_in_its_own_draft_and_not_when_it_is_cancelled(self, draft, group, bas):
        other, _member, chloe = another_group(group)
        assert "does not write" in adopting.why_not_open(draft, other, chloe.id)
        group.cancelled_at = now()
        assert "does not write" in adopting.why_not_open(draft, group, bas.id)

    def test_one_question_at_a_time_also_when_two_ask_at_once(self, app, draft, group, bas):
        draft_id, group_id, bas_id = draft.id, group.id, bas.id

        def act():
            group = db.session.get_one(Workgroup, group_id)
            adopting.open_(db.session.get_one(Draft, draft_id), group, group.meetings[0], bas_id)

        outcomes = at_once(app, [act, act])
        assert sorted(type(o).__name__ for o in outcomes) == ["NoneType", "Refused"]
        assert "being asked already" in str(next(o for o in outcomes if o))


class TestAnswering:
    def test_who_was_present_says_it_and_may_say_otherwise(self, draft, asked, people):
        ada, bo, cem, _dan = people
        says(asked, ada)
        says(asked, bo, False)
        says(asked, cem, None)
        says(asked, bo)
        assert standing(draft).tally == Tally(agree=2, disagree=0, abstain=1, silent=0)

    def test_who_was_not_there_does_not(self, asked, people, bas):
        for who in (people[3], bas, a_member()):
            with pytest.raises(Refused, match="marked as present"):
                says(asked, who)

    def test_somebody_without_a_phone_is_entered_never_over_their_own_answer(self, draft, asked, people, bas):
        ada, bo, cem, dan = people
        says(asked, ada, False, by=bas)
        assert standing(draft).answers[ada.id].entered_by_id == bas.id
        says(asked, ada)
        with pytest.raises(Refused, match="Ada Peeters has answered on their own phone"):
            says(asked, ada, False, by=bas)
        assert standing(draft).answers[ada.id].agrees is True
        for who, by, words in ((bo, cem, "can enter"), (dan, bas, "marked as present")):
            with pytest.raises(Refused, match=words):
                says(asked, who, by=by)

    def test_who_turns_out_not_to_have_been_there_does_not_count(self, draft, asked, group, people, bas):
        says(asked, people[0])
        says(asked, people[1], False)
        signup = next(s for s in group.signups if s.member_id == people[1].id)
        attending.mark(group.meetings[0], signup, False, now(), bas.id)
        assert standing(draft).tally == Tally(1, 0, 0, 1)
        assert adopting.close(asked, bas.id)
        assert standing(draft).tally == Tally(1, 0, 0, 1)


class TestVoid:
    def test_when_the_text_changes_the_answers_count_no_more_and_the_group_is_asked_again(
        self, draft, asked, group, people, bas
    ):
        says(asked, people[0])
        mend(draft.recommendations[0])
        assert standing(draft).is_void
        for act in (lambda: says(asked, people[1]), lambda: adopting.close(asked, bas.id)):
            with pytest.raises(Refused, match="text has changed since"):
                act()
        again = asks(draft, group, bas)
        assert (asked.closed_at is None, asked.is_adopted) == (False, None)
        assert standing(draft).asked is again and standing(draft).tally == Tally(0, 0, 0, 3)

    def test_a_group_is_bound_while_it_is_asked_and_once_it_adopted_until_a_word_changes(
        self, draft, asked, group, people, bas
    ):
        assert adopting.bound(draft) == [group]
        says(asked, people[0])
        adopting.close(asked, bas.id)
        db.session.flush()
        assert adopting.bound(draft) == [group]
        mend(draft.recommendations[0])
        assert adopting.bound(draft) == []

    def test_who_had_the_page_open_before_the_text_was_adopted_changes_it_no_more(self, draft, people):
        first = draft.recommendations[0]
        elsewhere = update(Draft).values(adopted_at=now()).execution_options(synchronize_session=False)
        db.session.execute(elsewhere)  # somebody else's act: this session still thinks that it is not adopted
        assert draft.adopted_at is None
        other = {"title": "Other", "text": "Words", "why": "", "for_whom": ""}
        with pytest.raises(Refused, match="was adopted"):
            writing.save(first, writers.known(people[0].id), other, "1")

    def test_a_question_put_too_early_is_taken_back_by_those_who_put_it(self, draft, asked, people, bas):
        with pytest.raises(Refused, match="facilitators and its secretary"):
            adopting.take_back(asked, people[0].id)
        adopting.take_back(asked, bas.id)
        assert standing(draft).asked is None and standing(draft).last is None
        with pytest.raises(Refused, match="closed"):
            says(asked, people[0])


class TestClosing:
    @pytest.mark.parametrize(
        ("said", "is_adopted"),
        [((True,), True), ((True, False), False), ((True, True, False), True), ((), False), ((None, None), False),
         ((True, None, None), True), ((False, None), False)],
    )  # fmt: skip
    def test_adopted_when_more_agree_than_do_not_and_one_at_least(
        self, draft, asked, people, bas, said, is_adopted
    ):  # fmt: skip
        for member, agrees in zip(people, said, strict=False):
            says(asked, member, agrees)
        assert adopting.close(asked, bas.id) is is_adopted
        assert (asked.is_adopted, draft.adopted_at is not None) == (is_adopted, is_adopted)
        with pytest.raises(Refused, match="closed"):
            says(asked, people[0])

    def test_only_those_who_ask_close_and_it_stands_in_the_audit_log(self, draft, asked, people, bas):
        with pytest.raises(Refused, match="facilitators and its secretary"):
            adopting.close(asked, people[0].id)
        says(asked, people[0])
        adopting.close(asked, bas.id)
        opened, closed = db.session.scalars(select(Entry).where(Entry.act.like("%adoption")).order_by(Entry.id))
        assert (opened.act, closed.act, closed.member_id) == ("open adoption", "close adoption", bas.id)
        assert closed.facts == {"digest": asked.digest, "adopted": True, "agree": 1, "disagree": 0, "abstain": 0}

    def test_a_group_that_did_not_adopt_is_asked_again_one_that_did_is_not(self, draft, asked, group, people, bas):
        says(asked, people[0], False)
        adopting.close(asked, bas.id)
        again = asks(draft, group, bas)
        says(again, people[0])
        adopting.close(again, bas.id)
        with pytest.raises(Refused, match="adopted"):
            asks(draft, group, bas)

    def test_of_two_who_close_at_the_same_moment_one_counts(self, app, asked, people, bas):
        says(asked, people[0])
        asked_id, bas_id = asked.id, bas.id

        def act():
            return adopting.close(db.session.get_one(Adoption, asked_id), bas_id)

        outcomes = at_once(app, [act, act])
        assert sorted(type(o).__name__ for o in outcomes) == ["Refused", "bool"]
        closings = db.session.scalars(select(Entry).where(Entry.act == "close adoption")).all()
        assert len(closings) == 1

    def test_a_draft_of_two_groups_is_adopted_once_both_adopted_the_same_text(self, group, people, bas):
        other, eva, chloe = another_group(group)
        draft = a_heard_draft(group, other)
        first = asks(draft, group, bas)
        says(first, people[0])
        adopting.close(first, bas.id)
        assert draft.adopted_at is None
        mend(draft.recommendations[0])
        assert standing(draft, group).adopted_another
        second = asks(draft, other, chloe)
        says(second, eva)
        adopting.close(second, chloe.id)
        assert draft.adopted_at is None
        third = asks(draft, group, bas)
        says(third, people[0])
        adopting.close(third, bas.id)
        assert draft.adopted_at is not None

    def test_two_groups_that_close_at_the_same_moment_adopt_the_draft(self, app, group, people, bas):
        other, eva, chloe = another_group(group)
        draft = a_heard_draft(group, other)
        first, second = asks(draft, group, bas), asks(draft, other, chloe)
        says(first, people[0])
        says(second, eva)
        pairs, draft_id = [(first.id, bas.id), (second.id, chloe.id)], draft.id

        def closes(adoption_id, by):
            return lambda: adopting.close(db.session.get_one(Adoption, adoption_id), by)

        assert at_once(app, [closes(*pair) for pair in pairs]) == [True, True]
        assert db.session.get_one(Draft, draft_id).adopted_at is not None

    def test_a_cancelled_group_is_not_waited_for(self, group, people, bas):
        other = a_group(group.edition, theme=group.theme, cities=[a_city("luik")])
        draft = a_heard_draft(group, other)
        other.cancelled_at = now()
        asked = asks(draft, group, bas)
        says(asked, people[0])
        adopting.close(asked, bas.id)
        assert draft.adopted_at is not None


class TestReopening:
    @pytest.fixture
    def adopted(self, draft, asked, people, bas):
        says(asked, people[0])
        adopting.close(asked, bas.id)
        return draft

    def test_an_organiser_opens_the_text_again_and_the_same_text_is_adopted_anew(self, adopted, group, people, bas):
        adopting.reopen(adopted, an_organiser().id)
        assert adopted.adopted_at is None and standing(adopted).last is None
        assert db.session.scalar(select(Entry.subject).where(Entry.act == "reopen adoption")) == f"draft {adopted.id}"
        told = db.session.scalars(select(Letter.member_id).where(Letter.name == "text_reopened")).all()
        assert sorted(told) == sorted(m.id for m in insiders.people_in(group)) and people[1].id in told
        again = asks(adopted, group, bas)
        says(again, people[1])
        adopting.close(again, bas.id)
        assert adopted.adopted_at is not None

    def test_not_before_it_is_adopted(self, draft):
        with pytest.raises(Refused, match="not adopted"):
            adopting.reopen(draft, an_organiser().id)

    def test_not_once_it_is_numbered_in_the_bundle(self, adopted):
        adopted.recommendations[0].number = 1
        db.session.flush()
        with pytest.raises(Refused, match="submitted to the board"):
            adopting.reopen(adopted, an_organiser().id)

    def test_not_once_the_bundle_is_submitted(self, adopted):
        kept(Bundle(edition_id=adopted.edition_id, submitted_at=now(), digest="0" * 64, content="{}"))
        with pytest.raises(Refused, match="submitted to the board"):
            adopting.reopen(adopted, an_organiser().id)


def test_a_member_finds_what_waits_for_their_answer(draft, asked, people, bas):
    assert adopting.to_answer(people[0].id) == [asked]
    assert adopting.to_answer(people[3].id) == adopting.to_answer(bas.id) == []
    says(asked, people[0])
    assert adopting.to_answer(people[0].id) == []
    assert [a.agrees for a in adopting.answers_of(people[0].id)] == [True]
    mend(draft.recommendations[0])
    assert adopting.to_answer(people[1].id) == []


def test_another_theme_is_another_draft(draft, group):
    other = a_heard_draft(a_group(group.edition, theme=a_theme(group.edition, "Shared spaces", elected_at=now())))
    assert [s.group.id for s in adopting.standings(other)] == [other.groups[0].id]
