"""Official texts in three languages: what is missing, what is older than the original, versions of translations."""

import pytest
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db
from sipvote.errors import Refused
from sipvote.i18n import in_language
from sipvote.recommendations import drafts, translating, versions, writers, writing
from sipvote.recommendations.models import Recommendation
from tests.outcomes import a_recommendation, a_translation, a_writer, some_text
from tests.workgroups.test_race import at_once


def in_dutch(**words):
    return some_text("Een gids", **{"text": "Schrijf er een.", "why": "", "for_whom": "", **words})


def test_a_translation_has_versions_and_the_log_says_who_wrote_it(guide, dre):
    first = translating.translate(guide, "nl", in_dutch(), "", dre.id)
    second = translating.translate(guide, "nl", in_dutch(text="Schrijf twee."), "1", dre.id)
    assert (first.version, second.version, second.author) == (1, 2, dre) and first.replaced_at
    assert guide.text_in("nl") is second and second.workgroup is None
    assert db.session.scalars(select(Entry.act)).all().count("translate recommendation") == 2


def test_each_reads_their_language_and_else_the_original(app, guide, dre):
    translating.translate(guide, "nl", in_dutch(), "", dre.id)
    with in_language("nl"):
        assert str(guide) == "Een gids" and translating.is_translation(guide.text)
    with in_language("fr"):
        assert str(guide) == "A guide for starters" and not translating.is_translation(guide.text)


def test_what_the_original_says_newly_makes_a_translation_older(guide, ada, dre):
    translating.translate(guide, "nl", in_dutch(), "", dre.id)
    assert not translating.is_older(guide, "nl")
    writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
    assert translating.is_older(guide, "nl") and not translating.is_older(guide, "en")
    changed = versions.since(guide, guide.text_in("nl").written_at)
    assert (changed.old.version, changed.new.version) == (1, 2)


def test_a_translation_that_is_still_right_is_saved_as_it_is(guide, ada, dre):
    translating.translate(guide, "nl", in_dutch(), "", dre.id)
    assert translating.translate(guide, "nl", in_dutch(), "1", dre.id).version == 1  # nothing was different
    writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
    assert translating.translate(guide, "nl", in_dutch(), "1", dre.id).version == 2
    assert not translating.is_older(guide, "nl")


def test_gaps_are_counted_over_what_stands(draft, guide, ada, bas, dre):
    gone = a_recommendation(draft, "Gone")
    writing.withdraw(gone, a_writer(bas))
    a_translation(guide, "fr", "Un guide")
    writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
    assert translating.gaps([draft]) == translating.Gaps(all=3, missing=1, older=1)
    assert translating.to_do(guide)
    translating.translate(guide, "nl", in_dutch(), "", dre.id)
    translating.translate(guide, "fr", in_dutch(), "1", dre.id)
    assert translating.gaps([draft]) == translating.Gaps(3, 0, 0) and not translating.to_do(guide)


def test_organisers_do_not_write_the_original_or_what_is_withdrawn(guide, bas, dre):
    with pytest.raises(Refused, match="original"):
        translating.translate(guide, "en", some_text("Other"), "1", dre.id)
    writing.withdraw(guide, a_writer(bas))
    with pytest.raises(Refused, match="withdrawn"):
        translating.translate(guide, "nl", in_dutch(), "", dre.id)


def test_what_the_board_has_stays_but_a_missing_language_may_come(guide, dre):
    translating.translate(guide, "nl", in_dutch(), "", dre.id)
    guide.number = 4
    with pytest.raises(Refused, match="handed to the board"):
        translating.translate(guide, "nl", in_dutch(text="Anders."), "1", dre.id)
    assert translating.translate(guide, "fr", in_dutch(), "", dre.id).version == 1


def test_an_adopted_text_is_still_translated(draft, guide, dre):
    draft.adopted_at = draft.created_at
    assert translating.translate(guide, "fr", in_dutch(), "", dre.id).language == "fr"


def test_who_has_not_seen_the_last_translation_is_told(guide, dre):
    translating.translate(guide, "nl", in_dutch(), "", dre.id)
    with pytest.raises(writing.Overtaken):
        translating.translate(guide, "nl", in_dutch(text="Anders."), "", dre.id)


def test_of_two_first_translations_at_the_same_moment_one_stands(app, guide, dre):
    guide_id, by = guide.id, dre.id

    def translate(n):
        return lambda: (
            translating.translate(
                db.session.get_one(Recommendation, guide_id), "nl", in_dutch(text=f"{n}"), "", by
            ).text
        )

    outcomes = at_once(app, [translate(n) for n in range(4)])
    assert sorted(isinstance(o, writing.Overtaken) for o in outcomes) == [False, True, True, True], outcomes


def test_the_listing_is_for_organisers_before_it_is_published(edition, draft, guide, dre):
    assert drafts.of_edition(edition, a_writer(dre, True)) == [draft]
    assert drafts.of_edition(edition, writers.known(None)) == []
