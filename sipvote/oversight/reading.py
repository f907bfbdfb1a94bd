"""The log as people read it: sentences in their language, the part of it that they look for."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select

from .. import acts
from ..audit import Entry
from ..db import db
from ..fact_names import fact_name, said
from ..i18n import ZONE
from ..members.forms import ROLE_NAMES
from ..members.models import Member


def found(who: str = "", act: str = "", day: date | None = None) -> Select[Entry]:
    """The lines by or about a member (a number, or part of a name), of one act, of one day; the newest first."""
    wanted = select(Entry).order_by(Entry.id.desc())
    if who:
        named = select(Member.number).where(Member.name.icontains(who, autoescape=True))
        about = select("member " + Member.number).where(Member.name.icontains(who, autoescape=True))
        wanted = wanted.where(or_(
            Entry.actor == who, Entry.subject == f"member {who}", Entry.actor.in_(named), Entry.subject.in_(about),
        ))  # fmt: skip
    if act:
        wanted = wanted.where(Entry.act == act)
    if day:
        begin = datetime.combine(day, time(), ZONE)
        end = datetime.combine(day + timedelta(days=1), time(), ZONE)
        wanted = wanted.where(Entry.at >= begin, Entry.at < end)
    return wanted


def names_in(entries: Iterable[Entry]) -> dict[str, str]:
    """By number, the names of the members in these lines: only looked up, for they are kept in none."""
    numbers = {number for entry in entries for number in (entry.actor, _about(entry)) if number}
    known = select(Member.number, Member.name).where(Member.number.in_(numbers))
    return {row.number: row.name for row in db.session.execute(known)}


def _about(entry: Entry) -> str | None:
    kind, _blank, number = entry.subject.partition(" ")
    return number if kind == "member" else None


def sentence(entry: Entry, names: dict[str, str]) -> str:
    """'Role given: member 10234 (Ada Peeters), by Dré Maes (10017).'"""
    subject = acts.subject_name(entry.subject)
    if name := names.get(_about(entry) or ""):
        subject = f"{subject} ({name})"
    facts = {"act": acts.act_name(entry.act), "subject": subject, "who": _who(entry, names)}
    return _("%(act)s: %(subject)s, by %(who)s.", **facts)


def _who(entry: Entry, names: dict[str, str]) -> str:
    if entry.actor is None:
        return _("the service itself")
    if entry.actor in names:
        return f"{names[entry.actor]} ({entry.actor})"
    return _("member %(number)s", number=entry.actor)


def details(entry: Entry) -> list[tuple[str, str]]:
    """The facts of a line, each with what it is called."""
    told = [(name, fact) for name, fact in entry.facts.items() if fact not in (None, "", [])]
    return [(fact_name(name), _role(fact) if name == "role" else said(fact)) for name, fact in told]


def _role(role: str) -> str:
    return str(ROLE_NAMES.get(role, role))  # type: ignore[call-overload]
