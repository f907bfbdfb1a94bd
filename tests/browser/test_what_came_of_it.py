"""The five who see to it that something comes of a theme: each in three languages, with the keyboard alone.

Two of the three do without JavaScript. The other files go into more corners; here everybody gets through.
"""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from sipvote.db import db, now
from sipvote.decisions.models import Decision, Outcome
from sipvote.editions.models import Phase
from sipvote.recommendations import bundling
from sipvote.recommendations.hearing_models import Remark
from sipvote.recommendations.models import Draft, Recommendation
from sipvote.stocktake.models import Status, StatusChange
from sipvote.workgroups import insiders
from tests.browser.conftest import DESK
from tests.browser.keyboard import choose, fill, open_up, press, tick
from tests.factories import (
    a_board_member,
    a_facilitator,
    a_member,
    a_met_group,
    a_theme,
    an_edition,
    an_organiser,
    some_presence,
)
from tests.outcomes import a_decision, a_draft, a_recommendation, a_remark, a_status, an_old_recommendation

EACH = pytest.mark.parametrize(
    ("language", "options"),
    [
        ("nl", {}),
        ("fr", {"java_script_enabled": False}),
        ("en", {"viewport": DESK, "java_script_enabled": False, "color_scheme": "dark"}),
    ],
    ids=["nl-phone", "fr-phone-no-js", "en-desk-no-js-dark"],
)
MAIN = "main form .button.primary"
BACK = "main .back a, main a.back"


@pytest.fixture
def bo(database):
    return a_member("Bo Smit")


def a_group_of(bo, ada, phase=Phase.RECOMMENDATIONS):
    edition = an_edition(phase)
    theme = a_theme(edition, "Guidance", elected_at=now())
    made = a_met_group(ada, bo, edition=edition, theme=theme, facilitators=[a_facilitator("gent")])
    insiders.name_secretary(made, ada, made.facilitators[0].id)
    some_presence(made, ada, bo)
    return made


