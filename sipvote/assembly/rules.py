"""What the assembly's room decides: how it is planned, when it is opened and closed, and its incidents.

Who is there stands in presence.py, whether they are enough in quorum.py.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..i18n import LANGUAGES, language, language_name, moment, number
from ..members.models import Member
from ..members.rules import members_on
from .models import Assembly, Incident, Quorum

LONGEST = timedelta(hours=24)
# The chair may open a little before the announced moment, when everybody is there.
OPENS_EARLY = timedelta(minutes=30)
# What the vote depends on: fixed once its ballot is frozen. What the quorum is: fixed once the assembly is open.
VOTE_SETTINGS = ("proxies_per_holder", "remote_vote", "prior_vote")
QUORUM_SETTINGS = ("quorum", "quorum_value", "counts_proxies", "counts_remote", "counts_votes")
# What a ballot that was frozen without an assembly goes by.
WITHOUT_ASSEMBLY = {"proxies_per_holder": 0, "remote_vote": True, "prior_vote": True}


def of_edition(edition: Edition) -> Assembly | None:
    """The assembly of an edition."""
    return db.session.scalar(select(Assembly).where(Assembly.edition_id == edition.id))


def name_of(assembly: Assembly) -> str:
    """How the audit log names an assembly: 'assembly 2026'."""
    return f"assembly {assembly.edition.year}"


def hold(assembly: Assembly, to_change: bool = True) -> None:
    """Read the assembly again and keep it as it is until the commit; with `to_change` for us alone."""
    db.session.refresh(assembly, with_for_update=True if to_change else {"read": True})


def agenda_of(assembly: Assembly) -> tuple[list[str], str]:
    """The agenda in the page's language, else in the first language that has one; and that language."""
    written = [code for code in (language(), *LANGUAGES) if assembly.agenda.get(code)]
    return (assembly.agenda[written[0]], written[0]) if written else ([], language())


def members_at(starts_at: datetime) -> int:
    """How many members the cooperative has on the day of an assembly: what a share is a share of."""
    return db.session.scalar(members_on(select(func.count()).select_from(Member), starts_at.date())) or 0


# --- Planning ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What organisers say about an assembly: the columns of its table that they fill in."""

    starts_at: datetime
    ends_at: datetime
    place: str
    follow_url: str | None
    agenda: dict[str, list[str]]
    quorum: Quorum
    quorum_value: int
    counts_proxies: bool
    counts_remote: bool
    counts_votes: bool
    proxies_per_holder: int
    remote_vote: bool
    prior_vote: bool
    chair: str | None
    secretary: str | None


def why_not_change(assembly: Assembly | None) -> str | None:
    """What was held is as it was: the minutes rest on it."""
    if assembly is None or assembly.closed_at is None:
        return None
    return _("The assembly was closed on %(moment)s. It can no longer change.", moment=moment(assembly.closed_at))


def fixed(edition: Edition, assembly: Assembly | None) -> dict[str, object]:
    """The settings that can no longer change, each with what it is fixed at."""
    kept: dict[str, object] = {}
    if edition.themes_frozen_at:
        kept |= {name: getattr(assembly, name) if assembly else WITHOUT_ASSEMBLY[name] for name in VOTE_SETTINGS}
    if assembly and assembly.opened_at:
        kept |= {name: getattr(assembly, name) for name in ("starts_at", *QUORUM_SETTINGS)}
    return kept


def why_not_plan(edition: Edition, plan: Plan, assembly: Assembly | None) -> tuple[str, str] | None:
    """The first thing in a plan that contradicts another: the field that it stands in, and a sentence; or None."""
    return (
        _fault_in_time(plan, assembly)
        or _fault_in_agenda(plan.agenda)
        or _fault_in_quorum(plan)
        or _fault_in_vote(edition, plan)
        or _fault_in_fixed(edition, plan, assembly)
    )


Fault = tuple[str, str] | None


