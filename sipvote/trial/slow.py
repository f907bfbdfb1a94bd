"""Clients that send a few bytes now and then, a thousand at once; and how long everybody else waits meanwhile."""

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path

EVERY = 2.0  # seconds between two bytes of a slow client
OPENED_AT_ONCE = 50
PATIENCE = 30  # seconds


@dataclass
class Seen:
    """What was seen: seconds that others waited, what failed, and how many slow connections stood at most."""

    waited: list[float] = field(default_factory=list)
    failed: int = 0
    at_once: int = 0
    _now: int = 0

    def came(self, more: int) -> None:
        self._now += more
        self.at_once = max(self.at_once, self._now)

    def p95(self) -> float:
        ordered = sorted(self.waited)
        return ordered[int(len(ordered) * 0.95)] if ordered else float("inf")


def hang_on(port: int, certificate: Path, connections: int, seconds: float) -> Seen:
    """Let so many hang on the server for so long, while others ask for pages."""
    return asyncio.run(_all(port, ssl.create_default_context(cafile=str(certificate)), connections, seconds))


async def _all(port: int, tls: ssl.SSLContext, connections: int, seconds: float) -> Seen:
    seen, until, gate = Seen(), time.monotonic() + seconds, asyncio.Semaphore(OPENED_AT_ONCE)
    slow = [asyncio.create_task(_slow(port, tls, number, until, gate, seen)) for number in range(connections)]
    others = [asyncio.create_task(_other(port, tls, until, seen)) for _ in range(8)]
    await asyncio.gather(*others)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    return seen


async def _slow(port: int, tls: ssl.SSLContext, number: int, until: float, gate: asyncio.Semaphore, seen: Seen) -> None:
    """Half of them never end the header, half never end the body; whoever is sent away comes again."""
    while time.monotonic() < until:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            async with gate:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            seen.came(1)
            try:
                await _drip(writer, number, until)
            finally:
                seen.came(-1)
                writer.close()
        await asyncio.sleep(EVERY)


async def _drip(writer: asyncio.StreamWriter, number: int, until: float) -> None:
    if number % 2:
        writer.write(b"GET /en/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        piece = b"X-Slow: 1\r\n"
    else:
        writer.write(b"POST /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n")
        piece = b"x"
    while time.monotonic() < until:
        await writer.drain()
        await asyncio.sleep(EVERY)
        writer.write(piece)


async def _other(port: int, tls: ssl.SSLContext, until: float, seen: Seen) -> None:
    """Somebody who asks for a page on a new connection, and again a moment later."""
    asked = b"GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
                writer.write(asked)
                answer = await reader.read()
                writer.close()
            seen.failed += not answer.startswith(b"HTTP/1.1 200")
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            seen.failed += 1
        seen.waited.append(time.monotonic() - began)
        await asyncio.sleep(0.2)
