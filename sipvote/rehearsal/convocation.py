"""The convocation: tried by an organiser, then sent to every member with an address, and counted in the letterbox."""

import json
import time

from .browser import Broken
from .cabin import LINK
from .play import NEXT, Play
from .report import say

PER_MINUTE = 10_000  # the most that the page takes
PATIENCE = 1200  # seconds
LANGUAGES = 3


def convoke(play: Play) -> int:
    """Send it; gives how many members have it."""
    _try_out(play)
    page = play.organiser.go(f"/{NEXT}/mailings/convocation/send")
    addresses = [row["email"] for row in play.rows if row["email"]]
    n = len(addresses)
    told = f"Send this letter to {n:,} members?"
    play.report.promise("the button says how many members get the convocation", page.title == told, page.title)
    mails = len(play.second.letters())
    asked = play.organiser.browser.submit(page.form("/convocation/send"), {"per_minute": str(PER_MINUTE)})
    play.second.await_letter("/asked", mails)
    before, cpu, began = _arrived(play), play.stage.cpu_until_now("work"), time.monotonic()
    page = play.second.confirm(asked)
    if "It is done." not in page.text:
        raise Broken(f"the convocation is not sent: {page.text[:300]}")
    _await_end(play, n, began)
    took = time.monotonic() - began
    after = _arrived(play)
    wrong = [address for address in addresses if after.get(address, 0) - before.get(address, 0) != 1]
    strange = sum(after.values()) - sum(before.values()) - n
    play.report.promise(
        f"{n:,} convocations were sent, and one came to each address", not wrong and not strange, (wrong[:3], strange)
    )
    play.report.figure("seconds for the convocation to everybody", round(took, 1))
    play.report.figure("convocations a second", round(n / took, 1))
    play.report.figure(
        "seconds of CPU of the worker for the convocation", round(play.stage.cpu_until_now("work") - cpu, 1)
    )
    return n


def _try_out(play: Play) -> None:
    """Three letters, one in each language, to who writes them."""
    before = len(play.organiser.letters())
    page = play.organiser.go(f"/{NEXT}/mailings/convocation")
    early = "/convocation/send" in " ".join(page.links(".*"))
    play.report.promise("nothing can be sent before it was tried", not early)
    play.organiser.browser.submit(page.form("/convocation/trial"))
    until = time.monotonic() + PATIENCE / 10
    while len(play.organiser.letters()) < before + LANGUAGES and time.monotonic() < until:
        time.sleep(0.2)
    letters = play.organiser.letters()[before:]
    whole = [bool(LINK.search(each.text)) and "{" not in each.text for each in letters]
    play.report.promise(
        "three trial letters come first, with a link, and no word left to fill in",
        whole == [True] * LANGUAGES, [each.text for each in letters],
    )  # fmt: skip


def _arrived(play: Play) -> dict[str, int]:
    return play.stage.letters.counts()


def _await_end(play: Play, n: int, began: float) -> None:
    """Wait until the last letter has left, and until the page says so."""
    told = began
    while True:
        progress = json.loads(play.organiser.browser.get(f"/en/{NEXT}/mailings/convocation/progress.json").html)
        sent = int(str(progress["sent"]).replace(",", ""))
        if sent >= n:
            return
        if time.monotonic() - began > PATIENCE:
            raise Broken(f"the convocation does not end: {progress}")
        if time.monotonic() - told > PATIENCE / 40:
            told = time.monotonic()
            say(f"    {sent:,} of {n:,} convocations · {sent / (told - began):.0f} a second")
        time.sleep(0.5)