def _fault_in_time(plan: Plan, assembly: Assembly | None) -> Fault:
    if plan.ends_at <= plan.starts_at:
        return "ends_at", _("The assembly must end after it begins.")
    if plan.ends_at - plan.starts_at > LONGEST:
        return "ends_at", _("An assembly lasts at most a day. Check both dates.")
    is_moved = assembly is None or plan.ends_at != assembly.ends_at
    if is_moved and plan.ends_at < now():
        return "ends_at", _("This moment has passed. Give one that is still to come.")
    return None


def _fault_in_agenda(agenda: dict[str, list[str]]) -> Fault:
    written = {code: items for code, items in agenda.items() if items}
    if not written:
        return "agenda_nl", _("Write the agenda in one language at least, one item a line.")
    first, *others = written
    for code in others:
        if len(written[code]) != len(written[first]):
            counts = {"n": len(written[code]), "language": language_name(code)}
            other = {"other": len(written[first]), "other_language": language_name(first)}
            text = _(
                "The agenda has %(n)d items in %(language)s and %(other)d in %(other_language)s."
                " Write the same items in each language.",
                **counts, **other,
            )  # fmt: skip
            return f"agenda_{code}", text
    return None


def _fault_in_quorum(plan: Plan) -> Fault:
    if plan.quorum == Quorum.SHARE and not 1 <= plan.quorum_value <= 100:
        return "quorum_value", _("Give the share as a whole number from 1 to 100.")
    if plan.quorum == Quorum.NUMBER:
        members = members_at(plan.starts_at)
        if not 1 <= plan.quorum_value <= members:
            return "quorum_value", _("Give a whole number from 1 to %(members)s: so many members there are.",
                                     members=number(members))  # fmt: skip
    return None


def _fault_in_vote(edition: Edition, plan: Plan) -> Fault:
    if plan.prior_vote and not plan.remote_vote:
        return "prior_vote", _("Who votes before the assembly votes from elsewhere. Allow both, or neither.")
    # Before freezing the dates can still be mended on both sides; the checklist of the election says so.
    if edition.themes_frozen_at and not plan.prior_vote and plan.starts_at > edition.vote_at:
        begins = moment(edition.vote_at)
        return "starts_at", _("The vote is announced from %(moment)s, and may not begin before the assembly.",
                              moment=begins)  # fmt: skip
    return None


def _fault_in_fixed(edition: Edition, plan: Plan, assembly: Assembly | None) -> Fault:
    for name, kept in fixed(edition, assembly).items():
        if getattr(plan, name) != kept:
            if name in VOTE_SETTINGS:
                return name, _("The ballot is frozen, so this stays as it is. Unfreeze it first if it must change.")
            return name, _("The assembly is open, so this stays as it is.")
    return None


def plan(edition: Edition, wanted: Plan, by: int | None) -> Assembly:
    """Plan the assembly of an edition, or change its plan. Raises Refused."""
    # Whoever freezes the ballot at this moment waits for our commit, or is seen to have frozen it.
    db.session.refresh(edition, with_for_update={"read": True})
    assembly = of_edition(edition)
    if assembly:
        hold(assembly)
    if why := why_not_change(assembly):
        raise Refused(why)
    if fault := why_not_plan(edition, wanted, assembly):
        raise Refused(fault[1])
    if assembly is None:
        assembly = _new(edition, wanted)
    for column, value in _columns(wanted).items():
        setattr(assembly, column, value)
    facts = {name: getattr(wanted, name) for name in (*VOTE_SETTINGS, *QUORUM_SETTINGS)}
    span = {"starts_at": wanted.starts_at.isoformat(), "ends_at": wanted.ends_at.isoformat()}
    audit.record("plan assembly", name_of(assembly), by, **span, **facts)
    return assembly


def _columns(wanted: Plan) -> dict[str, Any]:
    return {field.name: getattr(wanted, field.name) for field in fields(wanted)}


def _new(edition: Edition, wanted: Plan) -> Assembly:
    made = Assembly(edition=edition, hall_secret=secrets.token_bytes(32), **_columns(wanted))
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        raise Refused(_("Somebody else has just planned this assembly. Look at what they planned.")) from None
    return made


# --- Opening and closing ----------------------------------------------------------------------------


