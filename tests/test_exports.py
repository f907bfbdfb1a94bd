"""Files: what a spreadsheet opens as it was meant, and never runs."""

import io
import zipfile
from datetime import UTC, date, datetime

import pytest

from sipvote import exports
from sipvote.markdown import markdown

COLUMNS = [("Name", lambda r: r[0]), ("When", lambda r: r[1])]
ROWS = [("Zoé; “quoted”", datetime(2026, 11, 12, 17, 0, tzinfo=UTC)), ("=1+1", date(2026, 1, 2)), ("x", None)]


def test_csv_opens_in_belgian_and_french_spreadsheets(app):
    with app.test_request_context():
        text = b"".join(exports.csv_file("list", COLUMNS, ROWS).response).decode("utf-8")
    assert text.startswith("\ufeffName;When\r\n")
    assert '"Zoé; “quoted”";2026-11-12 18:00' in text


def test_what_a_list_holds_is_read_before_the_request_is_over(app):
    """Its session ends with the request: whatever a row would load later, it could not."""
    is_over = False

    def asked_in_time(row):
        assert not is_over
        return row[0]

    with app.test_request_context():
        answer = exports.csv_file("list", [("Name", asked_in_time)], ROWS)
    is_over = True
    assert "“quoted”" in b"".join(answer.response).decode("utf-8")


@pytest.mark.parametrize("formula", ["=1+1", "+1+1", "-1+cmd", "@x", "\t=1", "\r=1"])
def test_csv_disarms_formulas(app, formula):
    with app.test_request_context():
        text = b"".join(exports.csv_file("list", COLUMNS, [(formula, None)]).response).decode("utf-8")
    assert text.splitlines()[1].lstrip('"').startswith("'")


def test_xlsx_holds_text_as_text_and_no_formula(app):
    with app.test_request_context():
        data = exports.xlsx_file("list", COLUMNS, ROWS).data
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet, strings = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings"))
    assert "<f>" not in sheet and "=1+1" in strings and "Zoé; “quoted”" in strings


HOSTILE = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://evil.example/pixel.png)",
    '<img src=x onerror="alert(1)">',
    '<a href="https://x" onclick="alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "[x](vbscript:x)",
    "<iframe src=//evil.example>",
    "[x](https://x 'y\" onmouseover=alert(1)')",
    "<style>*{display:none}</style>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_runs_and_loads_nothing(text):
    html = markdown(text).lower()
    for sign in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<style",
        'javascript:"',
        'href="javascript',
        'href="data',
        'href="vb',
    ):
        assert sign not in html
    assert not [part for part in html.split("<")[1:] if " on" in part.split(">")[0]]


def test_markdown_keeps_what_a_proposal_needs():
    html = markdown("**Why**\n\n- one\n- [two](https://example.org)\n\n1 < 2")
    assert "<strong>Why</strong>" in html and "<li>one</li>" in html
    assert 'href="https://example.org" rel="nofollow noopener noreferrer"' in html and "1 &lt; 2" in html
