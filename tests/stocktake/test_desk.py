"""What organisers do with the list: many at once, large themes, what repeats what."""

from datetime import date

import pytest
from sqlalchemy import select

from sipvote.audit import Entry
from sipvote.db import db
from sipvote.errors import Refused
from sipvote.recommendations.models import LargeTheme, Recommendation
from sipvote.stocktake import duplicates, large_themes
from sipvote.stocktake.models import Status, StatusChange
from tests.factories import an_organiser
from tests.outcomes import a_large_theme, a_status, an_old_recommendation
from tests.queries import counted

DESK = "/en/recommendations/desk"
NAMES = {"en": "Money", "nl": "Geld", "fr": "Argent"}


@pytest.fixture
def dre(browser_of, database):
    return browser_of(an_organiser())


class TestManyAtOnce:
    FORM = {"status": "done", "since": "2020-03-02", "reason": "All *ready*.", "postponed_until": ""}

    def test_some_are_ticked_looked_at_and_changed(self, dre):
        ticked = [an_old_recommendation(2015, n, f"Number {n}.") for n in (1, 2, 3)]
        an_old_recommendation(2015, 4, "Not ticked")
        a_status(ticked[0], Status.DONE, date(2019, 1, 1))
        page = dre.get(f"{DESK}/many?" + "&".join(f"id={r.id}" for r in ticked)).text
        assert "3 recommendations chosen" in page and "Not ticked" not in page
        ids = " ".join(str(r.id) for r in ticked)
        check = dre.post(f"{DESK}/many/check", data={**self.FORM, "ids": ids}).text
        assert "2 recommendations change" in check and "1 has this status already" in check
        assert len(db.session.scalars(select(StatusChange)).all()) == 1
        assert dre.post(f"{DESK}/many/status", data={**self.FORM, "ids": ids}).status_code == 303
        assert len(db.session.scalars(select(StatusChange)).all()) == 3
        assert "2 statuses changed." in dre.get(DESK).text

    def test_all_that_was_found_can_be_chosen(self, dre):
        for n in range(1, 60):
            an_old_recommendation(2015 + n % 2, n)
        assert "30 recommendations chosen" in dre.get(f"{DESK}/many?all=1&year=2016").text

    def test_what_is_wrong_is_told_and_the_choice_stays(self, dre):
        one = an_old_recommendation(2019, 1, "The one")
        for wrong, why in (({"reason": ""}, "Say why"), ({"since": "2018-01-01"}, "of 2019"), ({"since": "x"}, "like")):
            page = dre.post(f"{DESK}/many/check", data={**self.FORM, "ids": str(one.id), **wrong}).text
            assert why in page and "The one" in page and f'value="{one.id}"' in page
        assert db.session.scalars(select(StatusChange)).all() == []

    def test_a_page_that_was_open_too_long_keeps_the_text_and_the_choice(self, app, dre):
        one = an_old_recommendation(2019, 1, "The one")
        app.config["WTF_CSRF_ENABLED"] = True
        for step in ("check", "status"):
            page = dre.post(f"{DESK}/many/{step}", data={**self.FORM, "ids": str(one.id), "csrf_token": "old"}).text
            assert "open for too long" in page and "All *ready*." in page and f'value="{one.id}"' in page
        assert db.session.scalars(select(StatusChange)).all() == []

    def test_choosing_none_leads_back(self, dre):
        assert dre.get(f"{DESK}/many").status_code == 303
        assert dre.get(f"{DESK}/many?id=x&id=99").status_code == 303
        assert dre.get(f"{DESK}/many/check").location.endswith("/desk")

    def test_they_are_put_under_a_large_theme_or_under_none(self, dre):
        one, large = an_old_recommendation(), a_large_theme()
        ids = {"ids": str(one.id)}
        dre.post(f"{DESK}/many/large-theme", data={**ids, "large_theme": str(large.id)})
        assert db.session.get(Recommendation, one.id).large_theme_id == large.id
        assert (
            "already"
            in dre.post(
                f"{DESK}/many/large-theme", data={**ids, "large_theme": str(large.id)}, follow_redirects=True
            ).text
        )
        dre.post(f"{DESK}/many/large-theme", data={**ids, "large_theme": ""})
        assert db.session.get(Recommendation, one.id).large_theme_id is None

    def test_the_desk_asks_no_more_for_a_longer_list(self, dre):
        an_old_recommendation(2015, 1)
        dre.get(DESK)
        with counted() as few:
            dre.get(DESK)
        for n in range(2, 30):
            a_status(an_old_recommendation(2015, n))
        dre.get(DESK)
        with counted() as many:
            dre.get(DESK)
        assert len(many) == len(few)


