"""A group's draft, on pages: the secretary writes, publishes, answers and adopts it; a member says what they think."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from sipvote.db import db, now
from sipvote.editions.models import Phase
from sipvote.recommendations.models import Draft
from sipvote.workgroups import insiders
from tests.browser.conftest import DESK
from tests.factories import a_facilitator, a_member, a_met_group, a_theme, an_edition, some_presence
from tests.outcomes import a_draft, a_recommendation, a_remark, a_translation


@pytest.fixture
def bo(database):
    return a_member("Bo Smit")


@pytest.fixture
def ada(database):
    """The secretary."""
    return a_member("Ada Peeters", language="nl")


@pytest.fixture
def group(ada, bo):
    edition = an_edition(Phase.RECOMMENDATIONS)
    theme = a_theme(edition, "Guidance", elected_at=now())
    made = a_met_group(ada, bo, edition=edition, theme=theme, facilitators=[a_facilitator("gent")])
    insiders.name_secretary(made, ada, made.facilitators[0].id)
    some_presence(made, ada, bo)
    return made


def the_draft() -> Draft:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Draft).one()


def the_weeks_pass() -> None:
    """The time for remarks is over."""
    draft = the_draft()
    draft.published_at, draft.remarks_until = now() - timedelta(days=30), now() - timedelta(days=1)
    db.session.commit()


def test_the_secretary_writes_publishes_answers_and_adopts(visit, group, ada, bo):
    here = visit(ada, viewport=DESK)
    here.keep_axe()
    page = here.open(f"/en/2026/groups/{group.id}/inside/")
    here.go(f"main a[href$='/drafts/of/{group.id}']")
    here.proper("draft-begin")
    here.go("main form[action$='/begin'] button")
    here.go("main a[href$='/add']")
    page.locator("#title").fill("A guide for starters")
    here.go("main form .button.primary")  # without a text: refused, and what was typed is kept
    expect(page.locator("#recommendation-text-error")).to_be_visible()
    expect(page.locator("#title")).to_have_value("A guide for starters")
    here.proper("draft-write-refused")
    page.locator("#recommendation-text").fill("Write **one** guide, in three languages, before May.")
    page.locator("#why").fill("Everybody asks the same things.")
    here.go("main form .button.primary")
    here.go("main a[href$='/write']")
    with page.expect_response(lambda answer: answer.url.endswith("/keep") and answer.ok):
        page.locator("#recommendation-text").fill("Write **one** guide, in four languages, before June.")
    expect(page.locator("[data-said]")).to_contain_text("Kept at")
    here.go("main form .button.primary")
    here.proper("draft-writing")
    here.go("main a[href$='/versions']")
    expect(page.locator("main .prose ins").first).to_contain_text("four")
    expect(page.locator("main .prose del").first).to_contain_text("three")
    here.proper("draft-versions")
    here.go("main .back a, main a.back")
    # Published, heard, answered.
    here.go("main a[href$='/publish']")
    here.proper("draft-publish")
    here.go("main form .button.primary")
    expect(page.locator("main")).to_contain_text("Open for remarks")
    draft = the_draft()
    a_remark(draft, a_member("Zoé Lambert"), "Which four?", about=draft.recommendations[0])
    db.session.commit()
    the_weeks_pass()
    page.reload()
    here.go("main section a[href*='/remarks/']")
    here.proper("draft-remarks")
    here.go("main a[href$='/answer']")
    page.locator("input[name=taken_up][value=yes]").check()
    page.locator("#words").fill("German too, for Eupen.")
    here.proper("draft-answer")
    here.go("main form .button.primary")
    expect(page.locator("main .answer")).to_contain_text("German too")
    # Adopted; a word that changes meanwhile makes the question void, and the page says so.
    address = f"/en/2026/drafts/{the_draft().id}"
    here.open(address)
    here.go("main a[href$='/adoption']")
    here.proper("adoption-before")
    here.go("main form .button.primary")
    here.open(f"{address}/{the_draft().recommendations[0].id}/write")
    expect(page.locator("main .notice.info")).to_contain_text("those answers count no more")
    page.locator("#recommendation-text").fill("Write **one** guide, in nl, fr, en and de, before June.")
    here.go("main form .button.primary")
    expect(page.locator(".notice.warn")).to_contain_text("counts no more")
    here.go("main a[href$='/adoption']")
    here.proper("adoption-void")
    here.go("main form[action$='/open'] .button")
    here.go("main form[action$='/agree'] button")
    here.proper("adoption-asked")
    page.locator("details.confirm summary").first.click()
    here.go("main form[action$='/close'] button")
    expect(page.locator("main .notice.ok").last).to_be_visible()
    assert the_draft().adopted_at is not None
    here.go("main .back a, main a.back")
    expect(page.locator("main")).to_contain_text("adopted this text")
    assert page.locator("main a[href$='/write']").count() == 0
    here.proper("draft-adopted")


def test_a_member_comments_in_dutch_on_a_phone_without_javascript(visit, group, bo):
    draft = a_draft(group, published=True)
    guide = a_recommendation(draft, "A guide for starters", text="Write one.")
    a_translation(guide, "nl", "Een gids voor starters")
    a_remark(draft, bo, "Te lang, zou ik zeggen.", about=guide, language="nl")
    zoe = a_member("Zoé Lambert", "luik", language="nl")
    here = visit(zoe, java_script_enabled=False)
    page = here.open("/nl/2026/groups/")
    here.go("main a[href$='/2026/drafts']")
    here.proper("nl-drafts")
    here.go("main .cards a")
    expect(page.locator("main h2").first).to_contain_text("Een gids voor starters")
    here.proper("nl-draft")
    here.go("main section a[href$='#write']")
    here.proper("nl-remarks")
    here.go("main form[action$='/write'] .button.primary")  # nothing typed
    expect(page.locator("#words-error")).to_be_visible()
    here.proper("nl-remark-refused")
    page.locator("#words").fill("Voor **wie** is hij?\n\n- Starters\n- Kantoren")
    here.go("main form .button.primary")
    mine = page.locator("article.thread", has_text="Zoé Lambert")
    expect(mine.locator("li")).to_have_count(2)
    here.proper("nl-remark-sent")
    # Changed while it is fresh; somebody else's is replied to, and reported.
    here.go("main article.thread a[href$='/change']")
    page.locator("#words").fill("Voor wie is hij precies?")
    here.go("main form .button.primary")
    expect(page.locator("main")).to_contain_text("precies")
    here.proper("nl-remark")
    here.go("main .back a, main a.back")
    here.go("main article.thread:has-text('Te lang') a[href$='/reply']")
    page.locator("#words").fill("Ik vind hem goed.")
    here.go("main form .button.primary")
    expect(page.locator("main .replies li")).to_have_count(1)
    here.go("main article.thread a[href$='/report']")
    page.locator("#reason").fill("Dit is reclame.")
    here.proper("nl-report")
    here.go("main form .button.primary")
    # Withdrawn, with a question first; the way back leads to the draft.
    here.go("main .back a, main a.back")
    mine = page.locator("article.thread", has_text="precies")
    mine.locator("details.confirm summary").click()
    here.go("main article.thread:has-text('precies') form[action$='/withdraw'] button")
    expect(page.locator("main")).not_to_contain_text("precies")
    here.go("main .back a, main a.back")
    assert page.url.endswith(f"/nl/2026/drafts/{draft.id}#r{guide.id}")
    expect(page.locator(f"#r{guide.id} p.toolbar")).to_contain_text("2 opmerkingen")
    assert here.faults == []


@pytest.mark.parametrize(
    ("language", "options"), [("fr", {"java_script_enabled": False}), ("en", {"color_scheme": "dark"})]
)
def test_a_visitor_reads_what_groups_and_members_say(visit, group, bo, language, options):
    draft = a_draft(group, published=True)
    guide = a_recommendation(draft)
    a_remark(draft, bo, about=guide, answer="It is for everybody.")
    here = visit(**options)
    page = here.open(f"/{language}/2026/drafts/{draft.id}")
    here.proper(f"{language}-draft-visitor")
    here.go("main section a[href*='/remarks/']")
    expect(page.locator("main .answer")).to_contain_text("It is for everybody.")
    assert page.locator("main form[method=post]").count() == 0
    here.proper(f"{language}-remarks-visitor")
    here.go("main a[href*='/sign-in']")
    assert "/sign-in" in page.url and here.faults == []
