"""Forms that another site sends: no act is done without a token of ours, nor from a page that is not ours."""

from collections.abc import Iterator
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.assurance.web import walk
from tests.assurance.web.addresses import address
from tests.assurance.web.walk import Walk
from tests.assurance.web.world import World

HERE, ELSEWHERE = {"Origin": "http://localhost"}, {"Origin": "https://evil.example"}


@pytest.fixture
def guarded(world: World) -> World:
    """The world with its tokens, as in real life."""
    world.app.config["WTF_CSRF_ENABLED"] = True
    return world


def acts(world: World, seen: Walk) -> Iterator[tuple[str, Any, str, dict[str, list[str]], str]]:
    """Each rule that acts: a browser of who gets furthest with it, its address, what is sent, and a good token."""
    raw = "f" * 40
    token = str(URLSafeTimedSerializer(world.app.secret_key or "", salt="wtf-csrf-token").dumps(raw))
    for rule, body in seen.bodies.items():
        yield rule, world.browser(walk.doer(seen, rule), csrf_token=raw), address(world, rule), body, token


def brings_back(world: World) -> set[str]:
    """Rules whose form brings back what was typed, with the reason above it: their answer is a page of their own."""
    views = world.app.view_functions
    own = {name for name, view in views.items() if getattr(view, "checks_own_token", False)}
    return {rule.rule for rule in world.app.url_map.iter_rules() if rule.endpoint in own}


def test_without_a_token_nothing_is_done(guarded: World, walked: Walk) -> None:
    own, done = brings_back(guarded), {}
    for rule, client, path, body, token in acts(guarded, walked):
        plain = "&".join([f"csrf_token={token}", *(f"{name}={value}" for name, value in body.items())])
        answers = [client.post(path, data=body), client.post(path, data={**body, "csrf_token": "x" + token}),
                   client.post(path, data=plain, content_type="text/plain")]  # fmt: skip
        codes = {answer.status_code for answer in answers}
        if guarded.restore() or codes - ({200, 303, 409} if rule in own else {400}):
            done[rule] = codes
    assert done == {}


def test_from_a_page_of_another_site_nothing_is_done_even_with_a_token(guarded: World, walked: Walk) -> None:
    done = {}
    for rule, client, path, body, token in acts(guarded, walked):
        answer = client.post(path, data={**body, "csrf_token": token}, headers=ELSEWHERE)
        if guarded.restore() or answer.status_code != 403:
            done[rule] = answer.status_code
    assert done == {}


def test_with_its_token_each_act_is_done_as_on_its_page(guarded: World, walked: Walk) -> None:
    other = {}
    for rule, client, path, body, token in acts(guarded, walked):
        answer = client.post(path, data={**body, "csrf_token": token}, headers=HERE)
        said = walk.outcome(answer, guarded.restore())
        if said != walked.outcomes["POST", rule, walk.doer(walked, rule)]:
            other[rule] = said
    assert other == {}
