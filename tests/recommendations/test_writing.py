"""Writing together: who writes, every version stays, nobody overwrites what they have not seen."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.recommendations import drafts, publishing, unsaved, writers, writing
from sipvote.recommendations.hearing_models import Remark
from sipvote.recommendations.models import Draft, Recommendation, RecommendationText
from sipvote.recommendations.writing_models import UnsavedText
from sipvote.workgroups import rules
from tests.factories import a_facilitator, a_member, a_met_group, an_edition, in_phase, kept
from tests.outcomes import a_draft, a_recommendation, a_translation, a_writer, some_text
from tests.workgroups.test_race import at_once


def titles(draft):
    db.session.expire_all()
    return [r.text.title for r in drafts.standing(draft)]


def versions(recommendation):
    wanted = select(RecommendationText).where(RecommendationText.recommendation_id == recommendation.id)
    return db.session.scalars(wanted.order_by(RecommendationText.version)).all()


class TestWhoWrites:
    def test_people_with_a_place_and_facilitators_write(self, draft, group, ada, bo, bas):
        for member in (ada, bo, bas):
            assert writing.why_not_write(draft, a_writer(member)) is None

    def test_who_waits_or_was_only_offered_a_place_does_not(self, draft, group, bo):
        signup = rules.signup_of(bo.id, group)
        signup.confirm_by = now() + timedelta(days=3)
        assert "people in the group" in writing.why_not_write(draft, a_writer(bo))
        signup.seat, signup.confirm_by = None, None
        assert "people in the group" in writing.why_not_write(draft, a_writer(bo))

    def test_strangers_other_facilitators_and_organisers_write_no_originals(self, draft, dre):
        for who in (writers.known(None), a_writer(a_member()), a_writer(a_facilitator("gent")), a_writer(dre, True)):
            assert "people in the group" in writing.why_not_write(draft, who)

    def test_facilitators_secretary_and_organisers_arrange_and_others_do_not(self, draft, ada, bo, bas, dre):
        for who in (a_writer(ada), a_writer(bas), a_writer(dre, True)):
            assert writing.why_not_arrange(draft, who) is None
        assert "secretary" in writing.why_not_arrange(draft, a_writer(bo))

    @pytest.mark.parametrize("phase", [Phase.GROUPS, Phase.RECOMMENDATIONS, Phase.DECISIONS])
    def test_from_when_groups_meet_until_the_board_has_decided(self, draft, edition, bo, phase):
        in_phase(edition, phase)
        assert writing.why_not_write(draft, a_writer(bo)) is None

    def test_not_before_and_not_after(self, draft, edition, bo):
        in_phase(edition, Phase.SIGNUP)
        assert "possible from" in writing.why_not_write(draft, a_writer(bo))
        in_phase(edition, Phase.STOCKTAKE)
        assert "was possible until" in writing.why_not_write(draft, a_writer(bo))

    def test_nobody_changes_an_adopted_text(self, draft, guide, bo, bas):
        draft.published_at, draft.remarks_until = now() - timedelta(days=9), now() - timedelta(days=2)
        draft.adopted_at = now()
        with pytest.raises(Refused, match="adopted"):
            writing.save(guide, a_writer(bo), some_text("Other"), "1")
        for act in (writing.withdraw, writing.bring_back):
            with pytest.raises(Refused, match="adopted"):
                act(guide, a_writer(bas))

    def test_what_the_board_has_is_not_changed(self, guide, bo, bas):
        guide.number = 3
        with pytest.raises(Refused, match="handed to the board"):
            writing.save(guide, a_writer(bo), some_text("Other"), "1")
        with pytest.raises(Refused, match="handed to the board"):
            writing.withdraw(guide, a_writer(bas))


class TestBeginning:
    def test_one_tap_begins_and_a_second_gives_the_same(self, group, bo, bas):
        first = drafts.begin(group, a_writer(bo))
        assert drafts.begin(group, a_writer(bas)) is first
        assert (first.groups, first.theme, first.edition) == ([group], group.theme, group.edition)

    def test_only_people_in_the_group_begin(self, group, dre):
        for who in (a_writer(a_member()), a_writer(dre, True)):
            with pytest.raises(Refused, match="people in the group"):
                drafts.begin(group, who)

    def test_a_cancelled_group_begins_nothing(self, group, bas):
        group.cancelled_at = now()
        with pytest.raises(Refused, match="cancelled"):
            drafts.begin(group, a_writer(bas))

    def test_two_taps_at_the_same_moment_begin_one_draft(self, app, group, bo):
        group_id, member = group.id, bo.id

        def begin():
            return drafts.begin(db.session.get_one(type(group), group_id), writers.known(member)).id

        outcomes = at_once(app, [begin] * 4)
        assert len(set(outcomes)) == 1 and isinstance(outcomes[0], int), outcomes
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 1


class TestSaving:
    def test_a_new_one_is_the_last_and_says_who_wrote_it_for_which_group(self, draft, guide, group, bo):
        made = writing.add(draft, a_writer(bo), "nl", some_text("Een gids"))
        text = versions(made)[0]
        assert (made.position, made.original, made.year, made.groups) == (2, "nl", 2026, [group])
        assert (text.version, text.author, text.workgroup, text.replaced_at) == (1, bo, group, None)

    def test_the_same_words_sent_twice_are_one_recommendation(self, draft, bo):
        who = a_writer(bo)
        assert writing.add(draft, who, "en", some_text()) is writing.add(draft, who, "en", some_text())
        assert titles(draft) == ["A guide for starters"]

    def test_a_draft_does_not_grow_without_end(self, draft, bo, monkeypatch):
        monkeypatch.setattr(writing, "MOST", 1)
        writing.add(draft, a_writer(bo), "en", some_text())
        with pytest.raises(Refused, match="at most 1"):
            writing.add(draft, a_writer(bo), "en", some_text("Another"))

    def test_a_change_is_the_next_version_and_the_old_one_stays(self, guide, bo, group):
        made = writing.save(guide, a_writer(bo), some_text(text="Write two."), "1")
        old, new = versions(guide)
        assert made is new and (new.version, new.text, new.author, new.workgroup) == (2, "Write two.", bo, group)
        assert (old.text, old.replaced_at) == ("Write one.", new.written_at) and new.replaced_at is None
        assert guide.text is new

    def test_nothing_different_is_no_new_version(self, guide, bo):
        assert writing.save(guide, a_writer(bo), some_text(), "1").version == 1
        assert len(versions(guide)) == 1

    def test_a_save_whose_answer_was_lost_is_safe_to_send_again(self, guide, bo):
        for _time in range(2):
            assert writing.save(guide, a_writer(bo), some_text(text="Write two."), "1").version == 2

    def test_who_has_not_seen_the_last_version_is_told_and_nothing_is_lost(self, guide, ada, bo):
        writing.save(guide, a_writer(ada), some_text(text="Ada’s words."), "1")
        with pytest.raises(writing.Overtaken, match="Ada Peeters saved") as told:
            writing.save(guide, a_writer(bo), some_text(text="Bo’s words."), "1")
        assert told.value.text.text == "Ada’s words."
        writing.save(guide, a_writer(bo), some_text(text="Bo’s words."), "2")
        assert [v.text for v in versions(guide)] == ["Write one.", "Ada’s words.", "Bo’s words."]

    def test_a_withdrawn_one_is_brought_back_before_it_is_changed(self, guide, bo, bas):
        writing.withdraw(guide, a_writer(bas))
        with pytest.raises(Refused, match="Bring it back first"):
            writing.save(guide, a_writer(bo), some_text("Other"), "1")

    def test_a_language_that_was_chosen_wrongly_is_mended_until_it_is_translated(self, guide, bo):
        writing.save(guide, a_writer(bo), some_text(text="Write two."), "1")
        made = writing.save(guide, a_writer(bo), some_text("Een gids"), "2", "nl")
        assert (guide.original, made.version, {v.language for v in versions(guide)}) == ("nl", 3, {"nl"})
        a_translation(guide, "fr", "Un guide")
        with pytest.raises(Refused, match="translated already"):
            writing.save(guide, a_writer(bo), some_text("A guide"), "3", "en")

    def test_of_four_who_save_at_the_same_moment_one_does_and_the_others_are_told(self, app, guide, ada):
        guide_id, member = guide.id, ada.id

        def save(n):
            def act():
                recommendation = db.session.get_one(Recommendation, guide_id)
                return writing.save(recommendation, writers.known(member), some_text(text=f"Words {n}"), "1").text

            return act

        outcomes = at_once(app, [save(n) for n in range(4)])
        assert sorted(isinstance(o, writing.Overtaken) for o in outcomes) == [False, True, True, True], outcomes
        assert [v.version for v in versions(guide)] == [1, 2]
        assert versions(guide)[1].text in outcomes

    def test_the_database_lets_one_version_stand_in_each_language(self, guide):
        text = RecommendationText(recommendation_id=guide.id, language="en", version=7, title="x", text="x",
                                  why="", for_whom="", written_at=now())  # fmt: skip
        with pytest.raises(Exception, match=r"(?i)unique"), db.session.begin_nested():
            kept(text)


class TestOrder:
    @pytest.fixture
    def three(self, draft):
        return [a_recommendation(draft, title) for title in ("One", "Two", "Three")]

    def test_up_and_down_by_one(self, draft, three, bas):
        who = a_writer(bas)
        writing.move(three[2], who, up=True)
        assert titles(draft) == ["One", "Three", "Two"]
        writing.move(three[0], who, up=False)
        assert titles(draft) == ["Three", "One", "Two"]

    def test_the_first_goes_no_higher_and_the_last_no_lower(self, draft, three, bas):
        writing.move(three[0], a_writer(bas), up=True)
        writing.move(three[2], a_writer(bas), up=False)
        assert titles(draft) == ["One", "Two", "Three"]

    def test_a_withdrawn_one_leaves_no_hole_and_comes_back_as_the_last(self, draft, three, ada):
        who = a_writer(ada)
        for _twice in range(2):
            writing.withdraw(three[0], who)
        assert titles(draft) == ["Two", "Three"] and [r.position for r in drafts.standing(draft)] == [1, 2]
        for _twice in range(2):
            writing.bring_back(three[0], who)
        assert titles(draft) == ["Two", "Three", "One"] and [r.position for r in drafts.standing(draft)] == [1, 2, 3]

    def test_a_withdrawn_one_is_not_moved(self, three, ada):
        writing.withdraw(three[0], a_writer(ada))
        with pytest.raises(Refused, match="withdrawn"):
            writing.move(three[0], a_writer(ada), up=True)

    def test_who_only_writes_does_not_arrange(self, three, bo):
        for act in (lambda who: writing.move(three[0], who, up=False), lambda who: writing.withdraw(three[0], who)):
            with pytest.raises(Refused, match="secretary"):
                act(a_writer(bo))


class TestUnsaved:
    def test_what_is_typed_is_kept_for_the_writer_alone(self, draft, guide, ada, bo):
        unsaved.keep(draft, guide, a_writer(bo), some_text("Half a ti"), "1", "en")
        assert unsaved.of(draft, guide, a_writer(bo)).title == "Half a ti"
        assert unsaved.of(draft, guide, a_writer(ada)) is None and unsaved.of(draft, None, a_writer(bo)) is None
        assert guide.text.title == "A guide for starters"

    def test_the_last_key_counts(self, draft, guide, bo):
        for recommendation in (guide, None):
            for title in ("H", "Ha"):
                unsaved.keep(draft, recommendation, a_writer(bo), some_text(title), "1", "en")
            assert unsaved.of(draft, recommendation, a_writer(bo)).title == "Ha"

    def test_words_that_stand_or_none_at_all_need_no_keeping(self, draft, guide, bo):
        who = a_writer(bo)
        unsaved.keep(draft, guide, who, some_text("Half"), "1", "en")
        unsaved.keep(draft, guide, who, some_text(), "1", "en")
        unsaved.keep(draft, None, who, dict.fromkeys(writing.WORDS, " "), "", "en")
        assert db.session.scalars(select(UnsavedText)).all() == []

    def test_what_was_saved_a_moment_before_is_not_kept_once_more(self, draft, bo):
        writing.add(draft, a_writer(bo), "en", some_text("Pay in May"))
        unsaved.keep(draft, None, a_writer(bo), some_text("Pay in May"), "", "en")
        assert unsaved.of(draft, None, a_writer(bo)) is None

    def test_who_cannot_write_keeps_nothing(self, draft, guide, dre):
        for who in (a_writer(a_member()), a_writer(dre, True), writers.known(None)):
            with pytest.raises(Refused, match="people in the group"):
                unsaved.keep(draft, guide, who, some_text("Half"), "1", "en")

    def test_a_book_is_not_kept(self, draft, bo):
        with pytest.raises(Refused, match="at most"):
            unsaved.keep(draft, None, a_writer(bo), some_text(text="x" * (unsaved.LONGEST + 1)), "", "en")


class TestPublishing:
    @pytest.fixture
    def until(self):
        return publishing.end_of(now() + timedelta(days=14))

    def test_facilitator_or_secretary_publishes_and_the_people_get_one_mail_each(
        self, draft, guide, ada, bo, bas, until
    ):
        publishing.publish(draft, a_writer(ada), until)
        assert draft.published_at and draft.remarks_until == until and drafts.is_open(draft)
        letters = db.session.scalars(select(Letter.address).where(Letter.name == "draft_published")).all()
        assert sorted(letters) == sorted(m.email for m in (ada, bo, bas))

    def test_published_once_and_not_empty_and_not_by_everybody(self, draft, bo, bas, until):
        with pytest.raises(Refused, match="Write a recommendation first"):
            publishing.publish(draft, a_writer(bas), until)
        a_recommendation(draft)
        with pytest.raises(Refused, match="secretary"):
            publishing.publish(draft, a_writer(bo), until)
        publishing.publish(draft, a_writer(bas), until)
        with pytest.raises(Refused, match="published already"):
            publishing.publish(draft, a_writer(bas), until)

    @pytest.mark.parametrize(("days", "why"), [(1, "three days at least"), (120, "three months at most")])
    def test_members_get_time_but_not_for_ever(self, draft, guide, bas, days, why):
        with pytest.raises(Refused, match=why):
            publishing.publish(draft, a_writer(bas), now() + timedelta(days=days))

    @pytest.mark.parametrize(("days", "usual"), [(60, 21), (20, 10), (2, 21), (-5, 21)])
    def test_usually_half_of_what_is_left_and_three_weeks_at_most(self, draft, edition, days, usual):
        edition.decisions_at = now() + timedelta(days=days)
        assert publishing.usual_end(draft) == publishing.end_of(now() + timedelta(days=usual))

    def test_time_becomes_longer_never_shorter(self, draft, guide, bas, until):
        publishing.publish(draft, a_writer(bas), until)
        with pytest.raises(Refused, match="later day"):
            publishing.extend(draft, a_writer(bas), until - timedelta(days=1))
        publishing.extend(draft, a_writer(bas), until + timedelta(days=1))
        assert draft.remarks_until == until + timedelta(days=1)

    def test_what_is_over_may_open_again_but_not_in_the_past(self, draft, guide, bas):
        draft.published_at, draft.remarks_until = now() - timedelta(days=9), now() - timedelta(days=2)
        with pytest.raises(Refused, match="later day"):
            publishing.extend(draft, a_writer(bas), now() - timedelta(days=1))
        publishing.extend(draft, a_writer(bas), now() + timedelta(days=1))
        assert drafts.is_open(draft)

    def test_taken_back_while_nobody_has_remarked(self, draft, guide, bas, until):
        publishing.publish(draft, a_writer(bas), until)
        for _twice in range(2):
            publishing.take_back(draft, a_writer(bas))
        assert drafts.state(draft) == "writing"

    def test_what_members_remarked_on_stays_published(self, draft, guide, bas, until):
        publishing.publish(draft, a_writer(bas), until)
        remark = kept(Remark(draft_id=draft.id, member_id=a_member().id, language="en", text="Why?", written_at=now()))
        with pytest.raises(Refused, match="made remarks"):
            publishing.take_back(draft, a_writer(bas))
        remark.withdrawn_at = now()
        publishing.take_back(draft, a_writer(bas))
        assert draft.published_at is None

    def test_who_publishes_again_tells_the_people_again(self, draft, guide, bas, until):
        publishing.publish(draft, a_writer(bas), until)
        publishing.take_back(draft, a_writer(bas))
        with time_machine.travel(now() + timedelta(hours=1)):
            publishing.publish(draft, a_writer(bas), until)
        assert db.session.scalar(select(func.count()).where(Letter.name == "draft_published")) == 6


def test_the_state_follows_from_the_dates(group, edition):
    draft = a_draft(group, published=True)
    assert drafts.state(draft) == "open" and list(drafts.open_for_remarks(edition)) == [draft]
    draft.remarks_until = now() - timedelta(minutes=1)
    assert drafts.state(draft) == "closed" and list(drafts.open_for_remarks(edition)) == []
    draft.adopted_at = now()
    assert drafts.state(draft) == "adopted"


def test_a_group_of_another_year_is_not_confused(group, edition, ada):
    before = a_met_group(ada, edition=an_edition(Phase.STOCKTAKE, year=2025))
    assert [g for g, _draft in drafts.of_writer(edition, a_writer(ada))] == [group]
    assert drafts.of_group(before) is None