def why_not_open(assembly: Assembly) -> str | None:
    """The chair opens it once, not long before it was announced."""
    if assembly.opened_at:
        return _("The assembly is open since %(moment)s.", moment=moment(assembly.opened_at))
    earliest = assembly.starts_at - OPENS_EARLY
    if now() < earliest:
        return _("The assembly can be opened from %(moment)s.", moment=moment(earliest))
    return None


def open_(assembly: Assembly, by: int | None, present: int, **parts: int) -> None:
    """Open the assembly, with so many members who are present or represented.

    `parts` say who they are (quorum.Standing.parts): the minutes tell them, and who leaves and comes back is not
    seen in the list of who was there.
    """
    hold(assembly)
    if why := why_not_open(assembly):
        raise Refused(why)
    assembly.opened_at = now()
    audit.record("open assembly", name_of(assembly), by, present=present, **parts)


def why_not_close(assembly: Assembly) -> str | None:
    """What is open can be closed."""
    if assembly.opened_at is None:
        return _("The assembly has not been opened yet.")
    if assembly.closed_at:
        return _("The assembly was closed on %(moment)s.", moment=moment(assembly.closed_at))
    return None


def close(assembly: Assembly, by: int | None, present: int, **parts: int) -> None:
    """Close the assembly: nobody checks in any more, and its list of who was there stays as it is."""
    hold(assembly)
    if why := why_not_close(assembly):
        raise Refused(why)
    assembly.closed_at = now()
    audit.record("close assembly", name_of(assembly), by, present=present, **parts)


# --- Incidents --------------------------------------------------------------------------------------


def incidents(assembly: Assembly) -> Sequence[Incident]:
    """What went wrong, in the order in which it happened."""
    mine = select(Incident).where(Incident.assembly_id == assembly.id)
    return db.session.scalars(mine.order_by(Incident.happened_at, Incident.id)).all()


def why_not_note(happened_at: datetime, until_at: datetime | None) -> tuple[str, str] | None:
    """The field that is wrong, and why: nothing is noted before it happens, and nothing ends before it begins."""
    if happened_at > now():
        return "happened_at", _("This moment is still to come. When did it happen?")
    if until_at and until_at > now():
        return "until_at", _("This moment is still to come. Leave it empty while it goes on.")
    if until_at and until_at < happened_at:
        return "until_at", _("It cannot be over before it began.")
    return None


def note_incident(
    assembly: Assembly, happened_at: datetime, text: str, by: int | None,
    until_at: datetime | None = None, remedy: str = "",
) -> Incident:  # fmt: skip
    """Keep what went wrong, for the minutes. Also after closing: what went wrong is often understood later.

    The audit log keeps a fingerprint of the note, not its words: they may name somebody.
    """
    if fault := why_not_note(happened_at, until_at):
        raise Refused(fault[1])
    noted = Incident(
        assembly_id=assembly.id, happened_at=happened_at, until_at=until_at, text=text, remedy=remedy, noted_by_id=by
    )
    db.session.add(noted)
    db.session.flush()
    audit.record("note incident", name_of(assembly), by, incident=noted.id, digest=fingerprint(noted))
    return noted


def fingerprint(incident: Incident) -> str:
    """SHA-256 of a note, by which the audit log and the minutes can be compared."""
    moments = [at.astimezone(UTC).isoformat() if at else None for at in (incident.happened_at, incident.until_at)]
    said = [*moments, incident.text, incident.remedy]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def why_not_remove(assembly: Assembly) -> str | None:
    """After closing, nothing is taken from the log any more."""
    if assembly.closed_at is None:
        return None
    return _("The assembly is closed: what was noted stays. Note what has to be added.")


def remove_incident(assembly: Assembly, incident: Incident, by: int | None) -> None:
    """Take an incident that was noted by mistake from the log; the audit log keeps that it was."""
    hold(assembly)
    if why := why_not_remove(assembly):
        raise Refused(why)
    audit.record("remove incident", name_of(assembly), by, incident=incident.id, digest=fingerprint(incident))
    db.session.delete(incident)
