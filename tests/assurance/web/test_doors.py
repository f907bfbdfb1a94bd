"""Every door, for everybody: what may be done by whom, what reading changes, and what every answer carries."""

from pathlib import Path

import pytest

from sipvote import headers
from tests.assurance.web import walk
from tests.assurance.web.addresses import address
from tests.assurance.web.walk import Walk
from tests.assurance.web.world import ROLES, World

DOORS = Path(__file__).with_name("doors.txt")
# Coming back to the first page of a kiosk forgets the voter before: that is what it is for.
READING_THAT_ACTS = {("GET", "/<int:year>/vote/kiosk", "kiosk")}
# Answers that somebody who is signed in may keep: they say the same to everybody, and nothing of who asks.
KEPT = {
    "/static/<path:filename>",
    "/<int:year>/screen.json",
    "/<int:year>/assembly/presence.json",
    "/recommendations/feed.atom",
    "/recommendations/<int:recommendation_id>/feed.atom",
    "/calendar/<key>.ics",  # for who has the key; calendars ask again after a quarter of an hour
    "/sign-out",  # leads on to the first page, as a stranger
}


def test_who_gets_through_each_door_stands_in_the_file(walked: Walk, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-doors"):
        DOORS.write_text(walk.told(walked), encoding="utf-8")
    assert walk.told(walked) == DOORS.read_text(encoding="utf-8")


def test_every_cell_was_tried(walked: Walk, made: World) -> None:
    assert set(walked.outcomes) == {(*door, role) for door in walk.doors(made) for role in ROLES}


# Doors that nobody comes through here: what is not set up, and letters and codes that a walk does not have.
NOWHERE = {
    ("GET", "/metrics"), ("GET", "/sign-in/account"), ("GET", "/sign-in/account/back"),
    ("GET", "/sign-in/code"), ("POST", "/sign-in/code"),
    ("GET", "/sign-in/link/<token>"), ("POST", "/sign-in/link/<token>"),
}  # fmt: skip


def test_somebody_comes_through_every_other_door(walked: Walk) -> None:
    """A 404 for everybody may be an address of nothing: then nobody knows who would be let through."""
    through = {cell[:2] for cell, word in walked.outcomes.items() if word[:3] in ("200", "302", "303", "401", "409")}
    assert {cell[:2] for cell in walked.outcomes} - through == NOWHERE


# A second step is for officials, also to set it up; and the personal link of the world is the other member's own.
NOT_AS_A_MEMBER = ("/me/second-step", "/<int:year>/assembly/link/<token>")


def test_an_official_asleep_sees_what_a_member_sees(walked: Walk) -> None:
    """Where a member is refused an organiser is asked for the second step; everything else is the same for both."""
    seen = {cell[:2]: word for cell, word in walked.outcomes.items() if cell[2] == "asleep"}
    member = {cell[:2]: word for cell, word in walked.outcomes.items() if cell[2] == "other"}
    organiser = {cell[:2]: word for cell, word in walked.outcomes.items() if cell[2] == "organiser"}
    assert {door for door, word in seen.items() if word == "step" and organiser[door] == "403"} == set()
    others = {door: word for door, word in seen.items() if not door[1].startswith(NOT_AS_A_MEMBER)}
    assert {door: word for door, word in others.items() if word not in ("step", member[door])} == {}
    assert sum(word == "step" for word in seen.values()) > 100


def test_nothing_breaks(walked: Walk) -> None:
    assert {cell: code for cell, (code, _headers) in walked.headers.items() if code >= 500} == {}


def test_nothing_is_changed_by_reading(walked: Walk) -> None:
    changed = {cell for cell, word in walked.outcomes.items() if word.endswith("+") and cell[0] == "GET"}
    assert changed == READING_THAT_ACTS


def test_nothing_is_changed_by_asking_for_heads_and_options(walked: Walk, world: World) -> None:
    for method, rule in walk.doors(world):
        for asked in ("HEAD", "OPTIONS"):
            role = walk.doer(walked, rule) if method == "POST" else "organiser"
            walk.ask(world.browser(role), asked, address(world, rule), walked.bodies.get(rule))
            assert not world.is_changed(), (asked, rule)


def test_other_methods_are_not_known(world: World) -> None:
    client, allowed = world.browser("organiser"), set(walk.doors(world))
    for rule in {rule for _method, rule in allowed}:
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}:
            if (method, rule) not in allowed:
                assert walk.ask(client, method, address(world, rule)).status_code == 405, (method, rule)
    assert not world.is_changed()


# --- Headers ----------------------------------------------------------------------------------------


def flaws(given: dict[str, str]) -> list[str]:
    """What is missing among the headers of an answer."""
    policy = given.get("Content-Security-Policy", "")
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    wanted = {**dict(headers.SECURITY), **dict(headers.OVER_HTTPS)}
    own = {headers.CAMERA[0]}
    return [
        *(name for name, value in wanted.items() if given.get(name) != value and name not in own),
        *(f"CSP {name}" for name in ("default-src", "frame-ancestors", "base-uri") if parts.get(name) != ["'none'"]),
        *(word for word in ("unsafe", "*", "http:") if word in policy),
        *(["camera"] if "geolocation=()" not in given.get("Permissions-Policy", "") else []),
    ]


def test_every_answer_of_every_door_carries_the_security_headers(walked: Walk) -> None:
    found = {cell: flaws({**given, **dict(headers.OVER_HTTPS)}) for cell, (_code, given) in walked.headers.items()}
    assert {cell: flaw for cell, flaw in found.items() if flaw} == {}


def test_what_is_shown_to_somebody_is_kept_by_no_browser(walked: Walk) -> None:
    kept = {
        cell[1] for cell, (_code, given) in walked.headers.items()
        if cell[2] not in ("stranger", "kiosk") and given.get("Cache-Control") != "no-store"
    }  # fmt: skip
    assert kept == KEPT


def test_files_and_errors_carry_them_too_and_https_for_two_years(world: World) -> None:
    client = world.browser("stranger")
    folder = Path(str(world.app.static_folder))
    files = [f"/static/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()]
    others = [
        "/static/nothing.css",
        "/en/nothing",
        "/en/sign-in/link/x",
        "/en/themes\0",
        "/en/9999/vote",
        "/en/%2e%2e/x",
    ]
    for path in (*files, *others):
        answer = client.get(path, base_url="https://localhost", buffered=True)
        assert flaws(walk.headers_of(answer)) == [], path
    assert len(files) > 10
    large = client.post(
        "/en/sign-in", data=b"x" * (21 * 2**20), content_type="text/plain", base_url="https://localhost"
    )
    host = client.get("/en/", headers={"Host": "evil.example"}, base_url="https://localhost")
    assert (large.status_code, host.status_code) == (413, 400)
    assert flaws(walk.headers_of(large)) == flaws(walk.headers_of(host)) == []


@pytest.mark.parametrize("code", [500, 503])
def test_what_broke_carries_them_too(world: World, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    from sqlalchemy.exc import OperationalError
    from werkzeug.exceptions import InternalServerError

    def broken() -> None:
        raise OperationalError("select 1", {}, Exception("gone")) if code == 503 else InternalServerError

    monkeypatch.setattr("sipvote.editions.rules.current", broken)
    answer = world.browser("owner").get("/en/editions", base_url="https://localhost")
    assert answer.status_code == code and flaws(walk.headers_of(answer)) == []
