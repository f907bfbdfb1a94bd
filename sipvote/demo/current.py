"""The edition of this year, while its themes are being proposed: a dozen lively proposals."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import insert

from ..db import db, now
from ..editions.models import Edition, Phase, SignUpWay, WaitingOrder
from ..i18n import ZONE
from ..themes.models import Support, Theme
from . import assembly
from .people import ADA, Town, member_of
from .texts import texts_of

SUPPORTERS_NEEDED = 10
WEEK = timedelta(weeks=1)
# How far after the first day each phase begins; the vote ends on a Saturday at 17.00.
BEGINS = {
    Phase.THEMES: timedelta(),
    Phase.REVIEW: 13 * WEEK,
    Phase.VOTE: 16 * WEEK,
    Phase.COUNT: 16 * WEEK + timedelta(days=12, hours=8),
    Phase.SIGNUP: 20 * WEEK,
    Phase.GROUPS: 26 * WEEK,
    Phase.RECOMMENDATIONS: 50 * WEEK,
    Phase.DECISIONS: 58 * WEEK,
    Phase.STOCKTAKE: 70 * WEEK,
}
# Members wish until a Sunday evening, some days after the time machine arrives in the sign-up.
WISHES_UNTIL = BEGINS[Phase.SIGNUP] + timedelta(days=20, hours=13)
FIRST_SEEN_AFTER = timedelta(weeks=8)


class Proposal(NamedTuple):
    """A theme of themes.toml: where its proposer lives, on which day it came, and how many support it."""

    key: str
    original: str
    city: str
    day: int
    supporters: int
    admitted: bool = False


PROPOSALS = (
    Proposal("paid-in-time", "nl", "gent", 2, 63, admitted=True),
    Proposal("ai", "fr", "lyon", 4, 52, admitted=True),
    Proposal("retirement", "fr", "liege", 9, 41, admitted=True),
    Proposal("lending-library", "nl", "antwerpen", 11, 38, admitted=True),
    Proposal("bank-card", "nl", "brussel", 15, 11),
    Proposal("mentoring", "fr", "charleroi", 20, 27),
    Proposal("languages", "en", "brussel", 23, 24),
    Proposal("climate", "fr", "namur", 31, 18),
    Proposal("border", "en", "mons", 36, 14),
    Proposal("rest", "nl", "gent", 44, 9),  # Ada's own: one supporter short
    Proposal("rural", "fr", "nantes", 51, 4),
)
DECLINED = {
    "bank-card": (
        "Voor een kaart met krediet is een bankvergunning nodig, en die kan de coöperatie niet krijgen. Over"
        " voorschotten op facturen praten we graag verder: stuur ons gerust een bericht."
    )
}
PROLONGED = "guidance"


def plant(town: Town, last_year: dict[str, Theme]) -> Edition:
    """Make the edition of this year, eight weeks into its first phase."""
    first_day = _monday(now() - FIRST_SEEN_AFTER)
    begins = {f"{phase}_at": _after(first_day, later) for phase, later in BEGINS.items()}
    edition = Edition(
        year=now().year, supporters_needed=SUPPORTERS_NEEDED, seats=2, max_approvals=3,
        sign_up_way=SignUpWay.WISHES, wishes_until=_after(first_day, WISHES_UNTIL), waiting_order=WaitingOrder.LOT,
        **begins,
    )  # fmt: skip
    db.session.add(edition)
    for proposal in PROPOSALS:
        _propose(edition, proposal, town)
    at, last = edition.themes_at, last_year[PROLONGED]
    goes_on = Theme(edition=edition, original="fr", proposed_at=at, prolonged_from=last, texts=texts_of(PROLONGED, at))
    db.session.add(goes_on)
    db.session.flush()
    assembly.plan(edition)
    return edition


def _monday(moment: datetime) -> datetime:
    """The Monday before a moment, at 9 in the morning."""
    local = moment.astimezone(ZONE).replace(hour=9, minute=0, second=0, microsecond=0)
    return local - timedelta(days=local.weekday())


def _after(first_day: datetime, later: timedelta) -> datetime:
    """By the clock on the wall: 9 o'clock stays 9 o'clock when summer time ends."""
    return (first_day.replace(tzinfo=None) + later).replace(tzinfo=ZONE)


def _propose(edition: Edition, proposal: Proposal, town: Town) -> None:
    at = edition.themes_at + timedelta(days=proposal.day, hours=town.chance.uniform(0, 12))
    theme = Theme(
        edition=edition, proposer_id=_proposer(proposal, town), original=proposal.original, proposed_at=at,
        texts=texts_of(proposal.key, at), admitted_at=at + timedelta(days=3) if proposal.admitted else None,
    )  # fmt: skip
    if reason := DECLINED.get(proposal.key):
        theme.declined_at, theme.decline_reason = at + timedelta(days=2), reason
    db.session.add(theme)
    db.session.flush()
    span = (now() - at).total_seconds()
    others = [i for i in town.some(proposal.supporters) if i != theme.proposer_id][: proposal.supporters - 1]
    supports = [
        {"theme_id": theme.id, "member_id": i, "supported_at": at + timedelta(seconds=town.chance.uniform(60, span))}
        for i in others
    ]
    # Whoever proposes is the first to support.
    supports.append({"theme_id": theme.id, "member_id": theme.proposer_id, "supported_at": at})
    db.session.execute(insert(Support), supports)


def _proposer(proposal: Proposal, town: Town) -> int:
    """Ada proposed one of them; the others come from members of that city and language."""
    if proposal.key == "rest":
        return member_of(ADA).id
    return (town.some(1, [proposal.city], [proposal.original]) or town.some(1))[0]
