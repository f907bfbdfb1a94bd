"""Voting cards: a code on paper with which a member votes in the hall, once.

A code has ten letters of 5 bits. With a card for each of 30,000 members, one guess in 37,000 million would be
right: so guessing needs no lock, and least of all one on the address, which a whole hall shares.
"""

import re
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from .. import audit
from ..access import Visitor
from ..assembly.models import Assembly, Presence, Way
from ..db import db, now
from ..errors import Refused
from ..members import rules as members
from ..members.models import Member
from . import box, keys
from .checkpoints import name_of
from .day import VotingCard
from .models import Election, Elector
from .rules import why_not_vote
from .seal import CROCKFORD

LETTERS = 10
MOST_AT_ONCE = 200  # cards on one page


class WrongCode(Refused):
    """What was typed is no card's code."""


# --- Codes ------------------------------------------------------------------------------------------


def normal_code(typed: str) -> str | None:
    """Read a code as people type it (small letters, spaces, O for 0, I or L for 1); None when it is none."""
    letters = re.sub(r"[\s\-–]+", "", typed).upper().translate(str.maketrans("OIL", "011"))
    return letters if len(letters) == LETTERS and set(letters) <= set(CROCKFORD) else None


def in_groups(code: str) -> str:
    """'7F3K9-2QAM4'."""
    return f"{code[:5]}-{code[5:]}"


# --- The desk gives one -----------------------------------------------------------------------------


def why_not_cards(election: Election | None) -> str | None:
    """Cards are given from the freezing to the closing."""
    if election is None or election.frozen_at is None:
        return _("The ballot is not frozen yet, so there is no electoral roll.")
    if election.closed_at is not None or now() >= election.closes_at:
        return _("The vote is closed.")
    return None


def why_not_issue(election: Election | None, member: Member, standing: box.Standing) -> str | None:
    """Why the desk cannot give this member a card, or None."""
    if why := why_not_cards(election):
        return why
    if not standing.on_roll:
        return _("%(name)s is not on the electoral roll.", name=member.name)
    if standing.on_paper:
        return _(
            "%(name)s has a ballot on paper. Only when it is handed back unused, you can give a card.", name=member.name
        )
    return None


def issue(election: Election, member: Member, by: int | None) -> str:
    """Give a member a card, and revoke those before; gives its code, which is kept nowhere. Raises Refused."""
    hold_elector(election, member.id)
    if why := why_not_issue(election, member, box.standing(election.id, member.id)):
        raise Refused(why)
    code = _issue(election, member.id, by)
    audit.record("issue card", f"member {member.number}", by, vote=election.edition.year)
    return code


def hold_elector(election: Election, member_id: int) -> None:
    """Two desks that serve one member serve them one after the other, until the commit. Votes do not wait for it."""
    mine = select(Elector.member_id).where(Elector.election_id == election.id, Elector.member_id == member_id)
    db.session.execute(mine.with_for_update(key_share=True))


def _issue(election: Election, member_id: int, by: int | None) -> str:
    code = "".join(secrets.choice(CROCKFORD) for _letter in range(LETTERS))
    revoke(election, member_id)
    db.session.add(
        VotingCard(
            election_id=election.id, member_id=member_id, code_hash=keys.mark_of_code(code), issued_at=now(),
            issued_by_id=by,
        )
    )  # fmt: skip
    return code


def revoke(election: Election, member_id: int) -> None:
    """The member's cards are worth nothing from now on, and what was begun with one ends.

    In this order: a card that is being used at this moment is waited for, and its session is then ended too.
    """
    mine = (VotingCard.election_id == election.id) & (VotingCard.member_id == member_id)
    db.session.execute(update(VotingCard).where(mine, VotingCard.revoked_at.is_(None)).values(revoked_at=now()))
    members.end_card_sessions(member_id)


def cards_of(election: Election, member_id: int) -> Sequence[VotingCard]:
    """The cards that a member was given, the newest first."""
    mine = (VotingCard.election_id == election.id) & (VotingCard.member_id == member_id)
    return db.session.scalars(select(VotingCard).where(mine).order_by(VotingCard.id.desc())).all()


class Figures(NamedTuple):
    """How many cards are out, and how many of them were used."""

    issued: int
    used: int


def figures(election: Election) -> Figures:
    """Count the cards that were not revoked."""
    valid = (VotingCard.election_id == election.id) & VotingCard.revoked_at.is_(None)
    row = db.session.execute(select(func.count(), func.count(VotingCard.used_at)).where(valid)).one()
    return Figures(row[0], row[1])


