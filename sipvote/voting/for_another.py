"""The ballot for the giver of a proxy: the same three screens as one's own, each headed with the giver's name."""

from dataclasses import dataclass
from typing import Any

from flask import abort, url_for
from flask_login import current_user

from ..access import for_cards
from ..db import only_reads
from ..logs import counted_only
from . import box, proxy_votes
from .models import Election
from .papers import Paper
from .proxy_votes import Mandate
from .publication import voting
from .seal import Choices
from .views import fill_in, give_receipt_file, look_over, mail_receipt_of, put_in, show_receipt
from .voters import Voter


@dataclass(frozen=True, kw_only=True)
class ForAnother(Voter):
    """The visitor, with the ballot of a member whose proxy they hold."""

    proxy: Mandate

    def url(self, page: str, year: int) -> str:
        return url_for(f"voting.{page}_for", year=year, proxy_id=self.proxy.proxy_id)

    def as_seen(self, theirs: box.Standing) -> box.Standing:
        """The giver's, without a receipt that is not the holder's business."""
        is_mine = theirs.by_proxy and self.proxy.covers(theirs.cast_at)
        return theirs if is_mine else theirs._replace(tracker=None)

    def why_not(self, election: Election | None, standing: box.Standing) -> str | None:
        return proxy_votes.why_not_vote(election, standing, self.proxy, self.how)

    def cast(self, paper: Paper, choices: Choices) -> None:
        proxy_votes.cast(paper, self.proxy, choices, self.how)


def _voter(year: int, proxy_id: int) -> ForAnother:
    """Who is signed in, voting under a proxy of theirs; 404 when it is not theirs."""
    proxy = proxy_votes.mandate(year, proxy_id, current_user.member_id)
    if proxy is None:
        abort(404)
    how = box.Cast(current_user.is_in_hall, proxy.proxy_id, proxy.holder_id)
    return ForAnother(member_id=proxy.giver_id, how=how, giver=proxy.giver, proxy=proxy)


@voting.route("/<int:year>/vote/for/<int:proxy_id>/ballot", methods=["GET", "POST"])
@for_cards
@only_reads
def ballot_for(year: int, proxy_id: int) -> Any:
    return fill_in(_voter(year, proxy_id), year)


@voting.route("/<int:year>/vote/for/<int:proxy_id>/check", methods=["GET", "POST"])
@for_cards
@only_reads
def check_for(year: int, proxy_id: int) -> Any:
    return look_over(_voter(year, proxy_id), year)


@voting.route("/<int:year>/vote/for/<int:proxy_id>/send", methods=["GET", "POST"])
@for_cards
@counted_only
def send_for(year: int, proxy_id: int) -> Any:
    return put_in(_voter(year, proxy_id), year)


@voting.get("/<int:year>/vote/for/<int:proxy_id>/receipt")
@for_cards
def receipt_for(year: int, proxy_id: int) -> Any:
    return show_receipt(_voter(year, proxy_id), year)


@voting.get("/<int:year>/vote/for/<int:proxy_id>/receipt.txt")
@for_cards
def receipt_file_for(year: int, proxy_id: int) -> Any:
    return give_receipt_file(_voter(year, proxy_id), year)


@voting.post("/<int:year>/vote/for/<int:proxy_id>/receipt/mail")
@for_cards
def mail_receipt_for(year: int, proxy_id: int) -> Any:
    return mail_receipt_of(_voter(year, proxy_id), year)
