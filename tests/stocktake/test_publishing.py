"""Published stocktakes: stored once, printed again exactly, whatever changes later."""

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from sipvote import audit, kept
from sipvote.db import db, now
from sipvote.errors import Refused
from sipvote.i18n import ZONE, in_language
from sipvote.recommendations.models import Recommendation, RecommendationText
from sipvote.stocktake import publishing, seen
from sipvote.stocktake.models import PublishedStocktake, Status
from tests.factories import a_group, a_member, a_theme, an_edition, an_organiser
from tests.outcomes import (
    a_decision,
    a_draft,
    a_large_theme,
    a_recommendation,
    a_status,
    a_translation,
    an_old_recommendation,
)
from tests.queries import counted

DAY = date(2022, 6, 30)
PAGE = "/en/stocktake/published/2022-06-30"


@pytest.fixture
def stock(database):
    """Three of before this service, with a large theme, decisions and statuses."""
    large = a_large_theme()
    first = an_old_recommendation(2017, 1, "A committee", theme_name="Ethics", group_name="Gent", large_theme=large)
    a_translation(first, "fr", "Un comité")
    a_decision(first, decided_on=date(2018, 1, 1))
    a_status(first, Status.DONE, date(2019, 1, 1))
    a_status(an_old_recommendation(2017, 2, "A report", theme_name="Ethics"), Status.REJECTED, date(2018, 5, 1))
    a_status(an_old_recommendation(2019, 1, "A guide"), Status.ONGOING, date(2020, 5, 1))
    return large


def publish(day: date = DAY) -> PublishedStocktake:
    by = an_organiser().id
    return publishing.publish(day, publishing.looked_at(), by)


def text_of(answer) -> str:
    """The words of a page's own part, with single blanks between them."""
    main = re.search(r"<main.*?</main>", answer.text, re.S)
    assert main is not None
    return " ".join(re.sub(r"<[^>]*>", " ", main[0]).split())


def today() -> date:
    return now().astimezone(ZONE).date()


# --- Rules ------------------------------------------------------------------------------------------


def test_what_is_stored_gives_the_same_figures_in_each_language(stock):
    published = publish()
    for code in ("en", "nl", "fr"):
        with in_language(code):
            live, stored = seen.of_day(DAY), seen.of_published(published)
            assert stored.figures == live.figures
            assert [row.title for row in stored.rows] == [row.title for row in live.rows]
    assert seen.of_published(published, "fr").rows[0].title == "Un comité"


def test_the_hash_is_that_of_the_file(stock):
    published = publish()
    assert published.digest == hashlib.sha256(published.content.encode()).hexdigest()
    assert publishing.is_intact(published)
    published.content = published.content.replace('"done"', '"ongoing"')
    assert not publishing.is_intact(published)


def test_the_same_rows_are_the_same_file(stock):
    content = publishing.content_of(DAY, now())
    assert publishing.content_of(DAY, now()) == content
    facts = json.loads(content)
    assert (facts["format"], facts["day"], len(facts["rows"])) == ("sipvote stocktake 1", "2022-06-30", 3)
    again = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert again == content


def test_a_day_is_published_once(stock):
    publish()
    assert "already" in publishing.why_not_publish(DAY, 3)
    with pytest.raises(Refused, match="already"):
        publish()
    assert publish(DAY + timedelta(days=1))


def test_a_day_to_come_and_a_day_before_everything_are_not_published(stock):
    assert "to come" in publishing.why_not_publish(today() + timedelta(days=1), 3)
    assert publishing.why_not_publish(today(), 3) is None
    with pytest.raises(Refused, match="no recommendation"):
        publish(date(2010, 1, 1))


def test_what_changed_after_the_preview_is_looked_at_again(stock):
    by, looked_at = an_organiser().id, publishing.looked_at()
    a_status(an_old_recommendation(2019, 2, "One more"), Status.DONE, date(2021, 1, 1))
    with pytest.raises(Refused, match="Something changed"):
        publishing.publish(DAY, looked_at, by)
    assert publishing.all_published() == []


def test_publishing_is_in_the_audit_log(stock):
    published = publish()
    entry = db.session.scalars(select(audit.Entry).where(audit.Entry.act == "publish stocktake")).one()
    assert (entry.subject, entry.facts) == ("stocktake 2022-06-30", {"digest": published.digest})


def test_publishing_asks_no_more_for_a_longer_list(stock):
    with counted() as few:
        publishing.content_of(DAY, now())
    for number in range(3, 15):
        a_status(an_old_recommendation(2017, number, f"No. {number}"), Status.DONE, date(2019, 1, 1))
    db.session.expire_all()
    with counted() as many:
        publishing.content_of(DAY, now())
    assert len(many) == len(few)


