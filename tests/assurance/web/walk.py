"""A walk through every door: each rule, with each of its methods, as each kind of visitor, with things that exist."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from tests.assurance.web import deeds, forms
from tests.assurance.web.addresses import address
from tests.assurance.web.world import ROLES, World

Cell = tuple[str, str, str]  # method, rule, role
HEAD = """Every door of the service: who is let through it, with things that exist (tests/assurance/web/walk.py).

Written by: python3 -m sipvote test tests/assurance/web/test_doors.py --write-doors
A change here is a change of who may do what: read it as one. Whoever is on no line of a door fails the test.

  200, 303   let through; 303 and 302 lead on         404   not there for them
  +          and something was changed                409   refused, with the reason
  sign in    to the page of signing in                200   without + after a POST: the form again, with the reason
  403        not their role                           kiosk back to the first page of the kiosk
  step       to the second step, which comes first

stranger, other (a member), owner (whose things they are: secretary of the groups, author of the texts, has voted),
giver and holder of a proxy, lead (facilitates the groups), elsewhere (facilitates others), board, scrutineer,
organiser; link (an organiser of the board, by a personal link), asleep (an organiser before the second step, where
officials are strict), card and kiosk (the owner, with a voting card).
"""


@dataclass
class Walk:
    """What was seen: the outcome of each cell, the headers of each answer, and what was sent to each door."""

    bodies: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[Cell, str] = field(default_factory=dict)
    headers: dict[Cell, tuple[int, dict[str, str]]] = field(default_factory=dict)


def doors(world: World) -> list[tuple[str, str]]:
    """Every method of every rule, without those that the frame answers (HEAD, OPTIONS)."""
    rules = sorted(world.app.url_map.iter_rules(), key=lambda rule: rule.rule)
    methods = (rule.methods or set() for rule in rules)
    pairs = zip(rules, methods, strict=True)
    return sorted({(m, rule.rule) for rule, allowed in pairs for m in allowed - {"HEAD", "OPTIONS"}}, key=_by_rule)


def _by_rule(door: tuple[str, str]) -> tuple[str, str]:
    return door[1], door[0]


def rule_of(world: World, path: str, method: str) -> str | None:
    """The rule that answers an address, if one does."""
    bare = urlsplit(path).path.removeprefix("/en") or "/"
    try:
        rule, _values = world.app.url_map.bind("").match(bare, method=method, return_rule=True)
    except HTTPException:
        return None
    return str(rule.rule)


def ask(client: FlaskClient, method: str, path: str, body: Any = None) -> Any:
    """One request; no referrer, so that a refusal is a page of its own."""
    return client.open(path, method=method, data=body, buffered=True)


def headers_of(answer: Any) -> dict[str, str]:
    """The headers; of one that stands there twice the last, which is the frame's (a file is shown in a sandbox too)."""
    return dict(list(answer.headers))


def outcome(answer: Any, is_written: bool) -> str:
    """What became of a request, in a word: its code, "sign in" for the wall, + when something was changed."""
    place = answer.headers.get("Location", "")
    word = "sign in" if answer.status_code == 302 and "/sign-in" in place else str(answer.status_code)
    if answer.status_code == 302 and "/kiosk" in place:
        word = "kiosk"
    if urlsplit(place).path == "/en/second-step":
        word = "step"
    return word + ("+" if is_written else "")


def walk(world: World) -> Walk:
    """Go through every door: first all that shows, then all that acts, with what the pages' forms send."""
    seen = Walk()
    bodies: dict[str, forms.Fields] = {}
    for _method, rule in (door for door in doors(world) if door[0] == "GET"):
        for role in ROLES:
            path = address(world, rule)
            answer = _pass(world, seen, ("GET", rule, role), path)
            if answer.mimetype == "text/html":
                for form in forms.forms_of(path, answer.text):
                    if form.method == "post":
                        bodies.setdefault(urlsplit(form.action).path, forms.filled(form))
    for method, rule in (door for door in doors(world) if door[0] != "GET"):
        seen.bodies[rule] = deeds.body(world, rule, bodies)
        for role in ROLES:
            _pass(world, seen, (method, rule, role), address(world, rule), seen.bodies[rule])
    return seen


def doer(seen: Walk, rule: str) -> str:
    """Who gets furthest with the form of a rule: changes something, or is at least let through."""
    said = {role: seen.outcomes["POST", rule, role] for role in ROLES}
    best = sorted(
        ROLES, key=lambda role: (not said[role].endswith("+"), said[role] in ("sign in", "kiosk", "step", "403", "404"))
    )
    return best[0]


def _pass(world: World, seen: Walk, cell: Cell, path: str, body: Any = None) -> Any:
    """Ask as one role, note what came of it, and put the world back."""
    method, _rule, role = cell
    with world.strict_for(role):
        answer = ask(world.browser(role), method, path, body)
    is_written = world.restore()
    seen.outcomes[cell] = outcome(answer, is_written)
    seen.headers[cell] = (answer.status_code, headers_of(answer))
    return answer


def told(seen: Walk) -> str:
    """The matrix as it is kept: a door a line, its outcomes in the order of the roles."""
    doors: dict[tuple[str, str], dict[str, list[str]]] = {}
    for (method, rule, role), word in seen.outcomes.items():
        doors.setdefault((rule, method), {}).setdefault(word, []).append(role)
    lines = [f"{method} {rule}\n" + "".join(f"    {word:<8} {' '.join(roles)}\n" for word, roles in outcomes.items())
             for (rule, method), outcomes in sorted(doors.items())]  # fmt: skip
    return HEAD + "\n" + "\n".join(lines)
