"""Every page that can be reached by links, as everybody, in each season: no axe violation, no fault, not too wide.

Nor does any refuse something by the security policy, or carry a handler of its own.

All of axe but its rules about colours runs once on each page. Dark differs from light in nothing but colours: those
rules run in both, on each kind of text that was not seen before (colours.py). No page is wider than a phone or a desk.
On which of the two axe runs, and in which language, takes turns, so that each is seen on many pages.
"""

import re
from itertools import cycle

import pytest
from playwright.sync_api import Page

from sipvote.demo.stops import Stop
from tests.browser import colours
from tests.browser.conftest import DESK, INLINE, PHONE, TELL_REFUSALS, Visit

ROLES = ("ada", "bas", "chloe", "dre", "eva")
AGAIN = {"/", "/N/vote", "/N/themes", "/N/themes/N", "/N/groups/", "/N/groups/N"}
FILES = re.compile(r"\.(atom|csv|xlsx|ics|pdf|docx|html|txt|jsonl|json|py|zip)($|\?)|/static/|mailto:")


def kind_of(path: str) -> str:
    """Pages of one kind have one address but for numbers and queries: one of them is looked at."""
    return re.sub(r"\d+", "N", path.partition("?")[0].split("#")[0])


def links_of(page: Page, site: str) -> list[str]:
    found = page.eval_on_selector_all("main a[href], header a[href], footer a[href]", "all => all.map(a => a.href)")
    own = [href.removeprefix(site) for href in found if href.startswith(site)]
    return [re.sub(r"^/(nl|fr|en)(?=/)", "", path.split("#")[0]) for path in own if not FILES.search(path)]


def crawl(visit: Visit, language: str, seen: set[str], texts: set[tuple[int, str]]) -> list[str]:
    """Open every kind of page that links lead to, once; give what is wrong."""
    waiting, wrong = ["/"], []
    while waiting:
        path = waiting.pop(0)
        if kind_of(path) in seen:
            continue
        seen.add(kind_of(path))
        page = visit.open(f"/{language}{path}")
        waiting += links_of(page, visit.site)
        wrong += [f"{path}: {flaw}" for flaw in (*flaws_of(visit, texts), *visit.faults)]
        visit.faults.clear()
    return wrong


def flaws_of(visit: Visit, texts: set[tuple[int, str]]) -> list[str]:
    """What is wrong with the page, in both schemes and both widths; the next page opens in the other width."""
    page = visit.page
    found = visit.violations(rules={rule: {"enabled": False} for rule in colours.RULES})
    found += page.evaluate(INLINE)
    found += colours.faults(page, colours.unseen(page, texts))
    found += ["too wide as it opened"] if visit.is_too_wide() else []
    page.set_viewport_size(PHONE if page.viewport_size == DESK else DESK)
    found += ["too wide in the other width"] if visit.is_too_wide() else []
    return found


def press(visit: Visit, name: str, value: str) -> None:
    """Press a button of the banner; on a phone its tools are folded away."""
    summary = visit.page.locator(".demo-banner summary")
    if summary.is_visible():
        summary.click()
    visit.page.locator(f".demo-banner button[name={name}][value={value}]").click()
    visit.page.wait_for_load_state()


@pytest.fixture(scope="module")
def texts() -> set[tuple[int, str]]:
    """The kinds of text whose colours have been looked at, in whichever season."""
    return set()


SEASONS = [Stop.THEMES, Stop.REVIEW, Stop.VOTE, Stop.COUNT, Stop.SIGNUP, Stop.ASSIGNMENT, Stop.STOCKTAKE]


@pytest.mark.long
@pytest.mark.parametrize("phase", SEASONS)
def test_every_page_is_accessible_and_whole(visit, demo, texts, phase):
    turn = list(Stop).index(phase)  # each phase begins with another width and language
    languages = cycle(("nl", "fr", "en")[turn % 3 :] + ("nl", "fr", "en")[: turn % 3])
    # One browser for all: signing in anew costs little, a new browser fetches every file again.
    here = visit(viewport=(PHONE, DESK)[turn % 2], color_scheme="light")
    here.keep_axe()
    here.page.add_init_script(TELL_REFUSALS)
    here.open("/en/")
    press(here, "phase", phase)
    seen: set[str] = set()
    wrong = crawl(here, next(languages), seen, texts)
    for role in ROLES:
        here.open("/en/")
        press(here, "person", role)
        # Pages that show each role something else are looked at again.
        seen -= AGAIN
        wrong += crawl(here, next(languages), seen, texts)
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 15
