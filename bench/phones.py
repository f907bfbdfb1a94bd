"""Phones: members who go the whole way from the link in their letter to the receipt, as browsers do it.

Plain sockets, one answer read at a time, so that the machine is left to the server that is measured.
"""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.place import THEMES, YEAR
from bench.stopwatch import Pace

PATIENCE = 60  # seconds; who waits longer has lost
AT_ONCE = 1000  # phones that are served at the same time
TOKEN, BALLOT, CODE = (
    re.compile(pattern)
    for pattern in (
        r'name="csrf_token"[^>]* value="([^"]+)"',
        r'name="ballot" value="(\w+)"',
        r"\b(\w{4}-\w{4}-\w{4})\b",
    )
)


class Gone(Exception):
    """Something was not answered as it should be; it is noted, and this phone goes no further."""


@dataclass
class Notes:
    """How long each answer took, by what was asked; and what went wrong, by what was asked and how it was answered."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    done: int = 0
    pace: Pace = field(default_factory=Pace)

    def at(self, part: float, step: str = "") -> float:
        """A percentile of all answers, or of one step, in seconds."""
        all_of_them = sorted(self.took[step] if step else (t for each in self.took.values() for t in each))
        return all_of_them[min(len(all_of_them) - 1, int(part * len(all_of_them)))] if all_of_them else 0.0

    @property
    def requests(self) -> int:
        return sum(map(len, self.took.values()))


class Phone:
    """One browser behind the proxy: its cookie, and a connection that it keeps, or makes anew for each request."""

    def __init__(self, port: int, notes: Notes, keeps: bool = True, address: str = "127.0.0.1") -> None:
        self.port, self.notes, self.keeps, self.address = port, notes, keeps, address
        self.cookies: dict[str, str] = {}
        self.led_to = ""  # where the last answer led
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, step: str, path: str, wanted: int = 200, due: float | None = None) -> str:
        return await self._ask(step, "GET", path, b"", wanted, due)

    async def post(self, step: str, path: str, fields: Sequence[tuple[str, str]], wanted: int = 303) -> str:
        return await self._ask(step, "POST", path, urlencode(fields).encode(), wanted, None)

    async def _ask(self, step: str, method: str, path: str, body: bytes, wanted: int, due: float | None) -> str:
        began = due or time.perf_counter()
        try:
            status, text = await asyncio.wait_for(self._send(self._head(method, path, body) + body), PATIENCE)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as fault:
            self.hang_up()
            status, text = type(fault).__name__, ""
        if not self.keeps:
            self.hang_up()
        self.notes.took[step].append(time.perf_counter() - began)
        if status != str(wanted):
            self.notes.faults[step, status] += 1
            raise Gone(f"{step}: {status}")
        return text

    def _head(self, method: str, path: str, body: bytes) -> bytes:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"X-Forwarded-For: {self.address}",
            "X-Forwarded-Proto: https", f"Referer: https://127.0.0.1:{self.port}/", f"Cookie: {cookie}",
            f"Connection: {'keep-alive' if self.keeps else 'close'}", "Accept: text/html",
            "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}",
        ]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _send(self, request: bytes) -> tuple[str, str]:
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._line
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = 0
        for line in head.split("\r\n")[1:]:
            name, _colon, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() == "set-cookie":
                kept, _equals, what = value.strip().partition(";")[0].partition("=")
                self.cookies[kept] = what
            elif name.lower() == "location":
                self.led_to = value.strip()
        text = (await reader.readexactly(length)).decode()
        return head.split(" ", 2)[1], text

    def hang_up(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None


def _found(pattern: re.Pattern[str], page: str, phone: Phone, step: str) -> str:
    match = pattern.search(page)
    if match is None:
        phone.notes.faults[step, "not on the page"] += 1
        raise Gone(step)
    return match[1]


# --- What members do --------------------------------------------------------------------------------


async def come_in(phone: Phone, token: str, due: float | None = None) -> None:
    """Open the link of the letter and press its button; who has voted already sees the page of the vote."""
    link = f"/en/{YEAR}/assembly/link/{token}"
    page = await phone.get("open the link", link, due=due)
    await phone.post("go on", link, [("csrf_token", _found(TOKEN, page, phone, "open the link"))])
    if not phone.led_to.endswith("/vote/ballot"):
        await phone.get("page of the vote", f"/en/{YEAR}/vote")


async def vote(phone: Phone, member: int) -> str:
    """Open the ballot, check the choice, send it, and read the receipt; gives its code."""
    page = await phone.get("ballot", f"/en/{YEAR}/vote/ballot")
    chosen = [("q0", str(option)) for option in {member % THEMES, member // THEMES % THEMES}]
    fields = [
        (name, _found(pattern, page, phone, "ballot")) for name, pattern in (("csrf_token", TOKEN), ("ballot", BALLOT))
    ]
    await phone.post("check", f"/en/{YEAR}/vote/check", [*fields, *chosen], wanted=200)
    await phone.post("send", f"/en/{YEAR}/vote/send", [*fields, *chosen])
    page = await phone.get("receipt", f"/en/{YEAR}/vote/receipt")
    return _found(CODE, page, phone, "receipt")


async def ask_for_a_code(phone: Phone, address: str) -> None:
    """Sign in the other way: ask for a mail with a code."""
    page = await phone.get("sign in", "/en/sign-in")
    fields = [("csrf_token", _found(TOKEN, page, phone, "sign in")), ("email", address)]
    await phone.post("ask for a code", "/en/sign-in", fields)


async def try_a_code(phone: Phone, code: str) -> None:
    """Type a code that is not right."""
    page = await phone.get("page of the code", "/en/sign-in/code")
    fields = [("csrf_token", _found(TOKEN, page, phone, "page of the code")), ("code", code)]
    await phone.post("try a code", "/en/sign-in/code", fields, wanted=200)


async def look_around(phone: Phone, paths: Sequence[str]) -> None:
    """Read pages that everybody may read."""
    for path in paths:
        await phone.get("read", path)


# --- When they come -----------------------------------------------------------------------------------


def crowd(notes: Notes, moments: Sequence[float], come: Callable[[int, float], Coroutine[Any, Any, None]]) -> float:
    """Each comes at their moment, in seconds from now, however busy it is; gives how long it lasted.

    `come(n, due)` is what the n-th does; `due` is when they should have begun, on the clock perf_counter.
    """
    return asyncio.run(_crowd(notes, moments, come))


async def _crowd(
    notes: Notes, moments: Sequence[float], come: Callable[[int, float], Coroutine[Any, Any, None]]
) -> float:
    places, running, began = asyncio.Semaphore(AT_ONCE), set(), time.perf_counter()
    feeling = asyncio.create_task(_feel(notes.pace))

    async def one(n: int, due: float) -> None:
        async with places:
            try:
                await come(n, due)
                notes.done += 1
            except Gone:
                pass

    for n, moment in enumerate(moments):
        if (ahead := began + moment - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        task = asyncio.create_task(one(n, began + moment))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    feeling.cancel()
    return time.perf_counter() - began


async def _feel(pace: Pace) -> None:
    while True:
        pace.feel()
        await asyncio.sleep(1)
