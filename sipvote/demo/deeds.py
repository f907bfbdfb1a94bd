"""What officials and members do while the time machine travels: through the rooms' own rules.

A deed that was done already, by a visitor for example, is left as it is. The caller commits each.
"""

import random
from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select

from ..db import db
from ..editions.models import Edition, Phase
from ..errors import Refused
from ..members.models import Grant
from ..themes import finding, review
from ..voting import counting, freezing, hours, naming, papers, questions, rehearsing, result
from ..voting import rules as voting
from ..voting.models import Custody, Election, Elector, Envelope
from . import assembly, assigning, groups, meetings, outcomes, wishes
from .people import CAST, organiser
from .stops import Stop
from .texts import question_of

VOTERS = 400
BLANK, YES = 0.03, 0.72


def refuse_if_sealed(edition: Edition, phase: Phase) -> None:
    """What only the scrutineers' word lists can open, the time machine cannot count. Raises Refused."""
    order, election = list(Phase), voting.of_edition(edition)
    if order.index(phase) < order.index(Phase.SIGNUP) or election is None or election.counted_at:
        return
    if election.custody == Custody.SCRUTINEERS and election.opened_at and not election.is_rehearsal:
        why = _("Only two of the scrutineers' word lists open this ballot box. Go to the count, and count it yourself.")
        raise Refused(why)


def sweep_rehearsal(edition: Edition) -> None:
    """A visitor's rehearsal makes room for the vote."""
    rehearsal = rehearsing.of_edition(edition)
    if rehearsal:
        rehearsing.sweep(rehearsal, organiser().id)


# --- The ballot and the vote ------------------------------------------------------------------------


def admit_the_rest(edition: Edition) -> None:
    """Put every proposal with enough supporters on the ballot, unless somebody froze it."""
    if edition.themes_frozen_at:
        return
    for theme in db.session.scalars(finding.listing(edition, show="reached")).all():
        review.admit(theme, organiser().id)


def prepare_vote(edition: Edition) -> None:
    """Draft and freeze the election, the server keeping the key; one that only waits to be opened stays."""
    election, by = voting.of_edition(edition), organiser().id
    if election and (election.opened_at or hours.why_not_open(election) is None):
        return
    if election and election.frozen_at:
        freezing.unfreeze(election, by)
    is_new = election is None
    election = voting.prepare(edition, Custody.SERVER, by, most_themes=4)
    if is_new:
        _ask_more(election, by)
        _name_scrutineers(election, by)
    freezing.freeze(election, by)


def _ask_more(election: Election, by: int) -> None:
    """Two questions beside that of the themes: one for France, and one that the board wants answered."""
    for theme in questions.to_prolong(election)[:1]:
        questions.ask(election, questions.Asked("simple", "FR", theme=theme), by)
    questions.ask(election, questions.Asked("two_thirds", original="nl", texts=question_of("decisions_in_public")), by)


def _name_scrutineers(election: Election, by: int) -> None:
    """The three of the cast are asked, and accept."""
    for member in naming.candidates(election):
        naming.name(election, member, by)
        naming.answer(election, member, True)


def open_vote(edition: Edition) -> None:
    """Open the ballot box."""
    election = voting.of_edition(edition)
    if election and hours.why_not_open(election) is None:
        hours.open_(election, organiser().id)


def vote(edition: Edition) -> None:
    """Some hundred members cast a vote, each as a member does: up to three themes, or none."""
    election = voting.of_edition(edition)
    if election is None or not election.is_open:
        return
    chance, election_key = random.Random(edition.year), election.public_key or b""
    voters = _voters(election, chance)
    # Only read until here. A vote is cast in a transaction of its own, and waits for no other.
    db.session.rollback()
    paper = papers.of_key(election_key)
    if paper is None:
        return
    for member_id, country in voters:
        choices = (_choice(question, chance) if question.is_asked_in(country) else () for question in paper.questions)
        voting.cast(paper, member_id, tuple(choices))


def _voters(election: Election, chance: random.Random) -> list[tuple[int, str]]:
    """Ordinary members on the roll who have not voted, with their country; the cast votes when the visitor does."""
    cast = [person.number for person in CAST]
    officials = select(Grant.member_id)
    voted = select(Envelope.member_id).where(Envelope.election_id == election.id)
    rows = select(Elector.member_id, Elector.country).where(
        Elector.election_id == election.id, Elector.number.not_in(cast), Elector.member_id.not_in(officials),
        Elector.member_id.not_in(voted),
    )  # fmt: skip
    found = [(member_id, country) for member_id, country in db.session.execute(rows.order_by(Elector.member_id))]
    return chance.sample(found, min(VOTERS, len(found) // 4))


def _choice(question: papers.PaperQuestion, chance: random.Random) -> tuple[int, ...]:
    """One to three options; those that were proposed earlier are better known."""
    if chance.random() < BLANK:
        return ()
    if not question.is_themes:
        return (0,) if chance.random() < YES else (1,)
    count = len(question.options)
    most = min(question.limit or 3, 3, count)
    drawn = chance.choices(range(count), [count + 1 - n for n in range(count)], k=chance.randint(1, most))
    return tuple(sorted(set(drawn)))


# --- The count --------------------------------------------------------------------------------------


def close_vote(edition: Edition) -> None:
    """Close the ballot box, unless the worker just did."""
    election = voting.of_edition(edition)
    if election and hours.why_not_close(election) is None:
        hours.close(election, organiser().id)


def count_vote(edition: Edition) -> None:
    """Open the box, count, draw lots where there is a tie, publish."""
    election, by = voting.of_edition(edition), organiser().id
    if election is None:
        return
    if counting.why_not_count(election) is None:
        counting.count(election, [], by)
    for position, _report in counting.elections_of(election):
        if counting.why_not_settle(election, position) is None and not counting.settlement(election, position):
            dice = "".join(random.Random(edition.year).choices("123456", k=6))
            counting.settle(election, position, dice, "Drawn by the time machine of the demonstration.", by)
    if result.why_not_publish(election) is None:
        result.publish(election, by)


Deed = Callable[[Edition], object]

# What is done at the stop before, and on arriving.
BEFORE: dict[Stop, tuple[Deed, ...]] = {
    Stop.VOTE: (admit_the_rest,),
    Stop.COUNT: (close_vote, assembly.end),
    Stop.SIGNUP: (count_vote,),
    Stop.GROUPS: (assigning.choose_dates, assigning.freeze_and_draw, assigning.tell, assigning.confirm),
    Stop.STOCKTAKE: (outcomes.publish_decisions,),
}
AFTER: dict[Stop, tuple[Deed, ...]] = {
    Stop.VOTE: (prepare_vote, open_vote, vote, assembly.hold),
    Stop.SIGNUP: (groups.form_groups, groups.sign_up, wishes.propose_slots, wishes.wish),
    Stop.GROUPS: (meetings.hold,),
    Stop.RECOMMENDATIONS: (meetings.hold, outcomes.write),
    Stop.DECISIONS: (outcomes.adopt, outcomes.submit, outcomes.draft_decisions),
    Stop.STOCKTAKE: (outcomes.begin_work,),
}
