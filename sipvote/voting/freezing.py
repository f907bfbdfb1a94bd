"""Freezing: the words on the ballot, the electoral roll and the key, fixed all at once."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, insert, literal, select

from .. import audit
from ..assembly import rules as assemblies
from ..db import db, now
from ..errors import Refused
from ..members.models import Member
from ..themes import rules as themes
from . import ceremony, keys, paper_ballots, questions, seal
from .checklist import checklist, on_roll
from .checkpoints import name_of
from .models import Custody, Election, Elector, Kind, Option, Question
from .rules import announced_hours, hold


def why_not_freeze(election: Election) -> str | None:
    """The first thing on the checklist that is not right, or None."""
    if election.frozen_at:
        return _("The ballot is frozen already.")
    return next((check.text for check in checklist(election) if check.kind == "bad"), None)


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
    election.opens_at, election.closes_at = announced_hours(election)
    assembly = assemblies.of_edition(edition)
    election.hall_only = assembly is not None and not assembly.remote_vote
    for question in election.questions:
        questions.freeze(question)
    election.questions.insert(0, _question(election))
    db.session.flush()
    election.ballot_hash = ballot_hash(election.questions)
    election.roll_size, election.roll_hash = _draw_up_roll(election)
    seed = seal.new_seed()
    election.public_key, election.frozen_at = seal.public_key(seed), now()
    if not election.is_rehearsal:
        edition.themes_frozen_at = election.frozen_at
    election.kept_seed = keys.lock(seed) if election.custody == Custody.SERVER else None
    facts = {"roll_size": election.roll_size, "roll_hash": election.roll_hash, "ballot_hash": election.ballot_hash}
    audit.record("freeze vote", name_of(election), by, public_key=election.public_key.hex(), **facts)
    return ceremony.write_lists(election, seed) if election.custody == Custody.SCRUTINEERS else []


def _question(election: Election) -> Question:
    """The question of the year: which themes, with the words of every theme as they are now."""
    edition = election.edition
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
    return Question(
        position=0,
        kind=Kind.THEMES,
        rule=election.rule,
        seats=edition.seats,
        max_approvals=edition.max_approvals,
        options=options,
    )


def questions_facts(question: Question) -> dict[str, Any]:
    """What a question that is answered by yes or no holds beside its options."""
    return {name: getattr(question, name) for name in ("majority", "country", "theme_id", "original", "texts")}


def ballot_hash(questions: Sequence[Question]) -> str:
    """SHA-256 of the ballot as canonical JSON: every question with its settings and all words on it."""
    facts = [
        {
            "kind": question.kind,
            "rule": question.rule,
            "seats": question.seats,
            "max_approvals": question.max_approvals,
            "options": [{"theme": o.theme_id, "original": o.original, "texts": o.texts} for o in question.options],
            **({} if question.kind == Kind.THEMES else questions_facts(question)),
        }
        for question in questions
    ]
    return sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _draw_up_roll(election: Election) -> tuple[int, str]:
    """Put everybody who is a member today on the electoral roll; give its size and its hash."""
    who = on_roll(election, select(literal(election.id), Member.id, Member.number, Member.country))
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
    if election.opened_at:
        return _("The vote has been opened: its ballot can no longer change.")
    if paper_ballots.handed_out(election):
        return _("Ballots on paper were handed out. First take them back at the desk, unused.")
    return None


def unfreeze(election: Election, by: int | None) -> None:
    """Make it a draft again. Freezing again draws another key: the word lists of before are worth nothing."""
    hold(election)
    if why := why_not_unfreeze(election):
        raise Refused(why)
    ceremony.forget_lists(election)
    for question in list(election.questions):
        if question.kind == Kind.THEMES:
            election.questions.remove(question)
        else:
            question.options = []
    db.session.execute(delete(Elector).where(Elector.election_id == election.id))
    for fact in ("frozen_at", "public_key", "kept_seed", "proved_at", "roll_size", "roll_hash", "ballot_hash"):
        setattr(election, fact, None)
    election.edition.themes_frozen_at = None
    db.session.flush()
    audit.record("unfreeze vote", name_of(election), by)
