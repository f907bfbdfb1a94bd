"""Feeds of what changes: statuses that are noted and decisions that are published, as Atom (RFC 4287)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..db import db
from ..decisions.models import Decision, DecisionText
from ..i18n import day, language
from ..recommendations.models import Recommendation
from . import finding, words
from .models import StatusChange

ATOM = "http://www.w3.org/2005/Atom"
KIND = "application/atom+xml; charset=utf-8"
ENTRIES = 50
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # the service knows nothing older


@dataclass(frozen=True)
class News:
    """One change: which recommendation, what, when it was made public, and the words with their language."""

    key: str
    recommendation_id: int
    at: datetime
    what: str
    text: str
    language: str
    author: str


@dataclass(frozen=True)
class Addresses:
    """Where things stand; the feed knows no routes."""

    itself: str
    page: str
    of: Callable[[int], str]


def news(ids: Sequence[int] | None = None) -> list[News]:
    """The last changes of these recommendations (None: of all), the youngest first; two queries and one of titles."""
    found = sorted(_noted(ids) + _decided(ids), key=lambda each: (each.at, each.key), reverse=True)
    return found[:ENTRIES]


def _public(ids: Sequence[int] | None) -> list[Any]:
    there = [Recommendation.number.is_not(None), Recommendation.withdrawn_at.is_(None)]
    return there if ids is None else [*there, Recommendation.id.in_(ids)]


def _noted(ids: Sequence[int] | None) -> list[News]:
    of = StatusChange
    asked = (
        select(of).join(Recommendation).where(Recommendation.number.is_not(None), Recommendation.withdrawn_at.is_(None))
    )
    asked = asked.where(of.recommendation_id.in_(ids)) if ids is not None else asked
    asked = asked.options(selectinload(of.author)).order_by(of.noted_at.desc(), of.id.desc()).limit(ENTRIES)
    return [
        News(f"status-{line.id}", line.recommendation_id, line.noted_at, _status(line), line.reason, line.language,
             line.author.name if line.author else "")
        for line in db.session.scalars(asked)
    ]  # fmt: skip


def _status(line: StatusChange) -> str:
    said = _("%(status)s since %(day)s", status=words.STATUSES[line.status], day=day(line.since, False, True))
    if line.postponed_until:
        said += " " + _("until %(day)s", day=day(line.postponed_until, False, True))
    return said


def _decided(ids: Sequence[int] | None) -> list[News]:
    of = Decision
    asked = select(of).join(Recommendation).where(of.published_at.is_not(None), *_public(ids))
    found = []
    for decision in db.session.scalars(asked.order_by(of.published_at.desc(), of.id.desc()).limit(ENTRIES)):
        said = decision.text if decision.texts else DecisionText(language=decision.original, reasons="", amended="")
        what = _("the board decided: %(outcome)s", outcome=words.OUTCOMES[decision.outcome])
        at = decision.published_at or EPOCH
        found.append(
            News(f"decision-{decision.id}", decision.recommendation_id, at, what, said.reasons, said.language, "")
        )
    return found


def atom(title: str, addresses: Addresses, found: Sequence[News]) -> bytes:
    """The feed as a file."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language()})
    _add(feed, "title", title)
    _add(feed, "id", addresses.itself)
    _add(feed, "updated", max((each.at for each in found), default=EPOCH).isoformat())
    _add(feed, "link", rel="self", type="application/atom+xml", href=addresses.itself)
    _add(feed, "link", rel="alternate", type="text/html", href=addresses.page)
    _add(_add(feed, "author"), "name", "Smart in Progress")
    titles = finding.titles({each.recommendation_id for each in found})
    for each in found:
        label, name = titles[each.recommendation_id]
        entry, page = _add(feed, "entry"), addresses.of(each.recommendation_id)
        _add(entry, "title", f"{label} {name}: {each.what}")
        _add(entry, "id", f"{page}#{each.key}")
        _add(entry, "updated", each.at.isoformat())
        _add(entry, "published", each.at.isoformat())
        _add(entry, "link", rel="alternate", type="text/html", href=page)
        if each.author:
            _add(_add(entry, "author"), "name", each.author)
        content = _add(entry, "content", each.text, type="text")
        content.set("{http://www.w3.org/XML/1998/namespace}lang", each.language)
    return ET.tostring(feed, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    # XML cannot hold these signs at all, not even written as numbers.
    made.text = NOT_IN_XML.sub("", text) or None
    return made
