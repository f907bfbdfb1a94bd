"""Tables as files: a list of (heading, getter) and rows in, a download out. Knows no room."""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from defusedcsv import csv  # cells that a spreadsheet would run as a formula are disarmed
from flask import Response

from .i18n import ZONE

Columns = Sequence[tuple[Any, Callable[[Any], Any]]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What Excel allows as the title of a sheet.
LONGEST_TITLE = 31
NOT_IN_A_TITLE = re.compile(r"[\[\]:*?/\\]|^'|'$")


def _plain(value: Any) -> Any:
    """Times as they read in Brussels and Paris, without a zone: spreadsheets know none."""
    if isinstance(value, datetime):
        return value.astimezone(ZONE).replace(tzinfo=None)
    return value if isinstance(value, int | float | date | None) else str(value)


def csv_file(name: str, columns: Columns, rows: Iterable[Any]) -> Response:
    """Give a CSV download: UTF-8 with BOM and semicolons, as spreadsheets in Belgium and France open it."""

    # Written before the request is over: its session ends with it, and rows may still be read from the database.
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";")
    buffer.write("\ufeff")
    writer.writerow([str(heading) for heading, _get in columns])
    for row in rows:
        writer.writerow([_as_text(get(row)) for _heading, get in columns])
    return download(buffer.getvalue().encode(), f"{name}.csv", "text/csv; charset=utf-8")


def _as_text(value: Any) -> str:
    value = _plain(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    # Spreadsheets skip white space before a "=", the library that disarms formulas does not.
    return "" if value is None else str(value).lstrip()


def xlsx_file(name: str, columns: Columns, rows: Iterable[Any]) -> Response:
    """Give an Excel download with a bold first row that stays in view."""
    return xlsx_book(name, [(None, columns, rows)])


def xlsx_book(name: str, sheets: Iterable[tuple[str | None, Columns, Iterable[Any]]]) -> Response:
    """Give an Excel download with several sheets: each has a title, columns and rows."""
    import xlsxwriter  # here, because few web processes ever need it

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, {**options, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        bold = book.add_format({"bold": True})
        for title, columns, rows in sheets:
            sheet = book.add_worksheet(title and NOT_IN_A_TITLE.sub(" ", title)[:LONGEST_TITLE].strip())
            sheet.write_row(0, 0, [str(heading) for heading, _get in columns], bold)
            for index, row in enumerate(rows, start=1):
                sheet.write_row(index, 0, [_plain(get(row)) for _heading, get in columns])
            sheet.freeze_panes(1, 0)
            sheet.autofit()
    return download(buffer.getvalue(), f"{name}.xlsx", XLSX)


def ics_file(name: str, calendar: str) -> Response:
    """Give a calendar file."""
    return download(calendar, f"{name}.ics", "text/calendar; charset=utf-8")


def text_file(filename: str, kind: str, lines: Iterable[str]) -> Response:
    """Give lines of text as a download."""
    return download("".join(f"{line}\n" for line in lines), filename, f"{kind}; charset=utf-8")


def download(body: Any, filename: str, kind: str) -> Response:
    """Give a body of a media type as a file of this name."""
    response = Response(body, content_type=kind)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response
