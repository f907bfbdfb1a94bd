"""The pages of the figures: of any day, and of the stocktakes that were published; with their files and reports."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask_babel import gettext as _

from ..access import public
from ..exports import csv_file, download, xlsx_book
from ..i18n import LANGUAGES, in_language
from ..printed import as_file, asked_language, pressed
from . import linking, publishing, report, seen, tables
from .models import PublishedStocktake
from .seen import NOW, THEN, Seen
from .words import STATUSES

stocktake = Blueprint("stocktake", __name__, url_prefix="/stocktake")
FORMATS = ("csv", "xlsx", "json")


# --- What is asked for ------------------------------------------------------------------------------


def _asked() -> Seen:
    """The stocktake of the day in the address, or 404 when there is none of such a day."""
    typed = request.args.get("day", "")
    if typed and seen.why_not_see(typed):
        abort(404, seen.why_not_see(typed))
    known = THEN if request.args.get("known") == THEN else NOW
    return seen.of_day(seen.read_day(typed) or seen.today(), known, asked_language())


def _asked_published(day: str) -> Seen:
    found = seen.read_day(day)
    published = publishing.of_day(found) if found else None
    if published is None:
        abort(404, _("No stocktake of this day was published."))
    return seen.of_published(published, asked_language())


# --- The figures of a day ---------------------------------------------------------------------------


@stocktake.get("")
@public
def index() -> str:
    """The figures of a day; what is wrong with the day that was typed is said beside it."""
    typed = request.args.get("day", "")
    fault = seen.why_not_see(typed) if typed else None
    day = seen.today() if fault else seen.read_day(typed) or seen.today()
    found = seen.of_day(day, THEN if request.args.get("known") == THEN else NOW)
    return _page(found, typed=typed or day.isoformat(), fault=fault, today=seen.today(), latest=publishing.latest())


@stocktake.get("/tables/<what>.<any(csv, xlsx, json):kind>")
@public
def table(what: str, kind: str) -> Response:
    return _file(_asked(), what, kind)


@stocktake.get("/report")
@public
def report_page() -> str:
    return _report(_asked())


@stocktake.get("/report.<any(pdf, docx, html):kind>")
@public
def report_file(kind: str) -> Response:
    return _printed(_asked(), kind)


# --- What was published -----------------------------------------------------------------------------


@stocktake.get("/published")
@public
def published() -> str:
    return render_template("stocktake/published.html", all_published=publishing.all_published())


@stocktake.get("/published/<day>")
@public
def one(day: str) -> str:
    """A stocktake as it was published, from the rows that were stored."""
    return _page(_asked_published(day))


@stocktake.get("/published/<day>/tables/<what>.<any(csv, xlsx, json):kind>")
@public
def published_table(day: str, what: str, kind: str) -> Response:
    return _file(_asked_published(day), what, kind)


@stocktake.get("/published/<day>/report")
@public
def published_report(day: str) -> str:
    return _report(_asked_published(day))


@stocktake.get("/published/<day>/report.<any(pdf, docx, html):kind>")
@public
def published_report_file(day: str, kind: str) -> Response:
    return _printed(_asked_published(day), kind)


@stocktake.get("/published/<day>/content.json")
@public
def content(day: str) -> Response:
    """Exactly what was stored: its SHA-256 is the one on the page."""
    found = _asked_published(day).published
    assert found is not None  # noqa: S101
    return download(found.content, f"sipvote-stocktake-{found.day}.json", "application/json")


# --- Made of them -----------------------------------------------------------------------------------


def _page(found: Seen, **more: Any) -> str:
    stored: PublishedStocktake | None = found.published
    return render_template(
        "stocktake/index.html", is_intact=publishing.is_intact(stored) if stored else None, **figures_of(found),
        **_endpoints(found), **more,
    )  # fmt: skip


def figures_of(found: Seen) -> dict[str, Any]:
    """What templates/stocktake/_figures.html shows."""
    return {
        "seen": found, "figures": found.figures, "tables": tables.tables(found, with_list=False), "statuses": STATUSES,
        "filters": partial(linking.filters, linking.values() if found.is_of_today else {}), "label": tables.label,
        "rate": report.rate, "known_in_words": report.known(found), "formats": FORMATS,
    }  # fmt: skip


def _endpoints(found: Seen) -> dict[str, Any]:
    """Where the files of this stocktake are; `address` completes them."""
    prefix = ".published_" if found.published else "."
    own = ".one" if found.published else ".index"
    report_page = f"{prefix}report" if found.published else ".report_page"
    return {
        "to_page": own, "to_table": f"{prefix}table", "to_report": report_page,
        "to_report_file": f"{prefix}report_file", "address": found.address,
    }  # fmt: skip


def _file(found: Seen, what: str, kind: str) -> Response:
    """One table as a file, or `all` of them in one."""
    with in_language(found.code):
        made = tables.tables(found)
        wanted = made if what == "all" and kind != "csv" else {what: made.get(what) or abort(404)}
        name = f"sipvote-stocktake-{found.day}-{what}"
        if kind == "json":
            return jsonify(tables.as_json(found, wanted))
        if kind == "csv":
            return csv_file(name, wanted[what].for_files, wanted[what].rows)
        return xlsx_book(name, [(each.title, each.for_files, each.rows) for each in wanted.values()])


def _report(found: Seen) -> str:
    with in_language(found.code):
        made = report.document(found)
    return render_template(
        "stocktake/report.html", document=made, seen=found, all_languages=LANGUAGES, **_endpoints(found)
    )


def _printed(found: Seen, kind: str) -> Response:
    with in_language(found.code):
        made = report.document(found)
        name = _("stocktake")
        return as_file(f"{name}-{found.day}-{found.code}", kind, lambda: pressed(made, kind))
