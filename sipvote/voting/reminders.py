"""Reminders of a running vote: once to those who have not voted, and once to those who began and did not send.

They are mailings (assembly/mailings.py) like the convocation: an organiser writes, tries and sends them, or not.
"""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, delete, select, text

from ..assembly import letters, mailings
from ..db import at_once, db
from ..editions.models import Edition
from ..i18n import moment
from ..together import Together
from .day import BegunBallot
from .models import Election, Elector, Envelope
from .rules import of_edition

_BEGIN = (
    "INSERT INTO begun_ballot (election_id, member_id) VALUES (:election, :member)"
    " ON CONFLICT (election_id, member_id) DO NOTHING"
)


def note_begun(election_id: int, member_id: int) -> None:
    """Remember that somebody looked at the check page: not when, and not what.

    It stands by itself, and on SQLite shares its flush to disk with others who look at the same moment.
    """
    begun = {"election": election_id, "member": member_id}
    if db.engine.dialect.name == "sqlite":
        _together.put(begun)
        return
    with at_once() as connection:
        connection.execute(text(_BEGIN), begun)


def _put(driver: Any, begun: dict[str, int]) -> None:
    driver.execute(_BEGIN, begun)


_together = Together(_put)


def forget_begun() -> None:
    """Who began matters only while the vote is open; run by the worker."""
    over = select(Election.id).where(Election.closed_at.is_not(None))
    db.session.execute(delete(BegunBallot).where(BegunBallot.election_id.in_(over)))


def _not_voted(edition: Edition) -> Select[Any]:
    """On the roll, no envelope in the box, no ballot on paper. Who voted by proxy has an envelope too."""
    mine = (Envelope.election_id == Elector.election_id) & (Envelope.member_id == Elector.member_id)
    roll = select(Elector.member_id).join(Election, Election.id == Elector.election_id).outerjoin(Envelope, mine)
    here = Election.edition_id == edition.id
    return roll.where(here, Envelope.member_id.is_(None), Elector.paper_at.is_(None))


def _not_sent(edition: Edition) -> Select[Any]:
    """The same, of those who looked at the check page."""
    begun = (BegunBallot.election_id == Elector.election_id) & (BegunBallot.member_id == Elector.member_id)
    return _not_voted(edition).join(BegunBallot, begun)


def _why_not_remind(edition: Edition, at: datetime | None) -> str | None:
    """While the vote is open, and one can vote from elsewhere; tried out as soon as there is a roll."""
    election = of_edition(edition)
    if election is None or election.frozen_at is None:
        return _("There is no electoral roll yet: freeze the ballot first.")
    if election.is_rehearsal:
        return _("This is a rehearsal: members are reminded of the vote itself.")
    if election.hall_only:
        return _("This vote is in the hall only. A reminder would come too late.")
    if election.closed_at or (at is not None and at >= election.closes_at):
        return _("The vote is closed, or will be by then.")
    if at is not None and not (election.is_open or (election.opened_at is None and at >= election.opens_at)):
        return _("The vote is not open. You can plan this letter for later.")
    return None


def _facts(edition: Edition) -> dict[str, str]:
    """A vote that was extended closes later than the edition says."""
    election = of_edition(edition)
    return {"vote_until": moment(election.closes_at)} if election else {}


for _name, _title, _about, _whom in (
    (
        "not_voted",
        _l("Reminder to those who have not voted"),
        _l("To everybody on the electoral roll who has not voted when their letter is written."),
        _not_voted,
    ),
    (
        "not_sent",
        _l("Reminder to those who began and did not send"),
        _l("To those who checked their choice and did not send it. What they chose is known to nobody."),
        _not_sent,
    ),
):
    mailings.register(
        letters.Kind(
            name=_name,
            title=_title,
            about=_about,
            whom=_whom,
            why_not=_why_not_remind,
            words={},
            facts=_facts,
            settings=lambda edition: {},
        )
    )
