"""A captured vote sent again: it counts once, and only for whoever is signed in."""

from sqlalchemy import func, select

from sipvote.db import db
from sipvote.voting.models import Envelope
from tests.assurance.web import walk
from tests.assurance.web.addresses import address
from tests.assurance.web.walk import Walk
from tests.assurance.web.world import World

SEND = "/<int:year>/vote/send"


def envelopes(world: World) -> dict[int, tuple[str, bytes]]:
    with world.app.app_context():
        found = db.session.execute(
            select(Envelope.election_id * 1000 + Envelope.member_id, Envelope.tracker, Envelope.sealed)
        )
        return {member: (tracker, sealed) for member, tracker, sealed in found}


def test_the_same_session_sends_it_a_hundred_times_and_has_one_envelope(world: World, walked: Walk) -> None:
    client, path, body = world.browser("other"), address(world, SEND), walked.bodies[SEND]
    before = envelopes(world)
    answers = [walk.ask(client, "POST", path, body) for _time in range(100)]
    after = envelopes(world)
    assert {answer.status_code for answer in answers} == {303} and len(after) == len(before) + 1
    assert before.items() <= after.items()
    (mine,) = set(after) - set(before)
    assert after[mine][0].encode()[:6] in client.get("/en/2027/vote/receipt.txt").data.replace(b"-", b"").lower()


def test_another_session_sends_it_for_itself_and_for_nobody_else(world: World, walked: Walk) -> None:
    path, body = address(world, SEND), walked.bodies[SEND]
    walk.ask(world.browser("other"), "POST", path, body)
    before = envelopes(world)
    assert walk.ask(world.browser("stranger"), "POST", path, body).status_code == 302
    assert envelopes(world) == before
    walk.ask(world.browser("board"), "POST", path, body)
    after = envelopes(world)
    assert before.items() <= after.items() and len(after) == len(before) + 1
    with world.app.app_context():
        assert db.session.scalar(select(func.count(func.distinct(Envelope.tracker)))) == len(after)


def test_after_signing_out_a_captured_request_does_nothing(world: World, walked: Walk) -> None:
    client, path, body = world.browser("other"), address(world, SEND), walked.bodies[SEND]
    stolen = client.get_cookie("sipvote")
    assert stolen is not None
    client.post("/en/sign-out")
    client.set_cookie("sipvote", stolen.value)
    before = envelopes(world)
    assert walk.ask(client, "POST", path, body).status_code == 302 and envelopes(world) == before