def anew(kind):
    """What stands in the database by now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(kind).order_by(kind.id).all()


def refused(page: Page, field: str) -> None:
    expect(page.locator(f"#{field}-error")).to_be_visible()


@EACH
def test_the_secretary_writes_publishes_answers_and_adopts(visit, bo, language, options):
    ada = a_member("Ada Peeters", language=language)
    group = a_group_of(bo, ada)
    here = visit(ada, **options)
    page = here.open(f"/{language}/2026/groups/{group.id}/inside/")
    press(page, f"main a[href$='/drafts/of/{group.id}']")
    press(page, "main form[action$='/begin'] button")
    press(page, "main a[href$='/add']")
    fill(page, "#title", "A guide for starters")
    press(page, MAIN)  # without a text: refused, and what was typed is kept
    refused(page, "recommendation-text")
    expect(page.locator("#title")).to_have_value("A guide for starters")
    here.proper(f"{language}-secretary-refused")
    fill(page, "#recommendation-text", "Write **one** guide.")
    fill(page, "#why", "Everybody asks the same things.")
    press(page, MAIN)
    here.proper(f"{language}-secretary-draft")
    press(page, "main a[href$='/publish']")
    press(page, MAIN)
    draft = anew(Draft)[0]
    assert draft.published_at
    a_remark(draft, a_member("Zoé Lambert"), "Which one?", about=draft.recommendations[0])
    draft.published_at, draft.remarks_until = now() - timedelta(days=30), now() - timedelta(days=1)
    db.session.commit()
    page.reload()
    press(page, "main section a[href*='/remarks/']")
    press(page, "main a[href$='/answer']")
    choose(page, "taken_up", "yes")
    fill(page, "#words", "The first one.")
    press(page, MAIN)
    expect(page.locator("main .answer")).to_contain_text("The first one.")
    here.proper(f"{language}-secretary-answered")
    here.open(f"/{language}/2026/drafts/{draft.id}/adoption")
    press(page, MAIN)
    press(page, "main form[action$='/agree'] button")
    here.proper(f"{language}-secretary-adopts")
    open_up(page, "main details.confirm summary")
    press(page, "main form[action$='/close'] button")
    assert anew(Draft)[0].adopted_at and here.faults == []


@EACH
def test_a_member_comments_changes_replies_and_withdraws(visit, bo, language, options):
    ada = a_member("Ada Peeters")
    draft = a_draft(a_group_of(bo, ada), published=True)
    guide = a_recommendation(draft, "A guide for starters")
    a_remark(draft, bo, "Too long, I would say.", about=guide)
    here = visit(a_member("Zoé Lambert", "luik", language=language), **options)
    page = here.open(f"/{language}/2026/drafts/{draft.id}")
    press(page, "main section a[href$='#write']")
    press(page, "main form[action$='/write'] .button.primary")  # nothing typed
    refused(page, "words")
    fill(page, "#words", "For whom is it?")
    press(page, MAIN)
    here.proper(f"{language}-member-remarked")
    press(page, "main article.thread a[href$='/change']")
    fill(page, "#words", "And when? ")
    press(page, MAIN)
    expect(page.locator("main")).to_contain_text("And when?")
    here.open(f"/{language}/2026/drafts/{draft.id}/remarks/{guide.id}")
    press(page, "main article.thread:has-text('Too long') a[href$='/reply']")
    fill(page, "#words", "I like it.")
    press(page, MAIN)
    expect(page.locator("main .replies li")).to_have_count(1)
    press(page, "main article.thread a[href$='/report']")
    fill(page, "#reason", "This is advertising.")
    press(page, MAIN)
    here.open(f"/{language}/2026/drafts/{draft.id}/remarks/{guide.id}")
    here.proper(f"{language}-member-thread")
    mine = anew(Remark)[1]
    form = f"form[action$='/r/{mine.id}/withdraw']"
    open_up(page, f"main details.confirm:has({form}) summary")
    press(page, f"{form} button")
    assert [bool(each.withdrawn_at) for each in anew(Remark)] == [False, True, False] and here.faults == []


@EACH
def test_the_organiser_submits_the_bundle_and_says_how_far_others_are(visit, bo, language, options):
    ada = a_member("Ada Peeters")
    group = a_group_of(bo, ada, Phase.DECISIONS)
    a_recommendation(a_draft(group, adopted=True), "A guide for starters")
    old = [an_old_recommendation(2015, n, f"A workplace, part {n}") for n in range(1, 4)]
    a_status(old[0], Status.ONGOING)
    a_board_member()
    here = visit(an_organiser(language=language), **options)
    page = here.open(f"/{language}/2026/bundle")
    here.proper(f"{language}-organiser-bundle")
    press(page, "main a[href$='/foreword']")
    fill(page, "main textarea", "This is what the groups wrote.")
    press(page, MAIN)
    press(page, "main a[href$='/submit']")
    press(page, MAIN)
    here.proper(f"{language}-organiser-submitted")
    db.session.rollback()
    assert bundling.of_edition(group.edition).digest
    here.open(f"/{language}/recommendations/desk")
    tick(page, "main input[name=id]", 0)
    tick(page, "main input[name=id]", 1)
    press(page, "main form .buttons button")
    choose(page, "status", "done")
    press(page, MAIN)  # without a reason
    refused(page, "reason")
    fill(page, "#reason", "It is there.")
    press(page, MAIN)
    here.proper(f"{language}-organiser-check")
    press(page, "main form[action$='/many/status'] button")
    assert [line.status for line in anew(StatusChange)][1:] == [Status.DONE, Status.DONE] and here.faults == []


@EACH
def test_the_board_drafts_and_publishes(visit, bo, language, options):
    ada = a_member("Ada Peeters")
    group = a_group_of(bo, ada, Phase.DECISIONS)
    draft = a_draft(group, adopted=True)
    a_recommendation(draft, "A guide for starters")
    a_recommendation(draft, "An evening for newcomers")
    bundling.submit(group.edition, an_organiser().id)
    here = visit(a_board_member(language=language), **options)
    page = here.open(f"/{language}/board")
    press(page, "main a[href$='/board/2026']")
    press(page, "main p.buttons a.button")
    press(page, "main a[href$='/draft']")
    press(page, MAIN)  # nothing chosen
    expect(page.locator("main [role=alert]")).to_be_visible()
    choose(page, "outcome", "rejected")
    fill(page, "#reasons", "The offices do so already.")
    press(page, MAIN)
    here.proper(f"{language}-board-drafted")
    press(page, "main a[rel=next]")
    press(page, "main a[href$='/draft']")
    choose(page, "outcome", "rejected")
    fill(page, "#reasons", "It was done in spring.")
    press(page, MAIN)
    here.open(f"/{language}/board/publish")
    here.proper(f"{language}-board-publish")
    tick(page, "main input[name=chosen]", 1)  # not this one
    press(page, MAIN)
    assert [bool(each.published_at) for each in anew(Decision)] == [True, False]
    expect(page.locator("main article.matter").first).to_contain_text("The offices do so already.")
    assert here.faults == []


@EACH
def test_a_visitor_finds_one_and_follows_its_thread(visit, bo, language, options):
    ada = a_member("Ada Peeters")
    group = a_group_of(bo, ada, Phase.DECISIONS)
    guide = a_recommendation(a_draft(group, adopted=True), "A guide for starters")
    bundling.submit(group.edition, an_organiser().id)
    a_decision(guide, Outcome.ACCEPTED, owner_name="The legal department")
    for n in range(1, 31):
        a_status(an_old_recommendation(2015, n, f"A workplace, part {n}"), Status.DONE)
    here = visit(**options)
    page = here.open(f"/{language}/search")
    fill(page, "main #q", "guides")  # in another number
    press(page, "main form[role=search] button")
    expect(page.locator("main .hits mark").first).to_be_visible()
    here.open(f"/{language}/recommendations")
    fill(page, "main #q", "workplace")
    press(page, "main form.filters button")
    expect(page.locator("main ol.finds > li")).to_have_count(25)
    press(page, "main a[rel=next]")
    expect(page.locator("main ol.finds > li")).to_have_count(5)
    here.proper(f"{language}-visitor-list")
    here.open(f"/{language}/2026/decisions")
    press(page, f"main h3 a[href$='/recommendations/{guide.id}']")
    expect(page.locator("main")).to_contain_text("The legal department")
    press(page, "main .thread-link a")
    here.proper(f"{language}-visitor-thread")
    press(page, f"main #recommendation-{guide.id} a")
    here.open(f"/{language}/stocktake")
    press(page, "main a[href*='/recommendations?status=done']")
    expect(page.locator("main ol.finds > li")).to_have_count(25)
    assert db.session.query(Recommendation).count() == 31 and here.faults == []
