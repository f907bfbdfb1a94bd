"""Whether the time of an answer tells who is a member: the area under the ROC curve of known and unknown addresses."""

import argparse
import asyncio
import random
import sys

from sqlalchemy import select

from bench import day, phones
from sipvote.app import create_app
from sipvote.db import db
from sipvote.members.models import Member

EACH = 200
PAUSE = 0.5  # seconds: nobody types a code before the worker has seen to the mail
LEAST, MOST = 0.45, 0.55  # one half is what a coin gives
STEPS = ("ask for a code", "try a code")


def strangers(database_url: str | None, options: argparse.Namespace) -> int:
    """Members and others ask for a code and try a wrong one, in any order; gives the number of targets missed."""
    with day.open_site(database_url, 2 * EACH) as site:
        with create_app().app_context():
            rows = select(Member.email).where(Member.email.is_not(None)).order_by(Member.id).limit(EACH)
            known = list(db.session.scalars(rows))
            db.engine.dispose()
        who = [(address or "", True) for address in known] + [(f"nobody-{address}", False) for address in known]
        random.Random(EACH).shuffle(who)
        print(f"{len(who)} addresses, one after the other …", file=sys.stderr, flush=True)
        took = asyncio.run(_ask_one_by_one(site.port, who))
    return sum(_tell(step, took[step, True], took[step, False]) for step in STEPS)


async def _ask_one_by_one(port: int, who: list[tuple[str, bool]]) -> dict[tuple[str, bool], list[float]]:
    took: dict[tuple[str, bool], list[float]] = {(step, is_member): [] for step in STEPS for is_member in (True, False)}
    for address, is_member in who:
        notes = phones.Notes()
        phone = phones.Phone(port, notes)
        await phones.ask_for_a_code(phone, address)
        await asyncio.sleep(PAUSE)
        await phones.try_a_code(phone, "000000")
        phone.hang_up()
        for step in STEPS:
            took[step, is_member] += notes.took[step]
    return took


def _tell(step: str, known: list[float], unknown: list[float]) -> int:
    area = area_under_curve(known, unknown)
    fine = LEAST <= area <= MOST
    print(f"  {step + ', area under the curve':<40}{area:>8.3f}  {'reached' if fine else 'MISSED'} ({LEAST}–{MOST})")
    sys.stdout.flush()
    return 0 if fine else 1


def area_under_curve(some: list[float], others: list[float]) -> float:
    """How often one of `some` is larger than one of `others`; equal ones count half (Mann and Whitney)."""
    larger = sum((a > b) + (a == b) / 2 for a in some for b in others)
    return larger / len(some) / len(others)
