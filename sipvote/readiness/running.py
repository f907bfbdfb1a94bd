"""Checks of what runs beside the web: the worker, the mail, the backups."""

from datetime import UTC, datetime, timedelta

from flask_babel import gettext as _

from ..i18n import moment
from .facts import Facts

SILENT_FOR = timedelta(minutes=3)
BACKED_UP_WITHIN = timedelta(hours=26)
WAITS_FOR = timedelta(minutes=10)


def last_beat(facts: Facts) -> datetime | None:
    """When a worker last said that it is alive."""
    newest = max((said["at"] for said in facts.beats.values()), default=None)
    return None if newest is None else datetime.fromtimestamp(newest, UTC)


def why_not_worker(facts: Facts) -> str | None:
    """Without a worker no mail leaves, and no vote opens or closes by itself."""
    last = last_beat(facts)
    if last is None:
        return _("No worker has run yet. Start it: python3 -m sipvote work.")
    if facts.moment - last <= SILENT_FOR:
        return None
    return _(
        "The worker has said nothing since %(moment)s. Start it again: python3 -m sipvote work.", moment=moment(last)
    )


def why_not_mail(facts: Facts) -> str | None:
    """Who gets no mail cannot sign in."""
    newest = max(facts.beats.values(), key=lambda said: said["at"], default={})
    if fault := newest.get("mail"):
        return _(
            "The mail server does not answer the worker (%(fault)s). "
            "Look at SIPVOTE_MAIL_SERVER and what stands beside it.",
            fault=fault,
        )
    if facts.oldest_letter and facts.moment - facts.oldest_letter > WAITS_FOR:
        since = moment(facts.oldest_letter)
        return _(
            "A letter has been waiting in the outbox since %(moment)s. See what the mail server says.", moment=since
        )
    return None


def why_not_backed_up(facts: Facts) -> str | None:
    """What is lost with the disk must be somewhere else."""
    if facts.backup and facts.moment - facts.backup <= BACKED_UP_WITHIN:
        return None
    last = moment(facts.backup) if facts.backup else _("never")
    return _("There is no backup of the last day (the last one: %(last)s). Make one, as the guide says.", last=last)


def why_not_all_sent(facts: Facts) -> str | None:
    """Letters that the mail server refused and that are tried again."""
    if facts.refused_lately < 10:
        return None
    return _("The mail server refused %(n)s letters, which are tried again. See what it says.", n=facts.refused_lately)


MUST = (why_not_worker, why_not_mail, why_not_backed_up)
SHOULD = (why_not_all_sent,)
