"""Whose ballot the pages of a vote are about, where they lead, and whether it may be cast now."""

from dataclasses import dataclass

from flask import url_for
from flask_login import current_user

from . import box, rules
from .models import Election
from .papers import Paper
from .seal import Choices


@dataclass(frozen=True)
class Voter:
    """The visitor, with a ballot of one's own. Making one costs no query: sending a vote needs it."""

    member_id: int
    how: box.Cast
    giver: str | None = None  # whose ballot it is, when it is somebody else's

    def url(self, page: str, year: int) -> str:
        """The address of a page of this ballot: "ballot", "check", "send", "receipt" …"""
        return url_for(f"voting.{page}", year=year)

    def standing(self, election: Election | None) -> box.Standing:
        """Where whose ballot it is stands in an election; the receipt of a vote by proxy is its holder's."""
        mine = self._on_roll(election)
        return mine._replace(tracker=None) if mine.by_proxy else mine

    def _on_roll(self, election: Election | None) -> box.Standing:
        if election is None or election.frozen_at is None:
            return box.Standing()
        return box.standing(election.id, self.member_id)

    def why_not(self, election: Election | None, standing: box.Standing) -> str | None:
        """Why this ballot cannot be cast now, or None."""
        return rules.why_not_vote(election, standing, self.how, current_user.member_id)

    def cast(self, paper: Paper, choices: Choices) -> None:
        """Put the vote in the box; raises Refused."""
        rules.cast(paper, self.member_id, choices, self.how)


def own() -> Voter:
    """Who is signed in, voting for oneself."""
    return Voter(current_user.member_id, box.Cast(in_hall=current_user.is_in_hall))
