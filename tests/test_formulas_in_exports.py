"""No export holds a formula: whatever people typed, a spreadsheet shows it and runs nothing."""

import csv
import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from sipvote import exports, spreadsheets
from sipvote.access import Role
from sipvote.db import db, now
from sipvote.editions.models import Phase
from tests.factories import a_group, a_member, a_signup, a_theme, an_edition
from tests.outcomes import some_recommendations

# What a spreadsheet may take for a formula, also behind white space.
BEGINNINGS = ("=", "+", "-", "@", "\t=", "\r=", " =", "\n=", "|", "%")
FORMULA = "{}cmd|' /C calc'!A0"
FORMULAS = tuple(FORMULA.format(each) for each in BEGINNINGS)
OFFICE = shutil.which("libreoffice") or shutil.which("soffice")


def is_armed(cell: str) -> bool:
    """Whether a spreadsheet that opens a CSV file may run this cell."""
    return cell.lstrip().startswith(("=", "+", "-", "@")) and not is_number(cell)


def is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def armed_cells(name: str, content: bytes) -> list[str]:
    """The cells of an export that would be run: of a CSV its text, of an XLSX file its formulas."""
    if name.endswith("csv"):
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
        return [cell for row in rows for cell in row if is_armed(cell)]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [parts.read(part).decode() for part in parts.namelist() if part.startswith("xl/worksheets/sheet")]
    return [sheet for sheet in sheets if "<f" in sheet.replace("<font", "")]


def formulas_by_office(folder: Path, name: str, content: bytes) -> list[str]:
    """What LibreOffice takes for a formula when it opens the file: read from what it saves of it."""
    (folder / name).write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    options = ["--infilter=CSV:59,34,76,1,,0,false,true,false"] if name.endswith("csv") else []
    command = [OFFICE, profile, "--headless", "--convert-to", "fods", *options, "--outdir", folder, folder / name]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=120)
    opened = (folder / name).with_suffix(".fods").read_text(encoding="utf-8")
    return [piece for piece in opened.split("<table:table-cell")[1:] if "table:formula=" in piece.split(">", 1)[0]]


def no_formula(folder: Path, name: str, content: bytes) -> None:
    assert armed_cells(name, content) == [], name
    if OFFICE:
        assert formulas_by_office(folder, name, content) == [], name


COLUMNS = [("What", lambda row: row), ("Again", lambda row: f"{row} more")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_both_writers_of_tables_write_no_formula(app, tmp_path, kind):
    """All exports are made by these two: exports.py and spreadsheets.py."""
    with app.test_request_context():
        make = exports.csv_file if kind == "csv" else exports.xlsx_file
        no_formula(tmp_path, f"one.{kind}", make("one", COLUMNS, FORMULAS).get_data())
        headings, rows = ["What", "Again"], [[each, f"{each} more"] for each in FORMULAS]
        lines = "".join(spreadsheets.csv_lines(headings, rows)).encode()
        no_formula(tmp_path, f"two.{kind}", lines if kind == "csv" else spreadsheets.xlsx(headings, rows))


def test_what_is_looked_for_is_found(tmp_path):
    """A test that finds nothing proves nothing: a formula that is one is seen, by us and by LibreOffice."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_formula(0, 0, "=1+1")
    armed = {"real.xlsx": out.getvalue(), "real.csv": b"what\r\n=1+1\r\n"}
    for name, content in armed.items():
        assert armed_cells(name, content) != []
        if OFFICE and name.endswith("xlsx"):
            assert formulas_by_office(tmp_path, name, content) != []


@pytest.fixture
def everything_typed(database):
    """A year in which everybody's name and every title is a formula; gives who may download all of it."""
    edition = an_edition(Phase.SIGNUP)
    official = a_member("=Dré()", "gent", Role.ORGANISER, Role.BOARD, Role.FACILITATOR)
    group = a_group(edition, a_theme(edition, FORMULAS[0], proposer=official, elected_at=now()))
    for each in FORMULAS[:6]:
        a_signup(a_member(each), group)
    for recommendation in some_recommendations(group):
        for text in recommendation.texts:
            text.title, text.text = FORMULAS[0], FORMULAS[3]
    db.session.commit()
    return official


def downloads(app) -> list[str]:
    """Every route that gives a table as a file and needs no more than a year or a kind, from the routes themselves."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or not {"year", "kind", "what", "day"} >= rule.arguments:
            continue
        if "csv" in rule.rule or "xlsx" in rule.rule:
            found.append(rule.rule)
    return sorted(found)


def addresses(rule: str) -> list[str]:
    """A rule with its places filled in: each kind of table."""
    path = rule.replace("<int:year>", "2026").replace("<day>", now().date().isoformat())
    path = path.replace("<what>", "recommendations").replace("<kind>", "convocation")
    return [re.sub(r"<any\([^)]*\):kind>", kind, path) for kind in (("csv", "xlsx") if "<any" in path else ("",))]


def test_every_table_that_can_be_downloaded_is_without_formulas(app, browser_of, everything_typed, tmp_path):
    browser, seen = browser_of(everything_typed), 0
    for rule in downloads(app):
        for path in addresses(rule):
            answer = browser.get(f"/en{path}")
            if answer.status_code != 200:
                continue
            seen += 1
            assert armed_cells(path, answer.data) == [], path
    assert seen >= 5


def test_a_formula_comes_back_from_a_file_as_it_was_typed():
    rows = [[each] for each in FORMULAS]
    lines = "".join(spreadsheets.csv_lines(["What"], rows)).encode()
    back = [cells[0] for _row, cells in spreadsheets.read(lines)[1:]]
    assert [each.strip() for each in back] == [each.strip() for each in FORMULAS]
    book = CalamineWorkbook.from_filelike(io.BytesIO(spreadsheets.xlsx(["What"], rows)))
    assert len(book.get_sheet_by_index(0).to_python()) == 1 + len(rows)
