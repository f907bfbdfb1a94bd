"""A list that comes in: what is new, changed, unchanged or faulty is told before anything happens."""

import csv
import io
import zipfile
from datetime import date, datetime

import pytest
import xlsxwriter
from sqlalchemy import func, select

from sipvote import spreadsheets
from sipvote.audit import Entry
from sipvote.db import db, now
from sipvote.decisions.models import Decision, Outcome
from sipvote.errors import Refused
from sipvote.recommendations.models import Recommendation, RecommendationText
from sipvote.stocktake import applying, importing, reading, statuses
from sipvote.stocktake.models import ListUpload, Status, StatusChange
from sipvote.stocktake.rows import rows
from sipvote.stocktake.statuses import today
from tests.factories import a_group, a_member, a_theme, an_edition, an_organiser
from tests.outcomes import (
    a_decision,
    a_large_theme,
    a_status,
    a_translation,
    an_old_recommendation,
    some_recommendations,
)
from tests.stocktake.test_round_trip import digest_in, send

DESK = "/en/recommendations/desk/import"


def table(*lines: dict[str, str]) -> bytes:
    """A CSV file with these lines; the columns are those of all of them."""
    out = io.StringIO()
    columns = list(dict.fromkeys(column for each in lines for column in each))
    writer = csv.DictWriter(out, columns, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def line(number: int = 1, **cells: str) -> dict[str, str]:
    return {"year": "2015", "number": str(number), **cells}


def new(number: int = 1, **cells: str) -> dict[str, str]:
    return line(number, title_nl=cells.pop("title_nl", "Een gids"), **cells)


def plan_of(*lines: dict[str, str], reason: str = "") -> importing.Plan:
    db.session.flush()
    return importing.compare(reading.read(table(*lines)), reason)


def imported(*lines: dict[str, str], reason: str = "Taken over.") -> importing.Plan:
    plan = plan_of(*lines, reason=reason)
    applying.apply(plan, plan.digest, an_organiser().id, "list.csv")
    db.session.expire_all()
    again = plan_of(*lines, reason=reason)
    assert (again.new, again.changed) == ([], []), "the same list a second time changes nothing"
    return plan


def faults(*lines: dict[str, str], reason: str = "") -> list[str]:
    return [fault for given in plan_of(*lines, reason=reason).faulty for fault in given.faults]


def only() -> Recommendation:
    return db.session.scalars(select(Recommendation)).one()


class TestWhatIsNew:
    def test_a_line_becomes_a_recommendation_with_all_that_it_says(self, database):
        large, ada = a_large_theme(), a_member("Ada Peeters", number="4711")
        imported(
            new(theme="Delen", large_theme="samen werken", workgroup="Gent", country="be", text_nl="- Doe\n- het",
                why_nl="Ja", for_whom_nl="Wie", title_fr="Un guide", text_fr="Fais-le", outcome="Accepted",
                decided_on="01/06/2016", reasons_nl="Goed", answers_for="4711", due="2017-01-01", status="done",
                since="2017-03-04", reason="Klaar")
        )  # fmt: skip
        made = only()
        assert (made.year, made.number, made.theme_name, made.group_name) == (2015, 1, "Delen", "Gent")
        assert (made.large_theme_id, made.country, made.original) == (large.id, "BE", "nl")
        assert {(t.language, t.title, t.text) for t in made.texts} == {
            ("nl", "Een gids", "- Doe\n- het"), ("fr", "Un guide", "Fais-le")
        }  # fmt: skip
        decision = db.session.scalars(select(Decision)).one()
        assert (decision.outcome, decision.decided_on, decision.due) == (
            Outcome.ACCEPTED, date(2016, 6, 1), date(2017, 1, 1)
        )  # fmt: skip
        assert decision.owner_id == ada.id and decision.text_in("nl").reasons == "Goed" and decision.published_at
        change = db.session.scalars(select(StatusChange)).one()
        assert (change.status, change.since, change.reason) == (Status.DONE, date(2017, 3, 4), "Klaar")
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.act, entry.facts["new"]) == ("import list", 1)

    def test_columns_and_words_of_old_lists_are_understood(self, database):
        headings = "Année;Numéro;Langue;Titre;Thématique;Statut;Depuis;Raison"
        content = f"{headings}\n2015-16;3;fr;Un café;Lieux;not done;2.1.2017;Non\n"
        plan = importing.compare(reading.read(content.encode("cp1252")), "")
        assert [given.faults for given in plan.faulty] == []
        cells = plan.new[0].cells
        assert (cells["title_fr"], cells["theme"], cells["status"]) == ("Un café", "Lieux", "not_done")
        assert cells["since"] == "2017-01-02"

    def test_a_theme_of_that_edition_is_linked_by_its_title_in_any_language(self, database):
        theme = a_theme(an_edition(year=2019), "Guidance")
        imported({"year": "2019", "number": "1", "title_nl": "x", "theme": "guidance"})
        assert only().theme_id == theme.id

    def test_a_status_that_the_decision_gives_already_is_not_noted_again(self, database):
        imported(new(outcome="rejected", decided_on="2016-06-01", status="rejected", since="2016-06-01"))
        assert db.session.scalars(select(StatusChange)).all() == []
        assert rows(today())[0].status == Status.REJECTED

    def test_one_day_is_enough_for_what_is_postponed(self, database):
        imported(new(outcome="postponed", decided_on="2016-06-01", status="postponed", since="2016-06-01",
                     postponed_until="2018-01-01"))  # fmt: skip
        assert db.session.scalars(select(Decision)).one().postponed_until == date(2018, 1, 1)
        assert rows(today())[0].postponed_until == date(2018, 1, 1)

    def test_lines_may_repeat_each_other_in_any_order(self, database):
        imported(new(2, repeats="2015/1"), new(1, repeats=""))
        first, second = db.session.scalars(select(Recommendation).order_by(Recommendation.number))
        assert second.repeats_id == first.id

    def test_250_lines_are_read_and_applied_at_once(self, database):
        lines = [new(n, text_nl="Tekst " * 50, outcome="accepted", decided_on="2016-06-01", status="done",
                     since="2017-01-01") for n in range(1, 251)]  # fmt: skip
        imported(*lines)
        assert {row.status for row in rows(today())} == {Status.DONE}
        assert len(rows(today())) == 250


