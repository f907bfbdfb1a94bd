"""A rehearsal election: everything is done as in earnest, by those with a role; then it is swept away."""

from flask_babel import gettext as _
from sqlalchemy import delete, select

from .. import audit
from ..db import db
from ..editions.models import Edition
from ..errors import Refused
from . import box
from .checkpoints import name_of
from .models import Election
from .rules import hold


def of_edition(edition: Edition) -> Election | None:
    """The rehearsal of an edition, if there is one now."""
    return db.session.scalar(select(Election).where(Election.edition_id == edition.id, Election.is_rehearsal))


def why_not_sweep(election: Election) -> str | None:
    """A rehearsal at any time, a real election never."""
    return None if election.is_rehearsal else _("This is no rehearsal. A real election is kept.")


def sweep(election: Election, by: int | None) -> None:
    """Delete the rehearsal with its roll, its ballots and its result; the audit log keeps what was done."""
    box.end_casts(election.id)
    hold(election)
    if why := why_not_sweep(election):
        raise Refused(why)
    audit.record("sweep rehearsal", name_of(election), by)
    # Everything else goes with it (ON DELETE CASCADE).
    db.session.execute(delete(Election).where(Election.id == election.id, Election.is_rehearsal))
    db.session.expire_all()