# --- Many at once -----------------------------------------------------------------------------------


def without_address(election: Election) -> Sequence[Member]:
    """Who is checked in in the hall, has no e-mail address, and holds neither a card nor a ballot on paper."""
    has_card = select(VotingCard.id).where(
        VotingCard.election_id == election.id, VotingCard.member_id == Member.id, VotingCard.revoked_at.is_(None)
    )
    here = (
        select(Member)
        .join(Elector, (Elector.member_id == Member.id) & (Elector.election_id == election.id))
        .join(Presence, Presence.member_id == Member.id)
        .join(Assembly, (Assembly.id == Presence.assembly_id) & (Assembly.edition_id == election.edition_id))
        .where(Member.email.is_(None), Elector.paper_at.is_(None), ~has_card.exists())
        .where(Presence.way == Way.HALL, Presence.left_at.is_(None))
    )
    return db.session.scalars(here.order_by(Member.name, Member.id)).all()


def numbered(election: Election, typed: str) -> Sequence[Member]:
    """The members with these numbers, in the order of their names. Raises Refused with the numbers that cannot be."""
    numbers = list(dict.fromkeys(re.split(r"[\s,;]+", typed.strip())))
    if numbers == [""]:
        raise Refused(_("Give the numbers of the members, for example 10234 10877."))
    if len(numbers) > MOST_AT_ONCE:
        raise Refused(_("Print at most %(n)d cards at once.", n=MOST_AT_ONCE))
    able = select(Member).join(Elector, (Elector.member_id == Member.id) & (Elector.election_id == election.id))
    found = db.session.scalars(
        able.where(Member.number.in_(numbers), Elector.paper_at.is_(None)).order_by(Member.name, Member.id)
    ).all()
    unable = set(numbers) - {member.number for member in found}
    if unable:
        listed = ", ".join(sorted(number[:20] for number in unable)[:20])
        raise Refused(_("Not on the electoral roll, or with a ballot on paper: %(numbers)s.", numbers=listed))
    return found


def issue_many(election: Election, people: Sequence[Member], by: int | None) -> list[tuple[Member, str]]:
    """Give each a card; those before are revoked. Gives the codes, which are kept nowhere. Raises Refused."""
    if why := why_not_cards(election):
        raise Refused(why)
    # In one order for everybody, so that two desks never wait for each other in a ring.
    for member in sorted(people, key=lambda member: member.id):
        hold_elector(election, member.id)
    on_paper = select(Elector.number).where(
        Elector.election_id == election.id, Elector.member_id.in_([m.id for m in people]), Elector.paper_at.is_not(None)
    )
    if taken := db.session.scalars(on_paper).all():
        raise Refused(_("Not on the electoral roll, or with a ballot on paper: %(numbers)s.", numbers=", ".join(taken)))
    numbers = [member.number for member in people]
    given = [(member, _issue(election, member.id, by)) for member in people]
    audit.record("issue cards", name_of(election), by, cards=len(people), numbers=numbers)
    return given


# --- The member uses it -----------------------------------------------------------------------------


def use(election: Election | None, typed: str, via: str) -> Visitor:
    """Begin a session for the member of a card, once; `via` is "card" or "kiosk". Raises Refused, or WrongCode.

    A card is not spent on a vote that is not open.
    """
    code = normal_code(typed)
    found = select(VotingCard).where(VotingCard.code_hash == keys.mark_of_code(code or ""))
    card = db.session.scalar(found) if code else None
    if election is None or card is None or card.election_id != election.id:
        raise WrongCode(
            _("This code is not right. Type the ten letters and digits of your card. There is no letter O, only zero.")
        )
    if card.revoked_at:
        raise Refused(_("You got a newer card. Use the code on that one, or ask at the desk."))
    spent = _("This card was used already. To vote again, ask for a new card at the desk.")
    if card.used_at:
        raise Refused(spent)
    in_hall = box.Cast(in_hall=True)
    if why := why_not_vote(election, box.standing(election.id, card.member_id), in_hall):
        raise Refused(why)
    member = db.session.get_one(Member, card.member_id)
    if not member.is_member_on(now().date()):
        raise Refused(_("Your membership has ended. Ask at the desk."))
    unused = update(VotingCard).where(
        VotingCard.id == card.id, VotingCard.used_at.is_(None), VotingCard.revoked_at.is_(None)
    )
    if db.session.execute(unused.values(used_at=now())).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(spent)
    return members.begin_session(member, via)
