"""Minority notes: one's own words beside the text, under one's own name, until the board has it."""

import pytest

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.recommendations import notes
from sipvote.recommendations.hearing_models import Bundle, MinorityNote
from sipvote.recommendations.models import Draft
from tests.factories import a_facilitator, a_group, a_member, a_met_group, an_edition, kept
from tests.outcomes import a_draft, a_heard_draft, a_recommendation
from tests.workgroups.test_race import at_once


@pytest.fixture
def ada(database):
    return a_member("Ada Peeters")


@pytest.fixture
def bas(database):
    return a_facilitator("gent")


@pytest.fixture
def draft(ada, bas):
    return a_heard_draft(a_met_group(ada, edition=an_edition(Phase.RECOMMENDATIONS), facilitators=[bas]))


def writes(draft, member, about=None, text="I do not agree.", language="en"):
    return notes.write(draft, about, member.id, language, text)


def test_somebody_with_a_place_writes_one_note_on_the_whole_and_one_on_each_recommendation(draft, ada):
    guide = draft.recommendations[0]
    whole, one = writes(draft, ada), writes(draft, ada, guide, "Not for starters alone.", "nl")
    assert notes.notes_of(draft) == {None: [whole], guide.id: [one]}
    assert notes.of_member(ada.id) == [whole, one]


def test_facilitators_and_others_write_none(draft, bas):
    for who in (bas, a_member()):
        with pytest.raises(Refused, match="have a place"):
            writes(draft, who)


def test_not_on_a_text_that_is_not_published_nor_on_what_is_withdrawn_or_of_another_draft(draft, ada):
    guide = draft.recommendations[0]
    other = a_recommendation(a_draft(a_group(draft.edition)))
    guide.withdrawn_at = now()
    for about in (guide, other):
        with pytest.raises(Refused, match="withdrawn this recommendation"):
            writes(draft, ada, about)
    draft.published_at = draft.remarks_until = None
    with pytest.raises(Refused, match="not published yet"):
        writes(draft, ada)


@pytest.mark.parametrize(("text", "words"), [(" \0", "Write your note"), ("x" * 2001, "at most 2000")])
def test_empty_and_endless_notes_are_refused(draft, ada, text, words):
    with pytest.raises(Refused, match=words):
        writes(draft, ada, text=text)


def test_a_note_is_written_anew_withdrawn_and_written_again(draft, ada):
    note = writes(draft, ada)
    assert writes(draft, ada, text="Still not.", language="fr") is note
    assert (note.text, note.language) == ("Still not.", "fr")
    with pytest.raises(Refused, match="Only the member"):
        notes.withdraw(note, a_member().id)
    notes.withdraw(note, ada.id)
    with pytest.raises(Refused, match="already"):
        notes.withdraw(note, ada.id)
    db.session.flush()
    assert notes.notes_of(draft) == {}
    writes(draft, ada, text="Still not.", language="fr")
    assert notes.notes_of(draft) == {None: [note]}


def test_once_the_bundle_is_submitted_notes_stay_as_they_are(draft, ada):
    note = writes(draft, ada)
    kept(Bundle(edition_id=draft.edition_id, submitted_at=now(), digest="0" * 64, content="{}"))
    with pytest.raises(Refused, match="submitted to the board"):
        writes(draft, ada, text="Other")
    with pytest.raises(Refused, match="submitted to the board"):
        notes.withdraw(note, ada.id)


def test_two_clicks_at_the_same_moment_make_one_note(app, draft, ada):
    draft_id, member_id = draft.id, ada.id

    def act():
        return notes.write(db.session.get_one(Draft, draft_id), None, member_id, "en", "No.").id

    one, other = at_once(app, [act, act])
    assert one == other and db.session.query(MinorityNote).count() == 1
