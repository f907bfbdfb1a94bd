"""Versions and their differences: nothing is left out, one reads what changed, and an earlier text comes back."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.recommendations import versions, writers, writing
from sipvote.recommendations.differences import Kind, after, before, difference, has_changes
from tests.factories import a_member
from tests.outcomes import a_writer, some_text

# Words that come again and again, so that there is something to match; and any text at all.
PROSE = st.lists(st.sampled_from(["the", "board", "opens", "an", "office", ".", " ", " ", "\n", "\n\n"])).map("".join)
ANY = st.text(max_size=60)


def marked(old, new):
    """The difference as one line: [-removed-]{+added+}."""
    signs = {Kind.SAME: "{}", Kind.REMOVED: "[-{}-]", Kind.ADDED: "{{+{}+}}"}
    return "".join(signs[p.kind].format(p.text) for paragraph in difference(old, new) for p in paragraph)


class TestDifferences:
    @given(PROSE | ANY, PROSE | ANY)
    def test_a_difference_gives_both_texts_back(self, old, new):
        found = difference(old, new)
        assert (before(found), after(found)) == (old, new)

    @given(PROSE | ANY)
    def test_a_text_does_not_differ_from_itself(self, text):
        assert not has_changes(difference(text, text))
        assert all(p.kind == Kind.SAME for paragraph in difference(text, text) for p in paragraph)

    @given(PROSE, PROSE)
    def test_no_piece_is_empty_and_no_change_stands_twice_in_a_row(self, old, new):
        for paragraph in difference(old, new):
            assert all(p.text for p in paragraph)
            kinds = [p.kind for p in paragraph]
            assert (Kind.ADDED, Kind.REMOVED) not in list(pairwise(kinds))

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("Write a guide.", "Write a short guide.", "Write a {+short +}guide."),
            ("Write a short guide.", "Write a guide.", "Write a [-short -]guide."),
            ("Pay in May.", "Pay in June.", "Pay in [-May-]{+June+}."),
            ("Open the old office now.", "Open a new office now.", "Open [-the old-]{+a new+} office now."),
            ("One.\n", "One.\nTwo.\n", "One.\n{+Two.\n+}"),
            ("One.\nTwo.\n", "Two.\n", "[-One.\n-]Two.\n"),
            ("Wholly other words", "Nothing of it stayed", "[-Wholly other words-]{+Nothing of it stayed+}"),
            ("", "New", "{+New+}"),
            ("Één idee", "Twee ideeën", "[-Één idee-]{+Twee ideeën+}"),
        ],
    )  # fmt: skip
    def test_it_reads_as_people_speak(self, old, new, said):
        assert marked(old, new) == said

    def test_a_paragraph_that_moved_down_stays_one_that_changed_a_little(self):
        old = "The board opens an office.\n\nEach member gets a letter."
        new = "A new first line.\n\nThe board opens an office in Namur.\n\nEach member gets a letter."
        assert "office{+ in Namur+}." in marked(old, new) and "Each member gets a letter." in marked(old, new)

    def test_blanks_alone_are_no_change_to_read(self):
        assert not has_changes(difference("One  two", "One two")) and has_changes(difference("One", "One, two"))

    def test_a_long_text_takes_no_minute(self):
        old = "\n".join(f"Line {n} of the first text" for n in range(120))
        new = "\n".join(f"Row {n} of a second text" for n in range(120))
        found = difference(old, new)
        assert (before(found), after(found)) == (old, new)


@pytest.fixture
def changed(guide, ada, bo):
    """A recommendation of three versions."""
    writing.save(guide, a_writer(ada), some_text(text="Write two."), "1")
    writing.save(guide, a_writer(bo), some_text(text="Write three.", why="It helps a lot."), "2")
    return guide


class TestHistory:
    def test_the_newest_first_with_who_and_for_which_group(self, changed, ada, bo, group):
        found = versions.history(changed, "en", a_writer(ada))
        assert [(v.version, v.author, v.workgroup) for v in found] == [(3, bo, group), (2, ada, group), (1, None, None)]

    def test_before_it_is_published_it_is_for_the_group(self, changed, draft, dre):
        assert len(versions.history(changed, "en", a_writer(dre, True))) == 3
        assert [v.version for v in versions.history(changed, "en", a_writer(a_member()))] == [3]

    def test_others_read_from_the_version_that_was_published(self, changed, draft, ada, bo):
        draft.published_at, draft.remarks_until = now(), now() + timedelta(days=9)
        db.session.flush()
        writing.save(changed, a_writer(ada), some_text(text="Write four."), "3")
        assert [v.version for v in versions.history(changed, "en", writers.known(None))] == [4, 3]
        assert len(versions.history(changed, "en", a_writer(bo))) == 4

    def test_the_last_change_is_compared_unless_two_are_chosen(self, changed, ada):
        found = versions.history(changed, "en", a_writer(ada))
        last = versions.compare(found)
        assert (last.old.version, last.new.version) == (2, 3)
        assert [name for name in writing.WORDS if last.has_changed(name)] == ["text", "why"]
        both = versions.compare(found, 3, 1)  # in whichever order they are asked for
        assert (both.old.version, both.new.version) == (1, 3)
        assert versions.compare(found, 99, 98).new.version == 3
        assert not versions.compare(found, 2, 2).has_changes

    def test_one_version_is_compared_with_nothing(self, guide, ada):
        assert versions.compare(versions.history(guide, "en", a_writer(ada))) is None


class TestGoingBack:
    def test_an_earlier_text_becomes_the_newest_version(self, changed, bo):
        made = versions.go_back(changed, a_writer(bo), 1, "3")
        assert (made.version, made.text, made.author) == (4, "Write one.", bo)

    def test_not_over_words_that_one_has_not_seen(self, changed, bo):
        with pytest.raises(writing.Overtaken):
            versions.go_back(changed, a_writer(bo), 1, "2")

    def test_only_who_writes_goes_back_and_only_to_what_was(self, changed, bo):
        with pytest.raises(Refused, match="people in the group"):
            versions.go_back(changed, a_writer(a_member()), 1, "3")
        with pytest.raises(Refused, match="no such version"):
            versions.go_back(changed, a_writer(bo), 9, "3")