class TestWhatChanges:
    def test_a_changed_status_is_a_new_line_and_the_old_one_stays(self, database):
        old = an_old_recommendation()
        a_status(old, Status.ONGOING, date(2017, 1, 1))
        plan = imported(line(status="done", since="2018-01-01", reason="Ready."))
        assert [(c.column, c.before, c.after) for c in plan.changed[0].changes] == [
            ("status", "ongoing", "done"), ("since", "2017-01-01", "2018-01-01"), ("reason", "As planned.", "Ready.")
        ]  # fmt: skip
        assert [each.status for each, _corrected in statuses.history(old)] == [Status.DONE, Status.ONGOING]

    def test_without_a_reason_of_its_own_a_status_gets_that_of_the_upload(self, database):
        an_old_recommendation()
        assert faults(line(status="done", since="2018-01-01")) == ["Say in “reason” why the status changed."]
        imported(line(status="done", since="2018-01-01"), reason="Stocktake of 2018.")
        assert db.session.scalars(select(StatusChange)).one().reason == "Stocktake of 2018."

    def test_a_changed_text_is_a_new_version(self, database):
        old = an_old_recommendation(title="Desks", text="Some.")
        imported(line(title_en="Desks", text_en="Many.", title_nl="Bureaus"))
        versions = [(t.language, t.version, t.text, t.replaced_at is None) for t in db.session.scalars(
            select(RecommendationText).order_by(RecommendationText.language, RecommendationText.version))]  # fmt: skip
        assert versions == [("en", 1, "Some.", False), ("en", 2, "Many.", True), ("nl", 1, "", True)]
        assert old.text_in("en").why == "It helps."

    def test_a_changed_decision_is_a_corrected_one_beside_the_old(self, database):
        imported(new(outcome="accepted", decided_on="2016-06-01", answers_for="Direction", reasons_nl="Ja"))
        imported(line(outcome="rejected", decided_on="2016-06-02"))
        first, second = db.session.scalars(select(Decision).order_by(Decision.id))
        assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.REJECTED)
        assert second.owner_name == "Direction" and second.text_in("nl").reasons == "Ja"
        assert rows(today())[0].status == Status.REJECTED

    def test_a_status_that_a_corrected_decision_takes_along_is_kept_when_the_list_says_so(self, database):
        imported(new(outcome="rejected", decided_on="2016-06-01"))
        imported(
            line(outcome="accepted", decided_on="2016-06-01", status="rejected", since="2016-06-01", reason="Still.")
        )
        assert rows(today())[0].status == Status.REJECTED

    def test_what_was_decided_here_is_not_changed_by_a_list(self, database):
        a_decision(an_old_recommendation(), decided_on=date(2016, 6, 1))
        assert faults(line(outcome="rejected", decided_on="2016-06-01")) == [
            "The board decided on this here. A list cannot change the decision."
        ]

    def test_of_what_was_written_here_only_status_large_theme_and_repeats_change(self, database):
        some_recommendations(a_group(an_edition(year=2025)), 1)
        large = a_large_theme()
        mine = {"year": "2025", "number": "1"}
        assert "written here" in faults({**mine, "title_en": "Other"})[0]
        assert "theme, workgroup" in faults({**mine, "theme": "Other", "workgroup": "Lille"})[0]
        imported({**mine, "large_theme": "Working together", "status": "ongoing", "since": today().isoformat()})
        assert rows(today())[0].status == Status.ONGOING and only().large_theme_id == large.id

    def test_empty_cells_leave_titles_decisions_and_statuses_and_empty_the_rest(self, database):
        old = an_old_recommendation(country="BE", large_theme=a_large_theme())
        a_translation(old, "fr", "Un lieu")
        a_status(old)
        a_decision(old)
        imported(line(title_en="", title_fr="", outcome="", status="", since="", reason="", country="", theme="",
                      large_theme=""))  # fmt: skip
        assert {t.title for t in old.texts} == {"A shared workplace", "Un lieu"}
        assert (old.country, old.theme_name, old.large_theme_id) == (None, "", None)
        assert db.session.scalar(select(func.count()).select_from(StatusChange)) == 1


