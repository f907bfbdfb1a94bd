"""Remarks: who may say what and until when; the group answers each; organisers hide what does not belong."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote.access import Role, Visitor
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.recommendations import hearing, moderating, remark_news, remarks
from sipvote.recommendations.hearing import Counts, Eyes
from sipvote.recommendations.hearing_models import Remark
from sipvote.recommendations.models import Draft
from tests.factories import a_facilitator, a_group, a_member, a_met_group, an_edition, an_organiser
from tests.outcomes import a_draft, a_recommendation, a_remark
from tests.workgroups.test_race import at_once


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


@pytest.fixture
def bas(database):
    return a_facilitator("gent")


@pytest.fixture
def group(bas):
    return a_met_group(a_member("Bo Smit"), edition=an_edition(Phase.RECOMMENDATIONS), facilitators=[bas])


@pytest.fixture
def draft(group):
    return a_draft(group, published=True)


@pytest.fixture
def guide(draft):
    return a_recommendation(draft)


def visitor(member, *roles):
    return Visitor(1, member.id, member.name, "en", "BE", member.city_id, frozenset(roles))


def said(draft, member, text="Say for whom.", about=None):
    return remarks.write(draft, about, member.id, "en", text)


def how_many(*where):
    return db.session.scalar(select(func.count()).select_from(Remark).where(*where))


def letters(name):
    return list(db.session.scalars(select(Letter).where(Letter.name == name).order_by(Letter.id)))


def answered(remark, member, taken_up=True, words="Done.", seen=None):
    remarks.answer(remark, visitor(member), taken_up, words, "en", remarks.seen_of(remark) if seen is None else seen)


class TestWriting:
    def test_a_member_says_something_of_the_whole_or_of_one_recommendation(self, draft, guide, ada):
        assert said(draft, ada).recommendation_id is None
        assert said(draft, ada, about=guide).recommendation_id == guide.id

    def test_nobody_writes_before_it_is_published_or_after_the_last_day(self, group, draft, ada):
        hidden = a_draft(a_group(group.edition))
        with pytest.raises(Refused, match="not published yet"):
            said(hidden, ada)
        draft.remarks_until = now() - timedelta(minutes=1)
        with pytest.raises(Refused, match="until"):
            said(draft, ada)

    def test_a_stranger_is_asked_to_sign_in(self, draft):
        assert remarks.why_not_write(draft, None, None) == "Sign in to send a remark."

    def test_a_withdrawn_recommendation_and_one_of_another_draft_take_no_remarks(self, group, draft, guide, ada):
        other = a_recommendation(a_draft(a_group(group.edition), published=True))
        guide.withdrawn_at = now()
        for about in (guide, other):
            with pytest.raises(Refused, match="withdrawn this recommendation"):
                said(draft, ada, about=about)

    def test_the_same_text_sent_twice_is_one_remark_and_elsewhere_another(self, draft, guide, ada):
        first = said(draft, ada)
        assert said(draft, ada, "  Say for whom.\r\n") is first
        assert said(draft, ada, about=guide) is not first
        assert said(draft, a_member()) is not first
        remarks.withdraw(first, ada.id)
        assert said(draft, ada) is not first

    def test_what_is_hidden_does_not_come_back_by_sending_it_again(self, draft, ada):
        first = said(draft, ada)
        moderating.hide(first, "It names somebody.", an_organiser().id)
        assert said(draft, ada) is first

    def test_two_clicks_at_the_same_moment_make_one_remark(self, app, draft, ada):
        draft_id, member_id = draft.id, ada.id

        def send():
            return remarks.write(db.session.get_one(Draft, draft_id), None, member_id, "en", "Twice.").id

        one, other = at_once(app, [send, send])
        assert one == other and how_many() == 1

    @pytest.mark.parametrize(
        ("text", "words"), [("", "Write your remark"), (" \0\n", "Write your remark"), ("x" * 2001, "at most 2000")]
    )
    def test_empty_and_endless_remarks_are_refused(self, draft, ada, text, words):
        with pytest.raises(Refused, match=words):
            said(draft, ada, text)

    def test_twenty_within_an_hour_is_the_most_for_one_member(self, draft, ada):
        for n in range(20):
            a_remark(draft, ada, f"Remark {n}", written_at=now() - timedelta(minutes=59 - n))
        with pytest.raises(Refused, match=r"You sent 20 remarks within an hour. You can send the next one at"):
            said(draft, ada)
        assert said(draft, a_member())
        oldest = db.session.scalars(select(Remark).order_by(Remark.written_at)).first()
        oldest.written_at -= timedelta(minutes=2)
        assert said(draft, ada)


class TestThreads:
    def test_a_reply_is_about_what_its_thread_is_about(self, draft, guide, ada):
        first = said(draft, a_member(), about=guide)
        reply = remarks.reply(first, ada.id, "nl", "Ja.")
        assert (reply.parent_id, reply.recommendation_id, reply.language) == (first.id, guide.id, "nl")
        assert remarks.reply(first, ada.id, "nl", "Ja.") is reply

    def test_nobody_replies_to_what_is_withdrawn_or_hidden(self, draft, ada):
        gone, hidden = a_remark(draft, ada, withdrawn_at=now()), a_remark(draft, ada)
        moderating.hide(hidden, "Rude.", an_organiser().id)
        for remark in (gone, hidden):
            with pytest.raises(Refused, match="gone"):
                remarks.reply(remark, ada.id, "en", "Yes.")

    def test_replies_of_every_depth_stand_after_what_they_reply_to(self, draft, ada):
        first = a_remark(draft, ada, "first")
        early = a_remark(draft, ada, "early", to=first)
        a_remark(draft, ada, "late", to=first)
        deep = a_remark(draft, ada, "deep", to=early)
        a_remark(draft, ada, "deeper", to=deep)
        (thread,) = hearing.threads([first], Eyes())
        assert [r.text for r in thread.replies] == ["early", "deep", "deeper", "late"]
        assert hearing.thread_of(deep, Eyes()).first is first

    def test_what_is_gone_stays_only_above_what_is_there(self, draft, ada):
        first = a_remark(draft, ada, "first", withdrawn_at=now())
        above = a_remark(draft, ada, "above", to=first, withdrawn_at=now())
        a_remark(draft, ada, "below", to=above)
        a_remark(draft, ada, "alone", to=first, withdrawn_at=now())
        a_remark(draft, ada, "nobody sees this", withdrawn_at=now())
        found = db.session.scalars(hearing.firsts(draft, None, "", Eyes())).all()
        (thread,) = hearing.threads(found, Eyes())
        assert [r.text for r in (thread.first, *thread.replies)] == ["first", "above", "below"]

    def test_a_thousand_replies_under_one_another_are_read(self, draft, ada):
        remark = a_remark(draft, ada, "0")
        first = remark
        for n in range(1, 300):
            remark = Remark(draft_id=draft.id, member_id=ada.id, text=str(n), parent_id=remark.id, language="en",
                            written_at=now())  # fmt: skip
            db.session.add(remark)
            db.session.flush()
        (thread,) = hearing.threads([first], Eyes())
        assert [int(r.text) for r in thread.replies] == list(range(1, 300))


class TestLists:
    def test_each_recommendation_and_the_whole_have_their_list_and_their_counts(self, draft, guide, ada):
        a_remark(draft, ada, "whole")
        first = a_remark(draft, ada, "guide", about=guide)
        a_remark(draft, ada, "reply", to=first)
        a_remark(draft, ada, "yes", about=guide, answer="Done.")
        a_remark(draft, ada, "no", about=guide, answer="Not now.", taken_up=False)
        a_remark(draft, ada, "gone", about=guide, withdrawn_at=now())
        counts = hearing.counts_of(draft)
        assert counts == {None: Counts(1, 1, 1, 0, 0), guide.id: Counts(4, 3, 1, 1, 1)}
        assert hearing.total(counts) == Counts(5, 4, 2, 1, 1)

        def texts(about, show=""):
            return {r.text for r in db.session.scalars(hearing.firsts(draft, about, show, Eyes()))}

        assert texts("whole") == {"whole"} and texts(guide) == {"guide", "yes", "no"}
        assert texts(None, "unanswered") == {"whole", "guide"}
        assert (texts(guide, "taken"), texts(guide, "not_taken")) == ({"yes"}, {"no"})
        assert [r.text for r in hearing.unanswered(draft)] == ["whole", "guide"]

    def test_a_hidden_one_is_seen_by_its_author_and_the_organisers_alone(self, draft, ada):
        remark = a_remark(draft, ada)
        moderating.hide(remark, "Rude.", an_organiser().id)
        for eyes, sees in ((Eyes(), False), (Eyes(a_member().id), False), (Eyes(ada.id), True), (Eyes(1, True), True)):
            found = db.session.scalars(hearing.firsts(draft, None, "", eyes)).all()
            assert (found == [remark], eyes.may_read(remark)) == (sees, sees)


class TestChanging:
    def test_authors_change_their_words_for_a_quarter_of_an_hour_and_then_until_somebody_replies(self, draft, ada):
        remark = a_remark(draft, ada, written_at=now() - timedelta(minutes=14))
        a_remark(draft, a_member(), to=remark)
        remarks.change(remark, ada.id, "fr", "Pour qui ?")
        assert (remark.text, remark.language, remark.changed_at is None) == ("Pour qui ?", "fr", False)
        remark.written_at -= timedelta(minutes=2)
        with pytest.raises(Refused, match="Somebody has replied"):
            remarks.change(remark, ada.id, "fr", "Non.")
        alone = a_remark(draft, ada, "Alone", written_at=now() - timedelta(days=2))
        remarks.change(alone, ada.id, "en", "Still alone")
        draft.remarks_until = now()
        with pytest.raises(Refused, match="until"):
            remarks.change(alone, ada.id, "en", "Late")

    def test_nobody_changes_what_is_answered_hidden_withdrawn_or_of_another(self, draft, ada, bas):
        remark = said(draft, ada)
        with pytest.raises(Refused, match="Only the member who wrote"):
            remarks.change(remark, a_member().id, "en", "Mine")
        answered(remark, bas)
        with pytest.raises(Refused, match="has answered"):
            remarks.change(remark, ada.id, "en", "Other")
        moderating.hide(remark, "Rude.", an_organiser().id)
        with pytest.raises(Refused, match="hid this"):
            remarks.change(remark, ada.id, "en", "Other")
        remarks.withdraw(remark, ada.id)
        with pytest.raises(Refused, match="withdrawn already"):
            remarks.change(remark, ada.id, "en", "Other")

    def test_authors_withdraw_always_and_only_they(self, draft, ada):
        remark = a_remark(draft, ada, written_at=now() - timedelta(days=60))
        draft.remarks_until = draft.adopted_at = now()
        with pytest.raises(Refused, match="Only the member"):
            remarks.withdraw(remark, a_member().id)
        remarks.withdraw(remark, ada.id)
        assert remark.withdrawn_at
        with pytest.raises(Refused, match="already"):
            remarks.withdraw(remark, ada.id)


class TestAnswering:
    def test_everybody_inside_answers_and_nobody_else(self, draft, group, ada, bas):
        inside = group.signups[0].member
        for member, may in ((bas, True), (inside, True), (ada, False), (a_facilitator("gent"), False)):
            why = remarks.why_not_answer(a_remark(draft, a_member()), visitor(member))
            assert (why is None) == may
        assert remarks.why_not_answer(a_remark(draft, ada), visitor(an_organiser(), Role.ORGANISER)) is None

    def test_the_author_is_told_and_told_again_only_when_the_group_changes_its_mind(self, draft, ada, bas):
        remark = said(draft, ada)
        answered(remark, bas, False, "It is too late for that.")
        assert (remark.taken_up, remark.answer, remark.answered_by) == (False, "It is too late for that.", bas)
        (letter,) = letters("remark_answered")
        assert letter.address == ada.email and "It is too late for that." in letter.body
        assert "does not take it up" in letter.body
        answered(remark, bas, False, "It is too late.")
        answered(remark, bas, False, "It is too late.", seen="whatever")
        assert len(letters("remark_answered")) == 1
        answered(remark, bas, True, "We found the time.")
        assert "anew" in letters("remark_answered")[1].subject

    @pytest.mark.parametrize(("words", "why"), [(" ", "Write why"), ("x" * 2001, "at most")])
    def test_an_answer_says_why(self, draft, ada, bas, words, why):
        with pytest.raises(Refused, match=why):
            answered(said(draft, ada), bas, words=words)

    def test_replies_withdrawn_and_hidden_remarks_need_no_answer(self, draft, ada, bas):
        first = a_remark(draft, ada)
        hidden = a_remark(draft, ada, "Rude")
        moderating.hide(hidden, "Rude.", an_organiser().id)
        reply, gone = a_remark(draft, ada, to=first), a_remark(draft, ada, withdrawn_at=now())
        for remark, words in ((reply, "first remark"), (gone, "withdrawn"), (hidden, "hid this")):
            with pytest.raises(Refused, match=words):
                answered(remark, bas)
        assert hearing.unanswered(draft) == [first]

    def test_answers_change_until_the_text_is_adopted(self, draft, ada, bas):
        remark, late = said(draft, ada), said(draft, ada, "Late")
        answered(remark, bas)
        draft.adopted_at = now()
        db.session.flush()
        with pytest.raises(Refused, match="adopted"):
            answered(remark, bas, False)
        answered(late, bas)

    def test_nobody_writes_over_an_answer_that_they_have_not_seen(self, draft, group, ada, bas):
        remark, bo = said(draft, ada), group.signups[0].member
        answered(remark, bo, True, "Yes, page two.")
        with pytest.raises(remarks.Overtaken, match="Bo Smit answered"):
            answered(remark, bas, False, "No.", seen="")
        assert (remark.taken_up, remark.answer) == (True, "Yes, page two.")

    def test_of_two_answers_at_the_same_moment_one_stands_and_the_other_is_told(self, app, draft, group, ada, bas):
        remark_id, people = said(draft, ada).id, [bas, group.signups[0].member]

        def answers(who, taken_up):
            def act():
                found = db.session.get_one(Remark, remark_id)
                remarks.answer(found, who, taken_up, f"Says {who.name}.", "en", "")

            return act

        acts = [answers(visitor(people[0]), True), answers(visitor(people[1]), False)]
        outcomes = at_once(app, acts)
        assert sorted(type(o).__name__ for o in outcomes) == ["NoneType", "Overtaken"]
        winner = people[outcomes.index(None)]
        assert db.session.get_one(Remark, remark_id).answer == f"Says {winner.name}."
        assert len(letters("remark_answered")) == 1


class TestModerating:
    def test_hiding_tells_the_author_why_and_stands_in_the_audit_log(self, draft, ada):
        remark, dre = said(draft, ada), an_organiser()
        moderating.hide(remark, "It names\nsomebody.", dre.id)
        (letter,) = letters("remark_hidden")
        assert letter.address == ada.email and "It names somebody." in letter.body
        with pytest.raises(Refused, match="hidden already"):
            moderating.hide(remark, "Twice.", dre.id)
        moderating.show_again(remark, dre.id)
        with pytest.raises(Refused, match="not hidden"):
            moderating.show_again(remark, dre.id)
        assert len(letters("remark_shown_again")) == 1
        acts = db.session.scalars(select(Entry.act).where(Entry.subject == f"remark {remark.id}").order_by(Entry.id))
        assert list(acts) == ["hide remark", "show remark again"]

    @pytest.mark.parametrize(("reason", "why"), [("  ", "Write the reason"), ("x" * 301, "at most 300")])
    def test_hiding_and_reporting_take_a_reason(self, draft, ada, reason, why):
        remark = said(draft, ada)
        with pytest.raises(Refused, match=why):
            moderating.hide(remark, reason, an_organiser().id)
        with pytest.raises(Refused, match=why):
            moderating.report(remark, a_member().id, reason)

    def test_a_member_reports_a_remark_once_and_never_their_own(self, draft, ada):
        remark, chloe = said(draft, ada), a_member("Chloé Dubois")
        moderating.report(remark, chloe.id, "It is rude.")
        with pytest.raises(Refused, match="reported this remark already"):
            moderating.report(remark, chloe.id, "It is rude.")
        with pytest.raises(Refused, match="your own"):
            moderating.report(remark, ada.id, "It is rude.")
        assert [r.reason for r in moderating.reports_of([remark])[remark.id]] == ["It is rude."]

    def test_two_reports_of_one_member_at_the_same_moment_are_one(self, app, draft, ada):
        remark_id, member_id = said(draft, ada).id, a_member().id

        def act():
            moderating.report(db.session.get_one(Remark, remark_id), member_id, "Rude.")

        outcomes = at_once(app, [act, act])
        assert sorted(type(o).__name__ for o in outcomes) == ["NoneType", "Refused"]

    def test_organisers_see_what_is_reported_until_they_settle_it(self, draft, ada):
        one, other, dre = said(draft, ada, "One"), said(draft, ada, "Other"), an_organiser()
        for remark in (one, other):
            moderating.report(remark, a_member().id, "Rude.")
        edition = draft.edition
        assert moderating.how_many(edition) == {"": 2, "reported": 2, "unanswered": 2, "hidden": 0}
        moderating.leave(one, dre.id)
        moderating.leave(one, dre.id)
        moderating.hide(other, "Rude.", dre.id)
        assert moderating.how_many(edition) == {"": 2, "reported": 0, "unanswered": 1, "hidden": 1}
        assert db.session.scalars(moderating.latest(edition, "hidden")).all() == [other]
        left = select(func.count()).where(Entry.act == "leave reported remark")
        assert db.session.scalar(left) == 1


class TestNews:
    def test_facilitators_get_one_letter_a_day_about_what_others_said(self, draft, ada, bas):
        a_remark(draft, ada, "One")
        a_remark(draft, ada, "Two", answer="Done.")
        a_remark(draft, bas, "My own")
        a_remark(draft, ada, "Just now", written_at=now())
        assert (remark_news.tell(), remark_news.tell()) == (1, 0)
        (letter,) = letters("new_remarks")
        assert letter.address == bas.email and "2 new remarks" in letter.subject and "Still to answer: 1" in letter.body

    def test_the_next_letter_tells_what_came_since_and_nothing_twice(self, draft, ada, bas):
        a_remark(draft, ada, "One", written_at=now() - timedelta(days=3))
        assert remark_news.tell() == 1
        a_remark(draft, ada, "Two", written_at=now() - timedelta(minutes=16))
        (first,) = letters("new_remarks")
        told = (now() - timedelta(hours=25)).strftime("%Y-%m-%dT%H:%M:%S")
        first.key = f"{first.key.rsplit(' ', 1)[0]} {told}"
        db.session.flush()
        assert (remark_news.tell(), remark_news.tell()) == (1, 0)
        assert "1 new remark " in letters("new_remarks")[1].subject

    def test_without_remarks_or_long_after_there_is_no_letter(self, draft, ada, bas):
        assert remark_news.tell() == 0
        a_remark(draft, ada)
        draft.published_at, draft.remarks_until = now() - timedelta(days=30), now() - timedelta(days=4)
        db.session.flush()
        assert remark_news.tell() == 0
