"""Catalogue 3: masters and workers are killed without a word while people vote, and while groups fill."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from ..db import db, now
from ..editions.models import Phase
from ..rehearsal.report import Report
from ..workgroups.models import Signup, Workgroup
from . import proof
from .crowd import THROUGH, Answer, Crowd, ask
from .host import Host
from .place import Place
from .site import Site, roll_of, someone

YEAR, GROUPS_YEAR = 2101, 2102
PLACES = 5


async def strike(host: Host, crowd: Crowd, kills: int, done: asyncio.Event) -> Counter[str]:
    """Kill something every half to one and a half seconds, once votes are taken; what has ended starts again.

    When no vote is taken for two minutes, it is over.
    """
    struck: Counter[str] = Counter()
    chance, before, since = crowd.chance, -1, time.monotonic()
    while struck.total() < kills and not crowd.is_over:
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        host.see_to()
        if crowd.acknowledged == before:
            crowd.is_over = time.monotonic() - since > THROUGH
            continue
        web = host.below("serve")
        what = chance.choices(("a web process", "the worker", "the whole server", "the master alone"), (6, 2, 1, 1))[0]
        if what == "a web process":
            if not web:
                continue
            host.kill_one(chance.choice(web))
        elif what == "the worker":
            host.kill("work")
        else:
            host.kill("serve", all_of_it=what == "the whole server")
        struck[what] += 1
        before, since = crowd.acknowledged, time.monotonic()
    for _second in range(100):  # what was struck last starts again
        await asyncio.sleep(0.1)
        host.see_to()
    done.set()
    return struck


def play(report: Report, here: Place, chance: random.Random, quick: bool) -> None:
    """Vote, and fill groups, under kills."""
    kills = 4 if quick else 60
    with here.site(60 if quick else 300, chance) as site:
        vote, groups = site.vote(YEAR), groups_of(site, 2 if quick else 8)
        crowd = Crowd(site, vote, chance)
        with Host(site.stage) as host:
            struck, seats = asyncio.run(_play(host, crowd, groups, kills, 6 if quick else 40))
            report.figure("processes started again", host.starts - 2)
        for what, times in struck.items():
            report.figure(f"kills: {what}", times)
        told = f"{struck.total()} kills while {crowd.acknowledged:,} votes were acknowledged"
        report.promise(told, struck.total() == kills)
        proof.answers(report, crowd)
        proof.check(report, site, crowd)
        check_groups(report, site, groups, seats)


async def _play(
    host: Host, crowd: Crowd, groups: Sequence[Workgroup], kills: int, tasks: int
) -> tuple[Counter[str], dict[int, int]]:
    """Everybody votes again and again while it is struck; meanwhile members sign up for groups."""
    done, members = asyncio.Event(), roll_of(crowd.site, crowd.vote)
    voting = [crowd.keep_voting(members[n::tasks], done) for n in range(tasks)]
    seats: dict[int, int] = {}
    pairs = [(members[n], group) for n, group in enumerate(g for g in groups for _ in range(2 * PLACES))]
    joining = [_join(crowd, member, group, seats, crowd.chance.uniform(0, kills)) for member, group in pairs]
    everybody = [asyncio.create_task(each) for each in (*voting, *joining)]
    struck = await strike(host, crowd, kills, done)
    await crowd.end(everybody)
    return struck, seats


# --- Groups -----------------------------------------------------------------------------------------


def groups_of(site: Site, n: int) -> list[Workgroup]:
    """Groups with few places that everybody may sign up for."""
    from tests import factories

    with site.inside():
        edition = factories.an_edition(Phase.SIGNUP, year=GROUPS_YEAR)
        theme = factories.a_theme(edition, proposer=someone(), elected_at=now())
        settings: dict[str, Any] = {"city": None, "places": PLACES, "languages": "nl fr en"}
        made = [factories.a_group(edition, theme, **settings, days=30 * k) for k in range(n)]
        db.session.commit()
        for group in made:
            assert group.id and [meeting.key for meeting in group.meetings]  # noqa: S101  (read before they leave)
            db.session.expunge(group)
        return made


async def _join(crowd: Crowd, member: int, group: Workgroup, seats: dict[int, int], after: float) -> None:
    """Sign up at some moment, again and again until the page says that it is done, or nobody waits any more."""
    await asyncio.sleep(after)
    path = f"/en/{GROUPS_YEAR}/groups/{group.id}/join"
    body = "&".join([f"csrf_token={crowd.site.token}", *(f"date={quote(m.key)}" for m in group.meetings)])
    while not crowd.is_over:
        answer: Answer = await ask(crowd.site, "POST", path, member, body)
        crowd.note(path, answer)
        if answer.status == 303 and b"/joined" in answer.head:
            seats[member] = group.id
            return
        await asyncio.sleep(crowd.chance.uniform(0.05, 0.4))


def check_groups(report: Report, site: Site, groups: Sequence[Workgroup], told: dict[int, int]) -> None:
    """Every acknowledged sign-up stands once; no seat twice, none beyond the places, none free while somebody waits."""
    with site.inside():
        rows = db.session.execute(select(Signup.member_id, Signup.workgroup_id, Signup.seat)).all()
    stand = Counter((member, group) for member, group, _seat in rows)
    gone = [pair for pair in told.items() if stand[pair] != 1]
    report.promise(f"all {len(told)} acknowledged sign-ups stand, each once", not gone, gone)
    seats = {group.id: sorted(seat for _m, g, seat in rows if g == group.id and seat) for group in groups}
    wrong = {group: taken for group, taken in seats.items() if taken != list(range(1, PLACES + 1))}
    report.promise(f"{len(groups)} groups filled: each of {PLACES} seats is taken once", not wrong, wrong)
