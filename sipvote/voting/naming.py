"""Naming the scrutineers of an election: organisers ask people, each accepts or declines; until the key is made.

Then the word lists are handed out, and the names stay as they are: whoever falls away is noted as an incident, and two
of the three lists open the box all the same.
"""

from collections.abc import Sequence

from flask_babel import gettext as _

from .. import audit, mail
from ..db import db, now
from ..errors import Refused
from ..members.models import Member
from . import scrutineers
from .checkpoints import name_of
from .day import ElectionScrutineer
from .models import Election
from .rules import hold

# --- Organisers ask ---------------------------------------------------------------------------------


def why_not_change(election: Election) -> str | None:
    """Names change in a draft only: each word list has a holder afterwards."""
    if not election.frozen_at:
        return None
    if election.opened_at:
        return _("The vote has been opened: its scrutineers stay. Note as an incident who falls away.")
    return _("The key is made, and its word lists are handed out. Unfreeze the ballot first.")


def asked(election: Election, member_id: int) -> ElectionScrutineer | None:
    """What somebody was asked, and answered."""
    return db.session.get(ElectionScrutineer, (election.id, member_id), populate_existing=True)


def candidates(election: Election) -> Sequence[Member]:
    """Who can be asked: who has the role, may watch over this vote, and was not asked or has declined."""
    taken = {row.member_id for row in scrutineers.of(election) if row.declined_at is None}
    people = scrutineers.with_role()
    return [each for each in people if each.id not in taken and scrutineers.why_unfit(each) is None]


def why_not_name(election: Election, member: Member) -> str | None:
    """Nobody is asked twice who has not declined, and nobody who runs the vote."""
    row = asked(election, member.id)
    if row and row.declined_at is None:
        return _("%(name)s was asked already.", name=member.name)
    return why_not_change(election) or scrutineers.why_unfit(member)


def name(election: Election, member: Member, by: int | None) -> ElectionScrutineer:
    """Ask somebody to be a scrutineer of this election; they hear of it by mail. Raises Refused."""
    hold(election)
    if why := why_not_name(election, member):
        raise Refused(why)
    row = asked(election, member.id) or ElectionScrutineer(election_id=election.id, member=member)
    row.named_at, row.named_by_id, row.declined_at = now(), by, None
    db.session.add(row)
    audit.record("name scrutineer", name_of(election), by, member=member.number)
    _write("scrutineer", row, election)
    return row


def drop(election: Election, member: Member, by: int | None) -> None:
    """No longer ask somebody; who had not declined hears of it. Raises Refused."""
    hold(election)
    if why := why_not_change(election):
        raise Refused(why)
    row = asked(election, member.id)
    if row is None:
        return
    if row.declined_at is None:
        _write("scrutineer_dropped", row, election)
    audit.record("drop scrutineer", name_of(election), by, member=member.number)
    db.session.delete(row)


def _write(letter: str, row: ElectionScrutineer, election: Election) -> None:
    key = f"{letter} {election.id} {row.member_id} {row.named_at.isoformat()}"
    mail.queue(letter, row.member, key=key, edition=election.edition, is_rehearsal=election.is_rehearsal)


# --- Who was asked answers --------------------------------------------------------------------------


def why_not_answer(election: Election, row: ElectionScrutineer | None) -> str | None:
    """Who was asked accepts, declines, or thinks better of it, until the key is made."""
    if row is None:
        return _("You were not asked to be a scrutineer of this vote.")
    if election.frozen_at:
        return _("The key of this vote is made: its scrutineers stay. Tell the organisers if you fall away.")
    return None


def why_not_accept(election: Election, row: ElectionScrutineer | None) -> str | None:
    """Who became an organiser meanwhile, say, can only decline."""
    return why_not_answer(election, row) or (scrutineers.why_unfit(row.member) if row else None)


def answer(election: Election, member: Member, accepts: bool) -> None:
    """Accept or decline to be a scrutineer of this election. Raises Refused."""
    hold(election)
    row = asked(election, member.id)
    if why := (why_not_accept if accepts else why_not_answer)(election, row):
        raise Refused(why)
    assert row is not None  # noqa: S101  (why_not_answer has seen it)
    if accepts if row.accepted_at else (row.declined_at and not accepts):
        return  # a button pressed twice: the first answer is the one that was given
    row.accepted_at, row.declined_at = (now(), None) if accepts else (None, now())
    db.session.flush()
    audit.record("accept scrutineer" if accepts else "decline scrutineer", name_of(election), member.id)
