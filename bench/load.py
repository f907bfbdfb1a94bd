"""Who votes: many connections that never rest (wrk), or members who arrive at a steady rate (asyncio)."""

import asyncio
import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local lines, at = {}, 0
for line in io.lines("%s") do lines[#lines + 1] = line end
function request()
  at = at %% #lines + 1
  local cookie, body = lines[at]:match("^(.-)\\t(.*)$")
  return wrk.format("POST", "%s", {["Cookie"] = cookie, ["Content-Type"] = "application/x-www-form-urlencoded",
    ["Referer"] = "http://127.0.0.1:%d/", ["Accept-Language"] = "en"}, body)
end
function done(summary, latency, requests)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  print(string.format('JSON {"rate": %%f, "p50": %%f, "p99": %%f, "errors": %%d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, errors))
end
"""


@dataclass(frozen=True)
class Voter:
    """One member's request: the session cookie and the form, ready to send."""

    cookie: str
    body: str


@dataclass(frozen=True)
class Round:
    """What one round measured: answers a second, latencies in seconds, and everything that was no redirect."""

    rate: float
    p50: float
    p99: float
    errors: int


def write_voters(voters: Sequence[Voter], path: Path) -> Path:
    """Write the requests where wrk's script reads them."""
    path.write_text("".join(f"{v.cookie}\t{v.body}\n" for v in voters))
    return path


def restless(port: int, path: str, voters: Path, connections: int, seconds: int) -> Round:
    """Send without rest over that many connections, with wrk on one thread."""
    script = voters.with_suffix(".lua")
    script.write_text(_SCRIPT % (voters, path, port))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", str(script)]
    answer = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True)
    line = next(line for line in answer.stdout.splitlines() if line.startswith("JSON "))
    return Round(**json.loads(line.removeprefix("JSON ")))


def arriving(port: int, path: str, voters: Sequence[Voter], rate: int, connections: int) -> Round:
    """Each voter arrives at their moment, `rate` a second, whether or not the ones before were answered."""
    return asyncio.run(_arrive(port, [_vote(port, path, voter) for voter in voters], rate, connections))


def as_fast_as_they_go(port: int, path: str, voters: Sequence[Voter], connections: int) -> Round:
    """Each voter votes exactly once, the next as soon as a connection is free."""
    return asyncio.run(_arrive(port, [_vote(port, path, voter) for voter in voters], 0, connections))


def asking(port: int, path: str, rate: int, seconds: int, connections: int) -> Round:
    """Phones that ask for a page, `rate` a second."""
    return asyncio.run(_arrive(port, [_question(port, path)] * (rate * seconds), rate, connections, b"HTTP/1.1 200"))


def _vote(port: int, path: str, voter: Voter) -> bytes:
    body = voter.body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {voter.cookie}\r\n"
        f"Referer: http://127.0.0.1:{port}/\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _question(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


async def _arrive(
    port: int, requests: Sequence[bytes], rate: int, connections: int, wanted: bytes = b"HTTP/1.1 303"
) -> Round:
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    took: list[float] = []
    errors = [0]
    workers = [asyncio.create_task(_send_all(port, wanted, waiting, took, errors)) for _ in range(connections)]
    began = time.perf_counter()
    for index, request in enumerate(requests):
        due = began + index / rate if rate else time.perf_counter()
        if (ahead := due - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        waiting.put_nowait((due, request))
    await waiting.join()
    lasted = time.perf_counter() - began
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    took.sort()
    return Round(len(took) / lasted, took[len(took) // 2], took[int(len(took) * 0.99)], errors[0])


async def _send_all(
    port: int, wanted: bytes, waiting: asyncio.Queue[tuple[float, bytes]], took: list[float], errors: list[int]
) -> None:
    """One connection: take the next request, send, read the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        due, request = await waiting.get()
        writer.write(request)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            lengths = [h.partition(b":")[2] for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
            await reader.readexactly(int(lengths[0]) if lengths else 0)
            errors[0] += not head.startswith(wanted)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            errors[0] += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        took.append(time.perf_counter() - due)
        waiting.task_done()
