"""Tables that come in as files, and go out so that they come back the same: CSV and XLSX. Knows no room.

A cell of a CSV file that a spreadsheet would run as a formula goes out with an apostrophe before it, and comes back
without, also when it was saved as XLSX in between. In an XLSX file a text is a text, and needs none.
"""

import codecs
import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

# What a spreadsheet may take for a formula, also behind white space; and what is disarmed already.
RISKY = re.compile(r"'*\s*[=+\-@|%\t\r]")
MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_BYTES = 40 * 1024 * 1024  # of an XLSX file, once it is unpacked
# A reader makes room for every cell up to the last one: so none may stand far below or far to the right.
_PLACE = rb'<(?:\w+:)?(?:c|row)\b[^<>]{0,80}?\br="'
FAR_CELL = re.compile(_PLACE + rb'[A-Z]{0,3}(\d{4,10})"')
WIDE_CELL = re.compile(_PLACE + rb"[A-Z]{3}\d")
PIECE = 64 * 1024
LONGEST_LINE = 1_000_000
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


def spare(text: str) -> str:
    """A text as it stands in an XLSX file, from which disarm() gives the same again: hardly ever another one."""
    return f"'{text}" if disarm(text) != text else text


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
                    sheet.write_string(at, column, spare(cell)[:LONGEST_CELL])
    return buffer.getvalue()


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


# --- In ---------------------------------------------------------------------------------------------


def read(content: bytes, most: int = MOST_ROWS) -> list[tuple[int, list[str]]]:
    """(row number, cells as texts) of every row that is not empty, as a spreadsheet counts them. Raises Unreadable."""
    if not content.strip():
        raise Unreadable(0, _("The file is empty."))
    rows = _of_xlsx(content, most) if content.startswith(b"PK") else _of_csv(content)
    found = []
    for row, cells in rows:
        if row > most or len(cells) > MOST_COLUMNS:
            raise too_large(row, most)
        if any(cell.strip() for cell in cells):
            found.append((row, [disarm(cell) for cell in cells]))
    return found


def too_large(row: int, most: int) -> Unreadable:
    """What to raise for a table with more rows or columns than anybody's."""
    return Unreadable(row, _("This table is too large: at most %(rows)d rows.", rows=most))


def lines(content: bytes) -> Iterator[str]:
    """The lines of a CSV file, one at a time, whatever its encoding. Raises Unreadable.

    Never the whole file as one text: that would take four times its size.
    """
    with io.TextIOWrapper(io.BytesIO(content), _encoding(content), errors="replace", newline="") as text:
        for number in itertools.count(1):
            line = text.readline(LONGEST_LINE)
            if not line:
                return
            if len(line) == LONGEST_LINE:
                raise Unreadable(number, _("This line is longer than any line of a list."))
            yield line


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"<")) or b"\0" in content:
        raise Unreadable(0, _("This is no CSV or XLSX file. In your spreadsheet choose “Save as”, then one of these."))
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), PIECE):
            decoder.decode(content[at : at + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def separator_of(first: str) -> str:
    """What stands between the cells, by the line of headings."""
    return max(",;\t", key=first.count)


def _of_csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    given = lines(content)
    first = next(given, "")
    reader = csv.reader(itertools.chain([first], given), delimiter=separator_of(first), strict=True)
    row = 0
    try:
        for cells in reader:
            row += 1
            yield row, cells
    except csv.Error:
        why = _("This row cannot be read: look for a quotation mark too many.")
        raise Unreadable(row + 1, why) from None


def _of_xlsx(content: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet."""
    import python_calamine  # here, because few web processes ever need it

    try:
        if not _fits(content, most):
            raise too_large(0, most)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0)
        if sheet.end and (sheet.end[0] >= most or sheet.end[1] >= MOST_COLUMNS):
            raise too_large(sheet.end[0] + 1, most)
        rows = sheet.to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, python_calamine.CalamineError, IndexError, ValueError, OverflowError):
        raise Unreadable(0, _("This XLSX file cannot be read. Save it again, or send it as CSV.")) from None
    for at, row in enumerate(rows, start=1):
        yield at, _without_end([_typed(cell) for cell in row])


def _fits(content: bytes, most: int) -> bool:
    """Whether an XLSX file is no bomb: neither large once it is unpacked, nor with a cell far out.

    What the file says of its sizes is not believed: each part is unpacked, piece by piece.
    """
    unpacked = 0
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            with parts.open(name) as part:
                end = b""
                while piece := part.read(PIECE):
                    unpacked += len(piece)
                    far = (int(row) > most for row in FAR_CELL.findall(end + piece))
                    if unpacked > MOST_BYTES or any(far) or WIDE_CELL.search(end + piece):
                        return False
                    end = piece[-120:]
    return True


def _without_end(cells: list[str]) -> list[str]:
    """A row up to its last cell that holds something: a sheet is as wide as its widest row."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _typed(cell: Any) -> str:
    """A cell as somebody would type it: whole numbers without a point, moments as their day."""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
