"""The list as files: CSV and XLSX in the format that comes back (sheet.py), and JSON."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Response, stream_with_context

from .. import spreadsheets
from ..exports import XLSX, download
from . import sheet
from .sheet import Cells

Address = Callable[[int], str]


def _cells(ids: Sequence[int], address: Address) -> Iterator[Cells]:
    for entry in sheet.entries(ids):
        yield {**entry.cells, "address": address(entry.id)}


def csv_file(ids: Sequence[int], address: Address) -> Response:
    """A row for each, sent while it is made."""
    rows = ([cells[column] for column in sheet.COLUMNS] for cells in _cells(ids, address))
    pieces = (piece.encode() for piece in spreadsheets.csv_lines(sheet.COLUMNS, rows))
    return _download(stream_with_context(pieces), "csv", "text/csv; charset=utf-8")


def xlsx_file(ids: Sequence[int], address: Address) -> Response:
    rows = (sheet.typed(cells) for cells in _cells(ids, address))
    return _download(spreadsheets.xlsx(sheet.COLUMNS, rows), "xlsx", XLSX)


def json_file(ids: Sequence[int], address: Address) -> Response:
    """{"recommendations": […]}, sent while it is made."""

    def pieces() -> Iterator[bytes]:
        yield b'{"recommendations": ['
        for at, cells in enumerate(_cells(ids, address)):
            yield (",\n" if at else "\n").encode() + json.dumps(sheet.as_json(cells), ensure_ascii=False).encode()
        yield b"\n]}\n"

    return _download(stream_with_context(pieces()), "json", "application/json")


def _download(body: Any, ending: str, kind: str) -> Response:
    return download(body, f"recommendations.{ending}", kind)


FILES: dict[str, Callable[[Sequence[int], Address], Response]] = {
    "csv": csv_file, "xlsx": xlsx_file, "json": json_file,
}  # fmt: skip
