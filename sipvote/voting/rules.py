"""What the voting room decides until the count: preparing, freezing, trying the key, opening, voting, closing."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import bindparam, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import joinedload, lazyload

from .. import audit
from ..access import asks_as_member
from ..assembly.models import Assembly, Presence, Way
from ..db import db, look, now
from ..editions.models import Edition
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import moment
from . import box, scrutineers
from .announcements import last
from .checkpoints import name_of
from .models import Custody, Election, Elector, Envelope
from .papers import Paper
from .seal import Choices

REHEARSAL_LASTS = timedelta(days=1)

# --- Finding ----------------------------------------------------------------------------------------


def of_edition(edition: Edition) -> Election | None:
    """The election of an edition, without its questions: pages take those from the paper.

    There is no rehearsal for members who have no part in it, whichever page they ask.
    """
    return as_seen(_of_edition(edition))


def as_seen(election: Election | None) -> Election | None:
    """An election, if who asks may know of it."""
    member_id = asks_as_member()
    if election is None or not election.is_rehearsal or member_id is None:
        return election
    return election if db.session.get(Elector, (election.id, member_id)) else None


_OF_EDITION = select(Election).where(Election.edition_id == bindparam("edition")).options(lazyload(Election.questions))


def _of_edition(edition: Edition) -> Election | None:
    return db.session.scalar(_OF_EDITION, {"edition": edition.id})


def votes_of(member_id: int) -> list[tuple[Election, datetime, bool]]:
    """The elections, rehearsals too, that a member voted in, when, and whether by proxy; the newest first.

    Nobody can say what.
    """
    mine = select(Election, Envelope.cast_at, Envelope.by_proxy).join(Envelope, Envelope.election_id == Election.id)
    newest = mine.where(Envelope.member_id == member_id).order_by(Envelope.cast_at.desc())
    lean = newest.options(lazyload(Election.questions), joinedload(Election.edition))
    return [(election, at, by_proxy) for election, at, by_proxy in db.session.execute(lean)]


def hold(election: Election) -> None:
    """Read the election again and keep others from changing it until the commit: no act happens twice."""
    try:
        db.session.refresh(election, with_for_update=True)
    except InvalidRequestError:
        raise Refused(_("This rehearsal was swept away.")) from None


def why_not_in_phase(election: Election, act: str) -> str | None:
    """Whether the year allows an act; a rehearsal is held while a vote can be prepared."""
    return why_not_now(election.edition, "prepare_vote" if election.is_rehearsal else act)


def announced_hours(election: Election) -> tuple[datetime, datetime]:
    """From when until when an election is held: as the edition says; a rehearsal from now on, for a day."""
    if election.is_rehearsal:
        return now(), now() + REHEARSAL_LASTS
    return election.edition.vote_at, election.edition.count_at


# --- Preparing --------------------------------------------------------------------------------------


def why_not_prepare(edition: Edition) -> str | None:
    """An election can be drafted, and drafted again, until its ballot is frozen."""
    election = _of_edition(edition)
    if election and election.frozen_at and election.is_rehearsal:
        return _("There is a rehearsal. Sweep it away first.")
    if election and election.frozen_at:
        return _("The ballot is frozen already. Unfreeze it first if something must change.")
    return why_not_now(edition, "prepare_vote")


def prepare(
    edition: Edition,
    custody: Custody,
    by: int | None,
    rule: str = "approval",
    most_themes: int | None = None,
    by_hand: bool = False,
    is_rehearsal: bool = False,
) -> Election:
    """Draft the election of an edition, on the dates of the edition, or change the draft."""
    election = _of_edition(edition)
    if election:
        hold(election)
    if why := why_not_prepare(edition) or _why_not_turn(election, is_rehearsal):
        raise Refused(why)
    if election is None:
        election = Election(edition=edition)
        db.session.add(election)
    election.custody, election.rule, election.most_themes = custody, rule, most_themes
    election.is_rehearsal, election.by_hand = is_rehearsal, by_hand or is_rehearsal
    election.opens_at, election.closes_at = announced_hours(election)
    facts = {"custody": custody, "rule": rule, "most_themes": most_themes, "by_hand": election.by_hand}
    audit.record("prepare vote", name_of(election), by, **facts)
    return election


def _why_not_turn(election: Election | None, is_rehearsal: bool) -> str | None:
    """Who accepted to watch over a rehearsal, which few see, was not asked for the vote itself; nor the other way."""
    if election is None or election.is_rehearsal == is_rehearsal or not scrutineers.are_named(election):
        return None
    if is_rehearsal:
        return _("Scrutineers were asked for the vote itself. Take them from the list before you make it a rehearsal.")
    return _("Scrutineers were asked for the rehearsal only. Take them from the list first, then ask for the vote.")


# --- Voting -----------------------------------------------------------------------------------------


def why_not_vote(
    election: Election | None,
    standing: box.Standing,
    how: box.Cast = box.Cast(),  # noqa: B008
    who: int | None = None,
) -> str | None:
    """Why this ballot cannot be cast now, or None. `who` is the member at the screen, if one is known."""
    if election is None or not election.is_open:
        return _why_not_open(election)
    if not standing.on_roll:
        drawn = moment(election.frozen_at or election.opens_at)
        return _("You are not on the electoral roll of this vote. It was drawn up on %(moment)s.", moment=drawn)
    if standing.on_paper:
        return _("You took a ballot on paper. It is your vote.")
    if standing.changes >= box.CHANGES_AT_MOST:
        return _("You changed your vote %(n)d times. Your last vote counts.", n=box.CHANGES_AT_MOST)
    if standing.in_hall and not standing.by_proxy and not how.in_hall:
        return _("You voted in the hall, and that vote counts. To change it, ask for a new card at the desk.")
    if who is not None:
        return why_not_from_here(election.id, election.hall_only, how, who)
    return None


def _why_not_open(election: Election | None) -> str:
    """Not yet, not now, or no longer."""
    if election is None or election.opened_at is None:
        begins = election.opens_at if election else None
        if begins and begins > now():
            return _("The vote has not begun. You can vote from %(moment)s.", moment=moment(begins))
        return _("The vote has not begun.")
    if election.is_paused:
        wait = _("Your choice is not sent. Keep this page open, and try again when voting goes on.")
        return why_paused(election) + " " + wait
    return _("The vote is closed since %(moment)s.", moment=moment(election.closed_at or election.closes_at))


def why_paused(election: Election) -> str:
    """Since when voting stands still, and the reason that was given."""
    said, since = last(election, "paused"), moment(election.paused_at or now())
    return _(
        "Voting is paused since %(moment)s. The reason: %(reason)s", moment=since, reason=said.reason if said else ""
    )


def why_not_from_here(election_id: int, hall_only: bool, how: box.Cast, who: int) -> str | None:
    """Where the assembly allows no vote from elsewhere: it takes a card, or being checked in in the hall."""
    if not hall_only or how.in_hall or _is_checked_in(election_id, who):
        return None
    return _("You can vote in the hall only. Get a voting card at the desk, or check in there and vote on your phone.")


def _is_checked_in(election_id: int, member_id: int) -> bool:
    """Whether a member is in the hall now; asked on a connection of its own, for casting holds no transaction."""
    here = (
        select(Presence.member_id)
        .join(Assembly, Assembly.id == Presence.assembly_id)
        .join(Election, Election.edition_id == Assembly.edition_id)
        .where(Election.id == election_id, Presence.member_id == member_id)
        .where(Presence.way == Way.HALL, Presence.left_at.is_(None))
    )
    with look() as connection:
        return connection.execute(here).first() is not None


def cast(paper: Paper, member_id: int, choices: Choices, how: box.Cast = box.Cast()) -> str:  # noqa: B008
    """Vote, or vote anew: the last envelope counts. Gives the tracker; raises Refused.

    `choices` holds the sorted numbers of the options for each question; none at all is a blank vote.
    It is written in a transaction of its own, and stands when this returns: call it outside any other.
    """
    if why := paper.why_not(choices):
        raise Refused(why)
    who = member_id if how.holder_id is None else how.holder_id
    if why := why_not_from_here(paper.election_id, paper.hall_only, how, who):
        raise Refused(why)
    tracker = box.cast(paper, member_id, choices, how)
    if tracker is None:
        election = db.session.get(Election, paper.election_id)
        why = why_not_vote(election, box.standing(paper.election_id, member_id), how)
        raise Refused(why or _("The ballot has changed. Open it again."))
    return tracker
