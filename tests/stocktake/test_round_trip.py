"""The list goes out to a spreadsheet and comes back: without a difference, unless somebody changed something."""

import csv
import io
import json
import re
import zipfile
from datetime import date, datetime, timedelta

import pytest
import python_calamine
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from sipvote import spreadsheets
from sipvote.db import db, now
from sipvote.decisions.models import Decision, DecisionText, Outcome
from sipvote.recommendations.models import Recommendation, RecommendationText
from sipvote.stocktake import finding, importing, reading, sheet
from sipvote.stocktake.models import ListUpload, Status, StatusChange
from tests.factories import a_group, a_member, an_edition, an_organiser
from tests.outcomes import (
    a_decision,
    a_large_theme,
    a_status,
    a_translation,
    an_old_recommendation,
    many_recommendations,
    some_recommendations,
)

NASTY = (
    "=1+1",
    "+32 2 123",
    "-  a list\n- of two",
    "@sum(A1)",
    '\'s avonds; "open"',
    "'=was disarmed",
    "''twice",
    "\t=tab",
    "  = behind white space",
    "|pipe",
    "%per cent",
    "é\r\nè\rê\n\nñ 🎉 \u2028 \ufeff",
    "a;b,c\td",
    '"',
    "'",
    "-",
    "=",
    "_x0041_ is no A",
    "x" * 5000,
    "1e5",
    "007",
    "2019-01-02",
    "TRUE",
    "#N/A",
    "<b>&amp;</b>",
    "\u200b",
    "}}{{ %(x)s",
)
KINDS = ("csv", "xlsx")


def exported(client, kind: str = "csv", query: str = "") -> bytes:
    answer = client.get(f"/en/recommendations/list.{kind}{query}")
    assert answer.status_code == 200
    return answer.data


def plan_of(content: bytes, reason: str = "") -> importing.Plan:
    table = reading.read(content)
    assert table.fault == "" and table.unknown == []
    return importing.compare(table, reason)


def numbers(plan: importing.Plan) -> tuple[int, int, int, int]:
    return len(plan.new), len(plan.changed), len(plan.same), len(plan.faulty)


@pytest.fixture
def everything(database):
    """Recommendations of every kind, old and written here, with nasty words everywhere."""
    large, ada = a_large_theme("=Large"), a_member("Ada Peeters")
    for n, words in enumerate(NASTY, start=1):
        short = {"for_whom": words[:300], "theme_name": words[:120], "group_name": words[:200]}
        country = (None, "BE", "FR")[n % 3]
        old = an_old_recommendation(
            2015, n, words[:160], text=words, why=words, country=country, large_theme=large, **short
        )
        a_translation(old, "fr", words[:160])
        who = {"owner": ada} if n % 2 else {"owner_name": words[:120]}
        on = date(2016, 1, 1) + timedelta(days=n)
        decision = a_decision(old, list(Outcome)[n % 4], decided_on=on, due=date(2017, 1, 1), **who)
        if decision.outcome == Outcome.POSTPONED:
            decision.postponed_until = date(2030, 1, 1)
        decision.texts[0].reasons = words
        decision.texts.append(DecisionText(language="nl", reasons=words, amended=words, written_at=now()))
        for step in range(n % 3):
            status = list(Status)[(n + step) % 6]
            a_status(old, status, date(2018, 1, 1 + step), reason=words[:2000], language="nl",
                     postponed_until=date(2031, 1, 1) if status == Status.POSTPONED else None)  # fmt: skip
    for recommendation in some_recommendations(a_group(an_edition(year=2025)), 2):
        recommendation.repeats_id = old.id
        a_decision(recommendation)
    an_old_recommendation(2016, 1, "Nothing is known of it", theme_name="", group_name="")
    db.session.commit()


