"""The navigation: few entries at once, nothing out of reach, and no script needed."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sipvote.access import MAY, Role
from sipvote.members.models import Member
from sipvote.navigation import DESK_NAV, NAV, OUTCOMES
from tests.factories import a_member, an_edition

BrowserOf = Callable[[Member], FlaskClient]


def bar(page: str, label: str) -> str:
    """The words of one <nav>."""
    found = re.search(rf'<nav class="[^"]+" aria-label="{label}">(.*?)</nav>', page, re.S)
    return found[1] if found else ""


def test_the_first_bar_fits_a_phone() -> None:
    assert len(NAV) <= 6


@pytest.mark.parametrize("endpoint", [endpoint for _label, endpoint in OUTCOMES])
def test_what_came_of_it_is_one_tap_from_each_of_its_pages(client: FlaskClient, endpoint: str) -> None:
    year = an_edition().year
    page = "/" + {"recommendations": "recommendations", "stocktake": "stocktake"}.get(
        room := endpoint.partition(".")[0], f"{year}/{room}"
    )
    text = client.get(f"/en{page}").text
    inside = bar(text, "What came of it")
    assert inside.count("<a ") == len(OUTCOMES) and inside.count('aria-current="page"') == 1
    assert re.search(r'aria-current="(page|true)">Recommendations', bar(text, "Main"))


def test_other_pages_have_no_second_bar(client: FlaskClient) -> None:
    an_edition()
    assert not bar(client.get("/en/").text, "What came of it")


def test_an_organiser_finds_every_desk_under_a_heading(browser_of: BrowserOf) -> None:
    an_edition()
    client = browser_of(a_member("Dré", "gent", Role.ORGANISER))
    desk = bar(client.get("/en/board").text, "Desk")
    theirs = [label for label, _endpoint, act in DESK_NAV if Role.ORGANISER in MAY[act]]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", desk) == theirs
    assert desk.count("<summary") <= 6 and desk.count('name="desk" open') == 1
    assert re.search(r'<a [^>]*aria-current="page">Board</a>', desk)


def test_who_has_few_desks_sees_them_at_once(browser_of: BrowserOf) -> None:
    an_edition()
    client = browser_of(a_member("Chloé", "gent", Role.BOARD))
    desk = bar(client.get("/en/board").text, "Desk")
    assert "<summary" not in desk
    assert re.findall(r"<a [^>]*>([^<]+)</a>", desk) == ["Minutes", "Board", "Figures", "What is erased", "Audit log"]