class TestWhatIsFaulty:
    @pytest.mark.parametrize(
        ("cells", "why"),
        [
            ({"year": "2014"}, "“year” must be"), ({"year": ""}, "“year” must be"),
            ({"number": "x"}, "“number” must be"), ({"number": "²"}, "“number” must be"),
            ({"title_nl": ""}, "needs a title"), ({"text_fr": "x"}, "no title"),
            ({"original": "fr"}, "no title in that language"), ({"original": "de"}, "“original” must be one of"),
            ({"country": "NL"}, "“country” must be one of BE, FR"), ({"large_theme": "Nowhere"}, "no large theme"),
            ({"title_nl": "x" * 161}, "longer than 160"), ({"text_nl": "x" * 20_001}, "longer than 20000"),
            ({"outcome": "maybe"}, "“outcome” must be one of"), ({"outcome": "accepted"}, "decided_on"),
            ({"decided_on": "2016-01-01"}, "fill in “outcome”"), ({"status": "half"}, "“status” must be one of"),
            ({"status": "done"}, "“since”"), ({"status": "done", "since": "2999-01-01"}, "in the future"),
            ({"status": "done", "since": "2014-12-31"}, "before the year"), ({"since": "soon"}, "not a date"),
            ({"since": "0001-01-01"}, "not a date"), ({"repeats": "2016/1"}, "no recommendation 2016/1"),
            ({"repeats": "2015/1"}, "an earlier recommendation"), ({"repeats": "the first"}, "no recommendation"),
            ({"reason_language": "de"}, "“reason_language” must be"), ({"theme": "x" * 121}, "longer than 120"),
            ({"outcome": "accepted", "decided_on": "2016-01-01", "decision_until": "2017-01-01"}, "only for what"),
        ],
    )  # fmt: skip
    def test_every_fault_is_told_and_changes_nothing(self, database, cells, why):
        told = faults({**new(), **cells}, reason="x")
        assert told and why in told[0]

    def test_a_line_that_comes_twice_names_the_first(self, database):
        plan = plan_of(new(1), new(2), new(1))
        assert [(given.row, given.faults) for given in plan.faulty] == [(4, ["“2015/1” stands already in line 2."])]

    def test_what_repeats_a_faulty_line_is_faulty_too(self, database):
        plan = plan_of(new(3, repeats="2015/2"), new(2, repeats="2015/1"), new(1, title_nl="", repeats=""))
        assert len(plan.faulty) == 3

    def test_a_status_from_before_the_last_change_is_corrected_elsewhere(self, database):
        a_status(an_old_recommendation(), since=date(2018, 1, 1))
        assert "before the last change" in faults(line(status="done", since="2017-01-01", reason="x"))[0]

    def test_what_was_withdrawn_does_not_come_back(self, database):
        an_old_recommendation(withdrawn_at=now())
        assert faults(line(title_en="x")) == ["This recommendation was withdrawn."]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "empty"), (b" \n", "empty"), (b"year;title\n", "missing: number"),
            (b"year;number\n", "no recommendations"),
            (b"%PDF-1.7", "no CSV or XLSX"), (b"PK\x03\x04 no zip", "cannot be read"), (b"\xd0\xcf\x11\xe0", "no CSV"),
            (b'year;number\n2015;"1', "Line 2"), (b"year;number;year\n1;2;3\n", "twice: year"),
            (b"year;number\n" + b"2015;1\n" * 20_001, "too large"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_no_list_is_told_so(self, app, database, content, why):
        assert why in reading.read(content).fault

    def test_headings_that_mean_nothing_are_named(self, database):
        assert reading.read(b"year;number;colour\n2015;1;red\n").unknown == ["colour"]

    def test_a_title_without_a_language_needs_one(self, database):
        assert "in which language" in faults(line(title="Een gids"))[0]


class TestAtTheDesk:
    def test_first_one_sees_then_one_confirms(self, browser_of, database):
        an_old_recommendation(2015, 1, "Desks")
        dre = browser_of(an_organiser())
        preview = send(dre, table(line(1, title_en="Tables"), line(2, title_en="Chairs"), line(3)))
        one = "<strong>1</strong> <span>"
        numbers = (f"{one}new", f"{one}changed", f"{one}faulty")
        for said in (*numbers, "Desks", "Tables", "2015/2 Chairs", "needs a title"):
            assert said in preview, said
        titles = {str(r) for r in db.session.scalars(select(Recommendation))}
        assert titles == {"Tables", "Chairs"}

    def test_nothing_happens_without_confirming(self, browser_of, database):
        dre = browser_of(an_organiser())
        dre.post(DESK, data={"file": (io.BytesIO(table(new())), "list.csv"), "reason": ""})
        upload = db.session.scalars(select(ListUpload)).one()
        assert "1</strong> <span>new" in dre.get(f"{DESK}/{upload.id}").text
        assert dre.post(f"{DESK}/{upload.id}/discard").status_code == 303
        assert db.session.scalars(select(ListUpload)).all() == []
        assert db.session.scalars(select(Recommendation)).all() == []

    def test_faulty_lines_are_downloaded_mended_and_sent_again(self, browser_of, database):
        dre = browser_of(an_organiser())
        send(dre, table(new(1), line(2, title_nl="", text_nl="=1+1")))
        upload = db.session.scalars(select(ListUpload)).one()
        assert dre.get(f"{DESK}/{upload.id}/faulty.csv").data.count(b"\n") == 1  # the file is gone once it is applied
        dre.post(DESK, data={"file": (io.BytesIO(table(line(2, title_nl="", text_nl="=1+1"))), "list.csv")})
        upload = db.session.scalars(select(ListUpload).order_by(ListUpload.id.desc())).first()
        content = dre.get(f"{DESK}/{upload.id}/faulty.csv").data
        cells = spreadsheets.read(content)
        assert cells[0][1] == ["line", "fault", "year", "number", "title_nl", "text_nl"]
        assert cells[1][1] == ["2", "A recommendation needs a title in one language.", "2015", "2", "", "=1+1"]
        send(dre, content.replace(b";2015;2;;", b";2015;2;Mended;"))
        assert {str(r) for r in db.session.scalars(select(Recommendation))} == {"Een gids", "Mended"}

    def test_a_list_is_applied_once_and_only_as_it_was_seen(self, browser_of, database):
        dre = browser_of(an_organiser())
        send(dre, table(new()))
        upload = db.session.scalars(select(ListUpload)).one()
        again = dre.post(f"{DESK}/{upload.id}/apply/{'0' * 64}")
        assert "imported already" in again.text
        dre.post(DESK, data={"file": (io.BytesIO(table(line(1, title_nl="Anders"))), "list.csv")})
        second = db.session.scalars(select(ListUpload).order_by(ListUpload.id.desc())).first()
        digest = digest_in(dre.get(f"{DESK}/{second.id}").text)
        only().texts[0].title = "Meanwhile"
        db.session.commit()
        assert "Something has changed here" in dre.post(f"{DESK}/{second.id}/apply/{digest}").text

    def test_a_plan_of_nothing_is_refused(self, database):
        an_old_recommendation()
        plan = plan_of(line(title_en="A shared workplace"))
        with pytest.raises(Refused, match="nothing to change"):
            applying.apply(plan, plan.digest, an_organiser().id, "x")

    def test_a_file_must_be_chosen(self, browser_of, database):
        assert "Choose the file" in browser_of(an_organiser()).post(DESK, data={}).text


def a_book() -> bytes:
    """Texts with runs, dates by style, numbers as numbers, an empty cell and an empty row, the system of 1904."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"date_1904": True}) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.write(0, 0, "year")
        sheet.write_rich_string(0, 1, "num", bold, "ber")
        sheet.write(0, 3, "since")
        sheet.write_row(2, 0, [2015, 1.0, True])
        moment = datetime(2013, 7, 8, 12)  # noqa: DTZ001
        sheet.write_datetime(2, 3, moment, book.add_format({"num_format": "[$-813]d mmm yy"}))
        sheet.write_row(3, 0, ["a\rb", 1.5])
        book.add_worksheet().write(0, 0, "not read")
    return out.getvalue()


def test_a_spreadsheet_is_read_as_it_was_typed(app, database):
    head, *rows = spreadsheets.read(a_book())
    assert head == (1, ["year", "number", "", "since"])
    assert rows == [(3, ["2015", "1", "1", "2013-07-08"]), (4, ["a\rb", "1.5"])]
    with pytest.raises(spreadsheets.Unreadable, match="at most 3 rows"):
        spreadsheets.read(a_book(), 3)


def test_a_spreadsheet_that_unfolds_without_end_is_refused(app, database):
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_book())) as book, zipfile.ZipFile(bomb, "w") as other:
        for name in book.namelist():
            text = book.read(name).replace(b"<sst", b'<!DOCTYPE x [<!ENTITY a "bomb">]><sst')
            other.writestr(name, text.replace(b">year<", b">&a;<"))
    with pytest.raises(spreadsheets.Unreadable):
        spreadsheets.read(bomb.getvalue())
    with pytest.raises(spreadsheets.Unreadable):
        spreadsheets.read(a_book()[:-400])
