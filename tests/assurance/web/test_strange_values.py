"""Strange values everywhere: whatever stands in an address, a query or a form, the service answers and does not break.

There is no programming interface with a schema to try; the few addresses that give JSON are pages like the others.
"""

import random
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tests.assurance.web import forms, payloads, walk
from tests.assurance.web.addresses import PART, address
from tests.assurance.web.walk import Walk
from tests.assurance.web.world import World

ROUNDS = 3
# Names that views read and no page of the world happens to show.
MORE = {
    "q",
    "page",
    "next",
    "show",
    "sort",
    "all",
    "id",
    "into",
    "phase",
    "start",
    "slot",
    "apart",
    "keep",
    "check",
    "in",
}
MORE |= {"from", "to", "day", "known", "language", "annex", "code", "slide", "country", "state", "way", "last", "after"}
HREF = re.compile(r'href="[^"#]*\?([^"#]*)')


def names_of(world: World) -> list[str]:
    """Every name that a link or a search form of the world carries in its query, as an organiser sees it."""
    found, client = set(MORE), world.browser("organiser")
    for rule in sorted({rule for method, rule in walk.doors(world) if method == "GET"}):
        page = walk.ask(client, "GET", path := address(world, rule))
        if page.mimetype == "text/html":
            found |= {name for query in HREF.findall(page.text) for name, _ in parse_qsl(query.replace("&amp;", "&"))}
            found |= {name for form in forms.forms_of(path, page.text) if form.method == "get" for name in form.fields}
    return sorted(found)


def test_no_query_and_no_address_breaks_a_page(world: World) -> None:
    chance, names, broken = random.Random(payloads.SEED), names_of(world), []
    assert len(names) > 40
    client = world.browser("organiser")
    for rule in sorted({rule for method, rule in walk.doors(world) if method == "GET"}):
        for path in (
            address(world, rule),
            "/en" + PART.sub(lambda _: quote(chance.choice(payloads.STRANGE), safe=""), rule),
        ):
            for _round in range(ROUNDS):
                query = urlencode({name: chance.choice(payloads.STRANGE) for name in names})
                answer = walk.ask(client, "GET", f"{path}?{query}")
                broken += [(answer.status_code, path, query)] if answer.status_code >= 500 else []
    assert broken == [] and not world.is_changed()


def test_no_form_breaks_on_what_is_sent(world: World, walked: Walk) -> None:
    chance, broken = random.Random(payloads.SEED), []
    for rule, body in walked.bodies.items():
        client, path = world.browser(walk.doer(walked, rule)), address(world, rule)
        for _round in range(ROUNDS):
            sent = {
                name: [chance.choice(payloads.STRANGE)] if chance.random() < 0.5 else values
                for name, values in body.items()
            }
            answer = walk.ask(client, "POST", path, sent)
            broken += [(answer.status_code, path, sent)] if answer.status_code >= 500 else []
            world.restore()
    assert broken == []


def test_a_path_is_a_path(world: World) -> None:
    """Nothing outside the folder of files is read, however the way there is written."""
    client = world.browser("stranger")
    for way in (
        "../../config.py",
        "..%2f..%2fconfig.py",
        "%2e%2e/%2e%2e/config.py",
        "....//....//config.py",
        "/etc/passwd",
        "..\\..\\config.py",
        "css/../../app.py",
        "css/%00.py",
    ):
        answer = client.get(f"/static/{way}")
        assert answer.status_code in (308, 400, 404), way
        assert urlsplit(answer.headers.get("Location", "")).netloc in ("", "localhost")
