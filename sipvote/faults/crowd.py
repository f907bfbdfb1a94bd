"""Who votes meanwhile: people with phones, who press the button again until they see their receipt.

Each keeps in mind what was acknowledged: the choice, and the tracker on the receipt. Whatever else the service
answered is counted; only pages that say clearly what to do are allowed (`RIGHT`).
"""

import asyncio
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .site import MARKS, THEMES, Site, Vote

PATIENCE = 60  # seconds for one answer; nobody really waits so long
THROUGH = 120  # seconds until everybody who votes when nothing is amiss has a receipt
TRACKER = re.compile(rb'"tracker": "([0-9a-f]{64})"')
CLEAR = b"Nothing is lost"  # what a 503 says
RIGHT = (200, 303, 503)
FAULT_LINES = 200


class Answer(NamedTuple):
    """What came back; status 0 is a connection that ended without an answer."""

    status: int
    head: bytes = b""
    body: bytes = b""
    seconds: float = 0.0


class Ack(NamedTuple):
    """One acknowledged vote: what was chosen, and the tracker on the receipt once it was seen."""

    choices: tuple[int, ...]
    tracker: str
    sent: float
    told: float


@dataclass
class Crowd:
    """Everybody who votes in one vote."""

    site: Site
    vote: Vote
    chance: random.Random
    acks: dict[int, list[Ack]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)  # answers that nobody should see
    refused: int = 0  # the ballot again, with a sentence why it was not taken
    longest: float = 0.0
    is_over: bool = False  # then who has no receipt yet gives up

    def choose(self) -> tuple[int, ...]:
        return tuple(sorted(self.chance.sample(range(THEMES), self.chance.randint(0, MARKS))))

    async def ask(self, method: str, path: str, member: int, body: str = "") -> Answer:
        """One request on a connection of its own."""
        answer = await ask(self.site, method, path, member, body)
        self.note(path, answer)
        return answer

    def note(self, path: str, answer: Answer) -> None:
        self.answers[answer.status] += 1
        self.longest = max(self.longest, answer.seconds)
        unclear = answer.status == 503 and CLEAR not in answer.body
        if (answer.status and answer.status not in RIGHT) or unclear:
            self.odd.append(f"{path} answered {answer.status}: {answer.body[:FAULT_LINES]!r}")

    def form(self, choices: Sequence[int]) -> str:
        """The ballot as a browser sends it."""
        ticked = [f"q0={n}" for n in choices] or ["q0=blank"]
        return "&".join([f"csrf_token={self.site.token}", f"ballot={self.vote.name}", *ticked])

    async def try_once(self, member: int, choices: tuple[int, ...]) -> bool:
        """Press the button once; whether it was acknowledged, which is noted at once."""
        sent = time.monotonic()
        answer = await self.ask("POST", f"{self.vote.path}/send", member, self.form(choices))
        if answer.status == 303 and b"/receipt" in answer.head:
            self.acks[member].append(Ack(choices, "", sent, time.monotonic()))
            return True
        if answer.status == 200:
            self.refused += 1
        return False

    async def cast(self, member: int) -> None:
        """Vote until it is acknowledged, and read the receipt until it is seen."""
        choices = self.choose()
        while not await self.try_once(member, choices):
            if self.is_over:
                return
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))
        while not (tracker := await self.receipt(member)):
            if self.is_over:
                return
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))
        self.acks[member][-1] = self.acks[member][-1]._replace(tracker=tracker)

    async def receipt(self, member: int) -> str:
        """The tracker on the receipt, or nothing."""
        answer = await self.ask("GET", f"{self.vote.path}/receipt.txt", member)
        found = TRACKER.search(answer.body) if answer.status == 200 else None
        return found[1].decode() if found else ""

    async def keep_voting(self, members: Sequence[int], until: asyncio.Event) -> None:
        """One after the other, again and again, until it is enough; everybody is through at the end."""
        while True:
            for member in members:
                await self.cast(member)
                if self.is_over or (until.is_set() and all(self.acks[each] for each in members)):
                    return

    async def end(self, voting: Collection[asyncio.Task[None]]) -> None:
        """Wait until they are through; after two minutes who has no receipt gives up, and `is_over` tells so."""
        _through, waiting = await asyncio.wait(voting, timeout=THROUGH)
        self.is_over = self.is_over or bool(waiting)
        await asyncio.gather(*voting)

    @property
    def acknowledged(self) -> int:
        return sum(map(len, self.acks.values()))


async def ask(site: Site, method: str, path: str, member: int, body: str = "") -> Answer:
    """Send one request, and read until the connection ends."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            try:
                writer.write(written(site, method, path, member, body))
                raw = await reader.read(-1)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return Answer(0, seconds=time.monotonic() - began)
    return read(raw, time.monotonic() - began)


def written(site: Site, method: str, path: str, member: int, body: str = "") -> bytes:
    """A request as the proxy hands it on."""
    base = site.stage.base_url
    lines = [
        f"{method} {path} HTTP/1.1", f"Host: {base.removeprefix('https://')}", f"Cookie: {site.cookies[member]}",
        "X-Forwarded-Proto: https", f"Referer: {base}/", "Connection: close", f"Content-Length: {len(body)}",
    ]  # fmt: skip
    if body:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def read(raw: bytes, seconds: float = 0.0) -> Answer:
    """An answer out of its bytes; one that was cut off is none."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
    if not gap or (length and len(body) < int(length[1])):
        return Answer(0, seconds=seconds)
    return Answer(int(head.split(b" ", 2)[1]), head, body, seconds)
