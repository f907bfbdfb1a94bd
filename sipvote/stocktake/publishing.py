"""Publishing the stocktake of a day: its rows are stored with their hash, and shown as they are for good.

Whatever changes later (a status, a name, a theme), a published stocktake is printed again exactly as it was.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..db import db, now
from ..errors import Refused
from ..i18n import LANGUAGES, ZONE
from ..i18n import day as day_in_words
from ..members import four_eyes
from . import stamps
from .models import PublishedStocktake, Status
from .rows import Row, rows

FORMAT = "sipvote stocktake 1"
NAMES = ("title", "theme", "group", "large_theme")  # which stand in three languages
DAYS = ("decided_on", "since", "done_on", "postponed_until")


@dataclass(frozen=True)
class Stored:
    """A row as it was published; what `Row` tells, read again from the JSON."""

    id: int
    year: int
    number: int
    title: str
    theme: str
    group: str
    large_theme: str
    country: str | None
    decided_on: date | None
    outcome: str | None
    status: Status
    since: date | None
    done_on: date | None
    postponed_until: date | None


# --- What is stored ---------------------------------------------------------------------------------


def content_of(day: date, known_at: datetime) -> str:
    """The rows of a day, as known at a moment, in canonical JSON: sorted keys, no spaces, one form of everything."""
    spoken = {code: rows(day, known_at, code) for code in LANGUAGES}
    first = next(iter(spoken))
    made = [
        _stored(row, {code: other[place] for code, other in spoken.items()}) for place, row in enumerate(spoken[first])
    ]
    facts = {"format": FORMAT, "day": day.isoformat(), "rows": made}
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _stored(row: Row, spoken: Mapping[str, Row]) -> dict[str, Any]:
    facts: dict[str, Any] = {"id": row.id, "year": row.year, "number": row.number, "country": row.country}
    facts |= {name: {code: getattr(each, name) for code, each in spoken.items()} for name in NAMES}
    facts |= {name: _iso(getattr(row, name)) for name in DAYS}
    return {**facts, "status": str(row.status), "outcome": str(row.outcome) if row.outcome else None}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def digest_of(content: str) -> str:
    """The SHA-256 of what is stored, as `sha256sum` gives it of the downloaded file."""
    return hashlib.sha256(content.encode()).hexdigest()


def stored_rows(content: str, code: str) -> list[Stored]:
    """Read the rows again, with names in a language."""
    return [_read(facts, code) for facts in json.loads(content)["rows"]]


def _read(facts: Mapping[str, Any], code: str) -> Stored:
    days: dict[str, Any] = {name: date.fromisoformat(facts[name]) if facts[name] else None for name in DAYS}
    names = {name: facts[name][code] for name in NAMES}
    plain = {name: facts[name] for name in ("id", "year", "number", "country", "outcome")}
    return Stored(**plain, **names, **days, status=Status(facts["status"]))


# --- Publishing -------------------------------------------------------------------------------------


def all_published() -> Sequence[PublishedStocktake]:
    """Every published stocktake, the latest day first; without what it holds."""
    return db.session.scalars(select(PublishedStocktake).order_by(PublishedStocktake.day.desc())).all()


def of_day(day: date) -> PublishedStocktake | None:
    """The stocktake that was published of a day, if there is one."""
    return db.session.scalar(select(PublishedStocktake).where(PublishedStocktake.day == day))


def latest() -> PublishedStocktake | None:
    """The stocktake of the latest day that was published."""
    return db.session.scalar(select(PublishedStocktake).order_by(PublishedStocktake.day.desc()).limit(1))


def looked_at() -> str:
    """What differs as soon as a line of any stocktake would: for who looks at one before it is published."""
    return digest_of(repr(stamps.now()))


def is_intact(published: PublishedStocktake) -> bool:
    """Whether what is stored is what was published."""
    return digest_of(published.content) == published.digest


def why_not_publish(day: date, number: int) -> str | None:
    """A day can be published once, when it is there, and when this number of recommendations is not 0."""
    if day > now().astimezone(ZONE).date():
        return _("This day is still to come. Choose today, or a day before.")
    if of_day(day):
        return _("The stocktake of this day is published already, and stays as it is. Choose another day.")
    if not number:
        return _("On this day there was no recommendation yet. Choose a later day.")
    return None


def why_not_publish_seen(day: date, seen: str) -> str | None:
    """The day can be published, and nothing changed since somebody looked at it."""
    if why := why_not_publish(day, len(rows(day))):
        return why
    if looked_at() != seen:
        return _("Something changed since you looked at it. Look at the figures again, then publish.")
    return None


def publish(day: date, seen: str, by: int) -> PublishedStocktake:
    """Store and publish the stocktake of a day as it is known now; `seen` is `looked_at()` of when it was shown."""
    if why := why_not_publish_seen(day, seen):
        raise Refused(why)
    moment = now()
    content = content_of(day, moment)
    digest = digest_of(content)
    kept = PublishedStocktake(day=day, published_at=moment, published_by_id=by, digest=digest, content=content)
    try:
        with db.session.begin_nested():
            db.session.add(kept)
    except IntegrityError:  # somebody published it at the same moment
        raise Refused(_("The stocktake of this day is published already, and stays as it is.")) from None
    audit.record("publish stocktake", f"stocktake {day}", by, digest=digest)
    return kept


def _publish_asked(facts: dict[str, Any], by: int) -> None:
    publish(date.fromisoformat(facts["day"]), facts["seen"], by)


def _about_asked(facts: dict[str, Any]) -> str:
    return day_in_words(date.fromisoformat(facts["day"]), weekday=False, with_year=True)


four_eyes.register(
    "publish stocktake", _l("Publish the stocktake"), "stocktake.keep", _publish_asked, _about_asked,
    where=lambda facts: ("stocktake.preview", {"day": facts["day"]}),
)  # fmt: skip
