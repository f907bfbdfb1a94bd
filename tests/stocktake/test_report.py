"""The report to print: the same in every format, in three languages, and quick also when the list is long."""

from datetime import date

import pytest

from sipvote import documents
from sipvote.i18n import in_language
from sipvote.stocktake import report, seen
from sipvote.stocktake.models import Status
from sipvote.stocktake.publishing import Stored
from sipvote.stocktake.seen import NOW, THEN, Seen
from tests.outcomes import a_large_theme, a_status, an_old_recommendation
from tests.reading import bare, docx_text, html_text, pdf_text

PAGE = "/en/stocktake/report"
DAY = date(2022, 6, 30)


def a_row(number: int, year: int = 2019, status: Status = Status.DONE, **values: object) -> Stored:
    facts = {
        "title": f"Recommendation {number}", "theme": "Guidance", "group": "Gent", "large_theme": "Working together",
        "country": None, "decided_on": date(2020, 6, 1), "outcome": "accepted", "since": date(2021, 6, 1),
        "done_on": date(2021, 6, 1) if status == Status.DONE else None, "postponed_until": None, **values,
    }  # fmt: skip
    return Stored(id=number, year=year, number=number, status=status, **facts)  # type: ignore[arg-type]


def of(*rows: Stored, known: str = NOW) -> documents.Document:
    return report.document(Seen(DAY, known, "en", lambda: rows))


def words(document: documents.Document) -> list[str]:
    return list(documents.texts(document))


# --- What stands in it ------------------------------------------------------------------------------


def test_it_has_contents_figures_an_analysis_and_every_recommendation(app, database):
    found = words(of(a_row(1), a_row(2, status=Status.REJECTED), a_row(3, large_theme="Money", group="Paris")))
    assert found[0] == "Smart in Progress: stocktake of 30 June 2022"
    for expected in (
        "In figures", "Per large theme", "Every recommendation, per workgroup", "Working together", "Money",
        "2019–20, Gent", "2019–20, Paris", "Recommendation 2", "rejected",
        "Execution rate: 100% (done, of all that were not rejected)",
    ):  # fmt: skip
        assert expected in found or any(expected in each for each in found), expected


def test_recommendations_stand_in_order_of_time_per_workgroup(app, database):
    rows = [a_row(2, 2020), a_row(1, 2020), a_row(9, 2017, group="Paris"), a_row(8, 2017, group="Gent")]
    tables = [b for b in of(*rows).blocks if isinstance(b, documents.Table) and b.headings[0] == "No."]
    assert [(t.caption, [row[0] for row in t.rows]) for t in tables] == [
        ("Recommendations of 2017–18, Gent", ["8"]),
        ("Recommendations of 2017–18, Paris", ["9"]),
        ("Recommendations of 2020–21, Gent", ["1", "2"]),
    ]


def test_it_says_how_it_is_known(app, database):
    assert "As it is known today." in words(of(a_row(1)))
    assert "As it was known on that day." in words(of(a_row(1), known=THEN))


def test_a_postponed_one_says_until_when(app, database):
    found = words(of(a_row(1, status=Status.POSTPONED, postponed_until=date(2024, 1, 1))))
    assert "postponed until 2024-01-01" in found


def test_an_analysis_is_counted_within_its_large_theme(app, database):
    rows = [a_row(1), a_row(2, status=Status.ONGOING), a_row(3, large_theme="Money", theme="Fees")]
    tables = {b.caption: b.rows for b in of(*rows).blocks if isinstance(b, documents.Table)}
    assert tables["Themes of “Working together”"] == (("Guidance", "2", "100%", "1", "50%"),)
    assert tables["Themes of “Money”"] == (("Fees", "1", "100%", "1", "100%"),)


def test_of_nothing_there_is_a_report_too(app, database):
    assert "0 recommendations" in words(of())


# --- Formats and languages --------------------------------------------------------------------------


@pytest.fixture
def stock(database):
    a_status(an_old_recommendation(2017, 1, "A <committee> & more", large_theme=a_large_theme()), Status.DONE, DAY)
    a_status(an_old_recommendation(2019, 4, "A *guide*"), Status.ONGOING, DAY)


def test_pdf_docx_and_html_hold_the_same_words(client, stock):
    with in_language("en"):
        expected = [bare(text) for text in documents.texts(report.document(seen.of_day(seen.today())))]
    read = {
        "pdf": pdf_text(client.get(f"{PAGE}.pdf").data),
        "docx": docx_text(client.get(f"{PAGE}.docx").data),
        "html": html_text(client.get(f"{PAGE}.html").data),
        "page": html_text(client.get(PAGE).data),
    }
    for kind, text in read.items():
        assert [each for each in expected if each not in text] == [], kind


@pytest.mark.parametrize(
    ("code", "title", "done"),
    [("nl", "stand van zaken van", "uitgevoerd"), ("fr", "état des lieux", "réalisée"), ("en", "stocktake of", "done")],
)
def test_it_is_printed_in_the_language_that_is_asked_for(client, stock, code, title, done):
    answer = client.get(f"{PAGE}.html?language={code}")
    assert f'<html lang="{code}">' in answer.text and title in answer.text and done in answer.text
    assert f"-{code}.html" in answer.headers["Content-Disposition"]


# --- How long it may be ------------------------------------------------------------------------------


def rows_of(number: int) -> list[Stored]:
    statuses = list(Status)
    return [
        a_row(n, 2015 + n % 8, statuses[n % 6], group=f"Group {n % 40}", theme=f"Theme {n % 25}",
              large_theme=f"Large theme {n % 7}")
        for n in range(1, number + 1)
    ]  # fmt: skip


def test_250_are_printed_with_their_list(client, stock, monkeypatch):
    many = Seen(DAY, NOW, "en", lambda: rows_of(250))
    monkeypatch.setattr(seen, "of_day", lambda *_asked: many)
    assert bare("Recommendation 250") in pdf_text(client.get(f"{PAGE}.pdf").data)
    assert "Recommendation 250" in client.get(f"{PAGE}.html").text
    assert client.get(f"{PAGE}.docx").status_code == 200


def test_of_10_000_the_figures_are_printed_and_the_list_is_a_file(client, stock, monkeypatch):
    many = Seen(DAY, NOW, "en", lambda: rows_of(10_000))
    monkeypatch.setattr(seen, "of_day", lambda *_asked: many)
    assert bare("These are 10,000 recommendations, too many to print") in pdf_text(client.get(f"{PAGE}.pdf").data)
    assert client.get(f"{PAGE}.docx").status_code == 200
    listed = client.get("/en/stocktake/tables/recommendations.csv")
    assert listed.data.decode().count("\n") == 10_001
