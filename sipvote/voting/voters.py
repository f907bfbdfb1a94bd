"""Whose ballot the pages of a vote are about, where they lead, and whether it may be cast now."""

from dataclasses import dataclass

from flask import url_for
from flask_login import current_user
from sqlalchemy import bindparam, select
from sqlalchemy.orm import lazyload

from ..db import db
from ..editions.models import Edition
from ..editions.views import about
from . import box, rules
from .models import Election
from .papers import Paper
from .seal import Choices

# One question for each page of 30,000 voters.
_ASKED = (
    box.with_standing(select(Edition, Election).outerjoin(Election, Election.edition_id == Edition.id))
    .where(Edition.year == bindparam("year"))
    .options(lazyload(Election.questions))
)


@dataclass(frozen=True)
class Voter:
    """The visitor, with a ballot of one's own. Making one costs no query: sending a vote needs it."""

    member_id: int
    how: box.Cast
    giver: str | None = None  # whose ballot it is, when it is somebody else's

    def url(self, page: str, year: int) -> str:
        """The address of a page of this ballot: "ballot", "check", "send", "receipt" …"""
        return url_for(f"voting.{page}", year=year)

    def asked(self, year: int) -> tuple[Edition, Election | None, box.Standing]:
        """The edition of a year, or 404; its election, if the visitor may know of it; and where one stands in it."""
        found = db.session.execute(_ASKED, {"year": year, "member": self.member_id}).first()
        found_edition, found_election, *columns = found or (None, None)
        edition, election = about(found_edition), rules.as_seen(found_election)
        if election is None or election.frozen_at is None:
            return edition, election, box.Standing()
        return edition, election, self.as_seen(box.standing_of(columns))

    def standing(self, election: Election | None) -> box.Standing:
        """Where whose ballot it is stands in an election."""
        if election is None or election.frozen_at is None:
            return box.Standing()
        return self.as_seen(box.standing(election.id, self.member_id))

    def as_seen(self, mine: box.Standing) -> box.Standing:
        """What the visitor may know of it: the receipt of a vote by proxy is its holder's."""
        return mine._replace(tracker=None) if mine.by_proxy else mine

    def why_not(self, election: Election | None, standing: box.Standing) -> str | None:
        """Why this ballot cannot be cast now, or None."""
        return rules.why_not_vote(election, standing, self.how, current_user.member_id)

    def cast(self, paper: Paper, choices: Choices) -> None:
        """Put the vote in the box; raises Refused."""
        rules.cast(paper, self.member_id, choices, self.how)


def own() -> Voter:
    """Who is signed in, voting for oneself."""
    return Voter(current_user.member_id, box.Cast(in_hall=current_user.is_in_hall))
