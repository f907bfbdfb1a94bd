"""Every page that can be reached by links, as everybody, in each season: no axe violation, no fault, not too wide.

Phone and desk, light and dark, and the three languages take turns, so that each is seen on many pages.
"""

import re
from itertools import cycle

import pytest
from playwright.sync_api import Page

from sipvote.editions.models import Phase
from tests.browser.conftest import DESK, PHONE, Visit

ROLES = ("ada", "bas", "chloe", "dre", "eva")
LOOKS = (
    {"viewport": PHONE, "color_scheme": "light"},
    {"viewport": DESK, "color_scheme": "dark"},
    {"viewport": PHONE, "color_scheme": "dark"},
    {"viewport": DESK, "color_scheme": "light"},
)
AGAIN = {"/", "/N/vote", "/N/themes", "/N/themes/N", "/N/groups/", "/N/groups/N"}
FILES = re.compile(r"\.(csv|xlsx|ics|txt|jsonl|json|py|zip)($|\?)|/static/|mailto:")


def kind_of(path: str) -> str:
    """Pages of one kind have one address but for numbers and queries: one of them is looked at."""
    return re.sub(r"\d+", "N", path.partition("?")[0].split("#")[0])


def links_of(page: Page, site: str) -> list[str]:
    found = page.eval_on_selector_all("main a[href], header a[href], footer a[href]", "all => all.map(a => a.href)")
    own = [href.removeprefix(site) for href in found if href.startswith(site)]
    return [re.sub(r"^/(nl|fr|en)(?=/)", "", path.split("#")[0]) for path in own if not FILES.search(path)]


def crawl(visit: Visit, language: str, seen: set[str]) -> list[str]:
    """Open every kind of page that links lead to, once; give what is wrong."""
    waiting, wrong = ["/"], []
    while waiting:
        path = waiting.pop(0)
        if kind_of(path) in seen:
            continue
        seen.add(kind_of(path))
        visit.faults.clear()
        page = visit.open(f"/{language}{path}")
        wrong += [f"{path}: {fault}" for fault in (*visit.violations(), *visit.faults)]
        wrong += [f"{path}: wider than the screen"] if visit.is_too_wide() else []
        waiting += links_of(page, visit.site)
    return wrong


def press(visit: Visit, name: str, value: str) -> None:
    """Press a button of the banner; on a phone its tools are folded away."""
    summary = visit.page.locator(".demo-banner summary")
    if summary.is_visible():
        summary.click()
    visit.page.locator(f".demo-banner button[name={name}][value={value}]").click()
    visit.page.wait_for_load_state()


@pytest.mark.parametrize("phase", [Phase.THEMES, Phase.REVIEW, Phase.VOTE, Phase.COUNT, Phase.SIGNUP, Phase.STOCKTAKE])
def test_every_page_is_accessible_and_whole(visit, demo, phase):
    looks, languages = cycle(LOOKS), cycle(("nl", "fr", "en"))
    for _turn in range(list(Phase).index(phase)):  # each phase begins with another look and language
        next(looks), next(languages)
    machine = visit()
    machine.open("/en/")
    press(machine, "phase", phase)
    assert machine.faults == []
    seen: set[str] = set()
    wrong = crawl(visit(**next(looks)), next(languages), seen)
    for role in ROLES:
        here = visit(**next(looks))
        here.open("/en/")
        press(here, "person", role)
        # Pages that show each role something else are looked at again.
        seen -= AGAIN
        wrong += crawl(here, next(languages), seen)
    assert wrong == []
    assert len(seen) > 15
