"""Where the things that a search finds are read, and what stands beside each: its room, its year, its state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ..db import db
from ..decisions import found as decisions
from ..decisions.models import Decision
from ..recommendations import found as recommendations
from ..recommendations.models import Draft, Recommendation
from ..searching import Hit
from ..themes import found as themes
from ..themes.models import Theme
from .words import OUTCOME_NAMES

KIND_NAMES = {"theme": _l("Themes"), "recommendation": _l("Recommendations"), "decision": _l("Board decisions")}
ONE_OF_KIND = {"theme": _l("Theme"), "recommendation": _l("Recommendation"), "decision": _l("Board decision")}


@dataclass(frozen=True)
class Place:
    """Where a thing is read. `about` are the few words that tell it from others; `on` is a day that matters."""

    url: str
    about: Sequence[str]
    on: date | None = None
    outcome: str = ""


def _page_of(recommendation_id: int) -> str:
    """The permanent page of a recommendation."""
    return url_for("recommendations.show", recommendation_id=recommendation_id)


def of_hits(hits: Sequence[Hit]) -> list[tuple[Hit, Place]]:
    """The hits that may be read at this moment, each with its place: one query for each kind."""
    readers = {"theme": _themes, "recommendation": _recommendations, "decision": _decisions}
    there: dict[tuple[str, int], Place] = {}
    for kind, read in readers.items():
        ids = [hit.thing_id for hit in hits if hit.kind == kind]
        if ids:
            there |= {(kind, id): place for id, place in read(ids).items()}
    return [(hit, there[hit.kind, hit.thing_id]) for hit in hits if (hit.kind, hit.thing_id) in there]


def _themes(ids: Collection[int]) -> dict[int, Place]:
    wanted = select(Theme).where(Theme.id.in_(ids), *themes.PUBLIC).options(joinedload(Theme.edition))
    return {
        theme.id: Place(url_for("themes.show", year=theme.edition.year, theme_id=theme.id), [theme.edition.label])
        for theme in db.session.scalars(wanted)
    }


def _recommendations(ids: Collection[int]) -> dict[int, Place]:
    wanted: Any = select(Recommendation).outerjoin(Draft, Draft.id == Recommendation.draft_id)
    wanted = wanted.where(Recommendation.id.in_(ids), *recommendations.PUBLIC).options(joinedload(Recommendation.theme))
    return {found.id: Place(_page_of(found.id), _about(found)) for found in db.session.scalars(wanted)}


def _decisions(ids: Collection[int]) -> dict[int, Place]:
    wanted: Any = select(Decision).join(Decision.recommendation)
    wanted = wanted.outerjoin(Draft, Draft.id == Recommendation.draft_id).where(Decision.id.in_(ids), *decisions.PUBLIC)
    wanted = wanted.options(joinedload(Decision.recommendation).joinedload(Recommendation.theme))
    return {
        found.id: Place(
            _page_of(found.recommendation_id), _about(found.recommendation), found.decided_on,
            str(OUTCOME_NAMES[found.outcome]),
        )
        for found in db.session.scalars(wanted)
    }  # fmt: skip


def _about(recommendation: Recommendation) -> list[str]:
    """Its number once it has one, and its theme."""
    theme = str(recommendation.theme) if recommendation.theme else recommendation.theme_name
    number = recommendation.label if recommendation.number else str(recommendation.year)
    return [number, theme] if theme else [number]
