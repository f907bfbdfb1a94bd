"""From the groups to the board, on pages: the organiser submits the bundle, the board decides, everybody reads it."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from sipvote.db import db, now
from sipvote.decisions.models import Decision, Outcome
from sipvote.editions.models import Phase
from sipvote.recommendations import bundling
from sipvote.recommendations.hearing_models import MinorityNote
from sipvote.recommendations.models import Recommendation
from tests.browser.conftest import DESK
from tests.browser.keyboard import fill, press, reach, tick
from tests.factories import a_board_member, a_member, a_met_group, a_theme, an_edition, an_organiser, kept
from tests.outcomes import a_decision, a_draft, a_recommendation, a_remark


@pytest.fixture
def bo(database):
    return a_member("Bo Smit")


@pytest.fixture
def edition(bo):
    """A year in which a group has adopted two recommendations."""
    edition = an_edition(Phase.DECISIONS)
    group = a_met_group(bo, edition=edition, theme=a_theme(edition, "Guidance", elected_at=now()))
    draft = a_draft(group, adopted=True)
    guide = a_recommendation(draft, "A guide for starters", text="Write **one** guide.")
    a_recommendation(draft, "An evening for newcomers", text="Hold one each month.")
    a_remark(draft, bo, about=guide, answer="Yes.")
    return edition


@pytest.fixture
def ids(edition):
    """The two recommendations, as the board has received them."""
    bundling.submit(edition, an_organiser().id)
    db.session.commit()
    return [each.id for each in db.session.query(Recommendation).order_by(Recommendation.number)]


def decided() -> list[Decision]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Decision).order_by(Decision.id).all()


def test_the_organiser_submits_the_bundle_in_dutch(visit, edition):
    a_board_member()
    here = visit(an_organiser(language="nl"), viewport=DESK)
    here.keep_axe()
    page = here.open("/nl/2026/bundle")
    here.proper("nl-bundle")
    here.go("main a[href$='/foreword']")
    page.locator("main textarea").first.fill("Dit schreven de groepen.")
    here.proper("nl-foreword")
    here.go("main form .button.primary")
    expect(page.locator("main article")).to_contain_text("Dit schreven de groepen.")
    here.go("main a[href$='/submit']")
    here.proper("nl-submit")
    here.go("main form .button.primary")
    expect(page.locator("main .notice.ok").last).to_be_visible()
    here.proper("nl-submitted")
    with page.expect_download() as download:
        page.locator("main a[href$='bundle.json']").click()
    assert download.value.path().read_bytes().startswith(b"{")
    db.session.rollback()
    assert bundling.of_edition(edition).digest


def test_the_board_drafts_and_publishes_in_french_with_the_keyboard_alone(visit, ids):
    here = visit(a_board_member(language="fr"), viewport=DESK)
    here.keep_axe()
    page = here.open("/fr/board")
    here.proper("fr-board")
    press(page, "main a[href$='/board/2026']")
    here.proper("fr-board-year")
    press(page, "main p.buttons a.button")
    here.proper("fr-board-one")
    press(page, "main a[href$='/draft']")
    reach(page, "input[name=outcome]")
    page.keyboard.press("Space")
    fill(page, "#reasons", "Le guide **manque**.")
    press(page, "main form .button.primary")
    here.proper("fr-board-incomplete")
    assert page.locator("main .notice.warn li").count() == 2  # who answers, and the due date
    press(page, "main a[href$='/draft']")
    fill(page, "#owner", "Le service juridique")
    reach(page, "#due")
    page.keyboard.type((now() + timedelta(days=90)).strftime("%m%d%Y"))
    here.proper("fr-board-draft")
    press(page, "main form .button.primary")
    assert page.locator("main .notice.warn li").count() == 0
    press(page, "main a[rel=next]")
    press(page, "main a[href$='/draft']")
    reach(page, "input[name=outcome]")
    for _step in range(2):
        page.keyboard.press("ArrowDown")
    fill(page, "#reasons", "Les bureaux le font déjà.")
    press(page, "main form .button.primary")
    assert [d.outcome for d in decided()] == [Outcome.ACCEPTED, Outcome.REJECTED]
    press(page, "main .back a, main a.back")
    press(page, "main a[href$='/publish']")
    assert page.locator("main input[name=chosen]:checked").count() == 2
    tick(page, "main input[name=chosen]", 1)
    tick(page, "main input[name=chosen]", 1)
    here.proper("fr-board-publish")
    press(page, "main form .button.primary")
    assert [d.published_at is not None for d in decided()] == [True, True]
    expect(page.locator("main article.matter")).to_have_count(2)  # on the page that everybody reads
    here.open("/fr/board")
    press(page, "main a[href$='/board/decided']")
    fill(page, "#q", "guides")  # the search of the site: also in another number
    press(page, "main form[role=search] button")
    assert page.locator("main article.matter").count() == 1
    here.proper("fr-board-decided")
    press(page, "main article.matter h2 a")
    press(page, f"main a[href$='/recommendations/{ids[0]}']")
    expect(page.locator("main")).to_contain_text("Le service juridique")
    assert here.faults == []


@pytest.mark.parametrize(
    ("language", "options"),
    [("nl", {}), ("fr", {"java_script_enabled": False}), ("en", {"viewport": DESK, "color_scheme": "dark"})],
    ids=["nl-phone", "fr-no-js", "en-desk-dark"],
)
def test_everybody_reads_the_bundle_the_decisions_and_each_permanent_page(visit, ids, language, options):
    first, second = (db.session.get_one(Recommendation, each) for each in ids)
    a_decision(first, owner_name="The legal department")
    a_decision(second, Outcome.POSTPONED, postponed_until=(now() + timedelta(days=90)).date())
    kept(MinorityNote(draft_id=first.draft_id, recommendation_id=first.id, member_id=None, language="en",
                      text="It takes too long.", written_at=now()))  # fmt: skip
    here = visit(**options)
    page = here.open(f"/{language}/2026/bundle")
    here.proper(f"{language}-bundle-visitor")
    page = here.open(f"/{language}/2026/decisions")
    assert page.locator("main article.matter").count() == 2
    here.proper(f"{language}-decisions")
    here.go(f"main h3 a[href$='/recommendations/{first.id}']")
    for said in ("It takes too long.", "The legal department", "It is worth it."):
        expect(page.locator("main")).to_contain_text(said)
    here.proper(f"{language}-permanent")
    here.go("main #remarks + p a")
    expect(page.locator("main .answer")).to_be_visible()
    here.go("main .back a, main a.back")
    assert page.url.endswith(f"/2026/drafts/{first.draft_id}#r{first.id}")
    here.go("main .thread-link a")
    here.go(f"main #recommendation-{first.id} a")
    assert page.url.endswith(f"/{language}/recommendations/{first.id}") and here.faults == []
