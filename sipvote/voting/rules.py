"""What the voting room decides until the count: preparing, freezing, trying the key, opening, voting, closing."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from flask_babel import gettext as _
from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm import joinedload, lazyload

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..editions.rules import why_not_now
from ..errors import Refused
from ..i18n import moment
from ..members.models import Member
from ..themes import rules as themes
from . import box, keys, seal
from .checklist import checklist, members_today
from .checkpoints import checkpoint, is_checkpoint_due, name_of, point_of
from .models import Custody, Election, Elector, Envelope, Option, Question
from .papers import Paper
from .seal import Choices

# --- Finding ----------------------------------------------------------------------------------------


def of_edition(edition: Edition) -> Election | None:
    """The election of an edition, without its questions: pages take those from the paper."""
    found = select(Election).where(Election.edition_id == edition.id)
    return db.session.scalar(found.options(lazyload(Election.questions)))


def votes_of(member_id: int) -> list[tuple[Election, datetime]]:
    """The elections that a member voted in, and when; the newest first. Nobody can say what."""
    mine = select(Election, Envelope.cast_at).join(Envelope, Envelope.election_id == Election.id)
    newest = mine.where(Envelope.member_id == member_id).order_by(Envelope.cast_at.desc())
    lean = newest.options(lazyload(Election.questions), joinedload(Election.edition))
    return [(election, at) for election, at in db.session.execute(lean)]


def hold(election: Election) -> None:
    """Read the election again and keep others from changing it until the commit: no act happens twice."""
    db.session.refresh(election, with_for_update=True)


# --- Preparing --------------------------------------------------------------------------------------


def why_not_prepare(edition: Edition) -> str | None:
    """An election can be drafted, and drafted again, until its ballot is frozen."""
    election = of_edition(edition)
    if election and election.frozen_at:
        return _("The ballot is frozen already. Unfreeze it first if something must change.")
    return why_not_now(edition, "prepare_vote")


def prepare(edition: Edition, custody: Custody, by: int | None) -> Election:
    """Draft the election of an edition, on the dates of the edition, or change the draft."""
    if why := why_not_prepare(edition):
        raise Refused(why)
    election = of_edition(edition)
    if election is None:
        election = Election(edition=edition)
        db.session.add(election)
    election.custody, election.opens_at, election.closes_at = custody, edition.vote_at, edition.count_at
    db.session.flush()
    audit.record("prepare vote", name_of(election), by, custody=custody)
    return election


def why_not_freeze(election: Election) -> str | None:
    """The first thing on the checklist that is not right, or None."""
    if election.frozen_at:
        return _("The ballot is frozen already.")
    return next((check.text for check in checklist(election) if check.kind == "bad"), None)


# --- Freezing ---------------------------------------------------------------------------------------


def freeze(election: Election, by: int | None) -> list[str]:
    """Fix the words on the ballot, the electoral roll and the key, all at once; nothing of it changes afterwards.

    Gives the three word lists of the scrutineers, which are kept nowhere: whoever loses two of them
    loses the vote. The list is empty when the server keeps the key.
    """
    hold(election)
    if why := why_not_freeze(election):
        raise Refused(why)
    edition = election.edition
    # Whoever is changing a theme at this moment is through, or is refused after us.
    db.session.refresh(edition, with_for_update={"key_share": True})
    election.opens_at, election.closes_at = edition.vote_at, edition.count_at
    election.questions = [_question(edition)]
    election.ballot_hash = ballot_hash(election.questions)
    election.roll_size, election.roll_hash = _draw_up_roll(election)
    seed = seal.new_seed()
    election.public_key, election.frozen_at = seal.public_key(seed), now()
    edition.themes_frozen_at = election.frozen_at
    election.kept_seed = keys.lock(seed) if election.custody == Custody.SERVER else None
    db.session.flush()
    facts = {"roll_size": election.roll_size, "roll_hash": election.roll_hash, "ballot_hash": election.ballot_hash}
    audit.record("freeze vote", name_of(election), by, public_key=election.public_key.hex(), **facts)
    return seal.split(seed) if election.custody == Custody.SCRUTINEERS else []


def _question(edition: Edition) -> Question:
    """The one question of the year, with the words of every theme as they are now."""
    options = [
        Option(
            position=number,
            theme_id=theme.id,
            original=theme.original,
            texts={
                t.language: {"title": t.title, "question": t.question, "why": t.why, "change": t.change}
                for t in theme.texts
            },
        )
        for number, theme in enumerate(themes.on_ballot(edition))
    ]
    return Question(position=0, seats=edition.seats, max_approvals=edition.max_approvals, options=options)


def ballot_hash(questions: Sequence[Question]) -> str:
    """SHA-256 of the ballot as canonical JSON: every question with its settings and all words on it."""
    facts = [
        {
            "kind": question.kind or "themes",
            "rule": question.rule or "approval",
            "seats": question.seats,
            "max_approvals": question.max_approvals,
            "options": [{"theme": o.theme_id, "original": o.original, "texts": o.texts} for o in question.options],
        }
        for question in questions
    ]
    return sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _draw_up_roll(election: Election) -> tuple[int, str]:
    """Put everybody who is a member today on the electoral roll; give its size and its hash."""
    who = members_today(select(literal(election.id), Member.id, Member.number, Member.country))
    columns = ["election_id", "member_id", "number", "country"]
    db.session.execute(insert(Elector).from_select(columns, who))
    numbers = db.session.scalars(select(Elector.number).where(Elector.election_id == election.id)).all()
    return len(numbers), roll_hash(numbers)


def roll_hash(numbers: Sequence[str]) -> str:
    """SHA-256 of the membership numbers, sorted, each followed by a line feed."""
    return sha256("".join(f"{number}\n" for number in sorted(numbers)).encode()).hexdigest()


def why_not_unfreeze(election: Election) -> str | None:
    """What has been opened once stays as it was frozen, for ever."""
    if not election.frozen_at:
        return _("The ballot is not frozen.")
    return _("The vote has been opened: its ballot can no longer change.") if election.opened_at else None


def unfreeze(election: Election, by: int | None) -> None:
    """Make it a draft again. Freezing again draws another key: the word lists of before are worth nothing."""
    hold(election)
    if why := why_not_unfreeze(election):
        raise Refused(why)
    election.questions = []
    db.session.execute(delete(Elector).where(Elector.election_id == election.id))
    for fact in ("frozen_at", "public_key", "kept_seed", "proved_at", "roll_size", "roll_hash", "ballot_hash"):
        setattr(election, fact, None)
    election.edition.themes_frozen_at = None
    db.session.flush()
    audit.record("unfreeze vote", name_of(election), by)


# --- The key ----------------------------------------------------------------------------------------


def seed_of(election: Election, lists: Sequence[str]) -> bytes:
    """The seed that opens the box, from two word lists or from where the server keeps it.

    Raises seal.WrongWords when the lists are not right, and Refused when the server's own is not.
    """
    if election.custody == Custody.SCRUTINEERS:
        seed = seal.join(lists)
        if seal.public_key(seed) != election.public_key:
            raise seal.WrongWords("different", "These word lists are not those of this election.")
        return seed
    kept = keys.unlock(election.kept_seed) if election.kept_seed else None
    if kept is None:
        raise Refused(_("The key that the server kept cannot be read: its secret key (SIPVOTE_SECRET_KEY) changed."))
    return kept


def why_not_prove(election: Election) -> str | None:
    """The trial opening belongs between freezing and opening, and to scrutineers."""
    if election.custody != Custody.SCRUTINEERS:
        return _("The server keeps the key of this vote. There are no word lists to try.")
    if not election.frozen_at:
        return _("The ballot is not frozen yet, so there are no word lists.")
    return _("The vote has been opened already.") if election.opened_at else None


def prove(election: Election, lists: Sequence[str], by: int | None) -> None:
    """Try the word lists: two of them, typed back, must give the key of this election. Raises seal.WrongWords."""
    hold(election)
    if why := why_not_prove(election):
        raise Refused(why)
    seed_of(election, lists)
    election.proved_at = now()
    audit.record("prove key", name_of(election), by)


# --- Opening and closing ----------------------------------------------------------------------------


def why_not_open(election: Election) -> str | None:
    """Frozen, its word lists tried, and within the announced time."""
    if election.opened_at:
        return _("The vote has been opened already.")
    if not election.frozen_at:
        return _("The ballot must be frozen first.")
    if election.custody == Custody.SCRUTINEERS and not election.proved_at:
        return _("The scrutineers must first try their word lists.")
    if why := why_not_now(election.edition, "vote"):
        return why
    if now() < election.opens_at:
        return _("Voting is announced from %(moment)s.", moment=moment(election.opens_at))
    if now() >= election.closes_at:
        return _(
            "Voting was announced until %(moment)s. Unfreeze, and change the dates.", moment=moment(election.closes_at)
        )
    return None


def open_(election: Election, by: int | None) -> None:
    """From now on members vote."""
    hold(election)
    if why := why_not_open(election):
        raise Refused(why)
    election.opened_at = now()
    audit.record("open vote", name_of(election), by, roll_size=election.roll_size)


def why_not_close(election: Election) -> str | None:
    """Whatever the phase: what is open can be closed."""
    if election.opened_at is None:
        return _("The vote has not been opened.")
    return _("The vote is closed already.") if election.closed_at else None


def close(election: Election, by: int | None) -> None:
    """End the vote and seal the board: every vote that was acknowledged is on it, and none comes after."""
    box.end_casts(election.id)
    hold(election)
    if why := why_not_close(election):
        raise Refused(why)
    election.closed_at = now()
    sealed = checkpoint(election)
    facts = {"envelopes": sealed.trackers, "checkpoint": point_of(election, sealed).hash()} if sealed else {}
    audit.record("close vote", name_of(election), by, **facts)


# --- Voting -----------------------------------------------------------------------------------------


def why_not_vote(election: Election | None, standing: box.Standing) -> str | None:
    """Why this member cannot vote now, or None."""
    if election is None or election.opened_at is None:
        begins = election.opens_at if election else None
        if begins and begins > now():
            return _("The vote has not begun. You can vote from %(moment)s.", moment=moment(begins))
        return _("The vote has not begun.")
    if not election.is_open:
        return _("The vote is closed since %(moment)s.", moment=moment(election.closed_at or election.closes_at))
    if not standing.on_roll:
        drawn = moment(election.frozen_at or election.opens_at)
        return _("You are not on the electoral roll of this vote. It was drawn up on %(moment)s.", moment=drawn)
    if standing.changes >= box.CHANGES_AT_MOST:
        return _("You changed your vote %(n)d times. Your last vote counts.", n=box.CHANGES_AT_MOST)
    return None


def cast(paper: Paper, member_id: int, choices: Choices) -> str:
    """Vote, or vote anew: the last envelope counts. Gives the tracker; raises Refused.

    `choices` holds the sorted numbers of the options for each question; none at all is a blank vote.
    It is written in a transaction of its own, and stands when this returns: call it outside any other.
    """
    if why := paper.why_not(choices):
        raise Refused(why)
    tracker = box.cast(paper, member_id, choices)
    if tracker is None:
        election = db.session.get(Election, paper.election_id)
        why = why_not_vote(election, box.standing(paper.election_id, member_id))
        raise Refused(why or _("The ballot has changed. Open it again."))
    return tracker


# --- By the clock -----------------------------------------------------------------------------------


def in_progress() -> Sequence[Election]:
    """Elections that are frozen and not closed: those that the clock opens, seals and closes."""
    rows = select(Election).where(Election.frozen_at.is_not(None), Election.closed_at.is_(None))
    return db.session.scalars(rows.options(lazyload(Election.questions)).order_by(Election.id)).all()


def keep_time(election: Election) -> None:
    """Do what is due: open at the announced moment, close at the announced moment, seal the board meanwhile."""
    if election.opened_at is None:
        if why_not_open(election) is None:
            open_(election, None)
    elif now() >= election.closes_at:
        close(election, None)
    elif is_checkpoint_due(election):
        checkpoint(election)
