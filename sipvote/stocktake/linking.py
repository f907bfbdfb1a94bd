"""How the list of recommendations is asked for what a number of the figures counts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from ..db import db
from ..recommendations.models import LargeTheme, Recommendation
from ..themes.models import Theme, ThemeText
from .rows import theme_titles

# A facet of the figures, and what the list calls it. Groups are cities there, which may share a recommendation.
IN_THE_LIST = {"theme": "theme", "year": "year", "large_theme": "large", "country": "country"}


def values() -> dict[str, Mapping[str, str]]:
    """{facet: {name in this language: value in the list's address}}, where these differ; three queries."""
    used = select(Recommendation.theme_id).where(Recommendation.theme_id.is_not(None))
    first = select(ThemeText.theme_id, ThemeText.title).join(Theme).where(ThemeText.language == Theme.original)
    titles = theme_titles()
    return {
        "theme": {titles.get(id, title): title for id, title in db.session.execute(first.where(Theme.id.in_(used)))},
        "large_theme": {str(large): str(large.id) for large in db.session.scalars(select(LargeTheme))},
    }


def filters(named: Mapping[str, Mapping[str, str]], facet: str, key: Any) -> dict[str, Any]:
    """The query that asks the list for one line of a facet; empty where there is none."""
    if facet not in IN_THE_LIST or not key:
        return {}
    return {IN_THE_LIST[facet]: named.get(facet, {}).get(key, key)}
