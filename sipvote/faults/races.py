"""Catalogue 8 and 9: two devices of one member send at the same instant; and votes arrive while the vote is closed."""

import asyncio
import random
import resource
import time
from collections.abc import Sequence

from ..rehearsal.browser import Broken
from ..rehearsal.report import Report
from . import proof
from .crowd import PATIENCE, Ack, Answer, Crowd, read, written
from .host import Host
from .place import Place
from .site import Site, roll_of

YEAR = 2101
RATE = 200  # votes a second while it is closed
LASTS = 1.5  # seconds


# --- Two devices ------------------------------------------------------------------------------------


def devices(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Everybody presses the button on two devices, all behind one barrier."""
    _let_many_connect()
    with here.site(80 if quick else 1040, chance) as site:
        vote = site.vote(YEAR)
        voters = roll_of(site, vote)[: 50 if quick else 1000]
        crowd = Crowd(site, vote, chance)
        with Host(site.stage):
            receipts = asyncio.run(_race(crowd, voters))
        box = site.box(vote)
        report.promise(f"{2 * len(voters):,} casts sent at one instant are all acknowledged", True)
        wrong = [m for m in voters if m not in box or len(box[m].former) != 1]
        report.promise("each member has one envelope, which replaced the other one", not wrong, wrong)
        wrong = [m for m in voters if {box[m].tracker} != set(receipts[m])]
        report.promise("on both devices the receipt shows the tracker of the envelope in the box", not wrong, wrong)
        report.promise(f"{len(box):,} envelopes of {len(voters):,} voters", len(box) == len(voters), len(box))
        proof.answers(report, crowd)
        proof.count(report, site, vote, box, {tracker for both in receipts.values() for tracker in both})


async def _race(crowd: Crowd, voters: Sequence[int]) -> dict[int, list[str]]:
    """Send twice at once; who got no answer sends again, as people do. Then both devices look at the receipt."""
    barrier = asyncio.Event()
    ready = [asyncio.Event() for _ in range(2 * len(voters))]
    pressing = [
        asyncio.create_task(_press(crowd, voters[n // 2], ready[n], barrier)) for n in range(len(ready))
    ]  # fmt: skip
    for each in ready:
        await each.wait()
    barrier.set()
    await asyncio.gather(*pressing)
    few = asyncio.Semaphore(50)

    async def look(member: int) -> str:
        async with few:
            return await crowd.receipt(member)

    found = await asyncio.gather(*(look(member) for member in voters for _device in range(2)))
    return {member: [found[2 * n], found[2 * n + 1]] for n, member in enumerate(voters)}


async def _press(crowd: Crowd, member: int, ready: asyncio.Event, barrier: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", crowd.site.port)
    request = written(crowd.site, "POST", f"{crowd.vote.path}/send", member, crowd.form(crowd.choose()))
    ready.set()
    await barrier.wait()
    began = time.monotonic()
    writer.write(request)
    async with asyncio.timeout(PATIENCE):
        answer = read(await reader.read(-1), time.monotonic() - began)
    writer.close()
    crowd.note(f"{crowd.vote.path}/send", answer)
    if answer.status != 303:
        raise Broken(f"a cast of member {member} was not acknowledged: {answer.status}")


def _let_many_connect() -> None:
    """Two thousand devices are two thousand open files."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


# --- While it is closed -----------------------------------------------------------------------------


def closing(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Votes arrive at a steady rate; at some moment it is closed; again and again, each time another vote."""
    repeats, before, after, wrong = 2 if quick else 50, 0, 0, []
    with here.site(60 if quick else 340, chance) as site, Host(site.stage):
        for turn in range(repeats):
            crowd = Crowd(site, site.vote(YEAR + turn), chance)
            board, closed, refused = asyncio.run(_close_meanwhile(crowd))
            before, after = before + crowd.acknowledged, after + refused
            wrong += [f"turn {turn}: {fault}" for fault in _faults(site, crowd, board, closed)]
    report.figure("closings", repeats)
    report.figure("votes acknowledged, all on the final board", before)
    report.figure("votes that came too late, all refused", after)
    report.promise(f"in {repeats} closings each acknowledged vote is before it, and none after", not wrong, wrong)
    report.promise("votes came on both sides of the closing", before and after, (before, after))


async def _close_meanwhile(crowd: Crowd) -> tuple[set[str], float, int]:
    """Let them arrive, and close; gives the final board, when it stood, and how many were refused."""
    voters = roll_of(crowd.site, crowd.vote)[: int(RATE * LASTS)]
    moment = crowd.chance.uniform(0.2, 0.8) * len(voters) / RATE
    late = len(voters) * 9 // 10  # from here on they come when it is closed, however long the closing takes
    is_closed = asyncio.Event()
    began = time.monotonic()

    async def arrive(n: int, member: int) -> int:
        if n >= late:
            await is_closed.wait()
        await asyncio.sleep(max(0.0, began + n / RATE - time.monotonic()))
        choices, sent = crowd.choose(), time.monotonic()
        answer: Answer = await crowd.ask("POST", f"{crowd.vote.path}/send", member, crowd.form(choices))
        if answer.status == 303 and b"/receipt" in answer.head:
            tracker = await crowd.receipt(member)
            crowd.acks[member].append(Ack(choices, tracker, sent, time.monotonic()))
        return int(answer.status == 409)

    async def close() -> tuple[set[str], float]:
        await asyncio.sleep(moment)
        board = await asyncio.to_thread(crowd.site.close, crowd.vote)
        is_closed.set()
        return board, time.monotonic()

    arriving = [arrive(n, member) for n, member in enumerate(voters)]
    (board, closed), refused = await asyncio.gather(close(), asyncio.gather(*arriving))
    return board, closed, sum(refused)


def _faults(site: Site, crowd: Crowd, board: set[str], closed: float) -> list[str]:
    """What is wrong after one closing."""
    wrong = [fault for fault in crowd.odd if " answered 409:" not in fault]
    for member, told in crowd.acks.items():
        wrong += [f"member {member} is not on the final board" for ack in told if ack.tracker not in board]
        wrong += [f"member {member} voted after the closing" for ack in told if ack.sent > closed]
    box = site.box(crowd.vote)
    wrong += proof.lost(box, crowd.acks) + proof.altered(box, crowd.acks)
    if {row.tracker for row in box.values()} != board:
        wrong.append(f"{len(box)} envelopes in the box, {len(board)} on the board of the closing")
    counted = sum(times for times, _choices in site.count(crowd.vote))
    if counted != len(box):
        wrong.append(f"{counted} counted of {len(box)}")
    return wrong
