"""The tables of a stocktake, on the page and as files: each with a name in its address, a title, columns and rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..i18n import language
from .figures import Line, Times
from .models import Status
from .seen import Seen
from .words import OUTCOMES, STATUSES, country

LIST = "recommendations"
# Each with its key in JSON, its heading, and where it comes from.
Column = tuple[str, Any, Callable[[Any], Any]]
FACET_NAMES = {
    "theme": _l("Theme"),
    "year": _l("Edition"),
    "group": _l("Workgroup"),
    "large_theme": _l("Large theme"),
    "country": _l("Country"),
}


@dataclass(frozen=True)
class Table:
    """One table."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Any]

    @property
    def for_files(self) -> list[tuple[Any, Callable[[Any], Any]]]:
        """The columns as exports.py takes them."""
        return [(heading, get) for _key, heading, get in self.columns]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The rows as JSON holds them."""
        return [{key: _plain(get(row)) for key, _heading, get in self.columns} for row in self.rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def tables(seen: Seen, with_list: bool = True) -> dict[str, Table]:
    """Every table of a stocktake, by its name; the list of recommendations is the last."""
    made = {"statuses": _statuses(seen), **_facets(seen), "times": _times(seen), "done": _done(seen)}
    return {**made, LIST: _list(seen)} if with_list else made


def percent(part: Fraction | None) -> float | None:
    """A share in percent, rounded to a tenth; the numbers beside it are exact."""
    return None if part is None else float(round(100 * part, 1))


def label(facet: str, key: Any) -> str:
    """What a value of a facet is called; also that which has no name."""
    if facet == "year":
        return edition_label(key)
    if facet == "country":
        return country(key)
    return str(key) or str(_NAMELESS[facet])


def edition_label(year: int) -> str:
    """'2019–20', as the edition is called."""
    return f"{year}–{(year + 1) % 100:02}"


_NAMELESS = {
    "theme": _l("without a theme"),
    "group": _l("without a workgroup"),
    "large_theme": _l("without a large theme"),
}


# --- The figures ------------------------------------------------------------------------------------


def _statuses(seen: Seen) -> Table:
    whole = seen.figures.whole
    columns: list[Column] = [
        ("status", _("Status"), lambda status: str(STATUSES[status])),
        ("number", _("Recommendations"), lambda status: whole.statuses[status]),
        ("share_percent", _("Share (%)"), lambda status: percent(whole.share(status))),
    ]
    return Table(_("How far are they?"), columns, list(STATUSES))


def _facets(seen: Seen) -> dict[str, Table]:
    titles = {
        "year": _("Per edition"), "large_theme": _("Per large theme"), "theme": _("Per theme"),
        "group": _("Per workgroup"), "country": _("Per country"),
    }  # fmt: skip
    return {facet: Table(title, _columns(facet), seen.figures.facets[facet]) for facet, title in titles.items()}


def _columns(facet: str) -> list[Column]:
    return [
        (facet, FACET_NAMES[facet], lambda line: label(facet, line.key)),
        ("number", _("Recommendations"), lambda line: line.count.total),
        ("share_percent", _("Share (%)"), lambda line: percent(line.share)),
        *(_column_of(status) for status in STATUSES),
        ("execution_percent", _("Execution rate (%)"), lambda line: percent(line.count.execution)),
        ("done_of_all_percent", _("Done of all (%)"), lambda line: percent(line.count.done_of_all)),
    ]


def _column_of(status: Status) -> Column:
    def number(line: Line) -> int:
        return line.count.statuses[status]

    return str(status), STATUSES[status], number


def _times(seen: Seen) -> Table:
    def of(name: str) -> Callable[[tuple[Any, Times]], float | None]:
        return lambda row: None if (found := getattr(row[1], name)) is None else float(round(found, 1))

    columns: list[Column] = [
        ("edition", _("Edition"), lambda row: row[0] if isinstance(row[0], str) else edition_label(row[0])),
        ("number", _("Done, with known days"), lambda row: row[1].number),
        ("first_quartile_days", _("A quarter within (days)"), of("first_quartile")),
        ("median_days", _("Half within (days)"), of("median")),
        ("third_quartile_days", _("Three quarters within (days)"), of("third_quartile")),
    ]
    rows = [(_("All"), seen.figures.times), *seen.figures.times_by_year]
    return Table(_("From the decision to done"), columns, [row for row in rows if row[1].number])


def _done(seen: Seen) -> Table:
    columns: list[Column] = [
        ("year", _("Year"), lambda done: done.year),
        ("number", _("Done in this year"), lambda done: done.number),
        ("until_then", _("Done until its end"), lambda done: done.until_then),
    ]
    return Table(_("When were they done?"), columns, seen.figures.done)


# --- The list ---------------------------------------------------------------------------------------


def _list(seen: Seen) -> Table:
    columns: list[Column] = [
        ("id", _("Id"), lambda row: row.id),
        ("year", _("Year"), lambda row: row.year),
        ("number", _("Number"), lambda row: row.number),
        ("title", _("Title"), lambda row: row.title),
        ("theme", FACET_NAMES["theme"], lambda row: row.theme),
        ("group", FACET_NAMES["group"], lambda row: row.group),
        ("large_theme", FACET_NAMES["large_theme"], lambda row: row.large_theme),
        ("country", FACET_NAMES["country"], lambda row: row.country),
        ("decided_on", _("Decided on"), lambda row: row.decided_on),
        ("outcome", _("Decision"), lambda row: str(OUTCOMES[row.outcome]) if row.outcome else None),
        ("status", _("Status"), lambda row: str(STATUSES[row.status])),
        ("since", _("Since"), lambda row: row.since),
        ("done_on", _("Done on"), lambda row: row.done_on),
        ("postponed_until", _("Postponed until"), lambda row: row.postponed_until),
    ]
    return Table(_("Recommendations"), columns, seen.rows)


def as_json(seen: Seen, names: Mapping[str, Table]) -> dict[str, Any]:
    """Some tables as JSON, with what they are about."""
    known = {"now": "as known now", "then": "as known on that day", "published": "as published"}[seen.known]
    made = {name: table.records for name, table in names.items()}
    return {"day": seen.day.isoformat(), "known": known, "language": language(), "tables": made}
