"""What the assembly's room decides: who takes part, and whether they are enough."""

from sqlalchemy import select

from ..db import db
from ..editions.models import Edition
from .models import Assembly


def of_edition(edition: Edition) -> Assembly | None:
    """The assembly of an edition."""
    return db.session.scalar(select(Assembly).where(Assembly.edition_id == edition.id))
