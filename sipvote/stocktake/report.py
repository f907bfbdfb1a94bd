"""The stocktake as a document to print: figures, an analysis of each large theme, every recommendation per workgroup.

A list of more than LIST_AT_MOST recommendations would be a book of hundreds of pages: then the document holds the
figures and the analysis, and says where the list is.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from ..documents import (
    PAGE,
    PAGES,
    Block,
    Contents,
    Document,
    Heading,
    Items,
    Notice,
    Table,
    Text,
    plain,
    with_contents,
)
from ..i18n import colon, day, language, number
from ..i18n import percent as written
from . import figures
from .figures import Count, Counted
from .models import Status
from .seen import PUBLISHED, THEN, Seen
from .tables import FACET_NAMES, edition_label, label
from .words import STATUSES

AUTHOR = "Smart"
LIST_AT_MOST = 1000
NOTHING = "–"


def document(seen: Seen) -> Document:
    """The stocktake in the language of the page; `seen` holds its names in that language."""
    title = _("Smart in Progress: stocktake of %(day)s", day=_day(seen.day))
    parts = [(_("In figures"), [*_figures(seen)]), (_("Per large theme"), [*_analysis(seen.rows)])]
    parts.append((_("Every recommendation, per workgroup"), [*_everything(seen.rows)]))
    blocks: list[Block] = [Text(known(seen)), Contents(_("Contents"))]
    for name, found in parts:
        blocks += [Heading(name, new_page=True), *found]
    note = _("Signs for which this file has no drawing stand as their number in Unicode, such as [U+1F389].")
    page = _("Page %(n)s of %(all)s", n=PAGE, all=PAGES)
    return Document(title, language(), with_contents(blocks), AUTHOR, page, note)


def known(seen: Seen) -> str:
    """How the figures are known: now, on that day, or as they were published."""
    if seen.known == PUBLISHED and seen.published:
        return _("As it was published on %(day)s. It is never changed.", day=_day(seen.published.published_at))
    if seen.known == THEN:
        return _("As it was known on that day.")
    return _("As it is known today.")


def _day(value: Any) -> str:
    return day(value, weekday=False, with_year=True)


def rate(part: Fraction | None) -> str:
    """'46,2 %', rounded; a dash where there is nothing to divide by."""
    return NOTHING if part is None else written(float(round(part, 3)))


# --- In figures -------------------------------------------------------------------------------------


def _figures(seen: Seen) -> Iterator[Block]:
    whole = seen.figures.whole
    yield Items((
        ngettext("%(num)s recommendation", "%(num)s recommendations", whole.total),
        _("Done: %(done)s of %(all)s", done=number(whole.done), all=number(whole.total)),
        _("Execution rate: %(rate)s (done, of all that were not rejected)", rate=rate(whole.execution)),
        _("Done of all: %(rate)s", rate=rate(whole.done_of_all)),
    ))  # fmt: skip
    yield Text(_("Percentages are rounded, each by itself: they need not add up to 100."))
    rows = [(str(name), number(whole.statuses[s]), rate(whole.share(s))) for s, name in STATUSES.items()]
    headings = (_("Status"), _("Recommendations"), _("Share"))
    yield Table(_("How far are they?"), headings, tuple(rows), numbers=(1, 2))
    for facet, caption in (
        ("year", _("Per edition")), ("theme", _("Per theme")), ("group", _("Per workgroup")),
        ("country", _("Per country")),
    ):  # fmt: skip
        lines = [(label(facet, line.key), line.count) for line in seen.figures.facets[facet]]
        yield counted(caption, str(FACET_NAMES[facet]), lines, whole.total)
    yield from _times(seen)


def counted(caption: str, heading: str, lines: Sequence[tuple[str, Count]], total: int) -> Table:
    """A table of numbers, shares and execution rates."""
    rows = [
        (
            plain(name), number(count.total), rate(Fraction(count.total, total)), number(count.done),
            rate(count.execution),
        )
        for name, count in lines
    ]  # fmt: skip
    headings = (heading, _("Recommendations"), _("Share"), _("Number done"), _("Execution rate"))
    return Table(caption, headings, tuple(rows), numbers=(1, 2, 3, 4))


def _times(seen: Seen) -> Iterator[Block]:
    found = seen.figures.times
    if found.median is None or found.first_quartile is None or found.third_quartile is None:
        return
    days = {"half": round(found.median), "quarter": round(found.first_quartile), "most": round(found.third_quartile)}
    yield Text(
        _("From the decision to done: half within %(half)s days, a quarter within %(quarter)s, three quarters within"
          " %(most)s. Known of %(number)s recommendations.",
          number=number(found.number), **{name: number(each) for name, each in days.items()})
    )  # fmt: skip


# --- Per large theme --------------------------------------------------------------------------------


def _analysis(rows: Sequence[Counted]) -> Iterator[Block]:
    for line in figures.lines(rows, "large_theme"):
        part = [row for row in rows if row.large_theme == line.key]
        name = label("large_theme", line.key)
        yield Heading(plain(name), level=2)
        yield Text(in_words(line.count, line.share))
        themes = [(label("theme", each.key), each.count) for each in figures.lines(part, "theme")]
        yield counted(_("Themes of “%(name)s”", name=plain(name)), _("Theme"), themes, len(part))


def in_words(count: Count, share: Fraction) -> str:
    """'24 recommendations, 9,6 % of all. Execution rate: 46,2 %. Done: 12; ongoing: 5.'"""
    statuses = [f"{name}{colon()} {number(count.statuses[s])}" for s, name in STATUSES.items() if count.statuses[s]]
    told = [
        ngettext("%(num)s recommendation, %(share)s of all.", "%(num)s recommendations, %(share)s of all.",
                 count.total, share=rate(share)),
        _("Execution rate: %(rate)s.", rate=rate(count.execution)),
        _("By status: %(statuses)s.", statuses=", ".join(statuses)),
    ]  # fmt: skip
    return " ".join(told)


# --- Every recommendation ---------------------------------------------------------------------------


def _everything(rows: Sequence[Any]) -> Iterator[Block]:
    if len(rows) > LIST_AT_MOST:
        yield Notice(
            _("These are %(number)s recommendations, too many to print. The list is a file for a spreadsheet (XLSX),"
              " on the same page as this document.", number=number(len(rows)))
        )  # fmt: skip
        return
    in_time = sorted(rows, key=lambda row: (row.year, row.group, row.number))
    for (year, group), part in groupby(in_time, key=lambda row: (row.year, row.group)):
        name = f"{edition_label(year)}, {plain(label('group', group))}"
        yield Heading(name, level=2)
        headings = (_("No."), _("Recommendation"), _("Decided on"), _("Status"), _("Since"))
        cells = [
            (str(row.number), plain(row.title), _short(row.decided_on), _status(row), _short(row.since)) for row in part
        ]
        yield Table(_("Recommendations of %(group)s", group=name), headings, tuple(cells), numbers=(0,), wide=(1,))


def _status(row: Any) -> str:
    if row.status == Status.POSTPONED and row.postponed_until:
        return _("postponed until %(day)s", day=_short(row.postponed_until))
    return str(STATUSES[row.status])


def _short(value: date | None) -> str:
    """'2022-06-30': in a narrow column, the same in each language."""
    return value.isoformat() if value else NOTHING
