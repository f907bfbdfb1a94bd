"""The checklist before a ballot is frozen: how everything stands, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, or_, select

from ..access import Role
from ..db import db, now
from ..editions.rules import why_not_now
from ..i18n import moment, number
from ..members.models import Grant, Member
from ..themes import rules as themes
from ..themes.models import Theme
from . import seal
from .models import Custody, Election

MOST_THEMES = 50


def members_today(rows: Any) -> Any:
    """Only who is a member today, of a SELECT over members."""
    today = now().date()
    return rows.where(Member.joined <= today, or_(Member.left.is_(None), Member.left > today))


def on_roll(election: Election, rows: Any) -> Any:
    """Only who would be on the roll of an election today, of a SELECT over members: in a rehearsal, who has a role."""
    return members_today(rows.where(Member.grants.any()) if election.is_rehearsal else rows)


@dataclass(frozen=True)
class Check:
    """One line of the checklist before freezing: a sentence, and whether all is well with it."""

    kind: Literal["ok", "warn", "bad"]
    text: str


def checklist(election: Election) -> list[Check]:
    """What must be right before the ballot is frozen, each as a sentence about how it stands."""
    edition, ballot = election.edition, themes.on_ballot(election.edition)
    return [
        _check_dates(election),
        _check_number(len(ballot), edition.seats),
        *_check_texts(ballot),
        _check_roll(election),
        _check_organisers(election),
        *([_check_scrutineers()] if election.custody == Custody.SCRUTINEERS else []),
    ]


def _check_dates(election: Election) -> Check:
    edition = election.edition
    why = why_not_now(edition, "prepare_vote")
    if why is None and edition.count_at <= now():
        why = _("The moment of closing has passed. Change the dates of the edition.")
    if why:
        return Check("bad", why)
    if election.is_rehearsal:
        return Check("ok", _("The rehearsal can be opened as soon as it is frozen, and lasts a day at most."))
    span = {"start": moment(edition.vote_at), "end": moment(edition.count_at)}
    return Check("ok", _("Voting is announced from %(start)s until %(end)s.", **span))


def _check_number(count: int, seats: int) -> Check:
    stands = ngettext("There is %(num)d theme on the ballot", "There are %(num)d themes on the ballot", count)
    stands += " " + ngettext("for %(num)d place.", "for %(num)d places.", seats)
    if count < max(2, seats + 1):
        return Check("bad", stands + " " + _("There must be at least %(n)d to choose from.", n=max(2, seats + 1)))
    if count > MOST_THEMES:
        return Check("bad", stands + " " + _("A ballot holds at most %(n)d.", n=MOST_THEMES))
    return Check("ok", stands)


def _check_texts(ballot: Sequence[Theme]) -> list[Check]:
    checks = []
    for theme in ballot:
        words = theme.text_in(theme.original)
        if words is None or not words.title.strip() or not words.question.strip():
            checks.append(Check("bad", _("The theme “%(title)s” lacks its title or its question.", title=theme)))
    untranslated = sum(bool(theme.missing_languages) for theme in ballot)
    if untranslated:
        text = ngettext(
            "%(num)d theme is not in all three languages; its original is shown instead.",
            "%(num)d themes are not in all three languages; their originals are shown instead.",
            untranslated,
        )
        checks.append(Check("warn", text))
    return checks or [Check("ok", _("Every theme has its texts in all three languages."))]


def _check_roll(election: Election) -> Check:
    who = on_roll(election, select(func.count()).select_from(Member))
    count = db.session.scalar(who) or 0
    text = ngettext("%(n)s member may vote.", "%(n)s members may vote.", count, n=number(count))
    return Check("ok" if count else "bad", text)


def _holders(role: Role) -> int:
    """How many members hold a role today."""
    held = select(func.count()).select_from(Member).where(Member.grants.any(Grant.role == role))
    return db.session.scalar(members_today(held)) or 0


def _check_organisers(election: Election) -> Check:
    count = _holders(Role.ORGANISER)
    text = ngettext("%(num)d member is an organiser.", "%(num)d members are organisers.", count)
    if count >= 2:
        return Check("ok", text)
    needed = _("Opening, closing early and extending by hand take two: name another organiser.")
    return Check("bad" if election.by_hand else "warn", text + " " + needed)


def _check_scrutineers() -> Check:
    count = _holders(Role.SCRUTINEER)
    text = ngettext("%(num)d member is a scrutineer", "%(num)d members are scrutineers", count)
    if count < seal.LISTS:
        return Check("warn", text + ". " + _("There are three word lists: name three people."))
    return Check("ok", text + ".")
