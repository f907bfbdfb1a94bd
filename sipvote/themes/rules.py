"""What the themes' room decides: proposing, supporting, admitting, declining, prolonging."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from ..db import db
from ..editions.models import Edition
from .models import Theme


def _of(edition: Edition) -> Select[Theme]:
    present = select(Theme).where(Theme.edition_id == edition.id, Theme.withdrawn_at.is_(None))
    return present.order_by(Theme.proposed_at, Theme.id)


def on_ballot(edition: Edition) -> Sequence[Theme]:
    """The themes that were admitted to the edition's ballot, in the order they were proposed."""
    return db.session.scalars(_of(edition).where(Theme.admitted_at.is_not(None))).all()


def of_the_year(edition: Edition) -> Sequence[Theme]:
    """The themes that the edition works on: elected ones, then prolonged ones."""
    chosen = _of(edition).where(Theme.elected_at.is_not(None) | Theme.prolonged_from_id.is_not(None))
    return sorted(db.session.scalars(chosen), key=lambda theme: theme.is_prolonged)
