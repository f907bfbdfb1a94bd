"""Files that mean harm, into both imports: a sentence with its line, little memory, and nothing half imported."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest
import xlsxwriter

from sipvote import cli
from sipvote.db import db
from sipvote.members import roll
from sipvote.members.models import Member
from tests.factories import a_city, a_member, an_organiser

ROLL = "number;name;email;language;country;city;profile;joined;left"
LIST = "year;number;theme;original;title_en;text_en"
MEMBER = "{n};Ada {n};ada{n}@example.org;nl;BE;gent;user;2019-03-01;"
MB = 1024 * 1024
MOST = 100  # MB that reading may take

# Reads files in a process of its own; tells by how many MB its memory had grown at most until then, and what was wrong.
READER = """
import json, resource, sys
from sipvote.app import create_app
from sipvote.schema import upgrade
app = create_app()
with app.app_context(), app.test_request_context("/en/"):
    upgrade()
    from sipvote.members import roll
    from sipvote.stocktake import reading
    import python_calamine
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    roll.read(b"x"), reading.read(b"x")
    before = peak()
    for which in sys.argv[1:]:
        kind, path = which.split("=", 1)
        content = None
        content = open(path, "rb").read()
        if kind == "roll":
            said = [[f.line, f.text] for f in roll.read(content).faults]
        else:
            table = reading.read(content)
            rows = [[row.row, " ".join(row.faults)] for row in table.rows if row.faults]
            said = [[0, table.fault]] if table.fault else rows
        print(json.dumps([peak() - before, said[:3], len(said)]), flush=True)
