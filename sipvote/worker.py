"""The worker: `python3 -m sipvote work`. Mail, reminders, deadlines, checkpoints.

Each job is a word, so that the queue holds no personal data. Once a minute all regular jobs run;
when a member asks for a sign-in, or letters were committed, the web asks for `mail` at once.
"""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import date
from time import monotonic, time
from typing import Any

from flask import Flask
from huey import crontab

import config

from . import jobs, logs, mail, processes
from .assembly import portions
from .backups import last_backup
from .db import clock_skew, db, now, reading
from .members import rules as members
from .members.models import CLOCKS_DIFFER
from .oversight import heads
from .recommendations import remark_news
from .retention import rules as retention
from .stocktake import reminding as statuses
from .voting import hours, reminders
from .workgroups import coming, leavers, offers, reminding, wishing

log = logging.getLogger(__name__)
# Of the worker's two threads one at most is busy with mailings; the other is there for those who wait for a letter.
_mailings = threading.Lock()
_retained: dict[str, date] = {}  # the day on which this worker did it last
MAILINGS_AT_A_TIME = 45  # seconds; then the next minute's jobs have their turn
MAIL_TRIED_EVERY = 600  # seconds
# What this worker knows of itself: {job: [times, faults, seconds]}, and how the mail server answered last.
_tallies: dict[str, list[float]] = {}
_known: dict[str, Any] = {"mail": "", "mail_tried": 0.0}


def send_mail() -> None:
    """Write the sign-in letters that were asked for, then send what is due."""
    members.mail_sign_ins()
    db.session.commit()
    while mail.deliver():
        pass


class Clock:
    """Notices when the clock was set back, by the one that only counts seconds."""

    STEP = 5  # seconds; less is no more than a clock that is being put right

    def __init__(self) -> None:
        self._ahead = self._read()

    def _read(self) -> float:
        return now().timestamp() - monotonic()

    def was_set_back(self) -> bool:
        """Whether it was, since this was asked last."""
        before, self._ahead = self._ahead, self._read()
        return self._ahead < before - self.STEP


_clock = Clock()


def heed_clock() -> None:
    """When the clock was set back, codes to sign in that are not used yet end: none lives longer than its minutes."""
    members.end_sign_ins(None if _clock.was_set_back() else now() + CLOCKS_DIFFER)
    db.session.commit()


def tidy() -> None:
    """Forget what need not be kept."""
    members.forget_old_sign_ins()
    reminders.forget_begun()
    wishing.forget_needs()
    db.session.commit()


def retain() -> None:
    """Once a day, destroy what the rules of retention say; SQLite writes its log into the file, where it is no more."""
    if _retained.get("on") == now().date():
        return
    retention.follow()
    db.session.commit()
    if retention.settle():  # else again at the next round
        _retained["on"] = now().date()


def remind() -> None:
    """Write about meetings soon, places to confirm, dates to answer, wishes that are not sent, new remarks."""
    for write in (reminding.remind, offers.remind, coming.ask_once_more, wishing.remind, remark_news.tell):
        write()
        db.session.commit()


def remind_of_statuses() -> None:
    """In the morning of working days, write to those who answer for something that nobody looked at for long."""
    if statuses.is_due(now()):
        for write in (statuses.remind, statuses.tell_organisers):
            write()
            db.session.commit()


def free_seats_of_leavers() -> None:
    """Give the places of people who are members no longer to the next on the waiting list, one by one."""
    for signup in leavers.signups_of_leavers():
        leavers.free_seat_of_leaver(signup)
        db.session.commit()


def lapse_offers() -> None:
    """Pass on the places that nobody confirmed in time, one by one."""
    for signup in offers.lapsed():
        offers.lapse(signup)
        db.session.commit()


def mailings() -> None:
    """Write and send the letters of mailings, in turns; letters that somebody waits for overtake them."""
    if not _mailings.acquire(blocking=False):
        return
    until = monotonic() + MAILINGS_AT_A_TIME
    try:
        while True:
            written = 0
            for mailing in portions.in_progress():
                written += portions.write_on(mailing)
                db.session.commit()
            db.session.commit()
            send_mail()
            if not (mail.deliver_batches() or written) or monotonic() > until:
                break
    finally:
        _mailings.release()


def publish_heads() -> None:
    """After each day, publish the head of the audit log."""
    heads.publish()
    db.session.commit()


def elections() -> None:
    """Open and close votes at their announced moments, and seal the board meanwhile."""
    for election in hours.in_progress():
        hours.keep_time(election)
        db.session.commit()


def beat() -> None:
    """Say that the worker is alive, where web processes look (readiness/, metrics.py)."""
    with reading():
        facts = {"at": time(), "skew": clock_skew(), "backup": last_backup(), "mail": _known["mail"], "jobs": _tallies}
    db.session.rollback()  # nothing is held while the queue is written
    jobs.beat(f"{socket.gethostname()} {os.getpid()}", facts)


def try_mail_server() -> None:
    """See now and then whether the mail server answers, before somebody waits for a letter."""
    if monotonic() - _known["mail_tried"] > MAIL_TRIED_EVERY or _known["mail"]:
        _known.update(mail=mail.try_server(), mail_tried=monotonic())


# In this order once a minute. Rooms add theirs here.
REGULAR: dict[str, Callable[[], None]] = {
    "clock": heed_clock,
    "beat": beat,
    "elections": elections,
    "leavers": free_seats_of_leavers,
    "offers": lapse_offers,
    "reminders": remind,
    "statuses": remind_of_statuses,
    "tidy": tidy,
    "heads": publish_heads,
    "retention": retain,
    "mail": send_mail,
    "mailings": mailings,
    "mail server": try_mail_server,
}


def do(app: Flask, word: str) -> None:
    """Do one job; a fault in one is logged and does not stop the others."""
    with app.app_context():
        for name, job in REGULAR.items():
            if word not in (name, "regular"):
                continue
            _do_one(name, job)


def _do_one(name: str, job: Callable[[], None]) -> None:
    tally, began = _tallies.setdefault(name, [0, 0, 0.0]), monotonic()
    try:
        job()
    except Exception as fault:
        db.session.rollback()
        log.exception("job %s: %s", name, type(fault).__name__)
        tally[1] += 1
    tally[0] += 1
    tally[2] += monotonic() - began


def main(args: list[str]) -> int:
    """Run until SIGTERM or Ctrl-C."""
    from .app import create_app

    processes.leave_no_cores()
    try:
        app = create_app()
    except config.BadConfig as fault:
        print(fault, file=sys.stderr)
        return 1
    logs.configure(app.config["LOG"])
    queue = jobs.queue_of(app)
    queue.periodic_task(crontab(minute="*"), name="regular")(lambda: do(app, "regular"))
    do(app, "regular")
    consumer = queue.create_consumer(**jobs.consumer_options())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("The worker is running.", flush=True)
    consumer.run()
    return 0