class TestNoDifference:
    @pytest.mark.parametrize("kind", KINDS)
    def test_what_goes_out_comes_back_the_same(self, client, everything, kind):
        plan = plan_of(exported(client, kind))
        assert [given.faults for given in plan.faulty] == []
        assert [(one.given.label, one.changes) for one in plan.changed] == []
        assert numbers(plan) == (0, 0, len(NASTY) + 3, 0)

    @pytest.mark.parametrize("kind", KINDS)
    def test_an_empty_database_takes_the_list_and_gives_the_same_file(self, client, browser_of, everything, kind):
        for written in db.session.scalars(select(Recommendation).where(Recommendation.draft_id.is_not(None))):
            written.withdrawn_at = now()
        content = exported(client, kind)
        before = exported(client, "json")
        for table in (StatusChange, DecisionText, Decision, RecommendationText, Recommendation):
            db.session.execute(table.__table__.delete())
        dre = browser_of(an_organiser())
        send(dre, content, f"list.{kind}")
        again = json.loads(exported(client, "json"))["recommendations"]
        for one, other in zip(json.loads(before)["recommendations"], again, strict=True):
            one.pop("address"), other.pop("address")
            assert one == other
        assert numbers(plan_of(content)) == (0, 0, len(NASTY) + 1, 0)

    def test_a_spreadsheet_program_may_save_it_in_its_own_way(self, client, everything):
        """Windows' encoding cannot hold everything; commas, UTF-16 and other line ends can."""
        text = exported(client).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
        out = io.StringIO()
        csv.writer(out, delimiter=",", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
        for content in (out.getvalue().encode(), out.getvalue().encode("utf-16"), text.replace(";", ";").encode()):
            assert numbers(plan_of(content))[:2] == (0, 0)

    def test_a_csv_file_may_be_saved_as_xlsx(self, client, everything):
        """A spreadsheet keeps the apostrophe of a text that it would have run; days and numbers it takes for such."""
        rows = list(csv.reader(io.StringIO(exported(client).decode("utf-8-sig"), newline=""), delimiter=";"))
        assert numbers(plan_of(resaved(rows))) == (0, 0, len(NASTY) + 3, 0)

    def test_what_stands_in_an_xlsx_file_begins_with_no_apostrophe_of_ours(self, client, everything):
        """But for a text that begins as one that was disarmed."""
        content = io.BytesIO(exported(client, "xlsx"))
        rows = python_calamine.CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()
        at = rows[0].index("text_en")
        said = {int(row[1]): row[at] for row in rows[1:] if row[0] == 2015}
        changed = {n: said[n] for n, words in enumerate(NASTY, start=1) if said[n] != sheet.clean(words)}
        assert changed == {6: "''=was disarmed"}

    def test_the_order_of_columns_does_not_matter_and_some_may_be_missing(self, client, everything):
        rows = list(csv.reader(io.StringIO(exported(client).decode("utf-8-sig"), newline=""), delimiter=";"))
        for few in (("number", "year"), ("status", "year", "number"), ("theme", "outcome", "number", "year", "reason")):
            at = [rows[0].index(column) for column in few]
            out = io.StringIO()
            csv.writer(out, delimiter=";").writerows([[row[n] for n in at] for row in rows])
            assert numbers(plan_of(out.getvalue().encode())) == (0, 0, len(NASTY) + 3, 0)


class TestCells:
    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
    def test_what_is_disarmed_comes_back_as_it_was(self, text):
        assert spreadsheets.disarm(spreadsheets.arm(text)) == text
        assert spreadsheets.disarm(spreadsheets.spare(text)) == text

    @given(st.text(alphabet="'=+-@ \ta"))
    def test_so_does_what_begins_with_apostrophes_and_signs(self, text):
        for written in (spreadsheets.arm(text), spreadsheets.spare(text)):
            assert spreadsheets.disarm(written) == text

    @pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\t=1", "\r=1", "'=1", "|x", "%x"])
    def test_no_cell_of_a_csv_file_begins_a_formula(self, text):
        assert spreadsheets.arm(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["'s avonds", "a=b", "", "'", "''", "l’été"])
    def test_an_ordinary_text_is_left_alone_both_ways(self, text):
        assert spreadsheets.arm(text) == text == spreadsheets.disarm(text)

    def test_no_formula_stands_in_either_file(self, client, everything):
        with zipfile.ZipFile(io.BytesIO(exported(client, "xlsx"))) as book:
            assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        for row in csv.reader(io.StringIO(exported(client).decode("utf-8-sig"), newline=""), delimiter=";"):
            assert not [cell for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")]

    def test_the_columns_stay_what_they_are_called(self):
        assert sheet.COLUMNS[:7] == ("year", "number", "theme", "large_theme", "workgroup", "country", "original")
        assert set(sheet.COLUMNS) >= {
            "title_nl", "text_fr", "why_en", "for_whom_nl", "outcome", "decided_on", "reasons_fr", "answers_for", "due",
            "status", "since", "reason", "postponed_until", "repeats",
        }  # fmt: skip


def resaved(rows: list[list[str]]) -> bytes:
    """The cells of a CSV file as a spreadsheet saves them: what looks like a number or a day is one.

    Not so in the words of people, which the nasty ones imitate; and "2015/3", in `repeats`, is March to it.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "dd/mm/yyyy"}) as book:
        page = book.add_worksheet()
        for y, cells in enumerate(rows):
            for x, (column, cell) in enumerate(zip(rows[0], cells, strict=True)):
                if y and cell and column in sheet.NUMBERS:
                    page.write_number(y, x, int(cell))
                elif y and cell and (column in sheet.DAYS or (column == "repeats" and int(cell[5:]) < 13)):
                    page.write_datetime(y, x, datetime(*map(int, re.split("[/-]", f"{cell}/1")[:3])))  # noqa: DTZ001
                else:
                    page.write_string(y, x, cell)
    return out.getvalue()


def test_an_earlier_one_that_a_spreadsheet_took_for_a_month_is_found(database):
    an_old_recommendation(2015, 3)
    an_old_recommendation(2016, 1).repeats = db.session.scalars(select(Recommendation)).one()
    plan = plan_of(resaved([["year", "number", "repeats"], ["2016", "1", "2015/3"]]))
    assert numbers(plan) == (0, 0, 1, 0)


class TestFiles:
    def test_only_what_was_asked_for_goes_out(self, client, database):
        an_old_recommendation(2015, 1)
        an_old_recommendation(2016, 1)
        assert len(json.loads(exported(client, "json", "?year=2016"))["recommendations"]) == 1
        assert len(spreadsheets.read(exported(client, "xlsx", "?q=zebra"))) == 1

    def test_json_says_all_of_it(self, client, database):
        old = an_old_recommendation(country="BE")
        a_decision(old, decided_on=date(2016, 5, 1))
        a_status(old, Status.DONE, date(2017, 1, 1))
        one = json.loads(exported(client, "json"))["recommendations"][0]
        assert one["year"] == 2015 and one["country"] == "BE" and one["status"] == "done"
        assert one["done_on"] == one["since"] == "2017-01-01"
        assert one["decision"]["decided_on"] == "2016-05-01" and one["decision"]["reasons"] == {"en": "It is worth it."}
        assert one["texts"]["en"]["title"] == "A shared workplace"
        assert one["address"] == f"http://localhost/recommendations/{old.id}"

    def test_the_names_do_not_depend_on_who_asks(self, client, database):
        some_recommendations(a_group(an_edition()), 1)
        bodies = {client.get(f"/{code}/recommendations/list.csv").data for code in ("en", "nl", "fr")}
        assert len(bodies) == 1

    def test_ten_thousand_go_out_and_come_back(self, client, database):
        many_recommendations()
        content = exported(client)
        assert numbers(plan_of(content)) == (0, 0, 10_000, 0)
        assert finding.find(finding.Wanted()).counts["status"]


def send(browser, content: bytes, name: str = "list.csv", reason: str = "Taken over from the list.") -> str:
    """Upload a list and apply it; gives the preview."""
    answer = browser.post(
        "/en/recommendations/desk/import", data={"file": (io.BytesIO(content), name), "reason": reason}
    )
    assert answer.status_code == 303, answer.text
    preview = browser.get(answer.location).text
    id, digest = db.session.scalar(select(func.max(ListUpload.id))), digest_in(preview)
    if digest:
        applied = browser.post(f"/en/recommendations/desk/import/{id}/apply/{digest}")
        assert applied.status_code == 303 and applied.location.endswith("/recommendations/desk")
    return preview


def digest_in(preview: str) -> str:
    _, found, rest = preview.partition("/apply/")
    return rest[:64] if found else ""


def test_what_was_kept_of_a_file_is_thrown_away_once_it_is_applied(browser_of, database):
    send(browser_of(an_organiser()), b"year;number;title_en\n2015;1;Desks\n")
    upload = db.session.scalars(select(ListUpload)).one()
    assert upload.applied_at and upload.content == b""