"""


def xlsx(*cells: tuple[int, int, str]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for row, column, text in cells:
            sheet.write_string(row, column, text)
    return out.getvalue()


def bomb(head: str) -> bytes:
    """A small XLSX file that would be 600 MB of cells."""
    plain = xlsx(*((0, n, name) for n, name in enumerate(head.split(";"))))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
                continue
            with new.open(name, "w") as part:
                part.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
                for _piece in range(600):
                    part.write(b"<row><c><v>1</v></c></row>" * (MB // 26))
                part.write(b"</sheetData></worksheet>")
    return out.getvalue()


def far(head: str) -> bytes:
    """Headings, and one cell in the last corner that a sheet has."""
    return xlsx(*((0, n, name) for n, name in enumerate(head.split(";"))), (1_048_575, 16_383, "x"))


HARM = {
    "nul": lambda head: f"{head}\n1;a\0b\n".encode(),
    "empty lines": lambda head: b"\n" * (19 * MB),
    "wide": lambda head: f"{head}\n{';' * 1_000_000}\n".encode(),
    "wide headings": lambda head: f"{head}{';x' * 1_000_000}\n1\n".encode(),
    "one line": lambda head: f"{head}\n{'x' * (19 * MB)}".encode(),
    "open quote": lambda head: f'{head}\n1;"{"x" * (19 * MB)}'.encode(),
    "open quote over lines": lambda head: f'{head}\n1;"'.encode() + b"x\n" * (9 * MB),
    "many faults": lambda head: f"{head}\n{'!;' * 5}\n".encode() + b"!;!\n" * (4 * MB),
    "utf-16 noise": lambda head: b"\xff\xfe" + b"\xd8\x00" * (9 * MB),
    "no table": lambda head: b"PK\x03\x04" + b"x" * (9 * MB),
    "bomb": bomb,
    "far cell": far,
}  # fmt: skip


def test_harm_is_refused_with_a_sentence_and_little_memory(tmp_path):
    """A process reads them all, for both imports; the memory is the peak, with the file."""
    environment = {**os.environ, "SIPVOTE_INSTANCE": str(tmp_path), "SIPVOTE_MODE": "test"}
    asked = []
    for at, (name, make) in enumerate(HARM.items()):
        for kind, head in (("roll", ROLL), ("list", LIST)):
            path = tmp_path / f"{at}{kind}"
            path.write_bytes(make(head))
            asked.append((name, kind, f"{kind}={path}"))
    command = [sys.executable, "-c", READER, *(which for _name, _kind, which in asked)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-500:]
    for (name, kind, _which), told in zip(asked, done.stdout.splitlines(), strict=True):
        grown, said, _count = json.loads(told)
        assert said and all(text for _line, text in said), f"{name} {kind}: nothing was said"
        assert grown < MOST, f"{name} {kind}: {grown} MB"


# --- What is said, and that nothing is half done ----------------------------------------------------


def a_roll(*lines: str) -> bytes:
    return "\n".join([ROLL, *lines, ""]).encode()


def line_of(n: int, name: str = "", email: str = "") -> str:
    return MEMBER.format(n=n).replace(f"ada{n}@", email or f"ada{n}@").replace(f"Ada {n}", name or f"Ada {n}")


@pytest.mark.usefixtures("database")
def test_the_line_is_named_and_nobody_is_imported(browser_of):
    a_city("gent")
    browser = browser_of(an_organiser())
    before = db.session.query(Member).count()
    twice = a_roll(line_of(1), line_of(2), line_of(3, email="ada1@"))
    sent = browser.post("/en/members/import", data={"roll": (io.BytesIO(twice), "roll.csv")})
    upload = sent.headers["Location"]
    page = browser.get(upload).text
    assert "stands already in line 2" in page and ">4<" in page.replace(" ", "")
    assert browser.post(upload).status_code == 409
    assert db.session.query(Member).count() == before


@pytest.mark.usefixtures("database")
def test_an_honest_spreadsheet_is_no_bomb():
    rows = [ROLL.split(";"), *(line_of(n).split(";") for n in range(1500))]
    a_city("gent")
    read = roll.read(xlsx(*((at, n, text) for at, row in enumerate(rows) for n, text in enumerate(row))))
    assert read.faults == [] and len(read.rows) == 1500


@pytest.mark.usefixtures("database")
def test_a_formula_in_a_roll_is_a_name_like_any_other_and_leaves_disarmed(browser_of):
    a_city("gent")
    read = roll.read(a_roll(line_of(1, name="=cmd|' /C calc'!A0")))
    assert read.faults == [] and read.rows[0]["name"] == "=cmd|' /C calc'!A0"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_what_is_no_harm_is_read(encoding, separator):
    a_city("gent")
    text = a_roll(line_of(1, name="Zoé Müller")).decode().replace(";", separator)
    read = roll.read(text.encode(encoding))
    assert read.faults == [] and read.rows[0]["name"] == "Zoé Müller"


@pytest.mark.usefixtures("database")
def test_reading_stops_where_everything_is_wrong():
    read = roll.read(a_roll(*("!" for _n in range(5000))))
    assert len(read.faults) < 1010 and "reading stopped here" in read.faults[-1].text and read.faults[-1].line > 100


@pytest.mark.usefixtures("database")
def test_a_file_of_100_mb_never_gets_in(app, browser_of, tmp_path, monkeypatch, capfd):
    """The web refuses it before reading it, the command line before opening it."""
    browser = browser_of(an_organiser())
    assert app.config["MAX_CONTENT_LENGTH"] <= 20 * MB
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10_000)  # so that the test need not send so much
    for page, field in (("/en/members/import", "roll"), ("/en/recommendations/desk/import", "file")):
        assert browser.post(page, data={field: (io.BytesIO(b"x" * 20_000), "list.csv")}).status_code == 413
    path = tmp_path / "roll.csv"
    with path.open("wb") as file:
        file.truncate(100 * MB)
    monkeypatch.setattr(cli.cli, "create_app", lambda: app)
    assert cli.main(["import-members", str(path)]) == 1
    assert "larger than any roll" in capfd.readouterr().err


@pytest.mark.usefixtures("database")
def test_a_fault_in_the_last_line_keeps_the_first_one_out():
    a_city("gent")
    a_member()
    before = db.session.query(Member).count()
    read = roll.read(a_roll(*(line_of(n) for n in range(500)), line_of(501).replace("gent", "Atlantis")))
    with pytest.raises(Exception, match="nothing was changed"):
        roll.apply(read, None)
    db.session.rollback()
    assert db.session.query(Member).count() <= before
