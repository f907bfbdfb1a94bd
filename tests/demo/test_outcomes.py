"""What came of it in the demonstration: 250 recommendations since 2015, and this year's at its stops."""

import html
import json
from collections import Counter
from itertools import pairwise
from typing import Any

from flask import Flask
from sqlalchemy import delete, func, select

from sipvote.db import db, now
from sipvote.decisions.models import Decision, Outcome
from sipvote.demo import ideas, legacy
from sipvote.demo.stops import Stop
from sipvote.editions.models import Edition
from sipvote.i18n import LANGUAGES
from sipvote.mail import Letter
from sipvote.recommendations import adopting, bundle_content, bundling, drafts, hearing
from sipvote.recommendations.hearing_models import Adoption, Bundle, MinorityNote, Remark
from sipvote.recommendations.models import Draft, LargeTheme, Recommendation, RecommendationText
from sipvote.stocktake import answering, publishing, seen
from sipvote.stocktake.models import PublishedStocktake, Status, StatusChange
from sipvote.workgroups.models import Signup
from tests.demo.conftest import the_edition, travel


def number(model: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def everything() -> list[Recommendation]:
    return list(db.session.scalars(select(Recommendation).order_by(Recommendation.year, Recommendation.number)))


def mine() -> list[Recommendation]:
    return [each for each in everything() if each.year == the_edition().year]


# --- The five cycles --------------------------------------------------------------------------------


def five_cycles_gave_250_recommendations() -> None:
    found = Counter(each.year for each in everything())
    assert found.total() == 250 and set(found) == {2015, 2016, 2017, 2019, 2020}
    for year, many in found.items():
        numbers = [each.number for each in everything() if each.year == year]
        assert numbers == list(range(1, many + 1))


def each_has_a_text_in_three_languages_that_says_it_is_invented() -> None:
    said = dict(zip(ideas.LANGUAGES, ideas.words()["invented"], strict=True))
    texts = db.session.scalars(select(RecommendationText)).all()
    assert len(texts) == 3 * 250 and {text.language for text in texts} == set(LANGUAGES)
    for text in texts:
        assert said[text.language] in text.text and "{" not in text.text + text.title and len(text.title) <= 100


def real_editions_have_their_themes_groups_and_drafts() -> None:
    for each in everything():
        if each.year < 2017:
            assert each.theme is None and "verzonnen" in each.theme_name and each.group_name
        else:
            assert each.theme and each.groups and each.theme.edition.year == each.year
            assert bool(each.draft and each.draft.adopted_at) == (each.year in legacy.WITH_DRAFTS)


def every_one_is_decided_and_has_a_history_in_order() -> None:
    assert number(Decision, Decision.published_at.is_not(None)) == 250
    assert set(db.session.scalars(select(Decision.outcome))) == set(Outcome)
    lines = db.session.scalars(select(StatusChange).order_by(StatusChange.recommendation_id, StatusChange.id)).all()
    assert {line.recommendation_id for line in lines} == {each.id for each in everything()}
    for before, after in pairwise(lines):
        assert before.recommendation_id != after.recommendation_id or before.since <= after.since
    assert all(line.noted_at <= now() and line.since <= now().date() for line in lines)


def the_bundles_of_the_past_were_submitted_and_are_frozen() -> None:
    for year in legacy.WITH_DRAFTS:
        edition = db.session.scalars(select(Edition).where(Edition.year == year)).one()
        bundle = bundling.of_edition(edition)
        assert bundle and bundle.content and bundle.submitted_at and bundle.digest == bundling.digest_of(bundle.content)
        # Made anew today it says the same: texts, numbers, remarks and notes are as they were handed over.
        assert bundling.canonical(bundle_content.content_of(edition, bundle, bundle.submitted_at)) == bundle.content
        own = bundle_content.recommendations_of(bundle_content.drafts_of(edition))
        assert [each.number for each in own] == list(range(1, len(own) + 1)) and not json.loads(bundle.content)[
            "missing"
        ]
        drafted = db.session.scalar(
            select(func.min(Decision.drafted_at)).join(Recommendation).where(Recommendation.year == year)
        )
        assert (
            max(d.adopted_at for d in bundle_content.drafts_of(edition) if d.adopted_at) < bundle.submitted_at < drafted
        )
        assert bundling.why_not_take_back(edition)


def every_text_of_the_past_was_adopted_as_it_stands_by_those_present() -> None:
    for draft in db.session.scalars(select(Draft)).all():
        for standing in adopting.standings(draft):
            assert standing.has_adopted and standing.tally and standing.tally.is_adopted and not standing.tally.silent
        assert not hearing.unanswered(draft)
    remarks = db.session.scalars(select(Remark)).all()
    assert len(remarks) > 17 and {remark.taken_up for remark in remarks} == {True, False}
    for remark in remarks:
        draft = remark.draft
        assert draft.published_at and draft.published_at < remark.written_at < draft.remarks_until
        assert remark.answered_at and remark.answered_at < draft.adopted_at
    assert number(MinorityNote) > 2


def each_status_occurs_and_about_half_is_done() -> None:
    figures = seen.of_day(seen.today()).figures
    assert all(figures.whole.statuses[status] for status in Status)
    assert figures.whole.execution and 0.35 < figures.whole.execution < 0.65
    assert figures.times.number > 50
    assert len(figures.facets["large_theme"]) == number(LargeTheme) == 7


def some_ask_again_what_was_asked_earlier() -> None:
    again = [each for each in everything() if each.repeats]
    assert len(again) >= 5
    for each in again:
        assert each.repeats and each.repeats.year < each.year and each.repeats.text.title == each.text.title


def some_are_late_and_some_have_nobody() -> None:
    opened = answering.opened()
    assert opened.late and opened.of_nobody
    assert any(each.reachable for each in opened.of(opened.late))


def the_stocktake_of_2022_is_published_and_intact() -> None:
    published = db.session.scalars(select(PublishedStocktake)).one()
    assert publishing.is_intact(published) and published.published_at.year == 2022
    assert seen.of_published(published).figures.whole.total == 250


def they_are_the_same_whenever_they_are_made() -> None:
    first = {(each.year, each.number): each.text.title for each in everything()}
    make_anew()
    assert {(each.year, each.number): each.text.title for each in everything()} == first


def make_anew() -> None:
    for table in (PublishedStocktake, Bundle, StatusChange, Decision, Recommendation, Draft, LargeTheme):
        db.session.execute(delete(table))
    db.session.expire_all()
    legacy.plant()


def the_page_says_that_they_are_invented(app: Flask) -> None:
    for path in ("/en/stocktake", "/en/recommendations", "/en/2019/decisions", "/en/2020/decisions"):
        assert "Only the editions of 2017, 2019 and 2020" in app.test_client().get(path).text
    assert "250" in app.test_client().get("/en/stocktake").text
    app.config["DEMO"] = False
    try:
        assert "Invented for the demonstration" not in page_of_the_list(app)
    finally:
        app.config["DEMO"] = True


def page_of_the_list(app: Flask) -> str:
    """Without the texts themselves, which say so too."""
    return app.test_client().get("/en/recommendations?q=nothing-of-this-kind").text


def every_page_of_a_past_edition_says_the_same(app: Flask) -> None:
    """As many recommendations in the list, the bundle, the drafts, the decisions and the figures."""
    client = app.test_client()
    for year in legacy.WITH_DRAFTS:
        mine = [each for each in everything() if each.year == year]
        content = json.loads(client.get(f"/en/{year}/bundle/bundle.json").text)
        assert bundle_content.count(content) == len(mine)
        assert f"{len(mine)} recommendations · " in client.get(f"/en/{year}/bundle").text
        assert f"on {len(mine)} of {len(mine)} recommendations" in client.get(f"/en/{year}/decisions").text
        assert f"{len(mine)} recommendations" in client.get(f"/en/recommendations?year={year}").text
        for theme in content["themes"]:
            thread = client.get(f"/en/threads/{theme['id']}").text
            titles = [each["texts"]["en"]["title"] for draft in theme["drafts"] for each in draft["recommendations"]]
            assert all(html.escape(title) in thread for title in titles)
            for group in (group for draft in theme["drafts"] for group in draft["groups"]):
                seated = Signup.workgroup_id == group["id"], Signup.seat.is_not(None)
                assert group["people"] == number(Signup, *seated)


def test_the_five_cycles_stand_as_invented(app: Flask, demo: None) -> None:
    """One demonstration for all of these statutes: making it takes longer than asking."""
    for statute in (
        five_cycles_gave_250_recommendations,
        each_has_a_text_in_three_languages_that_says_it_is_invented,
        real_editions_have_their_themes_groups_and_drafts,
        every_one_is_decided_and_has_a_history_in_order,
        the_bundles_of_the_past_were_submitted_and_are_frozen,
        every_text_of_the_past_was_adopted_as_it_stands_by_those_present,
        each_status_occurs_and_about_half_is_done,
        some_ask_again_what_was_asked_earlier,
        some_are_late_and_some_have_nobody,
        the_stocktake_of_2022_is_published_and_intact,
        they_are_the_same_whenever_they_are_made,
    ):
        statute()
    db.session.rollback()
    the_page_says_that_they_are_invented(app)
    every_page_of_a_past_edition_says_the_same(app)


# --- This year --------------------------------------------------------------------------------------


def groups_publish_drafts_and_members_remark_on_one() -> None:
    travel(Stop.RECOMMENDATIONS)
    written = {each.draft for each in mine()}
    assert len(written) >= 5 and all(draft and draft.published_at and drafts.is_open(draft) for draft in written)
    assert all(each.number is None and each.is_public for each in mine())
    first = min((draft for draft in written if draft), key=lambda draft: draft.id)
    remarks = db.session.scalars(select(Remark).where(Remark.draft_id == first.id)).all()
    assert len(remarks) == 4 and sum(remark.answered_at is not None for remark in remarks) == 2
    assert all(remark.written_at <= now() for remark in remarks)


def the_board_has_drafted_most_decisions_then_published_all() -> None:
    travel(Stop.DECISIONS)
    drafted = Decision.published_at.is_(None)
    assert all(each.number for each in mine())
    assert all(draft and draft.adopted_at for draft in {each.draft for each in mine()})
    the_bundle_says_what_its_page_says()
    assert 0 < number(Decision, drafted) == len(mine()) - 3
    travel(Stop.STOCKTAKE)
    assert number(Decision, drafted) == 0 and number(Decision) == 250 + len(mine())
    the_bundle_says_what_its_page_says()
    assert number(Letter, Letter.key.startswith("decided")) > 20
    assert any(
        row.year == the_edition().year and row.status == Status.ONGOING for row in seen.of_day(seen.today()).rows
    )


def the_bundle_says_what_its_page_says() -> None:
    bundle = bundling.of_edition(the_edition())
    assert bundle and bundle.content and bundle.submitted_at and bundle.submitted_at <= now()
    content = json.loads(bundle.content)
    assert content["submitted_at"] == bundle.submitted_at.isoformat() and bundle.digest == bundling.digest_of(
        bundle.content
    )
    adopted = {draft["adopted_at"] for theme in content["themes"] for draft in theme["drafts"]}
    assert adopted == {each.draft.adopted_at.isoformat() for each in mine() if each.draft and each.draft.adopted_at}


def going_back_undoes_what_came_later_and_nothing_older() -> None:
    many = len(mine())
    travel(Stop.DECISIONS)
    assert number(Decision, Decision.published_at.is_(None)) == len(mine()) == many
    travel(Stop.RECOMMENDATIONS)
    assert [each.number for each in mine()] == [None] * many and number(Decision) == 250
    assert bundling.of_edition(the_edition()) is None and all(
        d and drafts.is_open(d) for d in {e.draft for e in mine()}
    )
    ours = [each.draft_id for each in mine()]
    assert number(Adoption, Adoption.draft_id.in_(ours)) == number(MinorityNote, MinorityNote.draft_id.in_(ours)) == 0
    answered = Remark.draft_id.in_(ours), Remark.answered_at.is_not(None)
    assert number(Remark, *answered) == 2
    travel(Stop.GROUPS)
    assert mine() == [] and len(everything()) == 250 and number(Draft) == 17
    travel(Stop.THEMES)
    travel(Stop.STOCKTAKE)
    assert len(mine()) == many and number(StatusChange) > 250


def test_this_year_goes_through_its_stops_and_back(demo: None) -> None:
    groups_publish_drafts_and_members_remark_on_one()
    the_board_has_drafted_most_decisions_then_published_all()
    going_back_undoes_what_came_later_and_nothing_older()
