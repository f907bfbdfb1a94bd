"""The worker: `python3 -m sipvote work`. Mail, reminders, deadlines, checkpoints.

Each job is a word, so that the queue holds no personal data. Once a minute all regular jobs run;
when a member asks for a sign-in, or letters were committed, the web asks for `mail` at once.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import date
from time import monotonic

from flask import Flask
from huey import crontab

import config

from . import jobs, mail
from .assembly import portions
from .db import db, now
from .members import rules as members
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


def send_mail() -> None:
    """Write the sign-in letters that were asked for, then send what is due."""
    members.mail_sign_ins()
    db.session.commit()
    while mail.deliver():
        pass


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
    retention.settle()
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


def elections() -> None:
    """Open and close votes at their announced moments, and seal the board meanwhile."""
    for election in hours.in_progress():
        hours.keep_time(election)
        db.session.commit()


# In this order once a minute. Rooms add theirs here.
REGULAR: dict[str, Callable[[], None]] = {
    "elections": elections,
    "leavers": free_seats_of_leavers,
    "offers": lapse_offers,
    "reminders": remind,
    "statuses": remind_of_statuses,
    "tidy": tidy,
    "retention": retain,
    "mail": send_mail,
    "mailings": mailings,
}


def do(app: Flask, word: str) -> None:
    """Do one job; a fault in one is logged and does not stop the others."""
    with app.app_context():
        for name, job in REGULAR.items():
            if word not in (name, "regular"):
                continue
            try:
                job()
            except Exception as fault:
                db.session.rollback()
                log.exception("job %s: %s", name, type(fault).__name__)


def main(args: list[str]) -> int:
    """Run until SIGTERM or Ctrl-C."""
    from .app import create_app

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        app = create_app()
    except config.BadConfig as fault:
        print(fault, file=sys.stderr)
        return 1
    queue = jobs.queue_of(app)
    queue.periodic_task(crontab(minute="*"), name="regular")(lambda: do(app, "regular"))
    do(app, "regular")
    consumer = queue.create_consumer(**jobs.consumer_options())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("The worker is running.", flush=True)
    consumer.run()
    return 0