# --- Nothing changes it -----------------------------------------------------------------------------


def everything_changes(large):
    """Statuses, names, themes, texts, numbers: whatever an organiser or a group may do later."""
    first, second, third = db.session.scalars(select(Recommendation).order_by(Recommendation.id)).all()
    a_status(first, Status.ONGOING, date(2018, 6, 1))
    a_status(third, Status.DONE, date(2020, 6, 1))
    second.withdrawn_at = now()
    large.name_en = "Something else"
    first.theme_name, first.group_name, first.country = "Renamed", "Paris", "FR"
    for text in db.session.scalars(select(RecommendationText)):
        text.title = "Other words"
    a_decision(first, decided_on=date(2021, 1, 1))
    an_old_recommendation(2016, 9, "Found later")


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer


def test_it_is_printed_again_exactly_whatever_changes_later(client, stock):
    publish()
    files = [f"tables/all.{kind}" for kind in ("json",)] + [
        f"tables/{what}.csv" for what in ("statuses", "theme", "large_theme", "group", "times", "recommendations")
    ]
    addresses = [f"/{code}{PAGE[3:]}/{each}" for code in ("en", "nl", "fr") for each in ["report.html", *files]]
    before = {address: page(client, address).data for address in addresses}
    text = text_of(page(client, PAGE))
    live = text_of(page(client, "/en/stocktake?day=2022-06-30"))
    everything_changes(stock)
    assert {address: page(client, address).data for address in addresses} == before
    assert text_of(page(client, PAGE)) == text
    assert text_of(page(client, "/en/stocktake?day=2022-06-30")) != live


def test_pdf_and_docx_are_made_of_the_stored_rows(client, stock):
    publish()
    everything_changes(stock)
    assert page(client, f"{PAGE}/report.pdf").data.startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(page(client, f"{PAGE}/report.docx").data)) as docx:
        words = docx.read("word/document.xml").decode()
    assert "A committee" in words and "Other words" not in words
    with zipfile.ZipFile(io.BytesIO(page(client, f"{PAGE}/tables/all.xlsx").data)) as xlsx:
        assert "A committee" in xlsx.read("xl/sharedStrings.xml").decode()


def test_an_altered_one_says_so(client, stock):
    published = publish()
    assert "was altered" not in text_of(page(client, PAGE))
    published.content = published.content.replace("A committee", "A commitee")
    assert "was altered" in text_of(page(client, PAGE))


# --- Pages ------------------------------------------------------------------------------------------


def test_an_organiser_looks_then_publishes(browser_of, client, stock):
    dre = browser_of(an_organiser())
    preview = page(dre, "/en/stocktake/publish?day=2022-06-30")
    looked_at = publishing.looked_at()
    assert looked_at in preview.text and "for good" in preview.text
    assert dre.post("/en/stocktake/publish", data={"day": "2022-06-30", "looked_at": looked_at}).status_code == 303
    assert "Stocktake of 30 June 2022" in text_of(page(client, "/en/stocktake/published"))
    assert page(client, f"{PAGE}/content.json").data == publishing.of_day(DAY).content.encode()
    twice = dre.post("/en/stocktake/publish", data={"day": "2022-06-30", "looked_at": looked_at})
    assert twice.status_code in (303, 409) and len(publishing.all_published()) == 1


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday", "2022-13-01", "0000-00-00"])
def test_what_is_wrong_with_the_day_stands_beside_it(browser_of, stock, day):
    dre = browser_of(an_organiser())
    for address in ("/en/stocktake/publish", "/en/stocktake"):
        answer = page(dre, f"{address}?day={day}")
        assert 'id="day-error"' in answer.text and f'value="{day}"' in answer.text


def test_a_day_that_was_not_published_is_not_found(client, stock):
    assert client.get(PAGE).status_code == 404
    assert client.get("/en/stocktake/published/nonsense").status_code == 404


def test_before_anything_was_published_the_page_points_on(client, database):
    assert "No stocktake was published yet" in text_of(page(client, "/en/stocktake/published"))


def test_only_organisers_publish(browser_of, stock):
    ada = browser_of(a_member())
    assert ada.post("/en/stocktake/publish", data={"day": "2022-06-30"}).status_code == 403


# --- The figures of a day ---------------------------------------------------------------------------


def test_figures_as_known_then_do_not_know_what_was_noted_later(client, stock):
    """All of it was entered today: on that day nothing was known."""
    assert "3" in text_of(page(client, "/en/stocktake?day=2022-06-30"))
    then = text_of(page(client, "/en/stocktake?day=2022-06-30&known=then"))
    assert "there were no recommendations yet" in then


