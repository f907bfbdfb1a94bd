"""The time machine: it moves an edition to a phase, and does what was done until then.

Time itself stands still; the edition's dates move, by whole weeks, and everything dated of its themes
and workgroups moves along. What officials and members do on the way stands in deeds.py. Moments of the
election stay as they were, because the public board is signed with them; only its announced hours move.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, bindparam, delete, func, select, update

from .. import audit
from ..db import Moment, db, now
from ..editions.models import DATED, Edition, Phase
from ..i18n import ZONE
from ..mail import Letter
from ..themes.models import Support, Theme, ThemeText
from ..voting.models import Election, Envelope, Question
from ..workgroups.models import Attendance, Meeting, Signup, Workgroup
from ..workgroups.wish_models import Assignment, Slot, WishList
from . import assembly, deeds

Step = Callable[[], object]

# How many days of a phase have passed, at least, when the time machine arrives in it.
ARRIVE_AFTER = {
    Phase.THEMES: 56, Phase.REVIEW: 5, Phase.VOTE: 2, Phase.COUNT: 1, Phase.SIGNUP: 10, Phase.GROUPS: 28,
    Phase.RECOMMENDATIONS: 10, Phase.DECISIONS: 10, Phase.STOCKTAKE: 10,
}  # fmt: skip
WEEK = timedelta(weeks=1)
LAST_OF_THE_PAST = 2020


def about() -> dict[Phase, Any]:
    """What there is to see and do in each phase."""
    return {
        Phase.THEMES: _l("Ada proposes a theme or supports one. Dré admits themes to the ballot, or declines them."),
        Phase.REVIEW: _l(
            "Dré makes the ballot: the last themes are admitted, texts are translated, the vote is prepared."
        ),
        Phase.VOTE: _l(
            "The ballot box is open, and some hundred members have voted. Vote as Ada, and keep your receipt."
            " The assembly is under way: Bas checks members in."
        ),
        Phase.COUNT: _l("The vote is closed. Dré opens the box, counts and publishes, and makes workgroups."),
        Phase.SIGNUP: _l("The result is public. There are workgroups: sign up as Ada. One group is full already."),
        Phase.GROUPS: _l("The groups had their first meeting. Bas sees who is in his group in Ghent."),
        Phase.RECOMMENDATIONS: _l("All meetings are over. Chloé looks at the figures."),
        Phase.DECISIONS: _l("The board decides about what the groups recommend."),
        Phase.STOCKTAKE: _l("The year is over. The editions of 2019 and 2020 are there as well."),
    }


# --- Where we are, and what a move undoes -----------------------------------------------------------


def the_edition() -> Edition | None:
    """The edition that the time machine moves: the newest that has begun, but none of the real ones of the past."""
    ours = select(Edition).where(Edition.year > LAST_OF_THE_PAST)
    begun = ours.where(Edition.themes_at <= now()).order_by(Edition.year.desc())
    return db.session.scalar(begun.limit(1)) or db.session.scalar(ours.order_by(Edition.year).limit(1))


def is_back(edition: Edition, phase: Phase) -> bool:
    """Say whether a phase lies before the one that the edition is in."""
    order = list(Phase)
    return order.index(phase) < order.index(edition.phase)


def _undoes(edition: Edition, phase: Phase) -> bool:
    """Workgroups and the vote stay when going back no further than to the sign-up that follows them."""
    order = list(Phase)
    return is_back(edition, phase) and order.index(phase) < order.index(Phase.SIGNUP)


def loses(edition: Edition, phase: Phase) -> list[str]:
    """What going to a phase throws away, as a list to show before; empty when nothing is lost."""
    if not _undoes(edition, phase):
        return []
    lost = []
    if db.session.scalar(select(func.count()).where(Workgroup.edition_id == edition.id)):
        lost.append(_("the workgroups of this year, with everybody who signed up"))
    election = db.session.scalar(select(Election).where(Election.edition_id == edition.id))
    if election and db.session.scalar(select(Envelope.member_id).where(Envelope.election_id == election.id).limit(1)):
        lost.append(_("the vote: all ballots in the box, also yours, and the result"))
    elif election:
        lost.append(_("the vote as it was prepared"))
    if assembly.was_there(edition):
        lost.append(_("the presence list of the assembly, and its proxies"))
    return lost


@contextmanager
def alone() -> Iterator[None]:
    """Within this block nobody else travels: two visitors would meet half-way."""
    with open(current_app.config["INSTANCE"] / "time-machine.lock", "w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


# --- Moving -----------------------------------------------------------------------------------------


def steps(phase: Phase, by: int | None) -> Iterator[Step]:
    """Yield what is to be done to get to a phase, in order; the caller does each step and commits.

    Raises Refused before the first step when the way is barred: by a ballot box that only the
    scrutineers can open.
    """
    edition = the_edition()
    if edition is None or edition.phase == phase:
        return
    is_undone = _undoes(edition, phase)
    if not is_undone:
        deeds.refuse_if_sealed(edition, phase)
    yield partial(audit.record, "time machine", f"edition {edition.year}", by, phase=phase)
    yield partial(deeds.sweep_rehearsal, edition)
    if is_undone:
        yield partial(undo, edition)
        yield partial(place, edition, min(phase, Phase.REVIEW, key=list(Phase).index))
    order = list(Phase)
    for nearer in order[order.index(edition.phase) + 1 : order.index(phase) + 1]:
        yield from (partial(deed, edition) for deed in deeds.BEFORE.get(nearer, ()))
        yield partial(place, edition, nearer)
        yield from (partial(deed, edition) for deed in deeds.AFTER.get(nearer, ()))
    if edition.phase != phase:
        yield partial(place, edition, phase)


def undo(edition: Edition) -> None:
    """Throw away workgroups, vote, and who was at the assembly. The themes stay, but for what a vote prolonged."""
    db.session.execute(delete(Workgroup).where(Workgroup.edition_id == edition.id))  # takes meetings and sign-ups along
    for table in (Assignment, WishList, Slot):
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


def place(edition: Edition, phase: Phase) -> None:
    """Move the edition, and what is dated with it, so that now lies in a phase."""
    wanted = now() - timedelta(days=ARRIVE_AFTER[phase])
    weeks = (wanted - edition.begins(phase)) // WEEK
    moved = {p: _moved(edition.begins(p), weeks) for p in DATED}
    if not _is_in(phase, moved):  # somebody made the phase shorter than a week or so: to its beginning, then
        moved = {p: edition.begins(p) + (now() - edition.begins(phase)) for p in DATED}
    if edition.wishes_until:
        edition.wishes_until += moved[Phase.SIGNUP] - edition.signup_at
    for each, begins in moved.items():
        setattr(edition, f"{each}_at", begins)
    for table, chosen in _dated_with(edition):
        _shift(table, chosen, weeks)
    hours = {"opens_at": edition.vote_at, "closes_at": edition.count_at}
    db.session.execute(update(Election).where(Election.edition_id == edition.id).values(**hours))
    db.session.flush()
    db.session.expire_all()


def _moved(moment: datetime, weeks: int) -> datetime:
    """Weeks later by the clock on the wall: 17.00 stays 17.00, and a Saturday a Saturday."""
    return (moment.astimezone(ZONE).replace(tzinfo=None) + weeks * WEEK).replace(tzinfo=ZONE)


def _is_in(phase: Phase, begins: dict[Phase, datetime]) -> bool:
    return next((p for p in reversed(DATED) if begins[p] <= now()), Phase.AHEAD) == phase


def _dated_with(edition: Edition) -> list[tuple[Any, Any]]:
    """The tables whose moments move along, each with its rows of this edition."""
    themes = select(Theme.id).where(Theme.edition_id == edition.id)
    groups = select(Workgroup.id).where(Workgroup.edition_id == edition.id)
    signups = select(Signup.id).where(Signup.workgroup_id.in_(groups))
    return [
        (Theme.__table__, Theme.id.in_(themes)),
        (ThemeText.__table__, ThemeText.theme_id.in_(themes)),
        (Support.__table__, Support.theme_id.in_(themes)),
        (Workgroup.__table__, Workgroup.id.in_(groups)),
        (Meeting.__table__, Meeting.workgroup_id.in_(groups)),
        (Signup.__table__, Signup.id.in_(signups)),
        (Attendance.__table__, Attendance.signup_id.in_(signups)),
        (Slot.__table__, Slot.edition_id == edition.id),
        (WishList.__table__, WishList.edition_id == edition.id),
        (Assignment.__table__, Assignment.edition_id == edition.id),
        *assembly.dated_with(edition),
    ]


def _shift(table: Table, chosen: Any, weeks: int) -> None:
    """Move every moment in these rows. Meetings two weeks apart must not meet, so the foremost goes first."""
    moments = [c for c in table.c if isinstance(c.type, Moment)]
    rows = db.session.execute(select(*table.primary_key, *moments).where(chosen).order_by(moments[0])).mappings().all()
    changed = [
        {f"old_{c.name}": row[c] for c in table.primary_key}
        | {c.name: _moved(row[c], weeks) if row[c] else None for c in moments}
        for row in (reversed(rows) if weeks > 0 else rows)
    ]
    if changed:
        same = [c == bindparam(f"old_{c.name}") for c in table.primary_key]
        # On the connection: the ORM would take this for a bulk update by primary key.
        db.session.connection().execute(update(table).where(*same), changed)
