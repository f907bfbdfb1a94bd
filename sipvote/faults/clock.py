"""Catalogue 7: the clock jumps an hour, or passes the end of summer time. libfaketime turns it while all runs."""

import asyncio
import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from ..db import db, now
from ..members.models import Grant
from ..rehearsal.browser import Broken, Browser, Page
from ..rehearsal.report import Report, say
from ..voting.models import Election
from . import proof
from .crowd import Crowd
from .host import Host
from .place import Place
from .site import Site, Vote, roll_of

YEAR = 2101
HOUR = 3600
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
WINTER = datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC)  # ten seconds later clocks in Brussels go back from 3 to 2
CODE = re.compile(r"\b\d{6}\b")


class Clock:
    """The clock that the server and the worker read: as many seconds from ours as its file says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(f"{seconds:+d}s\n")
        part.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """Time that only passes (for waiting) is not turned, as in real life."""
        return {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "TZ": "Europe/Brussels",
        }  # fmt: skip


def play(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Vote through the jumps; then close, and see that nothing opens it again; then sign in, and see codes die."""
    if not LIBRARY.exists():
        say("  libfaketime is not here (sudo apt install faketime): not played.")
        return
    with here.site(60, chance) as site:
        clock = Clock(site.stage.folder / "clock")
        crowd = Crowd(site, site.vote(YEAR), chance)
        with Host(site.stage, **clock.environment):
            jumps = [0, HOUR, -HOUR, 0] if quick else [0, HOUR, 0, -HOUR, 0, HOUR, -HOUR, 8 * HOUR, -24 * HOUR, 0]
            asyncio.run(_vote_through(crowd, clock, jumps))
            report.figure("votes through jumps of the clock, and into winter time", crowd.acknowledged)
            clock.set(0)
            _never_reopens(report, site, crowd, clock)
            _codes_die(report, site, clock)
        proof.answers(report, crowd)
        done = site.stage.word("audit")
        report.promise("the log of the officials is whole, in its own order", done.code == 0, done.said)


async def _vote_through(crowd: Crowd, clock: Clock, jumps: list[int]) -> None:
    members = _plain_members(crowd.site, crowd.vote)[:8]
    for seconds in (*jumps, int(WINTER.timestamp() - time.time())):
        clock.set(seconds)
        await _all_vote(crowd, members)
    await asyncio.sleep(11)  # the hour from 2 to 3 comes for the second time
    await _all_vote(crowd, members)


async def _all_vote(crowd: Crowd, members: Sequence[int]) -> None:
    await crowd.end([asyncio.create_task(crowd.cast(member)) for member in members])


def _plain_members(site: Site, vote: Vote) -> Sequence[int]:
    """Who may vote and has no role: officials are signed out after two idle hours, and eight pass at once."""
    with site.inside():
        officials = set(db.session.scalars(select(Grant.member_id)))
    return [member for member in roll_of(site, vote) if member not in officials]


def _never_reopens(report: Report, site: Site, crowd: Crowd, clock: Clock) -> None:
    """Once closed, whatever the clock says."""
    box = site.box(crowd.vote)
    wrong = proof.lost(box, crowd.acks) + proof.altered(box, crowd.acks)
    report.promise("each of them is in the box, the last one counts", not wrong, wrong)
    board = site.close(crowd.vote)
    closed = _closed_at(site, crowd.vote)
    member, taken = roll_of(site, crowd.vote)[0], []
    for seconds in (0, -HOUR, HOUR, -24 * HOUR, 0):
        clock.set(seconds)
        taken.append(asyncio.run(crowd.try_once(member, (1,))))
    crowd.odd = [said for said in crowd.odd if " answered 409:" not in said]
    report.promise("closed, it takes no vote at any time of the clock", not any(taken), taken)
    late = {row.tracker for row in site.box(crowd.vote).values()} - board
    report.promise(
        "and it stays closed since the same moment", closed == _closed_at(site, crowd.vote) and not late, late
    )


def _closed_at(site: Site, vote: Vote) -> datetime | None:
    with site.inside():
        return db.session.scalar(select(Election.closed_at).where(Election.id == vote.election_id))


# --- Codes to sign in --------------------------------------------------------------------------------


def _codes_die(report: Report, site: Site, clock: Clock) -> None:
    """A code that was asked before the clock was set back is worth nothing, now and when its time comes again."""
    page, letter_code = _ask(site, 0, clock)
    clock.set(-HOUR)
    refused = not _signs_in(page, letter_code)
    report.promise("set back an hour: a code from before is worth nothing at once", refused)
    report.promise("the worker ends it for good", _ended(site, 75))
    clock.set(0)
    report.promise("nor is it worth anything when its ten minutes come again", not _signs_in(page, letter_code))
    page, letter_code = _ask(site, 1, clock)
    report.promise("a new code signs in: the worker does its work after the jumps", _signs_in(page, letter_code))


def _ask(site: Site, nth: int, clock: Clock) -> tuple[tuple[Browser, Page], str]:
    """Ask for a code in a browser, and find it in the mail."""
    from ..demo.people import CAST

    address = CAST[nth].email
    browser = Browser(site.stage.base_url)
    page = browser.get("/en/sign-in")
    page = browser.submit(page.form("/sign-in"), {"email": address})
    letter = site.stage.letters.wait(address, 0, CODE.pattern)
    found = CODE.search(letter.text)
    if found is None:
        raise Broken("the letter has no code")
    return (browser, page), found[0]


def _signs_in(asked: tuple[Browser, Page], code: str) -> bool:
    browser, page = asked
    browser.submit(page.form("/sign-in/code"), {"code": code})
    return browser.get("/en/me").url == "/en/me"


def _ended(site: Site, seconds: int) -> bool:
    """Whether within these seconds nothing that was asked waits any more."""
    from ..members.models import SignIn

    until = time.monotonic() + seconds
    waits = select(SignIn.id).where(SignIn.used_at.is_(None), SignIn.ended_at.is_(None), SignIn.asked_at <= now())
    while time.monotonic() < until:
        with site.inside():
            if db.session.scalar(waits.limit(1)) is None:
                return True
        time.sleep(1)
    return False
