"""The time machine: it moves an edition to a stop, and does what was done until then.

Time itself stands still; the edition's dates move, by whole weeks, and everything dated of its themes
and workgroups moves along. What officials and members do on the way stands in deeds.py. Moments of the
election stay as they were, because the public board is signed with them; only its announced hours move.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update

from .. import audit
from ..db import db, now
from ..editions.models import Edition
from ..errors import Refused
from ..mail import Letter
from ..themes.models import Support, Theme, ThemeText
from ..voting.models import Election, Envelope, Question
from ..workgroups import ways
from ..workgroups.life_models import GroupFile, Minutes, MinutesAnswer, NextStep
from ..workgroups.models import Attendance, Meeting, Signup, Workgroup
from ..workgroups.wish_models import Assignment, Slot, WishList
from . import assembly, assigning, deeds, meetings, moments, outcomes_undone
from .stops import MET_BEFORE, STOPS, Stop, stops_of, where

Step = Callable[[], object]
DAY = timedelta(days=1)

# How long ago a stop has begun, at least, when the time machine arrives there.
ARRIVE_AFTER = {
    Stop.THEMES: 56 * DAY, Stop.REVIEW: 5 * DAY, Stop.VOTE: 2 * DAY, Stop.COUNT: DAY, Stop.SIGNUP: 10 * DAY,
    Stop.ASSIGNMENT: DAY / 24, Stop.GROUPS: 28 * DAY, Stop.RECOMMENDATIONS: 10 * DAY, Stop.DECISIONS: 10 * DAY,
    Stop.STOCKTAKE: 10 * DAY,
}  # fmt: skip
LAST_OF_THE_PAST = 2020


def about() -> dict[Stop, Any]:
    """What there is to see and do at each stop."""
    return {
        Stop.THEMES: _l("Ada proposes a theme or supports one. Dré admits themes to the ballot, or declines them."),
        Stop.REVIEW: _l(
            "Dré makes the ballot: the last themes are admitted, texts are translated, the vote is prepared."
        ),
        Stop.VOTE: _l(
            "The ballot box is open, and some hundred members have voted. Vote as Ada, and keep your receipt."
            " The assembly is under way: Bas checks members in."
        ),
        Stop.COUNT: _l("The vote is closed. Dré opens the box, counts and publishes, and makes workgroups."),
        Stop.SIGNUP: _l(
            "The result is public, and members wish groups. As Ada, choose up to three groups, say when you can come,"
            " and send it. Dré sees the wishes come in. Bas proposes dates for his group."
        ),
        Stop.ASSIGNMENT: _l(
            "Nobody can wish any more. Dré chooses the dates of each group, draws the lot, looks at the outcome and"
            " tells everybody. What he leaves undone, the time machine does on the way to the workgroups."
        ),
        Stop.GROUPS: _l(
            "Everybody knows their group, and most groups have met. Bas sees who came to his group in Ghent. Two"
            " groups have places free and begin later: sign up as Ada."
        ),
        Stop.RECOMMENDATIONS: _l(
            "All meetings are over, and each group has published what it recommends. As Ada, say what you think of it."
            " Bas answers for his group. Chloé looks at the figures."
        ),
        Stop.DECISIONS: _l(
            "The board has drafted most of its decisions about what the groups recommend. Chloé writes the last ones,"
            " and publishes them after the meeting."
        ),
        Stop.STOCKTAKE: _l(
            "The year is over, and the board has decided. Dré keeps the stocktake of this year and of all years since"
            " 2015."
        ),
    }


# --- Where we are, and what a move undoes -----------------------------------------------------------


def the_edition() -> Edition | None:
    """The edition that the time machine moves: the newest that has begun, but none of the real ones of the past."""
    ours = select(Edition).where(Edition.year > LAST_OF_THE_PAST)
    begun = ours.where(Edition.themes_at <= now()).order_by(Edition.year.desc())
    return db.session.scalar(begun.limit(1)) or db.session.scalar(ours.order_by(Edition.year).limit(1))


def here(edition: Edition) -> Stop:
    """The stop at which the edition is now."""
    return where(stops_of(edition))


def why_not_go(edition: Edition, stop: Stop) -> str | None:
    """The sentence why an edition has no such stop, or None."""
    if stop in stops_of(edition):
        return None
    return _("In this edition members sign up directly, so nobody is given a group.")


def is_back(edition: Edition, stop: Stop) -> bool:
    """Say whether a stop lies before the one at which the edition is."""
    return stop.is_before(here(edition))


def _undoes(edition: Edition, stop: Stop) -> bool:
    """Workgroups and the vote stay when going back no further than to the sign-up that follows them."""
    return is_back(edition, stop) and stop.is_before(Stop.SIGNUP)


def _undoes_groups(edition: Edition, stop: Stop) -> bool:
    """Whether people leave the groups that their wishes gave them, because they wish or are given groups again."""
    return is_back(edition, stop) and stop.is_before(Stop.GROUPS) and ways.is_by_wishes(edition)


def loses(edition: Edition, stop: Stop) -> list[str]:
    """What going to a stop throws away, as a list to show before; empty when nothing is lost."""
    if not _undoes(edition, stop):
        is_lost = _undoes_groups(edition, stop) and assigning.is_begun(edition)
        dates = [_("the dates of the groups, and who was given a place; wishes stay")] if is_lost else []
        return [*dates, *_loses_outcomes(edition, stop)]
    lost = _loses_outcomes(edition, stop)
    if db.session.scalar(select(func.count()).where(Workgroup.edition_id == edition.id)):
        lost.append(_("the workgroups of this year, with everybody who wished one or is in one"))
    election = db.session.scalar(select(Election).where(Election.edition_id == edition.id))
    if election and db.session.scalar(select(Envelope.member_id).where(Envelope.election_id == election.id).limit(1)):
        lost.append(_("the vote: all ballots in the box, also yours, and the result"))
    elif election:
        lost.append(_("the vote as it was prepared"))
    if assembly.was_there(edition):
        lost.append(_("the presence list of the assembly, and its proxies"))
    return lost


def _loses_outcomes(edition: Edition, stop: Stop) -> list[str]:
    if not is_back(edition, stop) or not outcomes_undone.is_begun(edition):
        return []
    if stop.is_before(Stop.RECOMMENDATIONS):
        return [_("what the groups recommend this year, with remarks and decisions")]
    return [_("what was decided or done about this year’s recommendations since then")]


@contextmanager
def alone() -> Iterator[None]:
    """Within this block nobody else travels: two visitors would meet half-way."""
    with open(current_app.config["INSTANCE"] / "time-machine.lock", "w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


# --- Moving -----------------------------------------------------------------------------------------


def steps(stop: Stop, by: int | None) -> Iterator[Step]:
    """Yield what is to be done to get to a stop, in order; the caller does each step and commits.

    Raises Refused before the first step when the way is barred: by a ballot box that only the
    scrutineers can open, or because the edition has no such stop.
    """
    edition = the_edition()
    if edition is None or here(edition) == stop:
        return
    if why := why_not_go(edition, stop):
        raise Refused(why)
    if not _undoes(edition, stop):
        deeds.refuse_if_sealed(edition, stop.phase)
    yield partial(audit.record, "time machine", f"edition {edition.year}", by, phase=stop)
    yield partial(deeds.sweep_rehearsal, edition)
    yield from _undoing(edition, stop)
    for nearer in STOPS[[Stop.AHEAD, *STOPS].index(here(edition)) : STOPS.index(stop) + 1]:
        if nearer in stops_of(edition):
            yield from (partial(deed, edition) for deed in deeds.BEFORE.get(nearer, ()))
            yield partial(place, edition, nearer)
            yield from (partial(deed, edition) for deed in deeds.AFTER.get(nearer, ()))
    if here(edition) != stop:
        yield partial(place, edition, stop)
        yield partial(meetings.forget_the_future, edition)


def _undoing(edition: Edition, stop: Stop) -> Iterator[Step]:
    """What going back undoes: what came of the groups, the groups themselves, the vote."""
    is_undone, are_groups_undone = _undoes(edition, stop), _undoes_groups(edition, stop)
    if is_back(edition, stop):
        yield partial(outcomes_undone.forget_the_future, edition, stop)
    if is_undone:
        yield partial(undo, edition)
        yield partial(place, edition, min(stop, Stop.REVIEW, key=STOPS.index))
    elif are_groups_undone:
        yield partial(assigning.undo, edition)


def undo(edition: Edition) -> None:
    """Throw away workgroups, vote, and who was at the assembly. The themes stay, but for what a vote prolonged."""
    db.session.execute(delete(Workgroup).where(Workgroup.edition_id == edition.id))  # takes meetings and sign-ups along
    for table in (WishList, Slot, Assignment):
        db.session.execute(delete(table).where(table.edition_id == edition.id))
    asked = select(Question.theme_id).join(Election).where(Election.edition_id == edition.id)
    by_vote = Theme.prolonged_from_id.in_(list(db.session.scalars(asked.where(Question.theme_id.is_not(None)))))
    db.session.execute(delete(Theme).where(Theme.edition_id == edition.id, by_vote))
    db.session.execute(delete(Election).where(Election.edition_id == edition.id))  # takes roll and envelopes along
    db.session.execute(update(Theme).where(Theme.edition_id == edition.id).values(elected_at=None))
    edition.themes_frozen_at = None
    assembly.undo(edition)
    # Numbers are given out anew, and so are the letters about what they stand for.
    db.session.execute(update(Letter).values(key=None))
    db.session.expire_all()


def place(edition: Edition, stop: Stop) -> None:
    """Move the edition, and what is dated with it, so that now lies at a stop."""
    begins = stops_of(edition)
    weeks = (now() - _arrive_after(edition, stop) - begins[stop]) // moments.WEEK
    moved = {each: moments.moved(at, weeks) for each, at in begins.items()}
    if where(moved) != stop:  # somebody made it shorter than a week or so: to its beginning, then
        later = now() - begins[stop]
        moved = {each: at + later for each, at in begins.items()}
    if edition.wishes_until:  # which stands there, and counts for nothing, when members sign up directly
        edition.wishes_until += moved[Stop.SIGNUP] - edition.signup_at
    edition.wishes_until = moved.pop(Stop.ASSIGNMENT, edition.wishes_until)
    for each, at in moved.items():
        setattr(edition, f"{each}_at", at)
    for table, chosen in _dated_with(edition):
        moments.shift(table, chosen, weeks)
    outcomes_undone.freeze_again(edition)
    hours = {"opens_at": edition.vote_at, "closes_at": edition.count_at}
    db.session.execute(update(Election).where(Election.edition_id == edition.id).values(**hours))
    db.session.flush()
    db.session.expire_all()


def _arrive_after(edition: Edition, stop: Stop) -> timedelta:
    """How long ago the stop has begun: when groups meet on dates that were chosen, until most of them have met."""
    if stop != Stop.GROUPS or not ways.is_by_wishes(edition):
        return ARRIVE_AFTER[stop]
    first = select(func.min(Meeting.starts_at)).join(Meeting.workgroup).group_by(Meeting.workgroup_id)
    held = Workgroup.edition_id == edition.id, Workgroup.cancelled_at.is_(None)
    firsts = sorted(db.session.scalars(first.where(*held)))
    return firsts[len(firsts) // 2] + MET_BEFORE - edition.groups_at if firsts else ARRIVE_AFTER[stop]


def _dated_with(edition: Edition) -> list[tuple[Any, Any]]:
    """The tables whose moments move along, each with its rows of this edition."""
    themes = select(Theme.id).where(Theme.edition_id == edition.id)
    groups = select(Workgroup.id).where(Workgroup.edition_id == edition.id)
    signups = select(Signup.id).where(Signup.workgroup_id.in_(groups))
    gatherings = select(Meeting.id).where(Meeting.workgroup_id.in_(groups))
    return [
        (Theme.__table__, Theme.id.in_(themes)),
        (ThemeText.__table__, ThemeText.theme_id.in_(themes)),
        (Support.__table__, Support.theme_id.in_(themes)),
        (Workgroup.__table__, Workgroup.id.in_(groups)),
        (Meeting.__table__, Meeting.workgroup_id.in_(groups)),
        (Signup.__table__, Signup.id.in_(signups)),
        (Attendance.__table__, Attendance.signup_id.in_(signups)),
        *((table.__table__, table.meeting_id.in_(gatherings)) for table in (Minutes, MinutesAnswer)),
        *((table.__table__, table.workgroup_id.in_(groups)) for table in (NextStep, GroupFile)),
        *((table.__table__, table.edition_id == edition.id) for table in (Slot, WishList, Assignment)),
        *assembly.dated_with(edition),
        *outcomes_undone.dated_with(edition),
    ]
