"""Recommendations that ask again what an earlier one asked: linked and unlinked by organisers, read both ways."""

import re

from flask_babel import gettext as _
from sqlalchemy import select

from .. import audit
from ..db import db
from ..errors import Refused
from ..recommendations.models import Recommendation

LABEL = re.compile(r"\s*(\d{4})\s*/\s*(\d{1,6})\s*")


def called(label: str) -> Recommendation | None:
    """The recommendation that "2017/12" means."""
    found = LABEL.fullmatch(label)
    if found is None:
        return None
    year, number = int(found[1]), int(found[2])
    asked = select(Recommendation).where(Recommendation.year == year, Recommendation.number == number)
    return db.session.scalars(asked.where(Recommendation.withdrawn_at.is_(None))).first()


def repeated_by(recommendation: Recommendation) -> list[Recommendation]:
    """The later ones that ask the same."""
    asked = select(Recommendation).where(Recommendation.repeats_id == recommendation.id)
    there = asked.where(Recommendation.number.is_not(None), Recommendation.withdrawn_at.is_(None))
    return list(db.session.scalars(there.order_by(Recommendation.year, Recommendation.number)))


def why_not_repeat(recommendation: Recommendation, earlier: Recommendation | None) -> str | None:
    """Why one cannot be linked to the other. Only what is earlier can be repeated, so no ring can be made."""
    if earlier is None or earlier.number is None:
        return _("There is no such recommendation. Write the year and the number, like 2017/12.")
    if recommendation.number is None or (earlier.year, earlier.number) >= (recommendation.year, recommendation.number):
        return _("Give an earlier recommendation: the later one repeats the earlier one.")
    return None


def link(recommendation: Recommendation, earlier: Recommendation | None, by: int) -> None:
    """Say that a recommendation repeats an earlier one; raises Refused."""
    if why := why_not_repeat(recommendation, earlier):
        raise Refused(why)
    assert earlier is not None  # noqa: S101
    recommendation.repeats_id = earlier.id
    audit.record("link repeated", f"recommendation {recommendation.id}", by, repeats=earlier.id)


def unlink(recommendation: Recommendation, by: int) -> None:
    """Say that it repeats none after all; a second click finds it done."""
    if recommendation.repeats_id is None:
        return
    audit.record("unlink repeated", f"recommendation {recommendation.id}", by, repeats=recommendation.repeats_id)
    recommendation.repeats_id = None
