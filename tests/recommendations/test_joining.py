"""Writing together: one group asks, the other answers; who wrote what is kept; leaving until it is published."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.recommendations import drafts, joining, unsaved, writers, writing
from sipvote.recommendations.models import Draft
from sipvote.workgroups.models import Workgroup
from tests.factories import a_met_group
from tests.outcomes import a_draft, a_recommendation, a_writer, some_text
from tests.workgroups.test_race import at_once


@pytest.fixture
def theirs(other):
    draft = a_draft(other)
    a_recommendation(draft, "A desk in Liège")
    return draft


@pytest.fixture
def together(draft, guide, theirs, other, eva, bas):
    """Both groups in the draft of Gent, with what each wrote."""
    joining.ask(other, draft, a_writer(eva))
    joining.accept(other, draft, a_writer(bas))
    return draft


def titles(draft):
    db.session.expire_all()
    return [str(r) for r in drafts.standing(draft)]


def letters(name):
    return sorted(db.session.scalars(select(Letter.address).where(Letter.name == name)))


class TestAsking:
    def test_facilitators_or_the_secretary_ask_and_those_of_the_other_group_are_told(self, draft, other, eva, ada, bas):
        for _twice in range(2):
            joining.ask(other, draft, a_writer(eva))
        assert [r.workgroup for r in joining.requests_to([draft.id])] == [other]
        assert letters("joining_asked") == sorted([ada.email, bas.email])

    def test_who_only_writes_does_not_ask(self, draft, other, zoe, bas):
        for member in (zoe, bas):
            with pytest.raises(Refused, match="secretary"):
                joining.ask(other, draft, a_writer(member))

    def test_only_groups_of_one_theme(self, draft, edition, eva):
        elsewhere = a_met_group(edition=edition, city="luik", facilitators=[eva])
        with pytest.raises(Refused, match="one theme"):
            joining.ask(elsewhere, draft, a_writer(eva))
        assert joining.others(elsewhere) == []

    def test_a_second_request_replaces_the_first_and_it_is_taken_back(self, draft, edition, theme, other, eva, bas):
        third = a_met_group(edition=edition, theme=theme, city="lille", facilitators=[bas])
        another = a_draft(third)
        joining.ask(other, draft, a_writer(eva))
        joining.ask(other, another, a_writer(eva))
        assert joining.request_of(other).draft == another and not joining.requests_to([draft.id])
        joining.take_back(other, a_writer(eva))
        assert joining.request_of(other) is None

    def test_a_published_draft_is_not_joined(self, draft, guide, theirs, other, eva):
        draft.published_at, draft.remarks_until = now(), now() + timedelta(days=9)
        with pytest.raises(Refused, match="Take it back first"):
            joining.ask(other, draft, a_writer(eva))
        assert list(joining.others(other)) == []


class TestAnswering:
    def test_what_they_wrote_comes_after_and_keeps_who_wrote_it(self, together, group, other):
        assert titles(together) == ["A guide for starters", "A desk in Liège"]
        assert together.groups == [group, other]
        assert [r.groups for r in drafts.standing(together)] == [[group], [other]]
        assert [r.position for r in drafts.standing(together)] == [1, 2]
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 1
        assert joining.request_of(other) is None

    def test_those_who_asked_are_told_and_it_is_noted(self, together, eva):
        assert letters("joining_answered") == [eva.email]
        assert "join drafts" in db.session.scalars(select(Entry.act)).all()

    def test_a_group_without_a_draft_joins_too(self, draft, other, eva, bas):
        joining.ask(other, draft, a_writer(eva))
        joining.accept(other, draft, a_writer(bas))
        assert drafts.of_group(other) is draft

    def test_twice_is_once(self, together, other, bas):
        joining.accept(other, together, a_writer(bas))
        assert titles(together) == ["A guide for starters", "A desk in Liège"]

    def test_nobody_is_let_in_who_did_not_ask_and_nobody_lets_themselves_in(self, draft, other, eva, bas, bo):
        with pytest.raises(Refused, match="did not ask"):
            joining.accept(other, draft, a_writer(bas))
        joining.ask(other, draft, a_writer(eva))
        for member in (eva, bo):
            with pytest.raises(Refused, match="secretary"):
                joining.accept(other, draft, a_writer(member))

    def test_an_organiser_joins_groups_that_did_not_ask(self, draft, theirs, other, dre):
        assert joining.could_come(draft) == [other]
        joining.accept(other, draft, a_writer(dre, True))
        assert drafts.of_group(other) is draft

    def test_no_is_told_and_nothing_changes(self, draft, theirs, other, eva, bas):
        joining.ask(other, draft, a_writer(eva))
        for _twice in range(2):
            joining.decline(other, draft, a_writer(bas))
        assert letters("joining_answered") == [eva.email] and drafts.of_group(other) is theirs

    def test_everybody_in_both_groups_writes_and_the_writers_group_is_noted(self, together, guide, zoe, group, other):
        made = writing.save(guide, a_writer(zoe), some_text(text="Zoé wrote this."), "1")
        assert made.workgroup == other and guide.groups == [group, other]

    def test_who_asked_the_group_that_moved_now_asks_both(self, draft, guide, theirs, other, edition, theme, eva, bas):
        third = a_met_group(edition=edition, theme=theme, city="lille", facilitators=[bas])
        joining.ask(third, theirs, a_writer(bas))
        joining.ask(other, draft, a_writer(eva))
        joining.accept(other, draft, a_writer(bas))
        assert [r.workgroup for r in joining.requests_to([draft.id])] == [third]

    def test_what_somebody_has_not_saved_moves_along(self, draft, theirs, other, zoe, eva, bas):
        desk = drafts.standing(theirs)[0]
        unsaved.keep(theirs, desk, a_writer(zoe), some_text("A des"), "1", "en")
        unsaved.keep(theirs, None, a_writer(zoe), some_text("Another"), "", "fr")
        joining.ask(other, draft, a_writer(eva))
        joining.accept(other, draft, a_writer(bas))
        assert unsaved.of(draft, desk, a_writer(zoe)).title == "A des"
        assert unsaved.of(draft, None, a_writer(zoe)).title == "Another"

    def test_both_let_each_other_in_at_the_same_moment_and_nothing_is_lost(
        self, app, draft, guide, theirs, group, other, dre
    ):
        acts = [(other.id, draft.id), (group.id, theirs.id)]
        who = dre.id

        def come(group_id, draft_id):
            def act():
                there = db.session.get(Draft, draft_id)
                if there is None:
                    raise Refused("gone")
                joining.accept(db.session.get_one(Workgroup, group_id), there, writers.known(who, True))

            return act

        at_once(app, [come(*pair) for pair in acts])
        left = db.session.scalars(select(Draft)).all()
        assert [sorted(titles(d)) for d in left] == [["A desk in Liège", "A guide for starters"]]


class TestLeaving:
    def test_a_group_takes_what_it_alone_wrote_along(self, together, group, other, eva, zoe):
        both = writing.add(together, a_writer(zoe), "en", some_text("Together"))
        both.groups = [group, other]
        own = joining.leave(other, together, a_writer(eva))
        assert titles(own) == ["A desk in Liège"] and titles(together) == ["A guide for starters", "Together"]
        assert own.groups == [other] and together.groups == [group]
        assert [r.position for r in drafts.standing(together)] == [1, 2]

    def test_until_it_is_published(self, together, other, eva):
        together.published_at, together.remarks_until = now(), now() + timedelta(days=9)
        with pytest.raises(Refused, match="Take it back first"):
            joining.leave(other, together, a_writer(eva))

    def test_for_ones_own_group_only(self, together, group, zoe, eva):
        for member in (zoe, eva):
            with pytest.raises(Refused, match="secretary"):
                joining.leave(group, together, a_writer(member))

    def test_who_writes_alone_has_nothing_to_leave(self, draft, group, bas):
        with pytest.raises(Refused, match="writes alone"):
            joining.leave(group, draft, a_writer(bas))
