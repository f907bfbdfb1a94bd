"""Readiness: whether this installation can keep what the service promises.

Each check (settings, database, machine, running) is a small function from the facts, which facts.py reads, to a
sentence with what to do, or to nothing. The word `check --deploy`, the page /health/service and the opening of a vote
ask the same checks. Knows no room: rooms that have something to say stand in `also`.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from flask import current_app
from flask_babel import gettext as _

from .. import i18n
from ..kept import Kept
from . import database, machine, running, settings
from .facts import Facts, gather

Check = Callable[[Facts], str | None]
# What breaks a promise, and what only makes trouble likelier.
MUST: tuple[Check, ...] = (*settings.MUST, *database.MUST, *machine.MUST, *running.MUST)
SHOULD: tuple[Check, ...] = (*settings.SHOULD, *database.SHOULD, *machine.SHOULD, *running.SHOULD)
# The rooms' own checks; app.py puts them here.
also: list[Callable[[], str | None]] = []

_kept: Kept[str, "tuple[Facts, list[Finding]]"] = Kept(5)


class Finding(NamedTuple):
    """Something that is not as it should be: "bad" keeps a real vote from opening, "warn" does not."""

    kind: Literal["bad", "warn"]
    text: str


def look(facts: Facts) -> list[Finding]:
    """Everything that is not as it should be, by these facts."""
    bad = [*facts.unread, *(text for check in MUST if (text := check(facts)))]
    bad += [text for ask in also if (text := ask())]
    return [Finding("bad", text) for text in bad] + [
        Finding("warn", text) for check in SHOULD if (text := check(facts))
    ]


def standing() -> tuple[Facts, list[Finding]]:
    """How the installation stands, and what is wrong with it, in the language of who asks; kept for some seconds."""

    def make() -> tuple[Facts, list[Finding]]:
        facts = gather()
        return facts, look(facts)

    return _kept.get(i18n.language(), make)


def findings() -> list[Finding]:
    """Everything that is not as it should be."""
    return standing()[1]


def why_not_open() -> str | None:
    """Why no real vote may open here: what would break a promise, and what to do. In production only."""
    if current_app.config["MODE"] != "production" or current_app.config["READINESS"] == "warn":
        return None
    bad = [finding.text for finding in findings() if finding.kind == "bad"]
    return " ".join([_("This installation would break a promise of the vote."), *bad]) if bad else None