class TestLargeThemes:
    def test_one_is_added_renamed_and_removed(self, dre):
        dre.post(f"{DESK}/large-themes", data=NAMES)
        theme = db.session.scalars(select(LargeTheme)).one()
        assert (theme.name_en, theme.name_nl, theme.name_fr) == ("Money", "Geld", "Argent")
        dre.post(f"{DESK}/large-themes/{theme.id}", data={**NAMES, "nl": "Centen"})
        assert db.session.scalars(select(LargeTheme.name_nl)).one() == "Centen"
        dre.post(f"{DESK}/large-themes/{theme.id}/remove")
        assert db.session.scalars(select(LargeTheme)).all() == []
        acts = db.session.scalars(select(Entry.act).order_by(Entry.id)).all()
        assert acts == ["add large theme", "rename large theme", "remove large theme"]

    def test_a_name_is_needed_in_each_language_and_once(self, dre):
        page = dre.post(f"{DESK}/large-themes", data={**NAMES, "fr": " "}).text
        assert "Write the name in this language too." in page and 'value="Geld"' in page
        assert "at most 120" in dre.post(f"{DESK}/large-themes", data={**NAMES, "fr": "x" * 121}).text
        a_large_theme("Money")
        assert "already" in dre.post(f"{DESK}/large-themes", data=NAMES).text
        other = a_large_theme("Other")
        assert "already" in dre.post(f"{DESK}/large-themes/{other.id}", data=NAMES).text
        assert db.session.get(LargeTheme, other.id).name_en == "Other"

    def test_two_become_one_and_their_recommendations_go_along(self, dre):
        one, other = a_large_theme("One"), a_large_theme("Other")
        recommendation = an_old_recommendation(large_theme=one)
        ask = dre.get(f"{DESK}/large-themes/{one.id}/merge?into={other.id}").text
        assert "1 recommendation goes from “One” to “Other”" in ask.replace("Working together", "")
        assert db.session.scalars(select(LargeTheme)).all() != [other]
        dre.post(f"{DESK}/large-themes/{one.id}/merge", data={"into": other.id})
        assert db.session.scalars(select(LargeTheme)).all() == [other]
        assert db.session.get(Recommendation, recommendation.id).large_theme_id == other.id

    def test_none_goes_up_in_itself_nor_in_nothing(self, database):
        one = a_large_theme()
        for into in (one, None):
            with pytest.raises(Refused):
                large_themes.merge(one, into, an_organiser().id)

    def test_what_has_recommendations_is_not_removed(self, database):
        one = a_large_theme()
        an_old_recommendation(large_theme=one)
        with pytest.raises(Refused, match="Merge it"):
            large_themes.remove(one, an_organiser().id)


class TestWhatRepeatsWhat:
    def test_a_later_one_is_linked_to_an_earlier_one_and_unlinked(self, dre):
        first, second = an_old_recommendation(2015, 1), an_old_recommendation(2019, 2)
        page = f"/en/recommendations/{second.id}"
        dre.post(f"{DESK}/{second.id}/repeats", data={"label": " 2015 / 1"})
        assert db.session.get(Recommendation, second.id).repeats_id == first.id
        assert "It asks something else" in dre.get(page).text
        dre.post(f"{DESK}/{second.id}/repeats/end")
        dre.post(f"{DESK}/{second.id}/repeats/end")
        assert db.session.get(Recommendation, second.id).repeats_id is None
        assert db.session.scalars(select(Entry.act).order_by(Entry.id)).all() == ["link repeated", "unlink repeated"]

    @pytest.mark.parametrize("label", ["2019/2", "2020/1", "2015", "2015/99", ""])
    def test_only_an_earlier_one_can_be_repeated(self, dre, label):
        an_old_recommendation(2015, 1)
        second = an_old_recommendation(2019, 2)
        an_old_recommendation(2020, 1)
        page = dre.post(f"{DESK}/{second.id}/repeats", data={"label": label})
        assert page.status_code == 200 and 'class="error"' in page.text
        assert db.session.get(Recommendation, second.id).repeats_id is None

    def test_no_ring_can_be_made(self, database):
        first, second = an_old_recommendation(2015, 1), an_old_recommendation(2015, 2)
        duplicates.link(second, first, an_organiser().id)
        assert duplicates.why_not_repeat(first, second)

    def test_a_stranger_sees_no_buttons(self, client, database):
        one = an_old_recommendation()
        text = client.get(f"/en/recommendations/{one.id}").text
        assert "It asks the same" not in text and "Say how far it is" not in text
