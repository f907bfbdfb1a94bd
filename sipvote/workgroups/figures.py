"""Figures for the board: how many, where, and never who.

Counts of people by language, country or profile that are under five are not shown; and when just one
is hidden, the next smallest is hidden too, because the total would give the first away.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..access import requires
from ..editions.models import Edition
from ..editions.views import asked_edition
from ..exports import csv_file
from ..i18n import LANGUAGES, alphabetical, number
from ..members.models import Member
from ..themes import rules as themes
from . import counts
from .exports import PROFILE_NAMES

figures = Blueprint("figures", __name__, url_prefix="/<int:year>/figures")
SHOWN_FROM = 5
COUNTRY_NAMES = {"BE": _l("Belgium"), "FR": _l("France")}


@dataclass(frozen=True)
class Row:
    """One line of a figure: a name, and the numbers of groups or the number of people (None: not shown)."""

    label: str
    numbers: counts.Numbers | None = None
    people: int | None = None
    text: str = ""


def hide_small(people: Mapping[str, int], names: Mapping[Any, Any]) -> list[Row]:
    """A row for each name, the largest first, with small counts hidden so that nobody can be worked out."""
    ordered = sorted(names, key=lambda key: (-people.get(str(key), 0), str(names[key])))
    small = {key for key in ordered if 0 < people.get(str(key), 0) < SHOWN_FROM}
    seen = [key for key in ordered if people.get(str(key), 0) >= SHOWN_FROM]
    hidden = {seen[-1]} if len(small) == 1 and seen else set()
    rows = []
    for key in ordered:
        count = people.get(str(key), 0)
        if key in small:
            rows.append(Row(str(names[key]), people=None, text=_("fewer than %(least)s", least=SHOWN_FROM)))
        elif key in hidden:
            rows.append(Row(str(names[key]), people=None, text=_("not shown")))
        else:
            rows.append(Row(str(names[key]), people=count, text=number(count)))
    return rows


def by_theme(edition: Edition) -> list[Row]:
    """Places, sign-ups and waiting lists of each theme."""
    groups = counts.groups_in(edition)
    numbers = counts.numbers_of(groups)
    return [
        Row(str(theme), counts.total(numbers[g.id] for g in groups if g.theme_id == theme.id))
        for theme in themes.of_the_year(edition)
    ]


def by_city(edition: Edition) -> list[Row]:
    """The same for each city; a group that cities share counts in each."""
    groups = counts.groups_in(edition)
    numbers = counts.numbers_of(groups)
    cities = sorted({c.id: c for g in groups for c in g.cities}.values(), key=lambda c: alphabetical(c.name))
    rows = [Row(c.name, counts.total(numbers[g.id] for g in groups if c in g.cities)) for c in cities]
    online = [numbers[g.id] for g in groups if not g.cities]
    return [*rows, Row(_("Online"), counts.total(online))] if online else rows


GROUPS: dict[str, Callable[[Edition], list[Row]]] = {"themes": by_theme, "cities": by_city}
PEOPLE: dict[str, tuple[Any, Mapping[Any, Any]]] = {
    "languages": (Member.language, LANGUAGES),
    "countries": (Member.country, COUNTRY_NAMES),
    "profiles": (Member.profile, PROFILE_NAMES),
}
GROUP_COLUMNS = [
    (_l("Groups"), lambda row: row.numbers.groups),
    (_l("Places"), lambda row: row.numbers.places),
    (_l("Places taken"), lambda row: row.numbers.taken),
    (_l("Free places"), lambda row: row.numbers.free),
    (_l("Waiting"), lambda row: row.numbers.waiting),
]


def _people(edition: Edition, what: str) -> list[Row]:
    column, names = PEOPLE[what]
    return hide_small(counts.people_by(edition, column), names)


@figures.get("/")
@requires("figures.see")
def index(year: int) -> str:
    edition = asked_edition(year)
    rows: dict[str, Sequence[Row]] = {what: count(edition) for what, count in GROUPS.items()}
    rows |= {what: _people(edition, what) for what in PEOPLE}
    return render_template(
        "figures/index.html", edition=edition, rows=rows, people=counts.people(edition),
        total=counts.total(r.numbers for r in rows["themes"] if r.numbers), least=SHOWN_FROM,
    )  # fmt: skip


@figures.get("/<what>.csv")
@requires("figures.see")
def table(year: int, what: str) -> Response:
    edition = asked_edition(year)
    if what not in {**GROUPS, **PEOPLE}:
        abort(404)
    heading = {
        "themes": _("Theme"), "cities": _("City"), "languages": _("Language"), "countries": _("Country"),
        "profiles": _("Profile"),
    }[what]  # fmt: skip
    name: tuple[Any, Callable[[Row], Any]] = (heading, lambda row: row.label)
    if what in GROUPS:
        return csv_file(f"sipvote-{year}-{what}", [name, *GROUP_COLUMNS], GROUPS[what](edition))
    people = (_("Members who signed up"), lambda row: row.people if row.people is not None else row.text)
    return csv_file(f"sipvote-{year}-{what}", [name, people], _people(edition, what))
