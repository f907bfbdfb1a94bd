"""Tables that come in as files, and go out so that they come back the same: CSV and XLSX. Knows no room.

A cell of a CSV file that a spreadsheet would run as a formula goes out with an apostrophe before it, and comes back
without; in an XLSX file a text is a text, and needs none.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from flask_babel import gettext as _

# What a spreadsheet may take for a formula, also behind white space; and what is disarmed already.
RISKY = re.compile(r"'*\s*[=+\-@|%\t\r]")
MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_BYTES = 200 * 1024 * 1024  # of an XLSX file, once it is unpacked
LONGEST_CELL = 32_767  # in a spreadsheet
csv.field_size_limit(1_000_000)


class Unreadable(Exception):
    """A file that is no table; `row` is where it went wrong (0: the file as a whole)."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(why)
        self.row, self.why = row, why


def arm(text: str) -> str:
    """A text as it stands in a CSV file, where no spreadsheet runs it."""
    return f"'{text}" if RISKY.match(text) else text


def disarm(text: str) -> str:
    """What arm() was given; a text that only begins with an apostrophe keeps it ('s avonds)."""
    return text[1:] if text.startswith("'") and RISKY.match(text[1:]) else text


# --- Out --------------------------------------------------------------------------------------------


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file, piece by piece: UTF-8 with BOM and semicolons, as spreadsheets in Belgium and France open it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([arm(_text(cell)) for cell in row])
        if buffer.tell() > 100_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def xlsx(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """An XLSX file with one sheet: whole numbers, dates and texts as what they are."""
    import xlsxwriter  # here, because few web processes ever need it

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, headings, bold)
        for at, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(at, column, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(at, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
                elif cell:
                    sheet.write_string(at, column, cell[:LONGEST_CELL])
    return buffer.getvalue()


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


# --- In ---------------------------------------------------------------------------------------------


def read(content: bytes) -> list[tuple[int, list[str]]]:
    """(row number, cells as texts) of every row that is not empty, as a spreadsheet counts them. Raises Unreadable."""
    if not content.strip():
        raise Unreadable(0, _("The file is empty."))
    rows = _of_xlsx(content) if content.startswith(b"PK") else _of_csv(_decode(content))
    found = []
    for row, cells in rows:
        if row > MOST_ROWS or len(cells) > MOST_COLUMNS:
            raise Unreadable(row, _("This table is too large: at most %(rows)d rows.", rows=MOST_ROWS))
        if any(cell.strip() for cell in cells):
            found.append((row, cells))
    return found


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").lstrip("\ufeff")
    if content.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"<")) or b"\0" in content:
        raise Unreadable(0, _("This is no CSV or XLSX file. In your spreadsheet choose “Save as”, then one of these."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _of_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 0
    try:
        for cells in reader:
            row += 1
            yield row, [disarm(cell) for cell in cells]
    except csv.Error:
        why = _("This row cannot be read: look for a quotation mark too many.")
        raise Unreadable(row + 1, why) from None


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DATED = {*range(14, 23), 45, 46, 47}  # the number formats that every spreadsheet has for dates and times
_NOT_DATED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def _of_xlsx(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            if sum(part.file_size for part in book.infolist()) > MOST_BYTES:
                raise Unreadable(0, _("This table is too large: at most %(rows)d rows.", rows=MOST_ROWS))
            parts = set(book.namelist())
            shared = _shared(book) if "xl/sharedStrings.xml" in parts else []
            dated = _dated(book) if "xl/styles.xml" in parts else set()
            sheet, start = _first_sheet(book)
            with book.open(sheet) as file:
                yield from _rows_of(file, shared, dated, start)
    except (zipfile.BadZipFile, KeyError, ET.ParseError, ValueError, IndexError, StopIteration, OverflowError):
        raise Unreadable(0, _("This XLSX file cannot be read. Save it again, or send it as CSV.")) from None


def _parse(file: Any) -> ET.Element:
    # A document type would be the door to entities that unfold without end: spreadsheets write none.
    text = file.read()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError
    return ET.fromstring(text)  # noqa: S314  (no entities, see above)


def _shared(book: zipfile.ZipFile) -> list[str]:
    with book.open("xl/sharedStrings.xml") as file:
        return [_words(item) for item in _parse(file).iter(f"{_MAIN}si")]


def _words(item: ET.Element) -> str:
    """The text of a cell: its runs, without how they are pronounced."""
    runs = [item.find(f"{_MAIN}t"), *(run.find(f"{_MAIN}t") for run in item.iter(f"{_MAIN}r"))]
    text = "".join(run.text or "" for run in runs if run is not None)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _dated(book: zipfile.ZipFile) -> set[int]:
    """The styles that show a number as a date."""
    with book.open("xl/styles.xml") as file:
        styles = _parse(file)
    formats = set(_DATED)
    for own in styles.iter(f"{_MAIN}numFmt"):
        if re.search("[dmyDMY]", _NOT_DATED.sub("", own.get("formatCode", ""))):
            formats.add(int(own.get("numFmtId", "0")))
    cells = styles.find(f"{_MAIN}cellXfs")
    return {at for at, xf in enumerate(cells if cells is not None else ()) if int(xf.get("numFmtId", "0")) in formats}


def _first_sheet(book: zipfile.ZipFile) -> tuple[str, date]:
    """Where the first sheet stands, and the day that dates are counted from."""
    with book.open("xl/workbook.xml") as file:
        workbook = _parse(file)
    with book.open("xl/_rels/workbook.xml.rels") as file:
        targets = {link.get("Id"): link.get("Target", "") for link in _parse(file)}
    target = targets[next(workbook.iter(f"{_MAIN}sheet")).get(_LINK)].lstrip("/")
    of = workbook.find(f"{_MAIN}workbookPr")
    is_1904 = of is not None and of.get("date1904", "0") in ("1", "true")
    return target if target.startswith("xl/") else f"xl/{target}", date(1904, 1, 1) if is_1904 else date(1899, 12, 30)


def _rows_of(file: Any, shared: list[str], dated: set[int], start: date) -> Iterator[tuple[int, list[str]]]:
    at = 0
    for row in _parse(file).iter(f"{_MAIN}row"):
        at = int(row.get("r") or at + 1)
        cells: list[str] = []
        for cell in row.iter(f"{_MAIN}c"):
            column = _column(cell.get("r", "")) if cell.get("r") else len(cells)
            if column >= MOST_COLUMNS:
                break
            cells += [""] * (column - len(cells))
            cells.append(_value(cell, shared, dated, start))
        yield at, cells


def _column(place: str) -> int:
    """0 for "A7", 27 for "AB7"."""
    number = 0
    for letter in place.rstrip("0123456789"):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: ET.Element, shared: list[str], dated: set[int], start: date) -> str:
    kind, found = cell.get("t", "n"), cell.find(f"{_MAIN}v")
    text = (found.text or "") if found is not None else ""
    if kind == "s":
        return shared[int(text)]
    if kind == "inlineStr":
        inside = cell.find(f"{_MAIN}is")
        return _words(inside) if inside is not None else ""
    if kind != "n" or not text:
        return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
    number = float(text)
    if int(cell.get("s", "0")) in dated:
        return (start + timedelta(days=int(number))).isoformat()
    return str(int(number)) if number == int(number) else text
