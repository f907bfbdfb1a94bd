"""What members and organisers may do with themes, and when."""

import threading
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.errors import Refused
from sipvote.mail import Letter
from sipvote.themes import finding, review, rules
from sipvote.themes.models import Support, Theme
from tests.factories import a_member, a_support, a_theme, an_edition, an_organiser, in_phase, some_words


def count_of(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def seen(theme: Theme, code: str = "en") -> str:
    return theme.text_in(code).written_at.isoformat()


@pytest.mark.usefixtures("database")
class TestProposing:
    def test_a_proposer_is_the_first_supporter(self):
        ada, edition = a_member(), an_edition()
        theme = rules.propose(edition, ada.id, "fr", some_words("Des honoraires justes"))
        assert (theme.state, theme.original, theme.text_in("fr").title) == ("proposed", "fr", "Des honoraires justes")
        assert finding.supporters([theme]) == {theme.id: 1}
        assert theme.missing_languages == ["nl", "en"]

    @pytest.mark.parametrize("phase", [p for p in Phase if p not in (Phase.THEMES, Phase.AHEAD)])
    def test_nobody_proposes_outside_the_phase(self, phase):
        with pytest.raises(Refused, match="until"):
            rules.propose(an_edition(phase), a_member().id, "en", some_words())

    def test_a_stranger_does_not_propose(self):
        with pytest.raises(Refused, match="Sign in"):
            rules.propose(an_edition(), None, "en", some_words())

    def test_the_same_proposal_sent_twice_is_one(self):
        ada, edition = a_member(), an_edition()
        first = rules.propose(edition, ada.id, "en", some_words())
        assert rules.propose(edition, ada.id, "en", some_words()) is first
        assert count_of(Theme) == 1

    def test_the_same_title_with_another_text_is_refused_and_not_swallowed(self):
        ada, edition = a_member(), an_edition()
        rules.propose(edition, ada.id, "en", some_words("Fair fees"))
        with pytest.raises(Refused, match="this title already"):
            rules.propose(edition, ada.id, "en", some_words("FAIR  fees", why="Another reason."))

    def test_nobody_proposes_more_than_the_most(self):
        ada, edition = a_member(), an_edition()
        made = [rules.propose(edition, ada.id, "en", some_words(f"Theme {n}")) for n in range(rules.MOST_PROPOSALS)]
        with pytest.raises(Refused, match="That is the most"):
            rules.propose(edition, ada.id, "en", some_words("One more"))
        assert rules.propose(edition, ada.id, "en", some_words("Theme 4")) is made[4]  # the last one, sent twice
        rules.propose(edition, a_member("Bas").id, "en", some_words("One more"))
        rules.propose(an_edition(year=edition.year + 1), ada.id, "en", some_words("One more"))

    def test_a_withdrawn_proposal_makes_room_until_it_comes_back(self):
        ada, edition = a_member(), an_edition()
        made = [rules.propose(edition, ada.id, "en", some_words(f"Theme {n}")) for n in range(rules.MOST_PROPOSALS)]
        rules.withdraw(made[0], ada.id)
        another = rules.propose(edition, ada.id, "en", some_words("Another"))
        with pytest.raises(Refused, match="That is the most"):
            rules.restore(made[0], ada.id)
        rules.withdraw(another, ada.id)
        rules.restore(made[0], ada.id)
        rules.restore(made[0], ada.id)  # twice is once, also with the most there is
        assert made[0].withdrawn_at is None

    def test_two_members_may_choose_the_same_title(self):
        edition = an_edition()
        for member in (a_member(), a_member("Bas")):
            rules.propose(edition, member.id, "en", some_words())
        assert count_of(Theme) == 2

    def test_the_proposer_changes_text_and_language_until_the_organisers_decide(self):
        ada, edition = a_member(), an_edition()
        theme = rules.propose(edition, ada.id, "en", some_words())
        rules.edit(theme, ada.id, "nl", some_words("Eerlijke tarieven"), seen(theme))
        assert (theme.original, [t.language for t in theme.texts]) == ("nl", ["nl"])
        review.admit(theme, an_organiser().id)
        with pytest.raises(Refused, match="on the ballot"):
            rules.edit(theme, ada.id, "nl", some_words(), seen(theme, "nl"))

    def test_nobody_changes_the_proposal_of_another(self):
        theme = a_theme(an_edition())
        with pytest.raises(Refused, match="Only the member who proposed"):
            rules.edit(theme, a_member().id, "en", some_words(), seen(theme))
        with pytest.raises(Refused, match="Only the member who proposed"):
            rules.withdraw(theme, a_member().id)

    def test_nobody_changes_a_proposal_to_a_language_that_is_taken(self):
        theme = a_theme(an_edition())
        review.write(theme, "fr", some_words("Accompagnement"), "", an_organiser().id)
        with pytest.raises(Refused, match="French already"):
            rules.edit(theme, theme.proposer_id, "fr", some_words(), seen(theme))

    def test_of_two_windows_the_second_is_told_first(self):
        theme = a_theme(an_edition())
        before = seen(theme)
        rules.edit(theme, theme.proposer_id, "en", some_words("First"), before)
        with pytest.raises(Refused, match="Yours is still here"):
            rules.edit(theme, theme.proposer_id, "en", some_words("Second"), before)
        assert theme.text.title == "First"

    def test_a_withdrawn_theme_is_gone_and_can_come_back(self):
        theme = a_theme(an_edition())
        for _click in range(2):
            rules.withdraw(theme, theme.proposer_id)
        assert theme.state == "withdrawn"
        assert db.session.scalars(finding.listing(theme.edition)).all() == []
        rules.restore(theme, theme.proposer_id)
        assert db.session.scalars(finding.listing(theme.edition)).all() == [theme]

    @pytest.mark.parametrize("decided", ["admitted", "declined"])
    def test_what_is_decided_is_not_withdrawn(self, decided):
        reason = {"decline_reason": "No."} if decided == "declined" else {}
        theme = a_theme(an_edition(), **{f"{decided}_at": now()}, **reason)
        with pytest.raises(Refused):
            rules.withdraw(theme, theme.proposer_id)


@pytest.mark.usefixtures("database")
class TestSupporting:
    def test_supporting_twice_is_supporting_once(self):
        ada, theme = a_member(), a_theme(an_edition())
        for _click in range(3):
            rules.support(theme, ada.id)
        assert count_of(Support) == 1
        for _click in range(2):
            rules.take_back_support(theme, ada.id)
        assert count_of(Support) == 0

    def test_a_member_supports_as_many_themes_as_they_like(self):
        ada, edition = a_member(), an_edition()
        for n in range(5):
            rules.support(a_theme(edition, f"Theme {n}"), ada.id)
        assert count_of(Support) == 5

    def test_a_proposer_cannot_take_their_support_back(self):
        ada, edition = a_member(), an_edition()
        theme = rules.propose(edition, ada.id, "en", some_words())
        with pytest.raises(Refused, match="so you support it"):
            rules.take_back_support(theme, ada.id)

    @pytest.mark.parametrize("phase", [Phase.REVIEW, Phase.VOTE, Phase.STOCKTAKE])
    def test_support_is_neither_given_nor_taken_back_after_the_phase(self, phase):
        theme, ada = a_theme(an_edition(phase)), a_member()
        a_support(theme, ada)
        for act in (rules.support, rules.take_back_support):
            with pytest.raises(Refused, match="until"):
                act(theme, ada.id)
        assert count_of(Support) == 1

    def test_closed_and_prolonged_themes_need_no_support(self):
        edition = an_edition()
        old = a_theme(an_edition(Phase.GROUPS, 2025), elected_at=now())
        for theme in (a_theme(edition, declined_at=now(), decline_reason="No."), a_theme(edition, prolonged_from=old)):
            with pytest.raises(Refused):
                rules.support(theme, a_member().id)

    def test_a_member_finds_what_they_proposed_and_supported(self):
        ada, edition = a_member(), an_edition()
        own = rules.propose(edition, ada.id, "en", some_words())
        other, gone = a_theme(edition, "Guidance"), a_theme(edition, "Gone", withdrawn_at=now())
        a_support(other, ada)
        a_support(gone, ada)
        assert rules.proposed_by(ada.id) == [own]
        assert rules.supported_by(ada.id) == [other]


def at_once(app: Flask, acts: list[Any]) -> None:
    """Run acts at the same moment, each in a transaction of its own."""
    db.session.commit()
    start, faults = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        with app.app_context():
            start.wait()
            try:
                act()
                db.session.commit()
            except Exception as fault:  # noqa: BLE001  (any fault fails the test)
                faults.append(fault)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    db.session.rollback()


@pytest.mark.usefixtures("database")
class TestRaces:
    def test_two_clicks_at_once_make_one_proposal(self, app):
        ada, edition = a_member().id, an_edition()
        year = edition.year

        def propose() -> None:
            rules.propose(rules.editions.of_year(year), ada, "en", some_words())

        at_once(app, [propose] * 4)
        assert (count_of(Theme), count_of(Support)) == (1, 1)

    def test_two_clicks_at_once_are_one_support(self, app):
        ada, theme = a_member().id, a_theme(an_edition()).id
        at_once(app, [lambda: rules.support(db.session.get_one(Theme, theme), ada)] * 4)
        assert count_of(Support) == 1

    def test_two_organisers_who_admit_at_once_write_one_mail(self, app):
        dre, theme = an_organiser().id, a_theme(an_edition()).id
        at_once(app, [lambda: review.admit(db.session.get_one(Theme, theme), dre)] * 4)
        assert (count_of(Letter), count_of(Entry)) == (1, 1)


@pytest.mark.usefixtures("database")
class TestReview:
    def test_an_admitted_theme_is_on_the_ballot_and_its_proposer_is_told_once(self):
        dre, theme = an_organiser(), a_theme(an_edition(Phase.REVIEW))
        for _click in range(2):
            review.admit(theme, dre.id)
        review.take_from_ballot(theme, dre.id)
        assert rules.on_ballot(theme.edition) == []
        review.admit(theme, dre.id)
        assert rules.on_ballot(theme.edition) == [theme]
        assert [letter.name for letter in db.session.scalars(select(Letter))] == ["theme_admitted"]
        acts = [e.act for e in db.session.scalars(select(Entry).order_by(Entry.id))]
        assert acts == ["admit theme", "take theme from ballot", "admit theme"]

    @pytest.mark.parametrize(
        ("code", "words"), [("nl", "niet op het stembiljet"), ("fr", "pas sur le bulletin"), ("en", "not on the")]
    )
    def test_a_declined_proposer_reads_the_reason_in_a_letter_in_their_language(self, code, words):
        theme = a_theme(an_edition(Phase.REVIEW), proposer=a_member(language=code))
        review.decline(theme, "It was a theme last year.\nTry a new angle.", an_organiser().id)
        letter = db.session.scalars(select(Letter)).one()
        assert (theme.state, letter.language, letter.member_id) == ("declined", code, theme.proposer_id)
        assert words in letter.subject
        assert "    It was a theme last year.\n    Try a new angle." in letter.body
        assert f"/{code}/2026/themes/{theme.id}" in letter.body

    def test_a_decline_is_undone(self):
        dre, theme = an_organiser(), a_theme(an_edition(Phase.REVIEW))
        review.decline(theme, "No.", dre.id)
        with pytest.raises(Refused, match="Undo that first"):
            review.admit(theme, dre.id)
        review.undecline(theme, dre.id)
        review.admit(theme, dre.id)
        assert (theme.state, theme.decline_reason) == ("admitted", None)

    def test_what_is_on_the_ballot_is_not_declined(self):
        theme = a_theme(an_edition(Phase.REVIEW), admitted_at=now())
        with pytest.raises(Refused, match="from the ballot first"):
            review.decline(theme, "No.", an_organiser().id)

    @pytest.mark.parametrize("phase", [p for p in Phase if p not in (Phase.AHEAD, Phase.THEMES, Phase.REVIEW)])
    def test_nothing_is_decided_once_the_vote_has_begun(self, phase):
        dre, theme = an_organiser(), a_theme(an_edition(phase))
        acts = (
            lambda: review.admit(theme, dre.id),
            lambda: review.take_from_ballot(theme, dre.id),
            lambda: review.decline(theme, "No.", dre.id),
            lambda: review.undecline(theme, dre.id),
            lambda: review.write(theme, "fr", some_words(), "", dre.id),
            lambda: rules.withdraw(theme, theme.proposer_id),
        )
        for act in acts:
            with pytest.raises(Refused, match="until"):
                act()

    def test_a_theme_whose_proposer_is_gone_is_still_decided_about(self):
        theme = a_theme(an_edition(Phase.REVIEW))
        theme.proposer = None
        review.decline(theme, "No.", an_organiser().id)
        assert theme.state == "declined" and count_of(Letter) == 0

    def test_a_text_in_another_language_leaves_the_original_alone(self):
        dre, theme = an_organiser(), a_theme(an_edition(Phase.REVIEW))
        review.write(theme, "fr", some_words("Accompagnement"), "", dre.id)
        assert (theme.original, theme.text_in("en").title, theme.text_in("fr").title) == (
            "en",
            "Guidance",
            "Accompagnement",
        )
        entry = db.session.scalars(select(Entry)).one()
        assert entry.facts == {"title": "Guidance", "language": "fr", "changed": []}

    def test_of_two_translators_the_second_is_told_first(self):
        dre, theme = an_organiser(), a_theme(an_edition(Phase.REVIEW))
        review.write(theme, "fr", some_words("Accompagnement"), "", dre.id)
        with pytest.raises(Refused, match="Yours is still here"):
            review.write(theme, "fr", some_words("Conseil"), "", dre.id)
        review.write(theme, "fr", some_words("Conseil"), seen(theme, "fr"), dre.id)
        assert theme.text_in("fr").title == "Conseil"


@pytest.mark.usefixtures("database")
class TestProlonging:
    def test_a_theme_that_was_worked_on_goes_on_with_its_texts(self):
        dre, edition = an_organiser(), an_edition(Phase.REVIEW)
        old = a_theme(an_edition(Phase.GROUPS, 2025), "Sharing economy", elected_at=now())
        made = review.prolong(edition, old, "FR", dre.id)
        assert (made.prolonged_country, made.text.title, made.state) == ("FR", "Sharing economy", "prolonged")
        assert rules.of_the_year(edition) == [made]
        assert review.to_prolong(edition) == [(old, made)]
        assert rules.on_ballot(edition) == []

    def test_it_goes_on_once_and_that_is_undone(self):
        dre, edition = an_organiser(), an_edition(Phase.REVIEW)
        old = a_theme(an_edition(Phase.GROUPS, 2025), elected_at=now())
        made = review.prolong(edition, old, None, dre.id)
        with pytest.raises(Refused, match="prolonged already"):
            review.prolong(edition, old, "BE", dre.id)
        review.undo_prolong(made, dre.id)
        assert review.to_prolong(edition) == [(old, None)]
        assert review.prolong(edition, old, "BE", dre.id).prolonged_country == "BE"

    def test_a_prolonged_theme_is_prolonged_again_the_year_after(self):
        dre, first = an_organiser(), an_edition(Phase.STOCKTAKE, 2024)
        old = a_theme(first, elected_at=now())
        second = a_theme(an_edition(Phase.GROUPS, 2025), prolonged_from=old)
        assert review.prolong(an_edition(Phase.REVIEW), second, None, dre.id).prolonged_from == second

    def test_a_theme_that_lost_or_is_of_another_year_does_not_go_on(self):
        dre, edition = an_organiser(), an_edition(Phase.REVIEW)
        lost = a_theme(an_edition(Phase.GROUPS, 2025), admitted_at=now())
        older = a_theme(an_edition(Phase.STOCKTAKE, 2020), elected_at=now())
        for theme in (lost, older, a_theme(edition)):
            with pytest.raises(Refused, match="worked on"):
                review.prolong(edition, theme, None, dre.id)

    def test_no_country_but_ours_and_not_in_another_phase(self):
        dre, edition = an_organiser(), an_edition(Phase.REVIEW)
        old = a_theme(an_edition(Phase.GROUPS, 2025), elected_at=now())
        with pytest.raises(Refused, match="for whom"):
            review.prolong(edition, old, "XX", dre.id)
        with pytest.raises(Refused, match="until"):
            review.prolong(in_phase(edition, Phase.VOTE), old, None, dre.id)

    def test_a_prolonged_theme_is_not_voted_on(self):
        old = a_theme(an_edition(Phase.GROUPS, 2025), elected_at=now())
        made = review.prolong(an_edition(Phase.REVIEW), old, None, an_organiser().id)
        with pytest.raises(Refused, match="not voted on"):
            review.admit(made, an_organiser().id)


@pytest.mark.usefixtures("database")
class TestFinding:
    def test_each_filter_shows_what_it_says(self):
        ada, edition = a_member(), an_edition(supporters_needed=2)
        poor, rich = a_theme(edition, "Poor"), a_theme(edition, "Rich")
        a_support(rich, ada, a_member("Bas"))
        own = a_theme(edition, "Own", proposer=ada)
        admitted = a_theme(edition, "Admitted", admitted_at=now())
        declined = a_theme(edition, "Declined", declined_at=now(), decline_reason="No.")
        expected = {
            "": [poor, rich, own, admitted, declined], "mine": [own], "supported": [rich], "needing": [poor, own],
            "reached": [rich], "open": [poor, rich, own], "admitted": [admitted], "declined": [declined],
            "untranslated": [admitted],
        }  # fmt: skip
        for show, themes in expected.items():
            found = db.session.scalars(finding.listing(edition, ada.id, show=show)).all()
            assert set(found) == set(themes), show
        counted = {show: len(themes) for show, themes in expected.items() if show not in ("mine", "supported")}
        assert finding.how_many(edition, *counted) == counted

    def test_the_most_supported_and_the_newest_come_first(self):
        edition = an_edition()
        old, new = a_theme(edition, "Old"), a_theme(edition, "New")
        a_support(old, a_member())
        assert db.session.scalars(finding.listing(edition, sort="most")).all() == [old, new]
        assert db.session.scalars(finding.listing(edition, sort="newest")).all() == [new, old]

    def test_after_the_vote_what_we_work_on_comes_first(self):
        edition = an_edition(Phase.GROUPS)
        old = a_theme(an_edition(Phase.STOCKTAKE, 2025), elected_at=now())
        declined = a_theme(edition, "D", declined_at=now(), decline_reason="No.")
        other, ballot = a_theme(edition, "O"), a_theme(edition, "B", admitted_at=now())
        prolonged = a_theme(edition, "P", prolonged_from=old)
        elected = a_theme(edition, "E", admitted_at=now(), elected_at=now())
        assert db.session.scalars(finding.listing(edition)).all() == [elected, prolonged, ballot, other, declined]
        assert rules.is_counted(edition)

    @pytest.mark.parametrize("search", ["egalite", "ÉGALITÉ", "genre égal", "100%"])
    def test_the_search_minds_no_accents_and_no_capitals(self, search):
        edition = an_edition()
        theme = a_theme(edition, "Égalité de genre 100%")
        a_theme(edition, "Guidance")
        assert db.session.scalars(finding.listing(edition, search=search)).all() == [theme]

    def test_look_alikes_are_the_same_words_in_another_order(self):
        edition = an_edition()
        gender, _other = a_theme(edition, "Gender equality"), a_theme(edition, "Guidance")
        assert finding.look_alikes(edition, "The equality of genders") == [gender]
        assert finding.look_alikes(edition, "Fair fees") == []
        assert finding.look_alikes(edition, "") == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Gender equality", "Equality of genders", 1),
        ("L'économie du partage", "Économie de partage : quel modèle ?", 1),
        ("Shared spaces", "Sharing economy", 0),
        ("Guidance for starters", "Spaces for artists", 0),
        ("IT", "it", 1),
        ("", "Anything", 0),
    ],
)
def test_how_alike_titles_are(one, other, alike):
    assert finding.likeness(one, other) == alike


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_the_same_both_ways_and_never_more_than_whole(one, other):
    assert 0 <= finding.likeness(one, other) <= 1
    assert finding.likeness(one, other) == finding.likeness(other, one)
    assert finding.likeness(one, one) in (0, 1)
