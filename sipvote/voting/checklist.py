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
from .tally import is_countable

MOST_THEMES = 50


def members_today(rows: Any) -> Any:
    """Only who is a member today, of a SELECT over members."""
    today = now().date()
    return rows.where(Member.joined <= today, or_(Member.left.is_(None), Member.left > today))


@dataclass(frozen=True)
class Check:
    """One line of the checklist before freezing: a sentence, and whether all is well with it."""

    kind: Literal["ok", "warn", "bad"]
    text: str


def checklist(election: Election) -> list[Check]:
    """What must be right before the ballot is frozen, each as a sentence about how it stands."""
    edition, ballot = election.edition, themes.on_ballot(election.edition)
    why = why_not_now(edition, "prepare_vote")
    if why is None and edition.count_at <= now():
        why = _("The moment of closing has passed. Change the dates of the edition.")
    span = {"start": moment(edition.vote_at), "end": moment(edition.count_at)}
    dates = _("Voting is announced from %(start)s until %(end)s.", **span)
    return [
        Check("bad", why) if why else Check("ok", dates),
        _check_number(len(ballot), edition.seats),
        *_check_rule(election.rule, len(ballot), edition.seats),
        *_check_texts(ballot),
        _check_roll(),
        *([_check_scrutineers()] if election.custody == Custody.SCRUTINEERS else []),
    ]


def _check_number(count: int, seats: int) -> Check:
    stands = ngettext("There is %(num)d theme on the ballot", "There are %(num)d themes on the ballot", count)
    stands += " " + ngettext("for %(num)d place.", "for %(num)d places.", seats)
    if count < max(2, seats + 1):
        return Check("bad", stands + " " + _("There must be at least %(n)d to choose from.", n=max(2, seats + 1)))
    if count > MOST_THEMES:
        return Check("bad", stands + " " + _("A ballot holds at most %(n)d.", n=MOST_THEMES))
    return Check("ok", stands)


def _check_rule(rule: str, count: int, seats: int) -> list[Check]:
    """A rule that compares all ways to choose must be able to, however the members vote."""
    if seats > count or is_countable(rule, count, seats):
        return []
    too_many = _("There are too many ways to choose %(seats)d of %(n)d themes for PAV.", seats=seats, n=count)
    return [Check("bad", too_many + " " + _("Choose another rule, or fewer places."))]


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


def _check_roll() -> Check:
    count = db.session.scalar(members_today(select(func.count())).select_from(Member)) or 0
    text = ngettext("%(n)s member may vote.", "%(n)s members may vote.", count, n=number(count))
    return Check("ok" if count else "bad", text)


def _check_scrutineers() -> Check:
    count = db.session.scalar(select(func.count()).where(Grant.role == Role.SCRUTINEER)) or 0
    text = ngettext("%(num)d member is a scrutineer", "%(num)d members are scrutineers", count)
    if count < seal.LISTS:
        return Check("warn", text + ". " + _("There are three word lists: name three people."))
    return Check("ok", text + ".")