def spreadsheet(rows, column):
    """Count as somebody does in a spreadsheet: row by row, with no code of ours."""
    sums = {}
    for row in rows:
        cell = sums.setdefault(row[column], [0, 0, 0])
        cell[0] += 1
        if row["Status"] == "done":
            cell[1] += 1
        if row["Status"] != "rejected":
            cell[2] += 1
    return {name: (all_, done, round(100 * done / wanted, 1) if wanted else None)
            for name, (all_, done, wanted) in sums.items()}  # fmt: skip


def read(answer):
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))


def test_a_spreadsheet_of_the_exported_list_gives_the_same_figures(client, stock):
    edition = an_edition(year=2020)
    group = a_group(edition, theme=a_theme(edition, "Guidance"))
    draft = a_draft(group, adopted=True)
    for number, status in enumerate(list(Status) * 3, start=1):
        made = a_recommendation(draft, f"No. {number}", number=number, country=(None, "BE", "FR")[number % 3])
        a_decision(made, decided_on=date(2021, 1, 1))
        a_status(made, status, date(2021, 1, 1) + timedelta(days=number * 10))
    listed = read(page(client, "/en/stocktake/tables/recommendations.csv"))
    assert len(listed) == 3 + 18
    for facet, column in (("theme", "Theme"), ("group", "Workgroup"), ("large_theme", "Large theme")):
        expected = {name or f"without a {column.lower()}": found for name, found in spreadsheet(listed, column).items()}
        told = {
            line[column]: (
                int(line["Recommendations"]), int(line["done"]),
                float(line["Execution rate (%)"]) if line["Execution rate (%)"] else None,
            )
            for line in read(page(client, f"/en/stocktake/tables/{facet}.csv"))
        }  # fmt: skip
        assert told == expected
    days = sorted(
        (date.fromisoformat(row["Done on"]) - date.fromisoformat(row["Decided on"])).days
        for row in listed
        if row["Done on"] and row["Decided on"]
    )
    times = read(page(client, "/en/stocktake/tables/times.csv"))[0]
    assert int(times["Done, with known days"]) == len(days) == 4
    assert float(times["Half within (days)"]) == (days[1] + days[2]) / 2


@pytest.mark.parametrize(
    "what",
    ["statuses", "year", "theme", "group", "large_theme", "country", "times", "done", "recommendations"],
)
def test_each_table_is_a_file_of_each_kind(client, stock, what):
    assert read(page(client, f"/en/stocktake/tables/{what}.csv"))
    assert page(client, f"/en/stocktake/tables/{what}.json").json["tables"][what]
    assert page(client, f"/en/stocktake/tables/{what}.xlsx").data.startswith(b"PK")


def test_an_unknown_table_is_not_found(client, stock):
    assert client.get("/en/stocktake/tables/nothing.csv").status_code == 404
    assert client.get("/en/stocktake/tables/all.csv").status_code == 404
    assert client.get("/en/stocktake/tables/theme.csv?day=2999-01-01").status_code == 404


def test_numbers_lead_to_their_list_only_where_it_says_the_same(client, stock):
    assert "/en/recommendations?theme=Ethics&amp;status=done" in page(client, "/en/stocktake").text
    assert "/en/recommendations?theme=" not in page(client, "/en/stocktake?day=2022-06-30").text


def test_the_page_asks_no_more_for_a_longer_list(client, stock):
    page(client, "/en/stocktake")
    kept.forget_all()
    with counted() as few:
        page(client, "/en/stocktake")
    for number in range(3, 20):
        a_status(an_old_recommendation(2017, number, f"No. {number}"), Status.DONE, date(2019, 1, 1))
    db.session.commit()
    with counted() as many:
        page(client, "/en/stocktake")
    assert len(many) == len(few)


def test_what_the_process_keeps_is_made_anew_once_anything_changes(client, stock):
    def told() -> str:
        found = re.search(r"That is (\d+ of \d+)\.", text_of(page(client, "/en/stocktake")))
        assert found is not None
        return found[1]

    assert told() == "1 of 2"
    a_status(an_old_recommendation(2019, 2, "One more"), Status.ONGOING, date(2021, 1, 1))
    assert told() == "1 of 3"
    a_decision(an_old_recommendation(2019, 3, "Another"), decided_on=date(2021, 1, 1))
    assert told() == "1 of 4"
    db.session.scalars(select(Recommendation).order_by(Recommendation.id)).first().withdrawn_at = now()
    assert told() == "0 of 3"


def test_without_any_recommendation_the_page_says_what_comes(client, database):
    assert "They appear here as soon as" in text_of(page(client, "/en/stocktake"))
