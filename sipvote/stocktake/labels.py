"""What the values of the facets are called, in the reader's language."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from ..db import db
from ..decisions.models import Outcome
from ..i18n import alphabetical
from ..members.models import City
from ..recommendations.models import LargeTheme, Recommendation
from ..themes.models import Theme, ThemeText
from . import words
from .models import Status
from .rows import theme_titles

FACET_NAMES = {
    "year": _l("Edition"), "status": _l("Status"), "outcome": _l("Decision of the board"), "theme": _l("Theme"),
    "large": _l("Large theme"), "group": _l("Workgroup"), "country": _l("Country"),
}  # fmt: skip
SORT_NAMES = {"newest": _l("Newest first"), "oldest": _l("Oldest first"), "changed": _l("Last change first")}
# A word beside each, and a sign that says the same.
STATUS_KINDS = {
    Status.NOT_STARTED: "", Status.ONGOING: "now", Status.DONE: "ok", Status.NOT_DONE: "warn", Status.REJECTED: "bad",
    Status.POSTPONED: "info",
}  # fmt: skip


def city_slugs() -> dict[str, str]:
    """{a city's name in any language, small: its slug}; what old lists write finds its city so."""
    found = {}
    for city in db.session.scalars(select(City)):
        for name in (city.slug, city.name_nl, city.name_fr, city.name_en):
            found[name.casefold()] = city.slug
    return found


def edition_label(year: int) -> str:
    """'2019–20'."""
    return f"{year}–{(year + 1) % 100:02}"


def names() -> dict[str, Mapping[str, str]]:
    """{facet: {value: name}} of what has another name than its value; three queries."""
    used = select(Recommendation.theme_id).where(Recommendation.theme_id.is_not(None))
    first = select(ThemeText.theme_id, ThemeText.title).join(Theme).where(ThemeText.language == Theme.original)
    titles = theme_titles()
    themes = {title: titles.get(id, title) for id, title in db.session.execute(first.where(Theme.id.in_(used)))}
    return {
        "status": {status.value: str(name) for status, name in words.STATUSES.items()},
        "outcome": {**{each.value: str(name) for each, name in words.OUTCOMES.items()}, "none": _("not decided yet")},
        "theme": {**themes, "none": _("no theme")},
        "large": {**{str(t.id): str(t) for t in db.session.scalars(select(LargeTheme))}, "none": _("no large theme")},
        "group": {
            **{city.slug: city.name for city in db.session.scalars(select(City))},
            "online": _("Online"),
            "none": _("not known"),
        },
        "country": {"BE": words.country("BE"), "FR": words.country("FR"), "none": words.country(None)},
    }


def name(named: Mapping[str, Mapping[str, str]], facet: str, value: str) -> str:
    """What a value is called; one that nobody knows any more is called as it is written."""
    if facet == "year":
        return edition_label(int(value)) if value.isdecimal() and len(value) == 4 else value
    return named.get(facet, {}).get(value, value)


def in_order(
    facet: str, counts: Mapping[str, int], named: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str, int]]:
    """(value, name, count) of a facet, as people look for them: years backwards, statuses as told, names by name."""
    told = [(value, name(named, facet, value), count) for value, count in counts.items()]
    if facet == "year":
        return sorted(told, reverse=True)
    fixed = [*(s.value for s in words.STATUSES)] if facet == "status" else [o.value for o in Outcome]
    if facet in ("status", "outcome"):
        return sorted(told, key=lambda each: fixed.index(each[0]) if each[0] in fixed else len(fixed))
    return sorted(told, key=lambda each: (each[0] == "none", alphabetical(each[1])))
